//! What taking a way out of a problem starts instead; it starts nothing itself.

use std::sync::Arc;

use serde_json::{Value, json};

use super::message::{Start, Target};
use crate::cluster::{ContainerKey, PodKey, Way};
use crate::plan::{CopyOptions, DebugOptions, Profile, PullPolicy};

/// What a way comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// This is started.
    Start(Start),
    /// The log of this container, or of its previous life, is read.
    Log(ContainerKey, bool),
    /// The person has to say something first: a form for this pod, with these choices filled in.
    Form(PodKey, Target, Box<DebugOptions>, About),
    /// The same for a debugger on this node, in this namespace.
    NodeForm(Arc<str>, Arc<str>, Box<DebugOptions>, About),
}

/// What a form is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Another image.
    Image,
    /// Another namespace.
    Namespace,
    /// Whatever is in the way.
    Anything,
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
            return Taken::Log(container.clone(), *previous);
        }
        Way::Again if !matches!(start, Start::Debug { .. }) => return Taken::Start(start.clone()),
        _ => {}
    }
    if let Start::NodeDebug { node, namespace, options } = start {
        return take_for_node((node, namespace), options, way);
    }
    let Some((pod, mut target, mut options)) = debugger(start, defaults) else { return Taken::Start(start.clone()) };
    if accepted {
        match &mut options.copy {
            // Its container may be one that the pod has: it is changed in the next copy too.
            Some(copy) => copy.name.clear(),
            None => options.container = None,
        }
    }
    let form = |pod, target, options, about| Taken::Form(pod, target, Box::new(options), about);
    match way {
        Way::Image(None) => return form(pod, target, options, About::Image),
        Way::Form | Way::Namespace(_) => return form(pod, target, options, About::Anything),
        Way::Renamed => {
            if let Some(copy) = &mut options.copy {
                copy.name.clear();
            }
        }
        Way::Pod(other) => {
            let options = Box::new(options);
            return Taken::Start(Start::Debug { pod: other.clone(), target, options });
        }
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
        Way::WithoutTarget => {
            into_the_pod(&mut options, defaults);
            (options.target, target) = (None, Target::AsGiven);
        }
        Way::Target(name) => {
            into_the_pod(&mut options, defaults);
            (options.target, target) = (Some(name.to_string()), Target::AsGiven);
        }
        Way::Again | Way::Attach(_) | Way::Shell(_) | Way::Logs { .. } => {}
    }
    Taken::Start(Start::Debug { pod, target, options: Box::new(options) })
}

/// From a copy to an ephemeral debugger, which is always a new container and needs an image.
fn into_the_pod(options: &mut DebugOptions, defaults: &Defaults) {
    if options.copy.take().is_some() {
        options.container = None;
        options.image = options.image.take().or_else(|| defaults.options.image.clone());
    }
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
    match set_image_of(options) {
        Some(set) => image.clone_into(set),
        None => options.image = Some(image.to_owned()),
    }
    // An image that is on the node starts without its registry only if nobody insists on asking there.
    if options.pull_policy != Some(PullPolicy::Never) {
        options.pull_policy = Some(PullPolicy::IfNotPresent);
    }
}

/// The image that a copy sets for the container that becomes its debugger, where that is what it runs.
fn set_image_of(options: &mut DebugOptions) -> Option<&mut String> {
    let (None, Some(name), Some(copy)) = (&options.image, &options.container, &mut options.copy) else { return None };
    let named = |wanted: &str| copy.set_image.iter().rposition(|(container, _)| container == wanted);
    let at = match (named(name), named("*")) {
        (Some(at), _) => at,
        // The others keep the image for all.
        (None, Some(all)) => {
            let image = copy.set_image[all].1.clone();
            copy.set_image.push((name.clone(), image));
            copy.set_image.len() - 1
        }
        (None, None) => return None,
    };
    copy.set_image.get_mut(at).map(|(_, image)| image)
}

/// A node debugger's pod is always a new one: of the ways, those that change what runs in it mean something.
fn take_for_node((node, namespace): (&Arc<str>, &Arc<str>), options: &DebugOptions, way: &Way) -> Taken {
    let mut options = options.clone();
    let mut namespace = Arc::clone(namespace);
    let form = |options, about| Taken::NodeForm(Arc::clone(node), Arc::clone(&namespace), Box::new(options), about);
    match way {
        Way::Image(None) => return form(options, About::Image),
        Way::Form => return form(options, About::Anything),
        Way::Namespace(None) => return form(options, About::Namespace),
        Way::Namespace(Some(other)) => namespace = Arc::clone(other),
        Way::Image(Some(image)) => with_image(&mut options, image),
        Way::Profile(profile) => options.profile = *profile,
        Way::ProfileWith { profile, custom } => with_profile(&mut options, *profile, custom),
        Way::User { uid, gid } => with_user(&mut options, *uid, *gid),
        _ => {}
    }
    let options = Box::new(options);
    Taken::Start(Start::NodeDebug { node: Arc::clone(node), namespace, options })
}

/// The debugger that was to start, or the one that would be started beside what was to be opened; `None` for a node.
fn debugger(start: &Start, defaults: &Defaults) -> Option<(PodKey, Target, DebugOptions)> {
    Some(match start {
        Start::NodeDebug { .. } => return None,
        Start::Debug { pod, target, options } => (pod.clone(), target.clone(), (**options).clone()),
        Start::Attach { container } | Start::Shell { container } => {
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
        assert_eq!(take(&shell, &log, true, &defaults()), Taken::Log(container, true));
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
        let taken = take(&start(), &Way::Image(None), true, &defaults());
        assert!(matches!(taken, Taken::Form(_, Target::AsGiven, _, About::Image)), "{taken:?}");
        assert!(matches!(take(&start(), &Way::Form, true, &defaults()), Taken::Form(..)));
    }

    #[test]
    fn the_container_that_a_copy_changes_stays_and_its_bad_image_goes() {
        let copy = CopyOptions {
            set_image: vec![("side".into(), "side:2".into()), ("app".into(), "nosuch:1".into())],
            ..CopyOptions::named("p-2")
        };
        let given = DebugOptions {
            container: Some("app".into()),
            command: vec!["sh".into()],
            copy: Some(copy),
            ..DebugOptions::default()
        };
        let start = |options| Start::Debug { pod: pod(), target: Target::AsGiven, options: Box::new(options) };
        let with = |given: &DebugOptions| options(&start(given.clone()), &Way::Image(Some("busybox:1".into())));
        let taken = with(&given);
        let set = &taken.copy.as_ref().unwrap().set_image;
        assert_eq!((taken.container.as_deref(), &taken.image), (Some("app"), &None));
        assert_eq!(set, &[("side".to_owned(), "side:2".to_owned()), ("app".to_owned(), "busybox:1".to_owned())]);
        // An image for all stays with the others; --image itself is what runs, where it was said.
        let all = CopyOptions { set_image: vec![("*".into(), "nosuch:1".into())], ..CopyOptions::named("") };
        let taken = with(&DebugOptions { copy: Some(all.clone()), ..given.clone() });
        assert_eq!(taken.copy.unwrap().set_image[1], ("app".to_owned(), "busybox:1".to_owned()));
        let taken = with(&DebugOptions { copy: Some(all), image: Some("nosuch:1".into()), ..given.clone() });
        assert_eq!(taken.image.as_deref(), Some("busybox:1"));
        // In the pod itself a debugger is a new container, with an image.
        let beside = options(&start(given.clone()), &Way::Target("app".into()));
        assert_eq!((beside.container, beside.image.as_deref()), (None, Some("busybox")));
        let renamed = options(&start(given), &Way::Renamed);
        assert_eq!(renamed.copy.map(|copy| copy.name).as_deref(), Some(""));
    }

    #[test]
    fn a_node_debugger_goes_to_another_namespace() {
        let options = Box::new(DebugOptions::default());
        let start = Start::NodeDebug { node: "n1".into(), namespace: "ops".into(), options };
        let taken = take(&start, &Way::Namespace(Some("tools".into())), false, &defaults());
        assert!(
            matches!(&taken, Taken::Start(Start::NodeDebug { namespace, .. }) if &**namespace == "tools"),
            "{taken:?}"
        );
        let taken = take(&start, &Way::Namespace(None), false, &defaults());
        assert!(matches!(taken, Taken::NodeForm(_, _, _, About::Namespace)), "{taken:?}");
    }
}
