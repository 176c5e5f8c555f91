//! Reading API objects as plain JSON: the few fields every part of the demo asks for; it changes nothing.

use serde_json::Value;

/// The text at this JSON pointer; empty where there is none.
pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at this JSON pointer.
pub fn number(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

/// Whether there is `true` at this JSON pointer.
pub fn is_true(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// The list at this JSON pointer; empty where there is none.
pub fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// `metadata.name`.
pub fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `metadata.namespace`; empty for a cluster-scoped object.
pub fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// A pod's containers of every kind, each with the name of its list: init, regular, ephemeral.
pub fn containers(pod: &Value) -> impl Iterator<Item = (&'static str, &Value)> {
    ["initContainers", "containers", "ephemeralContainers"].into_iter().flat_map(move |list| {
        let found = pod.get("spec").and_then(|spec| spec.get(list)).and_then(Value::as_array);
        found.into_iter().flatten().map(move |container| (list, container))
    })
}
