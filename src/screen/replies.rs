//! What a screen answers to the far end: every form a reply can take is here, made of numbers only, never of its text.

use alacritty_terminal::term::cell::{Cell as GridCell, Flags};
use alacritty_terminal::vte::ansi::{Color as GridColor, CursorShape, CursorStyle, Rgb};

/// The most that is owed at one time; a far end that asks without reading gets no more.
pub(super) const REPLIES_LIMIT: usize = 16 * 1024;

/// Answers not yet taken, in the order of the questions.
#[derive(Debug, Default)]
pub(super) struct Replies {
    bytes: Vec<u8>,
}

impl Replies {
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    /// Queues a whole answer, or nothing when too much is owed already.
    pub(super) fn push(&mut self, reply: &str) {
        if self.bytes.len() + reply.len() <= REPLIES_LIMIT {
            self.bytes.extend_from_slice(reply.as_bytes());
        }
    }

    /// DA1: a VT102, which is what programs may count on.
    pub(super) fn primary_attributes(&mut self) {
        self.push("\x1b[?6c");
    }

    /// DA2: as the emulator behind us answers, so that programs choose what they are known to choose for it.
    pub(super) fn secondary_attributes(&mut self) {
        self.push("\x1b[>0;2600;1c");
    }

    /// XTVERSION: the name and version of this program.
    pub(super) fn version(&mut self) {
        self.push(concat!("\x1bP>|", env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\x1b\\"));
    }

    /// DSR 5: all is well.
    pub(super) fn status(&mut self) {
        self.push("\x1b[0n");
    }

    /// CPR: the cursor, counted from 1.
    pub(super) fn cursor_position(&mut self, row: usize, column: usize) {
        self.push(&format!("\x1b[{row};{column}R"));
    }

    /// DECRPM of a private mode: 0 unknown, 1 set, 2 reset.
    pub(super) fn private_mode(&mut self, mode: u16, state: u8) {
        self.push(&format!("\x1b[?{mode};{state}$y"));
    }

    /// DECRPM of an ANSI mode.
    pub(super) fn ansi_mode(&mut self, mode: u16, state: u8) {
        self.push(&format!("\x1b[{mode};{state}$y"));
    }

    /// The flags of the kitty keyboard protocol in force.
    pub(super) fn kitty_flags(&mut self, flags: u8) {
        self.push(&format!("\x1b[?{flags}u"));
    }

    /// The text area in cells.
    pub(super) fn text_area(&mut self, rows: usize, columns: usize) {
        self.push(&format!("\x1b[8;{rows};{columns}t"));
    }

    /// A colour, for OSC 4 (`palette` is its index) or for OSC 10, 11 and 12 (`code`).
    pub(super) fn color(&mut self, code: u8, palette: Option<u8>, color: Rgb, bell: bool) {
        let end = if bell { "\x07" } else { "\x1b\\" };
        let index = palette.map(|index| format!(";{index}")).unwrap_or_default();
        let Rgb { r, g, b } = color;
        self.push(&format!("\x1b]{code}{index};rgb:{r:02x}{r:02x}/{g:02x}{g:02x}/{b:02x}{b:02x}{end}"));
    }

    /// DECRQSS of the attributes and colours that the next character will have.
    pub(super) fn rendition(&mut self, template: &GridCell) {
        self.push(&format!("\x1bP1$r{}m\x1b\\", rendition(template)));
    }

    /// DECRQSS of the margins, counted from 1.
    pub(super) fn margins(&mut self, top: usize, bottom: usize) {
        self.push(&format!("\x1bP1$r{top};{bottom}r\x1b\\"));
    }

    /// DECRQSS of the cursor's shape, as DECSCUSR numbers it.
    pub(super) fn cursor_style(&mut self, style: CursorStyle) {
        let shape = match style.shape {
            CursorShape::Underline => 3,
            CursorShape::Beam => 5,
            _ => 1,
        };
        let number = shape + u8::from(!style.blinking);
        self.push(&format!("\x1bP1$r{number} q\x1b\\"));
    }

    /// DECRQSS of what we do not know.
    pub(super) fn unknown_setting(&mut self) {
        self.push("\x1bP0$r\x1b\\");
    }
}

/// The SGR parameters that lead to a cell's style, after a reset.
fn rendition(cell: &GridCell) -> String {
    let mut parameters = vec!["0".to_owned()];
    let flags = [
        (Flags::BOLD, "1"),
        (Flags::DIM, "2"),
        (Flags::ITALIC, "3"),
        (Flags::UNDERLINE, "4"),
        (Flags::DOUBLE_UNDERLINE, "4:2"),
        (Flags::UNDERCURL, "4:3"),
        (Flags::DOTTED_UNDERLINE, "4:4"),
        (Flags::DASHED_UNDERLINE, "4:5"),
        (Flags::INVERSE, "7"),
        (Flags::HIDDEN, "8"),
        (Flags::STRIKEOUT, "9"),
    ];
    for (flag, parameter) in flags {
        if cell.flags.contains(flag) {
            parameters.push(parameter.to_owned());
        }
    }
    parameters.extend(color_parameter(cell.fg, 30));
    parameters.extend(color_parameter(cell.bg, 40));
    parameters.join(";")
}

/// The SGR parameter of a colour, counted from 30 or 40; none for the default.
fn color_parameter(color: GridColor, base: usize) -> Option<String> {
    Some(match color {
        GridColor::Spec(Rgb { r, g, b }) => format!("{}:2::{r}:{g}:{b}", base + 8),
        GridColor::Indexed(index) => format!("{}:5:{index}", base + 8),
        GridColor::Named(name) => match name as usize {
            index @ 0..8 => format!("{}", base + index),
            index @ 8..16 => format!("{}", base + 52 + index),
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use alacritty_terminal::vte::ansi::NamedColor;

    use super::*;

    #[test]
    fn answers_are_bounded_and_never_cut_in_half() {
        let mut replies = Replies::default();
        for _ in 0..REPLIES_LIMIT {
            replies.cursor_position(10, 10);
        }
        let owed = replies.take();
        assert!(owed.len() <= REPLIES_LIMIT);
        assert!(owed.ends_with(b"\x1b[10;10R"));
        assert_eq!(replies.take(), b"");
    }

    #[test]
    fn a_rendition_names_styles_and_colours() {
        let cell = GridCell {
            fg: GridColor::Named(NamedColor::BrightRed),
            bg: GridColor::Spec(Rgb { r: 1, g: 2, b: 3 }),
            flags: Flags::BOLD | Flags::UNDERCURL,
            ..GridCell::default()
        };
        assert_eq!(rendition(&cell), "0;1;4:3;91;48:2::1:2:3");
    }
}
