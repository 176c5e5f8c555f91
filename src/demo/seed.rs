//! What a new demo cluster holds: the objects of `assets/demo`. It starts nothing.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Value, json};

use super::image;
use super::object::{items, text};
use super::resource::RESOURCES;
use super::server::defaults;
use super::store::{Store, now};

/// The files, embedded: nodes and namespaces first.
const FILES: &[(&str, &str)] = &[
    ("cluster.yaml", include_str!("../../assets/demo/cluster.yaml")),
    ("demo.yaml", include_str!("../../assets/demo/demo.yaml")),
    ("others.yaml", include_str!("../../assets/demo/others.yaml")),
];

/// An image that every node has from the start, besides those of the seed itself: the default of a debugger.
const PRESENT: &[&str] = &["busybox:stable", "busybox:1.37"];

/// What the rest of the cluster needs to know of the seed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seeded {
    /// The nodes with their addresses.
    pub(super) nodes: BTreeMap<String, String>,
    /// The full names of the images that every node has.
    pub(super) images: Vec<String>,
}

/// Fills an empty store.
///
/// # Errors
/// If an embedded file is not what it has to be, with its name.
pub(super) fn fill(store: &Store) -> Result<Seeded> {
    let mut seeded = Seeded::default();
    let mut images: Vec<String> = PRESENT.iter().map(|image| (*image).to_owned()).collect();
    for (file, text) in FILES {
        let objects: Vec<Value> = serde_saphyr::from_multiple(text).with_context(|| (*file).to_owned())?;
        for object in objects {
            add(store, object, &mut seeded, &mut images).with_context(|| (*file).to_owned())?;
        }
    }
    seeded.images = images.iter().filter_map(|name| image::pull(name).ok()).map(|image| image.name).collect();
    seeded.images.sort();
    seeded.images.dedup();
    Ok(seeded)
}

fn add(store: &Store, mut object: Value, seeded: &mut Seeded, images: &mut Vec<String>) -> Result<()> {
    let kind = text(&object, "/kind").to_owned();
    let resource = RESOURCES
        .iter()
        .find(|resource| resource.kind == kind)
        .ok_or_else(|| anyhow!("no kind of object is called {kind:?}"))?;
    let name = text(&object, "/metadata/name").to_owned();
    match kind.as_str() {
        "Pod" => defaults::pod(&mut object),
        "Namespace" => {
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = json!(name);
            object["spec"] = json!({ "finalizers": ["kubernetes"] });
            object["status"] = json!({ "phase": "Active" });
            let account = json!({ "metadata": { "name": "default", "namespace": name } });
            store.create("serviceaccounts", account).map_err(|_| anyhow!("{name} is there twice"))?;
        }
        "Service" => complete_service(&mut object),
        "Node" => {
            let addresses = items(&object, "/status/addresses");
            let address = addresses.iter().find(|address| address["type"] == "InternalIP");
            let address = address.map(|address| text(address, "/address")).unwrap_or_default();
            seeded.nodes.insert(name.clone(), address.to_owned());
            let conditions = node_conditions(items(&object, "/status/conditions"));
            object["status"]["conditions"] = conditions;
            let lease = json!({
                "metadata": { "name": name, "namespace": "kube-node-lease" },
                "spec": { "holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": micro_now() },
            });
            store.create("leases", lease).map_err(|_| anyhow!("{name} is there twice"))?;
        }
        _ => defaults::workload(resource, &mut object),
    }
    // what cannot be pulled is not present, and is found out by trying
    let spec = if object["spec"]["template"].is_object() { "/spec/template/spec" } else { "/spec" };
    for list in ["initContainers", "containers"] {
        for container in items(&object, &format!("{spec}/{list}")) {
            images.push(text(container, "/image").to_owned());
        }
    }
    store.create(resource.plural, object).map_err(|_| anyhow!("{kind} {name} is there twice"))?;
    Ok(())
}

fn complete_service(service: &mut Value) {
    let spec = &mut service["spec"];
    let address = spec["clusterIP"].clone();
    spec["clusterIPs"] = json!([address]);
    for (field, value) in [
        ("type", json!("ClusterIP")),
        ("sessionAffinity", json!("None")),
        ("ipFamilies", json!(["IPv4"])),
        ("ipFamilyPolicy", json!("SingleStack")),
        ("internalTrafficPolicy", json!("Cluster")),
    ] {
        if spec[field].is_null() {
            spec[field] = value;
        }
    }
    if let Some(ports) = spec["ports"].as_array_mut() {
        for port in ports {
            if port["protocol"].is_null() {
                port["protocol"] = json!("TCP");
            }
            if port["targetPort"].is_null() {
                port["targetPort"] = port["port"].clone();
            }
        }
    }
    service["status"] = json!({ "loadBalancer": {} });
}

/// Now, as leases write it.
fn micro_now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

/// The conditions of a node that is well, but for those that it comes with.
fn node_conditions(own: &[Value]) -> Value {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        let well = json!({ "type": kind, "status": status, "reason": reason, "message": message });
        let mut condition = own.iter().find(|own| own["type"] == kind).cloned().unwrap_or(well);
        for time in ["lastHeartbeatTime", "lastTransitionTime"] {
            condition[time] = json!(now());
        }
        condition
    };
    json!([
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_complete_and_its_images_are_known() {
        let store = Store::new();
        let seeded = fill(&store).unwrap();
        assert_eq!(seeded.nodes.len(), 3);
        let troubled = store.get("nodes", "", "demo-node-3").unwrap();
        let conditions = items(&troubled, "/status/conditions");
        let is = |kind: &str| conditions.iter().find(|condition| condition["type"] == kind).unwrap()["status"].clone();
        assert_eq!((conditions.len(), is("DiskPressure"), is("Ready")), (4, json!("True"), json!("True")));
        assert!(seeded.images.contains(&"registry.example.com/nodejsapp:1".to_owned()));
        assert!(seeded.images.contains(&"docker.io/library/busybox:stable".to_owned()));
        for (resource, namespace, name) in [
            ("deployments", "demo", "nodejsapps"),
            ("services", "demo", "nodejsapp-svc"),
            ("deployments", "demo", "dotnetapp"),
            ("pods", "demo", "crash"),
            ("pods", "demo", "pending"),
            ("pods", "restricted-ns", "locked"),
            ("serviceaccounts", "shop", "default"),
        ] {
            assert!(store.get(resource, namespace, name).is_some(), "{resource} {namespace}/{name}");
        }
        let unknown: Vec<_> = store
            .list("pods", None)
            .0
            .iter()
            .chain(&store.list("deployments", None).0)
            .flat_map(|object| {
                let spec = if object["kind"] == "Pod" { "/spec" } else { "/spec/template/spec" };
                let all: Vec<String> = ["initContainers", "containers"]
                    .iter()
                    .flat_map(|list| items(object, &format!("{spec}/{list}")))
                    .map(|container| text(container, "/image").to_owned())
                    .collect();
                all
            })
            .filter(|name| image::pull(name).is_err())
            .collect();
        assert_eq!(unknown, ["registry.invalid/reports:7"], "one image cannot be pulled, on purpose");
    }
}
