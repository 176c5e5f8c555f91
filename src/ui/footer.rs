//! The last line: the newest notice, or the keys that matter now, from the action table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::text::clip;
use super::{Theme, copy_mode};
use crate::app::session::{Phase, Session};
use crate::app::{Focus, Level, Scope, State};

pub(super) fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if !state.leader_pending && copy_mode::draw_question(state, theme, frame, area) {
        return;
    }
    let line = if state.leader_pending {
        hints(state, theme, &[Scope::Leader], usize::from(area.width))
    } else if let Some(notice) = state.notices.current(state.now) {
        let style = match notice.level {
            Level::Info => theme.text,
            Level::Warning => theme.changing,
            Level::Error => theme.bad,
        };
        notice_line(state, theme, &notice.text, usize::from(area.width), style)
    } else if state.filtering {
        Line::styled(" type to filter · ⏎ keep · Esc clear", theme.faint)
    } else if copy_mode::of_focused(state).is_some() {
        hints(state, theme, &[Scope::Copy], usize::from(area.width))
    } else if let Some(view) = state.sessions.active_view().filter(|_| state.focus == Focus::Pane) {
        hints(state, theme, &[view.content.scope(), Scope::View], usize::from(area.width))
    } else if state.focus == Focus::Pane {
        in_pane(state, theme)
    } else {
        hints(state, theme, &[state.navigator.list.scope(), Scope::Global], usize::from(area.width))
    };
    frame.render_widget(Paragraph::new(line), area);
}

/// A notice, with the key that shows all of it where it is cut and that key is not the shell's.
fn notice_line(state: &State, theme: &Theme, text: &str, width: usize, style: Style) -> Line<'static> {
    let text = format!(" {text}");
    let key = state.keymap.named("messages").and_then(|action| state.keymap.key_of(action));
    let key = key.filter(|_| text.width() > width && state.focus != Focus::Pane).map(|key| key.to_string());
    let Some(key) = key else { return Line::styled(clip(&text, width), style) };
    let room = width.saturating_sub(key.width() + " all".width() + 1);
    [
        Span::styled(clip(&text, room), style),
        Span::styled(format!(" {key}"), theme.key),
        Span::styled(" all", theme.faint),
    ]
    .into_iter()
    .collect()
}

fn in_pane(state: &State, theme: &Theme) -> Line<'static> {
    let live = state.sessions.active().is_some_and(Session::is_live);
    let fixes = state.sessions.active().map_or(0, |session| session.fixes().len());
    let launching = state.sessions.active().is_some_and(|session| session.phase == Phase::Launching);
    let covered = live && state.sessions.active().is_some_and(|session| session.timeline_open);
    let shown = state.keymap.named("pane.timeline").and_then(|action| state.keymap.key_of(action)).filter(|_| covered);
    let leader = state.keymap.leader();
    let browse = state.keymap.named("pane.browse").and_then(|action| state.keymap.key_of(action));
    let browse = browse.map(|key| key.to_string()).unwrap_or_default();
    let together = state.sessions.tab().filter(|tab| tab.together).map(|tab| tab.sessions().count());
    let goes = match (fixes, live, together) {
        (1.., ..) => " a number takes that way out · ".to_owned(),
        (0, true, _) if covered => " keys do not reach the shell · ".to_owned(),
        (0, true, Some(count)) => format!(" every key goes to all {count} panes · "),
        (0, true, None) if launching => " nothing runs in it yet · ".to_owned(),
        (0, true, None) => " every key goes to the shell · ".to_owned(),
        (0, false, _) => " ".to_owned(),
    };
    let goes_style = if together.is_some() { theme.changing } else { theme.faint };
    [
        Span::styled(goes, goes_style),
        Span::styled(leader.to_string(), theme.key),
        Span::styled(" then a key: ", theme.faint),
    ]
    .into_iter()
    .chain(
        shown
            .into_iter()
            .flat_map(|key| [Span::styled(key.to_string(), theme.key), Span::styled(" shell · ", theme.faint)]),
    )
    .chain([
        Span::styled(browse, theme.key),
        Span::styled(" browse · ", theme.faint),
        Span::styled("?", theme.key),
        Span::styled(" help", theme.faint),
    ])
    .collect()
}

fn hints(state: &State, theme: &Theme, scopes: &[Scope], width: usize) -> Line<'static> {
    let mut rows: Vec<_> = state
        .keymap
        .actions()
        .iter()
        .filter(|action| scopes.contains(&action.scope) && action.hint.is_some())
        .collect();
    rows.sort_by_key(|action| action.hint);
    let mut line = Line::from(" ");
    let mut used = 1;
    for action in rows {
        let Some(key) = state.keymap.key_of(action) else { continue };
        // A key that means something else to an earlier scope is not this one's.
        let earlier = scopes.iter().take_while(|scope| **scope != action.scope);
        if earlier.into_iter().any(|scope| state.keymap.action(*scope, key).is_some()) {
            continue;
        }
        let (key, title) = (key.to_string(), format!(" {}", action.title));
        let cost = key.width() + title.width() + if used > 1 { 3 } else { 0 };
        if used + cost > width {
            continue;
        }
        if used > 1 {
            line.push_span(Span::styled(" · ", theme.rule));
        }
        used += cost;
        let available = action.availability(state).is_offered();
        line.push_span(Span::styled(key, if available { theme.key } else { theme.faint }));
        line.push_span(Span::styled(title, if available { theme.text } else { theme.faint }));
    }
    line
}
