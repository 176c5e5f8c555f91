//! What stands over the console: help, palette, questions, forms, messages, leftovers.

mod form;
mod ports;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::text::{clip, fit, wrap};
use crate::app::age::age;
use crate::app::layout::{centred, first_shown};
use crate::app::overlay::{Choose, Entry, EntryKind, Name, Overlay, Palette, Save, TextLine};
use crate::app::{Availability, Focus, Level, Scope, State};

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
        Some(Overlay::Ports(view)) => ports::draw(view, theme, frame, area),
        Some(Overlay::Save(asked)) => save(asked, theme, frame, area),
        Some(Overlay::Name(view)) => name(view, theme, frame, area),
        Some(Overlay::Leftovers(view)) => super::leftovers::draw(view, state, theme, frame, area),
    }
}

/// Clears a box with a title and a foot; its inside comes back.
pub(super) fn boxed(theme: &Theme, frame: &mut Frame<'_>, area: Rect, title: &str, foot: &str) -> Rect {
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
    for scope in help_order(state) {
        lines.push(Line::default());
        lines.push(Line::styled(scope.title(), theme.title));
        for action in state.keymap.actions().iter().filter(|action| action.scope == scope) {
            let keys = state.keymap.keys_of(action).replace(&format!("{} ", state.keymap.leader()), "");
            let text_width = width.saturating_sub(20);
            // What the selected pod or one's rights do not allow is said here, before the key is pressed.
            let refused = match action.availability(state) {
                Availability::No(reason) if scope == Scope::Pods => Some(format!("Not now: {reason}.")),
                _ => None,
            };
            let (key_style, style) =
                if refused.is_some() { (theme.faint, theme.faint) } else { (theme.key, theme.text) };
            let texts = wrap(action.help, text_width).into_iter().map(|text| (text, style));
            let refusals = refused.iter().flat_map(|text| wrap(text, text_width)).map(|text| (text, theme.changing));
            for (index, (text, style)) in texts.chain(refusals).enumerate() {
                let keys = if index == 0 { keys.as_str() } else { "" };
                lines.push(Line::from(vec![
                    Span::styled(fit(&format!("  {keys}"), 20), key_style),
                    Span::styled(text, style),
                ]));
            }
        }
    }
    lines
}

/// The groups of keys, those that count where the person is first.
fn help_order(state: &State) -> [Scope; Scope::ALL.len()] {
    let view = state.sessions.active_view().map(|view| view.content.scope());
    let here = match (state.focus, view) {
        (Focus::Pane, Some(own)) => vec![own, Scope::View, Scope::Leader],
        (Focus::Pane, None) => vec![Scope::Leader, Scope::Copy, Scope::Launch, Scope::Ended],
        (Focus::List | Focus::Containers, _) => vec![state.navigator.list.scope(), Scope::Global],
    };
    let mut order = Scope::ALL;
    order.sort_by_key(|scope| here.iter().position(|near| near == scope).unwrap_or(here.len()));
    order
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
        let refused = matches!(kind, EntryKind::Action(_, Some(_)) | EntryKind::Logs(_, Some(_)));
        let style = match (index == view.selected_index(), refused) {
            (true, _) => theme.selected,
            (false, true) => theme.faint,
            (false, false) => theme.text,
        };
        let text = format!("{}{}", fit(label, label_width), clip(note, usize::from(area.width) - label_width));
        frame.buffer_mut().set_stringn(area.x, y, fit(&text, usize::from(area.width)), usize::from(area.width), style);
    }
}

fn save(asked: &Save, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let outline = centred(area, 110, 3);
    let title = clip(&format!("save what {} has shown to", asked.title), usize::from(outline.width.saturating_sub(4)));
    let area = boxed(theme, frame, outline, &title, "⏎ save · ~ is your home · Esc close");
    line(&asked.line, theme, frame, area);
}

fn name(view: &Name, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let area = boxed(theme, frame, centred(area, 50, 3), &view.title, "⏎ set · Esc close");
    line(&view.line, theme, frame, area);
}

/// A line under edit, the user's cursor in it; what is just before the cursor stays in view.
fn line(line: &TextLine, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let room = usize::from(area.width.saturating_sub(1));
    let before = line.before_cursor();
    let hidden = before.char_indices().find(|(at, _)| before[*at..].width() <= room).map_or(before.len(), |(at, _)| at);
    frame.buffer_mut().set_stringn(area.x, area.y, &line.text()[hidden..], usize::from(area.width), theme.key);
    let cursor = u16::try_from(before[hidden..].width()).unwrap_or(0);
    frame.set_cursor_position(Position::new(area.x + cursor, area.y));
}

fn question(choose: &Choose, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let answers = choose.choices.iter().map(|choice| 5 + choice.label.width());
    let longest = choose.lines.iter().map(|line| line.width()).chain(answers).max().unwrap_or(0);
    let width =
        u16::try_from(longest.max(choose.title.width() + 2) + 4).unwrap_or(u16::MAX).clamp(40, 90).min(area.width);
    let room = usize::from(width.saturating_sub(4)).max(1);
    let mut lines: Vec<Line<'_>> = Vec::new();
    for line in &choose.lines {
        let indent = line.len() - line.trim_start().len();
        let wrapped = wrap(line, room.saturating_sub(indent).max(1));
        lines.extend(wrapped.into_iter().map(|text| Line::styled(format!("{}{text}", " ".repeat(indent)), theme.text)));
    }
    // The answers are always in view, however much there is to know before.
    let most = usize::from(area.height).saturating_sub(2 + 1 + choose.choices.len());
    if lines.len() > most {
        lines.truncate(most.saturating_sub(1));
        lines.push(Line::styled("…", theme.faint));
    }
    lines.push(Line::default());
    for choice in &choose.choices {
        lines.push(Line::from(vec![
            Span::styled(format!("  {}  ", choice.key), theme.key),
            Span::styled(clip(&choice.label, room.saturating_sub(5)), theme.text),
        ]));
    }
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = boxed(theme, frame, centred(area, width, height), &choose.title, "Esc stays");
    frame.render_widget(Paragraph::new(Text::from(lines)), area);
}
