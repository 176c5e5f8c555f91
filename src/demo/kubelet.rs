//! The kubelet of the demo's nodes: runs the pods that the store binds to them, as processes of this machine. It
//! answers no HTTP.

mod capabilities;
mod container;
mod log;
mod node;
mod policy;
mod probe;
mod running;
mod start;
mod state;
mod status;
mod streams;
mod usage;
mod volumes;
mod worker;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::task::AbortOnDropHandle;

use super::image;
use super::node::{PodRef, Usage};
use super::object::{items, text};
use super::recorder::{Recorder, Source};
use super::sandbox::{Mode, PodSpec, Sandbox, pause};
use super::store::Store;
use running::Running;

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
    /// Whether it measures what containers use.
    pub metrics: bool,
}

/// Runs pods. Dropping it ends every process it has started.
#[derive(Debug)]
pub struct Kubelet {
    shared: Arc<Shared>,
    watching: JoinHandle<()>,
    _measuring: AbortOnDropHandle<()>,
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
    /// What was measured last.
    usage: Mutex<Option<Arc<Usage>>>,
    workers: Mutex<tokio::task::JoinSet<()>>,
}

impl Shared {
    fn has_image(&self, node: &str, image: &str) -> bool {
        lock(&self.images).contains(&(node.to_owned(), image.to_owned()))
    }

    fn add_image(&self, node: &str, image: &str) {
        if lock(&self.images).insert((node.to_owned(), image.to_owned())) {
            self.report_images(node);
        }
    }

    /// Writes the images of a node into its status, as a kubelet does.
    fn report_images(&self, node: &str) {
        let names: Vec<String> =
            lock(&self.images).iter().filter(|(of, _)| of == node).map(|(_, image)| image.clone()).collect();
        let images: Vec<Value> = names
            .iter()
            .filter_map(|name| image::pull(name).ok())
            .map(|image| {
                let names = match image.name.rsplit_once(':') {
                    Some((repository, _)) if !image.name.contains('@') => {
                        json!([format!("{repository}@{}", image.id), image.name])
                    }
                    _ => json!([image.name]),
                };
                json!({ "names": names, "sizeBytes": image.size })
            })
            .collect();
        self.store.update("nodes", "", node, |node| node["status"]["images"] = Value::Array(images));
    }

    /// What a kubelet says of its node when it begins.
    fn tell_of_node(&self, name: &str) {
        let Some(node) = self.store.get("nodes", "", name) else { return };
        // a kubelet does not know its node's uid, and names it by its name
        let object = json!({ "kind": "Node", "metadata": { "name": name, "uid": name } });
        let tell = |reason: &str, message: &str| {
            let source = Source { component: "kubelet", host: Some(name) };
            self.recorder.record(&object, source, reason, message, None);
        };
        tell("Starting", "Starting kubelet.");
        for condition in items(&node, "/status/conditions") {
            let reason = match (text(condition, "/type"), condition["status"] == "True") {
                ("Ready", true) => "NodeReady",
                ("DiskPressure", true) => "NodeHasDiskPressure",
                ("DiskPressure", false) => "NodeHasNoDiskPressure",
                ("MemoryPressure", false) => "NodeHasSufficientMemory",
                ("PIDPressure", false) => "NodeHasSufficientPID",
                _ => continue,
            };
            tell(reason, &format!("Node {name} status is now: {reason}"));
        }
        if node["spec"]["unschedulable"] == true {
            tell("NodeNotSchedulable", &format!("Node {name} status is now: NodeNotSchedulable"));
        }
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
            hostname: hostname(pod).chars().take(63).collect(),
            address: Some(address),
        };
        let shares = pod["spec"]["shareProcessNamespace"] == true;
        let program = self.options.program.clone();
        let _turn = self.starts.acquire().await;
        let sandbox = tokio::task::spawn_blocking(move || -> Result<Sandbox> {
            let mut sandbox = Sandbox::start(&program, &spec)?;
            if shares {
                sandbox.hold(pause(start::PAUSE)).context("cannot start the pause process")?;
            }
            Ok(sandbox)
        })
        .await??;
        running.replace_sandbox(Some(Arc::new(sandbox)));
        let host_network = pod["spec"]["hostNetwork"] == true;
        let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
        Ok(if host_network { self.address_of(node) } else { address.to_string() })
    }
}

impl Kubelet {
    /// Begins to run the pods in the store. `present` are images that every node has from the start.
    pub fn start(store: Store, recorder: Recorder, options: KubeletOptions, present: &[String]) -> Self {
        let images =
            options.nodes.keys().flat_map(|node| present.iter().map(|image| (node.clone(), image.clone()))).collect();
        let shared = Arc::new(Shared {
            store,
            recorder,
            options,
            images: Mutex::new(images),
            pods: Mutex::default(),
            starts: Semaphore::new(STARTS),
            addresses: AtomicU16::new(2),
            usage: Mutex::default(),
            workers: Mutex::default(),
        });
        for node in shared.options.nodes.keys() {
            shared.report_images(node);
            shared.tell_of_node(node);
        }
        let watching = tokio::spawn(watch(Arc::clone(&shared)));
        let measuring = AbortOnDropHandle::new(tokio::spawn(usage::measure(Arc::downgrade(&shared))));
        Self { shared, watching, _measuring: measuring }
    }

    /// Ends every process it has started, and returns once they are gone.
    pub async fn shutdown(&self) {
        self.watching.abort();
        let mut workers = std::mem::take(&mut *lock(&self.shared.workers));
        workers.shutdown().await;
        let pods = std::mem::take(&mut *lock(&self.shared.pods));
        let sandboxes: Vec<_> = pods.values().filter_map(|running| running.replace_sandbox(None)).collect();
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

/// The node's name for a pod on the node's network, as a kubelet sets it, though the demo gives it a network of its own:
/// nothing in a pod opens a port of this machine.
fn hostname(pod: &Value) -> &str {
    let own = pod["spec"]["hostname"].as_str().or_else(|| pod["metadata"]["name"].as_str());
    let nodes = pod["spec"]["nodeName"].as_str().filter(|_| pod["spec"]["hostNetwork"] == true);
    nodes.or(own).unwrap_or_default()
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
    let field = |name: &str| pod["metadata"][name].as_str().unwrap_or_default().to_owned();
    let name = PodRef { namespace: field("namespace"), name: field("name") };
    let ours = pod["spec"]["nodeName"].as_str().is_some_and(|node| shared.options.nodes.contains_key(node));
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
