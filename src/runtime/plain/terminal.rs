//! The plain terminal, or the pipes that stand in its place: where lines are written and keys are read; it never
//! decides what is said.

use std::io::{self, Read};

use bytes::Bytes;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;

use crate::cluster::cleaned;

/// Bytes read at once.
const PIECE: usize = 16 * 1024;
/// Pieces that may wait; what is not read stays with the terminal or the pipe.
const PLACES: usize = 4;

/// Standard input, output and error.
pub struct Plain {
    /// What is typed or piped in.
    pub input: Input,
    /// Standard output.
    pub out: Box<dyn AsyncWrite + Send + Unpin>,
    /// Standard error.
    pub err: Box<dyn AsyncWrite + Send + Unpin>,
    /// Whether the input is a terminal.
    pub is_terminal: bool,
}

impl Plain {
    /// Writes a line to standard output, clean of anything a terminal would obey.
    pub(super) async fn say(&mut self, line: &str) -> io::Result<()> {
        self.out.write_all(format!("{}\n", cleaned(line)).as_bytes()).await?;
        self.out.flush().await
    }

    /// Writes a line to standard error, clean likewise.
    pub(super) async fn remark(&mut self, line: &str) -> io::Result<()> {
        self.err.write_all(format!("{}\n", cleaned(line)).as_bytes()).await?;
        self.err.flush().await
    }

    /// Writes bytes to standard output as they are.
    pub(super) async fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes).await?;
        self.out.flush().await
    }
}

/// Standard input, read in pieces from the first time it is asked for; what one session leaves is there for the next.
pub struct Input {
    source: Option<Box<dyn Read + Send>>,
    pieces: Option<mpsc::Receiver<Bytes>>,
}

impl Input {
    /// An input that reads this.
    pub fn new(source: impl Read + Send + 'static) -> Self {
        Self { source: Some(Box::new(source)), pieces: None }
    }

    /// The next piece; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        if let Some(source) = self.source.take() {
            let (sender, pieces) = mpsc::channel(PLACES);
            self.pieces = Some(pieces);
            // A thread, for a terminal cannot be read otherwise; it ends with the program.
            std::thread::spawn(move || read(source, &sender));
        }
        self.pieces.as_mut()?.recv().await
    }
}

fn read(mut source: Box<dyn Read + Send>, pieces: &mpsc::Sender<Bytes>) {
    let mut buffer = vec![0; PIECE];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                if pieces.blocking_send(Bytes::copy_from_slice(&buffer[..count])).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                tracing::warn!(%error, "the input cannot be read any more");
                return;
            }
        }
    }
}
