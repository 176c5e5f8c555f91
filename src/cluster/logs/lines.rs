//! The lines of a log with timestamps, cut out of a stream's bytes; it never asks for any.

use jiff::Timestamp;

/// The longest line that is kept, in bytes; of a longer one the rest is counted and dropped.
pub(super) const LONGEST: usize = 256 * 1024;

/// One line as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stamped<'a> {
    /// When it was written; `None` for what the kubelet says itself.
    pub(super) time: Option<Timestamp>,
    /// Without time and line end.
    pub(super) text: &'a [u8],
    /// How many bytes of it were dropped.
    pub(super) cut: usize,
}

/// Takes bytes and gives lines.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// A line whose end has not come.
    begun: Vec<u8>,
    /// How many bytes of it were dropped.
    cut: usize,
}

impl Splitter {
    /// Takes bytes, and gives each line that they complete.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(Stamped<'_>)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            if self.begun.is_empty() && end <= LONGEST {
                each(stamped(&bytes[..end], 0));
            } else {
                self.add(&bytes[..end]);
                each(stamped(&self.begun, self.cut));
                self.begun.clear();
                self.cut = 0;
            }
            bytes = &bytes[end + 1..];
        }
        self.add(bytes);
    }

    /// The line whose end has not come, as far as it has; `None` where there is none, or nothing but its time.
    pub(super) fn begun(&self) -> Option<Stamped<'_>> {
        Some(stamped(&self.begun, self.cut)).filter(|line| !line.text.is_empty())
    }

    fn add(&mut self, bytes: &[u8]) {
        let room = LONGEST.saturating_sub(self.begun.len()).min(bytes.len());
        self.begun.extend_from_slice(&bytes[..room]);
        self.cut += bytes.len() - room;
    }
}

fn stamped(line: &[u8], cut: usize) -> Stamped<'_> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let end = line.iter().position(|&byte| byte == b' ').unwrap_or(line.len());
    match str::from_utf8(&line[..end]).ok().and_then(|time| time.parse().ok()) {
        Some(time) => Stamped { time: Some(time), text: line.get(end + 1..).unwrap_or_default(), cut },
        None => Stamped { time: None, text: line, cut },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], piece: usize) -> (Vec<(String, String)>, Option<String>) {
        let mut splitter = Splitter::default();
        let mut seen = Vec::new();
        for piece in bytes.chunks(piece) {
            splitter.push(piece, |line| {
                let time = line.time.map(|time| time.to_string()).unwrap_or_default();
                seen.push((time, String::from_utf8_lossy(line.text).into_owned()));
            });
        }
        (seen, splitter.begun().map(|line| String::from_utf8_lossy(line.text).into_owned()))
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let bytes = b"2026-11-22T10:04:11.100000000Z one\n2026-11-22T11:04:11.2+01:00 two  \r\n2026-11-22T10:04:12Z \n\
            failed to watch file: gone\n2026-11-22T10:04:13Z half";
        let line = |time: &str, text: &str| (time.to_owned(), text.to_owned());
        let expected = vec![
            line("2026-11-22T10:04:11.1Z", "one"),
            line("2026-11-22T10:04:11.2Z", "two  "),
            line("2026-11-22T10:04:12Z", ""),
            line("", "failed to watch file: gone"),
        ];
        for piece in [1, 2, 7, 64, 1000] {
            assert_eq!(lines(bytes, piece), (expected.clone(), Some("half".to_owned())), "pieces of {piece}");
        }
    }

    #[test]
    fn a_time_alone_is_no_line_that_has_begun() {
        assert_eq!(lines(b"2026-11-22T10:04:13Z ", 4), (Vec::new(), None));
        assert_eq!(lines(b"", 4), (Vec::new(), None));
    }

    #[test]
    fn a_line_without_end_costs_no_more_than_its_limit() {
        let mut splitter = Splitter::default();
        for _ in 0..100 {
            splitter.push(&[b'x'; 10_000], |_| panic!("no line ends"));
        }
        assert!(splitter.begun.capacity() <= 2 * LONGEST);
        let mut seen = None;
        splitter.push(b"x\nnext\n", |line| {
            seen.get_or_insert((line.text.len(), line.cut));
        });
        assert_eq!(seen, Some((LONGEST, 1_000_001 - LONGEST)));
    }
}
