//! Which kinds there are, for `kubectl api-resources` and for clients that look them up; it serves none of them.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, object, whole};
use super::query::REVIEWS;
use crate::demo::resource::{RESOURCES, Resource};

const VERBS: &[&str] = &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// The parts of a pod that have paths of their own: kind and verbs.
const POD_PARTS: &[(&str, &str, &[&str])] = &[
    ("attach", "PodAttachOptions", &["create", "get"]),
    ("ephemeralcontainers", "Pod", &["get", "patch", "update"]),
    ("exec", "PodExecOptions", &["create", "get"]),
    ("log", "Pod", &["get"]),
    ("portforward", "PodPortForwardOptions", &["create", "get"]),
    ("status", "Pod", &["get", "patch", "update"]),
];

/// Every group but the core one; all are served as v1.
const GROUPS: &[&str] = &["apps", "authentication.k8s.io", "authorization.k8s.io", "discovery.k8s.io", "events.k8s.io"];

/// `/version`.
pub(super) fn version() -> Answer {
    object(
        200,
        &json!({
            "major": "1",
            "minor": "36",
            "gitVersion": "v1.36.2",
            "gitCommit": "",
            "gitTreeState": "clean",
            "buildDate": "2026-07-01T00:00:00Z",
            "goVersion": "",
            "compiler": "rustc",
            "platform": format!("{}/{}", std::env::consts::OS, architecture()),
        }),
    )
}

/// The machine's architecture as Kubernetes names it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// `/api`, or everything in it at once for a client that accepts that.
pub(super) fn core_versions(accept: &str) -> Answer {
    if accept.contains("APIGroupDiscoveryList") {
        return aggregated(&[""]);
    }
    object(200, &json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }))
}

/// `/apis`, or everything in it at once for a client that accepts that.
pub(super) fn groups(accept: &str) -> Answer {
    if accept.contains("APIGroupDiscoveryList") {
        return aggregated(GROUPS);
    }
    let all: Vec<Value> = GROUPS.iter().map(|name| group_entry(name)).collect();
    object(200, &json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": all }))
}

fn group_entry(name: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/v1"), "version": "v1" });
    json!({ "name": name, "versions": [version], "preferredVersion": version })
}

/// `/apis/GROUP`.
pub(super) fn group(name: &str) -> Result<Answer, Refusal> {
    if !GROUPS.contains(&name) {
        return Err(Refusal::no_such_resource());
    }
    let mut group = group_entry(name);
    group["kind"] = json!("APIGroup");
    group["apiVersion"] = json!("v1");
    Ok(object(200, &group))
}

/// `/api/v1`, `/apis/GROUP/VERSION`.
pub(super) fn resources(group: &str, version: &str) -> Result<Answer, Refusal> {
    if version != "v1" || !(group.is_empty() || GROUPS.contains(&group)) {
        return Err(Refusal::no_such_resource());
    }
    let mut all = Vec::new();
    for resource in of_group(group) {
        let mut entry = json!({
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": VERBS,
        });
        if !resource.short_names.is_empty() {
            entry["shortNames"] = json!(resource.short_names);
        }
        if resource.in_all {
            entry["categories"] = json!(["all"]);
        }
        all.push(entry);
        for (name, kind, verbs) in parts(resource) {
            all.push(json!({
                "name": format!("{}/{name}", resource.plural),
                "singularName": "",
                "namespaced": resource.namespaced,
                "kind": kind,
                "verbs": verbs,
            }));
        }
    }
    for (_, plural, kind) in REVIEWS.iter().filter(|review| review.0 == group) {
        all.push(json!({
            "name": plural,
            "singularName": kind.to_lowercase(),
            "namespaced": false,
            "kind": kind,
            "verbs": ["create"],
        }));
    }
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let list = json!({ "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": all });
    Ok(object(200, &list))
}

fn of_group(group: &str) -> impl Iterator<Item = &'static Resource> {
    RESOURCES.iter().filter(move |resource| resource.group == group)
}

fn parts(resource: &Resource) -> &'static [(&'static str, &'static str, &'static [&'static str])] {
    if resource.plural == "pods" { POD_PARTS } else { &[] }
}

/// Every kind of these groups in one answer.
fn aggregated(groups: &[&str]) -> Answer {
    let items: Vec<Value> = groups.iter().map(|group| aggregated_group(group)).collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    });
    let content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    whole(200, content_type, list.to_string())
}

fn aggregated_group(group: &str) -> Value {
    let scope = |namespaced: bool| if namespaced { "Namespaced" } else { "Cluster" };
    let kind_of = |kind: &str, group: &str| json!({ "group": group, "version": "v1", "kind": kind });
    let served = of_group(group).map(|resource| {
        let subresources: Vec<Value> = parts(resource)
            .iter()
            .map(|(name, kind, verbs)| {
                json!({ "subresource": name, "responseKind": kind_of(kind, group), "verbs": verbs })
            })
            .collect();
        json!({
            "resource": resource.plural,
            "responseKind": kind_of(resource.kind, group),
            "scope": scope(resource.namespaced),
            "singularResource": resource.singular,
            "verbs": VERBS,
            "shortNames": resource.short_names,
            "categories": if resource.in_all { vec!["all"] } else { vec![] },
            "subresources": subresources,
        })
    });
    let reviews = REVIEWS.iter().filter(|review| review.0 == group).map(|(_, plural, kind)| {
        json!({
            "resource": plural,
            "responseKind": kind_of(kind, group),
            "scope": scope(false),
            "singularResource": kind.to_lowercase(),
            "verbs": ["create"],
        })
    });
    let resources: Vec<Value> = served.chain(reviews).collect();
    let version = json!({ "version": "v1", "resources": resources, "freshness": "Current" });
    json!({ "metadata": { "name": group }, "versions": [version] })
}
