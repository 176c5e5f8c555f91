//! The sessions of this run in the order of their tabs, and which of them is in view; it opens and closes no stream.

use super::session::Session;
use crate::session::SessionId;

/// The sessions.
#[derive(Debug, Default)]
pub struct Sessions {
    list: Vec<Session>,
    active: usize,
    last_id: u64,
    /// Whether the pane takes the whole screen.
    pub zoomed: bool,
}

impl Sessions {
    /// A name that no session has had.
    pub fn next_id(&mut self) -> SessionId {
        self.last_id += 1;
        SessionId(self.last_id)
    }

    /// Adds a session behind the others and brings it into view.
    pub fn add(&mut self, session: Session) {
        self.list.push(session);
        self.active = self.list.len() - 1;
    }

    /// Puts a session where another one was, which comes back.
    pub fn replace(&mut self, old: SessionId, session: Session) -> Option<Session> {
        let Some(index) = self.list.iter().position(|other| other.id == old) else {
            self.add(session);
            return None;
        };
        self.active = index;
        Some(std::mem::replace(&mut self.list[index], session))
    }

    /// Takes a session away; the view moves to a neighbour.
    pub fn remove(&mut self, id: SessionId) -> Option<Session> {
        let index = self.list.iter().position(|session| session.id == id)?;
        let session = self.list.remove(index);
        if self.active > index || self.active == self.list.len() {
            self.active = self.active.saturating_sub(1);
        }
        if self.list.is_empty() {
            self.zoomed = false;
        }
        Some(session)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// All of them, in the order of their tabs.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Session> {
        self.list.iter()
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Session> {
        self.list.iter_mut()
    }

    /// The one in view.
    pub fn active(&self) -> Option<&Session> {
        self.list.get(self.active)
    }

    /// The one in view, to be changed.
    pub fn active_mut(&mut self) -> Option<&mut Session> {
        self.list.get_mut(self.active)
    }

    /// Where the one in view stands.
    pub fn active_index(&self) -> usize {
        self.active
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
        let there = index < self.list.len();
        if there {
            self.active = index;
            self.list[index].activity = false;
        }
        there
    }

    /// Brings the next tab (or the one before, for a negative step) into view, round and round.
    pub fn step(&mut self, by: isize) {
        if let Ok(count) = isize::try_from(self.list.len())
            && count > 0
        {
            let next = (isize::try_from(self.active).unwrap_or(0) + by).rem_euclid(count);
            self.show(usize::try_from(next).unwrap_or(0));
        }
    }
}
