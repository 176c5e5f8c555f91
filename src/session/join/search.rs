//! Where one text stands in another and how far they overlap, in time that is linear in both; it knows no logs.

use super::WINDOW;

/// The length of the longest suffix of `log` that is a prefix of `stream`, looking at 256 KiB of each.
///
/// Linear in what it looks at, whatever the bytes are (the prefix function of Knuth, Morris and Pratt).
pub(super) fn overlap(log: &[u8], stream: &[u8]) -> usize {
    let pattern = &stream[..stream.len().min(WINDOW)];
    let text = &log[log.len() - log.len().min(pattern.len())..];
    let mut matched = 0;
    // The text is no longer than the pattern, so a whole match can only be at its very end.
    walk(pattern, text, |_, length| matched = length);
    matched
}

/// Where the pattern, which is not empty, stands in the text: the first place, or the last.
pub(super) fn find(pattern: &[u8], text: &[u8], last: bool) -> Option<usize> {
    let mut found = None;
    walk(pattern, text, |end, length| {
        if length == pattern.len() && (last || found.is_none()) {
            found = Some(end - length);
        }
    });
    found
}

/// Tells for each end of a prefix of the text how long the longest prefix of the pattern is that ends there.
fn walk(pattern: &[u8], text: &[u8], mut each: impl FnMut(usize, usize)) {
    if pattern.is_empty() {
        return;
    }
    let prefix = prefix_function(pattern);
    let mut matched = 0;
    for (index, &byte) in text.iter().enumerate() {
        while matched > 0 && (matched == pattern.len() || pattern[matched] != byte) {
            matched = prefix[matched - 1];
        }
        if pattern[matched] == byte {
            matched += 1;
        }
        each(index + 1, matched);
    }
}

/// For each end of the pattern's prefixes, the length of the longest proper prefix that is also its suffix.
fn prefix_function(pattern: &[u8]) -> Vec<usize> {
    let mut prefix = vec![0; pattern.len()];
    for end in 1..pattern.len() {
        let mut length = prefix[end - 1];
        while length > 0 && pattern[end] != pattern[length] {
            length = prefix[length - 1];
        }
        if pattern[end] == pattern[length] {
            length += 1;
        }
        prefix[end] = length;
    }
    prefix
}
