//! The two ways in for SPDY/3.1: on the connection itself, and inside a websocket's messages; it opens no connection to a pod.

use std::future::ready;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _, TryStreamExt as _};
use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::{HeaderName, Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

use super::pairs;
use crate::demo::node::{Node, PodRef};
use crate::demo::server::answer::{Answer, Refusal, whole};
use crate::demo::server::call::Call;
use crate::demo::server::streams::upgrade::{Socket, accept};
use crate::demo::spdy;

/// The websocket's protocol for it.
pub(super) const TUNNELED: &str = "SPDY/3.1+portforward.k8s.io";

/// What the connection is upgraded to without a websocket.
const UPGRADED: HeaderValue = HeaderValue::from_static("SPDY/3.1");

/// What is spoken on its streams.
const PROTOCOL: HeaderValue = HeaderValue::from_static("portforward.k8s.io");

const OFFERED: HeaderName = HeaderName::from_static("x-stream-protocol-version");
const ACCEPTED: HeaderName = HeaderName::from_static("x-accepted-stream-protocol-versions");

/// Whether the client wants SPDY on the connection itself.
pub(super) fn is_wanted(call: &Call) -> bool {
    let upgrade = call.header("upgrade").to_ascii_lowercase();
    let connection = call.header("connection").to_ascii_lowercase();
    *call.method() == Method::POST && upgrade == "spdy/3.1" && connection.contains("upgrade")
}

/// Answers 101 and forwards on the connection itself.
pub(super) fn upgrade(call: &mut Call, node: Arc<dyn Node>, pod: PodRef) -> Answer {
    let offered = call.request.headers().get_all(OFFERED);
    let mut offered = offered
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .peekable();
    // the oldest clients offer none and mean this one
    if offered.peek().is_some() && !offered.any(|one| PROTOCOL == one) {
        let why = "unable to upgrade: the server accepts portforward.k8s.io only";
        let mut refused = whole(403, "text/plain; charset=utf-8", why);
        refused.headers_mut().insert(ACCEPTED, PROTOCOL);
        return refused;
    }
    let upgrade = hyper::upgrade::on(&mut call.request);
    tokio::spawn(async move {
        // a client that left before the upgrade needs no answer
        let Ok(upgraded) = upgrade.await else { return };
        let (reader, writer) = tokio::io::split(TokioIo::new(upgraded));
        serve(reader, writer, node, pod).await;
    });
    let mut answer = whole(StatusCode::SWITCHING_PROTOCOLS.as_u16(), "text/plain", "");
    let headers = answer.headers_mut();
    headers.clear();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, UPGRADED);
    headers.insert(OFFERED, PROTOCOL);
    answer
}

/// Answers 101 and forwards inside the messages of a websocket.
pub(super) fn tunnel(call: &mut Call, node: Arc<dyn Node>, pod: PodRef) -> Result<Answer, Refusal> {
    accept(call, TUNNELED, move |socket| async move {
        let (reader, writer) = as_bytes(socket);
        serve(reader, writer, node, pod).await;
    })
}

/// The bytes of binary messages, without their borders; a message for each piece that is written.
fn as_bytes(socket: Socket) -> (impl AsyncRead + Unpin, impl AsyncWrite + Unpin) {
    let (sink, source) = socket.split();
    let pieces = source
        .map_err(io::Error::other)
        .try_take_while(|message| ready(Ok(!message.is_close())))
        .try_filter_map(|message| {
            ready(match message {
                Message::Binary(bytes) => Ok(Some(bytes)),
                Message::Text(_) => Err(io::Error::from(io::ErrorKind::InvalidData)),
                _ => Ok(None),
            })
        });
    let messages = sink
        .with(|bytes: Bytes| ready(Ok::<_, Error>(Message::Binary(bytes))))
        .sink_map_err(io::Error::other);
    let writer = SinkWriter::new(CopyToBytes::new(messages));
    (StreamReader::new(pieces), writer)
}

async fn serve<R, W>(reader: R, writer: W, node: Arc<dyn Node>, pod: PodRef)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (streams, session) = spdy::serve(reader, writer);
    tokio::select! {
        ended = session => if let Err(error) = ended {
            tracing::debug!(%error, "a port-forward connection ended early");
        },
        // it ends with the session only
        () = pairs::forward(streams, node, pod) => {}
    }
}
