//! Logs that are asked for by what is typed: a label selector, or an object in kubectl's words; keys lead to others.

use super::message::Effect;
use super::navigator::PodScope;
use super::state::State;
use super::view::logs::Following;
use super::view::{ViewSource, open_view};
use super::{Level, rights};
use crate::cluster::LogScope;

/// Opens the logs of all containers of these pods in the namespace that is listed, or says why it cannot.
pub(super) fn open(state: &mut State, of: &str) -> Vec<Effect> {
    match scope(state, of) {
        Ok(scope) => {
            let following = Following::of(scope, None, false, state.settings.log_memory);
            open_view(state, ViewSource::Logs(following))
        }
        Err(refused) => {
            state.notices.push(state.now, Level::Warning, refused, Vec::new());
            Vec::new()
        }
    }
}

fn scope(state: &State, of: &str) -> Result<LogScope, String> {
    let namespace = match &state.navigator.scope {
        PodScope::Namespace(namespace) => namespace,
        PodScope::Owner(chain) => &chain.namespace,
        PodScope::All | PodScope::Node(_) => {
            return Err(format!(
                "logs {of}: pods of many namespaces are listed; go to one of them first, as with ns NAME"
            ));
        }
    };
    let missing: Vec<String> =
        rights::missing_in(state, namespace, rights::LOG).iter().map(ToString::to_string).collect();
    if !missing.is_empty() {
        return Err(format!("you may not {} in {namespace}", missing.join(", ")));
    }
    LogScope::parse(of, namespace)
}
