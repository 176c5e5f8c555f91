//! The demo's API through the real kube client over in-memory pipes: objects, rows, watches, rights and rules.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use bathyscope::demo::DemoCluster;
use futures::stream::StreamExt as _;
use futures::{AsyncBufReadExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use serde_json::{Value, json};

use crate::echo::{cluster, pods, raw, recorded, soon, upgrading};

#[tokio::test]
async fn the_recorded_refusals_are_answered_as_recorded() {
    let cluster = cluster();
    for case in recorded!("api-answers.json").as_array().unwrap() {
        let title = case["title"].as_str().unwrap();
        let expected = &case["response"];
        // what is not compared whole, and why
        let shape_only = matches!(
            title,
            // the roles of the demo name the kinds it serves
            "rules review"
            // the text of a parser
            | "list with an expired continue token"
            // a structure of the server's own language is printed
            | "name of an existing ephemeral container with another image"
            // the numbers of versions are another cluster's
            | "watch from a compacted resourceVersion"
        );
        let (user, recorded_user) = match case["as"].as_str().unwrap() {
            "view-only" => ("view", "oncall"),
            "edit-in-demo" => ("edit", "viewer"),
            "bad token" => ("nobody", "nobody"),
            user => (user, user),
        };
        let mut request =
            http::Request::builder().method(case["method"].as_str().unwrap()).uri(case["path"].as_str().unwrap());
        if let Some(kind) = case["contentType"].as_str() {
            request = request.header("content-type", kind.trim_start_matches("Content-Type: "));
        }
        if case["path"].as_str().unwrap().contains("/attach?") {
            request = upgrading(request);
        }
        let body = Some(&case["body"]).filter(|body| !body.is_null());
        let (code, mut answer) = raw(&cluster, user, request, body).await;
        if shape_only {
            assert_eq!(answer["reason"], expected["reason"], "{title}: {answer}");
            assert_eq!(answer["object"]["reason"], expected["object"]["reason"], "{title}: {answer}");
            assert_eq!(answer["details"]["kind"], expected["details"]["kind"], "{title}: {answer}");
            assert_eq!(answer["kind"], expected["kind"], "{title}");
            continue;
        }
        if let Some(message) = answer["message"].as_str() {
            answer["message"] = json!(message.replace(&format!("User {user:?}"), &format!("User {recorded_user:?}")));
        }
        assert_eq!(&answer, expected, "{title}");
        assert_eq!(u64::from(code), expected["code"].as_u64().unwrap_or(201), "{title}");
    }
}

#[tokio::test]
async fn a_list_comes_in_pages_of_one_version() {
    let cluster = cluster();
    let api = pods(&cluster, "view");
    let first = soon(api.list(&ListParams::default().limit(4))).await.unwrap();
    assert_eq!(first.items.len(), 4);
    assert_eq!(first.metadata.remaining_item_count, Some(5));
    soon(pods(&cluster, "admin").delete("pending", &DeleteParams::default())).await.unwrap();
    let token = first.metadata.continue_.unwrap();
    let rest = soon(api.list(&ListParams::default().continue_token(&token))).await.unwrap();
    assert_eq!(rest.items.len(), 5, "the pod was there when the list began");
    assert_eq!(rest.metadata.resource_version, first.metadata.resource_version);
    cluster.store().compact();
    soon(pods(&cluster, "admin").delete("done", &DeleteParams::default())).await.unwrap();
    let expired = soon(api.list(&ListParams::default().continue_token(&token))).await.unwrap_err();
    assert!(matches!(expired, kube::Error::Api(status) if status.code == 410));
    let selected =
        soon(api.list(&ListParams::default().labels("app=nodejsapp").fields("spec.nodeName=node1"))).await.unwrap();
    assert_eq!(selected.items.len(), 2);
}

#[tokio::test]
async fn rows_are_those_of_kubectl_get() {
    let cluster = cluster();
    let request = http::Request::get("/api/v1/namespaces/demo/pods?includeObject=None&limit=1")
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
    let (code, table) = raw(&cluster, "view", request, None).await;
    assert_eq!((code, &table["kind"]), (200, &json!("Table")));
    assert_eq!(table["columnDefinitions"][3]["name"], "Restarts");
    assert_eq!(table["rows"][0]["cells"][2], "Error");
    assert_eq!(table["rows"][0]["object"], Value::Null);
    assert!(table["metadata"]["continue"].is_string());
}

#[tokio::test]
async fn a_watch_begins_with_what_there_is_and_goes_on() {
    let cluster = cluster();
    let watch = "/api/v1/namespaces/demo/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=60";
    let mut lines = lines(&cluster, &format!("{watch}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")).await;
    let mut seen = Vec::new();
    loop {
        let event = soon(lines.next()).await.unwrap();
        if event["type"] == "BOOKMARK" {
            assert_eq!(event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
            break;
        }
        assert_eq!(event["type"], "ADDED");
        seen.push(event["object"]["metadata"]["name"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen.len(), 9);
    let api = pods(&cluster, "admin");
    let labels = json!({ "metadata": { "labels": { "new": "yes" } } });
    soon(api.patch("crash", &PatchParams::default(), &Patch::Merge(&labels))).await.unwrap();
    soon(api.delete("pending", &DeleteParams::default())).await.unwrap();
    assert_eq!(soon(lines.next()).await.unwrap()["type"], "MODIFIED");
    // without a node it is gone at once
    let gone = soon(lines.next()).await.unwrap();
    let gone = if gone["type"] == "MODIFIED" { soon(lines.next()).await.unwrap() } else { gone };
    assert_eq!((&gone["type"], &gone["object"]["metadata"]["name"]), (&json!("DELETED"), &json!("pending")));
}

async fn lines(cluster: &DemoCluster, path: &str) -> impl futures::Stream<Item = Value> + Unpin + use<> {
    table_lines(cluster, path, "application/json").await
}

async fn table_lines(
    cluster: &DemoCluster,
    path: &str,
    accept: &str,
) -> impl futures::Stream<Item = Value> + Unpin + use<> {
    let request = http::Request::get(path).header("accept", accept).body(Vec::new()).unwrap();
    let lines = soon(cluster.client("admin").request_stream(request)).await.unwrap().lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap())
}

#[tokio::test]
async fn a_watch_of_rows_names_its_columns_once() {
    let cluster = cluster();
    let mut lines = table_lines(
        &cluster,
        "/api/v1/pods?watch=true&fieldSelector=metadata.namespace%3Ddemo",
        "application/json;as=Table;v=v1;g=meta.k8s.io",
    )
    .await;
    let first = soon(lines.next()).await.unwrap();
    assert_eq!(first["object"]["columnDefinitions"].as_array().unwrap().len(), 9);
    assert_eq!(first["object"]["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let second = soon(lines.next()).await.unwrap();
    assert_eq!(second["object"]["columnDefinitions"], Value::Null);
    assert_eq!(
        second["object"]["metadata"]["resourceVersion"],
        second["object"]["rows"][0]["object"]["metadata"]["resourceVersion"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_quiet_watch_gets_bookmarks_and_ends_in_time() {
    let cluster = cluster();
    let params = WatchParams::default().timeout(150);
    let version = cluster.store().version().to_string();
    let mut events = pods(&cluster, "view").watch(&params, &version).await.unwrap().boxed();
    let mut bookmarks = 0;
    while let Some(event) = events.try_next().await.unwrap() {
        assert!(matches!(event, WatchEvent::Bookmark(_)));
        bookmarks += 1;
    }
    assert_eq!(bookmarks, 3, "after 60 s, after 120 s, and at the end");
}

#[tokio::test]
async fn a_forgotten_version_is_gone_in_both_forms() {
    let cluster = cluster();
    let api = pods(&cluster, "view");
    let mut events = soon(api.watch(&WatchParams::default(), "1")).await.unwrap().boxed();
    let event = soon(events.try_next()).await.unwrap().unwrap();
    assert!(matches!(event, WatchEvent::Error(status) if status.code == 410));
    cluster.answer_gone_at_once(true);
    let refused = soon(api.watch(&WatchParams::default(), "1")).await.err().unwrap();
    assert!(matches!(refused, kube::Error::Api(status) if status.code == 410 && status.reason == "Expired"));
}

#[tokio::test]
async fn an_ephemeral_container_is_added_and_nothing_else_changes() {
    let cluster = cluster();
    let api = pods(&cluster, "oncall");
    let patch = json!({
        "metadata": { "labels": { "ignored": "yes" } },
        "spec": {
            "restartPolicy": "Never",
            "$setElementOrder/ephemeralContainers": [{ "name": "alive" }, { "name": "new" }],
            "ephemeralContainers": [{ "name": "new", "image": "busybox:stable", "targetContainerName": "web" }],
        },
    });
    let dry = PatchParams { dry_run: true, ..PatchParams::default() };
    let before = cluster.store().version();
    soon(api.patch_ephemeral_containers("multi", &dry, &Patch::Strategic(&patch))).await.unwrap();
    assert_eq!(cluster.store().version(), before);
    let pod = soon(api.patch_ephemeral_containers("multi", &PatchParams::default(), &Patch::Strategic(&patch)))
        .await
        .unwrap();
    let spec = pod.spec.unwrap();
    let added = spec.ephemeral_containers.unwrap();
    let added = added.iter().find(|one| one.name == "new").unwrap();
    assert_eq!(added.image_pull_policy.as_deref(), Some("IfNotPresent"));
    assert_eq!(spec.restart_policy.as_deref(), Some("Always"));
    assert!(!pod.metadata.labels.unwrap_or_default().contains_key("ignored"));
}

#[tokio::test]
async fn a_pod_is_created_with_defaults_or_refused_by_its_namespace() {
    let cluster = cluster();
    let spec = json!({ "containers": [{ "name": "a", "image": "busybox", "securityContext": { "capabilities": { "add": ["SYS_PTRACE"] } } }] });
    let pod: Pod = serde_json::from_value(json!({ "metadata": { "generateName": "copy-" }, "spec": spec })).unwrap();
    let created = soon(pods(&cluster, "edit").create(&PostParams::default(), &pod)).await.unwrap();
    assert!(created.metadata.name.unwrap().starts_with("copy-"));
    assert_eq!(created.spec.unwrap().containers[0].image_pull_policy.as_deref(), Some("Always"));
    let baseline: Api<Pod> = Api::namespaced(cluster.client("edit"), "baseline-ns");
    let refused = soon(baseline.create(&PostParams::default(), &pod)).await.unwrap_err();
    assert!(refused.to_string().contains("non-default capabilities"), "{refused}");
    let nowhere: Api<Pod> = Api::namespaced(cluster.client("edit"), "nowhere");
    let refused = soon(nowhere.create(&PostParams::default(), &pod)).await.unwrap_err();
    assert!(refused.to_string().contains("namespaces \"nowhere\" not found"), "{refused}");
}

#[tokio::test]
async fn a_pod_on_a_node_is_marked_for_deletion() {
    let cluster = cluster();
    let api = pods(&cluster, "edit");
    soon(api.delete("multi", &DeleteParams::default())).await.unwrap();
    let marked = cluster.store().get("pods", "demo", "multi").unwrap();
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 30);
    soon(api.delete("multi", &DeleteParams::default().grace_period(0))).await.unwrap();
    assert!(cluster.store().get("pods", "demo", "multi").is_none());
}

#[tokio::test]
async fn a_tenant_sees_one_namespace() {
    let cluster = cluster();
    let namespaces: Api<Namespace> = Api::all(cluster.client("tenant"));
    assert!(soon(namespaces.list(&ListParams::default())).await.is_err());
    assert!(soon(namespaces.get("demo")).await.is_ok());
    assert_eq!(soon(pods(&cluster, "tenant").list(&ListParams::default())).await.unwrap().items.len(), 9);
}
