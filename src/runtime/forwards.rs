//! The forwarded ports of a run at work: begun and stopped by name, their news told at a person's speed; what becomes of the
//! news is decided elsewhere.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::forward::{ForwardEvent, LOOPBACK, PortPair, Traffic, forward};
use super::tellers::Tellers;
use crate::app::forwards::{Carried, ForwardId, ForwardRequest, ForwardUpdate, LocalPort};
use crate::cluster::{Cluster, Forwarder, PodKey, Problem};

/// How often news is told, whatever happens in between.
const PACE: Duration = Duration::from_millis(200);
/// News that may wait to be taken in.
const QUEUE: usize = 64;

/// A forwarded port and what happened to it.
type News = (ForwardId, ForwardUpdate);

/// The forwarded ports that run.
pub(super) type Forwards = Tellers<ForwardId, ForwardUpdate>;

/// None yet.
pub(super) fn none() -> Forwards {
    Tellers::new(QUEUE)
}

/// Begins to forward, until it is stopped or over.
pub(super) fn start(
    forwards: &mut Forwards,
    id: ForwardId,
    cluster: Result<Cluster, Problem>,
    request: ForwardRequest,
    tasks: &mut JoinSet<()>,
) {
    let news = forwards.outlet();
    let forwarding = async move {
        let outcome = match cluster {
            Ok(cluster) => run(id, cluster, request, &news).await,
            Err(problem) => Err(problem),
        };
        if let Err(problem) = outcome {
            // Nobody listens once the program ends.
            let _ = news.send((id, ForwardUpdate::Ended(problem))).await;
        }
    };
    forwards.start(id, forwarding, tasks);
}

/// The latest of each kind of news: however much happens, no more than this waits to be told.
#[derive(Default)]
struct Latest {
    leads_to: Option<(PodKey, u16)>,
    waiting: Option<Problem>,
    failed: Option<Problem>,
    over: Option<Problem>,
}

impl Latest {
    fn note(&mut self, event: ForwardEvent) {
        match event {
            // It is counted.
            ForwardEvent::Connected => {}
            ForwardEvent::LeadsTo(pod, port) => (self.leads_to, self.waiting) = (Some((pod, port)), None),
            ForwardEvent::Waiting(problem) => self.waiting = Some(problem),
            ForwardEvent::Failed(problem) => self.failed = Some(problem),
            ForwardEvent::Over(problem) => self.over = Some(problem),
        }
    }

    fn news(self) -> impl Iterator<Item = ForwardUpdate> {
        let leads_to = self.leads_to.map(|(pod, port)| ForwardUpdate::LeadsTo(pod, port));
        let failed = self.failed.map(ForwardUpdate::Failed);
        let waiting = self.waiting.map(ForwardUpdate::Waiting);
        leads_to.into_iter().chain(failed).chain(waiting)
    }
}

/// Forwards until it is over, and says why.
async fn run(
    id: ForwardId,
    cluster: Cluster,
    request: ForwardRequest,
    news: &mpsc::Sender<News>,
) -> Result<(), Problem> {
    let forwarder = Forwarder::new(cluster.on_behalf_of("forward"));
    let (local, or_free) = match request.local {
        LocalPort::Free => (0, false),
        LocalPort::Preferably(port) => (port, true),
        LocalPort::Exactly(port) => (port, false),
    };
    let pair = PortPair { local: Some(local), or_free, remote: request.remote };
    let latest = Arc::new(Mutex::new(Latest::default()));
    let noted = Arc::clone(&latest);
    let note = move |event| noted.lock().unwrap_or_else(PoisonError::into_inner).note(event);
    let open = forward(forwarder, request.target, pair, &LOOPBACK, note).await?;
    let addresses = open.local.iter().map(ToString::to_string).collect();
    let port = open.local.first().map_or(local, SocketAddr::port);
    if news.send((id, ForwardUpdate::Listening(addresses, port))).await.is_err() {
        return Ok(());
    }
    let mut told = Carried::default();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        pace.tick().await;
        let mut latest = std::mem::take(&mut *latest.lock().unwrap_or_else(PoisonError::into_inner));
        let over = latest.over.take();
        let carried = carried(&open.traffic);
        let counts = (carried != std::mem::replace(&mut told, carried)).then_some(ForwardUpdate::Carried(carried));
        for update in latest.news().chain(counts) {
            if news.send((id, update)).await.is_err() {
                return Ok(());
            }
        }
        if let Some(problem) = over {
            return Err(problem);
        }
    }
}

fn carried(traffic: &Traffic) -> Carried {
    let count = |number: &AtomicU64| number.load(Ordering::Relaxed);
    Carried {
        open: count(&traffic.open),
        total: count(&traffic.total),
        sent: count(&traffic.moved.sent),
        received: count(&traffic.moved.received),
    }
}
