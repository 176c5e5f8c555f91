//! Replica sets make and remove pods, deployments make and scale replica sets; pods are started by others.

use serde_json::{Value, json};

use super::{conditions, is_ready, pods};
use crate::demo::object::{name, namespace, number, text};
use crate::demo::recorder::{Recorder, Source};
use crate::demo::store::Store;

const DEPLOYMENTS: Source<'static> = Source { component: "deployment-controller", host: None };
const REPLICA_SETS: Source<'static> = Source { component: "replicaset-controller", host: None };

const REVISION: &str = "deployment.kubernetes.io/revision";

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

/// The name of the replica set of a deployment's template as it is now.
fn current(deployment: &Value) -> String {
    format!("{}-{}", name(deployment), pods::hash(&deployment["spec"]["template"]))
}

fn revision(object: &Value) -> u64 {
    object["metadata"]["annotations"][REVISION].as_str().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// One replica set for the template as it is now; older ones go down to nothing.
fn deploy(store: &Store, recorder: &Recorder, deployment: &Value) {
    let space = namespace(deployment);
    let template = &deployment["spec"]["template"];
    let current = current(deployment);
    let replicas = number(deployment, "/spec/replicas").unwrap_or(1);
    let newest = pods::owned(store, "replicasets", deployment).iter().map(|set| revision(set)).max().unwrap_or(0);
    let existing = store.get("replicasets", space, &current);
    // a template that was there before is the newest again
    let revision = match &existing {
        Some(set) if revision(set) == newest => newest,
        _ => newest + 1,
    };
    let annotations = json!({
        "deployment.kubernetes.io/desired-replicas": replicas.to_string(),
        "deployment.kubernetes.io/max-replicas": (replicas + (replicas + 3) / 4).to_string(),
        REVISION: revision.to_string(),
    });
    if existing.is_none() {
        let hash = pods::hash(template);
        let mut labels = template["metadata"]["labels"].clone();
        labels["pod-template-hash"] = json!(hash);
        let mut template = template.clone();
        template["metadata"]["labels"] = labels.clone();
        let mut selector = deployment["spec"]["selector"].clone();
        selector["matchLabels"]["pod-template-hash"] = json!(hash);
        let set = json!({
            "metadata": {
                "name": current,
                "namespace": space,
                "labels": labels,
                "annotations": annotations,
                "ownerReferences": [pods::owner(deployment)],
            },
            "spec": { "replicas": replicas, "selector": selector, "template": template },
            "status": { "replicas": 0 },
        });
        if store.create("replicasets", set).is_ok() {
            let message = format!("Scaled up replica set {current} from 0 to {replicas}");
            recorder.record(deployment, DEPLOYMENTS, "ScalingReplicaSet", &message, None);
        }
    }
    for set in pods::owned(store, "replicasets", deployment) {
        let is_current = name(&set) == current;
        let wanted = if is_current { replicas } else { 0 };
        let before = number(&set, "/spec/replicas").unwrap_or(1);
        store.update("replicasets", space, name(&set), |set| {
            set["spec"]["replicas"] = json!(wanted);
            if is_current {
                set["metadata"]["annotations"] = annotations.clone();
            }
        });
        if before != wanted {
            let way = if wanted > before { "up" } else { "down" };
            let message = format!("Scaled {way} replica set {} from {before} to {wanted}", name(&set));
            recorder.record(deployment, DEPLOYMENTS, "ScalingReplicaSet", &message, None);
        }
    }
    store.update("deployments", space, name(deployment), |deployment| {
        if !deployment["metadata"]["annotations"].is_object() {
            deployment["metadata"]["annotations"] = json!({});
        }
        deployment["metadata"]["annotations"][REVISION] = json!(revision.to_string());
    });
}

/// As many pods as the replica set is to have; the youngest that is not ready goes first if there are too many.
fn fill(store: &Store, recorder: &Recorder, set: &Value) {
    let mut active = pods::claimed(store, set);
    active.retain(|pod| pods::is_active(pod));
    let wanted = usize::try_from(number(set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
    active.sort_by_key(|pod| {
        let version: u64 = text(pod, "/metadata/resourceVersion").parse().unwrap_or(0);
        (!is_ready(pod), text(pod, "/metadata/creationTimestamp").to_owned(), version)
    });
    for pod in active.split_off(wanted.min(active.len())) {
        pods::delete(store, &pod);
        let message = format!("Deleted pod: {}", name(&pod));
        recorder.record(set, REPLICA_SETS, "SuccessfulDelete", &message, None);
    }
    while active.len() < wanted {
        let Some(pod) = pods::create(store, set, &pods::generated(name(set)), |_| ()) else { break };
        let message = format!("Created pod: {}", name(&pod));
        recorder.record(set, REPLICA_SETS, "SuccessfulCreate", &message, None);
        active.push(pod);
    }
    let ready = pods::ready(&active);
    store.update("replicasets", namespace(set), name(set), |set| {
        let mut status = json!({ "replicas": active.len() });
        if !active.is_empty() {
            status["fullyLabeledReplicas"] = json!(active.len());
        }
        if ready > 0 {
            status["readyReplicas"] = json!(ready);
            status["availableReplicas"] = json!(ready);
        }
        status["observedGeneration"] = set["metadata"]["generation"].clone();
        set["status"] = status;
    });
}

/// The status of a deployment, from its replica sets.
fn report(store: &Store, deployment: &Value) {
    let sets = pods::owned(store, "replicasets", deployment);
    let sum = |field: &str| -> i64 { sets.iter().filter_map(|set| number(set, &format!("/status/{field}"))).sum() };
    let (replicas, ready) = (sum("replicas"), sum("readyReplicas"));
    let wanted = number(deployment, "/spec/replicas").unwrap_or(1);
    let current = current(deployment);
    let newest = sets.iter().find(|set| name(set) == current);
    let of_newest = |field: &str| newest.and_then(|set| number(set, &format!("/status/{field}"))).unwrap_or(0);
    let updated = of_newest("replicas");
    let available = if ready >= wanted {
        ("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.".to_owned())
    } else {
        (
            "Available",
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.".to_owned(),
        )
    };
    let done = of_newest("readyReplicas") >= wanted && replicas == updated;
    let progressing = if done {
        (
            "Progressing",
            "True",
            "NewReplicaSetAvailable",
            format!("ReplicaSet \"{current}\" has successfully progressed."),
        )
    } else {
        ("Progressing", "True", "ReplicaSetUpdated", format!("ReplicaSet \"{current}\" is progressing."))
    };
    let mut status = json!({ "observedGeneration": deployment["metadata"]["generation"] });
    let counts = [
        ("replicas", replicas),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", ready),
        ("unavailableReplicas", (wanted - ready).max(0)),
    ];
    for (field, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        status[field] = json!(count);
    }
    status["conditions"] = conditions::updated(deployment, &[available, progressing]);
    store.update("deployments", namespace(deployment), name(deployment), |deployment| deployment["status"] = status);
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
