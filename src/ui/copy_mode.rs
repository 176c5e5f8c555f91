//! A pane in copy mode: its text with what is chosen and found, its cursor, and the words of a search under edit.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::text::tail;
use crate::app::copy_mode::CopyMode;
use crate::app::session::Session;
use crate::app::{Focus, State};

/// Marks what was found over what is painted; the match under the cursor stands out among them.
pub(super) fn draw(session: &Session, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    let Some(mode) = &session.copy_mode else { return };
    let screen = &session.screen;
    let top = screen.position(0, 0).row;
    let columns = screen.size().columns;
    for (found, current) in mode.matches_in_view(screen) {
        let style = if current { theme.found_here } else { theme.found };
        for row in found.start.row.max(top)..=found.end.row {
            let Some(y) = screen.row_in_view(row) else { break };
            let first = if row == found.start.row { found.start.column } else { 0 };
            let last = if row == found.end.row { found.end.column } else { columns.saturating_sub(1) };
            for x in first..=last {
                let at = Position::new(area.x + x, area.y + y);
                if let Some(cell) = frame.buffer_mut().cell_mut(at).filter(|_| area.contains(at)) {
                    cell.set_style(style);
                }
            }
        }
    }
    let focused = focused && state.focus == Focus::Pane && state.overlay.is_none() && mode.asking.is_none();
    if let Some((column, row)) = mode.cursor_in_view(screen).filter(|_| focused) {
        let at = Position::new(area.x + column, area.y + row);
        if area.contains(at) {
            frame.set_cursor_position(at);
        }
    }
}

/// The mode of the focused pane, while that has the keys.
pub(super) fn of_focused(state: &State) -> Option<&CopyMode> {
    let session = state.sessions.active().filter(|_| state.focus == Focus::Pane)?;
    session.copy_mode.as_ref()
}

/// The words of a search under edit, in the place of the footer; false if there are none.
pub(super) fn draw_question(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) -> bool {
    let Some(asking) = of_focused(state).and_then(|mode| mode.asking.as_ref()) else { return false };
    let label = if asking.older { " search up: " } else { " search down: " };
    let room = usize::from(area.width).saturating_sub(label.width() + 1);
    let before = tail(asking.line.before_cursor(), room);
    let behind = &asking.line.text()[asking.line.before_cursor().len()..];
    let cursor = u16::try_from(label.width() + before.width()).unwrap_or(u16::MAX);
    let line = Line::from(vec![Span::styled(label, theme.key), Span::raw(before), Span::raw(behind.to_owned())]);
    frame.render_widget(Paragraph::new(line), area);
    if state.overlay.is_none() {
        frame.set_cursor_position(Position::new((area.x + cursor).min(area.right().saturating_sub(1)), area.y));
    }
    true
}
