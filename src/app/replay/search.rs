//! Looking for text in a recording: for the moment at which it appears on the screen, forwards or backwards.

use super::{Aim, Player};
use crate::screen::{Match, Screen, SelectionKind};
use crate::session::recording::Place;

/// A search on its way.
#[derive(Debug)]
pub(super) struct Search {
    text: String,
    /// The event the search began behind; where it goes back to when nothing is found.
    from: u64,
    /// What is on the screen already.
    seen: Vec<Match>,
    /// The first row of the screen when it was looked at last.
    top: u64,
    back: Option<Back>,
}

/// A search backwards plays one stretch between keyframes after the other, the last one first.
#[derive(Debug)]
struct Back {
    /// Where the stretch begins.
    keyframe: Place,
    /// Which event it ends before.
    before: u64,
    /// The last event in it at which the text appeared.
    best: Option<u64>,
}

impl Search {
    fn begin(screen: &Screen, text: String, from: u64, back: Option<Back>) -> Self {
        let mut search = Self { text, from, seen: Vec::new(), top: 0, back };
        search.look(screen);
        search
    }

    /// Takes what is on the screen for seen.
    pub(super) fn look(&mut self, screen: &Screen) {
        self.top = top(screen);
        self.seen = screen.find_since(&self.text, self.top);
    }

    /// Whether a stretch of a search backwards ends before the event that is next.
    pub(super) fn is_past(&self, next: Option<Place>) -> bool {
        self.back.as_ref().is_some_and(|back| next.is_some_and(|next| next.event >= back.before))
    }

    /// Looks at a screen after an event; true if the text has just appeared and that is what was looked for.
    pub(super) fn found(&mut self, screen: &Screen, event: u64) -> bool {
        // What an event prints may scroll off by its end; it was there all the same.
        let now = screen.find_since(&self.text, self.top.min(top(screen)));
        let appeared = now.iter().any(|found| self.seen.binary_search_by_key(&found.start, |seen| seen.start).is_err());
        self.look(screen);
        match &mut self.back {
            None => appeared,
            Some(back) => {
                if appeared {
                    back.best = Some(event);
                }
                false
            }
        }
    }
}

/// The number of the first row in view.
fn top(screen: &Screen) -> u64 {
    screen.position(0, 0).row
}

impl Player {
    /// Looks for a text from here.
    pub(super) fn look_for(&mut self, text: String, backwards: bool) {
        self.playing = false;
        self.told = None;
        let from = self.place.event;
        self.screen.scroll_to_bottom();
        let mut back = None;
        if backwards {
            let keyframe = self.keyframes.at_event(from.saturating_sub(1));
            self.restore(keyframe);
            back = Some(Back { keyframe, before: from, best: None });
        }
        self.aim = Aim::Search(Search::begin(&self.screen, text, from, back));
    }

    /// A stretch was searched to its end, or there is nothing left to play.
    pub(super) fn search_on(&mut self) {
        let Aim::Search(search) = std::mem::replace(&mut self.aim, Aim::Rest) else { return };
        let Search { text, from, back, .. } = search;
        match back {
            Some(Back { best: Some(event), .. }) => {
                self.go_to_event(event);
                self.aim = Aim::Found(event);
            }
            Some(Back { keyframe, .. }) if keyframe.event > 0 => {
                let before = keyframe.event + 1;
                let keyframe = self.keyframes.at_event(keyframe.event - 1);
                self.restore(keyframe);
                let back = Back { keyframe, before, best: None };
                self.aim = Aim::Search(Search::begin(&self.screen, text, from, Some(back)));
            }
            _ => {
                let direction = if back.is_some() { "before" } else { "after" };
                self.told = Some(format!("“{text}” does not appear {direction} this moment"));
                self.go_to_event(from);
            }
        }
    }

    /// Stops where the text has appeared, and shows it.
    pub(super) fn show_found(&mut self) {
        self.rest_here();
        self.mark_found();
    }

    /// Chooses the newest place of the text that was looked for last, to be painted.
    fn mark_found(&mut self) {
        let Some((text, _)) = &self.looked_for else { return };
        let Some(found) = self.screen.find(text).pop() else { return };
        self.screen.reveal(found.start);
        let top = top(&self.screen);
        let row = |row: u64| u16::try_from(row.saturating_sub(top)).unwrap_or(u16::MAX);
        let (start, end) = (found.start, found.end);
        self.screen.select(SelectionKind::Simple, start.column, row(start.row));
        self.screen.extend_selection(end.column, row(end.row));
    }
}
