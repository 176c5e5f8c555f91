//! The rules of ephemeral containers: what a new one may have, and that an old one stays as it is.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::{container_basics, volume_mounts};
use crate::demo::object::{items, text};
use crate::demo::server::answer::FieldError;

/// What an ephemeral container cannot have; the API names them in this order.
const NOT_ALLOWED: &[&str] = &[
    "lifecycle",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "resources",
    "ports",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
];

const FIELD: &str = "spec.ephemeralContainers";

/// What is wrong with the ephemeral containers of `new`, which replace those of `old`; defaults are filled in.
pub(crate) fn ephemeral_containers(old: &Value, new: &Value) -> Vec<FieldError> {
    let annotations = old.pointer("/metadata/annotations");
    if annotations.is_some_and(|all| all.get("kubernetes.io/config.mirror").is_some()) {
        return vec![FieldError::forbidden("[]", "static pods do not support ephemeral containers")];
    }
    let mut errors = Vec::new();
    let regular = || items(old, "/spec/containers").iter().chain(items(old, "/spec/initContainers"));
    let mut seen: HashSet<&str> = regular().map(|one| text(one, "/name")).collect();
    for (index, container) in items(new, "/spec/ephemeralContainers").iter().enumerate() {
        let field = format!("{FIELD}[{index}]");
        container_basics(&field, container, &mut seen, &mut errors);
        let target = text(container, "/targetContainerName");
        if !target.is_empty() && !regular().any(|one| text(one, "/name") == target) {
            errors.push(FieldError::not_found(&format!("{field}.targetContainerName"), target));
        }
        for name in NOT_ALLOWED.iter().filter(|name| is_set(container.get(**name))) {
            let field = format!("{field}.{name}");
            errors.push(FieldError::forbidden(&field, "cannot be set for an Ephemeral Container"));
        }
        volume_mounts(&field, container, old, &mut errors);
        for (at, mount) in items(container, "/volumeMounts").iter().enumerate() {
            for name in ["subPath", "subPathExpr"].iter().filter(|name| is_set(mount.get(**name))) {
                let field = format!("{field}.volumeMounts[{at}].{name}");
                errors.push(FieldError::forbidden(&field, "cannot be set for an Ephemeral Container"));
            }
        }
        if text(old, "/spec/os/name") == "windows" {
            windows(&field, container, &mut errors);
        }
    }
    errors.extend(unchanged(old, new));
    errors
}

fn is_set(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Object(map)) => !map.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

fn windows(field: &str, container: &Value, errors: &mut Vec<FieldError>) {
    for name in ["capabilities", "privileged", "seccompProfile", "allowPrivilegeEscalation"] {
        if is_set(container.pointer(&format!("/securityContext/{name}"))) {
            let field = format!("{field}.securityContext.{name}");
            errors.push(FieldError::forbidden(&field, "cannot be set for a windows pod"));
        }
    }
}

/// The first ephemeral container that was changed or removed.
fn unchanged(old: &Value, new: &Value) -> Option<FieldError> {
    let now = items(new, "/spec/ephemeralContainers");
    items(old, "/spec/ephemeralContainers").iter().find_map(|before| {
        let name = text(before, "/name");
        let what = match now.iter().find(|one| text(one, "/name") == name) {
            None => "removed\n".to_owned(),
            Some(after) if after != before => format!("changed\n{}", difference(before, after)),
            Some(_) => return None,
        };
        let detail = format!("existing ephemeral containers {name:?} may not be {what}");
        Some(FieldError::forbidden(FIELD, &detail))
    })
}

/// The fields that differ, each as it was and as it would be.
fn difference(before: &Value, after: &Value) -> String {
    let fields =
        |value: &Value| -> Vec<String> { value.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect() };
    let mut names = fields(before);
    names.extend(fields(after));
    let mut seen = HashSet::new();
    let mut lines = String::new();
    for name in names.into_iter().filter(|name| before.get(name) != after.get(name)) {
        if seen.insert(name.clone()) {
            for (sign, side) in [('-', before), ('+', after)] {
                if let Some(value) = side.get(&name) {
                    let field = capitalized(&name);
                    let _ = writeln!(lines, "{sign} {field:?}: {value},");
                }
            }
        }
    }
    lines
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
