//! What the library gets wrong round the cursor: margins in its way, and edits that cut a wide character in half.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::cell::{Cell as GridCell, Flags};
use alacritty_terminal::vte::ansi::{NamedPrivateMode, PrivateMode};

use super::{Emulator, line};

impl Emulator {
    /// Blanks the wide character on the cursor's row whose right half is at `column`, so that a cut left of `column`
    /// leaves no half behind.
    pub(super) fn cut_before(&mut self, column: usize) {
        if column == 0 || column >= self.term.columns() {
            return;
        }
        let grid = self.term.grid_mut();
        let row = grid.cursor.point.line;
        let cells = &mut grid[row];
        if cells[Column(column)].flags.contains(Flags::WIDE_CHAR_SPACER) {
            for half in [column - 1, column] {
                blank(&mut cells[Column(half)]);
            }
        }
    }

    /// Where the cursor is, in columns.
    pub(super) fn cursor_column(&self) -> usize {
        self.term.grid().cursor.point.column.0
    }

    /// Marks on the character that another one would be put on.
    pub(super) fn marks_at_cursor(&self) -> usize {
        let grid = self.term.grid();
        let cursor = &grid.cursor;
        let row = &grid[cursor.point.line];
        let mut column = cursor.point.column.0;
        if !cursor.input_needs_wrap {
            column = column.saturating_sub(1);
        }
        if row[Column(column)].flags.contains(Flags::WIDE_CHAR_SPACER) {
            column = column.saturating_sub(1);
        }
        row[Column(column)].zerowidth().map_or(0, <[char]>::len)
    }

    /// Moves the cursor, which does not cross a margin it is inside of.
    pub(super) fn move_rows(&mut self, rows: usize, up: bool) {
        let at = usize::try_from(self.term.grid().cursor.point.line.0).unwrap_or(0);
        let last = self.term.screen_lines() - 1;
        let to = if up {
            let top = if at >= self.margins.start { self.margins.start } else { 0 };
            at.saturating_sub(rows).max(top)
        } else {
            let bottom = if at < self.margins.end { self.margins.end - 1 } else { last };
            at.saturating_add(rows).min(bottom)
        };
        let cursor = &mut self.term.grid_mut().cursor;
        cursor.point.line = line(to);
        cursor.input_needs_wrap = false;
    }

    /// Makes both ends of a stretch of `count` cells at the cursor safe to cut.
    pub(super) fn cut_around(&mut self, count: usize) {
        let column = self.cursor_column();
        self.cut_before(column);
        self.cut_before(column.saturating_add(count));
    }

    /// DECCOLM, which the library answers with a cleared screen, puts the margins back as well.
    pub(super) fn forget_margins_on(&mut self, mode: PrivateMode) {
        if mode == NamedPrivateMode::ColumnMode.into() {
            self.margins = 0..self.term.screen_lines();
        }
    }
}

fn blank(cell: &mut GridCell) {
    cell.c = ' ';
    cell.flags.remove(Flags::WIDE_CHAR | Flags::WIDE_CHAR_SPACER);
    cell.extra = None;
}
