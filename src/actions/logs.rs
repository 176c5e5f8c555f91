//! Actions on logs: opening them, turning a view to more or other ones, and what is shown of them and how.

use crate::app::reader::Reader;
use crate::app::rights;
use crate::app::timing::details;
use crate::app::view::logs::{Following, Logs};
use crate::app::view::{self, Asking, Content, ViewSource};
use crate::app::{Action, Availability, Effect, Focus, Scope, State, open_view};
use crate::cluster::{LogScope, LogSubject};

use super::debug::{may, meant_state};

const fn row(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    hint: Option<u8>,
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    Action { name, title, help, scope: Scope::Logs, keys, hint, available: reads_logs, run }
}

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "logs",
        title: "logs",
        help: "Follows the container's log in a pane.",
        scope: Scope::Pods,
        keys: &["l"],
        hint: Some(3),
        available: |state| may(state, rights::LOG).and(|| details(state)),
        run: |state| container(state, false),
    },
    Action {
        name: "logs.previous",
        title: "previous logs",
        help: "Shows the log of the container's previous life.",
        scope: Scope::Pods,
        keys: &["p"],
        hint: None,
        available: |state| may(state, rights::LOG).and(|| restarted(state)),
        run: |state| container(state, true),
    },
    Action {
        name: "logs.owner",
        title: "logs of all",
        help: "Follows the logs of all pods of what owns the selected one: its Deployment, StatefulSet, DaemonSet, Job and so on.",
        scope: Scope::Pods,
        keys: &["L"],
        hint: None,
        available: |state| may(state, rights::LOG).and(|| owned(state)),
        run: owner,
    },
    row(
        "logs.filter",
        "filter",
        "Shows the lines with a text, as it is typed; where it stands nowhere, those that match it as an expression; with ! before it, all others.",
        &["f", "&"],
        Some(2),
        ask_filter,
    ),
    row(
        "logs.pause",
        "pause",
        "Holds the view still, or shows what came meanwhile; nothing is lost.",
        &["space"],
        Some(3),
        |state| with(state, Logs::toggle_pause),
    ),
    row("logs.times", "times", "Shows when each line was written, or hides it.", &["t"], Some(6), |state| {
        with(state, Logs::toggle_times)
    }),
    row(
        "logs.containers",
        "all containers",
        "Turns to all containers of the pods, or back to the one.",
        &["a"],
        Some(5),
        containers,
    ),
    row(
        "logs.all-pods",
        "all pods",
        "Turns to all pods of what owns the pod, or back to the pod.",
        &["o"],
        Some(7),
        all_pods,
    ),
    row("logs.lives", "previous", "Turns to the previous life, or back to the current one.", &["p"], None, |state| {
        turn(state, |_, subject| subject.previous = !subject.previous)
    }),
    row(
        "logs.range",
        "how far back",
        "Asks how much of the past is read: 500 lines, 10m, all.",
        &["r"],
        None,
        |state| view::ask(state, Asking::Range, ""),
    ),
    row(
        "logs.unfold",
        "unfold",
        "Unfolds the JSON object that is pointed at, or folds it.",
        &["enter"],
        Some(8),
        |state| with(state, Logs::unfold),
    ),
    row("logs.unfold-all", "unfold all", "Unfolds every JSON object, or folds all.", &["E"], None, |state| {
        with(state, Logs::unfold_all)
    }),
    row(
        "logs.readable",
        "json",
        "Shows JSON as time, level, message and the rest, or as it came.",
        &["J"],
        None,
        |state| with(state, Logs::toggle_readable),
    ),
];

fn reads_logs(state: &State) -> Availability {
    let logs = state.sessions.active_view().is_some_and(|view| matches!(view.content, Content::Logs(_)));
    Availability::when(logs && state.focus == Focus::Pane, "no view of logs has the keys")
}

fn open(state: &mut State, following: Following) -> Vec<Effect> {
    open_view(state, ViewSource::Logs(following))
}

fn container(state: &mut State, previous: bool) -> Vec<Effect> {
    let Some(container) = state.meant_container() else { return Vec::new() };
    let following = Following::container(&container, previous, state.settings.log_memory);
    open(state, following)
}

fn owner(state: &mut State) -> Vec<Effect> {
    let Some(pod) = state.selected_pod().cloned() else { return Vec::new() };
    let following = Following::of(LogScope::OwnerOf(pod), None, false, state.settings.log_memory);
    open(state, following)
}

fn restarted(state: &State) -> Availability {
    match meant_state(state) {
        Err(no) => no,
        Ok((_, _, restarts)) if restarts > 0 => Availability::Yes,
        Ok((name, _, _)) => Availability::No(format!("container {name} was never restarted")),
    }
}

fn owned(state: &State) -> Availability {
    details(state).and(|| {
        let owner = state.navigator.inspected.pod.as_ref().and_then(|pod| pod.owner.as_ref());
        Availability::when(owner.is_some(), "nothing owns this pod: l shows its log")
    })
}

fn with(state: &mut State, work: fn(&mut Logs, &mut Reader)) -> Vec<Effect> {
    let _ = view::with(state, |view| {
        if let Content::Logs(logs) = &mut view.content {
            work(logs, &mut view.reader);
        }
    });
    Vec::new()
}

fn ask_filter(state: &mut State) -> Vec<Effect> {
    let typed = view::with(state, |view| match &view.content {
        Content::Logs(logs) => logs.filter().to_owned(),
        _ => String::new(),
    });
    view::ask(state, Asking::Filter, &typed.unwrap_or_default())
}

/// Turns the view of the focused pane to something else.
fn turn(state: &mut State, change: impl FnOnce((&Logs, Option<usize>), &mut LogSubject)) -> Vec<Effect> {
    let turned = view::with(state, |view| {
        let Content::Logs(logs) = &view.content else { return Vec::new() };
        let following = logs.following().turned(|subject| change((logs, view.reader.cursor()), subject));
        view.turn(following)
    });
    turned.unwrap_or_default()
}

fn containers(state: &mut State) -> Vec<Effect> {
    turn(state, |(logs, row), subject| {
        subject.container = match subject.container.take() {
            Some(_) => None,
            None => logs.container_at(row),
        };
    })
}

fn all_pods(state: &mut State) -> Vec<Effect> {
    turn(state, |(logs, row), subject| {
        let Some(pod) = logs.pod_at(row) else { return };
        subject.scope = match subject.scope {
            LogScope::Pod(_) => LogScope::OwnerOf(pod),
            _ => LogScope::Pod(pod),
        };
    })
}
