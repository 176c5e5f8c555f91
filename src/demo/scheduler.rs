//! Binds pods to nodes: the one with the fewest pods of those that let them in and where they fit. It starts nothing.

mod filter;

use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::object::{items, name, namespace, text};
use super::recorder::{Recorder, Source};
use super::store::{Store, now};

/// A pod that fits nowhere is looked at again when a node changes, and after so long.
const AGAIN: Duration = Duration::from_secs(300);

pub(super) use filter::tolerates;

const SOURCE: Source<'static> = Source { component: "default-scheduler", host: None };

/// Binds every pod that has no node yet, and every new one, until dropped.
pub(super) async fn run(store: Store, recorder: Recorder) {
    loop {
        let (pods, version) = store.list("pods", None);
        for pod in &pods {
            schedule(&store, &recorder, pod, Turn::Again);
        }
        let (Ok(mut changes), Ok(mut nodes)) = (store.watch("pods", version), store.watch("nodes", version)) else {
            continue;
        };
        let mut again = pin!(sleep(AGAIN));
        loop {
            tokio::select! {
                change = changes.next() => match change {
                    Some(Ok(change)) => schedule(&store, &recorder, &change.object, Turn::First),
                    _ => break,
                },
                node = nodes.next() => match node {
                    // what a node reports of itself makes no room
                    Some(Ok(node)) if node.before.as_ref().is_some_and(|before| takes_the_same(before, &node.object)) => {}
                    _ => break,
                },
                () = &mut again => break,
            }
        }
    }
}

/// Whether a node lets in what it let in before.
fn takes_the_same(before: &Value, after: &Value) -> bool {
    ["/spec", "/metadata/labels", "/status/allocatable"].iter().all(|part| before.pointer(part) == after.pointer(part))
}

/// Whether a pod that found no node is looked at as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    First,
    Again,
}

fn schedule(store: &Store, recorder: &Recorder, pod: &Value, turn: Turn) {
    let (namespace, name) = (namespace(pod), name(pod));
    let Some(pod) = store.get("pods", namespace, name) else {
        return;
    };
    let already = turn == Turn::First && !items(&pod, "/status/conditions").is_empty();
    if !text(&pod, "/spec/nodeName").is_empty() || !pod["metadata"]["deletionTimestamp"].is_null() || already {
        return;
    }
    let (nodes, _) = store.list("nodes", None);
    let (pods, _) = store.list("pods", None);
    let over = |pod: &Value| matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
    let of_nodes: Vec<_> = nodes
        .iter()
        .map(|node| {
            let name = node["metadata"]["name"].as_str();
            let there = pods.iter().filter(|pod| pod["spec"]["nodeName"].as_str() == name && !over(pod));
            let there: Vec<&Value> = there.map(AsRef::as_ref).collect();
            (node, there.len(), filter::reasons(&pod, node, &there))
        })
        .collect();
    let fitting = of_nodes.iter().filter(|(_, _, reasons)| reasons.is_empty());
    let chosen = fitting.min_by_key(|(_, load, _)| *load).map(|(node, ..)| node);
    let now = now();
    let before = items(&pod, "/status/conditions").iter().find(|one| one["type"] == "PodScheduled");
    let condition = |status: &str, more: Value| {
        let since = before.filter(|one| one["status"] == status).and_then(|one| one["lastTransitionTime"].as_str());
        let mut condition = json!({
            "type": "PodScheduled",
            "status": status,
            "lastProbeTime": null,
            "lastTransitionTime": since.unwrap_or(&now),
            "observedGeneration": pod["metadata"]["generation"],
        });
        if let (Some(condition), Some(more)) = (condition.as_object_mut(), more.as_object()) {
            condition.extend(more.clone());
        }
        json!([condition])
    };
    let claimed = missing_claim(&pod, of_nodes.len()).is_none();
    if let Some(node) = chosen.filter(|_| claimed) {
        let node = text(node, "/metadata/name");
        store.update("pods", namespace, name, |pod| {
            pod["spec"]["nodeName"] = json!(node);
            pod["status"]["conditions"] = condition("True", json!({}));
        });
        let message = format!("Successfully assigned {namespace}/{name} to {node}");
        return recorder.record(&pod, SOURCE, "Scheduled", &message, None);
    }
    let of_nodes: Vec<_> = of_nodes.into_iter().map(|(_, _, reasons)| reasons).collect();
    let message = missing_claim(&pod, of_nodes.len()).unwrap_or_else(|| filter::nowhere(&of_nodes));
    store.update("pods", namespace, name, |pod| {
        pod["status"]["phase"] = json!("Pending");
        pod["status"]["conditions"] = condition("False", json!({ "reason": "Unschedulable", "message": message }));
    });
    recorder.record(&pod, SOURCE, "FailedScheduling", &message, None);
}

/// The demo has no storage: a claim is never there.
fn missing_claim(pod: &Value, nodes: usize) -> Option<String> {
    let volumes = pod["spec"]["volumes"].as_array()?;
    let claim = volumes.iter().find_map(|volume| volume["persistentVolumeClaim"]["claimName"].as_str())?;
    Some(format!("0/{nodes} nodes are available: persistentvolumeclaim {claim:?} not found. not found"))
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
        schedule(store, recorder, &pod, Turn::First);
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
        schedule(&store, &recorder, &tolerant, Turn::First);
        assert_eq!(store.get("pods", "demo", "let-in").unwrap()["spec"]["nodeName"], "a");
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
