//! Actions that start something beside or inside a pod: debuggers, shells, attaching, deletion.

use crate::app::overlay::{Choice, Choose, Deed, Entry, EntryKind, Leftovers, Overlay};
use crate::app::rights::{self, missing};
use crate::app::timing::details;
use crate::app::{
    Action, Availability, Effect, Scope, Start, State, Target, Toolkit, default_copy, default_options, open_pod_form,
    refresh_leftovers, refused, reuse, start, start_reused,
};
use crate::cluster::{ContainerDetail, ContainerKind, ContainerState, PodRight, Which};
use crate::plan::DebugOptions;

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "debug.ephemeral",
        title: "debug",
        help: "Starts an ephemeral debugger beside the selected container and attaches to it, at once; where one runs already, opens one more shell in it.",
        scope: Scope::Pods,
        keys: &["e"],
        hint: Some(0),
        available: debugger_possible,
        run: debug,
    },
    Action {
        name: "debug.ephemeral-form",
        title: "debug with…",
        help: "The same through a form: every choice, the plan and its reasons, the verdicts on it, the kubectl command.",
        scope: Scope::Pods,
        keys: &["E"],
        hint: None,
        // The form says itself what is missing, and what could be sent by somebody who may.
        available: details,
        run: |state| form(state, false),
    },
    Action {
        name: "debug.copy",
        title: "copy",
        help: "Copies the pod with a debugger in it, processes shared, labels off, and attaches, at once.",
        scope: Scope::Pods,
        keys: &["c"],
        hint: Some(1),
        available: |state| may(state, rights::COPY).and(|| pod_selected(state)),
        run: copy,
    },
    Action {
        name: "debug.copy-form",
        title: "copy with…",
        help: "The same through a form: also the new name, other images, labels, node, replacing the original.",
        scope: Scope::Pods,
        keys: &["C"],
        hint: None,
        available: details,
        run: |state| form(state, true),
    },
    Action {
        name: "shell",
        title: "shell",
        help: "Opens a shell in the container itself, if its image has one.",
        scope: Scope::Pods,
        keys: &["s"],
        hint: Some(2),
        available: |state| may(state, rights::SHELL).and(|| container_runs(state)),
        run: |state| match state.meant_container() {
            Some(container) => start(state, Start::Shell { container }),
            None => Vec::new(),
        },
    },
    Action {
        name: "attach",
        title: "attach",
        help: "Attaches to the container's own process, or to a debugger that is already there.",
        scope: Scope::Pods,
        keys: &["a"],
        hint: Some(8),
        available: |state| may(state, rights::ATTACH).and(|| container_runs(state)),
        run: |state| match state.meant_container() {
            Some(container) => start(state, Start::Attach { container }),
            None => Vec::new(),
        },
    },
    Action {
        name: "pod.delete",
        title: "delete",
        help: "Deletes the pod, after a question.",
        scope: Scope::Pods,
        keys: &["ctrl-d"],
        hint: None,
        available: |state| may(state, &[PodRight::DeletePods]).and(|| details(state)),
        run: delete,
    },
    Action {
        name: "leftovers",
        title: "leftovers",
        help: "Lists what debugging has left in all namespaces: copies, node debuggers, ephemeral debuggers. There space marks a row and goes to the next, * marks all, d deletes, e ends, a attaches, m shows one's own, n one namespace.",
        scope: Scope::Global,
        keys: &["x"],
        hint: Some(7),
        available: |_| Availability::Yes,
        run: |state| {
            state.overlay = Some(Overlay::Leftovers(Leftovers::default()));
            refresh_leftovers(state, true)
        },
    },
];

fn pod_selected(state: &State) -> Availability {
    Availability::when(state.selected_pod().is_some(), "select a pod first")
}

/// Whether none of these rights is known to be missing where the selected pod is.
pub(super) fn may(state: &State, needed: &[PodRight]) -> Availability {
    let missing: Vec<String> = missing(state, needed).iter().map(ToString::to_string).collect();
    let Some(pod) = state.selected_pod().filter(|_| !missing.is_empty()) else { return Availability::Yes };
    Availability::No(format!("you may not {} in {}", missing.join(", "), pod.namespace))
}

/// Whether a debugger can be had: a new one, or one more shell in one that runs.
fn debugger_possible(state: &State) -> Availability {
    let rights = if running_debugger(state).is_some() { rights::SHELL } else { rights::DEBUG };
    may(state, rights).and(|| details(state))
}

/// The debugger that runs already for what `e` would start one for.
fn running_debugger(state: &State) -> Option<&ContainerDetail> {
    let pod = state.navigator.inspected.pod.as_deref()?;
    let target = chosen_target(state);
    let selected = state.selected_container().and_then(|key| pod.containers.iter().find(|c| c.name == key.container));
    selected
        .filter(|container| container.kind == ContainerKind::Ephemeral)
        .filter(|container| matches!(container.state, ContainerState::Running { .. }))
        .or_else(|| reuse::running(pod, target.as_deref()))
}

pub(super) fn meant_state(state: &State) -> Result<(&str, &ContainerState, u32), Availability> {
    match details(state) {
        Availability::Yes => {}
        no => return Err(no),
    }
    let meant = state.meant_container();
    let pod = state.navigator.inspected.pod.as_ref();
    let container = meant
        .zip(pod)
        .and_then(|(meant, pod)| pod.containers.iter().find(|container| container.name == meant.container));
    container
        .map(|container| (&*container.name, &container.state, container.restarts))
        .ok_or_else(|| Availability::No("the pod has no container that could be meant".to_owned()))
}

fn container_runs(state: &State) -> Availability {
    match meant_state(state) {
        Err(no) => no,
        Ok((_, ContainerState::Running { .. }, _)) => Availability::Yes,
        Ok((name, _, _)) => Availability::No(format!("container {name} does not run")),
    }
}

/// The selected container, if a debugger can see its processes.
fn chosen_target(state: &State) -> Option<String> {
    let container = state.selected_container()?;
    let pod = state.navigator.inspected.pod.as_ref()?;
    let found = pod.containers.iter().find(|c| c.name == container.container)?;
    match found.kind {
        ContainerKind::Ephemeral => found.target.clone(),
        ContainerKind::Init | ContainerKind::Sidecar | ContainerKind::Regular => Some(found.name.to_string()),
    }
}

fn debug(state: &mut State) -> Vec<Effect> {
    let Some(pod) = state.selected_pod().cloned() else { return Vec::new() };
    let options = DebugOptions { target: chosen_target(state), ..default_options(state) };
    let target = if options.target.is_some() { Target::AsGiven } else { Target::Default };
    let fresh = Start::Debug { pod, target, options: Box::new(options) };
    if let Some(debugger) = running_debugger(state).cloned() {
        return start_reused(state, &debugger, fresh);
    }
    match state.navigator.inspected.pod.as_deref().and_then(reuse::unstartable) {
        Some(problem) => refused(state, fresh, problem),
        None => start(state, fresh),
    }
}

fn copy(state: &mut State) -> Vec<Effect> {
    let Some(pod) = state.selected_pod().cloned() else { return Vec::new() };
    let options = DebugOptions { copy: Some(default_copy(state, &pod)), ..default_options(state) };
    start(state, Start::Debug { pod, target: Target::AsGiven, options: Box::new(options) })
}

fn form(state: &mut State, copy: bool) -> Vec<Effect> {
    let Some(pod) = state.navigator.inspected.pod.clone() else { return Vec::new() };
    let mut defaults = DebugOptions { target: chosen_target(state), ..default_options(state) };
    if copy {
        defaults.copy = Some(default_copy(state, &pod.key));
    }
    open_pod_form(state, &pod, &Target::Default, defaults)
}

/// The debuggers of each toolkit on the selected pod, for the palette.
pub(super) fn toolkits(state: &State) -> Vec<Entry> {
    let Some(pod) = state.selected_pod() else { return Vec::new() };
    let target = chosen_target(state);
    let entry = |toolkit: &Toolkit| {
        let mut options = DebugOptions { target: target.clone(), ..default_options(state) };
        toolkit.apply(&mut options);
        let target = if options.target.is_some() { Target::AsGiven } else { Target::Default };
        Entry {
            label: format!("debug with {}", toolkit.name),
            note: format!("{} beside {}, at once", toolkit.image, pod.name),
            kind: EntryKind::Start(Box::new(Start::Debug { pod: pod.clone(), target, options: Box::new(options) })),
        }
    };
    state.settings.toolkits.iter().map(entry).collect()
}

fn delete(state: &mut State) -> Vec<Effect> {
    let Some(pod) = state.selected_pod().cloned() else { return Vec::new() };
    // What is in view is meant, and nothing that gets its name while the person thinks.
    let Some(seen) = state.navigator.inspected.pod.as_ref().filter(|seen| seen.key == pod) else { return Vec::new() };
    let after = match &seen.owner {
        Some((kind, name)) => format!("Its {kind} {name} may make another one."),
        None => "Nothing will make another one.".to_owned(),
    };
    let (context, which) = (state.context.name.clone(), Which::Uid(seen.uid.clone()));
    state.overlay = Some(Overlay::Choose(Choose {
        title: format!("Delete pod {}/{}?", pod.namespace, pod.name),
        lines: vec![after],
        choices: vec![
            Choice::new('d', "delete", Deed::DeletePod(context, pod, which)),
            Choice::new('k', "keep", Deed::Nothing),
        ],
    }));
    Vec::new()
}
