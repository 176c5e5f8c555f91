//! Moving through what a screen holds, history included, as a reader does: by row, by word, by prompt; it changes no cell.

use super::Screen;
use super::selection::{Position, Selection, SelectionKind};
use super::view::NO_TEXT;

/// Rows that a motion by word looks through before it gives up.
const WORD_ROWS: u64 = 1_000;

impl Screen {
    /// The oldest row that is still there.
    pub fn oldest_row(&self) -> u64 {
        self.emulator.first_row() - self.history() as u64
    }

    /// The first row of the screen itself, which what is printed may change.
    pub fn present_row(&self) -> u64 {
        self.emulator.first_row()
    }

    /// The last row of the screen.
    pub fn newest_row(&self) -> u64 {
        self.emulator.first_row() + u64::from(self.size.rows) - 1
    }

    /// Where a row stands in the view; `None` if it is scrolled out of it.
    pub fn row_in_view(&self, row: u64) -> Option<u16> {
        let top = self.row_number(0);
        row.checked_sub(top).and_then(|row| u16::try_from(row).ok()).filter(|row| *row < self.size.rows)
    }

    /// The column of the last cell of a row that holds more than a blank; 0 for an empty row.
    pub fn line_end(&self, row: u64) -> u16 {
        let mut end = 0;
        if let Some(cells) = self.emulator.row(row) {
            cells.visit(self.size.columns, &mut |column, base, _, _, _| {
                if base != NO_TEXT && base != ' ' {
                    end = column;
                }
            });
        }
        end
    }

    /// The start of the next word behind a position, or of the one before it; the position itself where there is none.
    pub fn word_from(&self, from: Position, forward: bool) -> Position {
        let (oldest, newest) = (self.oldest_row(), self.newest_row());
        let mut row = from.row;
        for _ in 0..WORD_ROWS {
            let mut starts = self.word_starts(row).into_iter();
            let found = match (forward, row == from.row) {
                (true, true) => starts.find(|column| *column > from.column),
                (true, false) => starts.next(),
                (false, true) => starts.rfind(|column| *column < from.column),
                (false, false) => starts.next_back(),
            };
            if let Some(column) = found {
                return Position { row, column };
            }
            row = match (forward, row) {
                (true, row) if row < newest => row + 1,
                (false, row) if row > oldest => row - 1,
                _ => break,
            };
        }
        from
    }

    /// The end of the word that a position is in or before; the position itself where there is none.
    pub fn word_end_from(&self, from: Position) -> Position {
        let newest = self.newest_row();
        for row in (from.row..=newest).take(usize::try_from(WORD_ROWS).unwrap_or(usize::MAX)) {
            let end = self.word_ends(row).into_iter().find(|column| row > from.row || *column > from.column);
            if let Some(column) = end {
                return Position { row, column };
            }
        }
        from
    }

    /// The first cell of the character that a position is in: a wide one has two.
    pub fn character_at(&self, at: Position) -> Position {
        let mut column = at.column;
        if let Some(cells) = self.emulator.row(at.row) {
            cells.visit(self.size.columns, &mut |start, _, _, width, _| {
                if start < at.column && at.column < start + u16::from(width) {
                    column = start;
                }
            });
        }
        Position { column, ..at }
    }

    /// The character to the right in the same row; the position itself at its end.
    pub fn character_after(&self, at: Position) -> Position {
        let mut next = None;
        if let Some(cells) = self.emulator.row(at.row) {
            cells.visit(self.size.columns, &mut |start, _, _, _, _| {
                if start > at.column {
                    next.get_or_insert(start);
                }
            });
        }
        Position { column: next.unwrap_or(at.column), ..at }
    }

    fn word_ends(&self, row: u64) -> Vec<u16> {
        let mut ends = Vec::new();
        let mut last = None;
        if let Some(cells) = self.emulator.row(row) {
            cells.visit(self.size.columns, &mut |column, base, _, _, _| {
                if base != NO_TEXT && !base.is_whitespace() {
                    last = Some(column);
                } else {
                    ends.extend(last.take());
                }
            });
        }
        ends.extend(last);
        ends
    }

    fn word_starts(&self, row: u64) -> Vec<u16> {
        let mut starts = Vec::new();
        let mut in_word = false;
        if let Some(cells) = self.emulator.row(row) {
            cells.visit(self.size.columns, &mut |column, base, _, _, _| {
                if base == NO_TEXT {
                    return;
                }
                let blank = base.is_whitespace();
                if !blank && !in_word {
                    starts.push(column);
                }
                in_word = !blank;
            });
        }
        starts
    }

    /// The nearest prompt above a row, or below it, of those that the shell has marked (OSC 133).
    pub fn prompt_from(&self, row: u64, forward: bool) -> Option<u64> {
        let (oldest, newest) = (self.oldest_row(), self.newest_row());
        let mut there = self.emulator.prompts().filter(|prompt| (oldest..=newest).contains(prompt));
        if forward { there.find(|prompt| *prompt > row) } else { there.rfind(|prompt| *prompt < row) }
    }

    /// Whether a shell has marked any prompt that is still there.
    pub fn has_prompts(&self) -> bool {
        let oldest = self.oldest_row();
        self.emulator.prompts().any(|prompt| prompt >= oldest)
    }

    /// Selects from one position to another, wherever they have scrolled to.
    pub fn select_between(&mut self, kind: SelectionKind, anchor: Position, head: Position) {
        self.selection = Some(Selection { kind, anchor, head });
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

    fn at(row: u64, column: u16) -> Position {
        Position { row, column }
    }

    #[test]
    fn words_are_walked_over_rows() {
        let screen = screen("one  two\r\n\r\n three");
        assert_eq!(screen.word_from(at(0, 0), true), at(0, 5));
        assert_eq!(screen.word_from(at(0, 5), true), at(2, 1));
        assert_eq!(screen.word_from(at(2, 1), true), at(2, 1), "the last word");
        assert_eq!(screen.word_from(at(2, 1), false), at(0, 5));
        assert_eq!(screen.word_from(at(0, 3), false), at(0, 0));
        assert_eq!((screen.line_end(0), screen.line_end(1)), (7, 0));
    }

    #[test]
    fn wide_characters_are_walked_over_in_one_step_and_words_have_ends() {
        let screen = screen("a\u{4f60}b one\r\n two");
        assert_eq!((screen.character_after(at(0, 0)), screen.character_after(at(0, 1))), (at(0, 1), at(0, 3)));
        assert_eq!((screen.character_at(at(0, 2)), screen.character_at(at(0, 3))), (at(0, 1), at(0, 3)));
        assert_eq!(screen.character_after(at(0, 19)), at(0, 19));
        assert_eq!(screen.word_end_from(at(0, 0)), at(0, 3));
        assert_eq!(screen.word_end_from(at(0, 3)), at(0, 7));
        assert_eq!(screen.word_end_from(at(0, 7)), at(1, 3));
        assert_eq!(screen.word_end_from(at(1, 3)), at(1, 3), "the last word");
    }

    #[test]
    fn prompts_are_found_where_the_shell_marked_them() {
        let prompt = "\x1b]133;A\x07$ ";
        let screen = screen(&format!("{prompt}a\r\n1\r\n2\r\n3\r\n4\r\n\x1b]133;A;k=i\x1b\\$ b\r\n\x1b]133;C\x07x"));
        assert_eq!(screen.prompt_from(6, false), Some(5));
        assert_eq!(screen.prompt_from(5, false), Some(0));
        assert_eq!(screen.prompt_from(0, false), None);
        assert_eq!(screen.prompt_from(0, true), Some(5));
        assert_eq!(screen.text().lines().next(), Some("3"), "the marks themselves are not seen");
    }

    #[test]
    fn rows_keep_their_numbers_while_the_view_moves() {
        let mut screen = screen("0\r\n1\r\n2\r\n3\r\n4\r\n5");
        assert_eq!((screen.oldest_row(), screen.newest_row()), (0, 5));
        assert_eq!((screen.row_in_view(2), screen.row_in_view(1)), (Some(0), None));
        screen.reveal(at(1, 0));
        assert_eq!((screen.row_in_view(1), screen.row_in_view(5)), (Some(0), None));
        screen.select_between(SelectionKind::Simple, at(5, 0), at(4, 0));
        assert_eq!(screen.selected_text().as_deref(), Some("4\n5"));
    }
}
