//! A search through a session's text: newest first, in steps of bounded work, kept up to date while output comes.

use crate::screen::{Match, Pattern, Position, Screen};

/// How much text one step looks at, in bytes: a few milliseconds.
const STEP: usize = 2 * 1024 * 1024;

/// The most places that are found and counted.
const PLACES_MAX: usize = 10_000;

/// A search as it stands.
#[derive(Debug, Clone)]
pub(super) struct Search {
    /// What was typed.
    text: String,
    /// It is taken as a regular expression, since it is nowhere as it stands.
    expression: bool,
    pattern: Option<Pattern>,
    /// The places found so far, oldest first, without a gap from `from` on.
    found: Vec<Match>,
    /// The rows from here on were looked at.
    from: u64,
    /// The rows from here on may still change, or scroll.
    alive: u64,
    /// What the screen's revision was when they were looked at.
    revision: u64,
    /// The first cell of the match that the cursor was put on last.
    at: Option<Position>,
    /// Which match is wanted, while it has not been found.
    wanted: Option<Wanted>,
    /// The wanted match was beyond the end: the search went round.
    pub(super) wrapped: bool,
    /// Whether the person asked upwards: what `n` does again.
    pub(super) older: bool,
}

/// The nearest match on one side of a position.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    beside: Position,
    older: bool,
}

impl Search {
    /// A search for this text that has not looked anywhere.
    pub(super) fn new(text: String, older: bool, screen: &Screen) -> Self {
        let pattern = Pattern::literal(&text);
        let mut search = Self {
            text,
            expression: false,
            pattern,
            found: Vec::new(),
            from: 0,
            alive: 0,
            revision: 0,
            at: None,
            wanted: None,
            wrapped: false,
            older,
        };
        search.restart(screen);
        search
    }

    /// Begins anew: the rows have other numbers than they had.
    pub(super) fn restart(&mut self, screen: &Screen) {
        self.found.clear();
        self.at = None;
        self.from = screen.newest_row() + 1;
        self.alive = screen.line_start(screen.present_row());
        self.revision = screen.revision();
    }

    /// What was typed.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Asks for the nearest match on one side of a position; [`Search::step`] finds it.
    pub(super) fn want(&mut self, older: bool, beside: Position) {
        self.wanted = Some(Wanted { beside, older });
        self.wrapped = false;
    }

    /// Whether there is more to look at.
    pub(super) fn goes_on(&self, screen: &Screen) -> bool {
        self.pattern.is_some() && self.from > screen.oldest_row() && self.found.len() < PLACES_MAX
    }

    /// Looks a step further and at what is new. Where the match stands that was wanted, once it is known.
    pub(super) fn step(&mut self, screen: &Screen) -> Option<Position> {
        self.follow(screen);
        if let Some(pattern) = self.pattern.as_ref().filter(|_| self.goes_on(screen)) {
            let before = screen.find_back(pattern, self.from, STEP);
            self.from = before.from;
            self.found.splice(0..0, before.matches);
        }
        if !self.goes_on(screen) && self.found.is_empty() && !self.expression {
            // It is nowhere as it stands: it may be meant as an expression.
            self.expression = true;
            let has_meaning = self.text != regex_free(&self.text);
            if let Some(pattern) = Pattern::expression(&self.text).filter(|_| has_meaning) {
                self.pattern = Some(pattern);
                self.restart(screen);
                return self.step(screen);
            }
            self.expression = false;
        }
        self.decide(screen)
    }

    /// Takes in what was printed, and lets go of what has left the history.
    fn follow(&mut self, screen: &Screen) {
        if self.revision == screen.revision() {
            return;
        }
        self.revision = screen.revision();
        let Some(pattern) = &self.pattern else { return };
        let keep = self.found.partition_point(|found| found.start.row < self.alive);
        self.found.truncate(keep);
        self.found.extend(screen.find_from(pattern, self.alive));
        // Rows that were never looked at are looked at backwards.
        self.from = self.from.min(self.alive);
        self.alive = screen.line_start(screen.present_row());
        let oldest = screen.oldest_row();
        let gone = self.found.partition_point(|found| found.start.row < oldest);
        let surplus = self.found.len().saturating_sub(2 * PLACES_MAX);
        self.found.drain(..gone.max(surplus));
    }

    fn decide(&mut self, screen: &Screen) -> Option<Position> {
        let Wanted { beside, older } = self.wanted?;
        let complete = !self.goes_on(screen);
        if self.from > beside.row && !complete {
            return None;
        }
        let before = self.found.partition_point(|found| found.start < beside);
        let beyond = self.found.partition_point(|found| found.start <= beside);
        let near = if older { before.checked_sub(1) } else { Some(beyond) };
        let near = near.and_then(|index| self.found.get(index));
        let round = if older { self.found.last() } else { self.found.first() };
        let place = near.or(round.filter(|_| complete));
        self.wrapped = near.is_none() && place.is_some();
        self.at = place.map(|found| found.start);
        if self.at.is_some() || complete {
            self.wanted = None;
        }
        self.at
    }

    /// The match that the cursor is on.
    pub(super) fn current(&self, cursor: Position) -> Option<Match> {
        let index = self.found.binary_search_by_key(&cursor, |found| found.start).ok()?;
        Some(self.found[index])
    }

    /// The matches that have a cell in these rows.
    pub(super) fn matches_in(&self, rows: std::ops::RangeInclusive<u64>) -> impl Iterator<Item = Match> + '_ {
        let first = self.found.partition_point(|found| found.end.row < *rows.start());
        self.found[first..].iter().take_while(move |found| found.start.row <= *rows.end()).copied()
    }

    /// How it stands: `3 of 17 “error”`.
    pub(super) fn says(&self, cursor: Position, screen: &Screen) -> String {
        let text = if self.expression { format!("/{}/", self.text) } else { format!("“{}”", self.text) };
        let count = self.found.len();
        let more = if self.goes_on(screen) || count >= PLACES_MAX { "+" } else { "" };
        match self.found.binary_search_by_key(&cursor, |found| found.start) {
            _ if self.wanted.is_some() => format!("looking for {text} …"),
            _ if count == 0 => format!("{text} is nowhere"),
            Ok(index) => {
                let round = if self.wrapped { " · went round" } else { "" };
                format!("{} of {count}{more} {text}{round}", index + 1)
            }
            Err(_) => format!("{count}{more} {text}"),
        }
    }
}

/// The text without the characters that mean something in an expression.
fn regex_free(text: &str) -> String {
    text.chars().filter(|c| !r"\.+*?()|[]{}^$".contains(*c)).collect()
}
