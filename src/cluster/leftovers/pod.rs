//! What one pod holds of debugging: whether it is a copy or a node debugger, and its ephemeral containers; pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::{Leftover, LeftoverKind};
use crate::cluster::{
    PodKey, is_node_debugger, marks,
    text::{clean, cleaned},
};
use crate::plan;

pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A pod, as far as this matters.
#[derive(Deserialize)]
pub(super) struct Pod {
    #[serde(default)]
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    name: String,
    namespace: String,
    uid: String,
    #[serde(deserialize_with = "null_as_default")]
    owner_references: Vec<serde::de::IgnoredAny>,
    creation_timestamp: Option<Timestamp>,
    deletion_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "null_as_default")]
    labels: BTreeMap<String, String>,
    #[serde(deserialize_with = "null_as_default")]
    managed_fields: Vec<Writer>,
    #[serde(deserialize_with = "null_as_default")]
    annotations: Annotations,
}

/// Who wrote fields of the pod; the first is who created it.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Writer {
    manager: String,
    operation: String,
    subresource: String,
}

#[derive(Deserialize, Default)]
struct Annotations {
    #[serde(rename = "bathyscope.dev/copied-from")]
    copied_from: Option<String>,
    #[serde(rename = "bathyscope.dev/created-by")]
    created_by: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    #[serde(deserialize_with = "null_as_default")]
    node_name: String,
    #[serde(rename = "hostPID", deserialize_with = "null_as_default")]
    host_pid: bool,
    #[serde(deserialize_with = "null_as_default")]
    containers: Vec<Container>,
    #[serde(deserialize_with = "null_as_default")]
    ephemeral_containers: Vec<Container>,
    #[serde(deserialize_with = "null_as_default")]
    volumes: Vec<Volume>,
}

#[derive(Deserialize)]
struct Volume {
    name: String,
}

#[derive(Deserialize)]
struct Container {
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    image: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    #[serde(deserialize_with = "null_as_default")]
    container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "null_as_default")]
    ephemeral_container_statuses: Vec<ContainerStatus>,
}

#[derive(Deserialize)]
struct ContainerStatus {
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    state: State,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct State {
    waiting: Option<Reason>,
    running: Option<Life>,
    terminated: Option<Life>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reason {
    reason: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Life {
    exit_code: i32,
    started_at: Option<Timestamp>,
}

impl State {
    fn wording(&self) -> String {
        match self {
            Self { running: Some(_), .. } => "running".to_owned(),
            Self { terminated: Some(life), .. } => format!("ended ({})", life.exit_code),
            Self { waiting: Some(reason), .. } if !reason.reason.is_empty() => cleaned(&reason.reason),
            _ => "waiting".to_owned(),
        }
    }

    fn since(&self) -> Option<Timestamp> {
        self.running.as_ref().or(self.terminated.as_ref())?.started_at
    }
}

/// What debugging left in this pod, the pod itself included.
pub(super) fn leftovers_in(pod: &Pod) -> Vec<Leftover> {
    let base = blank(pod);
    let mut left = Vec::new();
    if let Some((kind, certain)) = kind_of(pod) {
        let debugger = pod.spec.containers.iter().rfind(|container| is_generated(&container.name, "debugger-"));
        left.push(Leftover {
            kind,
            certain,
            image: debugger.or(pod.spec.containers.last()).map(|c| cleaned(&c.image)).unwrap_or_default(),
            created: pod.metadata.creation_timestamp,
            owner: pod.metadata.annotations.created_by.as_deref().map(cleaned),
            state: pod_wording(pod),
            ..base.clone()
        });
    }
    for container in &pod.spec.ephemeral_containers {
        let status = pod.status.ephemeral_container_statuses.iter().find(|status| status.name == container.name);
        let state = status.map(|status| &status.state);
        left.push(Leftover {
            kind: LeftoverKind::Ephemeral {
                container: clean(&container.name).into(),
                running: state.is_some_and(|state| state.running.is_some()),
            },
            certain: container.name.starts_with("debugger-"),
            image: cleaned(&container.image),
            created: state.and_then(State::since),
            state: state.map_or_else(|| "waiting".to_owned(), State::wording),
            ..base.clone()
        });
    }
    left
}

/// What a pod is by its mark, else by what kubectl makes: it leaves no mark on copies, nor did it on node debuggers
/// before Kubernetes 1.34. What a controller owns is nobody's leftover.
fn kind_of(pod: &Pod) -> Option<(LeftoverKind, bool)> {
    let Meta { name, annotations, labels, owner_references, .. } = &pod.metadata;
    match labels.get(marks::MANAGED_BY).map(String::as_str) {
        Some(marks::US) => {
            let kind = match &annotations.copied_from {
                None if is_node_debugger(name) => LeftoverKind::NodeDebugger,
                of => LeftoverKind::Copy { of: of.as_deref().map(cleaned) },
            };
            return Some((kind, true));
        }
        Some("kubectl-debug") => return Some((LeftoverKind::NodeDebugger, true)),
        _ => {}
    }
    if !owner_references.is_empty() {
        return None;
    }
    if let [_] = pod.spec.containers.as_slice()
        && is_node_debugger(name)
        && !pod.spec.node_name.is_empty()
        && pod.spec.host_pid
    {
        return Some((LeftoverKind::NodeDebugger, false));
    }
    // A regular container under a name that kubectl generates stands in a copy and nowhere else.
    let has_debugger = pod.spec.containers.iter().any(|container| is_generated(&container.name, "debugger-"));
    (pod.may_be_a_copy() && (has_debugger || is_written_by_kubectl_debug(pod)))
        .then_some((LeftoverKind::Copy { of: None }, false))
}

/// Whether a pod bears no label and was created by kubectl in its own name: so does `kubectl debug` alone, as `run`,
/// `create`, `apply` and `replace` give theirs.
fn is_written_by_kubectl_debug(pod: &Pod) -> bool {
    let created = pod.metadata.managed_fields.iter().find(|writer| writer.subresource.is_empty());
    pod.metadata.labels.is_empty()
        && created.is_some_and(|writer| writer.manager == "kubectl" && writer.operation == "Update")
}

impl Pod {
    pub(super) fn name(&self) -> &str {
        &self.metadata.name
    }

    pub(super) fn namespace(&self) -> &str {
        &self.metadata.namespace
    }

    pub(super) fn created(&self) -> Option<Timestamp> {
        self.metadata.creation_timestamp
    }

    pub(super) fn volumes(&self) -> impl Iterator<Item = &str> {
        self.spec.volumes.iter().map(|volume| volume.name.as_str())
    }

    pub(super) fn first_container(&self) -> &str {
        self.spec.containers.first().map(|container| container.name.as_str()).unwrap_or_default()
    }

    /// Whether it may be a copy that nobody cares for: nothing owns it, and it has not taken its original's place (such
    /// a copy notes where it is from and bears no label of ours).
    pub(super) fn may_be_a_copy(&self) -> bool {
        self.metadata.owner_references.is_empty() && self.metadata.annotations.copied_from.is_none()
    }
}

/// This pod as a copy, which nothing about itself says that it is.
pub(super) fn unmarked_copy(pod: &Pod) -> Leftover {
    Leftover {
        kind: LeftoverKind::Copy { of: None },
        certain: false,
        image: pod.spec.containers.last().map(|container| cleaned(&container.image)).unwrap_or_default(),
        created: pod.metadata.creation_timestamp,
        state: pod_wording(pod),
        ..blank(pod)
    }
}

/// What every leftover of this pod has in common.
fn blank(pod: &Pod) -> Leftover {
    Leftover {
        pod: PodKey { namespace: clean(&pod.metadata.namespace).into(), name: clean(&pod.metadata.name).into() },
        uid: cleaned(&pod.metadata.uid),
        kind: LeftoverKind::NodeDebugger,
        node: cleaned(&pod.spec.node_name),
        image: String::new(),
        created: None,
        owner: None,
        certain: true,
        state: String::new(),
    }
}

/// Whether a name is this beginning and a suffix as Kubernetes draws them.
fn is_generated(name: &str, beginning: &str) -> bool {
    name.strip_prefix(beginning).is_some_and(plan::is_suffix)
}

fn pod_wording(pod: &Pod) -> String {
    if pod.metadata.deletion_timestamp.is_some() {
        return "being deleted".to_owned();
    }
    match pod.status.phase.as_str() {
        "Succeeded" => "ended (0)".to_owned(),
        "Failed" => pod
            .status
            .container_statuses
            .iter()
            .filter_map(|status| status.state.terminated.as_ref())
            .find(|life| life.exit_code != 0)
            .map_or_else(|| "failed".to_owned(), |life| format!("ended ({})", life.exit_code)),
        _ => {
            let waiting = pod.status.container_statuses.iter().filter_map(|status| status.state.waiting.as_ref());
            match waiting.map(|reason| reason.reason.as_str()).find(|reason| !reason.is_empty()) {
                Some(reason) => cleaned(reason),
                None => cleaned(&pod.status.phase).to_lowercase(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::leftovers::List;

    fn left(pod: Value) -> Vec<Leftover> {
        leftovers_in(&serde_json::from_value(pod).unwrap())
    }

    #[test]
    fn ephemeral_containers_of_recorded_pods_are_found() {
        let list: List = serde_json::from_str(include_str!("../../../tests/data/recorded/pods-demo.json")).unwrap();
        let found: Vec<Leftover> = list.items.iter().flat_map(leftovers_in).collect();
        let mut states: Vec<(String, &str)> = found
            .iter()
            .filter(|leftover| &*leftover.pod.name == "multi")
            .map(|leftover| match &leftover.kind {
                LeftoverKind::Ephemeral { container, .. } => (container.to_string(), leftover.state.as_str()),
                other => panic!("{other:?}"),
            })
            .collect();
        states.sort_unstable();
        assert_eq!(
            states,
            [("alive".into(), "running"), ("ended".into(), "ended (7)"), ("stuck-cmd".into(), "RunContainerError")]
        );
        assert!(
            found.iter().any(|leftover| leftover.state == "waiting"),
            "the pod without a node has one that never began"
        );
    }

    #[test]
    fn kubectls_node_pods_are_found_by_their_label() {
        let list: List =
            serde_json::from_str(include_str!("../../../tests/data/recorded/pods-node-debug.json")).unwrap();
        let found: Vec<Leftover> = list.items.iter().flat_map(leftovers_in).collect();
        assert_eq!(found[0].kind, LeftoverKind::NodeDebugger);
        assert_eq!(found[0].state, "running");
    }

    #[test]
    fn our_copies_tell_whose_they_are() {
        let found = left(json!({
            "metadata": {
                "name": "api-debug-x", "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z",
                "labels": {"app.kubernetes.io/managed-by": "bathyscope", "app": "x"},
                "annotations": {"bathyscope.dev/copied-from": "api", "bathyscope.dev/created-by": "ann"},
            },
            "status": {"phase": "Failed", "containerStatuses": [{"name": "d", "state": {"terminated": {"exitCode": 2}}}]},
        }));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].kind, LeftoverKind::Copy { of: Some("api".into()) });
        assert_eq!((found[0].owner.as_deref(), found[0].state.as_str()), (Some("ann"), "ended (2)"));
    }

    #[test]
    fn what_kubectl_leaves_without_a_mark_looks_like_it() {
        let copy = left(json!({
            "metadata": {"name": "api-copy", "namespace": "shop", "uid": "u-1"},
            "spec": {"shareProcessNamespace": true, "containers": [
                {"name": "app", "image": "api:1"}, {"name": "debugger-x7k2p", "image": "busybox"},
            ]},
        }));
        assert_eq!((&copy[0].kind, copy[0].certain), (&LeftoverKind::Copy { of: None }, false));
        assert_eq!((copy[0].image.as_str(), copy[0].uid.as_str()), ("busybox", "u-1"));
        let node = json!({
            "metadata": {"name": "node-debugger-n1-x7k2p"},
            "spec": {"nodeName": "n1", "hostPID": true, "containers": [{"name": "debugger", "image": "busybox"}]},
        });
        assert_eq!((&left(node.clone())[0].kind, left(node)[0].certain), (&LeftoverKind::NodeDebugger, false));
    }

    #[test]
    fn what_a_controller_owns_or_somebody_named_is_no_leftover() {
        for (owner, name) in [(json!([{"kind": "Job"}]), "debugger-x7k2p"), (json!(null), "debugger-sidecar")] {
            let pod = json!({
                "metadata": {"name": "api", "ownerReferences": owner},
                "spec": {"containers": [{"name": name}]},
            });
            assert!(left(pod).is_empty(), "{name}");
        }
    }

    #[test]
    fn ordinary_pods_are_nobodys_leftovers() {
        assert!(
            left(json!({"metadata": {"name": "p", "labels": {"app.kubernetes.io/managed-by": "Helm"}}})).is_empty()
        );
    }
}
