//! A program in a terminal of its own: what it writes is stamped with its time and emulated; it knows no program.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;

use crate::screen::{Screen, Size};

/// The size of the terminals that programs are measured in.
pub(super) const SIZE: Size = Size { columns: 200, rows: 50 };
/// How much is read at once: more than a frame.
const READ: usize = 64 * 1024;
/// How long a program may take to end once it was asked to.
const END: Duration = Duration::from_secs(5);
/// What ends a frame of ratatui: the cursor is shown or hidden, each in every frame one time.
const FRAME_ENDS: [&[u8]; 2] = [b"\x1b[?25l", b"\x1b[?25h"];

/// A program that runs in a terminal.
#[derive(Debug)]
pub struct Terminal {
    screen: Screen,
    chunks: mpsc::Receiver<(Instant, Vec<u8>)>,
    input: File,
    child: Child,
    started: Instant,
    /// The end of what came last: a sequence may be cut in two.
    tail: Vec<u8>,
    frames: u64,
    received: u64,
}

impl Terminal {
    /// Starts a program with these arguments, and these variables beside the user's own. `stage` is this program and
    /// the words that make it call [`super::stage::become_program`].
    ///
    /// # Errors
    /// When there is no terminal or no such program.
    pub fn start(stage: &[OsString], words: &[OsString], variables: &[(&str, &OsStr)]) -> anyhow::Result<Self> {
        let (controller, terminal) = open().context("cannot open a terminal")?;
        let (own, rest) = stage.split_first().context("there is no stage")?;
        let mut command = Command::new(own);
        command.args(rest).args(words).env("TERM", "xterm-256color").env_remove("NO_COLOR").env_remove("TMUX");
        command.envs(variables.iter().copied());
        command.stdin(Stdio::from(terminal.try_clone()?)).stdout(Stdio::from(terminal.try_clone()?));
        command.stderr(Stdio::from(terminal));
        let started = Instant::now();
        let child = command.spawn().context("cannot start a program")?;
        drop(command);
        let input = File::from(controller);
        let mut output = input.try_clone()?;
        let (sender, chunks) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; READ];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                if sender.send((Instant::now(), buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
        });
        let screen = Screen::new(SIZE, 0);
        Ok(Self { screen, chunks, input, child, started, tail: Vec::new(), frames: 0, received: 0 })
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it shows.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// How many frames it has drawn so far, if it draws with ratatui.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// How many bytes it has written so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Types this; the time is taken just before.
    ///
    /// # Errors
    /// When the program is gone.
    pub fn send(&mut self, keys: &str) -> anyhow::Result<Instant> {
        let at = Instant::now();
        self.input.write_all(keys.as_bytes()).context("the program takes no keys")?;
        Ok(at)
    }

    /// Waits until the screen shows what is wanted and says when the bytes came that made it so.
    ///
    /// # Errors
    /// When it did not come within `patience`, with the last screen.
    pub fn wait(
        &mut self,
        what: &str,
        patience: Duration,
        mut seen: impl FnMut(&Screen) -> bool,
    ) -> anyhow::Result<Instant> {
        let deadline = Instant::now() + patience;
        let mut last = Instant::now();
        while !seen(&self.screen) {
            match self.next(deadline) {
                Ok(at) => last = at,
                Err(error) => {
                    let gone = if error == RecvTimeoutError::Disconnected { " (it has ended)" } else { "" };
                    bail!("{what} did not come{gone}; the last screen:\n{}", self.screen.text().trim_end())
                }
            }
        }
        Ok(last)
    }

    /// Takes in what comes for so long; `each` sees the screen after every piece.
    pub fn watch(&mut self, time: Duration, mut each: impl FnMut(Instant, &Screen)) {
        let deadline = Instant::now() + time;
        loop {
            match self.next(deadline) {
                Ok(at) => each(at, &self.screen),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => {
                    std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
                    return;
                }
            }
        }
    }

    /// Takes in what comes next: a whole frame, of a program that says where its frames begin and end.
    fn next(&mut self, deadline: Instant) -> Result<Instant, RecvTimeoutError> {
        loop {
            let (at, bytes) = self.chunks.recv_timeout(deadline.saturating_duration_since(Instant::now()))?;
            self.received += u64::try_from(bytes.len()).unwrap_or_default();
            self.frames += frame_ends(&mut self.tail, &bytes);
            self.screen.feed(&bytes);
            let replies = self.screen.take_replies();
            // The program may be gone by the time it would be answered.
            let _ = self.input.write_all(&replies);
            if !self.screen.modes().synchronized {
                return Ok(at);
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Asks a child to end, and makes it end if it does not.
pub(super) fn end(child: &mut Child) {
    if let Some(process) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
    }
    let deadline = Instant::now() + END;
    while Instant::now() < deadline {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// A new terminal: (controller, terminal).
fn open() -> std::io::Result<(OwnedFd, OwnedFd)> {
    let controller = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    rustix::io::fcntl_setfd(&controller, rustix::io::FdFlags::CLOEXEC)?;
    rustix::pty::grantpt(&controller)?;
    rustix::pty::unlockpt(&controller)?;
    let name = rustix::pty::ptsname(&controller, Vec::new())?;
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty())?;
    let size = Winsize { ws_col: SIZE.columns, ws_row: SIZE.rows, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&terminal, size)?;
    Ok((controller, terminal))
}

/// How many frames end in `bytes`; `tail` holds what came before, and then the end of this.
fn frame_ends(tail: &mut Vec<u8>, bytes: &[u8]) -> u64 {
    let before = tail.len();
    tail.extend_from_slice(bytes);
    let length = FRAME_ENDS[0].len();
    let ends = tail.windows(length).enumerate();
    // One that lies in the tail alone was counted when it came.
    let count = ends.filter(|(at, window)| at + length > before && FRAME_ENDS.contains(window)).count();
    let keep = tail.len().min(length - 1);
    tail.drain(..tail.len() - keep);
    u64::try_from(count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_once_wherever_they_are_cut() {
        let stream = b"\x1b[?25lone\x1b[?25htwo\x1b[?25l\x1b[?25hx\x1b[?2004h";
        for cut in 0..stream.len() {
            let mut tail = Vec::new();
            let count = frame_ends(&mut tail, &stream[..cut]) + frame_ends(&mut tail, &stream[cut..]);
            assert_eq!(count, 4, "cut at {cut}");
        }
        let mut tail = Vec::new();
        let bytewise: u64 = stream.iter().map(|byte| frame_ends(&mut tail, &[*byte])).sum();
        assert_eq!(bytewise, 4);
    }
}
