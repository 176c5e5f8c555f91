//! Which program has the focus, and telling those that asked to be told (mode 1004) when it comes or goes: between the
//! panes as between windows.

use super::message::Effect;
use super::state::{Focus, State};
use crate::screen::encode_focus;
use crate::session::SessionId;

/// What programs were told.
#[derive(Debug, Default)]
pub(super) struct ToldFocus {
    /// Whether the user's terminal has lost the focus, as far as it says.
    away: bool,
    /// The session that has the focus.
    holder: Option<SessionId>,
}

/// The user's terminal gained or lost the focus.
pub(super) fn terminal(state: &mut State, gained: bool) -> Vec<Effect> {
    state.told_focus.away = !gained;
    Vec::new()
}

/// Tells the program that lost the focus, and the one that has it now.
pub(super) fn follow(state: &mut State) -> Vec<Effect> {
    let has_keys = !state.told_focus.away && state.focus == Focus::Pane;
    let holder = state.sessions.tab().filter(|_| has_keys).and_then(|tab| tab.focused().session());
    let before = std::mem::replace(&mut state.told_focus.holder, holder);
    if before == holder {
        return Vec::new();
    }
    [(before, false), (holder, true)].into_iter().filter_map(|(id, gained)| told(state, id?, gained)).collect()
}

fn told(state: &State, id: SessionId, gained: bool) -> Option<Effect> {
    let session = state.sessions.get(id).filter(|session| session.hears())?;
    encode_focus(gained, &session.screen.modes()).map(|bytes| Effect::Input(id, bytes.to_vec()))
}
