//! Nodes, live: their rows from table cells or plain objects, and one of them whole; how they are followed is the
//! watch's affair.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    Report,
    object::news,
    rows::{Around, Columns, Interner, Kind, blank_if_none, cell, created, name},
    table::TableRow,
};
use crate::cluster::{
    Cluster, NodeRow, ObjectKey, RowsUpdate, WatchUpdate,
    node::{NodeDetail, node_detail, roles},
    text::clean,
};

/// Reports a node until the future is dropped.
pub(super) async fn run(cluster: &Cluster, name: Arc<str>, report: &Report) {
    let news = news(cluster.clone(), ObjectKey::node(name));
    report.object(news, |node| WatchUpdate::Node(node.and_then(node_detail).map(Arc::new))).await;
}

/// Nodes.
pub(super) struct Nodes;

/// A node of a server without Tables.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct PlainNode(serde_json::Value);

impl Kind for Nodes {
    type Row = NodeRow;
    type Key = Arc<str>;
    type Plain = PlainNode;
    const RESOURCE: &'static str = "nodes";

    fn from_table(row: &TableRow<'_>, columns: &Columns, around: &Around<'_>) -> Option<NodeRow> {
        let name = name(row, columns)?;
        let shared = |column| around.names.intern(blank_if_none(cell(row, column)));
        Some(NodeRow {
            name: around.names.intern(name),
            status: shared(columns.status),
            roles: shared(columns.roles),
            created: created(row, columns, around.now),
            version: shared(columns.version),
            ip: clean(blank_if_none(cell(row, columns.internal_ip))).into(),
            os_image: shared(columns.os_image),
            kernel: shared(columns.kernel),
            runtime: shared(columns.runtime),
        })
    }

    fn from_plain(node: PlainNode, around: &Around<'_>) -> Option<NodeRow> {
        let detail = node_detail(&node.0)?;
        Some(row(&detail, &roles(&node.0), around.names))
    }

    fn key(row: &NodeRow) -> Arc<str> {
        Arc::clone(&row.name)
    }

    fn update(update: RowsUpdate<NodeRow, Arc<str>>) -> WatchUpdate {
        WatchUpdate::Nodes(update)
    }
}

/// The row of a node as the API server's own Tables word it.
fn row(node: &NodeDetail, roles: &str, names: &Interner) -> NodeRow {
    let ready = node.conditions.iter().find(|condition| condition.kind == "Ready");
    let mut status = match ready.map(|ready| ready.status.as_str()) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if node.cordoned {
        status.push_str(",SchedulingDisabled");
    }
    NodeRow {
        name: names.intern(&node.name),
        status: names.intern(&status),
        roles: names.intern(roles),
        created: node.created,
        version: names.intern(&node.kubelet),
        ip: node.ip.as_str().into(),
        os_image: names.intern(&node.os_image),
        kernel: names.intern(&node.kernel),
        runtime: names.intern(&node.runtime),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::watch::table::ColumnDefinition;

    #[test]
    fn a_table_row_is_taken_word_by_word_and_nothing_is_an_empty_word() {
        let names = [
            "Name",
            "Status",
            "Roles",
            "Age",
            "Version",
            "Internal-IP",
            "External-IP",
            "OS-Image",
            "Kernel-Version",
            "Container-Runtime",
        ];
        let definitions: Vec<_> = names.iter().map(|&name| ColumnDefinition { name: name.into() }).collect();
        let row = json!({
            "cells": [
                "node1", "Ready,SchedulingDisabled", "<none>", "3d", "v1.36.2", "10.245.0.1", "<none>", "<unknown>",
                "6.12.0", "containerd://2.1.9"
            ],
            "object": {"metadata": {"name": "node1", "creationTimestamp": "2026-11-22T10:57:24Z"}},
        })
        .to_string();
        let row: TableRow = serde_json::from_str(&row).unwrap();
        let interner = Interner::default();
        let around = Around { namespace: None, names: &interner, now: Timestamp::now() };
        let node = Nodes::from_table(&row, &Columns::find(&definitions), &around).unwrap();
        assert_eq!((&*node.name, &*node.status, &*node.roles), ("node1", "Ready,SchedulingDisabled", ""));
        assert_eq!((&*node.ip, &*node.os_image, &*node.kernel), ("10.245.0.1", "", "6.12.0"));
        assert_eq!(node.created, "2026-11-22T10:57:24Z".parse().ok());
    }

    #[test]
    fn a_plain_node_is_worded_as_a_table_words_it() {
        let plain = |node: Value| {
            let interner = Interner::default();
            let around = Around { namespace: None, names: &interner, now: Timestamp::now() };
            Nodes::from_plain(serde_json::from_value(node).unwrap(), &around)
        };
        let node = |ready: &str, cordoned: bool| {
            let node = plain(json!({
                "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "db"}},
                "spec": {"unschedulable": cordoned},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            }))
            .unwrap();
            (node.status.to_string(), node.roles.to_string())
        };
        assert_eq!(node("True", false), ("Ready".into(), "db,worker".into()));
        assert_eq!(node("Unknown", true).0, "NotReady,SchedulingDisabled");
        assert_eq!(&*plain(json!({"metadata": {"name": "n"}})).unwrap().status, "Unknown");
        assert!(plain(json!({"metadata": {}})).is_none());
    }
}
