//! The user's terminal while the console has it: raw mode and screen taken, and given back however the program ends.

mod frames;

use std::io::{self, BufWriter, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crossterm::cursor::SetCursorStyle;
use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode, supports_keyboard_enhancement,
};
use crossterm::{Command as _, cursor, execute};
use ratatui::Terminal;
use ratatui::backend::Backend as _;

pub use frames::Frames;

/// Whether there is anything to give back.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// What panicked while the terminal was taken.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// Whether the terminal reports keys in another way than it did.
static KEYS_PUSHED: AtomicBool = AtomicBool::new(false);
/// The sequence that shaped the cursor last.
static CURSOR: Mutex<String> = Mutex::new(String::new());
/// How many panics are kept to be told.
const PANICS_KEPT: usize = 8;
/// How much of a frame is written at once: standard output's own buffer holds 1 KiB, which makes dozens of system calls,
/// and as many wakes of the terminal, of one large frame. Every frame ends with a flush.
const FRAME_BYTES: usize = 64 * 1024;

/// The user's terminal, taken; given back when dropped.
#[derive(Debug)]
pub struct Tty {
    /// What frames are drawn on.
    pub terminal: Terminal<Frames<BufWriter<io::Stdout>>>,
}

impl Tty {
    /// Takes the terminal. From now on a panic is kept for [`panics`] instead of being printed over the screen; one
    /// that ends the program gives the terminal back while it unwinds.
    ///
    /// # Errors
    /// When standard output is no terminal that can be controlled.
    pub fn take(mouse: bool) -> io::Result<Self> {
        keep_panics();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let mut out = io::stdout();
        ask_for_unambiguous_keys(&mut out);
        let opened = execute!(out, EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)
            .and_then(|()| if mouse { execute!(out, EnableMouseCapture) } else { Ok(()) })
            .and_then(|()| Terminal::new(Frames::new(BufWriter::with_capacity(FRAME_BYTES, out))));
        match opened {
            Ok(terminal) => Ok(Self { terminal }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // The rest of a frame belongs on the screen that is given back, not on the one below it; and a cursor that is
        // hidden would be shown, as a frame of its own, once the terminal has been given back.
        let _ = self.terminal.show_cursor();
        let _ = self.terminal.backend_mut().flush();
        give_back();
    }
}

/// Has keys reported so that each is told from every other (Escape from Alt, Ctrl-I from Tab), where the terminal can.
fn ask_for_unambiguous_keys(out: &mut io::Stdout) {
    // A terminal that does not answer is not asked for anything.
    if supports_keyboard_enhancement().is_ok_and(|can| can)
        && execute!(out, PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES)).is_ok()
    {
        KEYS_PUSHED.store(true, Ordering::SeqCst);
    }
}

/// Gives the cursor of the user's terminal this shape, if it has another one.
pub(super) fn shape_cursor(style: SetCursorStyle) {
    let mut sequence = String::new();
    if style.write_ansi(&mut sequence).is_err() {
        return;
    }
    let mut shown = CURSOR.lock().unwrap_or_else(PoisonError::into_inner);
    // Before the first it has the user's own.
    let changed = *shown != sequence && !(shown.is_empty() && matches!(style, SetCursorStyle::DefaultUserShape));
    if changed && write_through(sequence.as_bytes()) {
        *shown = sequence;
    }
}

/// Writes a sequence to the user's terminal as it is; false while the terminal is not taken, or where it does not take
/// the bytes. For sequences that leave no mark on the screen, and only between two frames.
pub(super) fn write_through(sequence: &[u8]) -> bool {
    if !TAKEN.load(Ordering::SeqCst) {
        return false;
    }
    let mut out = io::stdout().lock();
    out.write_all(sequence).and_then(|()| out.flush()).is_ok()
}

/// From now on a panic is kept for [`panics`] instead of being printed over what the terminal shows.
pub(super) fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!("{panic}");
        let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        if panics.len() < PANICS_KEPT {
            panics.push(panic.to_string());
        }
    }));
}

/// What panicked since the terminal was taken, each time with its place.
pub fn panics() -> Vec<String> {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn shape_cursor_back(out: &mut io::Stdout) {
    let mut shown = CURSOR.lock().unwrap_or_else(PoisonError::into_inner);
    if !std::mem::take(&mut *shown).is_empty() {
        let _ = execute!(out, SetCursorStyle::DefaultUserShape);
    }
}

/// Gives the terminal back, once; harmless when it was never taken.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    if KEYS_PUSHED.swap(false, Ordering::SeqCst) {
        let _ = execute!(out, PopKeyboardEnhancementFlags);
    }
    shape_cursor_back(&mut out);
    // A terminal that has gone away cannot be restored, and there is nobody left to tell.
    let _ = execute!(
        out,
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    );
    let _ = disable_raw_mode();
    let _ = out.flush();
}
