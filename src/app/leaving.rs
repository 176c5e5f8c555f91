//! What becomes of a debugger that is left: kept, ended or deleted, as the person said once and for all or says now.

use super::lives;
use super::message::{Effect, Start};
use super::notices::Level;
use super::overlay::{Choice, Choose, Deed, Overlay, Removal};
use super::session::Session;
use super::settings::{Leave, LeaveKind};
use super::state::State;
use crate::cluster::{ContainerKey, ContainerKind, PodDetail, PodKey, Which, is_node_debugger};
use crate::session::SessionId;

/// Something that a session made, and what would take it away.
struct Made {
    kind: LeaveKind,
    context: String,
    removal: Removal,
    name: String,
}

/// The pods that a session made, and its ephemeral debugger while it runs. A pane holds both where a fix has put one in
/// the place of the other.
fn made(session: &Session) -> Vec<Made> {
    let context = &session.context;
    let pod = |pod: &PodKey| Made {
        kind: if is_node_debugger(&pod.name) { LeaveKind::NodeDebugger } else { LeaveKind::Copy },
        context: context.clone(),
        name: format!("{}/{}", pod.namespace, pod.name),
        removal: Removal::Pod(pod.clone(), Which::Ours),
    };
    let ephemeral = session.start.is_ephemeral() && session.is_live();
    let debugger = |at: ContainerKey| Made {
        kind: LeaveKind::Debugger,
        context: context.clone(),
        name: format!("{}/{}/{}", at.pod.namespace, at.pod.name, at.container),
        removal: Removal::Debugger(at),
    };
    let debugger = session.container.clone().filter(|_| ephemeral).map(debugger);
    session.created.iter().map(pod).chain(debugger).collect()
}

/// Whether a session is attached to an ephemeral debugger that is known as one: it is seen in its pod, or was made here.
pub(super) fn is_in_a_debugger(state: &State, session: &Session) -> bool {
    let Start::Attach { container: at } = &session.start else { return false };
    let inspected = state.navigator.inspected.pod.as_deref();
    let inspected = inspected.filter(|pod| pod.key == at.pod && session.context == state.context.name);
    let is_seen = |pod: &PodDetail| {
        pod.containers.iter().any(|own| own.name == at.container && own.kind == ContainerKind::Ephemeral)
    };
    inspected.is_some_and(is_seen)
        || state.settings.made.iter().any(|made| {
            made.context == session.context && made.pod == at.pod && made.container.as_ref() == Some(&at.container)
        })
}

/// Closes a pane as the person has decided for its kind; `None` if they want to be asked.
pub(super) fn decided(state: &mut State, id: SessionId) -> Option<Vec<Effect>> {
    let made = made(state.sessions.get(id)?);
    let fate = |made: &Made| state.settings.on_leave.of(made.kind);
    if made.is_empty() || made.iter().any(|made| fate(made) == Leave::Ask) {
        return None;
    }
    let (kept, goes): (Vec<Made>, Vec<Made>) = made.into_iter().partition(|made| fate(made) == Leave::Keep);
    for (made, text) in [(&kept, "stays on the cluster, where x lists it"), (&goes, "is taken off the cluster")] {
        if !made.is_empty() {
            let names: Vec<&str> = made.iter().map(|made| made.name.as_str()).collect();
            state.notices.push(state.now, Level::Info, format!("{text}: {}", names.join(", ")), Vec::new());
        }
    }
    let mut effects = lives::remove(state, id);
    effects.extend(taken_away(goes.into_iter().map(|made| (made.context, made.removal))));
    Some(effects)
}

/// Adds the answers that hold for all of this kind from now on.
pub(super) fn offer(state: &State, id: SessionId, choices: &mut Vec<Choice>) {
    let Some(session) = state.sessions.get(id) else { return };
    let (context, created) = (session.context.clone(), session.created.clone());
    let Some(Made { kind, removal, .. }) = made(session).into_iter().next() else { return };
    let always = |leave, deed| Deed::Remember(kind, leave, Box::new(deed));
    choices.push(Choice::new(
        'K',
        format!("keep it, and {} from now on", kind.plural()),
        always(Leave::Keep, Deed::Detach(id)),
    ));
    let (key, word, deed) = match removal {
        Removal::Pod(..) => ('R', "remove", Deed::DeleteCreated(id, context, created)),
        Removal::Debugger(_) => ('E', "end", Deed::EndShell(id)),
    };
    choices.push(Choice::new(
        key,
        format!("{word} it, and {} from now on", kind.plural()),
        always(Leave::Remove, deed),
    ));
}

/// What takes these off the cluster.
pub(super) fn taken_away(removals: impl IntoIterator<Item = (String, Removal)>) -> Vec<Effect> {
    let effect = |(context, removal)| match removal {
        Removal::Pod(pod, which) => Effect::DeletePod(context, pod, which),
        Removal::Debugger(at) => Effect::EndDebugger(context, at),
    };
    removals.into_iter().map(effect).collect()
}

/// Leaves the program: at once, or after a question while something of ours still runs and its fate is not decided.
pub fn quit(state: &mut State) -> Vec<Effect> {
    let live: Vec<String> = state.sessions.iter().filter(|s| s.is_live()).map(|s| format!("  {}", s.title())).collect();
    let made: Vec<Made> = state.sessions.iter().flat_map(made).collect();
    let fate = |made: &Made| state.settings.on_leave.of(made.kind);
    let (decided, open): (Vec<Made>, Vec<Made>) = made.into_iter().partition(|made| fate(made) != Leave::Ask);
    let kept: Vec<&Made> = decided.iter().filter(|made| fate(made) == Leave::Keep).collect();
    let goes: Vec<&Made> = decided.iter().filter(|made| fate(made) == Leave::Remove).collect();
    let removal = |made: &Made| (made.context.clone(), made.removal.clone());
    let removed: Vec<(String, Removal)> = goes.iter().map(|made| removal(made)).collect();
    let undecided_shell = state.sessions.iter().any(|s| s.is_live() && self::made(s).is_empty());
    let ports: Vec<String> =
        state.forwards.running().map(|one| format!("  {} → {}", one.address(), one.target())).collect();
    if open.is_empty() && !undecided_shell && ports.is_empty() {
        let mut effects = taken_away(removed);
        effects.push(Effect::Quit);
        return effects;
    }
    let mut lines = Vec::new();
    if !live.is_empty() {
        lines.push("These sessions are open; what runs in debuggers goes on and can be attached again:".to_owned());
        lines.extend(super::leftovers::few(live.into_iter()));
    }
    if !ports.is_empty() {
        lines.push("These ports are forwarded no more once you leave:".to_owned());
        lines.extend(super::leftovers::few(ports.into_iter()));
    }
    let is_pod = |made: &&Made| made.kind != LeaveKind::Debugger;
    let pods: Vec<&Made> = open.iter().filter(is_pod).chain(kept.iter().copied().filter(is_pod)).collect();
    if !pods.is_empty() {
        lines.push("These pods stay on the cluster until they are deleted:".to_owned());
        lines.extend(super::leftovers::few(pods.iter().map(|made| format!("  {}", made.name))));
    }
    if !goes.is_empty() {
        lines.push("These are taken off the cluster, as you have decided:".to_owned());
        lines.extend(super::leftovers::few(goes.iter().map(|made| format!("  {}", made.name))));
    }
    let leave = if removed.is_empty() { Deed::Quit } else { Deed::RemoveAndQuit(removed.clone()) };
    let mut choices = vec![Choice::new('q', "leave", leave)];
    let with =
        |more: Vec<&Made>| Deed::RemoveAndQuit(removed.iter().cloned().chain(more.into_iter().map(removal)).collect());
    let open_pods: Vec<&Made> = open.iter().filter(is_pod).collect();
    if !open_pods.is_empty() {
        let nodes = open_pods.iter().any(|made| made.kind == LeaveKind::NodeDebugger);
        let label = if nodes { "delete these pods and leave" } else { "delete the copies and leave" };
        choices.push(Choice::new('d', label, with(open_pods.clone())));
    }
    if open.len() > open_pods.len() {
        let label =
            if open_pods.is_empty() { "end the debuggers and leave" } else { "end and delete all of it, and leave" };
        choices.push(Choice::new('e', label, with(open.iter().collect())));
    }
    state.overlay = Some(Overlay::Choose(Choose { title: "Leave bathy?".to_owned(), lines, choices }));
    Vec::new()
}
