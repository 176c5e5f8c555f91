//! Objects as rows, worded as `kubectl get` words them; it lists nothing and asks no clock.

mod age;
mod pod;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::object::{is_true, items, name, number, text};
use crate::demo::resource::Resource;

use age::since;

/// One column: name, type, whether it is for `-o wide` only, what it says.
struct Column(&'static str, &'static str, bool, &'static str);

const NAME: Column = Column(
    "Name",
    "string",
    false,
    "The object's name, unique in its namespace.",
);
const AGE: Column = Column(
    "Age",
    "string",
    false,
    "How long ago the object was created.",
);
const CONTAINERS: Column = Column(
    "Containers",
    "string",
    true,
    "The containers of the template.",
);
const IMAGES: Column = Column("Images", "string", true, "The images of the template.");
const SELECTOR: Column = Column("Selector", "string", true, "Which pods belong to it.");

const PODS: &[Column] = &[
    NAME,
    Column(
        "Ready",
        "string",
        false,
        "How many of its containers are ready.",
    ),
    Column(
        "Status",
        "string",
        false,
        "What all its containers come to.",
    ),
    Column(
        "Restarts",
        "string",
        false,
        "How often its containers were restarted.",
    ),
    AGE,
    Column("IP", "string", true, "Its address."),
    Column("Node", "string", true, "The node it runs on."),
    Column("Nominated Node", "string", true, "The node it waits for."),
    Column(
        "Readiness Gates",
        "string",
        true,
        "How many of its readiness gates hold.",
    ),
];
const NAMESPACES: &[Column] = &[
    NAME,
    Column("Status", "string", false, "Where it is in its life."),
    AGE,
];
const NODES: &[Column] = &[
    NAME,
    Column("Status", "string", false, "Whether it takes pods."),
    Column("Roles", "string", false, "Its roles."),
    AGE,
    Column("Version", "string", false, "The kubelet's version."),
    Column(
        "Internal-IP",
        "string",
        true,
        "Its address inside the cluster.",
    ),
    Column(
        "External-IP",
        "string",
        true,
        "Its address outside the cluster.",
    ),
    Column("OS-Image", "string", true, "Its operating system."),
    Column("Kernel-Version", "string", true, "Its kernel."),
    Column(
        "Container-Runtime",
        "string",
        true,
        "Its container runtime.",
    ),
];
const SERVICES: &[Column] = &[
    NAME,
    Column("Type", "string", false, "How it is exposed."),
    Column(
        "Cluster-IP",
        "string",
        false,
        "Its address inside the cluster.",
    ),
    Column(
        "External-IP",
        "string",
        false,
        "Its addresses outside the cluster.",
    ),
    Column("Port(s)", "string", false, "Its ports."),
    AGE,
    SELECTOR,
];
const DEPLOYMENTS: &[Column] = &[
    NAME,
    Column("Ready", "string", false, "Ready pods of those wanted."),
    Column(
        "Up-to-date",
        "integer",
        false,
        "Pods of the newest template.",
    ),
    Column(
        "Available",
        "integer",
        false,
        "Pods that have been ready for long enough.",
    ),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const REPLICA_SETS: &[Column] = &[
    NAME,
    Column("Desired", "integer", false, "Pods wanted."),
    Column("Current", "integer", false, "Pods there are."),
    Column("Ready", "integer", false, "Pods that are ready."),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const EVENTS: &[Column] = &[
    Column("Last Seen", "string", false, "When it happened last."),
    Column("Type", "string", false, "Normal or Warning."),
    Column("Reason", "string", false, "What happened, in a word."),
    Column("Object", "string", false, "What it happened to."),
    Column("Subobject", "string", true, "The part of the object."),
    Column("Source", "string", true, "Who reports it."),
    Column("Message", "string", false, "What happened."),
    Column("First Seen", "string", true, "When it happened first."),
    Column("Count", "integer", true, "How often it happened."),
    Column("Name", "string", true, "The event's own name."),
];
const ENDPOINT_SLICES: &[Column] = &[
    NAME,
    Column("AddressType", "string", false, "What its addresses are."),
    Column("Ports", "string", false, "The ports of its endpoints."),
    Column(
        "Endpoints",
        "string",
        false,
        "The addresses of its endpoints.",
    ),
    AGE,
];
const CONFIG_MAPS: &[Column] = &[
    NAME,
    Column("Data", "integer", false, "How many entries it has."),
    AGE,
];
const SERVICE_ACCOUNTS: &[Column] = &[
    NAME,
    Column("Secrets", "integer", false, "How many secrets it names."),
    AGE,
];
const OTHERS: &[Column] = &[
    NAME,
    Column("Created At", "date", false, "When the object was created."),
];

fn columns_of(resource: &Resource) -> &'static [Column] {
    match resource.plural {
        "pods" => PODS,
        "namespaces" => NAMESPACES,
        "nodes" => NODES,
        "services" => SERVICES,
        "deployments" => DEPLOYMENTS,
        "replicasets" => REPLICA_SETS,
        "events" => EVENTS,
        "endpointslices" => ENDPOINT_SLICES,
        "configmaps" => CONFIG_MAPS,
        "serviceaccounts" => SERVICE_ACCOUNTS,
        _ => OTHERS,
    }
}

/// What a row carries beside its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowObject {
    /// Nothing.
    None,
    /// The object's metadata.
    Metadata,
    /// The whole object.
    Object,
}

/// The columns of this kind, as a Table lists them.
pub(crate) fn column_definitions(resource: &Resource) -> Value {
    columns_of(resource)
        .iter()
        .map(|Column(name, kind, wide, description)| {
            json!({
                "name": name,
                "type": kind,
                "format": if *name == "Name" && !wide { "name" } else { "" },
                "description": description,
                "priority": i32::from(*wide),
            })
        })
        .collect()
}

/// One object as a row.
pub(crate) fn row(resource: &Resource, object: &Value, carry: RowObject, now: Timestamp) -> Value {
    let object_of_row = match carry {
        RowObject::None => Value::Null,
        RowObject::Metadata => partial_metadata(object),
        RowObject::Object => object.clone(),
    };
    json!({ "cells": cells(resource, object, now), "object": object_of_row })
}

/// An object with nothing but its metadata.
pub(crate) fn partial_metadata(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

/// The cells of an object, in the order of [`column_definitions`].
pub(crate) fn cells(resource: &Resource, object: &Value, now: Timestamp) -> Value {
    let age = || since(text(object, "/metadata/creationTimestamp"), now);
    match resource.plural {
        "pods" => pod::cells(object, now),
        "namespaces" => json!([name(object), text(object, "/status/phase"), age()]),
        "nodes" => node(object, &age()),
        "services" => service(object, &age()),
        "deployments" => deployment(object, &age()),
        "replicasets" => replica_set(object, &age()),
        "events" => event(object, now),
        "endpointslices" => endpoint_slice(object, &age()),
        "configmaps" => {
            let size = |at| {
                object
                    .pointer(at)
                    .and_then(Value::as_object)
                    .map_or(0, serde_json::Map::len)
            };
            json!([name(object), size("/data") + size("/binaryData"), age()])
        }
        "serviceaccounts" => json!([name(object), items(object, "/secrets").len(), age()]),
        _ => json!([name(object), text(object, "/metadata/creationTimestamp")]),
    }
}

fn or<'a>(value: &'a str, instead: &'a str) -> &'a str {
    if value.is_empty() { instead } else { value }
}

fn joined(values: impl Iterator<Item = String>) -> String {
    let joined = values.collect::<Vec<_>>().join(",");
    if joined.is_empty() {
        "<none>".to_owned()
    } else {
        joined
    }
}

fn labels(object: &Value, at: &str) -> String {
    let map = object.pointer(at).and_then(Value::as_object);
    let mut pairs: Vec<String> = map
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    pairs.sort();
    joined(pairs.into_iter())
}

fn node(object: &Value, age: &str) -> Value {
    let conditions = items(object, "/status/conditions");
    let ready = conditions
        .iter()
        .find(|condition| text(condition, "/type") == "Ready");
    let mut status = match ready.map(|condition| text(condition, "/status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if is_true(object, "/spec/unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    let labels = object
        .pointer("/metadata/labels")
        .and_then(Value::as_object);
    let roles = labels.into_iter().flatten().filter_map(|(label, value)| {
        let role = label.strip_prefix("node-role.kubernetes.io/");
        let older = || value.as_str().filter(|_| label == "kubernetes.io/role");
        role.or_else(older)
            .filter(|role| !role.is_empty())
            .map(str::to_owned)
    });
    let address = |kind: &str| {
        let all = items(object, "/status/addresses");
        let found = all.iter().find(|address| text(address, "/type") == kind);
        found
            .map_or("<none>", |address| text(address, "/address"))
            .to_owned()
    };
    let info = |field: &str| {
        or(
            text(object, &format!("/status/nodeInfo/{field}")),
            "<unknown>",
        )
        .to_owned()
    };
    json!([
        name(object),
        status,
        joined(roles),
        age,
        text(object, "/status/nodeInfo/kubeletVersion"),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        info("kernelVersion"),
        info("containerRuntimeVersion"),
    ])
}

fn service(object: &Value, age: &str) -> Value {
    let kind = or(text(object, "/spec/type"), "ClusterIP");
    let ports = items(object, "/spec/ports").iter().map(|port| {
        let number_of = number(port, "/port").unwrap_or(0);
        let protocol = or(text(port, "/protocol"), "TCP");
        match number(port, "/nodePort") {
            Some(node) if node > 0 => format!("{number_of}:{node}/{protocol}"),
            _ => format!("{number_of}/{protocol}"),
        }
    });
    let given = items(object, "/spec/externalIPs")
        .iter()
        .filter_map(Value::as_str);
    let external = match kind {
        "ExternalName" => text(object, "/spec/externalName").to_owned(),
        "LoadBalancer" => {
            let ingress = items(object, "/status/loadBalancer/ingress").iter();
            let all = ingress.map(|one| or(text(one, "/ip"), text(one, "/hostname")));
            let all = all.chain(given).collect::<Vec<_>>().join(",");
            or(&all, "<pending>").to_owned()
        }
        _ => joined(given.map(str::to_owned)),
    };
    json!([
        name(object),
        kind,
        or(text(object, "/spec/clusterIP"), "<none>"),
        external,
        joined(ports),
        age,
        labels(object, "/spec/selector"),
    ])
}

/// The last three columns of whatever has a pod template.
fn template(object: &Value) -> [String; 3] {
    let containers = items(object, "/spec/template/spec/containers");
    let each = |at: &str| {
        containers
            .iter()
            .map(|one| text(one, at).to_owned())
            .collect::<Vec<_>>()
            .join(",")
    };
    [
        each("/name"),
        each("/image"),
        labels(object, "/spec/selector/matchLabels"),
    ]
}

fn deployment(object: &Value, age: &str) -> Value {
    let count = |at| number(object, at).unwrap_or(0);
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let [containers, images, selector] = template(object);
    json!([
        name(object),
        format!("{}/{wanted}", count("/status/readyReplicas")),
        count("/status/updatedReplicas"),
        count("/status/availableReplicas"),
        age,
        containers,
        images,
        selector,
    ])
}

fn replica_set(object: &Value, age: &str) -> Value {
    let count = |at| number(object, at).unwrap_or(0);
    let [containers, images, selector] = template(object);
    json!([
        name(object),
        number(object, "/spec/replicas").unwrap_or(1),
        count("/status/replicas"),
        count("/status/readyReplicas"),
        age,
        containers,
        images,
        selector,
    ])
}

fn event(object: &Value, now: Timestamp) -> Value {
    let first = or(text(object, "/firstTimestamp"), text(object, "/eventTime"));
    let last = or(text(object, "/lastTimestamp"), first);
    let last = or(text(object, "/series/lastObservedTime"), last);
    let count = number(object, "/series/count")
        .or_else(|| number(object, "/count"))
        .unwrap_or(0);
    let kind = text(object, "/involvedObject/kind").to_lowercase();
    let about = text(object, "/involvedObject/name");
    let about = if about.is_empty() {
        kind
    } else {
        format!("{kind}/{about}")
    };
    let component = or(
        text(object, "/source/component"),
        text(object, "/reportingComponent"),
    );
    let host = or(
        text(object, "/source/host"),
        text(object, "/reportingInstance"),
    );
    let source = if host.is_empty() {
        component.to_owned()
    } else {
        format!("{component}, {host}")
    };
    json!([
        since(last, now),
        text(object, "/type"),
        text(object, "/reason"),
        about,
        text(object, "/involvedObject/fieldPath"),
        source,
        text(object, "/message").trim(),
        since(first, now),
        count.max(1),
        name(object),
    ])
}

fn endpoint_slice(object: &Value, age: &str) -> Value {
    let ports = items(object, "/ports").iter().map(|port| {
        number(port, "/port").map_or_else(|| "*".to_owned(), |number| number.to_string())
    });
    let addresses = items(object, "/endpoints").iter().flat_map(|endpoint| {
        items(endpoint, "/addresses")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
    });
    json!([
        name(object),
        text(object, "/addressType"),
        few(&ports.collect::<Vec<_>>()),
        few(&addresses.collect::<Vec<_>>()),
        age,
    ])
}

/// The first three, and how many more there are.
fn few(values: &[String]) -> String {
    match values.len() {
        0 => "<unset>".to_owned(),
        1..=3 => values.join(","),
        more => format!("{} + {} more...", values[..3].join(","), more - 3),
    }
}

#[cfg(test)]
mod tests;
