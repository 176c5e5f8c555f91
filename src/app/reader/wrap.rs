//! Which part of a line stands on which row: by columns, as a terminal counts them; it never splits a character.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

/// The parts of a line on rows of this width, in bytes; at least one. A row ends behind a word where one ends in its
/// second half, and in the middle of a longer one.
pub fn rows(text: &str, width: usize) -> Vec<Range<usize>> {
    // Room for one character of any width, so that every row takes something.
    let width = width.max(2);
    let mut rows = Vec::new();
    let (mut start, mut used) = (0, 0);
    // Behind the last blank of the row's second half: where that is, and the columns up to there.
    let mut word: Option<(usize, usize)> = None;
    for (at, c) in text.char_indices() {
        let columns = c.width().unwrap_or(0);
        if used + columns > width {
            let (end, taken) = word.take().filter(|_| c != ' ').unwrap_or((at, used));
            rows.push(start..end);
            (start, used) = (end, used - taken);
        }
        used += columns;
        if c == ' ' && used * 2 > width {
            word = Some((at + c.len_utf8(), used));
        }
    }
    rows.push(start..text.len());
    rows
}

/// The part of a line that is in view when `left` columns are out of it, in bytes.
pub fn cut(text: &str, left: usize, width: usize) -> Range<usize> {
    let mut column = 0;
    let mut start = None;
    for (at, c) in text.char_indices() {
        let columns = c.width().unwrap_or(0);
        if column >= left && start.is_none() {
            start = Some(at);
        }
        column += columns;
        if column > left + width {
            let start = start.unwrap_or(at);
            return start..at.max(start);
        }
    }
    start.unwrap_or(text.len())..text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_hold_whole_characters() {
        assert!(rows("", 10).into_iter().eq(std::iter::once(0..0)));
        assert_eq!(rows("abcdef", 4), [0..4, 4..6]);
        assert_eq!(rows("one two three", 9), [0..8, 8..13], "words stay whole");
        assert_eq!(rows("a bcdefghijkl", 6), [0..6, 6..12, 12..13], "but not at any price");
        assert_eq!(rows("abcd ef", 4), [0..4, 4..7], "a blank of its own begins the next row");
        assert_eq!(rows("a漢b", 2), [0..1, 1..4, 4..5]);
        assert!(rows("abcd", 4).into_iter().eq(std::iter::once(0..4)));
    }

    #[test]
    fn a_cut_shows_what_has_room() {
        assert_eq!(cut("abcdef", 0, 4), 0..4);
        assert_eq!(cut("abcdef", 2, 10), 2..6);
        assert_eq!(cut("abc", 7, 4), 3..3);
        assert_eq!(cut("a漢b", 2, 4), 4..5, "half a character is not shown");
    }
}
