//! The events of a part of the cluster, live and as the API has them: one list, then a watch; it reads none of them.

use jiff::Timestamp;
use serde_json::Value;
use tokio::{sync::mpsc, time::sleep};

use super::{
    Lost, REFUSED_PAUSE,
    backoff::Backoff,
    changes::{Change, Changes},
};
use crate::cluster::{
    Cluster, Problem,
    listened::{Unwanted, listened},
    problem::Fault,
    request::{ANSWER_TIME, JSON, Target},
};

/// How many events a page of the list has.
const PAGE: usize = 500;
/// So many events of a list are read at most: a server that keeps more has them for somebody else.
const MOST: usize = 5_000;

/// Which events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cluster) struct EventPlace {
    /// Of this namespace, else of all of them.
    pub(in crate::cluster) namespace: Option<String>,
    /// What the server is to select by; empty for all.
    pub(in crate::cluster) selector: String,
}

/// What is heard of events.
#[derive(Debug)]
pub(in crate::cluster) enum Told {
    /// All of them as they are, in no order; comes first, and again where the watch could not go on.
    All(Vec<Value>),
    /// This one is new, or was counted once more.
    Event(Box<Value>),
    /// This one is forgotten.
    Gone(Box<Value>),
    /// The server is heard.
    Live,
    /// The server is not heard.
    Lost(Lost),
    /// The server refuses to tell; it is asked again now and then.
    Refused(Problem),
}

impl EventPlace {
    fn target(&self) -> Result<Target, Fault> {
        let target = match &self.namespace {
            Some(namespace) => Target::new("/api/v1", &["namespaces", namespace, "events"])?,
            None => Target::new("/api/v1", &["events"])?,
        };
        Ok(if self.selector.is_empty() { target } else { target.with("fieldSelector", &self.selector) })
    }

    fn words(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("cannot read the events of the namespace {namespace}"),
            None => "cannot read the events of all namespaces".to_owned(),
        }
    }
}

/// Follows events; dropping the receiver ends it.
pub(in crate::cluster) fn told(cluster: Cluster, place: EventPlace) -> mpsc::Receiver<Told> {
    listened(16, |out| Teller { cluster, place, out, backoff: Backoff::default(), last_heard: None }.run())
}

struct Teller {
    cluster: Cluster,
    place: EventPlace,
    out: mpsc::Sender<Told>,
    backoff: Backoff,
    last_heard: Option<Timestamp>,
}

impl Teller {
    async fn tell(&self, told: Told) -> Result<(), Unwanted> {
        self.out.send(told).await.map_err(|_| Unwanted)
    }

    async fn run(mut self) -> Result<(), Unwanted> {
        loop {
            let outcome = match self.list().await {
                Ok((events, version)) => {
                    self.last_heard = Some(Timestamp::now());
                    self.tell(Told::All(events)).await?;
                    self.tell(Told::Live).await?;
                    self.follow(version).await?
                }
                Err(fault) => Err(fault),
            };
            match outcome {
                Ok(()) => {}
                // too old to go on from: what is true now is listed
                Err(fault) if fault.is_expired() => sleep(self.backoff.next()).await,
                Err(fault) if matches!(fault.code(), 401 | 403 | 404) => {
                    self.tell(Told::Refused(fault.problem(self.place.words()))).await?;
                    sleep(REFUSED_PAUSE).await;
                }
                Err(fault) => {
                    let delay = self.backoff.next();
                    self.tell(Told::Lost(Lost::new(self.last_heard, delay, fault.why()))).await?;
                    sleep(delay).await;
                }
            }
        }
    }

    /// What there is, page by page, and the version that it is of.
    async fn list(&self) -> Result<(Vec<Value>, String), Fault> {
        let (mut events, mut token) = (Vec::new(), String::new());
        loop {
            let target = self.place.target()?.with("limit", &PAGE.to_string());
            let target = if token.is_empty() { target } else { target.with("continue", &token) };
            let mut page: Value = self.cluster.read_json(target.get(JSON)?, ANSWER_TIME).await?;
            if let Value::Array(items) = page["items"].take() {
                events.extend(items);
            }
            let text = |field: &str| page["metadata"][field].as_str().unwrap_or_default().to_owned();
            token = text("continue");
            if token.is_empty() || events.len() >= MOST {
                return Ok((events, text("resourceVersion")));
            }
        }
    }

    /// Watches on and on from a version, until that is no longer possible.
    async fn follow(&mut self, mut version: String) -> Result<Result<(), Fault>, Unwanted> {
        let mut lost = false;
        loop {
            match self.once(&mut version, &mut lost).await? {
                Ok(()) => {}
                Err(fault) if fault.is_expired() || matches!(fault.code(), 400..500) => return Ok(Err(fault)),
                Err(fault) => {
                    lost = true;
                    let delay = self.backoff.next();
                    self.tell(Told::Lost(Lost::new(self.last_heard, delay, fault.why()))).await?;
                    sleep(delay).await;
                }
            }
        }
    }

    /// One watch, until its connection ends.
    async fn once(&mut self, version: &mut String, lost: &mut bool) -> Result<Result<(), Fault>, Unwanted> {
        let mut changes = match self.open(version).await {
            Ok(changes) => changes,
            Err(fault) => return Ok(Err(fault)),
        };
        if std::mem::take(lost) {
            self.tell(Told::Live).await?;
        }
        loop {
            let (change, at) = match changes.next().await {
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
            self.backoff.reset();
            if let Some(at) = at.filter(|at| !at.is_empty()) {
                *version = at;
            }
            match change {
                Change::Is(event) => self.tell(Told::Event(Box::new(event))).await?,
                Change::Gone(event) => self.tell(Told::Gone(Box::new(event))).await?,
                Change::Other => {}
            }
        }
    }

    async fn open(&self, version: &str) -> Result<Changes, Fault> {
        Changes::open(&self.cluster, self.place.target()?.with("resourceVersion", version)).await
    }
}
