//! Parts of a list at any version that is remembered, synthetic pods included; it filters nothing.

use std::collections::BTreeMap;

use super::{Entry, Expired, Key, Objects, Store, entry};

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its objects, by namespace and name.
    pub entries: Vec<Entry>,
    /// How many come after them.
    pub rest: usize,
    /// The version the list is of.
    pub version: u64,
}

impl Store {
    /// The first `most` objects of a resource behind `after` (or from the beginning), as they were at a version (or
    /// are now), of one namespace or all.
    pub fn page(
        &self,
        resource: &str,
        namespace: Option<&str>,
        at: Option<u64>,
        after: Option<&Key>,
        most: usize,
    ) -> Result<Page, Expired> {
        let objects = self.lock();
        let version = at.unwrap_or(objects.version);
        if version < objects.floor {
            return Err(Expired { oldest: objects.floor });
        }
        let since = objects.since(resource, version);
        let nothing = BTreeMap::new();
        let now = objects.kinds.get(resource).unwrap_or(&nothing);
        let mut now = entry::within(now, namespace, after).filter(|(key, _)| !since.contains_key(*key)).peekable();
        let then = entry::within(&since, namespace, after);
        let mut then = then.filter_map(|(key, entry)| Some((key, entry.as_ref()?))).peekable();
        let mut all = std::iter::from_fn(|| match (now.peek(), then.peek()) {
            (Some((unchanged, _)), Some((changed, _))) if changed < unchanged => then.next(),
            (None, Some(_)) => then.next(),
            _ => now.next(),
        });
        let entries = all.by_ref().take(most).map(|(_, entry)| entry.clone()).collect();
        Ok(Page { entries, rest: all.count(), version })
    }
}

impl Objects {
    /// What has changed since a version, as it was then; `None` for what was not there.
    fn since(&self, resource: &str, version: u64) -> BTreeMap<Key, Option<Entry>> {
        let later = self.history.iter().rev().take_while(|change| change.version > version);
        let mut were = BTreeMap::new();
        // The oldest change has the last word: what was before it is what was then.
        for change in later.filter(|change| change.resource == resource) {
            were.insert(change.object.key(), change.before.clone());
        }
        were
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_of_a_version_stay_as_they_were() {
        let store = Store::new();
        let pod = |name: &str| json!({ "metadata": { "namespace": "a", "name": name } });
        for name in ["a", "c", "e", "g"] {
            store.create("pods", pod(name)).unwrap();
        }
        store.create("pods", json!({ "metadata": { "namespace": "b", "name": "a" } })).unwrap();
        let names = |page: &Page| page.entries.iter().map(|entry| entry.key().1).collect::<Vec<_>>().concat();
        let first = store.page("pods", None, None, None, 2).unwrap();
        assert_eq!((names(&first).as_str(), first.rest), ("ac", 3));
        store.create("pods", pod("d")).unwrap();
        store.delete("pods", "a", "e").unwrap();
        store.update("pods", "a", "g", |pod| pod["spec"] = json!({ "nodeName": "n" })).unwrap();
        let after = first.entries.last().map(Entry::key);
        let second = store.page("pods", None, Some(first.version), after.as_ref(), 2).unwrap();
        assert_eq!((names(&second).as_str(), second.rest), ("eg", 1));
        assert!(second.entries[1].object()["spec"].get("nodeName").is_none(), "as it was then");
        let inside = store.page("pods", Some("a"), None, after.as_ref(), 9).unwrap();
        assert_eq!((names(&inside).as_str(), inside.rest), ("dg", 0));
        assert_eq!(names(&store.page("pods", Some("b"), None, None, 9).unwrap()), "a");
        store.compact();
        assert!(store.page("pods", None, Some(first.version), None, 9).is_err());
    }
}
