//! Views: panes that are read, not typed into; what each kind shows is its own file's affair, and none asks the outside itself.

mod content;
pub mod describe;
pub mod events;
mod keys;
pub mod logs;
pub mod ports;
pub mod yaml;

use super::Axis;
use super::layout::Size;
use super::message::Effect;
use super::overlay::TextLine;
use super::panes::PaneId;
use super::reader::{Line, Lines, Reader};
use super::state::{Focus, State};
use crate::cluster::{Liveness, Problem};
pub use content::{Content, ViewSource, ViewUpdate};
pub use keys::{act, ask, back, close_view, copy, with};
pub(super) use keys::{pasted, pressed};
use logs::Following;

/// Names a view of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ViewId(pub u64);

/// What is typed into a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// What to look for.
    Search {
        /// Upwards.
        older: bool,
    },
    /// Which lines of logs are shown.
    Filter,
    /// How much of the past of logs is read.
    Range,
    /// Of which pods logs are read.
    Selector,
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

    /// Turns it to other logs; how they are shown stays.
    pub fn turn(&mut self, following: Following) -> Vec<Effect> {
        let Content::Logs(logs) = &self.content else { return Vec::new() };
        let turned = logs.turned(following.clone());
        self.content = Content::Logs(Box::new(turned));
        self.source = ViewSource::Logs(following);
        self.reader = Reader::new(true, self.reader.wraps());
        (self.problem, self.liveness) = (None, Liveness::Connecting);
        vec![Effect::CloseView(self.id), Effect::OpenView(self.id, self.context.clone(), self.source.clone())]
    }

    /// What stands in its pane before it has anything to show.
    pub fn stands_for_lines(&self) -> Option<Line> {
        use super::reader::Tone;
        (self.content.lines().count() == 0 && self.problem.is_none()).then(|| match &self.liveness {
            Liveness::Stale { why, .. } => Line::of(Tone::Bad, format!("the server is not heard: {why}")),
            Liveness::Live => Line::of(Tone::Faint, "nothing was written yet"),
            Liveness::Connecting => Line::of(Tone::Faint, "reading…"),
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
        ViewUpdate::Object(_) | ViewUpdate::Described(_) | ViewUpdate::Events { .. } => {
            view.problem = None;
            view.activity = !in_view;
        }
        ViewUpdate::Logs(batch) => {
            if !batch.entries.is_empty() {
                view.problem = None;
                view.activity |= !in_view;
            }
            view.liveness = Liveness::Live;
        }
    }
    if let Some(problem) = view.content.take(update, &mut view.reader) {
        view.problem = Some(problem);
    }
}

/// Brings every view up to date with its pane and its lines.
pub(super) fn settle(state: &mut State) {
    let State { sessions, forwards, now, .. } = state;
    for view in sessions.views_mut() {
        let size = view.size;
        view.content.settle(*now, forwards, &mut view.reader);
        view.read(|reader, lines| reader.settle(lines, size));
    }
}

/// Whether a search of a view goes on without a fact that arrives.
pub(super) fn moves_by_itself(state: &State) -> bool {
    state.sessions.views().iter().any(|view| view.reader.is_busy(view.content.lines()))
}
