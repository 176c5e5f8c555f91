//! Images that cannot be had, and the ones on the node that can; it starts nothing.

mod pull;

use std::borrow::Cow;

use self::pull::{PullFailure, core};
use super::{Cause, PodEvent, facts::Facts, present_toolboxes};
use crate::cluster::{ContainerDetail, ContainerKind, ContainerState, Fix, Way};

/// How much of a runtime's words is quoted, in characters.
const QUOTED: usize = 200;

/// What keeps the image of the asked container from its node.
pub(super) fn of_start(facts: &Facts<'_>) -> Option<Cause> {
    of_container(facts, facts.asked_container()?)
}

/// The same of any container of the pod.
pub(super) fn of_container(facts: &Facts<'_>, container: &ContainerDetail) -> Option<Cause> {
    let (reason, message) = reported(facts, container)?;
    let image = container.image.as_str();
    let of = match facts.asked_container() {
        Some(asked) if asked.name == container.name => String::new(),
        _ => format!(" of {}", container.name),
    };
    match reason.as_ref() {
        "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" | "SignatureValidationFailed" => {
            let told = told(facts, container, &message);
            let (detail, hint) = worded(PullFailure::of(&told), facts, container, &told);
            let cause = Cause::new(format!("the image {image}{of} cannot be pulled"), detail).hint(hint);
            Some(cause.fixes(ways(facts, container, &told)))
        }
        "ErrImageNeverPull" => {
            let cause = if message.contains("proper credentials") {
                let detail = "the node has it, but the pod shows no credentials for it, and it may not be pulled \
                              (imagePullPolicy: Never)";
                Cause::new(format!("the image {image}{of} cannot be used"), detail)
            } else {
                let sentence = format!("the image {image}{of} is not on the node and may not be pulled");
                Cause::new(sentence, "imagePullPolicy: Never")
            };
            let hint = "choose an image the node has, or another pull policy";
            Some(cause.hint(hint).fixes(ways(facts, container, &message)).permanent(true))
        }
        "InvalidImageName" => {
            let why = message
                .rsplit_once("invalid reference format")
                .map_or("", |(_, why)| why.trim_start_matches([':', ' ']));
            let cause = Cause::new(format!("the image {image:?}{of} is no valid name"), why);
            Some(cause.hint("correct the name of the image").fixes(ways(facts, container, &message)).permanent(true))
        }
        "ImageInspectError" => {
            let cause = Cause::new(format!("the node cannot look at the image {image}{of}"), quoted(&message));
            let hint = "the node's container runtime has trouble; another image, or the pod on another node, may do";
            Some(cause.hint(hint).fixes(ways(facts, container, &message)))
        }
        _ => None,
    }
}

/// What the kubelet says of the container's image: reason and message. Its events say it 10 to 30 seconds before the
/// status does, so while the status has no word of its own the newest event about an image counts.
fn reported<'a>(facts: &Facts<'a>, container: &'a ContainerDetail) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
    let (reason, message) = match &container.state {
        ContainerState::Waiting { reason, message } => (reason.as_str(), message.as_str()),
        ContainerState::Unknown => ("", ""),
        ContainerState::Running { .. } | ContainerState::Terminated { .. } => return None,
    };
    if !matches!(reason, "" | "ContainerCreating" | "PodInitializing") {
        return Some((Cow::Borrowed(reason), Cow::Borrowed(message)));
    }
    let failed = facts.starting_events(&container.name).find_map(failure_of)?;
    Some((Cow::Borrowed(failed.0), Cow::Borrowed(failed.1)))
}

/// The waiting reason that this event announces, and its words.
fn failure_of(event: &PodEvent) -> Option<(&'static str, &str)> {
    let message = event.message.as_str();
    let reason = match event.reason.as_str() {
        "Failed" if message.starts_with("Failed to pull image") => "ErrImagePull",
        "Failed" => match message.strip_prefix("Error: ")? {
            "ErrImagePull" | "ImagePullBackOff" => "ErrImagePull",
            _ => return None,
        },
        "BackOff" if message.starts_with("Back-off pulling image") => "ImagePullBackOff",
        "ErrImageNeverPull" => "ErrImageNeverPull",
        "InspectFailed" if message.contains("couldn't parse image") || message.contains("invalid reference format") => {
            "InvalidImageName"
        }
        "InspectFailed" => "ImageInspectError",
        _ => return None,
    };
    Some((reason, message))
}

/// The runtime's words: a back-off of an older kubelet does not repeat them, but an event has them.
fn told(facts: &Facts<'_>, container: &ContainerDetail, message: &str) -> String {
    if PullFailure::of(message) != PullFailure::Unknown {
        return message.to_owned();
    }
    let failed = facts.events.iter().rev().find(|event| {
        event.reason == "Failed"
            && event.container.as_deref() == Some(&*container.name)
            && event.message.starts_with("Failed to pull image")
    });
    failed.map_or_else(|| message.to_owned(), |event| event.message.clone())
}

/// Detail and hint.
fn worded(failure: PullFailure, facts: &Facts<'_>, container: &ContainerDetail, told: &str) -> (String, String) {
    let image = container.image.as_str();
    let registry = registry(image);
    let words = quoted(told);
    let node = if facts.pod.node.is_empty() { "the node" } else { facts.pod.node.as_str() };
    let ephemeral = container.kind == ContainerKind::Ephemeral;
    let secrets = if ephemeral {
        "an ephemeral container can only use the pod's own imagePullSecrets, its service account's and the node's \
         credentials: choose an image they open, or one that needs none"
    } else {
        "add an imagePullSecret for it to the pod or its service account"
    };
    match failure {
        PullFailure::Tag => (format!("{registry} has no such tag ({words})"), "correct the tag".to_owned()),
        // Docker Hub answers about repositories it does not have as if they were private.
        PullFailure::NameOrTag if registry == "docker.io" => {
            (format!("{registry} has no such tag ({words})"), "correct the tag".to_owned())
        }
        PullFailure::Name => (format!("{registry} has no such image ({words})"), "correct the name".to_owned()),
        PullFailure::NameOrTag => {
            (format!("{registry} has no such image or no such tag ({words})"), "correct its name or tag".to_owned())
        }
        PullFailure::NameOrCredentials => (
            format!("{registry} has no such image, or it is private ({words})"),
            format!("check the name; if it is right, {secrets}"),
        ),
        PullFailure::Credentials => {
            (format!("{registry} does not accept the credentials ({words})"), secrets.to_owned())
        }
        PullFailure::RateLimit => (
            format!("{registry} lets nobody pull more for now ({words})"),
            "wait, pull with credentials, or take an image from another registry".to_owned(),
        ),
        PullFailure::Lookup => (
            format!("{node} does not find the registry {registry} by its name ({words})"),
            "correct the name, or take an image the node has: this cluster may reach other registries only".to_owned(),
        ),
        PullFailure::Unreachable => (
            format!("{node} does not reach the registry {registry} ({words})"),
            "take an image the node has, or one from a registry it reaches".to_owned(),
        ),
        PullFailure::Broken => (
            format!("the registry {registry} has trouble of its own ({words})"),
            "it is tried again and again".to_owned(),
        ),
        PullFailure::Certificate => (
            format!("{node} does not trust the registry {registry} ({words})"),
            "its certificate authority has to be made known to the nodes".to_owned(),
        ),
        PullFailure::Platform => {
            let machine = facts.node.and_then(|node| node["status"]["nodeInfo"]["architecture"].as_str());
            let machine = machine.map(|machine| format!(" ({machine})")).unwrap_or_default();
            (
                format!("it is not made for the machine of {node}{machine} ({words})"),
                "choose an image that is".to_owned(),
            )
        }
        PullFailure::Disk => (
            format!("the disk of {node} is full ({words})"),
            "take an image the node has; somebody should free its disk".to_owned(),
        ),
        PullFailure::Policy => {
            (format!("{node} forbids it ({words})"), "choose an image that is signed as the node demands".to_owned())
        }
        PullFailure::Unknown => (words, "it is tried again and again".to_owned()),
    }
}

/// Other images: what the node has starts at once, also without a registry.
fn ways(facts: &Facts<'_>, container: &ContainerDetail, told: &str) -> Vec<Fix> {
    let asked = facts.asked_container().is_some_and(|asked| asked.name == container.name);
    if !asked {
        // The pod's own image is not a debugger's to choose; what one can do is look at what the kubelet says.
        return facts.copy("with another image for this container").into_iter().collect();
    }
    let mut fixes = with_present_images(facts, &container.image);
    fixes.push(Fix::new("again with another image", Way::Image(None)));
    let passing =
        matches!(PullFailure::of(told), PullFailure::Unreachable | PullFailure::Broken | PullFailure::RateLimit);
    if passing && container.kind != ContainerKind::Ephemeral {
        fixes.extend(facts.in_the_pod_itself());
    }
    fixes.extend(facts.running_debugger());
    fixes
}

/// `again with busybox:1.37, which node1 has already`.
pub(super) fn with_present_images(facts: &Facts<'_>, failed: &str) -> Vec<Fix> {
    let Some(node) = facts.node else { return Vec::new() };
    let present = present_toolboxes(node, failed).into_iter();
    present
        .map(|image| {
            let title = format!("again with {}, which {} has already", image.short, facts.pod.node);
            Fix::new(title, Way::Image(Some(image.name)))
        })
        .collect()
}

fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => "docker.io",
    }
}

/// The core of a runtime's words, cut where it rambles.
pub(super) fn quoted(message: &str) -> String {
    let core = core(message);
    match core.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}…", &core[..end]),
        None => core.to_owned(),
    }
}
