//! A recording being played: where it stands, what its screen shows and where it is to go; events are handed in, so it
//! never reads a file or a clock.

mod keyframes;
mod keys;
mod search;

use std::collections::VecDeque;
use std::time::Duration;

use keyframes::Keyframes;
pub use keys::{KEYS, Prompt};
use search::Search;

use super::layout::Size;
use crate::screen::Screen;
use crate::session::recording::{Batch, Ending, Header, Marker, Place, Played, PlayedKind, Survey};

/// Lines kept beyond the screen: what one event of a flood may scroll off can still be found and shown.
const SCROLLBACK: usize = 2_000;

/// A terminal for a recording, with nothing on it, that keeps so many lines beyond its screen.
pub fn blank(size: Size, scrollback: usize) -> Screen {
    Screen::new(size, scrollback)
}

/// How much is played at once before keys are listened to again, in bytes.
const PORTION: usize = 256 * 1024;
/// What looking for text on a screen costs, in bytes of output played in the same time.
const LOOK: usize = 8 * 1024;
/// The slowest and the fastest.
const SPEEDS: (f64, f64) = (1.0 / 64.0, 1024.0);

/// What a player wants of the outside next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Keys; nothing else happens.
    Nothing,
    /// Time: [`Player::passed`].
    Time,
    /// To go on with [`Player::work`], after keys were looked at.
    Work,
    /// Events, for [`Player::take`]: from this place on, or from where the last ones ended.
    Events(Option<Place>),
    /// To be left.
    Quit,
}

/// Where a player is going, as fast as it can.
#[derive(Debug)]
enum Aim {
    /// It is there.
    Rest,
    /// To this time.
    Time(Duration),
    /// Behind this event.
    Event(u64),
    /// Behind this event, at which the text that is looked for has appeared.
    Found(u64),
    /// Behind the next event that can be seen.
    Step,
    /// To where a text appears.
    Search(Search),
}

/// The player.
#[derive(Debug)]
pub struct Player {
    header: Header,
    screen: Screen,
    /// Behind the last event that the screen has taken.
    place: Place,
    /// The time shown, at or behind that event.
    clock: Duration,
    /// Events that were read and not played.
    queue: VecDeque<Played>,
    /// Where reading has to begin anew before anything can be played.
    jump: Option<Place>,
    /// Whether nothing follows what is in the queue.
    read_all: bool,
    ending: Option<Ending>,
    keyframes: Keyframes,
    aim: Aim,
    playing: bool,
    speed: f64,
    survey: Option<Survey>,
    prompt: Option<Prompt>,
    /// What was looked for last, and whether backwards.
    looked_for: Option<(String, bool)>,
    told: Option<String>,
    quits: bool,
}

impl Player {
    /// A player at the beginning of a recording that plays at this speed (1 is as it was).
    pub fn new(header: Header, first: Place, speed: f64) -> Self {
        let size = Size { columns: header.columns, rows: header.rows };
        Self {
            screen: blank(size, SCROLLBACK),
            header,
            place: first,
            clock: Duration::ZERO,
            queue: VecDeque::new(),
            jump: None,
            read_all: false,
            ending: None,
            keyframes: Keyframes::new(first, size),
            aim: Aim::Rest,
            playing: true,
            speed: speed.clamp(SPEEDS.0, SPEEDS.1),
            survey: None,
            prompt: None,
            looked_for: None,
            told: None,
            quits: false,
        }
    }

    /// The recording's terminal as it is now.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// What the recording says of itself.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The time played so far.
    pub fn clock(&self) -> Duration {
        self.clock
    }

    /// How long it plays, once that is known.
    pub fn length(&self) -> Option<Duration> {
        self.survey.as_ref().map(|survey| survey.length)
    }

    /// The markers, once they are known.
    pub fn markers(&self) -> &[Marker] {
        self.survey.as_ref().map_or(&[], |survey| &survey.markers)
    }

    /// Whether time moves it.
    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// How fast.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Whether it is on its way to another place.
    pub fn is_busy(&self) -> bool {
        !self.playing && !matches!(self.aim, Aim::Rest)
    }

    /// The text that is being typed to look for.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    /// What there is to tell: the answer to the last key, or how the recording ends, once it has ended.
    pub fn told(&self) -> Option<String> {
        let at_end = self.read_all && self.queue.is_empty();
        self.told.clone().or_else(|| match self.ending.as_ref().filter(|_| at_end)? {
            Ending::Whole => Some("the end".to_owned()),
            Ending::Torn { line } => Some(format!("the recording is torn off in line {line}: this is its end")),
            Ending::Broken { line, why } => Some(format!("line {line} cannot be played: {why}; this is the end")),
        })
    }

    /// What it wants next.
    pub fn needs(&self) -> Need {
        if self.quits {
            return Need::Quit;
        }
        if self.jump.is_some() {
            return Need::Events(self.jump);
        }
        match self.aim {
            Aim::Rest if self.playing => Need::Time,
            Aim::Rest => Need::Nothing,
            _ if self.queue.is_empty() && !self.read_all => Need::Events(None),
            _ => Need::Work,
        }
    }

    /// Takes events that were asked for.
    pub fn take(&mut self, batch: Batch) {
        self.jump = None;
        self.queue.extend(batch.events);
        self.read_all = batch.ending.is_some();
        if batch.ending.is_some() {
            self.ending = batch.ending;
        }
    }

    /// Takes what a look at the whole file has found.
    pub fn surveyed(&mut self, survey: Survey) {
        self.survey = Some(survey);
    }

    /// So much time has passed.
    pub fn passed(&mut self, time: Duration) {
        if self.playing && matches!(self.aim, Aim::Rest) {
            self.aim = Aim::Time(self.clock.saturating_add(time.mul_f64(self.speed)));
        }
    }

    /// Plays a portion of what is on the way.
    pub fn work(&mut self) {
        let mut left = PORTION;
        while left > 0 && self.jump.is_none() {
            let next = self.queue.front().map(|next| next.after);
            if let Aim::Search(search) = &self.aim
                && search.is_past(next)
            {
                self.search_on();
                continue;
            }
            if self.has_arrived(next) {
                return;
            }
            let Some(event) = self.queue.pop_front() else {
                if self.read_all {
                    self.end_reached();
                }
                return;
            };
            left = left.saturating_sub(self.play(event));
        }
    }

    /// Whether the aim is reached before the event that is next.
    fn has_arrived(&mut self, next: Option<Place>) -> bool {
        match &self.aim {
            Aim::Rest => return true,
            Aim::Time(to) if next.is_some_and(|next| next.at > *to) => self.clock = *to,
            Aim::Event(to) if self.place.event >= *to => self.clock = self.place.at,
            Aim::Found(to) if self.place.event >= *to => {
                self.show_found();
                return true;
            }
            _ => return false,
        }
        self.aim = Aim::Rest;
        true
    }

    /// Plays one event; what it cost comes back.
    fn play(&mut self, Played { after, kind }: Played) -> usize {
        self.screen.scroll_to_bottom();
        let (cost, visible) = match &kind {
            PlayedKind::Output(text) => {
                self.screen.clear_selection();
                self.screen.feed(text.as_bytes());
                (text.len(), true)
            }
            PlayedKind::Resized(columns, rows) => {
                self.screen.resize(Size { columns: *columns, rows: *rows });
                (LOOK, true)
            }
            PlayedKind::Marked(_) | PlayedKind::Other => (0, false),
        };
        let resized = matches!(kind, PlayedKind::Resized(..));
        // Nobody is there to be answered.
        self.screen.take_replies();
        self.screen.take_notices();
        self.place = after;
        self.keyframes.passed(&mut self.screen, self.place, cost);
        if self.playing {
            self.clock = self.clock.max(self.place.at);
        }
        match &mut self.aim {
            Aim::Step if visible => self.rest_here(),
            Aim::Search(search) if resized => search.look(&self.screen),
            Aim::Search(search) if visible => {
                if search.found(&self.screen, self.place.event) {
                    self.show_found();
                }
                return cost + LOOK;
            }
            _ => {}
        }
        cost + 64
    }

    fn rest_here(&mut self) {
        (self.aim, self.clock) = (Aim::Rest, self.place.at);
    }

    /// There is nothing left to play.
    fn end_reached(&mut self) {
        if matches!(self.aim, Aim::Search(_)) {
            self.search_on();
            return;
        }
        self.playing = false;
        self.rest_here();
    }

    /// Goes to a time.
    fn go_to_time(&mut self, to: Duration) {
        self.told = None;
        let keyframe = self.keyframes.at_time(to);
        if to < self.place.at || keyframe.event > self.place.event {
            self.restore(keyframe);
        }
        self.aim = Aim::Time(to);
    }

    /// Goes behind an event.
    fn go_to_event(&mut self, to: u64) {
        let keyframe = self.keyframes.at_event(to);
        if to < self.place.event || keyframe.event > self.place.event {
            self.restore(keyframe);
        }
        self.aim = Aim::Event(to);
    }

    /// Puts the screen back to how it was at a keyframe; events have to be read again from there.
    fn restore(&mut self, keyframe: Place) {
        self.screen = self.keyframes.screen(keyframe);
        self.place = keyframe;
        self.clock = keyframe.at;
        self.queue.clear();
        self.read_all = false;
        self.jump = Some(keyframe);
    }
}
