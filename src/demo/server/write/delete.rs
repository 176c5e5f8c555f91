//! `DELETE`: pods with their grace, everything else at once with what it owns; it kills no process.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Part;
use crate::demo::object::{items, name, namespace, number, text};
use crate::demo::resource::{RESOURCES, Resource};
use crate::demo::server::answer::{Answer, Refusal, object as answer};
use crate::demo::server::call::Call;
use crate::demo::server::read;
use crate::demo::store::Store;

/// `DELETE` of one object.
pub(crate) async fn delete(mut call: Call, part: Part<'_>) -> Result<Answer, Refusal> {
    let Part { resource, namespace, name, .. } = part;
    let body = call.body().await?;
    let options = if body.is_empty() { json!({}) } else { call.read_object(&body)? };
    let store = call.server.store.clone();
    let object = store.get(resource.plural, namespace, name).ok_or_else(|| Refusal::not_found(resource, name))?;
    preconditions(resource, &object, &options)?;
    let grace = call.query.number("gracePeriodSeconds").or(number(&options, "/gracePeriodSeconds"));
    let dry_run = call.is_dry_run()? || !items(&options, "/dryRun").is_empty();
    let last = if dry_run {
        Some(object)
    } else if resource.plural == "pods" {
        delete_pod(&store, namespace, name, grace)
    } else {
        remove(&store, resource, &object, text(&options, "/propagationPolicy") != "Orphan");
        None
    };
    match last {
        Some(pod) => read::one(&call, 200, resource, &pod),
        None => Ok(answer(
            200,
            &json!({
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Success",
                "details": { "name": name, "group": resource.group, "kind": resource.plural },
            }),
        )),
    }
}

fn preconditions(resource: &Resource, object: &Value, options: &Value) -> Result<(), Refusal> {
    for (field, what) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
        let wanted = text(options, &format!("/preconditions/{field}"));
        let found = text(object, &format!("/metadata/{field}"));
        if !wanted.is_empty() && wanted != found {
            let why = format!("Precondition failed: {what} in precondition: {wanted}, {what} in object meta: {found}");
            return Err(Refusal::conflict(resource, name(object), &why));
        }
    }
    Ok(())
}

/// Marks a pod that a node holds, for the node to end it and remove it; removes any other at once.
fn delete_pod(store: &Store, namespace: &str, name: &str, grace: Option<i64>) -> Option<std::sync::Arc<Value>> {
    let marked = store.update("pods", namespace, name, |pod| {
        let ended = matches!(text(pod, "/status/phase"), "Succeeded" | "Failed");
        let own = number(pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
        let on_a_node = !text(pod, "/spec/nodeName").is_empty();
        let grace = if ended || !on_a_node { 0 } else { grace.unwrap_or(own).clamp(0, 86_400) };
        let before = number(pod, "/metadata/deletionGracePeriodSeconds");
        // a second deletion can make it sooner, not later
        if before.is_none_or(|before| grace < before) {
            let end = Timestamp::now() + SignedDuration::from_secs(grace);
            let end = end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            pod["metadata"]["deletionTimestamp"] = json!(end);
            pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
        }
    })?;
    if number(&marked, "/metadata/deletionGracePeriodSeconds") == Some(0) {
        return store.delete("pods", namespace, name).or(Some(marked));
    }
    Some(marked)
}

/// Removes an object, and what it owns or holds.
fn remove(store: &Store, resource: &Resource, object: &Value, with_owned: bool) {
    store.delete(resource.plural, namespace(object), name(object));
    let uid = text(object, "/metadata/uid");
    let holds = |other: &Value| {
        resource.plural == "namespaces" && namespace(other) == name(object)
            || with_owned && items(other, "/metadata/ownerReferences").iter().any(|owner| text(owner, "/uid") == uid)
    };
    for kind in RESOURCES.iter().filter(|kind| kind.namespaced && kind.group != "events.k8s.io") {
        for other in store.list(kind.plural, None).0.iter().filter(|other| holds(other)) {
            if kind.plural == "pods" {
                delete_pod(store, namespace(other), name(other), None);
            } else {
                remove(store, kind, other, with_owned);
            }
        }
    }
}
