//! A live list: its rows, their order under a sort and a filter, and a selection that follows identity, never index.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::cluster::RowsUpdate;

/// What a list needs to know of its rows.
pub trait Row {
    /// What identifies a row.
    type Key: Clone + Eq + Hash + Ord;
    /// What rows can be sorted by.
    type Sort: Copy + Eq;

    /// The row's identity.
    fn key(&self) -> Self::Key;
    /// The texts that a filter looks at, each by itself: the name first; unused places are empty.
    fn fields(&self) -> [&str; 4];
    /// How two rows stand under a sort; ties are broken by key.
    fn compare(&self, other: &Self, by: Self::Sort) -> std::cmp::Ordering;
}

/// A live list of rows.
#[derive(Debug, Clone)]
pub struct Rows<R: Row> {
    by_key: HashMap<R::Key, R>,
    /// The keys that a fresh list has named so far; rows outside it go when the list is complete.
    named: Option<HashSet<R::Key>>,
    complete: bool,
    visible: Vec<R::Key>,
    selected: Option<R::Key>,
    selected_index: usize,
    sort: R::Sort,
    reversed: bool,
    filter: String,
    pending: Pending,
}

/// What has to be done before the list is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    /// Nothing.
    Nothing,
    /// Rows, sort or filter changed: the order is made anew.
    Order,
    /// The filter was just typed: also, its best match is selected.
    Seek,
}

/// A filter's words, ready to be held against rows.
struct Filter {
    pattern: Pattern,
    matcher: Matcher,
    characters: Vec<char>,
}

impl Filter {
    fn new(text: &str) -> Self {
        let pattern = Pattern::parse(text, CaseMatching::Smart, Normalization::Smart);
        Self { pattern, matcher: Matcher::new(Config::DEFAULT), characters: Vec::new() }
    }

    /// How well the fields match, the name first: every word in one of them, every `!word` in none.
    fn score(&mut self, fields: [&str; 4]) -> Option<u32> {
        let Self { pattern, matcher, characters } = self;
        let mut total = 0;
        for word in &pattern.atoms {
            if word.negative {
                let absent = |field| word.score(Utf32Str::new(field, characters), matcher).is_some();
                fields.into_iter().all(absent).then_some(())?;
                continue;
            }
            // The name is matched fuzzily; what else a row says holds too many letters for that.
            let by_name = word.score(Utf32Str::new(fields[0], characters), matcher).map(u32::from);
            let text = word.needle_text().to_string().to_lowercase();
            let said = || fields[1..].iter().any(|field| field.to_lowercase().contains(&text)).then_some(1);
            total += by_name.or_else(said)?;
        }
        Some(total)
    }
}

impl<R: Row> Rows<R> {
    /// An empty list under this sort.
    pub fn new(sort: R::Sort) -> Self {
        Self {
            by_key: HashMap::new(),
            named: None,
            complete: false,
            visible: Vec::new(),
            selected: None,
            selected_index: 0,
            sort,
            reversed: false,
            filter: String::new(),
            pending: Pending::Nothing,
        }
    }

    /// Takes in what a watch reports.
    pub fn apply(&mut self, update: RowsUpdate<R, R::Key>) {
        match update {
            RowsUpdate::Begin => self.named = Some(HashSet::new()),
            RowsUpdate::Rows(rows) => {
                for row in rows {
                    let key = row.key();
                    if let Some(named) = &mut self.named {
                        named.insert(key.clone());
                    }
                    self.by_key.insert(key, row);
                }
                self.reorder();
            }
            RowsUpdate::Complete => {
                if let Some(named) = self.named.take() {
                    self.by_key.retain(|key, _| named.contains(key));
                }
                self.complete = true;
                self.reorder();
            }
            RowsUpdate::Removed(key) => {
                if let Some(named) = &mut self.named {
                    named.remove(&key);
                }
                self.by_key.remove(&key);
                self.reorder();
            }
        }
    }

    /// Brings order, filter and selection up to date; cheap when nothing changed.
    pub fn settle(&mut self) {
        let pending = std::mem::replace(&mut self.pending, Pending::Nothing);
        if pending == Pending::Nothing {
            return;
        }
        let mut visible: Vec<(u32, &R)> = if self.filter.is_empty() {
            self.by_key.values().map(|row| (0, row)).collect()
        } else {
            let mut filter = Filter::new(&self.filter);
            self.by_key.values().filter_map(|row| Some((filter.score(row.fields())?, row))).collect()
        };
        let (sort, reversed) = (self.sort, self.reversed);
        visible.sort_by(|(_, a), (_, b)| {
            let order = a.compare(b, sort);
            let order = if reversed { order.reverse() } else { order };
            order.then_with(|| a.key().cmp(&b.key()))
        });
        // What is typed means its best match; nothing else should be acted upon by accident.
        let best = (pending == Pending::Seek)
            .then(|| visible.iter().enumerate().max_by_key(|(index, (score, _))| (*score, Reverse(*index))))
            .flatten()
            .map(|(index, _)| index);
        self.visible = visible.into_iter().map(|(_, row)| row.key()).collect();
        let found = self.selected.as_ref().and_then(|key| self.visible.iter().position(|other| other == key));
        self.select_index(best.or(found).unwrap_or(self.selected_index));
    }

    /// The order is out of date; a best match that is still to be selected stays so.
    fn reorder(&mut self) {
        if self.pending == Pending::Nothing {
            self.pending = Pending::Order;
        }
    }

    fn select_index(&mut self, index: usize) {
        self.selected_index = index.min(self.visible.len().saturating_sub(1));
        // While a list is empty (filter, reconnect) the selection is remembered, so that it comes back with its row.
        if let Some(key) = self.visible.get(self.selected_index) {
            self.selected = Some(key.clone());
        }
    }

    /// Forgets every row, as for another namespace; keeps sort.
    pub fn clear(&mut self) {
        let (sort, reversed) = (self.sort, self.reversed);
        *self = Self { reversed, ..Self::new(sort) };
    }

    /// Rows under the filter, in order.
    pub fn visible(&self) -> impl ExactSizeIterator<Item = &R> {
        self.visible.iter().map(|key| &self.by_key[key])
    }

    /// How many rows there are, filtered or not.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is no row at all.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Whether one whole list has arrived since the last [`Rows::clear`].
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The row of this key.
    pub fn get(&self, key: &R::Key) -> Option<&R> {
        self.by_key.get(key)
    }

    /// The selected row's key; `None` while nothing is visible.
    pub fn selected(&self) -> Option<&R::Key> {
        self.visible.get(self.selected_index)
    }

    /// Where the selected row stands among the visible ones.
    pub fn selected_index(&self) -> usize {
        self.selected_index
    }

    /// Selects this row, now or once it arrives.
    pub fn select(&mut self, key: R::Key) {
        if let Some(index) = self.visible.iter().position(|other| *other == key) {
            self.selected_index = index;
        }
        self.selected = Some(key);
    }

    /// Moves the selection by this many rows, stopping at the ends.
    pub fn move_by(&mut self, rows: isize) {
        self.select_index(self.selected_index.saturating_add_signed(rows));
    }

    /// Selects the row standing at this index, or the last.
    pub fn move_to(&mut self, index: usize) {
        self.select_index(index);
    }

    /// The filter's text.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Shows only rows that match this text (fuzzily, word by word; `'word` exactly, `!word` not).
    pub fn set_filter(&mut self, filter: impl Into<String>) {
        self.filter = filter.into();
        // A filter that is cleared seeks nothing: what was selected stays.
        self.pending = if self.filter.is_empty() { Pending::Order } else { Pending::Seek };
    }

    /// What it is sorted by, and whether backwards.
    pub fn sort(&self) -> (R::Sort, bool) {
        (self.sort, self.reversed)
    }

    /// Sorts by something else.
    pub fn set_sort(&mut self, sort: R::Sort, reversed: bool) {
        (self.sort, self.reversed) = (sort, reversed);
        self.reorder();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Word(&'static str);

    impl Row for Word {
        type Key = &'static str;
        type Sort = ();
        fn key(&self) -> &'static str {
            self.0
        }
        fn fields(&self) -> [&str; 4] {
            [self.0, "", "", ""]
        }
        fn compare(&self, other: &Self, (): ()) -> std::cmp::Ordering {
            self.0.cmp(other.0)
        }
    }

    fn list(words: &[&'static str]) -> Rows<Word> {
        let mut rows = Rows::new(());
        rows.apply(RowsUpdate::Begin);
        rows.apply(RowsUpdate::Rows(words.iter().copied().map(Word).collect()));
        rows.apply(RowsUpdate::Complete);
        rows.settle();
        rows
    }

    fn shown(rows: &Rows<Word>) -> Vec<&str> {
        rows.visible().map(|word| word.0).collect()
    }

    #[test]
    fn the_selection_follows_its_row() {
        let mut rows = list(&["b", "d"]);
        rows.move_to(1);
        rows.apply(RowsUpdate::Rows(vec![Word("a"), Word("c")]));
        rows.settle();
        assert_eq!(rows.selected(), Some(&"d"));
        assert_eq!(rows.selected_index(), 3);
    }

    #[test]
    fn a_removed_row_hands_the_selection_to_its_neighbour() {
        let mut rows = list(&["a", "b", "c"]);
        rows.move_to(1);
        rows.apply(RowsUpdate::Removed("b"));
        rows.settle();
        assert_eq!(rows.selected(), Some(&"c"));
    }

    #[test]
    fn old_rows_stay_until_the_fresh_list_is_complete() {
        let mut rows = list(&["a", "b"]);
        rows.apply(RowsUpdate::Begin);
        rows.apply(RowsUpdate::Rows(vec![Word("b"), Word("c")]));
        rows.settle();
        assert_eq!(shown(&rows), ["a", "b", "c"]);
        rows.apply(RowsUpdate::Complete);
        rows.settle();
        assert_eq!(shown(&rows), ["b", "c"]);
    }

    #[test]
    fn what_is_typed_selects_its_best_match() {
        let mut rows = list(&["a-s-h-o-p", "crash", "shop-1", "shop-2"]);
        rows.set_filter("shop");
        rows.settle();
        assert_eq!(rows.selected(), Some(&"shop-1"));
        rows.move_by(1);
        rows.apply(RowsUpdate::Rows(vec![Word("shop-0")]));
        rows.settle();
        assert_eq!(rows.selected(), Some(&"shop-2"), "what was chosen since stays");
    }

    #[test]
    fn a_filter_is_fuzzy_and_the_selection_survives_an_empty_result() {
        let mut rows = list(&["nodejsapps-66cd", "nonroot", "crash"]);
        rows.select("nonroot");
        rows.set_filter("zzz");
        rows.settle();
        assert_eq!(rows.selected(), None);
        rows.set_filter("nrt !crash");
        rows.settle();
        assert_eq!(shown(&rows), ["nonroot"]);
        rows.set_filter("");
        rows.settle();
        assert_eq!(rows.selected(), Some(&"nonroot"));
    }
}
