//! What this person is known to have made, so that it is theirs also where nothing on the cluster says so.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::cluster::{Leftover, LeftoverKind, PodKey};

/// How far the clocks of this machine and the server may be apart.
const CLOCKS: SignedDuration = SignedDuration::from_mins(5);

/// A debugger that was made: an ephemeral container, or a pod of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// In which context.
    pub context: String,
    /// The pod that it is, or is in.
    pub pod: PodKey,
    /// The debugger's container, where it has a name.
    pub container: Option<Arc<str>>,
    /// When it was asked for.
    pub at: Timestamp,
}

impl Made {
    /// Whether this is it. A pod's name may have been given again: that one was created at another time.
    pub fn is(&self, context: &str, leftover: &Leftover) -> bool {
        if self.context != context || self.pod != leftover.pod {
            return false;
        }
        match &leftover.kind {
            LeftoverKind::Ephemeral { container, .. } => self.container.as_ref() == Some(container),
            LeftoverKind::Copy { .. } | LeftoverKind::NodeDebugger => {
                leftover.created.is_some_and(|created| created.duration_since(self.at).abs() <= CLOCKS)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Settings;

    fn leftover(kind: LeftoverKind, created: i64) -> Leftover {
        Leftover {
            pod: PodKey { namespace: "shop".into(), name: "api-debug".into() },
            uid: "u".into(),
            kind,
            node: String::new(),
            image: String::new(),
            created: Timestamp::from_second(created).ok(),
            owner: None,
            certain: false,
            state: "running".into(),
        }
    }

    #[test]
    fn what_the_log_remembers_is_theirs() {
        let pod = PodKey { namespace: "shop".into(), name: "api-debug".into() };
        let made = Made {
            context: "prod".into(),
            pod,
            container: Some("debugger-x7k2p".into()),
            at: Timestamp::from_second(10_000).unwrap(),
        };
        let settings = Settings { creator: "sam".into(), made: vec![made], ..Settings::default() };
        let owners = |context: &str| {
            let debugger = |name: &str| LeftoverKind::Ephemeral { container: name.into(), running: true };
            let copy = || LeftoverKind::Copy { of: None };
            let mut found = [
                leftover(debugger("debugger-x7k2p"), 0),
                leftover(debugger("debugger-other"), 10_000),
                leftover(copy(), 10_060),
                leftover(copy(), 90_000),
                Leftover { owner: Some("eve".into()), ..leftover(copy(), 10_000) },
            ];
            settings.claim(context, &mut found);
            found.map(|row| row.owner)
        };
        let [sam, eve] = ["sam", "eve"].map(|name| Some(name.to_owned()));
        assert_eq!(owners("prod"), [sam.clone(), None, sam, None, eve.clone()]);
        assert_eq!(owners("dev"), [None, None, None, None, eve]);
    }
}
