//! Why a pod does not fit on a node, in the scheduler's words; pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::demo::object::{containers, items, text};

/// The reasons that this node gives; none where the pod fits. `neighbours` are the pods on it that have not ended.
pub(super) fn reasons(pod: &Value, node: &Value, neighbours: &[&Value]) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(obstacle) = obstacle(pod, node) {
        reasons.push(obstacle.to_owned());
        return reasons;
    }
    for (resource, unit) in [("cpu", milli as fn(&str) -> Option<u128>), ("memory", milli)] {
        let Some(room) = unit(text(node, &format!("/status/allocatable/{resource}"))) else { continue };
        let taken: u128 = neighbours.iter().map(|other| requested(other, resource)).sum();
        if requested(pod, resource) > room.saturating_sub(taken) {
            reasons.push(format!("Insufficient {resource}"));
        }
    }
    let taken: Vec<_> = neighbours.iter().flat_map(|other| host_ports(other)).collect();
    if host_ports(pod).iter().any(|port| taken.contains(port)) {
        reasons.push("node(s) didn't have free ports for the requested pod ports".to_owned());
    }
    reasons
}

/// Why a node does not take a pod, in the words of the scheduler's filters and in their order.
fn obstacle(pod: &Value, node: &Value) -> Option<&'static str> {
    let cordon = json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
    if node["spec"]["unschedulable"] == true && !tolerates(pod, &cordon) {
        return Some("node(s) were unschedulable");
    }
    let keeps_out = |taint: &&Value| taint["effect"] != "PreferNoSchedule" && !tolerates(pod, taint);
    if items(node, "/spec/taints").iter().any(|taint| keeps_out(&taint)) {
        return Some("node(s) had untolerated taint(s)");
    }
    let wanted = pod["spec"]["nodeSelector"].as_object();
    let matches =
        wanted.is_none_or(|wanted| wanted.iter().all(|(label, value)| node["metadata"]["labels"][label] == *value));
    (!matches || !is_meant(pod, node)).then_some("node(s) didn't match Pod's node affinity/selector")
}

/// Whether the pod's required node affinity names this node: as far as fields go, which is what daemon sets write.
fn is_meant(pod: &Value, node: &Value) -> bool {
    let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let terms = items(pod, terms);
    let named = |term: &Value| {
        items(term, "/matchFields").iter().all(|field| {
            let listed = items(field, "/values").contains(&node["metadata"]["name"]);
            listed == (text(field, "/operator") == "In")
        })
    };
    terms.is_empty() || terms.iter().any(named)
}

/// Whether a pod tolerates a taint; a toleration without key or effect is one for all of them.
pub(in crate::demo) fn tolerates(pod: &Value, taint: &Value) -> bool {
    items(pod, "/spec/tolerations").iter().any(|toleration| {
        let (key, effect) = (text(toleration, "/key"), text(toleration, "/effect"));
        let exists = text(toleration, "/operator") == "Exists";
        (effect.is_empty() || effect == text(taint, "/effect"))
            && (key == text(taint, "/key") || (key.is_empty() && exists))
            && (exists || text(toleration, "/value") == text(taint, "/value"))
    })
}

/// What is said of a pod that fits on none of so many nodes.
pub(super) fn nowhere(of_nodes: &[Vec<String>]) -> String {
    let count = of_nodes.len();
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for reason in of_nodes.iter().flatten() {
        *counted.entry(reason).or_default() += 1;
    }
    let reasons: Vec<String> = counted.iter().map(|(reason, times)| format!("{times} {reason}")).collect();
    format!(
        "0/{count} nodes are available: {}. no new claims to deallocate, preemption: 0/{count} nodes are available: \
         {count} Preemption is not helpful for scheduling.",
        reasons.join(", ")
    )
}

fn requested(pod: &Value, resource: &str) -> u128 {
    containers(pod)
        .filter(|(list, _)| *list == "containers")
        .filter_map(|(_, container)| {
            let resources = &container["resources"];
            let asked = resources["requests"][resource].as_str().or_else(|| resources["limits"][resource].as_str());
            milli(asked?)
        })
        .sum()
}

/// Host ports with their protocol.
fn host_ports(pod: &Value) -> Vec<(u64, &str)> {
    containers(pod)
        .flat_map(|(_, container)| items(container, "/ports"))
        .filter_map(|port| Some((port["hostPort"].as_u64()?, port["protocol"].as_str().unwrap_or("TCP"))))
        .collect()
}

/// A quantity in thousandths; `None` where it is none.
fn milli(quantity: &str) -> Option<u128> {
    let digits = quantity.find(|c: char| !c.is_ascii_digit()).unwrap_or(quantity.len());
    let (number, unit) = quantity.split_at(digits);
    let number: u128 = number.parse().ok()?;
    let scale: u128 = match unit {
        "m" => return Some(number),
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(scale)?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_gives_each_reason() {
        let node =
            json!({"metadata": {"labels": {"disk": "a"}}, "status": {"allocatable": {"cpu": "4", "memory": "16Gi"}}});
        let pod = |spec: Value| json!({"spec": spec});
        let app = |more: Value| pod(json!({"containers": [more]}));
        let large = app(json!({"resources": {"requests": {"cpu": "3500m", "memory": "1Gi"}}}));
        assert!(reasons(&large, &node, &[]).is_empty());
        assert_eq!(reasons(&large, &node, &[&large]), ["Insufficient cpu"]);
        let port = app(json!({"ports": [{"containerPort": 80, "hostPort": 8080}]}));
        assert!(reasons(&port, &node, &[&large]).is_empty());
        assert_eq!(reasons(&port, &node, &[&port]), ["node(s) didn't have free ports for the requested pod ports"]);
        let picky = pod(json!({"nodeSelector": {"disk": "b"}, "containers": []}));
        assert!(nowhere(&[reasons(&picky, &node, &[]), vec!["Insufficient cpu".to_owned()]]).starts_with(
            "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector. no new"
        ));
    }

    #[test]
    fn a_toleration_is_held_against_key_value_and_effect() {
        let taint = json!({ "key": "team", "value": "search", "effect": "NoExecute" });
        for (toleration, tolerated) in [
            (json!({ "key": "team", "value": "search", "effect": "NoExecute" }), true),
            (json!({ "key": "team", "operator": "Equal", "value": "search" }), true),
            (json!({ "key": "team", "operator": "Exists" }), true),
            (json!({ "operator": "Exists" }), true),
            (json!({ "key": "team", "value": "ads" }), false),
            (json!({ "key": "disk", "operator": "Exists" }), false),
            (json!({ "key": "team", "operator": "Exists", "effect": "NoSchedule" }), false),
        ] {
            let pod = json!({ "spec": { "tolerations": [toleration] } });
            assert_eq!(tolerates(&pod, &taint), tolerated, "{toleration}");
        }
    }
}
