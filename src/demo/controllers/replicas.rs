//! Replica sets make and remove pods, deployments make and scale replica sets; pods are started by others.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};

use super::{controller, is_ready, selects};
use crate::demo::object::{items, name, namespace, number, text};
use crate::demo::recorder::{Recorder, Source};
use crate::demo::server::defaults;
use crate::demo::store::Store;

/// The letters of generated names, as Kubernetes picks them: none that make words or are taken for another.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

const DEPLOYMENTS: Source<'static> = Source { component: "deployment-controller", host: None };
const REPLICA_SETS: Source<'static> = Source { component: "replicaset-controller", host: None };

/// One look at every deployment and replica set.
pub(super) fn reconcile(store: &Store, recorder: &Recorder) {
    for deployment in store.list("deployments", None).0 {
        deploy(store, recorder, &deployment);
    }
    for set in store.list("replicasets", None).0 {
        fill(store, recorder, &set);
    }
    for deployment in store.list("deployments", None).0 {
        report(store, &deployment);
    }
}

/// One replica set for the template as it is now; older ones go down to nothing.
fn deploy(store: &Store, recorder: &Recorder, deployment: &Value) {
    let (namespace, own) = (namespace(deployment), name(deployment));
    let template = &deployment["spec"]["template"];
    let hash = hash(template);
    let current = format!("{own}-{hash}");
    let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
    if store.get("replicasets", namespace, &current).is_none() {
        let mut labels = template["metadata"]["labels"].clone();
        labels["pod-template-hash"] = json!(hash);
        let mut template = template.clone();
        template["metadata"]["labels"] = labels.clone();
        let mut selector = deployment["spec"]["selector"].clone();
        selector["matchLabels"]["pod-template-hash"] = json!(hash);
        let set = json!({
            "metadata": {
                "name": current,
                "namespace": namespace,
                "labels": labels,
                "annotations": {
                    "deployment.kubernetes.io/desired-replicas": replicas.to_string(),
                    "deployment.kubernetes.io/revision": "1",
                },
                "ownerReferences": [owner(deployment, "apps/v1", "Deployment")],
            },
            "spec": { "replicas": replicas, "selector": selector, "template": template },
            "status": { "replicas": 0 },
        });
        if store.create("replicasets", set).is_ok() {
            let message = format!("Scaled up replica set {current} from 0 to {replicas}");
            recorder.record(deployment, DEPLOYMENTS, "ScalingReplicaSet", &message, None);
        }
    }
    for set in owned(store, "replicasets", deployment) {
        let wanted = if name(&set) == current { replicas } else { 0 };
        let before = number(&set, "/spec/replicas").unwrap_or(1);
        if before != wanted {
            store.update("replicasets", namespace, name(&set), |set| {
                set["spec"]["replicas"] = json!(wanted);
            });
            let way = if wanted > before { "up" } else { "down" };
            let message = format!("Scaled {way} replica set {} from {before} to {wanted}", name(&set));
            recorder.record(deployment, DEPLOYMENTS, "ScalingReplicaSet", &message, None);
        }
    }
}

/// As many pods as the replica set is to have: adopts those that fit and belong to nobody, as the real one does, so
/// that a copy which keeps its labels is counted, and the youngest goes if there are too many.
fn fill(store: &Store, recorder: &Recorder, set: &Value) {
    let space = namespace(set);
    let uid = text(set, "/metadata/uid");
    let selector = &set["spec"]["selector"]["matchLabels"];
    let mut pods: Vec<Arc<Value>> = Vec::new();
    for pod in store.list("pods", Some(space)).0 {
        let active = pod["metadata"]["deletionTimestamp"].is_null()
            && !matches!(text(&pod, "/status/phase"), "Succeeded" | "Failed");
        if !active || !selects(selector, &pod["metadata"]["labels"]) {
            continue;
        }
        match controller(&pod) {
            Some(owner) if owner == uid => pods.push(pod),
            Some(_) => {}
            None => {
                let owner = owner(set, "apps/v1", "ReplicaSet");
                let adopted = store.update("pods", space, name(&pod), |pod| {
                    pod["metadata"]["ownerReferences"] = json!([owner]);
                });
                pods.extend(adopted);
            }
        }
    }
    let wanted = usize::try_from(number(set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
    pods.sort_by_key(|pod| {
        let version: u64 = text(pod, "/metadata/resourceVersion").parse().unwrap_or(0);
        (!is_ready(pod), text(pod, "/metadata/creationTimestamp").to_owned(), version)
    });
    for pod in pods.split_off(wanted.min(pods.len())) {
        delete(store, &pod);
        let message = format!("Deleted pod: {}", name(&pod));
        recorder.record(set, REPLICA_SETS, "SuccessfulDelete", &message, None);
    }
    while pods.len() < wanted {
        let Some(pod) = create(store, set) else { break };
        let message = format!("Created pod: {}", name(&pod));
        recorder.record(set, REPLICA_SETS, "SuccessfulCreate", &message, None);
        pods.push(pod);
    }
    let ready = pods.iter().filter(|pod| is_ready(pod)).count();
    store.update("replicasets", space, name(set), |set| {
        let mut status = json!({
            "replicas": pods.len(),
            "fullyLabeledReplicas": pods.len(),
            "observedGeneration": set["metadata"]["generation"],
        });
        if ready > 0 {
            status["readyReplicas"] = json!(ready);
            status["availableReplicas"] = json!(ready);
        }
        set["status"] = status;
    });
}

fn create(store: &Store, set: &Value) -> Option<Arc<Value>> {
    let template = &set["spec"]["template"];
    let base = name(set);
    let mut pod = json!({ "metadata": template["metadata"], "spec": template["spec"] });
    pod["metadata"]["name"] = json!(format!("{base}-{}", suffix(5)));
    pod["metadata"]["generateName"] = json!(format!("{base}-"));
    pod["metadata"]["namespace"] = json!(namespace(set));
    pod["metadata"]["ownerReferences"] = json!([owner(set, "apps/v1", "ReplicaSet")]);
    defaults::pod(&mut pod);
    store.create("pods", pod).ok()
}

fn delete(store: &Store, pod: &Value) {
    if text(pod, "/spec/nodeName").is_empty() {
        store.delete("pods", namespace(pod), name(pod));
        return;
    }
    let grace = number(pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
    let end = Timestamp::now() + SignedDuration::from_secs(grace);
    store.update("pods", namespace(pod), name(pod), |pod| {
        pod["metadata"]["deletionTimestamp"] = json!(end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    });
}

/// The status of a deployment, from its replica sets.
fn report(store: &Store, deployment: &Value) {
    let sets = owned(store, "replicasets", deployment);
    let sum = |field: &str| -> i64 { sets.iter().filter_map(|set| number(set, &format!("/status/{field}"))).sum() };
    let (replicas, ready) = (sum("replicas"), sum("readyReplicas"));
    let wanted = number(deployment, "/spec/replicas").unwrap_or(1);
    let available = ready >= wanted;
    let since = |kind: &str, value: &str| {
        let old = items(deployment, "/status/conditions");
        let same = old.iter().find(|condition| condition["type"] == kind && condition["status"] == value);
        same.and_then(|condition| condition["lastTransitionTime"].as_str())
            .map_or_else(crate::demo::store::now, ToOwned::to_owned)
    };
    let (value, reason, message) = if available {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    let time = since("Available", value);
    let mut status = json!({
        "observedGeneration": deployment["metadata"]["generation"],
        "replicas": replicas,
        "updatedReplicas": replicas,
        "conditions": [{
            "type": "Available",
            "status": value,
            "reason": reason,
            "message": message,
            "lastTransitionTime": time,
            "lastUpdateTime": time,
        }],
    });
    if ready > 0 {
        status["readyReplicas"] = json!(ready);
        status["availableReplicas"] = json!(ready);
    }
    if wanted > ready {
        status["unavailableReplicas"] = json!(wanted - ready);
    }
    store.update("deployments", namespace(deployment), name(deployment), |deployment| deployment["status"] = status);
}

fn owned(store: &Store, resource: &str, by: &Value) -> Vec<Arc<Value>> {
    let uid = by["metadata"]["uid"].as_str();
    let (all, _) = store.list(resource, Some(namespace(by)));
    all.into_iter().filter(|object| controller(object).is_some() && controller(object) == uid).collect()
}

fn owner(of: &Value, version: &str, kind: &str) -> Value {
    json!({
        "apiVersion": version,
        "kind": kind,
        "name": of["metadata"]["name"],
        "uid": of["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

fn suffix(length: usize) -> String {
    let mut random = rand::rng();
    (0..length).filter_map(|_| LETTERS.choose(&mut random)).map(|letter| char::from(*letter)).collect()
}

/// Ten letters that are the same for the same template (FNV-1a).
fn hash(template: &Value) -> String {
    let hash = template
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut rest = hash;
    (0..10)
        .map(|_| {
            let letter = LETTERS[usize::try_from(rest % 27).unwrap_or(0)];
            rest /= 27;
            char::from(letter)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> (Store, Recorder) {
        let store = Store::new();
        let deployment = json!({
            "metadata": { "name": "web", "namespace": "demo" },
            "spec": {
                "replicas": 2,
                "selector": { "matchLabels": { "app": "web" } },
                "template": {
                    "metadata": { "labels": { "app": "web" } },
                    "spec": { "containers": [{ "name": "app", "image": "nginx:1" }] },
                },
            },
        });
        store.create("deployments", deployment).unwrap();
        let recorder = Recorder::new(store.clone());
        (store, recorder)
    }

    fn pods(store: &Store) -> Vec<String> {
        store.list("pods", Some("demo")).0.iter().map(|pod| name(pod).to_owned()).collect()
    }

    #[test]
    fn a_deployment_gets_its_pods_and_a_deleted_one_is_replaced() {
        let (store, recorder) = cluster();
        reconcile(&store, &recorder);
        reconcile(&store, &recorder);
        let before = pods(&store);
        assert_eq!(before.len(), 2);
        store.delete("pods", "demo", &before[0]);
        reconcile(&store, &recorder);
        let after = pods(&store);
        assert_eq!(after.len(), 2);
        assert!(!after.contains(&before[0]) && after.contains(&before[1]));
    }

    #[test]
    fn a_copy_that_keeps_its_labels_is_adopted_and_one_without_is_not() {
        let (store, recorder) = cluster();
        reconcile(&store, &recorder);
        let original = store.get("pods", "demo", &pods(&store)[0]).unwrap();
        let mut plain = json!({ "metadata": { "name": "copy", "namespace": "demo" }, "spec": original["spec"] });
        store.create("pods", plain.clone()).unwrap();
        reconcile(&store, &recorder);
        assert_eq!(pods(&store).len(), 3);
        plain["metadata"]["name"] = json!("labelled");
        plain["metadata"]["labels"] = original["metadata"]["labels"].clone();
        store.create("pods", plain).unwrap();
        reconcile(&store, &recorder);
        assert_eq!(pods(&store).len(), 3, "one of the three that fit has gone");
    }

    #[test]
    fn another_template_makes_another_replica_set() {
        let (store, recorder) = cluster();
        reconcile(&store, &recorder);
        store.update("deployments", "demo", "web", |deployment| {
            deployment["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:2");
        });
        reconcile(&store, &recorder);
        assert_eq!(store.list("replicasets", None).0.len(), 2);
        let images: Vec<_> =
            store.list("pods", None).0.iter().map(|pod| pod["spec"]["containers"][0]["image"].clone()).collect();
        assert_eq!(images, ["nginx:2", "nginx:2"]);
    }
}
