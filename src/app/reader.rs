//! Reading lines of text in a pane: the place in them, wrapping, search and choice; it holds no text and makes none.

mod line;
mod search;
mod wrap;

use std::ops::Range;

use super::layout::Size;
pub use line::{Line, Lines, Look, Span, Tone};
use search::Search;
pub use search::Told;
pub use wrap::{cut, rows};

/// A row of the screen: the part of a line that stands on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line's number.
    pub line: usize,
    /// The part of its text, in bytes.
    pub part: Range<usize>,
}

/// Where a reader stands in the lines that it reads.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The first line in view, and how many of its rows are above the view.
    top: usize,
    above: usize,
    /// Columns that are out of view to the left; 0 while lines are wrapped.
    left: usize,
    wraps: bool,
    /// Whether it stays at the end while lines are added.
    follows: bool,
    size: Size,
    /// The line that is pointed at, while one is.
    cursor: Option<usize>,
    /// The other end of what is chosen, while something is.
    anchor: Option<usize>,
    search: Option<Search>,
}

impl Reader {
    /// A reader at the beginning, or one that stays at the end.
    pub fn new(follows: bool, wraps: bool) -> Self {
        let size = Size { columns: 0, rows: 0 };
        Self { top: 0, above: 0, left: 0, wraps, follows, size, cursor: None, anchor: None, search: None }
    }

    /// Whether it stays at the end while lines are added.
    pub fn follows(&self) -> bool {
        self.follows
    }

    /// Whether long lines go on in the next row.
    pub fn wraps(&self) -> bool {
        self.wraps
    }

    /// How many columns are out of view to the left.
    pub fn left(&self) -> usize {
        self.left
    }

    /// The first line in view.
    pub fn top(&self) -> usize {
        self.top
    }

    /// The line that is pointed at, while one is.
    pub fn cursor(&self) -> Option<usize> {
        self.cursor
    }

    /// The lines that are chosen.
    pub fn chosen(&self) -> Option<Range<usize>> {
        let (one, other) = self.anchor.zip(self.cursor)?;
        Some(one.min(other)..one.max(other) + 1)
    }

    /// Brings the place up to date with the lines and the size of the pane, and a search on by bounded work.
    pub fn settle(&mut self, lines: &dyn Lines, size: Size) {
        self.size = size;
        let last = lines.count().saturating_sub(1);
        self.cursor = self.cursor.map(|line| line.min(last));
        self.anchor = self.anchor.map(|line| line.min(last));
        if let Some(search) = &mut self.search {
            search.step(lines);
            if let Some(found) = search.take_wanted(lines) {
                self.point_at(found, lines);
            }
        }
        let (top, above) = self.last_top(lines);
        if self.follows || (self.top, self.above) > (top, above) {
            (self.top, self.above) = (top, above);
        } else {
            let height = self.height(lines, self.top);
            self.above = self.above.min(height - 1);
        }
    }

    /// The first `count` lines are gone: the others have smaller numbers now. What is read stays in view.
    pub fn dropped(&mut self, count: usize) {
        if self.top < count {
            (self.top, self.above) = (0, 0);
        } else {
            self.top -= count;
        }
        self.cursor = self.cursor.and_then(|line| line.checked_sub(count));
        self.anchor = self.anchor.map(|line| line.saturating_sub(count)).filter(|_| self.cursor.is_some());
        if let Some(search) = &mut self.search {
            search.dropped(count);
        }
    }

    /// The lines are other ones than before: they are searched anew. The place stays as near as can be.
    pub fn replaced(&mut self) {
        if let Some(search) = &mut self.search {
            search.restart();
        }
    }

    /// What stands on the rows of the view.
    pub fn visible(&self, lines: &dyn Lines) -> Vec<Row> {
        let height = usize::from(self.size.rows);
        let mut visible = Vec::new();
        for line in self.top..lines.count() {
            let skipped = if line == self.top { self.above } else { 0 };
            for part in self.parts(&lines.text(line)).into_iter().skip(skipped) {
                if visible.len() == height {
                    return visible;
                }
                visible.push(Row { line, part });
            }
        }
        visible
    }

    fn parts(&self, text: &str) -> Vec<Range<usize>> {
        let width = usize::from(self.size.columns);
        if self.wraps { rows(text, width) } else { vec![cut(text, self.left, width)] }
    }

    fn height(&self, lines: &dyn Lines, line: usize) -> usize {
        if self.wraps { self.parts(&lines.text(line)).len().max(1) } else { 1 }
    }

    /// The place at which the last row stands at the bottom of the view.
    fn last_top(&self, lines: &dyn Lines) -> (usize, usize) {
        let mut room = usize::from(self.size.rows);
        for line in (0..lines.count()).rev() {
            let height = self.height(lines, line);
            if height >= room {
                return (line, height - room);
            }
            room -= height;
        }
        (0, 0)
    }

    /// Moves by so many rows, down or up; the line that is pointed at, where there is one.
    pub fn go(&mut self, by: isize, lines: &dyn Lines) {
        if let Some(cursor) = self.cursor {
            let last = lines.count().saturating_sub(1);
            self.point_at(cursor.saturating_add_signed(by).min(last), lines);
        } else {
            self.scroll(by, lines);
        }
    }

    /// Scrolls by so many rows, down or up. At the end it stays there.
    pub fn scroll(&mut self, by: isize, lines: &dyn Lines) {
        self.follows = false;
        for _ in 0..by.unsigned_abs() {
            if by > 0 {
                if self.above + 1 < self.height(lines, self.top) {
                    self.above += 1;
                } else if self.top + 1 < lines.count() {
                    (self.top, self.above) = (self.top + 1, 0);
                } else {
                    break;
                }
            } else if self.above > 0 {
                self.above -= 1;
            } else if self.top > 0 {
                self.top -= 1;
                self.above = self.height(lines, self.top) - 1;
            } else {
                break;
            }
        }
        let end = self.last_top(lines);
        if by > 0 && (self.top, self.above) >= end {
            (self.top, self.above) = end;
            self.follows = true;
        }
    }

    /// Goes by half a view.
    pub fn go_half(&mut self, halves: isize, lines: &dyn Lines) {
        let half = isize::try_from(self.size.rows / 2).unwrap_or(1).max(1);
        self.go(halves * half, lines);
    }

    /// Goes to the first line.
    pub fn to_start(&mut self, lines: &dyn Lines) {
        self.follows = false;
        (self.top, self.above) = (0, 0);
        if self.cursor.is_some() {
            self.point_at(0, lines);
        }
    }

    /// Goes to the end, and stays there.
    pub fn to_end(&mut self, lines: &dyn Lines) {
        if self.cursor.is_some() {
            self.point_at(lines.count().saturating_sub(1), lines);
        }
        self.follows = true;
        (self.top, self.above) = self.last_top(lines);
    }

    /// Stays where it is while lines are added.
    pub fn hold(&mut self) {
        self.follows = false;
    }

    /// Moves the view to the right or to the left, while lines are not wrapped.
    pub fn sideways(&mut self, by: isize) {
        if !self.wraps {
            self.left = self.left.saturating_add_signed(by);
        }
    }

    /// Lets long lines go on in the next row, or run out of view.
    pub fn toggle_wrap(&mut self) {
        self.wraps = !self.wraps;
        (self.left, self.above) = (0, 0);
    }

    /// Points at a line, and brings it into view, where it stays while lines are added.
    pub fn point_at(&mut self, line: usize, lines: &dyn Lines) {
        self.cursor = Some(line);
        self.follows = false;
        self.show(line, lines);
    }

    /// Points at no line any more; false if none was.
    pub fn let_go(&mut self) -> bool {
        self.anchor = None;
        self.cursor.take().is_some()
    }

    /// The line at this row of the view.
    pub fn line_at(&self, row: u16, lines: &dyn Lines) -> Option<usize> {
        self.visible(lines).get(usize::from(row)).map(|row| row.line)
    }

    /// Brings a line into view; it stands in the middle where it was out of it.
    pub fn show(&mut self, line: usize, lines: &dyn Lines) {
        let rows = self.visible(lines);
        let whole = |row: &Row| row.line == line && row.part.start == 0;
        if rows.iter().any(whole) {
            return;
        }
        self.follows = false;
        let mut room = usize::from(self.size.rows / 2);
        let mut top = line;
        while top > 0 && room > 0 {
            room = room.saturating_sub(self.height(lines, top - 1));
            top -= 1;
        }
        if top < line && self.wraps {
            // Tall lines above must not push it out of view.
            let above: usize = (top..line).map(|line| self.height(lines, line)).sum();
            if above >= usize::from(self.size.rows) {
                top = line;
            }
        }
        (self.top, self.above) = (top, 0);
    }

    /// Begins to choose lines, or lets go of them.
    pub fn choose(&mut self, lines: &dyn Lines) {
        if self.anchor.take().is_none() {
            let at = self.cursor.unwrap_or_else(|| self.last_in_view(lines));
            self.point_at(at, lines);
            self.anchor = Some(at);
        }
    }

    /// Chooses from the line that was pointed at first to this one.
    pub fn choose_to(&mut self, line: usize) {
        self.anchor = self.anchor.or(self.cursor).or(Some(line));
        self.cursor = Some(line);
    }

    /// At the end that is the last line, elsewhere the first in view.
    fn last_in_view(&self, lines: &dyn Lines) -> usize {
        if self.follows { lines.count().saturating_sub(1) } else { self.top }
    }

    /// The text of what is chosen, else of the line that is pointed at, else everything.
    pub fn text(&self, lines: &dyn Lines) -> String {
        let range = self.chosen().or_else(|| self.cursor.map(|line| line..line + 1)).unwrap_or(0..lines.count());
        range.map(|line| lines.text(line) + "\n").collect()
    }

    /// Looks for a text, or where it stands nowhere as it is, for the expression; nothing is looked for if it is empty.
    pub fn search(&mut self, text: &str, older: bool, lines: &dyn Lines) {
        let from = self.cursor.unwrap_or(self.top);
        self.search = Search::new(text, older, from);
        self.settle(lines, self.size);
    }

    /// Goes to the next match in the direction of the search, or in the other one; false if nothing is looked for.
    pub fn next_match(&mut self, onwards: bool, lines: &dyn Lines) -> bool {
        let from = self.cursor.unwrap_or(self.top);
        let Some(search) = &mut self.search else { return false };
        search.want_next(from, onwards);
        self.settle(lines, self.size);
        true
    }

    /// Looks for nothing any more; false if nothing was looked for.
    pub fn end_search(&mut self) -> bool {
        self.search.take().is_some()
    }

    /// Where what is looked for stands in a line, in bytes.
    pub fn matches(&self, text: &str) -> Vec<Range<usize>> {
        self.search.as_ref().map(|search| search.matches(text)).unwrap_or_default()
    }

    /// How the search stands.
    pub fn told(&self, lines: &dyn Lines) -> Option<Told> {
        self.search.as_ref().map(|search| search.told(self.cursor, lines))
    }

    /// Whether its search has not come to its end, so that [`Reader::settle`] has more to do.
    pub fn is_busy(&self, lines: &dyn Lines) -> bool {
        self.search.as_ref().is_some_and(|search| search.is_busy(lines))
    }
}

#[cfg(test)]
mod tests;
