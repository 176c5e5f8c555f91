//! Actions on recordings of sessions.

use crate::app::{Action, Availability, Scope, recording};

pub(super) const ACTIONS: &[Action] = &[Action {
    name: "pane.record",
    title: "record",
    help: "Starts recording the session, or stops it and says where the file is; `bathy replay` plays it.",
    scope: Scope::Leader,
    keys: &["r"],
    hint: Some(7),
    available: |state| Availability::when(state.sessions.active().is_some(), "no session is open"),
    run: |state| match state.sessions.active().map(|session| session.id) {
        Some(id) => recording::toggle(state, id),
        None => Vec::new(),
    },
}];
