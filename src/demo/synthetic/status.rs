//! What a synthetic pod is doing, as a kubelet would report it; it changes nothing.

use serde_json::{Value, json};

use super::{SyntheticPod, time};

/// What a synthetic pod is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its image is pulled, its container made.
    Creating,
    /// It runs and is ready.
    Running,
    /// It runs and does not answer its probe.
    Unready,
    /// It crashes again and again.
    Crashing,
    /// Its image cannot be pulled.
    PullFailing,
}

impl State {
    pub(super) fn is_running(self) -> bool {
        matches!(self, Self::Running | Self::Unready)
    }

    fn container(self, since: &str, last: &str) -> Value {
        let waiting = |reason: &str, message: &str| json!({ "waiting": { "reason": reason, "message": message } });
        match self {
            Self::Creating => json!({ "waiting": { "reason": "ContainerCreating" } }),
            Self::Running | Self::Unready => json!({ "running": { "startedAt": since } }),
            Self::Crashing => {
                waiting("CrashLoopBackOff", &format!("back-off restarting failed container, since {last}"))
            }
            Self::PullFailing => waiting("ImagePullBackOff", "Back-off pulling image: not found"),
        }
    }
}

/// The status of a pod.
pub(super) fn status(pod: &SyntheticPod, image: &str) -> Value {
    let (since, created) = (time(pod.since), time(pod.created));
    let ready = pod.state == State::Running;
    let condition = |kind: &str, holds: bool, at: &str| {
        let status = if holds { "True" } else { "False" };
        json!({ "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": at })
    };
    let mut container = json!({
        "name": pod.application,
        "ready": ready,
        "started": pod.state.is_running(),
        "restartCount": pod.restarts,
        "image": image,
        "imageID": "",
        "state": pod.state.container(&since, &created),
        "lastState": {},
    });
    if pod.restarts > 0 {
        container["lastState"] = json!({ "terminated": {
            "exitCode": 1, "reason": "Error", "startedAt": created, "finishedAt": since,
        } });
    }
    if pod.state.is_running() {
        container["containerID"] = json!(format!("containerd://{:064x}", pod.serial));
        container["user"] = json!({ "linux": { "uid": 65532, "gid": 65532, "supplementalGroups": [65532] } });
    }
    let address = pod.address();
    let mut status = json!({
        "phase": if matches!(pod.state, State::Creating | State::PullFailing) { "Pending" } else { "Running" },
        "conditions": [
            condition("Initialized", true, &created),
            condition("Ready", ready, &since),
            condition("ContainersReady", ready, &since),
            condition("PodScheduled", true, &created),
        ],
        "startTime": created,
        "qosClass": "Burstable",
        "containerStatuses": [container],
    });
    if pod.state != State::Creating {
        status["podIP"] = json!(address);
        status["podIPs"] = json!([{ "ip": address }]);
    }
    status
}
