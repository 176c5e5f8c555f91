//! A small Kubernetes cluster inside this process, for people without one and for tests; it never knows which client asks.

pub mod node;
pub mod object;
mod pipe;
pub mod resource;
pub mod serve;
mod server;
mod spdy;
pub mod store;
mod wire;

use std::sync::Arc;

use node::Node;
use server::Server;
use store::Store;
use wire::Wire;

/// A running demo cluster. No port is open unless [`serve::serve`] opens one.
pub struct DemoCluster {
    store: Store,
    server: Arc<Server>,
    wire: Wire,
}

impl DemoCluster {
    /// A cluster of these objects, whose containers this node runs.
    pub fn assemble(store: Store, node: Arc<dyn Node>) -> Self {
        let server = Server::new(store.clone(), node);
        Self {
            store,
            server,
            wire: Wire::default(),
        }
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
