//! Where a shell's prompts began, as it has marked them (OSC 133 ; A), also after lines were wrapped anew; it changes no cell.

use std::collections::VecDeque;

use super::Emulator;
use super::RowRef;

/// The most prompts remembered.
const PROMPTS_MAX: usize = 2_000;

/// The rows that prompts began at, oldest first.
#[derive(Debug, Default)]
pub(super) struct Prompts(VecDeque<u64>);

impl Prompts {
    fn mark(&mut self, row: u64) {
        // A shell that goes up, as after `clear`, prints over what stood from there on.
        while self.0.back().is_some_and(|last| *last >= row) {
            self.0.pop_back();
        }
        if self.0.len() == PROMPTS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(row);
    }
}

impl Emulator {
    /// A shell says that its prompt begins where the cursor is.
    pub(in crate::screen) fn mark_prompt(&mut self) {
        if !self.on_alt_screen() {
            self.prompts.mark(self.cursor_row());
        }
    }

    /// The rows that prompts began at, oldest first; some may have left the history.
    pub(in crate::screen) fn prompts(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.prompts.0.iter().copied()
    }

    /// Gives each prompt the row that its line begins in after `rewrap`, which wraps lines to another width.
    pub(super) fn keep_prompts(&mut self, rewrap: impl FnOnce(&mut Emulator)) {
        if self.prompts.0.is_empty() {
            return rewrap(self);
        }
        let lines = self.behind_alt_screen(Emulator::prompt_lines);
        rewrap(self);
        self.prompts = self.behind_alt_screen(|emulator| emulator.prompts_in(&lines));
    }

    fn behind_alt_screen<T>(&mut self, look: impl FnOnce(&Emulator) -> T) -> T {
        let parked = self.park_alt_screen();
        let seen = look(self);
        if let Some(parked) = parked {
            self.unpark_alt_screen(parked);
        }
        seen
    }

    /// How many lines above the cursor's own each prompt is, newest first.
    fn prompt_lines(&self) -> Vec<usize> {
        let (mut row, mut lines) = (self.cursor_row(), 0);
        let mut found = Vec::with_capacity(self.prompts.0.len());
        for prompt in self.prompts().rev().skip_while(|prompt| *prompt > self.cursor_row()) {
            while row > prompt {
                row -= 1;
                match self.row(row) {
                    Some(cells) => lines += usize::from(!cells.is_wrapped()),
                    None => return found,
                }
            }
            found.push(lines);
        }
        found
    }

    /// The rows that the lines begin in which are so many above the cursor's own, as far as they are there.
    fn prompts_in(&self, lines: &[usize]) -> Prompts {
        let mut rows = VecDeque::with_capacity(lines.len());
        let (mut row, mut line) = (self.line_start(self.cursor_row()), 0);
        for wanted in lines {
            while line < *wanted {
                if row == 0 || self.row(row - 1).is_none() {
                    return Prompts(rows);
                }
                row = self.line_start(row - 1);
                line += 1;
            }
            // Two prompts in one line are one.
            if rows.front() != Some(&row) {
                rows.push_front(row);
            }
        }
        Prompts(rows)
    }

    fn line_start(&self, mut row: u64) -> u64 {
        while row > 0 && self.row(row - 1).is_some_and(RowRef::is_wrapped) {
            row -= 1;
        }
        row
    }

    fn cursor_row(&self) -> u64 {
        self.first_row() + u64::try_from(self.term.grid().cursor.point.line.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::screen::{Screen, Size};

    const PROMPT: &str = "\x1b]133;A\x07$ ";

    fn screen(columns: u16, rows: u16, bytes: &str) -> Screen {
        let mut screen = Screen::new(Size { columns, rows }, 20_000);
        screen.feed(bytes.as_bytes());
        screen
    }

    /// The text of the lines that are marked, oldest first.
    fn marked(screen: &mut Screen) -> Vec<String> {
        let mut row = screen.oldest_row();
        let mut rows: Vec<u64> = Vec::new();
        if screen.prompt_from(row + 1, false) == Some(row) {
            rows.push(row);
        }
        while let Some(next) = screen.prompt_from(row, true) {
            rows.push(next);
            row = next;
        }
        let text = |row| {
            screen.reveal(crate::screen::Position { row, column: 0 });
            let row = screen.row_in_view(row).expect("it is revealed");
            screen.line_text(row)
        };
        rows.into_iter().map(text).collect()
    }

    #[test]
    fn a_prompt_that_is_printed_over_others_replaces_them() {
        let mut screen = screen(20, 10, &format!("{PROMPT}one\r\n\r\n{PROMPT}two\r\n\r\n{PROMPT}three"));
        screen.feed(format!("\x1b[H\x1b[J{PROMPT}four\r\n{PROMPT}five").as_bytes());
        assert_eq!(marked(&mut screen), ["$ four", "$ five"]);
        assert_eq!(screen.prompt_from(0, true), Some(1));
    }

    #[test]
    fn prompts_outlive_another_width_also_behind_a_pager() {
        for (rows, lines, alternate) in [(6, 1, false), (30, 2, false), (6, 400, false), (6, 900, true), (40, 3, true)]
        {
            let output = "a line that is longer than the narrow pane is wide\r\n\u{4f60}\u{597d}\r\n".repeat(lines);
            let mut screen = screen(60, rows, &format!("{PROMPT}one\r\n{output}{PROMPT}two\r\n{output}{PROMPT}three"));
            if alternate {
                screen.feed(b"\x1b[?1049hpager");
            }
            for columns in [11, 60, 25, 200] {
                screen.resize(Size { columns, rows });
            }
            screen.feed(b"\x1b[?1049l");
            assert_eq!(marked(&mut screen), ["$ one", "$ two", "$ three"], "{lines} {alternate}");
        }
    }

    #[test]
    fn a_prompt_that_another_width_pushes_out_of_the_history_is_forgotten() {
        let mut screen = Screen::new(Size { columns: 60, rows: 4 }, 1_000);
        screen.feed(format!("{PROMPT}one\r\n{}{PROMPT}two", "a line longer than ten\r\n".repeat(900)).as_bytes());
        screen.resize(Size { columns: 10, rows: 4 });
        assert_eq!(marked(&mut screen), ["$ two"]);
    }
}
