//! A pod as the API gave it, read without losing or trusting anything; it never changes one.

use serde_json::{Map, Value};

use super::{Refusal, SeenUser};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// The lists that hold a pod's containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Regular,
    Init,
    Ephemeral,
}

impl Kind {
    /// The list's name in the spec.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Regular => "containers",
            Self::Init => "initContainers",
            Self::Ephemeral => "ephemeralContainers",
        }
    }

    fn status_field(self) -> &'static str {
        match self {
            Self::Regular => "containerStatuses",
            Self::Init => "initContainerStatuses",
            Self::Ephemeral => "ephemeralContainerStatuses",
        }
    }

    /// As a person says it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Regular => "a container",
            Self::Init => "an init container",
            Self::Ephemeral => "an ephemeral container",
        }
    }
}

/// Who a container's processes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct User {
    pub(super) uid: Option<i64>,
    pub(super) gid: Option<i64>,
    pub(super) source: Source,
}

/// Who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Source {
    /// The kubelet reported what really runs.
    Kubelet,
    /// A debugger saw it in this run.
    Debugger,
    /// The spec asks for it.
    #[default]
    Spec,
}

impl User {
    /// The same, unless a debugger has seen what only the spec says.
    pub(super) fn or_seen(self, seen: Option<SeenUser>) -> Self {
        match seen {
            Some(SeenUser { uid, gid }) if self.source == Source::Spec => {
                Self { uid: Some(uid.into()), gid: Some(gid.into()), source: Source::Debugger }
            }
            _ => self,
        }
    }
}

/// A pod that has at least a name, a namespace and a spec.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pod<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) spec: &'a Object,
    value: &'a Value,
}

impl<'a> Pod<'a> {
    pub(super) fn read(value: &'a Value) -> Result<Self, Refusal> {
        let text = |field: &str| {
            value["metadata"][field]
                .as_str()
                .filter(|text| !text.is_empty())
                .ok_or_else(|| Refusal::new(format!("this pod cannot be debugged: its metadata has no {field}")))
        };
        let name = text("name")?;
        let namespace = text("namespace")?;
        let spec = value["spec"]
            .as_object()
            .ok_or_else(|| Refusal::new(format!("pod {name} cannot be debugged: it has no spec")))?;
        Ok(Self { name, namespace, spec, value })
    }

    /// A map of the metadata: `labels` or `annotations`.
    pub(super) fn metadata(&self, field: &str) -> Option<&'a Object> {
        self.value["metadata"][field].as_object()
    }

    pub(super) fn annotation(&self, key: &str) -> Option<&'a str> {
        self.metadata("annotations")?.get(key)?.as_str()
    }

    pub(super) fn containers(&self, kind: Kind) -> impl Iterator<Item = &'a Object> + use<'a> {
        self.spec.get(kind.field()).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
    }

    pub(super) fn find(&self, name: &str) -> Option<(Kind, &'a Object)> {
        [Kind::Regular, Kind::Init, Kind::Ephemeral].into_iter().find_map(|kind| {
            self.containers(kind).find(|container| name_of(container) == name).map(|found| (kind, found))
        })
    }

    /// The container meant where none is named.
    pub(super) fn default_container(&self) -> Option<&'a str> {
        self.annotation("kubectl.kubernetes.io/default-container")
            .filter(|name| self.find(name).is_some())
            .or_else(|| self.containers(Kind::Regular).map(name_of).next())
    }

    /// The pod-wide security context.
    pub(super) fn security_context(&self) -> Option<&'a Object> {
        self.spec.get("securityContext")?.as_object()
    }

    pub(super) fn is_windows(&self) -> bool {
        self.spec.get("os").is_some_and(|os| os["name"] == "windows")
    }

    pub(super) fn uses_host_pids(&self) -> bool {
        self.spec.get("hostPID") == Some(&Value::Bool(true))
    }

    /// Whether the containers share one PID namespace; `None` when the pod does not say.
    pub(super) fn shares_processes(&self) -> Option<bool> {
        self.spec.get("shareProcessNamespace")?.as_bool()
    }

    /// The status entry of a container.
    pub(super) fn status(&self, name: &str) -> Option<&'a Value> {
        [Kind::Regular, Kind::Init, Kind::Ephemeral].into_iter().find_map(|kind| {
            self.value["status"][kind.status_field()].as_array()?.iter().find(|status| status["name"] == name)
        })
    }

    pub(super) fn phase(&self) -> &'a str {
        self.value["status"]["phase"].as_str().unwrap_or_default()
    }

    pub(super) fn is_terminating(&self) -> bool {
        self.value["metadata"]["deletionTimestamp"].is_string()
    }

    /// Who this container's processes are: the kubelet's word where there is one, else what the spec asks for.
    pub(super) fn user_of(&self, name: &str) -> User {
        // The API takes no other numbers for users and groups.
        let id = |value: &Value| value.as_i64().filter(|id| (0..=i64::from(i32::MAX)).contains(id));
        let linux = self.status(name).map_or(&Value::Null, |status| &status["user"]["linux"]);
        if let Some(uid) = id(&linux["uid"]) {
            return User { uid: Some(uid), gid: id(&linux["gid"]), source: Source::Kubelet };
        }
        let own = self.find(name).and_then(|(_, container)| container.get("securityContext")?.as_object());
        let asked = |field: &str| {
            let number = |context: Option<&Object>| id(context?.get(field)?);
            number(own).or_else(|| number(self.security_context()))
        };
        User { uid: asked("runAsUser"), gid: asked("runAsGroup"), source: Source::Spec }
    }
}

/// A container's name; empty when it has none.
pub(super) fn name_of(container: &Object) -> &str {
    container.get("name").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pod_without_name_namespace_or_spec_is_refused_by_what_it_lacks() {
        for (value, lacks) in [
            (json!(null), "name"),
            (json!({"metadata": {"name": "p"}, "spec": {}}), "namespace"),
            (json!({"metadata": {"name": "p", "namespace": "n"}, "spec": []}), "spec"),
        ] {
            let message = Pod::read(&value).unwrap_err().message;
            assert!(message.contains(lacks), "{message}");
        }
    }

    #[test]
    fn the_kubelets_word_on_the_user_outranks_the_spec() {
        let value = json!({
            "metadata": {"name": "p", "namespace": "n"},
            "spec": {
                "securityContext": {"runAsUser": 1000, "runAsGroup": 2000},
                "containers": [
                    {"name": "seen"},
                    {"name": "own", "securityContext": {"runAsUser": 7}},
                ],
            },
            "status": {"containerStatuses": [
                {"name": "seen", "user": {"linux": {"uid": 1654, "gid": 0}}},
                {"name": "own"},
            ]},
        });
        let pod = Pod::read(&value).unwrap();
        assert_eq!(pod.user_of("seen"), User { uid: Some(1654), gid: Some(0), source: Source::Kubelet });
        assert_eq!(pod.user_of("own"), User { uid: Some(7), gid: Some(2000), source: Source::Spec });
    }

    #[test]
    fn the_default_container_must_exist() {
        let mut value = json!({
            "metadata": {
                "name": "p", "namespace": "n",
                "annotations": {"kubectl.kubernetes.io/default-container": "b"},
            },
            "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
        });
        assert_eq!(Pod::read(&value).unwrap().default_container(), Some("b"));
        value["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"] = json!("gone");
        assert_eq!(Pod::read(&value).unwrap().default_container(), Some("a"));
    }

    #[test]
    fn nonsense_in_the_lists_is_passed_over() {
        let value = json!({
            "metadata": {"name": "p", "namespace": "n"},
            "spec": {"containers": [1, null, {"name": 5}, {"name": "a"}], "initContainers": "x"},
        });
        let pod = Pod::read(&value).unwrap();
        assert_eq!(pod.find("a").map(|(kind, _)| kind), Some(Kind::Regular));
        assert!(pod.find("b").is_none());
    }
}
