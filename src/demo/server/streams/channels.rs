//! `exec` and `attach` over a websocket: channels in frames, as v5 and v4 of the protocol have them.

use bytes::{BufMut as _, Bytes, BytesMut};
use futures::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::upgrade::{Socket, until_closed};
use super::{Wanted, status, terminal_size};
use crate::demo::node::{Exit, Output, Streams};

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const RESIZE: u8 = 4;
const CLOSE: u8 = 255;

/// The channel that is greeted with an empty frame.
fn first_channel(wanted: Wanted) -> u8 {
    if wanted.stdout {
        STDOUT
    } else if wanted.stderr {
        STDERR
    } else {
        STATUS
    }
}

/// Carries one session until the process ends or the client is gone.
pub(super) async fn pump(
    socket: Socket,
    streams: Streams,
    wanted: Wanted,
    has_half_close: bool,
    command: &[String],
) {
    let Streams {
        input,
        mut output,
        resize,
        exit,
    } = streams;
    let (mut sink, mut source) = socket.split();
    let input = wanted.stdin.then_some(input);
    let reader = async move {
        let mut hands = Hands {
            input,
            resize: Some(resize),
            has_half_close,
        };
        while let Some(Ok(message)) = source.next().await {
            let frame = match message {
                Message::Binary(frame) => frame,
                Message::Close(_) | Message::Text(_) => return,
                _ => continue,
            };
            if hands.take(frame).await.is_err() {
                return;
            }
        }
    };
    let writer = async move {
        let hello = Message::Binary(Bytes::copy_from_slice(&[first_channel(wanted)]));
        sink.send(hello).await?;
        while let Some(piece) = output.recv().await {
            let (channel, bytes) = match piece {
                Output::Stdout(bytes) => (STDOUT, bytes),
                Output::Stderr(bytes) => (STDERR, bytes),
            };
            let asked = if channel == STDOUT {
                wanted.stdout
            } else {
                wanted.stderr
            };
            if asked && !bytes.is_empty() {
                sink.send(frame(channel, &bytes)).await?;
            }
        }
        let failed = || Exit::Failed("the node lost sight of the process".to_owned());
        let status = status(
            &exit.await.unwrap_or_else(|_| failed()),
            has_half_close,
            command,
        );
        sink.send(frame(STATUS, status.to_string().as_bytes()))
            .await?;
        let close = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        sink.send(Message::Close(Some(close))).await
    };
    until_closed(reader, writer).await;
}

/// One frame of a channel.
pub(super) fn frame(channel: u8, bytes: &[u8]) -> Message {
    let mut frame = BytesMut::with_capacity(bytes.len() + 1);
    frame.put_u8(channel);
    frame.put_slice(bytes);
    Message::Binary(frame.freeze())
}

/// Where a client's frames go.
struct Hands {
    input: Option<mpsc::Sender<Bytes>>,
    resize: Option<mpsc::Sender<(u16, u16)>>,
    has_half_close: bool,
}

/// The client broke the protocol.
struct Broken;

impl Hands {
    async fn take(&mut self, mut frame: Bytes) -> Result<(), Broken> {
        if frame.is_empty() {
            return Ok(());
        }
        let channel = frame.split_to(1)[0];
        match channel {
            STDIN if !frame.is_empty() => {
                if let Some(input) = &self.input
                    && input.send(frame).await.is_err()
                {
                    // the process closed its input; its output may go on
                    self.input = None;
                }
            }
            RESIZE => {
                if let (Some(size), Some(resize)) = (terminal_size(&frame), &self.resize)
                    && resize.send(size).await.is_err()
                {
                    self.resize = None;
                }
            }
            CLOSE if self.has_half_close => match frame.as_ref() {
                [STDIN] => self.input = None,
                [channel] if *channel <= RESIZE => {}
                _ => return Err(Broken),
            },
            _ => {}
        }
        Ok(())
    }
}
