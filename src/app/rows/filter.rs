//! A filter's words held against rows: whether one matches, and how well; it keeps no row and orders nothing.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// How many texts are remembered that many rows share.
const SHARED: usize = 1024;

/// A filter's words, ready to be held against rows. It must not outlive the rows it was held against: it knows texts
/// that rows share by their place in memory.
pub(super) struct Filter {
    words: Vec<Word>,
    matcher: Matcher,
    characters: Vec<char>,
}

struct Word {
    atom: Atom,
    /// What is looked for, in lower case.
    text: String,
    /// Letters that a name must have in this order, where that is all there is to it.
    letters: Option<Vec<u8>>,
    shared: Shared,
}

/// What was found out about texts that many rows share, by their place in memory.
struct Shared(Vec<(usize, usize, bool)>);

impl Shared {
    fn new() -> Self {
        Self(vec![(0, 0, false); SHARED])
    }

    fn known(&mut self, text: &str, find_out: impl FnOnce(&str) -> bool) -> bool {
        let (at, length) = (text.as_ptr().addr(), text.len());
        let known = &mut self.0[(at >> 4) % SHARED];
        if (known.0, known.1) != (at, length) {
            *known = (at, length, find_out(text));
        }
        known.2
    }
}

impl Filter {
    /// Reads a filter as a person types it.
    pub(super) fn new(text: &str) -> Self {
        let pattern = Pattern::parse(text, CaseMatching::Smart, Normalization::Smart);
        let words = pattern.atoms.into_iter().map(Word::new).collect();
        Self { words, matcher: Matcher::new(Config::DEFAULT), characters: Vec::new() }
    }

    /// Whether a filter shows nothing that another one, typed before, did not show.
    pub(super) fn narrows(text: &str, before: &str) -> bool {
        // Words that must not be there show more the shorter they are; an escape changes what follows it.
        !before.is_empty() && text.starts_with(before) && !text.contains(['!', '\\'])
    }

    /// Whether a row matches: every word in one of its fields, every `!word` in none. The name, the first of them, is
    /// matched fuzzily; what else a row says holds too many letters for that.
    pub(super) fn matches(&mut self, fields: [&str; 4]) -> bool {
        let Self { words, matcher, characters } = self;
        words.iter_mut().all(|word| {
            if word.atom.negative {
                let Word { atom, shared, .. } = word;
                let mut absent = |field: &str| atom.score(Utf32Str::new(field, characters), matcher).is_some();
                return absent(fields[0]) && fields[1..].iter().all(|field| shared.known(field, &mut absent));
            }
            word.is_in_name(fields[0], matcher, characters) || word.is_said(fields)
        })
    }

    /// How well a row matches; nothing if it does not.
    pub(super) fn score(&mut self, fields: [&str; 4]) -> u32 {
        let Self { words, matcher, characters } = self;
        let mut score = |word: &Word| word.atom.score(Utf32Str::new(fields[0], characters), matcher);
        words.iter().filter(|word| !word.atom.negative).map(|word| score(word).map_or(1, u32::from)).sum()
    }

    /// Whether the name holds every word as it was typed: no match that is scattered over it is better.
    pub(super) fn is_literal(&self, name: &str) -> bool {
        self.words.iter().all(|word| word.atom.negative || name.contains(&word.text))
    }
}

impl Word {
    fn new(atom: Atom) -> Self {
        let text = atom.needle_text().to_string();
        let plain = atom.kind == AtomKind::Fuzzy && !atom.negative && text.bytes().all(|byte| byte.is_ascii_graphic());
        let plain = plain && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let letters = plain.then(|| text.clone().into_bytes());
        Self { atom, text: text.to_lowercase(), letters, shared: Shared::new() }
    }

    fn is_in_name(&self, name: &str, matcher: &mut Matcher, characters: &mut Vec<char>) -> bool {
        match &self.letters {
            Some(letters) if name.is_ascii() => {
                let mut name = name.bytes();
                letters.iter().all(|letter| name.any(|byte| byte.to_ascii_lowercase() == *letter))
            }
            _ => self.atom.score(Utf32Str::new(name, characters), matcher).is_some(),
        }
    }

    fn is_said(&mut self, fields: [&str; 4]) -> bool {
        let Self { text, shared, .. } = self;
        fields[1..].iter().any(|field| shared.known(field, |field| says(field, text)))
    }
}

/// Whether a text holds another one, which is in lower case, in whatever case.
fn says(field: &str, text: &str) -> bool {
    if !field.is_ascii() || text.is_empty() {
        return field.to_lowercase().contains(text);
    }
    field.as_bytes().windows(text.len()).any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matcher alone, word by word.
    fn by_matcher(text: &str, name: &str) -> bool {
        let pattern = Pattern::parse(text, CaseMatching::Smart, Normalization::Smart);
        let mut characters = Vec::new();
        pattern.score(Utf32Str::new(name, &mut characters), &mut Matcher::new(Config::DEFAULT)).is_some()
    }

    #[test]
    fn the_short_way_finds_what_the_matcher_finds() {
        let names = ["shop-api-7x", "Shop", "crash", "naïve-é", "s-h-o-p", "", "api.shop", "日本-shop"];
        let texts = ["shop", "sh", "Shop", "ap sh", "^shop", "sh$", "'sho", "é", "e", "!shop", "x7", "sHop", "-", "."];
        for text in texts {
            for name in names {
                let found = Filter::new(text).matches([name, "", "", ""]);
                assert_eq!(found, by_matcher(text, name), "{text:?} in {name:?}");
            }
        }
    }

    #[test]
    fn what_else_a_row_says_is_found_in_any_case() {
        for (field, text, found) in
            [("CrashLoopBackOff", "backoff", true), ("ÉTÉ", "été", true), ("a", "ab", false), ("", "", true)]
        {
            assert_eq!(says(field, text), found, "{text:?} in {field:?}");
        }
    }

    #[test]
    fn a_text_that_is_shared_is_looked_at_once() {
        let (mut shared, mut looked) = (Shared::new(), 0);
        let texts = ["prod-eu".to_owned(), "prod-us".to_owned()];
        for _ in 0..3 {
            for text in &texts {
                let found = shared.known(text, |text| {
                    looked += 1;
                    text.ends_with("eu")
                });
                assert_eq!(found, text == "prod-eu");
            }
        }
        assert!((2..=6).contains(&looked), "{looked}");
    }

    #[test]
    fn what_is_typed_on_narrows_unless_it_forbids() {
        assert!(Filter::narrows("shop", "sho"));
        assert!(Filter::narrows("shop api", "shop"));
        assert!(!Filter::narrows("shop !a", "shop !"));
        assert!(!Filter::narrows("sh", "sho"));
        assert!(!Filter::narrows("a", ""));
    }
}
