//! One stream as those who use it see it: headers and two directions; it holds no more than a window of bytes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, DuplexStream, ReadBuf};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::frame::{Frame, Reset};
use super::header::Headers;
use super::table::{Opened, Table, Taken};

/// The most that goes into one DATA frame, in bytes.
const PIECE: usize = 16 << 10;

/// Where frames go on their way out.
#[derive(Debug, Clone)]
pub(super) struct Outlet {
    pub(super) table: Arc<Table>,
    /// Frames that overtake those that carry bytes.
    pub(super) control: mpsc::Sender<Frame>,
    /// DATA frames.
    pub(super) data: mpsc::Sender<Frame>,
}

impl Outlet {
    /// Ends a stream, or what the peer takes for one.
    pub(super) async fn reset(&self, stream: u32, reset: Reset) {
        self.table.remove(stream);
        self.say(Frame::RstStream { stream, reset }).await;
    }

    /// Sends a frame that carries no bytes; without a connection there is nobody to say it to.
    pub(super) async fn say(&self, frame: Frame) {
        let _ = self.control.send(frame).await;
    }
}

/// A stream that the peer opened. It must be accepted or reset; dropping it says nothing to the peer.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Its number.
    pub(crate) id: u32,
    /// What the peer says of it.
    pub(crate) headers: Headers,
    /// From the peer.
    pub(crate) input: Input,
    /// To the peer.
    pub(crate) output: Output,
    /// Cancelled when the peer resets the stream.
    pub(crate) reset: CancellationToken,
}

/// What the peer sends; ends when it is done, fails when it resets the stream. Once this is dropped, the rest is thrown away.
#[derive(Debug)]
pub(crate) struct Input {
    id: u32,
    pipe: DuplexStream,
    reset: CancellationToken,
    table: Arc<Table>,
}

/// What is sent to the peer.
#[derive(Debug)]
pub(crate) struct Output {
    id: u32,
    outlet: Outlet,
}

/// The stream or its connection is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone;

impl Stream {
    pub(super) fn new(id: u32, headers: Headers, opened: Opened, outlet: Outlet) -> Self {
        let Opened { input, accepted: _, reset } = opened;
        Self {
            id,
            headers,
            input: Input { id, pipe: input, reset: reset.clone(), table: Arc::clone(&outlet.table) },
            output: Output { id, outlet },
            reset,
        }
    }

    /// Tells the peer that the stream is there; only then it hears what is sent.
    pub(crate) async fn accept(&self) -> Result<(), Gone> {
        let reply = Frame::SynReply { stream: self.id, fin: false, headers: Headers::default() };
        self.output.outlet.control.send(reply).await.map_err(|_| Gone)
    }
}

impl Output {
    /// Sends bytes, as fast as the peer's windows and the connection take them. It may be dropped on the way: what is
    /// counted against a window is what is sent.
    pub(crate) async fn send(&self, mut bytes: Bytes) -> Result<(), Gone> {
        let table = &self.outlet.table;
        while !bytes.is_empty() {
            table.sendable(self.id).await;
            let place = self.outlet.data.reserve().await.map_err(|_| Gone)?;
            match table.take(self.id, bytes.len().min(PIECE)) {
                Taken::Bytes(taken) => {
                    place.send(Frame::Data { stream: self.id, fin: false, bytes: bytes.split_to(taken) });
                }
                Taken::Later => {}
                Taken::Gone => return Err(Gone),
            }
        }
        Ok(())
    }

    /// Says that nothing more comes; a second time it says nothing. If it is dropped on the way, it said nothing yet.
    pub(crate) async fn finish(&self) {
        // without a connection nobody waits for it
        if let Ok(place) = self.outlet.data.reserve().await
            && self.outlet.table.we_are_done(self.id)
        {
            place.send(Frame::Data { stream: self.id, fin: true, bytes: Bytes::new() });
        }
    }

    /// Gives the stream up, both directions of it.
    pub(crate) async fn reset(&self, reset: Reset) {
        if self.outlet.table.remove(self.id) {
            let stream = self.id;
            self.outlet.say(Frame::RstStream { stream, reset }).await;
        }
    }
}

impl AsyncRead for Input {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.pipe).poll_read(cx, buffer))?;
        let read = buffer.filled().len() - before;
        if read > 0 {
            self.table.consumed(self.id, read);
        } else if self.reset.is_cancelled() {
            let why = "the other side gave the stream up";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, why)));
        }
        Poll::Ready(Ok(()))
    }
}
