//! What each control function does: most are the library's, the others are guarded or mended on their way to it.

use alacritty_terminal::grid::Dimensions;
use alacritty_terminal::index::{Column, Line};
use alacritty_terminal::term::TermMode;
use alacritty_terminal::term::color::COUNT;
use alacritty_terminal::vte::ansi::{
    Attr, CharsetIndex, ClearMode, CursorShape, CursorStyle, Handler, KeyboardModes, KeyboardModesApplyBehavior,
    LineClearMode, Mode, NamedMode, NamedPrivateMode, PrivateMode, Rgb, StandardCharset, TabulationClearMode,
};

use super::{Emulator, TITLES_MAX, palette};
use crate::screen::ScreenNotice;
use crate::screen::cell::{MARKS_MAX, is_printable, width_of};

/// Passes functions on as they are.
macro_rules! pass {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $name(&mut self, $($argument: $kind),*) {
            Handler::$name(&mut self.term, $($argument),*);
        })*
    };
}

/// Passes on functions that may scroll rows into the history.
macro_rules! pass_and_spill {
    ($($name:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $name(&mut self, $($argument: $kind),*) {
            Handler::$name(&mut self.term, $($argument),*);
            self.spill();
        })*
    };
}

impl Handler for Emulator {
    pass! {
        goto(row: i32, column: usize);
        goto_line(row: i32);
        move_forward(columns: usize);
        move_backward(columns: usize);
        backspace();
        carriage_return();
        set_horizontal_tabstop();
        scroll_down(rows: usize);
        insert_blank_lines(rows: usize);
        save_cursor_position();
        restore_cursor_position();
        clear_tabs(mode: TabulationClearMode);
        reverse_index();
        terminal_attribute(attribute: Attr);
        set_mode(mode: Mode);
        unset_mode(mode: Mode);
        set_keypad_application_mode();
        unset_keypad_application_mode();
        set_active_charset(index: CharsetIndex);
        configure_charset(index: CharsetIndex, charset: StandardCharset);
        set_color(index: usize, color: Rgb);
        reset_color(index: usize);
        decaln();
    }

    pass_and_spill! {
        put_tab(count: u16);
        scroll_up(rows: usize);
        delete_lines(rows: usize);
    }

    fn set_cursor_style(&mut self, style: Option<CursorStyle>) {
        self.cursor_chosen = style.is_some();
        self.term.set_cursor_style(style);
    }

    fn set_cursor_shape(&mut self, shape: CursorShape) {
        self.cursor_chosen = true;
        self.term.set_cursor_shape(shape);
    }

    fn input(&mut self, character: char) {
        if !character.is_ascii() {
            if !is_printable(character) {
                return;
            }
            if width_of(character) == 0 && self.marks_at_cursor() >= MARKS_MAX {
                return;
            }
        }
        if self.term.mode().contains(TermMode::INSERT) {
            self.cut_before(self.cursor_column());
            self.cut_before(self.term.columns().saturating_sub(width_of(character)));
        }
        self.term.input(character);
        self.spill();
    }

    fn linefeed(&mut self) {
        // `newline` is `linefeed` that minds the new-line mode.
        self.term.newline();
        self.spill();
    }

    fn newline(&mut self) {
        self.linefeed();
    }

    // The library adds the top margin to the row a second time in origin mode.
    fn goto_col(&mut self, column: usize) {
        let last = self.term.last_column();
        let cursor = &mut self.term.grid_mut().cursor;
        cursor.point.column = Column(column).min(last);
        cursor.input_needs_wrap = false;
    }

    fn move_up(&mut self, rows: usize) {
        self.move_rows(rows, true);
    }

    fn move_down(&mut self, rows: usize) {
        self.move_rows(rows, false);
    }

    fn move_up_and_cr(&mut self, rows: usize) {
        self.move_rows(rows, true);
        self.carriage_return();
    }

    fn move_down_and_cr(&mut self, rows: usize) {
        self.move_rows(rows, false);
        self.carriage_return();
    }

    fn insert_blank(&mut self, count: usize) {
        self.cut_before(self.cursor_column());
        self.cut_before(self.term.columns().saturating_sub(count));
        self.term.insert_blank(count);
    }

    fn delete_chars(&mut self, count: usize) {
        self.cut_around(count);
        self.term.delete_chars(count);
    }

    fn erase_chars(&mut self, count: usize) {
        self.cut_around(count);
        self.term.erase_chars(count);
    }

    fn clear_line(&mut self, mode: LineClearMode) {
        match mode {
            LineClearMode::Right => self.cut_before(self.cursor_column()),
            LineClearMode::Left => self.cut_before(self.cursor_column() + 1),
            LineClearMode::All => {}
        }
        self.term.clear_line(mode);
    }

    fn clear_screen(&mut self, mode: ClearMode) {
        match mode {
            ClearMode::Below => self.cut_before(self.cursor_column()),
            ClearMode::Above => {
                self.cut_before(self.cursor_column() + 1);
                // The library leaves the first row alone when the cursor is on the second.
                if self.term.grid().cursor.point.line == Line(1) {
                    self.term.grid_mut().reset_region(..Line(1));
                }
            }
            ClearMode::Saved if !self.on_alt_screen() => self.history.clear(self.term.history_size()),
            ClearMode::Saved | ClearMode::All => {}
        }
        self.term.clear_screen(mode);
        self.spill();
    }

    // The library walks every column for each count when there are no tab stops.
    fn move_backward_tabs(&mut self, count: u16) {
        for _ in 0..count {
            let before = self.cursor_column();
            self.term.move_backward_tabs(1);
            if self.cursor_column() == before {
                break;
            }
        }
    }

    fn move_forward_tabs(&mut self, count: u16) {
        let columns = u16::try_from(self.term.columns()).unwrap_or(u16::MAX);
        self.term.move_forward_tabs(count.min(columns));
    }

    fn set_scrolling_region(&mut self, top: usize, bottom: Option<usize>) {
        let rows = self.term.screen_lines();
        let bottom = bottom.unwrap_or(rows).min(rows);
        if top == 0 || top >= bottom {
            return;
        }
        self.margins = top - 1..bottom;
        self.term.set_scrolling_region(top, Some(bottom));
    }

    fn set_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Unknown(47 | 1047) if !self.on_alt_screen() => {
                self.term.swap_alt();
                self.kitty.clear_alt();
            }
            PrivateMode::Unknown(1048) => self.term.save_cursor_position(),
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.synchronized = true,
            _ => {
                self.forget_margins_on(mode);
                if mode == NamedPrivateMode::SwapScreenAndSetRestoreCursor.into() && !self.on_alt_screen() {
                    self.kitty.clear_alt();
                }
                self.term.set_private_mode(mode);
            }
        }
    }

    fn unset_private_mode(&mut self, mode: PrivateMode) {
        match mode {
            PrivateMode::Unknown(47 | 1047) if self.on_alt_screen() => {
                // These leave the cursor where it is.
                let cursor = self.term.grid().cursor.clone();
                self.term.swap_alt();
                self.term.grid_mut().cursor = cursor;
            }
            PrivateMode::Unknown(1048) => self.term.restore_cursor_position(),
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => self.synchronized = false,
            _ => {
                self.forget_margins_on(mode);
                self.term.unset_private_mode(mode);
                if mode == NamedPrivateMode::Origin.into() {
                    self.term.goto(0, 0);
                }
            }
        }
    }

    fn report_private_mode(&mut self, mode: PrivateMode) {
        let set = match mode {
            PrivateMode::Named(NamedPrivateMode::SyncUpdate) => Some(self.synchronized),
            PrivateMode::Named(NamedPrivateMode::BlinkingCursor) => Some(self.term.cursor_style().blinking),
            PrivateMode::Named(name) => mode_bit(name).map(|bit| self.term.mode().contains(bit)),
            PrivateMode::Unknown(47 | 1047) => Some(self.on_alt_screen()),
            PrivateMode::Unknown(_) => None,
        };
        self.replies.private_mode(mode.raw(), state(set));
    }

    fn report_mode(&mut self, mode: Mode) {
        let set = match mode {
            Mode::Named(NamedMode::Insert) => Some(self.term.mode().contains(TermMode::INSERT)),
            Mode::Named(NamedMode::LineFeedNewLine) => Some(self.term.mode().contains(TermMode::LINE_FEED_NEW_LINE)),
            Mode::Unknown(_) => None,
        };
        self.replies.ansi_mode(mode.raw(), state(set));
    }

    fn identify_terminal(&mut self, intermediate: Option<char>) {
        match intermediate {
            None => self.replies.primary_attributes(),
            Some('>') => self.replies.secondary_attributes(),
            Some(_) => {}
        }
    }

    fn device_status(&mut self, what: usize) {
        match what {
            5 => self.replies.status(),
            6 => {
                let point = self.term.grid().cursor.point;
                let row = usize::try_from(point.line.0).unwrap_or(0);
                let origin = if self.term.mode().contains(TermMode::ORIGIN) { self.margins.start } else { 0 };
                self.replies.cursor_position(row.saturating_sub(origin) + 1, point.column.0 + 1);
            }
            _ => {}
        }
    }

    fn text_area_size_chars(&mut self) {
        self.replies.text_area(self.term.screen_lines(), self.term.columns());
    }

    fn dynamic_color_sequence(&mut self, _prefix: String, index: usize, terminator: &str) {
        let bell = terminator == "\x07";
        let own = self.term.colors()[index.min(COUNT - 1)];
        if let Ok(index) = u8::try_from(index) {
            let color = own.unwrap_or_else(|| palette::indexed(index));
            self.replies.color(4, Some(index), color, bell);
            return;
        }
        let (code, default) = match index {
            256 => (10, self.colors.map(|colors| colors.foreground)),
            257 => (11, self.colors.map(|colors| colors.background)),
            258 => (12, self.colors.map(|colors| colors.foreground)),
            _ => return,
        };
        if let Some(color) = own.or(default.map(|(r, g, b)| Rgb { r, g, b })) {
            self.replies.color(code, None, color, bell);
        }
    }

    fn bell(&mut self) {
        self.notice(ScreenNotice::Bell);
    }

    fn set_title(&mut self, title: Option<String>) {
        self.change_title(title.as_deref());
    }

    fn push_title(&mut self) {
        if self.titles.len() == TITLES_MAX {
            self.titles.remove(0);
        }
        self.titles.push(self.title.clone());
    }

    fn pop_title(&mut self) {
        if let Some(title) = self.titles.pop() {
            self.change_title(title.as_deref());
        }
    }

    fn clipboard_store(&mut self, _clipboard: u8, base64: &[u8]) {
        if self.clipboard_allowed {
            self.clipboard = Some(base64.to_vec());
            return;
        }
        self.notice(ScreenNotice::ClipboardWriteRefused);
    }

    fn clipboard_load(&mut self, _clipboard: u8, _terminator: &str) {
        self.notice(ScreenNotice::ClipboardReadRefused);
    }

    fn report_keyboard_mode(&mut self) {
        let flags = self.kitty.flags(self.on_alt_screen());
        self.replies.kitty_flags(flags.0);
    }

    fn push_keyboard_mode(&mut self, mode: KeyboardModes) {
        self.kitty.push(self.on_alt_screen(), mode.bits());
    }

    fn pop_keyboard_modes(&mut self, count: u16) {
        self.kitty.pop(self.on_alt_screen(), count);
    }

    fn set_keyboard_mode(&mut self, mode: KeyboardModes, how: KeyboardModesApplyBehavior) {
        self.kitty.set(self.on_alt_screen(), mode.bits(), how);
    }

    fn reset_state(&mut self) {
        self.history.clear(self.term.history_size());
        self.term.reset_state();
        for index in 0..COUNT {
            self.term.reset_color(index);
        }
        self.margins = 0..self.term.screen_lines();
        self.kitty.clear();
        self.titles.clear();
        self.cursor_chosen = false;
        self.change_title(None);
        self.synchronized = false;
    }
}

/// DECRPM's numbers.
fn state(set: Option<bool>) -> u8 {
    match set {
        None => 0,
        Some(true) => 1,
        Some(false) => 2,
    }
}

fn mode_bit(mode: NamedPrivateMode) -> Option<TermMode> {
    Some(match mode {
        NamedPrivateMode::CursorKeys => TermMode::APP_CURSOR,
        NamedPrivateMode::Origin => TermMode::ORIGIN,
        NamedPrivateMode::LineWrap => TermMode::LINE_WRAP,
        NamedPrivateMode::ShowCursor => TermMode::SHOW_CURSOR,
        NamedPrivateMode::ReportMouseClicks => TermMode::MOUSE_REPORT_CLICK,
        NamedPrivateMode::ReportCellMouseMotion => TermMode::MOUSE_DRAG,
        NamedPrivateMode::ReportAllMouseMotion => TermMode::MOUSE_MOTION,
        NamedPrivateMode::ReportFocusInOut => TermMode::FOCUS_IN_OUT,
        NamedPrivateMode::Utf8Mouse => TermMode::UTF8_MOUSE,
        NamedPrivateMode::SgrMouse => TermMode::SGR_MOUSE,
        NamedPrivateMode::AlternateScroll => TermMode::ALTERNATE_SCROLL,
        NamedPrivateMode::UrgencyHints => TermMode::URGENCY_HINTS,
        NamedPrivateMode::SwapScreenAndSetRestoreCursor => TermMode::ALT_SCREEN,
        NamedPrivateMode::BracketedPaste => TermMode::BRACKETED_PASTE,
        NamedPrivateMode::BlinkingCursor | NamedPrivateMode::ColumnMode | NamedPrivateMode::SyncUpdate => return None,
    })
}
