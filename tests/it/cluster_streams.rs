//! Attach, exec and logs against a server that floods, falls silent, cuts and speaks v4.

use std::time::Duration;

use bathyscope::{
    cluster::{ContainerKey, LogOptions, PodKey, Way},
    session::{End, Incoming, Outgoing, Transport},
};
use bytes::Bytes;
use serde_json::json;
use tokio::time::timeout;

use crate::fake_api::{FakeApi, Socket};

const V5: &str = "v5.channel.k8s.io";
const V4: &str = "v4.channel.k8s.io";
const SUCCESS: &[u8] = br#"{"metadata":{},"status":"Success"}"#;

fn container() -> ContainerKey {
    ContainerKey { pod: PodKey { namespace: "shop".into(), name: "api".into() }, container: "app".into() }
}

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(ToString::to_string).collect()
}

async fn open(protocol: &'static str, tty: bool) -> (Transport, Socket) {
    let (cluster, mut api) = FakeApi::new();
    let opening = tokio::spawn(async move { cluster.exec(&container(), &words(&["sh"]), tty).await });
    let socket = api.next().await.upgrade(protocol).await;
    (opening.await.expect("no panic").expect("a stream"), socket)
}

async fn next(transport: &mut Transport) -> Incoming {
    timeout(Duration::from_secs(600), transport.incoming.recv()).await.expect("nothing came").expect("an end")
}

fn output(text: &'static str) -> Incoming {
    Incoming::Output(Bytes::from_static(text.as_bytes()))
}

#[tokio::test]
async fn exec_asks_as_kubectl_does_and_tells_the_exit_code() {
    let (cluster, mut api) = FakeApi::new();
    let opening = tokio::spawn(async move { cluster.exec(&container(), &words(&["sh", "-c", "exit 3"]), false).await });
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods/api/exec");
    let words: Vec<&str> =
        call.query.iter().filter(|(name, _)| name == "command").map(|(_, value)| value.as_str()).collect();
    assert_eq!(words, ["sh", "-c", "exit 3"]);
    for (name, value) in
        [("container", "app"), ("stdin", "true"), ("stdout", "true"), ("stderr", "true"), ("tty", "false")]
    {
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
    assert_eq!(next(&mut transport).await, Incoming::Ended(End::Exited { code: 3 }));
    assert!(transport.incoming.recv().await.is_none());
}

#[tokio::test]
async fn input_resizes_and_its_end_keep_their_order_and_frames_stay_small() {
    let (transport, mut socket) = open(V5, true).await;
    transport.outgoing.send(Outgoing::Resize { columns: 81, rows: 25 }).await.unwrap();
    transport.outgoing.send(Outgoing::Input(Bytes::from(vec![b'x'; 70_000]))).await.unwrap();
    transport.outgoing.send(Outgoing::CloseInput).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), &b"\x04{\"Width\":81,\"Height\":25}"[..]);
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
    transport.outgoing.send(Outgoing::Resize { columns: 1, rows: 1 }).await.unwrap();
    transport.outgoing.send(Outgoing::Input(Bytes::from_static(b"q"))).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), &b"\0q"[..], "neither the end nor a size without a terminal is sent");
    socket.send(1, b"late").await;
    socket.send(3, SUCCESS).await;
    socket.close().await;
    assert_eq!(next(&mut transport).await, output("late"));
    assert_eq!(next(&mut transport).await, Incoming::Ended(End::Exited { code: 0 }));
}

#[tokio::test]
async fn control_gets_through_while_nobody_takes_a_flood() {
    let (mut transport, mut socket) = open(V5, true).await;
    // More than every buffer on the way holds: the server's own writes stop.
    while timeout(Duration::from_millis(200), socket.send(1, &[b'x'; 8192])).await.is_ok() {}
    transport.outgoing.send(Outgoing::Resize { columns: 9, rows: 9 }).await.unwrap();
    transport.outgoing.send(Outgoing::Input(Bytes::from_static(b"\x03"))).await.unwrap();
    transport.outgoing.send(Outgoing::CloseInput).await.unwrap();
    assert_eq!(socket.next().await.unwrap()[0], 4);
    assert_eq!(socket.next().await.unwrap(), &b"\0\x03"[..]);
    assert_eq!(socket.next().await.unwrap(), &[255, 0][..]);
    drop(socket);
    let mut last = None;
    while let Some(item) = transport.incoming.recv().await {
        last = Some(item);
    }
    assert!(matches!(last, Some(Incoming::Ended(End::Lost { .. }))), "{last:?}");
}

#[tokio::test]
async fn a_close_without_a_status_claims_no_exit_code() {
    let (mut transport, mut socket) = open(V5, false).await;
    socket.close().await;
    assert_eq!(next(&mut transport).await, Incoming::Ended(End::Finished));
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
    assert!(matches!(next(&mut transport).await, Incoming::Ended(End::Lost { .. })));
    assert!(begun.elapsed() <= Duration::from_secs(46), "{:?}", begun.elapsed());
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
    assert_eq!(next(&mut transport).await, Incoming::Ended(End::Exited { code: 0 }));
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
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods/api/attach");
    assert_eq!((call.param("tty"), call.param("stderr")), (Some("true"), Some("false")));
    call.text(500, "container app not found in pod api");
    let problem = attaching.await.unwrap().unwrap_err();
    assert!(problem.why.contains("does not run"), "{problem}");

    let attach = || {
        let cluster = cluster.clone();
        tokio::spawn(async move { cluster.attach(&container(), true, true).await })
    };
    let attaching = attach();
    api.next().await.refuse(503, "ServiceUnavailable", "dial tcp 10.0.0.7:10250: i/o timeout");
    let ways: Vec<Way> = attaching.await.unwrap().unwrap_err().fixes.into_iter().map(|fix| fix.way).collect();
    let log = Way::Logs { container: container(), previous: false };
    assert_eq!(ways, [Way::Attach(container()), log], "what runs is not started a second time");

    let executing = tokio::spawn({
        let cluster = cluster.clone();
        async move { cluster.exec(&container(), &words(&["sh"]), true).await }
    });
    let message = "pods \"api\" is forbidden: User \"oncall\" cannot create resource \"pods/exec\" in API group \"\" in the namespace \"shop\"";
    api.next().await.refuse(403, "Forbidden", message);
    let hint = executing.await.unwrap().unwrap_err().hint;
    assert!(hint.contains("kind: Role") && hint.contains("resources: [pods/exec]"), "{hint}");

    let attaching = attach();
    let message = "pods \"api\" is forbidden: User \"oncall\" cannot create resource \"pods/attach\" in API group \"\" in the namespace \"shop\"";
    api.next().await.refuse(403, "Forbidden", message);
    let hint = attaching.await.unwrap().unwrap_err().hint;
    assert!(hint.starts_with("ask for the right to create pods/attach in namespace shop; this grants it: "), "{hint}");
    assert!(hint.contains("resources: [pods/attach], verbs: [get, create]"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn an_attach_that_is_never_answered_is_told_with_ways_out() {
    let (cluster, mut api) = FakeApi::new();
    let attaching = tokio::spawn(async move { cluster.attach(&container(), true, true).await });
    let _unanswered = api.next().await;
    let problem = attaching.await.unwrap().unwrap_err();
    assert!(problem.why.contains("did not answer within 30 s"), "{problem:?}");
    assert_eq!(problem.fixes.first().map(|fix| &fix.way), Some(&Way::Attach(container())));
}

async fn attach_joined(log: &'static str, stream: &[&'static str]) -> (Transport, Bytes, Socket) {
    let (cluster, mut api) = FakeApi::new();
    let attaching = tokio::spawn(async move { cluster.attach_joined(&container(), true, true).await });
    let mut socket = api.next().await.expect("/api/v1/namespaces/shop/pods/api/attach").upgrade(V5).await;
    for piece in stream {
        socket.send(1, piece.as_bytes()).await;
    }
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods/api/log");
    assert_eq!(call.param("follow"), None);
    call.text(200, log);
    let (transport, past) = attaching.await.expect("no panic").expect("a stream");
    (transport, past, socket)
}

#[tokio::test]
async fn the_past_is_joined_to_the_stream() {
    let (mut transport, past, mut socket) = attach_joined("one\ntwo\n", &["two\n", "three\n"]).await;
    assert_eq!(past, "one\n");
    assert_eq!(next(&mut transport).await, output("two\n"));
    assert_eq!(next(&mut transport).await, output("three\n"));
    socket.send(1, b"four\n").await;
    assert_eq!(next(&mut transport).await, output("four\n"));
    let (mut transport, past, _socket) = attach_joined("", &["/ # "]).await;
    // What came after the log was read comes by the stream; either way nothing is lost.
    let mut whole = past.to_vec();
    while whole.len() < 4 {
        let Incoming::Output(bytes) = next(&mut transport).await else { panic!("ended") };
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
        since: Some(Duration::from_millis(200)),
        since_time: None,
        previous: true,
        timestamps: true,
    };
    let reading = tokio::spawn({
        let cluster = cluster.clone();
        async move { cluster.log(&container(), options).await }
    });
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods/api/log");
    for (name, value) in [
        ("container", "app"),
        ("tailLines", "5"),
        ("limitBytes", "1000"),
        ("sinceSeconds", "1"),
        ("previous", "true"),
        ("timestamps", "true"),
    ] {
        assert_eq!(call.param(name), Some(value), "{name}");
    }
    call.text(200, "a line\n");
    assert_eq!(reading.await.unwrap().unwrap(), "a line\n");

    let following = tokio::spawn(async move { cluster.follow_log(&container(), LogOptions::default()).await });
    let call = api.next().await;
    assert_eq!(call.param("follow"), Some("true"));
    let events = call.stream();
    events.send(&json!("line"));
    let mut transport = following.await.unwrap().unwrap();
    assert_eq!(next(&mut transport).await, output("\"line\"\n"));
    drop(events);
    assert_eq!(next(&mut transport).await, Incoming::Ended(End::Finished));
}
