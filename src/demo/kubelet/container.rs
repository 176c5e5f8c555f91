//! From a pod's object to the process of one of its containers, as a kubelet words what is wrong; it starts nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::capabilities;
use crate::demo::image::Image;
use crate::demo::sandbox::{Files, ProcessSpec, Processes, User};

/// Which list of the pod a container is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A debugger.
    Ephemeral,
    /// Runs to its end before the next one starts.
    Init,
    /// An init container that goes on running.
    Sidecar,
    /// One of `spec.containers`.
    Regular,
}

impl Kind {
    /// As an event's `fieldPath` names the list.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Ephemeral => "ephemeralContainers",
            Self::Init | Self::Sidecar => "initContainers",
            Self::Regular => "containers",
        }
    }
}

/// A container as the pod's spec has it.
#[derive(Debug, Clone)]
pub(super) struct Container<'a> {
    pub(super) kind: Kind,
    pub(super) name: &'a str,
    pub(super) spec: &'a Value,
}

/// The containers of a pod in the order in which they are started.
pub(super) fn containers(pod: &Value) -> Vec<Container<'_>> {
    let list = |field: &str, kind_of: fn(&Value) -> Kind| {
        let items = pod["spec"][field].as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().map(move |spec| Container {
            kind: kind_of(spec),
            name: spec["name"].as_str().unwrap_or_default(),
            spec,
        })
    };
    list("ephemeralContainers", |_| Kind::Ephemeral)
        .chain(list(
            "initContainers",
            |spec| {
                if spec["restartPolicy"] == "Always" { Kind::Sidecar } else { Kind::Init }
            },
        ))
        .chain(list("containers", |_| Kind::Regular))
        .collect()
}

/// `name_namespace(uid)`, as the kubelet names a pod.
pub(super) fn pod_title(pod: &Value) -> String {
    let field = |name: &str| pod["metadata"][name].as_str().unwrap_or_default().to_owned();
    format!("{}_{}({})", field("name"), field("namespace"), field("uid"))
}

/// Whether a container has a terminal, and whether its input is kept open.
pub(super) fn has_terminal(spec: &Value) -> bool {
    spec["tty"] == true
}

/// The process of a container. The error is the message of a `CreateContainerConfigError`.
pub(super) fn process(
    pod: &Value,
    container: &Container<'_>,
    image: &Image,
    processes: Processes,
) -> Result<ProcessSpec, String> {
    let user = user(pod, container, image)?;
    let mut environment = image.environment.clone();
    environment.insert("HOSTNAME".to_owned(), text(&pod["metadata"]["name"]));
    environment.insert("HOME".to_owned(), if user.uid == 0 { "/root" } else { "/" }.to_owned());
    environment.insert("KUBERNETES_SERVICE_HOST".to_owned(), "10.96.0.1".to_owned());
    environment.insert("KUBERNETES_SERVICE_PORT".to_owned(), "443".to_owned());
    let terminal = has_terminal(container.spec);
    if terminal {
        environment.insert("TERM".to_owned(), "xterm".to_owned());
    }
    if image.root.machine_programs {
        // the prompt that busybox shows by itself; the machine's shell expands the variable
        let sign = if user.uid == 0 { '#' } else { '$' };
        environment.insert("PS1".to_owned(), format!("$PWD {sign} "));
    }
    for source in array(&container.spec["envFrom"]) {
        for (field, kind) in [("configMapRef", "configmap"), ("secretRef", "secret")] {
            let reference = &source[field];
            if reference.is_object() && reference["optional"] != true {
                return Err(format!("{kind} {:?} not found", text(&reference["name"])));
            }
        }
    }
    for variable in array(&container.spec["env"]) {
        let name = text(&variable["name"]);
        if let Some(value) = value_of(pod, variable)? {
            let value = expand(&value, &environment);
            environment.insert(name, value);
        }
    }
    let strings = |field: &str| -> Vec<String> {
        array(&container.spec[field]).iter().map(|part| expand(&text(part), &environment)).collect()
    };
    let (command, arguments) = (strings("command"), strings("args"));
    let command = match (command.is_empty(), arguments.is_empty()) {
        (false, _) => [command, arguments].concat(),
        (true, false) => [image.entrypoint.clone(), arguments].concat(),
        (true, true) => [image.entrypoint.clone(), image.command.clone()].concat(),
    };
    let mut root = image.root.clone();
    root.read_only = container.spec["securityContext"]["readOnlyRootFilesystem"] == true;
    for mount in array(&container.spec["volumeMounts"]) {
        let name = text(&mount["name"]);
        let target = text(&mount["mountPath"]);
        let volume = array(&pod["spec"]["volumes"]).iter().find(|volume| volume["name"] == name);
        match volume.and_then(|volume| volume["hostPath"]["path"].as_str()) {
            Some(path) => root.mounts.push((PathBuf::from(path), target)),
            None => root.shared.push((name, target)),
        }
    }
    Ok(ProcessSpec {
        id: container.name.to_owned(),
        processes,
        files: Files::Root(root),
        command,
        environment,
        directory: text(&container.spec["workingDir"]),
        terminal: terminal.then_some((80, 24)),
        user,
    })
}

/// As whom a container runs: its own security context, then the pod's, then the image.
fn user(pod: &Value, container: &Container<'_>, image: &Image) -> Result<User, String> {
    let own = &container.spec["securityContext"];
    let pods = &pod["spec"]["securityContext"];
    let number = |field: &str| {
        let value = own[field].as_u64().or_else(|| pods[field].as_u64());
        value.and_then(|value| u32::try_from(value).ok())
    };
    let asked = number("runAsUser");
    let non_root = own["runAsNonRoot"].as_bool().or_else(|| pods["runAsNonRoot"].as_bool());
    if non_root == Some(true) {
        let place = format!("(pod: \"{}\", container: {})", pod_title(pod), container.name);
        if asked == Some(0) {
            return Err(format!("container's runAsUser breaks non-root policy {place}"));
        }
        if asked.is_none() && image.user.0 == 0 {
            return Err(format!("container has runAsNonRoot and image will run as root {place}"));
        }
    }
    let uid = asked.unwrap_or(image.user.0);
    // a runtime takes the group from the image's /etc/passwd, which knows the image's own user only
    let gid = number("runAsGroup").unwrap_or(if uid == image.user.0 { image.user.1 } else { 0 });
    let mut groups = vec![gid];
    let more = array(&pods["supplementalGroups"]).iter().chain([&pods["fsGroup"]]);
    groups.extend(more.filter_map(Value::as_u64).filter_map(|group| u32::try_from(group).ok()));
    let privileged = own["privileged"] == true;
    Ok(User {
        uid,
        gid,
        groups,
        capabilities: capabilities::granted(&own["capabilities"], privileged),
        no_new_privileges: own["allowPrivilegeEscalation"] == false,
    })
}

/// The value of an environment variable; `None` where an optional source is not there.
fn value_of(pod: &Value, variable: &Value) -> Result<Option<String>, String> {
    let source = &variable["valueFrom"];
    if source.is_null() {
        return Ok(Some(text(&variable["value"])));
    }
    if let Some(path) = source["fieldRef"]["fieldPath"].as_str() {
        let pointer = format!("/{}", path.replace('.', "/"));
        return Ok(Some(pod.pointer(&pointer).map(text).unwrap_or_default()));
    }
    for (field, kind) in [("configMapKeyRef", "configmap"), ("secretKeyRef", "secret")] {
        let reference = &source[field];
        if reference.is_object() && reference["optional"] != true {
            return Err(format!("{kind} {:?} not found", text(&reference["name"])));
        }
    }
    Ok(None)
}

/// `$(NAME)` is replaced where the variable is known; `$$` is a dollar sign.
fn expand(text: &str, environment: &BTreeMap<String, String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            expanded.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix("$(").and_then(|name| name.split_once(')'))
            && let Some(value) = environment.get(name)
        {
            expanded.push_str(value);
            rest = after;
        } else {
            expanded.push('$');
            rest = &rest[1..];
        }
    }
    expanded.push_str(rest);
    expanded
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::image;

    fn built(pod: &Value, name: &str, image: &str) -> Result<ProcessSpec, String> {
        let all = containers(pod);
        let container = all.iter().find(|container| container.name == name).unwrap();
        process(pod, container, &image::pull(image).unwrap(), Processes::Own)
    }

    #[test]
    fn a_root_image_is_refused_where_root_is() {
        let pod = json!({
            "metadata": { "name": "p", "namespace": "n", "uid": "u" },
            "spec": {
                "securityContext": { "runAsNonRoot": true },
                "containers": [{ "name": "app" }],
                "ephemeralContainers": [
                    { "name": "d" },
                    { "name": "e", "securityContext": { "runAsUser": 0 } },
                    { "name": "f", "securityContext": { "runAsUser": 65532 } },
                ],
            },
        });
        assert_eq!(
            built(&pod, "d", "busybox").unwrap_err(),
            "container has runAsNonRoot and image will run as root (pod: \"p_n(u)\", container: d)"
        );
        assert_eq!(
            built(&pod, "e", "busybox").unwrap_err(),
            "container's runAsUser breaks non-root policy (pod: \"p_n(u)\", container: e)"
        );
        let user = built(&pod, "f", "busybox").unwrap().user;
        assert_eq!((user.uid, user.gid), (65532, 0));
        let user = built(&pod, "app", "registry.example.com/nodejsapp:nonroot").unwrap().user;
        assert_eq!((user.uid, user.gid), (65532, 65532));
    }

    #[test]
    fn variables_are_expanded_as_the_api_documents() {
        let environment = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
        assert_eq!(expand("$(A) $(B) $$(A) $", &environment), "1 $(B) $(A) $");
    }

    #[test]
    fn the_command_of_the_pod_replaces_the_images() {
        let pod = json!({ "metadata": { "name": "p" }, "spec": { "containers": [
            { "name": "a" }, { "name": "b", "args": ["x"] }, { "name": "c", "command": ["y"] } ] } });
        let command = |name: &str, image: &str| built(&pod, name, image).unwrap().command;
        assert_eq!(command("a", "busybox"), ["sh"]);
        assert_eq!(command("b", "nginx"), ["/usr/sbin/nginx", "-g", "daemon off;", "x"]);
        assert_eq!(command("c", "nginx"), ["y"]);
    }
}
