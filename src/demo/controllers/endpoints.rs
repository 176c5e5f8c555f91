//! Endpoint slices, and endpoints as they were before them: which pods are behind each service. Nothing is routed by them.

use serde_json::{Value, json};

use super::{is_ready, selects};
use crate::demo::object::{items, name, namespace, text};
use crate::demo::store::Store;

/// One look at every service.
pub(super) fn reconcile(store: &Store) {
    for service in store.list("services", None).0 {
        if service["spec"]["selector"].is_object() {
            follow(store, &service);
        }
    }
    // nothing owns these: they go when their service does
    for older in store.list("endpoints", None).0 {
        if store.get("services", namespace(&older), name(&older)).is_none() {
            store.delete("endpoints", namespace(&older), name(&older));
        }
    }
}

fn follow(store: &Store, service: &Value) {
    let space = namespace(service);
    let (pods, _) = store.list("pods", Some(space));
    let behind: Vec<_> = pods
        .iter()
        .filter(|pod| selects(&service["spec"]["selector"], &pod["metadata"]["labels"]))
        .filter(|pod| !text(pod, "/status/podIP").is_empty())
        .filter(|pod| !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed"))
        .collect();
    let endpoints: Vec<Value> = behind
        .iter()
        .map(|pod| {
            let ready = is_ready(pod);
            let terminating = !pod["metadata"]["deletionTimestamp"].is_null();
            let mut endpoint = json!({
                "addresses": [pod["status"]["podIP"]],
                "conditions": { "ready": ready && !terminating, "serving": ready, "terminating": terminating },
                "nodeName": pod["spec"]["nodeName"],
                "targetRef": {
                    "kind": "Pod",
                    "name": pod["metadata"]["name"],
                    "namespace": pod["metadata"]["namespace"],
                    "uid": pod["metadata"]["uid"],
                },
            });
            if pod["spec"]["subdomain"] == service["metadata"]["name"] && pod["spec"]["hostname"].is_string() {
                endpoint["hostname"] = pod["spec"]["hostname"].clone();
            }
            endpoint
        })
        .collect();
    let ports: Vec<Value> = items(service, "/spec/ports")
        .iter()
        .map(|port| {
            json!({
                "name": port["name"].as_str().unwrap_or_default(),
                "port": number_of(port, behind.first().map(AsRef::as_ref)),
                "protocol": port["protocol"].as_str().unwrap_or("TCP"),
            })
        })
        .collect();
    let own = name(service);
    let labels = |managed_by: (&str, &str), more: &[(&str, &str)]| {
        let mut labels = json!({});
        let headless = service["spec"]["clusterIP"] == "None";
        let headless = headless.then_some(("service.kubernetes.io/headless", ""));
        for (label, value) in more.iter().copied().chain([managed_by]).chain(headless) {
            labels[label] = json!(value);
        }
        labels
    };
    let of_old = labels(("endpoints.kubernetes.io/managed-by", "endpoint-controller"), &[]);
    keep_endpoints(store, service, &of_old, &endpoints, &ports);
    let slice = slice_name(service);
    let changed = store.update("endpointslices", space, &slice, |slice| {
        slice["endpoints"] = json!(endpoints);
        slice["ports"] = json!(ports);
    });
    if changed.is_some() {
        return;
    }
    let slice = json!({
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
        "metadata": {
            "name": slice,
            "generateName": format!("{own}-"),
            "namespace": space,
            "labels": labels(
                ("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io"),
                &[("kubernetes.io/service-name", own)],
            ),
            "ownerReferences": [{
                "apiVersion": "v1",
                "kind": "Service",
                "name": own,
                "uid": service["metadata"]["uid"],
                "controller": true,
                "blockOwnerDeletion": true,
            }],
        },
    });
    // it was not there a moment ago, and nobody else makes one of this name
    let _ = store.create("endpointslices", slice);
}

/// The same in the older form: the ready ones, and those that are not.
fn keep_endpoints(store: &Store, service: &Value, labels: &Value, endpoints: &[Value], ports: &[Value]) {
    let addresses = |ready: bool| -> Vec<Value> {
        let of_kind = endpoints.iter().filter(|one| (one["conditions"]["ready"] == true) == ready);
        let address = |one: &Value| {
            let mut address = json!({ "ip": one["addresses"][0], "nodeName": one["nodeName"] });
            if one["hostname"].is_string() {
                address["hostname"] = one["hostname"].clone();
            }
            address["targetRef"] = one["targetRef"].clone();
            address
        };
        of_kind.map(address).collect()
    };
    let mut subset = json!({});
    for (field, list) in [("addresses", addresses(true)), ("notReadyAddresses", addresses(false))] {
        if !list.is_empty() {
            subset[field] = Value::Array(list);
        }
    }
    let subsets = if endpoints.is_empty() {
        Value::Null
    } else {
        let unnamed = |port: &Value| {
            let mut port = port.clone();
            if let Some(fields) = port.as_object_mut().filter(|port| port["name"] == "") {
                fields.shift_remove("name");
            }
            port
        };
        subset["ports"] = ports.iter().map(unnamed).collect();
        json!([subset])
    };
    let (space, own) = (namespace(service), name(service));
    let changed = store.update("endpoints", space, own, |kept| kept["subsets"] = subsets.clone());
    if changed.is_none() {
        let metadata = json!({ "name": own, "namespace": space, "labels": labels });
        // it was not there a moment ago, and nobody else makes one of this name
        let _ = store.create("endpoints", json!({ "metadata": metadata, "subsets": subsets }));
    }
}

/// The port of the pods: the service's own unless it names another, by number or by the name of a container's port.
fn number_of(port: &Value, pod: Option<&Value>) -> Value {
    match &port["targetPort"] {
        Value::Number(number) => json!(number),
        Value::String(wanted) => pod
            .and_then(|pod| {
                let containers = items(pod, "/spec/containers").iter();
                let mut ports = containers.flat_map(|container| items(container, "/ports"));
                ports.find(|port| port["name"] == wanted.as_str())
            })
            .map_or(Value::Null, |port| port["containerPort"].clone()),
        _ => port["port"].clone(),
    }
}

/// The same for the same service, and as long as a generated one.
fn slice_name(service: &Value) -> String {
    let uid: String = text(service, "/metadata/uid").chars().filter(char::is_ascii_alphanumeric).take(5).collect();
    format!("{}-{uid}", name(service))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, labels: &Value, ready: &str) -> Value {
        json!({
            "metadata": { "name": name, "namespace": "demo", "labels": labels },
            "spec": { "containers": [{ "name": "a", "ports": [{ "name": "http", "containerPort": 8000 }] }] },
            "status": { "podIP": "10.244.0.9", "conditions": [{ "type": "Ready", "status": ready }] },
        })
    }

    #[test]
    fn a_copy_without_labels_is_not_behind_the_service() {
        let store = Store::new();
        let service = json!({
            "metadata": { "name": "svc", "namespace": "demo" },
            "spec": { "selector": { "app": "node" }, "ports": [{ "port": 80, "targetPort": "http" }] },
        });
        store.create("services", service).unwrap();
        store.create("pods", pod("original", &json!({ "app": "node" }), "True")).unwrap();
        store.create("pods", pod("copy", &Value::Null, "True")).unwrap();
        store.create("pods", pod("slow", &json!({ "app": "node" }), "False")).unwrap();
        reconcile(&store);
        let (slices, version) = store.list("endpointslices", Some("demo"));
        let endpoints = items(&slices[0], "/endpoints");
        let names: Vec<_> =
            endpoints.iter().map(|one| (text(one, "/targetRef/name"), one["conditions"]["ready"] == true)).collect();
        assert_eq!(names, [("original", true), ("slow", false)]);
        assert_eq!(slices[0]["ports"][0]["port"], 8000);
        let older = store.get("endpoints", "demo", "svc").unwrap();
        let subset = &older["subsets"][0];
        assert_eq!(subset["addresses"][0]["targetRef"]["name"], "original");
        assert_eq!(subset["notReadyAddresses"][0]["targetRef"]["name"], "slow");
        reconcile(&store);
        assert_eq!(store.version(), version, "nothing changed, nothing is written");
    }
}
