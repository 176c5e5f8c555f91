//! What a description is made of: entries with the columns they stand in; it reads no object and lays nothing out.

use jiff::{Timestamp, tz::TimeZone};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};

use crate::cluster::{ObjectKey, text::cleaned};

/// How kubectl writes a moment (Go's `RFC1123Z`).
const MOMENT: &str = "%a, %d %b %Y %H:%M:%S %z";

/// An object, told to a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Description {
    /// What was found out about it that `kubectl describe` does not tell.
    pub findings: Vec<Entry>,
    /// What `kubectl describe` tells, in its words and order.
    pub facts: Vec<Entry>,
    /// What controls it, where that can be described itself.
    pub owner: Option<ObjectKey>,
}

/// One line of a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// How deep it belongs under what stands above it.
    pub depth: usize,
    /// What stands in its columns; entries that follow each other have their columns under each other.
    pub cells: Vec<Cell>,
}

/// What stands in one column of an entry; its texts hold no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// What the entry is about: `Image:`.
    Name(String),
    /// A heading over a column.
    Heading(String),
    /// A value.
    Text(String),
    /// A value that tells how well something does.
    State(Standing, String),
    /// Words around times that go on: `3m (x4 over 10m)`.
    Ages(Vec<Piece>),
}

/// A part of a text with times in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Words(String),
    /// How long ago this was, as kubectl words ages.
    Since(Timestamp),
    /// So many seconds, worded as ages are.
    Lasting(i64),
}

/// How well something does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Good,
    /// On its way.
    Changing,
    /// Wrong.
    Bad,
    /// Of no weight.
    Faint,
}

impl Entry {
    /// Its columns as plain text, ages as of `now`, worded by `age`.
    pub fn texts(&self, now: Timestamp, age: impl Fn(Timestamp, Timestamp) -> String) -> Vec<String> {
        self.cells.iter().map(|cell| cell.text(now, &age)).collect()
    }
}

impl Cell {
    /// It as plain text, ages as of `now`, worded by `age`.
    pub fn text(&self, now: Timestamp, age: impl Fn(Timestamp, Timestamp) -> String) -> String {
        match self {
            Self::Name(text) | Self::Heading(text) | Self::Text(text) | Self::State(_, text) => text.clone(),
            Self::Ages(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Words(words) => words.clone(),
                    Piece::Since(since) => age(*since, now),
                    Piece::Lasting(seconds) => {
                        age(Timestamp::UNIX_EPOCH, Timestamp::from_second(*seconds).unwrap_or(Timestamp::MAX))
                    }
                })
                .collect(),
        }
    }
}

impl Piece {
    /// How long ago this was; kubectl's word for a time that is not known.
    pub(super) fn since(time: Option<Timestamp>) -> Self {
        time.map_or_else(|| Self::Words("<unknown>".to_owned()), Self::Since)
    }
}

/// A text, cleaned.
pub(super) fn said(text: impl AsRef<str>) -> Cell {
    Cell::Text(cleaned(text.as_ref()))
}

/// A text that tells how well something does, cleaned.
pub(super) fn standing(standing: Standing, text: impl AsRef<str>) -> Cell {
    Cell::State(standing, cleaned(text.as_ref()))
}

/// The entries of a description as they are written, one after the other.
#[derive(Debug)]
pub(super) struct Page {
    entries: Vec<Entry>,
    zone: TimeZone,
}

impl Page {
    /// An empty page whose moments are told in this time zone.
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { entries: Vec::new(), zone }
    }

    pub(super) fn finish(self) -> Vec<Entry> {
        self.entries
    }

    /// A line of these columns.
    pub(super) fn row(&mut self, depth: usize, cells: Vec<Cell>) {
        self.entries.push(Entry { depth, cells });
    }

    /// `name: value`.
    pub(super) fn field(&mut self, depth: usize, name: &str, value: impl AsRef<str>) {
        self.cell(depth, name, said(value));
    }

    /// `name: value`, where there is one.
    pub(super) fn field_if(&mut self, depth: usize, name: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value.filter(|value| !value.as_ref().is_empty()) {
            self.field(depth, name, value);
        }
    }

    /// `name: value` of a value that is more than a text.
    pub(super) fn cell(&mut self, depth: usize, name: &str, value: Cell) {
        self.row(depth, vec![Cell::Name(format!("{}:", cleaned(name))), value]);
    }

    /// `name:` above what belongs to it.
    pub(super) fn group(&mut self, depth: usize, name: &str) {
        self.row(depth, vec![Cell::Name(format!("{}:", cleaned(name)))]);
    }

    /// A line of words.
    pub(super) fn words(&mut self, depth: usize, words: impl AsRef<str>) {
        self.row(depth, vec![said(words)]);
    }

    /// The headings over columns.
    pub(super) fn headings(&mut self, depth: usize, names: &[&str]) {
        self.row(depth, names.iter().map(|name| Cell::Heading((*name).to_owned())).collect());
    }

    /// The headings over columns, underlined as kubectl does it: by four strokes at least.
    pub(super) fn underlined(&mut self, depth: usize, names: &[&str]) {
        self.headings(depth, names);
        self.row(depth, names.iter().map(|name| Cell::Heading("-".repeat(name.len().max(4)))).collect());
    }

    /// `name:` with one value a line, or `<none>`.
    pub(super) fn list<T: AsRef<str>>(&mut self, depth: usize, name: &str, values: impl IntoIterator<Item = T>) {
        let mut values = values.into_iter();
        self.field(depth, name, values.next().as_ref().map_or("<none>", |first| first.as_ref()));
        for value in values {
            self.row(depth, vec![Cell::Name(String::new()), said(value)]);
        }
    }

    /// A moment as kubectl writes it, in the page's time zone.
    pub(super) fn moment(&self, time: Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime(MOMENT).to_string()
    }

    /// The same of a time that may be missing: Go's zero time, which kubectl writes out.
    pub(super) fn moment_or_zero(&self, time: Option<&Time>) -> String {
        time.map_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(), |time| self.moment(time.0))
    }

    /// The same, or `<unset>`.
    pub(super) fn micro_moment(&self, time: Option<&MicroTime>) -> String {
        time.map_or_else(|| "<unset>".to_owned(), |time| self.moment(time.0))
    }
}
