//! Status, ready count and restarts of a pod as the API server words them in its Tables; it never decodes anything.

use super::{Condition, PlainPod, State, Terminated};

impl Terminated {
    fn wording(&self) -> String {
        if !self.reason.is_empty() {
            self.reason.clone()
        } else if self.signal != 0 {
            format!("Signal:{}", self.signal)
        } else {
            format!("ExitCode:{}", self.exit_code)
        }
    }
}

/// What a pod's list row says of its containers.
pub(super) struct Summary {
    pub(super) status: String,
    pub(super) ready: usize,
    pub(super) total: usize,
    pub(super) restarts: u32,
}

impl PlainPod {
    fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|condition| condition.kind == kind)
    }

    fn is_true(&self, kind: &str) -> bool {
        self.condition(kind).is_some_and(|condition| condition.status == "True")
    }

    fn is_sidecar(&self, name: &str) -> bool {
        let container = self.spec.init_containers.iter().find(|container| container.name == name);
        container.is_some_and(|container| container.restart_policy.as_deref() == Some("Always"))
    }

    pub(super) fn summary(&self) -> Summary {
        let status = &self.status;
        let sidecars = self.spec.init_containers.iter().filter(|container| self.is_sidecar(&container.name)).count();
        let mut summary = Summary {
            status: if status.reason.is_empty() { status.phase.clone() } else { status.reason.clone() },
            ready: 0,
            total: self.spec.containers.len() + sidecars,
            restarts: 0,
        };
        if self.condition("PodScheduled").is_some_and(|condition| condition.reason == "SchedulingGated") {
            "SchedulingGated".clone_into(&mut summary.status);
        }
        let initializing = self.initialize(&mut summary);
        if !initializing || self.is_true("Initialized") {
            summary.restarts = status
                .init_container_statuses
                .iter()
                .filter(|container| self.is_sidecar(&container.name))
                .fold(0, |sum, container| sum.saturating_add(container.restart_count));
            self.run(&mut summary);
        }
        if self.metadata.deletion_timestamp.is_some() {
            if status.reason == "NodeLost" {
                "Unknown".clone_into(&mut summary.status);
            } else if !matches!(status.phase.as_str(), "Succeeded" | "Failed") {
                "Terminating".clone_into(&mut summary.status);
            }
        }
        summary
    }

    /// Words what the init containers do; whether they still have something to do.
    fn initialize(&self, summary: &mut Summary) -> bool {
        for (at, container) in self.status.init_container_statuses.iter().enumerate() {
            summary.restarts = summary.restarts.saturating_add(container.restart_count);
            let state = &container.state;
            if state.terminated.as_ref().is_some_and(|terminated| terminated.exit_code == 0) {
                continue;
            }
            if self.is_sidecar(&container.name) && container.started == Some(true) {
                summary.ready += usize::from(container.ready);
                continue;
            }
            summary.status = match (&state.terminated, &state.waiting) {
                (Some(terminated), _) => format!("Init:{}", terminated.wording()),
                (None, Some(waiting)) if !matches!(waiting.reason.as_str(), "" | "PodInitializing") => {
                    format!("Init:{}", waiting.reason)
                }
                _ => format!("Init:{at}/{}", self.spec.init_containers.len()),
            };
            return true;
        }
        false
    }

    /// Words what the regular containers do; the first one has the last word.
    fn run(&self, summary: &mut Summary) {
        let mut running = false;
        for container in self.status.container_statuses.iter().rev() {
            summary.restarts = summary.restarts.saturating_add(container.restart_count);
            match &container.state {
                State { waiting: Some(waiting), .. } if !waiting.reason.is_empty() => {
                    summary.status.clone_from(&waiting.reason);
                }
                State { terminated: Some(terminated), .. } => summary.status = terminated.wording(),
                State { running: Some(_), .. } if container.ready => {
                    running = true;
                    summary.ready += 1;
                }
                _ => {}
            }
        }
        if summary.status == "Completed" && running {
            let word = if self.is_true("Ready") { "Running" } else { "NotReady" };
            word.clone_into(&mut summary.status);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{super::rows::Interner, PlainPod};
    use crate::cluster::PodRow;

    fn row(pod: Value) -> PodRow {
        serde_json::from_value::<PlainPod>(pod).unwrap().row(&Interner::default()).unwrap()
    }

    fn worded(pod: &Value) -> (String, String, u32) {
        let mut pod = pod.clone();
        pod["metadata"]["name"] = json!("p");
        let row = row(pod);
        (row.status.to_string(), row.ready.to_string(), row.restarts)
    }

    #[test]
    fn recorded_pods_are_worded_as_kubectl_words_them() {
        let list: Value = serde_json::from_str(include_str!("../../../../tests/data/recorded/pods-demo.json")).unwrap();
        let rows: Vec<PodRow> = list["items"].as_array().unwrap().iter().cloned().map(row).collect();
        let seen = |name: &str| {
            let row = rows.iter().find(|row| &*row.key.name == name).unwrap();
            (row.status.to_string(), row.ready.to_string(), row.restarts)
        };
        assert_eq!(seen("crash"), ("Error".into(), "0/1".into(), 4));
        assert_eq!(seen("done"), ("Completed".into(), "0/1".into(), 0));
        assert_eq!(seen("multi"), ("Running".into(), "3/3".into(), 0));
        assert_eq!(seen("pending"), ("Pending".into(), "0/1".into(), 0));
    }

    #[test]
    fn init_containers_are_counted_and_their_failures_named() {
        let pod = |status: Value| {
            json!({
                "spec": {"initContainers": [{"name": "a"}, {"name": "b"}], "containers": [{"name": "c"}]},
                "status": {"phase": "Pending", "initContainerStatuses": status},
            })
        };
        let done = json!({"name": "a", "state": {"terminated": {"exitCode": 0}}});
        assert_eq!(worded(&pod(json!([done, {"name": "b", "state": {"running": {}}}]))).0, "Init:1/2");
        assert_eq!(
            worded(&pod(json!([{"name": "a", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]))).0,
            "Init:ImagePullBackOff"
        );
        assert_eq!(
            worded(&pod(json!([{"name": "a", "state": {"terminated": {"exitCode": 2, "signal": 9}}}]))).0,
            "Init:Signal:9"
        );
        assert_eq!(
            worded(&pod(
                json!([{"name": "a", "restartCount": 3, "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}])
            )),
            ("Init:Error".into(), "0/1".into(), 3)
        );
    }

    #[test]
    fn a_sidecar_counts_as_a_container() {
        let pod = json!({
            "spec": {"initContainers": [{"name": "s", "restartPolicy": "Always"}], "containers": [{"name": "c"}]},
            "status": {
                "phase": "Running",
                "conditions": [{"type": "Initialized", "status": "True"}],
                "initContainerStatuses": [{"name": "s", "ready": true, "started": true, "restartCount": 2, "state": {"running": {}}}],
                "containerStatuses": [{"name": "c", "ready": true, "state": {"running": {}}}],
            },
        });
        assert_eq!(worded(&pod), ("Running".into(), "2/2".into(), 2));
    }

    #[test]
    fn deletion_and_lost_nodes_are_named() {
        let pod = |phase: &str, reason: &str| json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": phase, "reason": reason}});
        assert_eq!(worded(&pod("Running", "")).0, "Terminating");
        assert_eq!(worded(&pod("Running", "NodeLost")).0, "Unknown");
        assert_eq!(worded(&pod("Succeeded", "")).0, "Succeeded");
    }

    #[test]
    fn one_ended_container_beside_a_running_one_is_told() {
        let pod = |ready: &str| {
            json!({
                "status": {
                    "phase": "Running",
                    "conditions": [{"type": "Ready", "status": ready}],
                    "containerStatuses": [
                        {"name": "a", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}},
                        {"name": "b", "ready": true, "state": {"running": {}}},
                    ],
                },
            })
        };
        assert_eq!(worded(&pod("True")).0, "Running");
        assert_eq!(worded(&pod("False")).0, "NotReady");
    }

    #[test]
    fn nulls_are_empty() {
        assert_eq!(
            worded(&json!({"metadata": {}, "spec": {"containers": null}, "status": {"conditions": null}})).1,
            "0/0"
        );
    }
}
