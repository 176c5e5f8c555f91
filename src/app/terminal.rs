//! What a session's terminal has from the user's own, and when a frame waits for a program to finish drawing; it draws nothing.

use jiff::{SignedDuration, Timestamp};

use super::notices::Level;
use super::session::Session;
use super::state::{Focus, State};
use super::{Effect, session::Phase};
pub use crate::screen::DefaultColors;
use crate::screen::{Screen, Size};
use crate::session::SessionId;

/// How long a program may keep a frame to itself (mode 2026) before what there is of it is shown.
const SYNCHRONIZED: SignedDuration = SignedDuration::from_millis(150);

/// What programs in panes may do and are told of the user's terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TerminalSettings {
    /// Whether a program may put text on the user's clipboard (OSC 52); none may ever read it.
    pub clipboard_write: bool,
    /// The colours of the user's terminal, told to programs that ask; `None` while they are not known.
    pub colors: Option<DefaultColors>,
}

/// A blank screen under these settings.
pub(super) fn blank_screen(size: Size, state: &State) -> Screen {
    let mut screen = Screen::new(size, state.settings.scrollback);
    screen.set_default_colors(state.settings.terminal.colors);
    screen.allow_clipboard_write(state.settings.terminal.clipboard_write);
    screen
}

/// Whether drawing waits a little, because the program in view is in the middle of a frame of its own.
pub fn holds_frame(state: &State) -> bool {
    let in_view = state.focus == Focus::Pane && state.overlay.is_none();
    let since = state.sessions.active().filter(|session| in_view && session.phase == Phase::Live);
    since.and_then(|session| session.synchronized).is_some_and(|since| state.now.duration_since(since) < SYNCHRONIZED)
}

/// A program printed something: notes since when it keeps a frame to itself, and copies what it may copy.
pub(super) fn printed(state: &mut State, id: SessionId) -> Vec<Effect> {
    let now = state.now;
    let Some(session) = state.sessions.get_mut(id) else { return Vec::new() };
    let synchronized = session.screen.modes().synchronized;
    session.synchronized = synchronized.then(|| session.synchronized.unwrap_or(now));
    let Some(text) = session.screen.take_clipboard() else { return Vec::new() };
    let count = text.chars().count();
    let told = format!("{} puts {count} characters on your clipboard", session.title());
    state.notices.push(now, Level::Warning, told, Vec::new());
    vec![Effect::Copy(text)]
}

/// Time has passed: frames that were kept too long are shown.
pub(super) fn ticked(state: &mut State) {
    let now = state.now;
    for session in state.sessions.iter_mut().filter(|session| is_overdue(session, now)) {
        session.screen.end_synchronized();
        session.synchronized = None;
    }
}

fn is_overdue(session: &Session, now: Timestamp) -> bool {
    session.synchronized.is_some_and(|since| now.duration_since(since) >= SYNCHRONIZED)
}
