//! Live lists and live pods against a server that says, forgets, cuts and refuses what the test wants.

use std::time::Duration;

use bathyscope::cluster::{Cluster, Liveness, PodKey, PodRow, RowsUpdate, WatchId, WatchTarget, WatchUpdate, watch};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};

use crate::fake_api::{Call, FakeApi};

mod everywhere;

const ID: WatchId = WatchId(3);

struct Watching {
    updates: mpsc::Receiver<(WatchId, WatchUpdate)>,
    task: JoinHandle<()>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn start(cluster: Cluster, target: WatchTarget) -> Watching {
    let (sender, updates) = mpsc::channel(64);
    Watching { updates, task: tokio::spawn(watch(cluster, ID, target, sender)) }
}

impl Watching {
    async fn next(&mut self) -> WatchUpdate {
        let (id, update) =
            timeout(Duration::from_secs(900), self.updates.recv()).await.expect("no update").expect("an update");
        assert_eq!(id, ID);
        update
    }

    async fn rows(&mut self) -> Vec<PodRow> {
        match self.next().await {
            WatchUpdate::Pods(RowsUpdate::Rows(rows)) => rows,
            other => panic!("no rows but {other:?}"),
        }
    }

    async fn expect(&mut self, wanted: WatchUpdate) {
        assert_eq!(self.next().await, wanted);
    }

    async fn stale(&mut self) -> String {
        match self.next().await {
            WatchUpdate::Liveness(Liveness::Stale { since, why, .. }) => {
                assert!(since.is_some(), "it was heard before");
                why
            }
            other => panic!("not stale but {other:?}"),
        }
    }
}

fn begin() -> WatchUpdate {
    WatchUpdate::Pods(RowsUpdate::Begin)
}

fn complete() -> WatchUpdate {
    WatchUpdate::Pods(RowsUpdate::Complete)
}

fn live() -> WatchUpdate {
    WatchUpdate::Liveness(Liveness::Live)
}

fn shop() -> WatchTarget {
    WatchTarget::PodsIn(vec!["shop".into()])
}

fn columns() -> Value {
    let names = ["Name", "Ready", "Status", "Restarts", "Age", "IP", "Node"];
    names.iter().map(|name| json!({"name": name, "type": "string"})).collect()
}

fn cells(name: &str, status: &str) -> Value {
    json!([name, "1/1", status, "7 (4m47s ago)", "3d", "10.0.0.1", "node1"])
}

fn table(version: &str, next: Option<&str>, rows: &[(&str, &str)]) -> Value {
    let rows: Vec<Value> =
        rows.iter().map(|(name, status)| json!({"cells": cells(name, status), "object": null})).collect();
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": version, "continue": next.unwrap_or_default()},
        "columnDefinitions": columns(), "rows": rows,
    })
}

fn event(change: &str, version: &str, name: &str, status: &str, first: bool) -> Value {
    json!({"type": change, "object": {
        "kind": "Table", "metadata": {"resourceVersion": version},
        "columnDefinitions": if first { columns() } else { Value::Null },
        "rows": [{"cells": cells(name, status), "object": {
            "kind": "PartialObjectMetadata",
            "metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z", "managedFields": [{"x": 1}]},
        }}],
    }})
}

fn bookmark(version: &str) -> Value {
    json!({"type": "BOOKMARK", "object": {
        "kind": "Table", "metadata": {"resourceVersion": version}, "columnDefinitions": columns(),
        "rows": [{"cells": ["", "0/0", "", "0", "<unknown>", "", ""], "object": {"metadata": {"resourceVersion": version}}}],
    }})
}

fn gone() -> Value {
    json!({"type": "ERROR", "object": {"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410, "message": "too old resource version: 1 (8844)"}})
}

/// Answers the list of `shop` and takes the reports up to live; the watch's request comes back.
async fn list(api: &mut FakeApi, watching: &mut Watching, version: &str, rows: &[(&str, &str)]) -> Call {
    watching.expect(begin()).await;
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods");
    assert_eq!(call.param("watch"), None);
    call.json(&table(version, None, rows));
    if !rows.is_empty() {
        assert_eq!(watching.rows().await.len(), rows.len());
    }
    watching.expect(complete()).await;
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods");
    assert_eq!(call.param("watch"), Some("true"));
    assert_eq!(call.param("resourceVersion"), Some(version));
    call
}

#[tokio::test(start_paused = true)]
async fn a_list_comes_page_by_page_and_goes_on_live() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, shop());
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    watching.expect(begin()).await;

    let call = api.next().await.expect("/api/v1/namespaces/shop/pods");
    assert!(call.accept.starts_with("application/json;as=Table"));
    assert_eq!((call.param("limit"), call.param("includeObject")), (Some("500"), Some("None")));
    call.json(&table("10", Some("more"), &[("a", "Running")]));
    let rows = watching.rows().await;
    assert_eq!(&*rows[0].key.namespace, "shop");
    assert_eq!((rows[0].restarts, &*rows[0].status, &*rows[0].node), (7, "Running", "node1"));
    let call = api.next().await;
    assert_eq!(call.param("continue"), Some("more"));
    call.json(&table("10", None, &[("b", "Pending")]));
    assert_eq!(&*watching.rows().await[0].key.name, "b");
    watching.expect(complete()).await;
    watching.expect(live()).await;

    let call = api.next().await;
    assert_eq!((call.param("resourceVersion"), call.param("includeObject")), (Some("10"), Some("Metadata")));
    assert_eq!(call.param("allowWatchBookmarks"), Some("true"));
    let events = call.stream();
    events.send(&event("MODIFIED", "11", "b", "Running", true));
    let rows = watching.rows().await;
    assert_eq!((&*rows[0].key.name, &*rows[0].status), ("b", "Running"));
    assert_eq!(rows[0].created.map(|time| time.to_string()).as_deref(), Some("2026-01-01T00:00:00Z"));
    events.send(&event("DELETED", "12", "a", "Terminating", false));
    let key = PodKey { namespace: "shop".into(), name: "a".into() };
    watching.expect(WatchUpdate::Pods(RowsUpdate::Removed(key))).await;

    // A bookmark shows no row, and a clean end is no trouble: the next watch goes on from it.
    events.send(&bookmark("99"));
    tokio::time::sleep(Duration::from_secs(20)).await;
    drop(events);
    let call = api.next().await;
    assert_eq!(call.param("resourceVersion"), Some("99"));
    let events = call.stream();
    events.send(&event("ADDED", "100", "c", "Running", true));
    assert_eq!(&*watching.rows().await[0].key.name, "c");
}

#[tokio::test(start_paused = true)]
async fn both_forms_of_410_list_again() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, shop());
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    let call = list(&mut api, &mut watching, "10", &[("a", "Running")]).await;
    watching.expect(live()).await;
    let events = call.stream();
    events.send(&bookmark("11"));
    events.send(&gone());

    // As an event; then as the answer to the watch itself.
    let call = list(&mut api, &mut watching, "20", &[("a", "Running")]).await;
    call.refuse(410, "Expired", "too old resource version");
    assert!(watching.stale_or_live().await, "a version that was never any good is waited out");
    list(&mut api, &mut watching, "30", &[]).await.stream().send(&bookmark("31"));
}

impl Watching {
    /// Whether the next reports are live and then stale.
    async fn stale_or_live(&mut self) -> bool {
        let mut update = self.next().await;
        if update == live() {
            update = self.next().await;
        }
        matches!(update, WatchUpdate::Liveness(Liveness::Stale { .. }))
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_told_and_the_watch_goes_on_where_it_was() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, shop());
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    let events = list(&mut api, &mut watching, "10", &[]).await.stream();
    watching.expect(live()).await;
    events.send(&event("ADDED", "11", "a", "Running", true));
    watching.rows().await;
    events.cut();
    assert!(!watching.stale().await.is_empty());
    let call = api.next().await;
    assert_eq!(call.param("resourceVersion"), Some("11"), "nothing is listed again");
    call.refuse(503, "ServiceUnavailable", "the server is starting");
    assert_eq!(watching.stale().await, "the server is starting");
    let _events = api.next().await.stream();
    watching.expect(live()).await;
}

#[tokio::test(start_paused = true)]
async fn silence_is_stale_and_a_silent_server_is_not_waited_for_for_ever() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, shop());
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    let events = list(&mut api, &mut watching, "10", &[]).await.stream();
    watching.expect(live()).await;
    let begun = tokio::time::Instant::now();
    assert!(watching.stale().await.contains("55 s"));
    assert!(begun.elapsed() < Duration::from_secs(57));
    events.closed().await;
    // It takes the next request and never answers.
    let _unanswered = api.next().await;
    assert!(watching.stale().await.contains("15 s"));
}

#[tokio::test(start_paused = true)]
async fn failing_lists_are_tried_ever_more_slowly() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, shop());
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    let begun = tokio::time::Instant::now();
    for _ in 0..8 {
        watching.expect(begin()).await;
        api.next().await.refuse(500, "InternalError", "etcd is away");
        match watching.next().await {
            WatchUpdate::Liveness(Liveness::Stale { since: None, why, .. }) => assert_eq!(why, "etcd is away"),
            other => panic!("{other:?}"),
        }
    }
    assert!(begun.elapsed() > Duration::from_secs(40), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_right_and_is_tried_again_slowly() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, shop());
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    for _ in 0..2 {
        watching.expect(begin()).await;
        let message = "pods is forbidden: User \"oncall\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"";
        api.next().await.refuse(403, "Forbidden", message);
        match watching.next().await {
            WatchUpdate::Refused(problem) => {
                assert_eq!(problem.hint, "ask for the right to list pods in namespace shop");
            }
            other => panic!("{other:?}"),
        }
        assert!(api.is_idle());
    }
}

#[tokio::test(start_paused = true)]
async fn one_refused_namespace_does_not_hide_the_others() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, WatchTarget::PodsIn(vec!["shop".into(), "secret".into()]));
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    watching.expect(begin()).await;
    for _ in 0..2 {
        let call = api.next().await;
        if call.path.contains("secret") {
            call.refuse(403, "Forbidden", "no");
        } else {
            call.json(&table("5", None, &[("a", "Running")]));
        }
    }
    watching.rows().await;
    assert!(matches!(watching.next().await, WatchUpdate::Refused(_)));
    watching.expect(complete()).await;
    watching.expect(live()).await;
    let _events = api.next().await.expect("/api/v1/namespaces/shop/pods").stream();
    // Later it is allowed.
    let call = api.next().await.expect("/api/v1/namespaces/secret/pods");
    call.json(&table("6", None, &[("s", "Running")]));
    assert_eq!(&*watching.rows().await[0].key.namespace, "secret");
    assert_eq!(api.next().await.expect("/api/v1/namespaces/secret/pods").param("resourceVersion"), Some("6"));
}

fn plain_pod(name: &str, version: &str) -> Value {
    json!({
        "kind": "Pod", "metadata": {"name": name, "namespace": "shop", "resourceVersion": version},
        "spec": {"nodeName": "n", "containers": [{"name": "c"}]},
        "status": {"phase": "Running", "podIP": "10.0.0.9", "containerStatuses": [
            {"name": "c", "ready": true, "restartCount": 2, "state": {"running": {}}},
        ]},
    })
}

#[tokio::test(start_paused = true)]
async fn a_server_without_tables_is_listed_and_watched_all_the_same() {
    for refuses in [true, false] {
        let (cluster, mut api) = FakeApi::new();
        let mut watching = start(cluster, shop());
        watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
        watching.expect(begin()).await;
        let mut call = api.next().await;
        if refuses {
            call.refuse(406, "NotAcceptable", "only the following media types are accepted: application/json");
            call = api.next().await;
            assert_eq!(call.accept, "application/json");
        }
        call.json(&json!({"kind": "PodList", "metadata": {"resourceVersion": "3"}, "items": [plain_pod("a", "2")]}));
        let rows = watching.rows().await;
        assert_eq!((&*rows[0].status, &*rows[0].ready, rows[0].restarts), ("Running", "1/1", 2));
        watching.expect(complete()).await;
        watching.expect(live()).await;
        let call = api.next().await;
        assert_eq!((call.accept.as_str(), call.param("includeObject")), ("application/json", None));
        let events = call.stream();
        events.send(&json!({"type": "DELETED", "object": plain_pod("a", "4")}));
        assert!(matches!(watching.next().await, WatchUpdate::Pods(RowsUpdate::Removed(_))));
        events.send(&json!({"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "8"}}}));
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(events);
        assert_eq!(api.next().await.param("resourceVersion"), Some("8"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_reported_together() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, shop());
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    let events = list(&mut api, &mut watching, "10", &[]).await.stream();
    watching.expect(live()).await;
    events.send(&event("ADDED", "11", "first", "Running", true));
    assert_eq!(watching.rows().await.len(), 1, "one alone does not wait");
    for round in 0..100 {
        events.send(&event(
            "MODIFIED",
            "12",
            &format!("p{}", round % 10),
            if round < 90 { "Pending" } else { "Running" },
            false,
        ));
    }
    let rows = watching.rows().await;
    assert_eq!(rows.len(), 10);
    assert!(rows.iter().all(|row| &*row.status == "Running"), "only the last word on each counts");
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_followed_until_it_is_gone_and_beyond() {
    let (cluster, mut api) = FakeApi::new();
    let key = PodKey { namespace: "shop".into(), name: "a".into() };
    let mut watching = start(cluster, WatchTarget::Pod(key));
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    api.next().await.expect("/api/v1/namespaces/shop/pods/a").json(&plain_pod("a", "2"));
    watching.expect(live()).await;
    assert!(matches!(watching.next().await, WatchUpdate::Pod(Some(detail)) if detail.phase == "Running"));
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods");
    assert_eq!((call.param("fieldSelector"), call.param("resourceVersion")), (Some("metadata.name=a"), None));
    let events = call.stream();
    events.send(&json!({"type": "ADDED", "object": plain_pod("a", "2")}));
    let mut changed = plain_pod("a", "3");
    changed["status"]["phase"] = json!("Succeeded");
    events.send(&json!({"type": "MODIFIED", "object": changed}));
    assert!(
        matches!(watching.next().await, WatchUpdate::Pod(Some(detail)) if detail.phase == "Succeeded"),
        "what did not change is no news"
    );
    events.send(&json!({"type": "DELETED", "object": plain_pod("a", "4")}));
    watching.expect(WatchUpdate::Pod(None)).await;
    events.send(&json!({"type": "ADDED", "object": plain_pod("a", "5")}));
    assert!(matches!(watching.next().await, WatchUpdate::Pod(Some(_))));
    events.cut();
    watching.stale().await;
    api.next().await.refuse(404, "NotFound", "pods \"a\" not found");
    watching.expect(live()).await;
    watching.expect(WatchUpdate::Pod(None)).await;
}

#[tokio::test(start_paused = true)]
async fn garbage_is_told_and_never_shown() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, shop());
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    watching.expect(begin()).await;
    api.next().await.text(200, "<html>please log in</html>");
    match watching.next().await {
        WatchUpdate::Liveness(Liveness::Stale { why, .. }) => {
            assert!(why.contains("cannot be read"), "{why}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_listener_ends_the_watch() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, shop());
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    let events = list(&mut api, &mut watching, "10", &[]).await.stream();
    drop(std::mem::replace(&mut watching.updates, mpsc::channel(1).1));
    events.closed().await;
    let task = std::mem::replace(&mut watching.task, tokio::spawn(async {}));
    timeout(Duration::from_secs(60), task).await.expect("it ends").unwrap();
}
