//! One attached stream on the plain terminal: bytes go through as they are, both ways, as kubectl passes them; what a
//! program on the far end does to the user's terminal it does, and its modes are taken back at the end.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use crossterm::terminal;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::detach::DetachKeys;
use super::modes::Modes;
use super::raw::RawMode;
use super::terminal::{Input, Plain};
use crate::session::{End, Incoming, Outgoing, Transport};

/// How long the server may take to end a stream whose input we have closed.
const GOODBYE: Duration = Duration::from_secs(2);
/// Pieces of input that wait while the far end does not read; more stay with the terminal.
const WAITING: usize = 64;

/// How a session on the plain terminal came out.
#[derive(Debug)]
pub(super) struct Over {
    /// Why it ended.
    pub(super) end: End,
    /// Whether the far end printed anything.
    pub(super) printed: bool,
}

/// Passes bytes both ways until the stream ends or the person detaches. `past` is printed first. With `raw` the
/// terminal is the far end's: every key goes there, its size too.
///
/// # Errors
/// When the terminal cannot be controlled, or the output cannot be written.
pub(super) async fn pass(
    plain: &mut Plain,
    transport: Transport,
    past: Bytes,
    stdin: bool,
    raw: bool,
) -> io::Result<Over> {
    let Transport { mut incoming, outgoing } = transport;
    let taken = raw.then(RawMode::take).transpose()?;
    let mut modes = Modes::default();
    let Plain { input, out, err, .. } = plain;
    let mut printed = Printed { out, err, modes: &mut modes, any: false, at_start: true };
    let outcome = async {
        printed.output(&past).await?;
        let keyboard = Keyboard::new(stdin.then_some(input), raw, outgoing)?;
        tokio::select! {
            biased;
            end = printed.follow(&mut incoming) => return end,
            () = keyboard.pass() => {}
        }
        let end = timeout(GOODBYE, printed.follow(&mut incoming)).await;
        // A server that goes on talking is left to itself: the connection closes with the transport.
        end.unwrap_or(Ok(End::Detached)).map(|_| End::Detached)
    };
    let end = outcome.await;
    let (any, at_start) = (printed.any, printed.at_start);
    // The modes first: the terminal that obeys them is still raw.
    let restore = modes.restore();
    let restored = async {
        plain.out.write_all(&restore).await?;
        if taken.is_some() && !at_start {
            plain.out.write_all(b"\r\n").await?;
        }
        plain.out.flush().await
    };
    let restored = restored.await;
    drop(taken);
    restored?;
    Ok(Over { end: end?, printed: any })
}

/// What the far end prints, on its way.
struct Printed<'a> {
    out: &'a mut (dyn AsyncWrite + Send + Unpin),
    err: &'a mut (dyn AsyncWrite + Send + Unpin),
    modes: &'a mut Modes,
    any: bool,
    at_start: bool,
}

impl Printed<'_> {
    async fn follow(&mut self, incoming: &mut mpsc::Receiver<Incoming>) -> io::Result<End> {
        loop {
            match incoming.recv().await {
                Some(Incoming::Output(bytes) | Incoming::Past(bytes)) => self.output(&bytes).await?,
                Some(Incoming::ErrorOutput(bytes)) => {
                    self.any = true;
                    self.err.write_all(&bytes).await?;
                    self.err.flush().await?;
                }
                // A stream that is not made anew has only one connection.
                Some(Incoming::Link(_)) => {}
                Some(Incoming::Ended(end)) => return Ok(end),
                None => return Ok(End::Lost { reason: "the stream stopped without saying why".to_owned() }),
            }
        }
    }

    async fn output(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(last) = bytes.last() else { return Ok(()) };
        self.any = true;
        self.at_start = *last == b'\n';
        self.modes.feed(bytes);
        self.out.write_all(bytes).await?;
        self.out.flush().await
    }
}

/// What goes to the far end: keys, the end of the input, sizes.
struct Keyboard<'a> {
    input: Option<&'a mut Input>,
    sizes: Option<Signal>,
    keys: DetachKeys,
    outgoing: mpsc::Sender<Outgoing>,
    waiting: VecDeque<Outgoing>,
}

/// What woke the keyboard.
enum Woken {
    Typed(Option<Bytes>),
    Resized,
    Sent,
    /// The far end takes nothing any more.
    Closed,
}

impl<'a> Keyboard<'a> {
    fn new(input: Option<&'a mut Input>, raw: bool, outgoing: mpsc::Sender<Outgoing>) -> io::Result<Self> {
        let sizes = raw.then(|| signal(SignalKind::window_change())).transpose()?;
        let mut waiting = VecDeque::new();
        if raw && let Ok((columns, rows)) = terminal::size() {
            // One cell more first: a program that only draws when its size changes draws its prompt again.
            waiting.push_back(Outgoing::Resize { columns: columns.saturating_add(1), rows: rows.saturating_add(1) });
            waiting.push_back(Outgoing::Resize { columns, rows });
        }
        Ok(Self { input, sizes, keys: DetachKeys::default(), outgoing, waiting })
    }

    /// Ends once the detach keys were typed, and never otherwise.
    async fn pass(mut self) {
        loop {
            match self.woken().await {
                Woken::Sent => {}
                Woken::Closed => std::future::pending().await,
                Woken::Resized => {
                    if let Ok((columns, rows)) = terminal::size() {
                        // Only the newest of several counts.
                        while matches!(self.waiting.back(), Some(Outgoing::Resize { .. })) {
                            self.waiting.pop_back();
                        }
                        self.waiting.push_back(Outgoing::Resize { columns, rows });
                    }
                }
                Woken::Typed(None) => {
                    self.input = None;
                    self.waiting.push_back(Outgoing::CloseInput);
                }
                Woken::Typed(Some(bytes)) if self.sizes.is_some() => {
                    let (passed, detached) = self.keys.feed(&bytes);
                    if detached {
                        // A far end that reads nothing will not hear of it either.
                        let _ = self.outgoing.try_send(Outgoing::CloseInput);
                        return;
                    }
                    if !passed.is_empty() {
                        self.waiting.push_back(Outgoing::Input(passed.into()));
                    }
                }
                Woken::Typed(Some(bytes)) => self.waiting.push_back(Outgoing::Input(bytes)),
            }
        }
    }

    async fn woken(&mut self) -> Woken {
        let takes_more = self.waiting.len() < WAITING;
        let typed = async {
            match &mut self.input {
                Some(input) if takes_more => input.next().await,
                _ => std::future::pending().await,
            }
        };
        let resized = async {
            match &mut self.sizes {
                Some(sizes) => sizes.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            place = self.outgoing.reserve(), if !self.waiting.is_empty() => match (place, self.waiting.pop_front()) {
                (Ok(place), Some(item)) => {
                    place.send(item);
                    Woken::Sent
                }
                _ => Woken::Closed,
            },
            _ = resized => Woken::Resized,
            typed = typed => Woken::Typed(typed),
        }
    }
}
