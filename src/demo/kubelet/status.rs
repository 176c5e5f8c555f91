//! The status of a pod, computed from its containers as a kubelet computes it. No I/O, no clock.

use serde_json::{Value, json};

use super::container::{Kind, containers};
use super::state::{State, Tracked};

/// What is known of a pod besides its containers.
#[derive(Debug, Clone)]
pub(super) struct Surroundings {
    pub(super) now: String,
    pub(super) host_address: String,
    /// Known once its sandbox is there.
    pub(super) address: Option<String>,
    pub(super) sandboxed: bool,
}

/// The new `status` of a pod; what others have written there (the scheduler's condition) stays.
pub(super) fn status<'a>(
    pod: &Value,
    tracked: impl Fn(&str) -> Option<&'a Tracked>,
    surroundings: &Surroundings,
) -> Value {
    let old = &pod["status"];
    let mut status = old.clone();
    if !status.is_object() {
        status = json!({});
    }
    let all = containers(pod);
    let of = |kinds: &[Kind]| -> Vec<Value> {
        all.iter()
            .filter(|container| kinds.contains(&container.kind))
            .filter_map(|container| tracked(container.name).map(|known| known.status(container)))
            .collect()
    };
    for (field, kinds) in [
        ("initContainerStatuses", &[Kind::Init, Kind::Sidecar][..]),
        ("containerStatuses", &[Kind::Regular]),
        ("ephemeralContainerStatuses", &[Kind::Ephemeral]),
    ] {
        let list = of(kinds);
        if !list.is_empty() {
            status[field] = json!(list);
        }
    }
    let known: Vec<(&str, &Tracked)> =
        all.iter().filter_map(|container| Some((container.name, tracked(container.name)?))).collect();
    let phase = phase(&known, pod["spec"]["restartPolicy"].as_str().unwrap_or("Always"));
    status["phase"] = json!(phase);
    status["hostIP"] = json!(surroundings.host_address);
    status["hostIPs"] = json!([{ "ip": surroundings.host_address }]);
    if let Some(address) = &surroundings.address {
        status["podIP"] = json!(address);
        status["podIPs"] = json!([{ "ip": address }]);
    }
    if status["startTime"].is_null() {
        status["startTime"] = json!(surroundings.now);
    }
    let generation = &pod["metadata"]["generation"];
    status["observedGeneration"] = generation.clone();
    status["conditions"] = conditions(old, &known, phase, generation, surroundings);
    status
}

/// The pod's phase: what its own containers do; debuggers do not count.
fn phase(known: &[(&str, &Tracked)], policy: &str) -> &'static str {
    let of = |kind: Kind| known.iter().map(|(_, tracked)| *tracked).filter(move |tracked| tracked.kind == kind);
    let failed_init =
        of(Kind::Init).any(|tracked| matches!(&tracked.state, State::Terminated(ended) if ended.code != 0));
    if failed_init && policy == "Never" {
        return "Failed";
    }
    let initialized = of(Kind::Init).all(Tracked::is_ready) && of(Kind::Sidecar).all(|sidecar| sidecar.ran);
    if !initialized {
        return "Pending";
    }
    if of(Kind::Regular).any(|tracked| !tracked.ran && tracked.last.is_none()) {
        return "Pending";
    }
    let over = of(Kind::Regular).all(|tracked| matches!(tracked.state, State::Terminated(_)));
    let well = of(Kind::Regular).all(|tracked| tracked.exit_code() == Some(0));
    match (over, policy) {
        (false, _) | (true, "Always") => "Running",
        (true, _) if well => "Succeeded",
        (true, "Never") => "Failed",
        (true, _) => "Running",
    }
}

fn conditions(
    old: &Value,
    known: &[(&str, &Tracked)],
    phase: &str,
    generation: &Value,
    surroundings: &Surroundings,
) -> Value {
    let over = phase == "Succeeded" || phase == "Failed";
    let waiting_for = |kinds: &[Kind], ready: fn(&Tracked) -> bool| -> Vec<&str> {
        known
            .iter()
            .filter(|(_, tracked)| kinds.contains(&tracked.kind) && !ready(tracked))
            .map(|(name, _)| *name)
            .collect()
    };
    let uninitialized = waiting_for(&[Kind::Init, Kind::Sidecar], |tracked| {
        tracked.is_ready() || (tracked.kind == Kind::Sidecar && tracked.ran)
    });
    let unready = waiting_for(&[Kind::Regular, Kind::Sidecar], Tracked::is_ready);
    let (unready_reason, unready_message) = if phase == "Succeeded" {
        ("PodCompleted", None)
    } else if phase == "Failed" {
        ("PodFailed", None)
    } else {
        ("ContainersNotReady", Some(format!("containers with unready status: [{}]", unready.join(" "))))
    };
    let ready = unready.is_empty() && uninitialized.is_empty() && !over;
    let verdict = |met: bool, reason: &str, message: Option<String>| {
        if met { (true, None, None) } else { (false, Some(reason.to_owned()), message) }
    };
    let initialized = if phase == "Succeeded" {
        (true, Some("PodCompleted".to_owned()), None)
    } else {
        let message = format!("containers with incomplete status: [{}]", uninitialized.join(" "));
        verdict(uninitialized.is_empty(), "ContainersNotInitialized", Some(message))
    };
    let wanted = [
        ("PodReadyToStartContainers", (surroundings.sandboxed && !over, None, None)),
        ("Initialized", initialized),
        ("Ready", verdict(ready, unready_reason, unready_message.clone())),
        ("ContainersReady", verdict(ready, unready_reason, unready_message)),
        ("PodScheduled", (true, None, None)),
    ];
    let before = old["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    wanted
        .into_iter()
        .map(|(kind, (met, reason, message))| {
            let value = if met { "True" } else { "False" };
            let same = before.iter().find(|condition| condition["type"] == kind && condition["status"] == value);
            let since = same.and_then(|condition| condition["lastTransitionTime"].as_str());
            let mut condition = json!({
                "type": kind,
                "status": value,
                "observedGeneration": generation,
                "lastProbeTime": null,
                "lastTransitionTime": since.unwrap_or(&surroundings.now),
            });
            if let Some(reason) = reason {
                condition["reason"] = json!(reason);
            }
            if let Some(message) = message {
                condition["message"] = json!(message);
            }
            condition
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::demo::kubelet::state::Terminated;

    fn ended(code: i32) -> State {
        State::Terminated(Terminated {
            id: "1".to_owned(),
            code,
            reason: "Error",
            message: None,
            started: "2026-01-01T00:00:00Z".to_owned(),
            finished: "2026-01-01T00:00:00Z".to_owned(),
        })
    }

    fn running() -> State {
        State::Running { since: "2026-01-01T00:00:00Z".to_owned() }
    }

    fn of(policy: &str, states: &[(&str, Kind, State)]) -> Value {
        let mut pod = json!({ "metadata": { "name": "p" }, "spec": { "restartPolicy": policy } });
        let mut tracked = BTreeMap::new();
        for (name, kind, state) in states {
            let spec = json!({ "name": name, "image": "busybox" });
            let list = &mut pod["spec"][kind.field()];
            if list.is_null() {
                *list = json!([]);
            }
            if let Some(list) = list.as_array_mut() {
                list.push(spec);
            }
            let mut known = Tracked::new(*kind, false);
            known.ran = !matches!(state, State::Waiting { .. });
            known.state = state.clone();
            tracked.insert((*name).to_owned(), known);
        }
        let surroundings = Surroundings {
            now: "2026-01-01T00:00:01Z".to_owned(),
            host_address: "10.0.0.1".to_owned(),
            address: Some("10.244.0.2".to_owned()),
            sandboxed: true,
        };
        status(&pod, |name| tracked.get(name), &surroundings)
    }

    fn condition<'a>(status: &'a Value, kind: &str) -> &'a Value {
        let all = status["conditions"].as_array().unwrap();
        all.iter().find(|condition| condition["type"] == kind).unwrap()
    }

    #[test]
    fn phases_follow_the_containers_and_not_the_debuggers() {
        let phase = |policy, states: &[_]| of(policy, states)["phase"].clone();
        assert_eq!(phase("Always", &[("a", Kind::Regular, running())]), "Running");
        assert_eq!(phase("Always", &[("a", Kind::Regular, ended(3))]), "Running");
        assert_eq!(phase("Never", &[("a", Kind::Regular, ended(0)), ("d", Kind::Ephemeral, running())]), "Succeeded");
        assert_eq!(phase("Never", &[("a", Kind::Regular, ended(1))]), "Failed");
        let creating = State::waiting("ContainerCreating", "");
        assert_eq!(phase("Always", &[("i", Kind::Init, running()), ("a", Kind::Regular, creating)]), "Pending");
    }

    #[test]
    fn readiness_names_who_is_not_ready() {
        let status = of("Always", &[("a", Kind::Regular, running()), ("b", Kind::Regular, ended(3))]);
        let ready = condition(&status, "Ready");
        assert_eq!(ready["status"], "False");
        assert_eq!(ready["message"], "containers with unready status: [b]");
        let status = of("Never", &[("a", Kind::Regular, ended(0))]);
        assert_eq!(condition(&status, "Ready")["reason"], "PodCompleted");
        assert_eq!(condition(&status, "Initialized")["status"], "True");
    }

    #[test]
    fn a_debugger_has_neither_readiness_nor_restarts() {
        let status = of("Always", &[("a", Kind::Regular, running()), ("d", Kind::Ephemeral, running())]);
        let debugger = &status["ephemeralContainerStatuses"][0];
        assert_eq!((&debugger["ready"], &debugger["started"]), (&json!(false), &Value::Null));
        assert_eq!(condition(&status, "Ready")["status"], "True");
    }
}
