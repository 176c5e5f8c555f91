//! The container that debugs: the person's choices written into it; it never decides which container that is.

use serde_json::{Value, json};

use super::pod::{Object, Pod};
use super::profile::{self, Mode};
use super::{DebugOptions, Refusal, custom};

/// A new container with this name and the person's choices.
pub(super) fn fresh(name: &str, options: &DebugOptions) -> Object {
    let mut container = Object::new();
    container.insert("name".into(), name.into());
    write_choices(&mut container, options);
    container.insert("resources".into(), json!({}));
    container.insert("terminationMessagePolicy".into(), "File".into());
    container
}

/// Writes the choices into a container, over what it has, as kubectl does: a command drops the old arguments, `env`
/// replaces the whole list, and input and terminal are as asked whatever they were.
pub(super) fn write_choices(container: &mut Object, options: &DebugOptions) {
    if let Some(image) = options.image() {
        container.insert("image".into(), image.into());
    }
    if !options.command.is_empty() {
        let words = Value::from(options.command.clone());
        if options.arguments_only {
            container.insert("args".into(), words);
        } else {
            container.insert("command".into(), words);
            container.shift_remove("args");
        }
    }
    if !options.env.is_empty() {
        let pair = |(name, value): &(String, String)| match value.as_str() {
            "" => json!({"name": name}),
            value => json!({"name": name, "value": value}),
        };
        container.insert("env".into(), options.env.iter().map(pair).collect());
    }
    if let Some(policy) = options.pull_policy {
        container.insert("imagePullPolicy".into(), policy.as_str().into());
    }
    for (field, on) in [("stdin", options.stdin), ("tty", options.tty)] {
        if on {
            container.insert(field.into(), true.into());
        } else {
            container.shift_remove(field);
        }
    }
}

/// Writes the profile and then the custom container into it.
pub(super) fn write_profile(container: &mut Object, mode: Mode, options: &DebugOptions) -> Result<(), Refusal> {
    profile::apply(options.profile, mode, container);
    write_custom(container, options)
}

/// Merges the custom container into it.
pub(super) fn write_custom(container: &mut Object, options: &DebugOptions) -> Result<(), Refusal> {
    if let Some(partial) = &options.custom {
        custom::merge(container, &custom::partial(partial)?);
    }
    Ok(())
}

/// The numeric user a container asks for: its own word, else the pod's.
pub(super) fn asked_user(pod: &Pod<'_>, container: &Object) -> Option<i64> {
    security_field(pod, container, "runAsUser").and_then(Value::as_i64)
}

/// Whether the kubelet will refuse to run this container as root.
pub(super) fn must_not_be_root(pod: &Pod<'_>, container: &Object) -> bool {
    security_field(pod, container, "runAsNonRoot").and_then(Value::as_bool) == Some(true)
}

fn security_field<'a>(pod: &Pod<'a>, container: &'a Object, field: &str) -> Option<&'a Value> {
    let own = container.get("securityContext").and_then(|context| context.get(field));
    own.filter(|value| !value.is_null()).or_else(|| pod.security_context()?.get(field))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> DebugOptions {
        DebugOptions { image: Some("busybox".into()), ..DebugOptions::default() }
    }

    #[test]
    fn a_fresh_container_holds_only_what_was_chosen() {
        assert_eq!(
            Value::Object(fresh("d", &options())),
            json!({"name": "d", "image": "busybox", "resources": {}, "terminationMessagePolicy": "File"})
        );
    }

    #[test]
    fn choices_go_over_what_is_there() {
        let mut container = json!({
            "image": "app", "command": ["/app"], "args": ["-v"], "stdin": true, "tty": true,
            "env": [{"name": "A", "value": "1"}],
        });
        let container = container.as_object_mut().unwrap();
        let mut kept = container.clone();
        write_choices(&mut kept, &DebugOptions::default());
        assert_eq!(
            Value::Object(kept),
            json!({
                "image": "app", "command": ["/app"], "args": ["-v"], "env": [{"name": "A", "value": "1"}],
            })
        );
        let words = DebugOptions {
            command: vec!["sh".into()],
            env: vec![("B".into(), String::new())],
            stdin: true,
            ..options()
        };
        let mut arguments = container.clone();
        write_choices(&mut arguments, &DebugOptions { arguments_only: true, ..words.clone() });
        assert_eq!(arguments["command"], json!(["/app"]));
        assert_eq!(arguments["args"], json!(["sh"]));
        write_choices(container, &words);
        assert_eq!(
            Value::Object(container.clone()),
            json!({"image": "busybox", "command": ["sh"], "env": [{"name": "B"}], "stdin": true})
        );
    }
}
