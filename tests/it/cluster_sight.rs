//! The look at what a debugger sees: what it remembers, and why it could not be had; and what stands in for a pod that is
//! not there, or for a namespace that admits no debugger of a node.

use bathyscope::cluster::{Cluster, ContainerKey, Expected, PodKey, Problem, Sight, Way};
use bathyscope::plan::SeenUser;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::fake_api::{FakeApi, Socket};

const V5: &str = "v5.channel.k8s.io";
const SUCCESS: &[u8] = br#"{"metadata":{},"status":"Success"}"#;

fn container() -> ContainerKey {
    ContainerKey { pod: PodKey { namespace: "shop".into(), name: "api".into() }, container: "d".into() }
}

fn look(cluster: &Cluster) -> JoinHandle<Result<Option<Sight>, Problem>> {
    let cluster = cluster.clone();
    let expected = Expected { target: Some("app".into()), pod: "u1".into(), ..Expected::default() };
    tokio::spawn(async move { cluster.sight(&container(), &expected).await })
}

async fn answered(said: &[u8], status: &[u8]) -> (Cluster, Result<Option<Sight>, Problem>) {
    let (cluster, mut api) = FakeApi::new();
    let looking = look(&cluster);
    let mut socket: Socket = api.next().await.upgrade(V5).await;
    socket.send(1, said).await;
    socket.send(3, status).await;
    socket.close().await;
    (cluster, looking.await.expect("no panic"))
}

const KEPT_OUT: &[u8] =
    b"own Uid: 65532 65532 65532 65532\nown Gid: 0 0 0 0\nown CapEff: 0\nfirst Uid: 65532 65532 65532 65532\n\
first Gid: 7 7 7 7\nown cgroup 0::/\nfirst cgroup 0::/../x\nall said\n";

#[tokio::test]
async fn who_the_target_runs_as_is_remembered_for_its_pod() {
    let (cluster, sight) = answered(KEPT_OUT, SUCCESS).await;
    let sight = sight.expect("a look").expect("a sight");
    assert_eq!(sight.text, "cannot read app's files: 65532:0 is not 65532:7");
    let pod = |uid: &str| json!({"metadata": {"uid": uid}});
    assert_eq!(cluster.seen_user(&pod("u1"), "app"), Some(SeenUser { uid: 65532, gid: 7 }));
    assert_eq!(cluster.seen_user(&pod("u2"), "app"), None);
}

#[tokio::test]
async fn why_it_could_not_look_is_said() {
    let not_there = br#"{"status":"Failure","reason":"InternalError","message":"exec: \"sh\": executable file not found in $PATH"}"#;
    let code = br#"{"status":"Failure","reason":"NonZeroExitCode","message":"x","details":{"causes":[{"reason":"ExitCode","message":"127"}]}}"#;
    for (said, status, why) in [
        (&b""[..], &not_there[..], "executable file not found"),
        (b"", code, "there is no shell in its image"),
        (b"", SUCCESS, "its shell said nothing"),
        (b"own Gid: 0 0 0 0\nall said\n", SUCCESS, "it cannot read its own status in /proc"),
        (b"own Uid: 0 0 0 0\nown G", SUCCESS, "its answer is not whole; it ends with \u{201c}own G\u{201d}"),
    ] {
        let (_, sight) = answered(said, status).await;
        let problem = sight.expect_err("there is nothing to see");
        assert!(problem.why.contains(why), "{problem:?}");
    }
    let (cluster, mut api) = FakeApi::new();
    let looking = look(&cluster);
    api.next().await.refuse(403, "Forbidden", "User \"u\" cannot create resource \"pods/exec\"");
    let problem = looking.await.expect("no panic").expect_err("refused");
    assert!(problem.why.contains("pods/exec"), "{problem:?}");
}

#[tokio::test(start_paused = true)]
async fn a_look_that_gets_no_answer_says_so() {
    let (cluster, mut api) = FakeApi::new();
    let looking = look(&cluster);
    let _socket = api.next().await.upgrade(V5).await;
    let problem = looking.await.expect("no panic").expect_err("silence");
    assert!(problem.why.contains("no answer within 20 s"), "{problem:?}");
}

#[tokio::test]
async fn a_pod_that_is_not_there_any_more_has_one_that_stands_in() {
    let (cluster, mut api) = FakeApi::new();
    let key = PodKey { namespace: "shop".into(), name: "api-66cd7b9f8-x7k2p".into() };
    let reading = tokio::spawn(async move { cluster.pod(&key).await });
    api.next().await.expect("/api/v1/namespaces/shop/pods/api-66cd7b9f8-x7k2p").refuse(
        404,
        "NotFound",
        "pods not found",
    );
    let other: Value = json!({
        "metadata": {"name": "api-66cd7b9f8-b9v4c", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "status": {"phase": "Running"},
    });
    api.next().await.expect("/api/v1/namespaces/shop/pods").json(&json!({"items": [other]}));
    let problem = reading.await.expect("no panic").expect_err("it is gone");
    let ways: Vec<&Way> = problem.fixes.iter().map(|fix| &fix.way).collect();
    let instead = Way::Pod(PodKey { namespace: "shop".into(), name: "api-66cd7b9f8-b9v4c".into() });
    assert_eq!(ways, [&instead, &Way::Again]);
}

#[tokio::test]
async fn namespaces_that_may_admit_more_come_in_a_sensible_order() {
    let (cluster, mut api) = FakeApi::new();
    let listing = tokio::spawn(async move { cluster.lenient_namespaces().await });
    let namespace = |name: &str, level: Option<&str>| {
        let labels = level.map(|level| json!({"pod-security.kubernetes.io/enforce": level}));
        json!({"metadata": {"name": name, "labels": labels}})
    };
    api.next().await.expect("/api/v1/namespaces").json(&json!({"items": [
        namespace("kube-system", None),
        namespace("a", None),
        namespace("default", None),
        namespace("locked", Some("restricted")),
        namespace("base", Some("baseline")),
        namespace("ops", Some("privileged")),
    ]}));
    let names: Vec<String> = listing.await.expect("no panic").iter().map(ToString::to_string).collect();
    assert_eq!(names, ["ops", "default", "a", "kube-system"]);
}
