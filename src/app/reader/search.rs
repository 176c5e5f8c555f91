//! Looking for text in lines: from where one reads, in steps of bounded work; it moves no view.

use std::collections::VecDeque;
use std::ops::Range;

use super::Lines;
use crate::screen::Pattern;

/// How much text one step looks at, in bytes: a few milliseconds.
const STEP: usize = 1024 * 1024;

/// What looking at a line costs besides its text, in bytes of text.
const LINE: usize = 64;

/// The most lines that are found and counted.
const FOUND_MAX: usize = 10_000;

/// How a search stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What was typed.
    pub text: String,
    /// It is taken as a regular expression.
    pub expression: bool,
    /// Which of the lines found is pointed at, counted from 1.
    pub at: Option<usize>,
    /// How many lines have a match, as far as was looked.
    pub found: usize,
    /// Not everything was looked at yet.
    pub busy: bool,
}

/// A search as it stands.
#[derive(Debug, Clone)]
pub(super) struct Search {
    text: String,
    expression: bool,
    pattern: Option<Pattern>,
    older: bool,
    /// The lines with a match among those looked at, in order.
    found: VecDeque<usize>,
    /// The lines before this one were looked at.
    looked: usize,
    wanted: Option<Wanted>,
}

/// The nearest match on one side of a line.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    from: usize,
    older: bool,
    /// The line itself counts.
    here: bool,
}

impl Search {
    /// A search for this text that wants the first match from a line on; `None` if there is nothing to look for.
    pub(super) fn new(text: &str, older: bool, from: usize) -> Option<Self> {
        let pattern = Pattern::literal(text);
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
            expression: false,
            pattern,
            older,
            found: VecDeque::new(),
            looked: 0,
            wanted: Some(Wanted { from, older, here: true }),
        })
    }

    pub(super) fn restart(&mut self) {
        self.found.clear();
        self.looked = 0;
    }

    pub(super) fn dropped(&mut self, count: usize) {
        self.looked = self.looked.saturating_sub(count);
        while self.found.front().is_some_and(|line| *line < count) {
            self.found.pop_front();
        }
        self.found.iter_mut().for_each(|line| *line -= count);
        if let Some(wanted) = &mut self.wanted {
            wanted.from = wanted.from.saturating_sub(count);
        }
    }

    pub(super) fn want_next(&mut self, from: usize, onwards: bool) {
        self.wanted = Some(Wanted { from, older: self.older == onwards, here: false });
    }

    /// Looks at more lines.
    pub(super) fn step(&mut self, lines: &dyn Lines) {
        let count = lines.count();
        self.looked = self.looked.min(count);
        let mut work = 0;
        while !self.is_done(count) && work < STEP {
            let text = lines.text(self.looked);
            work += text.len() + LINE;
            if self.pattern.as_ref().is_some_and(|pattern| pattern.is_in(&text)) {
                self.found.push_back(self.looked);
            }
            self.looked += 1;
            if self.looked == count && self.found.is_empty() && !self.expression {
                // What stands nowhere as it was typed may be meant as an expression.
                self.expression = true;
                if let Some(pattern) = Pattern::expression(&self.text) {
                    self.pattern = Some(pattern);
                    self.looked = 0;
                }
            }
        }
    }

    fn is_done(&self, count: usize) -> bool {
        self.looked >= count || self.found.len() >= FOUND_MAX
    }

    /// Whether lines have not been looked at.
    pub(super) fn is_busy(&self, lines: &dyn Lines) -> bool {
        !self.is_done(lines.count())
    }

    /// The match that is wanted, once it is known; round and round.
    pub(super) fn take_wanted(&mut self, lines: &dyn Lines) -> Option<usize> {
        let Wanted { from, older, here } = self.wanted?;
        let done = self.is_done(lines.count());
        let before = self.found.partition_point(|line| *line < from);
        let through = self.found.partition_point(|line| *line <= from);
        let nearest = if older {
            let end = if here { through } else { before };
            // A nearer one may be among the lines that were not looked at.
            end.checked_sub(1).filter(|_| done || self.looked > from)
        } else {
            Some(if here { before } else { through }).filter(|at| *at < self.found.len())
        };
        // What is looked for anew from the end of a log is meant to be the latest, not the oldest.
        let round = if older || here { self.found.len().checked_sub(1) } else { Some(0) };
        let at = nearest.or(round.filter(|_| done));
        if nearest.is_some() || done {
            self.wanted = None;
        }
        at.and_then(|at| self.found.get(at)).copied()
    }

    /// Where it matches in a line, in bytes.
    pub(super) fn matches(&self, text: &str) -> Vec<Range<usize>> {
        self.pattern.as_ref().map(|pattern| pattern.places_in(text)).unwrap_or_default()
    }

    /// How it stands, while this line is pointed at.
    pub(super) fn told(&self, cursor: Option<usize>, lines: &dyn Lines) -> Told {
        Told {
            text: self.text.clone(),
            expression: self.expression && !self.found.is_empty(),
            at: cursor.and_then(|line| self.found.binary_search(&line).ok()).map(|at| at + 1),
            found: self.found.len(),
            busy: self.is_busy(lines),
        }
    }
}
