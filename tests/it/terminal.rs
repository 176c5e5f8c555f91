//! The binary in a real PTY: it starts, works, and gives the terminal back on quit, on SIGTERM and on a panic.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use bathyscope::screen::{Screen, Size};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take; generous, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program in a PTY and what its screen shows.
pub(crate) struct Terminal {
    pub(crate) screen: Screen,
    raw: Vec<u8>,
    output: mpsc::Receiver<Vec<u8>>,
    input: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// Starts `bathy` with these arguments in a terminal of 80 by 24.
    pub(crate) fn bathy(arguments: &[&str]) -> Self {
        Self::start(env!("CARGO_BIN_EXE_bathy"), arguments, &[])
    }

    /// Starts a program with these arguments and variables likewise.
    pub(crate) fn start(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a PTY");
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        // The user's own configuration is none of the test's business.
        command.env("XDG_CONFIG_HOME", std::env::temp_dir().join("bathy-test-no-config"));
        command.env("XDG_STATE_HOME", std::env::temp_dir().join("bathy-test-state"));
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("the PTY can be read");
        let input = pair.master.take_writer().expect("the PTY can be written");
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count) = reader.read(&mut buffer) {
                if count == 0 || sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let screen = Screen::new(Size { columns: 80, rows: 24 }, 100);
        Self { screen, raw: Vec::new(), output, input, child, master: pair.master }
    }

    pub(crate) fn send(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).expect("keys are taken");
    }

    /// Takes in output until the condition holds.
    fn wait_for(&mut self, what: &str, seen: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !seen(self) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => {
                    self.screen.feed(&bytes);
                    self.raw.extend(bytes);
                    let replies = self.screen.take_replies();
                    // The program may be gone by the time it would be answered.
                    let _ = self.input.write_all(&replies);
                }
                Err(mpsc::RecvTimeoutError::Timeout | mpsc::RecvTimeoutError::Disconnected) => {
                    panic!("{what} did not come; the last screen:\n{}", self.screen.text())
                }
            }
        }
    }

    pub(crate) fn wait_for_text(&mut self, text: &str) {
        self.wait_for(text, |terminal| terminal.screen.text().contains(text));
    }

    /// Waits until the program has ended and its last output is there; its exit code comes back.
    pub(crate) fn ended(&mut self) -> u32 {
        let status = self.child.wait().expect("its end can be waited for");
        let deadline = Instant::now() + PATIENCE;
        while let Ok(bytes) = self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.screen.feed(&bytes);
            self.raw.extend(bytes);
        }
        status.exit_code()
    }

    /// Makes the terminal another size, as dragging its corner does.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.resize(size).expect("a PTY has any size");
    }

    /// That everything that was switched on was switched off again, the alternate screen last of all that matters.
    fn assert_given_back(&self) {
        let raw = String::from_utf8_lossy(&self.raw);
        for (on, off) in [
            ("\x1b[?1049h", "\x1b[?1049l"),
            ("\x1b[?2004h", "\x1b[?2004l"),
            ("\x1b[?1004h", "\x1b[?1004l"),
            ("\x1b[?1000h", "\x1b[?1000l"),
            ("\x1b[?2026h", "\x1b[?2026l"),
        ] {
            let (on_at, off_at) = (raw.rfind(on), raw.rfind(off));
            assert!(on_at.is_some() && off_at > on_at, "{on:?} was not taken back with {off:?}");
        }
        assert!(raw.rfind("\x1b[?25h") > raw.rfind("\x1b[?25l"), "the cursor stayed hidden");
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    fn signal(&self, name: &str) {
        let id = self.process_id().to_string();
        let sent = std::process::Command::new("kill").args([name, &id]).status().expect("kill runs");
        assert!(sent.success());
    }
}

#[test]
fn it_debugs_a_distroless_pod_and_gives_the_terminal_back_on_quit() {
    let mut terminal = Terminal::bathy(&["demo"]);
    terminal.wait_for_text("nodejsapp");
    terminal.wait_for_text("● live");
    terminal.send("/nodejs\r");
    terminal.wait_for_text("▸nodejsapp");
    terminal.send("e");
    // Without isolation the prompt shows another directory; the shell's mark is the same.
    terminal
        .wait_for("a prompt", |terminal| terminal.screen.text().lines().any(|line| line.trim_end().ends_with(" #")));
    terminal.send("echo one-$((1+1))\r");
    terminal.wait_for_text("one-2");
    terminal.send("\x1dq");
    terminal.wait_for_text("Leave bathy?");
    terminal.send("q");
    assert_eq!(terminal.ended(), 0);
    terminal.assert_given_back();
}

#[test]
fn what_is_copied_reaches_the_clipboard_of_the_terminal() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};

    // Without a display no tool of the machine has a clipboard.
    let none = [("DISPLAY", ""), ("WAYLAND_DISPLAY", "")];
    let mut terminal = Terminal::start(env!("CARGO_BIN_EXE_bathy"), &["demo"], &none);
    terminal.wait_for_text("nodejsapp");
    terminal.wait_for_text("● live");
    terminal.send("/nodejs\r");
    terminal.wait_for_text("▸nodejsapp");
    terminal.send("e");
    terminal
        .wait_for("a prompt", |terminal| terminal.screen.text().lines().any(|line| line.trim_end().ends_with(" #")));
    terminal.send("for i in $(seq 50); do echo row-$i; done; echo \u{4f60}-$((1+1))\r");
    terminal.wait_for_text("\u{4f60}-2");
    terminal.send("\x1d/row-48$\r");
    terminal.wait_for_text("1 of 1");
    terminal.send("vjjy");
    let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode("row-48\nrow-49\nr"));
    let written = |terminal: &Terminal| String::from_utf8_lossy(&terminal.raw).contains(&sequence);
    terminal.wait_for("the text", written);
    terminal.wait_for_text("3 lines copied");
    // With the mouse: the last line but one is the row that was printed last.
    let row = terminal.screen.text().lines().position(|line| line.trim_end() == "\u{4f60}-2").expect("in view") + 1;
    terminal.send(&format!("\x1b[<0;1;{row}M\x1b[<32;4;{row}M\x1b[<0;4;{row}m"));
    let sequence = format!("\x1b]52;c;{}\x07", STANDARD.encode("\u{4f60}-2"));
    let written = |terminal: &Terminal| String::from_utf8_lossy(&terminal.raw).contains(&sequence);
    terminal.wait_for("the text under the mouse", written);
    terminal.send("\x1dq");
    terminal.wait_for_text("Leave bathy?");
    terminal.send("q");
    assert_eq!(terminal.ended(), 0);
}

#[test]
fn it_gives_the_terminal_back_on_sigterm_and_sighup() {
    for signal in ["-TERM", "-HUP"] {
        let mut terminal = Terminal::bathy(&["demo"]);
        terminal.wait_for_text("● live");
        terminal.signal(signal);
        terminal.ended();
        terminal.assert_given_back();
    }
}

#[test]
fn it_gives_the_terminal_back_on_a_panic_and_tells_it_after() {
    let mut terminal = Terminal::bathy(&["demo", "--test-panic"]);
    assert_eq!(terminal.ended(), 101);
    terminal.assert_given_back();
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    let told = raw.rfind("asked for by --test-panic").expect("the panic is told");
    assert!(told > raw.rfind("\x1b[?1049l").expect("given back"), "told on the screen that was taken away");
}

#[test]
fn a_bad_configuration_is_told_before_the_screen_opens() {
    let file = std::env::temp_dir().join(format!("bathy-test-bad-{}.toml", std::process::id()));
    std::fs::write(&file, "imgae = 'x'\n").expect("a file");
    let mut terminal = Terminal::bathy(&["demo", "--config", file.to_str().expect("a name")]);
    assert_eq!(terminal.ended(), 1);
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(raw.contains("imgae") && !raw.contains("\x1b[?1049h"), "{raw}");
    std::fs::remove_file(file).expect("it was there");
}

#[test]
fn it_replays_a_recording_and_gives_the_terminal_back() {
    let file = std::env::temp_dir().join(format!("bathy-test-replay-{}.cast", std::process::id()));
    let content = "{\"version\":2,\"width\":40,\"height\":6,\"title\":\"a talk\"}\n\
        [0.1,\"o\",\"first \\u001b]52;c;aGk=\\u0007\\u001b[5n\\r\\n\"]\n[0.2,\"m\",\"half\"]\n[3600.0,\"o\",\"second\\r\\n\"]\n";
    std::fs::write(&file, content).expect("a file");
    let name = file.to_str().expect("a name");
    let mut terminal = Terminal::bathy(&["replay", name, "--idle-limit", "1", "--speed", "0.5"]);
    terminal.wait_for_text("first");
    terminal.wait_for_text("a talk");
    terminal.send("++++++");
    terminal.wait_for_text("second");
    terminal.wait_for_text("the end");
    terminal.wait_for_text("00:01 / 00:01");
    terminal.send("g");
    terminal.wait_for("the start", |terminal| !terminal.screen.text().contains("first"));
    terminal.send("m");
    terminal.wait_for_text("half");
    terminal.send("/sec\r");
    terminal.wait_for_text("second");
    terminal.send("q");
    assert_eq!(terminal.ended(), 0);
    let raw = String::from_utf8_lossy(&terminal.raw).into_owned();
    assert!(!raw.contains("\x1b]52") && !raw.contains("\x1b[5n"), "what the file holds reached the terminal raw");
    assert!(raw.rfind("\x1b[?1049l") > raw.rfind("\x1b[?1049h") && raw.rfind("\x1b[?25h") > raw.rfind("\x1b[?25l"));

    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_bathy")).args(["replay", name, "--print"]).output();
    assert_eq!(printed.expect("it runs").stdout, b"first\nsecond\n");
    std::fs::write(&file, "no recording\n").expect("a file");
    let mut refused = Terminal::bathy(&["replay", name]);
    assert_eq!(refused.ended(), 1);
    let raw = String::from_utf8_lossy(&refused.raw).into_owned();
    assert!(raw.contains("no asciicast file") && !raw.contains("\x1b[?1049h"), "{raw}");
    std::fs::remove_file(file).expect("it was there");
}
