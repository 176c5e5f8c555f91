//! What taking a way out of a problem starts instead; it starts nothing itself.

use std::sync::Arc;

use serde_json::{Value, json};

use super::message::{Start, Target};
use crate::cluster::{PodKey, Way};
use crate::plan::{CopyOptions, DebugOptions, Profile, PullPolicy};

/// What a way comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// This is started.
    Start(Start),
    /// The person has to say something first: a form for this pod, with these choices filled in.
    Form(PodKey, Box<DebugOptions>),
    /// The same for a debugger on this node, in this namespace.
    NodeForm(Arc<str>, Arc<str>, Box<DebugOptions>),
}

/// What a one-key action would start with; what a way needs beyond the start that went wrong.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// The choices of an ephemeral debugger.
    pub options: DebugOptions,
    /// The choices of a copy; `None` where there is no pod to copy.
    pub copy: Option<CopyOptions>,
}

/// Takes `way` out of what `start` came to. Every choice that the way does not name stays as it was; a name that the
/// server has taken already is not asked for again (`accepted`).
pub fn take(start: &Start, way: &Way, accepted: bool, defaults: &Defaults) -> Taken {
    match way {
        Way::Attach(container) => return Taken::Start(Start::Attach { container: container.clone() }),
        Way::Shell(container) => return Taken::Start(Start::Shell { container: container.clone() }),
        Way::Logs { container, previous } => {
            return Taken::Start(Start::Logs { container: container.clone(), previous: *previous });
        }
        Way::Again if !matches!(start, Start::Debug { .. }) => return Taken::Start(start.clone()),
        _ => {}
    }
    if let Start::NodeDebug { node, namespace, options } = start {
        return take_for_node((node, namespace), options, way);
    }
    let Some((pod, mut target, mut options)) = debugger(start, defaults) else { return Taken::Start(start.clone()) };
    if accepted {
        options.container = None;
        if let Some(copy) = &mut options.copy {
            copy.name.clear();
        }
    }
    match way {
        Way::Image(None) => return Taken::Form(pod, Box::new(options)),
        Way::Image(Some(image)) => with_image(&mut options, image),
        Way::Profile(profile) => options.profile = *profile,
        Way::ProfileWith { profile, custom } => with_profile(&mut options, *profile, custom),
        Way::User { uid, gid } => with_user(&mut options, *uid, *gid),
        Way::Copy => {
            if options.copy.is_none() {
                options.copy.clone_from(&defaults.copy);
            }
            (options.target, target) = (None, Target::AsGiven);
        }
        Way::WithoutTarget => (options.copy, options.target, target) = (None, None, Target::AsGiven),
        Way::Target(name) => {
            (options.copy, options.target, target) = (None, Some(name.to_string()), Target::AsGiven);
        }
        Way::Again | Way::Attach(_) | Way::Shell(_) | Way::Logs { .. } => {}
    }
    Taken::Start(Start::Debug { pod, target, options: Box::new(options) })
}

fn with_profile(options: &mut DebugOptions, profile: Profile, custom: &Value) {
    options.profile = profile;
    options.custom = Some(below(options.custom.take(), custom.clone()));
}

fn with_user(options: &mut DebugOptions, uid: u32, gid: u32) {
    let mut context = json!({ "runAsUser": uid, "runAsGroup": gid });
    if uid == 0 {
        context["runAsNonRoot"] = false.into();
    }
    options.custom = Some(below(Some(json!({ "securityContext": context })), options.custom.take()));
}

fn with_image(options: &mut DebugOptions, image: &str) {
    options.image = Some(image.to_owned());
    // An image that is on the node starts without its registry only if nobody insists on asking there.
    if options.pull_policy != Some(PullPolicy::Never) {
        options.pull_policy = Some(PullPolicy::IfNotPresent);
    }
}

/// A node debugger's pod is always a new one: of the ways, those that change what runs in it mean something.
fn take_for_node((node, namespace): (&Arc<str>, &Arc<str>), options: &DebugOptions, way: &Way) -> Taken {
    let mut options = options.clone();
    match way {
        Way::Image(None) => return Taken::NodeForm(Arc::clone(node), Arc::clone(namespace), Box::new(options)),
        Way::Image(Some(image)) => with_image(&mut options, image),
        Way::Profile(profile) => options.profile = *profile,
        Way::ProfileWith { profile, custom } => with_profile(&mut options, *profile, custom),
        Way::User { uid, gid } => with_user(&mut options, *uid, *gid),
        _ => {}
    }
    let options = Box::new(options);
    Taken::Start(Start::NodeDebug { node: Arc::clone(node), namespace: Arc::clone(namespace), options })
}

/// The debugger that was to start, or the one that would be started beside what was to be opened; `None` for a node.
fn debugger(start: &Start, defaults: &Defaults) -> Option<(PodKey, Target, DebugOptions)> {
    Some(match start {
        Start::NodeDebug { .. } => return None,
        Start::Debug { pod, target, options } => (pod.clone(), target.clone(), (**options).clone()),
        Start::Attach { container } | Start::Shell { container } | Start::Logs { container, .. } => {
            let target = Some(container.container.to_string());
            (container.pod.clone(), Target::AsGiven, DebugOptions { target, ..defaults.options.clone() })
        }
    })
}

/// Lays the partial container `over` on `under`, object by object.
fn below(over: Option<Value>, under: impl Into<Option<Value>>) -> Value {
    let mut merged = under.into().unwrap_or_else(|| json!({}));
    lay(&mut merged, over.unwrap_or_else(|| json!({})));
    merged
}

fn lay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (field, value) in over {
                lay(under.entry(field).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ContainerKey;
    use crate::plan::Profile;

    fn defaults() -> Defaults {
        Defaults {
            options: DebugOptions { image: Some("busybox".into()), stdin: true, tty: true, ..DebugOptions::default() },
            copy: Some(CopyOptions::named("")),
        }
    }

    fn pod() -> PodKey {
        PodKey { namespace: "n".into(), name: "p".into() }
    }

    fn start() -> Start {
        let options = DebugOptions {
            image: Some("nosuch:1".into()),
            container: Some("mine".into()),
            target: Some("app".into()),
            profile: Profile::General,
            env: vec![("A".into(), "1".into())],
            custom: Some(json!({"workingDir": "/tmp", "securityContext": {"runAsUser": 7}})),
            ..DebugOptions::default()
        };
        Start::Debug { pod: pod(), target: Target::AsGiven, options: Box::new(options) }
    }

    /// What is started, and where it differs from what was to be.
    fn options(start: &Start, way: &Way) -> DebugOptions {
        match take(start, way, true, &defaults()) {
            Taken::Start(Start::Debug { options, pod: other, .. }) if other == pod() => *options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_way_changes_what_it_names_and_keeps_the_rest() {
        let Start::Debug { options: before, .. } = start() else { unreachable!() };
        let kept = DebugOptions { container: None, ..*before };
        for (way, expected) in [
            (Way::Again, kept.clone()),
            (
                Way::Image(Some("busybox:1".into())),
                DebugOptions {
                    image: Some("busybox:1".into()),
                    pull_policy: Some(PullPolicy::IfNotPresent),
                    ..kept.clone()
                },
            ),
            (Way::Profile(Profile::Baseline), DebugOptions { profile: Profile::Baseline, ..kept.clone() }),
            (
                Way::ProfileWith {
                    profile: Profile::Restricted,
                    custom: json!({"securityContext": {"runAsUser": 1, "runAsGroup": 2}}),
                },
                DebugOptions {
                    profile: Profile::Restricted,
                    // What the person said themselves stays above.
                    custom: Some(json!({"workingDir": "/tmp", "securityContext": {"runAsUser": 7, "runAsGroup": 2}})),
                    ..kept.clone()
                },
            ),
            (
                Way::User { uid: 0, gid: 5 },
                DebugOptions {
                    custom: Some(json!({
                        "workingDir": "/tmp",
                        "securityContext": {"runAsUser": 0, "runAsGroup": 5, "runAsNonRoot": false},
                    })),
                    ..kept.clone()
                },
            ),
            (Way::WithoutTarget, DebugOptions { target: None, ..kept.clone() }),
            (Way::Target("side".into()), DebugOptions { target: Some("side".into()), ..kept.clone() }),
            (Way::Copy, DebugOptions { target: None, copy: Some(CopyOptions::named("")), ..kept.clone() }),
        ] {
            assert_eq!(options(&start(), &way), expected, "{way:?}");
        }
    }

    #[test]
    fn a_name_stays_while_the_server_has_not_taken_it() {
        let Taken::Start(Start::Debug { options, .. }) = take(&start(), &Way::Again, false, &defaults()) else {
            panic!("nothing starts")
        };
        assert_eq!(options.container.as_deref(), Some("mine"));
    }

    #[test]
    fn a_copy_gets_another_name_and_stays_a_copy() {
        let copy = CopyOptions { keep_labels: true, ..CopyOptions::named("p-2") };
        let given = DebugOptions { copy: Some(copy), ..DebugOptions::default() };
        let start = Start::Debug { pod: pod(), target: Target::AsGiven, options: Box::new(given) };
        let again = options(&start, &Way::Copy).copy.unwrap();
        assert_eq!((again.name.as_str(), again.keep_labels), ("", true));
    }

    #[test]
    fn beside_a_shell_a_debugger_has_the_defaults_and_the_container_for_a_target() {
        let container = ContainerKey { pod: pod(), container: "app".into() };
        let shell = Start::Shell { container: container.clone() };
        let given = options(&shell, &Way::Profile(Profile::Restricted));
        assert_eq!((given.target.as_deref(), given.image.as_deref()), (Some("app"), Some("busybox")));
        let log = Way::Logs { container: container.clone(), previous: true };
        assert_eq!(take(&shell, &log, true, &defaults()), Taken::Start(Start::Logs { container, previous: true }));
        assert_eq!(take(&shell, &Way::Again, true, &defaults()), Taken::Start(shell));
    }

    #[test]
    fn a_node_debugger_takes_the_ways_that_change_what_runs_in_it() {
        let given = DebugOptions { profile: Profile::Sysadmin, ..DebugOptions::default() };
        let (node, namespace): (Arc<str>, Arc<str>) = ("n1".into(), "ops".into());
        let start = Start::NodeDebug { node, namespace, options: Box::new(given.clone()) };
        let custom = json!({"securityContext": {"runAsUser": 65534, "runAsGroup": 65534}});
        for (way, expected) in [
            (Way::Again, given.clone()),
            (Way::Profile(Profile::Baseline), DebugOptions { profile: Profile::Baseline, ..given.clone() }),
            (Way::User { uid: 65534, gid: 65534 }, DebugOptions { custom: Some(custom.clone()), ..given.clone() }),
            (
                Way::ProfileWith { profile: Profile::Restricted, custom: custom.clone() },
                DebugOptions { profile: Profile::Restricted, custom: Some(custom), ..given },
            ),
        ] {
            let Taken::Start(Start::NodeDebug { options, .. }) = take(&start, &way, true, &defaults()) else {
                panic!("{way:?} leaves the node")
            };
            assert_eq!(*options, expected, "{way:?}");
        }
    }

    #[test]
    fn an_image_that_nobody_knows_is_asked_for() {
        assert!(matches!(take(&start(), &Way::Image(None), true, &defaults()), Taken::Form(..)));
    }
}
