//! An event of the API as an explanation reads it, from any component and either form of its times; it watches nothing.

use std::borrow::Cow;

use serde_json::Value;

use crate::cluster::text::cleaned;

/// How the API server's clients begin the message of an event that stands for several alike.
const COMBINED: &str = "(combined from similar events): ";
/// Runs of hexadecimal digits this long are ids of containers and sandboxes.
const ID_LENGTH: usize = 32;

/// What a kubelet, the scheduler or a controller told of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodEvent {
    /// The event's own uid.
    pub uid: String,
    /// `Pulling`, `FailedMount`, `Unhealthy` …
    pub reason: String,
    /// Its words.
    pub message: String,
    /// Whether its type is `Warning`.
    pub warning: bool,
    /// The container it is about; `None` where it is about the whole pod.
    pub container: Option<String>,
}

impl PodEvent {
    /// Reads an event of the core group; `None` where it says nothing, or nobody can say of which container.
    pub fn read(event: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(cleaned).unwrap_or_default();
        let container = event["involvedObject"]["fieldPath"].as_str().and_then(container_of);
        let message = text(&event["message"]);
        let message = match message.strip_prefix(COMBINED) {
            // Its newest message may be of any container of the pod.
            Some(_) if container.is_some() => return None,
            Some(rest) => rest.to_owned(),
            None => message,
        };
        let reason = text(&event["reason"]);
        if reason.is_empty() && message.is_empty() {
            return None;
        }
        let uid = text(&event["metadata"]["uid"]);
        Some(Self { uid, reason, message, warning: event["type"] == "Warning", container })
    }

    /// Whether it is about this container or the whole pod.
    pub fn concerns(&self, container: &str) -> bool {
        self.container.as_deref().is_none_or(|name| name == container)
    }
}

/// `spec.ephemeralContainers{debugger-x}` names `debugger-x`.
fn container_of(path: &str) -> Option<String> {
    let (_, name) = path.split_once('{')?;
    Some(cleaned(name.strip_suffix('}')?))
}

/// The text with the ids of containers and sandboxes shortened: they are others at each try, and tell a person nothing.
pub(in crate::cluster) fn without_ids(text: &str) -> Cow<'_, str> {
    let is_id = |word: &str| word.len() >= ID_LENGTH && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_id) {
        return Cow::Borrowed(text);
    }
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        short.push_str(if is_id(word) { "…" } else { word });
        let next = after.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or(after.len());
        short.push_str(&after[..next]);
        rest = &after[next..];
    }
    Cow::Owned(short)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_is_read_from_its_field_path() {
        let event = |path: &str, message: &str| {
            PodEvent::read(&json!({
                "metadata": {"uid": "1"}, "type": "Warning", "reason": "Failed", "message": message,
                "involvedObject": {"fieldPath": path},
            }))
        };
        let of = event("spec.ephemeralContainers{debugger-x}", "Error").unwrap();
        assert_eq!(of.container.as_deref(), Some("debugger-x"));
        assert!(of.concerns("debugger-x") && !of.concerns("app") && of.warning);
        assert!(PodEvent::read(&json!({"reason": "Scheduled"})).unwrap().concerns("app"));
        assert_eq!(event("spec.containers{app}", "(combined from similar events): Failed to pull"), None);
        let pod = PodEvent::read(&json!({"reason": "FailedMount", "message": "(combined from similar events): no"}));
        assert_eq!(pod.unwrap().message, "no");
        assert_eq!(PodEvent::read(&json!({})), None);
    }

    #[test]
    fn ids_are_not_told() {
        let id = "a".repeat(64);
        assert_eq!(without_ids(&format!("container \"{id}\" spec: {id} é é")), "container \"…\" spec: … é é");
        assert_eq!(without_ids("a deadbeef"), "a deadbeef");
    }
}
