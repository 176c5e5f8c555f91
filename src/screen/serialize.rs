//! A screen written as the bytes that make an empty one of the same size show the same; it never changes what is shown.
//!
//! What decides how keys become bytes (mouse, paste, cursor keys) is left out: whoever plays the bytes types nothing.

use std::fmt::Write as _;

use alacritty_terminal::grid::Cursor;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::{Cell as GridCell, Flags};
use alacritty_terminal::vte::ansi::{CharsetIndex, CursorShape, CursorStyle, Rgb, StandardCharset};

use super::cell::{Attributes, Color, Style, Underline};
use super::emulator::RowRef;
use super::view::NO_TEXT;
use super::{Screen, lexer};

/// How much of an unfinished control sequence is kept; what is beyond belongs to a string that shows nothing.
const UNFINISHED_KEPT: usize = 4 * 1024;

impl Screen {
    /// The screen as a stream of bytes, at the present however far the view is scrolled back: fed to an empty screen of
    /// the same size they give the same cells, cursor and title, and whatever is fed to both afterwards shows the same.
    /// The history is not in it, nor tab stops.
    pub fn serialize(&mut self) -> Vec<u8> {
        let mut out = String::new();
        self.write_palette(&mut out);
        if let Some(parked) = self.emulator.park_alt_screen() {
            self.write_rows(&mut out);
            self.write_cursor(&mut out, false);
            self.emulator.unpark_alt_screen(parked);
            out.push_str("\x1b[?1049h\x1b[H\x1b[0m");
        }
        self.write_rows(&mut out);
        self.write_margins(&mut out);
        self.write_cursor(&mut out, true);
        self.write_modes(&mut out);
        let mut bytes = out.into_bytes();
        bytes.extend_from_slice(&self.unfinished);
        bytes.extend_from_slice(&self.partial);
        bytes
    }

    /// Remembers the control sequence that has begun in these bytes, or before them, and has not ended yet.
    pub(super) fn keep_unfinished(&mut self, fed: &[u8]) {
        if self.lexer.is_at_rest() {
            self.unfinished.clear();
            return;
        }
        let began = fed.iter().rposition(|byte| *byte == lexer::ESCAPE);
        if began.is_some() {
            self.unfinished.clear();
        }
        let more = &fed[began.unwrap_or(0)..];
        let room = UNFINISHED_KEPT.saturating_sub(self.unfinished.len());
        self.unfinished.extend_from_slice(&more[..more.len().min(room)]);
    }

    fn write_rows(&self, out: &mut String) {
        let mut pen = Style::default();
        let mut goes_on = false;
        let mut line_feeds = 0;
        for row in 0..self.size.rows {
            line_feeds += usize::from(row > 0 && !goes_on);
            let Some(cells) = self.screen_row(row) else { continue };
            let next = self.screen_row(row + 1);
            let wrapped = cells.is_wrapped() && next.is_some_and(|next| self.continues(cells, next));
            let mut text = String::new();
            self.write_row(&mut text, &mut pen, cells, wrapped, goes_on);
            if !text.is_empty() {
                out.extend(std::iter::repeat_n("\r\n", std::mem::take(&mut line_feeds)));
                out.push_str(&text);
            }
            goes_on = wrapped;
        }
        set_pen(out, &mut pen, Style::default());
    }

    fn screen_row(&self, row: u16) -> Option<RowRef<'_>> {
        (row < self.size.rows).then(|| self.emulator.row(self.emulator.first_row() + u64::from(row))).flatten()
    }

    /// Whether printing the one row behind the other wraps just where they are parted.
    fn continues(&self, cells: RowRef<'_>, next: RowRef<'_>) -> bool {
        let (mut last, mut first) = (None, None);
        cells.visit(self.size.columns, &mut |_, base, _, _, _| last = Some(base));
        next.visit(self.size.columns, &mut |_, _, _, width, _| {
            first.get_or_insert(width);
        });
        last != Some(NO_TEXT) || first == Some(2)
    }

    /// Prints a row: all of it where the next one follows by wrapping, else up to its last cell that is not blank.
    fn write_row(&self, out: &mut String, pen: &mut Style, cells: RowRef<'_>, wrapped: bool, continued: bool) {
        let mut end = u16::from(continued);
        cells.visit(self.size.columns, &mut |column, base, marks, _, style| {
            let blank = matches!(base, ' ' | NO_TEXT) && marks.is_empty() && style == Style::default();
            if wrapped || !blank {
                end = column + 1;
            }
        });
        cells.visit(self.size.columns, &mut |column, base, marks, _, style| {
            if column >= end || (base == NO_TEXT && wrapped) {
                return;
            }
            set_pen(out, pen, style);
            out.push(if base == NO_TEXT { ' ' } else { base });
            out.extend(marks);
        });
    }

    /// The colours the program has changed (OSC 4, 10 and 11).
    fn write_palette(&self, out: &mut String) {
        let colors = self.emulator.term().colors();
        for index in 0..=257_usize {
            let Some(Rgb { r, g, b }) = colors[index] else { continue };
            let _ = match index {
                256 => write!(out, "\x1b]10"),
                257 => write!(out, "\x1b]11"),
                _ => write!(out, "\x1b]4;{index}"),
            };
            let _ = write!(out, ";rgb:{r:02x}/{g:02x}/{b:02x}\x07");
        }
    }

    fn write_margins(&self, out: &mut String) {
        let margins = self.emulator.margins();
        if margins != (0..usize::from(self.size.rows)) {
            let _ = write!(out, "\x1b[{};{}r", margins.start + 1, margins.end);
        }
    }

    /// The saved cursor and the cursor itself, with what it will print in.
    fn write_cursor(&self, out: &mut String, front: bool) {
        let term = self.emulator.term();
        let (cursor, saved) = (&term.grid().cursor, &term.grid().saved_cursor);
        if *saved != Cursor::default() {
            self.write_point(out, saved, 0);
            let mut pen = Style::default();
            set_pen(out, &mut pen, Style::of(&saved.template));
            out.push_str("\x1b7\x1b[0m");
        }
        let origin = term.mode().contains(TermMode::ORIGIN) && front;
        if origin {
            out.push_str("\x1b[?6h");
        }
        self.write_point(out, cursor, if origin { self.emulator.margins().start } else { 0 });
        let mut pen = Style::default();
        if cursor.input_needs_wrap {
            self.write_last_cell(out, &mut pen, cursor);
        }
        set_pen(out, &mut pen, Style::of(&cursor.template));
        for (index, name) in
            [(CharsetIndex::G0, '('), (CharsetIndex::G1, ')'), (CharsetIndex::G2, '*'), (CharsetIndex::G3, '+')]
        {
            if cursor.charsets[index] == StandardCharset::SpecialCharacterAndLineDrawing {
                let _ = write!(out, "\x1b{name}0");
            }
        }
    }

    fn write_point(&self, out: &mut String, cursor: &Cursor<GridCell>, top: usize) {
        let row = usize::try_from(cursor.point.line.0).unwrap_or(0).min(usize::from(self.size.rows) - 1);
        let _ = write!(out, "\x1b[{};{}H", row.saturating_sub(top) + 1, cursor.point.column.0 + 1);
    }

    /// Prints the last cell of the cursor's row once more, so that the next character wraps.
    fn write_last_cell(&self, out: &mut String, pen: &mut Style, cursor: &Cursor<GridCell>) {
        let row = &self.emulator.term().grid()[Line(cursor.point.line.0)];
        let wide = cursor.point.column.0 > 0 && row[cursor.point.column].flags.contains(Flags::WIDE_CHAR_SPACER);
        let column = Column(cursor.point.column.0 - usize::from(wide));
        if wide {
            out.push('\x08');
        }
        let cell = &row[column];
        set_pen(out, pen, Style::of(cell));
        out.push(if cell.c == '\t' { ' ' } else { cell.c });
        out.extend(cell.zerowidth().unwrap_or_default());
    }

    fn write_modes(&self, out: &mut String) {
        let term = self.emulator.term();
        for (set, text) in [
            (!term.mode().contains(TermMode::LINE_WRAP), "\x1b[?7l"),
            (!term.mode().contains(TermMode::SHOW_CURSOR), "\x1b[?25l"),
            (term.mode().contains(TermMode::INSERT), "\x1b[4h"),
            (term.mode().contains(TermMode::LINE_FEED_NEW_LINE), "\x1b[20h"),
        ] {
            if set {
                out.push_str(text);
            }
        }
        let CursorStyle { shape, blinking } = term.cursor_style();
        let number = match shape {
            CursorShape::Underline => 3,
            CursorShape::Beam => 5,
            CursorShape::Block | CursorShape::HollowBlock | CursorShape::Hidden => 1,
        };
        // The steady block is what every terminal begins with here.
        if (shape, blinking) != (CursorShape::Block, false) {
            let _ = write!(out, "\x1b[{} q", if blinking { number } else { number + 1 });
        }
        if let Some(title) = self.title() {
            let _ = write!(out, "\x1b]2;{title}\x07");
        }
    }
}

/// Selects a style (SGR) unless it is selected already.
fn set_pen(out: &mut String, pen: &mut Style, style: Style) {
    if *pen == style {
        return;
    }
    *pen = style;
    out.push_str("\x1b[0");
    let Attributes { bold, dim, italic, underline, inverse, hidden, strike } = style.attributes;
    for (set, code) in [(bold, ";1"), (dim, ";2"), (italic, ";3"), (inverse, ";7"), (hidden, ";8"), (strike, ";9")] {
        if set {
            out.push_str(code);
        }
    }
    out.push_str(match underline {
        Underline::None => "",
        Underline::Single => ";4",
        Underline::Double => ";4:2",
        Underline::Curly => ";4:3",
        Underline::Dotted => ";4:4",
        Underline::Dashed => ";4:5",
    });
    write_color(out, style.fg, 30, 38);
    write_color(out, style.bg, 40, 48);
    match style.underline_color {
        None | Some(Color::Default) => {}
        Some(Color::Indexed(index)) => {
            let _ = write!(out, ";58:5:{index}");
        }
        Some(Color::Rgb(red, green, blue)) => {
            let _ = write!(out, ";58:2::{red}:{green}:{blue}");
        }
    }
    out.push('m');
}

fn write_color(out: &mut String, color: Color, first: u8, extended: u8) {
    let _ = match color {
        Color::Default => Ok(()),
        Color::Indexed(index @ 0..=7) => write!(out, ";{}", first + index),
        Color::Indexed(index @ 8..=15) => write!(out, ";{}", first + 60 + index - 8),
        Color::Indexed(index) => write!(out, ";{extended};5;{index}"),
        Color::Rgb(red, green, blue) => write!(out, ";{extended};2;{red};{green};{blue}"),
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::fmt::Write as _;

    use crate::screen::{Attributes, Screen, Size};

    /// Everything that is seen of a screen.
    fn seen(screen: &Screen) -> String {
        let mut text = format!("{:?} {:?}\n", screen.cursor(), screen.title());
        screen.for_each_cell(|column, row, cell| {
            if (cell.symbol, cell.bg, cell.attributes) != (" ", crate::screen::Color::Default, Attributes::default()) {
                let _ = writeln!(text, "{row}:{column} {cell:?}");
            }
        });
        text
    }

    fn again(screen: &mut Screen) -> Screen {
        let mut other = Screen::new(screen.size(), 100);
        let bytes = screen.serialize();
        other.feed(&bytes);
        other
    }

    fn assert_same(fed: &[u8], then: &[u8]) {
        let mut screen = Screen::new(Size { columns: 10, rows: 4 }, 100);
        screen.feed(fed);
        let before = seen(&screen);
        let mut other = again(&mut screen);
        assert_eq!(seen(&screen), before, "looking changed the screen");
        assert_eq!(seen(&other), before, "{:?}", String::from_utf8_lossy(fed));
        screen.feed(then);
        other.feed(then);
        assert_eq!(seen(&other), seen(&screen), "{:?} then {:?}", String::from_utf8_lossy(fed), then);
    }

    #[test]
    fn what_is_fed_back_shows_the_same_and_goes_on_the_same() {
        for (fed, then) in [
            ("plain\r\ntext", "x\r\ny"),
            ("a line that wraps twice over", "x"),
            ("0123456789", "x"),
            ("\u{4f60}\u{597d}\u{4f60}\u{597d}\u{4f60}", "x"),
            ("123456789\u{4f60}x", "\x1b[1;31mx"),
            ("e\u{301}\x1b[1;4:3;58:5:9;38;2;1;2;3;48;5;200mred \x1b[0;7m  \x1b[44m   ", "x\r\n\n\n\ny"),
            ("1\r\n2\r\n3\r\n4\r\n5\x1b[2;3r\x1b[2;4H", "\n\n\nmore"),
            ("a\x1b[2;3r\x1b[?6h\x1b[2;2Hb", "\x1b[1;1Hc"),
            ("shell $ vi\x1b[?1049h\x1b[2J\x1b[2;2H~\x1b[7mfile", "\x1b[?1049l after"),
            ("\x1b[3;3H\x1b[31m\x1b7\x1b[1;1Hhome", "\x1b8saved"),
            ("\x1b(0lqqk", "x\x1b(Bx"),
            ("\x1b[?25l\x1b[5 q\x1b]2;a title\x07\x1b[20hx", "\ny"),
            ("\x1b[?7lno wrap at all here", "!"),
            ("half of a sequence \x1b[3", "1mred"),
            ("\x1b]2;half a ti", "tle\x07text"),
            ("x\x1b]2;title\x1b", "\\text"),
            ("\x1bP$q", "m\x1b\\text"),
            ("\x1b]4;1;#102030\x07\x1b[31mX", "Y"),
        ] {
            assert_same(fed.as_bytes(), then.as_bytes());
        }
    }

    #[test]
    fn half_a_character_is_kept() {
        assert_same(b"ab\xe4\xbd", b"\xa0c");
    }

    #[test]
    fn a_long_string_in_progress_is_bounded() {
        let mut screen = Screen::new(Size { columns: 10, rows: 4 }, 0);
        screen.feed(b"\x1bPx");
        for _ in 0..1000 {
            screen.feed(&[b'y'; 1000]);
        }
        assert!(screen.serialize().len() < 10_000);
        let mut other = again(&mut screen);
        other.feed(b"\x1b\\end");
        assert_eq!(other.text().trim(), "end");
    }

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z ]{1,12}",
            Just("\r\n".to_owned()),
            Just("\u{4f60}\u{597d}e\u{301}".to_owned()),
            (0..110u8).prop_map(|code| format!("\x1b[{code}m")),
            (0..6u8, 0..12u8).prop_map(|(row, column)| format!("\x1b[{row};{column}H")),
            (0..3u8, prop_oneof![Just('J'), Just('K')]).prop_map(|(mode, what)| format!("\x1b[{mode}{what}")),
            (1..4u8, prop_oneof![Just('L'), Just('M'), Just('@'), Just('P'), Just('X'), Just('S'), Just('T')])
                .prop_map(|(count, what)| format!("\x1b[{count}{what}")),
            (1..5u8, 1..5u8).prop_map(|(top, bottom)| format!("\x1b[{top};{bottom}r")),
            Just("\x1b[?1049h".to_owned()),
            Just("\x1b[?1049l".to_owned()),
            Just("\x1b[?25l".to_owned()),
            Just("\t".to_owned()),
            Just("\x08".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn any_screen_comes_back(fed in prop::collection::vec(piece(), 0..30)) {
            assert_same(fed.concat().as_bytes(), b"x\r\ny");
        }
    }
}
