//! Where a pod is to run: scheduling, its node, its sandbox, its volumes; it knows nothing of what runs there.

use super::{Asked, Cause, Explanation, Situation, facts::Facts, without_ids};
use crate::cluster::{ContainerState, Fix, Way};

/// Words of the scheduler that a copy meets because the pod it was made from is there.
const TAKEN: [(&str, &str); 3] = [
    ("free ports for the requested pod ports", "the host port is taken, by the pod that was copied most likely"),
    ("ReadWriteOncePod", "a volume of it may be used by one pod only, and is in use"),
    ("max volume count", "the node has no room for more volumes"),
];

/// No node has been found.
pub(super) fn unscheduled(facts: &Facts<'_>) -> Option<Cause> {
    if !facts.pod.node.is_empty() {
        return None;
    }
    let conditions = facts.status["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let condition =
        conditions.iter().find(|condition| condition["type"] == "PodScheduled" && condition["status"] == "False");
    let event = facts.last_event(&["FailedScheduling"], None);
    if condition.is_none() && event.is_none() {
        return None;
    }
    let words = condition.and_then(|condition| condition["message"].as_str());
    let words = words.or(event.map(|event| event.message.as_str())).unwrap_or_default();
    let again = Fix::new("the same once more, once it has a node", Way::Again);
    if condition.is_some_and(|condition| condition["reason"] == "SchedulingGated") {
        let cause = Cause::new("it waits for its scheduling gates", words);
        return Some(cause.hint("whoever put the gates there has to lift them").fixes([again]));
    }
    let taken = TAKEN.iter().find(|(said, _)| words.contains(said)).filter(|_| facts.is_copy());
    let hint = match taken {
        Some((_, why)) => format!("{why}: debug the pod itself, or take this part out of the copy"),
        None if words.contains("Insufficient") => {
            "the nodes are full: wait for room, or ask for less (requests)".to_owned()
        }
        None if words.contains("persistentvolumeclaim") => "create the claim, or correct its name".to_owned(),
        None if words.contains("untolerated taint") => {
            "every node that would do has a taint: the pod has to tolerate it".to_owned()
        }
        None if words.contains("node affinity/selector") => {
            "no node has the labels that its nodeSelector or affinity asks for".to_owned()
        }
        None => "nothing starts in it before it has a node".to_owned(),
    };
    let pod = if facts.asked == Asked::Pod { "it" } else { "the pod" };
    let cause = Cause::new(format!("no node takes {pod}"), scheduler_words(words)).hint(hint);
    Some(cause.fixes(facts.in_the_pod_itself()).fixes([again]))
}

/// Without what the scheduler adds about preempting others.
fn scheduler_words(words: &str) -> &str {
    let end = [" no new claims to deallocate", " preemption: "].iter().filter_map(|said| words.find(said)).min();
    &words[..end.unwrap_or(words.len())]
}

/// The pod's node does not report.
pub(super) fn node_trouble(facts: &Facts<'_>) -> Option<Cause> {
    let name = &facts.pod.node;
    let elsewhere = || facts.copy("which another node may take").or_else(|| facts.in_the_pod_itself());
    let again = Fix::new("the same once more", Way::Again);
    if let Some((why, since)) = facts.node.and_then(not_ready) {
        let mut cause = Cause::new(format!("its node {name} is not ready"), why);
        cause.detail.push_str(&since);
        let hint = "nothing starts there before the node's kubelet is heard again";
        return Some(cause.hint(hint).fixes(elsewhere()).fixes([again]));
    }
    let lost = facts.status["reason"] == "NodeLost" || facts.pod.phase == "Unknown";
    lost.then(|| {
        let words = facts.status["message"].as_str().unwrap_or_default();
        Cause::new("its node does not report", words).hint("look at the node").fixes(elsewhere()).fixes([again])
    })
}

/// Why a node is not ready, and since when; `None` while it is.
fn not_ready(node: &serde_json::Value) -> Option<(String, String)> {
    let conditions = node["status"]["conditions"].as_array()?;
    let ready = conditions.iter().find(|condition| condition["type"] == "Ready")?;
    if ready["status"] == "True" {
        return None;
    }
    let since = ready["lastTransitionTime"].as_str().map(|since| format!(", since {since}")).unwrap_or_default();
    Some((ready["message"].as_str().unwrap_or_default().trim_end_matches('.').to_owned(), since))
}

/// The pod's sandbox cannot be made, or is being made anew. Only while nothing of the pod runs.
pub(super) fn sandbox(facts: &Facts<'_>) -> Option<Cause> {
    if !is_creating(facts) {
        return None;
    }
    let event = facts.last_event(&["FailedCreatePodSandBox", "SandboxChanged", "Started"], None)?;
    let again = Fix::new("the same once more", Way::Again);
    match event.reason.as_str() {
        "FailedCreatePodSandBox" => {
            let words = without_ids(&event.message).into_owned();
            let words = words.rsplit_once("OCI runtime create failed: ").map_or(words.as_str(), |(_, core)| core);
            let words = words.trim_start_matches("Failed to create pod sandbox: rpc error: code = Unknown desc = ");
            let cause = Cause::new("the pod's sandbox cannot be made", words);
            let hint = if words.contains("network") || words.contains("cni") {
                "the node's network plugin has trouble: another node may do"
            } else {
                "the node's container runtime has trouble: another node may do"
            };
            let elsewhere = facts.copy("which another node may take").or_else(|| facts.in_the_pod_itself());
            Some(cause.hint(hint).fixes(elsewhere).fixes([again]))
        }
        "SandboxChanged" => {
            let cause = Cause::new("the pod's sandbox is being made anew", "everything in the pod starts again");
            Some(cause.hint("it starts once the pod's own containers do").fixes([again]).fixes(facts.copy("")))
        }
        _ => None,
    }
}

/// Volumes that do not come. Only while nothing of the pod runs: later mounts are the pod's own matter.
pub(super) fn volumes(facts: &Facts<'_>) -> Option<Cause> {
    if !is_creating(facts) {
        return None;
    }
    let event = facts.last_event(&["FailedMount", "FailedAttachVolume", "FailedMapVolume", "Started"], None)?;
    if event.reason == "Started" {
        return None;
    }
    let words = event.message.as_str();
    let hint = if words.contains("Multi-Attach") {
        "another pod holds the volume, and one node at a time may: debug that pod itself"
    } else if words.contains("not found") || words.contains("references non-existent") {
        "create what is missing, or correct its name; the pod starts as soon as it is there"
    } else {
        "the kubelet tries again; its words say what stands in the way"
    };
    let volume = words.split_once("volume \"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
    let sentence = match volume {
        Some(volume) => format!("the volume {volume} cannot be mounted"),
        None => "its volumes cannot be mounted".to_owned(),
    };
    let cause = Cause::new(sentence, words.split_once(" : ").map_or(words, |(_, why)| why)).hint(hint);
    let again = Fix::new("the same once more, when it is there", Way::Again);
    Some(cause.fixes(facts.in_the_pod_itself()).fixes([again]))
}

/// Whether what is asked about is still to be created, with not a word from a runtime.
fn is_creating(facts: &Facts<'_>) -> bool {
    let own = |state: &ContainerState| match state {
        ContainerState::Waiting { reason, .. } => {
            matches!(reason.as_str(), "" | "ContainerCreating" | "PodInitializing")
        }
        ContainerState::Unknown => true,
        ContainerState::Running { .. } | ContainerState::Terminated { .. } => false,
    };
    match facts.asked {
        Asked::Start(_) => {
            facts.asked_container().is_none_or(|container| own(&container.state)) && facts.running().next().is_none()
        }
        Asked::Pod => {
            !facts.pod.containers.is_empty() && facts.pod.containers.iter().all(|container| own(&container.state))
        }
    }
}

/// The server took the request, and nobody says a word about it: `seconds` have gone by.
pub(in crate::cluster) fn silent(
    situation: &Situation<'_>,
    seconds: u64,
    events_are_read: bool,
) -> Option<Explanation> {
    let facts = Facts::of(situation)?;
    if let Some(cause) = node_trouble(&facts) {
        return Some(cause.explanation(&facts));
    }
    let elsewhere = facts.copy("which another node may take").or_else(|| facts.in_the_pod_itself());
    let again = Fix::new("the same once more", Way::Again);
    let cause = if facts.pod.node.is_empty() {
        Cause::new(format!("the scheduler has said nothing for {seconds} s"), "the pod has no node yet")
            .hint("look whether the cluster's scheduler runs")
            .fixes(facts.in_the_pod_itself())
            .fixes([again])
    } else {
        let ready = facts.node.map_or("", |_| "the node says that it is ready");
        let hint = if events_are_read {
            "the kubelet may be busy, or pull the image: it drops events of a pod that has had many"
        } else {
            "its events may not be read here, and an image that takes long to pull looks the same"
        };
        Cause::new(format!("the kubelet of {} has said nothing for {seconds} s", facts.pod.node), ready)
            .hint(hint)
            .fixes(elsewhere)
            .fixes([again])
    };
    Some(cause.explanation(&facts))
}
