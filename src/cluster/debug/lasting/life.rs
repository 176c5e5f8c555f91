//! Which life of a container a session belongs to: containers of one name are started again; pure.

use serde_json::Value;

use super::super::super::detail::container_status;

/// How a container stands for somebody who was attached to one life of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It runs; its id, if the node told one.
    Running(Option<String>),
    /// It has ended.
    Ended {
        /// Its exit code.
        code: i32,
        /// Another life has begun since, so that its log is the previous one.
        before: bool,
    },
    /// The status does not say.
    Unknown,
}

/// The id of the container's present life.
pub(super) fn id(pod: &Value, container: &str) -> Option<String> {
    text(&container_status(pod, container)?["containerID"])
}

/// What the pod's status says of the life with the id `known`, or of the present one where none is known.
pub(super) fn life(pod: &Value, container: &str, known: Option<&str>) -> Life {
    let Some(status) = container_status(pod, container) else { return Life::Unknown };
    let present = text(&status["containerID"]);
    let (state, last) = (&status["state"], &status["lastState"]["terminated"]);
    let is_present = known.is_none() || present.as_deref() == known;
    if state["terminated"].is_object() && is_present {
        return Life::Ended { code: code(&state["terminated"]), before: false };
    }
    // While it waits for its next start the status still names the life that has ended.
    if last.is_object() && (state["waiting"].is_object() || !is_present) {
        return Life::Ended { code: code(last), before: !is_present };
    }
    if !is_present {
        // It has been started more than once since; what became of it is not told any more.
        return Life::Ended { code: -1, before: true };
    }
    if state["running"].is_object() { Life::Running(present) } else { Life::Unknown }
}

fn code(terminated: &Value) -> i32 {
    terminated["exitCode"].as_i64().and_then(|code| i32::try_from(code).ok()).unwrap_or(-1)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(status: &Value) -> Value {
        json!({ "status": { "containerStatuses": [status] } })
    }

    #[test]
    fn a_life_is_known_by_its_id() {
        let running = pod(&json!({"name": "app", "containerID": "a://1", "state": {"running": {}}}));
        assert_eq!(id(&running, "app").as_deref(), Some("a://1"));
        assert_eq!(life(&running, "app", Some("a://1")), Life::Running(Some("a://1".into())));
        assert_eq!(life(&running, "app", None), Life::Running(Some("a://1".into())));
        assert_eq!(life(&running, "other", None), Life::Unknown);
        let ended = pod(
            &json!({"name": "app", "containerID": "a://1", "state": {"terminated": {"exitCode": 3, "containerID": "a://1"}}}),
        );
        assert_eq!(life(&ended, "app", Some("a://1")), Life::Ended { code: 3, before: false });
        let waits = pod(
            &json!({"name": "app", "containerID": "a://1", "state": {"waiting": {}}, "lastState": {"terminated": {"exitCode": 4}}}),
        );
        assert_eq!(life(&waits, "app", Some("a://1")), Life::Ended { code: 4, before: false });
        let again = pod(
            &json!({"name": "app", "containerID": "a://2", "state": {"running": {}}, "lastState": {"terminated": {"exitCode": 5}}}),
        );
        assert_eq!(life(&again, "app", Some("a://1")), Life::Ended { code: 5, before: true });
        assert_eq!(life(&again, "app", Some("a://2")), Life::Running(Some("a://2".into())));
    }
}
