//! Screens of a recording at some of its places, so that going back needs no playing from the start; bounded in memory,
//! however long the recording is.

use std::time::Duration;

use super::{SCROLLBACK, blank};
use crate::app::layout::Size;
use crate::screen::Screen;
use crate::session::recording::Place;

/// How much output lies between two keyframes at first, in bytes.
const INTERVAL: usize = 1024 * 1024;
/// The most memory they may take together; then every second one goes, and the next ones come half as often.
const MEMORY: usize = 32 * 1024 * 1024;

/// The keyframes, in their order; the first is the beginning.
#[derive(Debug)]
pub(super) struct Keyframes {
    frames: Vec<Keyframe>,
    interval: usize,
    memory: usize,
    /// The furthest place that was played so far.
    furthest: u64,
    /// Output since the last keyframe.
    since: usize,
}

#[derive(Debug)]
struct Keyframe {
    place: Place,
    size: Size,
    screen: Vec<u8>,
}

impl Keyframe {
    fn memory(&self) -> usize {
        size_of::<Self>() + self.screen.len()
    }
}

impl Keyframes {
    pub(super) fn new(first: Place, size: Size) -> Self {
        let beginning = Keyframe { place: first, size, screen: Vec::new() };
        Self { frames: vec![beginning], interval: INTERVAL, memory: 0, furthest: first.event, since: 0 }
    }

    /// The screen has come to this place by so much output: keeps it where that is due.
    pub(super) fn passed(&mut self, screen: &mut Screen, place: Place, output: usize) {
        if place.event <= self.furthest {
            return;
        }
        self.furthest = place.event;
        self.since += output + 64;
        if self.since < self.interval {
            return;
        }
        self.since = 0;
        let frame = Keyframe { place, size: screen.size(), screen: screen.serialize() };
        self.memory += frame.memory();
        self.frames.push(frame);
        if self.memory > MEMORY {
            self.interval = self.interval.saturating_mul(2);
            let mut index = 0;
            self.frames.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.memory = self.frames.iter().map(Keyframe::memory).sum();
        }
    }

    /// The last keyframe at or before this time.
    pub(super) fn at_time(&self, time: Duration) -> Place {
        self.last(|place| place.at <= time)
    }

    /// The last keyframe at or before this event.
    pub(super) fn at_event(&self, event: u64) -> Place {
        self.last(|place| place.event <= event)
    }

    fn last(&self, is_before: impl Fn(Place) -> bool) -> Place {
        let after = self.frames.partition_point(|frame| is_before(frame.place));
        self.frames[after.saturating_sub(1)].place
    }

    /// The screen at a keyframe.
    pub(super) fn screen(&self, keyframe: Place) -> Screen {
        let index = self.frames.partition_point(|frame| frame.place.event < keyframe.event);
        let frame = &self.frames[index.min(self.frames.len() - 1)];
        let mut screen = blank(frame.size, SCROLLBACK);
        screen.feed(&frame.screen);
        screen
    }
}
