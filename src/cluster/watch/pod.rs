//! One pod, whole and live: one GET, then a watch of its name; it never lists.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use kube::core::Status;
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    Liveness, Lost, REFUSED_PAUSE, Report, WATCH_IDLE,
    backoff::Backoff,
    follow::{TOO_SOON, streamed, watching},
    lines::Lines,
    table::{EventHead, EventOf},
};
use crate::cluster::{
    Cluster, PodKey, Problem, WatchUpdate,
    detail::pod_detail,
    problem::Fault,
    request::{ANSWER_TIME, JSON, Target, decode},
};

/// How often a pod is read that may be read but not watched.
const POLL: Duration = Duration::from_secs(2);

/// What is heard of a pod.
#[derive(Debug)]
pub(in crate::cluster) enum PodNews {
    /// As it is now.
    Is(Box<Value>),
    /// There is no such pod (any more).
    Gone,
    /// The server is heard.
    Live,
    /// The server is not heard.
    Lost(Lost),
    /// The server refuses to tell; it is asked again now and then.
    Refused(Problem),
}

/// Reports a pod until the future is dropped.
pub(super) async fn run(cluster: &Cluster, key: PodKey, report: &Report) {
    let mut news = pod_news(cluster.clone(), key);
    let mut known = None;
    while let Some(news) = news.recv().await {
        match news {
            PodNews::Is(pod) => {
                let detail = pod_detail(&pod).map(Arc::new);
                if known.as_ref() != Some(&detail) {
                    known = Some(detail.clone());
                    report.send(WatchUpdate::Pod(detail)).await;
                }
            }
            PodNews::Gone => {
                if known != Some(None) {
                    known = Some(None);
                    report.send(WatchUpdate::Pod(None)).await;
                }
            }
            PodNews::Live => report.liveness(Liveness::Live).await,
            PodNews::Lost(lost) => report.liveness(lost.into()).await,
            PodNews::Refused(problem) => report.refused(problem).await,
        }
    }
}

/// Follows a pod; dropping the receiver ends it. A pod of the same name that comes later is followed on.
pub(in crate::cluster) fn pod_news(cluster: Cluster, key: PodKey) -> mpsc::Receiver<PodNews> {
    let (out, news) = mpsc::channel(16);
    let watcher = PodWatcher { cluster, key, out: out.clone(), backoff: Backoff::default(), last_heard: None };
    tokio::spawn(async move {
        tokio::select! {
            _ = watcher.run() => {}
            () = out.closed() => {}
        }
    });
    news
}

struct PodWatcher {
    cluster: Cluster,
    key: PodKey,
    out: mpsc::Sender<PodNews>,
    backoff: Backoff,
    last_heard: Option<Timestamp>,
}

/// The listener is gone.
struct Unwanted;

impl PodWatcher {
    async fn tell(&self, news: PodNews) -> Result<(), Unwanted> {
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
                    let what = format!("cannot read the pod {}/{}", self.key.namespace, self.key.name);
                    self.tell(PodNews::Refused(fault.problem(what))).await?;
                    sleep(REFUSED_PAUSE).await;
                }
                Err(fault) => {
                    let delay = self.backoff.next();
                    self.tell(PodNews::Lost(Lost::new(self.last_heard, delay, fault.why()))).await?;
                    sleep(delay).await;
                }
            }
        }
    }

    async fn heard(&mut self) -> Result<(), Unwanted> {
        self.last_heard = Some(Timestamp::now());
        self.tell(PodNews::Live).await
    }

    async fn read(&mut self) -> Result<Result<(), Fault>, Unwanted> {
        let read = async {
            let request = Target::pod(&self.key, None)?.get(JSON)?;
            self.cluster.read_json::<Value>(request, ANSWER_TIME).await
        };
        match read.await {
            Ok(pod) => {
                self.heard().await?;
                self.tell(PodNews::Is(Box::new(pod))).await?;
            }
            Err(fault) if fault.code() == 404 => {
                self.heard().await?;
                self.tell(PodNews::Gone).await?;
            }
            Err(fault) => return Ok(Err(fault)),
        }
        Ok(Ok(()))
    }

    /// One watch. Without a version it begins with the pod as it is: the pod's own version may be long forgotten.
    async fn follow(&mut self) -> Result<Result<(), Fault>, Unwanted> {
        let request = async {
            let target = Target::new("/api/v1", &["namespaces", &self.key.namespace, "pods"])?
                .with("fieldSelector", &format!("metadata.name={}", self.key.name));
            self.cluster.open(streamed(watching(target), JSON)?, ANSWER_TIME).await
        };
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

fn event(line: &[u8]) -> Result<Option<PodNews>, Fault> {
    let head: EventHead<'_> = decode(line)?;
    Ok(match &*head.change {
        "ERROR" => {
            return Err(Fault::Api(Box::new(decode::<EventOf<Status>>(line)?.object)));
        }
        "ADDED" | "MODIFIED" => Some(PodNews::Is(Box::new(decode::<EventOf<Value>>(line)?.object))),
        "DELETED" => Some(PodNews::Gone),
        _ => None,
    })
}
