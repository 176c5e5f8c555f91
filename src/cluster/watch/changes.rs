//! One watch of whole objects, change by change, until its connection ends; it opens no second one and decides nothing.

use kube::{client::Body, core::Status};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{
    WATCH_IDLE,
    follow::{TOO_SOON, streamed, watching},
    lines::Lines,
    table::{EventHead, EventOf},
};
use crate::cluster::{
    Cluster,
    problem::Fault,
    request::{ANSWER_TIME, JSON, Target, decode},
};

/// What an event of a watch says.
pub(super) enum Change {
    /// The object is so now.
    Is(Value),
    /// The object is gone; this is what it was.
    Gone(Value),
    /// A bookmark, or something newer than this program.
    Other,
}

/// A watch that stands.
pub(super) struct Changes {
    lines: Lines<Body>,
    opened: Instant,
}

impl Changes {
    /// Opens a watch of this list.
    pub(super) async fn open(cluster: &Cluster, list: Target) -> Result<Self, Fault> {
        let response = cluster.open(streamed(watching(list), JSON)?, ANSWER_TIME).await?;
        Ok(Self { lines: Lines::new(response.into_body()), opened: Instant::now() })
    }

    /// The next change and the version that it brings; `None` once the server has ended the watch.
    ///
    /// # Errors
    /// What the server says of its own failure, a broken connection, and a watch that is silent for too long.
    pub(super) async fn next(&mut self) -> Result<Option<(Change, Option<String>)>, Fault> {
        let Some(line) = timeout(WATCH_IDLE, self.lines.next()).await.map_err(|_| Fault::Silent(WATCH_IDLE))?? else {
            return Ok(None);
        };
        let head: EventHead<'_> = decode(&line)?;
        let change = match &*head.change {
            "ERROR" => return Err(Fault::Api(Box::new(decode::<EventOf<Status>>(&line)?.object))),
            "ADDED" | "MODIFIED" => Change::Is(decode::<EventOf<Value>>(&line)?.object),
            "DELETED" => Change::Gone(decode::<EventOf<Value>>(&line)?.object),
            _ => Change::Other,
        };
        Ok(Some((change, head.object.metadata.map(|meta| meta.resource_version))))
    }

    /// Whether it has stood for a while: nothing says that a server which ended it sooner would not end the next one at
    /// once, too.
    pub(super) fn has_lasted(&self) -> bool {
        self.opened.elapsed() >= TOO_SOON
    }
}
