//! What a copy of a pod has that its original has not, and the other way round; it reads both and changes neither.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::description::{Cell, Page, Standing, said, standing};
use super::super::surroundings::Read;
use super::super::workload::cannot;
use crate::cluster::marks;
use crate::cluster::text::cleaned;

/// How the API server begins the name of the volume with a pod's token; the end is drawn for each pod.
const TOKEN: &str = "kube-api-access-";
/// What the scheduler and the API server give each pod anew.
const OWN: [&str; 4] = ["/spec/nodeName", "/spec/ephemeralContainers", "/spec/hostname", "/spec/priority"];
/// A copy is told apart in this many lines.
const MOST: usize = 60;
/// A value longer than this is cut.
const LONGEST: usize = 80;

/// The name of the pod that this one is a copy of, where that was noted.
pub(in crate::cluster::describe) fn original_of(pod: &Value) -> Option<&str> {
    pod["metadata"]["annotations"][marks::COPIED_FROM].as_str().filter(|name| !name.is_empty())
}

/// Tells of a copy what it is of, and what is different.
pub(super) fn copied(page: &mut Page, pod: &Value, original: Option<&Read<Option<Value>>>) {
    let Some(name) = original_of(pod) else { return };
    page.field(0, "Copy Of", name);
    let original = match original {
        None => return,
        Some(Err(problem)) => return page.cell(0, "Changed", cannot(problem)),
        Some(Ok(None)) => return page.cell(0, "Changed", standing(Standing::Faint, "its original is gone")),
        Some(Ok(Some(original))) => original,
    };
    let mut changes = Vec::new();
    differences("/metadata/labels", &original["metadata"]["labels"], &pod["metadata"]["labels"], &mut changes);
    differences("/spec", &original["spec"], &pod["spec"], &mut changes);
    if changes.is_empty() {
        return page.cell(0, "Changed", standing(Standing::Faint, "nothing but its name"));
    }
    page.group(0, "Changed");
    for Change { path, was, is } in changes.iter().take(MOST) {
        let path = path.trim_start_matches("/spec/").trim_start_matches("/metadata/");
        let (was, is) = (was.as_deref().map(short), is.as_deref().map(short));
        let told = match (was, is) {
            (None, Some(is)) => standing(Standing::Good, format!("+ {is}")),
            (Some(was), None) => standing(Standing::Bad, format!("- {was}")),
            (was, is) => said(format!("{} → {}", was.unwrap_or_default(), is.unwrap_or_default())),
        };
        page.row(1, vec![Cell::Name(cleaned(&format!("{path}:"))), told]);
    }
    if changes.len() > MOST {
        page.words(1, format!("… and {} more", changes.len() - MOST));
    }
}

struct Change {
    path: String,
    was: Option<String>,
    is: Option<String>,
}

fn short(text: &str) -> String {
    super::super::labels::shortened(text, LONGEST)
}

/// What names an entry of a list, where something does.
fn name(item: &Value) -> Option<&str> {
    ["name", "mountPath", "devicePath"].into_iter().find_map(|field| item[field].as_str())
}

fn differences(path: &str, was: &Value, is: &Value, found: &mut Vec<Change>) {
    if was == is || OWN.contains(&path) {
        return;
    }
    match (was, is) {
        (Value::Object(_), Value::Object(_) | Value::Null) | (Value::Null, Value::Object(_))
            if !is_entry(path, was, is) =>
        {
            let keys: BTreeSet<&String> =
                [was, is].into_iter().filter_map(Value::as_object).flat_map(|map| map.keys()).collect();
            for key in keys {
                differences(&format!("{path}/{key}"), &was[key], &is[key], found);
            }
        }
        (Value::Array(_) | Value::Null, Value::Array(_) | Value::Null) if all_named(was) && all_named(is) => {
            let of = |list: &Value, wanted: &str| {
                let mut items = list.as_array().into_iter().flatten();
                items.find(|item| name(item) == Some(wanted)).cloned().unwrap_or(Value::Null)
            };
            let names: Vec<&str> =
                [was, is].into_iter().filter_map(Value::as_array).flatten().filter_map(name).collect();
            let mut told = BTreeSet::new();
            for wanted in names.into_iter().filter(|name| !name.starts_with(TOKEN) && told.insert(*name)) {
                differences(&format!("{path}/{wanted}"), &of(was, wanted), &of(is, wanted), found);
            }
        }
        _ => {
            let word = |value: &Value| match value {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                other => Some(other.to_string()),
            };
            // The mount of a token whose volume has another name.
            let is_token = |value: &Value| value["name"].as_str().is_some_and(|name| name.starts_with(TOKEN));
            if !is_token(was) && !is_token(is) {
                found.push(Change { path: path.to_owned(), was: word(was), is: word(is) });
            }
        }
    }
}

/// An entry of a list that is there on one side only is told as a whole.
fn is_entry(path: &str, was: &Value, is: &Value) -> bool {
    (was.is_null() || is.is_null()) && (name(was).is_some() || name(is).is_some()) && path.matches('/').count() > 2
}

fn all_named(list: &Value) -> bool {
    list.as_array().into_iter().flatten().all(|item| name(item).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_copy_is_told_by_what_is_different() {
        let original = json!({
            "metadata": {"name": "api", "labels": {"app": "api"}},
            "spec": {"nodeName": "a", "containers": [{
                "name": "app", "image": "api:1", "env": [{"name": "MODE", "value": "fast"}],
                "livenessProbe": {"exec": {"command": ["true"]}},
                "volumeMounts": [{"name": "kube-api-access-aaaaa", "mountPath": "/token"}],
            }], "volumes": [{"name": "kube-api-access-aaaaa"}]},
        });
        let copy = json!({
            "metadata": {"name": "api-copy", "annotations": {marks::COPIED_FROM: "api"}},
            "spec": {"nodeName": "b", "shareProcessNamespace": true, "containers": [
                {"name": "app", "image": "api:2", "env": [{"name": "MODE", "value": "slow"}],
                 "volumeMounts": [{"name": "kube-api-access-bbbbb", "mountPath": "/token"}]},
                {"name": "debugger-x", "image": "busybox"},
            ], "volumes": [{"name": "kube-api-access-bbbbb"}]},
        });
        let mut page = Page::new(jiff::tz::TimeZone::UTC);
        copied(&mut page, &copy, Some(&Ok(Some(original))));
        let lines: Vec<String> = page
            .finish()
            .iter()
            .map(|entry| entry.texts(jiff::Timestamp::UNIX_EPOCH, |_, _| String::new()).join(" "))
            .collect();
        assert_eq!(
            lines,
            [
                "Copy Of: api",
                "Changed:",
                "labels/app: - api",
                "containers/app/env/MODE/value: fast → slow",
                "containers/app/image: api:1 → api:2",
                "containers/app/livenessProbe/exec/command: - [\"true\"]",
                "containers/debugger-x: + {\"name\":\"debugger-x\",\"image\":\"busybox\"}",
                "shareProcessNamespace: + true",
            ]
        );
    }
}
