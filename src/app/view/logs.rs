//! Logs in a view: what of them is shown and how; it follows none itself.

mod ansi;
mod entry;
mod filter;
mod json;
mod range;
mod render;
mod source;
mod store;

use std::sync::Arc;

use crate::app::reader::{Line, Lines, Reader};
use crate::cluster::{
    ContainerKey, LogLine, LogMark, LogRange, LogScope, LogSubject, MarkKind, PodKey, Problem, STREAMS_MAX,
};
use entry::Entry;
use filter::Filter;
pub use range::read as read_range;
use source::{Source, Sources};
use store::Store;

/// How many lines of each container's past are read where nothing else is said.
pub const TAIL: u32 = 2_000;

/// What a log view follows, and its memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Following {
    /// Whose logs, and how much of them.
    pub subject: LogSubject,
    /// How many bytes of lines are kept.
    pub memory: usize,
    /// Counts how often the view was turned to something else: news of before are not for it.
    pub turn: u32,
}

/// What was heard of logs since the last time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogBatch {
    /// Of which turn of the view.
    pub turn: u32,
    /// Whose logs they turned out to be.
    pub owner: Option<String>,
    /// Containers that came, with their numbers.
    pub sources: Vec<(u32, ContainerKey)>,
    /// Containers that are gone with their pods.
    pub over: Vec<u32>,
    /// Lines and marks, as they came.
    pub entries: Vec<LogEntry>,
    /// So many lines came faster than they could be taken in, and are left out before these.
    pub skipped: u64,
    /// How many containers there are, and how many of them wait.
    pub crowd: Option<(usize, usize)>,
    /// Why the server is not heard (`Some(None)`: it is again).
    pub lost: Option<Option<String>>,
}

/// A line or a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEntry {
    /// A line that a container wrote.
    Line(LogLine),
    /// Something that happened between lines.
    Mark(LogMark),
    /// A container's log may not be read.
    Refused(u32, Box<Problem>),
}

/// The view of logs.
#[derive(Debug)]
pub struct Logs {
    following: Following,
    owner: Option<String>,
    sources: Sources,
    store: Store,
    filter: Filter,
    shows_times: bool,
    shows_objects_readable: bool,
    crowd: (usize, usize),
    lost: Option<String>,
    /// Whether the server was heard of the pods.
    heard: bool,
    skipped: u64,
}

impl Following {
    /// The log of one container.
    pub fn container(key: &ContainerKey, previous: bool, memory: usize) -> Self {
        Self::of(LogScope::Pod(key.pod.clone()), Some(key.container.clone()), previous, memory)
    }

    /// The logs of this scope, of all containers or of those of one name.
    pub fn of(scope: LogScope, container: Option<Arc<str>>, previous: bool, memory: usize) -> Self {
        let range = LogRange { tail: Some(TAIL), since: None };
        Self { subject: LogSubject { scope, container, previous, range }, memory, turn: 0 }
    }

    /// The same view turned to something else.
    #[must_use]
    pub fn turned(&self, change: impl FnOnce(&mut LogSubject)) -> Self {
        let mut turned = Self { turn: self.turn + 1, ..self.clone() };
        change(&mut turned.subject);
        turned
    }
}

impl Logs {
    /// A view that has not heard anything.
    pub(super) fn new(following: Following) -> Self {
        Self {
            store: Store::new(following.memory),
            following,
            owner: None,
            sources: Sources::default(),
            filter: Filter::default(),
            shows_times: false,
            shows_objects_readable: true,
            crowd: (0, 0),
            lost: None,
            heard: false,
            skipped: 0,
        }
    }

    /// The same view of something else, shown in the same way.
    pub(super) fn turned(&self, following: Following) -> Self {
        let mut turned = Self::new(following);
        turned.filter = self.filter.clone();
        (turned.shows_times, turned.shows_objects_readable) = (self.shows_times, self.shows_objects_readable);
        if self.store.unfolds() {
            turned.store.unfold_all();
        }
        turned
    }

    /// What is followed.
    pub fn following(&self) -> &Following {
        &self.following
    }

    /// The namespace of the pods.
    pub(super) fn namespace(&self) -> Arc<str> {
        match &self.following.subject.scope {
            LogScope::Pod(pod) | LogScope::OwnerOf(pod) => Arc::clone(&pod.namespace),
            LogScope::Owner(owner) => owner.namespace.as_str().into(),
            LogScope::Selector(namespace, _) => Arc::clone(namespace),
        }
    }

    /// The pod that is meant: the only one, or that of the line at this row, else the first that came.
    pub fn pod_at(&self, row: Option<usize>) -> Option<PodKey> {
        let of_row = || Some(self.source_at(row)?.key.pod.clone());
        match &self.following.subject.scope {
            LogScope::Pod(pod) | LogScope::OwnerOf(pod) => Some(pod.clone()),
            LogScope::Owner(_) | LogScope::Selector(..) => of_row(),
        }
    }

    /// The container that is meant: of the line at this row, else the first that came.
    pub fn container_at(&self, row: Option<usize>) -> Option<Arc<str>> {
        Some(Arc::clone(&self.source_at(row)?.key.container))
    }

    /// The container of the line at this row, else the first that came.
    fn source_at(&self, row: Option<usize>) -> Option<&Source> {
        let number = row.and_then(|row| self.store.entry(self.store.rows().get(row)?.entry)?.source);
        number.and_then(|number| self.sources.get(number)).or(self.sources.first())
    }

    /// What its tab says.
    pub(super) fn title(&self) -> String {
        let subject = &self.following.subject;
        let whose = match (&self.owner, &subject.scope) {
            (Some(owner), _) => owner.clone(),
            (None, LogScope::Pod(pod)) => pod.name.to_string(),
            (None, LogScope::OwnerOf(pod)) => format!("owner of {}", pod.name),
            (None, LogScope::Owner(owner)) => owner.words(),
            (None, LogScope::Selector(_, selector)) => selector.clone(),
        };
        let container = subject.container.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
        let kind = if subject.previous { "previous log" } else { "log" };
        format!("{whose}{container} {kind}")
    }

    /// What is to be known beside the title, the most important first.
    pub(super) fn says(&self) -> Vec<String> {
        let lost = self.lost.as_ref().map(|why| format!("cut, trying again: {why}"));
        let is_found =
            !self.heard || !self.sources.is_empty() || matches!(self.following.subject.scope, LogScope::Pod(_));
        let nobody = (!is_found).then(|| "no pod is found so far".to_owned());
        let held = self.store.held().map(|count| format!("paused, {count} new"));
        let filter = (!self.filter.is_open()).then(|| {
            let kind = if self.filter.is_expression() { "expression " } else { "" };
            let (shown, lines) = self.store.counted();
            format!("{kind}“{}” in {shown} of {lines}", self.filter.typed())
        });
        let (containers, waiting) = self.crowd;
        let crowd = match (containers, waiting) {
            (_, 1..) => Some(format!("{waiting} of {containers} wait: at most {STREAMS_MAX} at once")),
            (2.., 0) => Some(format!("{containers} containers")),
            _ => None,
        };
        let skipped = (self.skipped > 0).then(|| format!("{} lines left out", self.skipped));
        let gone = self.store.dropped();
        let gone = (gone > 0).then(|| format!("{gone} older lines dropped"));
        [lost, nobody, held, filter, skipped, crowd, gone].into_iter().flatten().collect()
    }

    pub(super) fn take(&mut self, batch: LogBatch, reader: &mut Reader) -> Option<Problem> {
        if batch.turn != self.following.turn {
            return None;
        }
        self.owner = batch.owner.or(self.owner.take());
        self.sources.are_over(&batch.over);
        if !batch.sources.is_empty() {
            if self.sources.are_many() {
                // A view that follows an owner for days meets thousands.
                let kept = self.sources.retain(&self.store.sources());
                self.store.retain_sources(&kept);
            }
            self.sources.add(batch.sources);
        }
        self.crowd = batch.crowd.unwrap_or(self.crowd);
        if let Some(lost) = batch.lost {
            self.heard |= lost.is_none();
            self.lost = lost;
        }
        self.skipped += batch.skipped;
        let mut problem = None;
        let mut entries = Vec::with_capacity(batch.entries.len() + 1);
        if batch.skipped > 0 {
            let text = format!("{} lines came faster than they can be shown and are left out", batch.skipped);
            entries.push(Entry::mark(LogMark { source: None, time: None, kind: MarkKind::Gap, text }));
        }
        for entry in batch.entries {
            entries.push(match entry {
                LogEntry::Line(line) => Entry::line(&line),
                LogEntry::Mark(mark) => Entry::mark(mark),
                LogEntry::Refused(source, refused) => {
                    let text = refused.headline();
                    if self.following.subject.container.is_some() {
                        problem = Some(*refused);
                    }
                    Entry::mark(LogMark { source: Some(source), time: None, kind: MarkKind::Failure, text })
                }
            });
        }
        let changed = self.store.add(entries, &self.filter);
        if changed.replaced {
            reader.replaced();
        }
        if changed.dropped > 0 {
            reader.dropped(changed.dropped);
        }
        problem
    }

    /// Shows the times of lines, or hides them.
    pub fn toggle_times(&mut self, reader: &mut Reader) {
        self.shows_times = !self.shows_times;
        reader.replaced();
    }

    /// Shows JSON objects so that they can be read, or as they came.
    pub fn toggle_readable(&mut self, reader: &mut Reader) {
        self.shows_objects_readable = !self.shows_objects_readable;
        reader.replaced();
    }

    /// Shows nothing more of what comes, or all that came meanwhile.
    pub fn toggle_pause(&mut self, reader: &mut Reader) {
        let holds = self.store.held().is_none();
        self.store.hold(holds);
        if holds {
            reader.hold();
        } else {
            reader.to_end(&*self);
        }
    }

    /// Unfolds the JSON object that is pointed at, or folds it; the last one in view where none is.
    pub fn unfold(&mut self, reader: &mut Reader) {
        let last = self.count().saturating_sub(1);
        let row = reader.cursor().unwrap_or(if reader.follows() { last } else { reader.top() });
        if let Some(row) = self.store.unfold(row) {
            reader.replaced();
            reader.point_at(row, &*self);
        }
    }

    /// Unfolds every JSON object, or folds all.
    pub fn unfold_all(&mut self, reader: &mut Reader) {
        let at = self.store.rows().get(reader.top()).map(|row| row.entry);
        self.store.unfold_all();
        reader.replaced();
        if let Some(at) = at.filter(|_| !reader.follows()) {
            reader.show(self.store.row_of(at), &*self);
        }
    }

    /// What is typed as the filter.
    pub fn filter(&self) -> &str {
        self.filter.typed()
    }

    /// Shows the lines with this text; where it stands nowhere, those that match the expression.
    pub fn set_filter(&mut self, typed: &str, reader: &mut Reader) {
        let literal = Filter::literal(typed);
        let nowhere = !literal.is_open() && !self.store.has_any(&literal);
        self.filter = nowhere.then(|| Filter::expression(typed)).flatten().unwrap_or(literal);
        let at = self.store.rows().get(reader.top()).map(|row| row.entry);
        self.store.filter(&self.filter);
        reader.replaced();
        if let Some(at) = at.filter(|_| !reader.follows()) {
            reader.let_go();
            reader.show(self.store.row_of(at), &*self);
        }
    }
}

impl Lines for Logs {
    fn count(&self) -> usize {
        self.store.rows().len()
    }

    fn line(&self, index: usize) -> Line {
        self.rendered(index)
    }
}
