//! `pods/NAME/log`: which container's log is meant and which part of it; the node has the lines.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::answer::{Answer, FieldError, Refusal, stream_refused, streamed, whole};
use super::call::Call;
use crate::demo::node::{ContainerRef, LogQuery, PodRef};
use crate::demo::object::{containers, text};
use crate::demo::resource::{Resource, by_plural};

const PLAIN: &str = "text/plain; charset=utf-8";

/// `GET` of a log.
pub(super) fn log(call: &Call, pod: &Value, at: PodRef) -> Result<Answer, Refusal> {
    let numbers = Numbers::read(call)?;
    let time = since_time(call)?;
    numbers.check(&at.name, time.is_some())?;
    let container = container(pod, call.query.text("container"))?;
    // longer ago than time goes back is simply everything
    let ago = numbers.since_seconds.map(SignedDuration::from_secs);
    let query = LogQuery {
        follow: call.query.flag("follow"),
        previous: call.query.flag("previous"),
        timestamps: call.query.flag("timestamps"),
        tail_lines: numbers.tail_lines.and_then(|lines| lines.try_into().ok()),
        since: time.or_else(|| Timestamp::now().checked_sub(ago?).ok()),
        limit_bytes: numbers.limit_bytes.and_then(|bytes| bytes.try_into().ok()),
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

/// What the query says in numbers.
struct Numbers {
    tail_lines: Option<i64>,
    limit_bytes: Option<i64>,
    since_seconds: Option<i64>,
}

impl Numbers {
    fn read(call: &Call) -> Result<Self, Refusal> {
        let number = |name: &str| {
            let given = call.query.text(name);
            let wrong = |_| Refusal::bad_request(format!("strconv.ParseInt: parsing {given:?}: invalid syntax"));
            if given.is_empty() { Ok(None) } else { given.parse().map(Some).map_err(wrong) }
        };
        Ok(Self {
            tail_lines: number("tailLines")?,
            limit_bytes: number("limitBytes")?,
            since_seconds: number("sinceSeconds")?,
        })
    }

    fn check(&self, pod: &str, has_time: bool) -> Result<(), Refusal> {
        let mut errors = Vec::new();
        for (field, value, least, rule) in [
            ("tailLines", self.tail_lines, 0, "must be greater than or equal to 0"),
            ("limitBytes", self.limit_bytes, 1, "must be greater than 0"),
            ("sinceSeconds", self.since_seconds, 1, "must be greater than 0"),
        ] {
            if let Some(value) = value.filter(|value| *value < least) {
                errors.push(FieldError::invalid(field, &json!(value), rule));
            }
        }
        if has_time && self.since_seconds.is_some() {
            let rule = "at most one of `sinceTime` or `sinceSeconds` may be specified";
            errors.push(FieldError::forbidden("[]", rule));
        }
        if errors.is_empty() {
            return Ok(());
        }
        let pods = by_plural("pods").expect("pods are in the table of kinds");
        Err(Refusal::invalid(&Resource { kind: "PodLogOptions", ..pods.clone() }, pod, &errors))
    }
}

fn since_time(call: &Call) -> Result<Option<Timestamp>, Refusal> {
    let time = call.query.text("sinceTime");
    let wrong =
        |_| Refusal::bad_request(format!("parsing time {time:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse"));
    if time.is_empty() { Ok(None) } else { time.parse().map(Some).map_err(wrong) }
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
