//! `metrics.k8s.io`: what pods and nodes use, as the node measured it last; it measures nothing itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, object as answer_object};
use super::call::Call;
use super::rbac::Access;
use super::read;
use super::selector::Selector;
use crate::demo::node::{PodRef, Usage, Used};
use crate::demo::object::{containers, name, namespace, text};
use crate::demo::resource::{Resource, by_plural};
use crate::demo::store::{Entry, Store};
use crate::demo::synthetic::SyntheticPod;

/// `GET` of all of a kind, or of one.
pub(super) fn answer(call: &Call, resource: &Resource, space: &str, one: &str) -> Result<Answer, Refusal> {
    if *call.method() != http::Method::GET {
        return Err(Refusal::method_not_allowed());
    }
    let verb = if one.is_empty() { "list" } else { "get" };
    let (group, plural) = (resource.group, resource.plural);
    call.authorize(
        resource,
        &Access { verb, group, resource: plural, namespace: space, name: one, ..Access::default() },
    )?;
    let usage = call.server.node.usage().ok_or_else(Refusal::no_such_resource)?;
    let selector = read::selector(call, by_plural(plural).unwrap_or(resource))?;
    let wanted = Wanted { store: &call.server.store, usage: &usage, selector: &selector, space, one };
    let found = if plural == "nodes" { wanted.nodes() } else { wanted.pods() };
    if !one.is_empty() {
        let found = found.into_iter().next().ok_or_else(|| Refusal::not_found(resource, &path(space, one)))?;
        return Ok(answer_object(200, &found));
    }
    let list = json!({
        "kind": format!("{}List", resource.kind),
        "apiVersion": resource.api_version(),
        "metadata": {},
        "items": found,
    });
    Ok(answer_object(200, &list))
}

/// The metrics server names a pod by its namespace too.
fn path(space: &str, name: &str) -> String {
    if space.is_empty() { name.to_owned() } else { format!("{space}/{name}") }
}

struct Wanted<'a> {
    store: &'a Store,
    usage: &'a Usage,
    selector: &'a Selector,
    space: &'a str,
    one: &'a str,
}

impl Wanted<'_> {
    fn pods(&self) -> Vec<Value> {
        let resource = by_plural("pods").expect("pods are in the table of kinds");
        let within = (!self.space.is_empty()).then_some(self.space);
        let Ok(page) = self.store.page("pods", within, None, None, usize::MAX) else {
            return Vec::new();
        };
        let entries = page.entries.into_iter().filter(|entry| self.one.is_empty() || entry.key().1 == self.one);
        let of_pod = |entry: Entry| {
            if !self.selector.is_empty() && !self.selector.matches(resource, &entry.object()) {
                return None;
            }
            match entry {
                Entry::Whole(pod) => self.pod(&pod),
                Entry::Synthetic(pod) => self.synthetic(&pod),
            }
        };
        entries.filter_map(of_pod).collect()
    }

    /// A pod of which nothing was measured yet has no metrics.
    fn pod(&self, pod: &Value) -> Option<Value> {
        let key = PodRef { namespace: namespace(pod).to_owned(), name: name(pod).to_owned() };
        let measured = self.usage.containers.get(&key)?;
        let used = containers(pod).filter_map(|(_, container)| {
            let own_name = text(container, "/name");
            Some(json!({ "name": own_name, "usage": quantities(*measured.get(own_name)?) }))
        });
        let used: Vec<Value> = used.collect();
        (!used.is_empty()).then(|| self.metrics("PodMetrics", &pod["metadata"], json!({ "containers": used })))
    }

    fn synthetic(&self, pod: &SyntheticPod) -> Option<Value> {
        let metadata = json!({ "name": pod.name, "namespace": pod.namespace });
        let used = json!([{ "name": pod.application, "usage": quantities(pod.used()?) }]);
        Some(self.metrics("PodMetrics", &metadata, json!({ "containers": used })))
    }

    fn nodes(&self) -> Vec<Value> {
        let mut of_nodes: BTreeMap<String, Used> = BTreeMap::new();
        for (pod, measured) in &self.usage.containers {
            let Some(pod) = self.store.get("pods", &pod.namespace, &pod.name) else { continue };
            let total = of_nodes.entry(text(&pod, "/spec/nodeName").to_owned()).or_default();
            *total = measured.values().fold(*total, |total, used| total.plus(*used));
        }
        let resource = by_plural("nodes").expect("nodes are in the table of kinds");
        let (nodes, _) = self.store.list("nodes", None);
        let wanted = |node: &Value| self.one.is_empty() || name(node) == self.one;
        let nodes = nodes.iter().filter(|node| wanted(node) && self.selector.matches(resource, node));
        nodes
            .filter_map(|node| {
                let used = of_nodes.get(name(node))?;
                Some(self.metrics("NodeMetrics", &node["metadata"], json!({ "usage": quantities(*used) })))
            })
            .collect()
    }

    fn metrics(&self, kind: &str, metadata: &Value, more: Value) -> Value {
        let time = self.usage.time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut own = json!({ "name": metadata["name"], "creationTimestamp": time });
        for field in ["namespace", "labels"] {
            if !metadata[field].is_null() {
                own[field] = metadata[field].clone();
            }
        }
        let mut metrics = json!({
            "kind": kind,
            "apiVersion": "metrics.k8s.io/v1beta1",
            "metadata": own,
            "timestamp": time,
            "window": format!("{:.3}s", self.usage.window.as_secs_f64()),
        });
        if let (Some(metrics), Value::Object(more)) = (metrics.as_object_mut(), more) {
            metrics.extend(more);
        }
        metrics
    }
}

/// As the metrics server writes them: billionths of a CPU, and kibibytes.
fn quantities(used: Used) -> Value {
    json!({ "cpu": format!("{}n", used.cpu), "memory": format!("{}Ki", used.memory / 1024) })
}
