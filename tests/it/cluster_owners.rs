//! What a pod belongs to and all the pods of that, against the demo cluster and a server that refuses.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bathyscope::cluster::{Cluster, ContextInfo, Owner, PodKey, RowsUpdate, WatchId, WatchTarget, WatchUpdate, watch};
use bathyscope::demo::{DemoCluster, DemoOptions};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::json;
use tokio::{sync::mpsc, time::timeout};

use crate::fake_api::FakeApi;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pods_of_a_deployment_are_those_of_all_its_replica_sets_the_next_ones_too() {
    let options = DemoOptions { program: Some(PathBuf::from(env!("CARGO_BIN_EXE_bathy"))), ..DemoOptions::default() };
    let demo = DemoCluster::start(options).await.expect("the demo starts");
    let client = demo.client("admin");
    let cluster = Cluster::from_client(client.clone(), ContextInfo::default());
    let pods: Api<Pod> = Api::namespaced(client.clone(), "demo");
    let of_app = ListParams::default().labels("app=nodejsapp");
    let first = timeout(PATIENCE, async {
        loop {
            let found = pods.list(&of_app).await.expect("pods").items.into_iter().next();
            match found.and_then(|pod| pod.metadata.name) {
                Some(name) => break name,
                None => tokio::task::yield_now().await,
            }
        }
    });
    let first = first.await.expect("the demo's deployment has a pod");
    let key = PodKey { namespace: "demo".into(), name: first.as_str().into() };

    let chain = cluster.owners(&key).await.expect("its owners");
    let kinds: Vec<&str> = chain.owners.iter().map(|owner| owner.kind.as_str()).collect();
    assert_eq!((kinds.as_slice(), chain.unread.as_ref()), (&["ReplicaSet", "Deployment"][..], None));
    let name = chain.top().expect("a deployment").name.to_string();

    let (sender, mut updates) = mpsc::channel(64);
    let watching = tokio::spawn(watch(cluster, WatchId(1), WatchTarget::PodsOf(Arc::new(chain)), sender));
    let mut seen = Vec::new();
    let mut rolled_out = false;
    let next = timeout(PATIENCE, async {
        loop {
            let (_, update) = updates.recv().await.expect("the watch goes on");
            match update {
                WatchUpdate::Pods(RowsUpdate::Rows(rows)) => {
                    seen.extend(rows.iter().map(|row| row.key.name.to_string()));
                }
                WatchUpdate::Pods(RowsUpdate::Complete) if !rolled_out => {
                    assert!(seen.contains(&first) && seen.iter().all(|pod| pod.starts_with(&name)), "{seen:?}");
                    // Another template: another ReplicaSet, which nobody knew of when the watch began.
                    rolled_out = true;
                    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "demo");
                    let change = json!({"spec": {"template": {"metadata": {"labels": {"round": "2"}}}}});
                    let change = Patch::Merge(change);
                    deployments.patch(&name, &PatchParams::default(), &change).await.expect("a rollout");
                }
                _ => {}
            }
            let set = |pod: &str| pod.rsplit_once('-').map(|(set, _)| set.to_owned());
            if let Some(new) = seen.iter().find(|pod| set(pod) != set(&first)) {
                break new.clone();
            }
        }
    });
    let next = next.await.expect("the pod of the new ReplicaSet comes");
    assert!(next.starts_with(&name), "{next}");
    watching.abort();
    demo.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_may_not_be_read_ends_the_chain_and_says_so() {
    let (cluster, mut api) = FakeApi::new();
    let key = PodKey { namespace: "shop".into(), name: "api-1".into() };
    let owners = tokio::spawn(async move { cluster.owners(&key).await });
    let pod = json!({"metadata": {"name": "api-1", "ownerReferences": [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "api", "uid": "1", "controller": true},
    ]}});
    api.next().await.expect("/api/v1/namespaces/shop/pods/api-1").json(&pod);
    let message = "replicasets.apps \"api\" is forbidden: User \"u\" cannot get resource \"replicasets\" in API group \"apps\" in the namespace \"shop\"";
    api.next().await.expect("/apis/apps/v1/namespaces/shop/replicasets/api").refuse(403, "Forbidden", message);
    let chain = owners.await.unwrap().unwrap();
    assert_eq!(chain.top().map(Owner::words).as_deref(), Some("ReplicaSet/api"));
    assert!(chain.unread.unwrap().what.contains("replicaset shop/api"));
}
