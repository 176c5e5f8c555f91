//! Actions on objects as YAML: opening them, and what is shown of them.

use crate::app::reader::Reader;
use crate::app::view::yaml::Yaml;
use crate::app::view::{self, Content, ViewSource};
use crate::app::{Action, Availability, Effect, Scope, State, open_view};
use crate::cluster::ObjectKey;

const fn open(scope: Scope, name: &'static str, help: &'static str, of: fn(&mut State) -> Vec<Effect>) -> Action {
    Action { name, title: "yaml", help, scope, keys: &["y"], hint: None, available: selected, run: of }
}

pub(super) const ACTIONS: &[Action] = &[
    open(Scope::Pods, "pod.yaml", "Shows the pod as YAML, live: managed fields hidden, secrets covered.", show),
    open(Scope::Nodes, "node.yaml", "Shows the node as YAML, live.", show),
    open(Scope::Namespaces, "namespace.yaml", "Shows the namespace as YAML, live.", show),
    Action {
        name: "yaml.managed-fields",
        title: "managed fields",
        help: "Shows which manager owns which field, or hides it.",
        scope: Scope::Yaml,
        keys: &["m"],
        hint: Some(6),
        available: |_| Availability::Yes,
        run: |state| with(state, Yaml::toggle_managed_fields),
    },
    Action {
        name: "yaml.secrets",
        title: "secrets",
        help: "Uncovers secret values, or covers them.",
        scope: Scope::Yaml,
        keys: &["u"],
        hint: Some(7),
        available: |_| Availability::Yes,
        run: |state| with(state, Yaml::toggle_secrets),
    },
];

fn object(state: &State) -> Option<ObjectKey> {
    let namespace = || {
        let selected =
            state.navigator.namespaces.selected().filter(|_| state.navigator.list == crate::app::List::Namespaces);
        selected.cloned().map(ObjectKey::namespace)
    };
    let pod = state.selected_pod().cloned().map(ObjectKey::from);
    pod.or_else(|| state.selected_node().cloned().map(ObjectKey::node)).or_else(namespace)
}

fn selected(state: &State) -> Availability {
    Availability::when(object(state).is_some(), "nothing is selected")
}

fn show(state: &mut State) -> Vec<Effect> {
    object(state).map(|key| open_view(state, ViewSource::Yaml(key))).unwrap_or_default()
}

fn with(state: &mut State, work: fn(&mut Yaml, &mut Reader)) -> Vec<Effect> {
    let _ = view::with(state, |view| {
        if let Content::Yaml(yaml) = &mut view.content {
            work(yaml, &mut view.reader);
        }
    });
    Vec::new()
}
