//! Launches that were let go of before the server had answered: what it takes all the same is told and, where it is a
//! pod of our own, removed; nothing of ours stays behind in silence.

use std::collections::VecDeque;

use super::message::Effect;
use super::notices::Level;
use super::session::{Phase, Session};
use super::state::State;
use crate::cluster::{ContainerKey, Which};
use crate::session::SessionId;

/// How many are remembered; a request is answered within seconds.
const MOST: usize = 64;

/// The launches whose answer is still to come, oldest first: which, in which context, what it makes.
#[derive(Debug, Clone, Default)]
pub(super) struct Abandoned(VecDeque<(SessionId, String, Makes)>);

/// What a launch makes.
#[derive(Debug, Clone, Copy)]
enum Makes {
    /// An ephemeral container.
    Debugger,
    /// A pod of our own.
    Pod,
    /// A pod in the place of one that is deleted: the workload itself.
    Replacement,
}

/// A session is let go of; if its request may be on the way, its answer is waited for.
pub(super) fn note(state: &mut State, session: &Session) {
    let pending = session.phase == Phase::Launching && !session.is_accepted();
    if pending && session.start.is_debugger() {
        let abandoned = &mut state.abandoned.0;
        if abandoned.len() == MOST {
            abandoned.pop_front();
        }
        let makes = match session.start.creates() {
            None => Makes::Debugger,
            Some(_) if session.start.replaces() => Makes::Replacement,
            Some(_) => Makes::Pod,
        };
        abandoned.push_back((session.id, session.context.clone(), makes));
    }
}

/// The server has taken a request of a session that is not there any more.
pub(super) fn accepted(state: &mut State, id: SessionId, container: &ContainerKey) -> Vec<Effect> {
    let Some(index) = state.abandoned.0.iter().position(|(other, ..)| *other == id) else { return Vec::new() };
    let Some((_, context, makes)) = state.abandoned.0.remove(index) else { return Vec::new() };
    let pod = &container.pod;
    let name = format!("{}/{}", pod.namespace, pod.name);
    let (text, effects) = match makes {
        Makes::Debugger => (stays(container), Vec::new()),
        Makes::Pod => {
            let text = format!("{name} was made after you had let go of it; it is deleted");
            (text, vec![Effect::DeletePod(context, pod.clone(), Which::Ours)])
        }
        Makes::Replacement => {
            (format!("{name} was made after you had let go of it; it replaces the original"), Vec::new())
        }
    };
    state.notices.push(state.now, Level::Warning, text, Vec::new());
    effects
}

/// What an ephemeral container leaves that nobody waits for any more.
pub(super) fn stays(container: &ContainerKey) -> String {
    format!(
        "{} was accepted and stays in {} until that pod goes: an ephemeral container cannot be removed",
        container.container, container.pod.name
    )
}
