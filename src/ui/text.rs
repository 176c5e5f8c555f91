//! Fitting text into columns as a terminal counts them; it knows no widget.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text cut to this many columns, `…` where something is missing.
pub(super) fn clip(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    if columns == 0 {
        return String::new();
    }
    let mut used = 0;
    let mut clipped: String = text
        .chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used < columns
        })
        .collect();
    clipped.push('…');
    clipped
}

/// The text cut to this many columns, `…` in its middle where something is missing.
pub(super) fn elide(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let tail_room = columns.saturating_sub(1) / 2;
    let mut start = text.len();
    for (at, _) in text.char_indices().rev() {
        if text[at..].width() > tail_room {
            break;
        }
        start = at;
    }
    format!("{}{}", clip(text, columns - text[start..].width()), &text[start..])
}

/// The text cut or filled up to exactly this many columns.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let mut fitted = clip(text, columns);
    let width = fitted.width();
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(width)));
    fitted
}

/// The words of the text in lines of at most this many columns; a word that is longer than a line is cut.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let word = clip(word, columns);
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&word),
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_columns_not_characters() {
        assert_eq!(clip("nodejsapps", 20), "nodejsapps");
        assert_eq!(clip("nodejsapps", 5), "node…");
        assert_eq!(clip("日本語", 5), "日本…");
        assert_eq!(clip("日本語", 4), "日…");
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(clip("ab", 0), "");
    }

    #[test]
    fn elides_in_the_middle() {
        assert_eq!(elide("nodejsapps-66cd4f", 20), "nodejsapps-66cd4f");
        assert_eq!(elide("nodejsapps-66cd4f", 9), "node…cd4f");
        assert_eq!(elide("日本語日本語", 6), "日…語");
        for columns in 0..20 {
            assert!(elide("nodejsapps-66cd4f", columns).width() <= columns);
        }
    }

    #[test]
    fn wraps_at_words_and_never_beyond_the_edge() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a-word-too-long so", 6), ["a-wor…", "so"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
