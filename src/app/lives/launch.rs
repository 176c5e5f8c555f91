//! A launch's life: its steps, its problems and the ways out of them, cancelling it, and the shell that is opened in a
//! debugger which runs already.

use super::{Where, default_copy, default_options, start_in};
use crate::app::fixes::{self, About, Defaults, Taken};
use crate::app::made::Made;
use crate::app::message::{Effect, Start};
use crate::app::notices::Level;
use crate::app::overlay::{Choice, Choose, Deed, FieldName, Overlay};
use crate::app::session::{Phase, Reused, Session};
use crate::app::state::State;
use crate::app::view::{ViewSource, logs::Following};
use crate::app::{abandoned, open_node_form, open_pod_form, open_view, reuse, rights};
use crate::cluster::{ContainerDetail, ContainerKey, LaunchStep, PodDetail, PodRight, Problem, Sight, Way, Which};
use crate::plan::{CopyOptions, DebugOptions};
use crate::session::SessionId;

/// Steps of a start that are kept; of more, what was said of waiting goes first.
const STEPS_KEPT: usize = 200;

/// A start made a step.
pub(crate) fn launched(state: &mut State, id: SessionId, step: LaunchStep) -> Vec<Effect> {
    let now = state.now;
    let Some(session) = state.sessions.get_mut(id) else {
        return match &step {
            LaunchStep::Accepted(container) => abandoned::accepted(state, id, container),
            _ => Vec::new(),
        };
    };
    if let LaunchStep::Accepted(container) = &step {
        session.container = Some(container.clone());
        if session.start.is_debugger() {
            state.settings.made.push(Made {
                context: session.context.clone(),
                pod: container.pod.clone(),
                container: Some(container.container.clone()),
                at: now,
            });
        }
        let ours = session.start.creates().is_some() && !session.start.replaces();
        if ours && !session.created.contains(&container.pod) {
            session.created.push(container.pod.clone());
        }
    }
    let title = session.title();
    if session.steps.last().is_none_or(|(_, last)| *last != step) {
        if session.steps.len() >= STEPS_KEPT {
            let passing = |(_, step): &(_, LaunchStep)| {
                matches!(step, LaunchStep::Waiting { .. } | LaunchStep::Event { .. } | LaunchStep::Stuck(_))
            };
            let oldest = session.steps.iter().position(passing).unwrap_or(0);
            session.steps.remove(oldest);
        }
        session.steps.push((now, step.clone()));
    }
    match step {
        LaunchStep::Note(note) => state.notices.keep(now, format!("{title}: {note}")),
        LaunchStep::Warning(text) => state.notices.push(now, Level::Warning, format!("{title}: {text}"), Vec::new()),
        LaunchStep::Stuck(problem) => state.notices.keep(now, format!("{title}: {}", problem.headline())),
        _ => {}
    }
    Vec::new()
}

/// A session could not be started.
pub(crate) fn start_failed(state: &mut State, id: SessionId, problem: Problem) {
    let now = state.now;
    if let Some(session) = state.sessions.get_mut(id) {
        // Whether it was a right that is missing now, or one that is there: what is known of them is looked at again.
        state.rights.doubt(&session.context, session.start.namespace(), now);
        state.notices.problem(now, &problem);
        session.launched = Some(now);
        session.phase = Phase::Failed(problem);
    }
}

/// What a debugger sees was looked at.
pub(crate) fn sighted(state: &mut State, id: SessionId, sight: Sight) {
    let now = state.now;
    let Some(session) = state.sessions.get_mut(id) else { return };
    if let Some(problem) = &sight.problem {
        let text = format!("{}: {}", session.title(), problem.headline());
        state.notices.push(now, Level::Warning, text, vec![problem.hint.clone()]);
    }
    session.sight = Some(sight);
}

/// Opens a pane that says why this does not start, with the ways that work; nothing is asked of the cluster.
pub fn refused(state: &mut State, start: Start, problem: Problem) -> Vec<Effect> {
    let mut effects = start_in(state, start, Where::Tab);
    for effect in &effects {
        if let Effect::Start(id, ..) = effect {
            start_failed(state, *id, problem);
            break;
        }
    }
    effects.retain(|effect| !matches!(effect, Effect::Start(..)));
    effects
}

/// Opens one more shell in a debugger that runs already, and says so; `fresh` is what starts a new one all the same.
pub fn start_reused(state: &mut State, debugger: &ContainerDetail, fresh: Start) -> Vec<Effect> {
    let Some(pod) = fresh.pod().cloned() else { return Vec::new() };
    let container = ContainerKey { pod, container: debugger.name.clone() };
    let may_run = super::rights::missing_in(state, &container.pod.namespace, super::rights::SHELL).is_empty();
    let key = state.keymap.named("pane.fresh").and_then(|action| state.keymap.key_of(action));
    let key =
        key.map(|key| format!("; {} {key} starts a new one all the same", state.keymap.leader())).unwrap_or_default();
    let text = format!("{} runs already: one more shell in it{key}", container.container);
    state.notices.push(state.now, Level::Info, text, Vec::new());
    let start = if may_run { Start::Shell { container } } else { Start::Attach { container } };
    let effects = start_in(state, start, Where::Tab);
    if let Some(session) = state.sessions.active_mut() {
        session.reused = Some(Reused { since: reuse::since(debugger), fresh });
    }
    effects
}

/// The debugger that runs already has no shell to open: its own process is what there is.
pub(super) fn attach_to_reused(state: &mut State, id: SessionId) -> Vec<Effect> {
    let Some(session) = state.sessions.get(id) else { return Vec::new() };
    let (Some(container), reused) = (session.container.clone(), session.reused.clone()) else { return Vec::new() };
    let text = format!("{} has no shell for one more session: attached to the one it runs", container.container);
    state.notices.push(state.now, Level::Info, text, Vec::new());
    let effects = start_in(state, Start::Attach { container }, Where::Instead(id));
    if let Some(session) = state.sessions.active_mut() {
        session.reused = reused;
    }
    effects
}

/// Starts a new debugger in the pane of a shell that was opened in one which ran already.
pub fn fresh(state: &mut State) -> Vec<Effect> {
    let Some(session) = state.sessions.active() else { return Vec::new() };
    let (id, Some(reused)) = (session.id, session.reused.clone()) else { return Vec::new() };
    start_in(state, reused.fresh, Where::Instead(id))
}

/// Takes the fix of this number, counted from one, in the pane in view.
pub fn take_fix(state: &mut State, number: usize) -> Vec<Effect> {
    let Some(session) = state.sessions.active() else { return Vec::new() };
    let Some(fix) = number.checked_sub(1).and_then(|index| session.fixes().get(index)) else { return Vec::new() };
    let (id, way) = (session.id, fix.way.clone());
    if session.context != state.context.name {
        let text = format!("this pane belongs to context {}; switch to it first", session.context);
        state.notices.push(state.now, Level::Warning, text, Vec::new());
        return Vec::new();
    }
    let missing = missing_for_way(state, session, &way);
    if !missing.is_empty() {
        let (context, namespace) = (session.context.clone(), session.start.namespace().clone());
        // Rights may have been given since they were asked about.
        state.rights.doubt(&context, &namespace, state.now);
        let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let text = format!("you may not {} in {namespace}", missing.join(", "));
        state.notices.push(state.now, Level::Warning, text, Vec::new());
        return Vec::new();
    }
    match taken(state, session, &way) {
        // A debugger that stands keeps its pane: what is better gets one of its own.
        Taken::Start(start) if state.sessions.get(id).is_some_and(|old| old.phase == Phase::Live) => {
            if let Some(old) = state.sessions.get_mut(id) {
                old.timeline_open = false;
            }
            start_in(state, start, Where::Tab)
        }
        Taken::Start(start) => start_instead(state, id, start),
        Taken::Log(container, previous) => {
            let following = Following::container(&container, previous, state.settings.log_memory);
            open_view(state, ViewSource::Logs(following))
        }
        Taken::NodeForm(node, namespace, options, about) => {
            let field = if about == About::Namespace { FieldName::Namespace } else { FieldName::Image };
            let effects = open_node_form(state, &node, &namespace, *options);
            in_place(state, id, &field);
            effects
        }
        Taken::Form(pod, target, options, about) => {
            let inspected = state.navigator.inspected.pod.as_deref().filter(|detail| detail.key == pod).cloned();
            let detail = inspected.unwrap_or_else(|| bare(&pod));
            let field = field_of(&options, about);
            let effects = open_pod_form(state, &detail, &target, *options);
            in_place(state, id, &field);
            effects
        }
    }
}

/// The field that a form is opened for.
fn field_of(options: &DebugOptions, about: About) -> FieldName {
    match (&options.copy, &options.container) {
        (Some(copy), _) if about == About::Anything && !copy.name.is_empty() => FieldName::CopyName,
        (Some(copy), Some(name)) if options.image.is_none() && copy.set_image.iter().any(|(set, _)| set == name) => {
            FieldName::SetImage(name.clone())
        }
        _ => FieldName::Image,
    }
}

/// What the form starts takes the place of this session; the form stands at this field.
fn in_place(state: &mut State, id: SessionId, field: &FieldName) {
    if let Some(Overlay::Form(form)) = &mut state.overlay {
        form.focus_on(field);
    }
    state.place = Some(id);
}

/// Starts something in the pane of a launch that did not come to anything, and says what that one leaves.
pub(super) fn start_instead(state: &mut State, old: SessionId, start: Start) -> Vec<Effect> {
    let Some(session) = state.sessions.get(old) else { return start_in(state, start, Where::Tab) };
    let left = session.container.clone().filter(|_| session.is_accepted() && session.phase != Phase::Live);
    // What is attached to is not left.
    let left = left.filter(|left| !matches!(&start, Start::Attach { container } if container == left));
    // What this launch made, not what the pane made before.
    let made = session.container.as_ref().map(|container| container.pod.clone());
    let made = made.filter(|made| {
        let never_started = matches!(session.phase, Phase::Launching | Phase::Failed(_));
        never_started && session.created.contains(made) && start.creates().is_some()
    });
    let (context, ephemeral) = (session.context.clone(), session.start.is_ephemeral());
    let mut effects = start_in(state, start, Where::Instead(old));
    let note = match (left, made) {
        (Some(container), _) if ephemeral => Some(abandoned::stays(&container)),
        // It never came to anything, and another one takes its place.
        (_, Some(made)) => {
            if let Some(session) = state.sessions.active_mut() {
                session.created.retain(|pod| *pod != made);
            }
            let text = format!("{} did not start and is deleted", made.name);
            effects.push(Effect::DeletePod(context, made, Which::Ours));
            Some(text)
        }
        _ => None,
    };
    let now = state.now;
    if let Some(note) = note
        && let Some(session) = state.sessions.active_mut()
    {
        session.steps.insert(0, (now, LaunchStep::Note(note.clone())));
        state.notices.push(now, Level::Info, note, Vec::new());
    }
    effects
}

/// The question before a launch is cancelled that the server has accepted.
pub(super) fn cancellation(session: &Session) -> Choose {
    let id = session.id;
    let title = format!("Cancel {}?", session.title());
    if let (Some(original), Some(at)) = (session.start.pod().filter(|_| session.start.replaces()), &session.container) {
        return Choose {
            title,
            lines: vec![format!("{} stands in the place of {} and stays.", at.pod.name, original.name)],
            choices: vec![Choice::new('c', "cancel", Deed::Detach(id))],
        };
    }
    match (session.created.is_empty(), &session.container) {
        (false, _) => {
            let what = session.created_words();
            let names: Vec<&str> = session.created.iter().map(|pod| &*pod.name).collect();
            Choose {
                title,
                lines: vec![format!("This was made and stays on the cluster: {what} {}.", names.join(", "))],
                choices: vec![
                    Choice::new(
                        'r',
                        format!("cancel and remove the {what}"),
                        Deed::DeleteCreated(id, session.context.clone(), session.created.clone()),
                    ),
                    Choice::new('k', format!("cancel and keep the {what}"), Deed::Detach(id)),
                ],
            }
        }
        (true, container) => Choose {
            title,
            lines: container
                .iter()
                .map(|container| format!("{}. It may still start; a attaches to it then.", abandoned::stays(container)))
                .collect(),
            choices: vec![Choice::new('c', "cancel", Deed::Detach(id))],
        },
    }
}

/// As much of a pod as is known without looking at it.
fn bare(key: &crate::cluster::PodKey) -> PodDetail {
    PodDetail {
        key: key.clone(),
        uid: String::new(),
        created: None,
        phase: String::new(),
        node: String::new(),
        ip: String::new(),
        service_account: String::new(),
        labels: Vec::new(),
        annotations: Vec::new(),
        owner: None,
        default_container: None,
        share_processes: false,
        deleting: None,
        volumes: Vec::new(),
        containers: Vec::new(),
        trouble: None,
    }
}

/// What taking this way out of a session's trouble comes to.
fn taken(state: &State, session: &Session, way: &Way) -> Taken {
    let accepted = session.is_accepted();
    let copy = session.start.pod().map(|pod| default_copy(state, pod));
    let defaults = Defaults { options: default_options(state), copy };
    match (&session.start, &session.container) {
        // The original may be gone: what stands in its place is what there is to go on from.
        (Start::Debug { target, options, .. }, Some(at)) if accepted && session.start.replaces() => {
            let mut options = options.clone();
            options.copy = options.copy.map(|copy| CopyOptions { replace: false, ..copy });
            let start = Start::Debug { pod: at.pod.clone(), target: target.clone(), options };
            fixes::take(&start, way, accepted, &defaults)
        }
        _ => fixes::take(&session.start, way, accepted, &defaults),
    }
}

/// The rights that are known to be missing for what taking this way would start.
fn missing_for_way(state: &State, session: &Session, way: &Way) -> Vec<PodRight> {
    let start = match taken(state, session, way) {
        Taken::Start(start) => start,
        Taken::Log(container, _) => {
            return rights::missing_in(state, &container.pod.namespace, rights::LOG);
        }
        // The form says itself what is missing, and can ask for something else.
        Taken::Form(..) | Taken::NodeForm(..) => return Vec::new(),
    };
    super::rights::missing_for(state, &session.context, &start)
}

/// Whether taking this way asks the API for a right that is known to be missing.
#[must_use]
pub fn way_is_closed(state: &State, session: &Session, way: &Way) -> bool {
    !missing_for_way(state, session, way).is_empty()
}
