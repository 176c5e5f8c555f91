//! Which lines of a log were given already, so that a stream opened again goes on without a gap or a double; pure.
//!
//! The API takes whole seconds, several lines may carry one time, and what a container writes to its two outputs may
//! stand in its log slightly out of order. So the lines of the last seconds are remembered one by one.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use jiff::{SignedDuration, Timestamp};

/// A log is asked for again from so long before the second of its latest line.
const MARGIN: SignedDuration = SignedDuration::from_secs(1);
/// The most lines that are remembered: those of a third of a second where 100,000 come in one. In 48 streams they take
/// some 40 MB.
const REMEMBERED: usize = 1 << 15;

type Mark = (Timestamp, u64);

/// What was given of one container's log.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The first line of all: what lies before it was not asked for.
    first: Option<Mark>,
    latest: Option<Timestamp>,
    recent: VecDeque<Mark>,
    /// Up to here lines were given that are not remembered.
    forgotten: Option<Timestamp>,
    again: Option<Again>,
}

/// What a stream that was opened again repeats.
#[derive(Debug)]
struct Again {
    /// How often each line is still expected.
    expected: HashMap<Mark, u32>,
    /// How many of them in all.
    left: usize,
    /// Nothing later was given before.
    until: Timestamp,
    /// Whether the first line of all has come, or lay too far back to come.
    begun: bool,
}

impl Seen {
    /// From when on the log is to be asked for again; `None` while nothing came.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.latest.map(from)
    }

    /// The time of the latest line.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.latest
    }

    /// Whether a line of this time, of which only the beginning is known, may be one that was given.
    pub(super) fn may_repeat(&self, time: Timestamp) -> bool {
        self.again.as_ref().is_some_and(|again| time <= again.until && again.left > 0)
    }

    /// The log is read once more, from [`Seen::since`] on.
    pub(super) fn again(&mut self) {
        let (Some(until), Some(first)) = (self.latest, self.first) else { return };
        let mut expected: HashMap<Mark, u32> = HashMap::with_capacity(self.recent.len());
        for mark in &self.recent {
            *expected.entry(*mark).or_default() += 1;
        }
        let begun = first.0 < from(until) || self.forgotten.is_some_and(|forgotten| forgotten >= first.0);
        self.again = Some(Again { expected, left: self.recent.len(), until, begun });
    }

    /// Whether this line is to be given; it counts as given from now on.
    pub(super) fn is_new(&mut self, time: Timestamp, text: &[u8]) -> bool {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let mark = (time, hasher.finish());
        let is_new = self.again.as_mut().is_none_or(|again| again.is_new(mark, self.first, self.forgotten));
        if is_new {
            self.note(mark);
        }
        // What is repeated stands before this in the log, whatever is slightly out of order there.
        self.again.take_if(|again| again.until.checked_add(MARGIN).is_ok_and(|passed| time > passed));
        is_new
    }

    fn note(&mut self, mark: Mark) {
        self.first.get_or_insert(mark);
        self.latest = Some(self.latest.map_or(mark.0, |latest| latest.max(mark.0)));
        let from = self.latest.map_or(Timestamp::MIN, from);
        while self.recent.front().is_some_and(|(time, _)| *time < from) {
            self.recent.pop_front();
        }
        // Before it grows past what it may hold: a ring doubles.
        if self.recent.len() >= REMEMBERED
            && let Some((time, _)) = self.recent.pop_front()
        {
            self.forgotten = self.forgotten.max(Some(time));
        }
        self.recent.push_back(mark);
    }
}

impl Again {
    fn is_new(&mut self, mark: Mark, first: Option<Mark>, forgotten: Option<Timestamp>) -> bool {
        if let Some(count) = self.expected.get_mut(&mark).filter(|count| **count > 0) {
            *count -= 1;
            self.left -= 1;
            self.begun |= first == Some(mark);
            return false;
        }
        let (time, _) = mark;
        if time > self.until {
            return true;
        }
        let before_first = first.is_some_and(|(first, _)| time < first || (time == first && !self.begun));
        !(before_first || forgotten.is_some_and(|forgotten| time <= forgotten) || time < from(self.until))
    }
}

fn from(latest: Timestamp) -> Timestamp {
    let second = Timestamp::from_second(latest.as_second()).unwrap_or(latest);
    second.checked_sub(MARGIN).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap()
    }

    /// What comes through of these lines.
    fn new(seen: &mut Seen, lines: &[(i64, &str)]) -> Vec<String> {
        let mut given = Vec::new();
        for (time, text) in lines {
            if seen.is_new(at(*time), text.as_bytes()) {
                given.push((*text).to_owned());
            }
        }
        given
    }

    #[test]
    fn lines_of_one_time_are_told_apart() {
        let mut seen = Seen::default();
        assert_eq!(new(&mut seen, &[(1000, "a"), (1000, "a"), (1000, "b")]).len(), 3);
        assert_eq!(seen.since(), Some(at(0)));
        seen.again();
        let again = [(1000, "a"), (1000, "a"), (1000, "b"), (1000, "a"), (1001, "c")];
        assert_eq!(new(&mut seen, &again), ["a", "c"]);
    }

    #[test]
    fn a_line_that_was_written_late_is_not_lost() {
        let mut seen = Seen::default();
        new(&mut seen, &[(1000, "out 1"), (1005, "out 2")]);
        seen.again();
        assert_eq!(new(&mut seen, &[(1000, "out 1"), (1005, "out 2"), (1003, "err 1")]), ["err 1"]);
    }

    #[test]
    fn what_lay_before_the_first_line_stays_away() {
        let mut seen = Seen::default();
        new(&mut seen, &[(1000, "tail")]);
        seen.again();
        assert_eq!(new(&mut seen, &[(900, "old"), (1000, "old, same time"), (1000, "tail"), (1000, "new")]), ["new"]);
    }

    #[test]
    fn what_was_rotated_away_is_not_waited_for() {
        let mut seen = Seen::default();
        new(&mut seen, &[(0, "a"), (5000, "b"), (5100, "c")]);
        seen.again();
        assert_eq!(new(&mut seen, &[(5100, "c"), (5200, "d")]), ["d"]);
        seen.again();
        assert_eq!(new(&mut seen, &[(9000, "e")]), ["e"]);
    }

    #[test]
    fn a_torrent_is_remembered_in_bounded_memory() {
        let mut seen = Seen::default();
        for number in 0..2 * REMEMBERED {
            assert!(seen.is_new(at(i64::try_from(number / 1000).unwrap()), number.to_string().as_bytes()));
        }
        assert!(seen.recent.len() <= REMEMBERED);
        seen.again();
        for number in 0..2 * REMEMBERED {
            assert!(!seen.is_new(at(i64::try_from(number / 1000).unwrap()), number.to_string().as_bytes()), "{number}");
        }
    }

    proptest! {
        /// A log is read in pieces, each from the second of the last line on or a tail of it, cut anywhere: every line
        /// comes once, in order, from the first on.
        #[test]
        fn each_line_comes_once_wherever_it_is_cut(
            steps in prop::collection::vec((0..400_i64, 0..3_u8), 1..120),
            cuts in prop::collection::vec(0..120_usize, 0..6),
            tail in 1..120_usize,
        ) {
            let mut time = 0;
            let log: Vec<(i64, String)> = steps.iter().map(|(step, text)| {
                // Several of one time, and texts that repeat.
                time += step / 100 * 100;
                (time, format!("line {text}"))
            }).collect();
            // Lines of one time and text are the same to everybody: the tail begins where that cannot confuse.
            let mut begin = log.len().saturating_sub(tail);
            while begin > 0 && log[begin - 1].0 == log[begin].0 {
                begin -= 1;
            }
            let mut seen = Seen::default();
            let mut given = Vec::new();
            let mut cuts = cuts.clone();
            cuts.sort_unstable();
            cuts.push(log.len());
            for cut in cuts {
                let since = seen.since();
                seen.again();
                for (index, (time, text)) in log.iter().enumerate().take(cut.max(begin)) {
                    let wanted = since.map_or(index >= begin, |since| at(*time) >= since);
                    if wanted && seen.is_new(at(*time), text.as_bytes()) {
                        given.push((*time, text.clone()));
                    }
                }
            }
            // The order of lines of one time that are alike cannot be seen.
            prop_assert_eq!(&given[..], &log[begin..]);
        }
    }
}
