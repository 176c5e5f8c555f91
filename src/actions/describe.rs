//! Actions on objects described: opening them, and going up to what controls them.

use crate::app::view::{Content, ViewSource};
use crate::app::{Action, Availability, Effect, List, Scope, State, open_view};
use crate::cluster::ObjectKey;

const fn open(scope: Scope, name: &'static str, help: &'static str) -> Action {
    Action { name, title: "describe", help, scope, keys: &["d"], hint: Some(4), available: selected, run: show }
}

pub(super) const ACTIONS: &[Action] = &[
    open(
        Scope::Pods,
        "pod.describe",
        "Describes the pod as kubectl does, live; and why it is not ready, whose it is, which Services route to it, its debuggers.",
    ),
    open(Scope::Nodes, "node.describe", "Describes the node as kubectl does, live."),
    open(Scope::Namespaces, "namespace.describe", "Describes the namespace, live."),
    Action {
        name: "describe.owner",
        title: "owner",
        help: "Describes what controls the object: its ReplicaSet, the Deployment of that, and so on.",
        scope: Scope::Describe,
        keys: &["u"],
        hint: Some(6),
        available: has_owner,
        run: |state| owner(state).map(|key| open_view(state, ViewSource::Describe(key))).unwrap_or_default(),
    },
];

fn object(state: &State) -> Option<ObjectKey> {
    let navigator = &state.navigator;
    match navigator.list {
        List::Pods => state.selected_pod().cloned().map(ObjectKey::from),
        List::Nodes => state.selected_node().cloned().map(ObjectKey::node),
        List::Namespaces => navigator.namespaces.selected().cloned().map(ObjectKey::namespace),
    }
}

fn selected(state: &State) -> Availability {
    Availability::when(object(state).is_some(), "nothing is selected")
}

fn show(state: &mut State) -> Vec<Effect> {
    object(state).map(|key| open_view(state, ViewSource::Describe(key))).unwrap_or_default()
}

fn owner(state: &State) -> Option<ObjectKey> {
    match &state.sessions.active_view()?.content {
        Content::Describe(describe) => describe.owner().cloned(),
        _ => None,
    }
}

fn has_owner(state: &State) -> Availability {
    Availability::when(owner(state).is_some(), "nothing that is known here controls it")
}
