//! What a person should know before a debugger starts; it never stops one.

use serde_json::Value;

use super::debugger::{asked_user, must_not_be_root};
use super::pod::{Object, Pod};
use super::profile::{Mode, admits};
use super::{DebugOptions, Facts, Profile};

/// What is to be said of the debugger's container in its pod.
pub(super) fn of_container(pod: &Pod<'_>, container: &Object) -> Vec<String> {
    let mut warnings = Vec::new();
    if capabilities_are_lost(pod, container) {
        warnings.push(
            "Non-root user: the whole pod is set to run as a non-root user, for whom added capabilities have no \
             effect; a custom container with securityContext.runAsUser 0 would make the debugger root"
                .to_owned(),
        );
    }
    if must_not_be_root(pod, container) && asked_user(pod, container).is_none() {
        warnings.push(
            "An image that runs as root will not start: the debugger must not be root and no user is set for it; \
             take a non-root image, or set securityContext.runAsUser in a custom container"
                .to_owned(),
        );
    }
    warnings
}

/// What is to be said of a debugger that will not be able to read its target's files: it is nobody, for want of a user
/// that is known and admitted.
pub(super) fn of_sight(pod: &Pod<'_>, container: &Object, target: &str) -> Option<String> {
    const NOBODY: i64 = 65534;
    let user = pod.user_of(target).uid;
    let nobody = container.get("securityContext").is_some_and(|context| context["runAsUser"] == NOBODY);
    let who = match user {
        _ if !nobody => return None,
        Some(NOBODY) => return None,
        Some(0) => "runs as root, which is not admitted here".to_owned(),
        Some(uid) => format!("runs as user {uid}"),
        None => "runs as nobody knows whom".to_owned(),
    };
    Some(format!(
        "The files of {target} (/proc/1/root) will stay closed: it {who}, and the debugger runs as user {NOBODY}; once \
         the user is known, set securityContext.runAsUser and runAsGroup in a custom container"
    ))
}

/// What is to be said of the profile in this namespace.
pub(super) fn of_profile(options: &DebugOptions, facts: Facts, mode: Mode) -> Vec<String> {
    let mut warnings = Vec::new();
    if options.profile == Profile::Legacy {
        warnings.push("Profile legacy is deprecated by kubectl and will go; general is its successor".to_owned());
    }
    let has_own_context = options.custom.as_ref().is_some_and(|custom| custom["securityContext"].is_object());
    if let Some(level) = facts.enforce
        && !has_own_context
        && !admits(level, options.profile, mode)
    {
        warnings.push(format!(
            "The namespace enforces the Pod Security level {level}, which refuses profile {}",
            options.profile
        ));
    }
    warnings
}

/// What is to be said of the pod that an ephemeral debugger joins.
pub(super) fn of_pod(pod: &Pod<'_>, target: Option<&str>) -> Vec<String> {
    let mut warnings = Vec::new();
    if pod.is_terminating() {
        warnings.push(format!("Pod {} is being deleted: the debugger will end with it", pod.name));
    }
    if matches!(pod.phase(), "Succeeded" | "Failed") {
        warnings.push(format!(
            "Pod {} has finished: a debugger in it will never start; debug a copy of it instead",
            pod.name
        ));
    } else if pod.spec.get("nodeName").and_then(Value::as_str).is_none_or(str::is_empty) {
        if pod.phase() == "Pending" {
            warnings.push(format!("Pod {} has no node yet: the debugger starts once it has one", pod.name));
        }
    } else if let Some(target) = target
        && let Some(waiting) = pod.status(target).and_then(|status| status["state"].get("waiting"))
    {
        let reason = waiting["reason"].as_str().unwrap_or("waiting");
        warnings.push(format!(
            "Target {target} does not run ({reason}): the debugger may wait for it, and loses it when it restarts"
        ));
    }
    warnings
}

/// Whether the profile adds powers that the pod-wide user then takes away.
fn capabilities_are_lost(pod: &Pod<'_>, container: &Object) -> bool {
    let pod_user = pod.security_context().and_then(|context| context.get("runAsUser")?.as_i64());
    let Some(context) = container.get("securityContext") else {
        return false;
    };
    let has_powers =
        context["privileged"] == true || context["capabilities"]["add"].as_array().is_some_and(|add| !add.is_empty());
    pod_user.is_some_and(|uid| uid != 0) && has_powers && context["runAsUser"] != 0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::PodSecurity;

    fn pod(spec: &Value, status: &Value) -> Value {
        json!({"metadata": {"name": "p", "namespace": "n"}, "spec": spec, "status": status})
    }

    fn said(pod_context: &Value, own_context: &Value) -> String {
        let pod = pod(&json!({"securityContext": pod_context}), &json!({}));
        let container = json!({"securityContext": own_context});
        of_container(&Pod::read(&pod).unwrap(), container.as_object().unwrap()).join("\n")
    }

    #[test]
    fn lost_capabilities_are_said_only_when_the_pod_names_a_user() {
        let ptrace = json!({"capabilities": {"add": ["SYS_PTRACE"]}});
        assert!(said(&json!({"runAsUser": 1000}), &ptrace).contains("Non-root"));
        assert!(said(&json!({"runAsUser": 1000}), &json!({"privileged": true})).contains("Non-root"));
        assert_eq!(said(&json!({"runAsUser": 1000}), &json!(null)), "");
        assert_eq!(said(&json!({"runAsUser": 0}), &ptrace), "");
        let root = json!({"capabilities": {"add": ["SYS_PTRACE"]}, "runAsUser": 0});
        assert_eq!(said(&json!({"runAsUser": 1000}), &root), "");
        assert!(!said(&json!({"runAsNonRoot": true}), &ptrace).contains("capabilities"));
    }

    #[test]
    fn a_root_image_that_cannot_start_is_said() {
        assert!(said(&json!({"runAsNonRoot": true}), &json!({})).contains("will not start"));
        assert!(said(&json!({}), &json!({"runAsNonRoot": true})).contains("will not start"));
        assert_eq!(said(&json!({"runAsNonRoot": true, "runAsUser": 7}), &json!({})), "");
        assert_eq!(said(&json!({"runAsNonRoot": true}), &json!({"runAsNonRoot": false})), "");
    }

    #[test]
    fn a_debugger_that_is_nobody_will_not_read_its_targets_files() {
        let said = |user: &Value, own: i64| {
            let status = json!({"containerStatuses": [{"name": "app", "user": {"linux": user}}]});
            let pod = pod(&json!({"containers": [{"name": "app"}]}), &status);
            let container = json!({"securityContext": {"runAsUser": own}});
            of_sight(&Pod::read(&pod).unwrap(), container.as_object().unwrap(), "app")
        };
        assert!(said(&json!(null), 65534).unwrap().contains("nobody knows"));
        assert!(said(&json!({"uid": 0, "gid": 0}), 65534).unwrap().contains("root"));
        assert_eq!(said(&json!({"uid": 65534, "gid": 65534}), 65534), None);
        assert_eq!(said(&json!({"uid": 7, "gid": 7}), 7), None);
    }

    #[test]
    fn a_profile_that_is_not_admitted_is_said() {
        let options = DebugOptions { profile: Profile::General, ..DebugOptions::default() };
        let facts = Facts { enforce: Some(PodSecurity::Baseline), ..Facts::default() };
        assert!(of_profile(&options, facts, Mode::Ephemeral)[0].contains("baseline"));
        assert!(of_profile(&options, Facts::default(), Mode::Ephemeral).is_empty());
        let own = DebugOptions { custom: Some(json!({"securityContext": {"runAsUser": 1}})), ..options };
        assert!(of_profile(&own, facts, Mode::Ephemeral).is_empty());
    }

    #[test]
    fn a_pod_in_which_nothing_will_start_is_said() {
        let on_node = json!({"nodeName": "n1", "containers": [{"name": "app"}]});
        let waiting = json!({"phase": "Running", "containerStatuses": [
            {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
        ]});
        for (spec, status, expected) in [
            (&on_node, json!({"phase": "Succeeded"}), "finished"),
            (&json!({}), json!({"phase": "Pending"}), "no node"),
            (&on_node, waiting, "CrashLoopBackOff"),
        ] {
            let pod = pod(spec, &status);
            let warnings = of_pod(&Pod::read(&pod).unwrap(), Some("app"));
            assert!(warnings.len() == 1 && warnings[0].contains(expected), "{warnings:?}");
        }
        let pod = pod(&on_node, &json!({"phase": "Running"}));
        assert!(of_pod(&Pod::read(&pod).unwrap(), Some("app")).is_empty());
    }
}
