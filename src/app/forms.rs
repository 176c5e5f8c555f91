//! A form from its opening to the start: what is asked for it, what arrives, and what its keys do; it plans nothing itself.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::layout::layout;
use super::lives;
use super::message::{Effect, Start, Target};
use super::notices::Level;
use super::overlay::{Basis, Form, FormId, Found, Overlay, Preview, Subject, Verdict, form_places};
use super::state::State;
use crate::cluster::{PodDetail, Problem};
use crate::plan::DebugOptions;

/// Opens the form of a debugger in this pod, or in a copy of it where the defaults say so.
pub fn open_pod_form(state: &mut State, pod: &PodDetail, target: &Target, defaults: DebugOptions) -> Vec<Effect> {
    let form = Form::for_pod(basis(state, defaults), pod, target);
    open(state, form)
}

/// Opens the form of a debugger on this node, in a pod of this namespace.
pub fn open_node_form(state: &mut State, node: &str, namespace: &str, defaults: DebugOptions) -> Vec<Effect> {
    let form = Form::for_node(basis(state, defaults), node, namespace);
    open(state, form)
}

/// Starts this; where it mounts what the inspected pod does not have, its form is opened instead, which says so.
pub(super) fn start_or_ask(state: &mut State, start: Start) -> Vec<Effect> {
    let Start::Debug { pod, target, options } = &start else { return lives::start(state, start) };
    let inspected = state.navigator.inspected.pod.clone().filter(|detail| detail.key == *pod);
    let mounts = options.custom.as_ref().and_then(|custom| custom["volumeMounts"].as_array());
    let mut mounted = mounts.into_iter().flatten().filter_map(|mount| mount["name"].as_str());
    match inspected {
        Some(detail) if mounted.any(|name| detail.volumes.iter().all(|volume| volume != name)) => {
            open_pod_form(state, &detail, target, (**options).clone())
        }
        _ => lives::start(state, start),
    }
}

fn basis(state: &mut State, defaults: DebugOptions) -> Basis {
    Basis {
        id: state.next_form(),
        context: state.context.name.clone(),
        defaults,
        toolkits: state.settings.toolkits.clone(),
        images: state.recent_images.as_slice().to_vec(),
        now: state.now,
    }
}

fn open(state: &mut State, form: Form) -> Vec<Effect> {
    let read = Effect::ReadSubject(form.id(), form.context().to_owned(), form.subject.clone());
    state.overlay = Some(Overlay::Form(Box::new(form)));
    vec![read]
}

fn opened(state: &mut State, id: FormId) -> Option<&mut Form> {
    match &mut state.overlay {
        Some(Overlay::Form(form)) if form.id() == id => Some(form),
        _ => None,
    }
}

/// What a form plans with has been read.
pub(super) fn subject_read(state: &mut State, id: FormId, found: Result<Found, Problem>) {
    let now = state.now;
    if let Some(form) = opened(state, id) {
        form.answer(found, now);
    }
}

/// A verdict on a form's plan has come.
pub(super) fn checked(state: &mut State, id: FormId, revision: u64, verdict: Verdict) {
    if let Some(form) = opened(state, id) {
        form.told(revision, verdict);
    }
}

/// Time has passed: a plan that has settled is asked about.
pub(super) fn ticked(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(Overlay::Form(form)) = &mut state.overlay else { return Vec::new() };
    if let Some(subject) = form.unread(now) {
        return vec![Effect::ReadSubject(form.id(), form.context().to_owned(), subject)];
    }
    let Some((revision, plan)) = form.due(now) else { return Vec::new() };
    let (form, context) = (form.id(), form.context().to_owned());
    vec![Effect::CheckPlan { form, revision, context, plan: Box::new(plan) }]
}

/// A key was pressed in a form, which was taken out of the state.
pub(super) fn pressed(state: &mut State, key: &KeyEvent, mut form: Box<Form>) -> Vec<Effect> {
    let now = state.now;
    let mut effects = Vec::new();
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => match start(state, &form) {
            Some(started) => return started,
            None => form.scroll = 0,
        },
        KeyCode::Up | KeyCode::BackTab => form.move_focus(-1),
        KeyCode::Down | KeyCode::Tab => form.move_focus(1),
        KeyCode::PageUp | KeyCode::PageDown => scroll(state, &mut form, key.code == KeyCode::PageDown),
        KeyCode::Char('n') if control => form.cycle_image(1, now),
        KeyCode::Char('p') if control => form.cycle_image(-1, now),
        KeyCode::Char('y') if control => effects.extend(copy_command(state, &form)),
        KeyCode::Char('t') if control => {
            if !form.take_alternative(now) {
                tell(state, "there is no other way to offer: the server has not refused this plan by a policy");
            }
        }
        _ => form.edit(key, now),
    }
    state.overlay = Some(Overlay::Form(form));
    effects
}

/// Starts what the form says; `None` if it cannot be, which the form itself says then.
fn start(state: &mut State, form: &Form) -> Option<Vec<Effect>> {
    if matches!(form.preview(), Preview::Mistake(_) | Preview::Refused(_)) {
        return None;
    }
    let start = session_of(&form.subject, form.options().ok()?);
    let drawn = form.suffixes();
    let effects = lives::start(state, start).into_iter().map(|effect| match effect {
        Effect::Start(id, context, start, size) if !drawn.is_empty() => {
            Effect::StartDrawn(id, context, start, size, drawn.clone())
        }
        other => other,
    });
    Some(effects.collect())
}

/// The session that these choices make of what is debugged.
fn session_of(subject: &Subject, options: DebugOptions) -> Start {
    let options = Box::new(options);
    match subject {
        Subject::Pod { pod, .. } => Start::Debug { pod: pod.clone(), target: Target::AsGiven, options },
        Subject::Node { node, namespace } => {
            Start::NodeDebug { node: Arc::clone(node), namespace: Arc::clone(namespace), options }
        }
    }
}

fn copy_command(state: &mut State, form: &Form) -> Option<Effect> {
    let command = form.kubectl_command();
    if command.is_none() {
        tell(state, "there is no command to copy before there is a plan");
    }
    command.map(Effect::Copy)
}

fn scroll(state: &State, form: &mut Form, forward: bool) {
    let plan = form_places(layout(state).body, form.fields.len()).plan;
    let page = isize::try_from(plan.height.saturating_sub(1).max(1)).unwrap_or(1);
    form.scroll_by(if forward { page } else { -page }, plan.height.into(), plan.width.into());
}

fn tell(state: &mut State, text: &str) {
    state.notices.push(state.now, Level::Info, text, Vec::new());
}
