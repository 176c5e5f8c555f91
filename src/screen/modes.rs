//! What the program in a screen has asked its terminal to do; plain data, never the emulator's own types.

use alacritty_terminal::term::TermMode;

/// The modes that decide how keys, mouse, paste and focus become bytes, and when to draw.
#[expect(clippy::struct_excessive_bools, reason = "each is one independent terminal mode")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Modes {
    /// DECCKM: the cursor keys send their application form.
    pub app_cursor: bool,
    /// DECKPAM: the numeric keypad sends its application form.
    pub app_keypad: bool,
    /// LNM: Enter sends CR LF.
    pub new_line: bool,
    /// Mode 2004: pasted text is put between marks.
    pub bracketed_paste: bool,
    /// Which mouse events the program wants.
    pub mouse: MouseTracking,
    /// How mouse events are written.
    pub mouse_encoding: MouseEncoding,
    /// Mode 1004: the program wants to know when it gains and loses the focus.
    pub focus: bool,
    /// The alternate screen is shown: it has no scrollback.
    pub alt_screen: bool,
    /// Mode 1007: on the alternate screen the wheel sends cursor keys.
    pub alternate_scroll: bool,
    /// The flags of the kitty keyboard protocol in force; 0 is the legacy keyboard.
    pub kitty: KittyFlags,
    /// Mode 2026: the program is in the middle of a frame, so drawing may wait a little (never longer than some 150 ms).
    pub synchronized: bool,
}

/// Which mouse events a program asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MouseTracking {
    /// None.
    #[default]
    Off,
    /// Mode 1000: buttons going down and up.
    Press,
    /// Mode 1002: as `Press`, and motion while a button is down.
    Drag,
    /// Mode 1003: as `Drag`, and any motion.
    Motion,
}

/// How a mouse event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MouseEncoding {
    /// The first form: one byte a coordinate, up to column and row 223.
    #[default]
    X10,
    /// Mode 1005: coordinates as UTF-8, up to 2015.
    Utf8,
    /// Mode 1006: decimal, no limit.
    Sgr,
}

/// Flags of the kitty keyboard protocol, as its specification numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KittyFlags(pub u8);

impl KittyFlags {
    /// Keys that were ambiguous are reported as escape sequences.
    pub const DISAMBIGUATE: u8 = 1;
    /// Repeats and releases are reported.
    pub const EVENT_TYPES: u8 = 2;
    /// The shifted form of a key is reported beside it.
    pub const ALTERNATE_KEYS: u8 = 4;
    /// Keys that make text are reported as escape sequences too.
    pub const ALL_KEYS: u8 = 8;
    /// The text that a key makes is reported with it.
    pub const TEXT: u8 = 16;
    /// Every flag that exists.
    pub const ALL: u8 = 31;

    /// Whether a flag is set.
    pub const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

impl Modes {
    /// Reads the emulator's mode bits; what it does not track is passed in.
    pub(super) fn new(mode: TermMode, kitty: KittyFlags, synchronized: bool) -> Modes {
        let mouse = if mode.contains(TermMode::MOUSE_MOTION) {
            MouseTracking::Motion
        } else if mode.contains(TermMode::MOUSE_DRAG) {
            MouseTracking::Drag
        } else if mode.contains(TermMode::MOUSE_REPORT_CLICK) {
            MouseTracking::Press
        } else {
            MouseTracking::Off
        };
        let mouse_encoding = if mode.contains(TermMode::SGR_MOUSE) {
            MouseEncoding::Sgr
        } else if mode.contains(TermMode::UTF8_MOUSE) {
            MouseEncoding::Utf8
        } else {
            MouseEncoding::X10
        };
        Modes {
            app_cursor: mode.contains(TermMode::APP_CURSOR),
            app_keypad: mode.contains(TermMode::APP_KEYPAD),
            new_line: mode.contains(TermMode::LINE_FEED_NEW_LINE),
            bracketed_paste: mode.contains(TermMode::BRACKETED_PASTE),
            mouse,
            mouse_encoding,
            focus: mode.contains(TermMode::FOCUS_IN_OUT),
            alt_screen: mode.contains(TermMode::ALT_SCREEN),
            alternate_scroll: mode.contains(TermMode::ALTERNATE_SCROLL),
            kitty,
            synchronized,
        }
    }
}
