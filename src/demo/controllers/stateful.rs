//! Stateful sets: pods with numbers, one after the other. Their storage is nobody's: the demo has none.

use serde_json::{Value, json};

use super::{is_ready, pods};
use crate::demo::object::{name, namespace, number, text};
use crate::demo::recorder::{Recorder, Source};
use crate::demo::store::Store;

const SOURCE: Source<'static> = Source { component: "statefulset-controller", host: None };

/// One look at every stateful set.
pub(super) fn reconcile(store: &Store, recorder: &Recorder) {
    for set in store.list("statefulsets", None).0 {
        fill(store, recorder, &set);
    }
}

/// The number of a pod of this set.
fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    name(pod).strip_prefix(name(set))?.strip_prefix('-')?.parse().ok()
}

fn fill(store: &Store, recorder: &Recorder, set: &Value) {
    let revision = format!("{}-{}", name(set), pods::hash(&set["spec"]["template"]));
    let wanted = number(set, "/spec/replicas").unwrap_or(1);
    let parallel = text(set, "/spec/podManagementPolicy") == "Parallel";
    let mut present = pods::claimed(store, set);
    present.retain(|pod| ordinal(set, pod).is_some());
    // one that has ended for good is replaced
    for pod in present.iter().filter(|pod| pods::is_over(pod)) {
        pods::delete(store, pod);
    }
    present.retain(|pod| !pods::is_over(pod));
    for number in 0..wanted {
        let own_name = format!("{}-{number}", name(set));
        match present.iter().find(|pod| name(pod) == own_name) {
            Some(pod) if parallel || is_ready(pod) && pods::is_active(pod) => {}
            // the next one waits for this one
            Some(_) => break,
            None => {
                let made = pods::create(store, set, &own_name, |pod| {
                    let metadata = &mut pod["metadata"];
                    metadata["labels"]["apps.kubernetes.io/pod-index"] = json!(number.to_string());
                    metadata["labels"]["controller-revision-hash"] = json!(revision);
                    metadata["labels"]["statefulset.kubernetes.io/pod-name"] = json!(own_name);
                    pod["spec"]["hostname"] = json!(own_name);
                    pod["spec"]["subdomain"] = set["spec"]["serviceName"].clone();
                });
                let Some(made) = made else { break };
                let message = format!("create Pod {own_name} in StatefulSet {} successful", name(set));
                recorder.record(set, SOURCE, "SuccessfulCreate", &message, None);
                present.push(made);
                if !parallel {
                    break;
                }
            }
        }
    }
    let beyond = present.iter().filter(|pod| ordinal(set, pod) >= Some(wanted) && pods::is_active(pod));
    if let Some(last) = beyond.max_by_key(|pod| ordinal(set, pod)) {
        pods::delete(store, last);
        let message = format!("delete Pod {} in StatefulSet {} successful", name(last), name(set));
        recorder.record(set, SOURCE, "SuccessfulDelete", &message, None);
    }
    report(store, set, &revision, &present);
}

fn report(store: &Store, set: &Value, revision: &str, present: &[std::sync::Arc<Value>]) {
    let ready = pods::ready(present);
    let updated =
        present.iter().filter(|pod| pod["metadata"]["labels"]["controller-revision-hash"] == revision).count();
    store.update("statefulsets", namespace(set), name(set), |set| {
        let current = set["status"]["currentRevision"].as_str().filter(|_| updated < present.len());
        let current = current.unwrap_or(revision).to_owned();
        let mut status = json!({
            "observedGeneration": set["metadata"]["generation"],
            "replicas": present.len(),
            "availableReplicas": ready,
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
        });
        let of_current = if current == revision { updated } else { present.len() - updated };
        for (field, count) in [("readyReplicas", ready), ("currentReplicas", of_current), ("updatedReplicas", updated)]
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
    fn pods_come_one_after_the_other_and_keep_their_numbers() {
        let store = Store::new();
        let set = json!({
            "metadata": { "name": "db", "namespace": "demo" },
            "spec": {
                "replicas": 2,
                "serviceName": "db",
                "selector": { "matchLabels": { "app": "db" } },
                "template": { "metadata": { "labels": { "app": "db" } }, "spec": { "containers": [{ "name": "a" }] } },
            },
        });
        store.create("statefulsets", set).unwrap();
        let recorder = Recorder::new(store.clone());
        let names = |store: &Store| -> Vec<String> {
            store.list("pods", None).0.iter().map(|pod| name(pod).to_owned()).collect()
        };
        let get_ready = |store: &Store, pod: &str| {
            store.update("pods", "demo", pod, |pod| {
                pod["status"]["conditions"] = json!([{ "type": "Ready", "status": "True" }]);
            });
        };
        reconcile(&store, &recorder);
        reconcile(&store, &recorder);
        assert_eq!(names(&store), ["db-0"], "the second one waits for the first");
        get_ready(&store, "db-0");
        reconcile(&store, &recorder);
        assert_eq!(names(&store), ["db-0", "db-1"]);
        get_ready(&store, "db-1");
        store.delete("pods", "demo", "db-0");
        reconcile(&store, &recorder);
        assert_eq!(names(&store), ["db-0", "db-1"], "it comes back under its name");
        store.update("statefulsets", "demo", "db", |set| set["spec"]["replicas"] = json!(1));
        reconcile(&store, &recorder);
        assert_eq!(names(&store), ["db-0"], "the last one goes");
    }
}
