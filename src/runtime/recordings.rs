//! The recordings that run: each event to its own, and their reports back; what is recorded is decided elsewhere.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::cluster::Problem;
use crate::session::recording::{About, Event, Options, Recorder, RecordingId, Report, Stopped};

/// How long recordings may take at the end of the program to write what waits.
const LAST_WRITES: Duration = Duration::from_secs(5);

/// Which recording says what.
type Reported = (RecordingId, Report);

/// The recordings that run.
pub(super) struct Recordings {
    running: HashMap<RecordingId, Recorder>,
    /// How many have begun and not reported their end.
    open: usize,
    reports: (mpsc::UnboundedSender<Reported>, mpsc::UnboundedReceiver<Reported>),
}

impl Default for Recordings {
    fn default() -> Self {
        Self { running: HashMap::new(), open: 0, reports: mpsc::unbounded_channel() }
    }
}

impl Recordings {
    pub(super) fn start(&mut self, id: RecordingId, about: About, options: Options) {
        self.open += 1;
        self.running.insert(id, Recorder::start(id, about, options, &self.reports.0));
    }

    pub(super) fn record(&self, id: RecordingId, event: Event) {
        if let Some(recorder) = self.running.get(&id) {
            recorder.record(event);
        }
    }

    pub(super) fn stop(&mut self, id: RecordingId) {
        if let Some(recorder) = self.running.remove(&id) {
            recorder.stop();
        }
    }

    /// The next report, whenever it comes.
    pub(super) async fn reported(&mut self) -> Option<Reported> {
        let reported = self.reports.1.recv().await?;
        Some(self.noted(reported))
    }

    /// A report that is there already.
    pub(super) fn ready(&mut self) -> Option<Reported> {
        let reported = self.reports.1.try_recv().ok()?;
        Some(self.noted(reported))
    }

    fn noted(&mut self, (id, report): Reported) -> Reported {
        if matches!(report, Report::Stopped { .. }) {
            self.open = self.open.saturating_sub(1);
            self.running.remove(&id);
        }
        (id, report)
    }

    /// Ends all of them once they are written; what went wrong with that comes back.
    pub(super) async fn finish(mut self) -> Vec<Problem> {
        self.running.clear();
        let mut problems = Vec::new();
        let problem = |why: String| Problem {
            what: "a recording is not complete".to_owned(),
            why,
            hint: "what is in its file so far can be played".to_owned(),
            fixes: Vec::new(),
        };
        let ends = async {
            while self.open > 0
                && let Some((_, report)) = self.reported().await
            {
                if let Report::Stopped { why: Stopped::Failed(reason), .. } = report {
                    problems.push(problem(reason));
                }
            }
        };
        if tokio::time::timeout(LAST_WRITES, ends).await.is_err() {
            problems.push(problem(format!("the disk had not taken it after {} s", LAST_WRITES.as_secs())));
        }
        problems
    }
}
