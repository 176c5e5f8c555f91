//! An object of a kind that has no description of its own: every field of it, as kubectl tells such; it knows no kind.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::description::Page;
use super::labels::{annotations, labels};

/// What is told at the top, or to nobody.
const SKIPPED: [&str; 5] =
    [".metadata.managedFields", ".metadata.name", ".metadata.namespace", ".metadata.labels", ".metadata.annotations"];
/// What is written in capitals.
const ACRONYMS: [&str; 4] = ["API", "URL", "UID", "GUID"];
/// The values of a Secret.
const SECRETS: [&str; 2] = ["data", "stringData"];
/// Deeper than any object of the API is nested.
const DEEPEST: usize = 64;

/// Tells a whole object.
pub(super) fn object(page: &mut Page, object: &Value) {
    let metadata = &object["metadata"];
    let map = |value: &Value| -> BTreeMap<String, String> {
        let pairs = value.as_object().into_iter().flatten();
        pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    };
    page.field(0, "Name", metadata["name"].as_str().unwrap_or_default());
    page.field(0, "Namespace", metadata["namespace"].as_str().unwrap_or_default());
    labels(page, 0, "Labels", Some(&map(&metadata["labels"])));
    annotations(page, 0, Some(&map(&metadata["annotations"])));
    if let Some(fields) = object.as_object() {
        content(page, 0, fields, "");
    }
}

fn content(page: &mut Page, depth: usize, fields: &Map<String, Value>, above: &str) {
    let is_secret = above.is_empty() && fields.get("kind").is_some_and(|kind| kind == "Secret");
    if depth > DEEPEST {
        return page.words(depth, "…");
    }
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_unstable();
    for name in names {
        let path = format!("{above}.{name}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let title = title(name);
        match &fields[name] {
            Value::Object(secrets) if above.is_empty() && is_secret && SECRETS.contains(&name.as_str()) => {
                page.group(depth, &title);
                for (name, value) in secrets {
                    // As kubectl tells a Secret: how much there is, in bytes of what base64 holds.
                    let length = value.as_str().map_or(0, |text| text.trim_end_matches('=').len() * 3 / 4);
                    page.field(depth + 1, name, format!("{length} bytes"));
                }
            }
            Value::Object(inner) => {
                page.group(depth, &title);
                content(page, depth + 1, inner, &path);
            }
            Value::Array(items) => {
                page.group(depth, &title);
                for item in items {
                    match item {
                        Value::Object(inner) => content(page, depth + 1, inner, &path),
                        other => page.words(depth + 1, plain(other)),
                    }
                }
            }
            other => page.field(depth, &title, plain(other)),
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `podCIDRs` → `Pod CID Rs`: the words of a field's name as kubectl takes it apart.
fn title(field: &str) -> String {
    if field.contains(|c: char| !c.is_alphabetic() && c != '-') {
        return field.to_owned();
    }
    let worded = words(field).into_iter().map(|word| {
        let upper = word.to_uppercase();
        if ACRONYMS.contains(&upper.as_str()) {
            return upper;
        }
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        if word.chars().all(|c| !c.is_uppercase()) { first + letters.as_str() } else { word }
    });
    worded.collect::<Vec<_>>().join(" ")
}

/// A run of letters of one case is a word; the last capital before small letters begins theirs.
fn words(field: &str) -> Vec<String> {
    let class = |c: char| (c.is_uppercase(), c.is_alphabetic());
    let mut runs: Vec<String> = Vec::new();
    for c in field.chars() {
        match runs.last_mut() {
            Some(run) if run.chars().next_back().map(class) == Some(class(c)) => run.push(c),
            _ => runs.push(c.to_string()),
        }
    }
    for at in 1..runs.len() {
        let is = |run: &str, upper: bool| run.starts_with(|c: char| c.is_alphabetic() && c.is_uppercase() == upper);
        if is(&runs[at - 1], true)
            && is(&runs[at], false)
            && let Some(last) = runs[at - 1].pop()
        {
            runs[at].insert(0, last);
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_keeps_its_values() {
        let mut page = Page::new(jiff::tz::TimeZone::UTC);
        object(&mut page, &serde_json::json!({"kind": "Secret", "data": {"password": "aHVudGVyMg=="}}));
        let said = format!("{:?}", page.finish());
        assert!(!said.contains("aHVudGVyMg") && said.contains("7 bytes"), "{said}");
    }

    #[test]
    fn names_of_fields_are_taken_apart() {
        for (field, expected) in [
            ("apiVersion", "API Version"),
            ("creationTimestamp", "Creation Timestamp"),
            ("kind", "Kind"),
            ("uid", "UID"),
            ("example.com/x", "example.com/x"),
            ("IP", "IP"),
            ("hostIP", "Host IP"),
        ] {
            assert_eq!(title(field), expected);
        }
    }
}
