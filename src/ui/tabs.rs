//! The row over the panes: the tabs, and what is to be known of a pane that stands alone; it draws no pane.

use ratatui::Frame;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::text::clip;
use super::view;
use crate::app::panes::PaneId;
use crate::app::session::Session;
use crate::app::{Focus, State, tabs};

/// The least room in which anything is said beside the tabs.
const LEAST: usize = 12;

pub(super) fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, shown: usize) {
    super::rule(theme, frame, area);
    let buffer = frame.buffer_mut();
    let mut x = area.x;
    for label in tabs::labels(state, area.width) {
        let active = label.index == state.sessions.active_index();
        let style = match (active, state.focus) {
            (true, Focus::Pane) => theme.selected.patch(theme.focused_title),
            (true, _) => theme.title,
            (false, _) => theme.faint,
        };
        let start = area.x + label.column;
        (x, _) = buffer.set_stringn(start, area.y, &label.text, usize::from(area.right() - start), style);
    }
    let room = usize::from(area.right().saturating_sub(x + 1));
    let Some(tab) = state.sessions.tab() else { return };
    // Several panes say themselves what is to be known of each.
    if shown != 1 || room < LEAST {
        return;
    }
    let panes = tab.panes();
    let number = panes.iter().position(|id| *id == tab.focused()).unwrap_or_default() + 1;
    let of = (panes.len() > 1).then(|| format!("pane {number} of {}", panes.len()));
    let (said, amiss) = said_of(tab.focused(), state);
    let said: Vec<String> = of.into_iter().chain(said).collect();
    if said.is_empty() {
        return;
    }
    let text = format!(" {} ", clip(&said.join(" · "), room.saturating_sub(3)));
    let start = area.right() - u16::try_from(text.width() + 1).unwrap_or(area.width).min(area.width);
    buffer.set_string(start.max(x + 1), area.y, text, if amiss { theme.changing } else { theme.faint });
}

/// What is to be known of a pane beside its name, the most important first, and whether something is wrong with it.
pub(super) fn said_of(pane: PaneId, state: &State) -> (Vec<String>, bool) {
    match pane {
        PaneId::Session(id) => {
            state.sessions.get(id).map(|session| (said(session, state), is_amiss(session))).unwrap_or_default()
        }
        PaneId::View(id) => state.sessions.view(id).map(|view| view::said(view, state)).unwrap_or_default(),
    }
}

/// What is to be known of a session beside its name, the most important first.
fn said(session: &Session, state: &State) -> Vec<String> {
    let other_context = (session.context != state.context.name).then(|| format!("in {}", session.context));
    let scrolled = session.screen.scrolled();
    let scrolled = (scrolled > 0 && session.copy_mode.is_none()).then(|| format!("{scrolled} lines back"));
    let reading = session.copy_mode.as_ref().map(|mode| mode.says(&session.screen));
    let title = session.screen.title().map(|title| format!("“{title}”"));
    // What the debugger does not see matters more than anything else but what the keys do now.
    let (verdict, subtitle) = match session.subtitle(state.now) {
        verdict if is_amiss(session) => (verdict, None),
        subtitle => (None, subtitle),
    };
    let pointer = pointer(session, state);
    [reading, pointer, verdict, other_context, subtitle, scrolled, title].into_iter().flatten().collect()
}

/// Where the ways out of what a debugger does not see are, while they are not in view.
fn pointer(session: &Session, state: &State) -> Option<String> {
    let helps = session.sight.as_ref()?.problem.as_ref().is_some_and(|problem| !problem.fixes.is_empty());
    let action = state.keymap.named("pane.timeline").filter(|_| helps && !session.shows_timeline())?;
    Some(format!("{} helps", state.keymap.first_key_of(action)))
}

/// Whether something is wrong with what a session sees.
fn is_amiss(session: &Session) -> bool {
    session.sight.as_ref().is_some_and(|sight| sight.problem.is_some())
}
