//! What debugging sessions left behind: copies, node pods and ephemeral containers; it never removes anything.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::{
    Cluster, Leftover, LeftoverKind, PodKey, Problem, is_node_debugger,
    problem::Fault,
    request::{ANSWER_TIME, JSON, LIST_LIMIT, Target, decode},
    text::{clean, cleaned},
};

const PAGE: &str = "500";

fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(default, deserialize_with = "null_as_default")]
    items: Vec<Pod>,
}

#[derive(Deserialize, Default)]
struct ListMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Pod {
    #[serde(default)]
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    status: Status,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    name: String,
    namespace: String,
    creation_timestamp: Option<Timestamp>,
    deletion_timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "null_as_default")]
    labels: Labels,
    #[serde(deserialize_with = "null_as_default")]
    annotations: Annotations,
}

#[derive(Deserialize, Default)]
struct Labels {
    #[serde(rename = "app.kubernetes.io/managed-by")]
    managed_by: Option<String>,
}

#[derive(Deserialize, Default)]
struct Annotations {
    #[serde(rename = "bathyscope.dev/copied-from")]
    copied_from: Option<String>,
    #[serde(rename = "bathyscope.dev/created-by")]
    created_by: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    #[serde(deserialize_with = "null_as_default")]
    ephemeral_containers: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    #[serde(deserialize_with = "null_as_default")]
    container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "null_as_default")]
    ephemeral_container_statuses: Vec<ContainerStatus>,
}

#[derive(Deserialize)]
struct ContainerStatus {
    name: String,
    #[serde(default, deserialize_with = "null_as_default")]
    state: State,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct State {
    waiting: Option<Reason>,
    running: Option<Life>,
    terminated: Option<Life>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reason {
    reason: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Life {
    exit_code: i32,
    started_at: Option<Timestamp>,
}

impl State {
    fn wording(&self) -> String {
        match self {
            Self { running: Some(_), .. } => "running".to_owned(),
            Self { terminated: Some(life), .. } => format!("ended ({})", life.exit_code),
            Self { waiting: Some(reason), .. } if !reason.reason.is_empty() => cleaned(&reason.reason),
            _ => "waiting".to_owned(),
        }
    }

    fn since(&self) -> Option<Timestamp> {
        self.running.as_ref().or(self.terminated.as_ref())?.started_at
    }
}

impl Cluster {
    /// What debugging sessions, ours and kubectl's, left in these namespaces (`None`: in all of them).
    ///
    /// # Errors
    /// The API's refusal to list pods, or a broken connection.
    pub async fn leftovers(&self, namespaces: Option<&[String]>) -> Result<Vec<Leftover>, Problem> {
        let mut found = Vec::new();
        match namespaces {
            None => {
                self.leftovers_of(None, &mut found)
                    .await
                    .map_err(|fault| fault.problem("cannot look for leftovers"))?;
            }
            Some(namespaces) => {
                for namespace in namespaces {
                    self.leftovers_of(Some(namespace), &mut found)
                        .await
                        .map_err(|fault| fault.problem(format!("cannot look for leftovers in {namespace}")))?;
                }
            }
        }
        Ok(found)
    }

    async fn leftovers_of(&self, namespace: Option<&str>, found: &mut Vec<Leftover>) -> Result<(), Fault> {
        let mut token = String::new();
        loop {
            let target = match namespace {
                None => Target::new("/api/v1", &["pods"])?,
                Some(namespace) => Target::new("/api/v1", &["namespaces", namespace, "pods"])?,
            };
            let mut target = target.with("limit", PAGE);
            if !token.is_empty() {
                target = target.with("continue", &token);
            }
            let body = self.read(target.get(JSON)?, ANSWER_TIME, LIST_LIMIT).await?;
            let list: List = decode(&body)?;
            found.extend(list.items.iter().flat_map(leftovers_in));
            match list.metadata.next {
                Some(next) if !next.is_empty() && next != token => token = next,
                _ => return Ok(()),
            }
        }
    }
}

fn leftovers_in(pod: &Pod) -> Vec<Leftover> {
    let key = PodKey { namespace: clean(&pod.metadata.namespace).into(), name: clean(&pod.metadata.name).into() };
    let owner = pod.metadata.annotations.created_by.as_deref().map(cleaned);
    let kind = match pod.metadata.labels.managed_by.as_deref() {
        Some("bathyscope") => Some(match &pod.metadata.annotations.copied_from {
            None if is_node_debugger(&pod.metadata.name) => LeftoverKind::NodeDebugger,
            of => LeftoverKind::Copy { of: of.as_deref().map(cleaned) },
        }),
        Some("kubectl-debug") => Some(LeftoverKind::NodeDebugger),
        _ => None,
    };
    let mut left = Vec::new();
    if let Some(kind) = kind {
        left.push(Leftover {
            pod: key.clone(),
            kind,
            created: pod.metadata.creation_timestamp,
            owner,
            state: pod_wording(pod),
        });
    }
    for container in &pod.spec.ephemeral_containers {
        let status = pod.status.ephemeral_container_statuses.iter().find(|status| status.name == container.name);
        let state = status.map(|status| &status.state);
        left.push(Leftover {
            pod: key.clone(),
            kind: LeftoverKind::Ephemeral {
                container: clean(&container.name).into(),
                running: state.is_some_and(|state| state.running.is_some()),
            },
            created: state.and_then(State::since),
            owner: None,
            state: state.map_or_else(|| "waiting".to_owned(), State::wording),
        });
    }
    left
}

fn pod_wording(pod: &Pod) -> String {
    if pod.metadata.deletion_timestamp.is_some() {
        return "being deleted".to_owned();
    }
    match pod.status.phase.as_str() {
        "Succeeded" => "ended (0)".to_owned(),
        "Failed" => pod
            .status
            .container_statuses
            .iter()
            .filter_map(|status| status.state.terminated.as_ref())
            .find(|life| life.exit_code != 0)
            .map_or_else(|| "failed".to_owned(), |life| format!("ended ({})", life.exit_code)),
        _ => {
            let waiting = pod.status.container_statuses.iter().filter_map(|status| status.state.waiting.as_ref());
            match waiting.map(|reason| reason.reason.as_str()).find(|reason| !reason.is_empty()) {
                Some(reason) => cleaned(reason),
                None => cleaned(&pod.status.phase).to_lowercase(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn left(pod: Value) -> Vec<Leftover> {
        leftovers_in(&serde_json::from_value(pod).unwrap())
    }

    #[test]
    fn ephemeral_containers_of_recorded_pods_are_found() {
        let list: List = serde_json::from_str(include_str!("../../tests/data/recorded/pods-demo.json")).unwrap();
        let found: Vec<Leftover> = list.items.iter().flat_map(leftovers_in).collect();
        let mut states: Vec<(String, &str)> = found
            .iter()
            .filter(|leftover| &*leftover.pod.name == "multi")
            .map(|leftover| match &leftover.kind {
                LeftoverKind::Ephemeral { container, .. } => (container.to_string(), leftover.state.as_str()),
                other => panic!("{other:?}"),
            })
            .collect();
        states.sort_unstable();
        assert_eq!(
            states,
            [("alive".into(), "running"), ("ended".into(), "ended (7)"), ("stuck-cmd".into(), "RunContainerError")]
        );
        assert!(
            found.iter().any(|leftover| leftover.state == "waiting"),
            "the pod without a node has one that never began"
        );
    }

    #[test]
    fn kubectls_node_pods_are_found_by_their_label() {
        let list: List = serde_json::from_str(include_str!("../../tests/data/recorded/pods-node-debug.json")).unwrap();
        let found: Vec<Leftover> = list.items.iter().flat_map(leftovers_in).collect();
        assert_eq!(found[0].kind, LeftoverKind::NodeDebugger);
        assert_eq!(found[0].state, "running");
    }

    #[test]
    fn our_node_debuggers_are_no_copies() {
        let found = left(json!({"metadata": {
            "name": "node-debugger-worker-1-x7k2p", "namespace": "ops",
            "labels": {"app.kubernetes.io/managed-by": "bathyscope"},
            "annotations": {"bathyscope.dev/node": "worker-1", "bathyscope.dev/created-by": "ann"},
        }}));
        assert_eq!((&found[0].kind, found[0].owner.as_deref()), (&LeftoverKind::NodeDebugger, Some("ann")));
    }

    #[test]
    fn our_copies_tell_whose_they_are() {
        let found = left(json!({
            "metadata": {
                "name": "api-debug-x", "namespace": "shop", "creationTimestamp": "2026-01-01T00:00:00Z",
                "labels": {"app.kubernetes.io/managed-by": "bathyscope", "app": "x"},
                "annotations": {"bathyscope.dev/copied-from": "api", "bathyscope.dev/created-by": "ann"},
            },
            "status": {"phase": "Failed", "containerStatuses": [{"name": "d", "state": {"terminated": {"exitCode": 2}}}]},
        }));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].kind, LeftoverKind::Copy { of: Some("api".into()) });
        assert_eq!((found[0].owner.as_deref(), found[0].state.as_str()), (Some("ann"), "ended (2)"));
    }

    #[test]
    fn ordinary_pods_are_nobodys_leftovers() {
        assert!(
            left(json!({"metadata": {"name": "p", "labels": {"app.kubernetes.io/managed-by": "Helm"}}})).is_empty()
        );
    }
}
