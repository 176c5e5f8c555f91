//! What the demo tells of its workloads, as a real cluster would: logs, events, owners, probes, metrics; by the API, and
//! by kubectl where there is one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use bathyscope::demo::serve::serve;
use bathyscope::demo::{DemoCluster, DemoOptions};
use futures::{AsyncBufReadExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::timeout;

use crate::echo::raw;

const LIMIT: Duration = Duration::from_secs(90);

async fn demo(no_metrics: bool) -> DemoCluster {
    let program = Some(PathBuf::from(env!("CARGO_BIN_EXE_bathy")));
    DemoCluster::start(DemoOptions { program, no_metrics, ..DemoOptions::default() }).await.unwrap()
}

/// Waits until an object of this kind is as it is to be.
async fn wait(demo: &DemoCluster, resource: &str, met: impl Fn(&Value) -> bool) -> Arc<Value> {
    let store = demo.store();
    let waited = timeout(LIMIT, async {
        loop {
            let (all, version) = store.list(resource, None);
            if let Some(found) = all.into_iter().find(|object| met(object)) {
                return found;
            }
            store.watch(resource, version).unwrap().next().await.unwrap().unwrap();
        }
    });
    waited.await.unwrap_or_else(|_| panic!("no {resource} got there: {:#?}", store.list(resource, None).0))
}

fn named(object: &Value, namespace: &str, name: &str) -> bool {
    object["metadata"]["namespace"] == namespace && object["metadata"]["name"] == name
}

/// Waits until everything is up that is to come up.
async fn settled(demo: &DemoCluster) {
    wait(demo, "statefulsets", |set| set["status"]["readyReplicas"] == 2).await;
    wait(demo, "daemonsets", |set| set["status"]["numberReady"] == 3).await;
    wait(demo, "deployments", |one| named(one, "demo", "nodejsapps") && one["status"]["readyReplicas"] == 1).await;
    wait(demo, "jobs", |job| named(job, "payments", "settle") && job["status"]["succeeded"] == 1).await;
    let waits = "/status/containerStatuses/0/state/waiting/reason";
    let crash = |pod: &Value| named(pod, "demo", "crash") && pod.pointer(waits) == Some(&json!("CrashLoopBackOff"));
    wait(demo, "pods", crash).await;
    wait(demo, "pods", |pod| named(pod, "demo", "chatty") && pod["status"]["phase"] == "Running").await;
    wait(demo, "pods", |pod| named(pod, "demo", "multi") && pod["status"]["phase"] == "Running").await;
    wait(demo, "events", |event| event["reason"] == "Unhealthy").await;
}

async fn get(demo: &DemoCluster, user: &str, path: &str) -> (u16, Value) {
    raw(demo, user, http::Request::get(path), None).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_count_their_pods_and_a_service_knows_who_is_ready() {
    let demo = demo(true).await;
    settled(&demo).await;
    let set = demo.store().get("statefulsets", "shop", "orders-db").unwrap();
    assert_eq!((&set["status"]["replicas"], &set["status"]["currentReplicas"]), (&json!(2), &json!(2)));
    let first = demo.store().get("pods", "shop", "orders-db-0").unwrap();
    assert_eq!(first["metadata"]["ownerReferences"][0]["kind"], "StatefulSet");
    assert_eq!(first["spec"]["hostname"], "orders-db-0");
    let (_, slices) = get(
        &demo,
        "view",
        "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Drecommender",
    )
    .await;
    assert_eq!(slices["items"][0]["endpoints"][0]["conditions"]["ready"], false);
    let (_, older) = get(&demo, "view", "/api/v1/namespaces/shop/endpoints/recommender").await;
    assert_eq!(older["subsets"][0]["notReadyAddresses"].as_array().unwrap().len(), 1);
    let (_, events) = get(
        &demo,
        "view",
        "/api/v1/namespaces/shop/events?fieldSelector=reason%3DUnhealthy%2CinvolvedObject.kind%3DPod",
    )
    .await;
    let event = &events["items"][0];
    assert_eq!((&event["type"], &event["source"]["component"]), (&json!("Warning"), &json!("kubelet")));
    let message = event["message"].as_str().unwrap();
    assert!(message.starts_with("Readiness probe failed: Get \"http://10.244."), "{message}");
    assert!(message.ends_with(":8083: connect: connection refused"), "{message}");
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_liveness_probe_that_fails_restarts_its_container() {
    let demo = demo(true).await;
    let probe = |check: &Value| json!({ "exec": check, "periodSeconds": 1, "failureThreshold": 2 });
    let command = |words: &[&str]| json!({ "command": words });
    let script = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
    let pod = json!({
        "metadata": { "name": "probed", "namespace": "demo" },
        "spec": {
            "containers": [
                { "name": "dies", "image": "busybox:1.37", "command": ["sh", "-c", script],
                  "livenessProbe": probe(&command(&["sh", "-c", "echo not well >&2; exit 1"])) },
                { "name": "lives", "image": "busybox:1.37", "command": ["sh", "-c", script],
                  "livenessProbe": probe(&command(&["true"])), "readinessProbe": probe(&command(&["true"])) },
            ],
        },
    });
    let body = Some(&pod);
    let request = http::Request::post("/api/v1/namespaces/demo/pods").header("content-type", "application/json");
    assert_eq!(raw(&demo, "admin", request, body).await.0, 201);
    let status = |pod: &Value, name: &str| {
        let all = pod["status"]["containerStatuses"].as_array().cloned().unwrap_or_default();
        all.into_iter().find(|status| status["name"] == name).unwrap_or_default()
    };
    let restarted = |pod: &Value| named(pod, "demo", "probed") && status(pod, "dies")["restartCount"] == 1;
    let pod = wait(&demo, "pods", restarted).await;
    assert_eq!(status(&pod, "lives")["restartCount"], 0);
    wait(&demo, "pods", |pod| named(pod, "demo", "probed") && status(pod, "lives")["ready"] == true).await;
    let said = |reason: &'static str, message: &'static str| {
        wait(&demo, "events", move |event| event["reason"] == reason && event["message"] == message)
    };
    said("Unhealthy", "Liveness probe failed: not well").await;
    said("Killing", "Container dies failed liveness probe, will be restarted").await;
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_kept_once_and_served_in_two_groups() {
    let demo = demo(true).await;
    settled(&demo).await;
    let core = "/api/v1/namespaces/demo/events?fieldSelector=involvedObject.name%3Dcrash%2Creason%3DBackOff";
    let newer = "/apis/events.k8s.io/v1/namespaces/demo/events?fieldSelector=regarding.name%3Dcrash%2Creason%3DBackOff";
    let (_, one) = get(&demo, "view", core).await;
    let (_, renamed) = get(&demo, "view", newer).await;
    let (one, other) = (&one["items"][0], &renamed["items"][0]);
    assert_eq!(one["metadata"]["uid"], other["metadata"]["uid"]);
    assert_eq!((&one["message"], &one["involvedObject"]), (&other["note"], &other["regarding"]));
    assert!(one["firstTimestamp"].is_string() && other["deprecatedLastTimestamp"].is_string());
    // what the other group calls its fields is refused
    let (status, refused) = get(&demo, "view", "/api/v1/events?fieldSelector=regarding.name%3Dcrash").await;
    assert_eq!((status, &refused["message"]), (400, &json!("field label not supported: regarding.name")));
    // and a watch of either hears of what is counted
    let version = demo.store().version();
    let path = format!("{newer}&watch=true&resourceVersion={version}");
    let request = http::Request::get(path).body(Vec::new()).unwrap();
    let mut lines = demo.client("view").request_stream(request).await.unwrap().lines();
    let name = one["metadata"]["name"].as_str().unwrap();
    demo.store().update("events", "demo", name, |event| event["count"] = json!(99)).unwrap();
    let line = timeout(LIMIT, lines.try_next()).await.unwrap().unwrap().unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&told["type"], &told["object"]["deprecatedCount"]), (&json!("MODIFIED"), &json!(99)));
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_measured_where_they_are_wanted() {
    if !cfg!(target_os = "linux") {
        return eprintln!("skipped: what a process uses is read from /proc, which this system has not");
    }
    let demo = demo(false).await;
    let path = "/apis/metrics.k8s.io/v1beta1/namespaces/demo/pods/chatty";
    let measured = timeout(LIMIT, async {
        loop {
            let (code, metrics) = get(&demo, "view", path).await;
            if code == 200 {
                return metrics;
            }
            tokio::task::yield_now().await;
        }
    });
    let metrics = measured.await.expect("the pod is measured");
    assert_eq!((&metrics["kind"], &metrics["metadata"]["labels"]["app"]), (&json!("PodMetrics"), &json!("chatty")));
    let used = &metrics["containers"][0]["usage"];
    let number = |of: &Value, unit: &str| of.as_str().unwrap().trim_end_matches(unit).parse::<u64>().unwrap();
    assert!(number(&used["memory"], "Ki") > 500, "{used}");
    assert!(number(&used["cpu"], "n") < 4_000_000_000, "{used}");
    let (_, nodes) = get(&demo, "view", "/apis/metrics.k8s.io/v1beta1/nodes").await;
    assert!(nodes["items"].as_array().unwrap().iter().any(|node| number(&node["usage"]["memory"], "Ki") > 500));
    let (code, _) = get(&demo, "tenant", "/apis/metrics.k8s.io/v1beta1/pods").await;
    assert_eq!(code, 403);
    let (code, gone) = get(&demo, "view", "/apis/metrics.k8s.io/v1beta1/namespaces/demo/pods/nosuch").await;
    assert_eq!((code, &gone["message"]), (404, &json!("pods.metrics.k8s.io \"demo/nosuch\" not found")));
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_without_metrics_has_no_such_group() {
    let demo = demo(true).await;
    assert_eq!(get(&demo, "admin", "/apis/metrics.k8s.io/v1beta1/pods").await.0, 404);
    assert_eq!(get(&demo, "admin", "/apis/metrics.k8s.io").await.0, 404);
    let (_, groups) = get(&demo, "admin", "/apis").await;
    let names: Vec<_> = groups["groups"].as_array().unwrap().iter().map(|group| &group["name"]).collect();
    assert!(names.contains(&&json!("batch")) && !names.contains(&&json!("metrics.k8s.io")), "{names:?}");
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_asked_for_as_the_api_documents_it() {
    let demo = demo(true).await;
    settled(&demo).await;
    let log = async |pod: &str, query: &str| {
        let path = format!("/api/v1/namespaces/demo/pods/{pod}/log?{query}");
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        demo.client("view").request_text(request).await.map_err(|error| error.to_string())
    };
    let current = log("crash", "container=app").await.unwrap();
    assert!(current.contains("importer 2.4.1 starting"), "{current}");
    // while it waits for its next life, the last one is the previous one too
    assert_eq!(log("crash", "previous=true").await.unwrap(), current);
    assert_eq!(log("crash", "limitBytes=3").await.unwrap().len(), 3);
    assert_eq!(log("crash", "sinceTime=2100-01-01T00:00:00Z").await.unwrap(), "");
    let stamped = log("chatty", "tailLines=1&timestamps=true").await.unwrap();
    assert!(stamped.split_once(' ').unwrap().0.parse::<jiff::Timestamp>().is_ok(), "{stamped}");
    for (pod, query, refused) in [
        ("crash", "tailLines=-1", "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ("crash", "sinceSeconds=0", "sinceSeconds: Invalid value: 0: must be greater than 0"),
        ("crash", "sinceSeconds=1&sinceTime=2100-01-01T00:00:00Z", "at most one of `sinceTime` or `sinceSeconds`"),
        ("crash", "tailLines=x", "strconv.ParseInt: parsing \"x\": invalid syntax"),
        ("chatty", "previous=true", "previous terminated container \"app\" in pod \"chatty\" not found"),
    ] {
        let error = log(pod, query).await.unwrap_err();
        assert!(error.contains(refused), "{query}: {error}");
    }
    let request = http::Request::get("/api/v1/namespaces/demo/pods/chatty/log?follow=true&tailLines=0");
    let mut lines = demo.client("view").request_stream(request.body(Vec::new()).unwrap()).await.unwrap().lines();
    for _ in 0..2 {
        let line = timeout(LIMIT, lines.try_next()).await.unwrap().unwrap().unwrap();
        assert!(line.contains(" tick="), "{line}");
    }
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubectl_reads_all_of_it() {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&paths).any(|directory| directory.join("kubectl").is_file()) {
        return eprintln!("skipped: there is no kubectl on the PATH");
    }
    let demo = demo(false).await;
    settled(&demo).await;
    let directory = std::env::temp_dir().join(format!("bathy-facts-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let kubeconfig = directory.join("kubeconfig");
    let _served = serve(&demo, &kubeconfig, "127.0.0.1:0".parse().unwrap()).unwrap();
    if cfg!(target_os = "linux") {
        let multi = "/apis/metrics.k8s.io/v1beta1/namespaces/demo/pods/multi";
        let measured = async { while get(&demo, "view", multi).await.0 != 200 {} };
        timeout(LIMIT, measured).await.expect("the pod is measured");
    }
    for (arguments, said) in [
        ("logs crash", "importer 2.4.1 starting"),
        ("logs crash --previous", "importer 2.4.1 starting"),
        ("logs chatty --tail=1 --timestamps", "Z 20"),
        ("logs chatty --since=1h", "tick=1 "),
        ("logs chatty --since-time=2020-01-01T00:00:00Z --limit-bytes=2000", "tick=1 "),
        ("logs multi --all-containers --prefix", "[pod/multi/sidecar] "),
        ("logs -l app=chatty --prefix --tail=1", "[pod/chatty/app] "),
        ("logs deploy/nodejsapps", "Server running at"),
        ("logs job/settle -n payments", "all orders are settled"),
        ("logs sts/orders-db -n shop", "using pod/orders-db-"),
        ("logs ds/kube-proxy -n kube-system", "Starting serviceCIDR"),
        ("describe pod crash", "Back-off restarting failed container app in pod crash_demo("),
        ("describe pod pending", "FailedScheduling"),
        ("describe node demo-node-2", "HolderIdentity:  demo-node-2"),
        ("describe deploy nodejsapps", "Progressing    True    NewReplicaSetAvailable"),
        ("describe rs -l app=nodejsapp", "Controlled By:  Deployment/nodejsapps"),
        ("describe sts orders-db -n shop", "Pods Status:        2 Running / 0 Waiting / 0 Succeeded / 0 Failed"),
        ("describe ds kube-proxy -n kube-system", "Desired Number of Nodes Scheduled: 3"),
        ("describe job settle -n payments", "Pods Statuses:    0 Active (0 Ready) / 1 Succeeded / 0 Failed"),
        ("describe svc orders-db -n shop", "TargetPort:               postgres/TCP"),
        ("get events", "pod/crash"),
        ("get events -o wide", "SUBOBJECT"),
        ("get events --field-selector type=Warning,involvedObject.name=pending", "FailedScheduling"),
        ("events --for pod/crash", "Pod/crash"),
        ("get sts,ds,jobs,cronjobs,endpoints,endpointslices -A -o wide", "statefulset.apps/orders-db"),
        ("top pods --containers", "sidecar"),
        ("top pods -A --sum", "orders-db-0"),
        ("top nodes", "demo-node-1"),
    ] {
        if arguments.starts_with("top") && !cfg!(target_os = "linux") {
            eprintln!("skipped: {arguments}: this system has no /proc");
            continue;
        }
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(&kubeconfig).args(arguments.split(' ')).env("HOME", &directory);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let output = timeout(LIMIT, command.output()).await.unwrap().unwrap();
        let all = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments}: {all}");
        assert!(all.contains(said), "{arguments}: {all}");
    }
    std::fs::remove_dir_all(directory).unwrap();
    demo.shutdown().await;
}
