//! Attaching with the past: the stream first, then the log of what was printed before, joined; it never reads keys.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::{
    pin,
    sync::mpsc,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::super::{
    Cluster, ContainerKey, LogOptions, Problem,
    exec::named,
    problem::Fault,
    streams::{Shape, Success},
};
use crate::session::{
    End, Incoming, Transport,
    join::{Shown, missing, plain, with_carriage_returns},
};

/// How much of the past is shown where nothing was shown before.
const PAST_LINES: u32 = 2000;
const PAST_BYTES: usize = 256 * 1024;
/// How much of a log is searched for the place where streams join: more than a node keeps of one log file.
const SEARCHED: usize = 16 * 1024 * 1024;
/// How long the log may take: it must not keep a person from their prompt.
const LOG_TIME: Duration = Duration::from_secs(3);
/// How long a log that is searched may take.
const SEARCH_TIME: Duration = Duration::from_secs(10);
/// Logs are asked for from so long before what is searched for: what is on its way is not late by more.
const MARGIN: Duration = Duration::from_secs(3);
/// How much of the stream is taken in while the log is read; a flood waits.
const MEANWHILE: usize = 256 * 1024;
/// What the log already holds has come by the stream, too, once it has been quiet for as long as the log took, which went
/// the same way: at least for so long …
const QUIET_LEAST: Duration = Duration::from_millis(8);
/// … and at most for so long …
const QUIET_MOST: Duration = Duration::from_millis(30);
/// … and after so long at the latest.
const SETTLED: Duration = Duration::from_millis(250);
/// A log that is behind the stream is read again this soon …
const BETWEEN_LOGS: Duration = Duration::from_millis(40);
/// … and no more after so long.
const LINED_UP: Duration = Duration::from_secs(2);
/// A container that has just started may not be there for the runtime yet.
const TRIES: u32 = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

/// What a session has shown so far, and when the last of it came.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) shown: &'a Shown,
    pub(super) last: Instant,
}

/// What belongs between what was shown and the rest of a stream.
pub(super) struct Past {
    /// Of the log, with the line ends of a terminal where there is one.
    pub(super) bytes: Bytes,
    /// Nothing is missing and nothing doubled.
    pub(super) whole: bool,
    /// The stream was found in the log: even a line that was not whole before is complete.
    pub(super) met: bool,
}

impl Cluster {
    /// Attaches to a container (`tty` and `stdin` as its spec says) and gives what it printed before, without a gap or a double.
    ///
    /// The caller sends the terminal's size next; one column and row more first makes a shell redraw its prompt, which
    /// its log does not hold. A log that cannot be read costs only the past.
    ///
    /// # Errors
    /// As [`Cluster::attach`].
    pub async fn attach_joined(
        &self,
        container: &ContainerKey,
        tty: bool,
        stdin: bool,
    ) -> Result<(Transport, Bytes), Problem> {
        self.joined(container, Shape { stdin, tty, apart: false, success: Success::Finished }).await
    }

    /// As [`Cluster::attach_joined`], standard error apart as
    /// [`Incoming::ErrorOutput`]; of the past only one text is known.
    ///
    /// # Errors
    /// As [`Cluster::attach`].
    pub async fn attach_joined_apart(
        &self,
        container: &ContainerKey,
        tty: bool,
        stdin: bool,
    ) -> Result<(Transport, Bytes), Problem> {
        self.joined(container, Shape { stdin, tty, apart: true, success: Success::Finished }).await
    }

    pub(super) async fn joined(&self, container: &ContainerKey, shape: Shape) -> Result<(Transport, Bytes), Problem> {
        let transport = self.attach_soon(container, shape).await?;
        let (transport, past) = self.with_past(container, shape.tty, transport, None).await;
        Ok((transport, past.bytes))
    }

    /// Finds what belongs before a stream that has just been opened.
    pub(super) async fn with_past(
        &self,
        container: &ContainerKey,
        tty: bool,
        transport: Transport,
        before: Option<Before<'_>>,
    ) -> (Transport, Past) {
        let Transport { mut incoming, outgoing } = transport;
        let mut stream = Meanwhile::default();
        let past = self.past(container, tty, &mut stream, &mut incoming, before).await;
        (preceded(stream.items, Transport { incoming, outgoing }), past)
    }

    async fn past(
        &self,
        container: &ContainerKey,
        tty: bool,
        stream: &mut Meanwhile,
        incoming: &mut mpsc::Receiver<Incoming>,
        before: Option<Before<'_>>,
    ) -> Past {
        let opened = Instant::now();
        let shown = before.map(|before| before.shown);
        let mut options = LogOptions { tail_lines: Some(PAST_LINES), ..LogOptions::default() };
        let (mut keep, mut within) = (PAST_BYTES, LOG_TIME);
        loop {
            let asked = Instant::now();
            let log = match self.log_beside(container, options, (keep, within), stream, incoming).await {
                Ok(log) => log,
                Err(fault) => {
                    tracing::warn!(container = named(container), why = fault.why(), "the log of before cannot be read");
                    return Past { bytes: Bytes::new(), whole: false, met: false };
                }
            };
            if !(log.is_empty() && stream.bytes.is_empty()) {
                stream.settle(incoming, asked.elapsed().clamp(QUIET_LEAST, QUIET_MOST)).await;
            }
            if let Some(part) = missing(shown, &log, &stream.bytes, PAST_BYTES) {
                let met = stream.bytes.contains(&b'\n');
                return Past { bytes: printed(&part, tty, shown, &stream.bytes), whole: true, met };
            }
            if opened.elapsed() >= LINED_UP {
                // Which of it was shown cannot be told. Something twice does less harm than something never.
                let log = plain(&log);
                let log = &log[log.len().saturating_sub(PAST_BYTES)..];
                return Past { bytes: printed(log, tty, shown, &stream.bytes), whole: false, met: false };
            }
            // It has been further than the last lines, or is written a little later: asked for by time it holds the place.
            let since = before.map_or(opened, |before| before.last);
            options = LogOptions { since: Some(since.elapsed() + MARGIN), ..LogOptions::default() };
            (keep, within) = (SEARCHED, SEARCH_TIME);
            stream.wait(incoming, BETWEEN_LOGS).await;
        }
    }

    /// Reads a log while a stream is taken in.
    async fn log_beside(
        &self,
        container: &ContainerKey,
        options: LogOptions,
        (keep, within): (usize, Duration),
        stream: &mut Meanwhile,
        incoming: &mut mpsc::Receiver<Incoming>,
    ) -> Result<Bytes, Fault> {
        let log = timeout(within, self.log_end(container, options, keep));
        pin!(log);
        loop {
            tokio::select! {
                log = &mut log => return log.unwrap_or(Err(Fault::Silent(within))),
                item = incoming.recv(), if stream.takes_more() => stream.take(item),
            }
        }
    }

    async fn attach_soon(&self, container: &ContainerKey, shape: Shape) -> Result<Transport, Problem> {
        for _ in 1..TRIES {
            match self.attach_as(container, shape).await {
                Err(problem) if problem.why.contains("does not run") => sleep(BETWEEN_TRIES).await,
                other => return other,
            }
        }
        self.attach_as(container, shape).await
    }
}

/// A part of the log as the container printed it; whether its lines end in LF alone is seen where it was seen last.
fn printed(log: &[u8], tty: bool, shown: Option<&Shown>, stream: &[u8]) -> Bytes {
    let mut seen = Shown::default();
    seen.push(stream);
    let bare =
        seen.has_bare_line_feeds() || (!stream.contains(&b'\n') && shown.is_some_and(Shown::has_bare_line_feeds));
    if tty && !bare { with_carriage_returns(shown, log, stream) } else { Bytes::copy_from_slice(log) }
}

/// The transport with items that were taken from it put back in front.
pub(super) fn preceded(items: Vec<Incoming>, transport: Transport) -> Transport {
    if items.is_empty() {
        return transport;
    }
    let Transport { incoming: mut rest, outgoing } = transport;
    let (front, incoming) = mpsc::channel(1);
    tokio::spawn(async move {
        for item in items {
            if front.send(item).await.is_err() {
                return;
            }
        }
        loop {
            let item = tokio::select! {
                item = rest.recv() => item,
                () = front.closed() => return,
            };
            let Some(item) = item else { return };
            if front.send(item).await.is_err() {
                return;
            }
        }
    });
    Transport { incoming, outgoing }
}

/// What the stream brings while the log is read.
#[derive(Default)]
struct Meanwhile {
    items: Vec<Incoming>,
    /// Their bytes.
    bytes: BytesMut,
    ended: bool,
}

impl Meanwhile {
    fn takes_more(&self) -> bool {
        !self.ended && self.bytes.len() < MEANWHILE
    }

    fn take(&mut self, item: Option<Incoming>) {
        let lost = || Incoming::Ended(End::Lost { reason: "the stream stopped without saying why".to_owned() });
        let item = item.unwrap_or_else(lost);
        match &item {
            Incoming::Output(bytes) | Incoming::ErrorOutput(bytes) | Incoming::Past(bytes) => {
                self.bytes.extend_from_slice(bytes);
            }
            Incoming::Ended(_) => self.ended = true,
            // One connection says nothing of others.
            Incoming::Link(_) => return,
        }
        self.items.push(item);
    }

    /// Takes in what comes until it has been quiet.
    async fn settle(&mut self, incoming: &mut mpsc::Receiver<Incoming>, quiet: Duration) {
        let latest = Instant::now() + SETTLED;
        while self.takes_more() && Instant::now() < latest {
            let until = latest.min(Instant::now() + quiet);
            tokio::select! {
                // What is there counts, however late this is looked at.
                biased;
                item = incoming.recv() => self.take(item),
                () = sleep_until(until) => return,
            }
        }
    }

    /// Lets time pass.
    async fn wait(&mut self, incoming: &mut mpsc::Receiver<Incoming>, pause: Duration) {
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                item = incoming.recv(), if self.takes_more() => self.take(item),
                () = sleep_until(until) => return,
            }
        }
    }
}
