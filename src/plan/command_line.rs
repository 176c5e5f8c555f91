//! The command that asks for the same, of `kubectl debug` or of a program with its flags; it never runs anything.

use serde_json::Value;

use super::flags::pair_word;
use super::pod::Pod;
use super::{CopyOptions, DebugOptions, Facts, Refusal, auto};

/// The words that run kubectl's own.
pub const KUBECTL_DEBUG: &str = "kubectl debug";

/// The command line that does what [`super::plan_for_pod`] plans, quoted for a POSIX shell; `program` are the words that
/// run a program with the flags of `kubectl debug`, quoted already.
///
/// A custom container comes through a pipe, on a descriptor of its own where kubectl's input is a terminal. What kubectl
/// has no flag for is left out: labels and annotations of a copy or a node debugger.
///
/// # Errors
/// As [`super::plan_for_pod`], for a pod that has no name or namespace.
pub fn debug_command_for_pod(
    program: &str,
    pod: &Value,
    facts: &Facts,
    options: &DebugOptions,
) -> Result<String, Refusal> {
    let pod = Pod::read(pod)?;
    let chosen = auto::for_pod(pod, *facts, options);
    Ok(command(program, pod.namespace, pod.name, &chosen.options))
}

/// The command line that does what [`super::plan_for_node`] plans, as [`debug_command_for_pod`].
pub fn debug_command_for_node(
    program: &str,
    node: &Value,
    namespace: &str,
    facts: &Facts,
    options: &DebugOptions,
) -> String {
    let chosen = auto::for_node(node, *facts, options);
    let name = node["metadata"]["name"].as_str().unwrap_or_default();
    let options = DebugOptions { copy: None, target: None, ..chosen.options };
    command(program, namespace, &format!("node/{name}"), &options)
}

fn command(program: &str, namespace: &str, resource: &str, options: &DebugOptions) -> String {
    let mut words = vec![program.to_owned()];
    words.extend(["-n", namespace, resource].map(quoted));
    match (options.stdin, options.tty) {
        (true, true) => words.push("-it".into()),
        (true, false) => words.push("-i".into()),
        (false, true) => words.push("-t".into()),
        (false, false) => {}
    }
    let mut flag = |name: &str, value: &str| words.push(quoted(&format!("--{name}={value}")));
    if let Some(attach) = options.attach {
        flag("attach", &attach.to_string());
    }
    if let Some(image) = options.image() {
        flag("image", image);
    }
    if let Some(policy) = options.pull_policy {
        flag("image-pull-policy", policy.as_str());
    }
    if let Some(container) = options.container() {
        flag("container", container);
    }
    if let Some(target) = options.target() {
        flag("target", target);
    }
    // Always said: kubectl's default has changed over its versions.
    flag("profile", options.profile.as_str());
    for (name, value) in &options.env {
        flag("env", &pair_word(name, value));
    }
    if let Some(copy) = &options.copy {
        copy_flags(copy, &mut flag);
    }
    let custom = options.custom.as_ref().filter(|custom| custom.as_object().is_some_and(|o| !o.is_empty()));
    if custom.is_some() {
        words.push(if options.stdin { "--custom=/dev/fd/3" } else { "--custom=/dev/stdin" }.to_owned());
    }
    if !options.command.is_empty() {
        if options.arguments_only {
            words.push("--arguments-only".into());
        }
        words.push("--".into());
        words.extend(options.command.iter().map(|word| quoted(word)));
    }
    let command = words.join(" ");
    match custom {
        // What kubectl reads from the person stays the terminal: a pipe there would take the debugger's input.
        Some(custom) if options.stdin => {
            format!("printf %s {} | {command} 3<&0 </dev/tty", quoted(&custom.to_string()))
        }
        Some(custom) => format!("printf %s {} | {command}", quoted(&custom.to_string())),
        None => command,
    }
}

fn copy_flags(copy: &CopyOptions, flag: &mut impl FnMut(&str, &str)) {
    flag("copy-to", &copy.name);
    for (container, image) in &copy.set_image {
        flag("set-image", &pair_word(container, image));
    }
    if let Some(share) = copy.share_processes {
        flag("share-processes", &share.to_string());
    }
    for (name, on) in [
        ("replace", copy.replace),
        ("same-node", copy.same_node),
        ("keep-labels", copy.keep_labels),
        ("keep-annotations", copy.keep_annotations),
        ("keep-liveness", copy.keep_liveness),
        ("keep-readiness", copy.keep_readiness),
        ("keep-startup", copy.keep_startup),
    ] {
        if on {
            flag(name, "true");
        }
    }
    if !copy.keep_init_containers {
        flag("keep-init-containers", "false");
    }
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@,+%".contains(&b);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{PodSecurity, Profile};

    fn pod() -> Value {
        json!({
            "metadata": {"name": "api-1", "namespace": "prod"},
            "spec": {"containers": [{"name": "app"}]},
            "status": {"containerStatuses": [{"name": "app", "user": {"linux": {"uid": 7, "gid": 8}}}]},
        })
    }

    #[test]
    fn every_choice_has_its_flag() {
        let options = DebugOptions {
            image: Some("busybox:stable".into()),
            container: Some("d".into()),
            target: Some("app".into()),
            profile: Profile::General,
            command: vec!["sh".into(), "-c".into(), "echo it's $HOME".into()],
            env: vec![("A".into(), "x y".into()), ("B".into(), "p=q".into())],
            stdin: true,
            tty: true,
            ..DebugOptions::default()
        };
        assert_eq!(
            debug_command_for_pod(KUBECTL_DEBUG, &pod(), &Facts::default(), &options).unwrap(),
            "kubectl debug -n prod api-1 -it --image=busybox:stable --container=d --target=app --profile=general \
             '--env=A=x y' '--env=\"B=p=q\"' -- sh -c 'echo it'\\''s $HOME'"
        );
    }

    #[test]
    fn a_copy_has_its_flags() {
        let copy = CopyOptions {
            set_image: vec![("*".into(), "a:1".into())],
            share_processes: Some(true),
            same_node: true,
            keep_init_containers: false,
            ..CopyOptions::named("c")
        };
        let options = DebugOptions { profile: Profile::Legacy, copy: Some(copy), ..DebugOptions::default() };
        assert_eq!(
            debug_command_for_pod(KUBECTL_DEBUG, &pod(), &Facts::default(), &options).unwrap(),
            "kubectl debug -n prod api-1 --profile=legacy --copy-to=c '--set-image=*=a:1' --share-processes=true \
             --same-node=true --keep-init-containers=false"
        );
    }

    #[test]
    fn what_auto_chose_is_said_in_kubectls_words() {
        let options = DebugOptions { image: Some("busybox".into()), ..DebugOptions::default() };
        let facts = Facts { enforce: Some(PodSecurity::Restricted), ..Facts::default() };
        assert_eq!(
            debug_command_for_pod(KUBECTL_DEBUG, &pod(), &facts, &options).unwrap(),
            r#"printf %s '{"securityContext":{"runAsUser":7,"runAsGroup":8}}' | kubectl debug -n prod api-1 --image=busybox --profile=restricted --custom=/dev/stdin"#
        );
        let interactive = DebugOptions { stdin: true, tty: true, command: vec!["sh".into()], ..options };
        assert_eq!(
            debug_command_for_pod(KUBECTL_DEBUG, &pod(), &facts, &interactive).unwrap(),
            r#"printf %s '{"securityContext":{"runAsUser":7,"runAsGroup":8}}' | kubectl debug -n prod api-1 -it --image=busybox --profile=restricted --custom=/dev/fd/3 -- sh 3<&0 </dev/tty"#
        );
    }

    #[test]
    fn a_node_takes_no_target() {
        let node = json!({"metadata": {"name": "n1"}});
        let options = DebugOptions {
            image: Some("busybox".into()),
            target: Some("x".into()),
            profile: Profile::Sysadmin,
            ..DebugOptions::default()
        };
        assert_eq!(
            debug_command_for_node(KUBECTL_DEBUG, &node, "ops", &Facts::default(), &options),
            "kubectl debug -n ops node/n1 --image=busybox --profile=sysadmin"
        );
    }
}
