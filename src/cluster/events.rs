//! What is told of objects in the API's events, by whatever component: read, and what says the same counted together.

mod follow;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::text::cleaned;
use super::{Liveness, ObjectKey, Problem};

/// Whose events.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventScope {
    /// An object's, and of a pod its controllers' as well.
    Of(ObjectKey),
    /// A namespace's.
    In(Arc<str>),
    /// Those of all namespaces.
    Everywhere,
}

/// What is heard of events.
#[derive(Debug, Clone, PartialEq)]
pub enum EventsNews {
    /// These are new or were counted once more, and those (by uid) are forgotten.
    Changed {
        /// In no order.
        told: Vec<Event>,
        /// By uid.
        gone: Vec<String>,
    },
    /// How fresh they are.
    Liveness(Liveness),
    /// They may not be read, or not for now.
    Refused(Problem),
}

/// The object that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Involved {
    /// `Pod`.
    pub kind: String,
    /// Empty for an object without one.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid; another one under the same name is another object.
    pub uid: String,
    /// The container, where it is about one.
    pub container: String,
}

/// Something that happened to an object, so often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The event's own uid; of several that say the same, the newest one's.
    pub uid: String,
    /// What it happened to.
    pub involved: Involved,
    /// `BackOff`, `Unhealthy` …
    pub reason: String,
    /// What happened, on one line.
    pub message: String,
    /// Whether somebody should look.
    pub warning: bool,
    /// Who told it: `kubelet`, and the node where it says so.
    pub source: String,
    /// How often it happened; at least once.
    pub count: u64,
    /// When it happened first.
    pub first: Option<Timestamp>,
    /// When it happened last.
    pub last: Option<Timestamp>,
}

impl Event {
    /// Reads an event of the core group, with its count and times in any of the forms that components write; `None` where
    /// it says nothing.
    pub fn read(event: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(cleaned).unwrap_or_default();
        let time = |value: &Value| value.as_str().and_then(|time| time.parse::<Timestamp>().ok());
        let (reason, message) = (text(&event["reason"]), text(&event["message"]));
        let uid = text(&event["metadata"]["uid"]);
        if uid.is_empty() || (reason.is_empty() && message.is_empty()) {
            return None;
        }
        let object = &event["involvedObject"];
        let involved = Involved {
            kind: text(&object["kind"]),
            namespace: text(&object["namespace"]),
            name: text(&object["name"]),
            uid: text(&object["uid"]),
            container: object["fieldPath"].as_str().and_then(container_of).unwrap_or_default(),
        };
        let source = &event["source"];
        let either = |one: &Value, other: &Value| Some(text(one)).filter(|one| !one.is_empty()).unwrap_or(text(other));
        let component = either(&source["component"], &event["reportingComponent"]);
        let host = text(&source["host"]);
        let series = &event["series"];
        let created = time(&event["metadata"]["creationTimestamp"]);
        let happened = time(&event["eventTime"]);
        let first = time(&event["firstTimestamp"]).or(happened).or(created).map(|first| exactly(first, event));
        let last = time(&series["lastObservedTime"]).or_else(|| time(&event["lastTimestamp"])).or(happened).or(created);
        let count = series["count"].as_u64().or_else(|| event["count"].as_u64()).unwrap_or(1).max(1);
        Some(Self {
            uid,
            involved,
            reason,
            message,
            warning: event["type"] == "Warning",
            source: if host.is_empty() { component } else { format!("{component}, {host}") },
            count,
            first,
            last: last.max(first),
        })
    }
}

/// The time with what was cut off its whole second: recorders end the name of an event with it, in nanoseconds.
fn exactly(first: Timestamp, event: &Value) -> Timestamp {
    let suffix = event["metadata"]["name"].as_str().and_then(|name| name.rsplit_once('.'));
    let named = suffix.and_then(|(_, nanoseconds)| i128::from_str_radix(nanoseconds, 16).ok());
    let named = named.and_then(|nanoseconds| Timestamp::from_nanosecond(nanoseconds).ok());
    named.filter(|named| named.as_second() == first.as_second()).unwrap_or(first)
}

/// `spec.ephemeralContainers{debugger-x}` names `debugger-x`.
fn container_of(path: &str) -> Option<String> {
    let (_, name) = path.split_once('{')?;
    Some(cleaned(name.strip_suffix('}')?))
}

/// The events, those that say the same of the same object counted as one, the newest last.
///
/// A component that has forgotten what it told begins another event with the same words.
pub fn series<'a>(events: impl IntoIterator<Item = &'a Event>) -> Vec<Event> {
    let mut at: HashMap<(&Involved, &str, &str, &str), usize> = HashMap::new();
    let mut all: Vec<Event> = Vec::new();
    for event in events {
        let says = (&event.involved, event.reason.as_str(), event.message.as_str(), event.source.as_str());
        let index = *at.entry(says).or_insert(all.len());
        let Some(known) = all.get_mut(index) else {
            all.push(event.clone());
            continue;
        };
        known.count = known.count.saturating_add(event.count);
        known.first = [known.first, event.first].into_iter().flatten().min();
        known.warning |= event.warning;
        if event.last > known.last {
            known.last = event.last;
            known.uid.clone_from(&event.uid);
        }
    }
    // of what happened within a second, which is all that most times say, what began first comes first
    let order = |event: &Event| (event.last.map(Timestamp::as_second), event.first);
    all.sort_by(|one, other| (order(one), &one.uid).cmp(&(order(other), &other.uid)));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(more: &Value) -> Event {
        let mut event = json!({
            "metadata": { "uid": "1", "creationTimestamp": "2026-01-01T00:00:09Z" },
            "involvedObject": { "kind": "Pod", "namespace": "demo", "name": "crash", "uid": "p", "fieldPath": "spec.containers{app}" },
            "reason": "BackOff", "message": "Back-off\n\u{1b}[31mrestarting", "type": "Warning",
            "source": { "component": "kubelet", "host": "node1" },
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            event[field] = value.clone();
        }
        Event::read(&event).unwrap()
    }

    fn second(second: i64) -> Option<Timestamp> {
        let begin: Timestamp = "2026-01-01T00:00:00Z".parse().ok()?;
        Some(begin + jiff::SignedDuration::from_secs(second))
    }

    #[test]
    fn every_form_of_count_and_time_is_read() {
        let counted = read(
            &json!({ "count": 4, "firstTimestamp": "2026-01-01T00:00:01Z", "lastTimestamp": "2026-01-01T00:00:05Z" }),
        );
        assert_eq!((counted.count, counted.first, counted.last), (4, second(1), second(5)));
        assert_eq!((counted.source.as_str(), counted.involved.container.as_str()), ("kubelet, node1", "app"));
        assert_eq!(counted.message, "Back-off [31mrestarting");
        let series = read(&json!({
            "eventTime": "2026-01-01T00:00:02.5Z", "source": {}, "reportingComponent": "default-scheduler",
            "series": { "count": 3, "lastObservedTime": "2026-01-01T00:00:07Z" },
        }));
        assert_eq!((series.count, series.last), (3, second(7)));
        assert_eq!(series.source, "default-scheduler");
        let bare = read(&json!({ "count": 0, "lastTimestamp": null }));
        assert_eq!((bare.count, bare.first, bare.last), (1, second(9), second(9)));
        assert_eq!(Event::read(&json!({ "metadata": { "uid": "1" } })), None);
        assert_eq!(Event::read(&json!({ "reason": "Started" })), None, "without a uid it cannot be told apart");
        assert_eq!(Event::read(&json!("nonsense")), None);
    }

    #[test]
    fn what_says_the_same_is_one_series_and_the_newest_comes_last() {
        let event = |uid: &str, message: &str, count: u64, first: i64, last: i64| Event {
            uid: uid.to_owned(),
            message: message.to_owned(),
            count,
            first: second(first),
            last: second(last),
            ..read(&json!({}))
        };
        let told =
            [event("a", "x", 2, 1, 4), event("b", "y", 1, 9, 9), event("c", "x", 3, 5, 12), event("d", "z", 1, 0, 4)];
        let all = series(&told);
        let seen: Vec<_> = all.iter().map(|event| (event.message.as_str(), event.count, event.uid.as_str())).collect();
        assert_eq!(seen, [("z", 1, "d"), ("y", 1, "b"), ("x", 5, "c")]);
        assert_eq!((all[2].first, all[2].last), (second(1), second(12)));
        let other = Event { involved: Involved { uid: "q".to_owned(), ..told[0].involved.clone() }, ..told[0].clone() };
        assert_eq!(series([&told[0], &other]).len(), 2, "another pod of the same name");
    }

    #[test]
    fn what_happened_within_a_second_stands_in_its_order() {
        let at = "2026-01-01T00:00:01Z";
        let nanoseconds = at.parse::<Timestamp>().unwrap().as_nanosecond();
        let told = |uid: &str, reason: &str, after: i128| {
            let metadata = json!({ "uid": uid, "name": format!("crash.{:x}", nanoseconds + after) });
            read(&json!({ "metadata": metadata, "reason": reason, "firstTimestamp": at, "lastTimestamp": at }))
        };
        let all = [told("a", "Started", 300), told("b", "Pulled", 100), told("c", "Created", 200)];
        let seen: Vec<String> = series(&all).into_iter().map(|event| event.reason).collect();
        assert_eq!(seen, ["Pulled", "Created", "Started"]);
        // A name that ends with another time, or with none, says nothing.
        assert_eq!(told("d", "Killing", 2_000_000_000).first, second(1));
        let named = json!({ "metadata": { "uid": "e", "name": "crash.beef" }, "firstTimestamp": at });
        assert_eq!(read(&named).first, second(1));
    }
}
