//! Which kinds there are, for `kubectl api-resources` and for clients that look them up; it serves none of them.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, object, whole};
use super::query::REVIEWS;
use crate::demo::resource::{METRICS, METRICS_GROUP, RESOURCES, Resource};

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

/// Every group but the core one, with its version.
const GROUPS: &[(&str, &str)] = &[
    ("apps", "v1"),
    ("authentication.k8s.io", "v1"),
    ("authorization.k8s.io", "v1"),
    ("batch", "v1"),
    ("coordination.k8s.io", "v1"),
    ("discovery.k8s.io", "v1"),
    ("events.k8s.io", "v1"),
    (METRICS_GROUP, "v1beta1"),
];

/// What is served to this cluster's clients: the metrics only where something measures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    /// Whether there are metrics.
    pub(super) metrics: bool,
}

impl Served {
    fn groups(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        GROUPS.iter().copied().filter(move |(group, _)| self.metrics || *group != METRICS_GROUP)
    }

    /// The version a group is served in; `None` if it is not served.
    fn version(self, group: &str) -> Option<&'static str> {
        if group.is_empty() {
            return Some("v1");
        }
        self.groups().find(|(known, _)| *known == group).map(|(_, version)| version)
    }
}

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
        return aggregated([("", "v1")].into_iter());
    }
    object(200, &json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }))
}

/// `/apis`, or everything in it at once for a client that accepts that.
pub(super) fn groups(served: Served, accept: &str) -> Answer {
    if accept.contains("APIGroupDiscoveryList") {
        return aggregated(served.groups());
    }
    let all: Vec<Value> = served.groups().map(|(name, version)| group_entry(name, version)).collect();
    object(200, &json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": all }))
}

fn group_entry(name: &str, version: &str) -> Value {
    let version = json!({ "groupVersion": format!("{name}/{version}"), "version": version });
    json!({ "name": name, "versions": [version], "preferredVersion": version })
}

/// `/apis/GROUP`.
pub(super) fn group(served: Served, name: &str) -> Result<Answer, Refusal> {
    let version = served.version(name).filter(|_| !name.is_empty()).ok_or_else(Refusal::no_such_resource)?;
    let mut group = group_entry(name, version);
    group["kind"] = json!("APIGroup");
    group["apiVersion"] = json!("v1");
    Ok(object(200, &group))
}

/// `/api/v1`, `/apis/GROUP/VERSION`.
pub(super) fn resources(served: Served, group: &str, version: &str) -> Result<Answer, Refusal> {
    if served.version(group) != Some(version) {
        return Err(Refusal::no_such_resource());
    }
    let mut all = Vec::new();
    for resource in of_group(group) {
        let mut entry = json!({
            "name": resource.plural,
            "singularName": resource.singular,
            "namespaced": resource.namespaced,
            "kind": resource.kind,
            "verbs": verbs(resource),
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
    RESOURCES.iter().chain(METRICS).filter(move |resource| resource.group == group)
}

fn verbs(resource: &Resource) -> &'static [&'static str] {
    if resource.group == METRICS_GROUP { &["get", "list"] } else { VERBS }
}

fn parts(resource: &Resource) -> &'static [(&'static str, &'static str, &'static [&'static str])] {
    if resource.plural == "pods" && resource.group.is_empty() { POD_PARTS } else { &[] }
}

/// Every kind of these groups in one answer.
fn aggregated(groups: impl Iterator<Item = (&'static str, &'static str)>) -> Answer {
    let items: Vec<Value> = groups.map(|(group, version)| aggregated_group(group, version)).collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    });
    let content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    whole(200, content_type, list.to_string())
}

fn aggregated_group(group: &str, version: &str) -> Value {
    let scope = |namespaced: bool| if namespaced { "Namespaced" } else { "Cluster" };
    let kind_of = |kind: &str, group: &str| json!({ "group": group, "version": version, "kind": kind });
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
            "verbs": verbs(resource),
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
    let version = json!({ "version": version, "resources": resources, "freshness": "Current" });
    json!({ "metadata": { "name": group }, "versions": [version] })
}
