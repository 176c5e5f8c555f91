//! Joins what a container's log holds with what was shown before and what the stream brings, without a gap or a double;
//! pure: it never waits and never reads.
//!
//! Runtimes write logs line by line, some drop the CR before each LF, and some write a line only once it is whole. So
//! everything is compared in one form, [`plain`], and the end of a line that is not whole is not looked for in the log.

mod search;

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use search::{find, overlap};

/// How many bytes are compared at most.
const WINDOW: usize = 256 * 1024;
/// So much of a stream, found whole in a log, stands there by no accident.
const UNMISTAKABLE: usize = 4096;
/// How many places in a line are tried for a part of it; more than a few mean that the part says nothing.
const PLACES_TRIED: usize = 16;

/// The form in which outputs are compared: without the CRs that stand before a LF, and without CRs at the end, which
/// may yet turn out to be such ones.
pub fn plain(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    Plain::default().push(bytes, &mut plain);
    plain
}

/// Brings bytes that come in pieces into the form of [`plain`].
#[derive(Debug, Default)]
struct Plain {
    /// CRs whose next byte has not come.
    returns: usize,
}

impl Plain {
    fn push(&mut self, bytes: &[u8], to: &mut Vec<u8>) {
        for &byte in bytes {
            match byte {
                // More than a few say nothing more.
                b'\r' => self.returns = (self.returns + 1).min(WINDOW),
                b'\n' => {
                    self.returns = 0;
                    to.push(byte);
                }
                _ => {
                    to.extend(std::iter::repeat_n(b'\r', std::mem::take(&mut self.returns)));
                    to.push(byte);
                }
            }
        }
    }
}

/// The end of what a session has shown, by which its place in the log is found again; at most some 64 KiB.
#[derive(Debug, Default)]
pub struct Shown {
    form: Plain,
    plain: Vec<u8>,
    /// Where a line goes on whose beginning may not have been shown.
    torn: Option<usize>,
    bare: bool,
    last: u8,
}

impl Shown {
    /// How much is kept at least, once there was so much.
    const KEPT: usize = 32 * 1024;

    /// Takes in what is shown next.
    pub fn push(&mut self, bytes: &[u8]) {
        for pair in [&[self.last][..], bytes].concat().windows(2) {
            if pair[1] == b'\n' {
                self.bare = pair[0] != b'\r';
            }
        }
        self.last = bytes.last().copied().unwrap_or(self.last);
        // What lies further back than is kept is not worth bringing into form.
        let news = &bytes[bytes.len().saturating_sub(2 * Self::KEPT)..];
        self.form.push(news, &mut self.plain);
        if let Some(torn) = self.torn
            && self.plain[torn..].contains(&b'\n')
        {
            // The place is found by what comes from here on: what was shown before is not what stands before it.
            self.plain.drain(..torn);
            self.torn = None;
        }
        if self.plain.len() > 2 * Self::KEPT {
            let dropped = self.plain.len() - Self::KEPT;
            self.plain.drain(..dropped);
            self.torn = self.torn.map(|torn| torn.saturating_sub(dropped));
        }
    }

    /// From here on something may have been printed that was neither shown nor in the log: a line that is not whole.
    pub fn tear(&mut self) {
        self.torn = Some(self.plain.len());
    }

    /// Whether its lines end in LF alone, as those of a terminal in raw mode do.
    pub fn has_bare_line_feeds(&self) -> bool {
        self.bare
    }
}

/// Which part of the log comes after what was shown and before the stream; log and stream in the form of
/// [`plain`].
///
/// `shown` is `None` where nothing was shown before: then the part begins with the log. `None` comes back while one of
/// the places cannot be told: the log lacks what was shown, or is not as far as the stream yet.
pub fn between(shown: Option<&Shown>, log: &[u8], stream: &[u8]) -> Option<Range<usize>> {
    let mut start = shown.map_or(Some(0), |shown| end_of(shown, log, stream))?;
    // CRs at the end of what was shown are not in its plain form, and yet were shown.
    let returns = shown.map_or(0, |shown| shown.form.returns);
    start += log[start..].iter().take(returns).take_while(|&&byte| byte == b'\r').count();
    let rest = start_of(stream, &log[start..])?;
    Some(start..start + rest)
}

/// That part of a log, as [`between`] tells it, of log and stream as they were read; without a `shown` at most its last
/// `limit` bytes. A CR at the end of the log is in no plain form, and was printed: what follows goes over the line.
pub fn missing(shown: Option<&Shown>, log: &[u8], stream: &[u8], limit: usize) -> Option<Vec<u8>> {
    let all = plain(log);
    let mut part = between(shown, &all, &plain(stream))?;
    if shown.is_none() {
        part.start = part.start.max(part.end.saturating_sub(limit));
    }
    let returns = part.end == all.len() && log.ends_with(b"\r");
    Some(all[part].iter().copied().chain(returns.then_some(b'\r')).collect())
}

/// Where in the log what was shown ends; the last place where there are several.
fn end_of(shown: &Shown, log: &[u8], stream: &[u8]) -> Option<usize> {
    // The last line may not be whole, and then not in the log.
    let whole = shown.plain.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let (lines, started) = shown.plain.split_at(whole);
    let window = &lines[lines.len().saturating_sub(WINDOW)..];
    let end = if lines.is_empty() {
        0
    } else {
        find(window, log, true).map(|at| at + window.len()).or_else(|| {
            // The log begins later than what is kept of the shown: with a line, since that is how logs are cut.
            let common = overlap(lines, log);
            let at_line = lines.len() == common || lines[lines.len() - common - 1] == b'\n';
            (common > 0 && at_line).then_some(common)
        })?
    };
    let after = &log[end..];
    if let Some(torn) = shown.torn {
        // The line that goes on has more in front of it than was shown.
        let line = after.iter().position(|&byte| byte == b'\n').map_or(after, |at| &after[..at]);
        let known = &shown.plain[torn.max(whole)..];
        if known.is_empty() || line.is_empty() {
            return Some(end);
        }
        // What little is known of the line may stand there more than once: the last place before the stream's counts.
        let mut within = line;
        for _ in 0..PLACES_TRIED {
            let known_to = find(known, within, true)? + known.len();
            if start_of(stream, &log[end + known_to..]).is_some() {
                return Some(end + known_to);
            }
            within = &within[..known_to - 1];
        }
        return None;
    }
    let common = after.len().min(started.len());
    (after[..common] == started[..common]).then_some(end + common)
}

/// Where in the log the stream begins; the log's end where the log has no reason to hold it yet.
fn start_of(stream: &[u8], log: &[u8]) -> Option<usize> {
    if stream.is_empty() {
        return Some(log.len());
    }
    let beginning = &stream[..stream.len().min(WINDOW)];
    if beginning.len() >= UNMISTAKABLE
        && let Some(at) = find(beginning, log, false)
    {
        return Some(at);
    }
    match overlap(log, beginning) {
        0 => find(beginning, log, true).or_else(|| (!beginning.contains(&b'\n')).then_some(log.len())),
        common => Some(log.len() - common),
    }
}

/// A part of a log as a terminal printed it, between what was shown and the stream: with CR LF at the end of each line.
pub fn with_carriage_returns(shown: Option<&Shown>, log: &[u8], stream: &[u8]) -> Bytes {
    let mut whole = BytesMut::with_capacity(log.len() + log.len() / 16);
    let mut returned = shown.is_some_and(|shown| shown.form.returns > 0);
    for &byte in log {
        if byte == b'\n' && !returned {
            whole.extend_from_slice(b"\r");
        }
        whole.extend_from_slice(&[byte]);
        returned = false;
    }
    // The stream may have begun between the two.
    if stream.first() == Some(&b'\n') && !returned {
        whole.extend_from_slice(b"\r");
    }
    whole.freeze()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The log's part and the stream, put together.
    fn joined(shown: Option<&str>, log: &str, stream: &str) -> Option<String> {
        let (log, stream) = (plain(log.as_bytes()), plain(stream.as_bytes()));
        let shown = shown.map(|text| {
            let mut shown = Shown::default();
            // A bar stands where the connection was torn.
            for (index, part) in text.split('|').enumerate() {
                if index > 0 {
                    shown.tear();
                }
                shown.push(part.as_bytes());
            }
            shown
        });
        let part = between(shown.as_ref(), &log, &stream)?;
        Some(String::from_utf8([&log[part], &stream].concat()).unwrap())
    }

    #[test]
    fn a_first_join_begins_with_the_log() {
        for (log, stream, whole) in [
            ("one\ntwo\nthree\n", "two\nthree\nfour\n", "one\ntwo\nthree\nfour\n"),
            ("one\n", "", "one\n"),
            ("", "one", "one"),
            ("/ # ls\r\nbin\r\n/ # ", "/ # ", "/ # ls\nbin\n/ # "),
            ("one\ntwo\n", "two\r\n/ # ", "one\ntwo\n/ # "),
            ("abab", "ababab", "ababab"),
            ("one\n", "a prompt that no log has yet", "one\na prompt that no log has yet"),
        ] {
            assert_eq!(joined(None, log, stream).as_deref(), Some(whole), "{log:?} {stream:?}");
        }
    }

    #[test]
    fn a_log_that_is_behind_the_stream_is_to_be_read_again() {
        assert_eq!(joined(None, "one\n", "three\n"), None);
        assert_eq!(joined(Some("one\n"), "one\n", "three\n"), None);
        assert_eq!(joined(Some("one\n"), "two\nthree\n", ""), None, "what was shown has left the log");
    }

    #[test]
    fn a_later_join_begins_where_the_shown_ends() {
        for (shown, log, stream, missing) in [
            ("one\r\ntwo\r\n", "one\ntwo\nthree\n", "", "three\n"),
            ("one\ntw", "one\ntwo\nthree\n", "three\nfour\n", "o\nthree\nfour\n"),
            ("one\n/ # ", "one\n", "", ""),
            ("one\n/ # ", "one\n/ # ls\nbin\n", "", "ls\nbin\n"),
            ("/ # ", "", "", ""),
            ("zero\none\ntwo\n", "two\nthree\n", "", "three\n"),
            ("10%\r20%\r", "10%\r20%\r30%\n", "", "30%\n"),
            ("one\n|ls\r\nbin\r\n/ # ", "one\n/ # ls\nbin\n", "", ""),
            ("one\n|l", "one\n", "", ""),
            ("one\n|l", "one\n/ # ls\nbin\n", "", "s\nbin\n"),
            ("one\n|", "one\n/ # ls\nbin\n", "bin\n", "/ # ls\nbin\n"),
        ] {
            assert_eq!(joined(Some(shown), log, stream).as_deref(), Some(missing), "{shown:?} {log:?} {stream:?}");
        }
    }

    #[test]
    fn a_return_at_the_end_of_the_log_is_not_lost() {
        let mut shown = Shown::default();
        shown.push(b"one\r\n");
        for (shown, log, stream, expected) in [
            (Some(&shown), "one\n39%\r", "", "39%\r"),
            (Some(&shown), "one\n39%\r", "two", "39%\r"),
            (Some(&shown), "one\n39%\r40%", "40%", "39%\r"),
            (None, "one\n39%\r", "", "39%\r"),
        ] {
            let part = missing(shown, log.as_bytes(), stream.as_bytes(), 3).expect("the places are known");
            assert_eq!(String::from_utf8_lossy(&part), expected, "{log:?} {stream:?}");
        }
    }

    #[test]
    fn what_is_kept_of_the_shown_is_bounded() {
        let mut shown = Shown::default();
        for number in 0..100_000 {
            shown.push(format!("{number}\r\n").as_bytes());
            assert!(shown.plain.len() <= 2 * Shown::KEPT);
        }
        assert!(shown.plain.ends_with(b"99998\n99999\n") && !shown.has_bare_line_feeds());
        shown.push(&vec![b'x'; 1 << 20]);
        shown.push(b"raw\n");
        assert!(shown.plain.len() <= 2 * Shown::KEPT && shown.has_bare_line_feeds());
    }

    fn naive(log: &[u8], stream: &[u8]) -> usize {
        (0..=log.len().min(stream.len()))
            .rev()
            .find(|&length| log.ends_with(&stream[..length]))
            .expect("the empty overlap always fits")
    }

    /// What a counting program prints: each number once, some lines drawn over and over with CR.
    fn counted(from: usize, to: usize) -> String {
        (from..to)
            .map(|number| match number % 3 {
                0 => format!("{number}\r\n"),
                1 => format!("{number}: 1%\r{number}: 50%\r{number}: done\r\n"),
                _ => format!("  {number}\r\r\n"),
            })
            .collect()
    }

    proptest! {
        #[test]
        fn overlap_is_what_trying_every_length_finds(log in "[ab]{0,40}", stream in "[ab]{0,40}") {
            prop_assert_eq!(overlap(log.as_bytes(), stream.as_bytes()), naive(log.as_bytes(), stream.as_bytes()));
        }

        #[test]
        fn finding_is_what_trying_every_place_finds(pattern in "[ab]{1,5}", text in "[ab]{0,40}") {
            prop_assert_eq!(find(pattern.as_bytes(), text.as_bytes(), false), text.find(&pattern));
            prop_assert_eq!(find(pattern.as_bytes(), text.as_bytes(), true), text.rfind(&pattern));
        }

        /// A program counts; the session was cut at one byte and is attached again at a later one; the log lies behind
        /// or ahead, begins somewhere, keeps or drops CRs, and holds whole lines only or what there is.
        #[test]
        fn each_number_comes_exactly_once_wherever_it_is_cut(
            mut cuts in prop::array::uniform4(0..4000_usize),
            keeps_returns in any::<bool>(),
            whole_lines in any::<bool>(),
            ahead in any::<bool>(),
            pieces in 1..200_usize,
        ) {
            let output = counted(1000, 1200);
            for cut in &mut cuts {
                *cut = (*cut).min(output.len());
            }
            cuts.sort_unstable();
            let [begin, cut, attached, last] = cuts;
            let (log_end, stream_end) = if ahead { (output.len(), last) } else { (last, output.len()) };
            let line = |at: usize| output[..at].rfind('\n').map_or(0, |at| at + 1);
            let begin = line(begin);
            let mut log = output[begin..if whole_lines { line(log_end).max(begin) } else { log_end }].to_owned();
            if !keeps_returns {
                log = log.replace("\r\n", "\n");
            }
            let mut shown = Shown::default();
            for piece in output.as_bytes()[..cut].chunks(pieces) {
                shown.push(piece);
            }
            let (log, stream) = (plain(log.as_bytes()), plain(&output.as_bytes()[attached..stream_end]));
            if let Some(part) = between(Some(&shown), &log, &stream) {
                let returns = vec![b'\r'; shown.form.returns];
                let whole = plain(&[&shown.plain[..], &returns, &log[part], &stream].concat());
                let wanted = plain(&output.as_bytes()[..stream_end.max(cut)]);
                let known = whole.len().min(wanted.len());
                prop_assert_eq!(String::from_utf8_lossy(&whole[..known]), String::from_utf8_lossy(&wanted[..known]));
            }
        }
    }

    #[test]
    fn a_flood_costs_no_more_than_its_window() {
        let flood = Bytes::from(vec![b'a'; 4 * WINDOW]);
        assert_eq!(overlap(&flood, &flood), WINDOW);
    }
}
