//! Every state a start or a pod can be stuck in, explained: one golden text a group, in the words real servers said.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::fmt::Write as _;

use bathyscope::cluster::explain::{Asked, Explanation, PodEvent, Situation, explain};
use bathyscope::cluster::{Cluster, Problem, Way};
use bathyscope::plan::Request;
use serde_json::{Value, json};

use crate::fake_api::FakeApi;

mod demo;
mod images;
mod places;
mod pods;
mod recorded;
mod refusals;
mod starts;

/// The texts of one group.
#[derive(Default)]
pub(crate) struct Group(String);

impl Group {
    /// Explains one state; a state that needs no explaining is said to need none.
    fn state(&mut self, title: &str, case: &Case) {
        let explanation = case.explained();
        let _ = writeln!(self.0, "## {title}");
        match explanation {
            None => self.0.push_str("nothing to explain\n"),
            Some(Explanation { problem, permanent }) => {
                self.0.push_str(&text(&problem));
                if permanent {
                    self.0.push_str("      and no waiting will change it\n");
                }
            }
        }
        self.0.push('\n');
    }

    fn problem(&mut self, title: &str, problem: &Problem) {
        let _ = writeln!(self.0, "## {title}\n{}", text(problem));
    }

    fn done(self) -> String {
        self.0
    }
}

/// A problem as a person would read it, with what each fix does behind its title.
pub(crate) fn text(problem: &Problem) -> String {
    let mut text = format!("what: {}\nwhy:  {}\nhint: {}\n", problem.what, problem.why, problem.hint);
    for fix in &problem.fixes {
        let way = match &fix.way {
            Way::Again => "again".to_owned(),
            Way::Image(image) => format!("image {}", image.as_deref().unwrap_or("?")),
            Way::Profile(profile) => format!("profile {profile}"),
            Way::ProfileWith { profile, custom } => format!("profile {profile} with {custom}"),
            Way::User { uid, gid } => format!("user {uid}:{gid}"),
            Way::Copy => "copy".to_owned(),
            Way::WithoutTarget => "without target".to_owned(),
            Way::Target(target) => format!("target {target}"),
            Way::Form => "form".to_owned(),
            Way::Renamed => "renamed".to_owned(),
            Way::Pod(pod) => format!("pod {}", pod.name),
            Way::Namespace(name) => format!("namespace {}", name.as_deref().unwrap_or("?")),
            Way::Attach(container) => format!("attach {}", container.container),
            Way::Shell(container) => format!("shell {}", container.container),
            Way::Logs { container, previous } => {
                format!("logs {}{}", container.container, if *previous { " (previous)" } else { "" })
            }
        };
        let _ = writeln!(text, "fix:  {}  [{way}]", fix.title);
    }
    text
}

/// A pod, what was told of it, and what is asked.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) pod: Value,
    events: Vec<PodEvent>,
    node: Option<Value>,
    /// The container whose start is asked about; empty for the pod as such.
    asked: String,
}

impl Case {
    /// A pod with the container `app`, which runs, on `node1`, which has busybox.
    fn running() -> Self {
        let pod = json!({
            "metadata": {"name": "api", "namespace": "shop", "uid": "u1"},
            "spec": {"nodeName": "node1", "containers": [{"name": "app", "image": "acme/shop:1.4.2"}]},
            "status": {
                "phase": "Running",
                "containerStatuses": [{
                    "name": "app", "ready": true, "state": {"running": {}}, "user": {"linux": {"uid": 65532, "gid": 65532}},
                }],
            },
        });
        let node = json!({
            "metadata": {"name": "node1"},
            "status": {
                "conditions": [{"type": "Ready", "status": "True"}],
                "images": [
                    {"names": ["docker.io/acme/shop:1.4.2"]},
                    {"names": ["docker.io/library/busybox:1.37", "docker.io/library/busybox:latest"]},
                ],
                "nodeInfo": {"architecture": "arm64"},
            },
        });
        Self { pod, events: Vec::new(), node: Some(node), asked: String::new() }
    }

    /// A debugger `d` in it with this image, which waits.
    fn debugger(image: &str, reason: &str, message: &str) -> Self {
        let mut case = Self::running();
        case.pod["spec"]["ephemeralContainers"] = json!([{"name": "d", "image": image, "targetContainerName": "app"}]);
        case.pod["status"]["ephemeralContainerStatuses"] =
            json!([{"name": "d", "image": image, "state": {"waiting": {"reason": reason, "message": message}}}]);
        "d".clone_into(&mut case.asked);
        case
    }

    /// A copy of the pod whose debugger `d` is awaited, nothing of it created.
    fn copy() -> Self {
        let mut case = Self::running();
        case.pod["metadata"]["name"] = json!("api-debug-x7k2p");
        case.pod["metadata"]["annotations"] = json!({"bathyscope.dev/copied-from": "api"});
        case.pod["spec"]["containers"].as_array_mut().unwrap().push(json!({"name": "d", "image": "busybox:1.37"}));
        let creating = |name: &str| json!({"name": name, "state": {"waiting": {"reason": "ContainerCreating"}}});
        case.pod["status"] = json!({"phase": "Pending", "containerStatuses": [creating("app"), creating("d")]});
        "d".clone_into(&mut case.asked);
        case
    }

    /// The container `app` is in this state instead.
    fn app(mut self, state: &Value, more: &Value) -> Self {
        let status = &mut self.pod["status"]["containerStatuses"][0];
        status["state"] = state.clone();
        status["ready"] = json!(false);
        for (field, value) in more.as_object().into_iter().flatten() {
            status[field] = value.clone();
        }
        self
    }

    fn with(mut self, pointer: &str, value: Value) -> Self {
        let mut place = &mut self.pod;
        for part in pointer.split('.') {
            place = &mut place[part];
        }
        *place = value;
        self
    }

    fn unscheduled(self, message: &str) -> Self {
        let condition =
            json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message});
        let mut case = self.with("spec.nodeName", Value::Null).with("status.conditions", json!([condition]));
        case.pod["status"]["containerStatuses"] = Value::Null;
        case.pod["status"]["ephemeralContainerStatuses"] = Value::Null;
        case
    }

    fn event(mut self, reason: &str, container: &str, message: &str) -> Self {
        let path = if container.is_empty() { Value::Null } else { json!(format!("spec.containers{{{container}}}")) };
        let event = json!({"reason": reason, "message": message, "involvedObject": {"fieldPath": path}});
        self.events.extend(PodEvent::read(&event));
        self
    }

    fn without_node(mut self) -> Self {
        self.node = None;
        self
    }

    fn node(mut self, status: &Value) -> Self {
        self.node = Some(json!({"metadata": {"name": "node1"}, "status": status}));
        self
    }

    fn explained(&self) -> Option<Explanation> {
        let asked = if self.asked.is_empty() { Asked::Pod } else { Asked::Start(&self.asked) };
        explain(&Situation { pod: &self.pod, events: &self.events, node: self.node.as_ref(), asked })
    }
}

/// Sends a request that is answered with this Status.
async fn refused(request: Request, status: &Value) -> Problem {
    let (cluster, mut api): (Cluster, FakeApi) = FakeApi::new();
    let sending = tokio::spawn(async move { cluster.send(&request).await });
    let code = u16::try_from(status["code"].as_u64().unwrap()).unwrap();
    api.next().await.text(code, &status.to_string());
    sending.await.unwrap().unwrap_err()
}
