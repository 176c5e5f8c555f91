//! A live list: lists what is asked for, then watches it, and lists again when the watch is too old; it words nothing.

use std::{collections::HashMap, mem, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Liveness, Lost, REFUSED_PAUSE, Report,
    backoff::Backoff,
    follow::{Follower, From, Signal},
    list::{Include, Scope, list},
    reach::{Generation, Reach, list_reach, refusal},
    rows::{Interner, Kind},
};
use crate::cluster::{Cluster, RowsUpdate};

/// While changes pour in they are reported together so often; a change on its own is reported at once.
const BATCH_EVERY: Duration = Duration::from_millis(50);
/// The most changes reported together.
const BATCH_MOST: usize = 2000;
/// A version that is too old so soon was too old when it was given.
const TOO_OLD_AT_ONCE: Duration = Duration::from_secs(10);
/// Signals that may wait; more, and the watches wait.
const SIGNALS: usize = 1024;

/// Lists and watches for ever.
pub(super) async fn run<K: Kind>(cluster: &Cluster, report: &Report, mut reach: Reach) {
    let names = Interner::default();
    let mut backoff = Backoff::default();
    let mut last_heard = None;
    loop {
        report.send(K::update(RowsUpdate::Begin)).await;
        let generation = match list_reach::<K>(cluster, report, &reach, &names).await {
            Ok(generation) => generation,
            Err(fault) if fault.code() == 403 => {
                report.refused(refusal::<K>(&fault, &Scope::Everything)).await;
                sleep(REFUSED_PAUSE).await;
                continue;
            }
            Err(fault) => {
                let delay = backoff.next();
                report.liveness(Lost::new(last_heard, delay, fault.why()).into()).await;
                sleep(delay).await;
                continue;
            }
        };
        last_heard = Some(Timestamp::now());
        let nothing_allowed = generation.watches.is_empty() && !generation.refused.is_empty();
        for (_, problem) in &generation.refused {
            report.refused(problem.clone()).await;
        }
        if nothing_allowed {
            sleep(REFUSED_PAUSE).await;
            continue;
        }
        report.send(K::update(RowsUpdate::Complete)).await;
        report.liveness(Liveness::Live).await;
        let listed_at = Instant::now();
        let mut following = Following::<K>::new(report, last_heard);
        following.until_expired(cluster, generation, &names).await;
        last_heard = following.last_heard;
        if following.eventful {
            backoff.reset();
            continue;
        }
        // A server that calls each version too old must not be listed without a pause.
        let delay = backoff.next();
        if let Reach::Everywhere { at_once } = &mut reach {
            *at_once |= listed_at.elapsed() < TOO_OLD_AT_ONCE;
        }
        let why = "the server calls the version it gave too old".to_owned();
        report.liveness(Lost::new(last_heard, delay, why).into()).await;
        sleep(delay).await;
    }
}

/// The watches of one generation.
struct Following<'a, K: Kind> {
    report: &'a Report,
    batch: Batch<K>,
    /// The watches that have lost the server.
    lost: HashMap<usize, Lost>,
    last_heard: Option<Timestamp>,
    eventful: bool,
}

impl<'a, K: Kind> Following<'a, K> {
    fn new(report: &'a Report, last_heard: Option<Timestamp>) -> Self {
        Self { report, batch: Batch::default(), lost: HashMap::new(), last_heard, eventful: false }
    }

    async fn until_expired(&mut self, cluster: &Cluster, generation: Generation, names: &Interner) {
        let (out, mut signals) = mpsc::channel::<From<K>>(SIGNALS);
        let mut followers = FuturesUnordered::new();
        let start = |at, scope, listed| Follower::new(cluster.clone(), scope, listed, names, at, out.clone()).run();
        for (at, (scope, listed)) in generation.watches.into_iter().enumerate() {
            followers.push(start(at, scope, listed));
        }
        let mut started = followers.len();
        let mut refused: Vec<Scope> = generation.refused.into_iter().map(|(scope, _)| scope).collect();
        let mut retry_refused = Instant::now() + REFUSED_PAUSE;
        loop {
            let flush_at = self.batch.flush_at();
            tokio::select! {
                biased;
                () = sleep_until(flush_at), if !self.batch.changes.is_empty() => self.flush().await,
                signal = signals.recv() => {
                    let Some((at, signal)) = signal else { return };
                    if self.take(at, signal).await {
                        self.flush().await;
                        return;
                    }
                }
                Some(()) = followers.next(), if !followers.is_empty() => {}
                () = sleep_until(retry_refused), if !refused.is_empty() => {
                    for scope in mem::take(&mut refused) {
                        match list::<K>(cluster, &scope, Include::Nothing, names, self.report).await {
                            Ok(listed) => {
                                followers.push(start(started, scope, listed));
                                started += 1;
                            }
                            Err(_) => refused.push(scope),
                        }
                    }
                    retry_refused = Instant::now() + REFUSED_PAUSE;
                }
            }
        }
    }

    /// Takes one signal in; whether all must be listed again.
    async fn take(&mut self, at: usize, signal: Signal<K>) -> bool {
        match signal {
            Signal::Live => {
                self.last_heard = Some(Timestamp::now());
                self.lost.remove(&at);
                self.tell_liveness().await;
            }
            Signal::Heard => self.heard(),
            Signal::Row(row) => {
                self.heard();
                self.batch.changes.insert(K::key(&row), Some(row));
            }
            Signal::Gone(key) => {
                self.heard();
                self.batch.changes.insert(key, None);
            }
            Signal::Lost(lost) => {
                self.lost.insert(at, lost);
                self.flush().await;
                self.tell_liveness().await;
            }
            Signal::Refused(problem) => {
                self.flush().await;
                self.report.refused(problem).await;
            }
            Signal::Expired => return true,
        }
        if self.batch.changes.len() >= BATCH_MOST {
            self.flush().await;
        }
        false
    }

    fn heard(&mut self) {
        self.eventful = true;
        self.last_heard = Some(Timestamp::now());
    }

    /// The worst of all watches: rows are as old as the oldest of them.
    async fn tell_liveness(&self) {
        let worst = self.lost.values().min_by_key(|lost| lost.since);
        self.report.liveness(worst.map_or(Liveness::Live, |lost| lost.clone().into())).await;
    }

    async fn flush(&mut self) {
        let mut rows = Vec::new();
        let mut gone = Vec::new();
        for (key, row) in self.batch.changes.drain() {
            match row {
                Some(row) => rows.push(row),
                None => gone.push(key),
            }
        }
        if !rows.is_empty() {
            self.report.send(K::update(RowsUpdate::Rows(rows))).await;
        }
        for key in gone {
            self.report.send(K::update(RowsUpdate::Removed(key))).await;
        }
        self.batch.flushed = Some(Instant::now());
    }
}

/// Changes that wait to be reported together, the last word on each row.
struct Batch<K: Kind> {
    changes: HashMap<K::Key, Option<K::Row>>,
    flushed: Option<Instant>,
}

impl<K: Kind> Default for Batch<K> {
    fn default() -> Self {
        Self { changes: HashMap::new(), flushed: None }
    }
}

impl<K: Kind> Batch<K> {
    /// When what waits is due: at once if nothing was reported just now.
    fn flush_at(&self) -> Instant {
        self.flushed.map_or_else(Instant::now, |flushed| flushed + BATCH_EVERY)
    }
}
