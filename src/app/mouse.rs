//! What the mouse does: select, focus, scroll, or reach a program in a pane that asked for it.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::layout::{first_shown, layout};
use super::message::Effect;
use super::session::Phase;
use super::state::{Focus, State};
use super::{List, pointing, run};
use crate::screen::{MouseTracking, encode_mouse};

/// How many lines the wheel moves.
const WHEEL: i16 = 3;

/// The mouse did something.
pub(super) fn moved(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    if state.overlay.is_some() {
        return Vec::new();
    }
    if let Some(effects) = pointing::moved(state, event) {
        return effects;
    }
    let at = Position::new(event.column, event.row);
    let places = layout(state);
    if places.pane.contains(at) {
        return in_pane(state, event, places.pane);
    }
    let wheel = match event.kind {
        MouseEventKind::ScrollUp => -1,
        MouseEventKind::ScrollDown => 1,
        _ => 0,
    };
    let pressed = event.kind == MouseEventKind::Down(MouseButton::Left);
    if places.tabs.contains(at) && pressed {
        if let Some(index) = tab_at(state, event.column) {
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

/// The tab under this column; tabs are laid out by [`tab_labels`].
fn tab_at(state: &State, column: u16) -> Option<usize> {
    let mut start: u16 = 0;
    for (index, label) in tab_labels(state).iter().enumerate() {
        let width = u16::try_from(unicode_width::UnicodeWidthStr::width(label.as_str())).unwrap_or(u16::MAX);
        if (start..start.saturating_add(width)).contains(&column) {
            return Some(index);
        }
        start = start.saturating_add(width).saturating_add(1);
    }
    None
}

/// What each tab says, from left to right, one column apart.
pub fn tab_labels(state: &State) -> Vec<String> {
    let label = |(index, session): (usize, &super::session::Session)| {
        let mark = match (&session.phase, session.activity) {
            (Phase::Launching, _) if session.problem().is_some() => "!",
            (Phase::Launching, _) => "…",
            (Phase::Live, _) if session.cut.is_some() => "!",
            (Phase::Live, true) => "•",
            (Phase::Live, false) => "",
            (
                Phase::Ended { end: crate::session::End::Exited { code: 0 }, .. }
                | Phase::Ended { exit_code: Some(0), .. },
                _,
            ) => "✓",
            (Phase::Ended { .. }, _) => "▫",
            (Phase::Failed(_), _) => "✗",
        };
        let recorded = if session.recording.running().is_some() { " [rec]" } else { "" };
        format!(" {} {}{}{} ", index + 1, session.title(), mark, recorded)
    };
    state.sessions.iter().enumerate().map(label).collect()
}

fn in_pane(state: &mut State, event: MouseEvent, pane: Rect) -> Vec<Effect> {
    if matches!(event.kind, MouseEventKind::Down(_)) {
        state.focus = Focus::Pane;
        (state.filtering, state.leader_pending) = (false, false);
    }
    let Some(session) = state.sessions.active_mut() else { return Vec::new() };
    let modes = session.screen.modes();
    // Shift takes the mouse back from the program, as it does in terminals.
    let tracked = modes.mouse != MouseTracking::Off && !event.modifiers.contains(KeyModifiers::SHIFT);
    let wheel = matches!(event.kind, MouseEventKind::ScrollUp | MouseEventKind::ScrollDown);
    let wants = session.copy_mode.is_none() && (tracked || (wheel && modes.alt_screen && modes.alternate_scroll));
    let takes = session.phase == Phase::Live && session.cut.is_none() && !session.is_log() && !session.timeline_open;
    if takes && wants {
        let (column, row) = (event.column - pane.x, event.row - pane.y);
        return match encode_mouse(&event, column, row, &modes) {
            Some(bytes) => vec![Effect::Input(session.id, bytes)],
            None => Vec::new(),
        };
    }
    if session.shows_timeline() {
        let back = match event.kind {
            MouseEventKind::ScrollUp => isize::from(WHEEL),
            MouseEventKind::ScrollDown => -isize::from(WHEEL),
            _ => 0,
        };
        session.scroll_timeline(back);
        return Vec::new();
    }
    let by = match event.kind {
        MouseEventKind::ScrollUp => i32::from(WHEEL),
        MouseEventKind::ScrollDown => -i32::from(WHEEL),
        MouseEventKind::Down(MouseButton::Left) => {
            pointing::pressed(state, event, pane);
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    match &mut session.copy_mode {
        Some(mode) => mode.scroll(by, &mut session.screen),
        None => session.screen.scroll(by),
    }
    Vec::new()
}
