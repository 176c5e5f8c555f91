//! What pods and containers use stands beside them where the cluster tells, and is not missed where it does not.

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_pods_use_stands_beside_them() {
    if !cfg!(target_os = "linux") {
        return eprintln!("skipped: what a process uses is read from /proc, which this system has not");
    }
    let site = Site::demo().await;
    let mut person = site.person();
    person.resize(200, 50);
    person.select_pod(NODE_POD).await;
    person
        .wait_for("cpu and memory in the list and of the container", |screen| {
            screen.contains("MEMORY") && screen.contains(" · memory ") && screen.contains("Mi")
        })
        .await;
    person.leave().await;
    site.close().await;
}
