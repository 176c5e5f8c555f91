//! What the API server fills in where what owns pods says nothing; it makes no pods.

use serde_json::{Value, json};

use super::{container, fill};
use crate::demo::resource::Resource;
use crate::demo::store::new_uid;

/// Fills in an object of a kind that owns pods; leaves any other alone.
pub(crate) fn workload(resource: &Resource, object: &mut Value) {
    if !object["spec"].is_object() {
        return;
    }
    match resource.plural {
        "deployments" => {
            fill(&mut object["spec"], "replicas", 1);
            let rolling = json!({ "maxUnavailable": "25%", "maxSurge": "25%" });
            fill(&mut object["spec"], "strategy", json!({ "type": "RollingUpdate", "rollingUpdate": rolling }));
            fill(&mut object["spec"], "revisionHistoryLimit", 10);
            fill(&mut object["spec"], "progressDeadlineSeconds", 600);
        }
        "replicasets" => fill(&mut object["spec"], "replicas", 1),
        "statefulsets" => {
            fill(&mut object["spec"], "replicas", 1);
            fill(&mut object["spec"], "podManagementPolicy", "OrderedReady");
            let rolling = json!({ "partition": 0 });
            fill(&mut object["spec"], "updateStrategy", json!({ "type": "RollingUpdate", "rollingUpdate": rolling }));
            fill(&mut object["spec"], "revisionHistoryLimit", 10);
            let retained = json!({ "whenDeleted": "Retain", "whenScaled": "Retain" });
            fill(&mut object["spec"], "persistentVolumeClaimRetentionPolicy", retained);
        }
        "daemonsets" => {
            let rolling = json!({ "maxUnavailable": 1, "maxSurge": 0 });
            fill(&mut object["spec"], "updateStrategy", json!({ "type": "RollingUpdate", "rollingUpdate": rolling }));
            fill(&mut object["spec"], "revisionHistoryLimit", 10);
            fill(&mut object["metadata"], "annotations", json!({}));
            fill(&mut object["metadata"]["annotations"], "deprecated.daemonset.template.generation", "1");
        }
        "jobs" => job(object),
        "cronjobs" => {
            fill(&mut object["spec"], "concurrencyPolicy", "Allow");
            fill(&mut object["spec"], "suspend", false);
            fill(&mut object["spec"], "successfulJobsHistoryLimit", 3);
            fill(&mut object["spec"], "failedJobsHistoryLimit", 1);
            if let Some(spec) = object.pointer_mut("/spec/jobTemplate/spec/template/spec") {
                template(spec);
            }
            return;
        }
        _ => return,
    }
    if let Some(spec) = object.pointer_mut("/spec/template/spec") {
        template(spec);
    }
}

/// The spec of a pod template; a pod gets the rest when it is made.
fn template(spec: &mut Value) {
    if !spec.is_object() {
        return;
    }
    for list in ["initContainers", "containers"] {
        if let Some(all) = spec.get_mut(list).and_then(Value::as_array_mut) {
            all.iter_mut().for_each(container);
        }
    }
    fill(spec, "restartPolicy", "Always");
    fill(spec, "terminationGracePeriodSeconds", 30);
    fill(spec, "dnsPolicy", "ClusterFirst");
    fill(spec, "securityContext", json!({}));
    fill(spec, "schedulerName", "default-scheduler");
}

/// A job's pods are known by labels that the server makes of the job's uid.
fn job(job: &mut Value) {
    let spec = &mut job["spec"];
    fill(spec, "parallelism", 1);
    if spec["parallelism"] == 1 {
        fill(spec, "completions", 1);
    }
    for (field, value) in [
        ("backoffLimit", json!(6)),
        ("completionMode", json!("NonIndexed")),
        ("manualSelector", json!(false)),
        ("podReplacementPolicy", json!("TerminatingOrFailed")),
        ("suspend", json!(false)),
    ] {
        fill(spec, field, value);
    }
    if spec["selector"].is_object() {
        return;
    }
    fill(&mut job["metadata"], "uid", new_uid());
    let (uid, own) = (job["metadata"]["uid"].clone(), job["metadata"]["name"].clone());
    let labels = [
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &own),
        ("controller-uid", &uid),
        ("job-name", &own),
    ];
    for (label, value) in labels {
        job["metadata"]["labels"][label] = value.clone();
        job["spec"]["template"]["metadata"]["labels"][label] = value.clone();
    }
    job["spec"]["selector"] = json!({ "matchLabels": { "batch.kubernetes.io/controller-uid": uid } });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::resource::by_plural;

    #[test]
    fn a_job_selects_its_own_pods_and_filling_in_twice_changes_nothing() {
        let jobs = by_plural("jobs").unwrap();
        let mut job =
            json!({ "metadata": { "name": "settle" }, "spec": { "template": { "spec": { "containers": [] } } } });
        workload(jobs, &mut job);
        let uid = job["metadata"]["uid"].clone();
        let selector = &job["spec"]["selector"]["matchLabels"]["batch.kubernetes.io/controller-uid"];
        assert_eq!((selector, uid.is_string()), (&uid, true));
        assert_eq!(job["spec"]["template"]["metadata"]["labels"]["job-name"], "settle");
        let once = job.clone();
        workload(jobs, &mut job);
        assert_eq!(job, once);
    }

    #[test]
    fn nonsense_is_left_alone() {
        for plural in ["deployments", "statefulsets", "daemonsets", "cronjobs", "pods"] {
            for mut nonsense in
                [json!({}), json!({ "spec": { "template": 1 } }), json!({ "spec": { "template": { "spec": 2 } } })]
            {
                workload(by_plural(plural).unwrap(), &mut nonsense);
            }
        }
    }
}
