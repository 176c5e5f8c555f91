//! Actions that move through the lists: in, out, up, down, filter, sort.

use crate::app::navigator::{PodScope, PodSort};
use crate::app::{Action, Availability, Effect, Focus, Scope, State, out, set_scope, toggle_owners_pods};
use crate::cluster::{ContainerKind, ContainerState};

const PAGE: isize = 10;
const END: isize = isize::MAX / 2;

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "namespace.open",
        title: "pods",
        help: "Lists the pods of the selected namespace.",
        scope: Scope::Namespaces,
        keys: &["enter", "right", "l"],
        hint: Some(0),
        available: |state| {
            Availability::when(state.navigator.namespaces.selected().is_some(), "there is no namespace to open")
        },
        run: |state| match state.navigator.namespaces.selected().cloned() {
            Some(name) => set_scope(state, PodScope::Namespace(name)),
            None => Vec::new(),
        },
    },
    Action {
        name: "pod.containers",
        title: "in",
        help: "Goes into the pod: to its containers, and from a container to its debugger or its log.",
        scope: Scope::Pods,
        keys: &["enter", "right"],
        hint: Some(9),
        available: containers_known,
        run: go_in,
    },
    Action {
        name: "list.out",
        title: "out",
        help: "Goes out: from containers to pods, from pods to namespaces or their node; a filter goes first.",
        scope: Scope::Global,
        keys: &["esc", "left"],
        hint: None,
        available: |_| Availability::Yes,
        run: go_out,
    },
    Action {
        name: "list.down",
        title: "down",
        help: "Selects the next row.",
        scope: Scope::Global,
        keys: &["down", "j"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| step(state, 1),
    },
    Action {
        name: "list.up",
        title: "up",
        help: "Selects the row before.",
        scope: Scope::Global,
        keys: &["up", "k"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| step(state, -1),
    },
    Action {
        name: "list.page-down",
        title: "page down",
        help: "Goes ten rows down.",
        scope: Scope::Global,
        keys: &["pgdn", "ctrl-f"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| step(state, PAGE),
    },
    Action {
        name: "list.page-up",
        title: "page up",
        help: "Goes ten rows up.",
        scope: Scope::Global,
        keys: &["pgup", "ctrl-b"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| step(state, -PAGE),
    },
    Action {
        name: "list.first",
        title: "first",
        help: "Selects the first row.",
        scope: Scope::Global,
        keys: &["home", "g"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| step(state, -END),
    },
    Action {
        name: "list.last",
        title: "last",
        help: "Selects the last row.",
        scope: Scope::Global,
        keys: &["end", "G"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| step(state, END),
    },
    Action {
        name: "list.filter",
        title: "filter",
        help: "Filters the list as you type: fuzzy words, 'exact, !not.",
        scope: Scope::Global,
        keys: &["/"],
        hint: Some(10),
        available: |_| Availability::Yes,
        run: |state| {
            state.filtering = true;
            state.focus = Focus::List;
            Vec::new()
        },
    },
    Action {
        name: "list.sort",
        title: "sort",
        help: "Sorts pods by the next column: name, status (trouble first), restarts, age, node.",
        scope: Scope::Pods,
        keys: &["o"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| {
            let (sort, _) = state.navigator.pods.sort();
            let next =
                PodSort::ALL.iter().position(|other| *other == sort).map_or(0, |at| (at + 1) % PodSort::ALL.len());
            state.navigator.pods.set_sort(PodSort::ALL[next], false);
            Vec::new()
        },
    },
    Action {
        name: "list.reverse",
        title: "reverse",
        help: "Turns the order round.",
        scope: Scope::Pods,
        keys: &["O"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| {
            let (sort, reversed) = state.navigator.pods.sort();
            state.navigator.pods.set_sort(sort, !reversed);
            Vec::new()
        },
    },
    Action {
        name: "pod.owner",
        title: "owner",
        help: "Lists all pods of what the pod belongs to (its Deployment, StatefulSet, CronJob …), trouble first; there, goes back.",
        scope: Scope::Pods,
        keys: &["w"],
        hint: None,
        available: |state| Availability::when(state.selected_pod().is_some(), "select a pod first"),
        run: toggle_owners_pods,
    },
    Action {
        name: "pods.everywhere",
        title: "all namespaces",
        help: "Lists the pods of all namespaces.",
        scope: Scope::Global,
        keys: &["0"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| set_scope(state, PodScope::All),
    },
];

fn containers_known(state: &State) -> Availability {
    if state.selected_pod().is_none() {
        return Availability::No("select a pod first".to_owned());
    }
    let known = state.navigator.inspected.pod.as_ref().is_some_and(|pod| !pod.containers.is_empty());
    Availability::when(known, "the pod's details have not arrived yet")
}

fn go_in(state: &mut State) -> Vec<Effect> {
    if state.focus != Focus::Containers {
        state.focus = Focus::Containers;
        return Vec::new();
    }
    let debugger = state.navigator.inspected.selected_container().is_some_and(|container| {
        container.kind == ContainerKind::Ephemeral && matches!(container.state, ContainerState::Running { .. })
    });
    let next = state.keymap.named(if debugger { "attach" } else { "logs" });
    next.map(|action| crate::app::run(state, action)).unwrap_or_default()
}

fn go_out(state: &mut State) -> Vec<Effect> {
    if state.notices.current(state.now).is_some() {
        state.notices.dismiss();
    }
    if state.focus == Focus::Containers {
        state.focus = Focus::List;
    } else if !state.navigator.filter().is_empty() {
        state.navigator.set_filter(String::new());
    } else {
        return out(state);
    }
    Vec::new()
}

fn step(state: &mut State, by: isize) -> Vec<Effect> {
    let navigator = &mut state.navigator;
    match state.focus {
        Focus::Containers => {
            let current = navigator.inspected.container_index().unwrap_or(0);
            if let Some(pod) = &navigator.inspected.pod {
                let last = pod.containers.len().saturating_sub(1);
                let next = current.saturating_add_signed(by).min(last);
                navigator.inspected.container = pod.containers.get(next).map(|container| container.name.clone());
            }
        }
        Focus::List | Focus::Pane => navigator.move_by(by),
    }
    Vec::new()
}
