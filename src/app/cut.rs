//! A session whose connection was cut: what is told of it, and what is not sent meanwhile; who attaches again is elsewhere.

use jiff::Timestamp;

use super::age::age;
use super::message::Effect;
use super::notices::Level;
use super::recording;
use super::state::State;
use crate::session::{Link, SessionId};

/// A connection that is being made anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// When it broke.
    pub since: Timestamp,
    /// Why it broke, or why the last try failed.
    pub reason: String,
    /// When the next try begins.
    pub retry_at: Timestamp,
}

impl Cut {
    /// In one line, for the pane.
    pub fn told(&self, now: Timestamp) -> String {
        let wait = self.retry_at.as_second() - now.as_second();
        let next = if wait > 0 { format!("attaching again in {wait}s") } else { "attaching again …".to_owned() };
        format!("cut for {} · {next} · {}", age(self.since, now), self.reason)
    }
}

/// What became of the connection below a session.
pub(super) fn linked(state: &mut State, id: SessionId, link: Link) -> Vec<Effect> {
    let now = state.now;
    let Some(session) = state.sessions.get_mut(id) else { return Vec::new() };
    let title = session.title();
    match link {
        Link::Cut { reason, retry_in } => {
            let retry_at = now.checked_add(retry_in).unwrap_or(now);
            if let Some(cut) = &mut session.cut {
                (cut.reason, cut.retry_at) = (reason, retry_at);
                return Vec::new();
            }
            let text = format!("{title}: {reason}; attaching again");
            session.cut = Some(Cut { since: now, reason, retry_at });
            state.notices.push(now, Level::Warning, text, Vec::new());
        }
        Link::Restored { whole } => {
            let Some(cut) = session.cut.take() else { return Vec::new() };
            let away = age(cut.since, now);
            let rest = if whole { "nothing is missing" } else { "output may be missing or doubled here" };
            let seam = format!("cut for {away}, attached again: {rest}");
            session.screen.mark_seam(&seam);
            let effects = recording::mark(session, &seam);
            let level = if whole { Level::Info } else { Level::Warning };
            state.notices.push(now, level, format!("{title}: attached again after {away}; {rest}"), Vec::new());
            return effects;
        }
        Link::Unsent => not_sent(state, id),
    }
    Vec::new()
}

/// Tells that what was typed is not sent.
pub(super) fn not_sent(state: &mut State, id: SessionId) {
    let Some(session) = state.sessions.get(id) else { return };
    let text = format!("{}: the connection is cut; what you typed was not sent", session.title());
    state.notices.push(state.now, Level::Warning, text, Vec::new());
}
