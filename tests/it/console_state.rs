//! A console without a cluster: states built from facts alone, for the tests of screens and of update.

use std::collections::BTreeMap;
use std::sync::Arc;

use bathyscope::actions::actions;
use bathyscope::app::layout::Size;
use bathyscope::app::{Effect, Keymap, Message, Opening, Settings, State, settle, update};
use bathyscope::cluster::metrics::Resources;
use bathyscope::cluster::{
    ContainerDetail, ContainerKind, ContainerState, ContextInfo, Liveness, NamespaceRow, PodDetail, PodKey, PodRow,
    RowsUpdate, WatchId, WatchTarget, WatchUpdate,
};
use bathyscope::ui::{Theme, draw};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The time at which every test console stands still.
pub(crate) const NOW: i64 = 1_800_000_000;

/// A time so many seconds before [`NOW`].
pub(crate) fn ago(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW - seconds).expect("in range")
}

/// A console and what it has asked of the outside.
pub(crate) struct Console {
    pub(crate) state: State,
    pub(crate) asked: Vec<Effect>,
}

impl Console {
    /// A console of this size that has just been opened on the context `prod-eu`, namespace `payments`.
    pub(crate) fn opened(columns: u16, rows: u16) -> Self {
        let context = |name: &str| ContextInfo {
            name: name.to_owned(),
            cluster: name.to_owned(),
            user: "oncall".to_owned(),
            namespace: Some("payments".to_owned()),
        };
        let state = State::new(Opening {
            settings: Settings::default(),
            keymap: Keymap::new(actions(), "ctrl-]", &BTreeMap::new()).expect("keys"),
            contexts: vec![context("prod-eu"), context("staging")],
            context: context("prod-eu"),
            scope: None,
            named: vec![],
            now: ago(0),
            size: Size { columns, rows },
        });
        let mut console = Self { state, asked: Vec::new() };
        let asked = bathyscope::app::open(&mut console.state);
        console.asked.extend(asked);
        console
    }

    /// The same, with three pods and two namespaces listed and the first pod inspected.
    pub(crate) fn with_pods(columns: u16, rows: u16) -> Self {
        let mut console = Self::opened(columns, rows);
        let context = console.state.context.clone();
        console.told(Message::Connected(context));
        let pods = console.watch(&WatchTarget::PodsIn(vec!["payments".to_owned()]));
        console.rows(
            pods,
            vec![
                pod("nodejsapps-66cd4f-gddtt", "1/1", "Running", 0, 1_260),
                pod("nonroot", "1/1", "Running", 0, 1_140),
                pod("crash", "0/1", "CrashLoopBackOff", 7, 540),
            ],
        );
        let namespaces = console.watch(&WatchTarget::Namespaces);
        let row = |name: &str| NamespaceRow { name: name.into(), status: "Active".into(), created: Some(ago(86_400)) };
        let rows = vec![row("payments"), row("shop")];
        for update in [RowsUpdate::Begin, RowsUpdate::Rows(rows), RowsUpdate::Complete] {
            console.told(Message::Watch(namespaces, WatchUpdate::Namespaces(update)));
        }
        console.settled();
        console.inspect("crash");
        console
    }

    fn rows(&mut self, id: WatchId, rows: Vec<PodRow>) {
        for update in [RowsUpdate::Begin, RowsUpdate::Rows(rows), RowsUpdate::Complete] {
            self.told(Message::Watch(id, WatchUpdate::Pods(update)));
        }
        self.told(Message::Watch(id, WatchUpdate::Liveness(Liveness::Live)));
    }

    /// Lets the selection rest until its pod is asked for, and answers.
    pub(crate) fn inspect(&mut self, name: &str) {
        self.told(Message::Tick(self.state.now + jiff::SignedDuration::from_millis(500)));
        self.settled();
        let key = PodKey { namespace: "payments".into(), name: name.into() };
        let id = self.watch(&WatchTarget::Pod(key.clone()));
        self.told(Message::Watch(id, WatchUpdate::Pod(Some(Arc::new(detail(key))))));
    }

    /// The id of the newest watch of this target.
    pub(crate) fn watch(&self, target: &WatchTarget) -> WatchId {
        let found = self.asked.iter().rev().find_map(|effect| match effect {
            Effect::Watch(id, other) if other == target => Some(*id),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("{target:?} is not watched: {:?}", self.asked))
    }

    pub(crate) fn told(&mut self, message: Message) {
        let asked = update(&mut self.state, message);
        self.asked.extend(asked);
    }

    pub(crate) fn settled(&mut self) {
        let asked = settle(&mut self.state);
        self.asked.extend(asked);
    }

    /// Presses keys: single characters, or names in `<…>`: `jj<enter><esc><c-]>`.
    pub(crate) fn press(&mut self, keys: &str) {
        for key in parse_keys(keys) {
            self.told(Message::Key(key));
            self.settled();
        }
    }

    /// What the frame shows, as text.
    pub(crate) fn screen(&mut self) -> String {
        self.settled();
        let size = self.state.size;
        let mut terminal = Terminal::new(TestBackend::new(size.columns, size.rows)).expect("a test backend");
        terminal.draw(|frame| draw(&self.state, &Theme::palette(), frame)).expect("a frame");
        let buffer = terminal.backend().buffer();
        let mut text = String::new();
        for y in 0..size.rows {
            let line: String = (0..size.columns).map(|x| buffer[(x, y)].symbol()).collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Reads keys written as text.
pub(crate) fn parse_keys(keys: &str) -> Vec<KeyEvent> {
    let mut events = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|tail| tail.split_once('>'));
        let event = if let Some((name, tail)) = named {
            rest = tail;
            match name {
                "enter" => KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE),
                "esc" => KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE),
                "tab" => KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE),
                "up" => KeyEvent::new(KeyCode::Up, KeyModifiers::NONE),
                "down" => KeyEvent::new(KeyCode::Down, KeyModifiers::NONE),
                "left" => KeyEvent::new(KeyCode::Left, KeyModifiers::NONE),
                "right" => KeyEvent::new(KeyCode::Right, KeyModifiers::NONE),
                "backspace" => KeyEvent::new(KeyCode::Backspace, KeyModifiers::NONE),
                "pgup" => KeyEvent::new(KeyCode::PageUp, KeyModifiers::NONE),
                "pgdn" => KeyEvent::new(KeyCode::PageDown, KeyModifiers::NONE),
                "f1" => KeyEvent::new(KeyCode::F(1), KeyModifiers::NONE),
                "lt" => KeyEvent::new(KeyCode::Char('<'), KeyModifiers::NONE),
                "space" => KeyEvent::new(KeyCode::Char(' '), KeyModifiers::NONE),
                name => {
                    let c = name.strip_prefix("c-").and_then(|c| c.chars().next()).expect("a known key name");
                    KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)
                }
            }
        } else {
            rest = &rest[first.len_utf8()..];
            KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE)
        };
        events.push(event);
    }
    events
}

pub(crate) fn pod(name: &str, ready: &str, status: &str, restarts: u32, age: i64) -> PodRow {
    PodRow {
        key: PodKey { namespace: "payments".into(), name: name.into() },
        ready: ready.into(),
        status: status.into(),
        restarts,
        created: Some(ago(age)),
        node: "node-1".into(),
        ip: "10.0.0.7".into(),
    }
}

fn container(name: &str, kind: ContainerKind, state: ContainerState) -> ContainerDetail {
    ContainerDetail {
        name: name.into(),
        kind,
        image: format!("registry.example/{name}:1"),
        state,
        last: None,
        ready: true,
        restarts: 0,
        user: Some((65_532, 65_532)),
        // Not for the container that debuggers are started for here: one that is asked for is a new one.
        target: (kind == ContainerKind::Ephemeral).then(|| "proxy".to_owned()),
        tty: kind == ContainerKind::Ephemeral,
        stdin: kind == ContainerKind::Ephemeral,
        resources: Resources {
            cpu_request: Some(50),
            memory_request: Some(64 << 20),
            memory_limit: Some(128 << 20),
            ..Resources::default()
        },
    }
}

/// A pod with a running container, a debugger that runs and one that has ended.
pub(crate) fn detail(key: PodKey) -> PodDetail {
    let ended =
        ContainerState::Terminated { code: 7, reason: "Error".into(), message: String::new(), at: Some(ago(60)) };
    PodDetail {
        key,
        uid: "1".into(),
        created: Some(ago(1_260)),
        phase: "Running".into(),
        node: "node-1".into(),
        ip: "10.0.0.7".into(),
        service_account: "default".into(),
        labels: vec![("app".into(), "nodejsapp".into())],
        annotations: vec![],
        owner: Some(("ReplicaSet".into(), "nodejsapps-66cd4f".into())),
        default_container: Some("app".into()),
        share_processes: false,
        deleting: None,
        volumes: vec![],
        containers: vec![
            container("app", ContainerKind::Regular, ContainerState::Running { since: Some(ago(1_200)) }),
            container("debugger-x7k2p", ContainerKind::Ephemeral, ContainerState::Running { since: Some(ago(30)) }),
            container("debugger-old55", ContainerKind::Ephemeral, ended),
        ],
        trouble: None,
    }
}
