//! The palette: everything that can be done or gone to, by name; it only knows entries and what is typed.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::TextLine;
use crate::app::{Action, List, Start};

/// What an entry leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryKind {
    /// Runs an action; the reason if it cannot run now.
    Action(&'static Action, Option<String>),
    /// Shows a list.
    List(List),
    /// Lists the pods of a namespace.
    Namespace(String),
    /// Switches the context.
    Context(String),
    /// Starts a session at once.
    Start(Box<Start>),
}

/// One entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What is matched and shown.
    pub label: String,
    /// What is shown behind it: keys, help.
    pub note: String,
    /// What it leads to.
    pub kind: EntryKind,
}

/// The palette.
#[derive(Debug, Clone)]
pub struct Palette {
    entries: Vec<Entry>,
    /// How many entries there are beside the one that is made from what is typed.
    given: usize,
    /// What is typed.
    pub query: TextLine,
    matching: Vec<usize>,
    selected: usize,
}

impl Palette {
    /// A palette over these entries, nothing typed.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self {
            matching: (0..entries.len()).collect(),
            given: entries.len(),
            entries,
            query: TextLine::default(),
            selected: 0,
        }
    }

    /// Orders the entries by how well they match what is typed.
    pub fn refresh(&mut self) {
        self.entries.truncate(self.given);
        self.entries.extend(self.named_namespace());
        let pattern = Pattern::parse(self.query.text(), CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut characters = Vec::new();
        let mut scored: Vec<(u32, usize)> = self
            .entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                let score = pattern.score(Utf32Str::new(&entry.label, &mut characters), &mut matcher)?;
                Some((score, index))
            })
            .collect();
        // What is typed to the letter comes before what merely scores well.
        let other = |index: usize| self.entries[index].label != self.query.text().trim();
        scored.sort_by_key(|(score, index)| (other(*index), std::cmp::Reverse(*score), *index));
        self.matching = scored.into_iter().map(|(_, index)| index).collect();
        self.selected = 0;
    }

    /// A namespace that no list has, by its name: somebody who may not list namespaces still gets to it.
    fn named_namespace(&self) -> Option<Entry> {
        let name = self.query.text().trim().strip_prefix("ns ")?.trim();
        let label = format!("ns {name}");
        // RFC 1123: what the API takes as the name of a namespace.
        let is_name = (1..=63).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        let known = self.entries.iter().any(|entry| entry.label == label);
        (is_name && !known).then(|| Entry {
            label,
            note: "a namespace by its name".to_owned(),
            kind: EntryKind::Namespace(name.to_owned()),
        })
    }

    /// The entries that match, best first.
    pub fn matching(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.matching.iter().map(|index| &self.entries[*index])
    }

    /// The selected entry's place among the matching ones.
    pub fn selected_index(&self) -> usize {
        self.selected
    }

    /// The selected entry.
    pub fn selected(&self) -> Option<&Entry> {
        self.matching.get(self.selected).map(|index| &self.entries[*index])
    }

    /// Moves the selection.
    pub fn move_by(&mut self, rows: isize) {
        self.selected = self.selected.saturating_add_signed(rows).min(self.matching.len().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_match_comes_first() {
        let entry = |label: &str| Entry {
            label: label.to_owned(),
            note: String::new(),
            kind: EntryKind::Namespace(label.to_owned()),
        };
        let mut palette = Palette::new(vec![entry("ns shop-orders"), entry("ns shop"), entry("ns demo")]);
        palette.query.insert("ns shop");
        palette.refresh();
        assert_eq!(palette.matching().map(|e| e.label.as_str()).collect::<Vec<_>>(), ["ns shop", "ns shop-orders"]);
        palette.move_by(5);
        assert_eq!(palette.selected().map(|e| e.label.as_str()), Some("ns shop-orders"));
    }

    #[test]
    fn a_namespace_that_nobody_listed_is_reached_by_its_name() {
        let mut palette = Palette::new(vec![]);
        for (typed, reached) in [("ns payments-eu", true), ("ns ", false), ("ns No", false), ("payments", false)] {
            palette.query = TextLine::new(typed);
            palette.refresh();
            assert_eq!(palette.selected().is_some(), reached, "{typed}");
        }
    }
}
