//! What is typed or pasted for programs: to the focused pane, or to every pane of its tab, each in its program's own
//! encoding; which keys are for a program at all is decided elsewhere.

use crossterm::event::KeyEvent;

use super::cut;
use super::message::Effect;
use super::overlay::{Choice, Choose, Deed, Overlay};
use super::panes::PaneId;
use super::session::Session;
use super::sessions::Tab;
use super::state::State;
use crate::screen::{Modes, encode_key, encode_paste};
use crate::session::SessionId;

/// A key for the program in the focused pane, and where the tab is so, for those beside it.
pub(super) fn pressed(state: &mut State, key: &KeyEvent) -> Vec<Effect> {
    send(state, |modes| encode_key(key, modes))
}

/// Text that was pasted, as [`pressed`].
pub(super) fn pasted(state: &mut State, text: &str) -> Vec<Effect> {
    send(state, |modes| Some(encode_paste(text, modes)))
}

fn send(state: &mut State, encode: impl Fn(&Modes) -> Option<Vec<u8>>) -> Vec<Effect> {
    let Some(tab) = state.sessions.tab() else { return Vec::new() };
    let meant: Vec<SessionId> =
        if tab.together { tab.sessions().collect() } else { Vec::from_iter(tab.focused().session()) };
    let now = state.now;
    let mut effects = Vec::new();
    for id in meant {
        let Some(session) = state.sessions.get_mut(id).filter(|session| session.takes_input()) else { continue };
        if session.cut.is_some() {
            cut::not_sent(state, id);
            continue;
        }
        let Some(bytes) = encode(&session.screen.modes()) else { continue };
        session.typed = Some(now);
        // What it prints next is wanted in view.
        if session.copy_mode.is_none() {
            session.screen.scroll_to_bottom();
            session.screen.clear_selection();
        }
        effects.push(Effect::Input(id, bytes));
    }
    effects
}

/// Lets what is typed go to every pane of the tab in view from now on, or to the focused one alone again. Where a pane
/// belongs to a protected context, that is asked first.
pub fn type_into_all(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.sessions.tab_mut() else { return Vec::new() };
    let id = tab.focused();
    if tab.together {
        tab.together = false;
        return Vec::new();
    }
    let count = tab.sessions().count();
    let guarded = protected(state);
    match guarded {
        None => switched_on(state, id),
        Some(context) => {
            state.overlay = Some(Overlay::Choose(Choose {
                title: format!("{context} is protected: go on?"),
                lines: vec![format!("Every key would go to all {count} panes of this tab.")],
                choices: vec![
                    Choice::new('n', "no, to one pane alone", Deed::Nothing),
                    Choice::new('y', "yes", Deed::TypeIntoAll(id)),
                ],
            }));
        }
    }
    Vec::new()
}

/// Lets what is typed go to every pane of the tab with this session.
pub(super) fn switched_on(state: &mut State, id: PaneId) {
    if let Some(tab) = state.sessions.tab_of_mut(id) {
        tab.together = true;
    }
}

/// The protected context that a pane of the tab in view belongs to.
fn protected(state: &State) -> Option<String> {
    let mut sessions = state.sessions.tab().into_iter().flat_map(Tab::sessions).filter_map(|id| state.sessions.get(id));
    let found: Option<&Session> = sessions.find(|session| state.settings.is_protected(&session.context));
    found.map(|session| session.context.clone())
}
