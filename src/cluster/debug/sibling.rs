//! The pod that stands in for one that went away: another of its kind that runs; it changes nothing.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::super::{
    Cluster, Fix, PodKey, Way,
    request::{ANSWER_TIME, JSON, Target},
    text::cleaned,
};

/// How long the search may take, while a person waits to hear that the pod is gone.
const TIME: Duration = Duration::from_secs(5);

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
    let stem = |name: &str| name.rsplit_once('-').map(|(stem, _)| stem.to_owned());
    // An ordinal, or five characters that were drawn; any other end is part of a name that somebody chose.
    let end = name.rsplit('-').next()?;
    if !(end.bytes().all(|byte| byte.is_ascii_digit()) || end.len() == 5) {
        return None;
    }
    let pod_stem = stem(name)?;
    let running = |pod: &&Value| pod["status"]["phase"] == "Running" && pod["metadata"]["deletionTimestamp"].is_null();
    let named = |pod: &&Value| pod["metadata"]["name"].as_str().is_some_and(|other| other != name);
    let stem_of = |pod: &Value, times: usize| {
        let mut named = pod["metadata"]["name"].as_str().map(ToOwned::to_owned);
        for _ in 0..times {
            named = named.as_deref().and_then(stem);
        }
        named
    };
    let newest = |stem: &str, times: usize| {
        let of = pods.iter().filter(running).filter(named);
        of.filter(|pod| stem_of(pod, times).as_deref() == Some(stem))
            // RFC 3339 in UTC, as the API writes times, is sorted as text.
            .max_by_key(|pod| pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default())
            .and_then(|pod| pod["metadata"]["name"].as_str().map(cleaned))
    };
    newest(&pod_stem, 1).or_else(|| newest(&stem(&pod_stem)?, 2))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_of_its_kind_is_the_newest_that_runs() {
        let pod = |name: &str, phase: &str, created: &str| json!({"metadata": {"name": name, "creationTimestamp": created}, "status": {"phase": phase}});
        let pods = [
            pod("api-66cd-aaaaa", "Running", "2026-01-01T00:00:00Z"),
            pod("api-66cd-bbbbb", "Running", "2026-01-02T00:00:00Z"),
            pod("api-66cd-ccccc", "Pending", "2026-01-03T00:00:00Z"),
            pod("web-77ff-ddddd", "Running", "2026-01-03T00:00:00Z"),
        ];
        assert_eq!(sibling("api-66cd-gone1", &pods).as_deref(), Some("api-66cd-bbbbb"));
        assert_eq!(sibling("api-55aa-gone1", &pods).as_deref(), Some("api-66cd-bbbbb"), "of the newer replica set");
        assert_eq!(sibling("web-77ff-ddddd", &pods), None, "the pod itself is none");
        assert_eq!(sibling("alone", &pods), None);
    }
}
