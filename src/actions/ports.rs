//! Actions on ports: forwarding them, and what the list of forwarded ones takes.

use crate::app::forwards::{Forward, ForwardId};
use crate::app::navigator::PodScope;
use crate::app::overlay::PortSubject;
use crate::app::view::{self, Content, close_view};
use crate::app::{
    Action, Availability, Effect, Scope, State, forward_again, open_port_form, show_forwards, stop_all_forwards,
    stop_forward,
};

const fn row(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    hint: Option<u8>,
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    Action { name, title, help, scope: Scope::Ports, keys, hint, available: |_| Availability::Yes, run }
}

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "forward",
        title: "forward",
        help: "Forwards ports of the pod, its container or a Service to this machine's loopback; Enter takes the first one.",
        scope: Scope::Pods,
        keys: &["f"],
        hint: Some(5),
        available: |state| Availability::when(subject(state).is_some(), "select a pod, or list one namespace"),
        run: |state| subject(state).map(|subject| open_port_form(state, subject)).unwrap_or_default(),
    },
    Action {
        name: "forwards",
        title: "forwarded ports",
        help: "Lists the ports that are forwarded in this run: what each has carried and what went wrong with it.",
        scope: Scope::Global,
        keys: &["F"],
        hint: None,
        available: |_| Availability::Yes,
        run: show_forwards,
    },
    Action {
        available: is_pointed,
        ..row(
            "ports.stop",
            "stop",
            "Stops the port; one that is over leaves the list.",
            &["x", "d"],
            Some(0),
            |state| with(state, stop_forward),
        )
    },
    Action {
        available: |state| Availability::when(state.forwards.running().next().is_some(), "nothing is forwarded"),
        ..row("ports.stop-all", "stop all", "Stops all of them.", &["X"], Some(5), stop_all_forwards)
    },
    Action {
        available: is_pointed,
        ..row("ports.again", "again", "Forwards the port anew, at the address it had.", &["r"], Some(3), |state| {
            with(state, forward_again)
        })
    },
    Action {
        available: is_pointed,
        ..row("ports.copy", "copy URL", "Copies http:// and the address.", &["y", "c"], Some(1), |state| {
            let url = pointed(state).map(|forward| format!("http://{}", forward.address()));
            url.map(Effect::Copy).into_iter().collect()
        })
    },
    Action {
        available: is_pointed,
        ..row(
            "ports.detail",
            "detail",
            "Shows all that is known of the port, or its line alone.",
            &["enter", "space"],
            Some(2),
            |state| {
                with(state, |state, id| {
                    let _ = view::with(state, |view| {
                        if let Content::Ports(ports) = &mut view.content {
                            ports.toggle(id);
                        }
                    });
                    Vec::new()
                })
            },
        )
    },
    row("ports.close", "close", "Closes the list; what is forwarded goes on.", &["esc", "q"], Some(4), |state| {
        let searched = view::with(state, |view| view.reader.end_search());
        let id = state.sessions.active_view().map(|view| view.id).filter(|_| searched == Some(false));
        id.map(|id| close_view(state, id)).unwrap_or_default()
    }),
];

/// What is offered: the selected pod's ports and its namespace's Services; without a pod the Services alone.
fn subject(state: &State) -> Option<PortSubject> {
    let container = state.selected_container();
    let pod = container.as_ref().map(|container| &container.pod).or_else(|| state.selected_pod()).cloned();
    let namespace = match (&pod, &state.navigator.scope) {
        (Some(pod), _) => pod.namespace.clone(),
        (None, PodScope::Namespace(name)) => name.clone(),
        (None, PodScope::Owner(chain)) => chain.namespace.clone(),
        (None, PodScope::All | PodScope::Node(_)) => return None,
    };
    Some(PortSubject { namespace, pod, container: container.map(|container| container.container) })
}

/// The forwarded port that is pointed at in the list.
fn pointed(state: &State) -> Option<&Forward> {
    let view = state.sessions.active_view()?;
    let Content::Ports(ports) = &view.content else { return None };
    state.forwards.get(ports.at(view.reader.cursor()?)?)
}

fn is_pointed(state: &State) -> Availability {
    Availability::when(pointed(state).is_some(), "point at a forwarded port first")
}

fn with(state: &mut State, work: fn(&mut State, ForwardId) -> Vec<Effect>) -> Vec<Effect> {
    let id = pointed(state).map(|forward| forward.id);
    id.map(|id| work(state, id)).unwrap_or_default()
}
