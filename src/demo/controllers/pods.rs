//! Pods as every controller handles them: claimed, made of a template, deleted, counted. It decides how many there are.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};

use super::{controller, is_ready, selects};
use crate::demo::object::{name, namespace, number, text};
use crate::demo::server::defaults;
use crate::demo::store::Store;

/// The letters of generated names, as Kubernetes picks them: none that make words or are taken for another.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// The entry of `metadata.ownerReferences` that names a controller.
pub(super) fn owner(of: &Value) -> Value {
    json!({
        "apiVersion": of["apiVersion"],
        "kind": of["kind"],
        "name": of["metadata"]["name"],
        "uid": of["metadata"]["uid"],
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// The objects of a kind that this one controls.
pub(super) fn owned(store: &Store, resource: &str, by: &Value) -> Vec<Arc<Value>> {
    let uid = by["metadata"]["uid"].as_str();
    let (all, _) = store.list(resource, Some(namespace(by)));
    all.into_iter().filter(|object| controller(object).is_some() && controller(object) == uid).collect()
}

/// Whether a pod may still do something, and is not about to go.
pub(super) fn is_active(pod: &Value) -> bool {
    pod["metadata"]["deletionTimestamp"].is_null() && !is_over(pod)
}

/// Whether a pod has ended for good.
pub(super) fn is_over(pod: &Value) -> bool {
    matches!(text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// The pods a controller has: those it owns, and those that fit its selector and belong to nobody, which it adopts as
/// the real ones do; a copy that keeps its labels is counted so.
pub(super) fn claimed(store: &Store, set: &Value) -> Vec<Arc<Value>> {
    let uid = text(set, "/metadata/uid");
    let selector = &set["spec"]["selector"]["matchLabels"];
    let (all, _) = store.list("pods", Some(namespace(set)));
    let fits = |pod: &&Arc<Value>| selects(selector, &pod["metadata"]["labels"]);
    let claim = |pod: &Arc<Value>| match controller(pod) {
        Some(owner) => (owner == uid).then(|| Arc::clone(pod)),
        None if is_active(pod) => store.update("pods", namespace(set), name(pod), |pod| {
            pod["metadata"]["ownerReferences"] = json!([owner(set)]);
        }),
        None => None,
    };
    all.iter().filter(fits).filter_map(claim).collect()
}

/// A pod of the template of a set, not yet in the store: `change` gives it what is its own.
pub(super) fn create(
    store: &Store,
    set: &Value,
    own_name: &str,
    change: impl FnOnce(&mut Value),
) -> Option<Arc<Value>> {
    let template = &set["spec"]["template"];
    let mut pod = json!({ "metadata": template["metadata"], "spec": template["spec"] });
    pod["metadata"]["name"] = json!(own_name);
    pod["metadata"]["generateName"] = json!(format!("{}-", name(set)));
    pod["metadata"]["namespace"] = json!(namespace(set));
    pod["metadata"]["ownerReferences"] = json!([owner(set)]);
    change(&mut pod);
    defaults::pod(&mut pod);
    store.create("pods", pod).ok()
}

/// Deletes a pod, with its grace if a node has it.
pub(super) fn delete(store: &Store, pod: &Value) {
    if text(pod, "/spec/nodeName").is_empty() {
        store.delete("pods", namespace(pod), name(pod));
        return;
    }
    let grace = number(pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
    let end = Timestamp::now() + SignedDuration::from_secs(grace);
    store.update("pods", namespace(pod), name(pod), |pod| {
        pod["metadata"]["deletionTimestamp"] = json!(end.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    });
}

/// How many of these pods are ready.
pub(super) fn ready(pods: &[Arc<Value>]) -> usize {
    pods.iter().filter(|pod| is_ready(pod)).count()
}

/// A name as the API server completes one that is given by its beginning.
pub(super) fn generated(base: &str) -> String {
    let mut random = rand::rng();
    let letters = (0..5).filter_map(|_| LETTERS.choose(&mut random)).map(|letter| char::from(*letter));
    format!("{base}-{}", letters.collect::<String>())
}

/// Ten letters that are the same for the same template (FNV-1a).
pub(super) fn hash(template: &Value) -> String {
    let hash = template
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut rest = hash;
    (0..10)
        .map(|_| {
            let letter = LETTERS[usize::try_from(rest % 27).unwrap_or(0)];
            rest /= 27;
            char::from(letter)
        })
        .collect()
}
