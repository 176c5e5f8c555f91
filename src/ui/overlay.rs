//! What stands over the console: help, palette, questions, forms, messages, leftovers.

mod form;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::text::{clip, fit, wrap};
use crate::app::age::age;
use crate::app::layout::{centred, first_shown};
use crate::app::overlay::{Choose, Entry, EntryKind, Leftovers, Overlay, Palette};
use crate::app::{Level, Scope, State};
use crate::cluster::{Leftover, LeftoverKind};

pub(super) fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    match &state.overlay {
        None => {}
        Some(Overlay::Help(scroll)) => {
            let area = boxed(theme, frame, centred(area, 90, area.height), "help", "↑↓ scroll · any other key closes");
            scrolling(frame, area, help(state, theme, usize::from(area.width)), *scroll);
        }
        Some(Overlay::Messages(back)) => {
            let area =
                boxed(theme, frame, centred(area, 110, area.height), "messages", "↑↓ scroll · any other key closes");
            let lines = messages(state, theme, usize::from(area.width));
            scrolling(frame, area, lines, *back);
        }
        Some(Overlay::Palette(view)) => palette(view, theme, frame, area),
        Some(Overlay::Choose(choose)) => question(choose, theme, frame, area),
        Some(Overlay::Form(view)) => form::draw(view, theme, frame, area),
        Some(Overlay::Leftovers(view)) => leftovers(view, state, theme, frame, area),
    }
}

/// Clears a box with a title and a foot; its inside comes back.
fn boxed(theme: &Theme, frame: &mut Frame<'_>, area: Rect, title: &str, foot: &str) -> Rect {
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.rule)
        .title(Span::styled(format!(" {title} "), theme.focused_title))
        .title_bottom(Line::styled(format!(" {foot} "), theme.faint).right_aligned());
    let inside = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside }
}

fn scrolling(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'static>>, scroll: usize) {
    let first = scroll.min(lines.len().saturating_sub(usize::from(area.height)));
    let shown: Vec<Line<'_>> = lines.into_iter().skip(first).take(usize::from(area.height)).collect();
    frame.render_widget(Paragraph::new(Text::from(shown)), area);
}

fn help(state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(
        format!("In a pane every key goes to the shell; {} is the leader.", state.keymap.leader()),
        theme.text,
    )];
    for scope in Scope::ALL {
        lines.push(Line::default());
        lines.push(Line::styled(scope.title(), theme.title));
        for action in state.keymap.actions().iter().filter(|action| action.scope == scope) {
            let keys = state.keymap.keys_of(action).replace(&format!("{} ", state.keymap.leader()), "");
            let text_width = width.saturating_sub(20);
            for (index, text) in wrap(action.help, text_width).into_iter().enumerate() {
                let keys = if index == 0 { keys.as_str() } else { "" };
                lines.push(Line::from(vec![
                    Span::styled(fit(&format!("  {keys}"), 20), theme.key),
                    Span::styled(text, theme.text),
                ]));
            }
        }
    }
    lines
}

fn messages(state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    const WHEN: usize = 12;
    let mut lines = Vec::new();
    for notice in state.notices.history().rev() {
        let style = match notice.level {
            Level::Info => theme.text,
            Level::Warning => theme.changing,
            Level::Error => theme.bad,
        };
        let mut when = fit(&format!("{:>6} ago", age(notice.at, state.now)), WHEN);
        let more = notice.more.iter().flat_map(|more| more.lines()).map(|more| (more, theme.faint));
        for (text, style) in std::iter::once((notice.text.as_str(), style)).chain(more) {
            for text in wrap(text, width.saturating_sub(WHEN)) {
                let when = std::mem::replace(&mut when, " ".repeat(WHEN));
                lines.push(Line::from(vec![Span::styled(when, theme.faint), Span::styled(text, style)]));
            }
        }
    }
    if lines.is_empty() {
        lines.push(Line::styled("nothing was told so far", theme.faint));
    }
    lines
}

fn palette(view: &Palette, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let area = boxed(theme, frame, centred(area, 90, area.height.min(24)), "palette", "⏎ go · Esc close");
    let query = format!(":{}", view.query.text());
    frame.buffer_mut().set_stringn(area.x, area.y, query, usize::from(area.width), theme.key);
    let cursor = u16::try_from(1 + view.query.before_cursor().width()).unwrap_or(0);
    frame.set_cursor_position(Position::new((area.x + cursor).min(area.right().saturating_sub(1)), area.y));
    let height = usize::from(area.height.saturating_sub(1));
    let first = first_shown(view.selected_index(), view.matching().len(), height);
    let label_width = usize::from(area.width) * 2 / 5;
    for (line, (index, entry)) in view.matching().enumerate().skip(first).take(height).enumerate() {
        let y = area.y + 1 + u16::try_from(line).unwrap_or(0);
        let Entry { label, note, kind } = entry;
        let refused = matches!(kind, EntryKind::Action(_, Some(_)));
        let style = match (index == view.selected_index(), refused) {
            (true, _) => theme.selected,
            (false, true) => theme.faint,
            (false, false) => theme.text,
        };
        let text = format!("{}{}", fit(label, label_width), clip(note, usize::from(area.width) - label_width));
        frame.buffer_mut().set_stringn(area.x, y, fit(&text, usize::from(area.width)), usize::from(area.width), style);
    }
}

fn question(choose: &Choose, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let mut lines: Vec<Line<'_>> = choose.lines.iter().map(|line| Line::styled(line.as_str(), theme.text)).collect();
    lines.push(Line::default());
    for choice in &choose.choices {
        lines.push(Line::from(vec![
            Span::styled(format!("  {}  ", choice.key), theme.key),
            Span::styled(choice.label.as_str(), theme.text),
        ]));
    }
    let longest = lines.iter().map(Line::width).max().unwrap_or(0).max(choose.title.width() + 2);
    let width = u16::try_from(longest + 4).unwrap_or(u16::MAX).clamp(40, 90).min(area.width);
    // Words wrap a little earlier than columns do: one line more for each line that wraps at all.
    let room = usize::from(width - 4);
    let wrapped: usize = lines.iter().map(|line| line.width().div_ceil(room).max(1)).sum();
    let wrapped = wrapped + lines.iter().filter(|line| line.width() > room).count();
    let height = u16::try_from(wrapped + 2).unwrap_or(u16::MAX);
    let area = boxed(theme, frame, centred(area, width, height), &choose.title, "Esc stays");
    frame.render_widget(Paragraph::new(Text::from(lines)).wrap(Wrap { trim: false }), area);
}

fn leftovers(view: &Leftovers, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let foot = "d delete a pod · a attach · Esc close";
    let area = boxed(theme, frame, centred(area, 110, area.height), "leftovers of debugging", foot);
    let rows = match &view.found {
        None => return frame.render_widget(Paragraph::new("looking …").style(theme.faint), area),
        Some(Err(problem)) => {
            return frame
                .render_widget(Paragraph::new(problem.lines()).style(theme.bad).wrap(Wrap { trim: true }), area);
        }
        Some(Ok(rows)) if rows.is_empty() => {
            return frame.render_widget(Paragraph::new("debugging has left nothing here").style(theme.faint), area);
        }
        Some(Ok(rows)) => rows,
    };
    let note_height = 3;
    let height = usize::from(area.height.saturating_sub(note_height));
    let first = first_shown(view.selected, rows.len(), height);
    for (line, (index, row)) in rows.iter().enumerate().skip(first).take(height).enumerate() {
        let style = if index == view.selected { theme.selected } else { theme.text };
        let y = area.y + u16::try_from(line).unwrap_or(0);
        let text = leftover(row, state, usize::from(area.width));
        frame.buffer_mut().set_stringn(area.x, y, text, usize::from(area.width), style);
    }
    if let Some(selected) = view.selected() {
        let note = Rect { y: area.bottom().saturating_sub(2), height: 2.min(area.height), ..area };
        frame.render_widget(Paragraph::new(advice(selected)).style(theme.faint).wrap(Wrap { trim: true }), note);
    }
}

fn leftover(row: &Leftover, state: &State, width: usize) -> String {
    let (kind, name) = match &row.kind {
        LeftoverKind::Copy { of: Some(of) } => ("copy", format!("{} of {of}", row.pod.name)),
        LeftoverKind::Copy { of: None } => ("copy", row.pod.name.to_string()),
        LeftoverKind::NodeDebugger => ("node", row.pod.name.to_string()),
        LeftoverKind::Ephemeral { container, .. } => ("ephemeral", format!("{}/{container}", row.pod.name)),
    };
    let age = row.created.map(|created| age(created, state.now)).unwrap_or_default();
    let owner = row.owner.as_deref().unwrap_or("");
    let name = format!("{}/{name}", row.pod.namespace);
    let state_width = if width >= 90 { 22 } else { 12 };
    let name_width = width.saturating_sub(10 + 1 + state_width + 6 + 10);
    format!(
        "{}{} {}{}{}",
        fit(kind, 10),
        fit(&name, name_width),
        fit(&row.state, state_width),
        fit(&age, 6),
        clip(owner, 10)
    )
}

/// What can be done about a leftover, and why not more.
fn advice(row: &Leftover) -> &'static str {
    match row.kind {
        LeftoverKind::Copy { .. } => "d deletes this copy",
        LeftoverKind::NodeDebugger => "d deletes this node debugger's pod",
        LeftoverKind::Ephemeral { running: true, .. } => {
            "a attaches; it cannot be removed: Kubernetes keeps ephemeral containers until their pod goes"
        }
        LeftoverKind::Ephemeral { running: false, .. } => {
            "it does not run and cannot be removed: Kubernetes keeps ephemeral containers until their pod goes"
        }
    }
}
