//! What is wrong with a node, in one sentence; the first thing that explains the rest wins.

use serde_json::Value;

use super::{NodeCondition, NodeDetail};

/// The sentence, without a full stop; `None` when nothing is wrong.
pub(super) fn trouble(node: &NodeDetail, deleting: &Value) -> Option<String> {
    if deleting.is_string() {
        return Some("it is being deleted".to_owned());
    }
    let find = |kind: &str| node.conditions.iter().find(|condition| condition.kind == kind);
    match find("Ready") {
        // An answer without any condition is a node that has never been heard of.
        None => return Some("its kubelet has never reported".to_owned()),
        Some(ready) if ready.status == "Unknown" => {
            return Some(sentence("its kubelet does not report any more", &ready.message));
        }
        Some(ready) if ready.status != "True" => return Some(sentence("it is not ready", &ready.message)),
        Some(_) => {}
    }
    let first = node.conditions.iter().find(|condition| condition.is_trouble());
    if let Some(condition) = first {
        return Some(worded(condition));
    }
    node.cordoned.then(|| "it is cordoned: no new pods are scheduled on it".to_owned())
}

fn worded(condition: &NodeCondition) -> String {
    let message = &condition.message;
    if condition.status == "Unknown" {
        return sentence(&format!("nothing is known of its {}", condition.kind), message);
    }
    match condition.kind.as_str() {
        "MemoryPressure" => sentence("it is short of memory and evicts pods", message),
        "DiskPressure" => sentence("it is short of disk space and evicts pods", message),
        "PIDPressure" => sentence("it is short of process numbers", message),
        "NetworkUnavailable" => sentence("its network is not set up", message),
        kind => sentence(kind, if message.is_empty() { &condition.reason } else { message }),
    }
}

fn sentence(what: &str, why: &str) -> String {
    let why = why.trim().trim_end_matches('.');
    if why.is_empty() { what.to_owned() } else { format!("{what}: {why}") }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::node_detail;

    fn told(spec: &Value, conditions: &[(&str, &str, &str)]) -> Option<String> {
        let conditions: Vec<Value> = conditions
            .iter()
            .map(|(kind, status, message)| json!({"type": kind, "status": status, "message": message}))
            .collect();
        let node = json!({"metadata": {"name": "n"}, "spec": spec, "status": {"conditions": conditions}});
        node_detail(&node).unwrap().trouble
    }

    #[test]
    fn a_node_that_is_well_has_no_trouble() {
        assert_eq!(told(&json!({}), &[("DiskPressure", "False", "fine"), ("Ready", "True", "fine")]), None);
    }

    #[test]
    fn a_kubelet_that_is_silent_explains_all_that_is_unknown() {
        let unknown = [
            ("MemoryPressure", "Unknown", "Kubelet stopped posting node status."),
            ("Ready", "Unknown", "Kubelet stopped posting node status."),
        ];
        assert_eq!(
            told(&json!({"unschedulable": true}), &unknown).unwrap(),
            "its kubelet does not report any more: Kubelet stopped posting node status"
        );
        assert_eq!(told(&json!({}), &[]).unwrap(), "its kubelet has never reported");
    }

    #[test]
    fn pressure_comes_before_a_cordon_and_readiness_before_both() {
        let pressed = ("DiskPressure", "True", "kubelet has disk pressure");
        let cordoned = json!({"unschedulable": true});
        assert_eq!(
            told(&cordoned, &[("Ready", "True", ""), pressed]).unwrap(),
            "it is short of disk space and evicts pods: kubelet has disk pressure"
        );
        assert_eq!(
            told(&cordoned, &[pressed, ("Ready", "False", "container runtime is down")]).unwrap(),
            "it is not ready: container runtime is down"
        );
        assert!(told(&cordoned, &[("Ready", "True", "")]).unwrap().starts_with("it is cordoned"));
    }

    #[test]
    fn what_others_watch_is_told_by_its_name() {
        let ready = ("Ready", "True", "");
        assert_eq!(
            told(&json!({}), &[ready, ("KernelDeadlock", "True", "task hung.")]).unwrap(),
            "KernelDeadlock: task hung"
        );
    }

    #[test]
    fn a_node_that_goes_says_so() {
        let node = json!({"metadata": {"name": "n", "deletionTimestamp": "2026-01-01T00:00:00Z"}});
        assert_eq!(node_detail(&node).unwrap().trouble.unwrap(), "it is being deleted");
    }
}
