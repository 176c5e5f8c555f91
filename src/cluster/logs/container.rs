//! The log of one container through its lives: a stream, and another where that ended and the container lives, without a
//! gap or a double; it knows of no other container.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::lines::{Splitter, Stamped};
use super::seen::Seen;
use super::standing::{Exit, Life, Standing};
use super::{LogLine, LogMark, LogNews, LogRange, MarkKind};
use crate::cluster::explain::with_role;
use crate::cluster::listened::Unwanted;
use crate::cluster::problem::Fault;
use crate::cluster::watch::Backoff;
use crate::cluster::{Cluster, ContainerKey, LogOptions};
use crate::session::{End, Incoming};

/// A line without an end is shown as far as it has come once nothing came for so long.
const QUIET: Duration = Duration::from_millis(150);
/// A stream that ends well mostly ends with its container, which the API says a little later.
const SAID_LATER: Duration = Duration::from_secs(3);
/// A stream of a life that is over may still bring its last lines for so long.
const LAST_LINES: Duration = Duration::from_secs(5);
/// A stream that stood for so long was no failure.
const STOOD: Duration = Duration::from_secs(10);
/// How often what the server refuses is tried again.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);

/// Follows one container.
pub(super) struct Follower {
    pub(super) cluster: Cluster,
    pub(super) key: ContainerKey,
    pub(super) number: u32,
    pub(super) previous: bool,
    pub(super) range: LogRange,
    pub(super) standing: watch::Receiver<Standing>,
    pub(super) news: mpsc::Sender<LogNews>,
    /// A permit for each stream.
    pub(super) streams: Arc<Semaphore>,
    /// How many wait for one.
    pub(super) waiting: Arc<watch::Sender<usize>>,
}

/// How a stream came out.
enum Outcome {
    /// It ended as streams do.
    Finished,
    /// It broke, or could not be opened.
    Lost(String),
    /// There is no log to read (yet).
    Nothing(String),
    /// It may not be read.
    Refused(Fault),
}

impl Follower {
    /// Follows until the pod is gone or nobody listens; a previous life to its end.
    pub(super) async fn run(mut self) {
        // A listener that is gone has nothing to be told.
        let _ = if self.previous { self.past().await } else { self.lives().await };
    }

    async fn past(&mut self) -> Result<(), Unwanted> {
        let Some(_permit) = self.permit().await else { return Ok(()) };
        let mut seen = Seen::default();
        let outcome = self.stream(true, true, &mut seen).await?;
        let name = Arc::clone(&self.key.container);
        let exit = match &*self.standing.borrow() {
            Standing::Running { before: Some(exit), .. } => format!(": {}", exit_words(exit)),
            _ => String::new(),
        };
        match outcome {
            Outcome::Finished => {
                self.mark(MarkKind::Calm, None, format!("{name}: end of the previous log{exit}")).await
            }
            Outcome::Lost(why) => self.mark(MarkKind::Failure, None, format!("{name}: the log was cut: {why}")).await,
            Outcome::Nothing(why) => self.mark(MarkKind::Calm, None, format!("{name}: no previous log: {why}")).await,
            Outcome::Refused(fault) => self.refused(&fault).await,
        }
    }

    async fn lives(&mut self) -> Result<(), Unwanted> {
        let mut seen = Seen::default();
        let mut life = self.begun().await?;
        loop {
            self.live(life.as_ref(), &mut seen).await?;
            let standing = self.standing.borrow().clone();
            if let Standing::Ended(ended, exit) = &standing
                && life.as_ref() == Some(ended)
            {
                let kind = if exit.code == 0 { MarkKind::Calm } else { MarkKind::Failure };
                let text = format!("{} ended: {}", self.key.container, exit_words(exit));
                self.mark(kind, after(exit.at, &seen), text).await?;
            }
            let is_next = |standing: &Standing| {
                matches!(standing, Standing::Gone) || standing.life().is_some_and(|now| life.as_ref() != Some(now))
            };
            let Ok(next) = self.standing.wait_for(is_next).await.map(|standing| standing.clone()) else {
                return Ok(());
            };
            let Some(now) = next.life().cloned() else { return Ok(()) };
            if let Some(before) = &life {
                self.restarted(before, &next, &seen).await?;
            }
            life = Some(now);
        }
    }

    /// Waits until there is something to read; says once why it has to.
    async fn begun(&mut self) -> Result<Option<Life>, Unwanted> {
        let mut told = None;
        loop {
            let standing = self.standing.borrow_and_update().clone();
            match standing {
                Standing::Waiting(reason) if told.as_ref() != Some(&reason) => {
                    let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                    let text = format!("{} has not started{why}", self.key.container);
                    self.mark(MarkKind::Calm, None, text).await?;
                    told = Some(reason);
                }
                Standing::Waiting(_) => {}
                Standing::Gone => return Err(Unwanted),
                standing => return Ok(standing.life().cloned()),
            }
            self.standing.changed().await.map_err(|_| Unwanted)?;
        }
    }

    /// One life, to its end as far as it can be read. Without a life nobody knows when that is.
    async fn live(&mut self, life: Option<&Life>, seen: &mut Seen) -> Result<(), Unwanted> {
        let mut backoff = Backoff::default();
        loop {
            let Some(permit) = self.permit().await else { return Ok(()) };
            let over = self.is_over(life);
            let opened = Instant::now();
            let outcome = self.stream(false, over, seen).await?;
            drop(permit);
            if opened.elapsed() >= STOOD {
                backoff.reset();
            }
            let pause = match outcome {
                Outcome::Finished | Outcome::Nothing(_) if over => return Ok(()),
                Outcome::Finished => SAID_LATER,
                Outcome::Nothing(_) => backoff.next(),
                Outcome::Lost(why) => {
                    self.tell(LogNews::Lost(why)).await?;
                    backoff.next()
                }
                Outcome::Refused(fault) => {
                    self.refused(&fault).await?;
                    REFUSED_PAUSE
                }
            };
            let is_news = |standing: &Standing| ends(standing, life);
            // A listener that is gone ends the task, and time that is up is what was waited for.
            let _ = timeout(pause, self.standing.wait_for(is_news)).await;
            let standing = self.standing.borrow().clone();
            if matches!(standing, Standing::Gone) || self.standing.has_changed().is_err() {
                return Ok(());
            }
            if life.is_some() && standing.life().is_some_and(|now| life != Some(now)) {
                // What it wrote last is in the log of the life before by now.
                let Some(_permit) = self.permit().await else { return Ok(()) };
                self.stream(true, true, seen).await?;
                return Ok(());
            }
        }
    }

    fn is_over(&self, life: Option<&Life>) -> bool {
        ends(&self.standing.borrow(), life)
    }

    /// A place among the streams; `None` once the console ends.
    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.streams).try_acquire_owned() {
            return Some(permit);
        }
        let _waits = Waits::new(Arc::clone(&self.waiting));
        Arc::clone(&self.streams).acquire_owned().await.ok()
    }

    fn options(&self, previous: bool, seen: &Seen) -> LogOptions {
        let asked = LogOptions { previous, timestamps: true, ..LogOptions::default() };
        match seen.since() {
            None => LogOptions { tail_lines: self.range.tail, since: self.range.since, ..asked },
            since_time => LogOptions { since_time, ..asked },
        }
    }

    /// One stream; of a log that is `complete`, the last line is whole even without its end.
    async fn stream(&mut self, previous: bool, complete: bool, seen: &mut Seen) -> Result<Outcome, Unwanted> {
        let options = self.options(previous, seen);
        seen.again();
        let mut incoming = match self.cluster.log_stream(&self.key, options).await {
            Ok(incoming) => incoming,
            Err(fault) if matches!(fault.code(), 401 | 403) => return Ok(Outcome::Refused(fault)),
            Err(fault) if matches!(fault.code(), 400 | 404) => return Ok(Outcome::Nothing(fault.why())),
            Err(fault) => return Ok(Outcome::Lost(fault.why())),
        };
        self.tell(LogNews::Heard).await?;
        let born = self.standing.borrow().life().cloned();
        let far = Instant::now() + Duration::from_secs(1 << 30);
        let (mut quiet, mut last) = (None, None);
        let mut splitter = Splitter::default();
        loop {
            let item = tokio::select! {
                item = incoming.recv() => item,
                () = sleep_until(quiet.unwrap_or(far)) => {
                    quiet = None;
                    self.unfinished(&splitter, seen).await?;
                    continue;
                }
                () = sleep_until(last.unwrap_or(far)) => return Ok(Outcome::Finished),
                changed = self.standing.changed(), if last.is_none() => {
                    let moved_on = born.is_some() && self.standing.borrow().life() != born.as_ref();
                    if changed.is_err() || moved_on {
                        last = Some(Instant::now() + LAST_LINES);
                    }
                    continue;
                }
            };
            let outcome = match item {
                Some(Incoming::Output(bytes)) => {
                    let mut lines = Vec::new();
                    splitter.push(&bytes, |line| {
                        if line.time.is_none_or(|time| seen.is_new(time, line.text)) {
                            lines.push(self.line(&line, true));
                        }
                    });
                    if !lines.is_empty() {
                        self.tell(LogNews::Lines(lines)).await?;
                    }
                    quiet = splitter.begun().map(|_| Instant::now() + QUIET);
                    continue;
                }
                Some(Incoming::Ended(End::Lost { reason })) => Outcome::Lost(reason),
                None | Some(Incoming::Ended(_)) => Outcome::Finished,
                Some(_) => continue,
            };
            match splitter.begun() {
                Some(line) if complete && matches!(outcome, Outcome::Finished) => {
                    if line.time.is_none_or(|time| seen.is_new(time, line.text)) {
                        self.tell(LogNews::Lines(vec![self.line(&line, true)])).await?;
                    }
                }
                // What nothing was added to since is shown already.
                _ if quiet.is_none() => {}
                _ => self.unfinished(&splitter, seen).await?,
            }
            return Ok(outcome);
        }
    }

    /// Shows a line whose end has not come, unless it may be one that was given already.
    async fn unfinished(&self, splitter: &Splitter, seen: &Seen) -> Result<(), Unwanted> {
        match splitter.begun() {
            Some(line) if line.time.is_some_and(|time| !seen.may_repeat(time)) => {
                self.tell(LogNews::Lines(vec![self.line(&line, false)])).await
            }
            _ => Ok(()),
        }
    }

    fn line(&self, line: &Stamped<'_>, whole: bool) -> LogLine {
        let mut text = String::from_utf8_lossy(line.text).into_owned();
        if line.cut > 0 {
            let _ = write!(text, " … and {} bytes more", line.cut);
        }
        LogLine { source: self.number, time: line.time, text: text.into(), whole }
    }

    async fn tell(&self, news: LogNews) -> Result<(), Unwanted> {
        self.news.send(news).await.map_err(|_| Unwanted)
    }

    async fn mark(&self, kind: MarkKind, time: Option<Timestamp>, text: String) -> Result<(), Unwanted> {
        self.tell(LogNews::Mark(LogMark { source: Some(self.number), time, kind, text })).await
    }

    async fn refused(&self, fault: &Fault) -> Result<(), Unwanted> {
        let problem = with_role(fault.problem(format!("cannot read the log of {}", self.key.container)));
        self.tell(LogNews::Refused(self.number, problem)).await
    }

    async fn restarted(&self, before: &Life, now: &Standing, seen: &Seen) -> Result<(), Unwanted> {
        let (name, Some(life)) = (&self.key.container, now.life()) else { return Ok(()) };
        let started = match now {
            Standing::Running { since, .. } => *since,
            _ => None,
        };
        let time = after(started, seen);
        if life.pod != before.pod {
            let text = format!("{name} runs in a new pod of the name {}", self.key.pod.name);
            return self.mark(MarkKind::Gap, time, text).await;
        }
        let exit = match now {
            Standing::Running { before: Some(exit), .. } => format!(", {}", exit_words(exit)),
            _ => String::new(),
        };
        let times = life.restarts.saturating_sub(before.restarts);
        let missed = if times > 1 { format!(" {times} times, the logs between are gone") } else { String::new() };
        self.mark(MarkKind::Failure, time, format!("{name} restarted{missed}{exit}")).await
    }
}

/// Whether nothing more comes of this life.
fn ends(standing: &Standing, life: Option<&Life>) -> bool {
    match (standing, life) {
        (Standing::Gone, _) | (Standing::Ended(..), Some(_)) => true,
        (Standing::Running { life: now, .. }, Some(life)) => now != life,
        _ => false,
    }
}

fn exit_words(exit: &Exit) -> String {
    let reason = if exit.reason.is_empty() { String::new() } else { format!(" ({})", exit.reason) };
    format!("exit code {}{reason}", exit.code)
}

/// The API's whole seconds, but behind every line that came before.
fn after(time: Option<Timestamp>, seen: &Seen) -> Option<Timestamp> {
    let next = seen.latest().and_then(|latest| latest.checked_add(SignedDuration::from_nanos(1)).ok());
    time.max(next)
}

/// Counts somebody who waits for a stream, as long as it is there.
struct Waits(Arc<watch::Sender<usize>>);

impl Waits {
    fn new(count: Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}
