//! `bathy demo`: the console on the cluster inside this program, or that cluster served for kubectl.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::signal::unix::{SignalKind, signal};

use super::arguments::DemoArguments;
use super::guarded::AuditPlace;
use super::{Arguments, Config, console};
use crate::app::Level;
use crate::cluster::{Cluster, ContextInfo, Contexts, Problem};
use crate::demo::synthetic::Population;
use crate::demo::{DemoCluster, DemoOptions, Isolation, serve};

/// What the demo's contexts begin with; the user's name follows.
const PREFIX: &str = "demo";
/// The namespace the demo starts in.
const NAMESPACE: &str = "demo";

/// Runs the demo.
pub(super) async fn run(options: &DemoArguments, arguments: &Arguments, config: &Config) -> anyhow::Result<()> {
    let isolation = if options.no_isolation { Isolation::Off } else { Isolation::Auto };
    let population = Population { pods: options.pods, churn: options.churn };
    let (no_metrics, torrent) = (options.no_metrics, options.torrent);
    let wanted = DemoOptions { isolation, program: None, population, no_metrics, torrent };
    let cluster = DemoCluster::start(wanted).await.context("cannot start the demo cluster")?;
    let cluster = Arc::new(cluster);
    let outcome = if options.serve {
        serve_until_stopped(&cluster, options).await
    } else {
        let greeting = match cluster.isolation_notice() {
            Some(notice) => (Level::Warning, notice),
            None => (Level::Info, "the demo cluster: e on a pod starts a debugger beside it".to_owned()),
        };
        let contexts = Arc::new(DemoContexts { cluster: Arc::clone(&cluster), chosen: arguments.context.clone() });
        // Nobody's cluster is changed here, so nothing is put on record unless somebody wants to see that, and what is
        // tried out leaves nothing behind.
        console::open(
            contexts,
            AuditPlace::named(arguments),
            arguments,
            config,
            console::Files::default(),
            Some(greeting),
        )
        .await
    };
    cluster.shutdown().await;
    outcome
}

async fn serve_until_stopped(cluster: &DemoCluster, options: &DemoArguments) -> anyhow::Result<()> {
    let kubeconfig = match &options.write_kubeconfig {
        Some(file) => file.clone(),
        None => free_place(),
    };
    let served = serve::serve(cluster, &kubeconfig, options.address)?;
    let mut out = std::io::stdout();
    if let Some(notice) = cluster.isolation_notice() {
        writeln!(out, "{notice}")?;
    }
    writeln!(out, "The demo cluster listens on {}. In another terminal:\n", served.url)?;
    writeln!(out, "    export KUBECONFIG={}", kubeconfig.display())?;
    writeln!(out, "    kubectl get pods -A")?;
    writeln!(out, "    kubectl debug -it -n demo POD --image=busybox:stable --target=CONTAINER\n")?;
    writeln!(out, "Ctrl-C ends it and everything in it.")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut hang_up = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended.context("cannot listen for Ctrl-C")?,
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    // Its token opens nothing any more.
    if let Err(error) = std::fs::remove_file(&kubeconfig) {
        tracing::warn!(%error, "the kubeconfig of the demo could not be removed");
    }
    Ok(())
}

fn free_place() -> PathBuf {
    std::env::temp_dir().join(format!("bathy-demo-{}.kubeconfig", std::process::id()))
}

/// The demo's users as contexts.
struct DemoContexts {
    cluster: Arc<DemoCluster>,
    chosen: Option<String>,
}

impl DemoContexts {
    fn name(user: &str) -> String {
        if user == "admin" { PREFIX.to_owned() } else { format!("{PREFIX}-{user}") }
    }

    fn info(user: &str) -> ContextInfo {
        ContextInfo {
            name: Self::name(user),
            cluster: PREFIX.to_owned(),
            user: user.to_owned(),
            namespace: Some(NAMESPACE.to_owned()),
        }
    }
}

impl Contexts for DemoContexts {
    fn list(&self) -> Vec<ContextInfo> {
        DemoCluster::users().iter().map(|user| Self::info(user)).collect()
    }

    fn current(&self) -> Option<String> {
        Some(self.chosen.clone().unwrap_or_else(|| PREFIX.to_owned()))
    }

    fn connect<'a>(&'a self, context: &'a str) -> BoxFuture<'a, Result<Cluster, Problem>> {
        let user = DemoCluster::users().iter().find(|user| Self::name(user) == context);
        let connected = match user {
            Some(user) => Ok(Cluster::from_client(self.cluster.client(user), Self::info(user))),
            None => Err(Problem {
                what: format!("the demo has no context {context}"),
                why: String::new(),
                hint: format!("it has {}", self.list().iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ")),
                fixes: Vec::new(),
            }),
        };
        std::future::ready(connected).boxed()
    }
}
