//! How a container stands as far as its log is concerned: which of its lives, and whether that is over; pure.

use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::detail::container_status;
use crate::cluster::{ContainerDetail, ContainerState, PodDetail};

/// One life of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Life {
    /// The pod's uid: another pod under the same name is another life.
    pub(super) pod: String,
    /// How often it was restarted before.
    pub(super) restarts: u32,
}

/// How a life ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Exit {
    pub(super) code: i32,
    /// `Completed`, `Error`, `OOMKilled` …
    pub(super) reason: String,
    pub(super) at: Option<Timestamp>,
}

/// What is known of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It may not be known.
    Unknown,
    /// It has not started yet, for this reason.
    Waiting(String),
    /// It runs.
    Running {
        /// Which life.
        life: Life,
        /// Since when.
        since: Option<Timestamp>,
        /// How the life before ended.
        before: Option<Exit>,
    },
    /// It has ended; it may be started again.
    Ended(Life, Exit),
    /// Its pod is gone.
    Gone,
}

impl Standing {
    pub(super) fn life(&self) -> Option<&Life> {
        match self {
            Self::Running { life, .. } | Self::Ended(life, _) => Some(life),
            _ => None,
        }
    }
}

/// What the pod says of this container.
pub(super) fn standing(pod: &Value, detail: &PodDetail, container: &ContainerDetail) -> Standing {
    let life = Life { pod: detail.uid.clone(), restarts: container.restarts };
    let exit = |state: Option<&ContainerState>| match state {
        Some(ContainerState::Terminated { code, reason, at, .. }) => {
            Some(Exit { code: *code, reason: reason.clone(), at: *at })
        }
        _ => None,
    };
    match &container.state {
        ContainerState::Running { since } => {
            Standing::Running { life, since: *since, before: exit(container.last.as_ref()) }
        }
        ContainerState::Waiting { reason, .. } => match exit(container.last.as_ref()) {
            // Between two lives: what there is to read is of the one before.
            Some(before) => Standing::Ended(life, before),
            None => Standing::Waiting(reason.clone()),
        },
        state => match exit(Some(state)) {
            Some(exit) => Standing::Ended(life, exit),
            None if container_status(pod, &container.name).is_none() => Standing::Waiting(String::new()),
            None => Standing::Waiting("ContainerCreating".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::detail::read_pod;

    fn of(status: &Value) -> Standing {
        let mut status = status.clone();
        status["name"] = json!("app");
        let pod = json!({
            "metadata": {"name": "p", "uid": "u"},
            "spec": {"containers": [{"name": "app"}]},
            "status": {"containerStatuses": [status]},
        });
        let detail = read_pod(&pod).unwrap();
        standing(&pod, &detail, &detail.containers[0])
    }

    #[test]
    fn lives_are_told_by_their_number() {
        let terminated =
            json!({"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": "2026-11-22T10:00:00Z"}});
        let exit = || Exit { code: 3, reason: "Error".to_owned(), at: "2026-11-22T10:00:00Z".parse().ok() };
        let life = |restarts| Life { pod: "u".to_owned(), restarts };
        assert_eq!(of(&json!({"restartCount": 1, "state": terminated})), Standing::Ended(life(1), exit()));
        let back_off =
            json!({"restartCount": 1, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": terminated});
        assert_eq!(of(&back_off), Standing::Ended(life(1), exit()), "the same life");
        let running = of(&json!({"restartCount": 2, "state": {"running": {}}, "lastState": terminated}));
        assert_eq!(running, Standing::Running { life: life(2), since: None, before: Some(exit()) });
        let pulling = json!({"state": {"waiting": {"reason": "ImagePullBackOff"}}});
        assert_eq!(of(&pulling), Standing::Waiting("ImagePullBackOff".to_owned()));
    }
}
