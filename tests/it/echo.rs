//! A demo cluster of the recorded objects, with a node that echoes instead of running anything.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::sync::Arc;
use std::time::Duration;

use bathyscope::demo::DemoCluster;
use bathyscope::demo::node::{ContainerRef, Duplex, Exit, LogQuery, Node, Output, PodRef, StreamError, Streams};
use bathyscope::demo::store::Store;
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, BoxStream, StreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::api::Api;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// A recorded file.
macro_rules! recorded {
    ($file:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recorded/", $file)))
            .unwrap()
    };
}

pub(crate) use recorded;

/// A node whose containers echo, and whose ports do too.
pub(crate) struct Echo;

impl Node for Echo {
    fn usage(&self) -> Option<std::sync::Arc<bathyscope::demo::node::Usage>> {
        None
    }

    fn log(&self, container: &ContainerRef, query: LogQuery) -> Result<BoxStream<'static, Bytes>, StreamError> {
        let first = Bytes::from(format!("{} tail={:?}\n", container.container, query.tail_lines));
        Ok(if query.follow {
            stream::once(async { first }).chain(stream::pending()).boxed()
        } else {
            stream::once(async { first }).boxed()
        })
    }

    fn attach(&self, container: &ContainerRef, tty: bool) -> BoxFuture<'static, Result<Streams, StreamError>> {
        if container.container == "ended" {
            let message = format!("container ended not found in pod {}", container.pod.name);
            return async move { Err(StreamError { code: 500, reason: String::new(), message }) }.boxed();
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
            Exit::Failed(format!("exec: {:?}: executable file not found in $PATH", command[0]))
        };
        async move { Ok(echo(tty, exit)) }.boxed()
    }

    fn dial(&self, _: &PodRef, port: u16) -> BoxFuture<'static, Result<Box<dyn Duplex>, StreamError>> {
        async move {
            if port == 9 {
                return Err(StreamError { code: 500, reason: String::new(), message: "connection refused".to_owned() });
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
pub(crate) fn echo(tty: bool, exit: Exit) -> Streams {
    let (input, mut heard) = mpsc::channel::<Bytes>(4);
    let (say, output) = mpsc::channel(4);
    let (resize, mut sizes) = mpsc::channel(4);
    let (ended, exits) = oneshot::channel();
    tokio::spawn(async move {
        if !matches!(exit, Exit::Failed(_)) {
            loop {
                let said = tokio::select! {
                    // a size that was sent first is said first
                    biased;
                    Some((columns, rows)) = sizes.recv() => Bytes::from(format!("[{columns}x{rows}]")),
                    bytes = heard.recv() => match bytes { Some(bytes) => bytes, None => break },
                };
                if say.send(Output::Stdout(said)).await.is_err() {
                    break;
                }
            }
            if !tty {
                say.send(Output::Stderr(Bytes::from_static(b"bye"))).await.ok();
            }
        }
        drop(say);
        ended.send(exit).ok();
    });
    Streams { input, output, resize, exit: exits }
}

pub(crate) fn cluster() -> DemoCluster {
    cluster_on(Arc::new(Echo))
}

/// The same objects, with another node.
pub(crate) fn cluster_on(node: Arc<dyn Node>) -> DemoCluster {
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
    DemoCluster::assemble(store, node)
}

pub(crate) fn pods(cluster: &DemoCluster, user: &str) -> Api<Pod> {
    Api::namespaced(cluster.client(user), "demo")
}

pub(crate) async fn soon<T>(wanted: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), wanted).await.expect("it takes longer than 10 s")
}

/// Sends a request as it is and gives code and body.
pub(crate) async fn raw(
    cluster: &DemoCluster,
    user: &str,
    request: http::request::Builder,
    body: Option<&Value>,
) -> (u16, Value) {
    let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
    let request = request.body(kube::client::Body::from(body)).unwrap();
    let response = soon(cluster.client(user).send(request)).await.unwrap();
    let code = response.status().as_u16();
    let bytes = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    (
        code,
        serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())),
    )
}

pub(crate) fn upgrading(request: http::request::Builder) -> http::request::Builder {
    request
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "v5.channel.k8s.io, v4.channel.k8s.io")
}
