//! The panes of a tab beside each other: rules that meet, and over each pane its title; what is in a pane is drawn elsewhere.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::text::{clip, elide};
use super::{Theme, pane, tabs};
use crate::app::panes::Place;
use crate::app::session::Session;
use crate::app::tabs::mark;
use crate::app::{Focus, State};

/// The columns that a pane's name keeps when there is more to be said than fits.
const NAME: usize = 14;
/// And when what is to be said is that something is wrong.
const NAME_BESIDE_TROUBLE: usize = 8;

/// Draws the panes at these places of `area`.
pub(super) fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, places: &[Place]) {
    let focused = state.sessions.active().map(|session| session.id);
    if places.len() > 1 {
        rules(theme, frame, area, places);
    }
    for place in places {
        let Some(session) = state.sessions.get(place.session) else { continue };
        let focused = focused == Some(place.session);
        if !place.title.is_empty() {
            title(session, state, theme, frame, place.title, focused);
        }
        pane::draw(session, state, theme, frame, place.screen, focused);
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
fn title(session: &Session, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect, focused: bool) {
    let has_keys = state.focus == Focus::Pane;
    let name_style = match (focused, has_keys) {
        (true, true) => theme.selected.patch(theme.focused_title),
        (true, false) => theme.title,
        (false, _) => theme.text,
    };
    let together = state.sessions.tab().is_some_and(|tab| tab.together) && session.takes_input();
    let recorded = session.recording.running().is_some();
    let flags =
        format!("{}{}{}", mark(session), if together { " [all]" } else { "" }, if recorded { " [rec]" } else { "" });
    let pointer = if focused { '▸' } else { ' ' };
    // A piece of rule at both ends, and blanks around the name.
    let room = usize::from(area.width).saturating_sub(2 + 2 + flags.width());
    let name = session.title();
    let least = if tabs::is_amiss(session) { NAME_BESIDE_TROUBLE } else { NAME };
    let mut rest = room.saturating_sub(name.width().min(least));
    let mut said = String::new();
    for part in tabs::said(session, state) {
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
    let amiss = if tabs::is_amiss(session) { theme.changing } else { theme.faint };
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
