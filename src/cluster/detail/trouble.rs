//! What is wrong with a pod, in one sentence: the explanation of its state, without its events. Debuggers are not its
//! trouble.

use serde_json::Value;

use crate::cluster::explain::{Asked, Situation, explain};

/// The sentence, without a full stop; `None` when nothing is wrong.
pub(super) fn trouble(pod: &Value) -> Option<String> {
    let situation = Situation { pod, events: &[], node: None, asked: Asked::Pod };
    explain(&situation).map(|explanation| explanation.problem.headline())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::pod_detail;

    fn trouble(spec: &Value, status: &Value) -> Option<String> {
        pod_detail(&json!({"metadata": {"name": "p", "namespace": "n"}, "spec": spec, "status": status}))
            .unwrap()
            .trouble
    }

    fn one(state: &Value, more: &Value) -> Option<String> {
        let mut status = json!({"name": "app", "state": state});
        for (name, value) in more.as_object().unwrap() {
            status[name] = value.clone();
        }
        let phase = if state["waiting"].is_object() { "Pending" } else { "Running" };
        trouble(
            &json!({"containers": [{"name": "app", "image": "shop/app:1", "readinessProbe": {}}]}),
            &json!({"phase": phase, "containerStatuses": [status]}),
        )
    }

    #[test]
    fn a_crash_loop_tells_how_it_ended_last() {
        let last = json!({"lastState": {"terminated": {"exitCode": 3, "reason": "Error"}}, "restartCount": 7});
        assert_eq!(
            one(&json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}), &last).unwrap(),
            "app keeps crashing: exit code 3, restarted 7 times"
        );
    }

    #[test]
    fn memory_is_named_as_the_cause() {
        let killed = json!({"lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, "restartCount": 1, "ready": true});
        let looping = one(&json!({"waiting": {"reason": "CrashLoopBackOff"}}), &killed).unwrap();
        assert!(looping.contains("more memory than its limit"), "{looping}");
        let running = one(&json!({"running": {}}), &killed).unwrap();
        assert!(running.contains("killed before"), "{running}");
    }

    #[test]
    fn an_image_that_cannot_be_pulled_is_named() {
        let told =
            one(&json!({"waiting": {"reason": "ImagePullBackOff", "message": "no such host"}}), &json!({})).unwrap();
        assert_eq!(
            told,
            "the image shop/app:1 of app cannot be pulled: the node does not find the registry docker.io by its name (no such host)"
        );
        assert!(
            one(&json!({"waiting": {"reason": "InvalidImageName"}}), &json!({})).unwrap().contains("no valid name")
        );
    }

    #[test]
    fn configuration_and_start_errors_keep_the_kubelets_words() {
        let told = one(
            &json!({"waiting": {"reason": "CreateContainerConfigError", "message": "secret \"db\" not found"}}),
            &json!({}),
        );
        assert_eq!(told.unwrap(), "app cannot be configured: secret \"db\" not found");
        let told = one(&json!({"waiting": {"reason": "RunContainerError", "message": "no such file"}}), &json!({}));
        assert_eq!(told.unwrap(), "app cannot be run: no such file");
    }

    #[test]
    fn a_container_that_is_being_created_is_no_trouble() {
        assert_eq!(one(&json!({"waiting": {"reason": "ContainerCreating"}}), &json!({})), None);
        assert_eq!(one(&json!({"running": {}}), &json!({"ready": true})), None);
    }

    #[test]
    fn a_probe_that_fails_is_told() {
        assert_eq!(
            one(&json!({"running": {}}), &json!({"ready": false})).unwrap(),
            "app runs, but its probe does not succeed"
        );
    }

    #[test]
    fn a_failing_init_container_explains_the_waiting_rest() {
        let told = trouble(
            &json!({"initContainers": [{"name": "migrate"}], "containers": [{"name": "app"}]}),
            &json!({
                "phase": "Pending",
                "initContainerStatuses": [{"name": "migrate", "state": {"terminated": {"exitCode": 127}}}],
                "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}}],
            }),
        );
        assert_eq!(told.unwrap(), "init container migrate failed: exit code 127 (its command was not found)");
    }

    #[test]
    fn eviction_gates_and_deletion_are_told() {
        let told = trouble(
            &json!({}),
            &json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}),
        );
        assert_eq!(told.unwrap(), "it failed: Evicted: The node was low on resource: memory");
        let gated = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]});
        assert_eq!(trouble(&json!({}), &gated).unwrap(), "it waits for its scheduling gates");
        let deleting = json!({"metadata": {"name": "p", "deletionTimestamp": "2026-01-01T00:00:00Z"}});
        assert_eq!(pod_detail(&deleting).unwrap().trouble.unwrap(), "it is being deleted");
    }

    #[test]
    fn a_debugger_that_cannot_start_is_not_the_pods_trouble() {
        let told = trouble(
            &json!({"ephemeralContainers": [{"name": "d"}]}),
            &json!({"phase": "Running", "ephemeralContainerStatuses": [{"name": "d", "state": {"waiting": {"reason": "ErrImagePull"}}}]}),
        );
        assert_eq!(told, None);
    }
}
