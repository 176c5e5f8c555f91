//! Joins what a container printed before we attached with what the stream brings, without a gap or a double;
//! pure: it never waits and never reads.

use bytes::{Bytes, BytesMut};

/// How many bytes of log and stream are compared at most; an overlap is at most what one fetch of the log takes.
const WINDOW: usize = 256 * 1024;

/// The log followed by the stream, with what both hold taken once.
///
/// `log` is what the container's log held when it was read, `stream` what the stream had brought by then, counted
/// from the moment of attaching. The longest end of the log that the stream begins with is the overlap.
pub fn join(log: &Bytes, stream: &Bytes) -> Bytes {
    if stream.is_empty() {
        return log.clone();
    }
    if log.is_empty() {
        return stream.clone();
    }
    let kept = log.len() - overlap(log, stream);
    let mut whole = BytesMut::with_capacity(kept + stream.len());
    whole.extend_from_slice(&log[..kept]);
    whole.extend_from_slice(stream);
    whole.freeze()
}

/// As [`join`], for the log of a terminal: it is taken with the CR that runtimes drop, unless the stream shows that the
/// terminal really printed LF alone.
pub fn join_terminal(log: &Bytes, stream: &Bytes) -> Bytes {
    let printed = with_carriage_returns(log);
    if overlap(log, stream) > overlap(&printed, stream) { join(log, stream) } else { join(&printed, stream) }
}

/// A terminal's log with CR LF at the end of each line, as the terminal printed it.
///
/// Container runtimes write logs line by line and drop the CR before each LF, which a terminal's output always has.
fn with_carriage_returns(log: &Bytes) -> Bytes {
    let mut whole = BytesMut::with_capacity(log.len() + log.len() / 16);
    let mut before = 0;
    for &byte in log {
        if byte == b'\n' && before != b'\r' {
            whole.extend_from_slice(b"\r");
        }
        whole.extend_from_slice(&[byte]);
        before = byte;
    }
    whole.freeze()
}

/// The length of the longest suffix of `log` that is a prefix of `stream`, looking at 256 KiB of each.
///
/// Linear in what it looks at, whatever the bytes are (the prefix function of Knuth, Morris and Pratt).
pub fn overlap(log: &[u8], stream: &[u8]) -> usize {
    let pattern = &stream[..stream.len().min(WINDOW)];
    let text = &log[log.len() - log.len().min(pattern.len())..];
    if pattern.is_empty() {
        return 0;
    }
    let prefix = prefix_function(pattern);
    let mut matched = 0;
    for &byte in text {
        // The text is no longer than the pattern, so a whole match can only be at its very end.
        while matched > 0 && (matched == pattern.len() || pattern[matched] != byte) {
            matched = prefix[matched - 1];
        }
        if pattern[matched] == byte {
            matched += 1;
        }
    }
    matched
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(log: &str, stream: &str) -> String {
        let whole = join(&Bytes::copy_from_slice(log.as_bytes()), &Bytes::copy_from_slice(stream.as_bytes()));
        String::from_utf8(whole.to_vec()).expect("text")
    }

    #[test]
    fn a_log_without_carriage_returns_overlaps_the_stream_that_has_them() {
        let log = Bytes::from_static(b"one\ntwo\r\nthree\n");
        let joined = |stream| join_terminal(&log, &Bytes::from_static(stream));
        assert_eq!(joined(b""), b"one\r\ntwo\r\nthree\r\n"[..]);
        assert_eq!(joined(b"three\r\n/ # "), b"one\r\ntwo\r\nthree\r\n/ # "[..]);
        assert_eq!(joined(b"three\nfour\n"), b"one\ntwo\r\nthree\nfour\n"[..], "a terminal in raw mode");
    }

    #[test]
    fn what_both_hold_is_taken_once() {
        assert_eq!(joined("one\ntwo\nthree\n", "two\nthree\nfour\n"), "one\ntwo\nthree\nfour\n");
    }

    #[test]
    fn nothing_in_common_is_put_end_to_end() {
        assert_eq!(joined("one\n", "two\n"), "one\ntwo\n");
    }

    #[test]
    fn one_side_alone_is_kept_as_it_is() {
        assert_eq!(joined("one\n", ""), "one\n");
        assert_eq!(joined("", "one\n"), "one\n");
    }

    #[test]
    fn a_stream_the_log_already_holds_whole_is_not_doubled() {
        assert_eq!(joined("/ # ls\r\nbin\r\n/ # ", "/ # "), "/ # ls\r\nbin\r\n/ # ");
    }

    #[test]
    fn the_longest_overlap_wins_over_a_shorter_one() {
        assert_eq!(joined("abab", "ababab"), "ababab");
        assert_eq!(joined("xabab", "abc"), "xababc");
    }

    fn naive(log: &[u8], stream: &[u8]) -> usize {
        (0..=log.len().min(stream.len()))
            .rev()
            .find(|&length| log.ends_with(&stream[..length]))
            .expect("the empty overlap always fits")
    }

    proptest! {
        #[test]
        fn overlap_is_what_trying_every_length_finds(log in "[ab]{0,40}", stream in "[ab]{0,40}") {
            prop_assert_eq!(overlap(log.as_bytes(), stream.as_bytes()), naive(log.as_bytes(), stream.as_bytes()));
        }

        #[test]
        fn cutting_one_output_anywhere_gives_it_back(text in "[a-z]{1,80}", a in 0usize..80, b in 0usize..80) {
            // Distinct marks make the only overlap the true one.
            let whole: Vec<u8> = text.bytes().zip(0x80..).flat_map(<[u8; 2]>::from).collect();
            let (attached, logged) = ((a * 2).min(whole.len()), (b * 2).min(whole.len()));
            let (attached, logged) = (attached.min(logged), attached.max(logged));
            let log = Bytes::copy_from_slice(&whole[..logged]);
            let stream = Bytes::copy_from_slice(&whole[attached..]);
            prop_assert_eq!(&join(&log, &stream)[..], &whole[..]);
        }
    }

    #[test]
    fn a_flood_costs_no_more_than_its_window() {
        let flood = Bytes::from(vec![b'a'; 4 * WINDOW]);
        assert_eq!(overlap(&flood, &flood), WINDOW);
    }
}
