//! Which of the terminal's modes a remote program has left switched, so that the terminal can be given back as it was;
//! it changes no byte on the way.

/// DEC private modes (`CSI ? n h` and `l`) that a shell at home would suffer from, each with whether it is on at home.
const MODES: [(u16, bool); 15] = [
    (1, false),    // application cursor keys
    (7, true),     // wrapping lines
    (9, false),    // mouse, X10
    (25, true),    // the cursor
    (47, false),   // the alternate screen, in three ages
    (1000, false), // mouse: buttons,
    (1002, false), // drags,
    (1003, false), // moves,
    (1005, false), // their encodings
    (1006, false),
    (1015, false),
    (1004, false), // focus
    (1047, false),
    (1049, false),
    (2004, false), // bracketed paste
];
/// Modes named in one sequence; more are passed over.
const MOST: usize = 16;

/// Follows what the far end prints.
#[derive(Debug, Default)]
pub(super) struct Modes {
    state: State,
    /// Modes that are not as they are at home, as indices of [`MODES`], in the order they were switched.
    switched: Vec<usize>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Text,
    Escape,
    Bracket,
    Private(Vec<u16>),
}

impl Modes {
    /// Takes in bytes that the terminal gets.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.state = match (std::mem::take(&mut self.state), byte) {
                (_, 0x1b) => State::Escape,
                (State::Escape, b'[') => State::Bracket,
                (State::Bracket, b'?') => State::Private(vec![0]),
                (State::Private(mut numbers), b'0'..=b'9') => {
                    if let Some(last) = numbers.last_mut() {
                        *last = last.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
                    }
                    State::Private(numbers)
                }
                (State::Private(mut numbers), b';') => {
                    if numbers.len() < MOST {
                        numbers.push(0);
                    }
                    State::Private(numbers)
                }
                (State::Private(numbers), b'h' | b'l') => {
                    for number in numbers {
                        self.switch(number, byte == b'h');
                    }
                    State::Text
                }
                _ => State::Text,
            };
        }
    }

    fn switch(&mut self, number: u16, on: bool) {
        if let Some(at) = MODES.iter().position(|(mode, _)| *mode == number) {
            self.switched.retain(|switched| *switched != at);
            if MODES[at].1 != on {
                self.switched.push(at);
            }
        }
    }

    /// What gives the terminal back: each mode that is switched, the last one first, and plain text.
    pub(super) fn restore(&mut self) -> Vec<u8> {
        use std::io::Write as _;
        let mut bytes = Vec::new();
        for at in std::mem::take(&mut self.switched).into_iter().rev() {
            let (mode, on) = MODES[at];
            // Writing to memory does not fail.
            let _ = write!(bytes, "\x1b[?{mode}{}", if on { 'h' } else { 'l' });
        }
        if !bytes.is_empty() {
            bytes.extend(b"\x1b[0m");
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restored(pieces: &[&str]) -> String {
        let mut modes = Modes::default();
        for piece in pieces {
            modes.feed(piece.as_bytes());
        }
        String::from_utf8(modes.restore()).unwrap()
    }

    #[test]
    fn what_is_left_switched_is_switched_back() {
        assert_eq!(restored(&["\x1b[?1049h\x1b[?25l", "text"]), "\x1b[?25h\x1b[?1049l\x1b[0m");
        assert_eq!(restored(&["\x1b[?10", "02;100", "6h"]), "\x1b[?1006l\x1b[?1002l\x1b[0m", "cut anywhere");
    }

    #[test]
    fn a_program_that_tidies_up_leaves_nothing() {
        assert_eq!(restored(&["\x1b[?1049h\x1b[?25l", "\x1b[?1049l\x1b[?25h"]), "");
        assert_eq!(restored(&["plain \x1b[31mred\x1b[0m [?25l \x1b[25l"]), "");
        assert_eq!(restored(&["\x1b[?99999999999h\x1b[?;;;h", &"\x1b[?1;".repeat(50)]), "");
    }
}
