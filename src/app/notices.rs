//! What the person was told: the notice in the footer and the history behind it; bounded, never printed.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::cluster::Problem;

/// How many notices the history keeps.
const KEPT: usize = 500;
/// How many characters a person reads in a second, with the time to look.
const READ: usize = 14;
/// The shortest and the longest a notice stays in the footer, in seconds.
const SHOWN_FOR: (usize, usize) = (3, 8);
/// The same for an error; it stays in the history, and in its own pane.
const ERROR_SHOWN_FOR: (usize, usize) = (6, 12);

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Something went as wished.
    Info,
    /// Something to know.
    Warning,
    /// Something failed.
    Error,
}

/// Something told to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub at: Timestamp,
    /// How much it matters.
    pub level: Level,
    /// One sentence.
    pub text: String,
    /// Why, and what to do next; for the history.
    pub more: Vec<String>,
}

impl Notice {
    /// How long it stays in the footer, in seconds: as long as it takes to read.
    fn shown_for(&self) -> i64 {
        let (shortest, longest) = if self.level == Level::Error { ERROR_SHOWN_FOR } else { SHOWN_FOR };
        let seconds = (self.text.chars().count() / READ + 2).clamp(shortest, longest);
        i64::try_from(seconds).unwrap_or(i64::MAX)
    }
}

/// The notices of this run, newest last.
#[derive(Debug, Clone, Default)]
pub struct Notices {
    history: VecDeque<Notice>,
    dismissed: bool,
}

impl Notices {
    /// Tells the user something.
    pub fn push(&mut self, at: Timestamp, level: Level, text: impl Into<String>, more: Vec<String>) {
        let text = text.into();
        self.dismissed = false;
        if let Some(last) = self.history.back_mut()
            && last.text == text
            && last.more == more
        {
            last.at = at;
            return;
        }
        if self.history.len() == KEPT {
            self.history.pop_front();
        }
        self.history.push_back(Notice { at, level, text, more });
    }

    /// Keeps something for the history without showing it in the footer: it is on screen elsewhere.
    pub fn keep(&mut self, at: Timestamp, text: String) {
        let dismissed = std::mem::replace(&mut self.dismissed, true) || self.current(at).is_none();
        let place = if dismissed { self.history.len() } else { self.history.len().saturating_sub(1) };
        if self.history.len() == KEPT {
            self.history.pop_front();
        }
        self.history.insert(place.min(self.history.len()), Notice { at, level: Level::Info, text, more: Vec::new() });
        self.dismissed = dismissed;
    }

    /// Tells the user of a failure.
    pub fn problem(&mut self, at: Timestamp, problem: &Problem) {
        let more = if problem.hint.is_empty() { Vec::new() } else { vec![problem.hint.clone()] };
        self.push(at, Level::Error, problem.headline(), more);
    }

    /// The notice the footer shows now.
    pub fn current(&self, now: Timestamp) -> Option<&Notice> {
        let last = self.history.back().filter(|_| !self.dismissed)?;
        let age = now.as_second() - last.at.as_second();
        (age < last.shown_for()).then_some(last)
    }

    /// Takes the current notice off the footer; it stays in the history.
    pub fn dismiss(&mut self) {
        self.dismissed = true;
    }

    /// Everything told so far, oldest first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Notice> + ExactSizeIterator {
        self.history.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_leaves_the_footer_and_an_error_stays_longer() {
        let mut notices = Notices::default();
        let start = Timestamp::from_second(1_000).expect("in range");
        let later = Timestamp::from_second(1_003).expect("in range");
        notices.push(start, Level::Info, "copied", vec![]);
        assert!(notices.current(start).is_some());
        assert!(notices.current(later).is_none());
        notices.push(start, Level::Error, "refused", vec![]);
        assert!(notices.current(later).is_some());
        notices.dismiss();
        assert!(notices.current(start).is_none());
        assert_eq!(notices.history().len(), 2);
    }

    #[test]
    fn a_notice_stays_as_long_as_it_takes_to_read_and_never_long() {
        let shown = |level: Level, length: usize| {
            let notice = Notice { at: Timestamp::UNIX_EPOCH, level, text: "x".repeat(length), more: vec![] };
            notice.shown_for()
        };
        assert_eq!([5, 70, 5_000].map(|length| shown(Level::Info, length)), [3, 7, 8]);
        assert_eq!([5, 5_000].map(|length| shown(Level::Error, length)), [6, 12]);
    }

    #[test]
    fn a_repeated_notice_is_kept_once_and_the_history_is_bounded() {
        let mut notices = Notices::default();
        for _ in 0..3 {
            notices.push(Timestamp::UNIX_EPOCH, Level::Info, "again", vec![]);
        }
        assert_eq!(notices.history().len(), 1);
        for n in 0..2 * KEPT {
            notices.push(Timestamp::UNIX_EPOCH, Level::Info, n.to_string(), vec![]);
        }
        assert_eq!(notices.history().len(), KEPT);
    }
}
