//! What the API server fills in where a new pod or ephemeral container says nothing; it refuses nothing.

mod workloads;

use serde_json::{Value, json};

use crate::demo::object::{items, text};
pub(crate) use workloads::workload;

/// Fills in a field that is missing, `null` or empty text.
fn fill(object: &mut Value, field: &str, value: impl Into<Value>) {
    let slot = &mut object[field];
    if slot.is_null() || slot == "" {
        *slot = value.into();
    }
}

/// Fills in what every container has.
pub(crate) fn container(container: &mut Value) {
    if !container.is_object() {
        return;
    }
    let policy = if is_latest(text(container, "/image")) { "Always" } else { "IfNotPresent" };
    fill(container, "imagePullPolicy", policy);
    fill(container, "resources", json!({}));
    fill(container, "terminationMessagePath", "/dev/termination-log");
    fill(container, "terminationMessagePolicy", "File");
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        if let Some(probe) = container.get_mut(probe).filter(|probe| probe.is_object()) {
            if let Some(get) = probe.get_mut("httpGet").filter(|get| get.is_object()) {
                fill(get, "path", "/");
                fill(get, "scheme", "HTTP");
            }
            for (field, value) in
                [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
            {
                fill(probe, field, value);
            }
        }
    }
    if let Some(ports) = container.get_mut("ports").and_then(Value::as_array_mut) {
        ports.iter_mut().filter(|port| port.is_object()).for_each(|port| fill(port, "protocol", "TCP"));
    }
}

/// Whether an image's tag is `latest`, said or not; a digest is neither.
fn is_latest(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let name = image.rsplit('/').next().unwrap_or_default();
    name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

/// Fills in a new pod.
pub(crate) fn pod(pod: &mut Value) {
    let spec = &mut pod["spec"];
    if !spec.is_object() {
        return;
    }
    fill(spec, "restartPolicy", "Always");
    fill(spec, "terminationGracePeriodSeconds", 30);
    fill(spec, "dnsPolicy", "ClusterFirst");
    fill(spec, "securityContext", json!({}));
    fill(spec, "schedulerName", "default-scheduler");
    fill(spec, "serviceAccountName", "default");
    let account = spec["serviceAccountName"].clone();
    fill(spec, "serviceAccount", account);
    fill(spec, "enableServiceLinks", true);
    fill(spec, "priority", 0);
    fill(spec, "preemptionPolicy", "PreemptLowerPriority");
    tolerate_short_outages(spec);
    for list in ["initContainers", "containers"] {
        if let Some(all) = spec.get_mut(list).and_then(Value::as_array_mut) {
            all.iter_mut().for_each(container);
        }
    }
    if let Some(volumes) = spec.get_mut("volumes").and_then(Value::as_array_mut) {
        volumes.iter_mut().for_each(volume);
    }
    let class = quality(pod);
    pod["status"] = json!({ "phase": "Pending", "qosClass": class });
}

fn volume(volume: &mut Value) {
    if let Some(path) = volume.get_mut("hostPath").filter(|path| path.is_object()) {
        path.as_object_mut().map(|path| path.entry("type").or_insert_with(|| json!("")));
    }
}

/// A pod stays for five minutes on a node that is away, unless it says otherwise.
fn tolerate_short_outages(spec: &mut Value) {
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let said = items(spec, "/tolerations").iter().any(|one| {
            let named = text(one, "/key");
            (named == key || (named.is_empty() && text(one, "/operator") == "Exists"))
                && matches!(text(one, "/effect"), "" | "NoExecute")
        });
        if !said {
            fill(spec, "tolerations", json!([]));
            if let Some(all) = spec["tolerations"].as_array_mut() {
                all.push(json!({ "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 }));
            }
        }
    }
}

/// The quality of service class that follows from requests and limits.
fn quality(pod: &Value) -> &'static str {
    let all = || items(pod, "/spec/containers").iter().chain(items(pod, "/spec/initContainers"));
    let has = |one: &Value, list: &str, what: &str| one.pointer(&format!("/resources/{list}/{what}")).cloned();
    let both = ["cpu", "memory"];
    if all().all(|one| both.iter().all(|what| has(one, "requests", what).or(has(one, "limits", what)).is_none())) {
        return "BestEffort";
    }
    let guaranteed = all().all(|one| {
        both.iter().all(|what| {
            let limit = has(one, "limits", what);
            limit.is_some() && has(one, "requests", what).is_none_or(|request| Some(request) == limit)
        })
    });
    if guaranteed { "Guaranteed" } else { "Burstable" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pull_policy_follows_from_the_tag() {
        for (image, policy) in [
            ("busybox", "Always"),
            ("busybox:latest", "Always"),
            ("busybox:1.37", "IfNotPresent"),
            ("registry:5000/busybox", "Always"),
            ("busybox@sha256:00", "IfNotPresent"),
        ] {
            let mut one = json!({ "image": image });
            container(&mut one);
            assert_eq!(one["imagePullPolicy"], policy, "{image}");
        }
    }

    #[test]
    fn a_new_pod_is_pending_and_has_a_class() {
        let mut new = json!({ "spec": { "tolerations": [{ "operator": "Exists" }], "containers": [
            { "name": "a", "image": "a:1", "resources": { "limits": { "cpu": "1" } } }] } });
        pod(&mut new);
        assert_eq!(new["status"], json!({ "phase": "Pending", "qosClass": "Burstable" }));
        assert_eq!(new["spec"]["serviceAccount"], "default");
        assert_eq!(new["spec"]["tolerations"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn nonsense_is_left_for_validation() {
        for mut nonsense in [json!({}), json!({ "spec": 1 }), json!({ "spec": { "containers": [1, null] } })] {
            pod(&mut nonsense);
        }
    }
}
