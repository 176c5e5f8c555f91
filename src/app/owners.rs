//! From a pod to all the pods of what it belongs to, and back; who owns what is found out elsewhere.

use std::sync::Arc;

use super::browse::set_scope;
use super::message::Effect;
use super::navigator::{PodScope, PodSort};
use super::notices::Level;
use super::state::State;
use crate::cluster::{OwnerChain, PodKey, Problem};

/// What was shown before the pods of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    scope: PodScope,
    pod: PodKey,
    sort: (PodSort, bool),
}

/// Asks what the selected pod belongs to, to show all the pods of that; where they are shown already, goes back.
pub fn toggle_owners_pods(state: &mut State) -> Vec<Effect> {
    if matches!(state.navigator.scope, PodScope::Owner(_)) {
        return leave_owner(state);
    }
    let pod = state.selected_pod().cloned();
    pod.map(|pod| Effect::FindOwners(state.context.name.clone(), pod)).into_iter().collect()
}

/// What a pod belongs to was found out.
pub(super) fn found(
    state: &mut State,
    context: &str,
    pod: &PodKey,
    owners: Result<OwnerChain, Problem>,
) -> Vec<Effect> {
    // The person has gone on meanwhile.
    if context != state.context.name || state.selected_pod() != Some(pod) {
        return Vec::new();
    }
    let chain = match owners {
        Ok(chain) => chain,
        Err(problem) => {
            state.notices.problem(state.now, &problem);
            return Vec::new();
        }
    };
    if chain.owners.is_empty() {
        let text = format!("{} belongs to nothing: it stands alone", pod.name);
        state.notices.push(state.now, Level::Info, text, Vec::new());
        return Vec::new();
    }
    if let Some(problem) = &chain.unread {
        state.notices.push(
            state.now,
            Level::Warning,
            problem.what.clone(),
            vec![problem.why.clone(), problem.hint.clone()],
        );
    }
    let navigator = &mut state.navigator;
    let before = Before { scope: navigator.scope.clone(), pod: pod.clone(), sort: navigator.pods.sort() };
    navigator.before_owner = Some(before);
    navigator.pods.set_filter("");
    let effects = set_scope(state, PodScope::Owner(Arc::new(chain)));
    state.navigator.pods.set_sort(PodSort::Status, false);
    state.navigator.pods.select(pod.clone());
    effects
}

/// Shows what was there before the pods of an owner.
pub fn leave_owner(state: &mut State) -> Vec<Effect> {
    let scope = before(state);
    let before = state.navigator.before_owner.take();
    let effects = set_scope(state, scope);
    if let Some(Before { pod, sort: (sort, reversed), .. }) = before {
        state.navigator.pods.set_sort(sort, reversed);
        state.navigator.pods.select(pod);
    }
    effects
}

/// The scope that was shown before that of an owner; the scope itself of any other.
pub(super) fn before(state: &State) -> PodScope {
    let navigator = &state.navigator;
    match (&navigator.scope, &navigator.before_owner) {
        (PodScope::Owner(_), Some(before)) => before.scope.clone(),
        (PodScope::Owner(chain), None) => PodScope::Namespace(Arc::clone(&chain.namespace)),
        (scope, _) => scope.clone(),
    }
}
