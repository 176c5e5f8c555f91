//! Keys that come too soon: an action waits for the pod's details that are on their way, and none strikes a neighbour
//! because the selected pod has just gone.

use jiff::Timestamp;

use super::action::{Action, Scope};
use super::message::Effect;
use super::notices::Level;
use super::state::{Focus, State};
use super::{Availability, run};
use crate::cluster::PodKey;

/// How many milliseconds an action waits for the details of its pod.
const PATIENCE: i128 = 1_000;
/// For so many milliseconds after the selection has moved by itself nothing is done to what it moved to.
const SLIP: i128 = 500;

/// An action that was pressed before the details of its pod were there.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    action: Action,
    pod: PodKey,
    since: Timestamp,
    /// Why it waits, told if that was for nothing.
    reason: String,
}

/// Lets an action wait for the details of the selected pod.
pub(super) fn wait(state: &mut State, action: &Action, reason: String) {
    let Some(pod) = state.selected_pod().cloned() else { return };
    state.waiting = Some(Waiting { action: *action, pod, since: state.now, reason });
}

/// Runs the action that waits, once the details are there or its time is up.
pub(super) fn resume(state: &mut State) -> Vec<Effect> {
    let Some(waiting) = &state.waiting else { return Vec::new() };
    let same = state.selected_pod() == Some(&waiting.pod) && state.overlay.is_none() && state.focus != Focus::Pane;
    let there = state.navigator.inspected.pod.is_some();
    let over = state.now.duration_since(waiting.since).as_millis() >= PATIENCE;
    if same && !there && !over {
        return Vec::new();
    }
    let Some(Waiting { action, reason, .. }) = state.waiting.take().filter(|_| same) else { return Vec::new() };
    if there {
        return run(state, &action);
    }
    // What does without the details does so; what does not says why.
    if let Availability::No(reason) = action.availability(state) {
        super::refuse(state, &action, &reason);
        return Vec::new();
    }
    let effects = (action.run)(state);
    if effects.is_empty() && state.overlay.is_none() {
        state.notices.push(state.now, Level::Warning, format!("{}: {reason}", action.title), Vec::new());
    }
    effects
}

/// Brings the list of pods up to date and notes when the selected one has gone from it.
pub(super) fn settle_pods(state: &mut State) {
    let before = state.navigator.pods.selected().cloned();
    state.navigator.pods.settle();
    if let Some(before) = before
        && state.navigator.pods.get(&before).is_none()
        && state.navigator.pods.selected().is_some_and(|now| *now != before)
    {
        state.slipped = Some(state.now);
    }
}

/// Why this action must not run on what is selected now; `None` if it may.
pub(super) fn too_soon(state: &State, action: &Action) -> Option<String> {
    let slipped = state.slipped?;
    let changes = ["debug.", "pod.delete", "shell", "attach"].iter().any(|name| action.name.starts_with(name));
    if action.scope != Scope::Pods || !changes || state.now.duration_since(slipped).as_millis() >= SLIP {
        return None;
    }
    let pod = state.selected_pod()?;
    Some(format!("the selected pod has just gone and {} is selected now; press again if you mean that", pod.name))
}

/// Whether an action that needs the details of the selected pod can run, or has to wait for them.
pub fn details(state: &State) -> Availability {
    if state.selected_pod().is_none() {
        return Availability::No("select a pod first".to_owned());
    }
    let inspected = &state.navigator.inspected;
    match (&inspected.pod, inspected.gone) {
        (Some(_), _) => Availability::Yes,
        (None, true) => Availability::No("the pod is gone".to_owned()),
        (None, false) => Availability::Later("the pod's details have not arrived".to_owned()),
    }
}
