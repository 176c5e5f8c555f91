//! A view on screen: the lines that its reader has in view, what was found and chosen, and what is being typed; it reads
//! nothing itself.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::pane::{colour, modifier_of};
use super::text::tail;
use crate::app::reader::{self, Row, Tone};
use crate::app::view::{Asking, Prompt, View, ViewSource};
use crate::app::{Focus, State};
use crate::cluster::Liveness;

/// The colours that sources are told apart by, those of trouble left out.
const SOURCES: [Color; 6] =
    [Color::Cyan, Color::Green, Color::Magenta, Color::Blue, Color::LightCyan, Color::LightMagenta];

/// Draws a view; its prompt and its cursor where it is the focused one.
pub(super) fn draw(view: &View, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    if area.is_empty() {
        return;
    }
    let lines = view.content.lines();
    let has_keys = focused && state.focus == Focus::Pane;
    for (y, row) in (area.y..area.bottom()).zip(view.reader.visible(lines)) {
        draw_row(view, &row, theme, frame, Rect { y, height: 1, ..area }, has_keys);
    }
    if let Some(line) = view.stands_for_lines() {
        frame.render_widget(Paragraph::new(styled(&line, theme)).wrap(Wrap { trim: false }), area);
    }
    if let Some(problem) = &view.problem {
        draw_problem(problem, theme, frame, area, lines.count() > 0);
    }
    if let Some(prompt) = view.prompt.as_ref().filter(|_| focused) {
        draw_prompt(prompt, state, theme, frame, Rect { y: area.bottom() - 1, height: 1, ..area });
    }
}

/// What is to be known of a view beside its name, the most important first, and whether something is wrong with it.
pub(super) fn said(view: &View, state: &State) -> (Vec<String>, bool) {
    let unheard = match &view.liveness {
        Liveness::Stale { .. } => Some("the server is not heard".to_owned()),
        _ => None,
    };
    let problem = view.problem.as_ref().filter(|_| view.content.lines().count() > 0);
    let amiss = unheard.is_some() || problem.is_some();
    let problem = problem.map(|problem| problem.what.clone());
    let search = view.reader.told(view.content.lines()).map(|told| {
        let kind = if told.expression { "expression " } else { "" };
        let more = if told.busy { "…" } else { "" };
        match (told.at, told.found) {
            (_, 0) if !told.busy => format!("“{}” is nowhere", told.text),
            (Some(at), found) => format!("{kind}“{}” {at} of {found}{more}", told.text),
            (None, found) => format!("{kind}“{}” in {found}{more} lines", told.text),
        }
    });
    let own = view.source == ViewSource::Ports;
    let other = (view.context != state.context.name && !own).then(|| format!("in {}", view.context));
    let left = (view.reader.left() > 0).then(|| format!("{} columns to the right", view.reader.left()));
    let content = view.content.says(state.now);
    (unheard.into_iter().chain(problem).chain(search).chain(other).chain(left).chain(content).collect(), amiss)
}

fn draw_row(view: &View, row: &Row, theme: &Theme, frame: &mut Frame<'_>, area: Rect, has_keys: bool) {
    let line = view.content.lines().line(row.line);
    let found = view.reader.matches(&line.text());
    let here = view.reader.cursor() == Some(row.line);
    let chosen = view.reader.chosen().is_some_and(|range| range.contains(&row.line));
    let mut at = 0;
    let mut x = area.x;
    for span in &line.spans {
        let base = style(span.tone, theme);
        let whole = at..at + span.text.len();
        at = whole.end;
        for (part, is_found) in pieces(&whole, &row.part, &found) {
            let marked = if here { theme.found_here } else { theme.found };
            let style = if is_found { marked } else { base };
            let style = if chosen { style.add_modifier(Modifier::REVERSED) } else { style };
            let text = &span.text[part.start - whole.start..part.end - whole.start];
            (x, _) = frame.buffer_mut().set_stringn(x, area.y, text, usize::from(area.right() - x), style);
        }
    }
    if here && has_keys && !chosen {
        // The line that is pointed at is marked over its whole width.
        let style = theme.selected_elsewhere.add_modifier(Modifier::UNDERLINED);
        frame.buffer_mut().set_style(area, style);
    }
}

/// The parts of `whole` that are in view, cut where something found begins and ends, and whether each was found.
fn pieces(whole: &Range<usize>, view: &Range<usize>, found: &[Range<usize>]) -> Vec<(Range<usize>, bool)> {
    let (mut at, end) = (whole.start.max(view.start), whole.end.min(view.end));
    let mut pieces = Vec::new();
    for found in found {
        let (start, stop) = (found.start.max(at), found.end.min(end));
        if start >= stop {
            continue;
        }
        pieces.extend((at < start).then_some((at..start, false)));
        pieces.push((start..stop, true));
        at = stop;
    }
    pieces.extend((at < end).then_some((at..end, false)));
    pieces
}

fn draw_problem(problem: &crate::cluster::Problem, theme: &Theme, frame: &mut Frame<'_>, area: Rect, over_text: bool) {
    let mut lines = vec![Line::styled(problem.what.clone(), theme.bad)];
    lines.extend(
        [&problem.why, &problem.hint].into_iter().filter(|text| !text.is_empty()).map(|text| Line::raw(text.clone())),
    );
    // What was read stays in view above it.
    let height = if over_text { 1 } else { area.height };
    let area = Rect { y: area.bottom() - height, height, ..area };
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), area);
}

fn draw_prompt(prompt: &Prompt, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let label = match prompt.asking {
        Asking::Search { older: true } => " search up: ",
        Asking::Search { older: false } => " search down: ",
        Asking::Filter => " lines with: ",
        Asking::Range => " how far back (500 lines, 10m, all): ",
        Asking::Selector => " pods with labels (app=shop,tier!=cache): ",
    };
    let room = usize::from(area.width).saturating_sub(label.width() + 1);
    let before = tail(prompt.line.before_cursor(), room);
    let behind = &prompt.line.text()[prompt.line.before_cursor().len()..];
    let cursor = u16::try_from(label.width() + before.width()).unwrap_or(u16::MAX);
    let line = Line::from(vec![Span::styled(label, theme.key), Span::raw(before), Span::raw(behind.to_owned())]);
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(line), area);
    if state.overlay.is_none() && state.focus == Focus::Pane {
        frame.set_cursor_position(Position::new((area.x + cursor).min(area.right().saturating_sub(1)), area.y));
    }
}

fn styled(line: &reader::Line, theme: &Theme) -> Line<'static> {
    line.spans.iter().map(|span| Span::styled(span.text.clone(), style(span.tone, theme))).collect()
}

/// How a tone looks.
pub(super) fn style(tone: Tone, theme: &Theme) -> Style {
    match tone {
        Tone::Faint => theme.faint,
        Tone::Title => theme.title,
        Tone::Key => theme.key,
        Tone::Text => theme.string,
        Tone::Number => theme.number,
        Tone::Good => theme.good,
        Tone::Changing => theme.changing,
        Tone::Bad => theme.bad,
        Tone::Source(number) if theme.has_colours => theme.text.fg(SOURCES[usize::from(number) % SOURCES.len()]),
        Tone::Plain | Tone::Source(_) => theme.text,
        Tone::Ansi(look) => {
            Style::new().fg(colour(look.fg)).bg(colour(look.bg)).add_modifier(modifier_of(look.attributes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_what_is_in_view_once() {
        let cut = |whole, view, found: &[Range<usize>]| pieces(&whole, &view, found);
        let found = 3..5;
        assert_eq!(cut(0..10, 2..8, std::slice::from_ref(&found)), [(2..3, false), (3..5, true), (5..8, false)]);
        assert_eq!(cut(5..10, 0..20, &[0..6, 9..12]), [(5..6, true), (6..9, false), (9..10, true)]);
        assert_eq!(cut(0..4, 4..8, &[]), []);
    }
}
