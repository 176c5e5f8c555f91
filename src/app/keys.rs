//! Where a key goes: to the overlay, the filter, the shell or an action; what an action does is its own row's affair.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind};

use super::message::Effect;
use super::notices::Level;
use super::session::Session;
use super::state::{Focus, State};
use super::{Chord, Scope, copying, overlay_keys, run, typing, view};

/// A key was pressed.
pub(super) fn pressed(state: &mut State, key: &KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    if state.overlay.is_some() {
        return overlay_keys::pressed(state, key);
    }
    // A form that a fix had opened is closed, whatever became of it.
    state.place = None;
    if state.filtering {
        return filter(state, key);
    }
    let chord = Chord::of(key);
    if std::mem::take(&mut state.leader_pending) {
        return after_leader(state, key, chord);
    }
    if chord == state.keymap.leader() {
        state.leader_pending = true;
        return Vec::new();
    }
    if state.focus == Focus::Pane {
        return to_pane(state, key, chord);
    }
    let own = state.navigator.list.scope();
    let action = state.keymap.action(own, chord).or_else(|| state.keymap.action(Scope::Global, chord));
    match action {
        Some(action) => run(state, action),
        None => unknown(state, &format!("{chord} does nothing here")),
    }
}

fn unknown(state: &mut State, what: &str) -> Vec<Effect> {
    let help = state.keymap.named("help").map(|action| state.keymap.keys_of(action)).unwrap_or_default();
    state.notices.push(state.now, Level::Info, format!("{what}; {help} lists the keys"), Vec::new());
    Vec::new()
}

fn filter(state: &mut State, key: &KeyEvent) -> Vec<Effect> {
    let mut line = super::overlay::TextLine::new(state.navigator.filter());
    match key.code {
        KeyCode::Enter => state.filtering = false,
        KeyCode::Esc => {
            state.filtering = false;
            state.navigator.set_filter(String::new());
        }
        KeyCode::Up | KeyCode::Down => {
            let by = if key.code == KeyCode::Up { -1 } else { 1 };
            state.navigator.move_by(by);
        }
        _ => {
            if line.edit(key) && line.text() != state.navigator.filter() {
                state.navigator.set_filter(line.text().to_owned());
            }
        }
    }
    Vec::new()
}

fn after_leader(state: &mut State, key: &KeyEvent, chord: Chord) -> Vec<Effect> {
    if chord == state.keymap.leader() {
        // Twice the leader is the chord itself, for the shell.
        return if state.focus == Focus::Pane { typing::pressed(state, key) } else { Vec::new() };
    }
    if let Some(number) = chord.digit() {
        if number == 0 || !state.sessions.show(number - 1) {
            return unknown(state, &format!("there is no tab {number}"));
        }
        state.focus = Focus::Pane;
        return Vec::new();
    }
    match state.keymap.action(Scope::Leader, chord) {
        Some(action) => run(state, action),
        None => unknown(state, &format!("{} {chord} does nothing", state.keymap.leader())),
    }
}

fn to_pane(state: &mut State, key: &KeyEvent, chord: Chord) -> Vec<Effect> {
    if state.sessions.shows_view() {
        return view::pressed(state, key, chord);
    }
    let Some(session) = state.sessions.active() else { return Vec::new() };
    if session.copy_mode.is_some() {
        return copying::pressed(state, key, chord);
    }
    // A digit is for the shell unless a fix with this number is on screen.
    let fix = chord.digit().is_none_or(|digit| session.takes_fix(digit, state.now));
    let launch = state.keymap.action(Scope::Launch, chord).filter(|_| session.shows_timeline() && fix);
    if let Some(action) = launch {
        return run(state, action);
    }
    if session.is_live() && !session.is_log() {
        return if session.timeline_open { Vec::new() } else { typing::pressed(state, key) };
    }
    match state.keymap.action(Scope::Ended, chord) {
        Some(action) => run(state, action),
        None => unknown(state, &format!("{chord} does nothing in this pane")),
    }
}

/// Text was pasted.
pub(super) fn pasted(state: &mut State, text: &str) -> Vec<Effect> {
    if let Some(overlay) = &mut state.overlay {
        overlay_keys::pasted(overlay, text, state.now);
    } else if state.filtering {
        let mut line = super::overlay::TextLine::new(state.navigator.filter());
        line.insert(text);
        state.navigator.set_filter(line.text().to_owned());
    } else if state.focus == Focus::Pane && state.sessions.shows_view() {
        view::pasted(state, text);
    } else if state.focus == Focus::Pane && copying::copying(state).is_offered() {
        copying::pasted(state, text);
    } else if state.focus == Focus::Pane && state.sessions.active().is_some_and(Session::takes_input) {
        return typing::pasted(state, text);
    }
    Vec::new()
}
