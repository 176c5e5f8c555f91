//! What the lists watch: scope and context changes, what watches report, and the inspected pod that follows the selection.

use std::sync::Arc;

use super::message::Effect;
use super::navigator::{Inspected, List, PodScope, Watching};
use super::nodes::{self, Nodes};
use super::notices::Level;
use super::owners;
use super::state::{Connection, Focus, State, home};
use crate::cluster::{ContextInfo, Liveness, NamespaceRow, Problem, RowsUpdate, WatchId, WatchTarget, WatchUpdate};

/// A selection that lasts less than this many milliseconds asks the cluster nothing.
pub(super) const SETTLED_AFTER: i128 = 120;

/// Starts the console's first requests.
pub fn open(state: &mut State) -> Vec<Effect> {
    state.connection = Connection::Connecting;
    vec![Effect::Connect(state.context.name.clone())]
}

/// Uses another context from now on; sessions of the old one go on.
pub fn switch_context(state: &mut State, name: &str) -> Vec<Effect> {
    let Some(context) = state.contexts.iter().find(|context| context.name == name).cloned() else {
        return Vec::new();
    };
    let mut effects = stop_all(state);
    let home = home(&context);
    let mut named: Vec<Arc<str>> = state.settings.namespaces_of(name).map(Into::into).collect();
    if !named.contains(&home) {
        named.push(Arc::clone(&home));
    }
    let navigator = &mut state.navigator;
    navigator.scope = PodScope::Namespace(home);
    navigator.named = named;
    navigator.list = List::Pods;
    navigator.namespaces.clear();
    navigator.pods.clear();
    navigator.nodes = Nodes::default();
    navigator.before_owner = None;
    navigator.inspected = Inspected::default();
    (navigator.pods_refused, navigator.namespaces_refused) = (None, None);
    state.context = context;
    if state.focus != Focus::Pane {
        state.focus = Focus::List;
    }
    effects.extend(open(state));
    effects
}

fn stop_all(state: &mut State) -> Vec<Effect> {
    let navigator = &mut state.navigator;
    let own = [navigator.namespaces_watch.take(), navigator.pods_watch.take(), navigator.inspected.watch.take()];
    let own = own.into_iter().flatten().map(|watch| watch.id);
    own.chain(navigator.nodes.stop()).map(Effect::StopWatch).collect()
}

/// The context can be used: the lists begin.
pub(super) fn connected(state: &mut State, context: ContextInfo) -> Vec<Effect> {
    if context.name != state.context.name {
        return Vec::new();
    }
    state.context = context;
    state.connection = Connection::Connected;
    let mut effects = stop_all(state);
    let id = state.next_watch();
    state.navigator.namespaces_watch = Some(Watching { id, liveness: Liveness::Connecting });
    effects.push(Effect::Watch(id, WatchTarget::Namespaces));
    show_named(state);
    effects.extend(watch_pods(state));
    effects.extend(nodes::watch_nodes(state));
    effects
}

/// The context cannot be used.
pub(super) fn connect_failed(state: &mut State, context: &str, problem: Problem) -> Vec<Effect> {
    if context == state.context.name {
        state.notices.problem(state.now, &problem);
        state.connection = Connection::Failed(problem);
    }
    Vec::new()
}

/// The namespaces a person named are listed even if the server lists none.
fn show_named(state: &mut State) {
    let navigator = &mut state.navigator;
    let rows = navigator
        .named
        .iter()
        .filter(|name| navigator.namespaces.get(*name).is_none())
        .map(|name| NamespaceRow { name: Arc::clone(name), status: "".into(), created: None })
        .collect();
    navigator.namespaces.apply(RowsUpdate::Rows(rows));
}

/// Shows this list.
pub(super) fn show_list(state: &mut State, list: List) -> Vec<Effect> {
    match list {
        List::Nodes => nodes::show_nodes(state),
        List::Pods => nodes::show_pods(state),
        List::Namespaces => {
            if let PodScope::Namespace(name) = &state.navigator.scope {
                state.navigator.namespaces.select(Arc::clone(name));
            }
            state.navigator.list = List::Namespaces;
            state.focus = Focus::List;
            Vec::new()
        }
    }
}

/// Goes out of the shown list: from a node's pods to the nodes, from the nodes to what was there before, from pods to
/// namespaces.
pub fn out(state: &mut State) -> Vec<Effect> {
    match (state.navigator.list, &state.navigator.scope) {
        (List::Pods, PodScope::Node(_)) => nodes::show_nodes(state),
        (List::Pods, PodScope::Owner(_)) => owners::leave_owner(state),
        (List::Pods, _) => show_list(state, List::Namespaces),
        (List::Nodes, _) => nodes::leave_nodes(state),
        (List::Namespaces, _) => Vec::new(),
    }
}

/// Lists the pods of another scope.
pub fn set_scope(state: &mut State, scope: PodScope) -> Vec<Effect> {
    let navigator = &mut state.navigator;
    navigator.list = List::Pods;
    state.focus = Focus::List;
    if navigator.scope == scope {
        return Vec::new();
    }
    if let PodScope::Namespace(name) = &scope
        && !navigator.named.contains(name)
    {
        navigator.named.push(Arc::clone(name));
    }
    navigator.scope = scope;
    navigator.pods.clear();
    navigator.pods_refused = None;
    watch_pods(state)
}

fn watch_pods(state: &mut State) -> Vec<Effect> {
    if state.connection != Connection::Connected {
        return Vec::new();
    }
    let old = state.navigator.pods_watch.take().map(|watch| Effect::StopWatch(watch.id));
    let id = state.next_watch();
    state.navigator.pods_watch = Some(Watching { id, liveness: Liveness::Connecting });
    let target = match &state.navigator.scope {
        PodScope::Namespace(name) => WatchTarget::PodsIn(vec![name.to_string()]),
        PodScope::All => WatchTarget::PodsEverywhere,
        PodScope::Node(name) => WatchTarget::PodsOnNode(name.to_string()),
        PodScope::Owner(chain) => WatchTarget::PodsOf(Arc::clone(chain)),
    };
    old.into_iter().chain([Effect::Watch(id, target)]).collect()
}

/// Takes in what a watch reports; nothing if the watch is an old one.
pub(super) fn watched(state: &mut State, id: WatchId, update: WatchUpdate) -> Vec<Effect> {
    let Some(update) = nodes::watched(state, id, update) else { return Vec::new() };
    let navigator = &mut state.navigator;
    let is = |watch: &Option<Watching>| watch.as_ref().is_some_and(|watch| watch.id == id);
    if is(&navigator.pods_watch) {
        match update {
            WatchUpdate::Pods(rows) => {
                navigator.pods_refused = None;
                navigator.pods.apply(rows);
            }
            WatchUpdate::Liveness(liveness) => set_liveness(&mut navigator.pods_watch, liveness),
            WatchUpdate::Refused(problem) => return pods_refused(state, problem),
            _ => {}
        }
    } else if is(&navigator.namespaces_watch) {
        match update {
            WatchUpdate::Namespaces(rows) => {
                let complete = rows == RowsUpdate::Complete;
                navigator.namespaces_refused = None;
                navigator.namespaces.apply(rows);
                if complete {
                    show_named(state);
                }
            }
            WatchUpdate::Liveness(liveness) => set_liveness(&mut navigator.namespaces_watch, liveness),
            WatchUpdate::Refused(problem) => {
                navigator.namespaces_refused = Some(problem);
                show_named(state);
            }
            _ => {}
        }
    } else if is(&navigator.inspected.watch) {
        let inspected = &mut navigator.inspected;
        match update {
            WatchUpdate::Pod(pod) => {
                inspected.gone = pod.is_none();
                if let Some(pod) = pod {
                    let kept = inspected.container.take().filter(|name| pod.containers.iter().any(|c| c.name == *name));
                    inspected.container = kept.or_else(|| pod.default_container.clone());
                    inspected.pod = Some(pod);
                }
            }
            WatchUpdate::Liveness(liveness) => set_liveness(&mut inspected.watch, liveness),
            WatchUpdate::Refused(problem) => state.notices.problem(state.now, &problem),
            _ => {}
        }
    }
    Vec::new()
}

pub(super) fn set_liveness(watch: &mut Option<Watching>, liveness: Liveness) {
    if let Some(watch) = watch {
        watch.liveness = liveness;
    }
}

/// A user who may not list every pod still gets the namespaces they named.
fn pods_refused(state: &mut State, problem: Problem) -> Vec<Effect> {
    if state.navigator.scope == PodScope::All
        && state.navigator.namespaces_refused.is_some()
        && let Some(watch) = &mut state.navigator.pods_watch
    {
        let names: Vec<String> = state.navigator.named.iter().map(ToString::to_string).collect();
        let old = watch.id;
        state.notices.push(
            state.now,
            Level::Warning,
            format!("you may not list all pods; showing {}", names.join(", ")),
            vec![problem.why, problem.hint],
        );
        let id = state.next_watch();
        state.navigator.pods_watch = Some(Watching { id, liveness: Liveness::Connecting });
        return vec![Effect::StopWatch(old), Effect::Watch(id, WatchTarget::PodsIn(names))];
    }
    state.navigator.pods_refused = Some(problem);
    Vec::new()
}

/// Lets the inspected pod, or node, follow the selection.
pub(super) fn follow_selection(state: &mut State) -> Vec<Effect> {
    let mut effects = nodes::follow_selection(state);
    let wanted = state.selected_pod().cloned();
    let now = state.now;
    let inspected = &mut state.navigator.inspected;
    if inspected.key != wanted {
        effects.extend(inspected.watch.take().map(|watch| Effect::StopWatch(watch.id)));
        *inspected = Inspected { key: wanted, waiting_since: Some(now), ..Inspected::default() };
        if state.focus == Focus::Containers {
            state.focus = Focus::List;
        }
    }
    if state.connection != Connection::Connected {
        return effects;
    }
    let inspected = &state.navigator.inspected;
    if let (Some(key), Some(since)) = (inspected.key.clone(), inspected.waiting_since)
        && (now.duration_since(since).as_millis() >= SETTLED_AFTER || state.navigator.pods.len() == 1)
    {
        let id = state.next_watch();
        let inspected = &mut state.navigator.inspected;
        inspected.waiting_since = None;
        inspected.watch = Some(Watching { id, liveness: Liveness::Connecting });
        effects.push(Effect::Watch(id, WatchTarget::Pod(key)));
    }
    effects
}
