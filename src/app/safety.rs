//! What may leave the console: nothing that changes a read-only context, and nothing that changes a protected one
//! without a question. Every effect passes here, so no action can forget it.

use jiff::{SignedDuration, Timestamp};

use super::action::{Action, Availability};
use super::forwards::{self, ForwardUpdate};
use super::lives;
use super::message::{Effect, Start};
use super::notices::Level;
use super::overlay::{Choice, Choose, Deed, Overlay};
use super::state::State;
use crate::cluster::{PodKey, read_only_problem};
use crate::session::SessionId;

/// Actions that do nothing but change the cluster; in a read-only context their keys are grey.
const CHANGING: [&str; 9] = [
    "shell",
    "attach",
    "pod.delete",
    "node.debug",
    "node.debug-form",
    "ended.attach",
    "ended.debug",
    "forward",
    "ports.again",
];
/// And all whose name begins like this.
const CHANGING_FAMILY: &str = "debug.";

/// For so long a question that came up by itself takes no keys.
const UNREAD: SignedDuration = SignedDuration::from_secs(1);

/// What an effect would change.
struct Change<'a> {
    context: &'a str,
    /// In words, where it creates or removes something.
    asks: Option<String>,
}

impl Effect {
    /// What it would change on a cluster; `None` if it only reads, or concerns a session that stands already.
    fn change(&self) -> Option<Change<'_>> {
        let named = |pod: &PodKey| format!("{}/{}", pod.namespace, pod.name);
        match self {
            Self::Start(_, context, start, _) | Self::StartDrawn(_, context, start, ..) => {
                let asks = match start {
                    Start::NodeDebug { node, namespace, options } => {
                        let image = options.image.as_deref().unwrap_or_default();
                        Some(format!("create a debugger pod with {image} on node {node}, in namespace {namespace}"))
                    }
                    Start::Attach { .. } | Start::Shell { .. } => None,
                    Start::Debug { pod, options, .. } => {
                        let image = options.image.as_deref().unwrap_or("the images it has");
                        Some(match &options.copy {
                            Some(copy) if copy.replace => {
                                format!("create a copy of {} with {image} and delete the original", named(pod))
                            }
                            Some(_) => format!("create a copy of {} with {image}", named(pod)),
                            None => format!("add an ephemeral container with {image} to {}", named(pod)),
                        })
                    }
                };
                Some(Change { context, asks })
            }
            Self::DeletePod(context, pod, _) => {
                Some(Change { context, asks: Some(format!("delete the pod {}", named(pod))) })
            }
            Self::EndDebugger(context, at) => {
                Some(Change { context, asks: Some(format!("end {}/{}", named(&at.pod), at.container)) })
            }
            Self::StartForward(_, request) => {
                let (target, remote) = (&request.target, &request.remote);
                let asks = format!("forward port {remote} of {} in {}", target.words(), target.namespace);
                Some(Change { context: &request.context, asks: Some(asks) })
            }
            Self::Connect(_)
            | Self::Watch(..)
            | Self::StopWatch(_)
            | Self::Input(..)
            | Self::Resize(..)
            | Self::Detach(_)
            | Self::StartRecording(..)
            | Self::Record(..)
            | Self::StopRecording(_)
            | Self::FindExitCode(..)
            | Self::FindLeftovers(..)
            | Self::ReadSubject(..)
            | Self::AskRights(..)
            | Self::AskMetrics(..)
            | Self::FindOwners(..)
            | Self::CheckPlan { .. }
            | Self::Copy(_)
            | Self::SaveText(..)
            | Self::RememberImage(..)
            | Self::RememberLeave(..)
            | Self::NoteEnd(..)
            | Self::ReadPorts(..)
            | Self::StopForward(_)
            | Self::OpenView(..)
            | Self::CloseView(_)
            | Self::Quit => None,
        }
    }
}

/// What waits for a yes, because its context is protected.
#[derive(Debug, Default)]
pub(super) struct Held {
    effects: Vec<Effect>,
    /// How many of them the question names that stands now; what came since gets its own.
    asked: usize,
    /// When the question came up by itself, among keys that were meant for something else.
    unasked_for: Option<Timestamp>,
}

/// Lets pass what may leave; the rest is refused, or held back behind a question. `by_hand` says whether the person has
/// just done something.
pub(super) fn pass(state: &mut State, effects: Vec<Effect>, by_hand: bool) -> Vec<Effect> {
    let mut passed = let_go(state);
    let confirmed = std::mem::take(&mut state.confirmed);
    let held_before = state.held.effects.len();
    for effect in effects {
        match effect.change() {
            Some(change) if state.settings.is_read_only(change.context) => {
                let problem = read_only_problem(change.context);
                match effect {
                    Effect::Start(id, ..) | Effect::StartDrawn(id, ..) => lives::start_failed(state, id, problem),
                    Effect::StartForward(id, _) => forwards::told(state, id, ForwardUpdate::Ended(problem)),
                    _ => state.notices.problem(state.now, &problem),
                }
            }
            Some(Change { context, asks: Some(_) }) if !confirmed && state.settings.is_protected(context) => {
                state.held.effects.push(effect);
            }
            // Leaving waits for the answer: what was decided is not dropped in silence.
            _ if effect == Effect::Quit && !state.held.effects.is_empty() => state.held.effects.push(effect),
            _ => passed.push(effect),
        }
    }
    // Another overlay is never taken away: the question comes when it is closed.
    if state.held.asked == 0 && !state.held.effects.is_empty() && state.overlay.is_none() {
        passed.extend(ask(state, by_hand && state.held.effects.len() > held_before));
    }
    passed
}

fn is_asked(state: &State) -> bool {
    let Some(Overlay::Choose(choose)) = &state.overlay else { return false };
    choose.choices.iter().any(|choice| choice.deed == Deed::Proceed)
}

/// Whether the question has come up by itself so lately that a key pressed now was not meant for it.
pub(super) fn is_unread(state: &State) -> bool {
    let since = state.held.unasked_for.filter(|_| is_asked(state));
    since.is_some_and(|since| state.now.duration_since(since) < UNREAD)
}

/// Asks about all that is held; what need not be asked about comes back.
fn ask(state: &mut State, by_hand: bool) -> Vec<Effect> {
    let changes: Vec<(String, String)> = state
        .held
        .effects
        .iter()
        .filter_map(Effect::change)
        .filter_map(|change| Some((change.context.to_owned(), change.asks?)))
        .collect();
    let mut contexts: Vec<&str> = Vec::new();
    for (context, _) in &changes {
        if !contexts.contains(&context.as_str()) {
            contexts.push(context);
        }
    }
    if contexts.is_empty() {
        return std::mem::take(&mut state.held.effects);
    }
    let mut lines = Vec::new();
    for context in &contexts {
        lines.push(format!("In {context} this would"));
        let there: Vec<String> =
            changes.iter().filter(|(other, _)| other == context).map(|(_, what)| format!("  {what}")).collect();
        lines.extend(super::leftovers::few(there.into_iter()));
    }
    let are = if contexts.len() == 1 { "is" } else { "are" };
    let title = format!("{} {are} protected: go on?", contexts.join(", "));
    state.held.asked = state.held.effects.len();
    state.held.unasked_for = (!by_hand).then_some(state.now);
    state.overlay = Some(Overlay::Choose(Choose {
        title,
        lines,
        choices: vec![Choice::new('n', "no, change nothing", Deed::Nothing), Choice::new('y', "yes", Deed::Proceed)],
    }));
    Vec::new()
}

/// Whatever took the question away without a yes was a no.
fn let_go(state: &mut State) -> Vec<Effect> {
    if state.held.asked == 0 || is_asked(state) {
        return Vec::new();
    }
    let (mut effects, mut stays) = (Vec::new(), Vec::new());
    for effect in answered(state) {
        match effect {
            Effect::Start(id, ..) | Effect::StartDrawn(id, ..) => effects.extend(lives::remove(state, id)),
            Effect::StartForward(id, _) => forwards::drop_forward(state, id),
            Effect::DeletePod(_, PodKey { namespace, name }, _) => stays.push(format!("{namespace}/{name}")),
            Effect::EndDebugger(_, at) => stays.push(format!("{}/{}/{}", at.pod.namespace, at.pod.name, at.container)),
            _ => {}
        }
    }
    // It may have been said already that this goes.
    if !stays.is_empty() {
        let text = format!("nothing was deleted or ended; this stays on the cluster: {}", stays.join(", "));
        state.notices.push(state.now, Level::Info, text, Vec::new());
    }
    effects
}

/// What the question named; it is not held any more.
fn answered(state: &mut State) -> Vec<Effect> {
    let asked = std::mem::take(&mut state.held.asked);
    state.held.effects.drain(..asked).collect()
}

/// The answer was yes: what was held back begins now.
pub(super) fn proceed(state: &mut State) -> Vec<Effect> {
    state.confirmed = true;
    let (held, now) = (answered(state), state.now);
    for effect in &held {
        if let Effect::Start(id, ..) | Effect::StartDrawn(id, ..) = effect
            && let Some(session) = state.sessions.get_mut(*id)
        {
            session.started = now;
        }
    }
    held
}

/// Whether this session's start waits for the answer to a question.
pub fn is_held(state: &State, id: SessionId) -> bool {
    let starts =
        |effect: &Effect| matches!(effect, Effect::Start(held, ..) | Effect::StartDrawn(held, ..) if *held == id);
    state.held.effects.iter().any(starts)
}

impl Action {
    /// Whether it can run now; in a read-only context nothing that changes something can.
    pub fn availability(&self, state: &State) -> Availability {
        let changes = CHANGING.contains(&self.name) || self.name.starts_with(CHANGING_FAMILY);
        // What is done in a pane is done in the context the pane belongs to.
        let pane = state.sessions.active().filter(|_| self.name.starts_with("ended."));
        let context = pane.map_or(state.context.name.as_str(), |session| session.context.as_str());
        if changes && state.settings.is_read_only(context) {
            return Availability::No(format!("{context} is used read-only"));
        }
        (self.available)(state)
    }
}
