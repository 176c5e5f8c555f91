//! The demo cluster's objects with their history, in memory; it validates nothing and knows no user.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rand::RngExt as _;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::resource;

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
    newest: watch::Sender<u64>,
}

#[derive(Debug)]
struct Objects {
    version: u64,
    /// The version that came before the oldest remembered change.
    floor: u64,
    history: VecDeque<Change>,
    kinds: BTreeMap<&'static str, BTreeMap<(String, String), Arc<Value>>>,
}

impl Default for Shared {
    fn default() -> Self {
        let objects = Objects {
            version: FIRST_VERSION,
            floor: FIRST_VERSION,
            history: VecDeque::with_capacity(HISTORY),
            kinds: BTreeMap::new(),
        };
        Self {
            objects: Mutex::new(objects),
            newest: watch::Sender::new(FIRST_VERSION),
        }
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
        self.shared
            .objects
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The objects of a resource, by namespace and name, and the version they are of; of every namespace where none is named.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> (Vec<Arc<Value>>, u64) {
        let objects = self.lock();
        let all = objects.kinds.get(resource).into_iter().flatten();
        let found = all
            .filter(|((of, _), _)| namespace.is_none_or(|wanted| wanted == of))
            .map(|(_, object)| Arc::clone(object))
            .collect();
        (found, objects.version)
    }

    /// As [`Store::list`], as it was at an earlier version.
    pub fn list_at(
        &self,
        resource: &str,
        namespace: Option<&str>,
        version: u64,
    ) -> Result<Vec<Arc<Value>>, Expired> {
        let objects = self.lock();
        if version < objects.floor {
            return Err(Expired {
                oldest: objects.floor,
            });
        }
        let mut all = objects.kinds.get(resource).cloned().unwrap_or_default();
        let later = objects
            .history
            .iter()
            .rev()
            .take_while(|change| change.version > version);
        for change in later.filter(|change| change.resource == resource) {
            let key = (
                text(&change.object, "namespace"),
                text(&change.object, "name"),
            );
            match &change.before {
                Some(before) => all.insert(key, Arc::clone(before)),
                None => all.remove(&key),
            };
        }
        let wanted = |of: &str| namespace.is_none_or(|wanted| wanted == of);
        Ok(all
            .into_iter()
            .filter(|((of, _), _)| wanted(of))
            .map(|(_, object)| object)
            .collect())
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
        objects
            .kinds
            .get(resource)?
            .get(&(namespace.to_owned(), name.to_owned()))
            .cloned()
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
        if objects
            .kinds
            .get(kind.plural)
            .is_some_and(|all| all.contains_key(&key))
        {
            return Err(AlreadyExists);
        }
        let object = objects.put(kind.plural, key, object, None);
        self.wake(&objects);
        Ok(object)
    }

    /// Changes an object; its identity cannot be changed. Nothing is told to watchers if the object stays as it was.
    /// `None` if there is no such object.
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
        let before = Arc::clone(objects.kinds.get(kind.plural)?.get(&key)?);
        let mut after = Value::clone(&before);
        if let Err(refusal) = change(&mut after) {
            return Some(Err(refusal));
        }
        keep_identity(&before, &mut after);
        if after == *before {
            return Some(Ok(before));
        }
        if kind.counts_generations && after.get("spec") != before.get("spec") {
            let generation = before
                .pointer("/metadata/generation")
                .and_then(Value::as_u64);
            after["metadata"]["generation"] = json!(generation.unwrap_or(0) + 1);
        }
        let object = objects.put(kind.plural, key, after, Some(before));
        self.wake(&objects);
        Some(Ok(object))
    }

    /// Removes an object and gives its last state.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let plural = resource::by_plural(resource)?.plural;
        let mut objects = self.lock();
        let all = objects.kinds.get_mut(plural)?;
        let before = all.remove(&(namespace.to_owned(), name.to_owned()))?;
        objects.version += 1;
        let version = objects.version;
        let mut last = Value::clone(&before);
        last["metadata"]["resourceVersion"] = json!(version.to_string());
        let object = Arc::new(last);
        objects.remember(Change {
            kind: ChangeKind::Deleted,
            resource: plural,
            object: Arc::clone(&object),
            before: Some(before),
            version,
        });
        self.wake(&objects);
        Some(object)
    }

    /// The changes of a resource after this version, the remembered ones first.
    pub fn watch(&self, resource: &str, from: u64) -> Result<Watch, Expired> {
        let resource = known(resource).plural;
        let objects = self.lock();
        if from < objects.floor {
            return Err(Expired {
                oldest: objects.floor,
            });
        }
        let newest = self.shared.newest.subscribe();
        Ok(Watch {
            store: self.clone(),
            newest,
            resource,
            seen: from,
            expired: false,
        })
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
        self.kinds
            .entry(resource)
            .or_default()
            .insert(key, Arc::clone(&object));
        let kind = if before.is_some() {
            ChangeKind::Modified
        } else {
            ChangeKind::Added
        };
        let version = self.version;
        self.remember(Change {
            kind,
            resource,
            object: Arc::clone(&object),
            before,
            version,
        });
        object
    }

    fn remember(&mut self, change: Change) {
        if self.history.len() == HISTORY
            && let Some(forgotten) = self.history.pop_front()
        {
            self.floor = forgotten.version;
        }
        self.history.push_back(change);
    }
}

/// The changes of one resource, in order. It holds no queue: a reader that is too slow for the history is told so.
#[derive(Debug)]
pub struct Watch {
    store: Store,
    newest: watch::Receiver<u64>,
    resource: &'static str,
    /// Everything up to this version was handed out or is of another resource.
    seen: u64,
    expired: bool,
}

impl Watch {
    /// The next change, once there is one. After [`Expired`] there is nothing more.
    pub async fn next(&mut self) -> Option<Result<Change, Expired>> {
        loop {
            if self.expired {
                return None;
            }
            self.newest.mark_unchanged();
            match self.remembered() {
                Ok(Some(change)) => return Some(Ok(change)),
                Ok(None) => self.newest.changed().await.ok()?,
                Err(expired) => {
                    self.expired = true;
                    return Some(Err(expired));
                }
            }
        }
    }

    /// Up to which version this watch has handed out everything there is.
    pub fn version(&self) -> u64 {
        self.seen
    }

    fn remembered(&mut self) -> Result<Option<Change>, Expired> {
        let objects = self.store.lock();
        if self.seen < objects.floor {
            return Err(Expired {
                oldest: objects.floor,
            });
        }
        let from = objects
            .history
            .partition_point(|change| change.version <= self.seen);
        let next = objects
            .history
            .iter()
            .skip(from)
            .find(|change| change.resource == self.resource);
        self.seen = next.map_or(self.seen.max(objects.version), |change| change.version);
        Ok(next.cloned())
    }
}

fn known(resource: &str) -> &'static resource::Resource {
    resource::by_plural(resource).expect("the store is asked for resources of its table only")
}

fn text(object: &Value, field: &str) -> String {
    object["metadata"][field]
        .as_str()
        .unwrap_or_default()
        .to_owned()
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
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
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
    if metadata["creationTimestamp"]
        .as_str()
        .is_none_or(str::is_empty)
    {
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
    for field in [
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "resourceVersion",
        "generation",
    ] {
        match before["metadata"].get(field) {
            Some(value) => after["metadata"][field] = value.clone(),
            None => {
                after["metadata"]
                    .as_object_mut()
                    .and_then(|metadata| metadata.shift_remove(field));
            }
        }
    }
}

#[cfg(test)]
mod tests;
