//! Keeps wide characters whole: an edit that would cut one in the middle blanks both of its halves first.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::cell::{Cell as GridCell, Flags};

use super::Emulator;

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
        if cells[Column(column)]
            .flags
            .contains(Flags::WIDE_CHAR_SPACER)
        {
            for half in [column - 1, column] {
                blank(&mut cells[Column(half)]);
            }
        }
    }

    /// Where the cursor is, in columns.
    pub(super) fn cursor_column(&self) -> usize {
        self.term.grid().cursor.point.column.0
    }
}

fn blank(cell: &mut GridCell) {
    cell.c = ' ';
    cell.flags
        .remove(Flags::WIDE_CHAR | Flags::WIDE_CHAR_SPACER);
    cell.extra = None;
}
