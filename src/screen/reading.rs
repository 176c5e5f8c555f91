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
