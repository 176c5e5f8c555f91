//! Carries out what the state asks of the outside, each in a task of its own; what comes of it returns as facts.

mod finish;
mod requests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::forwards::Forwards;
use super::recordings::Recordings;
use super::views::Views;
use super::{clipboard, forms, forwards, image_file, launch, leaving_file, text_file, views};
use crate::app::layout::Size;
use crate::app::{Effect, Message, Start};
use crate::cluster::{Cluster, Contexts, Problem, WatchId, WatchUpdate, watch};
use crate::session::{Attention, Chunk, SessionHandle, SessionId, SessionUpdate};

/// Reports of watches that may wait; a watch that reports faster waits itself.
const WATCH_QUEUE: usize = 64;
/// What a person types before a shell stands is kept up to this many bytes.
const TYPED_AHEAD: usize = 4_096;
/// How long deletions and endings asked for at the end may take.
const LAST_REQUESTS: Duration = Duration::from_secs(20);

/// Something that happened outside.
pub(super) enum Fact {
    /// A plain fact.
    Message(Message),
    /// Output; its place in the session's queue is free again once it is dropped.
    Output(SessionId, Chunk),
    /// A stream stands.
    Opened(SessionId, Opened),
}

/// A stream that stands.
pub(super) struct Opened {
    /// Our end of it.
    pub(super) handle: SessionHandle,
    /// What is to be told to the far end's terminal first, so that a shell draws its prompt again.
    pub(super) redraw: bool,
}

/// A session that is on its way or stands.
enum Stream {
    Starting { task: AbortHandle, typed: Vec<u8>, size: Size },
    Open(SessionHandle),
}

/// The tasks of a run and the queues that their results come through.
pub(super) struct Effects {
    contexts: Arc<dyn Contexts>,
    /// The clusters connected to so far, by context: a request goes to the one it was meant for and no other.
    clusters: HashMap<String, Cluster>,
    /// The context that watches belong to.
    context: String,
    /// The cluster each session runs in; switching the context changes nothing for it.
    homes: HashMap<SessionId, Cluster>,
    streams: HashMap<SessionId, Stream>,
    watches: HashMap<WatchId, AbortHandle>,
    /// The newest question about a form's plan.
    check: Option<AbortHandle>,
    tasks: JoinSet<()>,
    last_requests: JoinSet<()>,
    /// Held by every launch whose request is not answered yet: it is carried through whatever happens to the launch.
    unanswered: (mpsc::Sender<()>, mpsc::Receiver<()>),
    facts: Queue<Fact>,
    connected: Queue<Result<Cluster, (String, Problem)>>,
    watched: (mpsc::Sender<Watched>, mpsc::Receiver<Watched>),
    printed: Queue<(SessionId, SessionUpdate)>,
    /// What a person does, which floods give way to.
    person: Attention,
    recordings: Recordings,
    forwards: Forwards,
    views: Views,
}

/// What a watch reports, and which watch.
type Watched = (WatchId, WatchUpdate);
type Queue<T> = (mpsc::UnboundedSender<T>, mpsc::UnboundedReceiver<T>);

impl Effects {
    pub(super) fn new(contexts: Arc<dyn Contexts>) -> Self {
        let facts: Queue<Fact> = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        if let Some(mut troubles) = contexts.troubles() {
            let told = facts.0.clone();
            tasks.spawn(async move {
                while let Some(problem) = troubles.recv().await {
                    let _ = told.send(Fact::Message(Message::Failed(problem)));
                }
            });
        }
        Self {
            contexts,
            clusters: HashMap::new(),
            context: String::new(),
            homes: HashMap::new(),
            streams: HashMap::new(),
            watches: HashMap::new(),
            check: None,
            tasks,
            last_requests: JoinSet::new(),
            unanswered: mpsc::channel(1),
            facts,
            connected: mpsc::unbounded_channel(),
            watched: mpsc::channel(WATCH_QUEUE),
            printed: mpsc::unbounded_channel(),
            person: Attention::default(),
            recordings: Recordings::default(),
            forwards: forwards::none(),
            views: views::none(),
        }
    }

    /// A person does something, and this comes of it.
    pub(super) fn attended(&self, asked: &[Effect]) {
        self.person.given();
        for effect in asked {
            if let Effect::Input(id, _) = effect
                && let Some(Stream::Open(handle)) = self.streams.get(id)
            {
                handle.attended();
            }
        }
    }

    /// The next fact, whenever it comes.
    pub(super) async fn next(&mut self) -> Fact {
        // Every sender is kept by ourselves, so no queue ever ends. A stream stands before it can end.
        tokio::select! {
            biased;
            Some(fact) = self.facts.1.recv() => fact,
            Some(connected) = self.connected.1.recv() => self.connected(connected),
            Some((id, update)) = self.watched.1.recv() => Fact::Message(Message::Watch(id, update)),
            Some((id, report)) = self.recordings.reported() => Fact::Message(Message::Recording(id, report)),
            Some((id, update)) = self.forwards.told() => Fact::Message(Message::Forward(id, update)),
            Some((id, update)) = self.views.told() => Fact::Message(Message::View(id, update)),
            Some((id, update)) = self.printed.1.recv() => self.printed(id, update),
            else => std::future::pending().await,
        }
    }

    /// A fact that is there already.
    pub(super) fn ready(&mut self) -> Option<Fact> {
        if let Ok(fact) = self.facts.1.try_recv() {
            return Some(fact);
        }
        if let Ok(connected) = self.connected.1.try_recv() {
            return Some(self.connected(connected));
        }
        if let Ok((id, update)) = self.watched.1.try_recv() {
            return Some(Fact::Message(Message::Watch(id, update)));
        }
        if let Some((id, report)) = self.recordings.ready() {
            return Some(Fact::Message(Message::Recording(id, report)));
        }
        if let Some((id, update)) = self.forwards.ready() {
            return Some(Fact::Message(Message::Forward(id, update)));
        }
        if let Some((id, update)) = self.views.ready() {
            return Some(Fact::Message(Message::View(id, update)));
        }
        let (id, update) = self.printed.1.try_recv().ok()?;
        Some(self.printed(id, update))
    }

    fn connected(&mut self, connected: Result<Cluster, (String, Problem)>) -> Fact {
        Fact::Message(match connected {
            Ok(cluster) => {
                let context = cluster.context().clone();
                self.clusters.insert(context.name.clone(), cluster);
                Message::Connected(context)
            }
            Err((context, problem)) => Message::ConnectFailed { context, problem },
        })
    }

    fn printed(&mut self, id: SessionId, update: SessionUpdate) -> Fact {
        match update {
            SessionUpdate::Output(chunk) => Fact::Output(id, chunk),
            SessionUpdate::Link(link) => Fact::Message(Message::Link(id, link)),
            SessionUpdate::Ended(end) => {
                self.streams.remove(&id);
                Fact::Message(Message::Ended(id, end))
            }
        }
    }

    /// Starts all of these; false if one of them ends the program.
    pub(super) fn run_all(&mut self, effects: Vec<Effect>) -> bool {
        let mut going = true;
        for effect in effects {
            going &= effect != Effect::Quit;
            self.run(effect);
        }
        // Tasks that have ended are let go of; what they had to say is in the queues.
        while let Some(ended) = self.tasks.try_join_next() {
            if ended.is_err_and(|error| error.is_panic()) {
                self.tell(Message::Failed(Problem {
                    what: "something in the background broke down".to_owned(),
                    why: super::tty::panics().pop().unwrap_or_default(),
                    hint: "this is a bug; what it worked on may not be up to date".to_owned(),
                    fixes: Vec::new(),
                }));
            }
        }
        going
    }

    fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Connect(context) => self.connect(context),
            Effect::Watch(id, target) => {
                if let Some(cluster) = self.clusters.get(&self.context).cloned() {
                    let task = self.tasks.spawn(watch(cluster, id, target, self.watched.0.clone()));
                    self.watches.insert(id, task);
                }
            }
            Effect::StopWatch(id) => {
                if let Some(task) = self.watches.remove(&id) {
                    task.abort();
                }
            }
            Effect::Start(id, context, start, size) => self.start(id, &context, start, size, Vec::new()),
            Effect::StartDrawn(id, context, start, size, drawn) => self.start(id, &context, start, size, drawn),
            Effect::ReadSubject(form, context, subject) => {
                let (cluster, facts) = (self.cluster(&context), self.facts.0.clone());
                self.tasks.spawn(forms::read(cluster, form, subject, facts));
            }
            Effect::CheckPlan { form, revision, context, plan } => {
                let (cluster, facts) = (self.cluster(&context), self.facts.0.clone());
                let task = self.tasks.spawn(forms::check(cluster, form, revision, plan, facts));
                // Nobody waits for the verdict on an older plan.
                if let Some(older) = self.check.replace(task) {
                    older.abort();
                }
            }
            Effect::Copy(text) => {
                let (copied, facts) = (clipboard::copy(text), self.facts.0.clone());
                self.tasks.spawn(async move {
                    let _ = facts.send(Fact::Message(copied.await));
                });
            }
            Effect::SaveText(path, text) => {
                let facts = self.facts.0.clone();
                self.tasks.spawn_blocking(move || {
                    let _ = facts.send(Fact::Message(text_file::save(&path, &text)));
                });
            }
            Effect::RememberImage(file, image) => {
                self.tasks.spawn_blocking(move || image_file::remember(&file, &image));
            }
            Effect::RememberLeave(file, kind, leave) => {
                let facts = self.facts.0.clone();
                self.tasks.spawn_blocking(move || {
                    if let Err(problem) = leaving_file::remember(&file, kind, leave) {
                        let _ = facts.send(Fact::Message(Message::Failed(problem)));
                    }
                });
            }
            Effect::Input(id, bytes) => self.input(id, bytes),
            Effect::Resize(id, to) => match self.streams.get_mut(&id) {
                Some(Stream::Open(handle)) => handle.resize(to.columns, to.rows),
                Some(Stream::Starting { size, .. }) => *size = to,
                None => {}
            },
            Effect::Detach(id) => {
                self.homes.remove(&id);
                match self.streams.remove(&id) {
                    Some(Stream::Open(handle)) => handle.detach(),
                    Some(Stream::Starting { task, .. }) => task.abort(),
                    None => {}
                }
            }
            Effect::StartRecording(id, about, options) => self.recordings.start(id, *about, options),
            Effect::Record(id, event) => self.recordings.record(id, event),
            Effect::StopRecording(id) => self.recordings.stop(id),
            Effect::FindExitCode(id, container) => self.find_exit_code(id, container),
            Effect::FindLeftovers(context, scope) => self.find_leftovers(context, scope),
            Effect::DeletePod(context, pod, which) => self.delete_pod(&context, pod, which),
            Effect::EndDebugger(context, container) => self.end_debugger(&context, container),
            Effect::NoteEnd(context, container) => {
                if let Ok(cluster) = self.cluster(&context) {
                    cluster.on_behalf_of("end").note_end(&container);
                }
            }
            Effect::OpenView(id, context, source) => {
                let cluster = self.cluster(&context);
                views::open(&mut self.views, id, cluster, source, &mut self.tasks);
            }
            Effect::CloseView(id) => self.views.stop(id),
            Effect::AskRights(context, namespace) => self.ask_rights(context, namespace),
            Effect::AskMetrics(context, scope) => self.ask_metrics(context, scope),
            Effect::FindOwners(context, pod) => self.find_owners(context, pod),
            Effect::ReadPorts(form, context, subject) => self.read_ports(form, &context, subject),
            Effect::StartForward(id, request) => self.start_forward(id, request),
            Effect::StopForward(id) => self.forwards.stop(id),
            Effect::Quit => {}
        }
    }

    fn start(&mut self, id: SessionId, context: &str, start: Start, size: Size, drawn: Vec<String>) {
        match self.cluster(context) {
            Ok(cluster) => {
                self.homes.insert(id, cluster.clone());
                let outlets = launch::Outlets {
                    facts: self.facts.0.clone(),
                    printed: self.printed.0.clone(),
                    person: self.person.clone(),
                    unanswered: self.unanswered.0.clone(),
                };
                let task = self.tasks.spawn(launch::start(cluster, id, start, drawn, outlets));
                self.streams.insert(id, Stream::Starting { task, typed: Vec::new(), size });
            }
            Err(problem) => self.tell(Message::StartFailed(id, problem)),
        }
    }

    fn cluster(&self, context: &str) -> Result<Cluster, Problem> {
        self.clusters.get(context).cloned().ok_or_else(|| Problem {
            what: format!("{context} is not connected"),
            why: "nothing can be asked of it yet".to_owned(),
            hint: "wait until the header says that it is, and try again".to_owned(),
            fixes: Vec::new(),
        })
    }

    fn connect(&mut self, context: String) {
        self.context.clone_from(&context);
        // Whatever was known of it is asked anew: its credentials may be other ones.
        self.clusters.remove(&context);
        let (contexts, connected) = (Arc::clone(&self.contexts), self.connected.0.clone());
        self.tasks.spawn(async move {
            let outcome = contexts.connect(&context).await.map_err(|problem| (context.clone(), problem));
            // Nobody listens once the program ends.
            let _ = connected.send(outcome);
        });
    }

    fn input(&mut self, id: SessionId, bytes: Vec<u8>) {
        let taken = match self.streams.get_mut(&id) {
            Some(Stream::Open(handle)) => handle.input(Bytes::from(bytes)).is_ok(),
            Some(Stream::Starting { typed, .. }) if typed.len() + bytes.len() <= TYPED_AHEAD => {
                typed.extend(bytes);
                true
            }
            Some(Stream::Starting { .. }) => false,
            // It has ended; its pane says so.
            None => true,
        };
        if !taken {
            self.tell(Message::InputLost(id));
        }
    }

    /// A stream stands: its terminal gets its size, then what was typed meanwhile.
    pub(super) fn opened(&mut self, id: SessionId, opened: Opened) {
        let Opened { handle, redraw } = opened;
        let Some(Stream::Starting { typed, size, .. }) = self.streams.remove(&id) else {
            // It was let go of meanwhile; dropping the handle closes it.
            return;
        };
        if redraw {
            handle.redraw(size.columns, size.rows);
        } else {
            handle.resize(size.columns, size.rows);
        }
        if !typed.is_empty() && handle.input(Bytes::from(typed)).is_err() {
            self.tell(Message::InputLost(id));
        }
        self.streams.insert(id, Stream::Open(handle));
    }

    fn tell(&self, message: Message) {
        let _ = self.facts.0.send(Fact::Message(message));
    }
}
