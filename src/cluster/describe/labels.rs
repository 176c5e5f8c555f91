//! Labels, annotations, selectors, tolerations and taints in kubectl's words; it reads nothing else of an object.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Taint, Toleration, TopologySpreadConstraint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::description::{Cell, Page, said};

/// What `kubectl apply` writes for itself, and `kubectl describe` leaves out.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Annotations longer than this stand on lines of their own, and are cut at it.
const LONGEST_ANNOTATION: usize = 140;

type Map = BTreeMap<String, String>;

pub(super) fn labels(page: &mut Page, depth: usize, title: &str, labels: Option<&Map>) {
    page.list(depth, title, labels.into_iter().flatten().map(|(name, value)| format!("{name}={value}")));
}

pub(super) fn annotations(page: &mut Page, depth: usize, annotations: Option<&Map>) {
    let mut shown = annotations.into_iter().flatten().filter(|(name, _)| *name != LAST_APPLIED).peekable();
    if shown.peek().is_none() {
        page.field(depth, "Annotations", "<none>");
    }
    let mut title = "Annotations:";
    for (name, value) in shown {
        let value = value.strip_suffix('\n').unwrap_or(value);
        let title = Cell::Name(std::mem::take(&mut title).to_owned());
        if value.len() + name.len() + 2 > LONGEST_ANNOTATION || value.contains('\n') {
            page.row(depth, vec![title, said(format!("{name}:"))]);
            for line in value.split('\n') {
                let line = said(shortened(line, LONGEST_ANNOTATION - 2));
                let Cell::Text(line) = line else { continue };
                page.row(depth, vec![Cell::Name(String::new()), Cell::Text(format!("  {line}"))]);
            }
        } else {
            page.row(depth, vec![title, said(format!("{name}: {value}"))]);
        }
    }
}

/// The first `longest` bytes, with dots where something was left out.
pub(super) fn shortened(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let end = (0..=longest).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}...", &text[..end])
}

/// Labels and annotations of an object.
pub(super) fn metadata(page: &mut Page, metadata: &ObjectMeta) {
    labels(page, 0, "Labels", metadata.labels.as_ref());
    annotations(page, 0, metadata.annotations.as_ref());
}

/// `Kind/name` of what controls the object, where something does.
pub(super) fn controlled_by(page: &mut Page, metadata: &ObjectMeta) {
    let owners = metadata.owner_references.iter().flatten();
    if let Some(owner) = owners.into_iter().find(|owner| owner.controller == Some(true)) {
        page.field(0, "Controlled By", format!("{}/{}", owner.kind, owner.name));
    }
}

/// A selector in the API's words, its keys in order; empty where it selects by nothing.
pub(super) fn selector(selector: Option<&LabelSelector>) -> String {
    let Some(selector) = selector else { return String::new() };
    let equal = selector.match_labels.iter().flatten().map(|(key, value)| (key.clone(), format!("{key}={value}")));
    let others = selector.match_expressions.iter().flatten().map(|expression| {
        let key = &expression.key;
        let mut values = expression.values.clone().unwrap_or_default();
        values.sort_unstable();
        let values = values.join(",");
        let text = match expression.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.clone(),
        };
        (key.clone(), text)
    });
    let mut parts: Vec<(String, String)> = equal.chain(others).collect();
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
}

/// The same, or `<none>`.
pub(super) fn selector_or_none(of: Option<&LabelSelector>) -> String {
    Some(selector(of)).filter(|text| !text.is_empty()).unwrap_or_else(|| "<none>".to_owned())
}

/// Labels on one line, or `<none>`.
pub(super) fn on_one_line(labels: Option<&Map>) -> String {
    let pairs: Vec<String> = labels.into_iter().flatten().map(|(name, value)| format!("{name}={value}")).collect();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

pub(super) fn tolerations(page: &mut Page, depth: usize, tolerations: Option<&Vec<Toleration>>) {
    let mut tolerations: Vec<&Toleration> = tolerations.into_iter().flatten().collect();
    tolerations.sort_by(|a, b| a.key.cmp(&b.key));
    page.list(depth, "Tolerations", tolerations.into_iter().map(toleration));
}

fn toleration(toleration: &Toleration) -> String {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (key, value, effect) = (filled(&toleration.key), filled(&toleration.value), filled(&toleration.effect));
    let has_place = key.is_some() || effect.is_some();
    let mut text = key.unwrap_or_default();
    let exists = toleration.operator.as_deref() == Some("Exists") && value.is_none();
    if let Some(value) = value {
        text = format!("{text}={value}");
    }
    if let Some(effect) = effect {
        text = format!("{text}:{effect}");
    }
    if exists {
        text.push_str(if has_place { " op=Exists" } else { "op=Exists" });
    }
    if let Some(seconds) = toleration.toleration_seconds {
        text = format!("{text} for {seconds}s");
    }
    text
}

pub(super) fn taints(page: &mut Page, taints: Option<&Vec<Taint>>) {
    let mut taints: Vec<&Taint> = taints.into_iter().flatten().collect();
    taints.sort_by_key(|taint| (&taint.effect, &taint.key));
    page.list(0, "Taints", taints.into_iter().map(taint));
}

fn taint(taint: &Taint) -> String {
    match taint.value.as_deref().unwrap_or_default() {
        "" => format!("{}:{}", taint.key, taint.effect),
        value => format!("{}={value}:{}", taint.key, taint.effect),
    }
}

pub(super) fn spread(page: &mut Page, depth: usize, constraints: Option<&Vec<TopologySpreadConstraint>>) {
    let mut constraints: Vec<&TopologySpreadConstraint> = constraints.into_iter().flatten().collect();
    if constraints.is_empty() {
        return;
    }
    constraints.sort_by_key(|constraint| &constraint.topology_key);
    let told = constraints.into_iter().map(|constraint| {
        let (key, otherwise, skew) = (&constraint.topology_key, &constraint.when_unsatisfiable, constraint.max_skew);
        let of = constraint.label_selector.as_ref();
        let of = of.map(|of| format!(" for selector {}", selector_or_none(Some(of)))).unwrap_or_default();
        format!("{key}:{otherwise} when max skew {skew} is exceeded{of}")
    });
    page.list(depth, "Topology Spread Constraints", told);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_have_their_keys_in_order() {
        let of: LabelSelector = serde_json::from_value(json!({
            "matchLabels": {"tier": "web", "app": "x"},
            "matchExpressions": [
                {"key": "stage", "operator": "In", "values": ["b", "a"]}, {"key": "canary", "operator": "DoesNotExist"},
            ],
        }))
        .unwrap();
        assert_eq!(selector(Some(&of)), "app=x,!canary,stage in (a,b),tier=web");
        assert_eq!(selector_or_none(None), "<none>");
    }

    #[test]
    fn a_toleration_of_everything_is_told_by_its_operator() {
        let told = |value| toleration(&serde_json::from_value(value).unwrap());
        assert_eq!(told(json!({"operator": "Exists"})), "op=Exists");
        assert_eq!(told(json!({"operator": "Exists", "effect": "NoExecute"})), ":NoExecute op=Exists");
        assert_eq!(
            told(json!({"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 5})),
            "a=b:NoExecute for 5s"
        );
    }

    #[test]
    fn a_long_annotation_is_cut_between_characters() {
        assert_eq!(shortened("ééé", 3), "é...");
        assert_eq!(shortened("abc", 3), "abc");
    }
}
