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
    /// In a pane that is in copy mode.
    Copy,
    /// In a pane that shows a view, of whatever kind.
    View,
    /// In a pane that shows an object as YAML.
    Yaml,
    /// In a pane that shows logs.
    Logs,
    /// In a pane that shows events.
    Events,
    /// In a pane that describes an object.
    Describe,
    /// In the list of forwarded ports.
    Ports,
    /// In a pane that shows a launch on its way, one that failed, or the timeline of one.
    Launch,
}

impl Scope {
    /// All scopes, in the order help shows them.
    pub const ALL: [Self; 14] = [
        Self::Pods,
        Self::Namespaces,
        Self::Nodes,
        Self::Global,
        Self::View,
        Self::Yaml,
        Self::Logs,
        Self::Events,
        Self::Describe,
        Self::Ports,
        Self::Leader,
        Self::Copy,
        Self::Ended,
        Self::Launch,
    ];

    /// The heading over the scope's actions.
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere outside a pane",
            Self::Namespaces => "Namespaces",
            Self::Nodes => "Nodes",
            Self::Pods => "Pods and containers",
            Self::Leader => "After the leader key",
            Self::Copy => "In copy mode",
            Self::View => "In a view",
            Self::Yaml => "In a view of YAML",
            Self::Logs => "In a view of logs",
            Self::Events => "In a view of events",
            Self::Describe => "In a description",
            Self::Ports => "In the list of forwarded ports",
            Self::Ended => "In a pane whose session has ended",
            Self::Launch => "In a pane that shows a launch",
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
    /// It can in a moment, once what it needs has arrived; the reason is shown if that does not.
    Later(String),
}

impl Availability {
    /// Available if `condition` holds, otherwise not for `reason`.
    pub fn when(condition: bool, reason: &str) -> Self {
        if condition { Self::Yes } else { Self::No(reason.to_owned()) }
    }

    /// Whether a key for it is worth showing as usable.
    pub fn is_offered(&self) -> bool {
        !matches!(self, Self::No(_))
    }

    /// This one, or where it holds, the other.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        if self == Self::Yes { other() } else { self }
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
