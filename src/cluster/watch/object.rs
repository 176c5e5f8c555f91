//! One object, whole and live: one GET, then a watch of its name; it never lists and does not know what it reads.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::{sync::mpsc, time::sleep};

use super::{
    Lost, REFUSED_PAUSE,
    backoff::Backoff,
    changes::{Change, Changes},
};
use crate::cluster::{
    Cluster, ObjectKey, Problem,
    listened::{Unwanted, listened},
    problem::Fault,
    request::{ANSWER_TIME, JSON},
};

/// How often an object is read that may be read but not watched.
const POLL: Duration = Duration::from_secs(2);

/// What is heard of an object.
#[derive(Debug)]
pub enum News {
    /// As it is now.
    Is(Box<Value>),
    /// There is no such object (any more).
    Gone,
    /// The server is heard.
    Live,
    /// The server is not heard.
    Lost(Lost),
    /// The server refuses to tell; it is asked again now and then.
    Refused(Problem),
}

/// Follows an object; dropping the receiver ends it. One of the same name that comes later is followed on.
pub(in crate::cluster) fn news(cluster: Cluster, subject: ObjectKey) -> mpsc::Receiver<News> {
    listened(16, |out| Watcher { cluster, subject, out, backoff: Backoff::default(), last_heard: None }.run())
}

struct Watcher {
    cluster: Cluster,
    subject: ObjectKey,
    out: mpsc::Sender<News>,
    backoff: Backoff,
    last_heard: Option<Timestamp>,
}

impl Watcher {
    async fn tell(&self, news: News) -> Result<(), Unwanted> {
        self.out.send(news).await.map_err(|_| Unwanted)
    }

    async fn run(mut self) -> Result<(), Unwanted> {
        loop {
            // Each round begins with what is true now: a deletion between two watches is told by nobody.
            let outcome = match self.read().await? {
                Ok(()) => self.follow().await?,
                Err(fault) => Err(fault),
            };
            match outcome {
                Ok(()) => {}
                Err(fault) if fault.is_expired() => sleep(self.backoff.next()).await,
                Err(fault) if fault.code() == 403 => {
                    let what = format!("cannot read the {}", self.subject.words());
                    self.tell(News::Refused(fault.problem(what))).await?;
                    sleep(REFUSED_PAUSE).await;
                }
                Err(fault) => {
                    let delay = self.backoff.next();
                    self.tell(News::Lost(Lost::new(self.last_heard, delay, fault.why()))).await?;
                    sleep(delay).await;
                }
            }
        }
    }

    async fn heard(&mut self) -> Result<(), Unwanted> {
        self.last_heard = Some(Timestamp::now());
        self.tell(News::Live).await
    }

    async fn read(&mut self) -> Result<Result<(), Fault>, Unwanted> {
        let read = async {
            let request = self.subject.target()?.get(JSON)?;
            self.cluster.read_json::<Value>(request, ANSWER_TIME).await
        };
        match read.await {
            Ok(object) => {
                self.heard().await?;
                self.tell(News::Is(Box::new(object))).await?;
            }
            Err(fault) if fault.code() == 404 => {
                self.heard().await?;
                self.tell(News::Gone).await?;
            }
            Err(fault) => return Ok(Err(fault)),
        }
        Ok(Ok(()))
    }

    /// One watch. Without a version it begins with the object as it is: its own version may be long forgotten.
    async fn follow(&mut self) -> Result<Result<(), Fault>, Unwanted> {
        let opened = async { Changes::open(&self.cluster, self.subject.list()?).await };
        let mut changes = match opened.await {
            Ok(changes) => changes,
            Err(fault) if fault.code() == 403 => {
                // May be read, may not be watched.
                sleep(POLL).await;
                return Ok(Ok(()));
            }
            Err(fault) => return Ok(Err(fault)),
        };
        self.heard().await?;
        loop {
            let (change, _) = match changes.next().await {
                Err(fault) => return Ok(Err(fault)),
                Ok(Some(change)) => change,
                Ok(None) => {
                    if !changes.has_lasted() {
                        sleep(self.backoff.next()).await;
                    }
                    return Ok(Ok(()));
                }
            };
            self.last_heard = Some(Timestamp::now());
            if changes.has_lasted() {
                // The first event only repeats what was read.
                self.backoff.reset();
            }
            match change {
                Change::Is(object) => self.tell(News::Is(Box::new(object))).await?,
                Change::Gone(_) => self.tell(News::Gone).await?,
                Change::Other => {}
            }
        }
    }
}
