//! What the API server refuses of an ephemeral container, said before it is asked; it never changes a plan.

use serde_json::Value;

use crate::plan::pod::{Kind, Object, Pod, name_of};
use crate::plan::{Profile, Refusal, name};

/// Fields of a container that an ephemeral one may not have.
const FIELDS: [&str; 9] = [
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "restartPolicyRules",
    "startupProbe",
];
/// Fields of a security context that a Windows pod may not have.
const NOT_ON_WINDOWS: [&str; 10] = [
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
];

/// Refuses pods that take no ephemeral container at all.
pub(super) fn pod(pod: &Pod<'_>) -> Result<(), Refusal> {
    if pod.annotation("kubernetes.io/config.mirror").is_some() {
        return Err(Refusal::new(format!(
            "{} is a static pod, which takes no ephemeral container; debug a copy of it, or its node",
            pod.name
        )));
    }
    Ok(())
}

/// Refuses a target that is not there, or cannot be one.
pub(super) fn target(pod: &Pod<'_>, target: &str) -> Result<(), Refusal> {
    match pod.find(target) {
        Some((Kind::Regular | Kind::Init, _)) => Ok(()),
        Some((Kind::Ephemeral, _)) => {
            Err(Refusal::new(format!("{target} is itself an ephemeral container and cannot be a target")))
        }
        None => {
            let names: Vec<_> = pod.containers(Kind::Regular).chain(pod.containers(Kind::Init)).map(name_of).collect();
            Err(Refusal::new(format!(
                "pod {} has no container {target} to target; it has {}",
                pod.name,
                names.join(", ")
            )))
        }
    }
}

/// Refuses a name that the pod has already, or that no container may have.
pub(super) fn name(pod: &Pod<'_>, name: &str) -> Result<(), Refusal> {
    if let Some((kind, _)) = pod.find(name) {
        let rest = match kind {
            Kind::Ephemeral => "; it cannot be changed or started again, but attached to while it runs",
            Kind::Regular | Kind::Init => "",
        };
        return Err(Refusal::new(format!(
            "pod {} already has {} called {name}{rest}; give the debugger another name, or none",
            pod.name,
            kind.words()
        )));
    }
    if !name::is_label(name) {
        return Err(Refusal::new(format!(
            "{name:?} cannot name a container: a name has at most 63 lower-case letters, digits and dashes, and \
             neither begins nor ends with a dash"
        )));
    }
    Ok(())
}

/// Refuses a container with anything that an ephemeral one in this pod may not have.
pub(super) fn container(pod: &Pod<'_>, container: &Object, profile: Profile) -> Result<(), Refusal> {
    let is_set = |field: &&str| match container.get(*field) {
        None | Some(Value::Null) => false,
        // Only here does the API take an empty object for none.
        Some(value) if *field == "resources" => !is_empty(value),
        Some(_) => true,
    };
    let fields: Vec<_> = FIELDS.into_iter().filter(is_set).collect();
    if !fields.is_empty() {
        return Err(Refusal::new(format!(
            "an ephemeral container cannot have {}; take that out of the custom container, or debug a copy of the pod",
            fields.join(", ")
        )));
    }
    mounts(pod, container)?;
    let context = &container.get("securityContext").cloned().unwrap_or_default();
    if pod.is_windows() {
        let set = |field: &&str| !context[*field].is_null();
        let fields: Vec<_> = NOT_ON_WINDOWS.into_iter().filter(set).collect();
        if !fields.is_empty() {
            return Err(Refusal::new(format!(
                "{} is a Windows pod, where a container cannot have {}, but profile {profile} or the custom container \
                 sets it; take profile baseline",
                pod.name,
                fields.join(", ")
            )));
        }
    }
    if context["privileged"] == true && context["allowPrivilegeEscalation"] == false {
        return Err(Refusal::new(
            "a privileged container cannot have allowPrivilegeEscalation false; take one of them out of the custom \
             container",
        ));
    }
    Ok(())
}

fn mounts(pod: &Pod<'_>, container: &Object) -> Result<(), Refusal> {
    let list = |object: &Object, field: &str| object.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
    let volumes = list(pod.spec, "volumes");
    for mount in list(container, "volumeMounts").iter().chain(&list(container, "volumeDevices")) {
        let name = mount["name"].as_str().unwrap_or_default();
        if !volumes.iter().any(|volume| volume["name"] == name) {
            let known: Vec<_> = volumes.iter().filter_map(|volume| volume["name"].as_str()).collect();
            return Err(Refusal::new(match known.as_slice() {
                [] => format!("pod {} has no volumes, so {name:?} cannot be mounted", pod.name),
                known => format!("pod {} has no volume {name:?} to mount; it has {}", pod.name, known.join(", ")),
            }));
        }
        for field in ["subPath", "subPathExpr"] {
            if !is_empty(&mount[field]) {
                return Err(Refusal::new(format!(
                    "an ephemeral container cannot mount a part of a volume ({field} of {name}); mount the whole"
                )));
            }
        }
    }
    Ok(())
}

/// Whether the API takes this value for none at all.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain() -> Value {
        json!({
            "metadata": {"name": "p", "namespace": "n"},
            "spec": {
                "containers": [{"name": "app"}],
                "initContainers": [{"name": "init"}],
                "ephemeralContainers": [{"name": "old"}],
                "volumes": [{"name": "d"}],
            },
        })
    }

    fn refused(result: Result<(), Refusal>, word: &str) {
        let message = result.unwrap_err().message;
        assert!(message.contains(word), "{word}: {message}");
    }

    #[test]
    fn targets_are_regular_or_init_containers() {
        let value = plain();
        let pod = Pod::read(&value).unwrap();
        assert!(target(&pod, "app").is_ok() && target(&pod, "init").is_ok());
        refused(target(&pod, "old"), "itself an ephemeral");
        refused(target(&pod, "nope"), "app, init");
    }

    #[test]
    fn names_are_free_labels() {
        let value = plain();
        let pod = Pod::read(&value).unwrap();
        assert!(name(&pod, "new").is_ok());
        refused(name(&pod, "app"), "a container called app");
        refused(name(&pod, "init"), "an init container");
        refused(name(&pod, "old"), "attached");
        refused(name(&pod, "Bad"), "lower-case");
    }

    #[test]
    fn a_static_pod_takes_none() {
        let mut value = plain();
        value["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
        refused(super::pod(&Pod::read(&value).unwrap()), "copy");
    }

    #[test]
    fn fields_the_api_forbids_are_named() {
        let value = plain();
        let pod = Pod::read(&value).unwrap();
        let check = |object: Value| container(&pod, object.as_object().unwrap(), Profile::General);
        assert!(check(json!({"resources": {}, "volumeMounts": [{"name": "d", "mountPath": "/d"}]})).is_ok());
        for field in FIELDS {
            refused(check(json!({field: {"x": 1}})), field);
        }
        for pointer in ["lifecycle", "livenessProbe", "startupProbe"] {
            refused(check(json!({pointer: {}})), pointer);
        }
        refused(check(json!({"volumeMounts": [{"name": "d", "mountPath": "/d", "subPath": "s"}]})), "subPath");
        refused(check(json!({"volumeMounts": [{"name": "gone", "mountPath": "/d"}]})), "it has d");
        refused(
            check(json!({"securityContext": {"privileged": true, "allowPrivilegeEscalation": false}})),
            "privileged",
        );
    }

    #[test]
    fn a_windows_pod_takes_no_linux_security() {
        let mut value = plain();
        value["spec"]["os"] = json!({"name": "windows"});
        let pod = Pod::read(&value).unwrap();
        let check = |object: Value| container(&pod, object.as_object().unwrap(), Profile::General);
        assert!(check(json!({"securityContext": {"runAsNonRoot": true}})).is_ok());
        for field in NOT_ON_WINDOWS {
            refused(check(json!({"securityContext": {field: {}}})), field);
        }
    }
}
