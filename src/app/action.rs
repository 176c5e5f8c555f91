//! The type of a row of the action table, and when such a row applies; the rows themselves live in [`crate::actions`].

use std::fmt;

use super::{Effect, State};

/// Where an action's keys are listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere outside a pane and an overlay.
    Global,
    /// While the list of namespaces has the focus.
    Namespaces,
    /// While the list of nodes has the focus.
    Nodes,
    /// While the list of pods or the containers of a pod have the focus.
    Pods,
    /// After the leader chord, wherever the focus is.
    Leader,
    /// In a pane whose session has ended.
    Ended,
}

impl Scope {
    /// All scopes, in the order help shows them.
    pub const ALL: [Self; 6] = [Self::Pods, Self::Namespaces, Self::Nodes, Self::Global, Self::Leader, Self::Ended];

    /// The heading over the scope's actions.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere outside a pane",
            Self::Namespaces => "Namespaces",
            Self::Nodes => "Nodes",
            Self::Pods => "Pods and containers",
            Self::Leader => "After the leader key",
            Self::Ended => "In a pane whose session has ended",
        }
    }
}

/// Whether an action can run now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    /// It can.
    Yes,
    /// It cannot; the reason is shown when the key is pressed all the same.
    No(String),
}

impl Availability {
    /// Available if `condition` holds, otherwise not for `reason`.
    pub fn when(condition: bool, reason: &str) -> Self {
        if condition { Self::Yes } else { Self::No(reason.to_owned()) }
    }
}

/// A user's intent: one row of the action table.
#[derive(Clone, Copy)]
pub struct Action {
    /// Its name in the configuration: `debug.ephemeral`.
    pub name: &'static str,
    /// What hints and the palette call it: two or three words.
    pub title: &'static str,
    /// One sentence for help.
    pub help: &'static str,
    /// Where its keys are listened to.
    pub scope: Scope,
    /// Its default keys, in the notation of [`super::Chord`].
    pub keys: &'static [&'static str],
    /// Its place among the footer's hints (lower comes first); `None` keeps it out of the footer.
    pub hint: Option<u8>,
    /// Whether it can run now.
    pub available: fn(&State) -> Availability,
    /// Runs it.
    pub run: fn(&mut State) -> Vec<Effect>,
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Action").field("name", &self.name).finish_non_exhaustive()
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}
