//! Everything the console knows, in one value; it changes only in [`super::update`] and in what actions do.

use std::sync::Arc;

use jiff::Timestamp;

use super::abandoned::Abandoned;
use super::focus::ToldFocus;
use super::forwards::Forwards;
use super::keymap::Keymap;
use super::layout::Size;
use super::metrics::Metrics;
use super::mouse::Grip;
use super::navigator::{Navigator, PodScope};
use super::notices::Notices;
use super::overlay::{FormId, Leftovers, Overlay};
use super::pointing::Pointing;
use super::recent_images::RecentImages;
use super::rights::Rights;
use super::safety::Held;
use super::sessions::Sessions;
use super::settings::Settings;
use super::timing::Waiting;
use crate::cluster::{ContainerKey, ContextInfo, PodKey, Problem, WatchId};
use crate::session::SessionId;

/// Which part of the screen takes the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The list of namespaces, pods or nodes.
    List,
    /// The containers of the selected pod, in the inspector.
    Containers,
    /// The session in view.
    Pane,
}

/// Whether the context can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// Its credentials are being prepared.
    Connecting,
    /// Requests can be made (each watch says for itself how fresh it is).
    Connected,
    /// It cannot be used.
    Failed(Problem),
}

/// The state of the console.
#[derive(Debug)]
pub struct State {
    /// What the run started with.
    pub settings: Settings,
    /// Which key does what.
    pub keymap: Keymap,
    /// The time of the last tick.
    pub now: Timestamp,
    /// The size of the user's terminal.
    pub size: Size,
    /// All contexts that can be switched to.
    pub contexts: Vec<ContextInfo>,
    /// The context in use.
    pub context: ContextInfo,
    /// Whether it can be used.
    pub connection: Connection,
    /// The lists and the inspected pod.
    pub navigator: Navigator,
    /// What takes the keys.
    pub focus: Focus,
    /// Whether keys go to the filter of the list.
    pub filtering: bool,
    /// Whether the leader was pressed and an action's key is awaited.
    pub leader_pending: bool,
    /// The sessions.
    pub sessions: Sessions,
    /// The forwarded ports.
    pub forwards: Forwards,
    /// Which program was told that it has the focus.
    pub(super) told_focus: ToldFocus,
    /// What a mouse button that is held down has got hold of.
    pub(super) grip: Option<Grip>,
    /// What stands over the console.
    pub overlay: Option<Overlay>,
    /// What the user was told.
    pub notices: Notices,
    /// What the user may do, as far as it is known.
    pub rights: Rights,
    /// What the listed pods use, where the cluster tells.
    pub metrics: Metrics,
    /// Launches that were let go of while their request was on its way.
    pub(super) abandoned: Abandoned,
    /// An action that waits for the details of its pod.
    pub(super) waiting: Option<Waiting>,
    /// The selection moved by itself: when, because its pod went.
    pub(super) slipped: Option<Timestamp>,
    /// The pane that takes what the form starts, while the form was opened by a fix.
    pub(super) place: Option<SessionId>,
    /// The images that debuggers ran with, in this run or an earlier one.
    pub recent_images: RecentImages,
    /// The view of leftovers that a question about it covers.
    pub(super) beneath: Option<Box<Leftovers>>,
    /// What waits for a yes: its context is protected.
    pub(super) held: Held,
    /// What the mouse does in a pane.
    pub(super) pointing: Pointing,
    /// Whether the effects of this update come of an answer, so that they are not asked about again.
    pub(super) confirmed: bool,
    last_watch: u64,
    last_form: u64,
}

/// What a state starts from.
#[derive(Debug, Clone)]
pub struct Opening {
    /// What flags and configuration decided.
    pub settings: Settings,
    /// Which key does what.
    pub keymap: Keymap,
    /// All contexts that can be switched to.
    pub contexts: Vec<ContextInfo>,
    /// The context to start in.
    pub context: ContextInfo,
    /// Whose pods to list first; the context's namespace if `None`.
    pub scope: Option<PodScope>,
    /// Namespaces that the person named.
    pub named: Vec<String>,
    /// The time.
    pub now: Timestamp,
    /// The size of the user's terminal.
    pub size: Size,
}

impl State {
    /// A console that has not asked anything yet.
    pub fn new(opening: Opening) -> Self {
        let Opening { settings, keymap, contexts, context, scope, named, now, size } = opening;
        let scope = scope.unwrap_or_else(|| PodScope::Namespace(home(&context)));
        let named = named.into_iter().chain(settings.namespaces_of(&context.name));
        let mut named: Vec<Arc<str>> = named.map(Into::into).collect();
        for name in [Some(home(&context)), named_in(&scope)].into_iter().flatten() {
            if !named.contains(&name) {
                named.push(name);
            }
        }
        Self {
            settings,
            keymap,
            now,
            size,
            contexts,
            context,
            connection: Connection::Connecting,
            navigator: Navigator::new(scope, named),
            focus: Focus::List,
            filtering: false,
            leader_pending: false,
            sessions: Sessions::default(),
            forwards: Forwards::default(),
            told_focus: ToldFocus::default(),
            grip: None,
            overlay: None,
            notices: Notices::default(),
            rights: Rights::default(),
            metrics: Metrics::default(),
            abandoned: Abandoned::default(),
            waiting: None,
            slipped: None,
            place: None,
            recent_images: RecentImages::default(),
            beneath: None,
            held: Held::default(),
            pointing: Pointing::default(),
            confirmed: false,
            last_watch: 0,
            last_form: 0,
        }
    }

    /// An id that no watch has had.
    pub fn next_watch(&mut self) -> WatchId {
        self.last_watch += 1;
        WatchId(self.last_watch)
    }

    /// An id that no form has had.
    pub fn next_form(&mut self) -> FormId {
        self.last_form += 1;
        FormId(self.last_form)
    }

    /// The selected pod.
    pub fn selected_pod(&self) -> Option<&PodKey> {
        (self.navigator.list == super::List::Pods).then(|| self.navigator.pods.selected())?
    }

    /// The selected node.
    pub fn selected_node(&self) -> Option<&Arc<str>> {
        (self.navigator.list == super::List::Nodes).then(|| self.navigator.nodes.rows.selected())?
    }

    /// The selected container, while one is selected rather than its pod.
    pub fn selected_container(&self) -> Option<ContainerKey> {
        let container = (self.focus == Focus::Containers).then(|| self.navigator.inspected.selected_container())??;
        Some(ContainerKey { pod: self.navigator.inspected.key.clone()?, container: Arc::clone(&container.name) })
    }

    /// The container that an action on the selection means: the selected one, else the pod's default.
    pub fn meant_container(&self) -> Option<ContainerKey> {
        self.selected_container().or_else(|| {
            let pod = self.navigator.inspected.pod.as_ref()?;
            Some(ContainerKey { pod: pod.key.clone(), container: pod.default_container.clone()? })
        })
    }
}

/// The namespace that a context starts in.
pub(super) fn home(context: &ContextInfo) -> Arc<str> {
    context.namespace.as_deref().unwrap_or("default").into()
}

fn named_in(scope: &PodScope) -> Option<Arc<str>> {
    match scope {
        PodScope::Namespace(name) => Some(Arc::clone(name)),
        PodScope::Owner(chain) => Some(Arc::clone(&chain.namespace)),
        PodScope::All | PodScope::Node(_) => None,
    }
}
