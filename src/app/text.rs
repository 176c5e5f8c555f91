//! Fitting text into columns as a terminal counts them, for what is laid out here and for what is drawn; it knows no widget.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text cut to this many columns, `…` where something is missing.
pub fn clip(text: &str, columns: usize) -> String {
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

/// The end of the text that has room in this many columns.
pub fn tail(text: &str, columns: usize) -> String {
    let mut start = 0;
    while text[start..].width() > columns {
        start += text[start..].chars().next().map_or(1, char::len_utf8);
    }
    text[start..].to_owned()
}

/// The text cut to this many columns, `…` in its middle where something is missing.
pub fn elide(text: &str, columns: usize) -> String {
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
pub fn fit(text: &str, columns: usize) -> String {
    let mut fitted = clip(text, columns);
    let width = fitted.width();
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(width)));
    fitted
}

/// The words of the text in lines of at most this many columns; a word that is longer than a line is cut.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
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

/// The text in lines of at most this many columns with nothing lost: broken behind a blank where one is near, else
/// anywhere. Blanks at its beginning stay.
pub fn fold(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    let mut rest = text;
    while rest.width() > columns {
        let mut used = 0;
        let fits = |(at, c): (usize, char)| {
            used += c.width().unwrap_or(0);
            (used > columns).then_some(at)
        };
        // A character wider than a line stands alone.
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let hard = rest.char_indices().find_map(fits).unwrap_or(rest.len()).max(first);
        let soft = rest[..hard].rfind(' ').map(|at| at + 1).filter(|at| *at > hard / 2);
        let (line, tail) = rest.split_at(soft.unwrap_or(hard));
        lines.push(line.to_owned());
        rest = tail;
    }
    lines.push(rest.to_owned());
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
    fn folding_loses_nothing() {
        assert_eq!(fold("kubectl debug -n demo", 14), ["kubectl debug ", "-n demo"]);
        for text in ["", "   indented: yes", "日本語日本語", "a-very-long-word-without-any-blank in it", "日"] {
            for columns in [0, 1, 2, 5, 80] {
                let lines = fold(text, columns);
                assert_eq!(lines.concat(), text);
                assert!(lines.iter().all(|line| line.width() <= columns.max(2)), "{lines:?}");
            }
        }
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
