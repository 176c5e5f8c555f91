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

/// The text cut or filled up to exactly this many columns.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let mut fitted = clip(text, columns);
    let width = fitted.width();
    fitted.extend(std::iter::repeat_n(' ', columns.saturating_sub(width)));
    fitted
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
}
