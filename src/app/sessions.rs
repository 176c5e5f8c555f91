//! The sessions and views of this run, the tabs that show them and which pane of which tab is in view; it opens and closes
//! no stream.

mod arrange;
mod views;

use ratatui::layout::Rect;

use super::panes::{Axis, PaneId, Panes, Place};
use super::session::Session;
use super::view::View;
use crate::session::SessionId;
use crate::session::recording::RecordingId;

/// The sessions, the views and their tabs. Each has one pane, in one tab.
#[derive(Debug, Default)]
pub struct Sessions {
    list: Vec<Session>,
    views: Vec<View>,
    tabs: Vec<Tab>,
    active: usize,
    last_id: u64,
    last_recording: u64,
    last_view: u64,
    /// Whether the focused pane takes the whole screen while it has the keys.
    pub zoomed: bool,
    /// Whether all panes of the tab together take the whole screen while they have the keys.
    pub wide: bool,
}

/// A tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// What the person calls it; the title of its focused pane if `None`.
    pub name: Option<String>,
    /// Whether what is typed goes to every pane of it.
    pub together: bool,
    panes: Panes,
    focused: PaneId,
}

impl Tab {
    fn of(id: PaneId) -> Self {
        Self { name: None, together: false, panes: Panes::One(id), focused: id }
    }

    /// What its focused pane shows.
    pub fn focused(&self) -> PaneId {
        self.focused
    }

    /// What its panes show, from the top left to the bottom right.
    pub fn panes(&self) -> Vec<PaneId> {
        self.panes.ids()
    }

    /// The sessions among its panes, in the same order.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> + use<> {
        self.panes().into_iter().filter_map(PaneId::session)
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
        self.add_tab(session.id.into());
        self.list.push(session);
    }

    fn add_tab(&mut self, pane: PaneId) {
        self.tabs.push(Tab::of(pane));
        self.active = self.tabs.len() - 1;
    }

    /// Adds a session in a new pane beside the focused one.
    pub fn add_beside(&mut self, axis: Axis, session: Session) {
        self.add_pane_beside(axis, session.id.into());
        self.list.push(session);
        self.show_all_panes();
    }

    fn add_pane_beside(&mut self, axis: Axis, pane: PaneId) {
        match self.tabs.get_mut(self.active) {
            Some(tab) => {
                tab.panes.split(tab.focused, axis, Panes::One(pane));
                tab.focused = pane;
                tab.together = false;
            }
            None => self.add_tab(pane),
        }
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
        let tab = self.tabs.iter().position(|tab| tab.panes.contains(old.into()));
        let Some((place, tab)) = self.list.iter_mut().find(|session| session.id == old).zip(tab) else {
            self.add(session);
            return None;
        };
        let new = session.id;
        self.tabs[tab].panes.replace(old.into(), new.into());
        self.tabs[tab].focused = new.into();
        self.active = tab;
        Some(std::mem::replace(place, session))
    }

    /// Takes a session and its pane away; the focus moves to a neighbour.
    pub fn remove(&mut self, id: SessionId) -> Option<Session> {
        let index = self.list.iter().position(|session| session.id == id)?;
        let session = self.list.remove(index);
        self.close_pane(id.into());
        Some(session)
    }

    fn close_pane(&mut self, id: PaneId) {
        self.take_pane(id);
        if self.tabs.is_empty() {
            (self.zoomed, self.wide) = (false, false);
        }
        // What takes its place comes into view.
        self.seen();
    }

    /// Takes a pane out of its tab, and the tab if it was the last one in it.
    fn take_pane(&mut self, id: PaneId) {
        let Some(index) = self.tabs.iter().position(|tab| tab.panes.contains(id)) else { return };
        let tab = &mut self.tabs[index];
        let before = tab.panes.ids();
        if let Some(panes) = tab.panes.clone().without(id) {
            let at = before.iter().position(|other| *other == id).unwrap_or_default();
            let left = panes.ids();
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

    /// Whether there is no pane.
    pub fn is_empty(&self) -> bool {
        self.tabs.is_empty()
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// All sessions, oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Session> {
        self.list.iter()
    }

    /// All sessions, to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Session> {
        self.list.iter_mut()
    }

    /// The session of the focused pane in view; `None` where that shows a view.
    pub fn active(&self) -> Option<&Session> {
        self.get(self.tab()?.focused.session()?)
    }

    /// The session of the focused pane in view, to be changed.
    pub fn active_mut(&mut self) -> Option<&mut Session> {
        self.get_mut(self.tab()?.focused.session()?)
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

    /// The tab with this pane, to be changed.
    pub fn tab_of_mut(&mut self, id: PaneId) -> Option<&mut Tab> {
        self.tabs.iter_mut().find(|tab| tab.panes.contains(id))
    }

    /// Whether this pane is in the tab in view.
    pub fn in_view(&self, id: impl Into<PaneId>) -> bool {
        let id = id.into();
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
        for id in self.tab().map(Tab::panes).unwrap_or_default() {
            if !self.in_view(id) {
                continue;
            }
            match id {
                PaneId::Session(id) => self.get_mut(id).into_iter().for_each(|session| session.activity = false),
                PaneId::View(id) => self.view_mut(id).into_iter().for_each(|view| view.activity = false),
            }
        }
    }
}
