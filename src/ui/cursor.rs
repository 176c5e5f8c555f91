//! The shape that the user's cursor takes: the one that the program under it chose; it writes nothing.

use crossterm::cursor::SetCursorStyle;

use crate::app::session::{Phase, Session};
use crate::app::{Focus, State};
use crate::screen::CursorShape;

/// The shape for this state; the user's own where the cursor is not a program's, or the program chose none.
pub fn cursor_style(state: &State) -> SetCursorStyle {
    let in_pane = state.focus == Focus::Pane && state.overlay.is_none() && !state.filtering;
    let live = |session: &&Session| in_pane && session.phase == Phase::Live && session.copy_mode.is_none();
    let session = state.sessions.active().filter(live);
    let chosen = session.and_then(|session| session.screen.cursor()).filter(|cursor| cursor.chosen);
    let Some(cursor) = chosen else { return SetCursorStyle::DefaultUserShape };
    match (cursor.shape, cursor.blinking) {
        (CursorShape::Block, true) => SetCursorStyle::BlinkingBlock,
        (CursorShape::Block, false) => SetCursorStyle::SteadyBlock,
        (CursorShape::Underline, true) => SetCursorStyle::BlinkingUnderScore,
        (CursorShape::Underline, false) => SetCursorStyle::SteadyUnderScore,
        (CursorShape::Bar, true) => SetCursorStyle::BlinkingBar,
        (CursorShape::Bar, false) => SetCursorStyle::SteadyBar,
    }
}
