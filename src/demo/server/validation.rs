//! The rules a pod must keep, each with the field it is about; it changes nothing.

mod ephemeral;

use std::collections::HashSet;

use serde_json::{Value, json};

use super::answer::FieldError;
use crate::demo::object::{containers, is_true, items, text};

pub(crate) use ephemeral::ephemeral_containers;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Whether it is a DNS label in lower case.
fn is_label(name: &str) -> bool {
    let inner = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
    name.len() <= 63 && is_within(name, inner)
}

fn is_within(name: &str, inner: impl Fn(u8) -> bool) -> bool {
    let ends = |letter: Option<u8>| letter.is_some_and(|one| inner(one) && one != b'-');
    name.bytes().all(&inner) && ends(name.bytes().next()) && ends(name.bytes().last())
}

/// What is wrong with the name of an object.
pub(crate) fn object_name(name: &str) -> Vec<FieldError> {
    let field = "metadata.name";
    if name.is_empty() {
        return vec![FieldError::required(field, "name or generateName is required")];
    }
    let parts_are_right = name
        .split('.')
        .all(|part| is_within(part, |letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-'));
    if name.len() > 253 {
        return vec![FieldError::invalid(field, &json!(name), "must be no more than 253 bytes")];
    }
    if parts_are_right { Vec::new() } else { vec![FieldError::invalid(field, &json!(name), SUBDOMAIN)] }
}

/// What is wrong with a new pod, its defaults filled in.
pub(crate) fn pod(pod: &Value) -> Vec<FieldError> {
    let mut errors = object_name(text(pod, "/metadata/name"));
    let mut seen = HashSet::new();
    if items(pod, "/spec/containers").is_empty() {
        errors.push(FieldError::required("spec.containers", ""));
    }
    for list in ["containers", "initContainers"] {
        for (index, container) in items(pod, &format!("/spec/{list}")).iter().enumerate() {
            let field = format!("spec.{list}[{index}]");
            container_basics(&field, container, &mut seen, &mut errors);
            volume_mounts(&field, container, pod, &mut errors);
        }
    }
    if !items(pod, "/spec/ephemeralContainers").is_empty() {
        let detail = "cannot be set on create";
        errors.push(FieldError::forbidden("spec.ephemeralContainers", detail));
    }
    let policies = ["Always", "OnFailure", "Never"];
    one_of("spec.restartPolicy", text(pod, "/spec/restartPolicy"), &policies, &mut errors);
    if is_true(pod, "/spec/hostPID") && is_true(pod, "/spec/shareProcessNamespace") {
        let detail = "ShareProcessNamespace and HostPID cannot both be enabled";
        errors.push(FieldError::invalid("spec.shareProcessNamespace", &json!(true), detail));
    }
    volumes(pod, &mut errors);
    errors
}

fn volumes(pod: &Value, errors: &mut Vec<FieldError>) {
    let mut seen = HashSet::new();
    for (index, volume) in items(pod, "/spec/volumes").iter().enumerate() {
        let (field, name) = (format!("spec.volumes[{index}].name"), text(volume, "/name"));
        if name.is_empty() {
            errors.push(FieldError::required(&field, ""));
        } else if !is_label(name) {
            errors.push(FieldError::invalid(&field, &json!(name), LABEL));
        } else if !seen.insert(name) {
            errors.push(FieldError::duplicate(&field, name));
        }
    }
}

fn one_of(field: &str, value: &str, allowed: &[&str], errors: &mut Vec<FieldError>) {
    if !allowed.contains(&value) {
        errors.push(FieldError::not_supported(field, value, allowed));
    }
}

/// Name, image and pull policy, which every kind of container has.
fn container_basics<'a>(field: &str, container: &'a Value, seen: &mut HashSet<&'a str>, errors: &mut Vec<FieldError>) {
    let (name, image) = (text(container, "/name"), text(container, "/image"));
    let name_field = format!("{field}.name");
    if name.is_empty() {
        errors.push(FieldError::required(&name_field, ""));
    } else if !is_label(name) {
        errors.push(FieldError::invalid(&name_field, &json!(name), LABEL));
    } else if !seen.insert(name) {
        errors.push(FieldError::duplicate(&name_field, name));
    }
    let image_field = format!("{field}.image");
    if image.is_empty() {
        errors.push(FieldError::required(&image_field, ""));
    } else if image.trim() != image {
        let detail = "must not have leading or trailing whitespace";
        errors.push(FieldError::invalid(&image_field, &json!(image), detail));
    }
    let policies = ["Always", "IfNotPresent", "Never"];
    one_of(&format!("{field}.imagePullPolicy"), text(container, "/imagePullPolicy"), &policies, errors);
    if is_true(container, "/securityContext/privileged")
        && container.pointer("/securityContext/allowPrivilegeEscalation") == Some(&json!(false))
    {
        errors.push(FieldError::invalid(
            &format!("{field}.securityContext"),
            &container["securityContext"],
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        ));
    }
}

/// Every mount names a volume of the pod.
fn volume_mounts(field: &str, container: &Value, pod: &Value, errors: &mut Vec<FieldError>) {
    for (index, mount) in items(container, "/volumeMounts").iter().enumerate() {
        let name = text(mount, "/name");
        let known = items(pod, "/spec/volumes").iter().any(|volume| text(volume, "/name") == name);
        if !known {
            errors.push(FieldError::not_found(&format!("{field}.volumeMounts[{index}].name"), name));
        }
        if text(mount, "/mountPath").is_empty() {
            let field = format!("{field}.volumeMounts[{index}].mountPath");
            errors.push(FieldError::required(&field, ""));
        }
    }
}

/// What is wrong with a change of a pod that runs: of the spec, only the images may change.
pub(crate) fn pod_update(old: &Value, new: &Value) -> Vec<FieldError> {
    let comparable = |pod: &Value| {
        let mut spec = pod["spec"].clone();
        for list in ["containers", "initContainers"] {
            let all = spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
            for container in all.filter(|container| container.is_object()) {
                container["image"] = Value::Null;
            }
        }
        for field in ["activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations"] {
            spec[field] = Value::Null;
        }
        spec
    };
    if comparable(old) != comparable(new) {
        let detail = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
        return vec![FieldError::forbidden("spec", detail)];
    }
    containers(new)
        .filter(|(list, container)| *list != "ephemeralContainers" && text(container, "/image").is_empty())
        .map(|(list, _)| FieldError::required(&format!("spec.{list}[].image"), ""))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::server::defaults;

    fn errors(mut new: Value) -> Vec<String> {
        defaults::pod(&mut new);
        pod(&new).into_iter().map(|error| format!("{}: {}", error.field, error.message)).collect()
    }

    fn with(spec: &Value) -> Value {
        json!({ "metadata": { "name": "p" }, "spec": spec })
    }

    #[test]
    fn a_plain_pod_is_right() {
        assert!(errors(with(&json!({ "containers": [{ "name": "a", "image": "a" }] }))).is_empty());
    }

    #[test]
    fn each_rule_names_its_field() {
        let one = |container: Value| errors(with(&json!({ "containers": [container] })));
        assert_eq!(errors(with(&json!({}))), ["spec.containers: Required value"]);
        assert_eq!(one(json!({ "image": "a" })), ["spec.containers[0].name: Required value"]);
        assert_eq!(one(json!({ "name": "a" })), ["spec.containers[0].image: Required value"]);
        assert_eq!(
            one(json!({ "name": "a", "image": "a", "volumeMounts": [{ "name": "v", "mountPath": "/v" }] })),
            [r#"spec.containers[0].volumeMounts[0].name: Not found: "v""#]
        );
        let a = json!({ "name": "a", "image": "a" });
        assert_eq!(
            errors(with(&json!({ "containers": [a, a], "ephemeralContainers": [a] }))),
            [
                r#"spec.containers[1].name: Duplicate value: "a""#,
                "spec.ephemeralContainers: Forbidden: cannot be set on create"
            ]
        );
        assert!(
            errors(with(&json!({ "containers": [a], "hostPID": true, "shareProcessNamespace": true })))[0]
                .starts_with("spec.shareProcessNamespace: Invalid value: true")
        );
        assert!(
            errors(json!({ "metadata": { "name": "A_b" }, "spec": { "containers": [a] } }))[0]
                .starts_with("metadata.name: Invalid value: \"A_b\": a lowercase RFC 1123 subdomain")
        );
    }

    #[test]
    fn of_a_running_pod_only_images_may_change() {
        let old = with(&json!({ "containers": [{ "name": "a", "image": "a:1" }] }));
        let mut new = old.clone();
        new["spec"]["containers"][0]["image"] = json!("a:2");
        assert!(pod_update(&old, &new).is_empty());
        new["spec"]["containers"][0]["command"] = json!(["sh"]);
        assert_eq!(pod_update(&old, &new)[0].field, "spec");
    }
}
