//! The question which file a text is written to.

use super::TextLine;
use crate::session::SessionId;

/// Which file the transcript of a session is written to.
#[derive(Debug, Clone)]
pub struct Save {
    /// Whose transcript.
    pub session: SessionId,
    /// What the session is called.
    pub title: String,
    /// The path under edit.
    pub line: TextLine,
}
