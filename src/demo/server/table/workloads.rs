//! The rows of what owns pods, and of endpoints, cell by cell; pure.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::{duration, since};
use super::kinds::{joined, labels};
use super::or;
use crate::demo::object::{items, name, number, text};

/// The last three columns of whatever has a pod template.
fn template(object: &Value) -> [String; 3] {
    let containers = items(object, "/spec/template/spec/containers");
    let each = |at: &str| containers.iter().map(|one| text(one, at).to_owned()).collect::<Vec<_>>().join(",");
    [each("/name"), each("/image"), labels(object, "/spec/selector/matchLabels")]
}

pub(super) fn deployment(object: &Value, age: &str) -> Value {
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

pub(super) fn replica_set(object: &Value, age: &str) -> Value {
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

pub(super) fn stateful_set(object: &Value, age: &str) -> Value {
    let wanted = number(object, "/spec/replicas").unwrap_or(1);
    let ready = number(object, "/status/readyReplicas").unwrap_or(0);
    let [containers, images, _] = template(object);
    json!([name(object), format!("{ready}/{wanted}"), age, containers, images])
}

pub(super) fn daemon_set(object: &Value, age: &str) -> Value {
    let count = |field: &str| number(object, &format!("/status/{field}")).unwrap_or(0);
    let [containers, images, selector] = template(object);
    json!([
        name(object),
        count("desiredNumberScheduled"),
        count("currentNumberScheduled"),
        count("numberReady"),
        count("updatedNumberScheduled"),
        count("numberAvailable"),
        labels(object, "/spec/template/spec/nodeSelector"),
        age,
        containers,
        images,
        selector,
    ])
}

pub(super) fn job(object: &Value, now: Timestamp, age: &str) -> Value {
    let holds = |kind: &str| {
        items(object, "/status/conditions").iter().any(|one| one["type"] == kind && one["status"] == "True")
    };
    let kinds = [("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")];
    let more = [("FailureTarget", "FailureTarget"), ("SuccessCriteriaMet", "SuccessCriteriaMet")];
    let status = kinds.iter().chain(&more).find(|(kind, _)| holds(kind)).map_or("Running", |(_, word)| word);
    let done = number(object, "/status/succeeded").unwrap_or(0);
    let completions = match (number(object, "/spec/completions"), number(object, "/spec/parallelism")) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, Some(parallel)) if parallel > 1 => format!("{done}/1 of {parallel}"),
        _ => format!("{done}/1"),
    };
    let time = |at: &str| text(object, at).parse::<Timestamp>().ok();
    let took = time("/status/startTime")
        .map(|start| duration(time("/status/completionTime").unwrap_or(now).duration_since(start)))
        .unwrap_or_default();
    let [containers, images, selector] = template(object);
    json!([name(object), status, completions, took, age, containers, images, selector])
}

pub(super) fn cron_job(object: &Value, now: Timestamp, age: &str) -> Value {
    let last = text(object, "/status/lastScheduleTime");
    let spec = object.pointer("/spec/jobTemplate").cloned().unwrap_or_default();
    let [containers, images, _] = template(&spec);
    json!([
        name(object),
        text(object, "/spec/schedule"),
        or(text(object, "/spec/timeZone"), "<none>"),
        object["spec"]["suspend"] == true,
        items(object, "/status/active").len(),
        if last.is_empty() { "<none>".to_owned() } else { since(last, now) },
        age,
        containers,
        images,
        labels(object, "/spec/jobTemplate/spec/selector/matchLabels"),
    ])
}

/// The first three addresses with their ports, and how many more there are.
pub(super) fn endpoints(object: &Value) -> String {
    let mut all = Vec::new();
    for subset in items(object, "/subsets") {
        let addresses = items(subset, "/addresses").iter().map(|address| text(address, "/ip"));
        let ports = items(subset, "/ports");
        for address in addresses {
            if ports.is_empty() {
                all.push(address.to_owned());
            }
            all.extend(ports.iter().map(|port| format!("{address}:{}", number(port, "/port").unwrap_or(0))));
        }
    }
    let shown = all.iter().take(3).cloned();
    let listed = joined(shown);
    if all.len() > 3 { format!("{listed} + {} more...", all.len() - 3) } else { listed }
}
