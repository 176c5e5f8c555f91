//! Containers that were created and could not be run: their command is not there or cannot be executed; it runs none.

use super::{Cause, facts::Facts, image, toolbox::is_toolbox, without_ids};
use crate::cluster::{ContainerDetail, ContainerKind, ContainerState, Fix, Way};

/// What keeps the asked container from running. A debugger is never tried again, and for any other container a command
/// that is not in its image will not appear either.
pub(super) fn of_start(facts: &Facts<'_>) -> Option<Cause> {
    let container = facts.asked_container()?;
    let message = failed_to_run(container)?;
    let told = Told::of(message);
    let mut cause = Cause::new(told.sentence(), told.detail()).permanent(true);
    cause = cause.hint(match told {
        Told::NotFound(_) if !is_toolbox(&container.image) => {
            "the image may hold no shell at all: choose an image with one, or another command"
        }
        Told::NotFound(_) | Told::NotExecutable(_) => "choose another command, or an image that has it",
        Told::OtherMachine => "choose an image for the node's machine",
        Told::Forbidden(_) => "a weaker profile asks for less",
        Told::Other(_) => "choose another command or image",
    });
    let other_image = Fix::new("again with another image or command", Way::Image(None));
    // The same image under another command is what the person can choose; an image that starts a shell needs none.
    let present = match told {
        Told::Forbidden(_) => Vec::new(),
        Told::NotFound(_) | Told::NotExecutable(_) if is_toolbox(&container.image) => Vec::new(),
        _ => image::with_present_images(facts, &container.image),
    };
    let weaker = matches!(told, Told::Forbidden(_))
        .then(|| Fix::new("again with the profile baseline", Way::Profile(crate::plan::Profile::Baseline)));
    Some(cause.fixes(weaker).fixes(present).fixes([other_image]).fixes(facts.running_debugger()))
}

/// The same of a container of the pod itself: its sentence.
pub(super) fn of_container(facts: &Facts<'_>, container: &ContainerDetail) -> Option<Cause> {
    let message = failed_to_run(container)?;
    let told = Told::of(message);
    let detail = match told {
        Told::Other(_) => told.detail(),
        _ => {
            [told.sentence(), told.detail()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
        }
    };
    let cause = Cause::new(format!("{} cannot be run", container.name), detail);
    let hint = "correct its command, its mounts or its image";
    Some(cause.hint(hint).fixes(facts.copy("where it can be given another command")).permanent(true))
}

/// The message of a start that failed for good.
fn failed_to_run(container: &ContainerDetail) -> Option<&str> {
    match &container.state {
        ContainerState::Waiting { reason, message } if reason == "RunContainerError" => Some(message),
        ContainerState::Terminated { reason, message, .. }
            if matches!(reason.as_str(), "StartError" | "ContainerCannotRun") =>
        {
            Some(message)
        }
        // Between two tries of a container that is started again.
        ContainerState::Waiting { reason, .. }
            if reason == "CrashLoopBackOff" && container.kind != ContainerKind::Ephemeral =>
        {
            match &container.last {
                Some(ContainerState::Terminated { reason, message, .. })
                    if matches!(reason.as_str(), "StartError" | "ContainerCannotRun") =>
                {
                    Some(message)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// What a runtime says of a process it could not start.
enum Told {
    /// The command is not there.
    NotFound(String),
    /// It is there and may not be executed.
    NotExecutable(String),
    /// It is a program of another machine.
    OtherMachine,
    /// The kernel or a policy refuses what the container asks for.
    Forbidden(String),
    Other(String),
}

impl Told {
    fn of(message: &str) -> Self {
        let lower = message.to_lowercase();
        // Everything before these words names layers of the runtime.
        let core = ["unable to start container process: ", "container_linux.go", "oci runtime create failed: "]
            .iter()
            .find_map(|layer| lower.find(layer).map(|at| at + layer.len()));
        let core = core.and_then(|at| message.get(at..)).unwrap_or(message);
        let core = without_ids(core).trim_end_matches(": unknown").to_owned();
        let command = message.split_once("exec: \"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
        let command = command.unwrap_or_default().to_owned();
        if lower.contains("exec format error") {
            Self::OtherMachine
        } else if lower.contains("executable file not found") || (!command.is_empty() && lower.contains("no such file"))
        {
            Self::NotFound(command)
        } else if !command.is_empty() && lower.contains("permission denied") {
            Self::NotExecutable(command)
        } else if lower.contains("operation not permitted") || lower.contains("apparmor") || lower.contains("seccomp") {
            Self::Forbidden(core)
        } else {
            Self::Other(core)
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::NotFound(command) if command.is_empty() => "its command is not in the image".to_owned(),
            Self::NotFound(command) => format!("its command {command} is not in the image"),
            Self::NotExecutable(command) => format!("its command {command} may not be executed"),
            Self::OtherMachine => "its program is made for another kind of machine".to_owned(),
            Self::Forbidden(_) => "the node does not allow what it asks for".to_owned(),
            Self::Other(_) => "the runtime cannot start it".to_owned(),
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NotFound(_) => String::new(),
            Self::NotExecutable(_) => "permission denied".to_owned(),
            Self::OtherMachine => "exec format error".to_owned(),
            Self::Forbidden(core) | Self::Other(core) => core.clone(),
        }
    }
}
