//! The handshakes of websockets and SPDY: choosing the protocol, answering 101, handing the connection over; no channels.

use std::time::Duration;

use http::header::{CONNECTION, HeaderValue, UPGRADE};
use http::{HeaderName, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::demo::server::answer::{Answer, Refusal, whole};
use crate::demo::server::call::Call;

/// An open websocket.
pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The largest message that is read, in bytes: far more than any client sends at once.
const LARGEST_MESSAGE: usize = 1 << 20;

/// How much waits for a client that does not read, in bytes; more holds the process up.
const WRITE_BUFFER: usize = 128 << 10;

/// How long a client has to answer the server's goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

const PROTOCOL: HeaderName = HeaderName::from_static("sec-websocket-protocol");
const STREAM_PROTOCOL: HeaderName = HeaderName::from_static("x-stream-protocol-version");
const ACCEPT: HeaderName = HeaderName::from_static("sec-websocket-accept");

/// What carries the streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// Frames of a websocket.
    WebSocket,
    /// SPDY/3.1 on the bare connection.
    Spdy,
}

/// What both sides speak from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    /// What carries the streams.
    pub(super) transport: Transport,
    /// The protocol's name.
    pub(super) protocol: &'static str,
}

/// The first of the client's protocols that is known here, of those for the transport it asks for.
pub(super) fn negotiate(
    call: &Call,
    over_websocket: &'static [&'static str],
    over_spdy: &'static [&'static str],
) -> Result<Chosen, Refusal> {
    // The real API finds nothing among what a stream could be that is JSON and nothing else.
    let accept = call.header("accept");
    if !accept.is_empty() && !accept.contains('*') {
        return Err(Refusal::not_acceptable());
    }
    let connection = call.header("connection").to_ascii_lowercase();
    let upgrade = call.header("upgrade").to_ascii_lowercase();
    let (transport, header, known) = match upgrade.as_str() {
        _ if !connection.contains("upgrade") => {
            return Err(Refusal::bad_request("Upgrade request required"));
        }
        "websocket" => (Transport::WebSocket, PROTOCOL, over_websocket),
        "spdy/3.1" => (Transport::Spdy, STREAM_PROTOCOL, over_spdy),
        _ => return Err(Refusal::bad_request("Upgrade request required")),
    };
    let offered = call.request.headers().get_all(header);
    let offered: Vec<&str> =
        offered.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(',')).collect();
    let chosen = offered.iter().find_map(|one| known.iter().find(|known| **known == one.trim()));
    chosen.map(|protocol| Chosen { transport, protocol }).ok_or_else(|| {
        Refusal::bad_request(format!(
            "unable to upgrade: none of the protocols {offered:?} is supported, only {}",
            known.join(", ")
        ))
    })
}

/// Answers 101 and hands the bare connection over once the client has it.
pub(super) fn accept_spdy<F>(
    call: &mut Call,
    protocol: &'static str,
    serve: impl FnOnce(TokioIo<Upgraded>) -> F + Send + 'static,
) -> Answer
where
    F: Future<Output = ()> + Send + 'static,
{
    let upgrade = hyper::upgrade::on(&mut call.request);
    tokio::spawn(async move {
        // a client that left before the upgrade needs no answer
        let Ok(upgraded) = upgrade.await else { return };
        serve(TokioIo::new(upgraded)).await;
    });
    let mut answer = switching("SPDY/3.1");
    answer.headers_mut().insert(STREAM_PROTOCOL, HeaderValue::from_static(protocol));
    answer
}

fn switching(to: &'static str) -> Answer {
    let mut answer = whole(StatusCode::SWITCHING_PROTOCOLS.as_u16(), "text/plain", "");
    let headers = answer.headers_mut();
    headers.clear();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static(to));
    answer
}

/// Runs both directions until the client goes, or until everything was said and the client has answered the goodbye.
/// The reader goes on beside a writer that is held up, so that Ctrl-C and resizes get through a flood.
pub(super) async fn until_closed<E>(reader: impl Future<Output = ()>, writer: impl Future<Output = Result<(), E>>) {
    tokio::pin!(reader);
    tokio::select! {
        () = &mut reader => {}
        said = writer => if said.is_ok() {
            // dropping the connection sooner would make the client's goodbye an error
            let _ = tokio::time::timeout(GOODBYE, reader).await;
        }
    }
}

/// Answers 101 and hands the socket over once the client has it; the future lives as long as the connection.
pub(super) fn accept_websocket<F>(
    call: &mut Call,
    protocol: &'static str,
    serve: impl FnOnce(Socket) -> F + Send + 'static,
) -> Result<Answer, Refusal>
where
    F: Future<Output = ()> + Send + 'static,
{
    let key = call.header("sec-websocket-key");
    if key.is_empty() {
        return Err(Refusal::bad_request("the header Sec-WebSocket-Key is missing"));
    }
    let accepted = HeaderValue::from_str(&derive_accept_key(key.as_bytes()))
        .map_err(|_| Refusal::bad_request("the header Sec-WebSocket-Key makes no sense"))?;
    let upgrade = hyper::upgrade::on(&mut call.request);
    tokio::spawn(async move {
        // a client that left before the upgrade needs no answer
        let Ok(upgraded) = upgrade.await else { return };
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(LARGEST_MESSAGE);
        config.max_frame_size = Some(LARGEST_MESSAGE);
        config.write_buffer_size = 0;
        config.max_write_buffer_size = WRITE_BUFFER.max(LARGEST_MESSAGE);
        let io = TokioIo::new(upgraded);
        serve(WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await).await;
    });
    let mut answer = switching("websocket");
    let headers = answer.headers_mut();
    headers.insert(ACCEPT, accepted);
    headers.insert(PROTOCOL, HeaderValue::from_static(protocol));
    Ok(answer)
}
