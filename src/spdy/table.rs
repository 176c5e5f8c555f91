//! The open streams of one connection: which directions are open, and what may still be sent on them; it moves no bytes.
//!
//! Sending: a window counts once the peer has shown that it grants any, by a `WINDOW_UPDATE` or by the size in its `SETTINGS`.
//! The clients that Kubernetes ships never do and read on without end, so that waiting for them would be waiting for ever;
//! what holds those back is the connection below. Receiving: each stream has a pipe as large as its window, so a peer that
//! heeds windows never holds up the connection, and one that does not is held up itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::io::{DuplexStream, duplex};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::frame::Reset;
use super::header::Malformed;
use super::hold::Hold;
use super::side::Side;

/// The initial window of a stream and of the connection, in bytes.
pub(super) const WINDOW: u32 = 64 << 10;

/// How much is read from a stream before the peer is told, in bytes.
const DUE: u32 = WINDOW / 2;

/// The most that a window can hold.
const LARGEST_WINDOW: i64 = 0x7fff_ffff;

/// How many streams a connection may have at once; each may have a pipe full of bytes waiting.
const MOST_STREAMS: usize = 1024;

/// The stream number that stands for the whole connection.
const CONNECTION: u32 = 0;

/// The streams of a connection, shared by those who read, write and use them.
#[derive(Debug)]
pub(super) struct Table {
    side: Side,
    state: Mutex<State>,
    /// Something may be sent that could not be before, or a stream is gone.
    sendable: Notify,
    /// The peer is to be told that it may send more.
    due: Notify,
    /// Whether reading waits for the reader of a stream.
    pub(super) hold: Hold,
}

#[derive(Debug)]
struct State {
    streams: HashMap<u32, Open>,
    /// The newest stream the peer opened.
    last: u32,
    /// The newest stream we opened.
    newest: u32,
    /// What a new stream may send.
    initial: i64,
    streams_count: bool,
    connection: Window,
    connection_counts: bool,
}

/// Both directions' flow, in bytes.
#[derive(Debug, Default)]
struct Window {
    /// What we may send; below zero where the peer's windows do not count, or where it made them smaller.
    left: i64,
    /// What we took and did not tell the peer of yet.
    owed: u32,
}

#[derive(Debug)]
struct Open {
    window: Window,
    /// Where the peer's bytes go; `None` while they are being put there, and once nobody wants them.
    input: Option<DuplexStream>,
    peer_is_done: bool,
    we_are_done: bool,
    /// Cancelled when the peer says that it has taken the stream.
    accepted: CancellationToken,
    reset: CancellationToken,
}

/// What a new stream is used with.
#[derive(Debug)]
pub(super) struct Opened {
    /// The peer's bytes.
    pub(super) input: DuplexStream,
    /// Cancelled when the peer says that it has taken the stream.
    pub(super) accepted: CancellationToken,
    /// Cancelled when the peer resets the stream.
    pub(super) reset: CancellationToken,
}

/// Where bytes of a stream are to go.
#[derive(Debug)]
pub(super) enum Destination {
    Pipe(DuplexStream),
    /// Nobody reads them any more.
    Nowhere,
    /// The peer should not have sent them.
    Wrong(Reset),
}

/// An answer to [`Table::take`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// So many may be sent.
    Bytes(usize),
    /// None now, see [`Table::sendable`].
    Later,
    /// The stream is gone, or finished.
    Gone,
}

impl State {
    fn enter(&mut self, stream: u32) -> Opened {
        let (ours, theirs) = duplex(WINDOW as usize);
        let (accepted, reset) = (CancellationToken::new(), CancellationToken::new());
        let open = Open {
            window: Window { left: self.initial, owed: 0 },
            input: Some(ours),
            peer_is_done: false,
            we_are_done: false,
            accepted: accepted.clone(),
            reset: reset.clone(),
        };
        self.streams.insert(stream, open);
        Opened { input: theirs, accepted, reset }
    }

    fn sendable(&self, stream: u32, wanted: usize) -> Taken {
        let open = self.streams.get(&stream);
        let Some(open) = open.filter(|open| !open.we_are_done) else {
            return Taken::Gone;
        };
        let mut bytes = i64::try_from(wanted).unwrap_or(i64::MAX);
        if self.streams_count {
            bytes = bytes.min(open.window.left);
        }
        if self.connection_counts {
            bytes = bytes.min(self.connection.left);
        }
        match usize::try_from(bytes) {
            Err(_) | Ok(0) => Taken::Later,
            Ok(bytes) => Taken::Bytes(bytes),
        }
    }
}

impl Table {
    /// Of a connection that begins.
    pub(super) fn new(side: Side) -> Self {
        let connection = Window { left: i64::from(WINDOW), owed: 0 };
        Self {
            side,
            state: Mutex::new(State {
                streams: HashMap::new(),
                last: 0,
                newest: 0,
                initial: i64::from(WINDOW),
                streams_count: false,
                connection,
                connection_counts: false,
            }),
            sendable: Notify::new(),
            due: Notify::new(),
            hold: Hold::default(),
        }
    }

    /// Which side this is.
    pub(super) fn side(&self) -> Side {
        self.side
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest stream the peer opened.
    pub(super) fn last(&self) -> u32 {
        self.state().last
    }

    /// Enters a stream the peer opens; `None` if there are too many.
    pub(super) fn open(&self, stream: u32) -> Result<Option<Opened>, Malformed> {
        let mut state = self.state();
        if self.side.owns(stream) || stream <= state.last {
            return Err(Malformed("a new stream's number is not the peer's to give or not above the last"));
        }
        state.last = stream;
        if state.streams.len() >= MOST_STREAMS {
            return Ok(None);
        }
        Ok(Some(state.enter(stream)))
    }

    /// Enters a stream that we open, with its number; `None` if there are too many.
    pub(super) fn begin(&self) -> Option<(u32, Opened)> {
        let mut state = self.state();
        if state.streams.len() >= MOST_STREAMS {
            return None;
        }
        let first = if self.side == Side::Client { 1 } else { 2 };
        let stream = if state.newest == 0 { first } else { state.newest.checked_add(2)? };
        state.newest = stream;
        Some((stream, state.enter(stream)))
    }

    /// The peer has taken a stream that we opened; `false` if there is none of this number that waits for it.
    pub(super) fn accepted(&self, stream: u32) -> bool {
        let state = self.state();
        if let Some(open) = state.streams.get(&stream) {
            open.accepted.cancel();
        }
        // One that is gone may have been reset by us meanwhile.
        self.side.owns(stream) && stream <= state.newest
    }

    /// The connection is gone, and all its streams with it.
    pub(super) fn end(&self) {
        let gone: Vec<u32> = self.state().streams.keys().copied().collect();
        for stream in gone {
            self.remove(stream);
        }
    }

    /// Where bytes of this stream go; a pipe is to be given back.
    pub(super) fn destination(&self, stream: u32) -> Destination {
        let mut state = self.state();
        let last = if self.side.owns(stream) { state.newest } else { state.last };
        match state.streams.get_mut(&stream) {
            Some(open) if open.peer_is_done => Destination::Wrong(Reset::AlreadyClosed),
            Some(open) => open.input.take().map_or(Destination::Nowhere, Destination::Pipe),
            // under way while we reset it
            None if stream <= last => Destination::Nowhere,
            None => Destination::Wrong(Reset::InvalidStream),
        }
    }

    /// Gives a pipe back that [`Table::destination`] lent.
    pub(super) fn give_back(&self, stream: u32, pipe: DuplexStream) {
        if let Some(open) = self.state().streams.get_mut(&stream) {
            open.input = Some(pipe);
        }
    }

    /// The peer sends nothing more on this stream.
    pub(super) fn peer_is_done(&self, stream: u32) {
        let mut state = self.state();
        if let Some(open) = state.streams.get_mut(&stream) {
            open.input = None;
            open.peer_is_done = true;
            if open.we_are_done {
                state.streams.remove(&stream);
            }
        }
    }

    /// We send nothing more on this stream; `false` if that was so before.
    pub(super) fn we_are_done(&self, stream: u32) -> bool {
        let mut state = self.state();
        let Some(open) = state.streams.get_mut(&stream) else {
            return false;
        };
        let first = !std::mem::replace(&mut open.we_are_done, true);
        if open.peer_is_done {
            state.streams.remove(&stream);
        }
        first
    }

    /// The stream is gone, because one of the two reset it; `false` if it was gone before.
    pub(super) fn remove(&self, stream: u32) -> bool {
        let removed = self.state().streams.remove(&stream);
        if let Some(open) = &removed {
            // before its pipe is dropped, so that the end of that is not taken for an orderly one
            open.reset.cancel();
            self.sendable.notify_waiters();
        }
        removed.is_some()
    }

    /// The peer set the initial window of streams; those that are open change with it.
    pub(super) fn set_initial(&self, bytes: u32) -> Result<(), Malformed> {
        let mut state = self.state();
        let change = i64::from(bytes) - state.initial;
        let left = state.streams.values().map(|open| open.window.left + change);
        if left.chain([i64::from(bytes)]).any(|left| left > LARGEST_WINDOW) {
            return Err(Malformed("a window is too large"));
        }
        state.initial += change;
        state.streams_count = true;
        for open in state.streams.values_mut() {
            open.window.left += change;
        }
        drop(state);
        self.sendable.notify_waiters();
        Ok(())
    }

    /// The peer lets us send more; `Some` is what to reset the stream with.
    pub(super) fn grant(&self, stream: u32, bytes: u32) -> Result<Option<Reset>, Malformed> {
        if bytes == 0 {
            return Err(Malformed("a window grows by nothing"));
        }
        let mut state = self.state();
        state.streams_count = true;
        let window = if stream == CONNECTION {
            state.connection_counts = true;
            &mut state.connection
        } else {
            match state.streams.get_mut(&stream) {
                Some(open) => &mut open.window,
                None => return Ok(None),
            }
        };
        window.left += i64::from(bytes);
        if window.left > LARGEST_WINDOW {
            return match stream {
                CONNECTION => Err(Malformed("the connection's window is too large")),
                _ => Ok(Some(Reset::FlowControl)),
            };
        }
        drop(state);
        self.sendable.notify_waiters();
        Ok(None)
    }

    /// Waits until something may be sent, or the stream is gone.
    pub(super) async fn sendable(&self, stream: u32) {
        loop {
            let changed = self.sendable.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.state().sendable(stream, 1) != Taken::Later {
                return;
            }
            changed.await;
        }
    }

    /// Takes up to so many bytes of what may be sent.
    pub(super) fn take(&self, stream: u32, wanted: usize) -> Taken {
        let mut state = self.state();
        let taken = state.sendable(stream, wanted);
        if let Taken::Bytes(bytes) = taken {
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            state.connection.left -= bytes;
            if let Some(open) = state.streams.get_mut(&stream) {
                open.window.left -= bytes;
            }
        }
        taken
    }

    /// Bytes of a stream were read, or thrown away.
    pub(super) fn consumed(&self, stream: u32, bytes: usize) {
        let mut state = self.state();
        if let Some(open) = state.streams.get_mut(&stream)
            && !open.peer_is_done
        {
            self.owe(&mut open.window, bytes);
        }
    }

    /// Bytes of any stream arrived. The connection's own window is no limit here, those of its streams are.
    pub(super) fn received(&self, bytes: usize) {
        self.owe(&mut self.state().connection, bytes);
    }

    fn owe(&self, window: &mut Window, bytes: usize) {
        window.owed = window.owed.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
        if window.owed >= DUE {
            self.due.notify_one();
        }
    }

    /// Waits until the peer is to be told that it may send more, and gives the streams and bytes.
    pub(super) async fn due(&self) -> Vec<(u32, u32)> {
        self.due.notified().await;
        let mut state = self.state();
        let state = &mut *state;
        let streams = state.streams.iter_mut().map(|(stream, open)| (*stream, &mut open.window));
        std::iter::once((CONNECTION, &mut state.connection))
            .chain(streams)
            .filter(|(_, window)| window.owed >= DUE)
            .map(|(stream, window)| (stream, std::mem::take(&mut window.owed).min(0x7fff_ffff)))
            .collect()
    }
}

#[cfg(test)]
mod tests;
