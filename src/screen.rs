//! The emulated terminal of a session: bytes in, a grid of cells out; it never draws, waits or knows a pane.
//!
//! Whatever the remote sends ends in cells, modes, a title, notices and bounded replies; none of it reaches the user's
//! terminal as it came. The other half of a terminal is here too: keys, mouse, paste and focus become bytes.

mod cell;
mod clipboard;
mod emulator;
mod history;
mod keys;
mod lexer;
mod modes;
mod mouse;
mod paste;
mod reading;
mod replies;
mod search;
mod selection;
mod serialize;
mod view;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use alacritty_terminal::vte::ansi::{Processor, Timeout};

pub use cell::{Attributes, Cell, Color, Underline, is_printable};
pub use emulator::DefaultColors;
pub use keys::encode_key;
pub use modes::{KittyFlags, Modes, MouseEncoding, MouseTracking};
pub use mouse::{encode_focus, encode_mouse};
pub use paste::encode_paste;
pub use search::{Found, Match, Pattern};
pub use selection::{Position, SelectionKind};
pub use view::{Cursor, CursorShape};

use emulator::Emulator;
use lexer::{Action, Lexer, incomplete_tail};
use selection::Selection;

/// The fewest columns the emulator works with; a wide character has no place in one.
const COLUMNS_MIN: u16 = 2;

/// The most columns: beyond any real terminal, and a bound on memory.
const COLUMNS_MAX: u16 = 2000;

/// The most rows.
const ROWS_MAX: u16 = 1000;

/// A size in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Size {
    /// The nearest size the emulator can have.
    fn clamped(self) -> Size {
        Size { columns: self.columns.clamp(COLUMNS_MIN, COLUMNS_MAX), rows: self.rows.clamp(1, ROWS_MAX) }
    }
}

/// Something a program did that is not seen on its screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenNotice {
    /// It rang the bell.
    Bell,
    /// It changed its title: see [`Screen::title`].
    TitleChanged,
    /// It tried to put text on the user's clipboard (OSC 52) and was not let.
    ClipboardWriteRefused,
    /// It tried to read the user's clipboard (OSC 52) and was not let.
    ClipboardReadRefused,
    /// Its output made the emulator fail; the screen and its history were lost and began anew.
    Broken,
}

/// An emulated terminal.
pub struct Screen {
    emulator: Emulator,
    parser: Processor<Unbuffered>,
    lexer: Lexer,
    /// The beginning of a character whose rest has not arrived.
    partial: Vec<u8>,
    /// The beginning of a control sequence whose rest has not arrived.
    unfinished: Vec<u8>,
    size: Size,
    scrollback: usize,
    /// Rows scrolled back from the bottom.
    offset: usize,
    /// The view stays where it is, at the present too.
    held: bool,
    /// How often output came, or its size changed.
    revision: u64,
    selection: Option<Selection>,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("size", &self.size).field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl Screen {
    /// A blank terminal that keeps `scrollback_lines` rows beyond its screen. A size the emulator cannot have (fewer
    /// than two columns, no row) becomes the nearest one it can.
    pub fn new(size: Size, scrollback_lines: usize) -> Screen {
        let size = size.clamped();
        Screen {
            emulator: Emulator::new(size, scrollback_lines),
            parser: Processor::new(),
            lexer: Lexer::default(),
            partial: Vec::new(),
            unfinished: Vec::new(),
            size,
            scrollback: scrollback_lines,
            offset: 0,
            held: false,
            revision: 0,
            selection: None,
        }
    }

    /// Takes output of the program, any bytes in any pieces. The work is bounded by a small multiple of their number
    /// times the size of the screen: a caller with a flood to feed does so in slices of some KiB.
    ///
    /// A view that is scrolled back stays where it is. Bytes that make the emulator fail cost the screen its content,
    /// which is told as [`ScreenNotice::Broken`], and nothing else.
    pub fn feed(&mut self, bytes: &[u8]) {
        let (alt, first) = (self.emulator.on_alt_screen(), self.emulator.first_row());
        let whole = if self.partial.is_empty() {
            Cow::Borrowed(bytes)
        } else {
            let mut joined = std::mem::take(&mut self.partial);
            joined.extend_from_slice(bytes);
            Cow::Owned(joined)
        };
        let (complete, partial) = whole.split_at(whole.len() - incomplete_tail(&whole));
        self.partial = partial.to_vec();
        self.guarded(|screen| screen.advance(complete));
        self.keep_unfinished(complete);
        if self.emulator.on_alt_screen() != alt {
            self.selection = None;
        }
        self.keep_view(first);
    }

    /// Goes on showing what was in view before rows scrolled off, where it is not the present that is wanted.
    fn keep_view(&mut self, first_before: u64) {
        self.revision += 1;
        if self.offset > 0 || self.held {
            let scrolled = self.emulator.first_row().saturating_sub(first_before);
            self.offset = self.offset.saturating_add(usize::try_from(scrolled).unwrap_or(usize::MAX));
        }
        self.offset = self.offset.min(self.history());
    }

    fn advance(&mut self, mut bytes: &[u8]) {
        let limit = u32::from(self.size.columns);
        while !bytes.is_empty() {
            let piece = self.lexer.scan(bytes, limit);
            let (forward, rest) = bytes.split_at(piece.forward);
            self.parser.advance(&mut self.emulator, forward);
            match piece.action {
                Action::Nothing => {}
                // The parser has the sequence up to its last byte: CAN makes it forget that.
                Action::LimitRepeat => {
                    self.parser.advance(&mut self.emulator, format!("\x18\x1b[{limit}b").as_bytes());
                }
                Action::ReportVersion => self.emulator.report_version(),
                Action::ReportSetting(setting) => self.emulator.report_setting(setting),
                Action::MarkPrompt => self.emulator.mark_prompt(),
            }
            bytes = &rest[piece.skip..];
        }
    }

    /// Runs what could panic inside the library; afterwards there is a working screen in any case.
    fn guarded(&mut self, work: impl FnOnce(&mut Screen)) {
        if catch_unwind(AssertUnwindSafe(|| work(self))).is_err() {
            let (colors, clipboard) = (self.emulator.default_colors(), self.emulator.clipboard_allowed);
            *self = Screen { held: self.held, revision: self.revision, ..Screen::new(self.size, self.scrollback) };
            self.emulator.set_default_colors(colors);
            self.emulator.clipboard_allowed = clipboard;
            self.emulator.notice(ScreenNotice::Broken);
        }
    }

    /// Changes the size; lines are wrapped anew. The far end has to be told by the caller.
    pub fn resize(&mut self, size: Size) {
        let size = size.clamped();
        if size == self.size {
            return;
        }
        if size.columns != self.size.columns {
            self.selection = None;
        }
        self.size = size;
        self.revision += 1;
        self.guarded(|screen| screen.emulator.resize(size));
        self.offset = self.offset.min(self.history());
    }

    /// The size in force, which differs from what was asked for only where that is impossible.
    pub fn size(&self) -> Size {
        self.size
    }

    /// What the terminal owes the far end as input: answers to its questions, at most 16 KiB, in order. They hold
    /// numbers and fixed words only, never text that the far end chose.
    pub fn take_replies(&mut self) -> Vec<u8> {
        self.emulator.replies.take()
    }

    /// What happened since the last call, each thing once.
    pub fn take_notices(&mut self) -> Vec<ScreenNotice> {
        self.emulator.take_notices()
    }

    /// Whether the program may put text on the user's clipboard (OSC 52). It may not unless this was called.
    pub fn allow_clipboard_write(&mut self, allowed: bool) {
        self.emulator.clipboard_allowed = allowed;
    }

    /// The text that the program last wanted on the clipboard, once, where it may; at most 64 KiB of it.
    pub fn take_clipboard(&mut self) -> Option<String> {
        clipboard::clipboard_text(&self.emulator.clipboard.take()?)
    }

    /// The title the program gave itself: at most 200 printable characters.
    pub fn title(&self) -> Option<&str> {
        self.emulator.title()
    }

    /// Puts a row of our own above the line that the cursor is on, to say where the stream was cut; see [`Cell::seam`].
    /// The alternate screen gets none. Characters that are not one column wide are left out.
    pub fn mark_seam(&mut self, text: &str) {
        let first = self.emulator.first_row();
        self.guarded(|screen| screen.emulator.mark_seam(text));
        self.keep_view(first);
    }

    /// The modes the program has set.
    pub fn modes(&self) -> Modes {
        self.emulator.modes()
    }

    /// Ends a synchronized update that the program did not end in time. The bytes were never held back: only
    /// [`Modes::synchronized`] is put out, so that a caller that waits with drawing stops to do so.
    pub fn end_synchronized(&mut self) {
        self.emulator.end_synchronized();
    }

    /// The colours told to programs that ask (OSC 10, 11 and 12); while they are not known there is no answer.
    pub fn set_default_colors(&mut self, colors: Option<DefaultColors>) {
        self.emulator.set_default_colors(colors);
    }

    /// Scrolls the view: back into the history with positive numbers, towards the present with negative ones.
    pub fn scroll(&mut self, lines: i32) {
        let by = usize::try_from(lines.unsigned_abs()).unwrap_or(usize::MAX);
        let offset = if lines < 0 { self.offset.saturating_sub(by) } else { self.offset.saturating_add(by) };
        self.offset = offset.min(self.history());
    }

    /// Whether the view stays where it is when output comes, even at the present: it is being read. What leaves the
    /// history leaves the view all the same.
    pub fn hold_view(&mut self, held: bool) {
        self.held = held;
    }

    /// A number that grows whenever output came or the size changed.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Shows the present.
    pub fn scroll_to_bottom(&mut self) {
        self.offset = 0;
    }

    /// How many rows the view is scrolled back; 0 is the present.
    pub fn scrolled(&self) -> usize {
        self.offset
    }

    /// How many rows there are above the screen. The alternate screen has none.
    pub fn history(&self) -> usize {
        self.emulator.history_size().min(self.scrollback)
    }

    /// About how many bytes the rows take that have left the emulator's grid for the compact store.
    pub fn stored_bytes(&self) -> usize {
        self.emulator.stored_bytes()
    }

    /// About how many bytes the screens and all of the history take together.
    pub fn held_bytes(&self) -> usize {
        self.emulator.held_bytes()
    }
}

/// Keeps the parser from holding back synchronized updates: it would need a clock to let go of them.
#[derive(Debug, Default)]
struct Unbuffered;

impl Timeout for Unbuffered {
    fn set_timeout(&mut self, _duration: Duration) {}

    fn clear_timeout(&mut self) {}

    fn pending_timeout(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(columns: u16, rows: u16) -> Screen {
        Screen::new(Size { columns, rows }, 10_000)
    }

    #[test]
    fn a_screen_can_go_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<Screen>();
    }

    #[test]
    fn a_failure_inside_costs_only_the_content() {
        let mut screen = screen(20, 5);
        screen.feed(b"before");
        screen.guarded(|_| panic!("as a defect of the library would"));
        assert_eq!(screen.take_notices(), [ScreenNotice::Broken]);
        screen.feed(b"after");
        assert_eq!(screen.text().trim_end(), "after");
    }

    #[test]
    fn characters_arrive_in_parts_and_nothing_behind_them_is_lost() {
        let text = "\u{e9}x\u{4f60}y\u{1f680}z\u{e9}\u{e9}!";
        for cut in 0..text.len() {
            let mut screen = screen(20, 3);
            screen.feed(&text.as_bytes()[..cut]);
            screen.feed(&text.as_bytes()[cut..]);
            assert_eq!(screen.text().trim_end(), text, "cut at {cut}");
        }
    }

    #[test]
    fn impossible_sizes_become_possible() {
        let mut screen = screen(0, 0);
        assert_eq!(screen.size(), Size { columns: 2, rows: 1 });
        screen.feed("a\u{4f60}\u{597d}".as_bytes());
        screen.resize(Size { columns: 1, rows: 9 });
        assert_eq!(screen.size(), Size { columns: 2, rows: 9 });
        screen.resize(Size { columns: u16::MAX, rows: u16::MAX });
        assert_eq!(screen.size(), Size { columns: COLUMNS_MAX, rows: ROWS_MAX });
    }

    #[test]
    fn synchronized_output_is_shown_and_flagged() {
        let mut screen = screen(20, 3);
        screen.feed(b"\x1b[?2026hhalf a frame");
        assert!(screen.modes().synchronized && screen.text().contains("half a frame"));
        screen.end_synchronized();
        assert!(!screen.modes().synchronized);
        screen.feed(b"\x1b[?2026h\x1b[?2026l");
        assert!(!screen.modes().synchronized);
    }
}
