//! A byte stream within the binary messages of a websocket; what the bytes say is no matter of its.

use std::future::ready;
use std::io;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _, TryStreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_util::io::{CopyToBytes, SinkWriter, StreamReader};

/// The bytes of binary messages, without their borders; a message for each piece that is written.
pub(crate) fn as_bytes<S>(socket: WebSocketStream<S>) -> (impl AsyncRead + Unpin, impl AsyncWrite + Unpin)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
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
    let messages =
        sink.with(|bytes: Bytes| ready(Ok::<_, Error>(Message::Binary(bytes)))).sink_map_err(io::Error::other);
    let writer = SinkWriter::new(CopyToBytes::new(messages));
    (StreamReader::new(pieces), writer)
}
