//! The partial container of a form: what the choices it began with say, who it runs as, and what is mounted; it reads no
//! fields.

use serde_json::{Map, Value, json};

use crate::app::toolkit::Mount;

/// The parts of a security context that say who the debugger is.
const USER: [&str; 3] = ["runAsUser", "runAsGroup", "runAsNonRoot"];

/// The user of this partial container as a person types it: `65532:7`, `0`; empty where it names none.
pub(super) fn user_of(custom: Option<&Value>) -> String {
    let context = custom.map_or(&Value::Null, |custom| &custom["securityContext"]);
    match (context["runAsUser"].as_i64(), context["runAsGroup"].as_i64()) {
        (Some(uid), Some(gid)) => format!("{uid}:{gid}"),
        (Some(uid), None) => uid.to_string(),
        (None, _) => String::new(),
    }
}

/// The partial container with nothing in it that says who the debugger is.
pub(super) fn without_user(mut custom: Value) -> Value {
    if let Some(context) = custom["securityContext"].as_object_mut() {
        for field in USER {
            context.shift_remove(field);
        }
    }
    custom
}

/// The partial container with these mounts instead of its own.
pub(super) fn with_mounts_of(custom: Option<Value>, toolkit: Option<&Value>) -> Option<Value> {
    let mut custom = custom.unwrap_or_else(|| json!({}));
    let fields = custom.as_object_mut()?;
    fields.shift_remove("volumeMounts");
    if let Some(mounts) = toolkit.map(|toolkit| &toolkit["volumeMounts"]).filter(|mounts| mounts.is_array()) {
        fields.insert("volumeMounts".to_owned(), mounts.clone());
    }
    Some(custom)
}

/// What is mounted.
pub(super) fn mounts(custom: Option<&Value>) -> Vec<Mount> {
    let list = custom.and_then(|custom| custom["volumeMounts"].as_array()).map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mount = |mount: &Value| Mount {
        volume: text(&mount["name"]),
        path: text(&mount["mountPath"]),
        read_only: mount["readOnly"] == true,
    };
    list.iter().map(mount).collect()
}

/// The partial container that is sent: with this security context where one was taken over, else with this user where one
/// was typed in, and without the mounts of these volumes. `None` where it says nothing.
pub(super) fn composed(
    custom: Option<&Value>,
    security: Option<&Value>,
    user: Option<Value>,
    absent: &[Mount],
) -> Option<Value> {
    let mut fields: Map<String, Value> = custom.and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(mounts) = fields.get_mut("volumeMounts").and_then(Value::as_array_mut) {
        mounts.retain(|mount| absent.iter().all(|absent| mount["name"] != absent.volume.as_str()));
        if mounts.is_empty() {
            fields.shift_remove("volumeMounts");
        }
    }
    if let Some(security) = security {
        fields.insert("securityContext".to_owned(), security.clone());
    } else if let Some(Value::Object(user)) = user {
        let context = fields.entry("securityContext").or_insert_with(|| json!({}));
        if let Some(context) = context.as_object_mut() {
            context.extend(user);
        }
    }
    if fields.get("securityContext").is_some_and(|context| context.as_object().is_some_and(Map::is_empty)) {
        fields.shift_remove("securityContext");
    }
    (!fields.is_empty()).then_some(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_said_is_lost() {
        let custom = json!({
            "workingDir": "/tmp",
            "securityContext": {"runAsUser": 7, "runAsGroup": 8, "capabilities": {"add": ["NET_RAW"]}},
            "volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/b", "subPath": "x"}],
        });
        assert_eq!(user_of(Some(&custom)), "7:8");
        assert_eq!(composed(Some(&custom), None, None, &[]).as_ref(), Some(&custom));
        let gone = [Mount { volume: "a".into(), path: "/a".into(), read_only: false }];
        let other = without_user(custom.clone());
        assert_eq!(
            composed(Some(&other), None, Some(json!({"runAsUser": 9})), &gone),
            Some(json!({
                "workingDir": "/tmp",
                "securityContext": {"capabilities": {"add": ["NET_RAW"]}, "runAsUser": 9},
                "volumeMounts": [{"name": "b", "mountPath": "/b", "subPath": "x"}],
            }))
        );
        assert_eq!(composed(Some(&json!({"securityContext": {}})), None, None, &[]), None);
        let tools = json!({"volumeMounts": [{"name": "t", "mountPath": "/t"}]});
        let mounted = with_mounts_of(Some(custom), Some(&tools));
        assert_eq!(mounts(mounted.as_ref()).len(), 1);
        assert_eq!(user_of(mounted.as_ref()), "7:8");
    }
}
