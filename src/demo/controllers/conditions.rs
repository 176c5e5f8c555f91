//! Conditions in a status: a change of what one says moves its time, anything else does not.

use serde_json::{Value, json};

use crate::demo::object::items;
use crate::demo::store::now;

/// One condition as it is now: its type, whether it holds (`True`, `False`), reason and message.
pub(super) type Condition<'a> = (&'a str, &'a str, &'a str, String);

/// The list of these conditions; the times of those that say what they said before stay.
pub(super) fn updated(object: &Value, wanted: &[Condition<'_>]) -> Value {
    let before = items(object, "/status/conditions");
    wanted
        .iter()
        .map(|(kind, status, reason, message)| {
            let old = before.iter().find(|old| old["type"] == *kind);
            let time = |field: &str, unchanged: bool| {
                let kept = old.filter(|_| unchanged).and_then(|old| old[field].as_str());
                kept.map_or_else(now, ToOwned::to_owned)
            };
            let same_status = old.is_some_and(|old| old["status"] == *status);
            let same = same_status && old.is_some_and(|old| old["reason"] == *reason && old["message"] == **message);
            json!({
                "type": kind,
                "status": status,
                "lastUpdateTime": time("lastUpdateTime", same),
                "lastTransitionTime": time("lastTransitionTime", same_status),
                "reason": reason,
                "message": message,
            })
        })
        .collect()
}
