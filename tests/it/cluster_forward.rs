//! Ports of pods over the demo's streams: both ways to the server, ends of one direction, refusals, many at once, and a
//! pod that takes another's place.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bathyscope::cluster::{Cluster, ContextInfo, ForwardTarget, Forwarder, Moved, PodKey, RemotePort};
use bathyscope::demo::DemoCluster;
use bathyscope::runtime::forward::{Forward, ForwardEvent, LOOPBACK, PortPair, forward};
use futures::future::join_all;
use http::{Request, Response, StatusCode};
use kube::client::Body;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::echo;

const PATIENCE: Duration = Duration::from_secs(30);

fn forwarder(demo: &DemoCluster) -> Forwarder {
    Forwarder::new(Cluster::from_client(demo.client("admin"), ContextInfo::default()))
}

/// A server that knows nothing of websockets, or has a proxy in front of it that does not.
fn without_websockets(demo: &DemoCluster) -> Forwarder {
    let inner = demo.client("admin");
    let service = tower::service_fn(move |request: Request<Body>| {
        let inner = inner.clone();
        async move {
            if request.headers().get("upgrade").is_some_and(|upgrade| upgrade == "websocket") {
                let refusal = Response::builder().status(StatusCode::BAD_REQUEST);
                return Ok(refusal.body(Body::from(b"no websockets here".to_vec())).unwrap());
            }
            inner.send(request).await
        }
    });
    let client = kube::Client::new(service, "default");
    Forwarder::new(Cluster::from_client(client, ContextInfo::default()))
}

fn multi() -> PodKey {
    PodKey { namespace: "demo".into(), name: "multi".into() }
}

/// A connection to a port: our end of it, and how it comes out.
async fn connected(
    forwarder: &Forwarder,
    port: u16,
    moved: Arc<Moved>,
) -> (DuplexStream, tokio::task::JoinHandle<Result<(), String>>) {
    let connection = forwarder.connect(&multi(), port).await.unwrap();
    let (near, far) = duplex(1024);
    let carried = async move { connection.carry(far, &moved).await.map_err(|problem| problem.to_string()) };
    (near, tokio::spawn(carried))
}

#[tokio::test]
async fn what_is_said_after_our_end_still_comes_over_either_way() {
    let demo = echo::cluster();
    for forwarder in [forwarder(&demo), without_websockets(&demo)] {
        let moved = Arc::new(Moved::default());
        let (mut near, carried) = connected(&forwarder, 8000, Arc::clone(&moved)).await;
        near.write_all(&[b'x'; 10]).await.unwrap();
        near.shutdown().await.unwrap();
        let mut answer = Vec::new();
        near.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, [b'x'; 10]);
        assert_eq!(carried.await.unwrap(), Ok(()));
        assert_eq!((moved.sent.load(Ordering::Relaxed), moved.received.load(Ordering::Relaxed)), (10, 10));
    }
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_says_so() {
    let demo = echo::cluster();
    for forwarder in [forwarder(&demo), without_websockets(&demo)] {
        let (_near, carried) = connected(&forwarder, 9, Arc::default()).await;
        let why = timeout(PATIENCE, carried).await.unwrap().unwrap().unwrap_err();
        assert!(why.contains("port 9 of demo/multi") && why.contains("connection refused"), "{why}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_both_ways_is_told_in_its_words() {
    let demo = echo::cluster();
    let nobody = PodKey { namespace: "demo".into(), name: "nobody".into() };
    let problem = forwarder(&demo).connect(&nobody, 80).await.unwrap_err().problem;
    assert!(problem.why.contains("\"nobody\" not found"), "{problem:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_connection_holds_up_no_other_and_loses_nothing() {
    let demo = echo::cluster();
    let forwarder = forwarder(&demo);
    let (mut slow, carried) = connected(&forwarder, 8000, Arc::default()).await;
    // More than every buffer on the way takes, and nobody reads the answer.
    let flood = vec![7_u8; 3 << 20];
    let (mut slow_reader, mut slow_writer) = tokio::io::split(&mut slow);
    let written = async {
        slow_writer.write_all(&flood).await.unwrap();
        slow_writer.shutdown().await.unwrap();
    };
    let rest = async {
        let others = (0..40_u8).map(async |one| {
            let (mut near, carried) = connected(&forwarder, 8000, Arc::default()).await;
            near.write_all(&vec![one; 5_000]).await.unwrap();
            near.shutdown().await.unwrap();
            let mut answer = Vec::new();
            near.read_to_end(&mut answer).await.unwrap();
            assert!(answer == vec![one; 5_000], "{one}");
            carried.await.unwrap().unwrap();
        });
        timeout(PATIENCE, join_all(others)).await.expect("they go on while one stands still");
        let mut answer = Vec::new();
        slow_reader.read_to_end(&mut answer).await.unwrap();
        assert!(answer == flood, "{} bytes came back", answer.len());
    };
    tokio::join!(written, rest);
    carried.await.unwrap().unwrap();
}

/// The Service's only endpoint.
fn slice(pod: &str) -> serde_json::Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "shop-1", "namespace": "demo", "labels": {"kubernetes.io/service-name": "shop"}},
        "addressType": "IPv4",
        "ports": [{"name": "web", "port": 8000, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}, "targetRef": {"kind": "Pod", "name": pod, "namespace": "demo"}}],
    })
}

/// A Service of the demo, forwarded to a free port.
async fn service(demo: &DemoCluster) -> (Forward, mpsc::UnboundedReceiver<ForwardEvent>) {
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop", "namespace": "demo"},
        "spec": {"ports": [{"name": "web", "port": 80, "protocol": "TCP", "targetPort": 8000}]},
    });
    demo.store().create("services", service).unwrap();
    demo.store().create("endpointslices", slice("multi")).unwrap();
    let target = ForwardTarget::parse("svc/shop", "demo").unwrap();
    let pair = PortPair { local: Some(0), or_free: false, remote: RemotePort::Name("web".into()) };
    let (tell, events) = mpsc::unbounded_channel();
    let tell = move |event| drop(tell.send(event));
    (forward(forwarder(demo), target, pair, &LOOPBACK, tell).await.unwrap(), events)
}

/// A cluster that is out of reach while the switch is on.
fn behind_a_switch(demo: &DemoCluster) -> (Forwarder, Arc<AtomicBool>) {
    let (inner, cut) = (demo.client("admin"), Arc::new(AtomicBool::new(false)));
    let off = Arc::clone(&cut);
    let service = tower::service_fn(move |request: Request<Body>| {
        let (inner, is_cut) = (inner.clone(), off.load(Ordering::Relaxed));
        async move {
            if is_cut {
                return Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into());
            }
            inner.send(request).await.map_err(tower::BoxError::from)
        }
    });
    let client = kube::Client::new(service, "default");
    (Forwarder::new(Cluster::from_client(client, ContextInfo::default())), cut)
}

#[tokio::test]
async fn a_pod_that_cannot_be_reached_for_a_while_is_not_gone_and_one_that_is_deleted_is() {
    let demo = echo::cluster();
    let (forwarder, cut) = behind_a_switch(&demo);
    let target = ForwardTarget::parse("multi", "demo").unwrap();
    let pair = PortPair { local: Some(0), or_free: false, remote: RemotePort::Number(8000) };
    let (tell, mut events) = mpsc::unbounded_channel();
    let tell = move |event| drop(tell.send(event));
    let forward = forward(forwarder, target, pair, &LOOPBACK, tell).await.unwrap();
    let at = forward.local[0];
    assert_eq!(asked(at, b"before").await, b"before");
    cut.store(true, Ordering::Relaxed);
    let question = tokio::spawn(async move { asked(at, b"meanwhile").await });
    loop {
        match timeout(PATIENCE, events.recv()).await.unwrap().unwrap() {
            ForwardEvent::Over(problem) => panic!("the pod is still there: {problem}"),
            ForwardEvent::Waiting(_) => break,
            _ => {}
        }
    }
    cut.store(false, Ordering::Relaxed);
    assert_eq!(question.await.unwrap(), b"meanwhile");
    demo.store().delete("pods", "demo", "multi").unwrap();
    let _caller = TcpStream::connect(at).await.unwrap();
    while !matches!(timeout(PATIENCE, events.recv()).await.unwrap().unwrap(), ForwardEvent::Over(_)) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_at_once_get_their_own_answers() {
    let demo = echo::cluster();
    let (forward, _events) = service(&demo).await;
    let at = forward.local[0];
    let callers = (0..200_u32).map(|one| {
        tokio::spawn(async move {
            let question = one.to_be_bytes().repeat(2_000);
            assert!(asked(at, &question).await == question, "{one}");
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    assert_eq!(forward.traffic.total.load(Ordering::Relaxed), 200);
}

async fn asked(at: std::net::SocketAddr, question: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(at).await.unwrap();
    stream.write_all(question).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("an answer").unwrap();
    answer
}

#[tokio::test]
async fn a_service_survives_the_replacement_of_its_pod() {
    let demo = echo::cluster();
    let store = demo.store();
    let (forward, mut events) = service(&demo).await;
    for local in &forward.local {
        assert!(local.ip().is_loopback(), "{local}");
        assert_eq!(asked(*local, b"hello").await, b"hello");
    }
    assert!(matches!(events.recv().await, Some(ForwardEvent::LeadsTo(pod, 8000)) if pod == multi()));
    store.delete("pods", "demo", "multi").unwrap();
    let question = tokio::spawn(asked(forward.local[0], b"who is there"));
    while events.recv().await != Some(ForwardEvent::Connected) {}
    store.update("endpointslices", "demo", "shop-1", |old| *old = slice("mynewpod")).unwrap();
    assert_eq!(question.await.unwrap(), b"who is there");
    let led = timeout(PATIENCE, async {
        loop {
            if let Some(ForwardEvent::LeadsTo(pod, _)) = events.recv().await {
                return pod;
            }
        }
    });
    assert_eq!(&*led.await.unwrap().name, "mynewpod");
    assert_eq!(forward.traffic.total.load(Ordering::Relaxed), forward.local.len() as u64 + 1);
}
