//! Synthetic pods of the demo as its clients see them: listed by the page, watched, described, and nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bathyscope::demo::store::Store;
use bathyscope::demo::synthetic::{Population, begin};
use bathyscope::demo::{DemoCluster, DemoOptions};
use futures::TryStreamExt as _;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Namespace, Node, Pod};
use kube::api::{Api, AttachParams, DeleteParams, ListParams, WatchEvent, WatchParams};
use serde_json::Value;

use crate::echo::{Echo, raw, soon};

fn cluster(pods: u32) -> DemoCluster {
    let store = Store::new();
    assert!(begin(&store, Population { pods, churn: 0 }).is_none());
    DemoCluster::assemble(store, Arc::new(Echo))
}

fn everywhere(cluster: &DemoCluster) -> Api<Pod> {
    Api::all(cluster.client("admin"))
}

#[tokio::test]
async fn they_are_listed_by_the_page_over_namespaces_and_nodes() {
    let cluster = cluster(1_000);
    let api = everywhere(&cluster);
    let mut seen = BTreeSet::new();
    let mut page = ListParams::default().limit(300);
    loop {
        let list = soon(api.list(&page)).await.unwrap();
        let (left, next) = (list.metadata.remaining_item_count, list.metadata.continue_.clone());
        for pod in list {
            let spec = pod.spec.unwrap();
            seen.insert((pod.metadata.namespace.unwrap(), pod.metadata.name.unwrap(), spec.node_name.unwrap()));
        }
        assert_eq!(left.unwrap_or(0), 1_000 - i64::try_from(seen.len()).unwrap());
        let Some(next) = next.filter(|next| !next.is_empty()) else { break };
        page = page.continue_token(&next);
    }
    assert_eq!(seen.len(), 1_000);
    let spaces: Api<Namespace> = Api::all(cluster.client("admin"));
    let nodes: Api<Node> = Api::all(cluster.client("admin"));
    let of = |part: fn(&(String, String, String)) -> &String| seen.iter().map(part).cloned().collect::<BTreeSet<_>>();
    let listed = soon(spaces.list(&ListParams::default())).await.unwrap();
    assert_eq!(of(|pod| &pod.0), listed.into_iter().map(|space| space.metadata.name.unwrap()).collect());
    let listed = soon(nodes.list(&ListParams::default())).await.unwrap();
    assert_eq!(of(|pod| &pod.2), listed.into_iter().map(|node| node.metadata.name.unwrap()).collect());
    let (_, _, node) = seen.first().unwrap();
    let there =
        soon(api.list(&ListParams::default().fields(&format!("spec.nodeName={node}")).limit(40))).await.unwrap();
    assert_eq!(there.items.len(), 40);
    assert!(there.metadata.continue_.is_some_and(|next| !next.is_empty()));
}

#[tokio::test]
async fn their_rows_are_worded_from_their_status() {
    let cluster = cluster(2_000);
    let request = http::Request::builder()
        .uri("/api/v1/pods?includeObject=None")
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    let (code, table) = raw(&cluster, "view", request, None).await;
    assert_eq!(code, 200);
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    for row in table["rows"].as_array().unwrap() {
        let cell = |at: usize| row["cells"][at].as_str().unwrap();
        *words.entry(format!("{} {}", cell(1), cell(2))).or_default() += 1;
        assert!(cell(6).starts_with("pool-"), "{row}");
    }
    assert_eq!(words.values().sum::<usize>(), 2_000);
    assert!(words["1/1 Running"] > 1_900, "{words:?}");
    for trouble in ["0/1 CrashLoopBackOff", "0/1 ImagePullBackOff", "0/1 Running"] {
        assert!(words.contains_key(trouble), "{trouble} of {words:?}");
    }
}

#[tokio::test]
async fn what_would_need_a_process_is_refused() {
    let cluster = cluster(10);
    let pod = soon(everywhere(&cluster).list(&ListParams::default().limit(1))).await.unwrap().items.remove(0);
    let (space, name) = (pod.metadata.namespace.clone().unwrap(), pod.metadata.name.clone().unwrap());
    let api: Api<Pod> = Api::namespaced(cluster.client("admin"), &space);
    assert_eq!(soon(api.get(&name)).await.unwrap(), pod);
    let refused = soon(api.delete(&name, &DeleteParams::default())).await.unwrap_err().to_string();
    assert!(refused.contains("synthetic"), "{refused}");
    assert!(soon(api.exec(&name, ["sh"], &AttachParams::default())).await.is_err());
    let refused = soon(api.logs(&name, &kube::api::LogParams::default())).await.unwrap_err().to_string();
    assert!(refused.contains("synthetic"), "{refused}");
    assert_eq!(soon(api.get(&name)).await.unwrap(), pod);
}

#[tokio::test]
async fn what_changes_is_told_to_those_who_watch_and_adds_up() {
    let store = Store::new();
    let churn = begin(&store, Population { pods: 300, churn: 2_000 }).expect("changes");
    let cluster = DemoCluster::assemble(store, Arc::new(Echo));
    let api = everywhere(&cluster);
    let list = soon(api.list(&ListParams::default())).await.unwrap();
    let mut version = list.metadata.resource_version.clone().unwrap();
    let key = |pod: &Pod| (pod.metadata.namespace.clone().unwrap(), pod.metadata.name.clone().unwrap());
    let mut known: BTreeMap<_, _> = list.into_iter().map(|pod| (key(&pod), pod)).collect();
    let mut events = Box::pin(soon(api.watch(&WatchParams::default(), &version)).await.unwrap());
    for number in 0..1_000 {
        match soon(events.try_next()).await.unwrap().unwrap() {
            WatchEvent::Added(pod) => assert!(known.insert(key(&pod), pod).is_none()),
            WatchEvent::Modified(pod) => {
                version = pod.metadata.resource_version.clone().unwrap();
                assert!(known.insert(key(&pod), pod).is_some(), "change {number}");
            }
            WatchEvent::Deleted(pod) => assert!(known.remove(&key(&pod)).is_some()),
            other => panic!("{other:?}"),
        }
    }
    drop((events, churn));
    // What changed since the last event is told to whoever resumes.
    let store = cluster.store();
    let from: u64 = version.parse().unwrap();
    assert!(store.watch_all("pods", from).is_ok());
    assert_eq!(store.page("pods", None, None, None, usize::MAX).unwrap().entries.len(), 300);
    assert_eq!(store.list("pods", None).0, Vec::<Arc<Value>>::new(), "nothing runs them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_daemon_waits_for_a_kubelet_that_is_not_there() {
    let program = Some(env!("CARGO_BIN_EXE_bathy").into());
    let population = Population { pods: 2_000, churn: 0 };
    let demo = DemoCluster::start(DemoOptions { program, population, ..DemoOptions::default() }).await.unwrap();
    let sets: Api<DaemonSet> = Api::namespaced(demo.client("admin"), "kube-system");
    let wanted = soon(async {
        let mut changes = Box::pin(sets.watch(&WatchParams::default(), "0").await.unwrap());
        loop {
            if let Some(WatchEvent::Added(set) | WatchEvent::Modified(set)) = changes.try_next().await.unwrap()
                && let Some(status) = set.status.filter(|status| status.observed_generation.is_some())
            {
                return status.desired_number_scheduled;
            }
        }
    });
    assert_eq!(wanted.await, 3, "the nodes with a kubelet");
    demo.shutdown().await;
}
