//! Actions on events: opening those of an object or a namespace, and what is shown of them.

use std::sync::Arc;

use crate::app::navigator::PodScope;
use crate::app::view::{self, Content, ViewSource};
use crate::app::{Action, Availability, Effect, Scope, State, open_view};
use crate::cluster::ObjectKey;
use crate::cluster::events::EventScope;

const fn open(
    scope: Scope,
    name: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    Action { name, title: "events", help, scope, keys, hint: None, available: selected, run }
}

pub(super) const ACTIONS: &[Action] = &[
    open(
        Scope::Pods,
        "pod.events",
        "Shows the events of the pod and of what controls it, live, the newest last.",
        &["v"],
        show,
    ),
    open(Scope::Nodes, "node.events", "Shows the events of the node, live.", &["v"], show),
    open(Scope::Namespaces, "namespace.events", "Shows the events of the namespace, live.", &["v"], show),
    Action {
        name: "events",
        title: "all events",
        help: "Shows the events of the namespace that is listed, or of all of them.",
        scope: Scope::Pods,
        keys: &["V"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| {
            let scope = match &state.navigator.scope {
                PodScope::Namespace(namespace) => EventScope::In(namespace.clone()),
                PodScope::Owner(chain) => EventScope::In(Arc::clone(&chain.namespace)),
                PodScope::All | PodScope::Node(_) => EventScope::Everywhere,
            };
            open_view(state, ViewSource::Events(scope))
        },
    },
    Action {
        name: "events.warnings",
        title: "warnings",
        help: "Shows warnings alone, or everything.",
        scope: Scope::Events,
        keys: &["!"],
        hint: Some(3),
        available: |_| Availability::Yes,
        run: |state| {
            let _ = view::with(state, |view| {
                if let Content::Events(events) = &mut view.content {
                    events.toggle_warnings(&mut view.reader);
                }
            });
            Vec::new()
        },
    },
];

fn scope(state: &State) -> Option<EventScope> {
    if state.navigator.list == crate::app::List::Namespaces {
        return state.navigator.namespaces.selected().cloned().map(EventScope::In);
    }
    let pod = state.selected_pod().cloned().map(ObjectKey::from);
    pod.or_else(|| state.selected_node().cloned().map(ObjectKey::node)).map(EventScope::Of)
}

fn selected(state: &State) -> Availability {
    Availability::when(scope(state).is_some(), "nothing is selected")
}

fn show(state: &mut State) -> Vec<Effect> {
    scope(state).map(|scope| open_view(state, ViewSource::Events(scope))).unwrap_or_default()
}
