//! The demo's API through the real kube client over in-memory pipes, with a node that echoes instead of running anything.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::Arc;
use std::time::Duration;

use bathyscope::demo::DemoCluster;
use bathyscope::demo::node::{
    ContainerRef, Duplex, Exit, LogQuery, Node, Output, PodRef, StreamError, Streams,
};
use bathyscope::demo::store::Store;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, BoxStream, StreamExt as _};
use futures::{AsyncBufReadExt as _, SinkExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{
    Api, AttachParams, DeleteParams, ListParams, LogParams, Patch, PatchParams, PostParams,
    WatchEvent, WatchParams,
};
use kube::core::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

macro_rules! recorded {
    ($file:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/recorded/",
            $file
        )))
        .unwrap()
    };
}

/// A node whose containers echo, and whose ports do too.
struct Echo;

impl Node for Echo {
    fn log(
        &self,
        container: &ContainerRef,
        query: LogQuery,
    ) -> Result<BoxStream<'static, Bytes>, StreamError> {
        let first = Bytes::from(format!(
            "{} tail={:?}\n",
            container.container, query.tail_lines
        ));
        Ok(if query.follow {
            stream::once(async { first })
                .chain(stream::pending())
                .boxed()
        } else {
            stream::once(async { first }).boxed()
        })
    }

    fn attach(
        &self,
        container: &ContainerRef,
        tty: bool,
    ) -> BoxFuture<'static, Result<Streams, StreamError>> {
        if container.container == "ended" {
            let message = format!("container ended not found in pod {}", container.pod.name);
            return async move {
                Err(StreamError {
                    code: 500,
                    reason: String::new(),
                    message,
                })
            }
            .boxed();
        }
        async move { Ok(echo(tty, Exit::Finished)) }.boxed()
    }

    fn exec(
        &self,
        _: &ContainerRef,
        command: Vec<String>,
        tty: bool,
    ) -> BoxFuture<'static, Result<Streams, StreamError>> {
        let exit = if command[0] == "sh" {
            Exit::Code(3)
        } else {
            Exit::Failed(format!(
                "exec: {:?}: executable file not found in $PATH",
                command[0]
            ))
        };
        async move { Ok(echo(tty, exit)) }.boxed()
    }

    fn dial(
        &self,
        _: &PodRef,
        port: u16,
    ) -> BoxFuture<'static, Result<Box<dyn Duplex>, StreamError>> {
        async move {
            if port == 9 {
                return Err(StreamError {
                    code: 500,
                    reason: String::new(),
                    message: "connection refused".to_owned(),
                });
            }
            let (near, far) = tokio::io::duplex(1024);
            tokio::spawn(async move {
                let (mut from, mut to) = tokio::io::split(far);
                tokio::io::copy(&mut from, &mut to).await.ok();
            });
            Ok(Box::new(near) as Box<dyn Duplex>)
        }
        .boxed()
    }
}

/// Says what it hears, sizes too; ends with its input.
fn echo(tty: bool, exit: Exit) -> Streams {
    let (input, mut heard) = mpsc::channel::<Bytes>(4);
    let (say, output) = mpsc::channel(4);
    let (resize, mut sizes) = mpsc::channel(4);
    let (ended, exits) = oneshot::channel();
    tokio::spawn(async move {
        if !matches!(exit, Exit::Failed(_)) {
            loop {
                let said = tokio::select! {
                    Some((columns, rows)) = sizes.recv() => Bytes::from(format!("[{columns}x{rows}]")),
                    bytes = heard.recv() => match bytes { Some(bytes) => bytes, None => break },
                };
                if say.send(Output::Stdout(said)).await.is_err() {
                    break;
                }
            }
            if !tty {
                say.send(Output::Stderr(Bytes::from_static(b"bye")))
                    .await
                    .ok();
            }
        }
        drop(say);
        ended.send(exit).ok();
    });
    Streams {
        input,
        output,
        resize,
        exit: exits,
    }
}

fn cluster() -> DemoCluster {
    let store = Store::new();
    for (resource, list) in [
        ("namespaces", recorded!("namespaces.json")),
        ("nodes", recorded!("nodes.json")),
        ("pods", recorded!("pods-demo.json")),
        ("pods", recorded!("pods-restricted.json")),
    ] {
        for object in list["items"].as_array().unwrap() {
            store.create(resource, object.clone()).unwrap();
        }
    }
    DemoCluster::assemble(store, Arc::new(Echo))
}

fn pods(cluster: &DemoCluster, user: &str) -> Api<Pod> {
    Api::namespaced(cluster.client(user), "demo")
}

async fn soon<T>(wanted: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), wanted)
        .await
        .expect("it takes longer than 10 s")
}

/// Sends a request as it is and gives code and body.
async fn raw(
    cluster: &DemoCluster,
    user: &str,
    request: http::request::Builder,
    body: Option<&Value>,
) -> (u16, Value) {
    let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
    let request = request.body(kube::client::Body::from(body)).unwrap();
    let response = soon(cluster.client(user).send(request)).await.unwrap();
    let code = response.status().as_u16();
    let bytes = http_body_util::BodyExt::collect(response.into_body())
        .await
        .unwrap()
        .to_bytes();
    (
        code,
        serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())),
    )
}

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
        let mut request = http::Request::builder()
            .method(case["method"].as_str().unwrap())
            .uri(case["path"].as_str().unwrap());
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
            assert_eq!(
                answer["object"]["reason"], expected["object"]["reason"],
                "{title}: {answer}"
            );
            assert_eq!(
                answer["details"]["kind"], expected["details"]["kind"],
                "{title}: {answer}"
            );
            assert_eq!(answer["kind"], expected["kind"], "{title}");
            continue;
        }
        if let Some(message) = answer["message"].as_str() {
            answer["message"] = json!(message.replace(
                &format!("User {user:?}"),
                &format!("User {recorded_user:?}")
            ));
        }
        assert_eq!(&answer, expected, "{title}");
        assert_eq!(
            u64::from(code),
            expected["code"].as_u64().unwrap_or(201),
            "{title}"
        );
    }
}

fn upgrading(request: http::request::Builder) -> http::request::Builder {
    request
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header(
            "sec-websocket-protocol",
            "v5.channel.k8s.io, v4.channel.k8s.io",
        )
}

#[tokio::test]
async fn a_list_comes_in_pages_of_one_version() {
    let cluster = cluster();
    let api = pods(&cluster, "view");
    let first = soon(api.list(&ListParams::default().limit(4)))
        .await
        .unwrap();
    assert_eq!(first.items.len(), 4);
    assert_eq!(first.metadata.remaining_item_count, Some(5));
    soon(pods(&cluster, "admin").delete("pending", &DeleteParams::default()))
        .await
        .unwrap();
    let token = first.metadata.continue_.unwrap();
    let rest = soon(api.list(&ListParams::default().continue_token(&token)))
        .await
        .unwrap();
    assert_eq!(rest.items.len(), 5, "the pod was there when the list began");
    assert_eq!(
        rest.metadata.resource_version,
        first.metadata.resource_version
    );
    cluster.store().compact();
    soon(pods(&cluster, "admin").delete("done", &DeleteParams::default()))
        .await
        .unwrap();
    let expired = soon(api.list(&ListParams::default().continue_token(&token)))
        .await
        .unwrap_err();
    assert!(matches!(expired, kube::Error::Api(status) if status.code == 410));
    let selected = soon(
        api.list(
            &ListParams::default()
                .labels("app=nodejsapp")
                .fields("spec.nodeName=node1"),
        ),
    )
    .await
    .unwrap();
    assert_eq!(selected.items.len(), 2);
}

#[tokio::test]
async fn rows_are_those_of_kubectl_get() {
    let cluster = cluster();
    let request = http::Request::get("/api/v1/namespaces/demo/pods?includeObject=None&limit=1")
        .header(
            "accept",
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
        );
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
    let watch =
        "/api/v1/namespaces/demo/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=60";
    let mut lines = lines(
        &cluster,
        &format!("{watch}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"),
    )
    .await;
    let mut seen = Vec::new();
    loop {
        let event = soon(lines.next()).await.unwrap();
        if event["type"] == "BOOKMARK" {
            assert_eq!(
                event["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
                "true"
            );
            break;
        }
        assert_eq!(event["type"], "ADDED");
        seen.push(
            event["object"]["metadata"]["name"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    assert_eq!(seen.len(), 9);
    let api = pods(&cluster, "admin");
    let labels = json!({ "metadata": { "labels": { "new": "yes" } } });
    soon(api.patch("crash", &PatchParams::default(), &Patch::Merge(&labels)))
        .await
        .unwrap();
    soon(api.delete("pending", &DeleteParams::default()))
        .await
        .unwrap();
    assert_eq!(soon(lines.next()).await.unwrap()["type"], "MODIFIED");
    // without a node it is gone at once
    let gone = soon(lines.next()).await.unwrap();
    let gone = if gone["type"] == "MODIFIED" {
        soon(lines.next()).await.unwrap()
    } else {
        gone
    };
    assert_eq!(
        (&gone["type"], &gone["object"]["metadata"]["name"]),
        (&json!("DELETED"), &json!("pending"))
    );
}

async fn lines(
    cluster: &DemoCluster,
    path: &str,
) -> impl futures::Stream<Item = Value> + Unpin + use<> {
    table_lines(cluster, path, "application/json").await
}

async fn table_lines(
    cluster: &DemoCluster,
    path: &str,
    accept: &str,
) -> impl futures::Stream<Item = Value> + Unpin + use<> {
    let request = http::Request::get(path)
        .header("accept", accept)
        .body(Vec::new())
        .unwrap();
    let lines = soon(cluster.client("admin").request_stream(request))
        .await
        .unwrap()
        .lines();
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
    assert_eq!(
        first["object"]["columnDefinitions"]
            .as_array()
            .unwrap()
            .len(),
        9
    );
    assert_eq!(
        first["object"]["rows"][0]["object"]["kind"],
        "PartialObjectMetadata"
    );
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
    let mut events = pods(&cluster, "view")
        .watch(&params, &version)
        .await
        .unwrap()
        .boxed();
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
    let mut events = soon(api.watch(&WatchParams::default(), "1"))
        .await
        .unwrap()
        .boxed();
    let event = soon(events.try_next()).await.unwrap().unwrap();
    assert!(matches!(event, WatchEvent::Error(status) if status.code == 410));
    cluster.answer_gone_at_once(true);
    let refused = soon(api.watch(&WatchParams::default(), "1"))
        .await
        .err()
        .unwrap();
    assert!(
        matches!(refused, kube::Error::Api(status) if status.code == 410 && status.reason == "Expired")
    );
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
    let dry = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    let before = cluster.store().version();
    soon(api.patch_ephemeral_containers("multi", &dry, &Patch::Strategic(&patch)))
        .await
        .unwrap();
    assert_eq!(cluster.store().version(), before);
    let pod = soon(api.patch_ephemeral_containers(
        "multi",
        &PatchParams::default(),
        &Patch::Strategic(&patch),
    ))
    .await
    .unwrap();
    let spec = pod.spec.unwrap();
    let added = spec.ephemeral_containers.unwrap();
    let added = added.iter().find(|one| one.name == "new").unwrap();
    assert_eq!(added.image_pull_policy.as_deref(), Some("IfNotPresent"));
    assert_eq!(spec.restart_policy.as_deref(), Some("Always"));
    assert!(
        pod.metadata
            .labels
            .unwrap_or_default()
            .get("ignored")
            .is_none()
    );
}

#[tokio::test]
async fn a_pod_is_created_with_defaults_or_refused_by_its_namespace() {
    let cluster = cluster();
    let spec = json!({ "containers": [{ "name": "a", "image": "busybox", "securityContext": { "capabilities": { "add": ["SYS_PTRACE"] } } }] });
    let pod: Pod =
        serde_json::from_value(json!({ "metadata": { "generateName": "copy-" }, "spec": spec }))
            .unwrap();
    let created = soon(pods(&cluster, "edit").create(&PostParams::default(), &pod))
        .await
        .unwrap();
    assert!(created.metadata.name.unwrap().starts_with("copy-"));
    assert_eq!(
        created.spec.unwrap().containers[0]
            .image_pull_policy
            .as_deref(),
        Some("Always")
    );
    let baseline: Api<Pod> = Api::namespaced(cluster.client("edit"), "baseline-ns");
    let refused = soon(baseline.create(&PostParams::default(), &pod))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("non-default capabilities"),
        "{refused}"
    );
    let nowhere: Api<Pod> = Api::namespaced(cluster.client("edit"), "nowhere");
    let refused = soon(nowhere.create(&PostParams::default(), &pod))
        .await
        .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("namespaces \"nowhere\" not found"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_pod_on_a_node_is_marked_for_deletion() {
    let cluster = cluster();
    let api = pods(&cluster, "edit");
    soon(api.delete("multi", &DeleteParams::default()))
        .await
        .unwrap();
    let marked = cluster.store().get("pods", "demo", "multi").unwrap();
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 30);
    soon(api.delete("multi", &DeleteParams::default().grace_period(0)))
        .await
        .unwrap();
    assert!(cluster.store().get("pods", "demo", "multi").is_none());
}

#[tokio::test]
async fn a_tenant_sees_one_namespace() {
    let cluster = cluster();
    let namespaces: Api<Namespace> = Api::all(cluster.client("tenant"));
    assert!(soon(namespaces.list(&ListParams::default())).await.is_err());
    assert!(soon(namespaces.get("demo")).await.is_ok());
    assert_eq!(
        soon(pods(&cluster, "tenant").list(&ListParams::default()))
            .await
            .unwrap()
            .items
            .len(),
        9
    );
}

#[tokio::test]
async fn a_log_is_read_and_followed() {
    let cluster = cluster();
    let api = pods(&cluster, "view");
    let params = LogParams {
        container: Some("web".to_owned()),
        tail_lines: Some(2),
        ..LogParams::default()
    };
    assert_eq!(
        soon(api.logs("multi", &params)).await.unwrap(),
        "web tail=Some(2)\n"
    );
    let refused = soon(api.logs("multi", &LogParams::default()))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("choose one of: ["),
        "{refused}"
    );
    let follow = LogParams {
        follow: true,
        ..params
    };
    let mut lines = soon(api.log_stream("multi", &follow))
        .await
        .unwrap()
        .lines();
    assert_eq!(
        soon(lines.next()).await.unwrap().unwrap(),
        "web tail=Some(2)"
    );
    cluster.cut();
    assert!(soon(lines.next()).await.is_none_or(|line| line.is_err()));
}

/// Opens a stream and gives its frames until it is closed; what is sent comes first.
async fn session(
    cluster: &DemoCluster,
    what: &str,
    params: &AttachParams,
    send: &[&[u8]],
) -> Vec<Vec<u8>> {
    let request =
        Request::new(Api::<Pod>::namespaced(cluster.client("oncall"), "demo").resource_url());
    let request = match what {
        "attach" => request.attach("multi", params),
        command => request.exec("multi", command.split(' '), params),
    };
    let connection = soon(cluster.client("oncall").connect(request.unwrap()))
        .await
        .unwrap();
    assert!(connection.supports_stream_close());
    let mut socket = connection.into_stream();
    for frame in send {
        socket
            .send(Message::Binary(Bytes::copy_from_slice(frame)))
            .await
            .unwrap();
    }
    let mut frames = Vec::new();
    while let Some(message) = soon(socket.next()).await {
        match message.unwrap() {
            Message::Binary(frame) => frames.push(frame.to_vec()),
            Message::Close(frame) => assert_eq!(u16::from(frame.unwrap().code), 1000),
            _ => {}
        }
    }
    frames
}

#[tokio::test]
async fn exec_carries_both_directions_and_ends_with_the_code() {
    let cluster = cluster();
    let params = AttachParams::default().container("web").stdin(true);
    let frames = session(&cluster, "sh -c x", &params, &[b"\x00hello", b"\xff\x00"]).await;
    assert_eq!(
        &frames[..3],
        [b"\x01".to_vec(), b"\x01hello".to_vec(), b"\x02bye".to_vec()]
    );
    let status: Value = serde_json::from_slice(&frames[3][1..]).unwrap();
    assert_eq!(
        (frames[3][0], &status["reason"]),
        (3, &json!("NonZeroExitCode"))
    );
    let missing = session(&cluster, "ls", &params, &[]).await;
    let status: Value = serde_json::from_slice(&missing[1][1..]).unwrap();
    assert!(
        status["message"]
            .as_str()
            .unwrap()
            .contains("executable file not found in $PATH")
    );
}

#[tokio::test]
async fn attach_has_a_size_and_no_code() {
    let cluster = cluster();
    let params = AttachParams::interactive_tty().container("alive");
    let resize = b"\x04{\"Width\":81,\"Height\":25}\n";
    let mut frames = session(
        &cluster,
        "attach",
        &params,
        &[resize, b"\x00x", b"\xff\x00"],
    )
    .await;
    let last = frames.pop().unwrap();
    let text: Vec<u8> = frames
        .iter()
        .flat_map(|frame| frame[1..].to_vec())
        .collect();
    assert!(text == b"[81x25]x" || text == b"x[81x25]", "{text:?}");
    assert_eq!(last, b"\x03{\"metadata\":{},\"status\":\"Success\"}");
}

#[tokio::test]
async fn streams_are_refused_before_the_upgrade() {
    let cluster = cluster();
    let at = "/api/v1/namespaces/demo/pods/multi";
    for (user, path, code, said) in [
        (
            "oncall",
            "attach?container=nope&stdout=true",
            400,
            "container nope is not valid for pod multi",
        ),
        (
            "oncall",
            "exec?container=web&command=sh",
            400,
            "you must specify at least 1 of stdin, stdout, stderr",
        ),
        (
            "view",
            "exec?container=web&command=sh&stdout=true",
            403,
            "cannot get resource",
        ),
        (
            "oncall",
            "attach?container=ended&stdout=true",
            500,
            "container ended not found in pod multi",
        ),
        (
            "oncall",
            "attach?container=alive&stdout=true&stderr=true",
            500,
            "tty and stderr cannot both be true",
        ),
    ] {
        if path.contains("ended") {
            cluster.store().update("pods", "demo", "multi", |pod| {
                pod["spec"]["ephemeralContainers"][1]["name"] = json!("ended");
                pod["spec"]["ephemeralContainers"][1]["tty"] = json!(false);
            });
        }
        let (found, body) = raw(
            &cluster,
            user,
            upgrading(http::Request::get(format!("{at}/{path}"))),
            None,
        )
        .await;
        assert_eq!(found, code, "{path}: {body}");
        let text = body["message"].as_str().or(body.as_str()).unwrap();
        assert!(text.contains(said), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_port_is_forwarded_and_a_closed_one_says_so() {
    let cluster = cluster();
    let api = pods(&cluster, "edit");
    let mut forward = soon(api.portforward("multi", &[8000])).await.unwrap();
    let mut stream = forward.take_stream(8000).unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut heard = [0; 4];
    soon(stream.read_exact(&mut heard)).await.unwrap();
    assert_eq!(&heard, b"ping");
    let mut closed = soon(api.portforward("multi", &[9])).await.unwrap();
    let said = soon(closed.take_error(9).unwrap()).await.unwrap();
    assert!(said.contains("connection refused"), "{said}");
}

#[tokio::test]
async fn a_cut_breaks_sessions_and_a_refusal_keeps_clients_out() {
    let cluster = cluster();
    let api = pods(&cluster, "oncall");
    let params = AttachParams::interactive_tty().container("alive");
    let request = Request::new(api.resource_url())
        .attach("multi", &params)
        .unwrap();
    let mut socket = soon(cluster.client("oncall").connect(request))
        .await
        .unwrap()
        .into_stream();
    soon(socket.next()).await.unwrap().unwrap();
    cluster.refuse(true);
    cluster.cut();
    loop {
        match soon(socket.next()).await {
            None | Some(Err(_)) => break,
            Some(Ok(message)) => assert!(
                !matches!(message, Message::Close(_)),
                "a cut says no goodbye"
            ),
        }
    }
    assert!(soon(api.get("multi")).await.is_err());
    cluster.refuse(false);
    assert!(soon(api.get("multi")).await.is_ok());
}
