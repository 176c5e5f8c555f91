//! From a pod to what owns it, and from an owner to the selector of its pods; it follows nothing.

use serde_json::Value;

use crate::cluster::detail::{items, text};
use crate::cluster::forward::target::choose;
use crate::cluster::problem::Fault;
use crate::cluster::request::{ANSWER_TIME, JSON, Target};
use crate::cluster::{Cluster, ForwardKind, ForwardTarget, PodKey, Problem};

/// What owns a pod: its Deployment rather than its `ReplicaSet`.
pub(super) async fn of_pod(cluster: &Cluster, pod: &PodKey) -> Result<ForwardTarget, Problem> {
    let what = format!("cannot find the owner of {}", pod.name);
    let read = async { cluster.read_json::<Value>(Target::pod(pod, None)?.get(JSON)?, ANSWER_TIME).await };
    let found = read.await.map_err(|fault| fault.problem(&what))?;
    let none = || Problem::new(&what, "no workload owns it", "turn back to the pod alone, or to pods by their labels");
    let owner = controller(&found, &pod.namespace).ok_or_else(none)?;
    if owner.kind != ForwardKind::Workload("replicasets") {
        return Ok(owner);
    }
    // Who may not read it, or finds it gone, has the pods of the ReplicaSet all the same.
    let above = object(cluster, &owner).await.ok().and_then(|set| controller(&set, &pod.namespace));
    Ok(above.unwrap_or(owner))
}

/// The selector of a workload's pods, or of those behind a Service, in the words of a query.
pub(super) async fn selector(cluster: &Cluster, owner: &ForwardTarget) -> Result<String, Problem> {
    let what = format!("cannot read the logs of {} in {}", owner.words(), owner.namespace);
    let found = object(cluster, owner).await.map_err(|fault| fault.problem(&what))?;
    let selector = &found["spec"]["selector"];
    let words = match owner.kind {
        ForwardKind::Service => choose::equality(selector),
        _ => choose::selector(selector),
    };
    words.ok_or_else(|| Problem::new(&what, format!("{} selects no pods", owner.words()), "look at a pod itself"))
}

async fn object(cluster: &Cluster, owner: &ForwardTarget) -> Result<Value, Fault> {
    let (prefix, kind) = match owner.kind {
        ForwardKind::Pod => ("/api/v1", "pods"),
        ForwardKind::Service => ("/api/v1", "services"),
        ForwardKind::Workload("jobs") => ("/apis/batch/v1", "jobs"),
        ForwardKind::Workload(kind @ "replicationcontrollers") => ("/api/v1", kind),
        ForwardKind::Workload(kind) => ("/apis/apps/v1", kind),
    };
    let request = Target::new(prefix, &["namespaces", &owner.namespace, kind, &owner.name])?.get(JSON)?;
    cluster.read_json(request, ANSWER_TIME).await
}

/// What controls an object, if it is of a kind whose pods can be found.
fn controller(object: &Value, namespace: &str) -> Option<ForwardTarget> {
    let owner = items(&object["metadata"]["ownerReferences"]).find(|owner| owner["controller"] == true)?;
    let target = ForwardTarget::parse(&format!("{}/{}", text(&owner["kind"]), text(&owner["name"])), namespace)?;
    matches!(target.kind, ForwardKind::Workload(_)).then_some(target)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_has_pods_to_find_is_an_owner() {
        let owned = |kind: &str, controls: bool| {
            let owner = json!({"kind": kind, "name": "api", "controller": controls});
            controller(&json!({"metadata": {"ownerReferences": [owner]}}), "shop").map(|owner| owner.words())
        };
        assert_eq!(owned("StatefulSet", true).as_deref(), Some("statefulset/api"));
        assert_eq!(owned("Job", true).as_deref(), Some("job/api"));
        assert_eq!(owned("ReplicaSet", false), None);
        assert_eq!((owned("Node", true), owned("Pod", true)), (None, None));
    }
}
