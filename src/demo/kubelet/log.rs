//! What a container wrote: bounded, with the time of each line; followed by whoever asks. It reads no descriptor.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt as _};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::demo::node::LogQuery;

/// At most so many bytes of a container are kept, the last ones.
const KEPT: usize = 1 << 20;

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
    bytes: usize,
    /// The number of the first kept line; each line has its own, for good.
    first: u64,
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
                    _ => self.kept.push_back(Line { time, text: piece.to_vec(), errors }),
                }
                self.bytes += piece.len();
            }
        }
        while self.bytes > KEPT && self.kept.len() > 1 {
            if let Some(oldest) = self.kept.pop_front() {
                self.bytes -= oldest.text.len();
                self.first += 1;
            }
        }
    }

    fn start(&self, query: &LogQuery) -> Position {
        let count = self.kept.len();
        let tail = query.tail_lines.map_or(count, |lines| usize::try_from(lines).unwrap_or(usize::MAX).min(count));
        let since = query.since.map_or(0, |since| self.kept.iter().take_while(|line| line.time < since).count());
        let skipped = (count - tail).max(since);
        Position { line: self.first + skipped as u64, bytes: 0 }
    }

    /// What comes after a position, at most a piece of it, and the position after that.
    fn after(&self, position: Position, timestamps: bool) -> (Vec<u8>, Position) {
        // what was dropped meanwhile is lost to a reader that is too slow
        let mut at = if position.line < self.first { Position { line: self.first, bytes: 0 } } else { position };
        let mut piece = Vec::new();
        let skip = usize::try_from(at.line - self.first).unwrap_or(usize::MAX);
        let last = self.kept.len().saturating_sub(1);
        for (index, line) in self.kept.iter().enumerate().skip(skip) {
            if timestamps && at.bytes == 0 && !line.text.is_empty() {
                piece.extend_from_slice(format!("{:.9} ", line.time).as_bytes());
            }
            piece.extend_from_slice(&line.text[at.bytes..]);
            at.bytes = line.text.len();
            if index < last || !line.is_open() {
                at = Position { line: at.line + 1, bytes: 0 };
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
    async fn a_flood_keeps_its_end_only() {
        let log = Log::new();
        for number in 0..200_000 {
            log.append(false, format!("line {number}\n").as_bytes());
        }
        let kept = text(&log, LogQuery::default()).await;
        assert!(kept.len() <= KEPT);
        assert!(kept.ends_with("line 199999\n"));
        log.append(true, &vec![b'x'; 3 << 20]);
        assert!(text(&log, LogQuery::default()).await.len() <= KEPT);
    }
}
