//! One cell of a screen as a painter needs it: a symbol that is safe to print, its width, colours and attributes.

use alacritty_terminal::term::cell::{Cell as GridCell, Flags};
use alacritty_terminal::vte::ansi::{Color as GridColor, NamedColor};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The most combining marks kept on one character; a hostile stream would pile up thousands.
pub(super) const MARKS_MAX: usize = 8;

/// A colour as the program named it; what `Default` and the first sixteen look like is the theme's matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Color {
    /// The terminal's own foreground or background.
    #[default]
    Default,
    /// One of the 256 of the palette.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// How a cell is underlined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Underline {
    /// Not at all.
    #[default]
    None,
    /// One line.
    Single,
    /// Two lines.
    Double,
    /// A wave.
    Curly,
    /// Dots.
    Dotted,
    /// Dashes.
    Dashed,
}

/// The SGR attributes of a cell, colours aside. Blinking is not kept.
#[expect(clippy::struct_excessive_bools, reason = "each is one independent SGR attribute")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Attributes {
    /// SGR 1.
    pub bold: bool,
    /// SGR 2.
    pub dim: bool,
    /// SGR 3.
    pub italic: bool,
    /// SGR 4 and its styles.
    pub underline: Underline,
    /// SGR 7: foreground and background change places.
    pub inverse: bool,
    /// SGR 8: takes its place but is not shown.
    pub hidden: bool,
    /// SGR 9.
    pub strike: bool,
}

/// A cell to paint. A wide character is given once, at its left column, with a width of 2; the column right of it is
/// covered and not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// What to print: one character with at most eight combining marks, no control characters, and exactly as wide
    /// as `width` says. A blank is one space.
    pub symbol: &'a str,
    /// Columns taken: 1 or 2.
    pub width: u8,
    /// The colour of the text.
    pub fg: Color,
    /// The colour behind it.
    pub bg: Color,
    /// The colour of the underline, when it is not that of the text.
    pub underline_color: Option<Color>,
    /// Bold and the like.
    pub attributes: Attributes,
    /// Inside the selection.
    pub selected: bool,
    /// Part of a row that is ours and not the program's: it marks where the stream was cut.
    pub seam: bool,
}

/// Everything about a cell but its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Style {
    pub(super) fg: Color,
    pub(super) bg: Color,
    pub(super) underline_color: Option<Color>,
    pub(super) attributes: Attributes,
}

impl Style {
    pub(super) fn of(cell: &GridCell) -> Style {
        Style {
            fg: color(cell.fg),
            bg: color(cell.bg),
            underline_color: cell.underline_color().map(color),
            attributes: Attributes::of(cell.flags),
        }
    }
}

impl Attributes {
    fn of(flags: Flags) -> Attributes {
        let underline = match flags & Flags::ALL_UNDERLINES {
            under if under.is_empty() => Underline::None,
            Flags::DOUBLE_UNDERLINE => Underline::Double,
            Flags::UNDERCURL => Underline::Curly,
            Flags::DOTTED_UNDERLINE => Underline::Dotted,
            Flags::DASHED_UNDERLINE => Underline::Dashed,
            _ => Underline::Single,
        };
        Attributes {
            bold: flags.contains(Flags::BOLD),
            dim: flags.contains(Flags::DIM),
            italic: flags.contains(Flags::ITALIC),
            underline,
            inverse: flags.contains(Flags::INVERSE),
            hidden: flags.contains(Flags::HIDDEN),
            strike: flags.contains(Flags::STRIKEOUT),
        }
    }
}

/// Named colours are the default ones and the first sixteen; what else the emulator names it never puts in a cell.
fn color(color: GridColor) -> Color {
    match color {
        GridColor::Spec(rgb) => Color::Rgb(rgb.r, rgb.g, rgb.b),
        GridColor::Indexed(index) => Color::Indexed(index),
        GridColor::Named(NamedColor::Foreground | NamedColor::Background) => Color::Default,
        GridColor::Named(name) => u8::try_from(name as usize).map_or(Color::Default, Color::Indexed),
    }
}

/// A small buffer a symbol is put together in, so that painting allocates nothing.
pub(super) struct SymbolBuffer([u8; 4 * (MARKS_MAX + 1)]);

impl SymbolBuffer {
    pub(super) fn new() -> SymbolBuffer {
        SymbolBuffer([0; 4 * (MARKS_MAX + 1)])
    }

    /// A character and its marks as text that a terminal shows in exactly `width` columns: marks that would change
    /// the width (an emoji selector, an enclosing keycap) are left out.
    pub(super) fn symbol(&mut self, base: char, marks: &[char], width: u8) -> &str {
        let base = if is_printable(base) { base } else { ' ' };
        let mut length = base.encode_utf8(&mut self.0).len();
        let without_marks = length;
        for mark in marks.iter().take(MARKS_MAX) {
            let widening = matches!(mark, '\u{fe0f}' | '\u{20e3}') && width == 1;
            if !widening && is_printable(*mark) {
                length += mark.encode_utf8(&mut self.0[length..]).len();
            }
        }
        let text = str::from_utf8(&self.0[..length]).unwrap_or(" ");
        if length == without_marks || text.width() == usize::from(width) {
            text
        } else {
            text.get(..without_marks).unwrap_or(" ")
        }
    }
}

/// Stands in the first column of the rows that are ours; a noncharacter, which no program can put there.
pub(super) const SEAM: char = '\u{fdd0}';

/// What is shown in its place, and what fills such a row.
pub(super) const SEAM_RULE: char = '╌';

/// Whether a character may reach the user's terminal: no controls, no line separators, and none of the invisible ones
/// that reorder or hide text (bidirectional controls, tags, byte order marks).
#[inline]
pub fn is_printable(character: char) -> bool {
    // Nearly every one is, and this is asked of each that scrolls off.
    matches!(character, ' '..='~')
        || !matches!(
            character,
            '\0'..='\x1f'
                | '\x7f'..='\u{9f}'
                | '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Columns a character takes in a cell of its own: 0 for a combining mark.
pub(super) fn width_of(character: char) -> usize {
    if character.is_ascii() { 1 } else { character.width().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_as_wide_as_its_cell() {
        let mut buffer = SymbolBuffer::new();
        assert_eq!(buffer.symbol('e', &['\u{301}'], 1), "e\u{301}");
        assert_eq!(buffer.symbol('\u{2764}', &['\u{fe0f}'], 1), "\u{2764}", "a heart asked to be an emoji");
        assert_eq!(buffer.symbol('1', &['\u{fe0f}', '\u{20e3}'], 1), "1", "a keycap");
        assert_eq!(buffer.symbol('\u{1f680}', &['\u{fe0f}'], 2), "\u{1f680}\u{fe0f}");
        assert_eq!(buffer.symbol('\t', &[], 1), " ");
        assert_eq!(buffer.symbol('\u{9b}', &[], 1), " ");
    }

    #[test]
    fn marks_are_capped() {
        let mut buffer = SymbolBuffer::new();
        let symbol = buffer.symbol('e', &['\u{301}'; 200], 1);
        assert_eq!(symbol.chars().count(), 1 + MARKS_MAX);
    }
}
