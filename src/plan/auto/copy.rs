//! What is chosen for a copy of a pod beside the profile: its processes, and what a changed container keeps.

use super::user::Situation;
use super::{Chosen, new_container};
use crate::plan::copy::{Place, place};
use crate::plan::pod::{Kind, Pod};
use crate::plan::{CopyOptions, Facts, PodSecurity, Profile};

/// Chooses for a copy.
pub(super) fn for_copy(chosen: &mut Chosen, pod: &Pod<'_>, facts: Facts, copy: &CopyOptions) {
    let place = place(pod, &chosen.options);
    if pod.is_windows() && place != Place::None {
        chosen.take(Profile::Legacy, "for the copy of a Windows pod the other profiles set what Windows does not have");
        return;
    }
    match place {
        Place::None => {
            chosen.options.profile = Profile::General;
            return;
        }
        Place::New => new_container(chosen, pod, facts, pod.default_container()),
        Place::Existing(kind, name) => existing_container(chosen, pod, facts, kind, name),
    }
    if !copy.keep_labels {
        chosen.reasons.push(
            "the copy has no labels, so no Service sends it traffic and no controller adopts it (keep labels changes \
             that)"
                .into(),
        );
    }
    if let Some(limit) = copy.active_deadline {
        chosen
            .reasons
            .push(format!("the copy's processes are ended after {limit} s; the pod itself stays until it is deleted"));
    }
    chosen.reasons.push("the copy is a new pod: what the original wrote into its own files is not in it".into());
    if copy.share_processes.is_none() {
        if pod.uses_host_pids() {
            if let Some(copy) = &mut chosen.options.copy {
                copy.share_processes = Some(false);
            }
            chosen.reasons.push(
                "processes are not shared: the pod uses the node's process IDs, so all are visible anyway".into(),
            );
        } else if pod.shares_processes() == Some(false) {
            chosen
                .reasons
                .push("processes are not shared, because the pod says so itself (share processes changes that)".into());
        } else {
            chosen.reasons.push("processes are shared, so the debugger sees those of every container".into());
        }
    }
}

/// Chooses for a container of the copy that is there already: what it needs to run and be admitted is kept.
fn existing_container(chosen: &mut Chosen, pod: &Pod<'_>, facts: Facts, kind: Kind, name: &str) {
    let level = facts.enforce.unwrap_or(PodSecurity::Privileged);
    if level == PodSecurity::Privileged {
        chosen.take(
            Profile::General,
            &format!("SYS_PTRACE is added to {name}, which otherwise keeps its own security settings"),
        );
        return;
    }
    if kind == Kind::Init {
        // Nothing custom can be merged into an init container, so its settings survive only untouched.
        chosen.take(Profile::Legacy, &format!("the namespace enforces {level}, and only this leaves {name} as it is"));
        return;
    }
    let profile = if level == PodSecurity::Baseline { Profile::Baseline } else { Profile::Restricted };
    chosen.take(
        profile,
        &format!("the namespace enforces {level}, and {name} keeps its own security settings, which were admitted"),
    );
    let mut context = pod
        .find(name)
        .and_then(|(_, container)| container.get("securityContext")?.as_object())
        .cloned()
        .unwrap_or_default();
    let situation = Situation::of(pod, Some(name), facts.seen);
    if level == PodSecurity::Restricted
        && chosen.options.image().is_some()
        && !situation.spec_names_user
        && let Some((user, reason)) = situation.choose(level)
    {
        context.extend(user);
        chosen.reasons.push(reason);
    }
    chosen.add_security(context);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::plan::DebugOptions;
    use crate::plan::auto::for_pod;

    fn chosen(spec: &Value, enforce: Option<PodSecurity>, options: DebugOptions) -> Chosen {
        let pod = json!({"metadata": {"name": "p", "namespace": "n"}, "spec": spec});
        let options = DebugOptions { copy: Some(options.copy.unwrap_or_else(|| CopyOptions::named("c"))), ..options };
        for_pod(Pod::read(&pod).unwrap(), Facts { enforce, ..Facts::default() }, &options)
    }

    fn shares(chosen: &Chosen) -> Option<bool> {
        chosen.options.copy.as_ref().and_then(|copy| copy.share_processes)
    }

    fn new() -> DebugOptions {
        DebugOptions { image: Some("busybox".into()), ..DebugOptions::default() }
    }

    fn existing(name: &str) -> DebugOptions {
        DebugOptions { container: Some(name.into()), command: vec!["sh".into()], ..DebugOptions::default() }
    }

    #[test]
    fn processes_are_shared_unless_the_pod_cannot() {
        let plain = json!({"containers": [{"name": "app"}]});
        let chosen_plain = chosen(&plain, None, new());
        assert_eq!((chosen_plain.options.profile, shares(&chosen_plain)), (Profile::General, None));
        let host = json!({"containers": [{"name": "app"}], "hostPID": true});
        let on_host = chosen(&host, None, new());
        assert_eq!(shares(&on_host), Some(false));
        assert!(on_host.reasons.join("\n").contains("process IDs"));
    }

    #[test]
    fn labels_and_the_fresh_start_are_said() {
        let spec = json!({"containers": [{"name": "app"}]});
        let reasons = chosen(&spec, None, new()).reasons.join("\n");
        assert!(reasons.contains("no Service") && reasons.contains("new pod"));
        let kept = CopyOptions { keep_labels: true, ..CopyOptions::named("c") };
        let reasons = chosen(&spec, None, DebugOptions { copy: Some(kept), ..new() }).reasons.join("\n");
        assert!(!reasons.contains("no Service"));
    }

    #[test]
    fn a_windows_copy_says_nothing_of_processes() {
        let spec = json!({"containers": [{"name": "app"}], "os": {"name": "windows"}});
        let chosen = chosen(&spec, None, new());
        assert_eq!((chosen.options.profile, shares(&chosen)), (Profile::Legacy, None));
    }

    #[test]
    fn a_changed_container_keeps_the_settings_it_was_admitted_with() {
        let context = json!({"runAsUser": 7, "capabilities": {"drop": ["ALL"]}});
        let spec = json!({
            "containers": [{"name": "app", "securityContext": context}], "initContainers": [{"name": "init"}],
        });
        let open = chosen(&spec, None, existing("app"));
        assert_eq!((open.options.profile, open.options.custom), (Profile::General, None));
        for (level, profile) in
            [(PodSecurity::Baseline, Profile::Baseline), (PodSecurity::Restricted, Profile::Restricted)]
        {
            let closed = chosen(&spec, Some(level), existing("app"));
            assert_eq!(closed.options.profile, profile);
            assert_eq!(closed.options.custom, Some(json!({"securityContext": context})));
        }
        let init = chosen(&spec, Some(PodSecurity::Baseline), existing("init"));
        assert_eq!((init.options.profile, init.options.custom), (Profile::Legacy, None));
    }

    #[test]
    fn a_changed_image_gets_a_user_where_root_is_forbidden_and_nobody_names_one() {
        let spec = json!({"containers": [{"name": "app"}], "securityContext": {"runAsNonRoot": true}});
        let options = DebugOptions { image: Some("busybox".into()), ..existing("app") };
        let chosen = chosen(&spec, Some(PodSecurity::Restricted), options);
        let custom = chosen.options.custom.unwrap();
        assert_eq!(custom["securityContext"]["runAsUser"], 65534);
    }
}
