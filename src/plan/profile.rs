//! What each profile of `kubectl debug` does to the debugger's container, and where it is admitted; it chooses none.

use serde_json::{Value, json};

use super::pod::Object;
use super::{PodSecurity, Profile};

/// The three ways to debug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Ephemeral,
    Copy,
    Node,
}

/// Writes the profile's security context into the debugger's container.
pub(super) fn apply(profile: Profile, mode: Mode, container: &mut Object) {
    match (profile, mode) {
        // `Auto` stands for another profile, which is known by now.
        (Profile::Auto | Profile::Legacy, _) => {}
        (Profile::General, Mode::Node) | (Profile::Baseline, _) => {
            container.shift_remove("securityContext");
        }
        (Profile::General, _) => add_capabilities(container, &["SYS_PTRACE"]),
        (Profile::Restricted, _) => {
            container.insert(
                "securityContext".into(),
                json!({
                    "allowPrivilegeEscalation": false,
                    "capabilities": {"drop": ["ALL"]},
                    "runAsNonRoot": true,
                    "seccompProfile": {"type": "RuntimeDefault"},
                }),
            );
        }
        (Profile::Netadmin, _) => add_capabilities(container, &["NET_ADMIN", "NET_RAW"]),
        (Profile::Sysadmin, _) => {
            object_in(container, "securityContext").insert("privileged".into(), true.into());
        }
    }
}

/// Whether a namespace that enforces this level takes a debugger of this profile, as the profile leaves it.
pub(super) fn admits(level: PodSecurity, profile: Profile, mode: Mode) -> bool {
    match level {
        PodSecurity::Privileged => true,
        PodSecurity::Baseline => match profile {
            Profile::Auto | Profile::Baseline | Profile::Restricted => true,
            Profile::Legacy => mode != Mode::Node,
            Profile::General | Profile::Netadmin | Profile::Sysadmin => false,
        },
        PodSecurity::Restricted => matches!(profile, Profile::Auto | Profile::Restricted),
    }
}

/// Appends, as kubectl does: what is there stays, and may be there twice.
fn add_capabilities(container: &mut Object, names: &[&str]) {
    let capabilities = object_in(object_in(container, "securityContext"), "capabilities");
    let add = capabilities.entry("add").or_insert_with(|| json!([]));
    if !add.is_array() {
        *add = json!([]);
    }
    if let Value::Array(add) = add {
        add.extend(names.iter().map(|name| Value::from(*name)));
    }
}

/// The object under this field; put there where there was none.
fn object_in<'a>(parent: &'a mut Object, field: &str) -> &'a mut Object {
    let value = parent.entry(field).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was made an object above")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(profile: Profile, mode: Mode, container: &Value) -> Value {
        let mut object = container.as_object().unwrap().clone();
        apply(profile, mode, &mut object);
        Value::Object(object)["securityContext"].clone()
    }

    fn restricted() -> Value {
        json!({
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"},
        })
    }

    #[test]
    fn on_a_fresh_container() {
        let cases = [
            (Profile::Legacy, Value::Null),
            (Profile::General, json!({"capabilities": {"add": ["SYS_PTRACE"]}})),
            (Profile::Baseline, Value::Null),
            (Profile::Restricted, restricted()),
            (Profile::Netadmin, json!({"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}})),
            (Profile::Sysadmin, json!({"privileged": true})),
        ];
        for (profile, expected) in cases {
            for mode in [Mode::Ephemeral, Mode::Copy] {
                assert_eq!(applied(profile, mode, &json!({})), expected, "{profile} {mode:?}");
            }
            let on_node = if profile == Profile::General { Value::Null } else { expected };
            assert_eq!(applied(profile, Mode::Node, &json!({})), on_node, "{profile} on a node");
        }
    }

    #[test]
    fn on_a_container_that_has_its_own() {
        let container = json!({"securityContext": {
            "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]}, "runAsUser": 7,
        }});
        assert_eq!(
            applied(Profile::General, Mode::Copy, &container),
            json!({"capabilities": {"add": ["NET_ADMIN", "SYS_PTRACE"], "drop": ["ALL"]}, "runAsUser": 7})
        );
        assert_eq!(
            applied(Profile::Netadmin, Mode::Copy, &container)["capabilities"]["add"],
            json!(["NET_ADMIN", "NET_ADMIN", "NET_RAW"])
        );
        assert_eq!(applied(Profile::Sysadmin, Mode::Copy, &container)["runAsUser"], 7);
        assert_eq!(applied(Profile::Baseline, Mode::Copy, &container), Value::Null);
        assert_eq!(applied(Profile::Restricted, Mode::Copy, &container), restricted());
    }

    #[test]
    fn nulls_where_objects_belong_are_written_over() {
        let container = json!({"securityContext": {"capabilities": {"add": null}}});
        assert_eq!(applied(Profile::General, Mode::Copy, &container), json!({"capabilities": {"add": ["SYS_PTRACE"]}}));
        let container = json!({"securityContext": null});
        assert_eq!(applied(Profile::Sysadmin, Mode::Copy, &container), json!({"privileged": true}));
    }

    #[test]
    fn admission_is_what_was_seen_on_a_server() {
        use Profile::{Baseline, General, Legacy, Netadmin, Restricted, Sysadmin};
        for mode in [Mode::Ephemeral, Mode::Copy, Mode::Node] {
            for profile in [Legacy, General, Baseline, Restricted, Netadmin, Sysadmin] {
                assert!(admits(PodSecurity::Privileged, profile, mode));
                assert_eq!(admits(PodSecurity::Restricted, profile, mode), profile == Restricted);
            }
            for profile in [General, Netadmin, Sysadmin] {
                assert!(!admits(PodSecurity::Baseline, profile, mode));
            }
            assert!(admits(PodSecurity::Baseline, Baseline, mode));
            assert_eq!(admits(PodSecurity::Baseline, Legacy, mode), mode != Mode::Node);
        }
    }
}
