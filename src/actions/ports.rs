//! Actions on ports: forwarding them, and what the list of forwarded ones takes.

use crate::app::navigator::PodScope;
use crate::app::overlay::PortSubject;
use crate::app::{Action, Availability, Scope, State, open_port_form};

pub(super) const ACTIONS: &[Action] = &[Action {
    name: "forward",
    title: "forward",
    help: "Forwards ports of the pod, its container or a Service to this machine's loopback; Enter takes the first one.",
    scope: Scope::Pods,
    keys: &["f"],
    hint: Some(5),
    available: |state| Availability::when(subject(state).is_some(), "select a pod, or list one namespace"),
    run: |state| match subject(state) {
        Some(subject) => open_port_form(state, subject),
        None => Vec::new(),
    },
}];

/// What is offered: the selected pod's ports and its namespace's Services; without a pod the Services alone.
fn subject(state: &State) -> Option<PortSubject> {
    let container = state.selected_container();
    let pod = container.as_ref().map(|container| &container.pod).or_else(|| state.selected_pod()).cloned();
    let namespace = match (&pod, &state.navigator.scope) {
        (Some(pod), _) => pod.namespace.clone(),
        (None, PodScope::Namespace(name)) => name.clone(),
        (None, PodScope::All | PodScope::Node(_)) => return None,
    };
    Some(PortSubject { namespace, pod, container: container.map(|container| container.container) })
}
