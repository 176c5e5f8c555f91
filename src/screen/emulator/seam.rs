//! A row of our own between those of the program: where its stream was cut. The program can neither write such a row nor
//! notice it: its cursor stays on the line it was on.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::cell::{Cell as GridCell, Flags};
use alacritty_terminal::vte::ansi::Handler;

use super::{Emulator, line};
use crate::screen::cell::{SEAM, SEAM_RULE, is_printable, width_of};

impl Emulator {
    /// Puts a row with this text above the line that the cursor is on. The alternate screen, which programs paint as a
    /// whole, gets none.
    pub(in crate::screen) fn mark_seam(&mut self, text: &str) {
        if self.on_alt_screen() {
            return;
        }
        let (mut cursor, margins) = (self.term.grid().cursor.clone(), self.margins.clone());
        let rows = self.term.screen_lines();
        self.term.set_scrolling_region(1, None);
        let mut above = usize::try_from(cursor.point.line.0).unwrap_or(0);
        while above > 0 && self.is_wrapped(above - 1) {
            above -= 1;
        }
        if !self.term.grid()[line(rows - 1)].is_clear() || above == rows - 1 {
            Handler::scroll_up(&mut self.term, 1);
            cursor.point.line -= 1;
            above = above.saturating_sub(1);
        }
        let grid = self.term.grid_mut();
        grid.cursor.point.line = line(above);
        grid.cursor.template = GridCell::default();
        self.term.insert_blank_lines(1);
        let columns = self.term.columns();
        let written = [SEAM, SEAM_RULE, ' '].into_iter().chain(text.chars()).chain([' ']);
        let written = written.filter(|c| *c == SEAM || (is_printable(*c) && width_of(*c) == 1));
        let row = &mut self.term.grid_mut()[line(above)];
        for (column, character) in written.chain(std::iter::repeat(SEAM_RULE)).take(columns).enumerate() {
            row[Column(column)].c = character;
        }
        self.term.set_scrolling_region(margins.start + 1, Some(margins.end));
        cursor.point.line = line(rows - 1).min(Line(cursor.point.line.0 + 1));
        self.term.grid_mut().cursor = cursor;
        self.spill();
    }

    fn is_wrapped(&self, row: usize) -> bool {
        self.term.grid()[line(row)][self.term.last_column()].flags.contains(Flags::WRAPLINE)
    }
}

#[cfg(test)]
mod tests {
    use crate::screen::{Screen, Size};

    fn screen(bytes: &[u8]) -> Screen {
        let mut screen = Screen::new(Size { columns: 20, rows: 4 }, 100);
        screen.feed(bytes);
        screen
    }

    fn seams(screen: &Screen) -> Vec<u16> {
        let mut rows = Vec::new();
        screen.for_each_cell(|column, row, cell| {
            assert!(!cell.symbol.chars().any(|c| c == super::SEAM));
            if column == 0 && cell.seam {
                rows.push(row);
            }
        });
        rows
    }

    #[test]
    fn a_seam_stands_above_the_line_that_goes_on() {
        for before in ["one\r\n2", "a\r\nb\r\nc\r\nd\r\none\r\n2", "one\r\nx\x1b[2;2H\x1b[2;1H2"] {
            let mut screen = screen(before.as_bytes());
            screen.mark_seam("cut");
            screen.feed(b"3\r\nafter");
            let text = screen.transcript();
            assert!(text.ends_with("one\n╌╌ cut ╌╌╌╌╌╌╌╌╌╌╌╌╌\n23\nafter"), "{text}");
            assert_eq!(seams(&screen).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_wrapped_line_is_not_torn() {
        let mut screen = screen(b"one\r\nabcdefghijklmnopqrstuvwx");
        screen.mark_seam("cut");
        screen.feed(b"yz");
        assert!(screen.transcript().ends_with("\nabcdefghijklmnopqrstuvwxyz"), "{}", screen.transcript());
        assert_eq!(seams(&screen), [1]);
    }

    #[test]
    fn margins_and_style_of_the_program_stay() {
        let mut screen = screen(b"\x1b[2;3r\x1b[1;1Hone\x1b[41m\x1b[2;1Htwo");
        screen.mark_seam("cut");
        screen.feed(b"\x1bP$qr\x1b\\\x1bP$qm\x1b\\\x1b[6n");
        assert_eq!(screen.take_replies(), b"\x1bP1$r2;3r\x1b\\\x1bP1$r0;41m\x1b\\\x1b[3;4R");
    }

    #[test]
    fn a_seam_survives_resizes_and_history_and_no_program_makes_one() {
        let mut screen = screen(b"one");
        screen.mark_seam("cut");
        screen.feed("\u{fdd0} no seam\r\n".as_bytes());
        screen.feed(&b"line\r\n".repeat(1500));
        screen.resize(Size { columns: 30, rows: 6 });
        screen.scroll(10_000);
        screen.mark_seam("wide \u{4f60} and \u{1b}[31mred");
        assert!(screen.transcript().contains("╌╌ wide  and [31mred ╌"), "{}", screen.transcript());
        let mut small = Screen::new(Size { columns: 2, rows: 1 }, 0);
        small.mark_seam("cut");
        small.feed(b"abc");
        small.mark_seam("cut");
        let mut alternate = self::screen(b"\x1b[?1049hfull screen");
        alternate.mark_seam("cut");
        assert_eq!(seams(&alternate), [0_u16; 0]);
    }
}
