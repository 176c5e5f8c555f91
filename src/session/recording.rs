//! Recordings of sessions as asciicast files, version 2: what they hold, how they are written and read; they are never
//! played here.
//!
//! Version 2 is what every player reads, also the many installed ones that do not know version 3; both are read.

mod file;
mod line;
mod read;
mod recorder;
mod utf8;

use bytes::Bytes;

pub use read::{Batch, Ending, Header, MARKERS_KEPT, Marker, Place, Played, PlayedKind, Reader, Survey, survey};
pub use recorder::{Options, Recorder};

/// What the marker says with which a recording begins that was asked for.
pub const STARTS: &str = "recording starts";

/// Names one recording for the life of the program; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingId(pub u64);

/// What a recording is of: its header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// The width of the session's terminal when the recording begins.
    pub columns: u16,
    /// Its height.
    pub rows: u16,
    /// When it begins, in seconds since 1970.
    pub timestamp: i64,
    /// What the session is called.
    pub title: String,
    /// The kubeconfig context it runs in.
    pub context: String,
    /// The namespace of its pod, there already or to come.
    pub namespace: String,
    /// The pod; `None` for a node whose debugger's pod is still to come.
    pub pod: Option<String>,
    /// The container, as far as it is known.
    pub container: Option<String>,
    /// The container's image, as far as it is known.
    pub image: Option<String>,
}

/// Something that is recorded; its time is that of the moment it is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The far end printed this.
    Output(Bytes),
    /// The far end was sent this.
    Input(Bytes),
    /// The terminal has this size now.
    Resized {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// Something happened that is worth finding again.
    Marked(String),
    /// What is recorded next does not follow from what was before: why, and what the screen shows now, as output.
    Anew(String, Bytes),
}

/// What a recording says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The file is there.
    Started {
        /// Where.
        file: String,
    },
    /// The disk was too slow, so that this many bytes were left out; it has caught up and waits for [`Event::Anew`].
    Behind {
        /// Bytes of output left out.
        lost: usize,
    },
    /// It is over; what was recorded so far is there and whole.
    Stopped {
        /// Where; `None` when there never was a file.
        file: Option<String>,
        /// Why.
        why: Stopped,
    },
}

/// Why a recording is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// It was asked to stop.
    Asked,
    /// The file has reached the largest size it may have, in bytes.
    Full(u64),
    /// It could not be written: the system's words.
    Failed(String),
}
