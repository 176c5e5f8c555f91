//! Walks the bytes in front of the emulator's parser to bound and complete what it does not; it never changes the grid.
//!
//! The parser keeps an operating system command of any length in memory, repeats a character as often as it is told,
//! and drops two requests that programs wait for. The states here follow the parser's own state machine byte by byte.

/// ESC, with which every control sequence begins.
pub(super) const ESCAPE: u8 = 0x1b;

/// The longest operating system command (OSC) that reaches the parser; what is beyond is dropped up to its end.
pub(super) const OSC_LIMIT: usize = 64 * 1024;

/// The longest status string request worth keeping: `$q` and a short name.
const DCS_KEPT: usize = 6;

/// How a shell marks its prompt (OSC 133 ; A, of `FinalTerm` and its followers).
const PROMPT: &[u8] = b"133;A";

/// How the next bytes are to be treated, in this order: forward, then act, then skip.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// How many bytes go to the parser.
    pub(super) forward: usize,
    /// What to do after them.
    pub(super) action: Action,
    /// How many bytes after those are dropped.
    pub(super) skip: usize,
}

/// What the bytes so far ask for, beyond what the parser understands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing.
    Nothing,
    /// REP with a count over the limit: the sequence in the parser is to be cancelled and given anew with the limit.
    LimitRepeat,
    /// XTVERSION: the name of the terminal.
    ReportVersion,
    /// DECRQSS: the current value of a setting.
    ReportSetting(Setting),
    /// OSC 133 ; A: the shell's prompt begins here.
    MarkPrompt,
}

/// The settings that DECRQSS may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// `m`: attributes and colours.
    Rendition,
    /// `r`: top and bottom margin.
    Margins,
    /// `SP q`: the cursor's shape.
    CursorStyle,
    /// Anything else; what was asked for is not kept, so that it cannot be echoed.
    Unknown,
}

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    Ground,
    Escape,
    EscapeIntermediate,
    Csi(Csi),
    Osc(Osc),
    Dcs(Dcs),
    /// SOS, PM and APC: the parser drops their content.
    Swallowed,
}

#[derive(Debug, Clone, Copy, Default)]
struct Osc {
    length: usize,
    /// Something other than [`PROMPT`] was said.
    no_prompt: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Csi {
    /// The private marker, one of `<=>?`, when there is one.
    marker: Option<u8>,
    intermediate: bool,
    first: u32,
    first_done: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Dcs {
    bytes: [u8; DCS_KEPT],
    length: usize,
    /// The string has ended and only the backslash of ST is missing.
    ended: bool,
}

/// The walker's place in the stream.
#[derive(Debug, Default)]
pub(super) struct Lexer {
    state: State,
}

impl Lexer {
    /// Whether the stream stands between control sequences.
    pub(super) fn is_at_rest(&self) -> bool {
        matches!(self.state, State::Ground)
    }

    /// Looks at `bytes`, which must not be empty, up to the first point where something is to be done.
    pub(super) fn scan(&mut self, bytes: &[u8], repeat_limit: u32) -> Piece {
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                State::Ground => match bytes[at..].iter().position(|&byte| byte == 0x1b) {
                    Some(plain) => {
                        at += plain + 1;
                        self.state = State::Escape;
                    }
                    None => return Piece::all(bytes),
                },
                State::Osc(osc) if osc.length >= OSC_LIMIT => {
                    let rest = bytes[at..].iter().position(|byte| matches!(byte, 0x07 | 0x18 | 0x1a | 0x1b));
                    let skip = rest.unwrap_or(bytes.len() - at);
                    if skip > 0 {
                        return Piece { forward: at, action: Action::Nothing, skip };
                    }
                    self.step(bytes[at], repeat_limit);
                    at += 1;
                }
                _ => {
                    let action = self.step(bytes[at], repeat_limit);
                    match action {
                        Action::Nothing => at += 1,
                        Action::LimitRepeat => {
                            return Piece { forward: at, action, skip: 1 };
                        }
                        _ => {
                            return Piece { forward: at + 1, action, skip: 0 };
                        }
                    }
                }
            }
        }
        Piece::all(bytes)
    }

    fn step(&mut self, byte: u8, repeat_limit: u32) -> Action {
        if let State::Dcs(dcs) = self.state {
            return self.step_dcs(dcs, byte);
        }
        let mut action = Action::Nothing;
        if let State::Osc(osc) = self.state
            && osc.is_prompt_before(byte)
        {
            action = Action::MarkPrompt;
        }
        self.state = match (self.state, byte) {
            (_, 0x18 | 0x1a) | (State::EscapeIntermediate, 0x30..=0x7e) | (State::Osc(_), 0x07) => State::Ground,
            (_, 0x1b) => State::Escape,
            (State::Escape, _) => match byte {
                b'[' => State::Csi(Csi::default()),
                b']' => State::Osc(Osc::default()),
                b'P' => State::Dcs(Dcs::default()),
                b'X' | b'^' | b'_' => State::Swallowed,
                0x20..=0x2f => State::EscapeIntermediate,
                0x30..=0x7e => State::Ground,
                _ => State::Escape,
            },
            (State::Csi(csi), 0x40..=0x7e) => {
                self.state = State::Ground;
                return csi.ended_by(byte, repeat_limit);
            }
            (State::Csi(csi), _) => State::Csi(csi.with(byte)),
            (State::Osc(osc), _) => State::Osc(osc.with(byte)),
            (state, _) => state,
        };
        action
    }

    fn step_dcs(&mut self, mut dcs: Dcs, byte: u8) -> Action {
        let mut action = Action::Nothing;
        self.state = match (dcs.ended, byte) {
            (true, b'\\') | (false, 0x9c) => {
                action = dcs.request().map_or(Action::Nothing, Action::ReportSetting);
                State::Ground
            }
            (true, _) => {
                // The escape did not end the string but began another sequence.
                self.state = State::Escape;
                return self.step(byte, 0);
            }
            (false, 0x1b) => {
                dcs.ended = true;
                State::Dcs(dcs)
            }
            (false, 0x18 | 0x1a) => State::Ground,
            (false, _) => {
                if let Some(place) = dcs.bytes.get_mut(dcs.length) {
                    *place = byte;
                }
                dcs.length = dcs.length.saturating_add(1);
                State::Dcs(dcs)
            }
        };
        action
    }
}

impl Piece {
    fn all(bytes: &[u8]) -> Piece {
        Piece { forward: bytes.len(), action: Action::Nothing, skip: 0 }
    }
}

impl Osc {
    fn with(self, byte: u8) -> Osc {
        let no_prompt = self.no_prompt || PROMPT.get(self.length).is_some_and(|wanted| *wanted != byte);
        Osc { length: self.length + 1, no_prompt }
    }

    /// Whether the command was a prompt's mark up to this byte, which ends it or begins its further words.
    fn is_prompt_before(self, byte: u8) -> bool {
        !self.no_prompt && self.length == PROMPT.len() && matches!(byte, b';' | 0x07 | 0x1b)
    }
}

impl Csi {
    fn with(mut self, byte: u8) -> Csi {
        match byte {
            b'0'..=b'9' if !self.first_done => {
                self.first = self.first.saturating_mul(10).saturating_add(u32::from(byte - b'0'));
            }
            b':' | b';' => self.first_done = true,
            b'<'..=b'?' => self.marker = Some(byte),
            0x20..=0x2f => self.intermediate = true,
            _ => {}
        }
        self
    }

    fn ended_by(self, last: u8, repeat_limit: u32) -> Action {
        match (last, self.marker) {
            (b'b', None) if !self.intermediate && self.first > repeat_limit => Action::LimitRepeat,
            (b'q', Some(b'>')) if !self.intermediate && self.first == 0 => Action::ReportVersion,
            _ => Action::Nothing,
        }
    }
}

impl Dcs {
    /// The setting asked for, when this was a DECRQSS.
    fn request(&self) -> Option<Setting> {
        let kept = self.bytes.get(..self.length).unwrap_or(&self.bytes);
        let name = kept.strip_prefix(b"$q")?;
        Some(match name {
            b"m" => Setting::Rendition,
            b"r" => Setting::Margins,
            b" q" => Setting::CursorStyle,
            _ => Setting::Unknown,
        })
    }
}

/// How many bytes at the end of `bytes` are the beginning of a character that is not all there. The parser drops text
/// behind a character that it is given in two parts, so these wait for the rest.
pub(super) fn incomplete_tail(bytes: &[u8]) -> usize {
    let longest = bytes.len().min(3);
    (1..=longest)
        .rev()
        .find(|length| {
            str::from_utf8(&bytes[bytes.len() - length..])
                .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What reaches the parser, and what is asked for, whatever the chunks.
    fn run(bytes: &[u8], chunk: usize) -> (Vec<u8>, Vec<Action>) {
        let mut lexer = Lexer::default();
        let (mut forwarded, mut actions) = (Vec::new(), Vec::new());
        for mut rest in bytes.chunks(chunk) {
            while !rest.is_empty() {
                let piece = lexer.scan(rest, 80);
                forwarded.extend_from_slice(&rest[..piece.forward]);
                if piece.action != Action::Nothing {
                    actions.push(piece.action);
                }
                rest = &rest[piece.forward + piece.skip..];
            }
        }
        (forwarded, actions)
    }

    #[test]
    fn a_long_operating_system_command_is_cut_and_its_end_kept() {
        let mut bytes = b"a\x1b]0;".to_vec();
        bytes.extend(std::iter::repeat_n(b'x', 3 * OSC_LIMIT));
        bytes.extend_from_slice(b"\x07b");
        for chunk in [1, 7, 4096, bytes.len()] {
            let (forwarded, _) = run(&bytes, chunk);
            assert_eq!(forwarded.len(), 3 + OSC_LIMIT + 2, "chunks of {chunk}");
            assert!(forwarded.ends_with(b"x\x07b"));
        }
    }

    #[test]
    fn the_beginning_of_a_character_is_told_from_rubbish() {
        for (bytes, length) in [
            (&b"abc"[..], 0),
            (b"", 0),
            (b"ab\xc3", 1),
            (b"\xe4\xbd", 2),
            (b"a\xf0\x9f\x9a", 3),
            (b"\xe4\xbd\xa0", 0),
            (b"\xbd\xa0", 0),
            (b"\xff\xe0\x80", 0),
            (b"\xe4\xc3", 1),
        ] {
            assert_eq!(incomplete_tail(bytes), length, "{bytes:x?}");
        }
    }

    #[test]
    fn only_repeats_over_the_limit_are_replaced() {
        assert_eq!(run(b"a\x1b[80b", 1).1, []);
        assert_eq!(run(b"a\x1b[81b", 1), (b"a\x1b[81".to_vec(), vec![Action::LimitRepeat]));
        assert_eq!(run(b"a\x1b[99999999999:1b", 3).1, [Action::LimitRepeat]);
        assert_eq!(run(b"a\x1b[?65535b\x1b[65535 b\x1b[1;65535b", 3).1, []);
    }

    #[test]
    fn requests_are_seen_across_chunks_and_not_inside_strings() {
        let settings = b"\x1bP$qm\x1b\\\x1bP$qr\x9c\x1bP$q q\x1b\\\x1bP$q\"p\x1b\\";
        for chunk in [1, 2, 64] {
            assert_eq!(
                run(settings, chunk).1,
                [Setting::Rendition, Setting::Margins, Setting::CursorStyle, Setting::Unknown]
                    .map(Action::ReportSetting)
            );
        }
        assert_eq!(run(b"\x1b[>q\x1b[>0q\x1b[>1q\x1b[ q", 2).1, [Action::ReportVersion, Action::ReportVersion]);
        assert_eq!(run(b"\x1b]0;[>q\x07\x1bPx[>q\x1b\\\x1b_[>q\x1b\\", 2).1, []);
        assert_eq!(run(b"\x1bP$qm\x1b[>q", 1).1, [Action::ReportVersion], "an escape begins a new sequence");
    }
}
