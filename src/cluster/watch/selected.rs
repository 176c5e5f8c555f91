//! The pods of a label selector, whole and live: one list, then a watch; it does not know what they are wanted for.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use serde_json::Value;
use tokio::{sync::mpsc, time::sleep};

use super::{
    Lost, PodNews, REFUSED_PAUSE,
    backoff::Backoff,
    changes::{Change, Changes},
};
use crate::cluster::{
    Cluster,
    listened::{Unwanted, listened},
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
    let (backoff, known) = (Backoff::default(), BTreeSet::new());
    listened(64, |out| Watcher { cluster, namespace, selector, out, backoff, last_heard: None, known }.run())
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
        let mut changes = match self.open(version).await {
            Ok(changes) => changes,
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
            let (pod, gone) = match change {
                Change::Is(pod) => (pod, false),
                Change::Gone(pod) => (pod, true),
                Change::Other => continue,
            };
            self.backoff.reset();
            self.changed(pod, gone).await?;
        }
    }

    async fn open(&self, version: &str) -> Result<Changes, Fault> {
        Changes::open(&self.cluster, self.target()?.with("resourceVersion", version)).await
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
