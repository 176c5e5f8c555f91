//! One entry of a log view: a line that a container wrote or a mark between lines, as it is kept; it knows no other.

use jiff::Timestamp;

use super::ansi::{self, Change};
use super::json;
use crate::cluster::{LogLine, LogMark, MarkKind};

/// What an entry costs besides its text and colours, in bytes: itself, its row, and what the allocator keeps.
pub(super) const COST: usize = 144;

/// Whether an entry may be a JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Object {
    /// It is none.
    No,
    /// In one row.
    Folded,
    /// In a row for each of its keys.
    Unfolded,
}

/// A line or a mark.
#[derive(Debug)]
pub(super) struct Entry {
    /// Whose it is, by number.
    pub(super) source: Option<u32>,
    /// When it was written or happened.
    pub(super) time: Option<Timestamp>,
    /// Where it stands among the others: never before what came before it from the same source.
    pub(super) order: Timestamp,
    /// Its text without control characters.
    pub(super) text: Box<str>,
    /// How its writer wanted it to look.
    pub(super) changes: Box<[Change]>,
    /// How much it matters, for a mark.
    pub(super) mark: Option<MarkKind>,
    /// Its end has come.
    pub(super) whole: bool,
    /// The filter lets it through.
    pub(super) shown: bool,
    /// Whether it may be a JSON object, and how that is shown.
    pub(super) object: Object,
    /// How many rows it takes where it is shown.
    pub(super) height: u32,
}

impl Entry {
    /// A line as it came.
    pub(super) fn line(line: &LogLine) -> Self {
        let (text, changes) = ansi::plain(&line.text);
        Self {
            source: Some(line.source),
            time: line.time,
            order: line.time.unwrap_or(Timestamp::MIN),
            object: if json::may_be_object(&text) { Object::Folded } else { Object::No },
            text: text.into(),
            changes: changes.into(),
            mark: None,
            whole: line.whole,
            shown: true,
            height: 1,
        }
    }

    /// A mark.
    pub(super) fn mark(mark: LogMark) -> Self {
        Self {
            source: mark.source,
            time: None,
            order: mark.time.unwrap_or(Timestamp::MIN),
            text: mark.text.into(),
            changes: Box::default(),
            mark: Some(mark.kind),
            whole: true,
            shown: true,
            object: Object::No,
            height: 1,
        }
    }

    /// What it costs to keep, in bytes.
    pub(super) fn cost(&self) -> usize {
        COST + self.text.len() + std::mem::size_of_val(&*self.changes)
    }

    /// Whether it may be a JSON object.
    pub(super) fn is_object(&self) -> bool {
        self.object != Object::No
    }

    /// Shows it unfolded or folded, if it may be an object.
    pub(super) fn unfold(&mut self, unfolds: bool) {
        if self.is_object() {
            self.object = if unfolds { Object::Unfolded } else { Object::Folded };
            let unfolded = if unfolds { json::unfolded(&self.text) } else { None };
            self.height = 1 + unfolded.map_or(0, |lines| u32::try_from(lines.len()).unwrap_or(0));
        }
    }

    /// How many rows it takes where it is shown.
    pub(super) fn height(&self) -> u32 {
        self.height
    }
}
