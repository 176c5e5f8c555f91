//! What the mouse does among the panes: gives the focus, moves borders, scrolls, or reaches the program under it.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::WHEEL;
use crate::app::layout::places;
use crate::app::message::Effect;
use crate::app::panes::{Border, PaneId, Place, place_at};
use crate::app::pointing;
use crate::app::state::{Focus, State};
use crate::app::view::ViewId;
use crate::screen::{MouseTracking, encode_mouse};

/// What a button that is held down has got hold of: what follows belongs to it, wherever the pointer goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) enum Grip {
    /// A border between panes.
    Border(Border),
    /// What a pane shows.
    Pane(PaneId),
}

/// Takes in what concerns the panes, which stand in `area`; `None` if this does not.
pub(super) fn moved(state: &mut State, event: MouseEvent, area: Rect) -> Option<Vec<Effect>> {
    let at = Position::new(event.column, event.row);
    let places = places(state, area);
    match event.kind {
        MouseEventKind::Down(_) => state.grip = None,
        MouseEventKind::Drag(_) | MouseEventKind::Up(_) => {
            let grip = match event.kind {
                MouseEventKind::Up(_) => state.grip.take(),
                _ => state.grip.clone(),
            };
            return match grip {
                Some(Grip::Border(border)) => {
                    state.sessions.drag(&border, area, at);
                    Some(Vec::new())
                }
                Some(Grip::Pane(id)) => {
                    let place = places.into_iter().find(|place| place.pane == id);
                    Some(place.map(|place| in_pane(state, event, place)).unwrap_or_default())
                }
                // A button that went down elsewhere is no concern of a program's.
                None => area.contains(at).then(Vec::new),
            };
        }
        _ => {}
    }
    if !area.contains(at) {
        return None;
    }
    let place = place_at(&places, at);
    if matches!(event.kind, MouseEventKind::Down(_)) {
        if let Some(place) = place {
            state.sessions.focus(place.pane);
        }
        state.focus = Focus::Pane;
        (state.filtering, state.leader_pending) = (false, false);
    }
    if event.kind == MouseEventKind::Down(MouseButton::Left)
        && let Some(border) = state.sessions.border_at(area, at)
    {
        state.grip = Some(Grip::Border(border));
        return Some(Vec::new());
    }
    let place = place.filter(|place| place.screen.contains(at));
    Some(place.map(|place| in_pane(state, event, place)).unwrap_or_default())
}

fn in_pane(state: &mut State, event: MouseEvent, place: Place) -> Vec<Effect> {
    if matches!(event.kind, MouseEventKind::Down(_)) {
        state.grip = Some(Grip::Pane(place.pane));
    }
    let id = match place.pane {
        PaneId::Session(id) => id,
        PaneId::View(id) => {
            in_view(state, event, id, place.screen);
            return Vec::new();
        }
    };
    if state.pointing.drags(id) {
        return pointing::moved(state, event, place.screen);
    }
    let Some(session) = state.sessions.get_mut(id) else { return Vec::new() };
    let modes = session.screen.modes();
    // Shift takes the mouse back from the program, as it does in terminals.
    let tracked = modes.mouse != MouseTracking::Off && !event.modifiers.contains(KeyModifiers::SHIFT);
    let wheel = matches!(event.kind, MouseEventKind::ScrollUp | MouseEventKind::ScrollDown);
    let wants = session.copy_mode.is_none() && (tracked || (wheel && modes.alt_screen && modes.alternate_scroll));
    if session.hears() && wants {
        let (column, row) = cell(place.screen, event);
        return match encode_mouse(&event, column, row, &modes) {
            Some(bytes) => vec![Effect::Input(session.id, bytes)],
            None => Vec::new(),
        };
    }
    let by = match event.kind {
        MouseEventKind::ScrollUp => WHEEL,
        MouseEventKind::ScrollDown => -WHEEL,
        MouseEventKind::Down(MouseButton::Left) if !session.shows_timeline() => {
            pointing::pressed(state, event, id, place.screen);
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    if session.shows_timeline() {
        session.scroll_timeline(isize::from(by));
    } else if let Some(mode) = &mut session.copy_mode {
        mode.scroll(i32::from(by), &mut session.screen);
    } else {
        session.screen.scroll(i32::from(by));
    }
    Vec::new()
}

/// The wheel scrolls a view; a press points at a line, and a drag chooses lines.
fn in_view(state: &mut State, event: MouseEvent, id: ViewId, screen: Rect) {
    let (_, row) = cell(screen, event);
    let Some(view) = state.sessions.view_mut(id) else { return };
    view.read(|reader, lines| match event.kind {
        MouseEventKind::ScrollUp => reader.scroll(isize::from(-WHEEL), lines),
        MouseEventKind::ScrollDown => reader.scroll(isize::from(WHEEL), lines),
        MouseEventKind::Down(MouseButton::Left) => {
            reader.let_go();
            if let Some(line) = reader.line_at(row, lines) {
                reader.point_at(line, lines);
            }
        }
        MouseEventKind::Drag(MouseButton::Left) => {
            if let Some(line) = reader.line_at(row, lines) {
                reader.choose_to(line);
            }
        }
        _ => {}
    });
}

/// The cell of a pane's screen under the pointer; the nearest one where that has left it.
fn cell(screen: Rect, event: MouseEvent) -> (u16, u16) {
    let column = event.column.clamp(screen.x, screen.right().saturating_sub(1).max(screen.x)) - screen.x;
    let row = event.row.clamp(screen.y, screen.bottom().saturating_sub(1).max(screen.y)) - screen.y;
    (column, row)
}
