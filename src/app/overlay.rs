//! What stands over the console for a moment and takes all keys while it does; data only, drawn and acted upon elsewhere.

mod choose;
mod form;
mod palette;
mod text_line;

pub use choose::{Choice, Choose, Deed};
pub use form::{
    Basis, Field, FieldKind, FieldName, Form, FormId, FormPlaces, Found, PlanLine, Planned, Preview, Subject, Tone,
    Verdict, form_places,
};
pub use palette::{Entry, EntryKind, Palette};
pub use text_line::TextLine;

use jiff::Timestamp;

use crate::cluster::{Leftover, Problem};

/// An overlay.
#[derive(Debug, Clone)]
pub enum Overlay {
    /// All keys, from the action table; how far it is scrolled.
    Help(usize),
    /// What the person was told; how far it is scrolled from the newest.
    Messages(usize),
    /// Actions, namespaces and contexts by name.
    Palette(Palette),
    /// A question with a key for each answer.
    Choose(Choose),
    /// The choices of a debugger.
    Form(Box<Form>),
    /// What debugging left on the cluster.
    Leftovers(Leftovers),
}

/// The view of leftovers.
#[derive(Debug, Clone, Default)]
pub struct Leftovers {
    /// What was found; `None` while it is looked for.
    pub found: Option<Result<Vec<Leftover>, Problem>>,
    /// The selected row.
    pub selected: usize,
    /// When they were looked for last.
    pub asked: Option<Timestamp>,
    /// Whether an answer is awaited.
    pub waiting: bool,
}

impl Leftovers {
    /// Takes in what was found; what was selected stays so, wherever it stands now.
    pub fn answer(&mut self, found: Result<Vec<Leftover>, Problem>) {
        let before = self.selected().map(|row| (row.pod.clone(), row.kind.clone()));
        self.waiting = false;
        self.found = Some(found);
        let rows = self.found.as_ref().and_then(|found| found.as_ref().ok());
        let same =
            |row: &Leftover| before.as_ref().is_some_and(|(pod, kind)| row.pod == *pod && row.kind.is_same(kind));
        let found = rows.and_then(|rows| rows.iter().position(same));
        self.selected = found.unwrap_or(self.selected).min(self.len().saturating_sub(1));
    }

    /// The selected leftover.
    pub fn selected(&self) -> Option<&Leftover> {
        self.found.as_ref()?.as_ref().ok()?.get(self.selected)
    }

    /// How many were found.
    pub fn len(&self) -> usize {
        self.found.as_ref().and_then(|found| found.as_ref().ok()).map_or(0, Vec::len)
    }

    /// Whether there are none, as far as is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
