//! `bathy debug` from its choices to its last message, on pipes, against a server that does what the test says.

mod demo;

use std::io::Cursor;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bathyscope::cli::{Arguments, Verb};
use bathyscope::cluster::{Cluster, ContextInfo, Problem};
use bathyscope::plan::document::Format;
use bathyscope::plan::{Profile, Resource};
use bathyscope::runtime::plain::{DryRun, Errand, Input, Plain, Subject, Verdict, run};
use clap::Parser as _;
use serde_json::{Value, json};
use tokio::io::AsyncWrite;
use tokio::task::JoinHandle;

use crate::echo;
use crate::fake_api::{Call, FakeApi};

const V5: &str = "v5.channel.k8s.io";

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panicked")).into_owned()
    }
}

impl AsyncWrite for Kept {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.0.lock().expect("no writer panicked").extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What a command line asks for, in the namespace `shop`.
fn errand(words: &[&str]) -> Errand {
    let arguments = Arguments::try_parse_from(["bathy", "debug"].iter().chain(words)).expect("a right command line");
    let Some(Verb::Debug(debug)) = arguments.verb else { panic!("it is the sub-command debug") };
    let read = |_: &str| unreachable!("no test names a file");
    let options = debug.invocation().options(Profile::General, read).expect("choices that go together");
    let named = debug.resources.iter().map(|word| Subject::Named(Resource::parse(word).expect("a pod or a node")));
    Errand {
        options,
        subjects: named.collect(),
        marks: None,
        namespace: "shop".into(),
        namespace_was_said: false,
        quiet: debug.quiet == Some(true),
        explain: debug.explain == Some(true),
        dry_run: debug.dry_run.unwrap_or_default(),
        output: debug.output,
        timeout: debug.timeout,
        program: "bathy --context prod debug".into(),
    }
}

/// A run and what it has written.
struct Running {
    out: Kept,
    err: Kept,
    task: JoinHandle<Result<Verdict, Problem>>,
}

impl Running {
    fn start(errand: Errand, cluster: Option<Cluster>, input: &'static str) -> Self {
        let (out, err) = (Kept::default(), Kept::default());
        let mut plain = Plain {
            input: Input::new(Cursor::new(input)),
            out: Box::new(out.clone()),
            err: Box::new(err.clone()),
            is_terminal: false,
        };
        let task = tokio::spawn(async move { run(&errand, cluster.as_ref(), &mut plain).await });
        Self { out, err, task }
    }

    async fn ended(self) -> (Result<Verdict, Problem>, String, String) {
        let outcome = echo::soon(self.task).await.expect("no panic");
        (outcome, self.out.text(), self.err.text())
    }
}

fn pod(state: &Value) -> Value {
    json!({
        "kind": "Pod", "apiVersion": "v1", "metadata": {"name": "api", "namespace": "shop"},
        "spec": {"nodeName": "n", "containers": [{"name": "app", "image": "app:1"}]},
        "status": {"phase": "Running", "ephemeralContainerStatuses": [{"name": "dbg", "state": state}]},
    })
}

fn waiting(reason: &str) -> Value {
    pod(&json!({"waiting": {"reason": reason, "message": "no such host"}}))
}

/// Answers as a server would until a request for this end of a path comes.
async fn until(api: &mut FakeApi, now: &Value, end: &str) -> Call {
    loop {
        let call = api.next().await;
        if call.path.ends_with(end) {
            return call;
        }
        match call.path.as_str() {
            "/api/v1/namespaces/shop" => call.json(&json!({"metadata": {"name": "shop"}})),
            _ => call.json(now),
        }
    }
}

/// An interactive debugger without a terminal, as far as its attach.
async fn attaching(words: &[&str], input: &'static str) -> (Running, FakeApi, Call) {
    let (cluster, mut api) = FakeApi::new();
    let running = Running::start(errand(words), Some(cluster), input);
    let call = until(&mut api, &pod(&json!({"running": {}})), "/attach").await;
    (running, api, call)
}

async fn serve_log(api: &mut FakeApi, log: &str) {
    until(api, &json!({}), "/log").await.text(200, log);
}

const INTERACTIVE: [&str; 4] = ["api", "--image=busybox", "-c=dbg", "-i"];

#[tokio::test]
async fn a01_what_ended_before_is_told_by_its_log() {
    let (cluster, mut api) = FakeApi::new();
    let running = Running::start(errand(&INTERACTIVE), Some(cluster), "");
    let events = until(&mut api, &pod(&json!({"waiting": {"reason": "ContainerCreating"}})), "/pods").await.stream();
    let ended = pod(&json!({"terminated": {"exitCode": 3, "reason": "Error"}}));
    for state in [waiting("ErrImagePull"), waiting("ImagePullBackOff"), waiting("ErrImagePull"), ended] {
        events.send(&json!({"type": "MODIFIED", "object": state}));
    }
    serve_log(&mut api, "its words\n").await;
    let (outcome, out, err) = running.ended().await;
    assert_eq!(outcome, Ok(Verdict::Done));
    assert_eq!(out, "its words\n");
    let warnings: Vec<_> = err.lines().filter(|line| line.starts_with("Warning: container dbg: ")).collect();
    assert_eq!(warnings.len(), 2, "{err}");
    assert!(warnings[1].contains("ImagePullBackOff: no such host (waiting for "), "{err}");
}

#[tokio::test]
async fn a02_piped_input_goes_there_and_its_end_too() {
    let (running, mut api, call) = attaching(&INTERACTIVE, "echo hi\n").await;
    for (name, value) in [("stdin", "true"), ("tty", "false"), ("stderr", "true"), ("container", "dbg")] {
        assert_eq!(call.param(name), Some(value), "{name}");
    }
    let mut socket = call.upgrade(V5).await;
    serve_log(&mut api, "before\n").await;
    assert_eq!(socket.next().await.unwrap(), &b"\0echo hi\n"[..]);
    assert_eq!(socket.next().await.unwrap(), &b"\xff\0"[..]);
    socket.send(1, b"hi\n").await;
    socket.send(2, b"oh\n").await;
    socket.send(3, br#"{"status":"Success"}"#).await;
    socket.close().await;
    let (outcome, out, err) = running.ended().await;
    assert_eq!(outcome, Ok(Verdict::Done));
    assert_eq!(out, "before\nhi\n", "the log is joined, the session's end is not told without a terminal");
    assert!(err.ends_with("oh\n") && err.contains("secrets included"), "{err}");
}

#[tokio::test]
async fn quiet_leaves_only_what_the_far_end_says() {
    let words = ["api", "--image=busybox", "-i", "-q", "-c=dbg", "--target=app"];
    let (running, mut api, call) = attaching(&words, "").await;
    let mut socket = call.upgrade(V5).await;
    serve_log(&mut api, "before\n").await;
    socket.close().await;
    assert_eq!(running.ended().await, (Ok(Verdict::Done), "before\n".into(), String::new()));
}

#[tokio::test]
async fn a06_a_session_that_breaks_falls_back_to_the_log_and_says_so_by_its_code() {
    let internal = br#"{"status":"Failure","reason":"InternalError","message":"runtime is gone","code":500}"#;
    let exited = br#"{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}"#;
    for (last, why) in [(&internal[..], "runtime is gone"), (&exited[..], "exit code 3"), (&b""[..], "cut")] {
        let (running, mut api, call) = attaching(&INTERACTIVE, "").await;
        let mut socket = call.upgrade(V5).await;
        serve_log(&mut api, "").await;
        if !last.is_empty() {
            socket.send(3, last).await;
        }
        drop(socket);
        let log = until(&mut api, &json!({}), "/log").await;
        assert_eq!(log.param("follow"), None);
        log.text(200, "what it said\n");
        let (outcome, out, err) = running.ended().await;
        assert_eq!(outcome, Ok(Verdict::Failed));
        assert_eq!(out, "what it said\n");
        assert!(err.contains("Warning: could not attach") && err.contains(why), "{err}");
    }
}

#[tokio::test]
async fn a07_without_the_right_to_attach_the_log_is_shown() {
    let (running, mut api, call) = attaching(&INTERACTIVE, "").await;
    let words = "pods \"api\" is forbidden: User \"x\" cannot create resource \"pods/attach\" in API group \"\" in \
                 the namespace \"shop\"";
    call.refuse(403, "Forbidden", words);
    serve_log(&mut api, "what it said\n").await;
    let (outcome, out, err) = running.ended().await;
    assert_eq!((outcome, out.as_str()), (Ok(Verdict::Failed), "what it said\n"));
    assert!(err.contains("the right to create pods/attach"), "{err}");
}

#[tokio::test]
async fn a09_a_terminal_that_is_none_here_is_one_there_all_the_same() {
    let (running, mut api, call) = attaching(&["api", "--image=busybox", "-c=dbg", "-it"], "").await;
    // The kubelet goes by the container's spec, and refuses a second output beside a terminal.
    assert_eq!((call.param("tty"), call.param("stderr")), (Some("true"), Some("false")));
    let mut socket = call.upgrade(V5).await;
    serve_log(&mut api, "/ # ").await;
    socket.close().await;
    let (outcome, out, err) = running.ended().await;
    assert_eq!((outcome, out.as_str()), (Ok(Verdict::Done), "/ # "));
    assert!(err.contains("The input is no terminal"), "{err}");
}

#[tokio::test]
async fn a10_a_pod_that_goes_ends_the_wait() {
    let (cluster, mut api) = FakeApi::new();
    let running = Running::start(errand(&INTERACTIVE), Some(cluster), "");
    let now = pod(&json!({"waiting": {"reason": "ContainerCreating"}}));
    let events = until(&mut api, &now, "/pods").await.stream();
    events.send(&json!({"type": "DELETED", "object": now}));
    assert!(running.ended().await.0.unwrap_err().why.contains("deleted"));
}

#[tokio::test]
async fn a11_without_the_right_to_read_the_pod_the_wait_ends_and_names_it() {
    let (cluster, mut api) = FakeApi::new();
    let object = pod(&json!({}));
    let errand = Errand { subjects: vec![Subject::Read(object)], ..errand(&INTERACTIVE) };
    let running = Running::start(errand, Some(cluster), "");
    let refused = "pods \"api\" is forbidden: User \"x\" cannot get resource \"pods\" in API group \"\" in the namespace \"shop\"";
    until(&mut api, &json!({}), "/pods/api").await.refuse(403, "Forbidden", refused);
    let problem = running.ended().await.0.unwrap_err();
    assert!(problem.hint.starts_with("ask for the right to get pods in namespace shop; this grants it: "), "{problem}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_can_be_limited() {
    let (cluster, mut api) = FakeApi::new();
    let words = ["api", "--image=busybox", "-c=dbg", "-i", "--timeout=2m"];
    let running = Running::start(errand(&words), Some(cluster), "");
    let _events = until(&mut api, &waiting("ErrImagePull"), "/pods").await.stream();
    let Running { task, err, .. } = running;
    let problem = task.await.unwrap().unwrap_err();
    assert!(problem.why.contains("120 s") && err.text().contains("ErrImagePull"), "{problem} {}", err.text());
}

#[tokio::test]
async fn the_servers_warnings_are_told_even_when_quiet() {
    let (cluster, mut api) = FakeApi::new();
    let words = ["api", "--image=busybox", "-q", "--dry-run=server"];
    let running = Running::start(errand(&words), Some(cluster), "");
    let call = until(&mut api, &pod(&json!({})), "/ephemeralcontainers").await;
    assert_eq!(call.param("dryRun"), Some("All"));
    call.json_with_warning(&pod(&json!({})), "would violate PodSecurity");
    let (outcome, out, err) = running.ended().await;
    assert_eq!((outcome, out.as_str()), (Ok(Verdict::Done), "pod/api patched (server dry run)\n"));
    assert_eq!(err, "Warning: would violate PodSecurity\n");
}

#[tokio::test]
async fn words_of_the_cluster_cannot_command_the_terminal() {
    let (cluster, mut api) = FakeApi::new();
    let mut object = pod(&json!({}));
    object["spec"]["containers"][0]["name"] = "a\u{1b}[2J\u{9b}31m".into();
    let words = ["api", "--image=busybox", "--target=nosuch", "--dry-run=client"];
    let running = Running::start(errand(&words), Some(cluster), "");
    tokio::spawn(async move { until(&mut api, &object, "/never").await });
    let (outcome, ..) = running.ended().await;
    let said = outcome.unwrap_err().to_string();
    assert!(said.contains("nosuch") && !said.chars().any(char::is_control), "{said:?}");
}
