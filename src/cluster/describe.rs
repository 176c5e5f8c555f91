//! Objects told to a person: what `kubectl describe` tells, from typed data, and what it does not; kept up to date.

mod allocation;
mod container;
mod description;
mod environment;
mod events;
mod findings;
mod gather;
mod generic;
mod job;
mod labels;
mod live;
mod node;
mod pod;
mod quantity;
mod surroundings;
mod volume;
mod workload;

use jiff::tz::TimeZone;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use self::description::Page;
pub use self::description::{Cell, Description, Entry, Piece, Standing};
use self::findings::{original_of, selects};
pub use self::live::DescribeNews;
pub use self::surroundings::{Read, Surroundings};
pub use self::workload::PodCounts;

/// Tells an object as `kubectl describe` tells it, moments in this time zone.
pub fn describe(object: &Value, around: &Surroundings, zone: &TimeZone) -> Description {
    let mut findings = Page::new(zone.clone());
    if object["kind"] == "Pod" {
        findings::of_pod(&mut findings, object, around);
    }
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default().into();
    let owner = super::owners::controller(object).and_then(|owner| owner.key(&namespace));
    Description { findings: findings.finish(), facts: facts(object, around, zone), owner }
}

fn facts(object: &Value, around: &Surroundings, zone: &TimeZone) -> Vec<Entry> {
    let mut page = Page::new(zone.clone());
    if typed(&mut page, object, around).is_none() {
        // Of another kind, or of a shape that this one never had.
        page = Page::new(zone.clone());
        generic::object(&mut page, object);
    }
    events::events(&mut page, around.events.as_ref());
    page.finish()
}

/// Tells an object of a kind that has words of its own; `None` if it has not.
fn typed(page: &mut Page, object: &Value, around: &Surroundings) -> Option<()> {
    fn read<T: DeserializeOwned>(object: &Value) -> Option<T> {
        T::deserialize(object).ok()
    }
    let counts = around.counts.as_ref();
    match object["kind"].as_str()? {
        "Pod" => pod::pod(page, &read(object)?),
        "Node" => node::node(page, &read(object)?, around),
        "Deployment" => workload::deployment(page, &read(object)?, around.replica_sets.as_ref()),
        "ReplicaSet" => workload::replica_set(page, &read(object)?, counts),
        "StatefulSet" => workload::stateful_set(page, &read(object)?, counts),
        "DaemonSet" => workload::daemon_set(page, &read(object)?, counts),
        "ReplicationController" => workload::replication_controller(page, &read(object)?, counts),
        "Job" => job::job(page, &read(object)?),
        "CronJob" => job::cron_job(page, &read(object)?),
        _ => return None,
    }
    Some(())
}

/// A label selector of the API in the words of a query; `None` if it is none.
pub(super) fn selector_in_words(selector: &Value) -> Option<String> {
    Some(labels::selector(Some(&Deserialize::deserialize(selector).ok()?)))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::cluster::Problem;

    fn lines(object: &Value, around: &Surroundings) -> Vec<String> {
        let described = describe(object, around, &TimeZone::UTC);
        let entries = described.findings.iter().chain(&described.facts);
        entries.map(|entry| entry.texts(Timestamp::UNIX_EPOCH, |_, _| "5m".to_owned()).join(" ")).collect()
    }

    #[test]
    fn a_part_that_may_not_be_read_says_so_in_its_place() {
        let no = |what: &str| Problem::new(format!("cannot read {what}"), "you may not", "");
        let around = Surroundings {
            events: Some(Err(no("its events"))),
            services: Some(Err(no("the Services"))),
            owners: Some(Err(no("its owners"))),
            ..Surroundings::default()
        };
        let pod = json!({"kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": {"containers": []}});
        let told = lines(&pod, &around);
        for expected in [
            "Belongs To: cannot read its owners: you may not",
            "Services: cannot read the Services: you may not",
            "Events: cannot read its events: you may not",
            "Name: p",
        ] {
            assert!(told.iter().any(|line| line == expected), "{expected}\n{told:#?}");
        }
        let node = json!({"kind": "Node", "metadata": {"name": "n"}});
        let around = Surroundings {
            pods: Some(Err(no("its pods"))),
            lease: Some(Err(no("its lease"))),
            ..Surroundings::default()
        };
        let told = lines(&node, &around);
        assert!(told.contains(&"Pods: cannot read its pods: you may not".to_owned()), "{told:#?}");
        assert!(told.contains(&"Lease: cannot read its lease: you may not".to_owned()), "{told:#?}");
    }

    #[test]
    fn an_object_of_a_strange_shape_is_told_field_by_field() {
        let pod = json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": "none"}});
        let told = lines(&pod, &Surroundings::default());
        assert!(told.contains(&"Containers: none".to_owned()), "{told:#?}");
    }

    #[test]
    fn nothing_a_server_says_keeps_its_escapes() {
        let hostile = "a\u{1b}]0;x\u{7}\u{202e}\nb";
        let event = json!({
            "reason": hostile, "message": hostile, "type": hostile, "source": {"component": hostile},
            "involvedObject": {"fieldPath": hostile}, "metadata": {},
        });
        let around = Surroundings { events: Some(Ok(vec![event])), ..Surroundings::default() };
        for object in [
            json!({
                "kind": "Pod",
                "metadata": {"name": hostile, "labels": {hostile: hostile}, "annotations": {hostile: hostile}},
                "spec": {
                    "containers": [{
                        "name": hostile, "image": hostile, "command": [hostile], "env": [
                            {"name": hostile, "value": hostile},
                            {"name": hostile, "valueFrom": {"secretKeyRef": {"name": hostile, "key": hostile}}},
                        ],
                        "resources": {"limits": {hostile: hostile}}, "volumeMounts": [{"name": hostile, "mountPath": hostile}],
                    }],
                    "volumes": [{"name": hostile, "nfs": {"server": hostile, "path": hostile}}],
                    "tolerations": [{"key": hostile}], "nodeSelector": {hostile: hostile},
                },
                "status": {"phase": hostile, "message": hostile, "conditions": [{"type": hostile, "status": hostile}]},
            }),
            json!({"kind": "Odd", "metadata": {"name": hostile}, hostile: {hostile: [hostile, {hostile: hostile}]}}),
        ] {
            for line in lines(&object, &around) {
                assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
        }
    }
}
