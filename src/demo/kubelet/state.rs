//! What the kubelet knows of a container between two looks at its pod, and how the API says it. No I/O, no clock.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::container::{Container, Kind};
use super::start::Failure;
use crate::demo::sandbox::User;

/// The waits between restarts and between pulls: doubled each time, up to a limit.
const FIRST_BACK_OFF: Duration = Duration::from_secs(10);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(300);

/// The kubelet looks again so often where only a change of something else can help.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// A container that ran so long starts anew with its back-off.
const HEALTHY: Duration = Duration::from_secs(600);

/// The wait after so many failures in a row.
fn back_off(failures: u32) -> Duration {
    let factor = 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
    FIRST_BACK_OFF.saturating_mul(factor).min(LONGEST_BACK_OFF)
}

/// What a container is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Waiting { reason: String, message: Option<String> },
    Running { since: String },
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
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and they hold in any combination")]
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
    /// A startup probe has not passed yet.
    pub(super) unstarted: bool,
    /// A readiness probe has not passed yet, or does no longer.
    pub(super) unready: bool,
}

impl Tracked {
    pub(super) fn new(kind: Kind, pod_has_init: bool) -> Self {
        let reason = if pod_has_init { "PodInitializing" } else { "ContainerCreating" };
        Self {
            kind,
            state: State::Waiting { reason: reason.to_owned(), message: None },
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
            unstarted: false,
            unready: false,
        }
    }

    /// A life of it has begun.
    pub(super) fn began(&mut self, id: String, now: String, at: Instant) {
        self.starting = false;
        if self.ran {
            self.restarts += 1;
        }
        if let State::Terminated(ended) = &self.state {
            self.last = Some(ended.clone());
        }
        self.ran = true;
        self.id = Some(id);
        self.state = State::Running { since: now };
        self.running_since = Some(at);
    }

    /// It could not be started; `never_again`: the pod restarts nothing.
    pub(super) fn failed(&mut self, failure: Failure, never_again: bool, now: String, at: Instant) {
        self.starting = false;
        self.failures += 1;
        self.wait = match failure.reason {
            "ErrImagePull" | "RunContainerError" => back_off(self.failures),
            _ => LOOK_AGAIN,
        };
        self.retry_at = Some(at + self.wait);
        if let Some(id) = failure.created {
            self.id = Some(id.clone());
            let ended = Terminated {
                id,
                code: 128,
                reason: "StartError",
                message: Some(failure.message.clone()),
                started: "1970-01-01T00:00:00Z".to_owned(),
                finished: now,
            };
            // what cannot be executed never can: a debugger is not tried again
            self.settled = never_again || self.kind == Kind::Ephemeral;
            if never_again {
                self.state = State::Terminated(ended);
                return;
            }
            self.last = Some(ended);
        }
        self.state = State::waiting(failure.reason, failure.message);
    }

    /// Its life has ended.
    pub(super) fn ended(&mut self, id: String, code: i32, now: String, at: Instant) {
        let started = match &self.state {
            State::Running { since } => since.clone(),
            _ => now.clone(),
        };
        self.state = State::Terminated(Terminated {
            id,
            code,
            reason: if code == 0 { "Completed" } else { "Error" },
            message: None,
            started,
            finished: now,
        });
        let healthy = |since: Instant| at.duration_since(since) > HEALTHY;
        if self.running_since.take().is_some_and(healthy) {
            self.failures = 0;
        }
        // the first restart comes at once, as a kubelet's does
        self.wait = back_off(self.failures);
        self.retry_at = (self.failures > 0).then(|| at + self.wait);
        self.failures += 1;
        self.settled = self.kind == Kind::Ephemeral;
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// The code of its newest life, if that has ended.
    pub(super) fn exit_code(&self) -> Option<i32> {
        match (&self.state, &self.last) {
            (State::Terminated(ended), _) | (State::Waiting { .. }, Some(ended)) => Some(ended.code),
            _ => None,
        }
    }

    /// Whether the pod's readiness may count on it.
    pub(super) fn is_ready(&self) -> bool {
        match self.kind {
            Kind::Regular | Kind::Sidecar => self.is_running() && !self.unstarted && !self.unready,
            Kind::Init => matches!(&self.state, State::Terminated(ended) if ended.code == 0),
            Kind::Ephemeral => false,
        }
    }

    /// As `status` has it. What is not known yet is left out, as a kubelet does.
    pub(super) fn status(&self, container: &Container<'_>) -> Value {
        let asked = container.spec["image"].as_str().unwrap_or_default();
        let (image, image_id) = self.image.as_ref().map_or((asked, ""), |(name, id)| (name.as_str(), id.as_str()));
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
            status["started"] = json!(self.is_running() && !self.unstarted);
        }
        if let Some(user) = &self.user {
            status["user"] = json!({ "linux": {
                "uid": user.uid,
                "gid": user.gid,
                "supplementalGroups": user.groups,
            }});
        }
        if let Some(mounts) = container.spec["volumeMounts"].as_array() {
            status["volumeMounts"] =
                mounts.iter().map(|mount| json!({ "mountPath": mount["mountPath"], "name": mount["name"] })).collect();
        }
        status
    }
}

impl State {
    pub(super) fn waiting(reason: &str, message: impl Into<String>) -> Self {
        Self::Waiting { reason: reason.to_owned(), message: Some(message.into()) }
    }

    fn json(&self) -> Value {
        match self {
            Self::Waiting { reason, message: None } => json!({ "waiting": { "reason": reason } }),
            Self::Waiting { reason, message: Some(message) } => {
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
        let seconds: Vec<u64> = (1..8).map(|failures| back_off(failures).as_secs()).collect();
        assert_eq!(seconds, [10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(back_off(u32::MAX), LONGEST_BACK_OFF);
    }

    #[test]
    fn a_container_that_crashes_is_restarted_at_once_and_then_after_ever_longer_waits() {
        let mut known = Tracked::new(Kind::Regular, false);
        let mut at = Instant::now();
        let mut waits = Vec::new();
        for life in 0..4 {
            known.began(life.to_string(), "then".to_owned(), at);
            known.ended(life.to_string(), 3, "now".to_owned(), at);
            waits.push(known.retry_at.map_or(0, |retry| (retry - at).as_secs()));
        }
        assert_eq!(waits, [0, 10, 20, 40]);
        assert_eq!(known.restarts, 3);
        known.began("long".to_owned(), "then".to_owned(), at);
        at += HEALTHY + Duration::from_secs(1);
        known.ended("long".to_owned(), 3, "now".to_owned(), at);
        assert_eq!(known.retry_at, None, "a long life makes up for the failures");
    }

    #[test]
    fn a_debugger_whose_command_does_not_exist_is_never_tried_again() {
        let failure = |created: Option<&str>| Failure {
            reason: if created.is_some() { "RunContainerError" } else { "CreateContainerConfigError" },
            message: "why".to_owned(),
            created: created.map(str::to_owned),
        };
        let mut debugger = Tracked::new(Kind::Ephemeral, false);
        debugger.failed(failure(None), false, "now".to_owned(), Instant::now());
        assert!(!debugger.settled, "a configuration may become right");
        debugger.failed(failure(Some("id")), false, "now".to_owned(), Instant::now());
        assert!(debugger.settled);
        assert_eq!(debugger.exit_code(), Some(128));
        assert!(matches!(debugger.state, State::Waiting { .. }));
        debugger.failed(failure(Some("id")), true, "now".to_owned(), Instant::now());
        assert!(matches!(debugger.state, State::Terminated(_)));
    }
}
