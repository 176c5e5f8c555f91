//! From state to cells: draws, and nothing else; it changes no state and finds out nothing.

mod copy_mode;
mod cursor;
mod footer;
mod header;
mod inspector;
mod leftovers;
mod list;
mod nodes;
mod overlay;
mod pane;
mod panes;
mod replay;
mod safe;
mod tabs;
pub mod theme;
mod timeline;
mod used;
mod view;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};

pub use cursor::cursor_style;
pub use replay::draw as draw_replay;
pub use theme::Theme;

use crate::app::State;
use crate::app::layout::{Layout, SMALLEST, layout, places as panes_at, too_small};
use crate::app::text;

/// Draws one frame. The state has been settled before.
pub fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>) {
    if too_small(state.size) {
        let text = format!("bathy needs at least {} x {} cells", SMALLEST.columns, SMALLEST.rows);
        frame.render_widget(Paragraph::new(text), frame.area());
        return;
    }
    let area = frame.area();
    if (area.width, area.height) != (state.size.columns, state.size.rows) {
        // The window changed under us; the next frame knows.
        return;
    }
    let places = layout(state);
    header::draw(state, theme, frame, places.header);
    if !places.list.is_empty() {
        draw_titles(state, theme, frame, &places);
        list::draw(state, theme, frame, places.list);
        inspector::draw(state, theme, frame, places.inspector);
    }
    if !places.panes.is_empty() {
        let panes = panes_at(state, places.panes);
        tabs::draw(state, theme, frame, places.tabs, panes.len());
        panes::draw(state, theme, frame, places.panes, &panes);
    }
    footer::draw(state, theme, frame, places.footer);
    overlay::draw(state, theme, frame, places.body);
    safe::make_safe(frame.buffer_mut());
}

fn draw_titles(state: &State, theme: &Theme, frame: &mut Frame<'_>, places: &Layout) {
    let split = places.inspector.x - 1;
    rule(theme, frame, places.titles);
    for y in places.list.top()..places.list.bottom() {
        frame.buffer_mut().set_string(split, y, "│", theme.rule);
    }
    frame.buffer_mut().set_string(split, places.titles.y, "┬", theme.rule);
    let left = Rect { x: 1, width: split.saturating_sub(2), ..places.titles };
    let right = Rect { x: split + 2, width: places.inspector.width.saturating_sub(2), ..places.titles };
    title(frame, left, list::title(state, theme));
    title(frame, right, inspector::title(state, theme, usize::from(right.width).saturating_sub(2)));
}

/// A title on a rule, a blank on either side of it.
fn title(frame: &mut Frame<'_>, area: Rect, line: Line<'static>) {
    if line.width() == 0 {
        return;
    }
    let width = u16::try_from(line.width() + 2).unwrap_or(u16::MAX).min(area.width);
    let area = Rect { width, ..area };
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(line), Rect { x: area.x + 1, width: width.saturating_sub(1), ..area });
}

fn rule(theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let line = "─".repeat(usize::from(area.width));
    frame.buffer_mut().set_string(area.x, area.y, line, theme.rule);
}
