//! `--profile=auto`: the strongest profile that will be admitted and will work, chosen from the facts, with its
//! reasons. It only ever chooses what flags of `kubectl debug` could have said.

mod user;

use serde_json::Value;

use super::copy::{Place, place};
use super::pod::{Kind, Object, Pod};
use super::{CopyOptions, DebugOptions, Facts, Plan, PodSecurity, Profile, Refusal, custom};
use user::Situation;

/// The person's choices with `auto` replaced by what it stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen {
    pub(super) options: DebugOptions,
    pub(super) reasons: Vec<String>,
}

/// Another way that may be admitted where a plan was refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// The profile it takes.
    pub profile: Profile,
    /// Why it may be admitted, and what it can and cannot do.
    pub reason: String,
    /// The choices to plan with; their profile is [`Alternative::profile`].
    pub options: DebugOptions,
}

/// The ways that are left for a debugger in this pod (or a copy of it) after the server refused `refused` by policy:
/// weaker profiles, the strongest first. Empty when the weakest was refused.
pub fn alternatives_for_pod(
    pod: &Value,
    facts: &Facts,
    options: &DebugOptions,
    refused: &Plan,
) -> Result<Vec<Alternative>, Refusal> {
    let pod = Pod::read(pod)?;
    Ok(weaker(
        *facts,
        options,
        refused.profile,
        |facts, options| for_pod(pod, facts, options),
    ))
}

/// The ways that are left for a debugger on this node, as [`alternatives_for_pod`].
pub fn alternatives_for_node(
    node: &Value,
    facts: &Facts,
    options: &DebugOptions,
    refused: &Plan,
) -> Vec<Alternative> {
    weaker(*facts, options, refused.profile, |facts, options| {
        for_node(node, facts, options)
    })
}

fn weaker(
    facts: Facts,
    options: &DebugOptions,
    refused: Profile,
    choose: impl Fn(Facts, &DebugOptions) -> Chosen,
) -> Vec<Alternative> {
    let below = match refused {
        Profile::Restricted => None,
        Profile::Baseline | Profile::Legacy => Some(PodSecurity::Restricted),
        Profile::Auto | Profile::General | Profile::Netadmin | Profile::Sysadmin => {
            Some(PodSecurity::Baseline)
        }
    };
    let floor = below.max(facts.enforce);
    let auto = DebugOptions {
        profile: Profile::Auto,
        ..options.clone()
    };
    let mut alternatives: Vec<Alternative> = Vec::new();
    for level in [PodSecurity::Baseline, PodSecurity::Restricted] {
        if below.is_none() || Some(level) < floor {
            continue;
        }
        let chosen = choose(
            Facts {
                enforce: Some(level),
            },
            &auto,
        );
        let profile = chosen.options.profile;
        if profile != refused && alternatives.iter().all(|known| known.profile != profile) {
            let reason = format!("{}; {}", admitted_where(level), chosen.reasons.join("; "));
            alternatives.push(Alternative {
                profile,
                reason,
                options: chosen.options,
            });
        }
    }
    alternatives
}

fn admitted_where(level: PodSecurity) -> &'static str {
    match level {
        PodSecurity::Privileged => "admitted where nothing is forbidden",
        PodSecurity::Baseline => "admitted where the Pod Security level baseline is enforced",
        PodSecurity::Restricted => "admitted under every Pod Security level",
    }
}

/// Chooses for a pod or its copy; choices that name a profile come back as they are.
pub(super) fn for_pod(pod: Pod<'_>, facts: Facts, options: &DebugOptions) -> Chosen {
    let mut chosen = Chosen {
        options: options.clone(),
        reasons: Vec::new(),
    };
    if options.profile != Profile::Auto {
        return chosen;
    }
    match &options.copy {
        None => {
            if pod.is_windows() {
                chosen.take(
                    Profile::Baseline,
                    "a Windows pod admits no Linux capabilities",
                );
            } else {
                new_container(
                    &mut chosen,
                    &pod,
                    facts,
                    options.target().or_else(|| pod.default_container()),
                );
                say_what_is_visible(&mut chosen, &pod);
            }
        }
        Some(copy) => for_copy(&mut chosen, &pod, facts, copy),
    }
    chosen
}

/// Chooses for a node.
pub(super) fn for_node(node: &Value, facts: Facts, options: &DebugOptions) -> Chosen {
    let mut chosen = Chosen {
        options: options.clone(),
        reasons: Vec::new(),
    };
    if options.profile != Profile::Auto {
        return chosen;
    }
    let is_windows = node["status"]["nodeInfo"]["operatingSystem"] == "windows"
        || node["metadata"]["labels"]["kubernetes.io/os"] == "windows";
    match facts.enforce.unwrap_or(PodSecurity::Privileged) {
        _ if is_windows => {
            chosen.take(Profile::Baseline, "a Windows node has no namespaces of its own to join and no root to mount");
        }
        PodSecurity::Privileged => chosen.take(
            Profile::Sysadmin,
            "only a privileged debugger can use what it sees of the node, and the namespace is not known to refuse it",
        ),
        PodSecurity::Baseline => chosen.take(
            Profile::Baseline,
            "the namespace enforces baseline, so the debugger is on the node but sees nothing of it; a namespace \
             that enforces nothing would allow more",
        ),
        PodSecurity::Restricted => {
            chosen.take(
                Profile::Restricted,
                "the namespace enforces restricted, so the debugger is on the node but sees nothing of it; a \
                 namespace that enforces nothing would allow more",
            );
            if !chosen.names_user() {
                let (context, reason) = user::nobody("no user is set");
                chosen.add_security(context);
                chosen.reasons.push(reason);
            }
        }
    }
    chosen
}

/// Chooses profile and user of a container that is added to the pod or to its copy.
fn new_container(chosen: &mut Chosen, pod: &Pod<'_>, facts: Facts, subject: Option<&str>) {
    let level = facts.enforce.unwrap_or(PodSecurity::Privileged);
    match level {
        PodSecurity::Privileged => {
            let why = match facts.enforce {
                Some(_) => "the namespace forbids nothing",
                None => "the namespace is not known to enforce a Pod Security level",
            };
            chosen.take(
                Profile::General,
                &format!(
                    "{why}, so the debugger gets SYS_PTRACE and can look into every process it sees"
                ),
            );
        }
        PodSecurity::Baseline => {
            chosen.take(
                Profile::Baseline,
                "the namespace enforces baseline, which refuses SYS_PTRACE",
            );
        }
        PodSecurity::Restricted => {
            chosen.take(
                Profile::Restricted,
                "the namespace enforces restricted, which admits nothing stronger",
            );
        }
    }
    if chosen.names_user() {
        chosen
            .reasons
            .push("the user is the one that the custom container names".into());
        return;
    }
    if let Some((context, reason)) = Situation::of(pod, subject).choose(level) {
        chosen.add_security(context);
        chosen.reasons.push(reason);
    }
}

fn for_copy(chosen: &mut Chosen, pod: &Pod<'_>, facts: Facts, copy: &CopyOptions) {
    let place = place(pod, &chosen.options);
    if pod.is_windows() && place != Place::None {
        chosen.take(
            Profile::Legacy,
            "for the copy of a Windows pod the other profiles set what Windows does not have",
        );
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
    chosen.reasons.push(
        "the copy is a new pod: what the original wrote into its own files is not in it".into(),
    );
    if copy.share_processes.is_none() {
        if pod.uses_host_pids() {
            if let Some(copy) = &mut chosen.options.copy {
                copy.share_processes = Some(false);
            }
            chosen.reasons.push(
                "processes are not shared: the pod uses the node's process IDs, so all are visible anyway".into(),
            );
        } else if pod.shares_processes() == Some(false) {
            chosen.reasons.push(
                "processes are not shared, because the pod says so itself (share processes changes that)".into(),
            );
        } else {
            chosen
                .reasons
                .push("processes are shared, so the debugger sees those of every container".into());
        }
    }
}

/// Chooses for a container of the copy that is there already: what it needs to run and be admitted is kept.
fn existing_container(chosen: &mut Chosen, pod: &Pod<'_>, facts: Facts, kind: Kind, name: &str) {
    let level = facts.enforce.unwrap_or(PodSecurity::Privileged);
    if level == PodSecurity::Privileged {
        chosen.take(
            Profile::General,
            &format!(
                "SYS_PTRACE is added to {name}, which otherwise keeps its own security settings"
            ),
        );
        return;
    }
    if kind == Kind::Init {
        // Nothing custom can be merged into an init container, so its settings survive only untouched.
        chosen.take(
            Profile::Legacy,
            &format!("the namespace enforces {level}, and only this leaves {name} as it is"),
        );
        return;
    }
    let profile = if level == PodSecurity::Baseline {
        Profile::Baseline
    } else {
        Profile::Restricted
    };
    chosen.take(
        profile,
        &format!("the namespace enforces {level}, and {name} keeps its own security settings, which were admitted"),
    );
    let mut context = pod
        .find(name)
        .and_then(|(_, container)| container.get("securityContext")?.as_object())
        .cloned()
        .unwrap_or_default();
    let situation = Situation::of(pod, Some(name));
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

fn say_what_is_visible(chosen: &mut Chosen, pod: &Pod<'_>) {
    let reason = if pod.uses_host_pids() {
        "the pod uses the node's process IDs, so every process of the node is visible, with or without a target"
    } else if pod.shares_processes() == Some(true) {
        "the pod's containers share their processes, so all are visible, with or without a target; PID 1 is the \
         pause process"
    } else if chosen.options.target().is_none() {
        "there is no target, so the debugger sees the pod's network but only its own processes"
    } else {
        return;
    };
    chosen.reasons.push(reason.into());
}

impl Chosen {
    fn take(&mut self, profile: Profile, reason: &str) {
        self.options.profile = profile;
        self.reasons.push(format!("profile {profile}: {reason}"));
    }

    /// Whether the person's own custom container says who the debugger is.
    fn names_user(&self) -> bool {
        self.options
            .custom
            .as_ref()
            .is_some_and(|custom| custom["securityContext"]["runAsUser"].is_i64())
    }

    /// Puts this under the person's own custom container, which wins.
    fn add_security(&mut self, context: Object) {
        if context.is_empty() {
            return;
        }
        let mut custom = Object::new();
        custom.insert("securityContext".into(), context.into());
        if let Some(own) = self.options.custom.as_ref().and_then(Value::as_object) {
            custom::merge(&mut custom, own);
        }
        self.options.custom = Some(custom.into());
    }
}
