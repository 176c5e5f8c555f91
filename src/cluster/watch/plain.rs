//! Rows from plain objects, worded as the API server's own Tables word them, for servers that have none.

mod wording;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::rows::Interner;
use crate::cluster::{NamespaceRow, PodKey, PodRow, text::clean};

/// Go writes an empty list as null now and then.
fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    name: String,
    namespace: String,
    creation_timestamp: Option<Timestamp>,
    deletion_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "null_as_default")]
    owner_references: Vec<Reference>,
}

/// What is used of an owner reference.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Reference {
    uid: String,
    controller: Option<bool>,
}

impl PlainPod {
    /// The uid of what controls the pod.
    pub(super) fn controller(&self) -> Option<&str> {
        let mut owners = self.metadata.owner_references.iter();
        owners.find(|owner| owner.controller == Some(true)).map(|owner| owner.uid.as_str())
    }
}

/// What is used of a namespace.
#[derive(Deserialize)]
pub(super) struct PlainNamespace {
    #[serde(default)]
    metadata: Meta,
    #[serde(default)]
    status: Phase,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Phase {
    phase: String,
}

impl PlainNamespace {
    pub(super) fn row(self, names: &Interner) -> Option<NamespaceRow> {
        (!self.metadata.name.is_empty()).then(|| NamespaceRow {
            name: names.intern(&self.metadata.name),
            status: names.intern(&self.status.phase),
            created: self.metadata.creation_timestamp,
        })
    }
}

/// What is used of a pod.
#[derive(Deserialize)]
pub(super) struct PlainPod {
    #[serde(default)]
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    node_name: String,
    #[serde(deserialize_with = "null_as_default")]
    containers: Vec<Container>,
    #[serde(deserialize_with = "null_as_default")]
    init_containers: Vec<Container>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Container {
    #[serde(default)]
    name: String,
    restart_policy: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    reason: String,
    #[serde(rename = "podIP")]
    pod_ip: String,
    #[serde(deserialize_with = "null_as_default")]
    conditions: Vec<Condition>,
    #[serde(deserialize_with = "null_as_default")]
    container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "null_as_default")]
    init_container_statuses: Vec<ContainerStatus>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    reason: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    name: String,
    ready: bool,
    started: Option<bool>,
    restart_count: u32,
    #[serde(deserialize_with = "null_as_default")]
    state: State,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct State {
    waiting: Option<Waiting>,
    running: Option<serde::de::IgnoredAny>,
    terminated: Option<Terminated>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Waiting {
    reason: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Terminated {
    exit_code: i32,
    signal: i32,
    reason: String,
}

impl PlainPod {
    pub(super) fn row(self, names: &Interner) -> Option<PodRow> {
        if self.metadata.name.is_empty() {
            return None;
        }
        let summary = self.summary();
        Some(PodRow {
            key: PodKey { namespace: names.intern(&self.metadata.namespace), name: clean(&self.metadata.name).into() },
            ready: format!("{}/{}", summary.ready, summary.total).into(),
            status: names.intern(&summary.status),
            restarts: summary.restarts,
            created: self.metadata.creation_timestamp,
            node: names.intern(&self.spec.node_name),
            ip: clean(&self.status.pod_ip).into(),
        })
    }
}
