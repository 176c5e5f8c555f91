//! What the mouse does outside overlays: select, focus, scroll; what it does among the panes is theirs.

mod panes;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::layout::{first_shown, layout};
use super::message::Effect;
use super::state::{Focus, State};
use super::{List, run, tabs};
pub(super) use panes::Grip;

/// How many lines the wheel moves.
const WHEEL: i16 = 3;

/// The mouse did something.
pub(super) fn moved(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    if state.overlay.is_some() {
        state.grip = None;
        return Vec::new();
    }
    let at = Position::new(event.column, event.row);
    let places = layout(state);
    if let Some(effects) = panes::moved(state, event, places.panes) {
        return effects;
    }
    let wheel = match event.kind {
        MouseEventKind::ScrollUp => -1,
        MouseEventKind::ScrollDown => 1,
        _ => 0,
    };
    let pressed = event.kind == MouseEventKind::Down(MouseButton::Left);
    if places.tabs.contains(at) && pressed {
        if let Some(index) = tabs::at(state, places.tabs.width, event.column) {
            state.sessions.show(index);
            state.focus = Focus::Pane;
            (state.filtering, state.leader_pending) = (false, false);
        }
    } else if places.list.contains(at) {
        let height = usize::from(places.list.height.saturating_sub(1));
        let row = usize::from(event.row.saturating_sub(places.list.y + 1));
        let in_rows = event.row > places.list.y;
        if pressed {
            state.focus = Focus::List;
        }
        let pressed_row = (pressed && in_rows).then_some(row);
        let (again, opens) = match state.navigator.list {
            List::Pods => (point(&mut state.navigator.pods, wheel, pressed_row, height), "pod.containers"),
            List::Namespaces => (point(&mut state.navigator.namespaces, wheel, pressed_row, height), "namespace.open"),
            List::Nodes => (point(&mut state.navigator.nodes.rows, wheel, pressed_row, height), "node.pods"),
        };
        if again {
            return state.keymap.named(opens).map(|action| run(state, action)).unwrap_or_default();
        }
    } else if places.inspector.contains(at) && pressed && state.navigator.inspected.pod.is_some() {
        state.focus = Focus::Containers;
    }
    Vec::new()
}

/// Moves a list's selection; true if the row that was selected already was pressed.
fn point<R: super::Row>(rows: &mut super::Rows<R>, wheel: isize, pressed: Option<usize>, height: usize) -> bool {
    if wheel != 0 {
        rows.move_by(wheel * isize::from(WHEEL));
    }
    let Some(row) = pressed else { return false };
    let index = first_shown(rows.selected_index(), rows.visible().len(), height) + row;
    let same = index == rows.selected_index();
    if index < rows.visible().len() {
        rows.move_to(index);
    }
    same
}
