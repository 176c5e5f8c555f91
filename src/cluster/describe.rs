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

use self::findings::{original_of, selects};
pub use self::live::DescribeNews;
pub use self::description::{Cell, Description, Entry, Piece, Standing};
use self::description::Page;
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
