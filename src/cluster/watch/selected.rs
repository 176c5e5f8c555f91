//! The pods of a label selector, whole and live: one list, then a watch; it does not know what they are wanted for.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use kube::core::Status;
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    Lost, PodNews, REFUSED_PAUSE, WATCH_IDLE,
    backoff::Backoff,
    follow::{TOO_SOON, streamed, watching},
    lines::Lines,
    table::{EventHead, EventOf},
};
use crate::cluster::{
    Cluster,
    problem::Fault,
    request::{ANSWER_TIME, JSON, LIST_LIMIT, Target, decode},
};

/// What is heard of one of the pods, and which.
pub(in crate::cluster) type SelectedNews = (Arc<str>, PodNews);

/// Follows the pods of a selector (as a query writes it); dropping the receiver ends it. What is heard of the server
/// comes under an empty name.
pub(in crate::cluster) fn selected_pods(
    cluster: Cluster,
    namespace: Arc<str>,
    selector: String,
) -> mpsc::Receiver<SelectedNews> {
    let (out, news) = mpsc::channel(64);
    let watcher = Watcher {
        cluster,
        namespace,
        selector,
        out: out.clone(),
        backoff: Backoff::default(),
        last_heard: None,
        known: BTreeSet::new(),
    };
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
    namespace: Arc<str>,
    selector: String,
    out: mpsc::Sender<SelectedNews>,
    backoff: Backoff,
    last_heard: Option<Timestamp>,
    known: BTreeSet<Arc<str>>,
}

/// The listener is gone.
struct Unwanted;

impl Watcher {
    async fn tell(&self, name: Arc<str>, news: PodNews) -> Result<(), Unwanted> {
        self.out.send((name, news)).await.map_err(|_| Unwanted)
    }

    async fn run(mut self) -> Result<(), Unwanted> {
        let server: Arc<str> = "".into();
        loop {
            match self.list_and_watch().await? {
                Ok(()) => {}
                Err(fault) if fault.is_expired() => sleep(self.backoff.next()).await,
                Err(fault) if fault.code() == 403 => {
                    let what = format!("cannot list the pods of {} in {}", self.selector, self.namespace);
                    self.tell(Arc::clone(&server), PodNews::Refused(fault.problem(what))).await?;
                    sleep(REFUSED_PAUSE).await;
                }
                Err(fault) => {
                    let delay = self.backoff.next();
                    let lost = Lost::new(self.last_heard, delay, fault.why());
                    self.tell(Arc::clone(&server), PodNews::Lost(lost)).await?;
                    sleep(delay).await;
                }
            }
        }
    }

    fn target(&self) -> Result<Target, Fault> {
        let pods = Target::new("/api/v1", &["namespaces", &self.namespace, "pods"])?;
        Ok(pods.with("labelSelector", &self.selector))
    }

    async fn list(&self) -> Result<Value, Fault> {
        let body = self.cluster.read(self.target()?.get(JSON)?, ANSWER_TIME, LIST_LIMIT).await?;
        decode(&body)
    }

    async fn list_and_watch(&mut self) -> Result<Result<(), Fault>, Unwanted> {
        let mut list = match self.list().await {
            Ok(list) => list,
            Err(fault) => return Ok(Err(fault)),
        };
        let version = list["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
        let gone = std::mem::take(&mut self.known);
        if let Value::Array(pods) = list["items"].take() {
            for pod in pods {
                self.changed(pod, false).await?;
            }
        }
        let gone: Vec<Arc<str>> = gone.difference(&self.known).cloned().collect();
        for name in gone {
            self.tell(name, PodNews::Gone).await?;
        }
        // Whoever listens knows by this that all that were there have come.
        self.heard().await?;
        self.follow(&version).await
    }

    async fn follow(&mut self, version: &str) -> Result<Result<(), Fault>, Unwanted> {
        let opened = Instant::now();
        let request = async {
            let target = watching(self.target()?).with("resourceVersion", version);
            self.cluster.open(streamed(target, JSON)?, ANSWER_TIME).await
        };
        let response = match request.await {
            Ok(response) => response,
            Err(fault) => return Ok(Err(fault)),
        };
        self.heard().await?;
        let mut lines = Lines::new(response.into_body());
        loop {
            let line = match timeout(WATCH_IDLE, lines.next()).await {
                Err(_) => return Ok(Err(Fault::Silent(WATCH_IDLE))),
                Ok(Err(fault)) => return Ok(Err(fault)),
                Ok(Ok(None)) => {
                    if opened.elapsed() < TOO_SOON {
                        sleep(self.backoff.next()).await;
                    }
                    return Ok(Ok(()));
                }
                Ok(Ok(Some(line))) => line,
            };
            self.last_heard = Some(Timestamp::now());
            match event(&line) {
                Err(fault) => return Ok(Err(fault)),
                Ok(None) => {}
                Ok(Some((pod, gone))) => {
                    self.backoff.reset();
                    self.changed(pod, gone).await?;
                }
            }
        }
    }

    async fn heard(&mut self) -> Result<(), Unwanted> {
        self.last_heard = Some(Timestamp::now());
        self.tell("".into(), PodNews::Live).await
    }

    async fn changed(&mut self, pod: Value, gone: bool) -> Result<(), Unwanted> {
        let Some(name) = pod["metadata"]["name"].as_str().map(Arc::<str>::from) else { return Ok(()) };
        if gone {
            self.known.remove(&name);
            return self.tell(name, PodNews::Gone).await;
        }
        self.known.insert(Arc::clone(&name));
        self.tell(name, PodNews::Is(Box::new(pod))).await
    }
}

/// The pod that an event is about, and whether it is gone.
fn event(line: &[u8]) -> Result<Option<(Value, bool)>, Fault> {
    let head: EventHead<'_> = decode(line)?;
    Ok(match &*head.change {
        "ERROR" => return Err(Fault::Api(Box::new(decode::<EventOf<Status>>(line)?.object))),
        "ADDED" | "MODIFIED" => Some((decode::<EventOf<Value>>(line)?.object, false)),
        "DELETED" => Some((decode::<EventOf<Value>>(line)?.object, true)),
        _ => None,
    })
}
