//! Raw mode of the user's terminal while a plain session has it, given back when dropped; it draws nothing.

use std::io;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::runtime::tty;

/// The terminal in raw mode.
#[derive(Debug)]
pub(super) struct RawMode(());

impl RawMode {
    /// Takes the terminal. From now on a panic is kept for [`tty::panics`] instead of being printed.
    ///
    /// # Errors
    /// When there is no terminal that can be controlled.
    pub(super) fn take() -> io::Result<Self> {
        tty::keep_panics();
        enable_raw_mode()?;
        Ok(Self(()))
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // A terminal that has gone away cannot be restored, and there is nobody left to tell.
        let _ = disable_raw_mode();
    }
}
