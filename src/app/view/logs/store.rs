//! The lines of a log view: in the order of their times as far as they come in it, the oldest dropped once they are too many,
//! with an index of those that are shown which is kept up line by line; it draws nothing.

use std::collections::{HashMap, HashSet, VecDeque};

use jiff::Timestamp;

use super::entry::{Entry, Object};
use super::filter::Filter;

/// The most entries at the end that lines which come late are put in order with.
const LATE_MAX: usize = 50_000;
/// A line that has begun is looked for among so many entries at the end.
const BEGUN_MAX: usize = 2_000;

/// A ring without room grows by this part of itself: twice as much would be most of what a full one costs.
const GROWTH: usize = 8;

/// What stands on a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// The number of the entry, for good.
    pub(super) entry: u64,
    /// Which of its rows, counted from 0.
    pub(super) part: u32,
}

/// What became of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Changed {
    /// So many at the beginning are gone.
    pub(super) dropped: usize,
    /// Rows that were there are others now.
    pub(super) replaced: bool,
}

/// The entries that are kept.
#[derive(Debug)]
pub(super) struct Store {
    entries: VecDeque<Entry>,
    /// The number of the first one.
    first: u64,
    rows: VecDeque<Row>,
    /// The entries from this number on have no rows yet: the view is held.
    held: Option<u64>,
    bytes: usize,
    /// How many entries are lines, and how many of those the filter lets through; marks are none.
    lines: usize,
    lines_shown: usize,
    limit: usize,
    /// How many lines were dropped because there was no room.
    dropped: u64,
    /// The place of the latest entry of each source.
    latest: HashMap<Option<u32>, Timestamp>,
    /// The sources whose latest line has not ended.
    begun: HashMap<u32, Option<Timestamp>>,
    unfolds: bool,
}

impl Store {
    /// An empty one that keeps about so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            rows: VecDeque::new(),
            held: None,
            bytes: 0,
            lines: 0,
            lines_shown: 0,
            limit,
            dropped: 0,
            latest: HashMap::new(),
            begun: HashMap::new(),
            unfolds: false,
        }
    }

    /// The rows that are shown.
    pub(super) fn rows(&self) -> &VecDeque<Row> {
        &self.rows
    }

    /// The entry of this number.
    pub(super) fn entry(&self, number: u64) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// The sources of which something is kept.
    pub(super) fn sources(&self) -> HashSet<u32> {
        self.entries.iter().filter_map(|entry| entry.source).collect()
    }

    /// Forgets what it knows of all other sources.
    pub(super) fn retain_sources(&mut self, kept: &HashSet<u32>) {
        self.latest.retain(|source, _| source.is_none_or(|source| kept.contains(&source)));
        self.begun.retain(|source, _| kept.contains(source));
    }

    /// How many lines are shown, and how many are kept; marks are none.
    pub(super) fn counted(&self) -> (usize, usize) {
        (self.lines_shown, self.lines)
    }

    /// Counts an entry that is about to be kept.
    fn kept(&mut self, entry: &Entry) {
        self.bytes += entry.cost();
        if entry.mark.is_none() {
            self.lines += 1;
            self.lines_shown += usize::from(entry.shown);
        }
    }

    /// Counts an entry that was kept no more.
    fn let_go(&mut self, entry: &Entry) {
        self.bytes -= entry.cost();
        if entry.mark.is_none() {
            self.lines -= 1;
            self.lines_shown -= usize::from(entry.shown);
        }
    }

    /// How many entries are kept.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many lines were dropped because there was no room.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many bytes are kept, about.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many entries came while the view is held.
    pub(super) fn held(&self) -> Option<u64> {
        self.held.map(|held| (self.first + self.entries.len() as u64).saturating_sub(held))
    }

    /// Shows nothing more of what comes, or all that came meanwhile.
    pub(super) fn hold(&mut self, holds: bool) {
        if holds {
            self.held.get_or_insert(self.first + self.entries.len() as u64);
        } else if let Some(held) = self.held.take() {
            self.index(held.max(self.first));
        }
    }

    /// Takes in entries as they came.
    pub(super) fn add(&mut self, mut entries: Vec<Entry>, filter: &Filter) -> Changed {
        let mut changed = Changed::default();
        let mut before = self.entries.back().map_or(Timestamp::MIN, |entry| entry.order);
        for entry in &mut entries {
            entry.shown = entry.mark.is_some() || filter.lets_through(&entry.text, entry.is_object());
            entry.unfold(self.unfolds);
            // What has no time stands where it came; what is of one source stays in its order.
            if entry.order == Timestamp::MIN {
                entry.order = before;
            }
            let latest = self.latest.entry(entry.source).or_insert(entry.order);
            entry.order = entry.order.max(*latest);
            *latest = entry.order;
            before = entry.order;
        }
        for entry in &entries {
            changed.replaced |= self.finish(entry);
        }
        entries.sort_by_key(|entry| entry.order);
        let Some(earliest) = entries.first().map(|entry| entry.order) else { return changed };
        let late = self.entries.iter().rev().take(LATE_MAX).take_while(|entry| entry.order > earliest).count();
        let from = self.first + (self.entries.len() - late) as u64;
        for entry in &entries {
            self.kept(entry);
        }
        make_room(&mut self.entries, entries.len());
        if late == 0 {
            self.entries.extend(entries);
        } else {
            let mut old = self.entries.split_off(self.entries.len() - late).into_iter().peekable();
            let mut new = entries.into_iter().peekable();
            while let (Some(one), Some(other)) = (old.peek(), new.peek()) {
                let earlier = if one.order <= other.order { old.next() } else { new.next() };
                self.entries.extend(earlier);
            }
            self.entries.extend(old.chain(new));
            changed.replaced = true;
        }
        self.index(from);
        changed.dropped = self.drop_oldest();
        changed
    }

    /// Removes the line that this one stands for, of which only the beginning had come.
    fn finish(&mut self, entry: &Entry) -> bool {
        let (Some(source), None) = (entry.source, entry.mark) else { return false };
        let begun = self.begun.remove(&source);
        if !entry.whole {
            self.begun.insert(source, entry.time);
        }
        if begun != Some(entry.time) {
            return false;
        }
        let is_begun = |other: &Entry| other.source == Some(source) && !other.whole && other.mark.is_none();
        let Some(back) = self.entries.iter().rev().take(BEGUN_MAX).position(is_begun) else { return false };
        let at = self.entries.len() - 1 - back;
        if let Some(gone) = self.entries.remove(at) {
            self.let_go(&gone);
        }
        let number = self.first + at as u64;
        self.held = self.held.map(|held| if held > number { held - 1 } else { held });
        self.index(number);
        true
    }

    /// Makes the rows of all entries from this number on anew.
    fn index(&mut self, from: u64) {
        while self.rows.back().is_some_and(|row| row.entry >= from) {
            self.rows.pop_back();
        }
        let skipped = usize::try_from(from.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let end = self.held.unwrap_or(u64::MAX);
        let numbered = (self.first + skipped as u64..end).zip(self.entries.iter().skip(skipped));
        for (number, entry) in numbered.filter(|(_, entry)| entry.shown) {
            let height = entry.height();
            make_room(&mut self.rows, height as usize);
            self.rows.extend((0..height).map(|part| Row { entry: number, part }));
        }
    }

    fn drop_oldest(&mut self) -> usize {
        // What came while the view is held does not push out what is read so soon.
        let limit = if self.held.is_some() { self.limit.saturating_mul(2) } else { self.limit };
        while self.bytes > limit
            && self.entries.len() > 1
            && let Some(oldest) = self.entries.pop_front()
        {
            self.let_go(&oldest);
            self.first += 1;
            self.dropped += u64::from(oldest.mark.is_none());
        }
        let rows = self.rows.iter().take_while(|row| row.entry < self.first).count();
        self.rows.drain(..rows);
        // A view that was held has had twice as many.
        let room = self.entries.len() + self.entries.len() / GROWTH;
        if self.entries.capacity() > room + room / 2 {
            self.entries.shrink_to(room);
            self.rows.shrink_to(self.rows.len() + self.rows.len() / GROWTH);
        }
        rows
    }

    /// Shows what this filter lets through.
    pub(super) fn filter(&mut self, filter: &Filter) {
        self.lines_shown = 0;
        for entry in &mut self.entries {
            entry.shown = entry.mark.is_some() || filter.lets_through(&entry.text, entry.is_object());
            self.lines_shown += usize::from(entry.shown && entry.mark.is_none());
        }
        self.index(self.first);
    }

    /// Whether a line is found by this filter.
    pub(super) fn has_any(&self, filter: &Filter) -> bool {
        self.entries.iter().any(|entry| entry.mark.is_none() && filter.finds(&entry.text, entry.is_object()))
    }

    /// Unfolds the object on this row, or folds it; the row on which it begins.
    pub(super) fn unfold(&mut self, row: usize) -> Option<usize> {
        let number = self.rows.get(row)?.entry;
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let entry = self.entries.get_mut(at).filter(|entry| entry.is_object())?;
        entry.unfold(entry.object == Object::Folded);
        let begins = self.rows.partition_point(|row| row.entry < number);
        self.index(number);
        Some(begins)
    }

    /// Unfolds every object, or folds all of them.
    pub(super) fn unfold_all(&mut self) {
        self.unfolds = !self.unfolds;
        for entry in &mut self.entries {
            entry.unfold(self.unfolds);
        }
        self.index(self.first);
    }

    /// Whether objects are unfolded as they come.
    pub(super) fn unfolds(&self) -> bool {
        self.unfolds
    }

    /// The row of this entry, or the next that is shown.
    pub(super) fn row_of(&self, entry: u64) -> usize {
        self.rows.partition_point(|row| row.entry < entry)
    }
}

/// Makes room for so many more.
fn make_room<T>(ring: &mut VecDeque<T>, more: usize) {
    if ring.capacity() - ring.len() < more {
        ring.reserve_exact(more.max(ring.len() / GROWTH));
    }
}

#[cfg(test)]
mod tests;
