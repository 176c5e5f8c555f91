//! A launch against a server that goes silent, refuses, or loses the pod in the middle: it ends in an explanation, or says
//! one while it waits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use bathyscope::cluster::{ContainerKey, LaunchStep, PodKey, Problem, Started};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::explanations::text;
use crate::fake_api::{Call, Events, FakeApi};

/// A server that knows one pod and what is told of it.
struct Cluster {
    api: FakeApi,
    pod: Value,
    /// The node; `None` where it may not be read.
    node: Option<Value>,
    past: Option<Value>,
    /// The watches that are open.
    pods: Option<Events>,
    events: Option<Events>,
}

impl Cluster {
    /// What is asked next is answered, until both watches are open; `what` may take a request over first.
    async fn serve(&mut self, mut what: impl FnMut(&Call) -> bool) -> Option<Call> {
        loop {
            let call = self.api.next().await;
            if what(&call) {
                return Some(call);
            }
            let watch = call.query.iter().any(|(name, _)| name == "watch");
            match (call.path.as_str(), watch) {
                ("/api/v1/namespaces/shop/pods/api", _) => call.json(&self.pod),
                ("/api/v1/namespaces/shop/pods", _) => self.pods = Some(call.stream()),
                (path, false) if path.ends_with("/events") => match &self.past {
                    Some(past) => call.json(past),
                    None => call.refuse(403, "Forbidden", "no events"),
                },
                (path, true) if path.ends_with("/events") => self.events = Some(call.stream()),
                ("/api/v1/nodes/node1", _) => match &self.node {
                    Some(node) => call.json(node),
                    None => call.refuse(403, "Forbidden", "no nodes"),
                },
                (path, _) => panic!("nobody asked for {path} in this test"),
            }
            let quiet = self.past.is_none() || self.events.is_some();
            if self.pods.is_some() && quiet {
                return None;
            }
        }
    }

    /// The pod has changed: its watch says so, and so does the next read of it.
    fn pod_is(&mut self, pod: &Value) {
        self.pod = pod.clone();
        self.pods.as_ref().unwrap().send(&json!({"type": "MODIFIED", "object": pod}));
    }

    fn told(&self, event: &Value) {
        self.events.as_ref().unwrap().send(&json!({"type": "ADDED", "object": event}));
    }
}

fn debugged(uid: &str, state: &Value) -> Value {
    json!({
        "kind": "Pod",
        "metadata": {"name": "api", "namespace": "shop", "uid": uid, "ownerReferences": [
            {"kind": "ReplicaSet", "name": "api-66cd", "controller": true},
        ]},
        "spec": {
            "nodeName": "node1",
            "containers": [{"name": "app", "image": "acme/shop:1"}],
            "ephemeralContainers": [{"name": "d", "image": "tools:1", "targetContainerName": "app"}],
        },
        "status": {
            "phase": "Running",
            "containerStatuses": [{"name": "app", "state": {"running": {}}, "ready": true}],
            "ephemeralContainerStatuses": state,
        },
    })
}

fn waiting(reason: &str, message: &str) -> Value {
    debugged("u1", &json!([{"name": "d", "state": {"waiting": {"reason": reason, "message": message}}}]))
}

/// The debugger waits so, and its target crashes again and again.
fn crashing(waits: &Value) -> Value {
    let mut pod = debugged("u1", &json!([{"name": "d", "state": {"waiting": waits}}]));
    pod["status"]["containerStatuses"] = json!([{
        "name": "app", "restartCount": 5, "ready": false, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 3, "reason": "Error"}},
    }]);
    pod
}

fn event(uid: &str, reason: &str, path: &str, message: &str) -> Value {
    json!({
        "kind": "Event", "metadata": {"uid": uid, "name": uid}, "type": "Normal", "reason": reason, "message": message,
        "involvedObject": {"name": "api", "uid": "u1", "fieldPath": path},
    })
}

fn node(ready: &str) -> Value {
    json!({
        "metadata": {"name": "node1"},
        "status": {
            "conditions": [{"type": "Ready", "status": ready, "message": "Kubelet stopped posting node status."}],
            "images": [{"names": ["docker.io/library/busybox:1.37"]}],
        },
    })
}

type Start = (Cluster, mpsc::UnboundedReceiver<LaunchStep>, JoinHandle<Result<Started, Problem>>);

fn start(pod: Value, node: Option<Value>, past: Option<Value>) -> Start {
    let (cluster, api) = FakeApi::new();
    let (sender, steps) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        let pod = PodKey { namespace: "shop".into(), name: "api".into() };
        let container = ContainerKey { pod, container: "d".into() };
        cluster.wait_started(&container, |step| drop(sender.send(step))).await
    });
    (Cluster { api, pod, node, past, pods: None, events: None }, steps, task)
}

fn list(items: &[Value]) -> Value {
    json!({"kind": "EventList", "metadata": {"resourceVersion": "7"}, "items": items})
}

async fn stuck(steps: &mut mpsc::UnboundedReceiver<LaunchStep>) -> Problem {
    loop {
        if let LaunchStep::Stuck(problem) = steps.recv().await.expect("it went on without a word") {
            return problem;
        }
    }
}

/// Answers everything from now on.
fn keep_serving(mut cluster: Cluster) -> mpsc::UnboundedSender<Value> {
    let (sender, mut pods) = mpsc::unbounded_channel::<Value>();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                pod = pods.recv() => match pod {
                    Some(pod) => cluster.pod_is(&pod),
                    None => return,
                },
                _ = cluster.serve(|_| false) => {}
            }
        }
    });
    sender
}

#[tokio::test(start_paused = true)]
async fn a_kubelet_that_says_nothing_is_told_with_its_nodes_state() {
    let (mut cluster, mut steps, task) = start(debugged("u1", &json!(null)), Some(node("Unknown")), Some(list(&[])));
    cluster.serve(|_| false).await;
    let _pods = keep_serving(cluster);
    insta::assert_snapshot!(text(&stuck(&mut steps).await));
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_silence_of_a_node_that_is_well_is_told_as_such_once() {
    let (mut cluster, mut steps, task) = start(debugged("u1", &json!(null)), Some(node("True")), None);
    cluster.serve(|_| false).await;
    let pods = keep_serving(cluster);
    insta::assert_snapshot!(text(&stuck(&mut steps).await));
    tokio::time::sleep(std::time::Duration::from_secs(20)).await;
    pods.send(debugged("u1", &json!([{"name": "d", "state": {"running": {}}}]))).unwrap();
    assert_eq!(task.await.unwrap(), Ok(Started::Running));
    assert_eq!(steps.recv().await, Some(LaunchStep::Running), "nothing else was said meanwhile");
}

#[tokio::test(start_paused = true)]
async fn the_kubelets_events_are_steps_each_said_once_and_a_long_pull_is_no_silence() {
    let past = Some(list(&[
        event("e0", "Scheduled", "", "Successfully assigned shop/api to node1"),
        event("e1", "Started", "spec.containers{app}", "Container started"),
        event("e2", "NodeNotReady", "", "Node is not ready"),
        event("e3", "Pulling", "spec.ephemeralContainers{d}", "Pulling image \"tools:1\""),
    ]));
    let (mut cluster, mut steps, task) = start(waiting("ContainerCreating", ""), Some(node("True")), past);
    cluster.serve(|_| false).await;
    cluster.told(&event("e3", "Pulling", "spec.ephemeralContainers{d}", "Pulling image \"tools:1\""));
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    cluster.told(&event("e4", "Pulled", "spec.ephemeralContainers{d}", "Successfully pulled image \"tools:1\" in 30s"));
    cluster.told(&event("e5", "Created", "spec.ephemeralContainers{other}", "Container created"));
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    cluster.pod_is(&debugged("u1", &json!([{"name": "d", "state": {"running": {}}}])));
    assert_eq!(task.await.unwrap(), Ok(Started::Running));
    let mut told = Vec::new();
    while let Some(step) = steps.recv().await {
        told.push(match step {
            LaunchStep::Event { reason, .. } | LaunchStep::Waiting { reason, .. } => reason,
            other => format!("{other:?}"),
        });
    }
    assert_eq!(
        told,
        ["Scheduled { node: \"node1\" }", "ContainerCreating", "Pulling", "Pulled", "Running"],
        "neither what is of other containers nor what is older"
    );
}

#[tokio::test(start_paused = true)]
async fn an_image_that_does_not_come_is_explained_while_waiting_goes_on() {
    let (mut cluster, mut steps, task) =
        start(waiting("ErrImagePull", "no such host"), Some(node("True")), Some(list(&[])));
    cluster.serve(|_| false).await;
    let pods = keep_serving(cluster);
    insta::assert_snapshot!(text(&stuck(&mut steps).await));
    let backing_off = waiting("ImagePullBackOff", "Back-off pulling image \"tools:1\": ErrImagePull: no such host");
    for _ in 0..3 {
        pods.send(backing_off.clone()).unwrap();
        pods.send(waiting("ErrImagePull", "no such host")).unwrap();
    }
    pods.send(debugged("u1", &json!([{"name": "d", "state": {"running": {}}}]))).unwrap();
    assert_eq!(task.await.unwrap(), Ok(Started::Running));
    let mut again = 0;
    while let Some(step) = steps.recv().await {
        again += usize::from(matches!(step, LaunchStep::Stuck(_)));
    }
    assert_eq!(again, 0, "the same is said once");
}

#[tokio::test(start_paused = true)]
async fn what_still_stands_in_the_way_is_said_again_behind_a_step_that_went_well() {
    let (mut cluster, mut steps, task) =
        start(crashing(&json!({"reason": "ContainerCreating"})), None, Some(list(&[])));
    cluster.serve(|_| false).await;
    let first = stuck(&mut steps).await;
    // The image is there, and the target still does not run.
    cluster.told(&event("e1", "Pulled", "spec.ephemeralContainers{d}", "Container image already present on machine"));
    cluster.pod_is(&crashing(
        &json!({"reason": "CreateContainerError", "message": "invalid target container: it is not running"}),
    ));
    let pulled = |step: &LaunchStep| matches!(step, LaunchStep::Event { reason, .. } if reason == "Pulled");
    while !pulled(&steps.recv().await.unwrap()) {}
    assert_eq!(stuck(&mut steps).await.headline(), first.headline());
    task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_start_that_cannot_be_ends_with_ways_out() {
    let root = "container has runAsNonRoot and image will run as root (pod: \"api_shop(u1)\", container: d)";
    for (pod, expected) in [
        (waiting("CreateContainerConfigError", root), "runAsNonRoot"),
        (waiting("InvalidImageName", "invalid reference format"), "no valid name"),
        (waiting("RunContainerError", "exec: \"zsh\": executable file not found in $PATH"), "zsh"),
    ] {
        let (cluster, _steps, task) = start(pod, Some(node("True")), Some(list(&[])));
        let _pods = keep_serving(cluster);
        let problem = task.await.unwrap().unwrap_err();
        assert!(problem.why.contains(expected) && !problem.fixes.is_empty(), "{}", text(&problem));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_goes_in_the_middle_ends_the_wait() {
    let creating = || waiting("ContainerCreating", "");
    let (mut cluster, _steps, task) = start(creating(), None, Some(list(&[])));
    cluster.serve(|_| false).await;
    cluster.pods.as_ref().unwrap().send(&json!({"type": "DELETED", "object": creating()}));
    insta::assert_snapshot!(text(&task.await.unwrap().unwrap_err()));

    let (mut cluster, _steps, task) = start(creating(), None, Some(list(&[])));
    cluster.serve(|_| false).await;
    cluster.pod_is(&debugged("u2", &json!(null)));
    let problem = task.await.unwrap().unwrap_err();
    assert!(problem.why.contains("deleted"), "another pod of the same name is another: {}", text(&problem));
    assert!(problem.hint.contains("another pod has its name") && !problem.fixes.is_empty(), "{}", text(&problem));

    let (mut cluster, _steps, task) = start(creating(), None, Some(list(&[])));
    cluster.serve(|_| false).await;
    let mut going = creating();
    going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let pods = keep_serving(cluster);
    pods.send(going).unwrap();
    insta::assert_snapshot!(text(&task.await.unwrap().unwrap_err()));
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_was_replaced_before_anybody_looked_is_not_waited_for() {
    let mut other = debugged("u2", &json!(null));
    other["spec"]["ephemeralContainers"] = json!(null);
    let (cluster, _steps, task) = start(other, Some(node("True")), Some(list(&[])));
    let _pods = keep_serving(cluster);
    let problem = task.await.unwrap().unwrap_err();
    assert!(problem.hint.contains("another pod has its name") && !problem.fixes.is_empty(), "{}", text(&problem));
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_may_not_be_read_names_the_right_and_a_role() {
    let (mut cluster, _steps, task) = start(Value::Null, None, None);
    let call = cluster.serve(|call| call.path.ends_with("/pods/api")).await.unwrap();
    let message = "pods \"api\" is forbidden: User \"oncall\" cannot get resource \"pods\" in API group \"\" in the \
                   namespace \"shop\"";
    call.refuse(403, "Forbidden", message);
    insta::assert_snapshot!(text(&task.await.unwrap().unwrap_err()));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_told_and_waited_out() {
    let (mut cluster, mut steps, task) = start(waiting("ContainerCreating", ""), None, None);
    cluster.serve(|_| false).await;
    // The watch stays open, and nothing comes through it any more; the node may not be read.
    let pods = keep_serving(cluster);
    let problem = stuck(&mut steps).await;
    assert!(problem.why.contains("said nothing"), "{}", text(&problem));
    loop {
        match steps.recv().await.unwrap() {
            LaunchStep::Note(note) if note.contains("not heard") => break,
            step => assert!(!matches!(step, LaunchStep::Running), "{step:?}"),
        }
    }
    pods.send(debugged("u1", &json!([{"name": "d", "state": {"running": {}}}]))).unwrap();
    assert_eq!(task.await.unwrap(), Ok(Started::Running));
}

/// The status says it 10 to 30 seconds later.
#[tokio::test(start_paused = true)]
async fn an_image_that_does_not_come_is_explained_as_soon_as_an_event_says_so() {
    let creating = waiting("ContainerCreating", "");
    let (mut cluster, mut steps, _task) = start(creating, Some(node("True")), Some(list(&[])));
    cluster.serve(|_| false).await;
    let path = "spec.ephemeralContainers{d}";
    let words = "Failed to pull image \"tools:1\": failed to resolve reference \"docker.io/library/tools:1\": \
                 docker.io/library/tools:1: not found";
    cluster.told(&event("e1", "Pulling", path, "Pulling image \"tools:1\""));
    cluster.told(&event("e2", "Failed", path, words));
    let _serving = keep_serving(cluster);
    let problem = stuck(&mut steps).await;
    assert!(problem.why.contains("the image tools:1 cannot be pulled: docker.io has no such tag"), "{problem:?}");
    assert!(problem.fixes.iter().any(|fix| fix.title.contains("busybox:1.37, which node1 has already")), "{problem:?}");
}
