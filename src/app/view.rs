//! Views: panes that are read, not typed into; what each kind shows is its own file's affair, and none asks the outside itself.

mod keys;
pub mod ports;
pub mod yaml;

use jiff::Timestamp;

use super::layout::Size;
use super::message::Effect;
use super::overlay::TextLine;
use super::panes::PaneId;
use super::reader::{Line, Lines, Reader};
use super::state::{Focus, State};
use super::{Axis, Scope};
use crate::cluster::{Liveness, ObjectKey, Problem};
pub use keys::{act, ask, back, close_view, copy, with};
pub(super) use keys::{pasted, pressed};
use ports::Ports;
use yaml::Yaml;

/// Names a view of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewId(pub u64);

/// What a view reads: plain data, by which it is opened and opened again.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewSource {
    /// An object as the API has it.
    Yaml(ObjectKey),
    /// The forwarded ports of this run.
    Ports,
}

/// Something that a view's source has to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum ViewUpdate {
    /// How fresh it is.
    Liveness(Liveness),
    /// It cannot be read, or not for now.
    Failed(Problem),
    /// The object, or that there is none any more.
    Object(Option<Box<serde_json::Value>>),
}

/// What a view shows.
#[derive(Debug)]
pub enum Content {
    /// An object as YAML.
    Yaml(Yaml),
    /// The forwarded ports of this run.
    Ports(Ports),
}

/// What is typed into a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// What to look for.
    Search {
        /// Upwards.
        older: bool,
    },
}

/// A line under edit in a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What it is for.
    pub asking: Asking,
    /// The line.
    pub line: TextLine,
}

/// A view.
#[derive(Debug)]
pub struct View {
    /// Its name.
    pub id: ViewId,
    /// The context that it reads in.
    pub context: String,
    /// What it reads.
    pub source: ViewSource,
    /// What it shows.
    pub content: Content,
    /// Where the person is in it.
    pub reader: Reader,
    /// What is being typed into it.
    pub prompt: Option<Prompt>,
    /// How fresh it is.
    pub liveness: Liveness,
    /// Why it cannot be read, while it cannot.
    pub problem: Option<Problem>,
    /// Whether it has news since it was last in view.
    pub activity: bool,
    /// The size of its pane.
    pub size: Size,
}

impl Content {
    fn of(source: &ViewSource) -> Self {
        match source {
            ViewSource::Yaml(key) => Self::Yaml(Yaml::new(key.clone())),
            ViewSource::Ports => Self::Ports(Ports::default()),
        }
    }

    /// Its lines.
    pub fn lines(&self) -> &dyn Lines {
        match self {
            Self::Yaml(yaml) => yaml.lines(),
            Self::Ports(ports) => ports.lines(),
        }
    }

    /// Where the keys of its own kind are listened to.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Yaml(_) => Scope::Yaml,
            Self::Ports(_) => Scope::Ports,
        }
    }

    /// What its tab says.
    pub fn title(&self) -> String {
        match self {
            Self::Yaml(yaml) => yaml.title(),
            Self::Ports(_) => "forwarded ports".to_owned(),
        }
    }

    /// What is to be known of it beside its name, the most important first.
    pub fn says(&self, _now: Timestamp) -> Vec<String> {
        match self {
            Self::Yaml(yaml) => yaml.says(),
            Self::Ports(ports) => ports.says(),
        }
    }

    /// A reader as it wants to be read.
    fn reader(&self) -> Reader {
        match self {
            Self::Yaml(_) | Self::Ports(_) => Reader::new(false, false),
        }
    }

    fn take(&mut self, update: ViewUpdate, reader: &mut Reader) {
        match (self, update) {
            (Self::Yaml(yaml), ViewUpdate::Object(object)) => yaml.take(object.as_deref(), reader),
            (Self::Ports(_), _) | (_, ViewUpdate::Liveness(_) | ViewUpdate::Failed(_)) => {}
        }
    }
}

impl View {
    /// A view that has not heard anything.
    pub fn new(id: ViewId, context: String, source: ViewSource) -> Self {
        let shown = Content::of(&source);
        Self {
            id,
            context,
            reader: shown.reader(),
            content: shown,
            source,
            prompt: None,
            liveness: Liveness::Connecting,
            problem: None,
            activity: false,
            size: Size { columns: 0, rows: 0 },
        }
    }

    /// Reads with its reader in its lines.
    pub fn read<T>(&mut self, work: impl FnOnce(&mut Reader, &dyn Lines) -> T) -> T {
        work(&mut self.reader, self.content.lines())
    }

    /// What stands in its pane before it has anything to show.
    pub fn stands_for_lines(&self) -> Option<Line> {
        use super::reader::Tone;
        (self.content.lines().count() == 0 && self.problem.is_none()).then(|| match &self.liveness {
            Liveness::Stale { why, .. } => Line::of(Tone::Bad, format!("the server is not heard: {why}")),
            _ => Line::of(Tone::Faint, "reading…"),
        })
    }

    /// How it stands, in one sign, as sessions have one.
    pub fn mark(&self) -> &'static str {
        match (&self.problem, &self.liveness, self.activity) {
            (Some(_), ..) | (None, Liveness::Stale { .. }, _) => "!",
            (None, _, true) => "•",
            (None, ..) => "",
        }
    }
}

/// Opens a view in a tab of its own; one that is there already comes into view.
pub fn open_view(state: &mut State, source: ViewSource) -> Vec<Effect> {
    state.focus = Focus::Pane;
    let context = state.context.name.clone();
    let same = |view: &&View| view.source == source && view.context == context;
    if let Some(id) = state.sessions.views().iter().find(same).map(|view| view.id) {
        state.sessions.focus(id);
        return Vec::new();
    }
    let id = state.sessions.next_view();
    state.sessions.add_view(View::new(id, context.clone(), source.clone()));
    vec![Effect::OpenView(id, context, source)]
}

/// Lists the forwarded ports, of all contexts: where they are listed already, that comes into view.
pub fn show_forwards(state: &mut State) -> Vec<Effect> {
    let is_list = |view: &&View| view.source == ViewSource::Ports;
    if let Some(id) = state.sessions.views().iter().find(is_list).map(|view| view.id) {
        state.focus = Focus::Pane;
        state.sessions.focus(id);
        return Vec::new();
    }
    open_view(state, ViewSource::Ports)
}

/// Opens the same view once more beside the focused pane.
pub fn open_view_beside(state: &mut State, axis: Axis, of: ViewId) -> Vec<Effect> {
    let Some(view) = state.sessions.view(of) else { return Vec::new() };
    let (context, source) = (view.context.clone(), view.source.clone());
    let id = state.sessions.next_view();
    state.focus = Focus::Pane;
    state.sessions.add_view_beside(axis, View::new(id, context.clone(), source.clone()));
    vec![Effect::OpenView(id, context, source)]
}

/// A view's source has told something.
pub(super) fn told(state: &mut State, id: ViewId, update: ViewUpdate) {
    let in_view = state.sessions.in_view(PaneId::View(id));
    let Some(view) = state.sessions.view_mut(id) else { return };
    match &update {
        ViewUpdate::Liveness(liveness) => view.liveness.clone_from(liveness),
        ViewUpdate::Failed(problem) => view.problem = Some(problem.clone()),
        ViewUpdate::Object(_) => {
            view.problem = None;
            view.activity = !in_view;
        }
    }
    view.content.take(update, &mut view.reader);
}

/// Brings every view up to date with its pane and its lines.
pub(super) fn settle(state: &mut State) {
    let State { sessions, forwards, now, .. } = state;
    for view in sessions.views_mut() {
        if let Content::Ports(ports) = &mut view.content {
            ports.write(forwards, *now, &mut view.reader);
        }
        let size = view.size;
        view.read(|reader, lines| reader.settle(lines, size));
    }
}

/// Whether a search of a view goes on without a fact that arrives.
pub(super) fn moves_by_itself(state: &State) -> bool {
    state.sessions.views().iter().any(|view| view.reader.is_busy(view.content.lines()))
}
