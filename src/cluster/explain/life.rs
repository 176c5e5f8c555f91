//! Lives and ends: containers that crash, are killed or not ready, pods that end or have ended; it starts nothing.

use serde_json::Value;

use super::{Asked, Cause, Situation, command, configuration, facts::Facts, image};
use crate::cluster::{ContainerDetail, ContainerKey, ContainerKind, ContainerState, Fix, Problem, Way, exec::named};

/// The pod goes, or is over.
pub(super) fn ended_or_ending(facts: &Facts<'_>) -> Option<Cause> {
    let start = matches!(facts.asked, Asked::Start(_));
    // What has ended of itself, and what failed to start, is told by its own state.
    let conditions = facts.status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let logs = || facts.pod.containers.iter().find(|own| own.kind == ContainerKind::Regular).map(|own| facts.logs(own));
    if facts.pod.deleting.is_some() {
        let disruption = conditions.iter().find(|c| c["type"] == "DisruptionTarget" && c["status"] == "True");
        let cause = match disruption {
            Some(why) => Cause::new(subject(start, "is being removed"), why["message"].as_str().unwrap_or_default()),
            None => Cause::new(subject(start, "is being deleted"), ""),
        };
        let hint = "nothing new starts in it; a copy has its own life";
        return Some(cause.hint(hint).fixes(facts.copy("while it can still be read")).fixes(logs()).permanent(true));
    }
    let words = [&facts.status["reason"], &facts.status["message"]];
    let words: Vec<&str> = words.into_iter().filter_map(|text| text.as_str()).filter(|text| !text.is_empty()).collect();
    let words = words.join(": ");
    if start && matches!(facts.pod.phase.as_str(), "Succeeded" | "Failed") {
        // The debugger of a copy or a node may itself be what failed.
        if facts.asked_container().is_some_and(|own| own.kind != ContainerKind::Ephemeral)
            && facts.status["reason"].is_null()
        {
            return None;
        }
        let detail = if words.is_empty() { facts.pod.phase.clone() } else { words };
        let cause = Cause::new("the pod has ended", detail);
        let hint = "no container starts in it any more: debug a copy of it";
        return Some(cause.hint(hint).fixes(facts.copy("which starts anew")).fixes(logs()).permanent(true));
    }
    if !start && facts.pod.phase == "Failed" && facts.status["reason"].is_string() {
        let cause = Cause::new(
            format!("it failed: {}", facts.status["reason"].as_str().unwrap_or_default()),
            facts.status["message"].as_str().unwrap_or_default(),
        );
        return Some(cause.fixes(facts.copy("which starts anew")).fixes(logs()).permanent(true));
    }
    None
}

/// The pod went away while somebody waited; `last` is what was seen of it last.
pub(in crate::cluster) fn gone(container: &ContainerKey, last: Option<&Value>) -> Problem {
    let situation = |pod| Situation { pod, events: &[], node: None, asked: Asked::Start(&container.container) };
    let facts = last.and_then(|pod| Facts::of(&situation(pod)));
    let what = format!("{} does not start", named(container));
    let again = |title: &str| Fix::new(title, Way::Again);
    let owner = facts.as_ref().and_then(|facts| facts.pod.owner.clone());
    let (hint, fix) = match (facts, owner) {
        (Some(facts), _) if facts.is_node_pod() => ("somebody removed it".to_owned(), Some(again("make another"))),
        (_, Some((kind, name))) if kind == "StatefulSet" => (
            format!("{kind} {name} makes another of the same name"),
            Some(again("the same in the pod that takes its place")),
        ),
        (_, Some((kind, name))) => (format!("{kind} {name} makes another: choose it in the list of pods"), None),
        (Some(facts), None) if facts.is_copy() => ("somebody removed it".to_owned(), Some(again("make another copy"))),
        _ => ("look at the list of pods again".to_owned(), None),
    };
    Problem::new(what, "the pod was deleted", hint).with_fixes(fix)
}

fn subject(start: bool, what: &str) -> String {
    format!("{} {what}", if start { "the pod" } else { "it" })
}

fn title(container: &ContainerDetail) -> String {
    match container.kind {
        ContainerKind::Init => format!("init container {}", container.name),
        ContainerKind::Sidecar => format!("sidecar {}", container.name),
        ContainerKind::Regular | ContainerKind::Ephemeral => container.name.to_string(),
    }
}

/// What keeps a container of the pod itself from running.
pub(super) fn failing(facts: &Facts<'_>, container: &ContainerDetail) -> Option<Cause> {
    let title = title(container);
    match &container.state {
        ContainerState::Waiting { reason, .. }
            if matches!(reason.as_str(), "" | "ContainerCreating" | "PodInitializing") =>
        {
            None
        }
        ContainerState::Waiting { reason, message } => image::of_container(facts, container)
            .or_else(|| configuration::of_container(facts, container))
            .or_else(|| command::of_container(facts, container))
            .or_else(|| {
                (reason == "CrashLoopBackOff").then(|| crashing(facts, &title, container, container.last.as_ref()))
            })
            .or_else(|| {
                let cause = Cause::new(format!("{title} cannot start ({reason})"), message);
                Some(cause.fixes([facts.logs(container)]).fixes(facts.copy("where it can be given another command")))
            }),
        state @ ContainerState::Terminated { code, .. } if *code != 0 => {
            if let Some(cause) = command::of_container(facts, container) {
                return Some(cause);
            }
            if container.kind == ContainerKind::Init {
                let cause = Cause::new(format!("{title} failed"), ending(state));
                let hint = "the pod's other containers wait for it";
                Some(cause.hint(hint).fixes([facts.logs(container)]).fixes(facts.copy("without init containers")))
            } else if container.restarts > 0 {
                Some(crashing(facts, &title, container, Some(state)))
            } else {
                Some(Cause::new(format!("{title} ended"), ending(state)).fixes([facts.logs(container)]))
            }
        }
        _ => None,
    }
}

fn crashing(facts: &Facts<'_>, title: &str, container: &ContainerDetail, last: Option<&ContainerState>) -> Cause {
    let times = match container.restarts {
        0 => String::new(),
        1 => "restarted once".to_owned(),
        times => format!("restarted {times} times"),
    };
    let how = match last {
        Some(last @ ContainerState::Terminated { .. }) => ending(last),
        _ => String::new(),
    };
    let killed = killed_by_probe(facts, container);
    let detail: Vec<String> = [killed.unwrap_or(how), times].into_iter().filter(|part| !part.is_empty()).collect();
    let log = Way::Logs { container: facts.key(&container.name), previous: container.restarts > 0 };
    let log = Fix::new(format!("{}: what it printed before it ended", container.name), log);
    Cause::new(format!("{title} keeps crashing"), detail.join(", "))
        .hint("its last words are in its log; a copy of the pod with another command holds still")
        .fixes([log])
        .fixes(facts.copy("where it can be given another command"))
}

/// A liveness or startup probe that had the kubelet kill it, where the events tell.
fn killed_by_probe(facts: &Facts<'_>, container: &ContainerDetail) -> Option<String> {
    let killing = facts.last_event(&["Killing"], Some(&container.name))?;
    let probe =
        ["liveness", "startup"].into_iter().find(|probe| killing.message.contains(&format!("failed {probe} probe")))?;
    let label = format!("{probe} probe failed: ");
    let said = facts.events.iter().rev().find_map(|event| {
        let (start, rest) = event.message.split_at_checked(label.len())?;
        (event.reason == "Unhealthy"
            && event.container.as_deref() == Some(&*container.name)
            && start.eq_ignore_ascii_case(&label))
        .then(|| rest.trim())
    });
    Some(format!("killed because its {probe} probe fails{}", said.map(|said| format!(" ({said})")).unwrap_or_default()))
}

/// How it ended: the exit code with the signal, or what the kubelet says of it.
pub(super) fn ending(state: &ContainerState) -> String {
    let ContainerState::Terminated { code, reason, message, .. } = state else {
        return String::new();
    };
    let what = match reason.as_str() {
        "OOMKilled" => "killed for using more memory than its limit (OOMKilled)".to_owned(),
        "" | "Error" | "Completed" => exit(*code),
        reason => format!("{reason}, {}", exit(*code)),
    };
    let message = message.trim().trim_end_matches('.');
    if message.is_empty() { what } else { format!("{what}: {message}") }
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

/// A container that runs and is not ready.
pub(super) fn not_ready(facts: &Facts<'_>, container: &ContainerDetail) -> Option<Cause> {
    let running = matches!(container.state, ContainerState::Running { .. });
    if !running || container.ready || facts.pod.phase != "Running" {
        return None;
    }
    let has = |probe: &str| {
        ["initContainers", "containers"]
            .iter()
            .filter_map(|list| facts.spec[list].as_array())
            .flatten()
            .any(|item| item["name"] == *container.name && item[probe].is_object())
    };
    let title = title(container);
    let debugger = Fix::new(format!("a debugger beside {}", container.name), Way::Target(container.name.clone()));
    let cause = if has("startupProbe") || has("readinessProbe") {
        let unhealthy = facts.last_event(&["Unhealthy"], Some(&container.name));
        Cause::new(
            format!("{title} runs, but its probe does not succeed"),
            unhealthy.map_or("", |event| &event.message),
        )
        .hint("ask from beside it what the probe asks")
    } else {
        Cause::new(format!("{title} runs, but is not ready"), "")
    };
    Some(cause.fixes([debugger, facts.logs(container)]))
}

/// A pod whose containers are ready and that is not: a readiness gate.
pub(super) fn not_ready_otherwise(facts: &Facts<'_>) -> Option<Cause> {
    let conditions = facts.status["conditions"].as_array()?;
    let ready = conditions.iter().find(|condition| condition["type"] == "Ready" && condition["status"] == "False")?;
    (facts.pod.phase == "Running" && ready["reason"] != "ContainersNotReady")
        .then(|| Cause::new("it is not ready", ready["message"].as_str().unwrap_or_default()))
}

/// A container that runs, but whose previous life ended for want of memory.
pub(super) fn killed_before(facts: &Facts<'_>, container: &ContainerDetail) -> Option<Cause> {
    match (&container.state, &container.last) {
        (ContainerState::Running { .. }, Some(ContainerState::Terminated { reason, .. })) if reason == "OOMKilled" => {
            let sentence = format!(
                "{} runs, but was killed before for using more memory than its limit (OOMKilled)",
                title(container)
            );
            let way = Way::Logs { container: facts.key(&container.name), previous: true };
            let log = Fix::new(format!("{}: what it printed before", container.name), way);
            Some(Cause::new(sentence, "").fixes([log]))
        }
        _ => None,
    }
}
