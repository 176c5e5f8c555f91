//! What the keys of a player do; the table of them is here too.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{Aim, Player, SPEEDS};
use crate::app::overlay::TextLine;

/// The keys, as hints and the README show them.
pub const KEYS: [(&str, &str); 9] = [
    ("Space", "play or pause"),
    ("+ -", "faster, slower"),
    (". ,", "a step on, back"),
    ("→ ←", "5 s on, back"),
    ("↓ ↑", "a minute on, back"),
    ("g G", "start, end"),
    ("m M", "next marker, the one before"),
    ("/ ? n N", "search on, back, again, the other way"),
    ("q", "leave"),
];

const SHORT: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(60);

/// A text to look for as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The text.
    pub line: TextLine,
    /// Whether to look backwards.
    pub backwards: bool,
}

impl Player {
    /// A key was pressed.
    pub fn pressed(&mut self, key: &KeyEvent) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        if key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c') {
            self.quits = true;
        } else if self.prompt.is_some() {
            self.typed(key);
        } else if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
            self.command(key.code);
        }
    }

    /// Text was pasted.
    pub fn pasted(&mut self, text: &str) {
        if let Some(prompt) = &mut self.prompt {
            prompt.line.insert(text);
        }
    }

    fn command(&mut self, key: KeyCode) {
        if !matches!(key, KeyCode::Char('+' | '=' | '-' | '_')) {
            self.told = None;
        }
        match key {
            KeyCode::Char('q') | KeyCode::Esc => self.quits = true,
            KeyCode::Char(' ') => self.play_or_pause(),
            KeyCode::Char('+' | '=') => self.change_speed(2.0),
            KeyCode::Char('-' | '_') => self.change_speed(0.5),
            KeyCode::Char('.') => {
                self.playing = false;
                self.aim = Aim::Step;
            }
            KeyCode::Char(',') => {
                self.playing = false;
                self.go_to_event(self.place.event.saturating_sub(1));
            }
            KeyCode::Right => self.go_to_time(self.clock.saturating_add(SHORT)),
            KeyCode::Left => self.go_to_time(self.clock.saturating_sub(SHORT)),
            KeyCode::Down | KeyCode::PageDown => self.go_to_time(self.clock.saturating_add(LONG)),
            KeyCode::Up | KeyCode::PageUp => self.go_to_time(self.clock.saturating_sub(LONG)),
            KeyCode::Home | KeyCode::Char('g') => self.go_to_time(Duration::ZERO),
            KeyCode::End | KeyCode::Char('G') => self.go_to_time(Duration::MAX),
            KeyCode::Char('m') => self.go_to_marker(true),
            KeyCode::Char('M') => self.go_to_marker(false),
            KeyCode::Char('/') => self.prompt = Some(Prompt { line: TextLine::default(), backwards: false }),
            KeyCode::Char('?') => self.prompt = Some(Prompt { line: TextLine::default(), backwards: true }),
            KeyCode::Char('n') => self.look_again(false),
            KeyCode::Char('N') => self.look_again(true),
            _ => {}
        }
    }

    fn typed(&mut self, key: &KeyEvent) {
        let Some(mut prompt) = self.prompt.take() else { return };
        match key.code {
            KeyCode::Esc => {}
            KeyCode::Enter if prompt.line.text().is_empty() => {}
            KeyCode::Enter => {
                let text = prompt.line.text().to_owned();
                self.looked_for = Some((text.clone(), prompt.backwards));
                self.look_for(text, prompt.backwards);
            }
            _ => {
                prompt.line.edit(key);
                self.prompt = Some(prompt);
            }
        }
    }

    fn look_again(&mut self, other_way: bool) {
        match self.looked_for.clone() {
            Some((text, backwards)) => self.look_for(text, backwards != other_way),
            None => self.told = Some("nothing was looked for yet: / looks for a text".to_owned()),
        }
    }

    fn play_or_pause(&mut self) {
        let at_end = self.read_all && self.queue.is_empty() && self.jump.is_none();
        if self.is_busy() {
            // Wherever it was going, it stays where it has come to.
            self.rest_here();
        } else if at_end && !self.playing {
            self.go_to_time(Duration::ZERO);
            self.playing = true;
        } else {
            self.playing = !self.playing;
        }
    }

    fn change_speed(&mut self, by: f64) {
        self.speed = (self.speed * by).clamp(SPEEDS.0, SPEEDS.1);
    }

    fn go_to_marker(&mut self, forward: bool) {
        let Some(survey) = &self.survey else {
            self.told = Some("the file is still being read for its markers".to_owned());
            return;
        };
        let here = self.place.event;
        let found = if forward {
            survey.markers.iter().find(|marker| marker.event > here)
        } else {
            survey.markers.iter().rev().find(|marker| marker.event < here)
        };
        let Some(marker) = found.cloned() else {
            let direction = if forward { "after" } else { "before" };
            self.told = Some(format!("there is no marker {direction} this moment"));
            return;
        };
        self.playing = false;
        self.go_to_event(marker.event);
        self.told = Some(if marker.label.is_empty() { "a marker".to_owned() } else { marker.label });
    }
}
