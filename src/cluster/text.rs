//! Makes text from a server fit for a terminal and a sentence; it never decides what is said.

use std::borrow::Cow;

/// The longest text of a server that is kept, in characters.
const LONGEST: usize = 4096;

/// The text without control characters and what reorders or hides text, line breaks as spaces, cut at 4096 characters.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST && !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len().min(LONGEST));
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            kept.push('…');
            break;
        }
        if matches!(character, '\n' | '\r' | '\t') {
            if !kept.ends_with(' ') {
                kept.push(' ');
            }
        } else if !is_hostile(character) {
            kept.push(character);
        }
    }
    kept.truncate(kept.trim_end().len());
    Cow::Owned(kept)
}

/// Text of any length without control characters and invisible direction changes; tabs and line breaks are blanks.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let shown = |c| if matches!(c, '\n' | '\r' | '\t') { Some(' ') } else { (!is_hostile(c)).then_some(c) };
    Cow::Owned(text.chars().filter_map(shown).collect())
}

/// Text of a server or a file, fit for a terminal and a sentence: without control characters and invisible direction
/// changes, line breaks as spaces, cut at 4096 characters.
pub fn cleaned(text: &str) -> String {
    clean(text).into_owned()
}

fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_not_copied() {
        assert!(matches!(clean("0/1 nodes are available: naïve ☃"), Cow::Borrowed(_)));
    }

    #[test]
    fn escape_sequences_and_direction_changes_lose_their_power() {
        assert_eq!(clean("a\u{1b}[2Jb\u{7}\u{9b}31m\u{202e}c"), "a[2Jb31mc");
        assert_eq!(clean("a\u{200b}b\u{e0041}c\u{61c}d\u{2060}e\u{fff9}f"), "abcdef");
        assert_eq!(clean("one\r\ntwo\tthree\n"), "one two three");
    }

    #[test]
    fn a_flood_is_cut() {
        assert_eq!(clean(&"x".repeat(LONGEST * 3)).chars().count(), LONGEST + 1);
    }
}
