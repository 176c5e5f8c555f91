//! Containers that cannot be configured or created: users, targets, what they refer to; it knows nothing of images.

use super::{
    Cause,
    facts::{Facts, waiting},
    image::quoted,
    life, without_ids,
};
use crate::{
    cluster::{ContainerDetail, ContainerState, Fix, Way},
    plan::Profile,
};

/// A user that owns nothing: starts where root is forbidden, and looks into nobody's files.
const NOBODY: u32 = 65534;
/// What is said of a target that no container was ever made for.
const NEVER_RAN: &str = "has not run yet, so there is nothing to look into";

/// What keeps the asked container from being configured or created.
pub(super) fn of_start(facts: &Facts<'_>) -> Option<Cause> {
    of_container(facts, facts.asked_container()?)
}

/// The same of any container of the pod.
pub(super) fn of_container(facts: &Facts<'_>, container: &ContainerDetail) -> Option<Cause> {
    let (reason, message) = waiting(container)?;
    if !matches!(
        reason,
        "CreateContainerConfigError" | "CreateContainerError" | "PreCreateHookError" | "PreStartHookError"
    ) {
        return None;
    }
    let lower = message.to_lowercase();
    if lower.contains("unable to find target container") {
        return Some(without_target(facts, NEVER_RAN));
    }
    if lower.contains("invalid target container") {
        return Some(without_target(facts, "does not run at this moment"));
    }
    if lower.contains("runasnonroot") || lower.contains("non-root policy") || lower.contains("verify user is non-root")
    {
        return Some(root_forbidden(facts, container, &lower));
    }
    if let Some(missing) = missing_reference(message) {
        let hint = format!("create it, or correct its name; {} starts as soon as it is there", container.name);
        let sentence = format!("{} cannot be configured", container.name);
        return Some(Cause::new(sentence, missing).hint(hint).fixes(facts.copy("to look around in")));
    }
    let confined = ["apparmor", "seccomp", "selinux"].iter().any(|word| lower.contains(word));
    let verb = if reason == "CreateContainerConfigError" { "configured" } else { "created" };
    let cause = Cause::new(format!("{} cannot be {verb}", container.name), quoted(&without_ids(message)));
    let again = Fix::new("the same once more", Way::Again);
    if confined {
        let hint = "the node lacks what the security profile names: another profile names none";
        let baseline = Fix::new("again with the profile baseline", Way::Profile(Profile::Baseline));
        return Some(cause.hint(hint).fixes([baseline]).fixes(facts.shell()));
    }
    let hint = "the kubelet tries again; its words say what stands in the way";
    Some(cause.hint(hint).fixes([again]).fixes(facts.shell()).fixes(facts.copy("")))
}

/// A debugger that has no word of its own yet, whose target is not there to be looked into.
pub(super) fn target_not_running(facts: &Facts<'_>) -> Option<Cause> {
    let starting = match facts.waiting() {
        Some((reason, _)) => matches!(reason, "" | "ContainerCreating" | "PodInitializing"),
        None => facts.asked_container()?.state == ContainerState::Unknown,
    };
    let target = facts.target().filter(|_| starting)?;
    match &target.state {
        ContainerState::Terminated { .. } => Some(without_target(facts, "does not run at this moment")),
        ContainerState::Waiting { reason, .. }
            if !matches!(reason.as_str(), "" | "ContainerCreating" | "PodInitializing") =>
        {
            // The kubelet will say the same once it has come to the debugger.
            let never = target.restarts == 0 && target.last.is_none();
            Some(without_target(facts, if never { NEVER_RAN } else { "does not run at this moment" }))
        }
        _ => None,
    }
}

fn without_target(facts: &Facts<'_>, state: &str) -> Cause {
    let Some(target) = facts.target() else {
        let alone = Fix::new("again without a target", Way::WithoutTarget);
        return Cause::new(format!("its target {state}"), "").fixes([alone]).fixes(facts.copy(""));
    };
    let why = life::failing(facts, target).map(|cause| match cause.detail.as_str() {
        "" => cause.sentence,
        detail => format!("{}: {detail}", cause.sentence),
    });
    let others = facts.running().filter(|other| other.name != target.name).take(1).map(|other| {
        Fix::new(format!("again with the target {}, which runs", other.name), Way::Target(other.name.clone()))
    });
    let alone = format!("again without a target: it starts at once, beside {} but without its processes", target.name);
    let copy = format!("where {} can be given another command", target.name);
    Cause::new(format!("its target {} {state}", target.name), why.unwrap_or_default())
        .hint(format!("it starts once {} runs; a copy of the pod waits for nobody", target.name))
        .fixes(facts.copy(&copy))
        .fixes([Fix::new(alone, Way::WithoutTarget)])
        .fixes(others)
        .fixes(target.last.is_some().then(|| facts.logs(target)))
}

fn root_forbidden(facts: &Facts<'_>, container: &ContainerDetail, lower: &str) -> Cause {
    let image = &container.image;
    let detail = if lower.contains("non-numeric user") {
        format!("{image} names its user by a word, and nobody can tell whether that is root")
    } else if lower.contains("breaks non-root policy") {
        "it is to run as root itself (runAsUser: 0)".to_owned()
    } else {
        format!("{image} would run as root")
    };
    let cause = Cause::new("the pod forbids root (runAsNonRoot)", detail).permanent(true);
    let asked = facts.asked_container().is_some_and(|asked| asked.name == container.name);
    if !asked {
        return cause.hint("give it a numeric user (securityContext.runAsUser), or an image with one");
    }
    let subject = facts.target().or_else(|| facts.running().next());
    let same = subject.and_then(|subject| {
        let (uid, gid) = subject.user.filter(|(uid, _)| *uid != 0)?;
        let title = format!("again as user {uid}, group {gid}, whom {} runs as", subject.name);
        Some(Fix::new(title, Way::User { uid, gid }))
    });
    let nobody = same.is_none().then(|| {
        let title = format!("again as nobody (user {NOBODY}): it starts, but others' files stay closed to it");
        Fix::new(title, Way::User { uid: NOBODY, gid: NOBODY })
    });
    cause
        .hint("run it as a numeric user that is not root; the target's own can look into its processes")
        .fixes(same)
        .fixes(nobody)
        .fixes([Fix::new("again with another image", Way::Image(None))])
        .fixes(facts.running_debugger())
        .fixes(facts.shell())
}

/// A config map, a secret or a key of one that is not there, in the kubelet's words.
fn missing_reference(message: &str) -> Option<String> {
    let lower = message.to_lowercase();
    let about = ["configmap", "secret"].iter().any(|kind| lower.contains(kind));
    let missing = lower.contains("not found") || lower.contains("couldn't find key") || lower.contains("non-existent");
    (about && missing).then(|| quoted(message))
}

#[cfg(test)]
mod tests {
    use super::missing_reference;

    #[test]
    fn what_is_missing_is_told_in_the_kubelets_words() {
        assert_eq!(missing_reference("configmap \"x\" not found").as_deref(), Some("configmap \"x\" not found"));
        assert!(missing_reference("couldn't find key k in Secret n/s").is_some());
        assert!(missing_reference("references non-existent config key: a (configmap x)").is_some());
        assert_eq!(missing_reference("context deadline exceeded"), None);
    }
}
