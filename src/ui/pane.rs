//! A session on screen: its emulated terminal or the steps of its start, and how it ended.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Theme;
use super::text::clip;
use super::timeline;
use crate::app::session::{Phase, Session};
use crate::app::{Focus, Scope, State};
use crate::screen;

/// Draws a session; the keys that help are named where it is the focused one.
pub(super) fn draw(session: &Session, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    if area.is_empty() {
        return;
    }
    if session.shows_timeline() {
        timeline::draw(session, state, theme, frame, area, focused);
        if matches!(session.phase, Phase::Failed(_)) {
            epitaph(session, state, theme, frame, area, focused);
        }
        return;
    }
    if session.copy_mode.is_some() {
        paint(&session.screen, 0, theme, frame.buffer_mut(), area);
        super::copy_mode::draw(session, state, theme, frame, area, focused);
        return;
    }
    match &session.phase {
        Phase::Launching | Phase::Failed(_) => {}
        Phase::Live if session.cut.is_some() => {
            paint(&session.screen, skipped_for_line(session, area), theme, frame.buffer_mut(), area);
            cut(session, state, theme, frame, area);
        }
        Phase::Live => {
            paint(&session.screen, 0, theme, frame.buffer_mut(), area);
            if focused {
                place_cursor(session, state, frame, area);
            }
        }
        Phase::Ended { .. } => {
            // The last line says how it ended; what stood there moves up.
            paint(&session.screen, skipped_for_line(session, area), theme, frame.buffer_mut(), area);
            epitaph(session, state, theme, frame, area, focused);
        }
    }
}

/// How many rows move up to make room for a line of ours at the bottom.
fn skipped_for_line(session: &Session, area: Rect) -> u16 {
    u16::from(session.screen.cursor().is_some_and(|cursor| cursor.row + 1 >= area.height))
}

/// The last line of a session whose connection is being made anew.
fn cut(session: &Session, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let Some(cut) = &session.cut else { return };
    let area = Rect { y: area.bottom() - 1, height: 1, ..area };
    let text = clip(&format!(" {} ", cut.told(state.now)), usize::from(area.width));
    frame.render_widget(ratatui::widgets::Clear, area);
    frame.render_widget(Paragraph::new(Line::styled(text, theme.bad)), area);
}

fn place_cursor(session: &Session, state: &State, frame: &mut Frame<'_>, area: Rect) {
    let focused = state.focus == Focus::Pane && state.overlay.is_none() && !state.filtering;
    if let Some(cursor) = session.screen.cursor().filter(|_| focused && !session.is_log()) {
        let at = Position::new(area.x + cursor.column, area.y + cursor.row);
        if area.contains(at) {
            frame.set_cursor_position(at);
        }
    }
}

/// Paints a screen without its first `skipped` rows.
pub(super) fn paint(screen: &screen::Screen, skipped: u16, theme: &Theme, buffer: &mut Buffer, area: Rect) {
    screen.for_each_cell(|column, row, cell| {
        let Some(row) = row.checked_sub(skipped) else { return };
        let at = Position::new(area.x + column, area.y + row);
        // A wide character that would leave the pane is not painted at all.
        if !area.contains(at) || column + u16::from(cell.width) > area.width {
            return;
        }
        let style = if cell.seam { theme.changing } else { style_of(cell) };
        if let Some(place) = buffer.cell_mut(at) {
            place.set_symbol(cell.symbol).set_style(style);
        }
        if cell.width == 2
            && let Some(covered) = buffer.cell_mut(Position::new(at.x + 1, at.y))
        {
            covered.reset();
            covered.set_symbol(" ").set_style(style);
        }
    });
}

fn style_of(cell: &screen::Cell<'_>) -> Style {
    let attributes = cell.attributes;
    let attributes = screen::Attributes { inverse: attributes.inverse != cell.selected, ..attributes };
    Style::new().fg(colour(cell.fg)).bg(colour(cell.bg)).add_modifier(modifier_of(attributes))
}

/// How SGR attributes look.
pub(super) fn modifier_of(attributes: screen::Attributes) -> Modifier {
    let mut modifier = Modifier::empty();
    for (on, what) in [
        (attributes.bold, Modifier::BOLD),
        (attributes.dim, Modifier::DIM),
        (attributes.italic, Modifier::ITALIC),
        (attributes.underline != screen::Underline::None, Modifier::UNDERLINED),
        (attributes.inverse, Modifier::REVERSED),
        (attributes.hidden, Modifier::HIDDEN),
        (attributes.strike, Modifier::CROSSED_OUT),
    ] {
        modifier.set(what, on);
    }
    modifier
}

pub(super) fn colour(colour: screen::Color) -> Color {
    match colour {
        screen::Color::Default => Color::Reset,
        screen::Color::Indexed(index) => Color::Indexed(index),
        screen::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}

/// The last line of an ended session: how it ended and what can be done now.
fn epitaph(session: &Session, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    let Some(text) = session.epitaph() else { return };
    let area = Rect { y: area.bottom() - 1, height: 1, ..area };
    let mut spans = vec![Span::styled(format!(" {text} "), theme.selected)];
    let mut actions: Vec<_> = state
        .keymap
        .actions()
        .iter()
        .filter(|action| action.scope == Scope::Ended && action.hint.is_some())
        .filter(|action| focused && action.availability(state).is_offered())
        .collect();
    actions.sort_by_key(|action| action.hint);
    for action in actions {
        if let Some(key) = state.keymap.key_of(action) {
            spans.push(Span::styled(format!("  {key}"), theme.key));
            spans.push(Span::styled(format!(" {}", action.title), theme.text));
        }
    }
    frame.render_widget(ratatui::widgets::Clear, area);
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}
