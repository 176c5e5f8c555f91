//! The debuggers a pod carries, counted: ephemeral containers stay until the pod goes; it lists none of them.

use crate::cluster::{ContainerKind, ContainerState, PodDetail};

impl PodDetail {
    /// How many debuggers the pod carries, and how they are; ephemeral containers stay until the pod goes.
    pub fn debuggers(&self) -> Debuggers {
        let mut count = Debuggers::default();
        for container in self.containers.iter().filter(|container| container.kind == ContainerKind::Ephemeral) {
            match &container.state {
                ContainerState::Running { .. } => count.running += 1,
                ContainerState::Terminated { .. } => count.ended += 1,
                ContainerState::Waiting { reason, .. }
                    if !matches!(reason.as_str(), "" | "ContainerCreating" | "PodInitializing") =>
                {
                    count.stuck += 1;
                }
                ContainerState::Waiting { .. } | ContainerState::Unknown => count.starting += 1,
            }
        }
        count
    }
}

/// The debuggers of a pod, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Debuggers {
    /// They run.
    pub running: usize,
    /// They have ended.
    pub ended: usize,
    /// They wait for something that does not come of itself.
    pub stuck: usize,
    /// They are being started.
    pub starting: usize,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::detail::pod_detail;

    #[test]
    fn each_is_counted_once() {
        let states = [
            ("a", json!({"running": {}})),
            ("b", json!({"terminated": {"exitCode": 0}})),
            ("c", json!({"waiting": {"reason": "ImagePullBackOff"}})),
            ("d", json!({"waiting": {"reason": "RunContainerError"}})),
            ("e", json!({"waiting": {"reason": "ContainerCreating"}})),
        ];
        let names: Vec<_> =
            states.iter().map(|(name, _)| json!({"name": name})).chain([json!({"name": "f"})]).collect();
        let statuses: Vec<_> = states.iter().map(|(name, state)| json!({"name": name, "state": state})).collect();
        let pod = json!({
            "metadata": {"name": "p"},
            "spec": {"containers": [{"name": "app"}], "ephemeralContainers": names},
            "status": {"ephemeralContainerStatuses": statuses},
        });
        let count = pod_detail(&pod).unwrap().debuggers();
        assert_eq!(count, Debuggers { running: 1, ended: 1, stuck: 2, starting: 2 });
    }
}
