//! A launch on screen: its steps with their times, what stands in its way, and the keys that help.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::Theme;
use crate::app::session::{Phase, Session};
use crate::app::text::{clip, wrap};
use crate::app::timeline::{Mark, lasted, rows};
use crate::app::{State, is_held, way_is_closed};
use crate::cluster::Problem;

/// Columns before the text of a row: the mark and the time the step took.
const INDENT: usize = 10;
/// Rows of the timeline that stay in view above a long problem.
const LEAST_ROWS: usize = 3;

pub(super) fn draw(session: &Session, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    let width = usize::from(area.width);
    let below = below(session, state, theme, area, focused);
    let rows = row_lines(session, state, theme, width);
    let height = usize::from(area.height);
    let room = height.saturating_sub(below.len()).max(1);
    // The newest stays in view, above what stands in the way.
    let last = rows.len().saturating_sub(session.timeline_back).max(room.min(rows.len()));
    let mut lines: Vec<Line<'_>> = rows.into_iter().take(last).skip(last.saturating_sub(room)).collect();
    lines.extend(below);
    frame.render_widget(Paragraph::new(Text::from(lines)), area);
}

fn row_lines(session: &Session, state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for row in rows(session, state.now) {
        let (mark, style) = match row.mark {
            Mark::Note => ("·", theme.faint),
            Mark::Warning => ("!", theme.changing),
            Mark::Done => ("✓", theme.good),
            Mark::Current => ("…", theme.changing),
            Mark::Trouble => ("!", theme.bad),
        };
        let took = row.took.unwrap_or_default();
        let text_style = if row.mark == Mark::Note { theme.faint } else { theme.text };
        for (index, text) in wrap(&row.text, width.saturating_sub(INDENT)).into_iter().enumerate() {
            let (mark, took) = if index == 0 { (mark, took.as_str()) } else { ("", "") };
            lines.push(Line::from(vec![
                Span::styled(format!(" {mark:1} "), style),
                Span::styled(format!("{took:>6} "), theme.faint),
                Span::styled(text, text_style),
            ]));
        }
    }
    lines
}

/// What stands under the rows: the problem and its fixes, how long it takes so far, what can be done.
fn below(session: &Session, state: &State, theme: &Theme, area: Rect, focused: bool) -> Vec<Line<'static>> {
    let width = usize::from(area.width);
    let mut lines = Vec::new();
    // A failed session has its epitaph in the last line; the others say there how they stand.
    let foot = match session.phase {
        Phase::Failed(_) => Line::default(),
        Phase::Launching => Line::styled(clip(&going(session, state, focused), width), theme.faint),
        Phase::Live | Phase::Ended { .. } if !focused => Line::default(),
        Phase::Live | Phase::Ended { .. } => Line::styled(clip(&looking_back(state), width), theme.faint),
    };
    if let Some(problem) = session.problem() {
        lines.push(Line::default());
        let fixes = fix_lines(session, state, theme, width, focused);
        let room = usize::from(area.height).saturating_sub(LEAST_ROWS + lines.len() + fixes.len() + 1).max(2);
        lines.extend(problem_lines(problem, theme, width, room));
        lines.extend(fixes);
    }
    lines.push(foot);
    lines
}

fn problem_lines(problem: &Problem, theme: &Theme, width: usize, room: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (text, style) in [(&problem.what, theme.bad), (&problem.why, theme.text), (&problem.hint, theme.key)] {
        for line in text.lines() {
            let wrapped = wrap(line, width.saturating_sub(2));
            lines.extend(wrapped.into_iter().map(|line| Line::styled(format!(" {line}"), style)));
        }
    }
    if lines.len() > room {
        lines.truncate(room);
        if let Some(last) = lines.last_mut() {
            last.push_span(" …");
        }
    }
    lines
}

fn fix_lines(session: &Session, state: &State, theme: &Theme, width: usize, focused: bool) -> Vec<Line<'static>> {
    let line = |(index, fix): (usize, &crate::cluster::Fix)| {
        let action = state.keymap.named(&format!("fix.{}", index + 1));
        let key = action.map(|action| state.keymap.first_key_of(action)).unwrap_or_default();
        let closed = way_is_closed(state, session, &fix.way);
        let (key_style, style) = if closed { (theme.faint, theme.faint) } else { (theme.key, theme.text) };
        let room = width.saturating_sub(key.width() + 4);
        let title = if closed { format!("{} (you may not)", fix.title) } else { fix.title.clone() };
        // A key that nobody can have meant yet is not offered yet, nor one that another pane takes.
        let shown = if focused && session.takes_fix(index + 1, state.now) { key } else { " ".repeat(key.width()) };
        Line::from(vec![Span::styled(format!(" {shown}  "), key_style), Span::styled(clip(&title, room), style)])
    };
    session.fixes().iter().enumerate().map(line).collect()
}

fn key_of(state: &State, name: &str) -> String {
    state.keymap.named(name).map(|action| state.keymap.first_key_of(action)).unwrap_or_default()
}

fn going(session: &Session, state: &State, focused: bool) -> String {
    if is_held(state, session.id) {
        return format!(" nothing was sent yet: {} is protected, and the question waits", session.context);
    }
    if !focused {
        return format!(" starting for {}", lasted(session.started, state.now));
    }
    format!(
        " starting for {} · {} browses meanwhile · {} cancels",
        lasted(session.started, state.now),
        key_of(state, "pane.browse"),
        key_of(state, "pane.close")
    )
}

fn looking_back(state: &State) -> String {
    format!(" {} shows the session again", key_of(state, "pane.timeline"))
}
