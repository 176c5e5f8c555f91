//! Live lists and live pods over the API's own list and watch; it never hides that it has lost the server.
//!
//! Lists come as server-side Tables, so that the cells are worded as kubectl words them and cost little.

mod backoff;
mod changes;
mod collection;
mod events;
mod family;
mod follow;
mod lines;
mod list;
mod node;
mod object;
mod plain;
mod pod;
mod reach;
mod rows;
mod selected;
mod table;
mod told;

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;

pub(super) use self::backoff::Backoff;
pub(super) use self::events::{EventNews, pod_events};
/// What is heard of a pod.
pub(super) use self::object::News as PodNews;
/// Any object, followed.
pub use self::object::News as ObjectNews;
pub(super) use self::object::news as object_news;
pub(super) use self::pod::pod_news;
pub(super) use self::selected::selected_pods;
pub(super) use self::told::{EventPlace, Told, told};
use self::{
    node::Nodes,
    object::News,
    reach::Reach,
    rows::{Namespaces, Pods},
};
use super::{Cluster, Liveness, Problem, WatchId, WatchTarget, WatchUpdate};

/// How long the server keeps one watch open: its clean end is the heartbeat of a quiet cluster.
const WATCH_SECONDS: u64 = 50;
/// A watch that is silent for longer than the server would keep it open is dead.
const WATCH_IDLE: Duration = Duration::from_secs(WATCH_SECONDS + 5);
/// How often something the server refuses is tried again.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);
/// Tables first, plain objects from servers that have none.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// Keeps watching and reports each change, until the future is dropped or nobody listens.
///
/// The first report is [`Liveness::Connecting`]. A list begins with [`Begin`](super::RowsUpdate::Begin) and is shown
/// page by page. Reports wait for the listener: one that does not listen slows its own watch and no other.
pub async fn watch(cluster: Cluster, id: WatchId, target: WatchTarget, updates: mpsc::Sender<(WatchId, WatchUpdate)>) {
    let report = Report { id, updates: updates.clone(), liveness: Mutex::new(None) };
    report.liveness(Liveness::Connecting).await;
    let watching = async {
        match target {
            WatchTarget::Namespaces => {
                collection::run::<Namespaces>(&cluster, &report, Reach::everything()).await;
            }
            WatchTarget::PodsIn(namespaces) => {
                collection::run::<Pods>(&cluster, &report, Reach::namespaces(namespaces)).await;
            }
            WatchTarget::PodsEverywhere => {
                collection::run::<Pods>(&cluster, &report, Reach::everywhere()).await;
            }
            WatchTarget::PodsOnNode(node) => {
                collection::run::<Pods>(&cluster, &report, Reach::node(node)).await;
            }
            WatchTarget::PodsOf(owners) => family::run(&cluster, owners, &report).await,
            WatchTarget::Nodes => {
                collection::run::<Nodes>(&cluster, &report, Reach::everything()).await;
            }
            WatchTarget::Pod(key) => pod::run(&cluster, key, &report).await,
            WatchTarget::Node(name) => node::run(&cluster, name, &report).await,
        }
    };
    tokio::select! {
        () = watching => {}
        () = updates.closed() => {}
    }
}

/// Where a watch's news go.
struct Report {
    id: WatchId,
    updates: mpsc::Sender<(WatchId, WatchUpdate)>,
    liveness: Mutex<Option<Liveness>>,
}

impl Report {
    /// Waits until the news is taken. A listener that is gone ends the whole watch, so nothing is lost here.
    async fn send(&self, update: WatchUpdate) {
        let _ = self.updates.send((self.id, update)).await;
    }

    /// Reports how fresh the rows are, if that is news.
    async fn liveness(&self, liveness: Liveness) {
        let known = self.liveness.lock().unwrap_or_else(PoisonError::into_inner).replace(liveness.clone());
        if known.as_ref() != Some(&liveness) {
            self.send(WatchUpdate::Liveness(liveness)).await;
        }
    }

    /// Reports an object, worded by `word` (`None` once it is gone), until there are no more news.
    async fn object(&self, mut news: mpsc::Receiver<News>, word: impl Fn(Option<&Value>) -> WatchUpdate) {
        let mut known = None;
        while let Some(news) = news.recv().await {
            let update = match news {
                News::Is(object) => word(Some(&object)),
                News::Gone => word(None),
                News::Live => {
                    self.liveness(Liveness::Live).await;
                    continue;
                }
                News::Lost(lost) => {
                    self.liveness(lost.into()).await;
                    continue;
                }
                News::Refused(problem) => {
                    self.refused(problem).await;
                    continue;
                }
            };
            if known.as_ref() != Some(&update) {
                known = Some(update.clone());
                self.send(update).await;
            }
        }
    }

    async fn refused(&self, problem: Problem) {
        // Whatever was known of liveness is news again once the server gives in.
        *self.liveness.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.send(WatchUpdate::Refused(problem)).await;
    }
}

/// What is told while the server is not heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// When it was last heard.
    pub(super) since: Option<Timestamp>,
    /// When the next try is made.
    pub(super) retry_at: Timestamp,
    /// Why.
    pub(super) why: String,
}

impl Lost {
    fn new(since: Option<Timestamp>, delay: Duration, why: String) -> Self {
        Self { since, retry_at: Timestamp::now().saturating_add(delay).unwrap_or(Timestamp::MAX), why }
    }
}

impl From<Lost> for Liveness {
    fn from(lost: Lost) -> Self {
        Self::Stale { since: lost.since, retry_at: lost.retry_at, why: lost.why }
    }
}
