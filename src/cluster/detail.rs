//! A raw pod as the inspector shows it; pure, and it takes nothing for granted that a server may leave out.

mod debuggers;
mod trouble;

pub use self::debuggers::Debuggers;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::{ContainerDetail, ContainerKind, ContainerState, PodDetail, PodKey, metrics::Resources, text::cleaned};

/// The annotation that names the container meant where none is named.
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// What the inspector shows of a pod as the API gives it; `None` if it has no name.
pub fn pod_detail(pod: &Value) -> Option<PodDetail> {
    let mut detail = read_pod(pod)?;
    detail.trouble = trouble::trouble(pod);
    Some(detail)
}

/// The same without asking what is wrong with it.
pub(super) fn read_pod(pod: &Value) -> Option<PodDetail> {
    let (metadata, spec, status) = (&pod["metadata"], &pod["spec"], &pod["status"]);
    let key =
        PodKey { namespace: text(&metadata["namespace"]).into(), name: metadata["name"].as_str().map(cleaned)?.into() };
    let containers = containers(spec, status);
    let annotations = pairs(&metadata["annotations"]);
    let named = annotations.iter().find(|(name, _)| name == DEFAULT_CONTAINER).map(|(_, value)| value.as_str());
    let regular = |container: &&ContainerDetail| container.kind == ContainerKind::Regular;
    let default_container = containers
        .iter()
        .find(|container| named == Some(&*container.name))
        .or_else(|| containers.iter().find(regular))
        .map(|container| Arc::clone(&container.name));
    let owner = items(&metadata["ownerReferences"])
        .find(|owner| owner["controller"] == true)
        .map(|owner| (text(&owner["kind"]), text(&owner["name"])));
    Some(PodDetail {
        key,
        uid: text(&metadata["uid"]),
        created: timestamp(&metadata["creationTimestamp"]),
        phase: text(&status["phase"]),
        node: text(&spec["nodeName"]),
        ip: text(&status["podIP"]),
        service_account: text(&spec["serviceAccountName"]),
        labels: pairs(&metadata["labels"]),
        annotations,
        owner,
        default_container,
        share_processes: spec["shareProcessNamespace"] == true,
        deleting: timestamp(&metadata["deletionTimestamp"]),
        volumes: items(&spec["volumes"]).map(|volume| text(&volume["name"])).collect(),
        containers,
        trouble: None,
    })
}

/// What one container is doing, by any kind of its name; `None` if the status says nothing of it.
pub(super) fn container_state(pod: &Value, name: &str) -> Option<ContainerState> {
    container_status(pod, name).map(|status| state(&status["state"]))
}

/// The status of a container of any kind as it came.
pub(super) fn container_status<'a>(pod: &'a Value, name: &str) -> Option<&'a Value> {
    STATUSES.iter().flat_map(|list| items(&pod["status"][list])).find(|status| status["name"] == name)
}

/// The status lists, in the order of the spec's lists.
const STATUSES: [&str; 3] = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"];
const SPECS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

fn containers(spec: &Value, status: &Value) -> Vec<ContainerDetail> {
    let kinds = [ContainerKind::Init, ContainerKind::Regular, ContainerKind::Ephemeral];
    let mut all = Vec::new();
    for ((specs, statuses), kind) in SPECS.iter().zip(STATUSES).zip(kinds) {
        for container in items(&spec[specs]) {
            let current = items(&status[statuses]).find(|status| status["name"] == container["name"]);
            all.push(container_detail(container, kind, current.unwrap_or(&Value::Null)));
        }
    }
    all
}

fn container_detail(spec: &Value, kind: ContainerKind, status: &Value) -> ContainerDetail {
    let sidecar = kind == ContainerKind::Init && spec["restartPolicy"] == "Always";
    let id = |value: &Value| value.as_u64().and_then(|id| u32::try_from(id).ok());
    let linux = &status["user"]["linux"];
    let last = state(&status["lastState"]);
    ContainerDetail {
        name: text(&spec["name"]).into(),
        kind: if sidecar { ContainerKind::Sidecar } else { kind },
        image: text(&spec["image"]),
        state: state(&status["state"]),
        last: (last != ContainerState::Unknown).then_some(last),
        ready: status["ready"] == true,
        restarts: id(&status["restartCount"]).unwrap_or(0),
        user: id(&linux["uid"]).zip(id(&linux["gid"])),
        target: spec["targetContainerName"].as_str().filter(|target| !target.is_empty()).map(cleaned),
        tty: spec["tty"] == true,
        stdin: spec["stdin"] == true,
        resources: Resources::read(&spec["resources"]),
    }
}

fn state(state: &Value) -> ContainerState {
    let (waiting, running, terminated) = (&state["waiting"], &state["running"], &state["terminated"]);
    if running.is_object() {
        ContainerState::Running { since: timestamp(&running["startedAt"]) }
    } else if terminated.is_object() {
        ContainerState::Terminated {
            code: terminated["exitCode"].as_i64().and_then(|code| i32::try_from(code).ok()).unwrap_or(-1),
            reason: text(&terminated["reason"]),
            message: text(&terminated["message"]),
            at: timestamp(&terminated["finishedAt"]),
        }
    } else if waiting.is_object() {
        ContainerState::Waiting { reason: text(&waiting["reason"]), message: text(&waiting["message"]) }
    } else {
        ContainerState::Unknown
    }
}

pub(super) fn items(list: &Value) -> std::slice::Iter<'_, Value> {
    list.as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().map(cleaned).unwrap_or_default()
}

pub(super) fn timestamp(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn pairs(map: &Value) -> Vec<(String, String)> {
    map.as_object().into_iter().flatten().map(|(name, value)| (cleaned(name), text(value))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn recorded(name: &str) -> PodDetail {
        for file in [
            include_str!("../../tests/data/recorded/pods-demo.json"),
            include_str!("../../tests/data/recorded/pods-restricted.json"),
            include_str!("../../tests/data/recorded/pods-node-debug.json"),
        ] {
            let list: Value = serde_json::from_str(file).unwrap();
            if let Some(pod) = items(&list["items"]).find(|pod| pod["metadata"]["name"] == name) {
                return pod_detail(pod).unwrap();
            }
        }
        panic!("no pod {name}")
    }

    #[test]
    fn every_kind_of_container_is_told_in_the_specs_order() {
        let multi = recorded("multi");
        let seen: Vec<(&str, ContainerKind)> =
            multi.containers.iter().map(|container| (&*container.name, container.kind)).collect();
        assert_eq!(seen[0], ("setup", ContainerKind::Init));
        assert_eq!(seen[1], ("sidecar", ContainerKind::Sidecar));
        assert!(seen[2..4].iter().all(|(_, kind)| *kind == ContainerKind::Regular));
        assert!(seen[4..].iter().all(|(_, kind)| *kind == ContainerKind::Ephemeral));
        assert_eq!(seen.len(), 7);
        let ended = multi.containers.iter().find(|container| &*container.name == "ended").unwrap();
        assert!(matches!(ended.state, ContainerState::Terminated { code: 7, .. }));
        assert_eq!(multi.trouble, None, "a debugger that failed is no trouble of the pod's");
    }

    #[test]
    fn the_kubelets_words_about_users_are_taken() {
        let locked = recorded("locked");
        let debugger = locked.containers.iter().find(|container| container.kind == ContainerKind::Ephemeral).unwrap();
        assert_eq!(debugger.user, Some((65532, 0)));
        assert_eq!(locked.default_container.as_deref(), Some("app"));
    }

    #[test]
    fn a_pod_without_anything_is_still_a_pod() {
        let detail = pod_detail(&json!({"metadata": {"name": "bare"}})).unwrap();
        assert!(detail.containers.is_empty() && detail.trouble.is_none());
        assert!(pod_detail(&json!({"metadata": {}})).is_none());
        assert!(pod_detail(&json!([])).is_none());
    }

    #[test]
    fn nothing_a_server_says_keeps_its_escapes() {
        let detail = pod_detail(&json!({
            "metadata": {"name": "a\u{1b}[31m", "labels": {"k\u{7}": "v\u{9b}"}},
            "spec": {"containers": [{"name": "c\u{1b}", "image": "i\u{1b}]0;x\u{7}"}]},
            "status": {"phase": "Run\u{8}ning"},
        }))
        .unwrap();
        assert!(!format!("{detail:?}").contains("\\u{"), "{detail:?}");
    }

    #[test]
    fn the_annotation_chooses_the_default_container_if_it_is_there() {
        let pod = |annotation: &str| {
            json!({
                "metadata": {"name": "p", "annotations": {DEFAULT_CONTAINER: annotation}},
                "spec": {"containers": [{"name": "a"}, {"name": "b"}]},
            })
        };
        assert_eq!(pod_detail(&pod("b")).unwrap().default_container.as_deref(), Some("b"));
        assert_eq!(pod_detail(&pod("gone")).unwrap().default_container.as_deref(), Some("a"));
    }

    #[test]
    fn the_recorded_pods_have_the_trouble_one_sees() {
        for (name, expected) in [("crash", "app keeps crashing"), ("pending", "no node takes it")] {
            let trouble = recorded(name).trouble.unwrap_or_default();
            assert!(trouble.contains(expected), "{name}: {trouble:?}");
        }
        for name in ["done", "mynewpod", "nonroot", "nonroot-nouid", "locked", "nodejsapps-66cd8dd789-gddtt"] {
            assert_eq!(recorded(name).trouble, None, "{name}");
        }
    }
}
