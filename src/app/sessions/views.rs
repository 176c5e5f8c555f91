//! The views among the panes: added, found, taken away; what one shows is its own affair.

use super::{Sessions, Tab};
use crate::app::panes::{Axis, PaneId};
use crate::app::session::Session;
use crate::app::view::{View, ViewId};

impl Sessions {
    /// A name that no view has had.
    pub fn next_view(&mut self) -> ViewId {
        self.last_view += 1;
        ViewId(self.last_view)
    }

    /// Adds a view in a tab of its own behind the others and brings it into view.
    pub fn add_view(&mut self, view: View) {
        self.add_tab(view.id.into());
        self.views.push(view);
    }

    /// Adds a view in a new pane beside the focused one.
    pub fn add_view_beside(&mut self, axis: Axis, view: View) {
        self.add_pane_beside(axis, view.id.into());
        self.views.push(view);
        self.show_all_panes();
    }

    /// Shows a view where another one was, which comes back.
    pub fn replace_view(&mut self, old: ViewId, view: View) -> Option<View> {
        let new = view.id;
        let index = self.views.iter().position(|view| view.id == old)?;
        let tab = self.tab_of_mut(old.into())?;
        tab.panes.replace(old.into(), new.into());
        if tab.focused == old.into() {
            tab.focused = new.into();
        }
        let old = std::mem::replace(&mut self.views[index], view);
        self.focus(new);
        Some(old)
    }

    /// Takes a view and its pane away; the focus moves to a neighbour.
    pub fn remove_view(&mut self, id: ViewId) -> Option<View> {
        let index = self.views.iter().position(|view| view.id == id)?;
        let view = self.views.remove(index);
        self.close_pane(id.into());
        Some(view)
    }

    /// The view of this name.
    pub fn view(&self, id: ViewId) -> Option<&View> {
        self.views.iter().find(|view| view.id == id)
    }

    /// The view of this name, to be changed.
    pub fn view_mut(&mut self, id: ViewId) -> Option<&mut View> {
        self.views.iter_mut().find(|view| view.id == id)
    }

    /// All views, oldest first.
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// All views, to be changed.
    pub fn views_mut(&mut self) -> &mut [View] {
        &mut self.views
    }

    /// The view of the focused pane in view; `None` where that shows a session.
    pub fn active_view(&self) -> Option<&View> {
        self.view(self.tab()?.focused.view()?)
    }

    /// The view of the focused pane in view, to be changed.
    pub fn active_view_mut(&mut self) -> Option<&mut View> {
        self.view_mut(self.tab()?.focused.view()?)
    }

    /// What a pane is called.
    pub fn title(&self, pane: PaneId) -> Option<String> {
        match pane {
            PaneId::Session(id) => self.get(id).map(Session::title),
            PaneId::View(id) => self.view(id).map(|view| view.content.title()),
        }
    }

    /// Whether the focused pane in view shows a view.
    pub fn shows_view(&self) -> bool {
        self.tab().map(Tab::focused).is_some_and(|pane| matches!(pane, PaneId::View(_)))
    }
}
