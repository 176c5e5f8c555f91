//! What the kubelet knows of a container between two looks at its pod, and how the API says it. No I/O, no clock.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::container::{Container, Kind};
use crate::demo::sandbox::User;

/// The waits between restarts and between pulls: doubled each time, up to a limit.
const FIRST_BACK_OFF: Duration = Duration::from_secs(10);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);

/// A container that ran so long starts anew with its back-off.
pub(super) const HEALTHY: Duration = Duration::from_secs(600);

/// The wait after so many failures in a row.
pub(super) fn back_off(failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    FIRST_BACK_OFF.saturating_mul(factor).min(LONGEST_BACK_OFF)
}

/// What a container is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Waiting {
        reason: String,
        message: Option<String>,
    },
    Running {
        since: String,
    },
    Terminated(Terminated),
}

/// How a life of a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terminated {
    pub(super) id: String,
    pub(super) code: i32,
    pub(super) reason: &'static str,
    pub(super) message: Option<String>,
    pub(super) started: String,
    pub(super) finished: String,
}

/// One container of the pod.
#[derive(Debug, Clone)]
pub(super) struct Tracked {
    pub(super) kind: Kind,
    pub(super) state: State,
    pub(super) last: Option<Terminated>,
    pub(super) restarts: u32,
    /// The name of the image as the runtime has it, and its digest; known once it was pulled.
    pub(super) image: Option<(String, String)>,
    /// The id of the newest life.
    pub(super) id: Option<String>,
    pub(super) user: Option<User>,
    /// A start is under way.
    pub(super) starting: bool,
    /// It will not be started again.
    pub(super) settled: bool,
    /// It ran at least once.
    pub(super) ran: bool,
    /// Failures in a row, for the back-off; of starts and of lives.
    pub(super) failures: u32,
    /// Not to be started before.
    pub(super) retry_at: Option<Instant>,
    /// How long the wait for that is in all.
    pub(super) wait: Duration,
    pub(super) running_since: Option<Instant>,
}

impl Tracked {
    pub(super) fn new(kind: Kind, pod_has_init: bool) -> Self {
        let reason = if pod_has_init {
            "PodInitializing"
        } else {
            "ContainerCreating"
        };
        Self {
            kind,
            state: State::Waiting {
                reason: reason.to_owned(),
                message: None,
            },
            last: None,
            restarts: 0,
            image: None,
            id: None,
            user: None,
            starting: false,
            settled: false,
            ran: false,
            failures: 0,
            retry_at: None,
            wait: Duration::ZERO,
            running_since: None,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// The code of its newest life, if that has ended.
    pub(super) fn exit_code(&self) -> Option<i32> {
        match (&self.state, &self.last) {
            (State::Terminated(ended), _) | (State::Waiting { .. }, Some(ended)) => {
                Some(ended.code)
            }
            _ => None,
        }
    }

    /// Whether the pod's readiness may count on it.
    pub(super) fn is_ready(&self) -> bool {
        match self.kind {
            Kind::Regular | Kind::Sidecar => self.is_running(),
            Kind::Init => matches!(&self.state, State::Terminated(ended) if ended.code == 0),
            Kind::Ephemeral => false,
        }
    }

    /// As `status` has it. What is not known yet is left out, as a kubelet does.
    pub(super) fn status(&self, container: &Container<'_>) -> Value {
        let asked = container.spec["image"].as_str().unwrap_or_default();
        let (image, image_id) = self
            .image
            .as_ref()
            .map_or((asked, ""), |(name, id)| (name.as_str(), id.as_str()));
        let mut status = json!({
            "name": container.name,
            "state": self.state.json(),
            "lastState": self.last.as_ref().map_or_else(|| json!({}), |last| json!({ "terminated": last.json() })),
            "ready": self.is_ready(),
            "restartCount": self.restarts,
            "image": image,
            "imageID": image_id,
        });
        if let Some(id) = &self.id {
            status["containerID"] = json!(format!("containerd://{id}"));
            status["resources"] = json!({});
        }
        if self.kind != Kind::Ephemeral {
            status["started"] = json!(self.is_running());
        }
        if let Some(user) = &self.user {
            status["user"] = json!({ "linux": {
                "uid": user.uid,
                "gid": user.gid,
                "supplementalGroups": user.groups,
            }});
        }
        if let Some(mounts) = container.spec["volumeMounts"].as_array() {
            status["volumeMounts"] = mounts
                .iter()
                .map(|mount| json!({ "mountPath": mount["mountPath"], "name": mount["name"] }))
                .collect();
        }
        status
    }
}

impl State {
    pub(super) fn waiting(reason: &str, message: impl Into<String>) -> Self {
        Self::Waiting {
            reason: reason.to_owned(),
            message: Some(message.into()),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Waiting {
                reason,
                message: None,
            } => json!({ "waiting": { "reason": reason } }),
            Self::Waiting {
                reason,
                message: Some(message),
            } => {
                json!({ "waiting": { "message": message, "reason": reason } })
            }
            Self::Running { since } => json!({ "running": { "startedAt": since } }),
            Self::Terminated(ended) => json!({ "terminated": ended.json() }),
        }
    }
}

impl Terminated {
    fn json(&self) -> Value {
        let mut json = json!({
            "containerID": format!("containerd://{}", self.id),
            "exitCode": self.code,
            "finishedAt": self.finished,
            "reason": self.reason,
            "startedAt": self.started,
        });
        if let Some(message) = &self.message {
            json["message"] = json!(message);
        }
        json
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_off_doubles_up_to_five_minutes() {
        let seconds: Vec<u64> = (1..8)
            .map(|failures| back_off(failures).as_secs())
            .collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(back_off(u32::MAX), LONGEST_BACK_OFF);
    }
}
