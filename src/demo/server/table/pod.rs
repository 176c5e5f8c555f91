//! A pod as a row: the words `kubectl get pods` uses for what its containers come to; pure.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::table::{age::since, or};
use crate::demo::object::{is_true, items, name, number, text};

/// The cells of a pod, those of `-o wide` included.
pub(super) fn cells(pod: &Value, now: Timestamp) -> Value {
    let Summary { reason, ready, restarts, last_restart } = summary(pod);
    let total = items(pod, "/spec/containers").len()
        + items(pod, "/spec/initContainers").iter().filter(|one| is_sidecar(one)).count();
    let restarts = match last_restart {
        Some(time) if restarts > 0 => format!("{restarts} ({} ago)", since(time, now)),
        _ => restarts.to_string(),
    };
    let address = items(pod, "/status/podIPs").first().map_or("", |one| text(one, "/ip"));
    json!([
        name(pod),
        format!("{ready}/{total}"),
        reason,
        restarts,
        since(text(pod, "/metadata/creationTimestamp"), now),
        or(address, or(text(pod, "/status/podIP"), "<none>")),
        or(text(pod, "/spec/nodeName"), "<none>"),
        or(text(pod, "/status/nominatedNodeName"), "<none>"),
        readiness_gates(pod),
    ])
}

fn is_sidecar(container: &Value) -> bool {
    text(container, "/restartPolicy") == "Always"
}

fn readiness_gates(pod: &Value) -> String {
    let gates = items(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let holds = |gate: &&Value| is_condition_true(pod, text(gate, "/conditionType"));
    format!("{}/{}", gates.iter().filter(holds).count(), gates.len())
}

fn is_condition_true(pod: &Value, kind: &str) -> bool {
    let conditions = items(pod, "/status/conditions");
    conditions.iter().any(|one| text(one, "/type") == kind && text(one, "/status") == "True")
}

/// What the containers of a pod come to.
#[derive(Debug, Default)]
struct Summary<'a> {
    reason: String,
    ready: usize,
    restarts: i64,
    /// RFC 3339 in UTC with whole seconds, so that the later one is the greater text.
    last_restart: Option<&'a str>,
}

impl<'a> Summary<'a> {
    fn count_restarts(&mut self, status: &'a Value) {
        self.restarts += number(status, "/restartCount").unwrap_or(0);
        let ended = text(status, "/lastState/terminated/finishedAt");
        if !ended.is_empty() {
            self.last_restart = self.last_restart.max(Some(ended));
        }
    }
}

fn summary(pod: &Value) -> Summary<'_> {
    let mut all = Summary { reason: phase(pod), ..Summary::default() };
    let mut sidecars = Summary::default();
    let initializing = initialize(pod, &mut all, &mut sidecars);
    if !initializing || is_condition_true(pod, "Initialized") {
        all.restarts = sidecars.restarts;
        all.last_restart = sidecars.last_restart;
        run(pod, &mut all);
    }
    if pod.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null()) {
        if text(pod, "/status/reason") == "NodeLost" {
            "Unknown".clone_into(&mut all.reason);
        } else if !matches!(text(pod, "/status/phase"), "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut all.reason);
        }
    }
    all
}

fn phase(pod: &Value) -> String {
    let gated = items(pod, "/status/conditions")
        .iter()
        .any(|condition| text(condition, "/type") == "PodScheduled" && text(condition, "/reason") == "SchedulingGated");
    if gated {
        return "SchedulingGated".to_owned();
    }
    or(text(pod, "/status/reason"), text(pod, "/status/phase")).to_owned()
}

/// Counts the init containers and says whether one of them still holds the others up.
fn initialize<'a>(pod: &'a Value, all: &mut Summary<'a>, sidecars: &mut Summary<'a>) -> bool {
    let specs = items(pod, "/spec/initContainers");
    for (index, status) in items(pod, "/status/initContainerStatuses").iter().enumerate() {
        let sidecar = specs.iter().any(|spec| name_of(spec) == name_of(status) && is_sidecar(spec));
        all.count_restarts(status);
        if sidecar {
            sidecars.count_restarts(status);
        }
        let terminated = status.pointer("/state/terminated");
        let waiting = text(status, "/state/waiting/reason");
        if terminated.is_some_and(|end| number(end, "/exitCode") == Some(0)) {
            continue;
        }
        if sidecar && is_true(status, "/started") {
            all.ready += usize::from(is_true(status, "/ready"));
            continue;
        }
        all.reason = match terminated {
            Some(end) => format!("Init:{}", ending(end)),
            None if !waiting.is_empty() && waiting != "PodInitializing" => {
                format!("Init:{waiting}")
            }
            None => format!("Init:{index}/{}", specs.len()),
        };
        return true;
    }
    false
}

/// Counts the regular containers; the first one with something to say gives the reason.
fn run<'a>(pod: &'a Value, all: &mut Summary<'a>) {
    let mut running = false;
    for status in items(pod, "/status/containerStatuses").iter().rev() {
        all.count_restarts(status);
        let waiting = text(status, "/state/waiting/reason");
        if !waiting.is_empty() {
            waiting.clone_into(&mut all.reason);
        } else if let Some(end) = status.pointer("/state/terminated") {
            all.reason = ending(end);
        } else if is_true(status, "/ready") && status.pointer("/state/running").is_some() {
            running = true;
            all.ready += 1;
        }
    }
    if all.reason == "Completed" && running {
        let ready = is_condition_true(pod, "Ready");
        if ready { "Running" } else { "NotReady" }.clone_into(&mut all.reason);
    }
}

fn ending(terminated: &Value) -> String {
    let reason = text(terminated, "/reason");
    if !reason.is_empty() {
        return reason.to_owned();
    }
    match number(terminated, "/signal") {
        Some(signal) if signal != 0 => format!("Signal:{signal}"),
        _ => format!("ExitCode:{}", number(terminated, "/exitCode").unwrap_or(0)),
    }
}

fn name_of(container: &Value) -> &str {
    text(container, "/name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(pod: &Value) -> String {
        summary(pod).reason
    }

    fn row(pod: &Value) -> String {
        let now = "2026-11-22T11:30:00Z".parse().unwrap();
        let cells = cells(pod, now);
        let cells = cells.as_array().unwrap();
        cells[1..5].iter().map(|cell| cell.as_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    fn with_init(state: &Value) -> Value {
        json!({
            "spec": { "initContainers": [{ "name": "a" }, { "name": "b" }], "containers": [{ "name": "c" }] },
            "status": { "phase": "Pending", "initContainerStatuses": [
                { "name": "a", "state": state },
                { "name": "b", "state": { "waiting": { "reason": "PodInitializing" } } },
            ] },
        })
    }

    #[test]
    fn an_init_container_holds_the_pod_up() {
        for (state, said) in [
            (json!({ "running": {} }), "Init:0/2"),
            (json!({ "waiting": { "reason": "PodInitializing" } }), "Init:0/2"),
            (json!({ "waiting": { "reason": "CrashLoopBackOff" } }), "Init:CrashLoopBackOff"),
            (json!({ "terminated": { "exitCode": 2, "reason": "Error" } }), "Init:Error"),
            (json!({ "terminated": { "exitCode": 2 } }), "Init:ExitCode:2"),
            (json!({ "terminated": { "exitCode": 137, "signal": 9 } }), "Init:Signal:9"),
            (json!({ "terminated": { "exitCode": 0 } }), "Init:1/2"),
        ] {
            assert_eq!(status(&with_init(&state)), said);
        }
    }

    #[test]
    fn the_containers_give_the_reason() {
        let pod = |statuses: Value, ready: &str| {
            json!({
                "spec": { "containers": [{ "name": "a" }, { "name": "b" }] },
                "status": {
                    "phase": "Running",
                    "conditions": [{ "type": "Ready", "status": ready }],
                    "containerStatuses": statuses,
                },
            })
        };
        let done = json!({ "name": "a", "state": { "terminated": { "exitCode": 0, "reason": "Completed" } } });
        let up = json!({ "name": "b", "ready": true, "state": { "running": {} } });
        assert_eq!(status(&pod(json!([done, up]), "False")), "NotReady");
        assert_eq!(status(&pod(json!([done, up]), "True")), "Running");
        assert_eq!(status(&pod(json!([done]), "False")), "Completed");
        let crash = json!({ "name": "a", "state": { "waiting": { "reason": "CrashLoopBackOff" } } });
        assert_eq!(status(&pod(json!([crash, up]), "False")), "CrashLoopBackOff");
        let killed = json!({ "name": "a", "state": { "terminated": { "exitCode": 137, "signal": 9 } } });
        assert_eq!(status(&pod(json!([killed, up]), "False")), "Signal:9");
    }

    #[test]
    fn restarts_say_when_the_last_was_and_sidecars_count() {
        let pod = json!({
            "metadata": { "creationTimestamp": "2026-11-22T11:20:00Z" },
            "spec": {
                "initContainers": [{ "name": "once" }, { "name": "proxy", "restartPolicy": "Always" }],
                "containers": [{ "name": "app" }],
            },
            "status": {
                "phase": "Running",
                "initContainerStatuses": [
                    { "name": "once", "restartCount": 5, "state": { "terminated": { "exitCode": 0 } } },
                    { "name": "proxy", "restartCount": 1, "ready": true, "started": true, "state": { "running": {} } },
                ],
                "containerStatuses": [{
                    "name": "app", "restartCount": 6, "ready": true, "state": { "running": {} },
                    "lastState": { "terminated": { "finishedAt": "2026-11-22T11:25:13Z" } },
                }],
            },
        });
        assert_eq!(row(&pod), "2/2 Running 7 (4m47s ago) 10m");
    }

    #[test]
    fn a_pod_that_goes_is_terminating_unless_it_has_ended() {
        let pod = |phase: &str| json!({ "metadata": { "deletionTimestamp": "2026-11-22T11:20:00Z" }, "status": { "phase": phase } });
        assert_eq!(status(&pod("Running")), "Terminating");
        assert_eq!(status(&pod("Succeeded")), "Succeeded");
    }
}
