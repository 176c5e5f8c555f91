//! `pods/NAME/log`: which container's log is meant and which part of it; the node has the lines.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::answer::{Answer, Refusal, stream_refused, streamed, whole};
use super::call::Call;
use crate::demo::node::{ContainerRef, LogQuery, PodRef};
use crate::demo::object::{containers, text};

const PLAIN: &str = "text/plain; charset=utf-8";

/// `GET` of a log.
pub(super) fn log(call: &Call, pod: &Value, at: PodRef) -> Result<Answer, Refusal> {
    let container = container(pod, call.query.text("container"))?;
    let query = LogQuery {
        follow: call.query.flag("follow"),
        previous: call.query.flag("previous"),
        timestamps: call.query.flag("timestamps"),
        tail_lines: call.query.number("tailLines"),
        since: since(call)?,
        limit_bytes: call.query.number("limitBytes"),
    };
    if text(pod, "/spec/nodeName").is_empty() {
        return Ok(whole(200, PLAIN, ""));
    }
    let container = ContainerRef { pod: at, container };
    Ok(match call.server.node.log(&container, query) {
        Ok(lines) => streamed(PLAIN, lines),
        Err(error) => stream_refused(&error),
    })
}

fn since(call: &Call) -> Result<Option<Timestamp>, Refusal> {
    let (time, seconds) = (call.query.text("sinceTime"), call.query.number::<i64>("sinceSeconds"));
    match (time, seconds) {
        ("", None) => Ok(None),
        ("", Some(seconds)) if seconds > 0 => {
            // longer ago than time goes back is simply everything
            Ok(Timestamp::now().checked_sub(SignedDuration::from_secs(seconds)).ok())
        }
        ("", Some(_)) => Err(Refusal::bad_request("sinceSeconds must be greater than 0")),
        (time, None) => {
            let wrong = || Refusal::bad_request(format!("sinceTime is not a time: {time:?}"));
            time.parse().map(Some).map_err(|_| wrong())
        }
        _ => Err(Refusal::bad_request("at most one of `sinceTime` or `sinceSeconds` may be specified")),
    }
}

/// The container that is meant: the one named, or the only one.
pub(super) fn container(pod: &Value, named: &str) -> Result<String, Refusal> {
    let name = text(pod, "/metadata/name");
    if !named.is_empty() {
        let known = containers(pod).any(|(_, container)| text(container, "/name") == named);
        let unknown = || Refusal::bad_request(format!("container {named} is not valid for pod {name}"));
        return if known { Ok(named.to_owned()) } else { Err(unknown()) };
    }
    let all_of = |wanted: &str| -> Vec<&str> {
        let of = containers(pod).filter(|(list, _)| *list == wanted);
        of.map(|(_, container)| text(container, "/name")).collect()
    };
    let regular = all_of("containers");
    if let [only] = regular.as_slice() {
        return Ok((*only).to_owned());
    }
    let mut message =
        format!("a container name must be specified for pod {name}, choose one of: [{}]", regular.join(" "));
    for (list, what) in [("initContainers", "init"), ("ephemeralContainers", "ephemeral")] {
        let others = all_of(list);
        if !others.is_empty() {
            let _ = write!(message, " or one of the {what} containers: [{}]", others.join(" "));
        }
    }
    Err(Refusal::bad_request(message))
}
