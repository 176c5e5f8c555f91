//! Rows of pods and namespaces from table cells or plain objects; it never asks for them.

use std::{
    collections::HashSet,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::{
    plain::{PlainNamespace, PlainPod},
    table::{ColumnDefinition, TableRow},
};
use crate::cluster::{NamespaceRow, PodKey, PodRow, RowsUpdate, WatchUpdate, text::clean};

/// What a list is of.
pub(super) trait Kind: Send + Sync + 'static {
    /// Its rows.
    type Row: Send + 'static;
    /// What names a row.
    type Key: Clone + Eq + Hash + Send + 'static;
    /// The object where a server has no Tables.
    type Plain: DeserializeOwned;
    /// The resource in paths and messages.
    const RESOURCE: &'static str;

    /// A row from cells; `None` if it names nothing, as a bookmark's does.
    fn from_table(row: &TableRow<'_>, columns: &Columns, around: &Around<'_>) -> Option<Self::Row>;
    /// A row from an object.
    fn from_plain(object: Self::Plain, around: &Around<'_>) -> Option<Self::Row>;
    fn key(row: &Self::Row) -> Self::Key;
    /// The uid of what controls the object, where that matters.
    fn controller(_: &Self::Plain) -> Option<&str> {
        None
    }
    fn update(update: RowsUpdate<Self::Row, Self::Key>) -> WatchUpdate;
}

/// What a row does not say itself.
pub(super) struct Around<'a> {
    /// The namespace that was asked for, where rows have none of their own.
    pub(super) namespace: Option<&'a str>,
    pub(super) names: &'a Interner,
    pub(super) now: Timestamp,
}

/// Where the columns are: servers may add some, and order them as they like.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Columns {
    pub(super) name: Option<usize>,
    pub(super) ready: Option<usize>,
    pub(super) status: Option<usize>,
    pub(super) restarts: Option<usize>,
    pub(super) age: Option<usize>,
    pub(super) ip: Option<usize>,
    pub(super) node: Option<usize>,
    pub(super) roles: Option<usize>,
    pub(super) version: Option<usize>,
    pub(super) internal_ip: Option<usize>,
    pub(super) os_image: Option<usize>,
    pub(super) kernel: Option<usize>,
    pub(super) runtime: Option<usize>,
}

impl Columns {
    pub(super) fn find(definitions: &[ColumnDefinition<'_>]) -> Self {
        let find = |name: &str| definitions.iter().position(|definition| definition.name.eq_ignore_ascii_case(name));
        Self {
            name: find("Name"),
            ready: find("Ready"),
            status: find("Status"),
            restarts: find("Restarts"),
            age: find("Age"),
            ip: find("IP"),
            node: find("Node"),
            roles: find("Roles"),
            version: find("Version"),
            internal_ip: find("Internal-IP"),
            os_image: find("OS-Image"),
            kernel: find("Kernel-Version"),
            runtime: find("Container-Runtime"),
        }
    }
}

/// The text of a column; empty where there is none.
pub(super) fn cell<'a>(row: &'a TableRow<'_>, column: Option<usize>) -> &'a str {
    column.and_then(|column| row.cells.get(column)).map(|cell| &*cell.0).unwrap_or_default()
}

/// The name of a row's object; `None` where neither the object nor its column tells it.
pub(super) fn name<'a>(row: &'a TableRow<'_>, columns: &Columns) -> Option<&'a str> {
    let own = row.object.as_ref().map(|object| &*object.metadata.name).filter(|name| !name.is_empty());
    Some(own.unwrap_or_else(|| cell(row, columns.name))).filter(|name| !name.is_empty())
}

/// When a row's object was created: exactly, or as its age tells it.
pub(super) fn created(row: &TableRow<'_>, columns: &Columns, now: Timestamp) -> Option<Timestamp> {
    let exact = row.object.as_ref().and_then(|object| object.metadata.creation_timestamp.as_deref()?.parse().ok());
    exact.or_else(|| created_by_age(cell(row, columns.age), now))
}

/// Pods.
pub(super) struct Pods;

impl Kind for Pods {
    type Row = PodRow;
    type Key = PodKey;
    type Plain = PlainPod;
    const RESOURCE: &'static str = "pods";

    fn from_table(row: &TableRow<'_>, columns: &Columns, around: &Around<'_>) -> Option<PodRow> {
        let name = name(row, columns)?;
        let namespace = row.object.as_ref().map(|object| &*object.metadata.namespace);
        let namespace = namespace.filter(|namespace| !namespace.is_empty()).or(around.namespace)?;
        Some(PodRow {
            key: PodKey { namespace: around.names.intern(namespace), name: clean(name).into() },
            ready: around.names.intern(cell(row, columns.ready)),
            status: around.names.intern(cell(row, columns.status)),
            restarts: leading_number(cell(row, columns.restarts)),
            created: created(row, columns, around.now),
            node: around.names.intern(blank_if_none(cell(row, columns.node))),
            ip: clean(blank_if_none(cell(row, columns.ip))).into(),
        })
    }

    fn from_plain(pod: PlainPod, around: &Around<'_>) -> Option<PodRow> {
        pod.row(around.names)
    }

    fn key(row: &PodRow) -> PodKey {
        row.key.clone()
    }

    fn controller(pod: &PlainPod) -> Option<&str> {
        pod.controller()
    }

    fn update(update: RowsUpdate<PodRow, PodKey>) -> WatchUpdate {
        WatchUpdate::Pods(update)
    }
}

/// Namespaces.
pub(super) struct Namespaces;

impl Kind for Namespaces {
    type Row = NamespaceRow;
    type Key = Arc<str>;
    type Plain = PlainNamespace;
    const RESOURCE: &'static str = "namespaces";

    fn from_table(row: &TableRow<'_>, columns: &Columns, around: &Around<'_>) -> Option<NamespaceRow> {
        let name = name(row, columns)?;
        Some(NamespaceRow {
            name: around.names.intern(name),
            status: around.names.intern(cell(row, columns.status)),
            created: created(row, columns, around.now),
        })
    }

    fn from_plain(namespace: PlainNamespace, around: &Around<'_>) -> Option<NamespaceRow> {
        namespace.row(around.names)
    }

    fn key(row: &NamespaceRow) -> Arc<str> {
        Arc::clone(&row.name)
    }

    fn update(update: RowsUpdate<NamespaceRow, Arc<str>>) -> WatchUpdate {
        WatchUpdate::Namespaces(update)
    }
}

/// One copy of each text that many rows share.
#[derive(Debug, Default)]
pub(super) struct Interner {
    known: Mutex<HashSet<Arc<str>>>,
}

impl Interner {
    /// More than any cluster has; past it the texts are merely not shared any more.
    const MOST: usize = 50_000;

    /// The text, cleaned of control characters.
    pub(super) fn intern(&self, text: &str) -> Arc<str> {
        let text = clean(text);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = known.get(&*text) {
            return Arc::clone(shared);
        }
        if known.len() >= Self::MOST {
            known.clear();
        }
        let shared: Arc<str> = text.into();
        known.insert(Arc::clone(&shared));
        shared
    }
}

/// `7 (4m47s ago)` → 7.
fn leading_number(text: &str) -> u32 {
    let digits = text.split(|character: char| !character.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(if digits.is_empty() { 0 } else { u32::MAX })
}

/// kubectl words a missing value so.
pub(super) fn blank_if_none(text: &str) -> &str {
    if matches!(text, "<none>" | "<unknown>") { "" } else { text }
}

/// When something was created whose age is worded like `3d4h`, as exactly as that can be said.
fn created_by_age(age: &str, now: Timestamp) -> Option<Timestamp> {
    let mut seconds: u64 = 0;
    let mut rest = age.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        let unit = match rest[digits..].chars().next()? {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 24 * 3600,
            'y' => 365 * 24 * 3600,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    now.checked_sub(Duration::from_secs(seconds)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restarts_are_the_number_alone() {
        assert_eq!(leading_number("7 (4m47s ago)"), 7);
        assert_eq!(leading_number("0"), 0);
        assert_eq!(leading_number(""), 0);
        assert_eq!(leading_number("99999999999"), u32::MAX);
    }

    #[test]
    fn an_age_becomes_a_time() {
        let now: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
        let at = |age| created_by_age(age, now).map(|time| time.to_string());
        assert_eq!(at("24h").as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(at("1d1h").as_deref(), Some("2025-12-31T23:00:00Z"));
        assert_eq!(at("2m30s").as_deref(), Some("2026-01-01T23:57:30Z"));
        for nothing in ["", "<unknown>", "<invalid>", "5", "5q", "99999999999999999999d", "9999999999y", "m", "5é"] {
            assert_eq!(at(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn columns_are_found_by_name() {
        let row = serde_json::json!({
            "cells": ["10.0.0.7", "prod", "api-1", "1/2", "7 (4m ago)", "CrashLoopBackOff", "3d", "<none>"],
            "object": null,
        })
        .to_string();
        let row: TableRow = serde_json::from_str(&row).unwrap();
        let names = ["IP", "Zone", "Name", "Ready", "Restarts", "Status", "Age", "Node"];
        let definitions: Vec<ColumnDefinition> =
            names.iter().map(|&name| ColumnDefinition { name: name.into() }).collect();
        let interner = Interner::default();
        let around = Around { namespace: Some("shop"), names: &interner, now: Timestamp::now() };
        let pod = Pods::from_table(&row, &Columns::find(&definitions), &around).unwrap();
        assert_eq!((&*pod.key.namespace, &*pod.key.name), ("shop", "api-1"));
        assert_eq!((&*pod.ready, &*pod.status, pod.restarts), ("1/2", "CrashLoopBackOff", 7));
        assert_eq!((&*pod.node, &*pod.ip), ("", "10.0.0.7"));
        assert!(pod.created.is_some());
    }

    #[test]
    fn shared_texts_are_kept_once() {
        let interner = Interner::default();
        assert!(Arc::ptr_eq(&interner.intern("Running"), &interner.intern("Running")));
    }
}
