//! The kubelet of the demo's nodes: runs the pods that the store binds to them, as processes of this machine. It
//! answers no HTTP.

mod container;
mod log;
mod running;
mod start;
mod state;
mod status;
mod streams;
mod worker;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{BoxStream, StreamExt as _};
use rustix::net::AddressFamily;
use serde_json::Value;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use super::node::{ContainerRef, Duplex, Exit, LogQuery, Node, PodRef, StreamError, Streams};
use super::recorder::Recorder;
use super::sandbox::{Files, Mode, PodSpec, ProcessSpec, Processes, Sandbox, pause};
use super::store::Store;
use container::containers;
use running::{Life, Running};
use streams::{Console, Ends, pipes};

/// So many processes are being started at once.
const STARTS: usize = 4;

/// What a kubelet needs to know.
#[derive(Debug, Clone)]
pub struct KubeletOptions {
    /// This program's file (`std::env::current_exe`, or the binary under test).
    pub program: PathBuf,
    /// How far containers are isolated.
    pub mode: Mode,
    /// The nodes whose pods it runs, with their addresses.
    pub nodes: BTreeMap<String, String>,
}

/// Runs pods. Dropping it ends every process it has started.
#[derive(Debug)]
pub struct Kubelet {
    shared: Arc<Shared>,
    watching: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    recorder: Recorder,
    options: KubeletOptions,
    /// Which node has which image.
    images: Mutex<BTreeSet<(String, String)>>,
    pods: Mutex<HashMap<PodRef, Arc<Running>>>,
    starts: Semaphore,
    addresses: AtomicU16,
    workers: Mutex<tokio::task::JoinSet<()>>,
}

impl Shared {
    fn has_image(&self, node: &str, image: &str) -> bool {
        lock(&self.images).contains(&(node.to_owned(), image.to_owned()))
    }

    fn add_image(&self, node: &str, image: &str) {
        lock(&self.images).insert((node.to_owned(), image.to_owned()));
    }

    fn address_of(&self, node: &str) -> String {
        self.options.nodes.get(node).cloned().unwrap_or_default()
    }

    fn find(&self, pod: &PodRef) -> Option<Arc<Running>> {
        lock(&self.pods).get(pod).cloned()
    }

    /// Makes the pod's sandbox and gives its address.
    async fn make_sandbox(&self, running: &Running, pod: &Value) -> Result<String> {
        let serial = self.addresses.fetch_add(1, Ordering::Relaxed);
        let [high, low] = serial.to_be_bytes();
        let address = Ipv4Addr::new(10, 244, high, low);
        let spec = PodSpec {
            mode: self.options.mode,
            hostname: pod["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .chars()
                .take(63)
                .collect(),
            address: Some(address),
        };
        let shares = pod["spec"]["shareProcessNamespace"] == true;
        let program = self.options.program.clone();
        let _turn = self.starts.acquire().await;
        let sandbox = tokio::task::spawn_blocking(move || -> Result<Sandbox> {
            let mut sandbox = Sandbox::start(&program, &spec)?;
            if shares {
                sandbox
                    .hold(pause(start::PAUSE))
                    .context("cannot start the pause process")?;
            }
            Ok(sandbox)
        })
        .await??;
        running.replace_sandbox(Some(Arc::new(sandbox)));
        let host_network = pod["spec"]["hostNetwork"] == true;
        let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
        Ok(if host_network {
            self.address_of(node)
        } else {
            address.to_string()
        })
    }

    /// The pod of this reference, with its object, if it has such a container.
    fn container(
        &self,
        container: &ContainerRef,
    ) -> Result<(Option<Arc<Running>>, Arc<Value>), StreamError> {
        let ContainerRef {
            pod: name,
            container,
        } = container;
        let pod = self
            .store
            .get("pods", &name.namespace, &name.name)
            .ok_or_else(|| refusal(404, "NotFound", format!("pods {:?} not found", name.name)))?;
        if !containers(&pod).iter().any(|known| known.name == container) {
            let message = format!("container {container} is not valid for pod {}", name.name);
            return Err(refusal(400, "BadRequest", message));
        }
        Ok((self.find(name), pod))
    }
}

impl Kubelet {
    /// Begins to run the pods in the store. `present` are images that every node has from the start.
    pub fn start(
        store: Store,
        recorder: Recorder,
        options: KubeletOptions,
        present: &[String],
    ) -> Self {
        let images = options
            .nodes
            .keys()
            .flat_map(|node| present.iter().map(|image| (node.clone(), image.clone())))
            .collect();
        let shared = Arc::new(Shared {
            store,
            recorder,
            options,
            images: Mutex::new(images),
            pods: Mutex::default(),
            starts: Semaphore::new(STARTS),
            addresses: AtomicU16::new(2),
            workers: Mutex::default(),
        });
        let watching = tokio::spawn(watch(Arc::clone(&shared)));
        Self { shared, watching }
    }

    /// Ends every process it has started, and returns once they are gone.
    pub async fn shutdown(&self) {
        self.watching.abort();
        let mut workers = std::mem::take(&mut *lock(&self.shared.workers));
        workers.shutdown().await;
        let pods = std::mem::take(&mut *lock(&self.shared.pods));
        let sandboxes: Vec<_> = pods
            .values()
            .filter_map(|running| running.replace_sandbox(None))
            .collect();
        // fails only if the runtime is going down, which drops the sandboxes too
        let _ = tokio::task::spawn_blocking(move || drop(sandboxes)).await;
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.watching.abort();
        lock(&self.shared.workers).abort_all();
        for running in lock(&self.shared.pods).values() {
            drop(running.replace_sandbox(None));
        }
    }
}

/// Gives each pod of our nodes a worker, and wakes it when the pod changes.
async fn watch(shared: Arc<Shared>) {
    loop {
        let (pods, version) = shared.store.list("pods", None);
        for running in lock(&shared.pods).values() {
            running.wake.notify_one();
        }
        for pod in pods {
            notice(&shared, &pod);
        }
        let Ok(mut changes) = shared.store.watch("pods", version) else {
            continue;
        };
        while let Some(Ok(change)) = changes.next().await {
            notice(&shared, &change.object);
        }
    }
}

fn notice(shared: &Arc<Shared>, pod: &Value) {
    let field = |name: &str| {
        pod["metadata"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let name = PodRef {
        namespace: field("namespace"),
        name: field("name"),
    };
    let ours = pod["spec"]["nodeName"]
        .as_str()
        .is_some_and(|node| shared.options.nodes.contains_key(node));
    let mut pods = lock(&shared.pods);
    let uid = field("uid");
    if let Some(running) = pods.get(&name) {
        running.wake.notify_one();
        if running.uid == uid {
            return;
        }
    }
    let exists = shared
        .store
        .get("pods", &name.namespace, &name.name)
        .is_some_and(|stored| stored["metadata"]["uid"] == uid.as_str());
    if !ours || !exists {
        return;
    }
    let running = Running::new(&uid);
    pods.insert(name.clone(), Arc::clone(&running));
    drop(pods);
    let task_shared = Arc::clone(shared);
    let mut workers = lock(&shared.workers);
    while workers.try_join_next().is_some() {}
    workers.spawn(async move {
        worker::run(Arc::clone(&task_shared), running, name.clone()).await;
        let mut pods = lock(&task_shared.pods);
        if pods.get(&name).is_some_and(|known| known.uid == uid) {
            pods.remove(&name);
        }
    });
}

impl Node for Kubelet {
    fn log(
        &self,
        container: &ContainerRef,
        query: LogQuery,
    ) -> Result<BoxStream<'static, Bytes>, StreamError> {
        let (running, pod) = self.shared.container(container)?;
        let name = &container.container;
        let life = running.and_then(|running| {
            if query.previous {
                running.previous(name)
            } else {
                running.current(name)
            }
        });
        if let Some(life) = life {
            return Ok(life.log.read(&query).boxed());
        }
        let pod_name = &container.pod.name;
        let what = if query.previous {
            "previous terminated container"
        } else {
            "container"
        };
        let reason = waiting_reason(&pod, name);
        Err(refusal(
            400,
            "BadRequest",
            if query.previous {
                format!("{what} {name:?} in pod {pod_name:?} not found")
            } else {
                format!("{what} {name:?} in pod {pod_name:?} is waiting to start: {reason}")
            },
        ))
    }

    fn attach(
        &self,
        container: &ContainerRef,
        _tty: bool,
    ) -> BoxFuture<'static, Result<Streams, StreamError>> {
        let found = self.shared.container(container).and_then(|(running, _)| {
            let life = running.and_then(|running| running.current(&container.container));
            life.and_then(|life| life.console()).ok_or_else(|| {
                let (name, pod) = (&container.container, &container.pod.name);
                refusal(
                    500,
                    "",
                    format!(
                        "container {name} not found in pod {pod}_{}",
                        container.pod.namespace
                    ),
                )
            })
        });
        std::future::ready(found.map(|console| console.attach())).boxed()
    }

    fn exec(
        &self,
        container: &ContainerRef,
        command: Vec<String>,
        tty: bool,
    ) -> BoxFuture<'static, Result<Streams, StreamError>> {
        let found = self.shared.container(container).and_then(|(running, _)| {
            let life = running
                .as_ref()
                .and_then(|running| running.current(&container.container))
                .filter(|life| life.console().is_some());
            match (running, life) {
                (Some(running), Some(life)) => Ok((running, life)),
                _ => Err(refusal(
                    500,
                    "",
                    format!("container not found ({:?})", container.container),
                )),
            }
        });
        let name = container.container.clone();
        async move {
            let (running, life) = found?;
            Ok(exec(&running, &life, &name, command, tty).await)
        }
        .boxed()
    }

    fn dial(
        &self,
        pod: &PodRef,
        port: u16,
    ) -> BoxFuture<'static, Result<Box<dyn Duplex>, StreamError>> {
        let sandbox = self.shared.find(pod).and_then(|running| running.sandbox());
        let name = pod.name.clone();
        async move {
            let sandbox = sandbox.ok_or_else(|| refusal(500, "", format!("pod {name} is not running")))?;
            let dialled = tokio::task::spawn_blocking(move || sandbox.dial(port)).await;
            let failed = |error: String| {
                refusal(500, "", format!("failed to connect to localhost:{port} inside namespace of pod {name}: {error}"))
            };
            let descriptor = dialled
                .map_err(|error| failed(error.to_string()))?
                .map_err(|error| failed(format!("{error:#}")))?;
            connection(descriptor).map_err(|error| failed(error.to_string()))
        }
        .boxed()
    }
}

fn connection(descriptor: std::os::fd::OwnedFd) -> std::io::Result<Box<dyn Duplex>> {
    rustix::io::ioctl_fionbio(&descriptor, true)?;
    // where pods have no network of their own, a port is a socket in the file system
    if rustix::net::getsockname(&descriptor)?.address_family() == AddressFamily::UNIX {
        let stream = std::os::unix::net::UnixStream::from(descriptor);
        return Ok(Box::new(tokio::net::UnixStream::from_std(stream)?));
    }
    let stream = std::net::TcpStream::from(descriptor);
    Ok(Box::new(tokio::net::TcpStream::from_std(stream)?))
}

/// Starts another process in a container. That it could not be started is told by the stream, as a real node does.
async fn exec(
    running: &Running,
    life: &Life,
    container: &str,
    command: Vec<String>,
    tty: bool,
) -> Streams {
    let id = start::new_id();
    let mut environment = life.process.environment.clone();
    if tty {
        environment.insert("TERM".to_owned(), "xterm".to_owned());
    }
    let process = ProcessSpec {
        id: format!("exec-{}", running.next()),
        processes: Processes::Of(container.to_owned()),
        files: Files::Of(container.to_owned()),
        command: command.clone(),
        environment,
        terminal: tty.then_some((80, 24)),
        ..life.process.clone()
    };
    let sandbox = running.sandbox();
    let started = tokio::task::spawn_blocking(move || -> Result<_> {
        let sandbox = sandbox.context("the pod's sandbox is gone")?;
        let (ends, theirs) = if tty {
            (None, Vec::new())
        } else {
            let (ends, theirs) = pipes(true)?;
            (Some(ends), theirs)
        };
        let mut process = sandbox.run(process, theirs)?;
        let ends = ends.or_else(|| process.take_terminal().map(Ends::Terminal));
        Ok((process, ends.context("the process has no terminal")?))
    })
    .await
    .unwrap_or_else(|stopped| Err(stopped.into()));
    let parts = started.and_then(|(process, ends)| {
        let parts = process.into_parts()?;
        Ok((parts, Console::new(ends, None, true)?))
    });
    match parts {
        Ok(((leash, ending), (console, pump))) => {
            let streams = console.attach();
            tokio::spawn(async move {
                // a process outlives the one who asked for it, as on a real node; the pod's end takes it along
                let ended = ending.wait().await;
                drop(leash);
                pump.finish(Exit::Code(ended.code)).await;
                drop(console);
            });
            streams
        }
        Err(error) => not_started(format!(
            "error executing command in container: failed to exec in container: failed to start exec {id:?}: OCI \
             runtime exec failed: exec failed: unable to start container process: {error:#}"
        )),
    }
}

fn not_started(words: String) -> Streams {
    let (exit, exit_receiver) = oneshot::channel();
    let _ = exit.send(Exit::Failed(words));
    Streams {
        input: tokio::sync::mpsc::channel(1).0,
        output: tokio::sync::mpsc::channel(1).1,
        resize: tokio::sync::mpsc::channel(1).0,
        exit: exit_receiver,
    }
}

/// Why a container that has not started waits.
fn waiting_reason(pod: &Value, container: &str) -> String {
    [
        "containerStatuses",
        "initContainerStatuses",
        "ephemeralContainerStatuses",
    ]
    .iter()
    .filter_map(|field| pod["status"][field].as_array())
    .flatten()
    .find(|status| status["name"] == container)
    .and_then(|status| status["state"]["waiting"]["reason"].as_str())
    .unwrap_or("ContainerCreating")
    .to_owned()
}

fn refusal(code: u16, reason: &str, message: String) -> StreamError {
    StreamError {
        code,
        reason: reason.to_owned(),
        message,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
