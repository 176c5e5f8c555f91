//! Choosing text with the mouse: press, drag and release, by character, word or line, scrolling at the edges; what is
//! released is copied.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;

use super::layout::{layout, places};
use super::message::Effect;
use super::mouse::Grip;
use super::state::State;
use crate::screen::{Position, SelectionKind};
use crate::session::SessionId;

/// How soon a press follows another to make a double click.
const DOUBLE: SignedDuration = SignedDuration::from_millis(400);

/// The most rows that one step at the edge scrolls.
const STEP_MAX: i32 = 10;

/// What the mouse's left button has done and does in a pane.
#[derive(Debug, Default)]
pub(super) struct Pointing {
    last: Option<Press>,
    drag: Option<Drag>,
}

#[derive(Debug, Clone, Copy)]
struct Press {
    at: Timestamp,
    session: SessionId,
    place: (u16, u16),
    count: u8,
}

#[derive(Debug, Clone, Copy)]
struct Drag {
    session: SessionId,
    kind: SelectionKind,
    /// The cell that was pressed.
    anchor: Position,
    /// Where the mouse is, from the pane's corner; outside of it too.
    column: i32,
    row: i32,
    /// Something is chosen: it was moved, or pressed more than once.
    chooses: bool,
}

impl Pointing {
    /// Whether text of this session is being chosen.
    pub(super) fn drags(&self, session: SessionId) -> bool {
        self.drag.is_some_and(|drag| drag.session == session)
    }

    /// Whether text is being chosen, so that the view may scroll by itself.
    pub(super) fn scrolls(&self) -> bool {
        self.drag.is_some_and(|drag| drag.chooses)
    }
}

/// The left button was pressed on the screen of a pane.
pub(super) fn pressed(state: &mut State, event: MouseEvent, id: SessionId, screen: Rect) {
    let now = state.now;
    let Some(session) = state.sessions.get_mut(id) else { return };
    let place = (event.column - screen.x, event.row - screen.y);
    let again = state
        .pointing
        .last
        .filter(|last| (last.session, last.place) == (session.id, place) && now.duration_since(last.at) <= DOUBLE);
    let count = again.map_or(1, |last| last.count % 3 + 1);
    let kind = match count {
        1 => SelectionKind::Simple,
        2 => SelectionKind::Word,
        _ => SelectionKind::Line,
    };
    let anchor = session.screen.position(place.0, place.1);
    session.screen.hold_view(true);
    let (column, row) = (i32::from(place.0), i32::from(place.1));
    state.pointing.last = Some(Press { at: now, session: session.id, place, count });
    state.pointing.drag = Some(Drag { session: session.id, kind, anchor, column, row, chooses: count > 1 });
    choose(state);
}

/// The mouse moved or was released while text of the pane with this screen is chosen.
pub(super) fn moved(state: &mut State, event: MouseEvent, screen: Rect) -> Vec<Effect> {
    let Some(drag) = &mut state.pointing.drag else { return Vec::new() };
    match event.kind {
        MouseEventKind::Drag(MouseButton::Left) => {
            let from_corner = |at: u16, corner: u16| i32::from(at) - i32::from(corner);
            let (column, row) = (from_corner(event.column, screen.x), from_corner(event.row, screen.y));
            drag.chooses |= (column, row) != (drag.column, drag.row);
            (drag.column, drag.row) = (column, row);
            scroll(state, screen);
            choose(state);
            Vec::new()
        }
        MouseEventKind::Up(MouseButton::Left) => released(state),
        _ => Vec::new(),
    }
}

/// Time has passed: a drag that rests beyond an edge scrolls on. One that something has come between is let go of.
pub(super) fn ticked(state: &mut State) {
    let Some(drag) = state.pointing.drag else { return };
    let place = places(state, layout(state).panes).into_iter().find(|place| place.pane == drag.session.into());
    match place.filter(|_| state.grip == Some(Grip::Pane(drag.session.into()))) {
        Some(place) if drag.chooses => {
            if scroll(state, place.screen) {
                choose(state);
            }
        }
        Some(_) => {}
        None => {
            let _ = released(state);
        }
    }
}

/// Scrolls where the mouse is beyond an edge, the farther the faster; false if it is not.
fn scroll(state: &mut State, screen: Rect) -> bool {
    let Some(drag) = state.pointing.drag else { return false };
    let Some(session) = state.sessions.get_mut(drag.session) else { return false };
    let below = drag.row - i32::from(screen.height) + 1;
    let lines = match drag.row {
        row if row < 0 => (-row).min(STEP_MAX),
        _ if below > 0 => -below.min(STEP_MAX),
        _ => return false,
    };
    session.screen.scroll(lines);
    true
}

/// Chooses from the cell that was pressed to the one the mouse is at.
fn choose(state: &mut State) {
    let Some(drag) = state.pointing.drag else { return };
    let Some(session) = state.sessions.get_mut(drag.session) else { return };
    let size = session.screen.size();
    let within = |at: i32, end: u16| u16::try_from(at.max(0)).unwrap_or(u16::MAX).min(end.saturating_sub(1));
    let head = session.screen.position(within(drag.column, size.columns), within(drag.row, size.rows));
    let kind = drag.chooses.then_some(drag.kind);
    match (&mut session.copy_mode, kind) {
        (Some(mode), kind) => mode.choose_between(kind, drag.anchor, head, &mut session.screen),
        (None, Some(kind)) => session.screen.select_between(kind, drag.anchor, head),
        (None, None) => session.screen.clear_selection(),
    }
}

/// The button was released: what is chosen is copied.
fn released(state: &mut State) -> Vec<Effect> {
    let Some(drag) = state.pointing.drag.take() else { return Vec::new() };
    let Some(session) = state.sessions.get_mut(drag.session) else { return Vec::new() };
    session.screen.hold_view(session.copy_mode.is_some());
    let text = session.screen.selected_text().filter(|text| drag.chooses && !text.is_empty());
    text.map(Effect::Copy).into_iter().collect()
}
