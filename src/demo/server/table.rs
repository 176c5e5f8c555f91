//! Objects as rows, worded as `kubectl get` words them; it lists nothing and asks no clock.

mod age;
mod kinds;
mod pod;
mod synthetic;
mod workloads;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::object::{items, name, text};
use crate::demo::resource::Resource;
use crate::demo::store::Entry;

use age::since;

/// One column: name, type, whether it is for `-o wide` only, what it says.
struct Column(&'static str, &'static str, bool, &'static str);

const NAME: Column = Column("Name", "string", false, "The object's name, unique in its namespace.");
const AGE: Column = Column("Age", "string", false, "How long ago the object was created.");
const CONTAINERS: Column = Column("Containers", "string", true, "The containers of the template.");
const IMAGES: Column = Column("Images", "string", true, "The images of the template.");
const SELECTOR: Column = Column("Selector", "string", true, "Which pods belong to it.");

const PODS: &[Column] = &[
    NAME,
    Column("Ready", "string", false, "How many of its containers are ready."),
    Column("Status", "string", false, "What all its containers come to."),
    Column("Restarts", "string", false, "How often its containers were restarted."),
    AGE,
    Column("IP", "string", true, "Its address."),
    Column("Node", "string", true, "The node it runs on."),
    Column("Nominated Node", "string", true, "The node it waits for."),
    Column("Readiness Gates", "string", true, "How many of its readiness gates hold."),
];
const NAMESPACES: &[Column] = &[NAME, Column("Status", "string", false, "Where it is in its life."), AGE];
const NODES: &[Column] = &[
    NAME,
    Column("Status", "string", false, "Whether it takes pods."),
    Column("Roles", "string", false, "Its roles."),
    AGE,
    Column("Version", "string", false, "The kubelet's version."),
    Column("Internal-IP", "string", true, "Its address inside the cluster."),
    Column("External-IP", "string", true, "Its address outside the cluster."),
    Column("OS-Image", "string", true, "Its operating system."),
    Column("Kernel-Version", "string", true, "Its kernel."),
    Column("Container-Runtime", "string", true, "Its container runtime."),
];
const SERVICES: &[Column] = &[
    NAME,
    Column("Type", "string", false, "How it is exposed."),
    Column("Cluster-IP", "string", false, "Its address inside the cluster."),
    Column("External-IP", "string", false, "Its addresses outside the cluster."),
    Column("Port(s)", "string", false, "Its ports."),
    AGE,
    SELECTOR,
];
const DEPLOYMENTS: &[Column] = &[
    NAME,
    Column("Ready", "string", false, "Ready pods of those wanted."),
    Column("Up-to-date", "integer", false, "Pods of the newest template."),
    Column("Available", "integer", false, "Pods that have been ready for long enough."),
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
const STATEFUL_SETS: &[Column] =
    &[NAME, Column("Ready", "string", false, "Ready pods of those wanted."), AGE, CONTAINERS, IMAGES];
const DAEMON_SETS: &[Column] = &[
    NAME,
    Column("Desired", "integer", false, "Nodes that are to have a pod."),
    Column("Current", "integer", false, "Nodes that have one."),
    Column("Ready", "integer", false, "Nodes whose pod is ready."),
    Column("Up-to-date", "integer", false, "Nodes whose pod is of the newest template."),
    Column("Available", "integer", false, "Nodes whose pod has been ready for long enough."),
    Column("Node Selector", "string", false, "Which nodes are to have a pod."),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const JOBS: &[Column] = &[
    NAME,
    Column("Status", "string", false, "Where it is in its life."),
    Column("Completions", "string", false, "Pods that have succeeded of those wanted."),
    Column("Duration", "string", false, "How long it took, or has taken."),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const CRON_JOBS: &[Column] = &[
    NAME,
    Column("Schedule", "string", false, "When its jobs are made."),
    Column("Timezone", "string", false, "The time zone of the schedule."),
    Column("Suspend", "boolean", false, "Whether no jobs are made."),
    Column("Active", "integer", false, "Jobs that run."),
    Column("Last Schedule", "string", false, "When the last job was made."),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
];
const ENDPOINTS: &[Column] = &[NAME, Column("Endpoints", "string", false, "Addresses and ports behind it."), AGE];
const SECRETS: &[Column] = &[
    NAME,
    Column("Type", "string", false, "What it is for."),
    Column("Data", "integer", false, "How many entries it has."),
    AGE,
];
const LEASES: &[Column] = &[NAME, Column("Holder", "string", false, "Who holds it."), AGE];
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
    Column("Endpoints", "string", false, "The addresses of its endpoints."),
    AGE,
];
const CONFIG_MAPS: &[Column] = &[NAME, Column("Data", "integer", false, "How many entries it has."), AGE];
const SERVICE_ACCOUNTS: &[Column] = &[NAME, Column("Secrets", "integer", false, "How many secrets it names."), AGE];
const OTHERS: &[Column] = &[NAME, Column("Created At", "date", false, "When the object was created.")];

fn columns_of(resource: &Resource) -> &'static [Column] {
    match resource.plural {
        "pods" => PODS,
        "namespaces" => NAMESPACES,
        "nodes" => NODES,
        "services" => SERVICES,
        "deployments" => DEPLOYMENTS,
        "replicasets" => REPLICA_SETS,
        "statefulsets" => STATEFUL_SETS,
        "daemonsets" => DAEMON_SETS,
        "jobs" => JOBS,
        "cronjobs" => CRON_JOBS,
        "endpoints" => ENDPOINTS,
        "secrets" => SECRETS,
        "leases" => LEASES,
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

/// An object of the store as a row; a synthetic pod's cells alone need no object.
pub(crate) fn entry_row(resource: &Resource, entry: &Entry, carry: RowObject, now: Timestamp) -> Value {
    match entry {
        Entry::Synthetic(pod) if carry == RowObject::None => {
            json!({ "cells": synthetic::cells(pod, now), "object": null })
        }
        _ => row(resource, &entry.object(), carry, now),
    }
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
        "nodes" => kinds::node(object, &age()),
        "services" => kinds::service(object, &age()),
        "deployments" => workloads::deployment(object, &age()),
        "replicasets" => workloads::replica_set(object, &age()),
        "statefulsets" => workloads::stateful_set(object, &age()),
        "daemonsets" => workloads::daemon_set(object, &age()),
        "jobs" => workloads::job(object, now, &age()),
        "cronjobs" => workloads::cron_job(object, now, &age()),
        "endpoints" => json!([name(object), workloads::endpoints(object), age()]),
        "secrets" => {
            let size = object.pointer("/data").and_then(Value::as_object).map_or(0, serde_json::Map::len);
            json!([name(object), text(object, "/type"), size, age()])
        }
        "leases" => json!([name(object), text(object, "/spec/holderIdentity"), age()]),
        "events" => kinds::event(object, now),
        "endpointslices" => kinds::endpoint_slice(object, &age()),
        "configmaps" => {
            let size = |at| object.pointer(at).and_then(Value::as_object).map_or(0, serde_json::Map::len);
            json!([name(object), size("/data") + size("/binaryData"), age()])
        }
        "serviceaccounts" => json!([name(object), items(object, "/secrets").len(), age()]),
        _ => json!([name(object), text(object, "/metadata/creationTimestamp")]),
    }
}

fn or<'a>(value: &'a str, instead: &'a str) -> &'a str {
    if value.is_empty() { instead } else { value }
}

#[cfg(test)]
mod tests;
