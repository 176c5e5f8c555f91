//! The form of a debugger: its fields, a line about the one under edit, and its plan beside or below them.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::boxed;
use crate::app::layout::first_shown;
use crate::app::overlay::{Field, FieldKind, Form, Subject, Tone, form_places};
use crate::app::text::{clip, fit, tail, wrap};
use crate::ui::Theme;

/// Keys of the form, the most needed first: what does not fit is left out.
const KEYS: [&str; 6] = ["⏎ start", "Tab next", "←→ choose", "PgDn plan", "^Y copy command", "Esc close"];

pub(super) fn draw(view: &Form, theme: &Theme, frame: &mut Frame<'_>, body: Rect) {
    let title = match &view.subject {
        Subject::Pod { pod, copy: false } => format!("debugger in {}", pod.name),
        Subject::Pod { pod, copy: true } => format!("copy of {}", pod.name),
        Subject::Node { node, .. } => format!("debugger on node {node}"),
    };
    let places = form_places(body, view.fields.len());
    let title = clip(&title, usize::from(places.outline.width.saturating_sub(4)));
    boxed(theme, frame, places.outline, &title, &keys(usize::from(places.outline.width.saturating_sub(4))));
    fields(view, theme, frame, places.fields);
    hint(view, theme, frame, places.hint);
    rule(view, theme, frame, places.rule);
    plan(view, theme, frame, places.plan);
}

fn keys(width: usize) -> String {
    let mut text = String::new();
    for key in KEYS {
        if text.width() + key.width() + 3 <= width {
            text += if text.is_empty() { "" } else { " · " };
            text += key;
        }
    }
    text
}

fn fields(view: &Form, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let labels = view.fields.iter().map(|field| field.label.width()).max().unwrap_or(0).min(24) + 2;
    let height = usize::from(area.height);
    let first = first_shown(view.focus, view.fields.len(), height);
    for (line, (index, field)) in view.fields.iter().enumerate().skip(first).take(height).enumerate() {
        let row = Rect { y: area.y + u16::try_from(line).unwrap_or(0), height: 1, ..area };
        draw_field(field, index == view.focus, labels, theme, frame, row);
    }
    more(view.fields.len().saturating_sub(first + height), theme, frame, area);
}

/// Says in the last corner, where a line rarely ends, how many lines are below.
fn more(below: usize, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if below == 0 || area.is_empty() {
        return;
    }
    let text = format!(" ↓ {below} more");
    let width = u16::try_from(text.width()).unwrap_or(u16::MAX).min(area.width);
    frame.buffer_mut().set_stringn(area.right() - width, area.bottom() - 1, text, usize::from(width), theme.key);
}

fn draw_field(field: &Field, focused: bool, labels: usize, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let label_style = if focused { theme.focused_title } else { theme.faint };
    let buffer = frame.buffer_mut();
    if focused {
        // Beside the form's frame there is a blank for it; colour alone says nothing to everybody.
        buffer.set_string(area.x.saturating_sub(1), area.y, "▸", theme.key);
    }
    buffer.set_stringn(area.x, area.y, fit(&field.label, labels), usize::from(area.width), label_style);
    let x = area.x + u16::try_from(labels).unwrap_or(0).min(area.width);
    let room = usize::from(area.right().saturating_sub(x));
    let (text, style) = match &field.kind {
        FieldKind::Text(line, empty) if line.text().is_empty() => (clip(empty, room), theme.faint),
        // The end of a long line is where it is edited.
        FieldKind::Text(line, _) => (tail(line.text(), room.saturating_sub(1)), theme.text),
        FieldKind::Choice(options, chosen) => (clip(&format!("‹ {} ›", options[*chosen]), room), theme.text),
        FieldKind::Toggle(on) => ((if *on { "[x]" } else { "[ ]" }).to_owned(), theme.text),
    };
    let editable = matches!(field.kind, FieldKind::Text(..));
    let style = if focused && !editable { theme.selected } else { style };
    buffer.set_stringn(x, area.y, text, room, style);
    if let FieldKind::Text(line, _) = &field.kind
        && focused
        && room > 0
    {
        let column = line.before_cursor().width().min(room.saturating_sub(1));
        frame.set_cursor_position(Position::new(x + u16::try_from(column).unwrap_or(0), area.y));
    }
}

fn hint(view: &Form, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let lines = match area.height {
        0 => return,
        1 => vec![clip(&view.hint(), usize::from(area.width))],
        _ => wrap(&view.hint(), usize::from(area.width)),
    };
    let lines: Vec<Line<'_>> = lines.into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(Text::from(lines)).style(theme.faint), area);
}

/// The rule before the plan; where it lies it says how the plan stands.
fn rule(view: &Form, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if area.width <= 1 {
        for y in area.top()..area.bottom() {
            frame.buffer_mut().set_string(area.x, y, "│", theme.rule);
        }
        return;
    }
    let (tone, standing) = view.standing();
    let width = usize::from(area.width);
    let line = Line::from(vec![
        Span::styled("─ ", theme.rule),
        Span::styled("plan", theme.title),
        Span::styled(" ", theme.rule),
        Span::styled(standing, style(tone, theme)),
        Span::styled(" ", theme.rule),
        Span::styled("─".repeat(width.saturating_sub(8 + standing.width())), theme.rule),
    ]);
    frame.render_widget(Paragraph::new(line), area);
}

fn plan(view: &Form, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if area.is_empty() {
        return;
    }
    let lines = view.plan_lines(area.width.into());
    let height = usize::from(area.height);
    let first = view.scroll.min(lines.len().saturating_sub(height));
    let below = lines.len().saturating_sub(first + height);
    let shown = lines.into_iter().skip(first).take(height);
    let shown: Vec<Line<'_>> = shown.map(|line| Line::styled(line.text, style(line.tone, theme))).collect();
    frame.render_widget(Paragraph::new(Text::from(shown)), area);
    more(below, theme, frame, area);
}

fn style(tone: Tone, theme: &Theme) -> Style {
    match tone {
        Tone::Plain => theme.text,
        Tone::Faint => theme.faint,
        Tone::Heading => theme.title,
        Tone::Good => theme.good,
        Tone::Warning => theme.changing,
        Tone::Bad => theme.bad,
        Tone::Offer => theme.key,
    }
}
