//! The same against the demo's API: rights, resources, policies, dry runs and where each message stands.

use super::*;

fn demo(user: &str) -> (bathyscope::demo::DemoCluster, Cluster) {
    let demo = echo::cluster();
    let cluster = Cluster::from_client(demo.client(user), ContextInfo::default());
    (demo, cluster)
}

async fn on_demo(user: &str, namespace: &str, words: &[&str]) -> (Result<Verdict, Problem>, String, String) {
    let (_demo, cluster) = demo(user);
    let errand = Errand { namespace: namespace.into(), ..errand(words) };
    Running::start(errand, Some(cluster), "").ended().await
}

#[tokio::test]
async fn a12_each_right_that_is_missing_is_named() {
    for (user, words, right) in [
        ("view", &["multi", "--image=busybox"][..], "patch pods/ephemeralcontainers"),
        ("edit", &["multi", "--image=busybox"], "patch pods/ephemeralcontainers"),
        ("view", &["multi", "--image=busybox", "--copy-to=c"], "create pods"),
        ("edit", &["node/node1", "--image=busybox"], "get nodes"),
    ] {
        let problem = on_demo(user, "demo", words).await.0.unwrap_err();
        assert!(problem.hint.contains(right), "{user} {words:?}: {problem}");
    }
    assert_eq!(on_demo("oncall", "demo", &["multi", "--image=busybox"]).await.0, Ok(Verdict::Done));
    assert_eq!(on_demo("edit", "demo", &["multi", "--image=busybox", "--copy-to=c"]).await.0, Ok(Verdict::Done));
}

#[tokio::test]
async fn e34_what_is_not_there_or_no_pod_is_an_error() {
    let problem = on_demo("admin", "demo", &["nosuch", "--image=busybox"]).await.0.unwrap_err();
    assert!(problem.why.contains("\"nosuch\" not found"), "{problem}");
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}});
    let errand = Errand { subjects: vec![Subject::Read(deployment)], ..errand(&["p", "--image=busybox"]) };
    let problem = Running::start(errand, Some(demo("admin").1), "").ended().await.0.unwrap_err();
    assert!(problem.why.contains("apps/v1 Deployment is not supported"), "{problem}");
    assert!(Resource::parse("svc/kubernetes").is_err());
}

#[tokio::test]
async fn e35_the_first_failure_stops_and_what_was_done_stays() {
    let (demo, cluster) = demo("admin");
    let words = ["multi", "nosuch", "done", "--image=busybox", "-c=dbg"];
    let errand = Errand { namespace: "demo".into(), ..errand(&words) };
    let (outcome, ..) = Running::start(errand, Some(cluster), "").ended().await;
    assert!(outcome.is_err());
    let has = |pod: &str| {
        let pod = demo.store().get("pods", "demo", pod).expect("a recorded pod");
        let containers = pod["spec"]["ephemeralContainers"].as_array().cloned().unwrap_or_default();
        containers.iter().any(|container| container["name"] == "dbg")
    };
    assert!(has("multi") && !has("done"));
}

#[tokio::test]
async fn what_a_policy_refuses_is_offered_in_another_way_and_not_taken() {
    let (demo, cluster) = demo("admin");
    let errand = Errand { namespace: "restricted-ns".into(), ..errand(&["locked", "--image=busybox"]) };
    let (outcome, _, err) = Running::start(errand, Some(cluster), "").ended().await;
    assert_eq!(outcome, Ok(Verdict::Failed));
    assert!(err.contains("Pod Security level restricted, which the debugger breaks"), "{err}");
    let offered = err.lines().last().unwrap_or_default();
    // A user and group are given as a custom container, which comes through a pipe.
    assert!(offered.starts_with("    printf %s '{\"securityContext\""), "{err}");
    assert!(offered.contains(" | bathy --context prod debug -n restricted-ns locked "), "{err}");
    assert!(offered.contains("--profile=restricted"), "{err}");
    let pod = demo.store().get("pods", "restricted-ns", "locked").expect("it is recorded");
    let before = echo::recorded!("pods-restricted.json");
    let before = before["items"].as_array().unwrap().iter().find(|pod| pod["metadata"]["name"] == "locked").unwrap();
    assert_eq!(pod["spec"]["ephemeralContainers"], before["spec"]["ephemeralContainers"]);
}

#[tokio::test]
async fn a_dry_run_prints_what_would_be_sent_and_sends_nothing() {
    let (demo, cluster) = demo("admin");
    let version = demo.store().version();
    let run = async |words: &[&str]| {
        let errand = Errand { namespace: "demo".into(), ..errand(words) };
        let (outcome, out, _) = Running::start(errand, Some(cluster.clone()), "").ended().await;
        assert_eq!(outcome, Ok(Verdict::Done), "{words:?}");
        out
    };
    let one = run(&["nonroot", "--image=busybox", "-c=dbg", "-it", "--dry-run=client", "-o=json"]).await;
    let one: Value = serde_json::from_str(&one).expect("nothing but the document");
    assert_eq!(one["spec"]["ephemeralContainers"][0]["tty"], true);
    let both = run(&["nonroot", "node/node1", "--image=busybox", "--dry-run=client", "-o=yaml"]).await;
    let both: Value = serde_saphyr::from_str(&both).expect("nothing but the document");
    assert_eq!((&both["kind"], &both["items"][1]["kind"]), (&json!("List"), &json!("Pod")));
    let words = ["nonroot", "--image=busybox", "--copy-to=c", "--replace", "-q", "--dry-run=client"];
    assert_eq!(run(&words).await, "pod/c created (dry run)\npod/nonroot deleted (dry run)\n");
    let words = ["nonroot", "--image=busybox", "--copy-to=c", "--replace", "-q", "--dry-run=server"];
    assert_eq!(run(&words).await, "pod/c created (server dry run)\npod/nonroot deleted (server dry run)\n");
    let answer = run(&["nonroot", "--image=busybox", "--dry-run=server", "-o=json", "-c=dbg"]).await;
    let answer: Value = serde_json::from_str(&answer).expect("nothing but the document");
    assert_eq!(answer["metadata"]["name"], "nonroot", "the answer is the whole pod");
    assert_eq!(demo.store().version(), version, "something was changed");
    let made = run(&["nonroot", "--image=busybox", "-o=json", "-c=dbg"]).await;
    assert!(made.contains("\"dbg\"") && demo.store().version() > version);
}

#[tokio::test]
async fn files_need_no_cluster_for_a_dry_run() {
    let pods = [pod(&json!({})), json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {}})];
    let errand = Errand {
        subjects: pods.map(Subject::Read).to_vec(),
        dry_run: DryRun::Client,
        output: Some(Format::Yaml),
        ..errand(&["p", "--image=busybox", "--explain", "--profile=auto"])
    };
    let (outcome, out, err) = Running::start(errand, None, "").ended().await;
    assert_eq!(outcome, Ok(Verdict::Done));
    assert_eq!(serde_saphyr::from_str::<Value>(&out).unwrap()["items"].as_array().map(Vec::len), Some(2));
    assert!(err.contains("profile general: ") && err.contains("the same with kubectl: kubectl debug -n shop api "));
}

#[tokio::test]
async fn notices_stand_where_kubectl_puts_them() {
    for (words, out_has, quiet_out) in [
        (&["multi", "--image=busybox"][..], "container is called debugger-", ""),
        (&["multi", "--image=busybox", "-c=x", "--target=web"], "web is the target", ""),
        (&["node/node1", "--image=busybox"], "Creating pod node-debugger-node1-", ""),
    ] {
        let (outcome, out, err) = on_demo("admin", "demo", words).await;
        assert_eq!((outcome, err.as_str()), (Ok(Verdict::Done), ""), "{words:?}");
        assert!(out.contains(out_has), "{out}");
        let words: Vec<&str> = words.iter().copied().chain(["-q"]).collect();
        assert_eq!(on_demo("admin", "demo", &words).await.1, quiet_out);
    }
    let (_, _, err) = on_demo("admin", "demo", &["multi", "--image=busybox", "-q", "--profile=legacy"]).await;
    assert!(err.starts_with("Warning: Profile legacy is deprecated"), "{err}");
}

#[tokio::test]
async fn a_copy_is_found_again_by_its_marks_and_a_dry_run_shows_them() {
    use bathyscope::cluster::{LeftoverKind, LeftoverScope};
    use bathyscope::runtime::plain::Marks;

    let (_demo, cluster) = demo("admin");
    let marked = |words: &[&str]| {
        let marks = Some(Marks { creator: "sam".into(), at: jiff::Timestamp::UNIX_EPOCH });
        Errand { namespace: "demo".into(), marks, ..errand(words) }
    };
    let mut words = vec!["multi", "--image=busybox", "--copy-to=c", "-c=alive"];
    words.extend(["--dry-run=client", "-o=json"]);
    let (outcome, shown, _) = Running::start(marked(&words), Some(cluster.clone()), "").ended().await;
    assert_eq!(outcome, Ok(Verdict::Done));
    assert!(shown.contains("\"app.kubernetes.io/managed-by\": \"bathyscope\""), "{shown}");
    assert!(shown.contains("\"bathyscope.dev/created-by\": \"sam\""), "{shown}");
    let (outcome, ..) = Running::start(marked(&words[..4]), Some(cluster.clone()), "").ended().await;
    assert_eq!(outcome, Ok(Verdict::Done));
    let found = cluster.leftovers(&LeftoverScope::In(vec!["demo".into()])).await.unwrap();
    let copy = found.leftovers.iter().find(|row| &*row.pod.name == "c").expect("the copy is found");
    assert_eq!((&copy.kind, copy.owner.as_deref()), (&LeftoverKind::Copy { of: Some("multi".into()) }, Some("sam")));
}
