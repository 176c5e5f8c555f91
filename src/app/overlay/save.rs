//! The question which file a text is written to.

use super::TextLine;
use crate::app::panes::PaneId;

/// Which file the text of a pane is written to.
#[derive(Debug, Clone)]
pub struct Save {
    /// Which pane.
    pub pane: PaneId,
    /// What it is called.
    pub title: String,
    /// The path under edit.
    pub line: TextLine,
}
