//! Where the connections of a forwarded port lead to: keeps a pod while it can be reached and looks for it, or the one that
//! takes its place, when it cannot; it moves no bytes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as Turn;
use tokio::time::{Instant, sleep};

use super::ForwardEvent;
use crate::cluster::{
    Connection, ForwardKind, ForwardTarget, Forwarder, Outlook, PodKey, Problem, RemotePort, Unreachable,
};

/// How long a caller is kept waiting for what cannot be reached now.
const PATIENCE: Duration = Duration::from_secs(20);
/// The first pause between two looks; each one is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// For so long nobody asks again what somebody else was just refused.
const FRESH: Duration = Duration::from_millis(200);

type Tell = Box<dyn Fn(ForwardEvent) + Send + Sync>;

/// The way to a pod's port.
pub(super) struct Way {
    forwarder: Forwarder,
    target: ForwardTarget,
    remote: RemotePort,
    known: Mutex<Known>,
    /// One caller looks, the others take what it finds.
    looking: Turn<Option<(Instant, Unreachable)>>,
    tell: Tell,
}

#[derive(Default)]
struct Known {
    /// Where it leads; `None` while that is to be looked for.
    current: Option<(PodKey, u16)>,
    /// What was told last.
    told: Option<(PodKey, u16)>,
    /// It was told that it leads nowhere now.
    waiting: bool,
}

impl Way {
    /// A way that leads to this pod at first, which is told.
    pub(super) fn new(
        forwarder: Forwarder,
        target: ForwardTarget,
        remote: RemotePort,
        first: &(PodKey, u16),
        tell: Tell,
    ) -> Self {
        let way = Self { forwarder, target, remote, known: Mutex::default(), looking: Turn::default(), tell };
        way.found(first);
        way
    }

    /// Says what happened.
    pub(super) fn tell(&self, event: ForwardEvent) {
        (self.tell)(event);
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next connection looks anew where to go.
    pub(super) fn forget(&self) {
        self.known().current = None;
    }

    /// Connects, as soon as that can be done; whatever is wrong for the moment is waited for.
    ///
    /// # Errors
    /// What does not pass, or not in time. The end of the target is told.
    pub(super) async fn connect(&self) -> Result<Connection, Problem> {
        let until = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        let mut first = true;
        loop {
            let unreachable = match self.look().await {
                Ok(found) => match self.forwarder.connect(&found.0, found.1).await {
                    Ok(connection) => {
                        self.found(&found);
                        return Ok(connection);
                    }
                    Err(unreachable) => {
                        self.lost(&found);
                        // What was known may be old: another look says where to go now.
                        if std::mem::take(&mut first) && unreachable.outlook != Outlook::Lasting {
                            continue;
                        }
                        unreachable
                    }
                },
                // A pod that is gone comes back under another name, if at all; of the rest another takes the place.
                Err(Unreachable { problem, outlook: Outlook::Gone }) if self.target.kind == ForwardKind::Pod => {
                    self.tell(ForwardEvent::Over(problem.clone()));
                    return Err(problem);
                }
                Err(unreachable) => unreachable,
            };
            let Unreachable { problem, outlook } = unreachable;
            if outlook == Outlook::Lasting || Instant::now() + pause >= until {
                return Err(problem);
            }
            self.wait(problem);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Where to go.
    async fn look(&self) -> Result<(PodKey, u16), Unreachable> {
        let current = || self.known().current.clone();
        if let Some(found) = current() {
            return Ok(found);
        }
        let mut refused = self.looking.lock().await;
        if let Some(found) = current() {
            return Ok(found);
        }
        if let Some((at, unreachable)) = &*refused
            && at.elapsed() < FRESH
        {
            return Err(unreachable.clone());
        }
        match self.forwarder.resolve(&self.target, &self.remote).await {
            Ok(found) => {
                self.known().current = Some(found.clone());
                *refused = None;
                Ok(found)
            }
            Err(unreachable) => {
                *refused = Some((Instant::now(), unreachable.clone()));
                Err(unreachable)
            }
        }
    }

    /// It leads there.
    fn found(&self, found: &(PodKey, u16)) {
        let mut known = self.known();
        known.current = Some(found.clone());
        let waiting = std::mem::take(&mut known.waiting);
        if waiting || known.told.as_ref() != Some(found) {
            known.told = Some(found.clone());
            drop(known);
            self.tell(ForwardEvent::LeadsTo(found.0.clone(), found.1));
        }
    }

    /// It does not lead there any more, unless somebody has found another way since.
    fn lost(&self, found: &(PodKey, u16)) {
        let mut known = self.known();
        if known.current.as_ref() == Some(found) {
            known.current = None;
        }
    }

    fn wait(&self, problem: Problem) {
        if !std::mem::replace(&mut self.known().waiting, true) {
            self.tell(ForwardEvent::Waiting(problem));
        }
    }
}
