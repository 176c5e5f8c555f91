//! A live list: its rows, their order under a sort and a filter, and a selection that follows identity, never index.
//!
//! Rows stand in slots; orders are lists of slot numbers, mended where rows changed, so that a change costs a list of
//! 100,000 rows no more than a walk over numbers.

mod filter;
mod order;

use std::cmp::Ordering;
use std::hash::Hash;

use crate::cluster::RowsUpdate;
use filter::Filter;
use order::{Slot, Slots, merge};

/// Of so many matching rows every one is scored to find the best; of more, the ones that hold what was typed as it
/// stands, and so many of them.
const MOST_SCORED: usize = 8_192;

/// What a list needs to know of its rows. Two that are equal look the same.
pub trait Row: PartialEq {
    /// What identifies a row.
    type Key: Clone + Eq + Hash + Ord;
    /// What rows can be sorted by.
    type Sort: Copy + Eq;

    /// The row's identity.
    fn key(&self) -> &Self::Key;
    /// The texts that a filter looks at, each by itself: the name first; unused places are empty.
    fn fields(&self) -> [&str; 4];
    /// How two rows stand under a sort; ties are broken by key.
    fn compare(&self, other: &Self, by: Self::Sort) -> Ordering;
}

/// A live list of rows.
#[derive(Debug, Clone)]
pub struct Rows<R: Row> {
    slots: Slots<R>,
    /// The slots that a fresh list has named so far; rows outside it go when the list is complete.
    named: Option<Vec<bool>>,
    complete: bool,
    /// Every row under the sort.
    order: Vec<Slot>,
    /// Those of them that match the filter; unused while there is none.
    matching: Vec<Slot>,
    /// The slots whose rows came, changed or went since the orders were made, some of them twice.
    changed: Vec<Slot>,
    selection: Selection<R::Key>,
    sort: R::Sort,
    reversed: bool,
    /// Whether the sort is another than that of the order.
    resort: bool,
    filter: Filtering,
}

/// What is selected.
#[derive(Debug, Clone)]
struct Selection<K> {
    key: Option<K>,
    index: usize,
    /// It follows its row: somebody has chosen it, or the list has been whole. Before that it is the first row, whichever
    /// that is by then.
    follows: bool,
}

/// The filter, and how far the rows that match it are up to date.
#[derive(Debug, Clone, Default)]
struct Filtering {
    text: String,
    /// The text that `matching` was made for, if it is another one.
    applied: Option<String>,
    /// The filter was just typed: its best match is to be selected.
    seek: bool,
}

impl<R: Row> Rows<R> {
    /// An empty list under this sort.
    pub fn new(sort: R::Sort) -> Self {
        Self {
            slots: Slots::new(),
            named: None,
            complete: false,
            order: Vec::new(),
            matching: Vec::new(),
            changed: Vec::new(),
            selection: Selection { key: None, index: 0, follows: false },
            sort,
            reversed: false,
            resort: false,
            filter: Filtering::default(),
        }
    }

    /// Takes in what a watch reports.
    pub fn apply(&mut self, update: RowsUpdate<R, R::Key>) {
        let Self { slots, named, changed, .. } = self;
        match update {
            RowsUpdate::Begin => *named = Some(Vec::new()),
            RowsUpdate::Rows(rows) => slots.put(rows, |slot, is_new| {
                if let Some(named) = named {
                    mark(named, slot);
                }
                if is_new {
                    changed.push(slot);
                }
            }),
            RowsUpdate::Complete => {
                if let Some(named) = named.take() {
                    slots.retain(|slot| {
                        let keep = is_marked(&named, slot);
                        if !keep {
                            changed.push(slot);
                        }
                        keep
                    });
                }
                self.complete = true;
            }
            RowsUpdate::Removed(key) => {
                if let Some(slot) = slots.remove(&key) {
                    changed.push(slot);
                    if let Some(named) = named.as_mut().and_then(|named| named.get_mut(slot as usize)) {
                        *named = false;
                    }
                }
            }
        }
    }

    /// Brings order, filter and selection up to date; cheap when nothing changed, and little where little did.
    pub fn settle(&mut self) {
        let refilter = self.filter.applied.is_some();
        if self.changed.is_empty() && !self.resort && !refilter {
            self.selection.follows |= self.complete;
            return;
        }
        self.slots.let_go();
        let changed = self.resort || !self.changed.is_empty();
        self.sort_changed();
        if let Some(before) = self.filter.applied.take() {
            let narrows = !changed && Filter::narrows(&self.filter.text, &before);
            self.match_all(narrows);
        }
        let best = std::mem::take(&mut self.filter.seek).then(|| self.best_match()).flatten();
        let followed = self.selection.key.as_ref().filter(|_| self.selection.follows);
        let found = followed.and_then(|key| self.index_of(key));
        self.selection.follows |= self.complete || best.is_some();
        self.select_index(best.or(found).unwrap_or(self.selection.index));
    }

    /// Mends both orders where rows changed, or makes them anew for another sort.
    fn sort_changed(&mut self) {
        let Self { slots, order, matching, changed, sort, reversed, .. } = self;
        let compare = |a: Slot, b: Slot| {
            let (Some(a), Some(b)) = (slots.get(a), slots.get(b)) else { return Ordering::Equal };
            let order = a.compare(b, *sort);
            let order = if *reversed { order.reverse() } else { order };
            order.then_with(|| a.key().cmp(b.key()))
        };
        let filtered = !self.filter.text.is_empty() && self.filter.applied.is_none();
        // Sorting much anew is cheaper than bringing it in piece by piece.
        if self.resort || changed.len() > slots.len() / 2 {
            order.clear();
            order.extend_from_slice(slots.all());
            order.sort_unstable_by(|a, b| compare(*a, *b));
            if filtered {
                let mut filter = Filter::new(&self.filter.text);
                let matches = |slot: &Slot| slots.get(*slot).is_some_and(|row| filter.matches(row.fields()));
                matching.clear();
                matching.extend(order.iter().copied().filter(matches));
            }
        } else if !changed.is_empty() {
            let mut touched = vec![false; slots.end()];
            changed.retain(|slot| !std::mem::replace(&mut touched[*slot as usize], true));
            order.retain(|slot| !touched[*slot as usize]);
            changed.retain(|slot| slots.get(*slot).is_some());
            changed.sort_unstable_by(|a, b| compare(*a, *b));
            merge(order, changed, compare);
            if filtered {
                let mut filter = Filter::new(&self.filter.text);
                matching.retain(|slot| !touched[*slot as usize]);
                changed.retain(|slot| slots.get(*slot).is_some_and(|row| filter.matches(row.fields())));
                merge(matching, changed, compare);
            }
        }
        changed.clear();
        // The room that a whole list took is not kept for its changes.
        changed.shrink_to(1024);
        self.resort = false;
    }

    /// Holds the filter against every row, or against those that the one before has left where it merely narrows that.
    fn match_all(&mut self, narrows: bool) {
        let Self { slots, order, matching, filter, .. } = self;
        if filter.text.is_empty() {
            *matching = Vec::new();
            return;
        }
        let mut words = Filter::new(&filter.text);
        let mut matches = |slot: &Slot| slots.get(*slot).is_some_and(|row| words.matches(row.fields()));
        if narrows {
            matching.retain(matches);
        } else {
            matching.clear();
            matching.extend(order.iter().copied().filter(|slot| matches(slot)));
        }
    }

    /// Where the best match of the filter stands; the first one where several are as good.
    fn best_match(&self) -> Option<usize> {
        let mut filter = Filter::new(&self.filter.text);
        let many = self.shown().len() > MOST_SCORED;
        let best = |literal: bool, filter: &mut Filter| {
            let mut best: Option<(u32, usize)> = None;
            let rows = self.visible().enumerate();
            let candidates = rows.filter(|(_, row)| !literal || filter.is_literal(row.fields()[0]));
            let candidates: Vec<_> = candidates.take(if many { MOST_SCORED } else { usize::MAX }).collect();
            for (index, row) in candidates {
                let score = filter.score(row.fields());
                if best.is_none_or(|(most, _)| score > most) {
                    best = Some((score, index));
                }
            }
            best.map(|(_, index)| index)
        };
        many.then(|| best(true, &mut filter)).flatten().or_else(|| best(false, &mut filter))
    }

    fn shown(&self) -> &[Slot] {
        let text = self.filter.applied.as_ref().unwrap_or(&self.filter.text);
        if text.is_empty() { &self.order } else { &self.matching }
    }

    fn index_of(&self, key: &R::Key) -> Option<usize> {
        let slot = self.slots.find(key)?;
        self.shown().iter().position(|other| *other == slot)
    }

    fn key_at(&self, index: usize) -> Option<&R::Key> {
        self.slots.get(*self.shown().get(index)?).map(Row::key)
    }

    fn select_index(&mut self, index: usize) {
        self.selection.index = index.min(self.shown().len().saturating_sub(1));
        // While a list is empty (filter, reconnect) the selection is remembered, so that it comes back with its row.
        if let Some(key) = self.key_at(self.selection.index).cloned() {
            self.selection.key = Some(key);
        }
    }

    /// Forgets every row, as for another namespace; keeps sort.
    pub fn clear(&mut self) {
        let (sort, reversed) = (self.sort, self.reversed);
        *self = Self { reversed, ..Self::new(sort) };
    }

    /// Rows under the filter, in order, as they stood when the list was settled.
    pub fn visible(&self) -> impl ExactSizeIterator<Item = &R> {
        self.shown().iter().map(|slot| self.slots.row(*slot))
    }

    /// How many rows there are, filtered or not.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is no row at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether one whole list has arrived since the last [`Rows::clear`].
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The row of this key.
    pub fn get(&self, key: &R::Key) -> Option<&R> {
        self.slots.get(self.slots.find(key)?)
    }

    /// The selected row's key; `None` while nothing is visible.
    pub fn selected(&self) -> Option<&R::Key> {
        self.key_at(self.selection.index)
    }

    /// Where the selected row stands among the visible ones.
    pub fn selected_index(&self) -> usize {
        self.selection.index
    }

    /// Selects this row, now or once it arrives.
    pub fn select(&mut self, key: R::Key) {
        self.selection.follows = true;
        if let Some(index) = self.index_of(&key) {
            self.selection.index = index;
        }
        self.selection.key = Some(key);
    }

    /// Moves the selection by this many rows, stopping at the ends.
    pub fn move_by(&mut self, rows: isize) {
        self.selection.follows = true;
        self.select_index(self.selection.index.saturating_add_signed(rows));
    }

    /// Selects the row standing at this index, or the last.
    pub fn move_to(&mut self, index: usize) {
        self.selection.follows = true;
        self.select_index(index);
    }

    /// The filter's text.
    pub fn filter(&self) -> &str {
        &self.filter.text
    }

    /// Shows only rows that match this text (fuzzily, word by word; `'word` exactly, `!word` not).
    pub fn set_filter(&mut self, filter: impl Into<String>) {
        let before = std::mem::replace(&mut self.filter.text, filter.into());
        // What was typed since the list was settled has changed nothing yet.
        self.filter.applied.get_or_insert(before);
        // A filter that is cleared seeks nothing: what was selected stays.
        self.filter.seek = !self.filter.text.is_empty();
    }

    /// What it is sorted by, and whether backwards.
    pub fn sort(&self) -> (R::Sort, bool) {
        (self.sort, self.reversed)
    }

    /// Sorts by something else.
    pub fn set_sort(&mut self, sort: R::Sort, reversed: bool) {
        (self.sort, self.reversed) = (sort, reversed);
        self.resort = true;
    }
}

fn mark(marks: &mut Vec<bool>, slot: Slot) {
    let at = slot as usize;
    if marks.len() <= at {
        marks.resize(at + 1, false);
    }
    marks[at] = true;
}

fn is_marked(marks: &[bool], slot: Slot) -> bool {
    marks.get(slot as usize).copied().unwrap_or(false)
}

#[cfg(test)]
mod tests;
