//! Synthetic pods in the store: filling it with them and changing them; what they are is their own room's matter.

use std::sync::Arc;

use super::{ChangeKind, Entry, Key, Objects, Remembered, Store};
use crate::demo::synthetic::SyntheticPod;

const PODS: &str = "pods";

impl Store {
    /// Adds synthetic pods, or replaces those of the same name, as if they had always been there. `remembered` is how
    /// many changes are remembered from now on, so that lists of many pages and watches come to their end under churn.
    pub fn populate(&self, pods: impl IntoIterator<Item = SyntheticPod>, remembered: usize) {
        let mut objects = self.lock();
        for pod in pods {
            let (key, entry) = objects.versioned(pod);
            objects.kinds.entry(PODS).or_default().insert(key, entry);
        }
        objects.history.clear();
        objects.floor = objects.version;
        objects.longest_history = objects.longest_history.max(remembered);
        self.wake(&objects);
    }

    /// Puts a synthetic pod in the place of the one of this name, or as a new one.
    pub fn put_synthetic(&self, pod: SyntheticPod) {
        let mut objects = self.lock();
        let (key, entry) = objects.versioned(pod);
        let before = objects.kinds.entry(PODS).or_default().insert(key, entry.clone());
        let kind = if before.is_some() { ChangeKind::Modified } else { ChangeKind::Added };
        let version = objects.version;
        objects.remember(Remembered { kind, resource: PODS, object: entry, before, version });
        self.wake(&objects);
    }

    /// Removes a synthetic pod; nothing happens if there is none of this name.
    pub fn remove_synthetic(&self, pod: &SyntheticPod) {
        let mut objects = self.lock();
        let key = (pod.namespace.to_string(), pod.name.to_string());
        let all = objects.kinds.entry(PODS).or_default();
        let Some(Entry::Synthetic(_)) = all.get(&key) else { return };
        let before = all.remove(&key);
        let (_, entry) = objects.versioned(pod.clone());
        let version = objects.version;
        objects.remember(Remembered { kind: ChangeKind::Deleted, resource: PODS, object: entry, before, version });
        self.wake(&objects);
    }

    /// Whether there is a pod of this name and it is synthetic.
    pub fn is_synthetic(&self, resource: &str, namespace: &str, name: &str) -> bool {
        let objects = self.lock();
        let key = (namespace.to_owned(), name.to_owned());
        matches!(objects.kinds.get(resource).and_then(|all| all.get(&key)), Some(Entry::Synthetic(_)))
    }
}

impl Objects {
    fn versioned(&mut self, pod: SyntheticPod) -> (Key, Entry) {
        self.version += 1;
        let pod = SyntheticPod { version: self.version, ..pod };
        ((pod.namespace.to_string(), pod.name.to_string()), Entry::Synthetic(Arc::new(pod)))
    }
}
