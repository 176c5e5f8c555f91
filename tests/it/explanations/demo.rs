//! The same states as the demo cluster brings them about: sent to its API, met by its scheduler and kubelet, explained
//! by the wait for the start.

use std::path::PathBuf;
use std::time::Duration;

use bathyscope::cluster::{Cluster, ContainerKey, ContextInfo, LaunchStep, PodKey, Problem};
use bathyscope::demo::{DemoCluster, DemoOptions, Isolation};
use bathyscope::plan::Request;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Group;

const LIMIT: Duration = Duration::from_secs(60);

struct Demo {
    inside: DemoCluster,
    cluster: Cluster,
    group: Group,
    debuggers: u32,
}

impl Demo {
    async fn start() -> Self {
        let program = Some(PathBuf::from(env!("CARGO_BIN_EXE_bathy")));
        let demo = DemoCluster::start(DemoOptions { isolation: Isolation::Off, program, ..DemoOptions::default() })
            .await
            .unwrap();
        let cluster = Cluster::from_client(demo.client("admin"), ContextInfo::default());
        Self { inside: demo, cluster, group: Group::default(), debuggers: 0 }
    }

    /// Sends a debugger to a pod and gives what is said first of its not starting.
    async fn debugger(&mut self, title: &str, pod: &str, more: &Value) {
        self.debuggers += 1;
        let name = format!("d{}", self.debuggers);
        let mut container = json!({"name": name, "image": "busybox:1.37", "stdin": true, "tty": true});
        for (field, value) in more.as_object().into_iter().flatten() {
            container[field] = value.clone();
        }
        let body = json!({"spec": {"ephemeralContainers": [container]}});
        let request = Request::PatchEphemeral { namespace: "demo".to_owned(), pod: pod.to_owned(), body };
        self.sent(title, request, pod, &name).await;
    }

    /// Creates a pod as a copy would be and gives what is said first of its debugger not starting.
    async fn copy(&mut self, title: &str, name: &str, spec: &Value) {
        let mut body = json!({
            "metadata": {"name": name, "annotations": {"bathyscope.dev/copied-from": "chatty"}},
            "spec": {"containers": [
                {"name": "app", "image": "registry.example.com/ticker:1"},
                {"name": "d", "image": "busybox:1.37", "stdin": true, "tty": true},
            ]},
        });
        for (field, value) in spec.as_object().into_iter().flatten() {
            if field == "app" {
                for (field, value) in value.as_object().into_iter().flatten() {
                    body["spec"]["containers"][0][field] = value.clone();
                }
            } else {
                body["spec"][field] = value.clone();
            }
        }
        let request = Request::CreatePod { namespace: "demo".to_owned(), pod: name.to_owned(), body };
        self.sent(title, request, name, "d").await;
    }

    async fn sent(&mut self, title: &str, request: Request, pod: &str, container: &str) {
        let problem = match self.cluster.send(&request).await {
            Err(problem) => problem,
            Ok(_) => self.first_problem(title, pod, container).await,
        };
        self.say(title, problem);
    }

    async fn first_problem(&self, title: &str, pod: &str, container: &str) -> Problem {
        let (sender, mut steps) = mpsc::unbounded_channel();
        let pod = PodKey { namespace: "demo".into(), name: pod.into() };
        let container = ContainerKey { pod, container: container.into() };
        let cluster = self.cluster.clone();
        let waiting =
            tokio::spawn(async move { cluster.wait_started(&container, |step| drop(sender.send(step))).await });
        let stuck = async {
            while let Some(step) = steps.recv().await {
                if let LaunchStep::Stuck(problem) = step {
                    return Some(problem);
                }
            }
            None
        };
        let stuck = timeout(LIMIT, stuck).await.unwrap_or_else(|_| panic!("{title}: nothing was said"));
        match stuck {
            Some(problem) => {
                waiting.abort();
                problem
            }
            None => waiting.await.unwrap().expect_err(title),
        }
    }

    /// Which node takes a pod is no part of what is said, nor how often it has crashed by now.
    fn say(&mut self, title: &str, mut problem: Problem) {
        let same = |text: &str| {
            let text = text.replace("demo-node-1", "NODE").replace("demo-node-2", "NODE");
            let Some((before, after)) = text.split_once(", restarted ") else { return text };
            let rest = after.trim_start_matches(|c: char| !matches!(c, ':' | '('));
            format!("{before}, restarted …{rest}")
        };
        (problem.what, problem.why, problem.hint) = (same(&problem.what), same(&problem.why), same(&problem.hint));
        for fix in &mut problem.fixes {
            fix.title = same(&fix.title);
        }
        self.group.problem(title, &problem);
    }

    /// Waits until a pod of the demo is as it is to be.
    async fn until(&self, pod: &str, met: impl Fn(&Value) -> bool) {
        let (_, version) = self.inside.store().list("pods", None);
        let mut changes = self.inside.store().watch("pods", version).unwrap();
        let waited = timeout(LIMIT, async {
            while !self.inside.store().get("pods", "demo", pod).is_some_and(|pod| met(&pod)) {
                changes.next().await.unwrap().unwrap();
            }
        });
        assert!(waited.await.is_ok(), "{pod} did not get there");
    }

    async fn done(self) -> String {
        self.inside.shutdown().await;
        self.group.done()
    }
}

fn runs(pod: &Value) -> bool {
    pod["status"]["phase"] == "Running"
}

#[tokio::test(flavor = "multi_thread")]
async fn debuggers_on_the_demo_cluster() {
    let mut demo = Demo::start().await;
    for pod in ["chatty", "nonroot-nouid", "crash"] {
        demo.until(pod, runs).await;
    }
    for (title, image) in [
        ("no such tag", "busybox:nope"),
        ("no such image, or private", "nosuchimage:1"),
        ("credentials", "private.example.com/team/tools:1"),
        ("the registry has no name", "nowhere.example.com/tools:1"),
        ("nobody answers at the registry", "unreachable.example.com/tools:1"),
        ("the registry takes too long", "slow.example.com/tools:1"),
        ("the registry is not trusted", "untrusted.example.com/tools:1"),
        ("no name of an image", "Bad//Name:1"),
    ] {
        demo.debugger(title, "chatty", &json!({"image": image})).await;
    }
    demo.debugger("never pulled", "chatty", &json!({"image": "fedora:41", "imagePullPolicy": "Never"})).await;
    demo.debugger("root where it is forbidden", "nonroot-nouid", &json!({"targetContainerName": "app"})).await;
    demo.debugger("a command that is not there", "chatty", &json!({"command": ["/nosuch/zsh"]})).await;
    let crashed =
        |pod: &Value| pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "CrashLoopBackOff";
    demo.until("crash", crashed).await;
    demo.debugger("a target that crash-loops", "crash", &json!({"targetContainerName": "app"})).await;
    demo.debugger("a target that has never run", "reports", &json!({"targetContainerName": "app"})).await;
    demo.debugger("a pod without a node", "pending", &json!({})).await;
    demo.until("done", |pod| pod["status"]["phase"] == "Succeeded").await;
    demo.debugger("a pod that has ended", "done", &json!({})).await;
    insta::assert_snapshot!("debuggers_on_the_demo_cluster", demo.done().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_on_the_demo_cluster() {
    let mut demo = Demo::start().await;
    let with_claim = |volume: Value| json!({"volumes": [volume]});
    let claim = json!({"name": "data", "persistentVolumeClaim": {"claimName": "orders"}});
    demo.copy("too large", "large", &json!({"app": {"resources": {"requests": {"cpu": "64"}}}})).await;
    let port = json!({"app": {"ports": [{"containerPort": 80, "hostPort": 8080}]}});
    for node in ["demo-node-1", "demo-node-2"] {
        let spec = json!({
            "nodeName": node,
            "containers": [{"name": "a", "image": "registry.example.com/ticker:1", "ports": [{"containerPort": 80, "hostPort": 8080}]}],
        });
        let body = json!({"metadata": {"name": format!("port-{node}"), "namespace": "demo"}, "spec": spec});
        demo.inside.store().create("pods", body).unwrap();
    }
    demo.copy("a host port that is taken", "port", &port).await;
    demo.copy("a claim that is not there", "claim", &with_claim(claim)).await;
    demo.copy(
        "a secret that is not there",
        "secret",
        &with_claim(json!({"name": "keys", "secret": {"secretName": "orders-keys"}})),
    )
    .await;
    let quota = json!({"metadata": {"name": "few", "namespace": "demo"}, "spec": {"hard": {"pods": "0"}}});
    let quota = demo.inside.store().create("resourcequotas", quota).unwrap();
    let (title, name) = ("a quota that is used up", "over");
    let used = demo.inside.store().list("pods", Some("demo")).0.len();
    assert!(used > 0 && quota["kind"] == "ResourceQuota");
    demo.copy(title, name, &json!({})).await;
    let text = demo.done().await;
    // How many pods there are by now is the demo's own matter.
    let counted = text.lines().map(|line| match line.split_once("used: pods=") {
        Some((before, after)) => {
            format!("{before}used: pods=…{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => line.to_owned(),
    });
    insta::assert_snapshot!("copies_on_the_demo_cluster", counted.collect::<Vec<_>>().join("\n"));
}
