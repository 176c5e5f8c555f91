//! The sessions of this run, the tabs that show them and which pane of which tab is in view; it opens and closes no stream.

use ratatui::layout::{Position, Rect};

use super::panes::{Axis, Border, Direction, Panes, Place, neighbour};
use super::session::Session;
use crate::session::SessionId;
use crate::session::recording::RecordingId;

/// The sessions and their tabs. Each session has one pane, in one tab.
#[derive(Debug, Default)]
pub struct Sessions {
    list: Vec<Session>,
    tabs: Vec<Tab>,
    active: usize,
    last_id: u64,
    last_recording: u64,
    /// Whether the focused pane takes the whole screen while it has the keys.
    pub zoomed: bool,
    /// Whether all panes of the tab together take the whole screen while they have the keys.
    pub wide: bool,
}

/// A tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// What the person calls it; its focused session's title if `None`.
    pub name: Option<String>,
    /// Whether what is typed goes to every pane of it.
    pub together: bool,
    panes: Panes,
    focused: SessionId,
}

impl Tab {
    fn of(id: SessionId) -> Self {
        Self { name: None, together: false, panes: Panes::One(id), focused: id }
    }

    /// The session of its focused pane.
    pub fn focused(&self) -> SessionId {
        self.focused
    }

    /// The sessions of its panes, from the top left to the bottom right.
    pub fn sessions(&self) -> Vec<SessionId> {
        self.panes.sessions()
    }

    /// Where its panes stand in this area; only the focused one while `zoomed`.
    pub fn places(&self, area: Rect, zoomed: bool) -> Vec<Place> {
        if zoomed { Panes::One(self.focused).places(area, self.focused) } else { self.panes.places(area, self.focused) }
    }

    /// Whether this area has room for so many panes more beside the focused one.
    fn has_room(&self, axis: Axis, more: Panes, area: Rect) -> bool {
        let mut panes = self.panes.clone();
        panes.split(self.focused, axis, more);
        panes.fit(area)
    }
}

impl Sessions {
    /// A name that no session has had.
    pub fn next_id(&mut self) -> SessionId {
        self.last_id += 1;
        SessionId(self.last_id)
    }

    /// A name that no recording has had.
    pub fn next_recording(&mut self) -> RecordingId {
        self.last_recording += 1;
        RecordingId(self.last_recording)
    }

    /// Adds a session in a tab of its own behind the others and brings it into view.
    pub fn add(&mut self, session: Session) {
        self.tabs.push(Tab::of(session.id));
        self.list.push(session);
        self.active = self.tabs.len() - 1;
    }

    /// Adds a session in a new pane beside the focused one.
    pub fn add_beside(&mut self, axis: Axis, session: Session) {
        let id = session.id;
        match self.tabs.get_mut(self.active) {
            Some(tab) => {
                tab.panes.split(tab.focused, axis, Panes::One(id));
                tab.focused = id;
                tab.together = false;
                self.list.push(session);
            }
            None => self.add(session),
        }
        self.show_all_panes();
    }

    /// Whether one more pane has room beside the focused one in this area.
    pub fn has_room(&self, axis: Axis, area: Rect) -> bool {
        self.tab().is_some_and(|tab| tab.has_room(axis, Panes::One(tab.focused), area))
    }

    /// Whether the panes of the next tab have room beside the focused one in this area.
    pub fn has_room_for_next(&self, axis: Axis, area: Rect) -> bool {
        let next = self.next_tab().map(|next| self.tabs[next].panes.clone());
        self.tab().zip(next).is_some_and(|(tab, more)| tab.has_room(axis, more, area))
    }

    fn next_tab(&self) -> Option<usize> {
        (self.tabs.len() > 1).then(|| (self.active + 1) % self.tabs.len())
    }

    /// Gives the focused pane the whole screen, or takes it back.
    pub fn toggle_zoom(&mut self) {
        let alone = self.tab().is_none_or(|tab| matches!(tab.panes, Panes::One(_)));
        // A pane that is alone has the whole screen either way.
        self.zoomed = !(self.zoomed || self.wide && alone);
        self.wide &= !alone;
        self.seen();
    }

    /// Gives all panes of the tab together the whole screen, or takes it back.
    pub fn toggle_wide(&mut self) {
        self.wide = !(self.wide || self.zoomed);
        self.zoomed = false;
        self.seen();
    }

    /// Shows all panes of the tab where one of them was zoomed; together they keep the whole screen that it had.
    pub fn show_all_panes(&mut self) {
        self.wide |= self.zoomed;
        self.zoomed = false;
        self.seen();
    }

    /// Puts a session where another one was, which comes back.
    pub fn replace(&mut self, old: SessionId, session: Session) -> Option<Session> {
        let tab = self.tabs.iter().position(|tab| tab.panes.contains(old));
        let Some((place, tab)) = self.list.iter_mut().find(|session| session.id == old).zip(tab) else {
            self.add(session);
            return None;
        };
        let new = session.id;
        self.tabs[tab].panes.replace(old, new);
        self.tabs[tab].focused = new;
        self.active = tab;
        Some(std::mem::replace(place, session))
    }

    /// Takes a session and its pane away; the focus moves to a neighbour.
    pub fn remove(&mut self, id: SessionId) -> Option<Session> {
        let index = self.list.iter().position(|session| session.id == id)?;
        let session = self.list.remove(index);
        self.take_pane(id);
        if self.tabs.is_empty() {
            (self.zoomed, self.wide) = (false, false);
        }
        // What takes its place comes into view.
        self.seen();
        Some(session)
    }

    /// Takes a pane out of its tab, and the tab if it was the last one in it.
    fn take_pane(&mut self, id: SessionId) {
        let Some(index) = self.tabs.iter().position(|tab| tab.panes.contains(id)) else { return };
        let tab = &mut self.tabs[index];
        let before = tab.panes.sessions();
        if let Some(panes) = tab.panes.clone().without(id) {
            let at = before.iter().position(|other| *other == id).unwrap_or_default();
            let left = panes.sessions();
            tab.panes = panes;
            if tab.focused == id {
                tab.focused = left[at.min(left.len() - 1)];
            }
            tab.together &= left.len() > 1;
        } else {
            self.tabs.remove(index);
            if self.active > index || self.active == self.tabs.len() {
                self.active = self.active.saturating_sub(1);
            }
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Session> {
        self.list.iter()
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Session> {
        self.list.iter_mut()
    }

    /// The session of the focused pane in view.
    pub fn active(&self) -> Option<&Session> {
        self.get(self.tab()?.focused)
    }

    /// The session of the focused pane in view, to be changed.
    pub fn active_mut(&mut self) -> Option<&mut Session> {
        self.get_mut(self.tab()?.focused)
    }

    /// All tabs.
    pub fn tabs(&self) -> &[Tab] {
        &self.tabs
    }

    /// The tab in view.
    pub fn tab(&self) -> Option<&Tab> {
        self.tabs.get(self.active)
    }

    /// The tab in view, to be changed.
    pub fn tab_mut(&mut self) -> Option<&mut Tab> {
        self.tabs.get_mut(self.active)
    }

    /// Where the tab in view stands.
    pub fn active_index(&self) -> usize {
        self.active
    }

    /// The tab with this session's pane, to be changed.
    pub fn tab_of_mut(&mut self, id: SessionId) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.panes.contains(id))
    }

    /// Whether this session's pane is in the tab in view.
    pub fn in_view(&self, id: SessionId) -> bool {
        self.tab().is_some_and(|tab| if self.zoomed { tab.focused == id } else { tab.panes.contains(id) })
    }

    /// The session of this name.
    pub fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.list.iter_mut().find(|session| session.id == id)
    }

    /// The session of this name, to be read.
    pub fn get(&self, id: SessionId) -> Option<&Session> {
        self.list.iter().find(|session| session.id == id)
    }

    /// Brings the tab at this index into view; false if there is none.
    pub fn show(&mut self, index: usize) -> bool {
        let there = index < self.tabs.len();
        if there {
            self.active = index;
            self.seen();
        }
        there
    }

    /// Notes that what the tab in view has printed was seen.
    fn seen(&mut self) {
        for id in self.tab().map(Tab::sessions).unwrap_or_default() {
            if self.in_view(id)
                && let Some(session) = self.get_mut(id)
            {
                session.activity = false;
            }
        }
    }

    /// Brings the next tab (or the one before, for a negative step) into view, round and round.
    pub fn step(&mut self, by: isize) {
        if let Some(next) = round(self.active, by, self.tabs.len()) {
            self.show(next);
        }
    }

    /// Brings the next tab that printed something unseen into view; false if there is none.
    pub fn step_to_activity(&mut self) -> bool {
        let count = self.tabs.len();
        let unseen = |tab: &Tab| tab.sessions().into_iter().any(|id| self.get(id).is_some_and(|s| s.activity));
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

    /// Gives the focus to this session's pane, and brings its tab into view.
    pub fn focus(&mut self, id: SessionId) {
        if let Some(index) = self.tabs.iter().position(|tab| tab.panes.contains(id)) {
            self.tabs[index].focused = id;
            self.active = index;
            self.seen();
        }
    }

    /// Gives the focus to the next pane of the tab (or the one before, for a negative step), round and round.
    pub fn step_pane(&mut self, by: isize) {
        let Some(tab) = self.tab() else { return };
        let sessions = tab.sessions();
        let at = sessions.iter().position(|id| *id == tab.focused).unwrap_or_default();
        if let Some(next) = round(at, by, sessions.len()) {
            self.focus(sessions[next]);
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
        let sessions = tab.sessions();
        let at = sessions.iter().position(|id| *id == tab.focused).unwrap_or_default();
        if let Some(next) = round(at, by, sessions.len()).filter(|next| *next != at) {
            tab.panes.swap(tab.focused, sessions[next]);
        }
    }

    /// Moves the focused pane into a tab of its own, behind this one; false if it has one already.
    pub fn break_out(&mut self) -> bool {
        let Some(tab) = self.tab().filter(|tab| tab.sessions().len() > 1) else { return false };
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
