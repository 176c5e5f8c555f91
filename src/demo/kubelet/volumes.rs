//! Volumes made of objects that are not there; it mounts nothing.

use serde_json::Value;

/// The first volume whose config map or secret is missing, and what a kubelet says of it. The demo keeps no secrets.
pub(super) fn missing(pod: &Value, has_config_map: impl Fn(&str) -> bool) -> Option<(String, String)> {
    let volumes = pod["spec"]["volumes"].as_array()?;
    volumes.iter().find_map(|volume| {
        let (secret, map) = (&volume["secret"], &volume["configMap"]);
        let why = match (secret["secretName"].as_str(), map["name"].as_str()) {
            (Some(name), _) if secret["optional"] != true => format!("secret {name:?} not found"),
            (_, Some(name)) if map["optional"] != true && !has_config_map(name) => {
                format!("configmap {name:?} not found")
            }
            _ => return None,
        };
        Some((volume["name"].as_str().unwrap_or_default().to_owned(), why))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_optional_or_there_is_not_missing() {
        let pod = |volume: Value| json!({"spec": {"volumes": [volume]}});
        let told = |volume| missing(&pod(volume), |name| name == "there").map(|(_, why)| why);
        assert_eq!(
            told(json!({"name": "v", "secret": {"secretName": "s"}})).as_deref(),
            Some("secret \"s\" not found")
        );
        assert_eq!(told(json!({"name": "v", "secret": {"secretName": "s", "optional": true}})), None);
        assert_eq!(told(json!({"name": "v", "configMap": {"name": "there"}})), None);
        assert!(told(json!({"name": "v", "configMap": {"name": "gone"}})).is_some());
        assert_eq!(told(json!({"name": "v", "emptyDir": {}})), None);
    }
}
