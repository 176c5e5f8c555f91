//! A session that outlasts its connections, against a server that cuts, hides and ends: each number a program counts is
//! shown exactly once and in order, input is refused while nobody hears it, and the end is told.

use std::time::Duration;

use bathyscope::{
    cluster::{Cluster, ContainerKey, PodKey},
    session::{End, Incoming, Link, Outgoing, Transport},
};
use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::fake_api::{Call, FakeApi, Socket};

const V5: &str = "v5.channel.k8s.io";
const LOG: &str = "/api/v1/namespaces/shop/pods/api/log";

fn container() -> ContainerKey {
    ContainerKey { pod: PodKey { namespace: "shop".into(), name: "api".into() }, container: "app".into() }
}

/// The pod; its container is in this state and has this id.
fn pod(id: &str, state: &Value) -> Value {
    json!({"metadata": {"name": "api"}, "status": {"containerStatuses": [
        {"name": "app", "containerID": id, "state": state, "lastState": {"terminated": {"exitCode": 9}}},
    ]}})
}

fn running() -> Value {
    pod("fake://1", &json!({"running": {}}))
}

/// The server, answering for the pod and its log by itself; what attaches comes out.
struct Server {
    api: FakeApi,
    pod: Value,
    /// What the container has printed, as its log has it.
    log: String,
}

impl Server {
    fn answer(&self, call: Call) -> Option<Call> {
        match call.path.as_str() {
            "/api/v1/namespaces/shop/pods/api" => call.json(&self.pod),
            LOG => call.text(200, &self.log),
            _ => return Some(call),
        }
        None
    }

    /// Answers until somebody attaches.
    async fn attached(&mut self) -> Socket {
        loop {
            let call = self.api.next().await;
            if let Some(call) = self.answer(call) {
                assert_eq!(call.path, "/api/v1/namespaces/shop/pods/api/attach");
                return call.upgrade(V5).await;
            }
        }
    }

    /// Answers while somebody waits for something.
    async fn serve_while<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = std::pin::pin!(wanted);
        loop {
            tokio::select! {
                biased;
                done = &mut wanted => return done,
                call = self.api.next() => {
                    if let Some(call) = self.answer(call) {
                        call.refuse(500, "InternalError", "not now");
                    }
                }
            }
        }
    }
}

async fn start(log: &str) -> (Transport, Bytes, Socket, Server) {
    let (cluster, api) = FakeApi::new();
    let mut server = Server { api, pod: running(), log: log.to_owned() };
    let attaching = tokio::spawn(attach(cluster));
    let socket = server.attached().await;
    let (transport, past) = server.serve_while(attaching).await.expect("no panic");
    (transport, past, socket, server)
}

async fn attach(cluster: Cluster) -> (Transport, Bytes) {
    cluster.attach_lasting(&container(), true, true).await.expect("a stream")
}

async fn next(transport: &mut Transport) -> Incoming {
    timeout(Duration::from_secs(3600), transport.incoming.recv()).await.expect("nothing came").expect("an end")
}

/// What is shown up to the link or the end that comes next.
async fn shown(transport: &mut Transport, text: &mut String) -> Incoming {
    loop {
        match next(transport).await {
            Incoming::Output(bytes) | Incoming::Past(bytes) => {
                text.push_str(std::str::from_utf8(&bytes).expect("text"));
            }
            other => return other,
        }
    }
}

/// What a counting program prints on a terminal; some lines are drawn over and over.
fn counted(from: usize, to: usize) -> String {
    (from..to)
        .map(|number| match number % 4 {
            0 => format!("{number}: 10%\r{number}: 90%\r{number}: 100%\r\n"),
            _ => format!("{number}\r\n"),
        })
        .collect()
}

fn as_logged(output: &str) -> String {
    let whole = output.rfind('\n').map_or(0, |at| at + 1);
    output[..whole].replace("\r\n", "\n")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 60, ..ProptestConfig::default() })]

    /// Cut anywhere, three times, with anything printed in between: the transcript is what was printed.
    #[test]
    fn each_number_is_shown_once_and_in_order_wherever_it_is_cut(
        mut points in prop::collection::vec(0..9_000_usize, 6),
        piece in 1..600_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        points.sort_unstable();
        let output = counted(10_000, 10_900);
        // What is shown before the first cut has a whole line in it: of a few bytes in the middle of one the place is a guess.
        for point in &mut points[1..] {
            *point += 80;
        }
        let points: Vec<usize> = points.into_iter().map(|point| point.min(output.len())).collect();
        let text = runtime.block_on(async {
            let (mut transport, past, mut socket, mut server) = start(&as_logged(&output[..points[0]])).await;
            let mut text = String::from_utf8(past.to_vec()).unwrap();
            // What was not whole when we attached first is in no log; a shell would draw it again.
            let begun = output[..points[0]].rfind('\n').map_or(0, |at| at + 1);
            text.push_str(&output[begun..points[0]]);
            let mut at = points[0];
            for pair in points[1..].chunks(2) {
                for piece in output.as_bytes()[at..pair[0].max(at)].chunks(piece) {
                    socket.send(1, piece).await;
                }
                drop(socket);
                assert!(matches!(shown(&mut transport, &mut text).await, Incoming::Link(Link::Cut { .. })));
                at = pair.get(1).copied().unwrap_or(pair[0]).max(at);
                // The program goes on while nobody listens, and a little further while the log is read.
                let further = (at + 300).min(output.len());
                server.log = as_logged(&output[..further]);
                socket = server.attached().await;
                socket.send(1, &output.as_bytes()[at..further]).await;
                at = further;
                let link = server.serve_while(shown(&mut transport, &mut text)).await;
                assert_eq!(link, Incoming::Link(Link::Restored { whole: true }));
            }
            for piece in output.as_bytes()[at..].chunks(piece) {
                socket.send(1, piece).await;
            }
            socket.send(3, br#"{"status":"Success"}"#).await;
            socket.close().await;
            assert_eq!(shown(&mut transport, &mut text).await, Incoming::Ended(End::Finished));
            text
        });
        let same = text.bytes().zip(output.bytes()).take_while(|(one, other)| one == other).count();
        let about = |text: &str| text[same.saturating_sub(30)..text.len().min(same + 30)].to_owned();
        prop_assert!(text == output, "{:?} instead of {:?}", about(&text), about(&output));
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_learns_the_size_and_input_meanwhile_is_refused() {
    let (mut transport, _, mut socket, mut server) = start("").await;
    transport.outgoing.send(Outgoing::Resize { columns: 80, rows: 24 }).await.unwrap();
    assert_eq!(socket.next().await.unwrap()[0], 4);
    drop(socket);
    let mut text = String::new();
    assert!(matches!(shown(&mut transport, &mut text).await, Incoming::Link(Link::Cut { .. })));
    transport.outgoing.send(Outgoing::Input(Bytes::from_static(b"rm"))).await.unwrap();
    transport.outgoing.send(Outgoing::Resize { columns: 90, rows: 30 }).await.unwrap();
    assert_eq!(shown(&mut transport, &mut text).await, Incoming::Link(Link::Unsent));
    let mut socket = server.attached().await;
    let restored = server.serve_while(shown(&mut transport, &mut text)).await;
    assert_eq!(restored, Incoming::Link(Link::Restored { whole: true }));
    assert_eq!(socket.next().await.unwrap(), &b"\x04{\"Width\":91,\"Height\":31}"[..], "so that a shell draws again");
    assert_eq!(socket.next().await.unwrap(), &b"\x04{\"Width\":90,\"Height\":30}"[..]);
    transport.outgoing.send(Outgoing::Input(Bytes::from_static(b"ls"))).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), &b"\0ls"[..], "and nothing of what was refused");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_closed_or_fails_is_made_anew_while_the_container_runs() {
    let failure = br#"{"status":"Failure","message":"error reading from error stream","reason":"InternalError"}"#;
    for status in [None, Some(&failure[..])] {
        let (mut transport, _, mut socket, mut server) = start("").await;
        socket.send(1, b"one\r\n").await;
        if let Some(status) = status {
            socket.send(3, status).await;
        }
        socket.close().await;
        let mut text = String::new();
        assert!(matches!(shown(&mut transport, &mut text).await, Incoming::Link(Link::Cut { .. })));
        server.log = "one\ntwo\n".to_owned();
        let mut socket = server.attached().await;
        let restored = server.serve_while(shown(&mut transport, &mut text)).await;
        assert_eq!(restored, Incoming::Link(Link::Restored { whole: true }));
        // Closed once more, and now the container has ended.
        server.pod = pod("fake://1", &json!({"terminated": {"exitCode": 3}}));
        socket.close().await;
        assert!(matches!(shown(&mut transport, &mut text).await, Incoming::Link(Link::Cut { .. })));
        let end = server.serve_while(shown(&mut transport, &mut text)).await;
        assert_eq!((end, text.as_str()), (Incoming::Ended(End::Exited { code: 3 }), "one\r\ntwo\r\n"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_container_that_ended_meanwhile_shows_its_last_words_and_its_code() {
    let again = json!({"running": {}});
    for (id, code) in [("fake://1", 7), ("fake://2", 9)] {
        let (mut transport, _, socket, mut server) = start("one\n").await;
        // Which life of the container this is is asked at once.
        let mut text = String::new();
        let asked = timeout(Duration::from_secs(1), server.serve_while(std::future::pending::<()>())).await;
        assert!(asked.is_err());
        drop(socket);
        server.log = "one\nlast words\n".to_owned();
        let ended = json!({"terminated": {"exitCode": 7}});
        server.pod = pod(id, if code == 7 { &ended } else { &again });
        assert!(matches!(shown(&mut transport, &mut text).await, Incoming::Link(Link::Cut { .. })));
        let end = server.serve_while(shown(&mut transport, &mut text)).await;
        assert_eq!((end, text.as_str()), (Incoming::Ended(End::Exited { code }), "last words\r\n"), "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn tries_go_on_for_minutes_and_not_for_ever() {
    let (mut transport, _, socket, mut server) = start("").await;
    drop(socket);
    let begun = Instant::now();
    let (mut cuts, mut text) = (0, String::new());
    let end = loop {
        match server.serve_while(shown(&mut transport, &mut text)).await {
            Incoming::Link(Link::Cut { retry_in, .. }) => {
                assert!(retry_in <= Duration::from_secs(10));
                cuts += 1;
            }
            other => break other,
        }
    };
    match end {
        Incoming::Ended(End::Lost { reason }) => assert!(reason.contains("5 minutes"), "{reason}"),
        other => panic!("{other:?}"),
    }
    let took = begun.elapsed();
    assert!(cuts > 20 && took > Duration::from_secs(250) && took < Duration::from_secs(330), "{cuts} in {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_no_longer_holds_the_place_is_told() {
    let (mut transport, _, mut socket, mut server) = start("one\n").await;
    socket.send(1, b"two\r\n").await;
    let mut text = String::new();
    drop(socket);
    assert!(matches!(shown(&mut transport, &mut text).await, Incoming::Link(Link::Cut { .. })));
    server.log = "ninety\n".to_owned();
    let _socket = server.attached().await;
    let link = server.serve_while(shown(&mut transport, &mut text)).await;
    assert_eq!(link, Incoming::Link(Link::Restored { whole: false }));
    assert!(matches!(next(&mut transport).await, Incoming::Past(bytes) if bytes == "ninety\r\n"));
}

#[tokio::test(start_paused = true)]
async fn nobody_who_listens_ends_the_tries() {
    let (transport, _, socket, mut server) = start("").await;
    drop(transport);
    drop(socket);
    // The one question about the pod at most; nothing afterwards.
    let asked = timeout(Duration::from_secs(60), async {
        while let Some(call) = server.api.next_if_any().await {
            assert!(!call.path.ends_with("/attach"));
            server.answer(call);
        }
    });
    assert!(asked.await.is_ok(), "the client is gone");
}

#[tokio::test]
async fn a_flood_that_nobody_takes_holds_no_input_up_and_is_bounded() {
    let (transport, _, mut socket, _server) = start("").await;
    let mut queued = 0;
    while timeout(Duration::from_millis(300), socket.send(1, &[b'y'; 8192])).await.is_ok() {
        queued += 8192;
        assert!(queued <= 1024 * 1024, "what nobody takes is kept without bound");
    }
    transport.outgoing.send(Outgoing::Input(Bytes::from_static(b"\x03"))).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), &b"\0\x03"[..]);
}
