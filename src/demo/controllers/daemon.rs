//! Daemon sets: one pod on each node that lets it in. The scheduler binds them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{is_ready, pods};
use crate::demo::object::{items, name, namespace, text};
use crate::demo::recorder::{Recorder, Source};
use crate::demo::scheduler::tolerates;
use crate::demo::store::Store;

const SOURCE: Source<'static> = Source { component: "daemonset-controller", host: None };

/// What a daemon tolerates beyond what its template says.
const TOLERATED: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// One look at every daemon set.
pub(super) fn reconcile(store: &Store, recorder: &Recorder) {
    let (nodes, _) = store.list("nodes", None);
    for set in store.list("daemonsets", None).0 {
        fill(store, recorder, &set, &nodes);
    }
}

/// A pod's spec as it is on each node: the template's, and what a daemon tolerates.
fn spec(set: &Value) -> Value {
    let mut spec = set["spec"]["template"]["spec"].clone();
    let mut tolerations = items(&spec, "/tolerations").to_vec();
    let more = TOLERATED.iter().map(|(key, effect)| json!({ "key": key, "operator": "Exists", "effect": effect }));
    tolerations.extend(more);
    spec["tolerations"] = Value::Array(tolerations);
    spec
}

/// Whether a daemon of this spec belongs on a node.
fn belongs(spec: &Value, node: &Value) -> bool {
    let labels = &node["metadata"]["labels"];
    let wanted = spec["nodeSelector"].as_object();
    let selected = wanted.is_none_or(|wanted| wanted.iter().all(|(label, value)| labels[label] == *value));
    let pod = json!({ "spec": { "tolerations": spec["tolerations"] } });
    let let_in =
        items(node, "/spec/taints").iter().all(|taint| taint["effect"] == "PreferNoSchedule" || tolerates(&pod, taint));
    selected && let_in
}

/// The node a daemon's pod is for, also before it is bound.
fn node_of(pod: &Value) -> &str {
    let bound = text(pod, "/spec/nodeName");
    let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let wanted = || text(pod, &format!("{terms}/0/matchFields/0/values/0"));
    if bound.is_empty() { wanted() } else { bound }
}

fn fill(store: &Store, recorder: &Recorder, set: &Value, nodes: &[Arc<Value>]) {
    let spec = spec(set);
    let revision = pods::hash(&set["spec"]["template"]);
    let mut present = pods::claimed(store, set);
    for pod in present.iter().filter(|pod| pods::is_over(pod)) {
        pods::delete(store, pod);
    }
    present.retain(|pod| pods::is_active(pod));
    let wanted: Vec<&str> = nodes.iter().filter(|node| belongs(&spec, node)).map(|node| name(node)).collect();
    for node in &wanted {
        if present.iter().any(|pod| node_of(pod) == *node) {
            continue;
        }
        let made = pods::create(store, set, &pods::generated(name(set)), |pod| {
            pod["metadata"]["labels"]["controller-revision-hash"] = json!(revision);
            pod["metadata"]["labels"]["pod-template-generation"] = json!("1");
            pod["spec"] = spec.clone();
            let here = json!({ "key": "metadata.name", "operator": "In", "values": [node] });
            pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
                json!({ "nodeSelectorTerms": [{ "matchFields": [here] }] });
        });
        if let Some(pod) = made {
            let message = format!("Created pod: {}", name(&pod));
            recorder.record(set, SOURCE, "SuccessfulCreate", &message, None);
            present.push(pod);
        }
    }
    let (right, wrong): (Vec<_>, Vec<_>) = present.into_iter().partition(|pod| wanted.contains(&node_of(pod)));
    for pod in &wrong {
        pods::delete(store, pod);
        let message = format!("Deleted pod: {}", name(pod));
        recorder.record(set, SOURCE, "SuccessfulDelete", &message, None);
    }
    let ready = right.iter().filter(|pod| is_ready(pod)).count();
    let updated = right.iter().filter(|pod| pod["metadata"]["labels"]["controller-revision-hash"] == *revision).count();
    store.update("daemonsets", namespace(set), name(set), |set| {
        let mut status = json!({
            "currentNumberScheduled": right.len(),
            "numberMisscheduled": wrong.len(),
            "desiredNumberScheduled": wanted.len(),
            "numberReady": ready,
            "observedGeneration": set["metadata"]["generation"],
        });
        let unavailable = wanted.len().saturating_sub(ready);
        for (field, count) in
            [("updatedNumberScheduled", updated), ("numberAvailable", ready), ("numberUnavailable", unavailable)]
        {
            if count > 0 {
                status[field] = json!(count);
            }
        }
        set["status"] = status;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_that_lets_it_in_gets_one() {
        let store = Store::new();
        let node = |name: &str, taints: Value| json!({ "metadata": { "name": name }, "spec": { "taints": taints } });
        let cordon = json!([{ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" }]);
        store.create("nodes", node("a", json!([]))).unwrap();
        store.create("nodes", node("b", cordon)).unwrap();
        store.create("nodes", node("c", json!([{ "key": "team", "value": "x", "effect": "NoSchedule" }]))).unwrap();
        let set = json!({
            "metadata": { "name": "agent", "namespace": "demo" },
            "spec": {
                "selector": { "matchLabels": { "app": "agent" } },
                "template": { "metadata": { "labels": { "app": "agent" } }, "spec": { "containers": [{ "name": "a" }] } },
            },
        });
        store.create("daemonsets", set).unwrap();
        let recorder = Recorder::new(store.clone());
        reconcile(&store, &recorder);
        reconcile(&store, &recorder);
        let (pods, _) = store.list("pods", None);
        let mut on: Vec<&str> = pods.iter().map(|pod| node_of(pod)).collect();
        on.sort_unstable();
        assert_eq!(on, ["a", "b"]);
        let set = store.get("daemonsets", "demo", "agent").unwrap();
        assert_eq!(set["status"]["desiredNumberScheduled"], 2);
        assert_eq!(set["status"]["numberUnavailable"], 2);
    }
}
