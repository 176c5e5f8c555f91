//! What a screen shows: its cells, its cursor and its text, at the present or scrolled back; it never changes them.

use alacritty_terminal::grid::Row;
use alacritty_terminal::index::Column;
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::cell::{Cell as GridCell, Flags};
use alacritty_terminal::vte::ansi::CursorShape as GridCursorShape;

use super::Screen;
use super::cell::{Cell, Color, MARKS_MAX, SEAM, SEAM_RULE, Style, SymbolBuffer, width_of};
use super::emulator::RowRef;
use super::history::{StoredRow, Styles};

/// The cursor as it is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its column, from 0.
    pub column: u16,
    /// Its row in the view, from 0.
    pub row: u16,
    /// Its shape.
    pub shape: CursorShape,
    /// Whether the program wants it to blink.
    pub blinking: bool,
    /// Whether the program chose shape and blinking; else they are the user's own.
    pub chosen: bool,
}

/// The shape of a cursor (DECSCUSR).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CursorShape {
    /// A filled cell.
    #[default]
    Block,
    /// A line under the character.
    Underline,
    /// A line left of the character.
    Bar,
}

impl Screen {
    /// The cursor, or `None` when the program hides it or it is scrolled out of view.
    pub fn cursor(&self) -> Option<Cursor> {
        let term = self.emulator.term();
        if !term.mode().contains(TermMode::SHOW_CURSOR) {
            return None;
        }
        let point = term.grid().cursor.point;
        let row = usize::try_from(point.line.0).ok()?.checked_add(self.offset)?;
        let row = u16::try_from(row).ok().filter(|row| *row < self.size.rows)?;
        let on_right_half = term.grid()[point].flags.contains(Flags::WIDE_CHAR_SPACER);
        let column = point.column.0.saturating_sub(usize::from(on_right_half));
        let style = term.cursor_style();
        let shape = match style.shape {
            GridCursorShape::Underline => CursorShape::Underline,
            GridCursorShape::Beam => CursorShape::Bar,
            GridCursorShape::Hidden => return None,
            GridCursorShape::Block | GridCursorShape::HollowBlock => CursorShape::Block,
        };
        Some(Cursor {
            column: u16::try_from(column).ok()?,
            row,
            shape,
            blinking: style.blinking,
            chosen: self.emulator.cursor_chosen(),
        })
    }

    /// Gives every cell in view as `(column, row, cell)`, row by row, from the left. All columns are covered.
    /// Nothing is allocated.
    pub fn for_each_cell(&self, mut each: impl FnMut(u16, u16, &Cell<'_>)) {
        let selected = self.selected_range();
        let mut buffer = SymbolBuffer::new();
        for row in 0..self.size.rows {
            let number = self.row_number(row);
            let Some(cells) = self.emulator.row(number) else {
                continue;
            };
            let mut seam = false;
            cells.visit(self.size.columns, &mut |column, base, marks, width, style| {
                seam |= base == SEAM;
                let base = if base == SEAM { SEAM_RULE } else { base };
                let cell = Cell {
                    symbol: buffer.symbol(base, marks, width),
                    seam,
                    width,
                    fg: self.color(style.fg, 256),
                    bg: self.color(style.bg, 257),
                    underline_color: style.underline_color.map(|color| self.color(color, 256)),
                    attributes: style.attributes,
                    selected: selected.is_some_and(|range| range.contains(number, column, width)),
                };
                each(column, row, &cell);
            });
        }
    }

    /// The text in view, one line a row without the blanks at its end, each ended by a line feed.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for row in 0..self.size.rows {
            text.push_str(&self.row_text(self.row_number(row)));
            text.push('\n');
        }
        text
    }

    /// The text of a row in view, without the blanks at its end; empty when there is no such row.
    pub fn line_text(&self, row: u16) -> String {
        if row < self.size.rows { self.row_text(self.row_number(row)) } else { String::new() }
    }

    /// The text of everything there is to be seen, history first, with wrapped rows joined: a transcript. What the
    /// program hid (SGR 8) is blank; a screen behind the alternate one comes before it.
    pub fn transcript(&mut self) -> String {
        let mut text = String::new();
        if let Some(parked) = self.emulator.park_alt_screen() {
            self.write_shown(&mut text);
            self.emulator.unpark_alt_screen(parked);
            text.truncate(text.trim_end().len());
            text.push_str("\n\n");
        }
        self.write_shown(&mut text);
        text.truncate(text.trim_end().len());
        text
    }

    /// How many rows a transcript lacks since they have left the history.
    pub fn rows_gone(&mut self) -> u64 {
        let parked = self.emulator.park_alt_screen();
        let gone = self.oldest_row();
        if let Some(parked) = parked {
            self.emulator.unpark_alt_screen(parked);
        }
        gone
    }

    fn write_shown(&self, text: &mut String) {
        for number in self.oldest_row()..=self.newest_row() {
            let Some(cells) = self.emulator.row(number) else { continue };
            let start = text.len();
            cells.visit(self.size.columns, &mut |_, base, marks, width, style| match base {
                NO_TEXT => {}
                _ if style.attributes.hidden => text.extend(std::iter::repeat_n(' ', usize::from(width))),
                SEAM => text.push(SEAM_RULE),
                _ => {
                    text.push(base);
                    text.extend(marks);
                }
            });
            if !cells.is_wrapped() {
                text.truncate(start + text[start..].trim_end_matches(' ').len());
                text.push('\n');
            }
        }
    }

    /// The number of a row in view, counting every row since the screen began.
    pub(super) fn row_number(&self, row: u16) -> u64 {
        (self.emulator.first_row() + u64::from(row)).saturating_sub(self.offset as u64)
    }

    /// The text of any row.
    pub(super) fn row_text(&self, number: u64) -> String {
        let mut text = String::new();
        let Some(cells) = self.emulator.row(number) else {
            return text;
        };
        cells.visit(self.size.columns, &mut |_, base, marks, _, _| {
            if base != NO_TEXT {
                text.push(if base == SEAM { SEAM_RULE } else { base });
                text.extend(marks.iter());
            }
        });
        if !cells.is_wrapped() {
            text.truncate(text.trim_end_matches(' ').len());
        }
        text
    }

    /// A colour with what the program made of it; `default` is where the library keeps a changed default.
    fn color(&self, color: Color, default: usize) -> Color {
        let changed = match color {
            Color::Default => self.emulator.term().colors()[default],
            Color::Indexed(index) => self.emulator.term().colors()[usize::from(index)],
            Color::Rgb(..) => None,
        };
        changed.map_or(color, |rgb| Color::Rgb(rgb.r, rgb.g, rgb.b))
    }
}

/// The character of a column that holds no text: right of a stored row's end, or left free because a wide character
/// did not fit. It is painted as a blank.
pub(super) const NO_TEXT: char = '\0';

/// Takes a cell's column, character, marks, width and style.
type Visitor<'a> = dyn FnMut(u16, char, &[char], u8, Style) + 'a;

impl RowRef<'_> {
    /// The line goes on in the next row.
    pub(super) fn is_wrapped(self) -> bool {
        match self {
            RowRef::Grid(row) => row[Column(row.len() - 1)].flags.contains(Flags::WRAPLINE),
            RowRef::Stored(row) => row.wrapped,
        }
    }

    /// Gives the cells of a row so that exactly `columns` columns are covered.
    pub(super) fn visit(self, columns: u16, each: &mut Visitor<'_>) {
        match self {
            RowRef::Grid(row) => visit_grid(row, columns, each),
            RowRef::Stored(row) => visit_stored(row, columns, each),
        }
    }
}

fn visit_grid(row: &Row<GridCell>, columns: u16, each: &mut Visitor<'_>) {
    let width = usize::from(columns).min(row.len());
    let cells = &row[Column(0)..Column(width)];
    let mut covered = false;
    for (column, cell) in (0_u16..).zip(cells) {
        if std::mem::take(&mut covered) {
            continue;
        }
        let character = match cell.c {
            _ if cell.flags.contains(Flags::LEADING_WIDE_CHAR_SPACER) => NO_TEXT,
            '\t' => ' ',
            other => other,
        };
        let marks = cell.zerowidth().unwrap_or_default();
        if !cell.flags.intersects(Flags::WIDE_CHAR | Flags::WIDE_CHAR_SPACER) {
            each(column, character, marks, 1, Style::of(cell));
            continue;
        }
        let right = cells.get(usize::from(column) + 1);
        covered = cell.flags.contains(Flags::WIDE_CHAR)
            && right.is_some_and(|right| right.flags.contains(Flags::WIDE_CHAR_SPACER));
        if covered {
            each(column, character, marks, 2, Style::of(cell));
        } else {
            // Half a wide character is shown as a blank.
            each(column, ' ', &[], 1, Style::of(cell));
        }
    }
}

fn visit_stored(row: &StoredRow, columns: u16, each: &mut Visitor<'_>) {
    let mut styles = Styles::new(&row.runs);
    let mut characters = row.text.char_indices().peekable();
    let mut marks = ['\0'; MARKS_MAX];
    let mut column = 0;
    while let Some((at, character)) = characters.next() {
        let width = width_of(character);
        let mut count = 0;
        while let Some((_, mark)) = characters.next_if(|(_, next)| width_of(*next) == 0) {
            if let Some(place) = marks.get_mut(count) {
                *place = mark;
                count += 1;
            }
        }
        let next = usize::from(column) + width;
        if next > usize::from(columns) {
            break;
        }
        each(column, character, &marks[..count], if width == 2 { 2 } else { 1 }, styles.at(at));
        column = u16::try_from(next).unwrap_or(columns);
    }
    for column in column..columns {
        each(column, NO_TEXT, &[], 1, Style::default());
    }
}

#[cfg(test)]
mod tests {
    use crate::screen::{Color, Cursor, CursorShape, Screen, Size, Underline};

    fn screen(bytes: &[u8]) -> Screen {
        let mut screen = Screen::new(Size { columns: 10, rows: 3 }, 100);
        screen.feed(bytes);
        screen
    }

    #[test]
    fn cells_carry_symbol_width_colours_and_attributes() {
        let screen = screen("\x1b[1;4:3;31;48;2;1;2;3m\u{4f60}\x1b[0;58:5:9;4me\u{301}\t|".as_bytes());
        let mut seen = Vec::new();
        screen.for_each_cell(|column, row, cell| {
            if row == 0 {
                seen.push((column, cell.symbol.to_owned(), cell.width));
            }
            if (column, row) == (0, 0) {
                assert_eq!((cell.fg, cell.bg), (Color::Indexed(1), Color::Rgb(1, 2, 3)));
                assert!(cell.attributes.bold && cell.attributes.underline == Underline::Curly);
            }
            if (column, row) == (2, 0) {
                assert_eq!(cell.underline_color, Some(Color::Indexed(9)));
            }
        });
        assert_eq!(seen[..2], [(0, "\u{4f60}".to_owned(), 2), (2, "e\u{301}".to_owned(), 1)]);
        assert_eq!(seen.iter().map(|(_, _, width)| u16::from(*width)).sum::<u16>(), 10);
        assert_eq!(seen.last().map(|(_, symbol, _)| symbol.as_str()), Some(" "));
    }

    #[test]
    fn changed_colours_are_shown_and_reset_puts_them_back() {
        let mut screen = screen(b"\x1b]4;1;#102030\x07\x1b]11;rgb:40/50/60\x07\x1b[31mX");
        let mut first = None;
        screen.for_each_cell(|column, row, cell| {
            if (column, row) == (0, 0) {
                first = Some((cell.fg, cell.bg));
            }
        });
        assert_eq!(first, Some((Color::Rgb(0x10, 0x20, 0x30), Color::Rgb(0x40, 0x50, 0x60))));
        screen.feed(b"\x1bc");
        screen.for_each_cell(|_, _, cell| assert_eq!(cell.bg, Color::Default));
    }

    #[test]
    fn the_cursor_hides_and_scrolls_away() {
        let mut screen = screen(b"1\r\n2\r\n3\r\n4\x1b[5 q");
        let shown = Cursor { column: 1, row: 2, shape: CursorShape::Bar, blinking: true, chosen: true };
        assert_eq!(screen.cursor(), Some(shown));
        screen.scroll(1);
        assert_eq!(screen.cursor(), None);
        screen.scroll_to_bottom();
        screen.feed(b"\x1b[?25l");
        assert_eq!(screen.cursor(), None);
    }

    #[test]
    fn a_transcript_joins_what_was_only_wrapped() {
        let mut screen = screen(b"one long line of text\r\ntwo\r\nthree\r\nfour");
        assert_eq!(screen.transcript(), "one long line of text\ntwo\nthree\nfour");
        assert_eq!(screen.line_text(2), "four");
    }

    #[test]
    fn a_transcript_has_what_was_shown_on_either_screen_and_nothing_hidden() {
        let mut screen = screen(b"1\r\n2\r\n3\r\n4 \x1b[8mhidden\x1b[0m\r\n\x1b[?1049h\x1b[Hpager");
        let before = screen.serialize();
        assert_eq!(screen.transcript(), "1\n2\n3\n4\n\npager");
        assert_eq!(screen.serialize(), before, "looking changes nothing");
    }

    #[test]
    fn a_screen_in_front_does_not_make_the_history_behind_it_gone() {
        let mut screen = Screen::new(Size { columns: 10, rows: 3 }, 2_000);
        screen.feed(&b"line\r\n".repeat(1_500));
        screen.feed(b"\x1b[?1049hpager");
        assert_eq!(screen.rows_gone(), 0);
        screen.feed(b"\x1b[?1049l");
        screen.feed(&b"line\r\n".repeat(1_500));
        assert_eq!(screen.rows_gone(), screen.oldest_row());
        assert!(screen.rows_gone() > 900);
    }
}
