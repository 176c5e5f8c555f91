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
use crate::session::{End, Incoming, Transport, join};

/// How much of the past is shown.
const PAST_LINES: u32 = 2000;
const PAST_BYTES: usize = 256 * 1024;
/// How long the log may take: it must not keep a person from their prompt.
const LOG_TIME: Duration = Duration::from_secs(3);
/// How much of the stream is taken in while the log is read; a flood waits.
const MEANWHILE: usize = 256 * 1024;
/// What the log already holds has come by the stream, too, once it has been quiet for so long …
const QUIET: Duration = Duration::from_millis(30);
/// … and after so long at the latest.
const SETTLED: Duration = Duration::from_millis(250);
/// A container that has just started may not be there for the runtime yet.
const TRIES: u32 = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(200);

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

    async fn joined(&self, container: &ContainerKey, shape: Shape) -> Result<(Transport, Bytes), Problem> {
        let Transport { mut incoming, outgoing } = self.attach_soon(container, shape).await?;
        let mut stream = Meanwhile::default();
        let options = LogOptions { tail_lines: Some(PAST_LINES), ..LogOptions::default() };
        let log = timeout(LOG_TIME, self.log_end(container, options, PAST_BYTES));
        pin!(log);
        let log = loop {
            tokio::select! {
                log = &mut log => break log.unwrap_or(Err(Fault::Silent(LOG_TIME))),
                item = incoming.recv(), if stream.takes_more() => stream.take(item),
            }
        };
        let past = match log {
            Ok(log) => {
                if !log.is_empty() {
                    stream.settle(&mut incoming).await;
                }
                let stream = stream.bytes.freeze();
                if shape.tty { join::join_terminal(&log, &stream) } else { join::join(&log, &stream) }
            }
            Err(fault) => {
                tracing::warn!(container = named(container), why = fault.why(), "the log of before cannot be read");
                stream.bytes.freeze()
            }
        };
        if let Some(end) = stream.end {
            // It ended while the log was read: what is left to say is said by a stream of its own.
            let (last, ended) = mpsc::channel(1);
            let _ = last.try_send(Incoming::Ended(end));
            incoming = ended;
        }
        Ok((Transport { incoming, outgoing }, past))
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

/// What the stream brings while the log is read.
#[derive(Default)]
struct Meanwhile {
    bytes: BytesMut,
    end: Option<End>,
}

impl Meanwhile {
    fn takes_more(&self) -> bool {
        self.end.is_none() && self.bytes.len() < MEANWHILE
    }

    fn take(&mut self, item: Option<Incoming>) {
        match item {
            Some(Incoming::Output(bytes) | Incoming::ErrorOutput(bytes)) => self.bytes.extend_from_slice(&bytes),
            Some(Incoming::Ended(end)) => self.end = Some(end),
            None => {
                self.end = Some(End::Lost { reason: "the stream stopped without saying why".to_owned() });
            }
        }
    }

    async fn settle(&mut self, incoming: &mut mpsc::Receiver<Incoming>) {
        let latest = Instant::now() + SETTLED;
        while self.takes_more() {
            let quiet = Instant::now() + QUIET;
            tokio::select! {
                item = incoming.recv() => self.take(item),
                () = sleep_until(quiet.min(latest)) => return,
            }
            if Instant::now() >= latest {
                return;
            }
        }
    }
}
