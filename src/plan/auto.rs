//! `--profile=auto`: the strongest profile that will be admitted and will work, chosen from the facts, with its
//! reasons. It only ever chooses what flags of `kubectl debug` could have said.

mod alternatives;
mod copy;
mod node;
mod user;

use serde_json::Value;

use super::pod::{Object, Pod};
use super::{DebugOptions, Facts, PodSecurity, Profile, custom};
pub use alternatives::{Alternative, alternatives_for_node, alternatives_for_pod};
use copy::for_copy;
pub(super) use node::for_node;
use user::Situation;

/// The person's choices with `auto` replaced by what it stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chosen {
    pub(super) options: DebugOptions,
    pub(super) reasons: Vec<String>,
}

/// Chooses for a pod or its copy; choices that name a profile come back as they are.
pub(super) fn for_pod(pod: Pod<'_>, facts: Facts, options: &DebugOptions) -> Chosen {
    let mut chosen = Chosen { options: options.clone(), reasons: Vec::new() };
    if options.profile != Profile::Auto {
        return chosen;
    }
    match &options.copy {
        None => {
            if pod.is_windows() {
                chosen.take(Profile::Baseline, "a Windows pod admits no Linux capabilities");
            } else {
                new_container(&mut chosen, &pod, facts, options.target().or_else(|| pod.default_container()));
                say_what_is_visible(&mut chosen, &pod);
            }
        }
        Some(copy) => for_copy(&mut chosen, &pod, facts, copy),
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
                None if facts.labels_are_known => "the namespace enforces no Pod Security level",
                None => "whether the namespace enforces a Pod Security level is not known (its labels may not be read)",
            };
            chosen.take(
                Profile::General,
                &format!("{why}, so the debugger gets SYS_PTRACE and can look into every process it sees"),
            );
        }
        PodSecurity::Baseline => {
            chosen.take(Profile::Baseline, "the namespace enforces baseline, which refuses SYS_PTRACE");
        }
        PodSecurity::Restricted => {
            chosen.take(Profile::Restricted, "the namespace enforces restricted, which admits nothing stronger");
        }
    }
    if chosen.names_user() {
        chosen.reasons.push("the user is the one that the custom container names".into());
        return;
    }
    if let Some((context, reason)) = Situation::of(pod, subject, facts.seen).choose(level) {
        chosen.add_security(context);
        chosen.reasons.push(reason);
    }
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
        self.options.custom.as_ref().is_some_and(|custom| custom["securityContext"]["runAsUser"].is_i64())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A pod with one container, `app`, that the kubelet saw as this user.
    fn pod(spec: &Value, user: &Value) -> Value {
        let mut pod = json!({
            "metadata": {"name": "p", "namespace": "n"},
            "spec": {"containers": [{"name": "app"}]},
            "status": {"containerStatuses": [{"name": "app", "user": {"linux": user}}]},
        });
        for (field, value) in spec.as_object().into_iter().flatten() {
            pod["spec"][field] = value.clone();
        }
        pod
    }

    fn chosen(pod: &Value, enforce: Option<PodSecurity>) -> Chosen {
        let options =
            DebugOptions { image: Some("busybox".into()), target: Some("app".into()), ..DebugOptions::default() };
        for_pod(Pod::read(pod).unwrap(), Facts { enforce, ..Facts::default() }, &options)
    }

    fn context(chosen: &Chosen) -> Value {
        chosen.options.custom.as_ref().map_or(Value::Null, |custom| custom["securityContext"].clone())
    }

    #[test]
    fn profile_and_user_follow_the_facts() {
        use PodSecurity::{Baseline, Privileged, Restricted};
        let root = json!({"uid": 0, "gid": 0});
        let app = json!({"uid": 65532, "gid": 65532});
        let unknown = Value::Null;
        let plain = json!({});
        let as_user = json!({"securityContext": {"runAsUser": 1000}});
        let not_root = json!({"securityContext": {"runAsNonRoot": true}});
        let both = json!({"securityContext": {"runAsUser": 65532, "runAsNonRoot": true}});
        let nobody = json!({"runAsUser": 65534, "runAsGroup": 65534});
        let same = json!({"runAsUser": 65532, "runAsGroup": 65532});
        for (spec, user, level, profile, security) in [
            (&plain, &root, None, Profile::General, Value::Null),
            (&plain, &app, None, Profile::General, Value::Null),
            (&as_user, &unknown, None, Profile::General, json!({"runAsUser": 0})),
            (&both, &app, Some(Privileged), Profile::General, json!({"runAsUser": 0, "runAsNonRoot": false})),
            (&not_root, &app, None, Profile::General, json!({"runAsUser": 0, "runAsNonRoot": false})),
            (&plain, &root, Some(Baseline), Profile::Baseline, json!({"runAsUser": 0, "runAsGroup": 0})),
            (&both, &app, Some(Baseline), Profile::Baseline, same.clone()),
            (&as_user, &unknown, Some(Baseline), Profile::Baseline, json!({"runAsUser": 1000})),
            (&plain, &unknown, Some(Baseline), Profile::Baseline, Value::Null),
            (&not_root, &unknown, Some(Baseline), Profile::Baseline, json!({"runAsUser": 0, "runAsNonRoot": false})),
            (&both, &app, Some(Restricted), Profile::Restricted, same.clone()),
            (&not_root, &unknown, Some(Restricted), Profile::Restricted, nobody.clone()),
            (&plain, &root, Some(Restricted), Profile::Restricted, nobody),
        ] {
            let what = format!("{spec} {user} {level:?}");
            let chosen = chosen(&pod(spec, user), level);
            assert_eq!(chosen.options.profile, profile, "{what}");
            assert_eq!(context(&chosen), security, "{what}");
            let says_user = chosen.reasons.iter().any(|reason| reason.starts_with("user "));
            assert_eq!(says_user, !security.is_null(), "{what}: {:?}", chosen.reasons);
        }
    }

    #[test]
    fn who_a_debugger_has_seen_outranks_the_spec_but_not_the_kubelet() {
        let as_user = json!({"securityContext": {"runAsUser": 65532, "runAsNonRoot": true}});
        let seen = Some(crate::plan::SeenUser { uid: 65532, gid: 7 });
        let facts = Facts { enforce: Some(PodSecurity::Restricted), seen, ..Facts::default() };
        let options = DebugOptions { target: Some("app".into()), ..DebugOptions::default() };
        let choose = |user: &Value| for_pod(Pod::read(&pod(&as_user, user)).unwrap(), facts, &options);
        let chosen = choose(&Value::Null);
        assert_eq!(context(&chosen), json!({"runAsUser": 65532, "runAsGroup": 7}));
        assert!(chosen.reasons.join("\n").contains("as seen by the debugger before"), "{:?}", chosen.reasons);
        assert_eq!(context(&choose(&json!({"uid": 1, "gid": 2}))), json!({"runAsUser": 1, "runAsGroup": 2}));
    }

    #[test]
    fn that_nothing_is_enforced_is_said_only_where_that_is_known() {
        let reasons = |facts: Facts| {
            let pod = pod(&json!({}), &Value::Null);
            for_pod(Pod::read(&pod).unwrap(), facts, &DebugOptions::default()).reasons.join("\n")
        };
        assert!(reasons(Facts { labels_are_known: true, ..Facts::default() }).contains("enforces no Pod Security"));
        assert!(reasons(Facts::default()).contains("is not known"));
    }

    #[test]
    fn a_profile_that_is_named_stays_as_it_is() {
        let options = DebugOptions { profile: Profile::Sysadmin, ..DebugOptions::default() };
        let pod = pod(&json!({"securityContext": {"runAsNonRoot": true}}), &Value::Null);
        let facts = Facts { enforce: Some(PodSecurity::Restricted), ..Facts::default() };
        let chosen = for_pod(Pod::read(&pod).unwrap(), facts, &options);
        assert_eq!((chosen.options, chosen.reasons.len()), (options, 0));
    }

    #[test]
    fn the_persons_own_custom_container_wins() {
        let pod = pod(&json!({"securityContext": {"runAsUser": 5}}), &json!({"uid": 5, "gid": 6}));
        let choose = |custom: Value| {
            let options = DebugOptions { custom: Some(custom), ..DebugOptions::default() };
            let facts = Facts { enforce: Some(PodSecurity::Baseline), ..Facts::default() };
            for_pod(Pod::read(&pod).unwrap(), facts, &options).options.custom
        };
        let own = json!({"securityContext": {"runAsUser": 9}});
        assert_eq!(choose(own.clone()), Some(own));
        assert_eq!(
            choose(json!({"workingDir": "/tmp", "securityContext": {"runAsGroup": 7}})),
            Some(json!({"securityContext": {"runAsUser": 5, "runAsGroup": 7}, "workingDir": "/tmp"}))
        );
    }

    #[test]
    fn windows_gets_what_windows_takes() {
        let pod = pod(&json!({"os": {"name": "windows"}}), &Value::Null);
        let chosen = chosen(&pod, Some(PodSecurity::Restricted));
        assert_eq!(chosen.options.profile, Profile::Baseline);
        assert_eq!(context(&chosen), Value::Null);
    }

    #[test]
    fn what_can_be_seen_is_said() {
        let reasons = |spec: Value| chosen(&pod(&spec, &Value::Null), None).reasons.join("\n");
        assert!(reasons(json!({"hostPID": true})).contains("every process of the node"));
        assert!(reasons(json!({"shareProcessNamespace": true})).contains("PID 1 is the"));
        assert!(!reasons(json!({})).contains("target"));
        let pod = pod(&json!({}), &Value::Null);
        let untargeted = for_pod(Pod::read(&pod).unwrap(), Facts::default(), &DebugOptions::default());
        assert!(untargeted.reasons.join("\n").contains("no target"));
    }
}
