//! The real binary's `leftovers` against the demo that the same binary serves: tables, data, exit codes, the audit log.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tokio::time::{Instant, interval};

const PATIENCE: Duration = Duration::from_secs(60);

/// The demo, served by the binary, and a folder of its own.
struct Demo {
    folder: PathBuf,
    serving: Child,
}

impl Demo {
    async fn serve(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("bathy-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let serving = Command::new(env!("CARGO_BIN_EXE_bathy"))
            .args(["demo", "--serve", "--write-kubeconfig"])
            .arg(folder.join("kubeconfig"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("bathy runs");
        let demo = Self { folder, serving };
        until("the demo is served", async || Kubeconfig::read_from(demo.kubeconfig()).is_ok()).await;
        demo
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    fn audit(&self) -> PathBuf {
        self.folder.join("state/bathyscope/audit.jsonl")
    }

    async fn pods(&self) -> Api<Pod> {
        let file = Kubeconfig::read_from(self.kubeconfig()).expect("a kubeconfig");
        let config = kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.expect("a config");
        Api::namespaced(kube::Client::try_from(config).expect("a client"), "demo")
    }

    fn bathy(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bathy"));
        command.args(arguments).arg("--kubeconfig").arg(self.kubeconfig());
        command.env("XDG_STATE_HOME", self.folder.join("state")).env("XDG_CONFIG_HOME", self.folder.join("config"));
        command.env("HOME", &self.folder).env("USER", "sam").env_remove("BATHY_LOG");
        command.stdin(Stdio::null()).output().expect("bathy runs")
    }

    fn items(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.bathy(&[&["leftovers", "-o", "json"], arguments].concat());
        assert!(output.status.success(), "{}", said(&output));
        let list: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        list["items"].as_array().expect("items").clone()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It ends what it has started once it is asked to.
        let asked = Command::new("kill").args(["-TERM", &self.serving.id().to_string()]).status();
        if asked.is_err() {
            self.serving.kill().ok();
        }
        self.serving.wait().ok();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Asks again and again until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut again = interval(Duration::from_millis(100));
    while !is_so().await {
        again.tick().await;
        assert!(Instant::now() < deadline, "{what}: it did not happen");
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A running pod gets a debugger with a shell, and there is a copy that bears our label.
async fn leave_something(demo: &Demo) {
    let pods = demo.pods().await;
    let list = pods.list(&ListParams::default()).await.expect("pods");
    let name =
        list.items.iter().filter_map(|pod| pod.metadata.name.clone()).find(|name| name.starts_with("nodejsapps"));
    let name = name.expect("the application's pod");
    let debugger = json!({"spec": {"ephemeralContainers": [
        {"name": "debugger-x7k2p", "image": "busybox:stable", "command": ["sh"], "stdin": true, "tty": true},
    ]}});
    let patched = pods.patch_ephemeral_containers(&name, &PatchParams::default(), &Patch::Strategic(debugger)).await;
    patched.expect("a debugger");
    let copy = json!({
        "metadata": {
            "name": "web-debug-x7k2p",
            "labels": {"app.kubernetes.io/managed-by": "bathyscope"},
            "annotations": {"bathyscope.dev/copied-from": "web", "bathyscope.dev/created-by": "sam"},
        },
        "spec": {"containers": [{"name": "debugger-x7k2p", "image": "busybox:stable", "command": ["sleep", "3600"]}],
            "terminationGracePeriodSeconds": 1},
    });
    let copy = serde_json::from_value(copy).expect("a pod");
    pods.create(&PostParams::default(), &copy).await.expect("a copy");
    until("both run", async || demo.items(&[]).iter().filter(|item| item["state"] == "running").count() == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leftovers_are_listed_cleaned_and_put_on_record() {
    let demo = Demo::serve("clean").await;
    leave_something(&demo).await;

    let table = said(&demo.bathy(&["leftovers"]));
    assert!(table.starts_with("KIND ") && table.contains("web-debug-x7k2p") && table.contains("sam"), "{table}");
    let wide = said(&demo.bathy(&["leftovers", "-A", "-o", "wide"]));
    assert!(wide.contains("IMAGE") && wide.contains("busybox:stable"), "{wide}");
    let yaml = said(&demo.bathy(&["leftovers", "-o", "yaml"]));
    assert!(yaml.contains("kind: copy") && yaml.contains("copiedFrom: web"), "{yaml}");
    let mine = demo.items(&["--mine"]);
    assert!(mine.len() == 1 && mine[0]["pod"] == "web-debug-x7k2p", "{mine:?}");
    assert!(demo.items(&["--older-than", "2d"]).is_empty());

    // Without a terminal nothing is asked, so nothing is done.
    let refused = demo.bathy(&["leftovers", "clean"]);
    assert!(!refused.status.success() && said(&refused).contains("--yes"), "{}", said(&refused));
    let dry = demo.bathy(&["leftovers", "clean", "--yes", "--dry-run"]);
    assert!(dry.status.success() && said(&dry).contains("web-debug-x7k2p"), "{}", said(&dry));
    let read_only = demo.bathy(&["leftovers", "clean", "--yes", "--read-only"]);
    assert!(!read_only.status.success() && said(&read_only).contains("read-only"), "{}", said(&read_only));
    assert_eq!(demo.items(&[]).len(), 2, "nothing was changed so far");
    assert!(std::fs::read_to_string(demo.audit()).is_ok_and(|log| log.is_empty()), "and nothing is on record");

    let cleaned = demo.bathy(&["leftovers", "clean", "--yes"]);
    let words = said(&cleaned);
    assert!(cleaned.status.success(), "{words}");
    assert!(words.contains("pod demo/web-debug-x7k2p deleted") && words.contains("stays listed until"), "{words}");
    until("the copy is gone and the debugger has ended", async || {
        let left = demo.items(&[]);
        matches!(left.as_slice(), [one] if one["container"] == "debugger-x7k2p" && one["removable"] == false)
    })
    .await;
    let again = demo.bathy(&["leftovers", "clean", "--yes"]);
    assert!(again.status.success() && said(&again).contains("1 debugger that does not run stays"), "{}", said(&again));

    let log = std::fs::read_to_string(demo.audit()).expect("a log");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(lines.iter().all(|line| line["action"] == "leftovers clean" && line["at"].is_string()), "{log}");
    let did = |verb: &str, name: &str| {
        lines.iter().any(|line| line["verb"] == verb && line["name"].as_str().is_some_and(|it| it.starts_with(name)))
    };
    assert!(did("delete", "web-debug-x7k2p") && did("attach", "nodejsapps"), "{log}");
    assert_private(&demo.audit());
}

fn assert_private(file: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(file).expect("it is there").permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_context_wants_to_be_named() {
    let demo = Demo::serve("protected").await;
    let context = Kubeconfig::read_from(demo.kubeconfig()).ok().and_then(|file| file.current_context);
    let context = context.expect("a current context");
    let config = demo.folder.join("config/bathyscope");
    std::fs::create_dir_all(&config).expect("a folder");
    std::fs::write(config.join("config.toml"), "audit = false\n[[contexts]]\nname = '*'\nprotected = true\n")
        .expect("a file");
    leave_something(&demo).await;
    let refused = demo.bathy(&["leftovers", "clean", "--yes"]);
    assert!(!refused.status.success() && said(&refused).contains("is protected"), "{}", said(&refused));
    let cleaned = demo.bathy(&["leftovers", "clean", "--yes", "--context", &context]);
    assert!(cleaned.status.success(), "{}", said(&cleaned));
    assert!(!demo.audit().exists(), "it is switched off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_looked_through_is_not_said_to_be_clean() {
    let demo = Demo::serve("partial").await;
    leave_something(&demo).await;
    let file = Kubeconfig::read_from(demo.kubeconfig()).expect("a kubeconfig");
    let tenant = file.contexts.iter().map(|context| context.name.clone()).find(|name| name.contains("tenant"));
    let tenant = tenant.expect("somebody who sees one namespace");
    let cleaned = demo.bathy(&["leftovers", "clean", "-A", "--yes", "--context", &tenant]);
    let words = said(&cleaned);
    assert!(words.contains("pod demo/web-debug-x7k2p deleted"), "{words}");
    assert!(words.contains("cannot look for leftovers in all namespaces"), "{words}");
    assert_eq!(cleaned.status.code(), Some(1), "{words}");
}

#[test]
fn a_log_level_that_cannot_be_read_is_told() {
    let folder = std::env::temp_dir().join(format!("bathy-cli-log-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_bathy"));
    command.args(["leftovers", "--log"]).arg(folder.join("log")).env("BATHY_LOG", "bathyscope=louder");
    let output = command.env("HOME", &folder).stdin(Stdio::null()).output().expect("bathy runs");
    std::fs::remove_dir_all(&folder).ok();
    assert!(!output.status.success() && said(&output).contains("BATHY_LOG=bathyscope=louder"), "{}", said(&output));
}
