//! What is wrong with a pod, in one sentence; the first thing that explains the rest wins. Debuggers are not its trouble.

use serde_json::Value;

use super::{ContainerDetail, ContainerKind, ContainerState, PodDetail, items, text};

/// The sentence, without a full stop; `None` when nothing is wrong.
pub(super) fn trouble(pod: &PodDetail, spec: &Value, status: &Value) -> Option<String> {
    let condition = |kind: &str, value: &str| {
        items(&status["conditions"]).find(|condition| condition["type"] == kind && condition["status"] == value)
    };
    if pod.deleting.is_some() {
        return Some(
            match items(&status["conditions"]).find(|c| c["type"] == "DisruptionTarget" && c["status"] == "True") {
                Some(disruption) => sentence("it is being removed", &text(&disruption["message"])),
                None => "it is being deleted".to_owned(),
            },
        );
    }
    if pod.phase == "Failed" && status["reason"].is_string() {
        return Some(sentence(&format!("it failed: {}", text(&status["reason"])), &text(&status["message"])));
    }
    if let Some(unscheduled) = condition("PodScheduled", "False") {
        let message = text(&unscheduled["message"]);
        return Some(match unscheduled["reason"].as_str() {
            Some("SchedulingGated") => sentence("it waits for its scheduling gates", &message),
            _ => sentence("no node takes it", &message),
        });
    }
    let own = || pod.containers.iter().filter(|container| container.kind != ContainerKind::Ephemeral);
    if let Some(sentence) = own().find_map(failing) {
        return Some(sentence);
    }
    if pod.phase == "Unknown" {
        return Some(sentence("its node does not report", &text(&status["message"])));
    }
    if let Some(sentence) = own().find_map(|container| not_ready(pod, container, spec)) {
        return Some(sentence);
    }
    if pod.phase == "Running"
        && let Some(ready) = condition("Ready", "False")
        && ready["reason"] != "ContainersNotReady"
    {
        return Some(sentence("it is not ready", &text(&ready["message"])));
    }
    own().find_map(killed_before)
}

fn sentence(what: &str, why: &str) -> String {
    let why = why.trim().trim_end_matches('.');
    if why.is_empty() { what.to_owned() } else { format!("{what}: {why}") }
}

fn title(container: &ContainerDetail) -> String {
    match container.kind {
        ContainerKind::Init => format!("init container {}", container.name),
        ContainerKind::Sidecar => format!("sidecar {}", container.name),
        ContainerKind::Regular | ContainerKind::Ephemeral => container.name.to_string(),
    }
}

/// What keeps the container from running.
fn failing(container: &ContainerDetail) -> Option<String> {
    let title = title(container);
    match &container.state {
        ContainerState::Waiting { reason, message } => match reason.as_str() {
            "" | "ContainerCreating" | "PodInitializing" => None,
            "CrashLoopBackOff" => Some(crashing(&title, container, container.last.as_ref())),
            "ErrImagePull" | "ImagePullBackOff" | "ImageInspectError" | "RegistryUnavailable" => {
                Some(sentence(&format!("the image {} of {title} cannot be pulled", container.image), message))
            }
            "ErrImageNeverPull" => Some(format!(
                "the image {} of {title} is not on the node and may not be pulled (imagePullPolicy: Never)",
                container.image
            )),
            "InvalidImageName" => Some(format!("the image {:?} of {title} is no valid name", container.image)),
            "CreateContainerConfigError" => Some(sentence(&format!("{title} cannot be configured"), message)),
            reason => Some(sentence(&format!("{title} cannot start ({reason})"), message)),
        },
        state @ ContainerState::Terminated { code, .. } if *code != 0 => {
            if container.kind == ContainerKind::Init {
                Some(format!("{title} failed: {}", ending(state)))
            } else if container.restarts > 0 {
                Some(crashing(&title, container, Some(state)))
            } else {
                Some(format!("{title} ended: {}", ending(state)))
            }
        }
        _ => None,
    }
}

fn crashing(title: &str, container: &ContainerDetail, last: Option<&ContainerState>) -> String {
    let times = match container.restarts {
        0 => String::new(),
        1 => ", restarted once".to_owned(),
        times => format!(", restarted {times} times"),
    };
    match last {
        Some(last @ ContainerState::Terminated { .. }) => {
            format!("{title} keeps crashing: {}{times}", ending(last))
        }
        _ => format!("{title} keeps crashing{times}"),
    }
}

fn ending(state: &ContainerState) -> String {
    let ContainerState::Terminated { code, reason, message, .. } = state else {
        return String::new();
    };
    let what = match reason.as_str() {
        "OOMKilled" => "killed for using more memory than its limit (OOMKilled)".to_owned(),
        "" | "Error" | "Completed" => exit(*code),
        reason => format!("{reason}, {}", exit(*code)),
    };
    sentence(&what, message)
}

/// The exit code, with the signal a shell's convention makes of it.
fn exit(code: i32) -> String {
    let signal = match code {
        129 => " (SIGHUP)",
        130 => " (SIGINT)",
        131 => " (SIGQUIT)",
        132 => " (SIGILL)",
        134 => " (SIGABRT)",
        135 => " (SIGBUS)",
        136 => " (SIGFPE)",
        137 => " (SIGKILL)",
        139 => " (SIGSEGV)",
        141 => " (SIGPIPE)",
        143 => " (SIGTERM)",
        126 => " (its command cannot be executed)",
        127 => " (its command was not found)",
        _ => "",
    };
    format!("exit code {code}{signal}")
}

fn not_ready(pod: &PodDetail, container: &ContainerDetail, spec: &Value) -> Option<String> {
    let running = matches!(container.state, ContainerState::Running { .. });
    if !running || container.ready || pod.phase != "Running" {
        return None;
    }
    let probes = |probe: &str| {
        ["initContainers", "containers"]
            .iter()
            .flat_map(|list| items(&spec[list]))
            .any(|item| item["name"] == *container.name && item[probe].is_object())
    };
    let title = title(container);
    if probes("startupProbe") || probes("readinessProbe") {
        Some(format!("{title} runs, but its probe does not succeed"))
    } else {
        Some(format!("{title} runs, but is not ready"))
    }
}

/// A container that runs, but whose previous life ended for want of memory.
fn killed_before(container: &ContainerDetail) -> Option<String> {
    match (&container.state, &container.last) {
        (ContainerState::Running { .. }, Some(ContainerState::Terminated { reason, .. })) if reason == "OOMKilled" => {
            Some(format!(
                "{} runs, but was killed before for using more memory than its limit (OOMKilled)",
                title(container)
            ))
        }
        _ => None,
    }
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
        assert_eq!(told, "the image shop/app:1 of app cannot be pulled: no such host");
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
        assert_eq!(told.unwrap(), "app cannot start (RunContainerError): no such file");
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
