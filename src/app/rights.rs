//! What the user may do, as far as the API was asked: kept for each namespace of each context, asked anew when it is old
//! or was proven wrong; what is not known counts as allowed.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::message::{Effect, Start};
use super::state::{Connection, State};
use crate::cluster::{Granted, PodRight};

/// How many seconds an answer holds.
const LIFETIME: i64 = 300;
/// An answer that was proven wrong is asked for again after so many seconds at the earliest.
const DOUBT: i64 = 2;
/// How many namespaces are remembered.
const MOST: usize = 256;

#[derive(Debug, Clone)]
struct Known {
    asked: Timestamp,
    granted: Granted,
}

/// The answers.
#[derive(Debug, Clone, Default)]
pub struct Rights {
    known: HashMap<(String, Arc<str>), Known>,
}

impl Rights {
    /// Whether the user may; `None` while that is not known.
    pub fn may(&self, context: &str, namespace: &str, right: PodRight) -> Option<bool> {
        let key = (context.to_owned(), namespace.into());
        self.known.get(&key)?.granted.get(&right).copied()
    }

    /// Whether this namespace is to be asked about now; asking is noted.
    pub fn is_due(&mut self, context: &str, namespace: &Arc<str>, now: Timestamp) -> bool {
        let key = (context.to_owned(), Arc::clone(namespace));
        match self.known.get_mut(&key) {
            Some(known) if now.as_second() - known.asked.as_second() < LIFETIME => false,
            Some(known) => {
                // The old answer holds until the new one is there.
                known.asked = now;
                true
            }
            None => {
                if self.known.len() >= MOST {
                    let oldest = self.known.iter().min_by_key(|(_, known)| known.asked).map(|(key, _)| key.clone());
                    oldest.and_then(|key| self.known.remove(&key));
                }
                self.known.insert(key, Known { asked: now, granted: Granted::new() });
                true
            }
        }
    }

    /// The API's answer.
    pub fn answer(&mut self, context: String, namespace: Arc<str>, granted: Granted) {
        if let Some(known) = self.known.get_mut(&(context, namespace)) {
            known.granted = granted;
        }
    }

    /// What is known may not hold any more: it is asked for again, soon.
    pub fn doubt(&mut self, context: &str, namespace: &str, now: Timestamp) {
        if let Some(known) = self.known.get_mut(&(context.to_owned(), namespace.into()))
            && now.as_second() - known.asked.as_second() >= DOUBT
        {
            known.asked = Timestamp::UNIX_EPOCH;
        }
    }
}

/// Asks about the namespace of the selected pod, or the one a debugger of the selected node would be in, once the selection has come to rest and where no answer holds.
pub(super) fn keep_fresh(state: &mut State) -> Vec<Effect> {
    if state.connection != Connection::Connected {
        return Vec::new();
    }
    let inspected = &state.navigator.inspected;
    let namespace = match &inspected.key {
        _ if state.selected_node().is_some() => super::namespace_for_node_debugger(state),
        Some(key) if inspected.watch.is_some() => Arc::clone(&key.namespace),
        _ => return Vec::new(),
    };
    let context = state.context.name.clone();
    if state.rights.is_due(&context, &namespace, state.now) {
        return vec![Effect::AskRights(context, namespace)];
    }
    Vec::new()
}

/// What a start needs of the API.
pub(super) fn needed(start: &Start) -> &'static [PodRight] {
    match start {
        Start::Debug { options, .. } if options.copy.is_some() => COPY,
        Start::NodeDebug { .. } => COPY,
        Start::Debug { .. } => DEBUG,
        Start::Attach { .. } => ATTACH,
        Start::Shell { .. } => SHELL,
    }
}

/// What an ephemeral debugger needs.
pub const DEBUG: &[PodRight] = &[PodRight::PatchEphemeral, PodRight::GetAttach, PodRight::CreateAttach];
/// What a copy with a debugger needs, and a node debugger.
pub const COPY: &[PodRight] = &[PodRight::CreatePods, PodRight::GetAttach, PodRight::CreateAttach];
/// What attaching needs.
pub const ATTACH: &[PodRight] = &[PodRight::GetAttach, PodRight::CreateAttach];
/// What a shell by exec needs.
pub const SHELL: &[PodRight] = &[PodRight::GetExec, PodRight::CreateExec];
/// What a log needs.
pub const LOG: &[PodRight] = &[PodRight::GetLog];

/// That everything a debugger needs is known to be allowed; `None` where that is not known, or there is no debugger.
pub(super) fn checked(state: &State, context: &str, start: &Start) -> Option<String> {
    if !start.is_debugger() {
        return None;
    }
    let may = |right: &&PodRight| state.rights.may(context, start.namespace(), **right) == Some(true);
    let needed = needed(start);
    let names: Vec<String> = needed.iter().filter(may).map(ToString::to_string).collect();
    (names.len() == needed.len()).then(|| format!("you may {}", names.join(", ")))
}

/// The rights of these that are known to be missing in the namespace of the selected pod.
pub fn missing(state: &State, rights: &[PodRight]) -> Vec<PodRight> {
    let Some(pod) = state.selected_pod() else { return Vec::new() };
    missing_in(state, &pod.namespace, rights)
}

/// The rights that this start needs in this context and that are known to be missing there.
pub(super) fn missing_for(state: &State, context: &str, start: &Start) -> Vec<PodRight> {
    let denied = |right: &PodRight| state.rights.may(context, start.namespace(), *right) == Some(false);
    needed(start).iter().copied().filter(denied).collect()
}

/// The rights of these that are known to be missing in this namespace.
pub fn missing_in(state: &State, namespace: &str, rights: &[PodRight]) -> Vec<PodRight> {
    let denied = |right: &PodRight| state.rights.may(&state.context.name, namespace, *right) == Some(false);
    rights.iter().copied().filter(denied).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_answer_holds_for_its_lifetime_and_until_it_is_doubted() {
        let mut rights = Rights::default();
        let namespace: Arc<str> = "demo".into();
        assert!(rights.is_due("c", &namespace, at(1_000)));
        assert!(!rights.is_due("c", &namespace, at(1_001)), "it is asked once");
        assert_eq!(rights.may("c", "demo", PodRight::CreatePods), None);
        rights.answer("c".into(), namespace.clone(), Granted::from([(PodRight::CreatePods, false)]));
        assert_eq!(rights.may("c", "demo", PodRight::CreatePods), Some(false));
        assert_eq!(rights.may("other", "demo", PodRight::CreatePods), None);
        rights.doubt("c", "demo", at(1_001));
        assert!(!rights.is_due("c", &namespace, at(1_001)), "a fresh answer is not asked for again");
        rights.doubt("c", "demo", at(1_003));
        assert!(rights.is_due("c", &namespace, at(1_003)));
        assert_eq!(rights.may("c", "demo", PodRight::CreatePods), Some(false), "the old one holds meanwhile");
        assert!(rights.is_due("c", &namespace, at(1_003 + LIFETIME)));
    }

    #[test]
    fn not_every_namespace_ever_seen_is_kept() {
        let mut rights = Rights::default();
        for number in 0..2 * MOST {
            assert!(rights.is_due("c", &number.to_string().into(), at(i64::try_from(number).unwrap())));
        }
        assert_eq!(rights.known.len(), MOST);
        assert!(rights.is_due("c", &"0".into(), at(9_000)), "the oldest went first");
    }
}
