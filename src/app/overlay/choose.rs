//! A question with a key for each answer; it does nothing by itself.

use crate::app::panes::PaneId;
use crate::app::settings::{Leave, LeaveKind};
use crate::cluster::{ContainerKey, PodKey, Which};
use crate::session::SessionId;

/// Something that is taken off the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// A pod is deleted, if it is the one that is meant.
    Pod(PodKey, Which),
    /// A debugger's process is ended.
    Debugger(ContainerKey),
}

/// What an answer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Leaves everything as it is.
    Nothing,
    /// Leaves the program; what runs on the cluster goes on.
    Quit,
    /// Removes these, each in its context, then leaves the program.
    RemoveAndQuit(Vec<(String, Removal)>),
    /// Removes these, each in its context.
    Remove(Vec<(String, Removal)>),
    /// Goes back to the view of leftovers that the question is about.
    ShowLeftovers,
    /// Does what was held back: the context is protected.
    Proceed,
    /// Does the same with every one of this kind from now on, without a question, and does this now.
    Remember(LeaveKind, Leave, Box<Deed>),
    /// Closes a pane; what it showed goes on.
    Detach(SessionId),
    /// Ends the shell in a pane.
    EndShell(SessionId),
    /// Lets what is typed go to every pane of the tab with this session.
    TypeIntoAll(PaneId),
    /// Deletes the pods of this context that a pane has created, and closes it.
    DeleteCreated(SessionId, String, Vec<PodKey>),
    /// Deletes a pod of this context.
    DeletePod(String, PodKey, Which),
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its key.
    pub key: char,
    /// What it says.
    pub label: String,
    /// What it does.
    pub deed: Deed,
}

impl Choice {
    /// An answer.
    pub fn new(key: char, label: impl Into<String>, deed: Deed) -> Self {
        Self { key, label: label.into(), deed }
    }
}

/// A question. `Esc` always answers "nothing".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choose {
    /// The question.
    pub title: String,
    /// What to know before answering.
    pub lines: Vec<String>,
    /// The answers.
    pub choices: Vec<Choice>,
}
