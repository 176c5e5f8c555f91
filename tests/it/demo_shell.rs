//! A shell in the demo's pods that have none, asked for as the console does: the stream ends at once and says why.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends, and one that is skipped says so")]

use std::path::PathBuf;
use std::time::Duration;

use bathyscope::cluster::{Cluster, ContainerKey, ContextInfo, PodKey};
use bathyscope::demo::{DemoCluster, DemoOptions, Isolation};
use bathyscope::session::{Attention, End, SessionId, SessionUpdate, spawn};
use tokio::sync::mpsc;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(60);

/// The first pod whose name begins so, once its containers are ready.
async fn ready(demo: &DemoCluster, beginning: &str) -> String {
    let (_, version) = demo.store().list("pods", None);
    let mut changes = demo.store().watch("pods", version).unwrap();
    let found = timeout(LIMIT, async {
        loop {
            let pods = demo.store().list("pods", Some("demo")).0;
            let pod = pods.iter().find(|pod| {
                pod["metadata"]["name"].as_str().is_some_and(|name| name.starts_with(beginning))
                    && !pod["status"]["containerStatuses"][0]["state"]["running"].is_null()
            });
            if let Some(pod) = pod {
                return pod["metadata"]["name"].as_str().unwrap().to_owned();
            }
            changes.next().await.unwrap().unwrap();
        }
    });
    found.await.unwrap_or_else(|_| panic!("{beginning} did not start"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distroless_container_has_no_shell() {
    let program = Some(PathBuf::from(env!("CARGO_BIN_EXE_bathy")));
    let demo = DemoCluster::start(DemoOptions { isolation: Isolation::Auto, program, ..DemoOptions::default() })
        .await
        .unwrap();
    if let Some(why) = demo.isolation_notice() {
        println!("skipped: {why}");
        return demo.shutdown().await;
    }
    let cluster = Cluster::from_client(demo.client("oncall"), ContextInfo::default());
    let command = ["sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh"].map(str::to_owned);
    for (beginning, container) in [("nodejsapps-", "nodejsapp"), ("nonroot", "app")] {
        let pod = ready(&demo, beginning).await;
        let pod = PodKey { namespace: "demo".into(), name: pod.as_str().into() };
        let container = ContainerKey { pod, container: container.into() };
        for turn in 0..20 {
            let transport = timeout(LIMIT, cluster.exec(&container, &command, true)).await.unwrap().unwrap();
            let (sender, mut updates) = mpsc::unbounded_channel();
            let handle = spawn(SessionId(turn), transport, None, sender, Attention::default());
            handle.resize(100, 30);
            match timeout(LIMIT, updates.recv()).await {
                Ok(Some((_, SessionUpdate::Ended(End::Failed { reason })))) => {
                    assert!(reason.contains("exec: \"sh\": executable file not found in $PATH"), "{reason}");
                }
                other => panic!("{beginning} {turn}: {other:?}"),
            }
        }
    }
    demo.shutdown().await;
}
