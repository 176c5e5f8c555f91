//! A byte stream within the binary messages of a websocket.

use std::io;

use bytes::BytesMut;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio_tungstenite::tungstenite::Message;

use super::super::upgrade::{Socket, until_closed};
use super::PIECE;

/// Carries the bytes both ways until either end is done.
pub(super) async fn carry(socket: Socket, io: DuplexStream) {
    let (mut sink, mut source) = socket.split();
    let (mut from, mut to) = tokio::io::split(io);
    let reader = async move {
        while let Some(Ok(message)) = source.next().await {
            let bytes = match message {
                Message::Binary(bytes) => bytes,
                Message::Close(_) | Message::Text(_) => return,
                _ => continue,
            };
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    let writer = async move {
        loop {
            let mut piece = BytesMut::with_capacity(PIECE);
            if from.read_buf(&mut piece).await? == 0 {
                break;
            }
            sink.send(Message::Binary(piece.freeze())).await.map_err(io::Error::other)?;
        }
        sink.send(Message::Close(None)).await.map_err(io::Error::other)
    };
    until_closed(reader, writer).await;
}
