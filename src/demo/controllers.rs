//! Deployments, replica sets and endpoint slices of the demo, kept as their specs say. They start no process.

mod endpoints;
mod replicas;

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::object::items;
use super::recorder::Recorder;
use super::store::Store;

/// Changes that come together are looked at together.
const GATHER: Duration = Duration::from_millis(10);

/// Keeps everything as it is to be, until dropped.
pub(super) async fn run(store: Store, recorder: Recorder) {
    let mut from = store.version();
    loop {
        replicas::reconcile(&store, &recorder);
        endpoints::reconcile(&store);
        // what the two have changed themselves wakes them once more, and then changes nothing
        let watches = ["pods", "deployments", "replicasets", "services"].map(|resource| store.watch(resource, from));
        if let [Ok(mut pods), Ok(mut deployments), Ok(mut replicas), Ok(mut services)] = watches {
            tokio::select! {
                _ = pods.next() => {}
                _ = deployments.next() => {}
                _ = replicas.next() => {}
                _ = services.next() => {}
            }
        }
        sleep(GATHER).await;
        from = store.version();
    }
}

/// Whether all of these labels are among those.
fn selects(selector: &Value, labels: &Value) -> bool {
    selector
        .as_object()
        .is_some_and(|wanted| !wanted.is_empty() && wanted.iter().all(|(name, value)| labels[name] == *value))
}

/// The uid of the controller that owns an object.
fn controller(object: &Value) -> Option<&str> {
    items(object, "/metadata/ownerReferences")
        .iter()
        .find(|owner| owner["controller"] == true)
        .and_then(|owner| owner["uid"].as_str())
}

fn is_ready(pod: &Value) -> bool {
    items(pod, "/status/conditions")
        .iter()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}
