//! A small Kubernetes cluster inside this process, for people without one and for tests; it never knows which client asks.

pub mod components;
mod controllers;
pub mod image;
mod kubelet;
mod listen;
pub mod node;
pub mod object;
mod pipe;
mod recorder;
pub mod resource;
pub mod sandbox;
mod scheduler;
mod seed;
pub mod serve;
mod server;
pub mod store;
pub mod synthetic;
mod torrent;
mod wire;
mod workload;

use std::path::PathBuf;
use std::sync::Arc;

use components::Components;
use node::Node;
use sandbox::Mode;
use server::Server;
use store::Store;
use synthetic::Population;
use tokio_util::task::AbortOnDropHandle;
use wire::Wire;

/// How far the containers of a demo cluster are kept apart from the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Isolation {
    /// As far as this machine allows it.
    #[default]
    Auto,
    /// Not at all.
    Off,
}

/// What a demo cluster is started with.
#[derive(Debug, Clone, Default)]
pub struct DemoOptions {
    /// How far containers are isolated.
    pub isolation: Isolation,
    /// This program's file, which containers are started from; found by itself if `None`. A test, which is another
    /// program, names the binary under test.
    pub program: Option<PathBuf>,
    /// Pods without processes, beside the real ones.
    pub population: Population,
    /// Serve no metrics API, like a cluster where none was installed.
    pub no_metrics: bool,
    /// How many lines a second one more pod, `torrent`, writes to its log; there is none if 0.
    pub torrent: u32,
}

/// A running demo cluster. No port is open unless [`serve::serve`] opens one.
pub struct DemoCluster {
    store: Store,
    server: Arc<Server>,
    wire: Wire,
    /// What runs its containers, unless the node is somebody else's.
    components: Option<Components>,
    /// What changes its synthetic pods; it ends with the cluster.
    churn: Option<AbortOnDropHandle<()>>,
}

impl DemoCluster {
    /// A seeded cluster whose containers are processes of this machine. They come up by and by; the objects are there
    /// at once. Whatever ends this process ends them too.
    ///
    /// # Errors
    /// If this program's own file cannot be found.
    pub async fn start(options: DemoOptions) -> anyhow::Result<Self> {
        let program = options.program.map_or_else(std::env::current_exe, Ok)?;
        let mode = (options.isolation == Isolation::Off).then_some(Mode::Off);
        let components = Components::start(program, mode, !options.no_metrics).await?;
        let churn = synthetic::begin(components.store(), options.population);
        if options.torrent > 0 {
            torrent::begin(components.store(), options.torrent)?;
        }
        let node: Arc<dyn Node> = Arc::<kubelet::Kubelet>::clone(components.kubelet());
        let cluster = Self::assemble(components.store().clone(), node);
        Ok(Self { components: Some(components), churn, ..cluster })
    }

    /// Why containers run without isolation, if they do.
    pub fn isolation_notice(&self) -> Option<String> {
        let why = self.components.as_ref()?.isolation_notice()?;
        Some(format!("the demo's containers are plain processes, without files or process numbers of their own: {why}"))
    }

    /// Cuts every connection and ends every process that was started, and returns once they are gone.
    pub async fn shutdown(&self) {
        self.wire.refuse(true);
        self.wire.cut();
        if let Some(churn) = &self.churn {
            churn.abort();
        }
        if let Some(components) = &self.components {
            components.shutdown().await;
        }
    }

    /// A cluster of these objects, whose containers this node runs.
    pub fn assemble(store: Store, node: Arc<dyn Node>) -> Self {
        let server = Server::new(store.clone(), node);
        Self { store, server, wire: Wire::default(), components: None, churn: None }
    }

    /// A client over in-memory pipes, as one of [`DemoCluster::users`]; any other name is nobody, and is refused.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn client(&self, user: &str) -> kube::Client {
        let token = self.server.token(user).unwrap_or_default();
        pipe::client(&self.wire, &self.server, token)
    }

    /// The users there are: `admin` may everything, `oncall` may edit and add debuggers, `edit` and `view` are the stock
    /// roles, `tenant` has the rights of `oncall` in the namespace `demo` only.
    pub fn users() -> &'static [&'static str] {
        server::USERS
    }

    /// The objects.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Fault: cuts every open connection, streams too.
    pub fn cut(&self) {
        self.wire.cut();
    }

    /// Fault: refuses new connections until told otherwise.
    pub fn refuse(&self, refuse: bool) {
        self.wire.refuse(refuse);
    }

    /// Fault: a watch that resumes from a version that is forgotten gets HTTP 410 instead of an event that says so.
    /// See [`Store::compact`] for how versions are forgotten.
    pub fn answer_gone_at_once(&self, at_once: bool) {
        self.server.faults.answer_gone_at_once(at_once);
    }
}
