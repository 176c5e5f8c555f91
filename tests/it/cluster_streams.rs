//! Attach, exec, logs and the start of a debugger against a server that floods, falls silent, cuts and speaks v4.

use std::time::Duration;

use bathyscope::{
    cluster::{Cluster, ContainerKey, LaunchStep, LogOptions, PodKey, Started},
    session::{End, Incoming, Outgoing, Transport},
};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

use crate::fake_api::{Call, FakeApi, Socket};

const V5: &str = "v5.channel.k8s.io";
const V4: &str = "v4.channel.k8s.io";
const SUCCESS: &[u8] = br#"{"metadata":{},"status":"Success"}"#;

fn container() -> ContainerKey {
    ContainerKey {
        pod: PodKey {
            namespace: "shop".into(),
            name: "api".into(),
        },
        container: "app".into(),
    }
}

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(ToString::to_string).collect()
}

async fn open(protocol: &'static str, tty: bool) -> (Transport, Socket) {
    let (cluster, mut api) = FakeApi::new();
    let opening =
        tokio::spawn(async move { cluster.exec(&container(), &words(&["sh"]), tty).await });
    let socket = api.next().await.upgrade(protocol).await;
    (opening.await.expect("no panic").expect("a stream"), socket)
}

async fn next(transport: &mut Transport) -> Incoming {
    timeout(Duration::from_secs(600), transport.incoming.recv())
        .await
        .expect("nothing came")
        .expect("an end")
}

fn output(text: &'static str) -> Incoming {
    Incoming::Output(Bytes::from_static(text.as_bytes()))
}

#[tokio::test]
async fn exec_asks_as_kubectl_does_and_tells_the_exit_code() {
    let (cluster, mut api) = FakeApi::new();
    let opening = tokio::spawn(async move {
        cluster
            .exec(&container(), &words(&["sh", "-c", "exit 3"]), false)
            .await
    });
    let call = api
        .next()
        .await
        .expect("/api/v1/namespaces/shop/pods/api/exec");
    let words: Vec<&str> = call
        .query
        .iter()
        .filter(|(name, _)| name == "command")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(words, ["sh", "-c", "exit 3"]);
    for (name, value) in [
        ("container", "app"),
        ("stdin", "true"),
        ("stdout", "true"),
        ("stderr", "true"),
        ("tty", "false"),
    ] {
        assert_eq!(call.param(name), Some(value), "{name}");
    }
    let mut socket = call.upgrade(V5).await;
    let mut transport = opening.await.unwrap().unwrap();
    socket.send(1, b"").await;
    socket.send(1, b"hi\n").await;
    socket.send(2, b"oh\n").await;
    socket.send(3, br#"{"status":"Failure","reason":"NonZeroExitCode","message":"x","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#).await;
    socket.close().await;
    assert_eq!(next(&mut transport).await, output("hi\n"));
    assert_eq!(next(&mut transport).await, output("oh\n"));
    assert_eq!(
        next(&mut transport).await,
        Incoming::Ended(End::Exited { code: 3 })
    );
    assert!(transport.incoming.recv().await.is_none());
}

#[tokio::test]
async fn input_resizes_and_its_end_keep_their_order_and_frames_stay_small() {
    let (transport, mut socket) = open(V5, true).await;
    transport
        .outgoing
        .send(Outgoing::Resize {
            columns: 81,
            rows: 25,
        })
        .await
        .unwrap();
    transport
        .outgoing
        .send(Outgoing::Input(Bytes::from(vec![b'x'; 70_000])))
        .await
        .unwrap();
    transport.outgoing.send(Outgoing::CloseInput).await.unwrap();
    assert_eq!(
        socket.next().await.unwrap(),
        &b"\x04{\"Width\":81,\"Height\":25}"[..]
    );
    let mut received = 0;
    while received < 70_000 {
        let frame = socket.next().await.unwrap();
        assert!(frame[0] == 0 && frame.len() <= 32 * 1024);
        received += frame.len() - 1;
    }
    assert_eq!(socket.next().await.unwrap(), &[255, 0][..]);
    // Half closed: the output goes on.
    socket.send(1, b"bye").await;
    let mut transport = transport;
    assert_eq!(next(&mut transport).await, output("bye"));
}

#[tokio::test]
async fn v4_has_no_half_close_and_loses_no_output_for_it() {
    let (mut transport, mut socket) = open(V4, false).await;
    transport.outgoing.send(Outgoing::CloseInput).await.unwrap();
    transport
        .outgoing
        .send(Outgoing::Resize {
            columns: 1,
            rows: 1,
        })
        .await
        .unwrap();
    transport
        .outgoing
        .send(Outgoing::Input(Bytes::from_static(b"q")))
        .await
        .unwrap();
    assert_eq!(
        socket.next().await.unwrap(),
        &b"\0q"[..],
        "neither the end nor a size without a terminal is sent"
    );
    socket.send(1, b"late").await;
    socket.send(3, SUCCESS).await;
    socket.close().await;
    assert_eq!(next(&mut transport).await, output("late"));
    assert_eq!(
        next(&mut transport).await,
        Incoming::Ended(End::Exited { code: 0 })
    );
}

#[tokio::test]
async fn control_gets_through_while_nobody_takes_a_flood() {
    let (mut transport, mut socket) = open(V5, true).await;
    // More than every buffer on the way holds: the server's own writes stop.
    while timeout(Duration::from_millis(200), socket.send(1, &[b'x'; 8192]))
        .await
        .is_ok()
    {}
    transport
        .outgoing
        .send(Outgoing::Resize {
            columns: 9,
            rows: 9,
        })
        .await
        .unwrap();
    transport
        .outgoing
        .send(Outgoing::Input(Bytes::from_static(b"\x03")))
        .await
        .unwrap();
    transport.outgoing.send(Outgoing::CloseInput).await.unwrap();
    assert_eq!(socket.next().await.unwrap()[0], 4);
    assert_eq!(socket.next().await.unwrap(), &b"\0\x03"[..]);
    assert_eq!(socket.next().await.unwrap(), &[255, 0][..]);
    drop(socket);
    let mut last = None;
    while let Some(item) = transport.incoming.recv().await {
        last = Some(item);
    }
    assert!(
        matches!(last, Some(Incoming::Ended(End::Lost { .. }))),
        "{last:?}"
    );
}

#[tokio::test]
async fn what_came_before_a_cut_is_delivered() {
    let (mut transport, mut socket) = open(V5, true).await;
    socket.send(1, b"last").await;
    drop(socket);
    assert_eq!(next(&mut transport).await, output("last"));
    match next(&mut transport).await {
        Incoming::Ended(End::Lost { reason }) => assert_eq!(reason, "the connection was cut"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_lost_within_45_seconds_and_a_pinged_one_is_not() {
    let (mut transport, socket) = open(V5, true).await;
    let begun = tokio::time::Instant::now();
    assert!(matches!(
        next(&mut transport).await,
        Incoming::Ended(End::Lost { .. })
    ));
    assert!(
        begun.elapsed() <= Duration::from_secs(46),
        "{:?}",
        begun.elapsed()
    );
    drop(socket);

    let (mut transport, mut socket) = open(V5, true).await;
    // Reading is what answers pings.
    let serving = tokio::spawn(async move {
        let _ = timeout(Duration::from_secs(300), socket.next()).await;
        socket.send(1, b"still here").await;
        socket
    });
    assert_eq!(next(&mut transport).await, output("still here"));
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_holds_back_is_no_dead_peer() {
    let (mut transport, mut socket) = open(V5, true).await;
    for _ in 0..40 {
        socket.send(1, b"x").await;
    }
    tokio::time::sleep(Duration::from_secs(200)).await;
    for _ in 0..40 {
        assert_eq!(next(&mut transport).await, output("x"));
    }
    socket.send(3, SUCCESS).await;
    assert_eq!(
        next(&mut transport).await,
        Incoming::Ended(End::Exited { code: 0 })
    );
}

#[tokio::test]
async fn dropping_the_transport_closes_the_stream() {
    let (transport, mut socket) = open(V5, true).await;
    drop(transport);
    assert_eq!(socket.next().await, None);
}

#[tokio::test]
async fn refusals_before_the_upgrade_are_problems() {
    let (cluster, mut api) = FakeApi::new();
    let attaching = tokio::spawn({
        let cluster = cluster.clone();
        async move { cluster.attach(&container(), true, true).await }
    });
    let call = api
        .next()
        .await
        .expect("/api/v1/namespaces/shop/pods/api/attach");
    assert_eq!(
        (call.param("tty"), call.param("stderr")),
        (Some("true"), Some("false"))
    );
    call.text(500, "container app not found in pod api");
    let problem = attaching.await.unwrap().unwrap_err();
    assert!(problem.why.contains("does not run"), "{problem}");

    let attaching = tokio::spawn(async move { cluster.attach(&container(), true, true).await });
    let message = "pods \"api\" is forbidden: User \"oncall\" cannot create resource \"pods/attach\" in API group \"\" in the namespace \"shop\"";
    api.next().await.refuse(403, "Forbidden", message);
    assert_eq!(
        attaching.await.unwrap().unwrap_err().hint,
        "ask for the right to create pods/attach in namespace shop"
    );
}

async fn attach_joined(log: &'static str, stream: &[&'static str]) -> (Transport, Bytes, Socket) {
    let (cluster, mut api) = FakeApi::new();
    let attaching = tokio::spawn(async move { cluster.attach_joined(&container(), true).await });
    let mut socket = api
        .next()
        .await
        .expect("/api/v1/namespaces/shop/pods/api/attach")
        .upgrade(V5)
        .await;
    for piece in stream {
        socket.send(1, piece.as_bytes()).await;
    }
    let call = api
        .next()
        .await
        .expect("/api/v1/namespaces/shop/pods/api/log");
    assert_eq!(call.param("follow"), None);
    call.text(200, log);
    let (transport, past) = attaching.await.expect("no panic").expect("a stream");
    (transport, past, socket)
}

#[tokio::test]
async fn the_past_is_joined_to_the_stream() {
    let (mut transport, past, mut socket) =
        attach_joined("one\ntwo\n", &["two\n", "three\n"]).await;
    assert_eq!(past, "one\ntwo\nthree\n");
    socket.send(1, b"four\n").await;
    assert_eq!(next(&mut transport).await, output("four\n"));
    let (mut transport, past, _socket) = attach_joined("", &["/ # "]).await;
    // What came after the log was read comes by the stream; either way nothing is lost.
    let mut whole = past.to_vec();
    while whole.len() < 4 {
        let Incoming::Output(bytes) = next(&mut transport).await else {
            panic!("ended")
        };
        whole.extend_from_slice(&bytes);
    }
    assert_eq!(whole, b"/ # ");
}

#[tokio::test]
async fn logs_are_read_whole_and_followed() {
    let (cluster, mut api) = FakeApi::new();
    let options = LogOptions {
        tail_lines: Some(5),
        limit_bytes: Some(1000),
        previous: true,
        timestamps: true,
    };
    let reading = tokio::spawn({
        let cluster = cluster.clone();
        async move { cluster.log(&container(), options).await }
    });
    let call = api
        .next()
        .await
        .expect("/api/v1/namespaces/shop/pods/api/log");
    for (name, value) in [
        ("container", "app"),
        ("tailLines", "5"),
        ("limitBytes", "1000"),
        ("previous", "true"),
        ("timestamps", "true"),
    ] {
        assert_eq!(call.param(name), Some(value), "{name}");
    }
    call.text(200, "a line\n");
    assert_eq!(reading.await.unwrap().unwrap(), "a line\n");

    let following = tokio::spawn(async move {
        cluster
            .follow_log(&container(), LogOptions::default())
            .await
    });
    let call = api.next().await;
    assert_eq!(call.param("follow"), Some("true"));
    let events = call.stream();
    events.send(&json!("line"));
    let mut transport = following.await.unwrap().unwrap();
    assert_eq!(next(&mut transport).await, output("\"line\"\n"));
    drop(events);
    assert_eq!(next(&mut transport).await, Incoming::Ended(End::Finished));
}

fn pod(state: &Value) -> Value {
    json!({
        "kind": "Pod", "metadata": {"name": "api", "namespace": "shop"}, "spec": {"nodeName": "n"},
        "status": {"phase": "Running", "ephemeralContainerStatuses": state},
    })
}

fn waiting(reason: &str, message: &str) -> Value {
    pod(&json!([{"name": "app", "state": {"waiting": {"reason": reason, "message": message}}}]))
}

/// Waits for a start; every step comes through the channel, the outcome at last.
fn start(
    cluster: Cluster,
) -> (
    mpsc::UnboundedReceiver<LaunchStep>,
    tokio::task::JoinHandle<Result<Started, bathyscope::cluster::Problem>>,
) {
    let (sender, steps) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        cluster
            .wait_started(&container(), |step| {
                let _ = sender.send(step);
            })
            .await
    });
    (steps, task)
}

async fn watched(api: &mut FakeApi, now: &Value) -> Call {
    api.next()
        .await
        .expect("/api/v1/namespaces/shop/pods/api")
        .json(now);
    api.next().await.expect("/api/v1/namespaces/shop/pods")
}

#[tokio::test(start_paused = true)]
async fn a_start_is_told_step_by_step() {
    let (cluster, mut api) = FakeApi::new();
    let (mut steps, task) = start(cluster);
    let events = watched(&mut api, &pod(&json!(null))).await.stream();
    for state in [
        waiting("ContainerCreating", ""),
        waiting("ErrImagePull", "no such host"),
        waiting("ErrImagePull", "no such host"),
        waiting("ImagePullBackOff", "back-off"),
        pod(&json!([{"name": "app", "state": {"running": {}}}])),
    ] {
        events.send(&json!({"type": "MODIFIED", "object": state}));
    }
    assert_eq!(task.await.unwrap(), Ok(Started::Running));
    let mut seen = Vec::new();
    while let Some(step) = steps.recv().await {
        seen.push(match step {
            LaunchStep::Waiting { reason, .. } => reason,
            other => format!("{other:?}"),
        });
    }
    assert_eq!(
        seen,
        [
            "Accepted",
            "ContainerCreating",
            "ErrImagePull",
            "ImagePullBackOff",
            "Running"
        ]
    );
    events.closed().await;
}

#[tokio::test(start_paused = true)]
async fn what_will_never_start_is_a_problem_at_once() {
    let (cluster, mut api) = FakeApi::new();
    let (_steps, task) = start(cluster);
    api.next()
        .await
        .json(&waiting("RunContainerError", "exec: \"zsh\": not found"));
    assert!(task.await.unwrap().unwrap_err().why.contains("zsh"));

    let (cluster, mut api) = FakeApi::new();
    let (_steps, task) = start(cluster);
    let events = watched(&mut api, &waiting("ContainerCreating", ""))
        .await
        .stream();
    events.send(&json!({"type": "DELETED", "object": pod(&json!(null))}));
    assert!(task.await.unwrap().unwrap_err().why.contains("deleted"));
}

#[tokio::test(start_paused = true)]
async fn a_cut_while_waiting_is_told_and_waited_out() {
    let (cluster, mut api) = FakeApi::new();
    let (mut steps, task) = start(cluster);
    watched(&mut api, &waiting("ContainerCreating", ""))
        .await
        .stream()
        .cut();
    api.next().await.json(&pod(
        &json!([{"name": "app", "state": {"terminated": {"exitCode": 7, "reason": "Error"}}}]),
    ));
    assert_eq!(task.await.unwrap(), Ok(Started::Ended { code: 7 }));
    let mut notes = 0;
    while let Some(step) = steps.recv().await {
        notes += usize::from(matches!(step, LaunchStep::Note(_)));
    }
    assert_eq!(notes, 1);
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_watch_the_pod_is_read_again_and_again() {
    let (cluster, mut api) = FakeApi::new();
    let (_steps, task) = start(cluster);
    watched(&mut api, &waiting("ContainerCreating", ""))
        .await
        .refuse(403, "Forbidden", "no");
    api.next()
        .await
        .expect("/api/v1/namespaces/shop/pods/api")
        .json(&pod(&json!([{"name": "app", "state": {"running": {}}}])));
    assert_eq!(task.await.unwrap(), Ok(Started::Running));
}

#[tokio::test(start_paused = true)]
async fn an_exit_code_is_waited_for_with_a_limit() {
    let running = pod(&json!([{"name": "app", "state": {"running": {}}}]));
    let (cluster, mut api) = FakeApi::new();
    let asking = tokio::spawn(async move { cluster.exit_code(&container()).await });
    let events = watched(&mut api, &running).await.stream();
    let ended = pod(&json!([{"name": "app", "state": {"terminated": {"exitCode": 3}}}]));
    events.send(&json!({"type": "MODIFIED", "object": ended}));
    assert_eq!(asking.await.unwrap(), Some(3));

    let (cluster, mut api) = FakeApi::new();
    let asking = tokio::spawn(async move { cluster.exit_code(&container()).await });
    let _events = watched(&mut api, &running).await.stream();
    assert_eq!(asking.await.unwrap(), None);
}

#[tokio::test]
async fn requests_of_a_plan_are_sent_as_they_are() {
    use bathyscope::plan::Request;
    let (cluster, mut api) = FakeApi::new();
    let body = json!({"spec": {"ephemeralContainers": [{"name": "d"}]}});
    let request = Request::PatchEphemeral {
        namespace: "shop".into(),
        pod: "api".into(),
        body: body.clone(),
    };
    let sending = tokio::spawn({
        let cluster = cluster.clone();
        async move { cluster.send(&request).await }
    });
    let call = api
        .next()
        .await
        .expect("/api/v1/namespaces/shop/pods/api/ephemeralcontainers");
    assert_eq!(call.method, "PATCH");
    assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), body);
    call.json(&pod(&json!(null)));
    assert_eq!(sending.await.unwrap().unwrap()["metadata"]["name"], "api");

    let asking = tokio::spawn({
        let cluster = cluster.clone();
        async move {
            cluster
                .can("patch", "pods", Some("ephemeralcontainers"), "shop")
                .await
        }
    });
    let call = api
        .next()
        .await
        .expect("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
    let review: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(
        review["spec"]["resourceAttributes"]["subresource"],
        "ephemeralcontainers"
    );
    call.json(&json!({"status": {"allowed": true}}));
    assert_eq!(asking.await.unwrap(), Some(true));

    let key = container().pod;
    let deleting = tokio::spawn(async move { cluster.delete_pod(&key, Some(0)).await });
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods/api");
    assert_eq!(call.method, "DELETE");
    call.refuse(404, "NotFound", "gone");
    assert_eq!(deleting.await.unwrap(), Ok(()));
}
