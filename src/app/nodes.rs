//! The list of nodes, the inspected one, and the ways in and out; what a node's pods are is the list of pods' affair.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;

use super::browse::{SETTLED_AFTER, set_liveness, set_scope};
use super::message::Effect;
use super::navigator::{Health, List, PodScope, PodSort, Watching};
use super::rows::{Row, Rows};
use super::state::{Connection, Focus, State, home};
use crate::cluster::{
    Liveness, NodeDetail, NodeRow, PodRow, Problem, WatchId, WatchTarget, WatchUpdate, is_node_debugger,
};

/// What nodes are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeSort {
    /// Name.
    Name,
    /// Trouble first, then what is cordoned.
    Status,
    /// Roles, then name.
    Roles,
    /// Youngest first.
    Age,
    /// The oldest kubelet first.
    Version,
}

impl NodeSort {
    /// All of them, in the order the key goes through them.
    pub const ALL: [Self; 5] = [Self::Name, Self::Status, Self::Roles, Self::Age, Self::Version];
}

impl Health {
    /// Judges a node by the words `kubectl get nodes` uses for it.
    pub fn of_node(row: &NodeRow) -> Self {
        match &*row.status {
            "Ready" => Self::Good,
            status if status.split(',').any(|word| word == "Ready") => Self::Changing,
            _ => Self::Bad,
        }
    }
}

impl Row for NodeRow {
    type Key = Arc<str>;
    type Sort = NodeSort;

    fn key(&self) -> &Arc<str> {
        &self.name
    }

    fn fields(&self) -> [&str; 4] {
        [&self.name, &self.status, &self.roles, &self.ip]
    }

    fn compare(&self, other: &Self, by: NodeSort) -> Ordering {
        match by {
            NodeSort::Name => Ordering::Equal,
            NodeSort::Status => Health::of_node(self).cmp(&Health::of_node(other)),
            NodeSort::Roles => self.roles.cmp(&other.roles),
            NodeSort::Age => other.created.cmp(&self.created),
            NodeSort::Version => numbers(&self.version).cmp(&numbers(&other.version)),
        }
    }
}

/// `v1.36.2` → 1, 36, 2: so that 1.9 comes before 1.36.
fn numbers(version: &str) -> Vec<u64> {
    let digits = version.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    digits.map(|digits| digits.parse().unwrap_or(u64::MAX)).collect()
}

/// The list of nodes.
#[derive(Debug, Clone)]
pub struct Nodes {
    /// The nodes.
    pub rows: Rows<NodeRow>,
    /// Their watch; it begins when they are shown first.
    pub watch: Option<Watching>,
    /// Why the server refuses to list them.
    pub refused: Option<Problem>,
    /// The selected node in full.
    pub inspected: InspectedNode,
    /// The list and the scope that were shown before, for the way out.
    before: Option<(List, PodScope)>,
}

/// The selected node in full, and its pods.
#[derive(Debug, Clone)]
pub struct InspectedNode {
    /// Whose detail is wanted.
    pub name: Option<Arc<str>>,
    /// Since when, while it is not asked for yet.
    waiting_since: Option<Timestamp>,
    watch: Option<Watching>,
    /// The node; `None` until it arrives.
    pub node: Option<Arc<NodeDetail>>,
    /// Whether the server said that the node is gone.
    pub gone: bool,
    pods_watch: Option<Watching>,
    pods: Rows<PodRow>,
    /// Why nothing is known of its pods.
    pub pods_refused: Option<Problem>,
}

impl InspectedNode {
    fn new(name: Option<Arc<str>>, since: Option<Timestamp>) -> Self {
        Self {
            name,
            waiting_since: since,
            watch: None,
            node: None,
            gone: false,
            pods_watch: None,
            pods: Rows::new(PodSort::Name),
            pods_refused: None,
        }
    }

    /// How many pods are on it; `None` while that is not known.
    pub fn pod_count(&self) -> Option<usize> {
        self.pods.is_complete().then(|| self.pods.len())
    }

    /// The node debuggers' pods that are on it.
    pub fn debuggers(&self) -> impl Iterator<Item = &PodRow> {
        self.pods.visible().filter(|pod| is_node_debugger(&pod.key.name))
    }

    fn watches(&mut self) -> impl Iterator<Item = WatchId> {
        [self.watch.take(), self.pods_watch.take()].into_iter().flatten().map(|watch| watch.id)
    }
}

impl Default for Nodes {
    fn default() -> Self {
        Self {
            rows: Rows::new(NodeSort::Name),
            watch: None,
            refused: None,
            inspected: InspectedNode::new(None, None),
            before: None,
        }
    }
}

impl Nodes {
    /// Brings the order up to date.
    pub(super) fn settle(&mut self) {
        self.rows.settle();
        self.inspected.pods.settle();
    }

    /// Ends every watch of nodes.
    pub(super) fn stop(&mut self) -> impl Iterator<Item = WatchId> {
        let list = self.watch.take().map(|watch| watch.id);
        list.into_iter().chain(self.inspected.watches())
    }
}

/// Shows the nodes.
pub fn show_nodes(state: &mut State) -> Vec<Effect> {
    let navigator = &mut state.navigator;
    if navigator.list != List::Nodes {
        match &navigator.scope {
            // The way out leads to what was there before the nodes, not back and forth between them.
            PodScope::Node(name) => navigator.nodes.rows.select(Arc::clone(name)),
            scope => navigator.nodes.before = Some((navigator.list, scope.clone())),
        }
    }
    navigator.list = List::Nodes;
    state.focus = Focus::List;
    watch_nodes(state)
}

/// Begins to watch the nodes, if they are shown and nobody does.
pub(super) fn watch_nodes(state: &mut State) -> Vec<Effect> {
    let navigator = &state.navigator;
    let wanted = navigator.list == List::Nodes && navigator.nodes.watch.is_none();
    if !wanted || state.connection != Connection::Connected {
        return Vec::new();
    }
    let id = state.next_watch();
    state.navigator.nodes.watch = Some(Watching { id, liveness: Liveness::Connecting });
    vec![Effect::Watch(id, WatchTarget::Nodes)]
}

/// Lists the pods on the selected node.
pub fn show_pods_of_node(state: &mut State) -> Vec<Effect> {
    match state.selected_node().cloned() {
        Some(name) => set_scope(state, PodScope::Node(name)),
        None => Vec::new(),
    }
}

/// Shows what was there before the nodes.
pub fn leave_nodes(state: &mut State) -> Vec<Effect> {
    let (list, scope) = before(state);
    let effects = set_scope(state, scope);
    state.navigator.list = list;
    effects
}

/// Shows the pods: of a namespace, or of all, but not of one node.
pub fn show_pods(state: &mut State) -> Vec<Effect> {
    let scope = match &state.navigator.scope {
        PodScope::Node(_) => before(state).1,
        scope => scope.clone(),
    };
    set_scope(state, scope)
}

fn before(state: &State) -> (List, PodScope) {
    let before = state.navigator.nodes.before.clone();
    before.unwrap_or_else(|| (List::Pods, PodScope::Namespace(home(&state.context))))
}

/// The namespace that a node debugger's pod is created in, as with kubectl the current one: the one whose pods are or
/// were listed, else the context's own.
pub fn namespace_for_node_debugger(state: &State) -> Arc<str> {
    let scope = match &state.navigator.scope {
        PodScope::Node(_) => before(state).1,
        scope => scope.clone(),
    };
    match scope {
        PodScope::Namespace(name) => name,
        PodScope::Owner(chain) => Arc::clone(&chain.namespace),
        PodScope::All | PodScope::Node(_) => home(&state.context),
    }
}

/// Takes in what a watch of nodes reports; what is not theirs comes back.
pub(super) fn watched(state: &mut State, id: WatchId, update: WatchUpdate) -> Option<WatchUpdate> {
    let nodes = &mut state.navigator.nodes;
    let inspected = &mut nodes.inspected;
    let is = |watch: &Option<Watching>| watch.as_ref().is_some_and(|watch| watch.id == id);
    if is(&nodes.watch) {
        match update {
            WatchUpdate::Nodes(rows) => {
                nodes.refused = None;
                nodes.rows.apply(rows);
            }
            WatchUpdate::Liveness(liveness) => set_liveness(&mut nodes.watch, liveness),
            WatchUpdate::Refused(problem) => nodes.refused = Some(problem),
            _ => {}
        }
    } else if is(&inspected.watch) {
        match update {
            WatchUpdate::Node(node) => {
                inspected.gone = node.is_none();
                inspected.node = node.or(inspected.node.take());
            }
            WatchUpdate::Liveness(liveness) => set_liveness(&mut inspected.watch, liveness),
            WatchUpdate::Refused(problem) => state.notices.problem(state.now, &problem),
            _ => {}
        }
    } else if is(&inspected.pods_watch) {
        match update {
            WatchUpdate::Pods(rows) => {
                inspected.pods_refused = None;
                inspected.pods.apply(rows);
            }
            WatchUpdate::Liveness(liveness) => set_liveness(&mut inspected.pods_watch, liveness),
            // The inspector says so; the node itself may be seen.
            WatchUpdate::Refused(problem) => inspected.pods_refused = Some(problem),
            _ => {}
        }
    } else {
        return Some(update);
    }
    None
}

/// Lets the inspected node follow the selection.
pub(super) fn follow_selection(state: &mut State) -> Vec<Effect> {
    let wanted = state.selected_node().cloned();
    let now = state.now;
    let inspected = &mut state.navigator.nodes.inspected;
    let mut effects = Vec::new();
    if inspected.name != wanted {
        effects.extend(inspected.watches().map(Effect::StopWatch));
        *inspected = InspectedNode::new(wanted, Some(now));
    }
    if state.connection != Connection::Connected {
        return effects;
    }
    let nodes = &state.navigator.nodes;
    if let (Some(name), Some(since)) = (nodes.inspected.name.clone(), nodes.inspected.waiting_since)
        && (now.duration_since(since).as_millis() >= SETTLED_AFTER || nodes.rows.len() == 1)
    {
        let (node, pods) = (state.next_watch(), state.next_watch());
        let inspected = &mut state.navigator.nodes.inspected;
        inspected.waiting_since = None;
        inspected.watch = Some(Watching { id: node, liveness: Liveness::Connecting });
        inspected.pods_watch = Some(Watching { id: pods, liveness: Liveness::Connecting });
        effects.push(Effect::Watch(node, WatchTarget::Node(Arc::clone(&name))));
        effects.push(Effect::Watch(pods, WatchTarget::PodsOnNode(name.to_string())));
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, status: &str, version: &str) -> NodeRow {
        NodeRow {
            name: name.into(),
            status: status.into(),
            roles: "".into(),
            created: None,
            version: version.into(),
            ip: "".into(),
            os_image: "".into(),
            kernel: "".into(),
            runtime: "".into(),
        }
    }

    #[test]
    fn health_reads_the_words_of_kubectl() {
        for (status, health) in [
            ("Ready", Health::Good),
            ("Ready,SchedulingDisabled", Health::Changing),
            ("NotReady", Health::Bad),
            ("NotReady,SchedulingDisabled", Health::Bad),
            ("Unknown", Health::Bad),
        ] {
            assert_eq!(Health::of_node(&row("n", status, "")), health, "{status}");
        }
    }

    #[test]
    fn versions_are_sorted_as_numbers_and_trouble_comes_first() {
        let sorted = |by| {
            let mut rows = Rows::new(by);
            rows.apply(crate::cluster::RowsUpdate::Rows(vec![
                row("a", "Ready", "v1.36.2"),
                row("b", "NotReady", "v1.9.11-eks-1"),
                row("c", "Ready,SchedulingDisabled", "v1.35.0"),
            ]));
            rows.settle();
            rows.visible().map(|row| row.name.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(sorted(NodeSort::Version), ["b", "c", "a"]);
        assert_eq!(sorted(NodeSort::Status), ["b", "c", "a"]);
        assert_eq!(sorted(NodeSort::Name), ["a", "b", "c"]);
    }
}
