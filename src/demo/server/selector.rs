//! Label and field selectors, as `kubectl -l` and `--field-selector` send them; it lists nothing.

use serde_json::Value;

use super::answer::Refusal;
use crate::demo::object::text;
use crate::demo::resource::Resource;

/// Both selectors of a request; empty ones match everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    labels: Vec<(String, Wanted)>,
    fields: Vec<(String, Wanted)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    In(Vec<String>),
    NotIn(Vec<String>),
    Present,
    Absent,
}

impl Wanted {
    fn holds(&self, value: Option<&str>) -> bool {
        let among = |list: &[String]| value.is_some_and(|value| list.iter().any(|one| one == value));
        match self {
            Self::In(list) => among(list),
            Self::NotIn(list) => !among(list),
            Self::Present => value.is_some(),
            Self::Absent => value.is_none(),
        }
    }
}

impl Selector {
    /// Reads both.
    pub(crate) fn parse(resource: &Resource, labels: &str, fields: &str) -> Result<Self, Refusal> {
        let mut selector = Self::default();
        for requirement in split_outside_parentheses(labels) {
            selector.labels.push(label_requirement(requirement)?);
        }
        for requirement in fields.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            let (field, wanted) = field_requirement(requirement)?;
            if pointer(resource, &field).is_none() {
                return Err(Refusal::bad_request(format!("field label not supported: {field}")));
            }
            selector.fields.push((field, wanted));
        }
        Ok(selector)
    }

    /// Whether it asks for everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    /// The name asked for, where one is.
    pub(crate) fn name(&self) -> Option<&str> {
        self.fields.iter().find_map(|(field, wanted)| match wanted {
            Wanted::In(names) if field == "metadata.name" => names.first().map(String::as_str),
            _ => None,
        })
    }

    /// Whether it asks for this object.
    pub(crate) fn matches(&self, resource: &Resource, object: &Value) -> bool {
        let labels = object.pointer("/metadata/labels");
        self.labels
            .iter()
            .all(|(label, wanted)| wanted.holds(labels.and_then(|labels| labels.get(label)).and_then(Value::as_str)))
            && self.fields.iter().all(|(field, wanted)| {
                let at = pointer(resource, field).unwrap_or_default();
                wanted.holds(Some(text(object, at)))
            })
    }
}

/// Where a field that can be selected by is found.
fn pointer(resource: &Resource, field: &str) -> Option<&'static str> {
    Some(match (resource.plural, field) {
        (_, "metadata.name") => "/metadata/name",
        (_, "metadata.namespace") => "/metadata/namespace",
        ("pods", "spec.nodeName") => "/spec/nodeName",
        ("pods", "spec.restartPolicy") => "/spec/restartPolicy",
        ("pods", "spec.schedulerName") => "/spec/schedulerName",
        ("pods", "spec.serviceAccountName") => "/spec/serviceAccountName",
        ("pods" | "namespaces", "status.phase") => "/status/phase",
        ("pods", "status.podIP") => "/status/podIP",
        ("pods", "status.nominatedNodeName") => "/status/nominatedNodeName",
        ("events", "reason") => "/reason",
        ("events" | "secrets", "type") => "/type",
        ("events", field) => return event_pointer(resource, field),
        ("services", "spec.clusterIP") => "/spec/clusterIP",
        ("services", "spec.type") => "/spec/type",
        _ => return None,
    })
}

/// The two groups that serve events name the same fields differently.
fn event_pointer(resource: &Resource, field: &str) -> Option<&'static str> {
    if resource.group.is_empty() && field == "source" {
        return Some("/source/component");
    }
    let (involved, reporting) = if resource.group.is_empty() {
        ("involvedObject.", "reportingComponent")
    } else {
        ("regarding.", "reportingController")
    };
    if field == reporting {
        return Some("/reportingComponent");
    }
    Some(match field.strip_prefix(involved)? {
        "kind" => "/involvedObject/kind",
        "namespace" => "/involvedObject/namespace",
        "name" => "/involvedObject/name",
        "uid" => "/involvedObject/uid",
        "apiVersion" => "/involvedObject/apiVersion",
        "resourceVersion" => "/involvedObject/resourceVersion",
        "fieldPath" => "/involvedObject/fieldPath",
        _ => return None,
    })
}

fn split_outside_parentheses(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|one| !one.is_empty())
}

fn field_requirement(requirement: &str) -> Result<(String, Wanted), Refusal> {
    let split = |by: &str| requirement.split_once(by).map(|(k, v)| (k.to_owned(), vec![v.to_owned()]));
    if let Some((field, value)) = split("!=") {
        return Ok((field, Wanted::NotIn(value)));
    }
    if let Some((field, value)) = split("==").or_else(|| split("=")) {
        return Ok((field, Wanted::In(value)));
    }
    Err(Refusal::bad_request(format!("invalid selector: '{requirement}'; can't understand '{requirement}'")))
}

fn label_requirement(requirement: &str) -> Result<(String, Wanted), Refusal> {
    let words = |list: &str| -> Vec<String> {
        let inner = list.trim().trim_start_matches('(').trim_end_matches(')');
        inner.split(',').map(|value| value.trim().to_owned()).collect()
    };
    let split = |by: &str| requirement.split_once(by).map(|(k, v)| (k.trim().to_owned(), v));
    if let Some((label, list)) = split(" notin ").or_else(|| split(" notin(")) {
        return Ok((label, Wanted::NotIn(words(list))));
    }
    if let Some((label, list)) = split(" in ").or_else(|| split(" in(")) {
        return Ok((label, Wanted::In(words(list))));
    }
    if let Some((label, value)) = split("!=") {
        return Ok((label, Wanted::NotIn(vec![value.trim().to_owned()])));
    }
    if let Some((label, value)) = split("==").or_else(|| split("=")) {
        return Ok((label, Wanted::In(vec![value.trim().to_owned()])));
    }
    if let Some(label) = requirement.strip_prefix('!') {
        return Ok((label.trim().to_owned(), Wanted::Absent));
    }
    if requirement.contains(char::is_whitespace) {
        let message = format!("unable to parse requirement: found '{requirement}'");
        return Err(Refusal::bad_request(message));
    }
    Ok((requirement.to_owned(), Wanted::Present))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::resource::by_plural;

    fn matches(labels: &str, fields: &str) -> bool {
        let pods = by_plural("pods").unwrap();
        let pod = json!({
            "metadata": { "name": "one", "labels": { "app": "web", "tier": "front" } },
            "spec": { "nodeName": "node1" },
        });
        Selector::parse(pods, labels, fields).unwrap().matches(pods, &pod)
    }

    #[test]
    fn labels_are_matched_in_every_form() {
        for yes in ["", "app=web", "app==web", "app!=db", "app in (db, web)", "app", "!gone"] {
            assert!(matches(yes, ""), "{yes}");
        }
        for no in ["app=db", "app!=web", "app notin (web,x)", "gone", "!app", "app in (a,b),tier"] {
            assert!(!matches(no, ""), "{no}");
        }
        assert!(matches("app in (web,db),tier=front,gone!=x", ""));
    }

    #[test]
    fn fields_are_matched_or_refused() {
        assert!(matches("", "metadata.name=one,spec.nodeName!=node2"));
        assert!(!matches("", "spec.nodeName="));
        let pods = by_plural("pods").unwrap();
        assert!(Selector::parse(pods, "", "spec.nothing=x").is_err());
        let events = |group: &str, fields: &str| {
            Selector::parse(crate::demo::resource::find(group, "events").unwrap(), "", fields).is_ok()
        };
        assert!(events("", "involvedObject.name=x,reportingComponent=kubelet,type=Warning"));
        assert!(events("events.k8s.io", "regarding.name=x,reportingController=kubelet,reason=BackOff"));
        assert!(!events("", "regarding.name=x") && !events("events.k8s.io", "involvedObject.name=x"));
        let one = Selector::parse(pods, "", "metadata.name=one").unwrap();
        assert_eq!(one.name(), Some("one"));
    }
}
