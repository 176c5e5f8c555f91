//! What waits to be sent to the far end, in order and bounded; it never sends.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::session::Outgoing;

/// How many bytes of input may wait for a far end that does not read.
pub const INPUT_LIMIT: usize = 256 * 1024;
/// How many pieces of input may wait, however small they are.
pub(super) const INPUT_PIECES: usize = 4096;

/// The far end does not read its input: nothing more is taken until it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// What waits to be sent, in order.
#[derive(Debug, Default)]
pub(super) struct InputQueue {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Outgoing>,
    input_bytes: usize,
    closed: bool,
}

impl InputQueue {
    fn with<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        let result = change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        self.filled.notify_one();
        result
    }

    pub(super) fn push_input(&self, bytes: Bytes) -> Result<(), Full> {
        self.with(|waiting| {
            if waiting.closed || bytes.is_empty() {
                return Ok(());
            }
            if waiting.input_bytes >= INPUT_LIMIT || waiting.items.len() >= INPUT_PIECES {
                return Err(Full);
            }
            waiting.input_bytes += bytes.len();
            waiting.items.push_back(Outgoing::Input(bytes));
            Ok(())
        })
    }

    pub(super) fn push_resize(&self, columns: u16, rows: u16) {
        self.with(|waiting| {
            let newest = Outgoing::Resize { columns, rows };
            match waiting.items.back_mut() {
                Some(last @ Outgoing::Resize { .. }) => *last = newest,
                _ => waiting.items.push_back(newest),
            }
        });
    }

    /// Two sizes that are both sent, so that a program that only draws when its size changes draws again.
    pub(super) fn push_redraw(&self, columns: u16, rows: u16) {
        self.with(|waiting| {
            let larger = Outgoing::Resize { columns: columns.saturating_add(1), rows: rows.saturating_add(1) };
            waiting.items.extend([larger, Outgoing::Resize { columns, rows }]);
        });
    }

    pub(super) fn close_input(&self) {
        self.with(|waiting| {
            if !waiting.closed {
                waiting.closed = true;
                waiting.items.push_back(Outgoing::CloseInput);
            }
        });
    }

    pub(super) fn finish(&self) {
        self.with(|waiting| *waiting = Waiting { closed: true, ..Waiting::default() });
    }

    pub(super) fn pop(&self) -> Option<Outgoing> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let item = waiting.items.pop_front();
        if let Some(Outgoing::Input(bytes)) = &item {
            waiting.input_bytes -= bytes.len();
        }
        item
    }

    pub(super) async fn filled(&self) {
        while self.waiting.lock().unwrap_or_else(PoisonError::into_inner).items.is_empty() {
            self.filled.notified().await;
        }
    }
}
