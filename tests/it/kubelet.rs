//! The demo's pods as its kubelet runs them: the steps of the walk-through, states that go wrong, and what is left.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bathyscope::demo::components::Components;
use bathyscope::demo::node::{ContainerRef, Exit, LogQuery, Node as _, Output, PodRef, Streams};
use bathyscope::demo::sandbox::Mode;
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(20);

async fn start(mode: Option<Mode>) -> Components {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bathy"));
    Components::start(program, mode).await.unwrap()
}

/// The demo with isolation; says so where the machine allows none.
async fn isolated() -> Option<Components> {
    let demo = start(None).await;
    if demo.mode() == Mode::Off {
        println!("skipped: {}", demo.isolation_notice().unwrap_or_default());
        return None;
    }
    Some(demo)
}

fn of(namespace: &str, pod: &str, container: &str) -> ContainerRef {
    let pod = PodRef {
        namespace: namespace.to_owned(),
        name: pod.to_owned(),
    };
    ContainerRef {
        pod,
        container: container.to_owned(),
    }
}

/// Waits until a pod is as it is to be.
async fn wait(
    demo: &Components,
    name: &str,
    namespace: &str,
    met: impl Fn(&Value) -> bool,
) -> Arc<Value> {
    let (_, version) = demo.store().list("pods", None);
    let mut changes = demo.store().watch("pods", version).unwrap();
    let waited = timeout(LIMIT, async {
        loop {
            let pods = demo.store().list("pods", Some(namespace)).0;
            let found = pods.into_iter().find(|pod| {
                let own = pod["metadata"]["name"].as_str().unwrap_or_default();
                (own == name || own.starts_with(&format!("{name}-")) && name.ends_with('s'))
                    && met(pod)
            });
            if let Some(pod) = found {
                return pod;
            }
            changes.next().await.unwrap().unwrap();
        }
    });
    waited.await.unwrap_or_else(|_| {
        panic!(
            "{name} did not get there: {:#?}",
            demo.store().get("pods", namespace, name)
        )
    })
}

fn phase(wanted: &'static str) -> impl Fn(&Value) -> bool {
    move |pod| pod["status"]["phase"] == wanted
}

fn state<'a>(pod: &'a Value, container: &str) -> &'a Value {
    [
        "containerStatuses",
        "initContainerStatuses",
        "ephemeralContainerStatuses",
    ]
    .iter()
    .filter_map(|field| pod["status"][field].as_array())
    .flatten()
    .find(|status| status["name"] == container)
    .map_or(&Value::Null, |status| status)
}

fn waits(container: &'static str, reason: &'static str) -> impl Fn(&Value) -> bool {
    move |pod| state(pod, container)["state"]["waiting"]["reason"] == reason
}

fn name_of(pod: impl std::ops::Deref<Target = Value>) -> String {
    pod["metadata"]["name"].as_str().unwrap().to_owned()
}

/// Adds a debugger as `kubectl debug -it` does with the general profile.
fn debug(demo: &Components, namespace: &str, pod: &str, name: &str, target: &str, more: &Value) {
    let mut container = json!({
        "name": name, "image": "busybox:stable", "imagePullPolicy": "IfNotPresent",
        "stdin": true, "tty": true, "securityContext": { "capabilities": { "add": ["SYS_PTRACE"] } },
    });
    if !target.is_empty() {
        container["targetContainerName"] = json!(target);
    }
    for (field, value) in more.as_object().into_iter().flatten() {
        container[field] = value.clone();
    }
    demo.store().update("pods", namespace, pod, |pod| {
        let list = &mut pod["spec"]["ephemeralContainers"];
        if list.is_null() {
            *list = json!([]);
        }
        list.as_array_mut().unwrap().push(container);
    });
}

struct Shell(Streams, String);

impl Shell {
    async fn attach(demo: &Components, container: &ContainerRef) -> Self {
        Self(
            demo.kubelet().attach(container, true).await.unwrap(),
            String::new(),
        )
    }

    async fn expect(&mut self, wanted: &str) -> String {
        let seen = timeout(LIMIT, async {
            while !self.1.contains(wanted) {
                match self.0.output.recv().await {
                    Some(Output::Stdout(piece) | Output::Stderr(piece)) => {
                        self.1.push_str(&String::from_utf8_lossy(&piece));
                    }
                    None => panic!("ended without {wanted:?}: {}", self.1),
                }
            }
        });
        let done = seen.await.is_ok();
        assert!(done, "no {wanted:?} in {}", self.1);
        std::mem::take(&mut self.1)
    }

    /// Runs a command and gives what it printed.
    async fn run(&mut self, command: &str) -> String {
        self.1.clear();
        // the mark is not in the echo of what was typed
        self.send(&format!("{command}; echo DO''NE\n")).await;
        self.expect("DONE\r\n").await
    }

    async fn send(&self, text: &str) {
        self.0
            .input
            .send(Bytes::from(text.to_owned()))
            .await
            .unwrap();
    }
}

async fn request(demo: &Components, pod: &str) -> String {
    let pod = PodRef {
        namespace: "demo".to_owned(),
        name: pod.to_owned(),
    };
    let mut connection = timeout(LIMIT, async {
        loop {
            match demo.kubelet().dial(&pod, 8000).await {
                Ok(connection) => return connection,
                // it runs, and does not listen yet
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await
    .unwrap();
    connection
        .write_all(b"GET /hello HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let mut reply = String::new();
    connection.read_to_string(&mut reply).await.unwrap();
    reply
}

async fn log(demo: &Components, container: &ContainerRef, query: LogQuery) -> String {
    let pieces = demo.kubelet().log(container, query).unwrap();
    let pieces: Vec<Bytes> = pieces.collect().await;
    String::from_utf8_lossy(&pieces.concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_walk_from_the_request_to_its_file() {
    let Some(demo) = isolated().await else { return };
    let pod = name_of(wait(&demo, "nodejsapps", "demo", phase("Running")).await);
    let app = of("demo", &pod, "nodejsapp");
    assert!(request(&demo, &pod).await.starts_with("HTTP/1.1 200"));
    request(&demo, &pod).await;

    // step 2: the image has no ls
    let exec = demo
        .kubelet()
        .exec(&app, vec!["ls".to_owned(), "-la".to_owned()], false)
        .await
        .unwrap();
    let Exit::Failed(words) = exec.exit.await.unwrap() else {
        panic!("there is no ls")
    };
    assert!(
        words.ends_with(
            "unable to start container process: exec: \"ls\": executable file not found in $PATH"
        ),
        "{words}"
    );

    // step 3: without a target, its own processes and files only, in the pod's network
    debug(&demo, "demo", &pod, "alone", "", &Value::Null);
    wait(&demo, &pod, "demo", |pod| {
        !state(pod, "alone")["state"]["running"].is_null()
    })
    .await;
    let mut shell = Shell::attach(&demo, &of("demo", &pod, "alone")).await;
    let seen = shell
        .run("ls /app; for p in /proc/[0-9]*; do cat $p/comm; done; hostname")
        .await;
    assert!(
        !seen.contains("node\r\n") && seen.contains("No such file"),
        "{seen}"
    );
    assert!(seen.contains(&pod), "{seen}");

    // step 4: with the target, PID 1 is the application, and its files are there
    debug(&demo, "demo", &pod, "beside", "nodejsapp", &Value::Null);
    wait(&demo, &pod, "demo", |pod| {
        !state(pod, "beside")["state"]["running"].is_null()
    })
    .await;
    let beside = of("demo", &pod, "beside");
    let mut shell = Shell::attach(&demo, &beside).await;
    let seen = shell
        .run("tr '\\0' ' ' < /proc/1/cmdline; ls /proc/1/root/app/requests; tty")
        .await;
    assert!(seen.contains("/usr/bin/node /app/server.js "), "{seen}");
    assert!(
        seen.contains("-0001.txt") && seen.contains("-0002.txt"),
        "{seen}"
    );
    assert!(seen.contains("/dev/pts/0"), "{seen}");
    shell.0.resize.send((123, 45)).await.unwrap();
    timeout(LIMIT, async {
        while !shell.run("stty size").await.contains("45 123") {}
    })
    .await
    .unwrap();

    // step 8: after exit the debugger stays, terminated, with its code; its log has the prompt
    shell.send("exit 7\n").await;
    assert_eq!(
        timeout(LIMIT, shell.0.exit).await.unwrap(),
        Ok(Exit::Finished)
    );
    let ended = wait(&demo, &pod, "demo", |pod| {
        !state(pod, "beside")["state"]["terminated"].is_null()
    })
    .await;
    assert_eq!(
        state(&ended, "beside")["state"]["terminated"]["exitCode"],
        7
    );
    assert!(
        log(&demo, &beside, LogQuery::default())
            .await
            .starts_with("/ # ")
    );
    let refused = demo.kubelet().attach(&beside, true).await.unwrap_err();
    assert_eq!(refused.code, 500);
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_with_shared_processes_starts_afresh() {
    let Some(demo) = isolated().await else { return };
    let original = wait(&demo, "nodejsapps", "demo", phase("Running")).await;
    request(&demo, &name_of(original.as_ref())).await;
    let mut copy = json!({
        "metadata": { "name": "copy", "namespace": "demo" },
        "spec": { "shareProcessNamespace": true, "containers": original["spec"]["containers"], "restartPolicy": "Always" },
    });
    copy["spec"]["containers"]
        .as_array_mut()
        .unwrap()
        .push(json!({
            "name": "debugger", "image": "busybox:stable", "stdin": true, "tty": true,
            "securityContext": { "capabilities": { "add": ["SYS_PTRACE"] } },
        }));
    demo.store().create("pods", copy).unwrap();
    wait(&demo, "copy", "demo", |pod| {
        pod["status"]["conditions"].as_array().is_some_and(|all| {
            all.iter()
                .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        })
    })
    .await;
    let mut shell = Shell::attach(&demo, &of("demo", "copy", "debugger")).await;
    let seen = shell
        .run("for p in /proc/[0-9]*; do echo \"$(tr '\\0' ' ' < $p/cmdline)\"; ls $p/root/app/requests 2>/dev/null; done")
        .await;
    let lines: Vec<&str> = seen.lines().map(str::trim).collect();
    assert!(lines.contains(&"/pause"), "{seen}");
    assert!(lines.contains(&"/usr/bin/node /app/server.js"), "{seen}");
    assert!(!seen.contains(".txt"), "{seen}");
    let slices = demo.store().list("endpointslices", Some("demo")).0;
    assert!(
        slices
            .iter()
            .all(|slice| !slice.to_string().contains("\"copy\""))
    );
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_worded_as_a_kubelet_does() {
    let demo = start(None).await;
    wait(&demo, "nonroot-nouid", "demo", phase("Running")).await;
    debug(&demo, "demo", "nonroot-nouid", "root", "app", &Value::Null);
    let pod = wait(
        &demo,
        "nonroot-nouid",
        "demo",
        waits("root", "CreateContainerConfigError"),
    )
    .await;
    let words = state(&pod, "root")["state"]["waiting"]["message"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        words.starts_with(
            "container has runAsNonRoot and image will run as root (pod: \"nonroot-nouid_demo("
        ),
        "{words}"
    );

    debug(
        &demo,
        "demo",
        "chatty",
        "bad",
        "",
        &json!({ "command": ["/nosuch/binary"] }),
    );
    let pod = wait(&demo, "chatty", "demo", waits("bad", "RunContainerError")).await;
    let status = state(&pod, "bad");
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 128);
    let words = status["state"]["waiting"]["message"].as_str().unwrap();
    assert!(
        words.ends_with("exec: \"/nosuch/binary\": stat /nosuch/binary: no such file or directory"),
        "{words}"
    );

    wait(&demo, "reports", "demo", waits("app", "ImagePullBackOff")).await;
    let crashed = wait(&demo, "crash", "demo", waits("app", "CrashLoopBackOff")).await;
    let status = state(&crashed, "app");
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 3);
    assert_eq!(status["restartCount"], 1, "the first restart comes at once");
    let words = status["state"]["waiting"]["message"].as_str().unwrap();
    assert!(
        words.starts_with("back-off 10s restarting failed container=app pod=crash_demo("),
        "{words}"
    );
    let previous = LogQuery {
        previous: true,
        ..LogQuery::default()
    };
    assert!(
        log(&demo, &of("demo", "crash", "app"), previous)
            .await
            .contains("connection refused")
    );

    let pending = wait(&demo, "pending", "demo", phase("Pending")).await;
    assert_eq!(
        pending["status"]["conditions"][0]["reason"],
        "Unschedulable"
    );
    wait(&demo, "done", "demo", phase("Succeeded")).await;
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_are_who_the_pod_says() {
    let Some(demo) = isolated().await else { return };
    let pod = wait(&demo, "nonroot", "demo", phase("Running")).await;
    assert_eq!(state(&pod, "app")["user"]["linux"]["uid"], 65532);
    if demo.mode() != Mode::Root {
        return println!("skipped: other users need root");
    }
    // as `kubectl debug --profile=general`: another group, so nothing of the target can be read
    debug(&demo, "demo", "nonroot", "other", "app", &Value::Null);
    wait(&demo, "nonroot", "demo", |pod| {
        !state(pod, "other")["state"]["running"].is_null()
    })
    .await;
    let mut shell = Shell::attach(&demo, &of("demo", "nonroot", "other")).await;
    let seen = shell
        .run("id -u; id -g; grep CapEff /proc/self/status; ls /proc/1/root/app")
        .await;
    assert!(
        seen.contains("65532\r\n0\r\n") && seen.contains("CapEff:\t0000000000000000"),
        "{seen}"
    );
    assert!(seen.contains("Permission denied"), "{seen}");
    // the same user and group: it can
    let same = json!({ "securityContext": { "runAsUser": 65532, "runAsGroup": 65532 } });
    debug(&demo, "demo", "nonroot", "same", "app", &same);
    wait(&demo, "nonroot", "demo", |pod| {
        !state(pod, "same")["state"]["running"].is_null()
    })
    .await;
    let mut shell = Shell::attach(&demo, &of("demo", "nonroot", "same")).await;
    assert!(shell.run("ls /proc/1/root/app").await.contains("requests"));

    let pods = demo.store().list("pods", Some("demo")).0;
    let dotnet = pods
        .iter()
        .map(|pod| name_of(pod.as_ref()))
        .find(|name| name.starts_with("dotnetapp-"))
        .unwrap();
    wait(&demo, &dotnet, "demo", phase("Running")).await;
    debug(&demo, "demo", &dotnet, "tools", "dotnetapp", &Value::Null);
    wait(&demo, &dotnet, "demo", |pod| {
        !state(pod, "tools")["state"]["running"].is_null()
    })
    .await;
    let mut shell = Shell::attach(&demo, &of("demo", &dotnet, "tools")).await;
    let seen = shell.run("ls -ln /proc/1/root/tmp; ls /tmp").await;
    assert!(
        seen.contains("srw-------")
            && seen.contains(" 1654 ")
            && seen.contains("dotnet-diagnostic-1-"),
        "{seen}"
    );
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_pod_is_gone_with_its_processes_and_replaced() {
    let demo = start(None).await;
    let pod = name_of(wait(&demo, "nodejsapps", "demo", phase("Running")).await);
    let follow = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut lines = demo
        .kubelet()
        .log(&of("demo", &pod, "nodejsapp"), follow)
        .unwrap();
    demo.store().update("pods", "demo", &pod, |pod| {
        pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
    });
    // the application listens to SIGTERM: it does not take the whole grace period, and its log ends with it
    timeout(LIMIT, async { while lines.next().await.is_some() {} })
        .await
        .unwrap();
    let another = wait(&demo, "nodejsapps", "demo", |other| {
        name_of(other) != pod && other["status"]["phase"] == "Running"
    })
    .await;
    assert_ne!(name_of(another), pod);
    timeout(LIMIT, async {
        while demo.store().get("pods", "demo", &pod).is_some() {
            tokio::task::yield_now().await
        }
    })
    .await
    .unwrap();
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_gives_output_input_and_code() {
    let demo = start(None).await;
    wait(&demo, "toolbox", "default", phase("Running")).await;
    let toolbox = of("default", "toolbox", "toolbox");
    let command = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
    let mut streams = demo
        .kubelet()
        .exec(&toolbox, command("cat; echo oops >&2; exit 3"), false)
        .await
        .unwrap();
    streams
        .input
        .send(Bytes::from_static(b"through\n"))
        .await
        .unwrap();
    drop(streams.input);
    let (mut out, mut errors) = (String::new(), String::new());
    while let Some(piece) = timeout(LIMIT, streams.output.recv()).await.unwrap() {
        match piece {
            Output::Stdout(piece) => out.push_str(&String::from_utf8_lossy(&piece)),
            Output::Stderr(piece) => errors.push_str(&String::from_utf8_lossy(&piece)),
        }
    }
    assert_eq!((out.as_str(), errors.as_str()), ("through\n", "oops\n"));
    assert_eq!(streams.exit.await, Ok(Exit::Code(3)));

    let unknown = demo
        .kubelet()
        .exec(&of("default", "toolbox", "nope"), command("x"), false)
        .await
        .unwrap_err();
    assert_eq!(
        (unknown.code, unknown.message.as_str()),
        (400, "container nope is not valid for pod toolbox")
    );

    // two at once, and Ctrl-C gets through a flood
    let mut flood = Shell(
        demo.kubelet()
            .exec(&toolbox, vec!["sh".to_owned()], true)
            .await
            .unwrap(),
        String::new(),
    );
    flood.send("yes\n").await;
    flood.expect("y\r\ny\r\n").await;
    flood.send("\u{3}").await;
    flood.send("echo AL''IVE\n").await;
    flood.expect("ALIVE").await;
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_isolation_the_walk_is_as_close_as_it_can_be() {
    let demo = start(Some(Mode::Off)).await;
    assert!(demo.isolation_notice().is_some());
    let pod = name_of(wait(&demo, "nodejsapps", "demo", phase("Running")).await);
    assert!(request(&demo, &pod).await.starts_with("HTTP/1.1 200"));
    let app = of("demo", &pod, "nodejsapp");
    let follow = LogQuery {
        follow: true,
        ..LogQuery::default()
    };
    let mut lines = demo.kubelet().log(&app, follow).unwrap();
    let mut seen = String::new();
    while !seen.contains("GET /hello") {
        let piece = timeout(LIMIT, lines.next()).await.unwrap().unwrap();
        seen.push_str(&String::from_utf8_lossy(&piece));
    }
    demo.shutdown().await;
}

/// Acts as a process that is killed while its demo cluster runs: started by the test below, alone.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is started by nothing_is_left_of_a_killed_process"]
async fn run_a_demo_until_killed() {
    let mode = match std::env::var("DEMO_MODE").as_deref() {
        Ok("off") => Some(Mode::Off),
        _ => None,
    };
    let demo = start(mode).await;
    let pod = name_of(wait(&demo, "nodejsapps", "demo", phase("Running")).await);
    debug(&demo, "demo", &pod, "d", "nodejsapp", &Value::Null);
    wait(&demo, &pod, "demo", |pod| {
        !state(pod, "d")["state"]["running"].is_null()
    })
    .await;
    wait(&demo, "toolbox", "default", phase("Running")).await;
    println!("\nready");
    std::future::pending::<()>().await;
}

/// The processes that descend from this one.
#[cfg(target_os = "linux")]
fn descendants(of: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_string_lossy().parse::<u32>().ok() else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat
            .rsplit(')')
            .next()
            .and_then(|rest| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (pid, parent)));
    }
    let mut found = vec![of];
    let mut at = 0;
    while at < found.len() {
        let of = found[at];
        found.extend(
            parents
                .iter()
                .filter(|(_, parent)| *parent == of)
                .map(|(pid, _)| *pid),
        );
        at += 1;
    }
    found.split_off(1)
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_left_of_a_killed_process() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    use std::time::Instant;

    let program = PathBuf::from(env!("CARGO_BIN_EXE_bathy"));
    let isolated = bathyscope::demo::sandbox::strongest_mode(&program).0 != Mode::Off;
    for mode in ["auto", "off"] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "kubelet::run_a_demo_until_killed",
                "--nocapture",
            ])
            .env("DEMO_MODE", mode)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map_while(Result::ok).any(|line| line == "ready");
        assert!(ready, "{mode}: the demo did not start");
        let running = descendants(child.id());
        assert!(running.len() > 20, "{mode}: {running:?}");
        let scratch: Vec<_> = running
            .iter()
            .map(|pid| std::env::temp_dir().join(format!("bathy-demo-{pid}")))
            .filter(|path| path.exists())
            .collect();
        assert_eq!(scratch.is_empty(), mode != "off" && isolated, "{mode}: {scratch:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        let deadline = Instant::now() + LIMIT;
        let alive = |pid: &&u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // a zombie waits for a parent that is not ours
            !stat.is_empty() && !stat.contains(") Z ")
        };
        while let Some(pid) = running.iter().find(alive) {
            let name = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            assert!(
                Instant::now() < deadline,
                "{mode}: {pid} {name:?} is still there"
            );
        }
    }
}
