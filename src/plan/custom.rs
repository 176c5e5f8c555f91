//! Partial containers (`--custom`), read by the rules of kubectl; a field is never deleted with one.

mod merge;

use k8s_openapi::api::core::v1::Container;
use serde::Deserialize as _;
use serde_json::Value;

use super::Refusal;
use super::pod::Object;

pub(super) use merge::merge;

/// The fields of a container; any other at the top is passed over, as kubectl does.
const FIELDS: [&str; 24] = [
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "restartPolicyRules",
    "securityContext",
    "startupProbe",
    "stdin",
    "stdinOnce",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeMounts",
    "workingDir",
];
/// The field that a custom container may not hold and that [`FIELDS`] has no other use for.
const VOLUME_DEVICES: &str = "volumeDevices";
/// What a custom container may not set: it is set by flags, or has no meaning for a debugger.
const NOT_MODIFIABLE: [&str; 5] = ["name", "command", "image", "lifecycle", VOLUME_DEVICES];
/// Where the API wants text, so that an unquoted `8080` or `yes` in YAML is meant as text.
const TEXT: [&str; 22] = [
    "add",
    "args",
    "command",
    "containerName",
    "drop",
    "fieldPath",
    "host",
    "image",
    "key",
    "level",
    "limits",
    "mountPath",
    "name",
    "path",
    "prefix",
    "requests",
    "subPath",
    "subPathExpr",
    "terminationMessagePath",
    "user",
    "value",
    "workingDir",
];
/// Switches that the API cannot tell from unset when they are false.
const FALSE_IS_UNSET: [&str; 4] = ["stdin", "stdinOnce", "tty", "readOnly"];
/// Numbers that the API cannot tell from unset when they are zero.
const ZERO_IS_UNSET: [&str; 6] =
    ["hostPort", "initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];

/// Reads a partial container from JSON or YAML, by kubectl's rules: empty text changes nothing; unknown fields,
/// `null`, `$patch` directives and zero values vanish, so nothing can be deleted with it.
///
/// # Errors
/// A [`Refusal`] for text that is neither, and for values of the wrong type. Fields that kubectl forbids here are
/// refused by [`super::validate`].
pub fn parse_custom(text: &str) -> Result<Value, Refusal> {
    if text.trim().is_empty() {
        return Ok(Value::Object(Object::new()));
    }
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => serde_saphyr::from_str(text).map_err(|error| {
            let error = error.to_string();
            let first = error.lines().next().unwrap_or_default();
            Refusal::new(format!("the custom container is neither JSON nor YAML: {first}"))
        })?,
    };
    partial(&value).map(Value::Object)
}

/// A partial container without what means nothing in it.
pub(super) fn partial(value: &Value) -> Result<Object, Refusal> {
    let mut object = match value {
        Value::Null => Object::new(),
        Value::Object(object) => object.clone(),
        _ => {
            return Err(Refusal::new("the custom container is not an object with the fields of a container"));
        }
    };
    object.retain(|field, _| FIELDS.contains(&field.as_str()) || field == VOLUME_DEVICES);
    for (field, value) in &mut object {
        to_text(field, value);
    }
    let mut value = Value::Object(object);
    drop_unset(&mut value);
    if let Err(error) = Container::deserialize(&value) {
        return Err(Refusal::new(format!("the custom container is not valid: {error}")));
    }
    match value {
        Value::Object(object) => Ok(object),
        _ => Ok(Object::new()),
    }
}

/// The fields in it that kubectl does not let it set.
pub(super) fn not_modifiable(custom: &Object) -> Vec<&'static str> {
    NOT_MODIFIABLE.into_iter().filter(|field| custom.contains_key(*field)).collect()
}

/// Turns scalars into text where the API wants text.
fn to_text(field: &str, value: &mut Value) {
    match value {
        Value::Object(object) => {
            let is_map_of_text = matches!(field, "limits" | "requests");
            for (name, value) in object {
                to_text(if is_map_of_text { field } else { name }, value);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| to_text(field, value)),
        Value::Bool(_) | Value::Number(_) if TEXT.contains(&field) => {
            *value = Value::String(value.to_string());
        }
        _ => {}
    }
}

/// Drops nulls, directives and values that the API cannot tell from unset.
fn drop_unset(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|name, value| {
                drop_unset(value);
                !name.starts_with('$') && !is_unset(name, value)
            });
        }
        Value::Array(list) => list.iter_mut().for_each(drop_unset),
        _ => {}
    }
}

fn is_unset(field: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(on) => !on && FALSE_IS_UNSET.contains(&field),
        Value::Number(number) => number.as_i64() == Some(0) && ZERO_IS_UNSET.contains(&field),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty() && matches!(field, "limits" | "requests"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_yaml_are_read_and_nothing_is_a_change() {
        assert_eq!(parse_custom(r#"{"workingDir":"/tmp"}"#).unwrap(), json!({"workingDir": "/tmp"}));
        assert_eq!(
            parse_custom("env:\n- {name: FOO, value: two}\n").unwrap(),
            json!({"env": [{"name": "FOO", "value": "two"}]})
        );
        for empty in ["", " \n", "{}", "null", "# only a remark\n"] {
            assert_eq!(parse_custom(empty).unwrap(), json!({}), "{empty:?}");
        }
    }

    #[test]
    fn what_is_no_container_is_refused() {
        for text in ["{", "- a\n- b\n", "plain", "42", "env: {a: b}", "args: word", "securityContext: {runAsUser: x}"] {
            assert!(parse_custom(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn text_fields_take_unquoted_numbers_and_the_booleans_of_yaml_1_1() {
        assert_eq!(
            parse_custom("args: [y, 8080]\nenv: [{name: PORT, value: 80}]\nresources: {limits: {cpu: 1}}\n").unwrap(),
            json!({
                "args": ["true", "8080"],
                "env": [{"name": "PORT", "value": "80"}],
                "resources": {"limits": {"cpu": "1"}},
            })
        );
        assert_eq!(parse_custom("tty: yes\n").unwrap(), json!({"tty": true}));
    }

    #[test]
    fn nulls_directives_zeros_and_unknown_fields_vanish_but_forced_switches_stay() {
        let custom = partial(&json!({
            "$patch": "delete", "nosuch": 1, "stdin": false, "args": [], "workingDir": "", "env": null,
            "securityContext": {"runAsUser": 0, "runAsNonRoot": false, "privileged": null, "$retainKeys": ["x"]},
            "volumeMounts": [{"name": "d", "mountPath": "/d", "readOnly": false}],
        }))
        .unwrap();
        assert_eq!(
            Value::Object(custom),
            json!({
                "securityContext": {"runAsUser": 0, "runAsNonRoot": false},
                "volumeMounts": [{"name": "d", "mountPath": "/d"}],
            })
        );
    }

    #[test]
    fn each_field_that_is_not_modifiable_is_found() {
        for custom in [
            json!({"name": "x"}),
            json!({"command": ["x"]}),
            json!({"image": "x"}),
            json!({"lifecycle": {}}),
            json!({"volumeDevices": [{"name": "x", "devicePath": "/x"}]}),
        ] {
            assert_eq!(not_modifiable(&partial(&custom).unwrap()).len(), 1, "{custom}");
        }
        assert!(not_modifiable(&partial(&json!({"name": "", "command": []})).unwrap()).is_empty());
    }
}
