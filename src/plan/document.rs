//! What a plan would send, written down for a person or for `kubectl`; it never sends anything.

use serde_json::{Value, json};

use super::{Plan, Refusal, Request};

/// How a document is written: `-o`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, indented.
    Json,
    /// YAML.
    Yaml,
}

/// What these plans would send: for an ephemeral debugger the strategic merge patch, for a copy or on a node the pod.
/// A deletion has no document.
pub fn documents<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Vec<Value> {
    let bodies = plans.into_iter().flat_map(|plan| &plan.requests).filter_map(|request| match request {
        Request::PatchEphemeral { body, .. } | Request::CreatePod { body, .. } => Some(body.clone()),
        Request::DeletePod { .. } => None,
    });
    bodies.collect()
}

/// One document as it is, several as a `List`; `None` of none.
pub fn gathered(mut documents: Vec<Value>) -> Option<Value> {
    match documents.len() {
        0 => None,
        1 => documents.pop(),
        _ => Some(json!({"apiVersion": "v1", "kind": "List", "items": documents})),
    }
}

/// The text of a document, with a line feed at its end and without anything that a terminal would obey.
///
/// # Errors
/// A [`Refusal`] for a value that the format cannot hold.
pub fn text(document: &Value, format: Format) -> Result<String, Refusal> {
    let json = || harmless_json(&format!("{document:#}\n"));
    match format {
        Format::Json => Ok(json()),
        Format::Yaml => {
            let yaml = serde_saphyr::to_string(document)
                .map_err(|error| Refusal::new(format!("this cannot be written as YAML: {error}")))?;
            // JSON is YAML too, and knows a way to write what must not reach a terminal.
            if yaml.chars().any(is_hostile) { Ok(json()) } else { Ok(yaml) }
        }
    }
}

/// Control characters that JSON would let stand are written as escapes.
fn harmless_json(text: &str) -> String {
    use std::fmt::Write as _;
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hostile(character) {
            // Writing to a string does not fail.
            let _ = write!(harmless, "\\u{:04x}", u32::from(character));
        } else {
            harmless.push(character);
        }
    }
    harmless
}

/// Control characters but the line feed, and invisible changes of direction; all within four hexadecimal digits.
fn is_hostile(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Profile;

    fn plan(requests: Vec<Request>) -> Plan {
        Plan {
            requests,
            namespace: "n".into(),
            pod: "p".into(),
            attach: false,
            container: None,
            profile: Profile::General,
            reasons: Vec::new(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn one_is_itself_and_several_are_a_list() {
        let (namespace, pod) = ("n".to_owned(), "p".to_owned());
        let patch =
            Request::PatchEphemeral { namespace: namespace.clone(), pod: pod.clone(), body: json!({"spec": 1}) };
        let create = Request::CreatePod {
            namespace: namespace.clone(),
            pod: pod.clone(),
            container: None,
            body: json!({"kind": "Pod"}),
        };
        let plans = [plan(vec![patch]), plan(vec![create, Request::DeletePod { namespace, pod }])];
        assert_eq!(gathered(documents(&plans[..1])), Some(json!({"spec": 1})));
        assert_eq!(gathered(documents(&plans[1..])), Some(json!({"kind": "Pod"})));
        let list = gathered(documents(&plans)).unwrap();
        assert_eq!(list["kind"], "List");
        assert_eq!(list["items"], json!([{"spec": 1}, {"kind": "Pod"}]));
        assert_eq!(gathered(documents(&[])), None);
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_and_reads_back() {
        let document = json!({"a": "x\u{1b}[2J\u{9b}31m\u{7f}\u{202e}\r\ny", "b": "two\nlines"});
        for format in [Format::Json, Format::Yaml] {
            let text = text(&document, format).unwrap();
            assert!(!text.chars().any(is_hostile), "{text:?}");
            assert_eq!(serde_saphyr::from_str::<Value>(&text).unwrap(), document, "{text}");
        }
    }

    /// kubectl reads YAML 1.1, where these words are no text.
    #[test]
    fn text_that_older_yaml_takes_for_something_else_is_quoted() {
        for word in
            ["y", "n", "yes", "no", "on", "off", "~", "null", "012", "0o17", "1_000", "1:30", "=", "<<", "1e3", ".5"]
        {
            let text = text(&json!({"args": [word]}), Format::Yaml).unwrap();
            let item = text.lines().last().unwrap().trim_start_matches([' ', '-']);
            assert!(item.starts_with(['"', '\'']), "{word}: {text}");
        }
    }
}
