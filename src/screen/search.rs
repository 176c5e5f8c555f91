//! Finding text on a screen and in its history, in pieces of bounded work; it never moves the view by itself.

use regex::{Regex, RegexBuilder};

use super::Screen;
use super::cell::width_of;
use super::emulator::RowRef;
use super::selection::Position;
use super::view::NO_TEXT;

/// The most matches given at once; more are of no use to a person.
const MATCHES_MAX: usize = 10_000;

/// Rows of one line that are searched together; a longer line is searched in parts.
const LINE_ROWS: u64 = 500;

/// What looking at a row costs besides its text, in bytes of text.
const ROW_COST: usize = 64;

/// The most memory of a compiled pattern.
const PATTERN_MAX: usize = 4 * 1024 * 1024;

/// What is looked for. Capitals matter when the text has any.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// This very text; `None` if it is empty, or too long to look for.
    pub fn literal(text: &str) -> Option<Self> {
        let exact = text.chars().any(char::is_uppercase);
        if text.is_empty() { None } else { Self::build(&regex::escape(text), exact) }
    }

    /// What this regular expression describes; `None` if it is none, or too large.
    pub fn expression(text: &str) -> Option<Self> {
        // The capital of a class such as \W is not one that is looked for.
        let mut escaped = false;
        let is_capital = |c: char| {
            let class = escaped;
            escaped = c == '\\' && !class;
            !class && c.is_uppercase()
        };
        Self::build(text, text.chars().any(is_capital))
    }

    fn build(expression: &str, exact: bool) -> Option<Self> {
        let mut builder = RegexBuilder::new(expression);
        builder.case_insensitive(!exact).size_limit(PATTERN_MAX).dfa_size_limit(PATTERN_MAX);
        builder.build().ok().map(Self)
    }

    /// Whether it stands in a text.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// Where it stands in a text, in bytes, from left to right; matches of nothing are none.
    pub fn places_in(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        self.0.find_iter(text).map(|found| found.range()).filter(|range| !range.is_empty()).collect()
    }
}

/// A place where something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Its first cell.
    pub start: Position,
    /// The first column of its last cell.
    pub end: Position,
}

/// What was found in some rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The places, oldest first.
    pub matches: Vec<Match>,
    /// The first row that was looked at: the beginning of a line.
    pub from: u64,
}

impl Screen {
    /// Every place where `text` is found, oldest first, also across wrapped rows. Capitals matter when `text` has
    /// any. At most the newest 10,000.
    pub fn find(&self, text: &str) -> Vec<Match> {
        self.find_since(text, 0)
    }

    /// As [`Screen::find`], in the rows from this one on (see [`Position::row`]).
    pub fn find_since(&self, text: &str, since: u64) -> Vec<Match> {
        let Some(pattern) = Pattern::literal(text) else { return Vec::new() };
        let mut found = self.find_from(&pattern, since);
        let surplus = found.len().saturating_sub(MATCHES_MAX);
        found.drain(..surplus);
        found
    }

    /// Every place, oldest first, in the lines from this row on.
    pub fn find_from(&self, pattern: &Pattern, row: u64) -> Vec<Match> {
        let mut found = Vec::new();
        let mut row = row.max(self.oldest_row());
        while row <= self.newest_row() {
            row = self.find_in_line(pattern, row, u64::MAX, &mut found).0;
        }
        found
    }

    /// The places in the lines before row `before`, which is the beginning of a line, the newest lines first: until about
    /// so many bytes of text have been looked at, or as many matches found as a person can use.
    pub fn find_back(&self, pattern: &Pattern, before: u64, bytes: usize) -> Found {
        let oldest = self.oldest_row();
        let mut from = before.min(self.newest_row() + 1);
        let (mut looked, mut lines) = (0, Vec::new());
        let mut count = 0;
        while from > oldest && looked < bytes && count < MATCHES_MAX {
            let start = self.line_start(from - 1);
            let mut found = Vec::new();
            let (_, cost) = self.find_in_line(pattern, start, from, &mut found);
            looked += cost;
            count += found.len();
            lines.push(found);
            from = start;
        }
        Found { matches: lines.into_iter().rev().flatten().collect(), from }
    }

    /// The row that the line of this row begins in, as far as lines are searched as one.
    pub fn line_start(&self, row: u64) -> u64 {
        let oldest = self.oldest_row();
        let wrapped = |row: u64| self.emulator.row(row).is_some_and(RowRef::is_wrapped);
        let above = (1..LINE_ROWS).take_while(|up| row >= oldest + up && wrapped(row - up)).count();
        row - above as u64
    }

    /// Looks at the line that begins in this row, up to row `before`; the row behind it and what it cost come back.
    fn find_in_line(&self, pattern: &Pattern, start: u64, before: u64, found: &mut Vec<Match>) -> (u64, usize) {
        let mut joined = String::new();
        let mut rows: Vec<(u64, usize)> = Vec::new();
        let mut row = start;
        loop {
            let cells = self.emulator.row(row);
            rows.push((row, joined.len()));
            row += 1;
            let goes_on = cells.is_some_and(RowRef::is_wrapped) && row < before && row - start < LINE_ROWS;
            match cells {
                // Most lines are one row of the history, whose text is there already.
                Some(RowRef::Stored(stored)) if rows.len() == 1 && !goes_on => {
                    self.note_matches(pattern, &stored.text, &rows, found);
                    return (row, ROW_COST + stored.text.len());
                }
                Some(RowRef::Stored(stored)) => joined.push_str(&stored.text),
                Some(grid) => self.push_text(grid, &mut joined),
                None => {}
            }
            if !goes_on {
                joined.truncate(joined.trim_end_matches(' ').len());
                self.note_matches(pattern, &joined, &rows, found);
                return (row, ROW_COST * rows.len() + joined.len());
            }
        }
    }

    fn push_text(&self, cells: RowRef<'_>, text: &mut String) {
        cells.visit(self.size.columns, &mut |_, base, marks, _, _| {
            if base != NO_TEXT {
                text.push(base);
                text.extend(marks);
            }
        });
    }

    fn note_matches(&self, pattern: &Pattern, text: &str, rows: &[(u64, usize)], found: &mut Vec<Match>) {
        for place in pattern.0.find_iter(text).filter(|place| !place.is_empty()).take(MATCHES_MAX) {
            let last = text[..place.end()].char_indices().rev().find(|(_, c)| width_of(*c) > 0);
            let end = last.map_or(place.start(), |(at, _)| at.max(place.start()));
            let (start, end) = (self.position_of(place.start(), rows), self.position_of(end, rows));
            found.push(Match { start, end });
        }
    }

    /// The cell of the character at this byte of a line's text.
    fn position_of(&self, byte: usize, rows: &[(u64, usize)]) -> Position {
        let index = rows.partition_point(|(_, begins)| *begins <= byte).saturating_sub(1);
        let (row, begins) = rows[index];
        let byte = byte - begins;
        let mut at = 0;
        match self.emulator.row(row) {
            Some(RowRef::Stored(stored)) => {
                let before = stored.text.char_indices().take_while(|(start, _)| *start < byte);
                let columns: usize = before.map(|(_, c)| width_of(c)).sum();
                // A mark belongs to the character before it.
                let on_mark =
                    stored.text[byte.min(stored.text.len())..].chars().next().is_some_and(|c| width_of(c) == 0);
                at = u16::try_from(columns.saturating_sub(usize::from(on_mark))).unwrap_or(u16::MAX);
            }
            Some(grid) => {
                let mut used = 0;
                grid.visit(self.size.columns, &mut |column, base, marks, _, _| {
                    if base != NO_TEXT && used <= byte {
                        at = column;
                        used += base.len_utf8() + marks.iter().map(|mark| mark.len_utf8()).sum::<usize>();
                    }
                });
            }
            None => {}
        }
        Position { row, column: at.min(self.size.columns.saturating_sub(1)) }
    }

    /// Scrolls the view, as little as possible, so that a position is in it.
    pub fn reveal(&mut self, position: Position) {
        let first = self.emulator.first_row();
        let top = first - self.offset as u64;
        let bottom = top + u64::from(self.size.rows) - 1;
        let new_top = if position.row < top {
            position.row
        } else if position.row > bottom {
            position.row - (u64::from(self.size.rows) - 1)
        } else {
            return;
        };
        let offset = usize::try_from(first.saturating_sub(new_top)).unwrap_or(usize::MAX);
        self.offset = offset.min(self.history());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    fn screen(columns: u16, text: &str) -> Screen {
        let mut screen = Screen::new(Size { columns, rows: 4 }, 5000);
        screen.feed(text.as_bytes());
        screen
    }

    fn columns(found: &[Match]) -> Vec<(u64, u16, u64, u16)> {
        found.iter().map(|m| (m.start.row, m.start.column, m.end.row, m.end.column)).collect()
    }

    #[test]
    fn text_is_found_in_history_across_rows_and_revealed() {
        let mut screen = screen(20, "a line in which the NEEDLE is wrapped\r\n");
        for _ in 0..3000 {
            screen.feed(b"hay\r\n");
        }
        screen.feed(b"needle");
        assert_eq!(screen.find("NEEDLE").len(), 1);
        let found = screen.find("needle");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].start.column, found[0].end.column), (0, 5));
        assert_eq!(found[0].start.row + 1, found[0].end.row + 1);
        screen.reveal(found[0].start);
        assert!(screen.line_text(0).contains("NEEDLE"), "{}", screen.text());
        screen.reveal(found[1].start);
        assert_eq!(screen.scrolled(), 0);
        assert_eq!(screen.find("which the NEEDLE is wr").len(), 1);
        assert_eq!(screen.find("").len(), 0);
    }

    #[test]
    fn places_are_cells_of_wide_and_marked_characters() {
        let text = "\u{4f60}\u{597d} e\u{301}rror \u{4f60}x\r\n";
        for scrolled in [0, 2000] {
            let mut screen = screen(20, text);
            screen.feed("\r\n".repeat(scrolled).as_bytes());
            let all =
                |expression: &str| columns(&screen.find_from(&Pattern::expression(expression).expect("a pattern"), 0));
            assert_eq!(all("\u{597d}"), [(0, 2, 0, 2)]);
            assert_eq!(all("e\u{301}rror"), [(0, 5, 0, 9)]);
            assert_eq!(all("rror .x$"), [(0, 6, 0, 13)], "scrolled {scrolled}");
            assert_eq!(all("\u{301}"), [(0, 5, 0, 5)]);
        }
    }

    #[test]
    fn a_match_over_rows_that_are_stored_has_its_cells() {
        let mut screen = screen(10, &format!("{}needle{}\r\n", "x".repeat(8), "y".repeat(30)));
        let expected = [(0, 8, 1, 3)];
        assert_eq!(columns(&screen.find("needle")), expected);
        screen.feed("\r\n".repeat(2000).as_bytes());
        assert_eq!(columns(&screen.find("needle")), expected);
    }

    #[test]
    fn expressions_know_the_end_of_a_line_and_capitals_of_their_own() {
        let screen = screen(20, "error 1\r\nError 22\r\nfine\r\n");
        let count = |text: &str| screen.find_from(&Pattern::expression(text).expect("a pattern"), 0).len();
        assert_eq!(count(r"error \d+$"), 2);
        assert_eq!(count(r"Error \d+$"), 1);
        assert_eq!(count(r"error\W\d\d$"), 1);
        assert_eq!(count("x*"), 0, "what is empty is nowhere");
        assert!(Pattern::expression("(").is_none() && Pattern::expression("(a{9999}){9999}").is_none());
    }

    #[test]
    fn looking_back_comes_to_the_oldest_in_bounded_pieces() {
        let mut screen = screen(20, "");
        for n in 0..3000 {
            screen.feed(format!("{n} a wrapped line that is found\r\n").as_bytes());
        }
        let pattern = Pattern::literal("found").expect("a pattern");
        let (mut before, mut all, mut pieces) = (screen.newest_row() + 1, Vec::new(), 0);
        while before > screen.oldest_row() {
            let piece = screen.find_back(&pattern, before, 10_000);
            assert!(piece.from < before && piece.matches.len() < 300);
            before = piece.from;
            all.splice(0..0, piece.matches);
            pieces += 1;
        }
        assert_eq!(all, screen.find("found"));
        assert!(pieces > 10);
        assert_eq!(screen.line_start(screen.newest_row() - 2), screen.newest_row() - 2);
        assert_eq!(screen.line_start(screen.newest_row() - 1), screen.newest_row() - 2);
    }

    #[test]
    fn a_line_without_an_end_is_searched_in_parts() {
        let screen = screen(20, &"ab".repeat(40_000));
        let found = screen.find("abab");
        assert!(found.len() > 1_500, "{}", found.len());
    }
}
