//! Actions on panes and their sessions, behind the leader or once a session has ended.

use crate::app::view::close_view;
use crate::app::{
    Action, Availability, Effect, Focus, Scope, Start, State, again, attach_again, close, debug_instead, quit,
};
use crate::cluster::ContainerKey;
use crate::session::SessionId;

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "pane.browse",
        title: "browse",
        help: "Gives the keys back to the lists; the session goes on.",
        scope: Scope::Leader,
        keys: &["b", "esc", "tab"],
        hint: Some(0),
        available: |_| Availability::Yes,
        run: browse,
    },
    Action {
        name: "pane.next",
        title: "next tab",
        help: "Shows the next tab.",
        scope: Scope::Leader,
        keys: &["n"],
        hint: Some(3),
        available: session_open,
        run: |state| step(state, 1),
    },
    Action {
        name: "pane.previous",
        title: "previous tab",
        help: "Shows the tab before.",
        scope: Scope::Leader,
        keys: &["p"],
        hint: None,
        available: session_open,
        run: |state| step(state, -1),
    },
    Action {
        name: "pane.zoom",
        title: "zoom",
        help: "Gives the pane the whole screen, or takes it back.",
        scope: Scope::Leader,
        keys: &["z"],
        hint: Some(1),
        available: session_open,
        run: |state| {
            state.sessions.toggle_zoom();
            state.focus = Focus::Pane;
            Vec::new()
        },
    },
    Action {
        name: "pane.scroll-up",
        title: "scroll up",
        help: "Scrolls back half a screen; typing returns to the end.",
        scope: Scope::Leader,
        keys: &["pgup", "u"],
        hint: Some(3),
        available: session_open,
        run: |state| scroll(state, 1),
    },
    Action {
        name: "pane.scroll-down",
        title: "scroll down",
        help: "Scrolls forward half a screen.",
        scope: Scope::Leader,
        keys: &["pgdn", "d"],
        hint: None,
        available: session_open,
        run: |state| scroll(state, -1),
    },
    Action {
        name: "pane.close",
        title: "close",
        help: "Closes the pane; asks whether to detach from or end what runs in it.",
        scope: Scope::Leader,
        keys: &["x"],
        hint: Some(4),
        available: session_open,
        run: close_active,
    },
    Action {
        name: "pane.palette",
        title: "palette",
        help: "Opens the palette.",
        scope: Scope::Leader,
        keys: &[":"],
        hint: None,
        available: |_| Availability::Yes,
        run: super::general::palette,
    },
    Action {
        name: "pane.help",
        title: "help",
        help: "Lists all keys.",
        scope: Scope::Leader,
        keys: &["?"],
        hint: Some(5),
        available: |_| Availability::Yes,
        run: |state| {
            state.overlay = Some(crate::app::overlay::Overlay::Help(0));
            Vec::new()
        },
    },
    Action {
        name: "pane.quit",
        title: "quit",
        help: "Leaves the console; asks first while sessions are open.",
        scope: Scope::Leader,
        keys: &["q"],
        hint: None,
        available: |_| Availability::Yes,
        run: quit,
    },
    Action {
        name: "ended.again",
        title: "again",
        help: "Starts the same again in this pane.",
        scope: Scope::Ended,
        keys: &["r"],
        hint: Some(1),
        available: session_open,
        run: |state| active(state).map(|id| again(state, id)).unwrap_or_default(),
    },
    Action {
        name: "ended.attach",
        title: "attach again",
        help: "Attaches again to the container, if it still runs.",
        scope: Scope::Ended,
        keys: &["a"],
        hint: Some(2),
        available: |state| Availability::when(attachable(state).is_some(), "nothing is left to attach to"),
        run: |state| match attachable(state) {
            Some((id, container)) => attach_again(state, id, container),
            None => Vec::new(),
        },
    },
    Action {
        name: "ended.debug",
        title: "debug",
        help: "Starts a debugger beside the container that this pane was about.",
        scope: Scope::Ended,
        keys: &["e"],
        hint: Some(0),
        available: |state| Availability::when(own_container(state).is_some(), "this pane has no container to debug"),
        run: |state| match own_container(state) {
            Some((id, container)) => debug_instead(state, id, &container),
            None => Vec::new(),
        },
    },
    Action {
        name: "ended.close",
        title: "close",
        help: "Closes the pane.",
        scope: Scope::Ended,
        keys: &["x", "enter", "q"],
        hint: Some(3),
        available: session_open,
        run: close_active,
    },
    Action {
        name: "ended.browse",
        title: "browse",
        help: "Gives the keys back to the lists.",
        scope: Scope::Ended,
        keys: &["esc", "tab"],
        hint: Some(4),
        available: |_| Availability::Yes,
        run: browse,
    },
    Action {
        name: "ended.scroll-up",
        title: "scroll up",
        help: "Scrolls back.",
        scope: Scope::Ended,
        keys: &["pgup", "up", "k"],
        hint: None,
        available: session_open,
        run: |state| scroll(state, 1),
    },
    Action {
        name: "ended.scroll-down",
        title: "scroll down",
        help: "Scrolls forward.",
        scope: Scope::Ended,
        keys: &["pgdn", "down", "j"],
        hint: None,
        available: session_open,
        run: |state| scroll(state, -1),
    },
];

pub(super) fn browse(state: &mut State) -> Vec<Effect> {
    state.focus = Focus::List;
    state.sessions.zoomed = false;
    Vec::new()
}

fn session_open(state: &State) -> Availability {
    Availability::when(!state.sessions.is_empty(), "no pane is open")
}

fn active(state: &State) -> Option<SessionId> {
    state.sessions.active().map(|session| session.id)
}

fn close_active(state: &mut State) -> Vec<Effect> {
    if let Some(id) = state.sessions.active_view().map(|view| view.id) {
        return close_view(state, id);
    }
    active(state).map(|id| close(state, id)).unwrap_or_default()
}

fn step(state: &mut State, by: isize) -> Vec<Effect> {
    state.sessions.step(by);
    state.focus = Focus::Pane;
    Vec::new()
}

fn scroll(state: &mut State, halves: i32) -> Vec<Effect> {
    if let Some(view) = state.sessions.active_view_mut() {
        view.read(|reader, lines| reader.go_half(-isize::try_from(halves).unwrap_or(0), lines));
    }
    if let Some(session) = state.sessions.active_mut() {
        let half = i32::from(session.screen.size().rows / 2).max(1);
        session.screen.scroll(halves * half);
    }
    Vec::new()
}

/// The session in view and the container it could attach to again.
fn attachable(state: &State) -> Option<(SessionId, ContainerKey)> {
    let session = state.sessions.active()?;
    let attached = session.start.is_debugger() || matches!(session.start, Start::Attach { .. });
    let container = session.container.clone().filter(|_| attached && session.context == state.context.name)?;
    Some((session.id, container))
}

/// The session in view and the container, not made by us, that it was about.
fn own_container(state: &State) -> Option<(SessionId, ContainerKey)> {
    let session = state.sessions.active().filter(|session| session.context == state.context.name)?;
    match &session.start {
        Start::Shell { container } | Start::Attach { container } | Start::Logs { container, .. } => {
            Some((session.id, container.clone()))
        }
        Start::Debug { .. } | Start::NodeDebug { .. } => None,
    }
}
