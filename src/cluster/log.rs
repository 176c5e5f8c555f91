//! Container logs, whole or followed; it never splits lines and never colours them.

use std::{pin::pin, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use jiff::Timestamp;
use kube::client::Body;
use tokio::sync::mpsc;

use super::{
    Cluster, ContainerKey, Problem,
    exec::named,
    explain::with_role,
    problem::Fault,
    request::{ANSWER_TIME, ANYTHING, Target},
};
use crate::session::{End, Incoming, Transport};

/// The most of a log that is ever read at once.
pub const LOG_LIMIT: usize = 32 * 1024 * 1024;
/// A log that is not followed may be silent for so long in between.
const SILENCE: Duration = Duration::from_secs(15);
/// Pieces of a followed log that may wait for the consumer.
const PLACES: usize = 16;

/// What part of a log is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogOptions {
    /// Only the last so many lines.
    pub tail_lines: Option<u32>,
    /// At most so many bytes, counted from where the tail begins.
    pub limit_bytes: Option<u32>,
    /// Only what was written in the time before now, whole seconds.
    pub since: Option<Duration>,
    /// Only what was written from this time on, which the API takes in whole seconds; goes before `since`.
    pub since_time: Option<Timestamp>,
    /// The log of the container's previous life.
    pub previous: bool,
    /// Each line with the time it was written.
    pub timestamps: bool,
}

impl Cluster {
    /// What the container has printed; the end of it where it is longer than 32 MiB.
    ///
    /// # Errors
    /// The API's refusal (a container that has not started has no log), or a broken connection.
    pub async fn log(&self, container: &ContainerKey, options: LogOptions) -> Result<Bytes, Problem> {
        self.log_end(container, options, LOG_LIMIT)
            .await
            .map_err(|fault| with_role(fault.problem(format!("cannot read the log of {}", named(container)))))
    }

    /// What the container has printed and goes on to print, until it ends. Nothing can be sent.
    ///
    /// # Errors
    /// The API's refusal, or a connection that could not be made.
    pub async fn follow_log(&self, container: &ContainerKey, options: LogOptions) -> Result<Transport, Problem> {
        let refused = |fault: Fault| with_role(fault.problem(format!("cannot follow the log of {}", named(container))));
        let incoming = self.log_stream(container, options).await.map_err(refused)?;
        // Nothing is read from it: what a caller sends is dropped with the transport.
        let (outgoing, _) = mpsc::channel(1);
        Ok(Transport { incoming, outgoing })
    }

    /// What the container has printed and goes on to print, piece by piece, and then how the stream ended.
    pub(super) async fn log_stream(
        &self,
        container: &ContainerKey,
        options: LogOptions,
    ) -> Result<mpsc::Receiver<Incoming>, Fault> {
        let response = self.open(request(container, options, true)?, ANSWER_TIME).await?;
        let (output, incoming) = mpsc::channel(PLACES);
        tokio::spawn(follow(response.into_body(), output));
        Ok(incoming)
    }

    /// The log, its last `keep` bytes if it is longer.
    pub(super) async fn log_end(
        &self,
        container: &ContainerKey,
        options: LogOptions,
        keep: usize,
    ) -> Result<Bytes, Fault> {
        let mut body = self.open(request(container, options, false)?, ANSWER_TIME).await?.into_body();
        let mut log = BytesMut::new();
        while let Some(frame) = tokio::time::timeout(SILENCE, body.frame()).await.map_err(|_| Fault::Silent(SILENCE))? {
            let Ok(data) = frame.map_err(|error| Fault::broken(&error))?.into_data() else {
                continue;
            };
            log.extend_from_slice(&data);
            // Cut now and then, not at each piece: moving the rest costs as much as reading it.
            if log.len() > keep.saturating_mul(2) {
                let _ = log.split_to(log.len() - keep);
            }
        }
        let excess = log.len().saturating_sub(keep);
        Ok(log.split_off(excess).freeze())
    }
}

fn request(container: &ContainerKey, options: LogOptions, follow: bool) -> Result<Request<Vec<u8>>, Fault> {
    let mut target = Target::pod(&container.pod, Some("log"))?.with("container", &container.container);
    if let Some(lines) = options.tail_lines {
        target = target.with("tailLines", &lines.to_string());
    }
    if let Some(bytes) = options.limit_bytes {
        // The API refuses 0.
        target = target.with("limitBytes", &bytes.max(1).to_string());
    }
    if let Some(time) = options.since_time {
        // The API server passes whole seconds on to the kubelet.
        target = target.with("sinceTime", &format!("{time:.0}"));
    } else if let Some(since) = options.since {
        // The API refuses 0.
        target = target.with("sinceSeconds", &since.as_secs().max(1).to_string());
    }
    for (wanted, name) in [(options.previous, "previous"), (options.timestamps, "timestamps"), (follow, "follow")] {
        if wanted {
            target = target.with(name, "true");
        }
    }
    let mut request = target.get(ANYTHING)?;
    // A compressed stream would be held back until a block is full.
    request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(request)
}

async fn follow(body: Body, output: mpsc::Sender<Incoming>) {
    let mut body = pin!(body);
    let end = loop {
        let frame = tokio::select! {
            frame = body.frame() => frame,
            () = output.closed() => return,
        };
        match frame {
            None => break End::Finished,
            Some(Err(error)) => {
                break End::Lost { reason: Fault::broken(&error).why() };
            }
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data()
                    && output.send(Incoming::Output(data)).await.is_err()
                {
                    return;
                }
            }
        }
    };
    // A consumer that is gone needs no end.
    let _ = output.send(Incoming::Ended(end)).await;
}
