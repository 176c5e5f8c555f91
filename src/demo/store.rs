//! The demo cluster's objects with their history, in memory; it validates nothing and knows no user.

mod entry;
mod pages;
mod synthetic;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rand::RngExt as _;
use serde_json::{Value, json};
use tokio::sync::watch::Sender;

use super::resource;
pub use entry::{Entry, Key};
pub use pages::Page;
pub use watch::Watch;

use entry::Remembered;

/// How many changes are remembered for watches that resume.
const HISTORY: usize = 4096;

/// The version before the first change: whoever resumes from less is told that it is too old.
const FIRST_VERSION: u64 = 1000;

/// All objects of the cluster; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Store {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    objects: Mutex<Objects>,
    /// The newest version, to wake those who watch.
    newest: Sender<u64>,
}

#[derive(Debug)]
struct Objects {
    version: u64,
    /// The version that came before the oldest remembered change.
    floor: u64,
    history: VecDeque<Remembered>,
    /// How many changes are remembered.
    longest_history: usize,
    kinds: BTreeMap<&'static str, BTreeMap<Key, Entry>>,
}

impl Default for Shared {
    fn default() -> Self {
        let objects = Objects {
            version: FIRST_VERSION,
            floor: FIRST_VERSION,
            history: VecDeque::with_capacity(HISTORY),
            longest_history: HISTORY,
            kinds: BTreeMap::new(),
        };
        Self { objects: Mutex::new(objects), newest: Sender::new(FIRST_VERSION) }
    }
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is another than before.
    Modified,
    /// It is gone; the change carries its last state.
    Deleted,
}

/// One change of one object.
#[derive(Debug, Clone)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The plural of its resource.
    pub resource: &'static str,
    /// The object after the change, or as it was last.
    pub object: Arc<Value>,
    /// The object before the change; `None` when it is new.
    pub before: Option<Arc<Value>>,
    /// The version this change made.
    pub version: u64,
}

/// The name is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlreadyExists;

/// The version asked for is older than what is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// The oldest version a watch can resume from.
    pub oldest: u64,
}

impl Store {
    /// A store without objects.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Objects> {
        // a change is applied to a copy, so whoever panicked under the lock left whole objects behind
        self.shared.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The objects of a resource, by namespace and name, and the version they are of; of every namespace where none is
    /// named. Synthetic pods are left out: whoever runs, binds and counts objects has nothing to do with them.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> (Vec<Arc<Value>>, u64) {
        let objects = self.lock();
        let all = objects.kinds.get(resource).into_iter().flat_map(|all| entry::within(all, namespace, None));
        (all.filter_map(|(_, entry)| entry.whole().cloned()).collect(), objects.version)
    }

    /// Forgets the history: whoever resumes from an earlier version is told that it is too old.
    pub fn compact(&self) {
        let mut objects = self.lock();
        objects.history.clear();
        objects.floor = objects.version;
    }

    /// One object; the namespace of a cluster-scoped one is empty.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let objects = self.lock();
        let entry = objects.kinds.get(resource)?.get(&(namespace.to_owned(), name.to_owned()))?.clone();
        drop(objects);
        Some(entry.object())
    }

    /// Adds an object, with uid, creation time, generation, version, kind and API version where it lacks them.
    ///
    /// # Panics
    /// If the resource is none of [`resource::RESOURCES`].
    pub fn create(&self, resource: &str, object: Value) -> Result<Arc<Value>, AlreadyExists> {
        let kind = known(resource);
        let object = completed(kind, object);
        let key = (text(&object, "namespace"), text(&object, "name"));
        let mut objects = self.lock();
        if objects.kinds.get(kind.plural).is_some_and(|all| all.contains_key(&key)) {
            return Err(AlreadyExists);
        }
        let object = objects.put(kind.plural, key, object, None);
        self.wake(&objects);
        Ok(object)
    }

    /// Changes an object; its identity cannot be changed. Nothing is told to watchers if the object stays as it was.
    /// `None` if there is no such object, or it is synthetic.
    pub fn update(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Option<Arc<Value>> {
        let changed = self.try_update(resource, namespace, name, |object| {
            change(object);
            Ok::<(), std::convert::Infallible>(())
        });
        changed.map(|Ok(object)| object)
    }

    /// As [`Store::update`], for a change that may be refused and then leaves the object as it was.
    ///
    /// # Panics
    /// If the resource is none of [`resource::RESOURCES`].
    pub fn try_update<E>(
        &self,
        resource: &str,
        namespace: &str,
        name: &str,
        change: impl FnOnce(&mut Value) -> Result<(), E>,
    ) -> Option<Result<Arc<Value>, E>> {
        let kind = known(resource);
        let key = (namespace.to_owned(), name.to_owned());
        let mut objects = self.lock();
        let before = Arc::clone(objects.kinds.get(kind.plural)?.get(&key)?.whole()?);
        let mut after = Value::clone(&before);
        if let Err(refusal) = change(&mut after) {
            return Some(Err(refusal));
        }
        keep_identity(&before, &mut after);
        if after == *before {
            return Some(Ok(before));
        }
        if kind.counts_generations && after.get("spec") != before.get("spec") {
            let generation = before.pointer("/metadata/generation").and_then(Value::as_u64);
            after["metadata"]["generation"] = json!(generation.unwrap_or(0) + 1);
        }
        let object = objects.put(kind.plural, key, after, Some(before));
        self.wake(&objects);
        Some(Ok(object))
    }

    /// Removes an object and gives its last state; a synthetic one stays.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let plural = resource::by_plural(resource)?.plural;
        let mut objects = self.lock();
        let all = objects.kinds.get_mut(plural)?;
        let key = (namespace.to_owned(), name.to_owned());
        let before = Arc::clone(all.get(&key)?.whole()?);
        all.remove(&key);
        objects.version += 1;
        let version = objects.version;
        let mut last = Value::clone(&before);
        last["metadata"]["resourceVersion"] = json!(version.to_string());
        let object = Arc::new(last);
        objects.remember(Remembered {
            kind: ChangeKind::Deleted,
            resource: plural,
            object: Entry::Whole(Arc::clone(&object)),
            before: Some(Entry::Whole(before)),
            version,
        });
        self.wake(&objects);
        Some(object)
    }

    /// The newest version.
    pub fn version(&self) -> u64 {
        self.lock().version
    }

    fn wake(&self, objects: &Objects) {
        self.shared.newest.send_replace(objects.version);
    }
}

impl Objects {
    fn put(
        &mut self,
        resource: &'static str,
        key: (String, String),
        mut object: Value,
        before: Option<Arc<Value>>,
    ) -> Arc<Value> {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let object = Arc::new(object);
        self.kinds.entry(resource).or_default().insert(key, Entry::Whole(Arc::clone(&object)));
        let kind = if before.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        let version = self.version;
        let (kept, before) = (Entry::Whole(Arc::clone(&object)), before.map(Entry::Whole));
        self.remember(Remembered { kind, resource, object: kept, before, version });
        object
    }

    fn remember(&mut self, change: Remembered) {
        if self.history.len() >= self.longest_history
            && let Some(forgotten) = self.history.pop_front()
        {
            self.floor = forgotten.version;
        }
        self.history.push_back(change);
    }
}

fn known(resource: &str) -> &'static resource::Resource {
    resource::by_plural(resource).expect("the store is asked for resources of its table only")
}

fn text(object: &Value, field: &str) -> String {
    object["metadata"][field].as_str().unwrap_or_default().to_owned()
}

/// Now, as the API writes times: whole seconds.
pub fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A random uid (RFC 9562, version 4).
pub fn new_uid() -> String {
    let bits: u128 = rand::rng().random();
    let bits = (bits & !(0xf << 76) | (4 << 76)) & !(0b11 << 62) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn completed(kind: &resource::Resource, object: Value) -> Value {
    let Value::Object(given) = object else {
        return completed(kind, json!({}));
    };
    let mut object = json!({ "apiVersion": kind.api_version(), "kind": kind.kind });
    for (field, value) in given {
        object[field] = value;
    }
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    let counts = kind.counts_generations;
    let metadata = &mut object["metadata"];
    if metadata["uid"].as_str().is_none_or(str::is_empty) {
        metadata["uid"] = json!(new_uid());
    }
    if metadata["creationTimestamp"].as_str().is_none_or(str::is_empty) {
        metadata["creationTimestamp"] = json!(now());
    }
    if counts && metadata["generation"].is_null() {
        metadata["generation"] = json!(1);
    }
    object
}

/// Name, namespace, uid and creation time stay as they were, and the version is the store's own.
fn keep_identity(before: &Value, after: &mut Value) {
    if !after["metadata"].is_object() {
        after["metadata"] = json!({});
    }
    for field in ["name", "namespace", "uid", "creationTimestamp", "resourceVersion", "generation"] {
        match before["metadata"].get(field) {
            Some(value) => after["metadata"][field] = value.clone(),
            None => {
                after["metadata"].as_object_mut().and_then(|metadata| metadata.shift_remove(field));
            }
        }
    }
}

#[cfg(test)]
mod tests;
