//! Admission: Pod Security by the labels of the pod's namespace, and how many pods its quotas allow; it validates no
//! fields.

use serde_json::Value;

use crate::demo::object::{name, text};
use crate::demo::resource::Resource;
use crate::demo::server::answer::Refusal;
use crate::demo::server::pod_security::{Level, violation};
use crate::demo::store::Store;

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

/// Refuses a new pod where a quota of its namespace allows no more. Ephemeral containers count in none.
pub(super) fn quota(store: &Store, resource: &Resource, namespace: &str, pod: &Value) -> Result<(), Refusal> {
    if resource.plural != "pods" {
        return Ok(());
    }
    let over = |pod: &Value| matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
    let used = store.list("pods", Some(namespace)).0.iter().filter(|pod| !over(pod)).count();
    for quota in store.list("resourcequotas", Some(namespace)).0 {
        let hard = &quota["spec"]["hard"]["pods"];
        let limit = hard.as_u64().or_else(|| hard.as_str()?.parse().ok());
        if let Some(limit) = limit.filter(|limit| used as u64 >= *limit) {
            let why = format!(
                "exceeded quota: {}, requested: pods=1, used: pods={used}, limited: pods={limit}",
                name(&quota)
            );
            return Err(Refusal::forbidden(resource, name(pod), &why));
        }
    }
    Ok(())
}
