//! One object, whole and live: one GET, then a watch of its name; it never lists and does not know what it reads.

use std::time::Duration;

use jiff::Timestamp;
use kube::core::Status;
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    Lost, REFUSED_PAUSE, WATCH_IDLE,
    backoff::Backoff,
    follow::{TOO_SOON, streamed, watching},
    lines::Lines,
    table::{EventHead, EventOf},
};
use crate::cluster::{
    Cluster, ObjectKey, Problem,
    problem::Fault,
    request::{ANSWER_TIME, JSON, decode},
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
    let (out, news) = mpsc::channel(16);
    let watcher = Watcher { cluster, subject, out: out.clone(), backoff: Backoff::default(), last_heard: None };
    tokio::spawn(async move {
        tokio::select! {
            _ = watcher.run() => {}
            () = out.closed() => {}
        }
    });
    news
}

struct Watcher {
    cluster: Cluster,
    subject: ObjectKey,
    out: mpsc::Sender<News>,
    backoff: Backoff,
    last_heard: Option<Timestamp>,
}

/// The listener is gone.
struct Unwanted;

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
        let request = async { self.cluster.open(streamed(watching(self.subject.list()?), JSON)?, ANSWER_TIME).await };
        let response = match request.await {
            Ok(response) => response,
            Err(fault) if fault.code() == 403 => {
                // May be read, may not be watched.
                sleep(POLL).await;
                return Ok(Ok(()));
            }
            Err(fault) => return Ok(Err(fault)),
        };
        self.heard().await?;
        let mut lines = Lines::new(response.into_body());
        let opened = Instant::now();
        loop {
            let line = match timeout(WATCH_IDLE, lines.next()).await {
                Err(_) => return Ok(Err(Fault::Silent(WATCH_IDLE))),
                Ok(Err(fault)) => return Ok(Err(fault)),
                Ok(Ok(None)) => {
                    if opened.elapsed() < TOO_SOON {
                        // Nothing says that this server would not end the next one at once, too.
                        sleep(self.backoff.next()).await;
                    }
                    return Ok(Ok(()));
                }
                Ok(Ok(Some(line))) => line,
            };
            self.last_heard = Some(Timestamp::now());
            match event(&line) {
                Err(fault) => return Ok(Err(fault)),
                Ok(news) => {
                    if opened.elapsed() >= TOO_SOON {
                        // The first event only repeats what was read.
                        self.backoff.reset();
                    }
                    if let Some(news) = news {
                        self.tell(news).await?;
                    }
                }
            }
        }
    }
}

fn event(line: &[u8]) -> Result<Option<News>, Fault> {
    let head: EventHead<'_> = decode(line)?;
    Ok(match &*head.change {
        "ERROR" => {
            return Err(Fault::Api(Box::new(decode::<EventOf<Status>>(line)?.object)));
        }
        "ADDED" | "MODIFIED" => Some(News::Is(Box::new(decode::<EventOf<Value>>(line)?.object))),
        "DELETED" => Some(News::Gone),
        _ => None,
    })
}
