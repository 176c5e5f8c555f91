//! What a container wrote: bounded by rotation, with the time of each line; followed by whoever asks. It reads no
//! descriptor.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::demo::node::LogQuery;

/// A file of a log is put aside once it has so many bytes. As on a real node, only what was written since then is read by
/// those who come afterwards, and those who follow go on. The file before it is kept for those who are behind.
const FILE: usize = 4 << 20;

/// What each line takes in a file besides its text: time, stream and mark.
const STAMP: usize = "2026-01-01T00:00:00.000000000Z stdout F ".len();

/// Longer lines are kept in pieces, as a container runtime keeps them.
const LONGEST_LINE: usize = 16 << 10;

/// A reader is handed at most so many bytes at once.
const PIECE: usize = 32 << 10;

/// The log of one life of a container.
#[derive(Debug)]
pub(super) struct Log {
    lines: Mutex<Lines>,
    /// How often something was added; closed with the log.
    additions: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<Line>,
    /// The number of the first kept line; each line has its own, for good.
    first: u64,
    /// The number of the first line of the newest file.
    file: u64,
    /// The size of the newest file.
    bytes: usize,
    ended: bool,
}

#[derive(Debug)]
struct Line {
    time: Timestamp,
    /// With its line feed, if that is written already.
    text: Vec<u8>,
    errors: bool,
}

impl Line {
    fn is_open(&self) -> bool {
        self.text.last() != Some(&b'\n') && self.text.len() < LONGEST_LINE
    }
}

/// Where a reader is: all of the lines before, and so many bytes of this one.
#[derive(Debug, Clone, Copy)]
struct Position {
    line: u64,
    bytes: usize,
    /// What it was handed last is the middle of a line, which is kept in pieces.
    within: bool,
}

impl Log {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { lines: Mutex::default(), additions: watch::Sender::new(0) })
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what the container has just written.
    pub(super) fn append(&self, errors: bool, data: &[u8]) {
        self.lock().append(errors, data, Timestamp::now());
        self.additions.send_modify(|count| *count += 1);
    }

    /// Nothing more will come: readers that follow end.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.additions.send_modify(|count| *count += 1);
    }

    /// The part that was asked for.
    pub(super) fn read(self: &Arc<Self>, query: &LogQuery) -> BoxStream<'static, Bytes> {
        let start = self.lock().start(query);
        let reader = Reader {
            log: Arc::clone(self),
            additions: self.additions.subscribe(),
            position: start,
            left: query.limit_bytes.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX),
            timestamps: query.timestamps,
            follow: query.follow,
        };
        stream::unfold(reader, |mut reader| async move {
            let piece = reader.next().await?;
            Some((piece, reader))
        })
        .boxed()
    }
}

impl Lines {
    fn append(&mut self, errors: bool, data: &[u8], time: Timestamp) {
        for piece in data.split_inclusive(|byte| *byte == b'\n') {
            for piece in piece.chunks(LONGEST_LINE) {
                match self.kept.back_mut() {
                    Some(line) if line.is_open() && line.errors == errors => {
                        line.text.extend_from_slice(piece);
                    }
                    _ => {
                        self.rotate();
                        self.kept.push_back(Line { time, text: piece.to_vec(), errors });
                        self.bytes += STAMP;
                    }
                }
                self.bytes += piece.len();
            }
        }
    }

    /// Begins another file if this one is full; the one that was put aside before goes.
    fn rotate(&mut self) {
        if self.bytes < FILE {
            return;
        }
        let aside = usize::try_from(self.file - self.first).unwrap_or(usize::MAX);
        self.kept.drain(..aside.min(self.kept.len()));
        self.first = self.file;
        self.file = self.first + self.kept.len() as u64;
        self.bytes = 0;
    }

    fn start(&self, query: &LogQuery) -> Position {
        let aside = usize::try_from(self.file - self.first).unwrap_or(usize::MAX);
        let count = self.kept.len().saturating_sub(aside);
        let tail = query.tail_lines.map_or(count, |lines| usize::try_from(lines).unwrap_or(usize::MAX).min(count));
        let file = self.kept.iter().skip(aside);
        let since = query.since.map_or(0, |since| file.take_while(|line| line.time < since).count());
        let skipped = (count - tail).max(since);
        Position { line: self.file + skipped as u64, bytes: 0, within: false }
    }

    /// What comes after a position, at most a piece of it, and the position after that.
    fn after(&self, position: Position, timestamps: bool) -> (Vec<u8>, Position) {
        // what was dropped meanwhile is lost to a reader that is too slow
        let oldest = Position { line: self.first, bytes: 0, within: false };
        let mut at = if position.line < self.first { oldest } else { position };
        let mut piece = Vec::new();
        let skip = usize::try_from(at.line - self.first).unwrap_or(usize::MAX);
        let last = self.kept.len().saturating_sub(1);
        for (index, line) in self.kept.iter().enumerate().skip(skip) {
            if timestamps && at.bytes == 0 && !at.within && !line.text.is_empty() {
                piece.extend_from_slice(format!("{:.9} ", line.time).as_bytes());
            }
            piece.extend_from_slice(&line.text[at.bytes..]);
            at.bytes = line.text.len();
            if index < last || !line.is_open() {
                let within = line.text.last() != Some(&b'\n');
                at = Position { line: at.line + 1, bytes: 0, within };
            }
            if piece.len() >= PIECE {
                break;
            }
        }
        (piece, at)
    }
}

struct Reader {
    log: Arc<Log>,
    additions: watch::Receiver<u64>,
    position: Position,
    left: usize,
    timestamps: bool,
    follow: bool,
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        if self.left == 0 {
            return None;
        }
        loop {
            self.additions.mark_unchanged();
            let (mut piece, position, ended) = {
                let lines = self.log.lock();
                let (piece, position) = lines.after(self.position, self.timestamps);
                (piece, position, lines.ended)
            };
            self.position = position;
            if !piece.is_empty() {
                piece.truncate(self.left);
                self.left -= piece.len();
                return Some(piece.into());
            }
            if ended || !self.follow {
                return None;
            }
            self.additions.changed().await.ok()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(log: &Arc<Log>, query: LogQuery) -> String {
        let pieces: Vec<Bytes> = log.read(&query).collect().await;
        String::from_utf8(pieces.concat()).unwrap()
    }

    #[tokio::test]
    async fn the_tail_the_time_and_the_limit_are_kept_to() {
        let log = Log::new();
        log.append(false, b"one\ntwo\nthr");
        log.append(false, b"ee");
        assert_eq!(text(&log, LogQuery::default()).await, "one\ntwo\nthree");
        assert_eq!(text(&log, LogQuery { tail_lines: Some(1), ..LogQuery::default() }).await, "three");
        assert_eq!(text(&log, LogQuery { tail_lines: Some(0), ..LogQuery::default() }).await, "");
        assert_eq!(text(&log, LogQuery { limit_bytes: Some(5), ..LogQuery::default() }).await, "one\nt");
        let later = Timestamp::now() + jiff::SignedDuration::from_secs(5);
        assert_eq!(text(&log, LogQuery { since: Some(later), ..LogQuery::default() }).await, "");
        let stamped = text(&log, LogQuery { timestamps: true, ..LogQuery::default() }).await;
        assert_eq!(stamped.lines().count(), 3);
        assert!(stamped.lines().all(|line| line.split_once("Z ").is_some()), "{stamped}");
    }

    #[tokio::test]
    async fn a_follower_gets_a_started_line_at_once_and_its_rest_later() {
        let log = Log::new();
        log.append(false, b"/ # ");
        let mut pieces = log.read(&LogQuery { follow: true, ..LogQuery::default() });
        assert_eq!(pieces.next().await.unwrap(), "/ # ");
        log.append(false, b"ls\r\n");
        assert_eq!(pieces.next().await.unwrap(), "ls\r\n");
        log.end();
        assert!(pieces.next().await.is_none());
    }

    #[tokio::test]
    async fn a_long_line_has_one_time_though_it_is_kept_in_pieces() {
        let log = Log::new();
        log.append(false, &[&vec![b'x'; 3 * LONGEST_LINE][..], b"\nnext\n"].concat());
        let stamped = text(&log, LogQuery { timestamps: true, ..LogQuery::default() }).await;
        assert_eq!(stamped.matches("Z ").count(), 2);
        assert_eq!(stamped.lines().count(), 2);
    }

    #[tokio::test]
    async fn a_flood_is_bounded_and_a_rotated_file_is_read_by_nobody_who_comes_later() {
        let log = Log::new();
        for number in 0..400_000 {
            log.append(false, format!("line {number}\n").as_bytes());
        }
        let kept = text(&log, LogQuery::default()).await;
        assert!(kept.len() <= FILE && !kept.contains("line 0\n"), "{} bytes", kept.len());
        assert!(kept.ends_with("line 399999\n"));
        let tail = text(&log, LogQuery { tail_lines: Some(2), ..LogQuery::default() }).await;
        assert_eq!(tail, "line 399998\nline 399999\n");
        log.append(true, &vec![b'x'; 6 * FILE]);
        assert!(text(&log, LogQuery::default()).await.len() <= FILE);
        let lines = log.lock();
        assert!(lines.kept.iter().map(|line| line.text.len()).sum::<usize>() <= 2 * FILE);
    }

    #[tokio::test]
    async fn who_follows_goes_on_across_a_rotation() {
        let log = Log::new();
        log.append(false, b"first\n");
        let mut pieces = log.read(&LogQuery { follow: true, ..LogQuery::default() });
        assert_eq!(pieces.next().await.unwrap(), "first\n");
        let whole = vec![b'y'; FILE];
        log.append(false, &whole);
        log.append(false, b"\nlast\n");
        assert!(log.lock().file > 0, "there was a rotation");
        log.end();
        let rest: Vec<Bytes> = pieces.collect().await;
        assert_eq!(rest.concat().len(), FILE + "\nlast\n".len());
        assert!(rest.concat().ends_with(b"\nlast\n"));
    }
}
