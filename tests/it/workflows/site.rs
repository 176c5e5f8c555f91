//! Where a story plays: the demo cluster in this process, or a real one.

use std::path::PathBuf;
use std::sync::Arc;

use bathyscope::app::Settings;
use bathyscope::cluster::{Cluster, ContextInfo, Contexts, KubeconfigContexts, KubeconfigOptions, Problem};
use bathyscope::demo::{DemoCluster, DemoOptions};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::person::Person;
use super::road::Road;
use super::workloads::Workloads;

/// The demo's namespaces with the workloads of the scenario, and with Pod Security enforced.
const NAMESPACE: &str = "demo";
const RESTRICTED: &str = "restricted-ns";
/// What the name of the Node.js-like pod begins with.
pub(super) const NODE_POD: &str = "nodejsapps";
/// Its container.
pub(super) const NODE_CONTAINER: &str = "nodejsapp";

/// A place for a story.
pub(super) enum Site {
    /// The cluster in this process.
    Demo(Arc<DemoCluster>),
    /// A cluster that somebody runs, with workloads of our own.
    Real(Arc<KubeconfigContexts>, Workloads, Road),
}

impl Site {
    /// The real cluster if there is one, else the demo.
    pub(super) async fn any() -> Self {
        match std::env::var_os("BATHY_TEST_KUBECONFIG") {
            None => Self::demo().await,
            Some(file) => {
                let file = PathBuf::from(file);
                let workloads = Workloads::make(&file).await;
                let road = Road::build(&file).await;
                let options = KubeconfigOptions { file: Some(road.kubeconfig.clone()), ..KubeconfigOptions::default() };
                let contexts = KubeconfigContexts::load(options).expect("BATHY_TEST_KUBECONFIG names a kubeconfig");
                Self::Real(Arc::new(contexts), workloads, road)
            }
        }
    }

    /// The demo, for stories that need its users or its faults.
    pub(super) async fn demo() -> Self {
        let options =
            DemoOptions { program: Some(PathBuf::from(env!("CARGO_BIN_EXE_bathy"))), ..DemoOptions::default() };
        Self::Demo(Arc::new(DemoCluster::start(options).await.expect("the demo starts")))
    }

    /// Whether containers have roots and process numbers of their own; says why not.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
    pub(super) fn is_isolated(&self) -> bool {
        match self {
            Self::Real(..) => true,
            Self::Demo(cluster) => match cluster.isolation_notice() {
                None => true,
                Some(notice) => {
                    eprintln!("skipped: {notice}");
                    false
                }
            },
        }
    }

    /// Cuts every connection to the cluster.
    pub(super) fn cut(&self) {
        match self {
            Self::Demo(cluster) => cluster.cut(),
            Self::Real(_, _, road) => road.cut(),
        }
    }

    /// The namespace with the workloads of the scenario.
    pub(super) fn namespace(&self) -> &str {
        match self {
            Self::Demo(_) => NAMESPACE,
            Self::Real(_, workloads, _) => &workloads.namespace,
        }
    }

    /// A namespace that enforces `restricted`.
    pub(super) fn restricted(&self) -> &str {
        match self {
            Self::Demo(_) => RESTRICTED,
            Self::Real(_, workloads, _) => &workloads.restricted,
        }
    }

    /// The port that the application of the scenario listens on.
    pub(super) fn port(&self) -> u16 {
        match self {
            Self::Demo(_) => 8000,
            Self::Real(_, workloads, _) => workloads.port,
        }
    }

    /// The demo cluster, for its faults.
    pub(super) fn cluster(&self) -> &DemoCluster {
        match self {
            Self::Demo(cluster) => cluster,
            Self::Real(..) => panic!("this story needs the demo"),
        }
    }

    /// A person on this site, as administrator, at the pods of the scenario.
    pub(super) fn person(&self) -> Person {
        self.person_as("admin", self.namespace())
    }

    /// The same, with these settings.
    pub(super) fn person_with(&self, settings: Settings) -> Person {
        match self {
            Self::Demo(cluster) => {
                let users = Arc::new(DemoUsers(Arc::clone(cluster)));
                Person::with_settings(users, "admin", self.namespace(), settings)
            }
            Self::Real(contexts, ..) => {
                let current = contexts.current().expect("the kubeconfig has a current context");
                let contexts = Arc::clone(contexts) as Arc<dyn Contexts>;
                Person::with_settings(contexts, &current, self.namespace(), settings)
            }
        }
    }

    /// A person with the rights of this user of the demo.
    pub(super) fn person_as(&self, user: &str, namespace: &str) -> Person {
        match self {
            Self::Demo(cluster) => Person::at(Arc::new(DemoUsers(Arc::clone(cluster))), user, namespace),
            Self::Real(contexts, ..) => {
                let current = contexts.current().expect("the kubeconfig has a current context");
                Person::at(Arc::clone(contexts) as Arc<dyn Contexts>, &current, namespace)
            }
        }
    }

    /// Ends the demo and everything in it.
    pub(super) async fn close(self) {
        match self {
            Self::Demo(cluster) => cluster.shutdown().await,
            Self::Real(_, workloads, _) => workloads.remove().await,
        }
    }
}

/// The demo's users as contexts.
struct DemoUsers(Arc<DemoCluster>);

fn context(user: &str) -> ContextInfo {
    ContextInfo {
        name: user.to_owned(),
        cluster: "demo".to_owned(),
        user: user.to_owned(),
        namespace: Some(NAMESPACE.to_owned()),
    }
}

impl Contexts for DemoUsers {
    fn list(&self) -> Vec<ContextInfo> {
        DemoCluster::users().iter().map(|user| context(user)).collect()
    }

    fn current(&self) -> Option<String> {
        Some("admin".to_owned())
    }

    fn connect<'a>(&'a self, user: &'a str) -> BoxFuture<'a, Result<Cluster, Problem>> {
        async move { Ok(Cluster::from_client(self.0.client(user), context(user))) }.boxed()
    }
}
