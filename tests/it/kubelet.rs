//! The demo's pods as its kubelet runs them: the steps of the walk-through, states that go wrong, and what is left.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot go on ends, and one that is skipped says so"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

mod cleanup;
mod states;
mod walk;

use bathyscope::demo::components::Components;
use bathyscope::demo::node::{ContainerRef, Exit, LogQuery, Node as _, Output, PodRef, Streams};
use bathyscope::demo::sandbox::Mode;
use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(60);

async fn start(mode: Option<Mode>) -> Components {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bathy"));
    Components::start(program, mode, true).await.unwrap()
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
    let pod = PodRef { namespace: namespace.to_owned(), name: pod.to_owned() };
    ContainerRef { pod, container: container.to_owned() }
}

/// Waits until a pod is as it is to be.
async fn wait(demo: &Components, name: &str, namespace: &str, met: impl Fn(&Value) -> bool) -> Arc<Value> {
    let (_, version) = demo.store().list("pods", None);
    let mut changes = demo.store().watch("pods", version).unwrap();
    let waited = timeout(LIMIT, async {
        loop {
            let pods = demo.store().list("pods", Some(namespace)).0;
            let found = pods.into_iter().find(|pod| {
                let own = pod["metadata"]["name"].as_str().unwrap_or_default();
                (own == name || own.starts_with(&format!("{name}-")) && name.ends_with('s')) && met(pod)
            });
            if let Some(pod) = found {
                return pod;
            }
            changes.next().await.unwrap().unwrap();
        }
    });
    waited
        .await
        .unwrap_or_else(|_| panic!("{name} did not get there: {:#?}", demo.store().get("pods", namespace, name)))
}

fn phase(wanted: &'static str) -> impl Fn(&Value) -> bool {
    move |pod| pod["status"]["phase"] == wanted
}

fn state<'a>(pod: &'a Value, container: &str) -> &'a Value {
    ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
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
        Self(demo.kubelet().attach(container, true).await.unwrap(), String::new())
    }

    async fn expect(&mut self, wanted: &str) -> String {
        let seen = timeout(LIMIT, async {
            // A flood is looked through once: what has been seen is not searched again.
            let mut unseen = 0;
            while !self.1[unseen..].contains(wanted) {
                unseen = self.1.len().saturating_sub(wanted.len());
                while !self.1.is_char_boundary(unseen) {
                    unseen -= 1;
                }
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
        self.0.input.send(Bytes::from(text.to_owned())).await.unwrap();
    }
}

async fn request(demo: &Components, pod: &str) -> String {
    let pod = PodRef { namespace: "demo".to_owned(), name: pod.to_owned() };
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
    connection.write_all(b"GET /hello HTTP/1.1\r\n\r\n").await.unwrap();
    let mut reply = String::new();
    connection.read_to_string(&mut reply).await.unwrap();
    reply
}

async fn log(demo: &Components, container: &ContainerRef, query: LogQuery) -> String {
    let pieces = demo.kubelet().log(container, query).unwrap();
    let pieces: Vec<Bytes> = pieces.collect().await;
    String::from_utf8_lossy(&pieces.concat()).into_owned()
}
