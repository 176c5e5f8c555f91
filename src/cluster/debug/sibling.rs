//! The pod that stands in for one that went away: another of its kind that runs; it changes nothing.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::super::{
    Cluster, Fix, PodKey, Way,
    request::{ANSWER_TIME, JSON, Target},
    text::cleaned,
};
use crate::plan;

/// How long the search may take, while a person waits to hear that the pod is gone.
const TIME: Duration = Duration::from_secs(5);
/// How long the hash of a pod template is in a name: a number of 32 bits, one character a digit; few are short.
const HASH: RangeInclusive<usize> = 6..=10;

impl Cluster {
    /// A way to another pod of the kind of one that is not there any more.
    pub(in crate::cluster) async fn instead_of(&self, key: &PodKey) -> Option<Fix> {
        let read = async {
            let request = Target::new("/api/v1", &["namespaces", &key.namespace, "pods"])?.with("limit", "500");
            self.read_json::<Value>(request.get(JSON)?, ANSWER_TIME).await
        };
        let list = timeout(TIME, read).await.ok()?.ok()?;
        let name = sibling(&key.name, list["items"].as_array()?)?;
        let title = format!("the same in {name}, another pod of its kind");
        Some(Fix::new(title, Way::Pod(PodKey { namespace: key.namespace.clone(), name: name.into() })))
    }
}

/// The newest pod that runs and whose generated name differs only in its end: in that of the pod, or else in that of its
/// replica set too, whose place another one takes when a deployment rolls on.
fn sibling(name: &str, pods: &[Value]) -> Option<String> {
    let running = |pod: &&Value| pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null();
    let newest = |kin: fn(&str) -> Option<&str>| {
        let of = kin(name)?;
        let named = |pod: &&Value| {
            pod["metadata"]["name"].as_str().is_some_and(|other| other != name && kin(other) == Some(of))
        };
        pods.iter()
            .filter(running)
            .filter(named)
            // RFC 3339 in UTC, as the API writes times, is sorted as text.
            .max_by_key(|pod| pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default())
            .and_then(|pod| pod["metadata"]["name"].as_str().map(cleaned))
    };
    newest(stem).or_else(|| newest(deployment))
}

/// A pod's name without its ordinal or the suffix that was drawn for it; `None` where somebody chose the whole of it.
fn stem(name: &str) -> Option<&str> {
    let (stem, end) = name.rsplit_once('-')?;
    let is_ordinal = !end.is_empty() && end.bytes().all(|byte| byte.is_ascii_digit());
    (is_ordinal || plan::is_suffix(end)).then_some(stem)
}

/// The name of the deployment whose replica set made a pod of this name; `None` where the name is not made so.
fn deployment(name: &str) -> Option<&str> {
    let (replica_set, suffix) = name.rsplit_once('-')?;
    let (deployment, hash) = replica_set.rsplit_once('-')?;
    (plan::is_suffix(suffix) && HASH.contains(&hash.len()) && plan::is_drawn(hash)).then_some(deployment)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_of_its_kind_is_the_newest_that_runs() {
        let pod = |name: &str, phase: &str, created: &str| json!({"metadata": {"name": name, "creationTimestamp": created}, "status": {"phase": phase}});
        let pods = [
            pod("api-66cd7b9f8-zzzzz", "Running", "2026-01-01T00:00:00Z"),
            pod("api-66cd7b9f8-bbbbb", "Running", "2026-01-02T00:00:00Z"),
            pod("api-66cd7b9f8-ccccc", "Pending", "2026-01-03T00:00:00Z"),
            pod("web-77ff8c5d9-ddddd", "Running", "2026-01-03T00:00:00Z"),
            pod("shop-cache-0", "Running", "2026-01-03T00:00:00Z"),
            pod("shop-proxy", "Running", "2026-01-03T00:00:00Z"),
            pod("shop-agent-bbbbb", "Running", "2026-01-03T00:00:00Z"),
        ];
        assert_eq!(sibling("api-66cd7b9f8-x7k2p", &pods).as_deref(), Some("api-66cd7b9f8-bbbbb"));
        assert_eq!(sibling("api-55bb7c5d4-x7k2p", &pods).as_deref(), Some("api-66cd7b9f8-bbbbb"), "the next rollout's");
        assert_eq!(sibling("web-77ff8c5d9-ddddd", &pods), None, "the pod itself is none");
        assert_eq!(sibling("shop-cache-1", &pods).as_deref(), Some("shop-cache-0"));
        assert_eq!(sibling("shop-agent-x7k2p", &pods).as_deref(), Some("shop-agent-bbbbb"));
        assert_eq!(sibling("shop-queue-x7k2p", &pods), None, "what begins alike is no kin");
        assert_eq!(sibling("shop-store", &pods), None, "a name that somebody chose, though its end has five letters");
        assert_eq!(sibling("shop-0", &pods), None);
        assert_eq!(sibling("alone", &pods), None);
    }
}
