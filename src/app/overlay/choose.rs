//! A question with a key for each answer; it does nothing by itself.

use crate::cluster::PodKey;
use crate::session::SessionId;

/// What an answer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Leaves everything as it is.
    Nothing,
    /// Leaves the program; what runs on the cluster goes on.
    Quit,
    /// Deletes these pods, each of its context, then leaves the program.
    DeleteAndQuit(Vec<(String, PodKey)>),
    /// Closes a pane; what it showed goes on.
    Detach(SessionId),
    /// Ends the shell in a pane.
    EndShell(SessionId),
    /// Deletes the pods of this context that a pane has created, and closes it.
    DeleteCreated(SessionId, String, Vec<PodKey>),
    /// Deletes a pod of this context.
    DeletePod(String, PodKey),
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
