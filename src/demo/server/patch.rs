//! Patches of every kind the API takes, applied to plain JSON; it validates nothing.

use serde_json::{Map, Value};

/// How a patch is to be read, as its content type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PatchKind {
    /// `application/strategic-merge-patch+json`.
    Strategic,
    /// `application/merge-patch+json` (RFC 7386).
    Merge,
    /// `application/json-patch+json` (RFC 6902).
    Json,
}

impl PatchKind {
    /// What is accepted, for the answer to anything else.
    pub(crate) const ACCEPTED: &str =
        "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json";

    /// Reads a content type.
    pub(crate) fn parse(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/strategic-merge-patch+json" => Some(Self::Strategic),
            "application/merge-patch+json" => Some(Self::Merge),
            "application/json-patch+json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Changes the object as the patch says; the error says what is wrong with the patch.
    pub(crate) fn apply(self, object: &mut Value, patch: &Value) -> Result<(), String> {
        match self {
            Self::Json => {
                let patch: json_patch::Patch =
                    serde_json::from_value(patch.clone()).map_err(|error| error.to_string())?;
                json_patch::patch(object, &patch).map_err(|error| error.to_string())
            }
            _ if !patch.is_object() => Err("the patch is not an object".to_owned()),
            Self::Merge => {
                json_patch::merge(object, patch);
                Ok(())
            }
            Self::Strategic => strategic(object, patch, 0),
        }
    }
}

/// Deeper than any object of the API; a deeper patch is nonsense.
const DEPTH: usize = 64;

const ORDER: &str = "$setElementOrder/";
const DELETE_PRIMITIVES: &str = "$deleteFromPrimitiveList/";

/// Which field tells the items of a list apart; lists that are not here are replaced whole.
fn merge_key(field: &str, items: &[Value]) -> Option<&'static str> {
    Some(match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "resourceClaims"
        | "schedulingGates"
        | "secrets" => "name",
        // a container's port; a service's has another key
        "ports" if items.iter().any(|port| port.get("containerPort").is_some()) => "containerPort",
        "ports" => "port",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "conditions" | "addresses" => "type",
        "hostAliases" | "podIPs" | "hostIPs" => "ip",
        "ownerReferences" => "uid",
        "topologySpreadConstraints" => "topologyKey",
        _ => return None,
    })
}

fn strategic(object: &mut Value, patch: &Value, depth: usize) -> Result<(), String> {
    if depth > DEPTH {
        return Err("the patch is nested too deeply".to_owned());
    }
    let Value::Object(patch) = patch else {
        *object = patch.clone();
        return Ok(());
    };
    if text_of(patch, "$patch") == "replace" {
        *object = Value::Object(without_directives(patch));
        return Ok(());
    }
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let Value::Object(target) = object else {
        return Ok(());
    };
    if let Some(retain) = patch.get("$retainKeys").and_then(Value::as_array) {
        target.retain(|key, _| retain.iter().any(|kept| kept == key));
    }
    for (key, change) in patch {
        if let Some(field) = key.strip_prefix(DELETE_PRIMITIVES) {
            let gone = change.as_array().map_or(&[][..], Vec::as_slice);
            if let Some(Value::Array(list)) = target.get_mut(field) {
                list.retain(|item| !gone.contains(item));
            }
        } else if let Some(field) = key.strip_prefix(ORDER) {
            // an order alone, without changed items, sorts what is there
            if !patch.contains_key(field)
                && let Some(Value::Array(list)) = target.get_mut(field)
            {
                merge_list(field, list, &[], Some(change), depth)?;
            }
        } else if key.starts_with('$') {
            // directives are for the object they stand in
        } else if change.is_null() {
            target.shift_remove(key);
        } else if let Value::Array(items) = change {
            let list = target.entry(key.clone()).or_insert_with(|| Value::Array(Vec::new()));
            match list {
                Value::Array(list) => {
                    merge_list(key, list, items, patch.get(&format!("{ORDER}{key}")), depth)?;
                }
                other => *other = Value::Array(items.clone()),
            }
        } else {
            let slot = target.entry(key.clone()).or_insert(Value::Null);
            strategic(slot, change, depth + 1)?;
        }
    }
    Ok(())
}

fn without_directives(patch: &Map<String, Value>) -> Map<String, Value> {
    patch.iter().filter(|(key, _)| !key.starts_with('$')).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn text_of<'a>(map: &'a Map<String, Value>, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Merges the items of a list by their key. What the patch names comes in the patch's order; what only the server has
/// keeps its place before those it stood before, and comes after new ones where nothing else is known.
fn merge_list(
    field: &str,
    list: &mut Vec<Value>,
    patch: &[Value],
    order: Option<&Value>,
    depth: usize,
) -> Result<(), String> {
    if field == "finalizers" {
        list.extend(patch.iter().filter(|item| !list.contains(item)).cloned().collect::<Vec<_>>());
        return Ok(());
    }
    let sample = if patch.is_empty() { list.as_slice() } else { patch };
    let Some(key) = merge_key(field, sample) else {
        if !patch.is_empty() || order.is_none() {
            *list = patch.to_vec();
        }
        return Ok(());
    };
    let is_directive = |item: &Value, which: &str| item.get("$patch").is_some_and(|of| of == which);
    if patch.iter().any(|item| is_directive(item, "replace")) {
        *list = patch.iter().filter(|item| item.get("$patch").is_none()).cloned().collect();
        return Ok(());
    }
    let before: Vec<Value> = list.iter().map(|item| item[key].clone()).collect();
    for item in patch {
        let Some(wanted) = item.get(key).filter(|value| !value.is_null()) else {
            return Err(format!("map: {item} does not contain declared merge key: {key}"));
        };
        let at = list.iter().position(|old| &old[key] == wanted);
        match at {
            Some(at) if is_directive(item, "delete") => {
                list.remove(at);
            }
            None if is_directive(item, "delete") => {}
            Some(at) => strategic(&mut list[at], item, depth + 1)?,
            None => {
                let mut added = Value::Null;
                strategic(&mut added, item, depth + 1)?;
                list.push(added);
            }
        }
    }
    let order: Vec<Value> = match order.and_then(Value::as_array) {
        Some(order) => order.iter().map(|one| one.get(key).unwrap_or(one).clone()).collect(),
        None => patch.iter().map(|item| item[key].clone()).collect(),
    };
    *list = in_order(std::mem::take(list), key, &order, &before);
    Ok(())
}

fn in_order(items: Vec<Value>, key: &str, order: &[Value], before: &[Value]) -> Vec<Value> {
    let place = |list: &[Value], item: &Value| list.iter().position(|one| one == &item[key]);
    let (mut named, others): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| place(order, item).is_some());
    named.sort_by_key(|item| place(order, item));
    let mut sorted = Vec::with_capacity(named.len() + others.len());
    let mut named = named.into_iter().peekable();
    for other in others {
        let own = place(before, &other);
        while let Some(next) = named.next_if(|next| place(before, next).is_none_or(|at| Some(at) < own)) {
            sorted.push(next);
        }
        sorted.push(other);
    }
    sorted.extend(named);
    sorted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(pod: &Value) -> Vec<&str> {
        let list = pod["spec"]["ephemeralContainers"].as_array().unwrap();
        list.iter().map(|one| one["name"].as_str().unwrap()).collect()
    }

    fn pod() -> Value {
        json!({ "spec": { "ephemeralContainers": [
            { "name": "a", "image": "1", "tty": true }, { "name": "b", "image": "1" },
        ] } })
    }

    fn patched(patch: &Value) -> Value {
        let mut object = pod();
        PatchKind::Strategic.apply(&mut object, patch).unwrap();
        object
    }

    #[test]
    fn a_new_item_comes_first_unless_the_order_is_said() {
        let new = json!({ "spec": { "ephemeralContainers": [{ "name": "c" }] } });
        assert_eq!(names(&patched(&new)), ["c", "a", "b"]);
        let ordered = json!({ "spec": {
            "$setElementOrder/ephemeralContainers": [{ "name": "a" }, { "name": "b" }, { "name": "c" }],
            "ephemeralContainers": [{ "name": "c" }],
        } });
        assert_eq!(names(&patched(&ordered)), ["a", "b", "c"]);
        let unaware = json!({ "spec": {
            "$setElementOrder/ephemeralContainers": [{ "name": "a" }, { "name": "c" }],
            "ephemeralContainers": [{ "name": "c" }],
        } });
        assert_eq!(names(&patched(&unaware)), ["a", "c", "b"]);
    }

    #[test]
    fn items_are_merged_deleted_and_replaced_by_name() {
        let merged = patched(&json!({ "spec": { "ephemeralContainers": [{ "name": "a", "image": "2" }] } }));
        let first = &merged["spec"]["ephemeralContainers"][0];
        assert_eq!(first, &json!({ "name": "a", "image": "2", "tty": true }));
        let deleted = patched(&json!({ "spec": { "ephemeralContainers": [{ "name": "a", "$patch": "delete" }] } }));
        assert_eq!(names(&deleted), ["b"]);
        let replaced =
            patched(&json!({ "spec": { "ephemeralContainers": [{ "name": "z" }, { "$patch": "replace" }] } }));
        assert_eq!(names(&replaced), ["z"]);
        let mut object = pod();
        let nameless = json!({ "spec": { "ephemeralContainers": [{ "image": "2" }] } });
        assert!(PatchKind::Strategic.apply(&mut object, &nameless).is_err());
    }

    #[test]
    fn maps_merge_nulls_delete_and_other_lists_are_replaced() {
        let mut object = json!({ "metadata": { "labels": { "a": "1", "b": "2" } }, "spec": { "args": ["x"] } });
        let patch = json!({ "metadata": { "labels": { "a": null, "c": "3" } }, "spec": { "args": ["y", "z"] } });
        PatchKind::Strategic.apply(&mut object, &patch).unwrap();
        let expected = json!({ "metadata": { "labels": { "b": "2", "c": "3" } }, "spec": { "args": ["y", "z"] } });
        assert_eq!(object, expected);
    }

    #[test]
    fn a_patch_that_is_nested_without_end_is_refused() {
        let mut patch = json!(1);
        for _ in 0..100 {
            patch = json!({ "a": patch });
        }
        assert!(PatchKind::Strategic.apply(&mut json!({}), &patch).is_err());
    }

    #[test]
    fn json_patches_and_merge_patches_are_taken() {
        let mut object = pod();
        let patch = json!([{ "op": "add", "path": "/spec/ephemeralContainers/-", "value": { "name": "c" } }]);
        PatchKind::Json.apply(&mut object, &patch).unwrap();
        assert_eq!(names(&object), ["a", "b", "c"]);
        assert!(PatchKind::Json.apply(&mut object, &json!([{ "op": "remove", "path": "/x/y" }])).is_err());
        PatchKind::Merge.apply(&mut object, &json!({ "spec": null })).unwrap();
        assert_eq!(object, json!({}));
    }
}
