//! What pods use, as far as the metrics API tells: asked for slowly, and only while the pods are on screen; where it tells
//! nothing nobody is bothered.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::List;
use super::layout::layout;
use super::message::Effect;
use super::navigator::PodScope;
use super::state::{Connection, State};
use crate::cluster::PodKey;
use crate::cluster::metrics::{MetricsScope, PodUse};

/// So many seconds after the last question comes the next; servers measure no oftener.
const EVERY: i64 = 15;
/// Where there are no metrics they are asked for again after so many seconds: somebody may install them.
const ABSENT: i64 = 300;
/// In a list of more pods than this the use is asked for of the selected pod's namespace alone.
const CROWD: usize = 2_000;
/// And of the next namespace after so many seconds.
const REST: i64 = 2;
/// What is older than so many seconds is no longer shown.
const OLDEST: i64 = 90;

/// What is known of the pods that are listed.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    asked: Option<Asked>,
    /// When it was told last, and what.
    known: Option<(Timestamp, HashMap<PodKey, PodUse>)>,
}

/// The newest question.
#[derive(Debug, Clone)]
struct Asked {
    context: String,
    scope: MetricsScope,
    at: Timestamp,
    state: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Awaited,
    There,
    Nothing,
}

impl Metrics {
    /// What a pod uses.
    pub fn of(&self, pod: &PodKey, now: Timestamp) -> Option<&PodUse> {
        let (at, pods) = self.known.as_ref()?;
        (now.as_second() - at.as_second() <= OLDEST).then(|| pods.get(pod))?
    }

    /// Whether there is anything to show.
    pub fn are_known(&self, now: Timestamp) -> bool {
        self.known.as_ref().is_some_and(|(at, pods)| !pods.is_empty() && now.as_second() - at.as_second() <= OLDEST)
    }
}

/// Asks for what the listed pods use, where it is time.
pub(super) fn ticked(state: &mut State) -> Vec<Effect> {
    let shown = state.navigator.list == List::Pods && !layout(state).list.is_empty();
    if !shown || state.connection != Connection::Connected || !state.navigator.pods.is_complete() {
        return Vec::new();
    }
    let scope = match &state.navigator.scope {
        PodScope::Namespace(namespace) => MetricsScope::Namespace(namespace.clone()),
        PodScope::Owner(chain) => MetricsScope::Namespace(Arc::clone(&chain.namespace)),
        // Of a crowd nobody reads all: the whole list would cost more than everything else that is kept of it.
        PodScope::All if state.navigator.pods.len() > CROWD => match state.navigator.pods.selected() {
            Some(pod) => MetricsScope::Namespace(Arc::clone(&pod.namespace)),
            None => return Vec::new(),
        },
        PodScope::All | PodScope::Node(_) => MetricsScope::Everywhere,
    };
    let (context, now) = (state.context.name.clone(), state.now);
    let since = |asked: &Asked| now.as_second() - asked.at.as_second();
    let same = state.metrics.asked.as_ref().filter(|asked| asked.context == context && asked.scope == scope);
    match same {
        // An answer is awaited before the next question, however slow the server is; one that never comes is given up.
        Some(asked) if asked.state == Answer::Awaited && since(asked) < ABSENT => return Vec::new(),
        Some(asked) if asked.state == Answer::There && since(asked) < EVERY => return Vec::new(),
        Some(asked) if asked.state == Answer::Nothing && since(asked) < ABSENT => return Vec::new(),
        Some(_) => {}
        None => match &state.metrics.asked {
            Some(asked) if asked.context != context => state.metrics.known = None,
            // Who walks through many namespaces asks about the one where they rest.
            Some(asked) if since(asked) < REST => return Vec::new(),
            _ => {}
        },
    }
    state.metrics.asked =
        Some(Asked { context: context.clone(), scope: scope.clone(), at: now, state: Answer::Awaited });
    vec![Effect::AskMetrics(context, scope)]
}

/// The answer; `None` where there are no metrics.
pub(super) fn told(state: &mut State, context: &str, scope: &MetricsScope, used: Option<Vec<PodUse>>) {
    let Some(asked) = &mut state.metrics.asked else { return };
    if asked.context != context || asked.scope != *scope {
        return;
    }
    match used {
        Some(used) => {
            asked.state = Answer::There;
            state.metrics.known = Some((state.now, used.into_iter().map(|pod| (pod.key.clone(), pod)).collect()));
        }
        None => asked.state = Answer::Nothing,
    }
}
