//! Starting a debugger, step by step, against a server that says what a kubelet says.

use bathyscope::cluster::{Cluster, ContainerKey, LaunchStep, PodKey, Problem, Started, Which};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::fake_api::{Call, FakeApi};

fn container() -> ContainerKey {
    ContainerKey { pod: PodKey { namespace: "shop".into(), name: "api".into() }, container: "app".into() }
}

fn pod(state: &Value) -> Value {
    json!({
        "kind": "Pod", "metadata": {"name": "api", "namespace": "shop", "uid": "u1"},
        "spec": {"nodeName": "n", "ephemeralContainers": [{"name": "app", "image": "tools:1"}]},
        "status": {"phase": "Running", "ephemeralContainerStatuses": state},
    })
}

fn waiting(reason: &str, message: &str) -> Value {
    pod(&json!([{"name": "app", "state": {"waiting": {"reason": reason, "message": message}}}]))
}

/// Waits for a start; every step comes through the channel, the outcome at last.
fn start(cluster: Cluster) -> (mpsc::UnboundedReceiver<LaunchStep>, JoinHandle<Result<Started, Problem>>) {
    let (sender, steps) = mpsc::unbounded_channel();
    let task = tokio::spawn(async move {
        cluster
            .wait_started(&container(), |step| {
                let _ = sender.send(step);
            })
            .await
    });
    (steps, task)
}

/// The read of the pod and its watch; events and nodes may not be read by this user.
async fn watched(api: &mut FakeApi, now: &Value) -> Call {
    api.next().await.expect("/api/v1/namespaces/shop/pods/api").json(now);
    next_of(api, "/api/v1/namespaces/shop/pods").await
}

/// The next request of this path; those of events and nodes on the way are refused.
async fn next_of(api: &mut FakeApi, path: &str) -> Call {
    loop {
        let call = api.next().await;
        if call.path.ends_with("/events") || call.path.contains("/nodes/") {
            call.refuse(403, "Forbidden", "no");
        } else {
            return call.expect(path);
        }
    }
}

/// Refuses whatever else is asked.
fn refuse_the_rest(mut api: FakeApi) {
    tokio::spawn(async move {
        loop {
            api.next().await.refuse(403, "Forbidden", "no");
        }
    });
}

/// The steps until the channel ends, each in a word or two.
async fn told(steps: &mut mpsc::UnboundedReceiver<LaunchStep>) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(step) = steps.recv().await {
        seen.push(word(step));
    }
    seen
}

fn word(step: LaunchStep) -> String {
    match step {
        LaunchStep::Waiting { reason, .. } => reason,
        LaunchStep::Scheduled { node } => format!("on {node}"),
        LaunchStep::Event { reason, message, .. } => format!("{reason}: {message}"),
        LaunchStep::Stuck(problem) => format!("stuck: {}", problem.why),
        LaunchStep::Note(note) => format!("note: {note}"),
        other => format!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_is_told_step_by_step() {
    let (cluster, mut api) = FakeApi::new();
    let (mut steps, task) = start(cluster);
    let events = watched(&mut api, &pod(&json!(null))).await.stream();
    for state in [
        waiting("ContainerCreating", ""),
        waiting("ErrImagePull", "no such host"),
        waiting("ErrImagePull", "no such host"),
        waiting("ImagePullBackOff", "back-off"),
        pod(&json!([{"name": "app", "state": {"running": {}}}])),
    ] {
        events.send(&json!({"type": "MODIFIED", "object": state}));
    }
    // The image's node is asked for, and refused.
    refuse_the_rest(api);
    assert_eq!(task.await.unwrap(), Ok(Started::Running));
    assert_eq!(
        told(&mut steps).await,
        [
            "on n",
            "Accepted",
            "ContainerCreating",
            "ErrImagePull",
            "stuck: the image tools:1 cannot be pulled: n does not find the registry docker.io by its name (no such host)",
            "ImagePullBackOff",
            "Running"
        ]
    );
    events.closed().await;
}

#[tokio::test(start_paused = true)]
async fn what_will_never_start_is_a_problem_at_once() {
    let (cluster, mut api) = FakeApi::new();
    let (_steps, task) = start(cluster);
    let _events =
        watched(&mut api, &waiting("RunContainerError", "exec: \"zsh\": executable file not found in $PATH")).await;
    refuse_the_rest(api);
    assert!(task.await.unwrap().unwrap_err().why.contains("zsh"));

    let (cluster, mut api) = FakeApi::new();
    let (_steps, task) = start(cluster);
    let events = watched(&mut api, &waiting("ContainerCreating", "")).await.stream();
    events.send(&json!({"type": "DELETED", "object": pod(&json!(null))}));
    assert!(task.await.unwrap().unwrap_err().why.contains("deleted"));
}

#[tokio::test(start_paused = true)]
async fn a_cut_while_waiting_is_told_and_waited_out() {
    let (cluster, mut api) = FakeApi::new();
    let (mut steps, task) = start(cluster);
    watched(&mut api, &waiting("ContainerCreating", "")).await.stream().cut();
    let again = next_of(&mut api, "/api/v1/namespaces/shop/pods/api").await;
    again.json(&pod(&json!([{"name": "app", "state": {"terminated": {"exitCode": 7, "reason": "Error"}}}])));
    assert_eq!(task.await.unwrap(), Ok(Started::Ended { code: 7 }));
    let mut notes = 0;
    while let Some(step) = steps.recv().await {
        notes += usize::from(matches!(step, LaunchStep::Note(_)));
    }
    assert_eq!(notes, 1);
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_watch_the_pod_is_read_again_and_again() {
    let (cluster, mut api) = FakeApi::new();
    let (_steps, task) = start(cluster);
    watched(&mut api, &waiting("ContainerCreating", "")).await.refuse(403, "Forbidden", "no");
    next_of(&mut api, "/api/v1/namespaces/shop/pods/api")
        .await
        .json(&pod(&json!([{"name": "app", "state": {"running": {}}}])));
    assert_eq!(task.await.unwrap(), Ok(Started::Running));
}

#[tokio::test(start_paused = true)]
async fn an_exit_code_is_waited_for_with_a_limit() {
    let running = pod(&json!([{"name": "app", "state": {"running": {}}}]));
    let (cluster, mut api) = FakeApi::new();
    let asking = tokio::spawn(async move { cluster.exit_code(&container()).await });
    let events = watched(&mut api, &running).await.stream();
    let ended = pod(&json!([{"name": "app", "state": {"terminated": {"exitCode": 3}}}]));
    events.send(&json!({"type": "MODIFIED", "object": ended}));
    assert_eq!(asking.await.unwrap(), Some(3));

    let (cluster, mut api) = FakeApi::new();
    let asking = tokio::spawn(async move { cluster.exit_code(&container()).await });
    let _events = watched(&mut api, &running).await.stream();
    assert_eq!(asking.await.unwrap(), None);
}

#[tokio::test]
async fn requests_of_a_plan_are_sent_as_they_are() {
    use bathyscope::plan::Request;
    let (cluster, mut api) = FakeApi::new();
    let body = json!({"spec": {"ephemeralContainers": [{"name": "d"}]}});
    let request = Request::PatchEphemeral { namespace: "shop".into(), pod: "api".into(), body: body.clone() };
    let sending = tokio::spawn({
        let cluster = cluster.clone();
        async move { cluster.send(&request).await }
    });
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods/api/ephemeralcontainers");
    assert_eq!(call.method, "PATCH");
    assert_eq!(serde_json::from_slice::<Value>(&call.body).unwrap(), body);
    call.json(&pod(&json!(null)));
    assert_eq!(sending.await.unwrap().unwrap()["metadata"]["name"], "api");

    let asking = tokio::spawn({
        let cluster = cluster.clone();
        async move { cluster.can("patch", "pods", Some("ephemeralcontainers"), "shop").await }
    });
    let call = api.next().await.expect("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews");
    let review: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(review["spec"]["resourceAttributes"]["subresource"], "ephemeralcontainers");
    call.json(&json!({"status": {"allowed": true}}));
    assert_eq!(asking.await.unwrap(), Some(true));

    let key = container().pod;
    let deleting = tokio::spawn(async move { cluster.delete_pod(&key, &Which::Any).await });
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods/api");
    assert_eq!(call.method, "DELETE");
    call.refuse(404, "NotFound", "gone");
    assert_eq!(deleting.await.unwrap(), Ok(()));
}
