//! Choosing text on a screen and its history: by cell, by word, by line, by rectangle; it never touches a clipboard.

use super::Screen;
use super::cell::{SEAM, SEAM_RULE};
use super::emulator::RowRef;
use super::view::NO_TEXT;

/// A cell, wherever it has scrolled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The row, counted from the first one the screen ever had. It stays the same while output arrives, and means
    /// nothing any more after the width has changed.
    pub row: u64,
    /// The column, from 0.
    pub column: u16,
}

/// How far a selection reaches round the cells it was begun and extended at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectionKind {
    /// Just them.
    Simple,
    /// The words they are in.
    Word,
    /// The lines they are in, wrapped rows included.
    Line,
    /// The rectangle they are the corners of.
    Block,
}

/// What is chosen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selection {
    pub(super) kind: SelectionKind,
    pub(super) anchor: Position,
    pub(super) head: Position,
}

/// First and last cell, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: Position,
    pub(super) end: Position,
    /// Only the columns between those of the two, in every row.
    block: bool,
}

impl Range {
    /// Whether a character of this width that begins at this column is inside, be it with one half.
    pub(super) fn contains(&self, row: u64, column: u16, width: u8) -> bool {
        let last = column + u16::from(width.saturating_sub(1));
        if self.block {
            let rows = self.start.row..=self.end.row;
            return rows.contains(&row) && column <= self.end.column && last >= self.start.column;
        }
        Position { row, column: last } >= self.start && Position { row, column } <= self.end
    }
}

/// What ends a word when text is chosen by word.
const WORD_ENDS: &str = " \t,;|\"'`()[]{}<>│";

/// Wrapped rows that a word is followed over, each way.
const WORD_ROWS: u64 = 16;

impl Screen {
    /// The position of a cell in view.
    pub fn position(&self, column: u16, row: u16) -> Position {
        let row = row.min(self.size.rows.saturating_sub(1));
        Position { row: self.row_number(row), column: column.min(self.size.columns.saturating_sub(1)) }
    }

    /// Begins a selection at a cell in view.
    pub fn select(&mut self, kind: SelectionKind, column: u16, row: u16) {
        let at = self.position(column, row);
        self.selection = Some(Selection { kind, anchor: at, head: at });
    }

    /// Moves the end of the selection to a cell in view.
    pub fn extend_selection(&mut self, column: u16, row: u16) {
        let at = self.position(column, row);
        if let Some(selection) = &mut self.selection {
            selection.head = at;
        }
    }

    /// Lets go of the selection.
    pub fn clear_selection(&mut self) {
        self.selection = None;
    }

    /// The text that is chosen: wrapped rows are joined except in a block, blanks at the end of lines are left out.
    pub fn selected_text(&self) -> Option<String> {
        let range = self.selected_range()?;
        let mut text = String::new();
        for row in range.start.row..=range.end.row {
            let Some(cells) = self.emulator.row(row) else {
                continue;
            };
            let mut line = String::new();
            cells.visit(self.size.columns, &mut |column, base, marks, width, _| {
                if range.contains(row, column, width) && base != NO_TEXT {
                    line.push(if base == SEAM { SEAM_RULE } else { base });
                    line.extend(marks);
                }
            });
            let last = row == range.end.row;
            if cells.is_wrapped() && !last && !range.block {
                text.push_str(&line);
            } else {
                text.push_str(line.trim_end_matches(' '));
                if !last {
                    text.push('\n');
                }
            }
        }
        Some(text)
    }

    /// The cells chosen, with whole words or lines where that was asked for.
    pub(super) fn selected_range(&self) -> Option<Range> {
        let Selection { kind, anchor, head } = self.selection?;
        // Rows that are gone from the history are gone from the selection.
        let oldest = self.emulator.first_row() - self.history() as u64;
        let (mut start, mut end) = (anchor.min(head), anchor.max(head));
        if end.row < oldest {
            return None;
        }
        if start.row < oldest {
            start = Position { row: oldest, column: if kind == SelectionKind::Block { start.column } else { 0 } };
        }
        match kind {
            SelectionKind::Simple => {}
            SelectionKind::Block => {
                let columns = [start.column, end.column];
                start.column = columns[0].min(columns[1]);
                end.column = columns[0].max(columns[1]);
            }
            SelectionKind::Word => {
                start = self.word_at(start).0;
                end = self.word_at(end).1;
            }
            SelectionKind::Line => {
                while start.row > oldest && self.is_wrapped(start.row - 1) {
                    start.row -= 1;
                }
                while self.is_wrapped(end.row) {
                    end.row += 1;
                }
                start.column = 0;
                end.column = self.size.columns.saturating_sub(1);
            }
        }
        Some(Range { start, end, block: kind == SelectionKind::Block })
    }

    fn is_wrapped(&self, row: u64) -> bool {
        self.emulator.row(row).is_some_and(RowRef::is_wrapped)
    }

    /// The first and last cell of the word a cell is in, wrapped rows included; a cell between words is its own.
    fn word_at(&self, at: Position) -> (Position, Position) {
        let first = (0..WORD_ROWS).map(|up| at.row - up).take_while(|row| *row > 0 && self.is_wrapped(row - 1)).count();
        let last = (0..WORD_ROWS).take_while(|down| self.is_wrapped(at.row + down)).count();
        let mut cells: Vec<(Position, u16, bool)> = Vec::new();
        for row in at.row - first as u64..=at.row + last as u64 {
            let Some(found) = self.emulator.row(row) else {
                continue;
            };
            found.visit(self.size.columns, &mut |column, base, _, width, _| {
                if base != NO_TEXT {
                    cells.push((Position { row, column }, column + u16::from(width) - 1, !WORD_ENDS.contains(base)));
                }
            });
        }
        let is_at =
            |(cell, end, _): &(Position, u16, bool)| cell.row == at.row && (cell.column..=*end).contains(&at.column);
        let Some(index) = cells.iter().position(is_at) else {
            return (at, at);
        };
        let in_word = |(_, _, in_word): &&(Position, u16, bool)| *in_word;
        let before = cells[..index].iter().rev().take_while(in_word).count();
        let after = cells[index..].iter().take_while(in_word).count().saturating_sub(1);
        let (first, last) = if cells[index].2 { (index - before, index + after) } else { (index, index) };
        (cells[first].0, Position { row: cells[last].0.row, column: cells[last].1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    fn screen(bytes: &str) -> Screen {
        let mut screen = Screen::new(Size { columns: 20, rows: 4 }, 100);
        screen.feed(bytes.as_bytes());
        screen
    }

    #[test]
    fn cells_words_and_lines() {
        let mut screen = screen("kubectl get pod/web-1 -n demo --watch\r\nnext");
        screen.select(SelectionKind::Simple, 9, 0);
        screen.extend_selection(3, 1);
        assert_eq!(screen.selected_text().as_deref(), Some("et pod/web-1 -n"));
        screen.select(SelectionKind::Word, 14, 0);
        assert_eq!(screen.selected_text().as_deref(), Some("pod/web-1"), "a wrapped name is one word");
        screen.select(SelectionKind::Line, 3, 1);
        assert_eq!(screen.selected_text().as_deref(), Some("kubectl get pod/web-1 -n demo --watch"));
        screen.extend_selection(0, 2);
        assert_eq!(screen.selected_text().as_deref(), Some("kubectl get pod/web-1 -n demo --watch\nnext"));
        screen.clear_selection();
        assert_eq!(screen.selected_text(), None);
    }

    #[test]
    fn backwards_and_over_wide_characters() {
        let mut screen = screen("a\u{4f60}\u{597d} b");
        screen.select(SelectionKind::Word, 2, 0);
        assert_eq!(screen.selected_text().as_deref(), Some("a\u{4f60}\u{597d}"));
        screen.select(SelectionKind::Simple, 6, 0);
        screen.extend_selection(3, 0);
        assert_eq!(screen.selected_text().as_deref(), Some("\u{597d} b"));
        let mut selected = 0;
        screen.for_each_cell(|_, _, cell| selected += usize::from(cell.selected));
        assert_eq!(selected, 3);
    }

    #[test]
    fn a_block_is_cut_out_of_every_row() {
        let mut screen = screen("NAME   READY  \r\n\u{4f60}\u{597d}-1 1/1\r\n\r\nnode-b 0/1");
        screen.select(SelectionKind::Block, 9, 3);
        screen.extend_selection(3, 0);
        assert_eq!(screen.selected_text().as_deref(), Some("E   REA\n\u{597d}-1 1/1\n\ne-b 0/1"));
        let mut selected = 0;
        screen.for_each_cell(|_, row, cell| selected += u16::from(cell.selected && row == 1) * u16::from(cell.width));
        assert_eq!(selected, 8, "a character that is half inside is inside");
    }

    #[test]
    fn a_selection_moves_with_its_text_until_that_is_gone() {
        let mut screen = screen("chosen");
        screen.select(SelectionKind::Simple, 0, 0);
        screen.extend_selection(5, 0);
        screen.feed(b"\r\n\n\n\n\n\n\n\n");
        assert_eq!(screen.selected_text().as_deref(), Some("chosen"));
        screen.feed(&b"\n".repeat(200));
        assert_eq!(screen.selected_text(), None);
    }
}
