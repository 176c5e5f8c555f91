//! What owns pods in the demo, and the endpoints of its services, kept as their specs say. They start no process.

mod conditions;
mod daemon;
mod endpoints;
mod jobs;
mod pods;
mod replicas;
mod stateful;

use std::time::Duration;

use futures::future::select_all;
use serde_json::Value;
use tokio::time::sleep;

use super::object::items;
use super::recorder::Recorder;
use super::store::Store;

/// Changes that come together are looked at together.
const GATHER: Duration = Duration::from_millis(10);

/// What is looked at again when one of these changes.
const WATCHED: [&str; 7] = ["pods", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "services"];

/// Keeps everything as it is to be, until dropped.
pub(super) async fn run(store: Store, recorder: Recorder) {
    let mut from = store.version();
    loop {
        replicas::reconcile(&store, &recorder);
        stateful::reconcile(&store, &recorder);
        daemon::reconcile(&store, &recorder);
        let due = jobs::reconcile(&store, &recorder);
        endpoints::reconcile(&store);
        let alarm = async {
            match due {
                Some(wait) => sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        // what they have changed themselves wakes them once more, and then changes nothing
        let mut watches: Vec<_> =
            WATCHED.iter().chain(&["nodes"]).filter_map(|resource| store.watch(resource, from).ok()).collect();
        if watches.len() > WATCHED.len() {
            let change = select_all(watches.iter_mut().map(|watch| Box::pin(watch.next())));
            tokio::select! {
                _ = change => {}
                () = alarm => {}
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
