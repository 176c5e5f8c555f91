//! Actions in a pane that shows a launch: the ways out of what stands in its way, and looking back at it.

use crate::app::session::Session;
use crate::app::{Action, Availability, Effect, Focus, Scope, State, fresh, take_fix};

const fn fix(
    name: &'static str,
    title: &'static str,
    keys: &'static [&'static str],
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    Action {
        name,
        title,
        help: "Takes the way out with this number, while a launch shows one.",
        scope: Scope::Launch,
        keys,
        hint: None,
        available: fixable,
        run,
    }
}

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "pane.timeline",
        title: "timeline",
        help: "Shows how the session was launched and what stands in its way, or its screen again.",
        scope: Scope::Leader,
        keys: &["t"],
        hint: Some(6),
        available: |state| Availability::when(!state.sessions.is_empty(), "no session is open"),
        run: timeline,
    },
    Action {
        name: "pane.fresh",
        title: "new debugger",
        help: "Starts a new debugger in the pane of a shell that was opened in one which ran already.",
        scope: Scope::Leader,
        keys: &["e"],
        hint: None,
        available: |state| {
            let reused = state.sessions.active().is_some_and(|session| session.reused.is_some());
            Availability::when(reused, "this pane is no shell in a debugger that ran already")
        },
        run: fresh,
    },
    fix("fix.1", "fix 1", &["1"], |state| take_fix(state, 1)),
    fix("fix.2", "fix 2", &["2"], |state| take_fix(state, 2)),
    fix("fix.3", "fix 3", &["3"], |state| take_fix(state, 3)),
    fix("fix.4", "fix 4", &["4"], |state| take_fix(state, 4)),
    fix("fix.5", "fix 5", &["5"], |state| take_fix(state, 5)),
    fix("fix.6", "fix 6", &["6"], |state| take_fix(state, 6)),
    fix("fix.7", "fix 7", &["7"], |state| take_fix(state, 7)),
    fix("fix.8", "fix 8", &["8"], |state| take_fix(state, 8)),
    fix("fix.9", "fix 9", &["9"], |state| take_fix(state, 9)),
    Action {
        name: "launch.back",
        title: "scroll back",
        help: "Scrolls the timeline back.",
        scope: Scope::Launch,
        keys: &["pgup"],
        hint: None,
        available: shown,
        run: |state| scroll(state, PAGE),
    },
    Action {
        name: "launch.forward",
        title: "scroll forward",
        help: "Scrolls the timeline forward.",
        scope: Scope::Launch,
        keys: &["pgdn"],
        hint: None,
        available: shown,
        run: |state| scroll(state, -PAGE),
    },
];

/// How many lines of a timeline a key moves.
const PAGE: isize = 5;

fn fixable(state: &State) -> Availability {
    let fixes = state.sessions.active().is_some_and(|session| !session.fixes().is_empty());
    Availability::when(fixes, "nothing stands in the way of a launch here")
}

fn shown(state: &State) -> Availability {
    let shown = state.sessions.active().is_some_and(Session::shows_timeline);
    Availability::when(shown, "no timeline is shown")
}

fn timeline(state: &mut State) -> Vec<Effect> {
    if let Some(session) = state.sessions.active_mut() {
        session.timeline_open = !session.timeline_open;
        session.timeline_back = 0;
        state.focus = Focus::Pane;
    }
    Vec::new()
}

fn scroll(state: &mut State, by: isize) -> Vec<Effect> {
    if let Some(session) = state.sessions.active_mut() {
        session.scroll_timeline(by);
    }
    Vec::new()
}
