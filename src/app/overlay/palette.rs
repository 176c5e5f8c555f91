//! The palette: everything that can be done or gone to, by name; it only knows entries and what is typed.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::TextLine;
use crate::app::{Action, List, Start};
use crate::cluster::LogScope;

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
    /// Follows logs: of a label selector or of an object, as it is typed; the reason if that cannot be read.
    Logs(String, Option<String>),
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

impl Entry {
    /// Whether it stands for what may be the first word of something else: then that comes before it.
    fn may_be_a_beginning(&self) -> bool {
        let is_word = |of: &str| of.chars().all(|c| c.is_alphanumeric() || c.is_whitespace());
        matches!(&self.kind, EntryKind::Logs(of, refused) if refused.is_some() || is_word(of))
    }
}

/// The palette.
#[derive(Debug, Clone)]
pub struct Palette {
    entries: Vec<Entry>,
    /// How many entries there are beside the one that is made from what is typed.
    given: usize,
    /// Whether every namespace there is has an entry.
    has_all_namespaces: bool,
    /// What is typed.
    pub query: TextLine,
    matching: Vec<usize>,
    selected: usize,
}

impl Palette {
    /// A palette over these entries, nothing typed.
    pub fn new(entries: Vec<Entry>, has_all_namespaces: bool) -> Self {
        Self {
            matching: (0..entries.len()).collect(),
            given: entries.len(),
            has_all_namespaces,
            entries,
            query: TextLine::default(),
            selected: 0,
        }
    }

    /// Orders the entries by how well they match what is typed.
    pub fn refresh(&mut self) {
        self.entries.truncate(self.given);
        self.entries.extend(self.named_namespace().or_else(|| self.named_logs()));
        let pattern = Pattern::parse(self.query.text(), CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut characters = Vec::new();
        let mut scored: Vec<(u32, usize)> = self
            .entries
            .iter()
            .enumerate()
            .filter_map(|(index, entry)| {
                // To a pattern some of what a selector is written with means something else.
                if matches!(entry.kind, EntryKind::Logs(..)) {
                    return Some((0, index));
                }
                let score = pattern.score(Utf32Str::new(&entry.label, &mut characters), &mut matcher)?;
                Some((score, index))
            })
            .collect();
        // What is typed to the letter comes before what merely scores well.
        let typed = self.query.text().trim();
        // A namespace that is not there is less likely meant than one whose name goes on from there.
        let goes_on = |entry: &Entry| matches!(entry.kind, EntryKind::Namespace(_)) && entry.label.starts_with(typed);
        let is_begun = self.has_all_namespaces && self.entries[..self.given].iter().any(goes_on);
        let other = |index: usize| {
            let entry = &self.entries[index];
            entry.label != typed || entry.may_be_a_beginning() || (index >= self.given && is_begun)
        };
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

    /// The logs of a label selector, or of an object in kubectl's words: `logs app=web`, `logs svc/api`.
    fn named_logs(&self) -> Option<Entry> {
        let typed = self.query.text().trim();
        let of = typed.strip_prefix("logs ")?.trim();
        let refused = LogScope::parse(of, "").err();
        let note =
            refused.clone().unwrap_or_else(|| "the logs of all their containers, in the namespace listed".into());
        Some(Entry { label: typed.to_owned(), note, kind: EntryKind::Logs(of.to_owned(), refused) })
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
        let mut palette = Palette::new(vec![entry("ns shop-orders"), entry("ns shop"), entry("ns demo")], true);
        palette.query.insert("ns shop");
        palette.refresh();
        assert_eq!(palette.matching().map(|e| e.label.as_str()).collect::<Vec<_>>(), ["ns shop", "ns shop-orders"]);
        palette.move_by(5);
        assert_eq!(palette.selected().map(|e| e.label.as_str()), Some("ns shop-orders"));
    }

    #[test]
    fn logs_are_reached_by_selector_and_by_object_and_what_is_wrong_is_said() {
        let all = Entry { label: "logs of all  L".into(), note: String::new(), kind: EntryKind::List(List::Pods) };
        let mut palette = Palette::new(vec![all], true);
        let mut first = |typed: &str| {
            palette.query = TextLine::new(typed);
            palette.refresh();
            palette.selected().cloned()
        };
        for of in ["app=web,tier!=x", "svc/api", "!canary", "stage in (a, b)"] {
            let entry = first(&format!("logs {of}")).expect("an entry");
            assert_eq!(entry.kind, EntryKind::Logs(of.to_owned(), None));
        }
        let wrong = first("logs app=web,").expect("an entry");
        assert!(matches!(&wrong.kind, EntryKind::Logs(_, Some(why)) if *why == wrong.note), "{wrong:?}");
        // Another entry that begins so comes before it, and before what cannot be read.
        for typed in ["logs of", "logs of all"] {
            assert_eq!(first(typed).map(|entry| entry.label).as_deref(), Some("logs of all  L"), "{typed}");
        }
        assert_eq!(first("logsx"), None);
    }

    #[test]
    fn a_namespace_that_nobody_listed_is_reached_by_its_name() {
        let mut palette = Palette::new(vec![], false);
        for (typed, reached) in [("ns payments-eu", true), ("ns ", false), ("ns No", false), ("payments", false)] {
            palette.query = TextLine::new(typed);
            palette.refresh();
            assert_eq!(palette.selected().is_some(), reached, "{typed}");
        }
        let label = "ns payments-eu".to_owned();
        let listed = Entry { label, note: String::new(), kind: EntryKind::Namespace("payments-eu".to_owned()) };
        for (all, wanted) in [(true, ["ns payments-eu", "ns payments"]), (false, ["ns payments", "ns payments-eu"])] {
            let mut palette = Palette::new(vec![listed.clone()], all);
            palette.query = TextLine::new("ns payments");
            palette.refresh();
            let labels: Vec<_> = palette.matching().map(|entry| entry.label.as_str()).collect();
            assert_eq!(labels, wanted, "whether it is there is known: {all}");
        }
    }
}
