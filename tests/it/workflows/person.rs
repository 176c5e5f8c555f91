//! Somebody at the console: presses keys, waits for what should appear, and shows the last screen when it does not.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bathyscope::actions::actions;
use bathyscope::app::layout::Size;
use bathyscope::app::navigator::PodScope;
use bathyscope::app::{Keymap, Opening, Settings, State};
use bathyscope::cluster::{Contexts, Problem};
use bathyscope::runtime;
use bathyscope::ui::Theme;
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures::stream;
use jiff::Timestamp;
use ratatui::Terminal;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::backend::WatchedBackend;
use crate::console_state::parse_keys;

/// How long anything may take to appear; generous, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the answer to a question may take before it is asked again.
const AGAIN: Duration = Duration::from_secs(3);
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;

/// A person at a running console.
pub(super) struct Person {
    keys: mpsc::UnboundedSender<io::Result<Event>>,
    frames: watch::Receiver<String>,
    size: watch::Sender<ratatui::layout::Size>,
    console: JoinHandle<anyhow::Result<Vec<Problem>>>,
}

impl Person {
    /// Opens the console on these contexts, in this one, showing the pods of this namespace.
    pub(super) fn at(contexts: Arc<dyn Contexts>, context: &str, namespace: &str) -> Self {
        Self::with_settings(contexts, context, namespace, Settings::default())
    }

    /// The same, with these settings.
    pub(super) fn with_settings(
        contexts: Arc<dyn Contexts>,
        context: &str,
        namespace: &str,
        settings: Settings,
    ) -> Self {
        let (keys, mut typed) = mpsc::unbounded_channel();
        let (size, terminal_size) = watch::channel(ratatui::layout::Size { width: COLUMNS, height: ROWS });
        let (backend, frames) = WatchedBackend::new(terminal_size);
        let all = contexts.list();
        let state = State::new(Opening {
            settings: Settings { creator: "bathy-test".to_owned(), ..settings },
            keymap: Keymap::new(actions(), "ctrl-]", &BTreeMap::new()).expect("the table's keys"),
            context: all.iter().find(|other| other.name == context).cloned().expect("the context is there"),
            contexts: all,
            scope: Some(PodScope::Namespace(namespace.into())),
            named: vec![namespace.to_owned()],
            now: Timestamp::now(),
            size: Size { columns: COLUMNS, rows: ROWS },
        });
        let console = tokio::spawn(async move {
            let mut terminal = Terminal::new(backend).expect("a terminal in memory");
            let inputs = stream::poll_fn(move |context| typed.poll_recv(context));
            let theme = Theme::palette();
            runtime::run(&mut terminal, inputs, std::future::pending(), contexts, state, &theme).await
        });
        Self { keys, frames, size, console }
    }

    /// Presses keys: single characters, or names in `<…>`.
    pub(super) fn press(&self, keys: &str) {
        for key in parse_keys(keys) {
            self.keys.send(Ok(Event::Key(key))).expect("the console runs");
        }
    }

    /// Enlarges or shrinks the person's terminal.
    pub(super) fn resize(&self, columns: u16, rows: u16) {
        self.size.send_replace(ratatui::layout::Size { width: columns, height: rows });
        self.keys.send(Ok(Event::Resize(columns, rows))).expect("the console runs");
    }

    /// Types a line into the pane with the keys.
    pub(super) fn type_line(&self, line: &str) {
        for c in line.chars() {
            let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
            self.keys.send(Ok(Event::Key(key))).expect("the console runs");
        }
        self.press("<enter>");
    }

    /// Waits until the screen shows what is expected; the screen comes back.
    pub(super) async fn wait_for(&mut self, what: &str, seen: impl Fn(&str) -> bool) -> String {
        let waited = tokio::time::timeout(PATIENCE, self.frames.wait_for(|screen| seen(screen)));
        let waited = waited.await.map(|found| found.map(|screen| screen.clone()));
        let failed = match waited {
            Ok(Ok(screen)) => return screen,
            Ok(Err(_)) => "the console ended",
            Err(_) => "it did not appear",
        };
        panic!("{failed} while waiting for {what}; the last screen:\n{}", self.screen())
    }

    /// Types a line again and again until the screen shows what is expected: the size of a terminal has a way of its own
    /// to its container, and may come there after the question.
    pub(super) async fn ask_until(&mut self, line: &str, what: &str, seen: impl Fn(&str) -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            self.type_line(line);
            let waited = tokio::time::timeout(AGAIN, self.frames.wait_for(|screen| seen(screen))).await;
            match waited.map(|found| found.is_ok()) {
                Ok(true) => return,
                Err(_) if tokio::time::Instant::now() < deadline => {}
                _ => panic!("{what} did not appear; the last screen:\n{}", self.screen()),
            }
        }
    }

    /// Waits until the screen shows this text.
    pub(super) async fn wait_for_text(&mut self, text: &str) -> String {
        self.wait_for(text, |screen| screen.contains(text)).await
    }

    /// The screen as it is.
    pub(super) fn screen(&self) -> String {
        self.frames.borrow().clone()
    }

    /// Selects the pod whose name begins like this, by the filter; it is inspected and runs when this returns.
    pub(super) async fn select_pod(&mut self, name: &str) {
        self.press(&format!("/'{name}<enter>"));
        self.wait_for(&format!("pod {name} selected and running"), |screen| {
            let selected = screen.lines().any(|line| line.trim_start_matches('│').starts_with(&format!("▸{name}")));
            // What can run something can be attached to, too.
            selected && screen.contains("phase     ") && screen.contains("  running")
        })
        .await;
    }

    /// Goes into the selected pod and to its container of this name.
    pub(super) async fn select_container(&mut self, name: &str) {
        self.press("<enter>");
        self.wait_for("a selected container", |screen| screen.contains("▸ ")).await;
        let wanted = format!("▸ {name}");
        for _ in 0..20 {
            let before = self.screen();
            if before.contains(&wanted) {
                self.wait_for(&format!("container {name} running"), |screen| {
                    screen.lines().any(|line| line.contains(&wanted) && line.contains("  running"))
                })
                .await;
                return;
            }
            self.press("<down>");
            self.wait_for("another container", |screen| screen != before).await;
        }
        panic!("no container {name}:\n{}", self.screen());
    }

    /// Runs a command line in the shell of the pane and waits for this in what follows it.
    pub(super) async fn run(&mut self, line: &str, expected: &str) -> String {
        self.type_line(line);
        self.wait_for(&format!("{expected:?} after {line:?}"), |screen| {
            // The command itself may hold the text: what counts stands below it.
            let below = screen.rsplit_once(line).map_or("", |(_, below)| below);
            below.contains(expected)
        })
        .await
    }

    /// Leaves the console, whatever is open.
    pub(super) async fn leave(mut self) {
        self.press("<c-]>q");
        // With sessions open it asks; without, it is gone before the answer comes.
        let gone = tokio::time::timeout(PATIENCE, async {
            let mut answered = false;
            loop {
                // A frame may show the question after its answer, when nobody takes keys any more.
                if !answered && self.screen().contains("Leave bathy?") {
                    self.press("q");
                    answered = true;
                }
                if self.frames.changed().await.is_err() {
                    return;
                }
            }
        });
        assert!(gone.await.is_ok(), "the console did not end; its last screen:\n{}", self.screen());
        let ended = self.console.await.expect("the console did not panic");
        let problems = ended.expect("the console ended well");
        assert!(problems.is_empty(), "{problems:?}");
    }
}
