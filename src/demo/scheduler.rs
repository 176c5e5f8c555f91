//! Binds pods to nodes: the one with the fewest pods of those whose labels fit. It starts nothing.

use serde_json::{Value, json};

use super::object::{name, namespace, text};
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
    let wanted = &pod["spec"]["nodeSelector"];
    let fits = |node: &&std::sync::Arc<Value>| {
        wanted
            .as_object()
            .is_none_or(|wanted| wanted.iter().all(|(label, value)| node["metadata"]["labels"][label] == *value))
    };
    let (pods, _) = store.list("pods", None);
    let load = |node: &Value| {
        let node = node["metadata"]["name"].as_str();
        pods.iter().filter(|pod| pod["spec"]["nodeName"].as_str() == node).count()
    };
    let chosen = nodes.iter().filter(fits).min_by_key(|node| load(node));
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
    let message = format!(
        "0/{count} nodes are available: {count} node(s) didn't match Pod's node affinity/selector. no new claims to \
         deallocate, preemption: 0/{count} nodes are available: {count} Preemption is not helpful for scheduling."
    );
    store.update("pods", namespace, name, |pod| {
        pod["status"]["phase"] = json!("Pending");
        pod["status"]["conditions"] = condition("False", json!({ "reason": "Unschedulable", "message": message }));
    });
    recorder.record(&pod, SOURCE, "FailedScheduling", &message, None);
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
    fn a_pod_that_fits_nowhere_says_so() {
        let (store, recorder) = cluster();
        let pod = bound(&store, &recorder, "one", &json!({ "disk": "c" }));
        assert!(pod["spec"]["nodeName"].is_null());
        let condition = &pod["status"]["conditions"][0];
        assert_eq!(condition["reason"], "Unschedulable");
        assert!(text(condition, "/message").starts_with("0/2 nodes are available: 2 node(s) didn't match"));
    }
}
