//! A partial container merged into a container, as a strategic merge patch merges; no field is ever deleted.

use serde_json::Value;

use crate::plan::pod::Object;

/// Merges a partial container into a container, as a strategic merge patch would.
///
/// Objects merge; `env`, `volumeMounts` and `ports` merge by their keys, changed and new entries first; other lists
/// are replaced. An entry of `env` that gets a value loses the source it had, and the other way round: the API takes
/// only one of them.
pub(in crate::plan) fn merge(container: &mut Object, custom: &Object) {
    for (field, value) in custom {
        match (container.get_mut(field), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (Some(Value::Array(old)), Value::Array(new)) => match merge_key(field) {
                Some(key) => *old = merge_list(old, new, key),
                None => old.clone_from(new),
            },
            _ => {
                container.insert(field.clone(), value.clone());
            }
        }
    }
}

fn merge_key(field: &str) -> Option<&'static str> {
    match field {
        "env" | "claims" => Some("name"),
        "volumeMounts" => Some("mountPath"),
        "ports" => Some("containerPort"),
        _ => None,
    }
}

/// Both lists in one: the old order where both know an entry, else the new entries before the old ones.
fn merge_list(old: &[Value], new: &[Value], key: &str) -> Vec<Value> {
    let place = |entry: &Value| old.iter().position(|known| known.get(key) == entry.get(key));
    let mut untouched = old
        .iter()
        .enumerate()
        .filter(|(_, known)| !new.iter().any(|entry| entry.get(key) == known.get(key)))
        .peekable();
    let mut merged = Vec::with_capacity(old.len() + new.len());
    for entry in new {
        let before = place(entry).unwrap_or(0);
        while let Some((_, known)) = untouched.next_if(|(index, _)| *index < before) {
            merged.push(known.clone());
        }
        merged.push(match place(entry).map(|index| &old[index]) {
            Some(known) => merge_entry(known, entry),
            None => entry.clone(),
        });
    }
    merged.extend(untouched.map(|(_, known)| known.clone()));
    merged
}

fn merge_entry(old: &Value, new: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (old, new) else {
        return new.clone();
    };
    let mut entry = old.clone();
    for (given, excluded) in [("value", "valueFrom"), ("valueFrom", "value")] {
        if new.contains_key(given) {
            entry.shift_remove(excluded);
        }
    }
    merge(&mut entry, new);
    Value::Object(entry)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::custom::partial;

    fn merged(container: &Value, custom: &Value) -> Value {
        let mut object = container.as_object().unwrap().clone();
        merge(&mut object, &partial(custom).unwrap());
        Value::Object(object)
    }

    #[test]
    fn keyed_lists_merge_and_others_are_replaced() {
        let container = json!({
            "args": ["a", "b"],
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "volumeMounts": [{"name": "host-root", "mountPath": "/host"}],
            "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}, "privileged": true},
        });
        let custom = json!({
            "args": ["c"],
            "env": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}],
            "volumeMounts": [
                {"name": "host-root", "mountPath": "/host", "readOnly": true},
                {"name": "d", "mountPath": "/d"},
            ],
            "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}, "runAsUser": 0},
        });
        assert_eq!(
            merged(&container, &custom),
            json!({
                "args": ["c"],
                "env": [
                    {"name": "A", "value": "1"}, {"name": "B", "value": "3"}, {"name": "C", "value": "4"},
                ],
                "volumeMounts": [
                    {"name": "host-root", "mountPath": "/host", "readOnly": true},
                    {"name": "d", "mountPath": "/d"},
                ],
                "securityContext": {
                    "capabilities": {"add": ["NET_ADMIN"]}, "privileged": true, "runAsUser": 0,
                },
            })
        );
    }

    #[test]
    fn new_entries_come_before_the_old_ones() {
        let merged =
            merged(&json!({"env": [{"name": "OLD", "value": "1"}]}), &json!({"env": [{"name": "NEW", "value": "2"}]}));
        assert_eq!(merged["env"], json!([{"name": "NEW", "value": "2"}, {"name": "OLD", "value": "1"}]));
    }

    #[test]
    fn no_stale_field_of_an_old_entry_leaks() {
        let container = json!({
            "env": [
                {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "B", "value": "2"},
            ],
            "ports": [{"name": "http", "containerPort": 80}],
        });
        let custom = json!({
            "env": [{"name": "A", "value": "1"}],
            "ports": [{"containerPort": 81}],
        });
        assert_eq!(
            merged(&container, &custom),
            json!({
                "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                "ports": [{"containerPort": 81}, {"name": "http", "containerPort": 80}],
            })
        );
    }
}
