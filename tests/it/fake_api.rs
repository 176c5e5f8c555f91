//! An API server in this process that answers what the test says, request by request, over in-memory pipes; it knows
//! nothing of Kubernetes.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bathyscope::cluster::{Cluster, ContextInfo};
use bytes::Bytes;
use futures::{FutureExt, SinkExt, StreamExt, future::BoxFuture, stream};
use http::{Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::{
    body::{Frame, Incoming},
    rt::{Read, ReadBufCursor, Write},
    service::service_fn,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo},
};
use kube::client::{Body, ConfigExt};
use serde_json::{Value, json};
use tokio::{
    io::DuplexStream,
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, handshake::derive_accept_key, protocol::Role},
};
use tower::{Layer, Service};

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// How long a test waits for what must come. In paused time it passes at once when nothing moves any more.
const PATIENCE: Duration = Duration::from_secs(600);

/// The requests as they come.
pub(crate) struct FakeApi {
    calls: mpsc::UnboundedReceiver<Call>,
}

impl FakeApi {
    /// A cluster and the server behind it.
    pub(crate) fn new() -> (Cluster, Self) {
        let (sender, calls) = mpsc::unbounded_channel();
        let hyper: Client<_, Body> = Client::builder(TokioExecutor::new()).build(Connector { calls: Arc::new(sender) });
        let base = kube::Config::new(Uri::from_static("http://api.test")).base_uri_layer();
        let client = kube::Client::new(base.layer(hyper), "default");
        (Cluster::from_client(client, ContextInfo::default()), Self { calls })
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Call {
        timeout(PATIENCE, self.calls.recv()).await.expect("no request came").expect("the client is gone")
    }

    /// The next request; `None` once the client is gone.
    pub(crate) async fn next_if_any(&mut self) -> Option<Call> {
        self.calls.recv().await
    }

    /// Whether a request waits already.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.calls.is_empty()
    }
}

/// One request that waits for its answer.
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) accept: String,
    pub(crate) method: http::Method,
    pub(crate) body: Bytes,
    key: String,
    upgrade: OnUpgrade,
    reply: oneshot::Sender<Answer>,
}

impl Call {
    /// A parameter of the query.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Checks what is asked for.
    pub(crate) fn expect(self, path: &str) -> Self {
        assert_eq!(self.path, path, "{:?}", self.query);
        self
    }

    fn send(self, answer: Answer) {
        // A client that gave up reads nothing.
        let _ = self.reply.send(answer);
    }

    pub(crate) fn json(self, body: &Value) {
        self.send(Response::new(whole(body.to_string())));
    }

    /// [`Call::json`] with a `Warning` header.
    pub(crate) fn json_with_warning(self, body: &Value, warning: &str) {
        let mut answer = Response::new(whole(body.to_string()));
        let value = format!("299 - \"{warning}\"").parse().expect("a header may hold this");
        answer.headers_mut().insert(header::WARNING, value);
        self.send(answer);
    }

    pub(crate) fn text(self, code: u16, body: &str) {
        let mut answer = Response::new(whole(body.to_owned()));
        *answer.status_mut() = StatusCode::from_u16(code).expect("a code of HTTP");
        self.send(answer);
    }

    /// A refusal as the API words it.
    pub(crate) fn refuse(self, code: u16, reason: &str, message: &str) {
        let status = json!({"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code});
        self.text(code, &status.to_string());
    }

    /// Answers with a body that goes on.
    pub(crate) fn stream(self) -> Events {
        let (sender, mut receiver) = mpsc::unbounded_channel::<io::Result<Bytes>>();
        let frames = stream::poll_fn(move |context| receiver.poll_recv(context)).map(|piece| piece.map(Frame::data));
        self.send(Response::new(BodyExt::boxed(StreamBody::new(frames))));
        Events { sender }
    }

    /// Opens the websocket.
    pub(crate) async fn upgrade(self, protocol: &'static str) -> Socket {
        let accept = derive_accept_key(self.key.as_bytes());
        let answer = Response::builder()
            .status(StatusCode::SWITCHING_PROTOCOLS)
            .header(header::CONNECTION, "Upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_ACCEPT, accept)
            .header(header::SEC_WEBSOCKET_PROTOCOL, protocol)
            .body(whole(String::new()))
            .expect("these headers are valid");
        let _ = self.reply.send(answer);
        let upgraded = self.upgrade.await.expect("an upgrade");
        Socket { socket: WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await }
    }
}

fn whole(text: String) -> BoxBody<Bytes, io::Error> {
    Full::new(Bytes::from(text)).map_err(|never| match never {}).boxed()
}

/// A body that goes on; dropping it ends it well.
pub(crate) struct Events {
    sender: mpsc::UnboundedSender<io::Result<Bytes>>,
}

impl Events {
    /// A line of JSON.
    pub(crate) fn send(&self, event: &Value) {
        let _ = self.sender.send(Ok(Bytes::from(format!("{event}\n"))));
    }

    /// Text as it is.
    pub(crate) fn send_raw(&self, text: &str) {
        let _ = self.sender.send(Ok(Bytes::copy_from_slice(text.as_bytes())));
    }

    /// Ends it in the middle of the connection.
    pub(crate) fn cut(self) {
        let _ = self.sender.send(Err(io::Error::other("cut")));
    }

    /// Waits until the client has let go of it.
    pub(crate) async fn closed(&self) {
        timeout(PATIENCE, self.sender.closed()).await.expect("the client holds on to it");
    }
}

/// The server's end of a websocket.
pub(crate) struct Socket {
    socket: WebSocketStream<TokioIo<Upgraded>>,
}

impl Socket {
    pub(crate) async fn send(&mut self, channel: u8, payload: &[u8]) {
        let mut frame = vec![channel];
        frame.extend_from_slice(payload);
        self.socket.send(Message::Binary(frame.into())).await.expect("the client takes it");
    }

    /// The next frame of the protocol; pings are answered on the way. `None` once the client has closed.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("nothing came") {
                Some(Ok(Message::Binary(frame))) => return Some(frame),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    pub(crate) async fn close(&mut self) {
        let _ = self.socket.close(None).await;
    }
}

#[derive(Clone)]
struct Connector {
    calls: Arc<mpsc::UnboundedSender<Call>>,
}

impl Service<Uri> for Connector {
    type Response = Pipe;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Pipe>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let calls = Arc::clone(&self.calls);
        async move {
            let (near, far) = tokio::io::duplex(64 * 1024);
            let service = service_fn(move |request| answer(Arc::clone(&calls), request));
            tokio::spawn(async move {
                let connection =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service);
                // A connection that the test cuts is an error by intention.
                let _ = connection.with_upgrades().await;
            });
            Ok(Pipe(TokioIo::new(near)))
        }
        .boxed()
    }
}

async fn answer(calls: Arc<mpsc::UnboundedSender<Call>>, mut request: Request<Incoming>) -> io::Result<Answer> {
    let (reply, answered) = oneshot::channel();
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    let header = |name: header::HeaderName| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let call = Call {
        path: parts.uri.path().to_owned(),
        query,
        accept: header(header::ACCEPT),
        key: header(header::SEC_WEBSOCKET_KEY),
        method: parts.method,
        body,
        upgrade,
        reply,
    };
    calls.send(call).map_err(io::Error::other)?;
    answered.await.map_err(io::Error::other)
}

/// An in-memory connection.
struct Pipe(TokioIo<DuplexStream>);

impl Connection for Pipe {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl Write for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
