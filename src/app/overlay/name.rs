//! A line that asks for a name; what it names is the one who opened it to say.

use super::TextLine;
use crate::app::panes::PaneId;

/// A name under edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// What is asked.
    pub title: String,
    /// A pane of the tab that is named.
    pub of: PaneId,
    /// The name so far.
    pub line: TextLine,
}
