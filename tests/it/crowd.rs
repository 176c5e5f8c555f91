//! Many pods for the tests and benchmarks of scale: a server's answers with them, and a console that lists them.

use std::convert::Infallible;
use std::ops::{Deref, DerefMut};

use bathyscope::app::Message;
use bathyscope::app::navigator::PodScope;
use bathyscope::cluster::{
    Cluster, ContextInfo, Liveness, PodRow, RowsUpdate, WatchId, WatchTarget, WatchUpdate, watch,
};
use bytes::Bytes;
use http_body_util::Full;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::console_state::Console;

/// A Table of so many pods as an API server sends it, without objects.
pub(crate) fn table(pods: u32) -> String {
    let columns = ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node", "Nominated Node", "Readiness Gates"];
    let columns: Vec<Value> = columns.iter().map(|name| json!({ "name": name, "type": "string" })).collect();
    let rows: Vec<Value> = (0..pods)
        .map(|number| {
            let name = format!("{}-6f7c9d8b54-{number:05}", ["gateway", "indexer", "worker"][number as usize % 3]);
            let (ready, status) = if number % 50 == 0 { ("0/1", "CrashLoopBackOff") } else { ("1/1", "Running") };
            let (ip, node) = (format!("10.1.{}.{}", number / 250, number % 250), format!("pool-a-{:04}", number / 100));
            json!({ "cells": [name, ready, status, "7 (4m ago)", "3d4h", ip, node, "<none>", "<none>"], "object": null })
        })
        .collect();
    let metadata = json!({ "resourceVersion": "7" });
    json!({ "kind": "Table", "metadata": metadata, "columnDefinitions": columns, "rows": rows }).to_string()
}

/// What the watch of one namespace reports of this Table, until the list is complete.
pub(crate) fn read(table: &Bytes) -> Vec<WatchUpdate> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let table = table.clone();
    let server = tower::service_fn(move |_: http::Request<Body>| {
        let answer = http::Response::new(Full::new(table.clone()));
        std::future::ready(Ok::<_, Infallible>(answer))
    });
    runtime.block_on(async {
        let client = kube::Client::new(server, "default");
        let cluster = Cluster::from_client(client, ContextInfo::default());
        let (sender, mut updates) = mpsc::channel(64);
        let watching = tokio::spawn(watch(cluster, WatchId(1), WatchTarget::PodsIn(vec!["shop".to_owned()]), sender));
        let mut told = Vec::new();
        while let Some((_, update)) = updates.recv().await {
            let complete = update == WatchUpdate::Pods(RowsUpdate::Complete);
            told.push(update);
            if complete {
                break;
            }
        }
        watching.abort();
        told
    })
}

/// A console that lists the pods of all namespaces.
pub(crate) struct Crowded {
    pub(crate) console: Console,
    /// The watch of its pods.
    pub(crate) pods: WatchId,
    /// Its rows.
    pub(crate) rows: Vec<PodRow>,
}

impl Crowded {
    pub(crate) fn new(columns: u16, rows: u16, pods: usize) -> Self {
        let mut console = Console::opened(columns, rows);
        let context = console.state.context.clone();
        console.told(Message::Connected(context));
        let asked = bathyscope::app::set_scope(&mut console.state, PodScope::All);
        console.asked.extend(asked);
        let id = console.watch(&WatchTarget::PodsEverywhere);
        let table = table(u32::try_from(pods).expect("not that many"));
        let updates = read(&table.into());
        let mut rows = Vec::new();
        for update in updates {
            if let WatchUpdate::Pods(RowsUpdate::Rows(page)) = &update {
                rows.extend(page.iter().cloned());
            }
            console.told(Message::Watch(id, update));
        }
        console.told(Message::Watch(id, WatchUpdate::Liveness(Liveness::Live)));
        console.settled();
        Self { console, pods: id, rows }
    }
}

impl Deref for Crowded {
    type Target = Console;

    fn deref(&self) -> &Console {
        &self.console
    }
}

impl DerefMut for Crowded {
    fn deref_mut(&mut self) -> &mut Console {
        &mut self.console
    }
}
