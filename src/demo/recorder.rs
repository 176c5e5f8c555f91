//! Events as the components of a cluster write them: one object for what repeats, with a count; it watches nothing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::store::{Store, now};

/// Events are forgotten after an hour, as by an API server.
const KEPT: Duration = Duration::from_secs(3600);

/// At most so many events are kept, the newest.
const MOST: usize = 1000;

/// Where the scheduler runs, as its events name it.
const INSTANCE: &str = "default-scheduler-demo-node-1";

/// Who an event comes from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// `kubelet`, `default-scheduler`, …
    pub component: &'a str,
    /// The node, for a kubelet.
    pub host: Option<&'a str>,
}

/// Writes events into the store; clones share their counts.
#[derive(Debug, Clone)]
pub struct Recorder {
    store: Store,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// Namespace and name of the event for what was said before.
    names: BTreeMap<String, (String, String)>,
    /// In the order of their first time.
    order: VecDeque<(Instant, String)>,
    serial: u64,
}

impl Recorder {
    /// Writes into this store.
    pub fn new(store: Store) -> Self {
        Self { store, known: Arc::default() }
    }

    /// Something happened to an object; `field` is the part of it (`spec.containers{app}`). A reason that tells of a
    /// failure makes a warning.
    pub fn record(&self, object: &Value, source: Source<'_>, reason: &str, message: &str, field: Option<&str>) {
        let metadata = &object["metadata"];
        let key = format!("{}\n{reason}\n{message}\n{}", metadata["uid"], field.unwrap_or_default());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget(&mut known);
        if let Some((namespace, name)) = known.names.get(&key) {
            let again = self.store.update("events", namespace, name, |event| {
                if event["eventTime"].is_null() {
                    event["count"] = json!(event["count"].as_u64().unwrap_or(1) + 1);
                    event["lastTimestamp"] = json!(now());
                } else {
                    let count = event["series"]["count"].as_u64().unwrap_or(1) + 1;
                    let time = format!("{:.6}", Timestamp::now());
                    event["series"] = json!({ "count": count, "lastObservedTime": time });
                }
            });
            if again.is_some() {
                return;
            }
        }
        known.serial += 1;
        let stamp = Timestamp::now();
        let suffix = format!("{:016x}", stamp.as_nanosecond() + i128::from(known.serial));
        let name = format!("{}.{suffix}", metadata["name"].as_str().unwrap_or_default());
        let namespace = metadata["namespace"].as_str().unwrap_or("default").to_owned();
        let mut involved = json!({
            "apiVersion": object["apiVersion"],
            "kind": object["kind"],
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "resourceVersion": metadata["resourceVersion"],
            "uid": metadata["uid"],
        });
        if let Some(field) = field {
            involved["fieldPath"] = json!(field);
        }
        // this one speaks the newer form of the API
        let is_newer = source.component == "default-scheduler";
        let mut event = json!({
            "metadata": { "name": name, "namespace": namespace },
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "type": if is_warning(reason, message) { "Warning" } else { "Normal" },
            "reportingComponent": source.component,
            "reportingInstance": source.host.unwrap_or(if is_newer { INSTANCE } else { "" }),
        });
        if is_newer {
            event["eventTime"] = json!(format!("{stamp:.6}"));
            event["action"] = json!(if reason == "Scheduled" { "Binding" } else { "Scheduling" });
            event["firstTimestamp"] = Value::Null;
            event["lastTimestamp"] = Value::Null;
            event["source"] = json!({});
        } else {
            event["eventTime"] = Value::Null;
            event["count"] = json!(1);
            event["firstTimestamp"] = json!(now());
            event["lastTimestamp"] = json!(now());
            event["source"] = json!({ "component": source.component });
            if let Some(host) = source.host {
                event["source"]["host"] = json!(host);
            }
        }
        if self.store.create("events", event).is_ok() {
            known.names.insert(key.clone(), (namespace, name));
            known.order.push_back((Instant::now(), key));
        }
    }

    fn forget(&self, known: &mut Known) {
        while known.order.front().is_some_and(|(first, _)| first.elapsed() > KEPT || known.order.len() > MOST) {
            if let Some((_, key)) = known.order.pop_front()
                && let Some((namespace, name)) = known.names.remove(&key)
            {
                self.store.delete("events", &namespace, &name);
            }
        }
    }
}

fn is_warning(reason: &str, message: &str) -> bool {
    reason.starts_with("Failed")
        || matches!(
            reason,
            "InspectFailed" | "ErrImageNeverPull" | "Unhealthy" | "BackoffLimitExceeded" | "NodeNotReady"
        )
        || (reason == "BackOff" && message.starts_with("Back-off restarting"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_counted() {
        let store = Store::new();
        let recorder = Recorder::new(store.clone());
        let pod = json!({ "kind": "Pod", "metadata": { "name": "p", "namespace": "demo", "uid": "u" } });
        let kubelet = Source { component: "kubelet", host: Some("node1") };
        for _ in 0..3 {
            recorder.record(&pod, kubelet, "Started", "Container started", Some("spec.containers{a}"));
        }
        recorder.record(&pod, kubelet, "Failed", "Error: ErrImagePull", None);
        let (events, _) = store.list("events", Some("demo"));
        let mut told: Vec<_> = events
            .iter()
            .map(|event| (event["reason"].clone(), event["count"].clone(), event["type"].clone()))
            .collect();
        told.sort_by_key(|(reason, ..)| reason.to_string());
        assert_eq!(told[0], (json!("Failed"), json!(1), json!("Warning")));
        assert_eq!(told[1], (json!("Started"), json!(3), json!("Normal")));
    }

    #[test]
    fn what_the_scheduler_repeats_is_a_series() {
        let store = Store::new();
        let recorder = Recorder::new(store.clone());
        let pod = json!({ "kind": "Pod", "metadata": { "name": "p", "namespace": "demo", "uid": "u" } });
        let scheduler = Source { component: "default-scheduler", host: None };
        for _ in 0..3 {
            recorder.record(&pod, scheduler, "FailedScheduling", "0/3 nodes are available", None);
        }
        let (events, _) = store.list("events", Some("demo"));
        assert_eq!(events.len(), 1);
        assert_eq!(events[0]["series"]["count"], 3);
        assert!(events[0]["lastTimestamp"].is_null() && events[0]["count"].is_null());
    }

    #[test]
    fn events_do_not_grow_without_bound() {
        let store = Store::new();
        let recorder = Recorder::new(store.clone());
        let source = Source { component: "kubelet", host: None };
        for number in 0..(MOST + 50) {
            let pod = json!({ "kind": "Pod", "metadata": { "name": "p", "uid": number.to_string() } });
            recorder.record(&pod, source, "Started", "Container started", None);
        }
        assert!(store.list("events", None).0.len() <= MOST + 1);
    }
}
