//! Where everything stands: from the state to rectangles, for update (resize, mouse) and draw alike; it paints nothing.

use ratatui::layout::Rect;

use super::panes::Place;
use super::sessions::Tab;
use super::{Focus, State};
pub use crate::screen::Size;

/// The smallest terminal the console shows itself in.
pub const SMALLEST: Size = Size { columns: 40, rows: 10 };

/// The rectangles of one frame. Empty rectangles are not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// Context, scope, connection.
    pub header: Rect,
    /// The rule over list and inspector, with their titles.
    pub titles: Rect,
    /// The list, its column headings in the first row.
    pub list: Rect,
    /// The inspector.
    pub inspector: Rect,
    /// The rule over the pane, with the tabs.
    pub tabs: Rect,
    /// The panes of the tab in view.
    pub panes: Rect,
    /// The screen of the focused pane.
    pub pane: Rect,
    /// Hints or the notice.
    pub footer: Rect,
    /// Where an overlay may stand.
    pub body: Rect,
}

/// Whether the terminal is too small for the console.
pub fn too_small(size: Size) -> bool {
    size.columns < SMALLEST.columns || size.rows < SMALLEST.rows
}

/// The rectangles for this state.
pub fn layout(state: &State) -> Layout {
    arranged(state, state.focus)
}

/// What the panes have together once they have the keys.
pub fn panes_with_keys(state: &State) -> Rect {
    arranged(state, Focus::Pane).panes
}

fn arranged(state: &State, focus: Focus) -> Layout {
    let Size { columns, rows } = state.size;
    if too_small(state.size) {
        return Layout::default();
    }
    let whole = Rect::new(0, 0, columns, rows);
    let header = Rect { height: 1, ..whole };
    let footer = Rect { y: rows - 1, height: 1, ..whole };
    let body = Rect { y: 1, height: rows - 2, ..whole };
    // Zoom counts while the pane has the keys: nothing that is not on screen may take them.
    let zoomed = (state.sessions.zoomed || state.sessions.wide) && focus == Focus::Pane;
    let top_height = match (state.sessions.is_empty(), zoomed) {
        (true, _) => body.height,
        (false, true) => 0,
        (false, false) => (body.height * 2 / 5).max(5),
    };
    let mut layout = Layout { header, footer, body, ..Layout::default() };
    if top_height > 0 {
        let list_width = match columns {
            160.. => columns * 3 / 5,
            70.. => columns * 5 / 8,
            // Names matter more than details where there is no room for both.
            _ if focus == Focus::Containers => columns / 3,
            _ => columns - columns / 6,
        };
        layout.titles = Rect { height: 1, ..body };
        layout.list = Rect::new(0, body.y + 1, list_width, top_height - 1);
        layout.inspector = Rect::new(list_width + 1, body.y + 1, columns - list_width - 1, top_height - 1);
    }
    if top_height < body.height {
        layout.tabs = Rect { y: body.y + top_height, height: 1, ..body };
        layout.panes = Rect { y: body.y + top_height + 1, height: body.height - top_height - 1, ..body };
        let focused = state.sessions.tab().map(Tab::focused);
        let places = places(state, layout.panes);
        layout.pane = places.iter().find(|place| Some(place.pane) == focused).map_or(layout.panes, |p| p.screen);
    }
    layout
}

/// Where the panes of the tab in view stand in their area ([`Layout::panes`]).
pub fn places(state: &State, panes: Rect) -> Vec<Place> {
    state.sessions.tab().map(|tab| tab.places(panes, state.sessions.zoomed)).unwrap_or_default()
}

/// A rectangle of at most this size in the middle of `area`.
pub fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height)
}

/// The first of the rows to show, so that `selected` is among `height` of them and the list does not jump about.
pub fn first_shown(selected: usize, total: usize, height: usize) -> usize {
    let middle = selected.saturating_sub(height / 2);
    middle.min(total.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_selected_row_is_always_shown() {
        for (total, height) in [(0, 5), (3, 5), (50, 7), (50, 1)] {
            for selected in 0..total {
                let first = first_shown(selected, total, height);
                assert!((first..first + height).contains(&selected), "{selected} of {total} in {height}");
            }
        }
    }

    #[test]
    fn centred_never_leaves_its_area() {
        let area = Rect::new(3, 4, 20, 10);
        assert_eq!(centred(area, 100, 100), area);
        assert_eq!(centred(area, 10, 4), Rect::new(8, 7, 10, 4));
    }
}
