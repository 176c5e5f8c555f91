//! Actions on nodes: their list, the pods on one, and a debugger for one.

use crate::app::nodes::NodeSort;
use crate::app::rights;
use crate::app::{
    Action, Availability, Effect, Scope, Start, State, default_node_debugger, namespace_for_node_debugger,
    open_node_form, show_nodes, show_pods_of_node, start,
};

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "nodes",
        title: "nodes",
        help: "Lists the nodes of the cluster.",
        scope: Scope::Global,
        keys: &["N"],
        hint: None,
        available: |_| Availability::Yes,
        run: show_nodes,
    },
    Action {
        name: "node.debug",
        title: "debug",
        help: "Starts a debugger pod on the node, with the node's processes and files, and attaches to it, at once.",
        scope: Scope::Nodes,
        keys: &["e"],
        hint: Some(0),
        available: debugger_possible,
        run: debug,
    },
    Action {
        name: "node.debug-form",
        title: "debug with…",
        help: "The same through a form that shows what will be sent: image, profile, command, environment, name.",
        scope: Scope::Nodes,
        keys: &["E"],
        hint: None,
        // The form says itself what is missing, and another namespace can be named there.
        available: node_selected,
        run: |state| {
            let Some(node) = state.selected_node().cloned() else { return Vec::new() };
            let (namespace, defaults) = (namespace_for_node_debugger(state), default_node_debugger(state, &node));
            open_node_form(state, &node, &namespace, defaults)
        },
    },
    Action {
        name: "node.pods",
        title: "pods",
        help: "Lists the pods on the node, of all namespaces.",
        scope: Scope::Nodes,
        keys: &["enter", "right"],
        hint: Some(1),
        available: node_selected,
        run: show_pods_of_node,
    },
    Action {
        name: "node.sort",
        title: "sort",
        help: "Sorts nodes by the next column: name, status (trouble first), roles, age, version (oldest first).",
        scope: Scope::Nodes,
        keys: &["o"],
        hint: Some(2),
        available: |_| Availability::Yes,
        run: |state| {
            let (sort, _) = state.navigator.nodes.rows.sort();
            let at = NodeSort::ALL.iter().position(|other| *other == sort).unwrap_or_default();
            state.navigator.nodes.rows.set_sort(NodeSort::ALL[(at + 1) % NodeSort::ALL.len()], false);
            Vec::new()
        },
    },
    Action {
        name: "node.reverse",
        title: "reverse",
        help: "Turns the order of nodes round.",
        scope: Scope::Nodes,
        keys: &["O"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| {
            let (sort, reversed) = state.navigator.nodes.rows.sort();
            state.navigator.nodes.rows.set_sort(sort, !reversed);
            Vec::new()
        },
    },
];

fn node_selected(state: &State) -> Availability {
    Availability::when(state.selected_node().is_some(), "select a node first")
}

/// Whether nothing that a debugger's pod needs is known to be missing where it would be created.
fn debugger_possible(state: &State) -> Availability {
    let namespace = namespace_for_node_debugger(state);
    let missing = rights::missing_in(state, &namespace, rights::COPY);
    let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
    if !missing.is_empty() && state.selected_node().is_some() {
        return Availability::No(format!("you may not {} in {namespace}", missing.join(", ")));
    }
    node_selected(state)
}

fn debug(state: &mut State) -> Vec<Effect> {
    let Some(node) = state.selected_node().cloned() else { return Vec::new() };
    let options = Box::new(default_node_debugger(state, &node));
    let namespace = namespace_for_node_debugger(state);
    start(state, Start::NodeDebug { node, namespace, options })
}
