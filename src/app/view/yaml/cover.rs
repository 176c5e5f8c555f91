//! Covering what an object keeps secret: the data of Secrets, and values that are named like secrets; pure.

use serde_json::Value;

use super::LAST_APPLIED;

/// What stands where a secret was.
const COVER: &str = "•••";

/// Parts of names under which secrets are kept.
const SECRET_NAMES: [&str; 8] =
    ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "PRIVATE_KEY", "API_KEY"];

/// Covers the secret values of an object; how many there were.
pub(super) fn cover(object: &mut Value) -> usize {
    let is_secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
    let mut covered = if is_secret { cover_data(object) } else { 0 };
    covered += cover_env(object);
    // The whole object stands there once more, secrets included.
    if covered > 0
        && let Some(last) = object.pointer_mut("/metadata/annotations").and_then(|all| all.get_mut(LAST_APPLIED))
    {
        *last = Value::from(COVER);
        covered += 1;
    }
    covered
}

fn cover_data(secret: &mut Value) -> usize {
    let maps = ["data", "stringData"];
    let mut covered = 0;
    for map in maps {
        for (_, value) in secret.get_mut(map).and_then(Value::as_object_mut).into_iter().flatten() {
            *value = Value::from(COVER);
            covered += 1;
        }
    }
    covered
}

/// Covers what environment variables with telling names hold, wherever in the object they are.
fn cover_env(value: &mut Value) -> usize {
    match value {
        Value::Object(map) => {
            let mut covered = 0;
            for (key, value) in map.iter_mut() {
                if key == "env" {
                    covered += value.as_array_mut().into_iter().flatten().map(cover_variable).sum::<usize>();
                }
                covered += cover_env(value);
            }
            covered
        }
        Value::Array(items) => items.iter_mut().map(cover_env).sum(),
        _ => 0,
    }
}

fn cover_variable(variable: &mut Value) -> usize {
    let name = variable.get("name").and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase();
    if !SECRET_NAMES.iter().any(|part| name.contains(part)) {
        return 0;
    }
    match variable.get_mut("value") {
        Some(value) if value.as_str().is_some_and(|text| !text.is_empty() && text != COVER) => {
            *value = Value::from(COVER);
            1
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_named_like_secrets_are_covered_wherever_they_are() {
        let mut pod = json!({"kind": "Pod", "metadata": {"annotations": {LAST_APPLIED: "{…hunter2…}"}},
            "spec": {"containers": [{"env": [
                {"name": "DB_PASSWORD", "value": "hunter2"},
                {"name": "DB_HOST", "value": "db"},
                {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}}]}]}});
        assert_eq!(cover(&mut pod), 2);
        let text = pod.to_string();
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("\"db\"") && text.contains("secretKeyRef"), "{text}");
    }

    #[test]
    fn what_holds_no_secret_stays_as_it_is() {
        let pod = json!({"kind": "Pod", "metadata": {"annotations": {LAST_APPLIED: "{}"}}, "spec": {"env": "odd"}});
        let mut covered = pod.clone();
        assert_eq!(cover(&mut covered), 0);
        assert_eq!(covered, pod);
    }
}
