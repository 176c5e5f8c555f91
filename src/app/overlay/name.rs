//! A line that asks for a name; what it names is the one who opened it to say.

use super::TextLine;
use crate::session::SessionId;

/// A name under edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// What is asked.
    pub title: String,
    /// A session of the tab that is named.
    pub of: SessionId,
    /// The name so far.
    pub line: TextLine,
}
