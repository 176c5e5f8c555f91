//! Pod Security admission by the labels of the pod's namespace; it validates no fields.

use serde_json::Value;

use crate::demo::object::name;
use crate::demo::resource::Resource;
use crate::demo::server::answer::Refusal;
use crate::demo::server::pod_security::{Level, violation};

/// Refuses a pod that its namespace does not admit; gives the warnings of one that it does.
pub(super) fn pod_security(home: Option<&Value>, resource: &Resource, pod: &Value) -> Result<Vec<String>, Refusal> {
    let Some(home) = home.filter(|_| resource.plural == "pods") else {
        return Ok(Vec::new());
    };
    let (level, version) = Level::of_namespace(home, "enforce");
    if let Some(why) = violation(pod, level, &version) {
        return Err(Refusal::forbidden(resource, name(pod), &why));
    }
    let (level, version) = Level::of_namespace(home, "warn");
    let warning = violation(pod, level, &version);
    Ok(warning.map(|why| why.replacen("violates", "would violate", 1)).into_iter().collect())
}
