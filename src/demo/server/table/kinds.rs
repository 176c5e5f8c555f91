//! The rows of everything but pods and what owns them, cell by cell; pure.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::since;
use super::or;
use crate::demo::object::{is_true, items, name, number, text};

pub(super) fn joined(values: impl Iterator<Item = String>) -> String {
    let joined = values.collect::<Vec<_>>().join(",");
    if joined.is_empty() { "<none>".to_owned() } else { joined }
}

pub(super) fn labels(object: &Value, at: &str) -> String {
    let map = object.pointer(at).and_then(Value::as_object);
    let mut pairs: Vec<String> =
        map.into_iter().flatten().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    pairs.sort();
    joined(pairs.into_iter())
}

pub(super) fn node(object: &Value, age: &str) -> Value {
    let conditions = items(object, "/status/conditions");
    let ready = conditions.iter().find(|condition| text(condition, "/type") == "Ready");
    let mut status = match ready.map(|condition| text(condition, "/status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if is_true(object, "/spec/unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    let labels = object.pointer("/metadata/labels").and_then(Value::as_object);
    let roles = labels.into_iter().flatten().filter_map(|(label, value)| {
        let role = label.strip_prefix("node-role.kubernetes.io/");
        let older = || value.as_str().filter(|_| label == "kubernetes.io/role");
        role.or_else(older).filter(|role| !role.is_empty()).map(str::to_owned)
    });
    let address = |kind: &str| {
        let all = items(object, "/status/addresses");
        let found = all.iter().find(|address| text(address, "/type") == kind);
        found.map_or("<none>", |address| text(address, "/address")).to_owned()
    };
    let info = |field: &str| or(text(object, &format!("/status/nodeInfo/{field}")), "<unknown>").to_owned();
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

pub(super) fn service(object: &Value, age: &str) -> Value {
    let kind = or(text(object, "/spec/type"), "ClusterIP");
    let ports = items(object, "/spec/ports").iter().map(|port| {
        let number_of = number(port, "/port").unwrap_or(0);
        let protocol = or(text(port, "/protocol"), "TCP");
        match number(port, "/nodePort") {
            Some(node) if node > 0 => format!("{number_of}:{node}/{protocol}"),
            _ => format!("{number_of}/{protocol}"),
        }
    });
    let given = items(object, "/spec/externalIPs").iter().filter_map(Value::as_str);
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

pub(super) fn event(object: &Value, now: Timestamp) -> Value {
    let first = or(text(object, "/firstTimestamp"), text(object, "/eventTime"));
    let last = or(text(object, "/lastTimestamp"), first);
    let last = or(text(object, "/series/lastObservedTime"), last);
    let count = number(object, "/series/count").or_else(|| number(object, "/count")).unwrap_or(0);
    let kind = text(object, "/involvedObject/kind").to_lowercase();
    let about = text(object, "/involvedObject/name");
    let about = if about.is_empty() { kind } else { format!("{kind}/{about}") };
    let component = or(text(object, "/source/component"), text(object, "/reportingComponent"));
    let host = or(text(object, "/source/host"), text(object, "/reportingInstance"));
    let source = if host.is_empty() { component.to_owned() } else { format!("{component}, {host}") };
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

pub(super) fn endpoint_slice(object: &Value, age: &str) -> Value {
    let ports = items(object, "/ports")
        .iter()
        .map(|port| number(port, "/port").map_or_else(|| "*".to_owned(), |number| number.to_string()));
    let addresses = items(object, "/endpoints")
        .iter()
        .flat_map(|endpoint| items(endpoint, "/addresses").iter().filter_map(Value::as_str).map(str::to_owned));
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
