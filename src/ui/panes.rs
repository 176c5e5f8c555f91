//! The panes of a tab beside each other: rules that meet, and over each pane its title; what is in a pane is drawn elsewhere.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::text::{clip, elide};
use super::{Theme, pane, tabs, view};
use crate::app::panes::{PaneId, Place};
use crate::app::session::Session;
use crate::app::tabs::mark;
use crate::app::view::View;
use crate::app::{Focus, State, Tab};

/// The columns that a pane's name keeps when there is more to be said than fits.
const NAME: usize = 14;
/// And when what is to be said is that something is wrong.
const NAME_BESIDE_TROUBLE: usize = 8;

/// Draws the panes at these places of `area`.
pub(super) fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, places: &[Place]) {
    let focused = state.sessions.tab().map(Tab::focused);
    if places.len() > 1 {
        rules(theme, frame, area, places);
    }
    for place in places {
        let focused = focused == Some(place.pane);
        if !place.title.is_empty() {
            title(place.pane, state, theme, frame, place.title, focused);
        }
        match place.pane {
            PaneId::Session(id) => {
                state.sessions.get(id).into_iter().for_each(|session| {
                    pane::draw(session, state, theme, frame, place.screen, focused);
                });
            }
            PaneId::View(id) => {
                state.sessions.view(id).into_iter().for_each(|view| {
                    view::draw(view, state, theme, frame, place.screen, focused);
                });
            }
        }
    }
}

/// The rules: the title rows, and the columns that no pane covers.
fn rules(theme: &Theme, frame: &mut Frame<'_>, area: Rect, places: &[Place]) {
    let is_title = |x: u16, y: u16| places.iter().any(|place| place.title.contains(Position::new(x, y)));
    let is_column = |x: u16, y: u16| {
        let at = Position::new(x, y);
        area.contains(at) && !places.iter().any(|place| place.whole().contains(at))
    };
    // A column lies to the right of some pane in each of its rows.
    let candidates = places.iter().flat_map(|place| {
        let whole = place.whole();
        let column = Rect { x: whole.right(), width: 1, ..whole }.intersection(area);
        place.title.positions().chain(column.positions())
    });
    for Position { x, y } in candidates {
        let above = y > area.y && is_column(x, y - 1);
        let symbol = if is_title(x, y) {
            if above { "┴" } else { "─" }
        } else if is_column(x, y) {
            // Panes that stand side by side begin in the same row: a column starts between two titles.
            match (above, is_title(x.saturating_sub(1), y), is_title(x.saturating_add(1), y)) {
                (false, ..) => "┬",
                (true, true, true) => "┼",
                (true, true, false) => "┤",
                (true, false, true) => "├",
                (true, false, false) => "│",
            }
        } else {
            continue;
        };
        frame.buffer_mut().set_string(x, y, symbol, theme.rule);
    }
}

/// A pane's title on its rule: its name, how it stands, and what is to be known of it, the most important first.
fn title(pane: PaneId, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    let has_keys = state.focus == Focus::Pane;
    let name_style = match (focused, has_keys) {
        (true, true) => theme.selected.patch(theme.focused_title),
        (true, false) => theme.title,
        (false, _) => theme.text,
    };
    let session = pane.session().and_then(|id| state.sessions.get(id));
    let takes_input = session.is_some_and(Session::takes_input);
    let together = state.sessions.tab().is_some_and(|tab| tab.together) && takes_input;
    let recorded = session.is_some_and(|session| session.recording.running().is_some());
    let view = pane.view().and_then(|id| state.sessions.view(id));
    let mark = session.map(mark).or(view.map(View::mark)).unwrap_or_default();
    let flags = format!("{mark}{}{}", if together { " [all]" } else { "" }, if recorded { " [rec]" } else { "" });
    let pointer = if focused { '▸' } else { ' ' };
    // A piece of rule at both ends, and blanks around the name.
    let room = usize::from(area.width).saturating_sub(2 + 2 + flags.width());
    let name = state.sessions.title(pane).unwrap_or_default();
    let (parts, amiss) = tabs::said_of(pane, state);
    let least = if amiss { NAME_BESIDE_TROUBLE } else { NAME };
    let mut rest = room.saturating_sub(name.width().min(least));
    let mut said = String::new();
    for part in parts {
        // The first is cut rather than left out: it may be what is wrong.
        let part = if said.is_empty() { clip(&part, rest.saturating_sub(3)) } else { part };
        if part.is_empty() || part.width() + 3 > rest {
            break;
        }
        rest -= part.width() + 3;
        said.push_str(" · ");
        said.push_str(&part);
    }
    let name = elide(&name, room.saturating_sub(said.width()));
    let amiss = if amiss { theme.changing } else { theme.faint };
    let mut x = area.x + 1;
    let parts: [(String, Style); 4] = [
        (format!("{pointer}{name}"), name_style),
        (flags, if together { theme.changing } else { name_style }),
        (said, amiss),
        (" ".to_owned(), theme.rule),
    ];
    for (text, style) in parts {
        let room = usize::from(area.right().saturating_sub(x));
        (x, _) = frame.buffer_mut().set_stringn(x, area.y, text, room, style);
    }
}
