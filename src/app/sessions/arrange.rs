//! Moving among panes and tabs, and moving them: next, beside, swapped, joined, broken out; what they show stays as it is.

use ratatui::layout::{Position, Rect};

use super::{Sessions, Tab};
use crate::app::panes::{Axis, Border, Direction, PaneId, neighbour};

impl Sessions {
    /// Brings the next tab (or the one before, for a negative step) into view, round and round.
    pub fn step(&mut self, by: isize) {
        if let Some(next) = round(self.active, by, self.tabs.len()) {
            self.show(next);
        }
    }

    fn has_news(&self, id: PaneId) -> bool {
        match id {
            PaneId::Session(id) => self.get(id).is_some_and(|session| session.activity),
            PaneId::View(id) => self.view(id).is_some_and(|view| view.activity),
        }
    }

    /// Brings the next tab that printed something unseen into view; false if there is none.
    pub fn step_to_activity(&mut self) -> bool {
        let count = self.tabs.len();
        let unseen = |tab: &Tab| tab.panes().into_iter().any(|id| self.has_news(id));
        let next = (1..=count).map(|by| (self.active + by) % count.max(1)).find(|index| unseen(&self.tabs[*index]));
        next.is_some_and(|index| self.show(index))
    }

    /// Moves the tab in view among the others, round and round.
    pub fn move_tab(&mut self, by: isize) {
        if let Some(next) = round(self.active, by, self.tabs.len()) {
            let tab = self.tabs.remove(self.active);
            self.tabs.insert(next, tab);
            self.active = next;
        }
    }

    /// Gives the focus to this pane, and brings its tab into view.
    pub fn focus(&mut self, id: impl Into<PaneId>) {
        let id = id.into();
        if let Some(index) = self.tabs.iter().position(|tab| tab.panes.contains(id)) {
            self.tabs[index].focused = id;
            self.active = index;
            self.seen();
        }
    }

    /// Gives the focus to the next pane of the tab (or the one before, for a negative step), round and round.
    pub fn step_pane(&mut self, by: isize) {
        let Some(tab) = self.tab() else { return };
        let panes = tab.panes();
        let at = panes.iter().position(|id| *id == tab.focused).unwrap_or_default();
        if let Some(next) = round(at, by, panes.len()) {
            self.focus(panes[next]);
        }
    }

    /// Gives the focus to the pane beside the focused one; false if there is none on that side of this area.
    pub fn focus_beside(&mut self, direction: Direction, area: Rect) -> bool {
        let Some(tab) = self.tab() else { return false };
        let next = neighbour(&tab.places(area, false), tab.focused, direction);
        if let Some(id) = next {
            self.focus(id);
        }
        next.is_some()
    }

    /// Moves the focused pane's border; false if it has none that way.
    pub fn resize(&mut self, direction: Direction, cells: u16, area: Rect) -> bool {
        self.tab_mut().is_some_and(|tab| tab.panes.resize(tab.focused, direction, cells, area))
    }

    /// The border between panes of the tab in view at this cell of their area; none while only one of them is shown.
    pub fn border_at(&self, area: Rect, at: Position) -> Option<Border> {
        let tab = self.tab().filter(|tab| !self.zoomed && tab.panes.fit(area))?;
        tab.panes.border_at(area, at)
    }

    /// Moves a border of the tab in view to this cell.
    pub fn drag(&mut self, border: &Border, area: Rect, to: Position) {
        if let Some(tab) = self.tab_mut() {
            tab.panes.drag(border, area, to);
        }
    }

    /// Changes the places of the focused pane and the next one of its tab (or the one before, for a negative step).
    pub fn swap_pane(&mut self, by: isize) {
        let Some(tab) = self.tab_mut() else { return };
        let panes = tab.panes();
        let at = panes.iter().position(|id| *id == tab.focused).unwrap_or_default();
        if let Some(next) = round(at, by, panes.len()).filter(|next| *next != at) {
            tab.panes.swap(tab.focused, panes[next]);
        }
    }

    /// Moves the focused pane into a tab of its own, behind this one; false if it has one already.
    pub fn break_out(&mut self) -> bool {
        let Some(tab) = self.tab().filter(|tab| tab.panes().len() > 1) else { return false };
        let id = tab.focused;
        self.take_pane(id);
        self.active += 1;
        self.tabs.insert(self.active, Tab::of(id));
        self.show_all_panes();
        true
    }

    /// Moves all panes of the next tab beside the focused pane; false if there is no other tab.
    pub fn join_next(&mut self, axis: Axis) -> bool {
        let Some(next) = self.next_tab() else { return false };
        let joined = self.tabs.remove(next);
        self.active -= usize::from(next < self.active);
        let tab = &mut self.tabs[self.active];
        tab.panes.split(tab.focused, axis, joined.panes);
        tab.together = false;
        self.show_all_panes();
        true
    }
}

/// The index `by` steps from `at` among `count`, round and round; `None` if there are none.
fn round(at: usize, by: isize, count: usize) -> Option<usize> {
    let count = isize::try_from(count).ok().filter(|count| *count > 0)?;
    usize::try_from((isize::try_from(at).unwrap_or(0) + by).rem_euclid(count)).ok()
}
