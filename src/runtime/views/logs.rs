//! Logs for a view: what comes is gathered and told a few times a second, so that a torrent costs the console little; what
//! comes faster than that is taken in is left out and counted.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::Outlet;
use crate::app::view::ViewUpdate;
use crate::app::view::logs::{Following, LogBatch, LogEntry};
use crate::cluster::{Cluster, LogNews, Problem, follow_logs};

/// News that may wait to be gathered.
const NEWS: usize = 64;
/// What is gathered is told this often at most.
const PACE: Duration = Duration::from_millis(50);
/// The most bytes of lines that are gathered.
const GATHERED_MAX: usize = 2 * 1024 * 1024;
/// What a line costs besides its text, in bytes.
const LINE: usize = 64;

/// Tells what comes of the logs.
pub(super) async fn follow(cluster: Cluster, following: Following, outlet: &Outlet) {
    let (sender, mut news) = mpsc::channel(NEWS);
    let mut following_on = pin!(follow_logs(cluster, following.subject, sender));
    let mut gathered = Gathered::new(following.turn);
    let (mut follows, mut listens) = (true, true);
    let mut due = Instant::now();
    while listens || gathered.holds_something() {
        tokio::select! {
            () = &mut following_on, if follows => follows = false,
            heard = news.recv(), if listens => match heard {
                Some(heard) => gathered.add(heard),
                None => listens = false,
            },
            () = sleep_until(due), if gathered.holds_something() && Instant::now() < due => {}
            place = outlet.news.reserve(), if gathered.holds_something() && Instant::now() >= due => {
                let Ok(place) = place else { return };
                let (batch, problem) = gathered.take();
                place.send((outlet.id, ViewUpdate::Logs(Box::new(batch))));
                if let Some(problem) = problem
                    && !outlet.tell(ViewUpdate::Failed(problem)).await
                {
                    return;
                }
                due = Instant::now() + PACE;
            }
        }
    }
}

/// What is not told yet.
struct Gathered {
    batch: LogBatch,
    bytes: usize,
    problem: Option<Problem>,
    news: bool,
}

impl Gathered {
    fn new(turn: u32) -> Self {
        Self { batch: LogBatch { turn, ..LogBatch::default() }, bytes: 0, problem: None, news: false }
    }

    fn holds_something(&self) -> bool {
        self.news
    }

    fn add(&mut self, heard: LogNews) {
        self.news = true;
        match heard {
            LogNews::Owner(owner) => self.batch.owner = Some(owner),
            LogNews::Source(number, key) => self.batch.sources.push((number, key)),
            LogNews::Over(numbers) => self.batch.over.extend(numbers),
            LogNews::Lines(lines) => {
                self.bytes += lines.iter().map(|line| LINE + line.text.len()).sum::<usize>();
                self.batch.entries.extend(lines.into_iter().map(LogEntry::Line));
                if self.bytes > GATHERED_MAX {
                    self.leave_out();
                }
            }
            LogNews::Mark(mark) => self.batch.entries.push(LogEntry::Mark(mark)),
            LogNews::Refused(number, problem) => {
                self.batch.entries.push(LogEntry::Refused(number, Box::new(problem)));
            }
            LogNews::Crowd { containers, waiting } => self.batch.crowd = Some((containers, waiting)),
            LogNews::Lost(why) => self.batch.lost = Some(Some(why)),
            LogNews::Heard => self.batch.lost = Some(None),
            LogNews::Failed(problem) => self.problem = Some(problem),
        }
    }

    /// Leaves out the older half of the lines; marks stay.
    fn leave_out(&mut self) {
        let half = self.bytes / 2;
        let (mut bytes, mut skipped) = (self.bytes, 0);
        self.batch.entries.retain(|entry| match entry {
            LogEntry::Line(line) if bytes > half => {
                bytes -= LINE + line.text.len();
                skipped += 1;
                false
            }
            _ => true,
        });
        self.batch.skipped += skipped;
        self.bytes = bytes;
    }

    fn take(&mut self) -> (LogBatch, Option<Problem>) {
        let rest = Self::new(self.batch.turn);
        let taken = std::mem::replace(self, rest);
        (taken.batch, taken.problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{LogLine, LogMark, MarkKind};

    #[test]
    fn what_is_left_out_of_a_torrent_is_counted_and_the_newest_stays() {
        let mut gathered = Gathered::new(0);
        let mark = LogMark { source: None, time: None, kind: MarkKind::Gap, text: "a mark".to_owned() };
        gathered.add(LogNews::Mark(mark));
        let line = |number: u32| LogLine { source: 0, time: None, text: format!("line {number}").into(), whole: true };
        for hundred in 0..1_000 {
            gathered.add(LogNews::Lines((0..100).map(|n| line(hundred * 100 + n)).collect()));
        }
        assert!(gathered.bytes <= GATHERED_MAX);
        let (batch, _) = gathered.take();
        let lines = batch.entries.iter().filter(|entry| matches!(entry, LogEntry::Line(_))).count();
        assert_eq!(lines as u64 + batch.skipped, 100_000);
        assert!(matches!(batch.entries.first(), Some(LogEntry::Mark(_))), "marks stay");
        assert!(matches!(batch.entries.last(), Some(LogEntry::Line(line)) if &*line.text == "line 99999"));
        assert!(!gathered.holds_something());
    }
}
