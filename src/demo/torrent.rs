//! A pod that writes to its log as fast as is wanted; nothing else in the demo depends on it.

use anyhow::{Result, anyhow};
use serde_json::json;

use super::server::defaults;
use super::store::Store;

/// The name of the pod, in the namespace `demo`.
const NAME: &str = "torrent";

/// Adds the pod, whose container writes so many lines a second.
///
/// # Errors
/// If there is such a pod already.
pub(super) fn begin(store: &Store, lines: u32) -> Result<()> {
    let container = json!({ "name": "app", "image": "registry.example.com/ticker:1", "args": [lines.to_string()] });
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": NAME, "namespace": "demo", "labels": { "app": NAME } },
        "spec": { "containers": [container] },
    });
    defaults::pod(&mut pod);
    store.create("pods", pod).map(drop).map_err(|_| anyhow!("pod {NAME} is there twice"))
}
