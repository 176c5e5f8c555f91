//! What the row of tabs says and where, for update (mouse) and draw alike; it paints nothing.

use unicode_width::UnicodeWidthStr;

use super::panes::PaneId;
use super::session::{Phase, Session};
use super::sessions::Tab;
use super::state::State;
use super::text::{clip, elide};
use super::view::View;
use crate::session::End;

/// Below so many columns a line of tabs is narrow.
const NARROW: usize = 100;

/// The most columns of the name of a tab out of view on a narrow line.
const SHORT: usize = 14;

/// The most columns of a name that a person gave a tab.
const NAME: usize = 40;

/// A tab on the row of tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Which tab it is.
    pub index: usize,
    /// Its first column.
    pub column: u16,
    /// What it says, blanks around it; the row's end may cut it.
    pub text: String,
}

/// The tabs that a row of this width shows, from left to right, one column apart; the tab in view is among them.
pub fn labels(state: &State, width: u16) -> Vec<Label> {
    let texts: Vec<String> =
        state.sessions.tabs().iter().enumerate().map(|(index, tab)| text(state, index, tab)).collect();
    let first = first_shown(&texts, state.sessions.active_index(), width);
    let mut column: u16 = 0;
    let mut labels = Vec::new();
    for (index, text) in texts.into_iter().enumerate().skip(first) {
        if column >= width {
            break;
        }
        let after = u16::try_from(text.width() + 1).unwrap_or(u16::MAX);
        labels.push(Label { index, column, text });
        column = column.saturating_add(after);
    }
    labels
}

/// The tab under this column of the row.
pub(super) fn at(state: &State, width: u16, column: u16) -> Option<usize> {
    let mut labels = labels(state, width).into_iter();
    let under =
        |label: &Label| (usize::from(label.column)..).take(label.text.width()).any(|x| x == usize::from(column));
    labels.find(under).map(|label| label.index)
}

/// The first tab to show, so that the one in view is among those that fit.
fn first_shown(texts: &[String], active: usize, width: u16) -> usize {
    let mut room = usize::from(width);
    let mut first = active;
    for (index, text) in texts.iter().enumerate().take(active + 1).rev() {
        match room.checked_sub(text.width() + 1) {
            Some(left) => (room, first) = (left, index),
            None => break,
        }
    }
    first
}

/// The most columns of a session's name: on a narrow line the tabs out of view leave room for the one in view and for
/// what is to be known of it.
fn longest(state: &State, in_view: bool) -> usize {
    let columns = usize::from(state.size.columns);
    match (columns < NARROW, in_view) {
        (false, _) => columns,
        (true, true) => (columns / 2).saturating_sub(8).max(16),
        (true, false) => SHORT,
    }
}

fn text(state: &State, index: usize, tab: &Tab) -> String {
    let panes = tab.panes();
    let mark_of = |pane: &PaneId| match *pane {
        PaneId::Session(id) => state.sessions.get(id).map(mark),
        PaneId::View(id) => state.sessions.view(id).map(View::mark),
    };
    let marks: Vec<&'static str> = panes.iter().filter_map(mark_of).collect();
    let focused = state.sessions.title(tab.focused());
    let recorded = |id| state.sessions.get(id).is_some_and(|session| session.recording.running().is_some());
    let name = match (&tab.name, focused) {
        (Some(name), _) => clip(name, NAME),
        (None, title) => {
            title.map(|title| elide(&title, longest(state, index == state.sessions.active_index()))).unwrap_or_default()
        }
    };
    let count = if panes.len() > 1 { format!(" ({})", panes.len()) } else { String::new() };
    let together = if tab.together { " [all]" } else { "" };
    let recorded = if tab.sessions().any(recorded) { " [rec]" } else { "" };
    format!(" {} {name}{count}{}{together}{recorded} ", index + 1, chief(&marks, mark_of(&tab.focused())))
}

/// The mark of a tab: what is worth a look in any of its panes, else how the focused one stands.
fn chief(marks: &[&'static str], focused: Option<&'static str>) -> &'static str {
    let worth = ["!", "…", "•"].into_iter().find(|wanted| marks.contains(wanted));
    worth.or(focused).unwrap_or_default()
}

/// How a session stands, in one sign: in trouble, on its way, with output that nobody has seen, ended.
pub fn mark(session: &Session) -> &'static str {
    match (&session.phase, session.activity) {
        (Phase::Launching, _) if session.problem().is_some() => "!",
        (Phase::Launching, _) => "…",
        (Phase::Live, _) if session.cut.is_some() => "!",
        (Phase::Live, true) => "•",
        (Phase::Live, false) => "",
        (Phase::Ended { end: End::Exited { code: 0 }, .. } | Phase::Ended { exit_code: Some(0), .. }, _) => "✓",
        (Phase::Ended { .. }, _) => "▫",
        (Phase::Failed(_), _) => "✗",
    }
}
