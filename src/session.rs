//! One attached stream and its life, whatever carries it; it knows no Kubernetes, draws nothing and names no key.

pub mod join;
pub mod pump;
pub mod recording;

pub use pump::{Attention, Chunk, Full, SessionHandle, SessionUpdate, spawn};

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

/// Names one session for the life of the program; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u64);

/// What the far end sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Bytes of standard output or standard error, as they came.
    Output(Bytes),
    /// Bytes that were printed earlier, read from a log: shown as output, and no question in them is answered any more.
    Past(Bytes),
    /// What becomes of the connection below a stream that outlasts it.
    Link(Link),
    /// Bytes of standard error, from a stream that was asked to keep them apart.
    ErrorOutput(Bytes),
    /// The last thing a stream says.
    Ended(End),
}

/// What becomes of the connection below a stream that outlasts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// It broke, or could not be made anew; the next try follows.
    Cut {
        /// What broke.
        reason: String,
        /// How long the pause before the next try is.
        retry_in: Duration,
    },
    /// A new one stands; the output goes on where it was cut.
    Restored {
        /// Nothing is missing and nothing doubled. Else what was printed meanwhile may be either.
        whole: bool,
    },
    /// Input was given that no connection took; it was not sent.
    Unsent,
}

/// What goes to the far end, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// Bytes for standard input.
    Input(Bytes),
    /// The terminal's size in cells.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// End of standard input; the output may go on.
    CloseInput,
}

/// Why a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The process ended with this code.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// The stream ended well and said no code, as attach always does.
    Finished,
    /// The server says that it could not run or attach.
    Failed {
        /// The server's words, cleaned for a person.
        reason: String,
    },
    /// The connection broke; the process may still run.
    Lost {
        /// What broke.
        reason: String,
    },
    /// We let go of it; the process may still run.
    Detached,
}

/// Both directions of one stream. Dropping it closes the connection.
#[derive(Debug)]
pub struct Transport {
    /// What arrives; bounded, so a reader that stops reading stops the far end and nothing else.
    pub incoming: mpsc::Receiver<Incoming>,
    /// What leaves; bounded.
    pub outgoing: mpsc::Sender<Outgoing>,
}
