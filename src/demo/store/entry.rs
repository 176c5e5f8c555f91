//! How the store keeps an object and what it remembers of a change: whole, or as the few facts of a synthetic pod.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;

use super::{Change, ChangeKind, text};
use crate::demo::synthetic::SyntheticPod;

/// What names an object among those of its kind, and their order: namespace and name.
pub type Key = (String, String);

/// An object as it is kept.
#[derive(Debug, Clone)]
pub enum Entry {
    /// As the API serves it.
    Whole(Arc<Value>),
    /// A pod that nothing runs; its object is made when it is asked for.
    Synthetic(Arc<SyntheticPod>),
}

impl Entry {
    /// The object as the API serves it.
    pub fn object(&self) -> Arc<Value> {
        match self {
            Self::Whole(object) => Arc::clone(object),
            Self::Synthetic(pod) => Arc::new(pod.object()),
        }
    }

    /// The object, unless it is synthetic.
    pub(super) fn whole(&self) -> Option<&Arc<Value>> {
        match self {
            Self::Whole(object) => Some(object),
            Self::Synthetic(_) => None,
        }
    }

    /// Its namespace and name.
    pub fn key(&self) -> Key {
        match self {
            Self::Whole(object) => (text(object, "namespace"), text(object, "name")),
            Self::Synthetic(pod) => (pod.namespace.to_string(), pod.name.to_string()),
        }
    }
}

/// A change as it is remembered.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    pub(super) kind: ChangeKind,
    pub(super) resource: &'static str,
    pub(super) object: Entry,
    pub(super) before: Option<Entry>,
    pub(super) version: u64,
}

impl Remembered {
    /// The change as it is told.
    pub(super) fn change(self) -> Change {
        Change {
            kind: self.kind,
            resource: self.resource,
            object: self.object.object(),
            before: self.before.map(|before| before.object()),
            version: self.version,
        }
    }
}

/// What of a map is in this namespace (or any) and comes after this key.
pub(super) fn within<'a, T>(
    all: &'a BTreeMap<Key, T>,
    namespace: Option<&'a str>,
    after: Option<&Key>,
) -> impl Iterator<Item = (&'a Key, &'a T)> + use<'a, T> {
    let first = namespace.map(|namespace| (namespace.to_owned(), String::new()));
    let from = match (after, first) {
        (Some(after), Some(first)) if first > *after => Bound::Included(first),
        (Some(after), _) => Bound::Excluded(after.clone()),
        (None, Some(first)) => Bound::Included(first),
        (None, None) => Bound::Unbounded,
    };
    all.range((from, Bound::Unbounded)).take_while(move |((of, _), _)| namespace.is_none_or(|wanted| wanted == of))
}
