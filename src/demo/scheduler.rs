//! Binds pods to nodes: the one with the fewest pods of those whose labels and taints let it in. It starts nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::object::{items, name, namespace, text};
use super::recorder::{Recorder, Source};
use super::store::{Store, now};

const SOURCE: Source<'static> = Source { component: "default-scheduler", host: None };

/// Binds every pod that has no node yet, and every new one, until dropped.
pub(super) async fn run(store: Store, recorder: Recorder) {
    loop {
        let (pods, version) = store.list("pods", None);
        for pod in &pods {
            schedule(&store, &recorder, pod);
        }
        let Ok(mut changes) = store.watch("pods", version) else {
            continue;
        };
        while let Some(Ok(change)) = changes.next().await {
            schedule(&store, &recorder, &change.object);
        }
    }
}

fn schedule(store: &Store, recorder: &Recorder, pod: &Value) {
    let (namespace, name) = (namespace(pod), name(pod));
    let Some(pod) = store.get("pods", namespace, name) else {
        return;
    };
    let already = pod["status"]["conditions"].as_array().is_some_and(|all| !all.is_empty());
    if !text(&pod, "/spec/nodeName").is_empty() || !pod["metadata"]["deletionTimestamp"].is_null() || already {
        return;
    }
    let (nodes, _) = store.list("nodes", None);
    let (pods, _) = store.list("pods", None);
    let load = |node: &Value| {
        let node = node["metadata"]["name"].as_str();
        pods.iter().filter(|pod| pod["spec"]["nodeName"].as_str() == node).count()
    };
    let chosen = nodes.iter().filter(|node| obstacle(&pod, node).is_none()).min_by_key(|node| load(node));
    let now = now();
    let condition = |status: &str, more: Value| {
        let mut condition = json!({
            "type": "PodScheduled",
            "status": status,
            "lastProbeTime": null,
            "lastTransitionTime": now,
            "observedGeneration": pod["metadata"]["generation"],
        });
        if let (Some(condition), Some(more)) = (condition.as_object_mut(), more.as_object()) {
            condition.extend(more.clone());
        }
        json!([condition])
    };
    if let Some(node) = chosen {
        let node = text(node, "/metadata/name");
        store.update("pods", namespace, name, |pod| {
            pod["spec"]["nodeName"] = json!(node);
            pod["status"]["conditions"] = condition("True", json!({}));
        });
        let message = format!("Successfully assigned {namespace}/{name} to {node}");
        return recorder.record(&pod, SOURCE, "Scheduled", &message, None);
    }
    let count = nodes.len();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for why in nodes.iter().filter_map(|node| obstacle(&pod, node)) {
        *counts.entry(why).or_default() += 1;
    }
    let mut reasons: Vec<String> = counts.iter().map(|(why, count)| format!("{count} {why}")).collect();
    reasons.sort();
    let message = format!(
        "0/{count} nodes are available: {}. no new claims to deallocate, preemption: 0/{count} nodes are available: \
         {count} Preemption is not helpful for scheduling.",
        reasons.join(", ")
    );
    store.update("pods", namespace, name, |pod| {
        pod["status"]["phase"] = json!("Pending");
        pod["status"]["conditions"] = condition("False", json!({ "reason": "Unschedulable", "message": message }));
    });
    recorder.record(&pod, SOURCE, "FailedScheduling", &message, None);
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
    (!matches).then_some("node(s) didn't match Pod's node affinity/selector")
}

/// Whether a pod tolerates a taint; a toleration without key or effect is one for all of them.
fn tolerates(pod: &Value, taint: &Value) -> bool {
    items(pod, "/spec/tolerations").iter().any(|toleration| {
        let (key, effect) = (text(toleration, "/key"), text(toleration, "/effect"));
        let exists = text(toleration, "/operator") == "Exists";
        (effect.is_empty() || effect == text(taint, "/effect"))
            && (key == text(taint, "/key") || (key.is_empty() && exists))
            && (exists || text(toleration, "/value") == text(taint, "/value"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> (Store, Recorder) {
        let store = Store::new();
        for node in ["a", "b"] {
            let node = json!({ "metadata": { "name": node, "labels": { "disk": node } } });
            store.create("nodes", node).unwrap();
        }
        let recorder = Recorder::new(store.clone());
        (store, recorder)
    }

    fn bound(store: &Store, recorder: &Recorder, name: &str, selector: &Value) -> std::sync::Arc<Value> {
        let pod = json!({ "metadata": { "name": name, "namespace": "demo" }, "spec": { "nodeSelector": selector } });
        let pod = store.create("pods", pod).unwrap();
        schedule(store, recorder, &pod);
        store.get("pods", "demo", name).unwrap()
    }

    #[test]
    fn pods_are_spread_and_selectors_kept_to() {
        let (store, recorder) = cluster();
        let first = bound(&store, &recorder, "one", &Value::Null);
        let second = bound(&store, &recorder, "two", &Value::Null);
        assert_ne!(first["spec"]["nodeName"], second["spec"]["nodeName"]);
        assert_eq!(bound(&store, &recorder, "three", &json!({ "disk": "b" }))["spec"]["nodeName"], "b");
        assert_eq!(store.list("events", Some("demo")).0.len(), 3);
    }

    #[test]
    fn a_cordoned_node_takes_only_what_tolerates_it() {
        let (store, recorder) = cluster();
        store.update("nodes", "", "a", |node| {
            let taint = json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
            node["spec"] = json!({ "unschedulable": true, "taints": [taint] });
        });
        for name in ["one", "two", "three"] {
            assert_eq!(bound(&store, &recorder, name, &Value::Null)["spec"]["nodeName"], "b");
        }
        let pod = bound(&store, &recorder, "kept-out", &json!({ "disk": "a" }));
        let message = text(&pod["status"]["conditions"][0], "/message").to_owned();
        assert!(
            message.starts_with(
                "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) were \
                 unschedulable. "
            ),
            "{message}"
        );
        let tolerant = json!({
            "metadata": { "name": "let-in", "namespace": "demo" },
            "spec": { "nodeSelector": { "disk": "a" }, "tolerations": [{ "operator": "Exists" }] },
        });
        let tolerant = store.create("pods", tolerant).unwrap();
        schedule(&store, &recorder, &tolerant);
        assert_eq!(store.get("pods", "demo", "let-in").unwrap()["spec"]["nodeName"], "a");
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

    #[test]
    fn a_pod_that_fits_nowhere_says_so() {
        let (store, recorder) = cluster();
        let pod = bound(&store, &recorder, "one", &json!({ "disk": "c" }));
        assert!(pod["spec"]["nodeName"].is_null());
        let condition = &pod["status"]["conditions"][0];
        assert_eq!(condition["reason"], "Unschedulable");
        assert!(text(condition, "/message").starts_with("0/2 nodes are available: 2 node(s) didn't match"));
    }
}
