//! What stands over the console for a moment and takes all keys while it does; data only, drawn and acted upon elsewhere.

mod choose;
mod form;
mod leftovers;
mod name;
mod palette;
mod ports;
mod save;
mod text_line;

pub use choose::{Choice, Choose, Deed, Removal};
pub use form::{
    Basis, Field, FieldKind, FieldName, Form, FormId, FormPlaces, Found, PlanLine, Planned, Preview, Subject, Tone,
    Verdict, form_places,
};
pub use leftovers::{Leftovers, Removable};
pub use name::Name;
pub use palette::{Entry, EntryKind, Palette};
pub use ports::{PortForm, PortRow, PortSubject};
pub use save::Save;
pub use text_line::TextLine;

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
    /// Which ports are forwarded.
    Ports(Box<PortForm>),
    /// What debugging left on the cluster.
    Leftovers(Leftovers),
    /// Which file a transcript is written to.
    Save(Save),
    /// A name that is asked for.
    Name(Name),
}
