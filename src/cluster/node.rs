//! Nodes as the lists and the inspector show them; it asks nothing, and takes nothing for granted that a server may leave
//! out.

mod trouble;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::detail::{items, text, timestamp};
use super::text::cleaned;
use crate::plan::NODE_DEBUGGER;

/// One row of the node list, worded as `kubectl get nodes -o wide` words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// Its name.
    pub name: Arc<str>,
    /// `Ready`, `NotReady`, `Unknown`, each with `,SchedulingDisabled` while it is cordoned.
    pub status: Arc<str>,
    /// Its roles, separated by commas; empty for none.
    pub roles: Arc<str>,
    /// When it joined the cluster.
    pub created: Option<Timestamp>,
    /// Its kubelet's version.
    pub version: Arc<str>,
    /// Its address inside the cluster; empty while it has none.
    pub ip: Box<str>,
    /// Its operating system's name: `Debian GNU/Linux 13 (trixie)`.
    pub os_image: Arc<str>,
    /// Its kernel's version.
    pub kernel: Arc<str>,
    /// Its container runtime with version: `containerd://2.1.9`.
    pub runtime: Arc<str>,
}

/// What a node says of itself: one of its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeCondition {
    /// `Ready`, `DiskPressure`, or whatever else watches nodes here.
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// The reason in one word.
    pub reason: String,
    /// The reason in a sentence.
    pub message: String,
    /// Since when it stands so.
    pub since: Option<Timestamp>,
}

impl NodeCondition {
    /// Whether it tells of something that is wrong.
    ///
    /// The API does not say of a condition which value is the good one. By its conventions it is `False` for most of
    /// a node (`DiskPressure`), and `True` for what is named after something good (`Ready`, `KernelReady`).
    pub fn is_trouble(&self) -> bool {
        let good = if self.kind.ends_with("Ready") || self.kind.ends_with("Healthy") { "True" } else { "False" };
        self.status != good
    }
}

/// An amount of something that a node has, and how much of it pods may use, in the API's own words (`16284Mi`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeResource {
    /// `cpu`, `memory`, `pods`, `nvidia.com/gpu` …
    pub name: String,
    /// All of it.
    pub capacity: String,
    /// What pods may use.
    pub allocatable: String,
}

/// A node as the inspector shows it: what a table row does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeDetail {
    /// Its name.
    pub name: Arc<str>,
    /// When it joined the cluster.
    pub created: Option<Timestamp>,
    /// Whether it is cordoned: no new pods are scheduled on it.
    pub cordoned: bool,
    /// Its conditions, all of them.
    pub conditions: Vec<NodeCondition>,
    /// Its taints as `kubectl describe` words them: `key=value:Effect`.
    pub taints: Vec<String>,
    /// What it has.
    pub resources: Vec<NodeResource>,
    /// Its address inside the cluster; empty while it has none.
    pub ip: String,
    /// Its operating system and architecture: `linux/amd64`.
    pub platform: String,
    /// Its operating system's name.
    pub os_image: String,
    /// Its kernel's version.
    pub kernel: String,
    /// Its kubelet's version.
    pub kubelet: String,
    /// Its container runtime with version.
    pub runtime: String,
    /// In one sentence what is wrong with it; `None` when nothing is.
    pub trouble: Option<String>,
}

/// Whether a pod of this name is a node debugger's, kubectl's or ours.
pub fn is_node_debugger(pod: &str) -> bool {
    pod.starts_with(NODE_DEBUGGER)
}

/// What the inspector shows of a node as the API gives it; `None` if it has no name.
pub fn node_detail(node: &Value) -> Option<NodeDetail> {
    let (metadata, spec, status) = (&node["metadata"], &node["spec"], &node["status"]);
    let name = metadata["name"].as_str().map(cleaned).filter(|name| !name.is_empty())?;
    let info = |field: &str| text(&status["nodeInfo"][field]);
    let platform = [info("operatingSystem"), info("architecture")];
    let ip = items(&status["addresses"]).find(|address| address["type"] == "InternalIP");
    let mut detail = NodeDetail {
        name: name.into(),
        created: timestamp(&metadata["creationTimestamp"]),
        cordoned: spec["unschedulable"] == true,
        conditions: items(&status["conditions"]).map(condition).collect(),
        taints: items(&spec["taints"]).map(taint).collect(),
        resources: resources(status),
        ip: ip.map(|address| text(&address["address"])).unwrap_or_default(),
        platform: platform.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"),
        os_image: info("osImage"),
        kernel: info("kernelVersion"),
        kubelet: info("kubeletVersion"),
        runtime: info("containerRuntimeVersion"),
        trouble: None,
    };
    detail.trouble = trouble::trouble(&detail, &metadata["deletionTimestamp"]);
    Some(detail)
}

/// The node's roles by its labels, as `kubectl get nodes` words them; empty for none.
pub(super) fn roles(node: &Value) -> String {
    let labels = node["metadata"]["labels"].as_object();
    let mut roles: Vec<String> = labels
        .into_iter()
        .flatten()
        .filter_map(|(label, value)| match label.strip_prefix("node-role.kubernetes.io/") {
            None if label == "kubernetes.io/role" => Some(text(value)),
            role => role.map(cleaned),
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    roles.join(",")
}

fn condition(condition: &Value) -> NodeCondition {
    NodeCondition {
        kind: text(&condition["type"]),
        status: text(&condition["status"]),
        reason: text(&condition["reason"]),
        message: text(&condition["message"]),
        since: timestamp(&condition["lastTransitionTime"]),
    }
}

fn taint(taint: &Value) -> String {
    let (key, value, effect) = (text(&taint["key"]), text(&taint["value"]), text(&taint["effect"]));
    if value.is_empty() { format!("{key}:{effect}") } else { format!("{key}={value}:{effect}") }
}

fn resources(status: &Value) -> Vec<NodeResource> {
    let capacity = status["capacity"].as_object();
    let all = capacity.into_iter().flatten().map(|(name, amount)| NodeResource {
        name: cleaned(name),
        capacity: text(amount),
        allocatable: text(&status["allocatable"][name]),
    });
    // Huge pages that nobody set aside are no resource.
    let mut all: Vec<_> = all.filter(|resource| resource.capacity != "0").collect();
    let known = ["cpu", "memory", "ephemeral-storage", "pods"];
    all.sort_by_key(|resource| known.iter().position(|name| *name == resource.name).unwrap_or(known.len()));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_recorded_node_is_told_as_it_is() {
        let list: Value = serde_json::from_str(include_str!("../../tests/data/recorded/nodes.json")).unwrap();
        let node = node_detail(&list["items"][0]).unwrap();
        assert_eq!((&*node.name, node.ip.as_str(), node.platform.as_str()), ("node1", "10.245.0.1", "linux/amd64"));
        assert_eq!((node.kubelet.as_str(), node.trouble.as_deref()), ("v1.36.2", None));
        let names: Vec<_> = node.resources.iter().map(|resource| resource.name.as_str()).collect();
        assert_eq!(names, ["cpu", "memory", "ephemeral-storage", "pods"]);
        assert!(node.conditions.len() == 4 && !node.conditions.iter().any(NodeCondition::is_trouble));
    }

    #[test]
    fn which_value_of_a_condition_is_the_good_one_follows_from_its_name() {
        let is_trouble = |kind: &str, status: &str| condition(&json!({"type": kind, "status": status})).is_trouble();
        for (kind, status, expected) in [
            ("Ready", "True", false),
            ("Ready", "Unknown", true),
            ("KernelReady", "True", false),
            ("DiskPressure", "False", false),
            ("DiskPressure", "True", true),
            ("KernelDeadlock", "True", true),
            ("MemoryPressure", "Unknown", true),
        ] {
            assert_eq!(is_trouble(kind, status), expected, "{kind} {status}");
        }
    }

    #[test]
    fn taints_are_worded_as_kubectl_describe_words_them() {
        let node = json!({"metadata": {"name": "n"}, "spec": {"unschedulable": true, "taints": [
            {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
            {"key": "team", "value": "search", "effect": "NoExecute"},
        ]}});
        let node = node_detail(&node).unwrap();
        assert_eq!(node.taints, ["node.kubernetes.io/unschedulable:NoSchedule", "team=search:NoExecute"]);
        assert!(node.cordoned);
    }

    #[test]
    fn a_node_without_anything_is_still_a_node_and_nothing_keeps_its_escapes() {
        assert!(node_detail(&json!({"metadata": {"name": "bare"}})).is_some());
        assert!(node_detail(&json!({"metadata": {}})).is_none() && node_detail(&json!([])).is_none());
        let node = json!({
            "metadata": {"name": "a\u{1b}[31m"},
            "spec": {"taints": [{"key": "k\u{7}", "effect": "e\u{9b}"}]},
            "status": {
                "capacity": {"cpu\u{1b}": "1\u{1b}"},
                "conditions": [{"type": "Re\u{1b}ady", "status": "False", "message": "m\u{1b}]0;x\u{7}"}],
                "nodeInfo": {"osImage": "o\u{1b}"},
            },
        });
        let detail = node_detail(&node).unwrap();
        assert!(!format!("{detail:?}").contains("\\u{"), "{detail:?}");
    }

    #[test]
    fn node_debuggers_are_known_by_their_names() {
        assert!(is_node_debugger("node-debugger-node1-h22x6") && !is_node_debugger("my-node-debugger-x"));
    }
}
