//! Lines that have scrolled off the emulator's grid, kept as text with runs of style: a fraction of the grid's 24
//! bytes a cell. It never holds what is still on the screen.

use std::collections::VecDeque;

use alacritty_terminal::grid::Row;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::cell::{Cell as GridCell, Flags};
use alacritty_terminal::vte::ansi::{Color as GridColor, NamedColor};

use super::cell::{Style, is_printable, width_of};

/// The average size a kept row may have before the oldest rows go early: hostile rows can be far larger than text.
const BYTES_A_ROW: usize = 1024;

/// The longest line that is put together again when the width changes; a longer one is wrapped in parts.
const JOINED_LIMIT: usize = 64 * 1024;

/// One row as it was shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct StoredRow {
    pub(super) text: Box<str>,
    /// Where each style ends in `text`; none means that all is in the default style.
    pub(super) runs: Box<[Run]>,
    /// The line goes on in the next row.
    pub(super) wrapped: bool,
}

/// A stretch of text in one style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) end: u32,
    pub(super) style: Style,
}

/// The rows, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    rows: VecDeque<StoredRow>,
    limit: usize,
    bytes: usize,
    evicted: u64,
}

impl History {
    /// A store of at most `limit` rows.
    pub(super) fn new(limit: usize) -> History {
        History { limit, ..History::default() }
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many rows were kept once and are gone, so that a row's number stays the same.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Row `index`, counted from the oldest that is kept.
    pub(super) fn get(&self, index: usize) -> Option<&StoredRow> {
        self.rows.get(index)
    }

    /// Memory held for the rows, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets everything, and that so many rows behind it are gone too. Numbers of rows are not used again.
    pub(super) fn clear(&mut self, behind: usize) {
        self.evicted += (self.rows.len() + behind) as u64;
        self.rows = VecDeque::new();
        self.bytes = 0;
    }

    /// Adds the row that comes after all the others.
    pub(super) fn push(&mut self, row: StoredRow) {
        self.bytes += row.bytes();
        self.rows.push_back(row);
        while self.rows.len() > self.limit || self.bytes > self.limit * BYTES_A_ROW {
            let Some(oldest) = self.rows.pop_front() else {
                return;
            };
            self.bytes -= oldest.bytes();
            self.evicted += 1;
        }
    }

    /// Wraps every line anew to another width.
    pub(super) fn reflow(&mut self, columns: usize) {
        let old = std::mem::take(&mut self.rows);
        self.bytes = 0;
        let mut line = Builder::default();
        let mut joining = false;
        for row in old {
            if !joining && !row.wrapped && fits(&row.text, columns) {
                self.push(row);
                continue;
            }
            line.append(&row);
            joining = row.wrapped && line.text.len() < JOINED_LIMIT;
            if !joining {
                std::mem::take(&mut line).split(columns, row.wrapped, |row| self.push(row));
            }
        }
        if joining {
            line.split(columns, true, |row| self.push(row));
        }
    }
}

impl StoredRow {
    /// The text of a row of the grid; blanks at the end of a line are not kept.
    pub(super) fn of(row: &Row<GridCell>) -> StoredRow {
        let cells = &row[Column(0)..Column(row.len())];
        let wrapped = cells.last().is_some_and(|cell| cell.flags.contains(Flags::WRAPLINE));
        let kept = if wrapped {
            cells.len()
        } else {
            cells.iter().rposition(|cell| !is_blank(cell)).map_or(0, |last| last + 1)
        };
        let mut line = Builder { text: String::with_capacity(kept), runs: Vec::new() };
        // Neighbours mostly look the same, and comparing them is far cheaper than reading their style.
        for alike in cells[..kept].chunk_by(looks_like) {
            let first = &alike[0];
            if first.flags.intersects(Flags::WIDE_CHAR_SPACER | Flags::LEADING_WIDE_CHAR_SPACER) {
                continue;
            }
            line.text.extend(alike.iter().map(|cell| if is_printable(cell.c) { cell.c } else { ' ' }));
            // One that has marks looks like no other.
            line.text.extend(first.zerowidth().unwrap_or_default());
            line.styled(Style::of(first));
        }
        line.finish(wrapped)
    }

    fn bytes(&self) -> usize {
        size_of::<StoredRow>() + self.text.len() + size_of_val::<[Run]>(&self.runs)
    }
}

/// Whether a cell at the end of a line can be left out.
fn is_blank(cell: &GridCell) -> bool {
    const SHOWN: Flags = Flags::INVERSE.union(Flags::STRIKEOUT).union(Flags::ALL_UNDERLINES);
    matches!(cell.c, ' ' | '\t')
        && cell.bg == GridColor::Named(NamedColor::Background)
        && !cell.flags.intersects(SHOWN)
        && cell.zerowidth().is_none_or(<[char]>::is_empty)
}

/// Whether two cells surely have the same style.
fn looks_like(cell: &GridCell, other: &GridCell) -> bool {
    cell.extra.is_none()
        && other.extra.is_none()
        && cell.flags == other.flags
        && cell.fg == other.fg
        && cell.bg == other.bg
}

fn fits(text: &str, columns: usize) -> bool {
    text.len() <= columns || text.chars().map(width_of).sum::<usize>() <= columns
}

/// A row or a whole line being put together.
#[derive(Debug, Default)]
struct Builder {
    text: String,
    runs: Vec<Run>,
}

impl Builder {
    fn push(&mut self, character: char, style: Style) {
        self.text.push(character);
        self.styled(style);
    }

    /// What has been added since the last run is in this style.
    fn styled(&mut self, style: Style) {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        match self.runs.last_mut() {
            Some(run) if run.style == style => run.end = end,
            _ => self.runs.push(Run { end, style }),
        }
    }

    fn append(&mut self, row: &StoredRow) {
        let mut styles = Styles::new(&row.runs);
        for (at, character) in row.text.char_indices() {
            self.push(character, styles.at(at));
        }
    }

    fn finish(self, wrapped: bool) -> StoredRow {
        let plain = self.runs.iter().all(|run| run.style == Style::default());
        let runs = if plain { Box::default() } else { self.runs.into_boxed_slice() };
        StoredRow { text: self.text.into_boxed_str(), runs, wrapped }
    }

    /// Cuts the line into rows of `columns`; the last is wrapped when the line goes on elsewhere.
    fn split(self, columns: usize, goes_on: bool, mut each: impl FnMut(StoredRow)) {
        let mut styles = Styles::new(&self.runs);
        let (mut row, mut used) = (Builder::default(), 0);
        for (at, character) in self.text.char_indices() {
            let width = width_of(character);
            if used + width > columns {
                each(std::mem::take(&mut row).finish(true));
                used = 0;
            }
            used += width;
            row.push(character, styles.at(at));
        }
        each(row.finish(goes_on));
    }
}

/// Walks the runs of a row beside its text.
pub(super) struct Styles<'a> {
    runs: &'a [Run],
}

impl Styles<'_> {
    pub(super) fn new(runs: &[Run]) -> Styles<'_> {
        Styles { runs }
    }

    /// The style of the character at byte `at`; places must be asked for in rising order.
    pub(super) fn at(&mut self, at: usize) -> Style {
        while let Some((run, rest)) = self.runs.split_first() {
            if at < run.end as usize {
                return run.style;
            }
            self.runs = rest;
        }
        Style::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Color;

    fn line(text: &str) -> StoredRow {
        StoredRow { text: text.into(), ..StoredRow::default() }
    }

    fn texts(history: &History) -> Vec<&str> {
        history.rows.iter().map(|row| &*row.text).collect()
    }

    #[test]
    fn reflow_there_and_back_changes_nothing() {
        let mut history = History::new(100);
        history.push(line("short"));
        history.push(line("a line of forty columns, give or take one"));
        history.push(line("\u{4f60}\u{597d}\u{4f60}\u{597d}\u{4f60}"));
        history.push(line(""));
        let before = texts(&history).join("\n");
        history.reflow(7);
        assert_eq!(texts(&history)[1], "a line ");
        assert_eq!(texts(&history)[7..], ["\u{4f60}\u{597d}\u{4f60}", "\u{597d}\u{4f60}", ""]);
        history.reflow(80);
        assert_eq!(texts(&history).join("\n"), before);
    }

    #[test]
    fn styles_survive_a_reflow() {
        let red = Style { fg: Color::Indexed(1), ..Style::default() };
        let mut builder = Builder::default();
        for (character, style) in [('a', Style::default()), ('b', red), ('c', red), ('d', Style::default())] {
            builder.push(character, style);
        }
        let row = builder.finish(false);
        let mut history = History::new(10);
        history.push(row.clone());
        history.reflow(2);
        assert_eq!(texts(&history), ["ab", "cd"]);
        assert_eq!(Styles::new(&history.rows[1].runs).at(0), red);
        history.reflow(10);
        assert_eq!(history.rows[0], row);
    }

    #[test]
    fn rows_and_bytes_are_bounded() {
        let mut history = History::new(10);
        for _ in 0..50 {
            history.push(line("x"));
        }
        assert_eq!((history.len(), history.evicted()), (10, 40));
        for _ in 0..50 {
            history.push(line(&"y".repeat(5 * BYTES_A_ROW)));
        }
        assert!(history.bytes() <= 10 * BYTES_A_ROW && history.len() == 1);
        history.clear(7);
        assert_eq!((history.len(), history.evicted()), (0, 107));
    }
}
