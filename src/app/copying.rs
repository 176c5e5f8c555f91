//! Copy mode of the focused pane: entered, moved in, searched, left; the mode itself is data of its own.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::copy_mode::{Asking, CopyMode, Motion};
use super::message::Effect;
use super::notices::Level;
use super::overlay::TextLine;
use super::state::{Focus, State};
use super::{Availability, Chord, Scope, run};
use crate::screen::Screen;
pub use crate::screen::SelectionKind;
use crate::session::SessionId;

/// What makes a shell mark its prompts; bash and the shell of busybox alike.
pub const MARKING_PROMPT: &str = r"PS1='\[\e]133;A\a\]'$PS1";
/// The same for shells that expand nothing in a prompt, such as dash.
pub const MARKING_PROMPT_PLAINLY: &str = r"PS1=$(printf '\033]133;A\007')$PS1";

/// Whether the focused pane has text to be read.
pub fn readable(state: &State) -> Availability {
    match state.sessions.active() {
        None => Availability::No("the pane shows no terminal".to_owned()),
        Some(session) => Availability::when(!session.shows_timeline(), "the pane shows no terminal"),
    }
}

/// Whether the focused pane is in copy mode.
pub fn copying(state: &State) -> Availability {
    let on = state.sessions.active().is_some_and(|session| session.copy_mode.is_some());
    Availability::when(on, "the pane is not in copy mode")
}

/// Works with the mode and the screen of the focused pane; `None` if it is not in copy mode.
fn with<T>(state: &mut State, work: impl FnOnce(&mut CopyMode, &mut Screen) -> T) -> Option<T> {
    let session = state.sessions.active_mut()?;
    session.copy_mode.as_mut().map(|mode| work(mode, &mut session.screen))
}

/// Enters copy mode.
pub fn enter(state: &mut State) -> Vec<Effect> {
    state.focus = Focus::Pane;
    if let Some(session) = state.sessions.active_mut()
        && session.copy_mode.is_none()
    {
        session.copy_mode = Some(CopyMode::begin(&mut session.screen));
    }
    Vec::new()
}

/// Leaves copy mode.
pub fn leave(state: &mut State) -> Vec<Effect> {
    if let Some(session) = state.sessions.active_mut()
        && session.copy_mode.take().is_some()
    {
        CopyMode::end(&mut session.screen);
    }
    Vec::new()
}

/// Moves the cursor.
pub fn go(state: &mut State, motion: Motion) -> Vec<Effect> {
    let _ = with(state, |mode, screen| mode.go(motion, screen));
    Vec::new()
}

/// Begins to choose text, or lets go of it.
pub fn choose(state: &mut State, kind: SelectionKind) -> Vec<Effect> {
    let _ = with(state, |mode, screen| mode.choose(kind, screen));
    Vec::new()
}

/// Goes to the other end of what is chosen.
pub fn swap_ends(state: &mut State) -> Vec<Effect> {
    let _ = with(state, CopyMode::swap_ends);
    Vec::new()
}

/// Copies what is chosen, and leaves.
pub fn copy(state: &mut State) -> Vec<Effect> {
    let text = state.sessions.active().and_then(|session| session.screen.selected_text());
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        state.notices.push(state.now, Level::Info, "nothing is chosen: v begins to choose, V whole lines", Vec::new());
        return Vec::new();
    };
    let _ = leave(state);
    vec![Effect::Copy(text)]
}

/// Asks what to search for; enters copy mode where that is not on.
pub fn ask(state: &mut State, older: bool) -> Vec<Effect> {
    let _ = enter(state);
    let _ = with(state, |mode, _| mode.asking = Some(Asking { line: TextLine::default(), older }));
    Vec::new()
}

/// Goes to the next match in the direction of the search, or in the other one.
pub fn next_match(state: &mut State, onwards: bool) -> Vec<Effect> {
    if with(state, |mode, screen| mode.next_match(onwards, screen)) == Some(false) {
        state.notices.push(state.now, Level::Info, "nothing was searched for: ? searches upwards, / downwards", vec![]);
    }
    Vec::new()
}

/// Goes to a prompt that the shell has marked; enters copy mode where that is not on.
pub fn to_prompt(state: &mut State, forward: bool) -> Vec<Effect> {
    let was_on = copying(state) == Availability::Yes;
    let _ = enter(state);
    if with(state, |mode, screen| mode.go(Motion::Prompt { forward }, screen)) != Some(false) {
        return Vec::new();
    }
    let marked = state.sessions.active().is_some_and(|session| session.screen.has_prompts());
    if !was_on {
        let _ = leave(state);
    }
    let text = if marked {
        format!("there is no prompt {}", if forward { "below" } else { "above" })
    } else {
        format!("this shell marks no prompts; it does after: {MARKING_PROMPT}")
    };
    let more =
        if marked { Vec::new() } else { vec![format!("dash and other plain shells want: {MARKING_PROMPT_PLAINLY}")] };
    state.notices.push(state.now, Level::Info, text, more);
    Vec::new()
}

/// A key was pressed in a pane that is in copy mode.
pub(super) fn pressed(state: &mut State, key: &KeyEvent, chord: Chord) -> Vec<Effect> {
    let asked = with(state, |mode, screen| asked(mode, screen, key));
    if asked == Some(true) {
        return Vec::new();
    }
    if let Some(action) = state.keymap.action(Scope::Copy, chord) {
        state.notices.dismiss();
        return run(state, action);
    }
    let leave = state.keymap.named("copy.leave").map(|action| state.keymap.keys_of(action)).unwrap_or_default();
    let text = format!("{chord} does nothing in copy mode; {leave} leaves it");
    state.notices.push(state.now, Level::Info, text, Vec::new());
    Vec::new()
}

/// Takes a key for the words of a search; false while none are asked for.
fn asked(mode: &mut CopyMode, screen: &mut Screen, key: &KeyEvent) -> bool {
    let Some(asking) = &mut mode.asking else { return false };
    let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => {
            let Asking { line, older } = std::mem::take(asking);
            mode.asking = None;
            // As in vi, nothing typed is what was searched for last.
            let text = if line.text().is_empty() { mode.searched().unwrap_or_default() } else { line.text() };
            mode.search(text.to_owned(), older, screen);
        }
        _ if interrupt || key.code == KeyCode::Esc => mode.asking = None,
        KeyCode::Backspace if asking.line.text().is_empty() => mode.asking = None,
        _ => {
            asking.line.edit(key);
        }
    }
    true
}

/// Text was pasted while the focused pane is in copy mode: it belongs to the words of a search, and to nothing else.
pub(super) fn pasted(state: &mut State, text: &str) {
    let taken = with(state, |mode, _| match &mut mode.asking {
        Some(asking) => {
            asking.line.insert(text);
            true
        }
        None => false,
    });
    if taken == Some(false) {
        let text = "not pasted: the pane is in copy mode, q leaves it";
        state.notices.push(state.now, Level::Warning, text, Vec::new());
    }
}

/// Brings the modes of all panes up to date with what was printed, and searches on.
pub(super) fn settle(state: &mut State) {
    for session in state.sessions.iter_mut() {
        if let Some(mode) = &mut session.copy_mode {
            mode.settle(&mut session.screen);
        }
    }
}

/// Whether something of a pane moves without a fact that arrives: a search, or a selection that is dragged beyond the edge.
pub fn moves_by_itself(state: &State) -> bool {
    let searches = |id: SessionId| {
        let session = state.sessions.get(id);
        session.is_some_and(|session| session.copy_mode.as_ref().is_some_and(|mode| mode.is_busy(&session.screen)))
    };
    super::view::moves_by_itself(state)
        || state.pointing.scrolls()
        || state.sessions.iter().any(|session| searches(session.id))
}
