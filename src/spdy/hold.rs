//! Whether a connection stands still because one of its streams is not read; it moves nothing.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A reader that takes nothing for so long is not merely at work.
const LONG: Duration = Duration::from_millis(50);

/// Since when what was read from a connection waits for the reader of its stream.
#[derive(Debug, Default)]
pub(super) struct Hold(Mutex<Option<Instant>>);

impl Hold {
    /// It waits until what comes back is dropped.
    pub(super) fn begin(&self) -> impl Drop + '_ {
        self.set(Some(Instant::now()));
        Waiting(self)
    }

    /// Whether it waits for longer than a reader at work takes.
    pub(super) fn is_long(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|since| since.elapsed() > LONG)
    }

    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

struct Waiting<'a>(&'a Hold);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.set(None);
    }
}
