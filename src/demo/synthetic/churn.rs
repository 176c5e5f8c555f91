//! The life of synthetic pods: restarts, failed probes, crashes and rollouts at a steady rate; how many there are stays.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::population::{Crowd, pick};
use super::{State, SyntheticPod, scatter};
use crate::demo::store::Store;

/// How often what is due is done.
const STEP: Duration = Duration::from_millis(10);
/// Changes in one go: whoever was asleep for long does not catch up with all of it at once.
const MOST_AT_ONCE: u64 = 2_000;

/// What changes the pods.
pub(super) struct Churn {
    store: Store,
    crowd: Crowd,
    /// How many changes there were.
    done: u64,
}

impl Churn {
    pub(super) fn new(store: Store, crowd: Crowd) -> Self {
        Self { store, crowd, done: 0 }
    }

    /// Makes so many changes a second until it is dropped.
    pub(super) async fn run(mut self, per_second: u32) {
        let began = Instant::now();
        let mut steps = interval(STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut skipped = 0;
        loop {
            steps.tick().await;
            let elapsed = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let due = elapsed.saturating_mul(u64::from(per_second)) / 1_000;
            let behind = due.saturating_sub(self.done + skipped);
            skipped += behind.saturating_sub(MOST_AT_ONCE);
            for _ in 0..behind.min(MOST_AT_ONCE) {
                self.change(Timestamp::now().as_second());
            }
        }
    }

    /// One change; a pod that is replaced makes two, one after the other.
    fn change(&mut self, now: i64) {
        self.done += 1;
        let chance = scatter(self.done);
        let at = pick(chance, self.crowd.pods.len());
        let old = &self.crowd.pods[at];
        if chance >> 60 == 0 {
            let new = self.crowd.pod(now, false);
            let old = std::mem::replace(&mut self.crowd.pods[at], new.clone());
            self.store.remove_synthetic(&old);
            self.store.put_synthetic(new);
            self.done += 1;
            return;
        }
        let (state, restarts) = match old.state {
            State::Creating | State::Unready => (State::Running, old.restarts),
            State::Running if chance >> 59 & 1 == 0 => (State::Unready, old.restarts),
            State::Running | State::PullFailing => (State::Crashing, old.restarts + 1),
            State::Crashing => (State::Running, old.restarts + 1),
        };
        let new = SyntheticPod { state, restarts, since: now, ..old.clone() };
        self.crowd.pods[at] = new.clone();
        self.store.put_synthetic(new);
    }
}
