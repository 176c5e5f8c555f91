//! Looking for leftovers, deleting pods and ending debuggers, against a server that answers what the test says.

use bathyscope::cluster::{Cluster, ContainerKey, Finish, LeftoverScope, PodKey, Which};
use serde_json::{Value, json};

use crate::fake_api::{Call, FakeApi};

const POD: &str = "/api/v1/namespaces/shop/pods/api";

fn key() -> PodKey {
    PodKey { namespace: "shop".into(), name: "api".into() }
}

fn body(call: &Call) -> Value {
    serde_json::from_slice(&call.body).unwrap_or_default()
}

fn everywhere(names: &[&str]) -> LeftoverScope {
    LeftoverScope::Everywhere { otherwise: names.iter().map(ToString::to_string).collect() }
}

fn pod(debugger: &Value, spec: &Value) -> Value {
    json!({
        "kind": "Pod", "metadata": {"name": "api", "namespace": "shop", "uid": "u-1"},
        "spec": {"nodeName": "n", "containers": [{"name": "app", "image": "a"}], "ephemeralContainers": [spec]},
        "status": {
            "phase": "Running",
            "containerStatuses": [{"name": "app", "state": {"running": {}}}],
            "ephemeralContainerStatuses": [{"name": "debugger-x7k2p", "state": debugger}],
        },
    })
}

fn on_a_terminal() -> Value {
    json!({"name": "debugger-x7k2p", "image": "b", "stdin": true, "tty": true})
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_deleted_only_while_it_is_the_one_that_was_seen() {
    let (cluster, mut api) = FakeApi::new();
    let delete = |which: Which| {
        let cluster = cluster.clone();
        tokio::spawn(async move { cluster.delete_pod(&key(), &which).await })
    };
    let deleting = delete(Which::Uid("u-1".to_owned()));
    let call = api.next().await.expect(POD);
    assert_eq!((call.method.as_str(), &body(&call)["preconditions"]["uid"]), ("DELETE", &json!("u-1")));
    call.refuse(409, "Conflict", "Precondition failed: UID in precondition: u-1, UID in object meta: u-2");
    assert!(deleting.await.unwrap().unwrap_err().why.contains("another pod has this name now"));

    let deleting = delete(Which::Any);
    let message = "pods \"api\" is forbidden: User \"u\" cannot delete resource \"pods\" in API group \"\" in the namespace \"shop\"";
    api.next().await.expect(POD).refuse(403, "Forbidden", message);
    let hint = deleting.await.unwrap().unwrap_err().hint;
    assert!(hint.contains("kind: Role") && hint.contains("verbs: [delete]"), "{hint}");

    let deleting = delete(Which::Ours);
    api.next().await.expect(POD).json(&json!({"metadata": {"name": "api", "uid": "u-2", "labels": {"app": "api"}}}));
    assert!(deleting.await.unwrap().is_err(), "without our label it is not ours");

    let deleting = delete(Which::Ours);
    let labels = json!({"app.kubernetes.io/managed-by": "bathyscope"});
    api.next().await.expect(POD).json(&json!({"metadata": {"name": "api", "uid": "u-3", "labels": labels}}));
    let call = api.next().await.expect(POD);
    assert_eq!(body(&call)["preconditions"]["uid"], "u-3");
    call.json(&json!({}));
    assert_eq!(deleting.await.unwrap(), Ok(()));
    assert!(api.is_idle());
}

#[tokio::test(start_paused = true)]
async fn who_may_not_list_everywhere_gets_the_namespaces_they_named() {
    let (cluster, mut api) = FakeApi::new();
    let looking = tokio::spawn(async move { cluster.leftovers(&everywhere(&["shop", "pay"])).await });
    api.next().await.expect("/api/v1/pods").refuse(403, "Forbidden", "pods is forbidden");
    let list = json!({"items": [pod(&json!({"running": {}}), &on_a_terminal())]});
    api.next().await.expect("/api/v1/namespaces/shop/pods").json(&list);
    api.next().await.expect("/api/v1/namespaces/pay/pods").refuse(403, "Forbidden", "pods is forbidden");
    let found = looking.await.unwrap().unwrap();
    assert_eq!(found.namespaces.as_deref(), Some(&["shop".to_owned()][..]));
    assert_eq!((found.leftovers.len(), found.refused.len()), (1, 2));
    assert_eq!(found.leftovers[0].uid, "u-1");
}

#[tokio::test(start_paused = true)]
async fn who_may_list_nothing_is_told_so() {
    let (cluster, mut api) = FakeApi::new();
    let looking = tokio::spawn(async move { cluster.leftovers(&everywhere(&["shop"])).await });
    for path in ["/api/v1/pods", "/api/v1/namespaces/shop/pods"] {
        api.next().await.expect(path).refuse(403, "Forbidden", "pods is forbidden");
    }
    assert!(looking.await.unwrap().unwrap_err().what.contains("shop"));
}

#[tokio::test(start_paused = true)]
async fn pages_that_are_forgotten_are_read_again_and_nothing_is_doubled() {
    let (cluster, mut api) = FakeApi::new();
    let looking = tokio::spawn(async move { cluster.leftovers(&everywhere(&[])).await });
    let page = |next: &str| json!({"metadata": {"continue": next}, "items": [pod(&json!({}), &on_a_terminal())]});
    api.next().await.json(&page("more"));
    let call = api.next().await;
    assert_eq!(call.param("continue"), Some("more"));
    call.refuse(410, "Expired", "the continue token is too old");
    let call = api.next().await;
    assert_eq!(call.param("continue"), None);
    call.json(&page(""));
    assert_eq!(looking.await.unwrap().unwrap().leftovers.len(), 1);
}

fn end(cluster: &Cluster, container: &str) -> tokio::task::JoinHandle<Result<Finish, bathyscope::cluster::Problem>> {
    let (cluster, at) = (cluster.clone(), ContainerKey { pod: key(), container: container.into() });
    tokio::spawn(async move { cluster.end_debugger(&at).await })
}

#[tokio::test(start_paused = true)]
async fn only_a_debugger_that_runs_is_touched() {
    let (cluster, mut api) = FakeApi::new();
    let running = pod(&json!({"running": {}}), &on_a_terminal());
    for (container, state, outcome) in [
        ("app", running.clone(), Err("belongs to the pod itself")),
        ("gone", running, Err("no such container")),
        ("debugger-x7k2p", pod(&json!({"terminated": {"exitCode": 0}}), &on_a_terminal()), Ok(Finish::EndedBefore)),
        ("debugger-x7k2p", pod(&json!({"waiting": {"reason": "ErrImagePull"}}), &on_a_terminal()), Err("does not run")),
    ] {
        let ending = end(&cluster, container);
        api.next().await.expect(POD).json(&state);
        match (ending.await.unwrap(), outcome) {
            (Ok(finish), Ok(expected)) => assert_eq!(finish, expected),
            (Err(problem), Err(why)) => assert!(problem.why.contains(why), "{problem}"),
            (came, expected) => panic!("{came:?} instead of {expected:?}"),
        }
        assert!(api.is_idle(), "{container}: nothing was sent into it");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shell_is_told_to_end_and_believed_only_once_its_status_says_so() {
    let (cluster, mut api) = FakeApi::new();
    let running = pod(&json!({"running": {}}), &on_a_terminal());
    let ending = end(&cluster, "debugger-x7k2p");
    api.next().await.expect(POD).json(&running);
    // The watch and the stream come side by side.
    let mut events = None;
    let mut socket = None;
    while events.is_none() || socket.is_none() {
        let call = api.next().await;
        match call.path.as_str() {
            POD => call.json(&running),
            "/api/v1/namespaces/shop/pods" => events = Some(call.stream()),
            "/api/v1/namespaces/shop/pods/api/attach" => socket = Some(call.upgrade("v5.channel.k8s.io").await),
            other => panic!("{other}"),
        }
    }
    let (events, mut socket) = (events.expect("watched"), socket.expect("attached"));
    let told = socket.next().await.expect("a frame");
    assert_eq!(told[0], 0, "standard input");
    assert!(told.ends_with(b"exit\r\x04") && told[1] == 3, "{told:?}");
    assert!(!ending.is_finished());
    let ended = pod(&json!({"terminated": {"exitCode": 130}}), &on_a_terminal());
    events.send(&json!({"type": "MODIFIED", "object": ended}));
    assert_eq!(ending.await.unwrap(), Ok(Finish::Ended(130)));
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_is_told_with_what_helps() {
    let (cluster, mut api) = FakeApi::new();
    let deaf = json!({"name": "debugger-x7k2p", "image": "b"});
    let running = pod(&json!({"running": {}}), &deaf);
    let ending = end(&cluster, "debugger-x7k2p");
    let mut held = Vec::new();
    let problem = loop {
        let call = tokio::select! {
            call = api.next() => call,
            () = async { while !ending.is_finished() { tokio::task::yield_now().await } } => break ending.await.unwrap(),
        };
        match call.path.as_str() {
            POD => call.json(&running),
            "/api/v1/namespaces/shop/pods" => held.push(call.stream()),
            "/api/v1/namespaces/shop/pods/api/exec" => call.refuse(403, "Forbidden", "pods/exec is forbidden"),
            other => panic!("{other}: a container without input is not attached to"),
        }
    };
    let problem = problem.unwrap_err();
    assert!(problem.why.contains("forbidden") && problem.hint.contains("until its pod goes"), "{problem}");
}

#[tokio::test(start_paused = true)]
async fn a_read_only_cluster_is_never_asked_to_change() {
    let (cluster, mut api) = FakeApi::new();
    let cluster = cluster.read_only();
    let problem = cluster.delete_pod(&key(), &Which::Any).await.unwrap_err();
    assert!(problem.why.contains("read-only"), "{problem}");
    let at = ContainerKey { pod: key(), container: "app".into() };
    assert!(cluster.exec(&at, &["sh".to_owned()], true).await.is_err());
    assert!(cluster.attach(&at, true, true).await.is_err());
    assert!(api.is_idle());
}
