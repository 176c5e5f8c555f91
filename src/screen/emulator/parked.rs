//! A look at the screen that waits behind the alternate one; what is on either is not changed by it.

use alacritty_terminal::grid::Grid;
use alacritty_terminal::term::cell::Cell as GridCell;

use super::Emulator;

/// The alternate screen while the other one is looked at.
pub(in crate::screen) struct Parked(Grid<GridCell>);

impl Emulator {
    /// Brings the screen behind the alternate one forward; `None` when there is no alternate screen in front.
    pub(in crate::screen) fn park_alt_screen(&mut self) -> Option<Parked> {
        self.on_alt_screen().then(|| {
            let parked = Parked(self.term.grid().clone());
            self.term.swap_alt();
            parked
        })
    }

    /// Puts the alternate screen back in front.
    pub(in crate::screen) fn unpark_alt_screen(&mut self, parked: Parked) {
        // The library empties the alternate screen when it comes forward.
        self.term.swap_alt();
        *self.term.grid_mut() = parked.0;
    }
}
