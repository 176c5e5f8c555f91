//! Logs, exec, attach and port-forward of the demo's API through the real kube client, frame by frame.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use bathyscope::demo::DemoCluster;
use bytes::Bytes;
use futures::stream::StreamExt as _;
use futures::{AsyncBufReadExt as _, SinkExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, AttachParams, LogParams};
use kube::core::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::echo::{cluster, pods, raw, soon, upgrading};

#[tokio::test]
async fn a_log_is_read_and_followed() {
    let cluster = cluster();
    let api = pods(&cluster, "view");
    let params = LogParams { container: Some("web".to_owned()), tail_lines: Some(2), ..LogParams::default() };
    assert_eq!(soon(api.logs("multi", &params)).await.unwrap(), "web tail=Some(2)\n");
    let refused = soon(api.logs("multi", &LogParams::default())).await.unwrap_err();
    assert!(refused.to_string().contains("choose one of: ["), "{refused}");
    let follow = LogParams { follow: true, ..params };
    let mut lines = soon(api.log_stream("multi", &follow)).await.unwrap().lines();
    assert_eq!(soon(lines.next()).await.unwrap().unwrap(), "web tail=Some(2)");
    cluster.cut();
    assert!(soon(lines.next()).await.is_none_or(|line| line.is_err()));
}

/// Opens a stream and gives its frames until it is closed; what is sent comes first.
async fn session(cluster: &DemoCluster, what: &str, params: &AttachParams, send: &[&[u8]]) -> Vec<Vec<u8>> {
    let request = Request::new(Api::<Pod>::namespaced(cluster.client("oncall"), "demo").resource_url());
    let request = match what {
        "attach" => request.attach("multi", params),
        command => request.exec("multi", command.split(' '), params),
    };
    let connection = soon(cluster.client("oncall").connect(request.unwrap())).await.unwrap();
    assert!(connection.supports_stream_close());
    let mut socket = connection.into_stream();
    for frame in send {
        socket.send(Message::Binary(Bytes::copy_from_slice(frame))).await.unwrap();
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
    assert_eq!(&frames[..3], [b"\x01".to_vec(), b"\x01hello".to_vec(), b"\x02bye".to_vec()]);
    let status: Value = serde_json::from_slice(&frames[3][1..]).unwrap();
    assert_eq!((frames[3][0], &status["reason"]), (3, &json!("NonZeroExitCode")));
    let missing = session(&cluster, "ls", &params, &[]).await;
    let status: Value = serde_json::from_slice(&missing[1][1..]).unwrap();
    assert!(status["message"].as_str().unwrap().contains("executable file not found in $PATH"));
}

#[tokio::test]
async fn attach_has_a_size_and_no_code() {
    let cluster = cluster();
    let params = AttachParams::interactive_tty().container("alive");
    let resize = b"\x04{\"Width\":81,\"Height\":25}\n";
    let mut frames = session(&cluster, "attach", &params, &[resize, b"\x00x", b"\xff\x00"]).await;
    let last = frames.pop().unwrap();
    let text: Vec<u8> = frames.iter().flat_map(|frame| frame[1..].to_vec()).collect();
    assert!(text == b"[81x25]x" || text == b"x[81x25]", "{text:?}");
    assert_eq!(last, b"\x03{\"metadata\":{},\"status\":\"Success\"}");
}

#[tokio::test]
async fn streams_are_refused_before_the_upgrade() {
    let cluster = cluster();
    let at = "/api/v1/namespaces/demo/pods/multi";
    for (user, path, code, said) in [
        ("oncall", "attach?container=nope&stdout=true", 400, "container nope is not valid for pod multi"),
        ("oncall", "exec?container=web&command=sh", 400, "you must specify at least 1 of stdin, stdout, stderr"),
        ("view", "exec?container=web&command=sh&stdout=true", 403, "cannot get resource"),
        ("oncall", "attach?container=ended&stdout=true", 500, "container ended not found in pod multi"),
        ("oncall", "attach?container=alive&stdout=true&stderr=true", 500, "tty and stderr cannot both be true"),
    ] {
        if path.contains("ended") {
            cluster.store().update("pods", "demo", "multi", |pod| {
                pod["spec"]["ephemeralContainers"][1]["name"] = json!("ended");
                pod["spec"]["ephemeralContainers"][1]["tty"] = json!(false);
            });
        }
        let (found, body) = raw(&cluster, user, upgrading(http::Request::get(format!("{at}/{path}"))), None).await;
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
    let request = Request::new(api.resource_url()).attach("multi", &params).unwrap();
    let mut socket = soon(cluster.client("oncall").connect(request)).await.unwrap().into_stream();
    soon(socket.next()).await.unwrap().unwrap();
    cluster.refuse(true);
    cluster.cut();
    loop {
        match soon(socket.next()).await {
            None | Some(Err(_)) => break,
            Some(Ok(message)) => assert!(!matches!(message, Message::Close(_)), "a cut says no goodbye"),
        }
    }
    assert!(soon(api.get("multi")).await.is_err());
    cluster.refuse(false);
    assert!(soon(api.get("multi")).await.is_ok());
}
