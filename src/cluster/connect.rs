//! Connections to clusters and the contexts they come from; it never asks the API anything by itself.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::future::BoxFuture;
use kube::{
    Client, Config,
    config::{Cluster as ClusterEntry, Kubeconfig},
};
use tokio::sync::mpsc;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{
    ContextInfo, Problem, Warnings,
    exec_plugin::{Credential, ExecPlugin},
    gateway,
    guard::Guard,
    kubeconfig::{KubeconfigOptions, Picked, Places, contexts, load, pick},
    proxy::ProxyEnvironment,
    truth::SeenUsers,
};

/// The name of the context of a program that runs inside its cluster and has no kubeconfig.
const IN_CLUSTER: &str = "in-cluster";

/// A cluster that can be asked, as one user. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
    pub(super) guard: Guard,
}

struct Inner {
    client: Client,
    context: ContextInfo,
    warnings: Option<Warnings>,
    seen: SeenUsers,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Cluster").field("context", &self.inner.context.name).finish_non_exhaustive()
    }
}

impl Cluster {
    /// A cluster behind any client.
    pub fn from_client(client: Client, context: ContextInfo) -> Self {
        Self {
            inner: Arc::new(Inner { client, context, warnings: None, seen: SeenUsers::default() }),
            guard: Guard::default(),
        }
    }

    /// The same cluster, whose answers' warnings are kept in these.
    #[must_use]
    pub fn with_warnings(&self, warnings: Warnings) -> Self {
        let Inner { client, context, seen, .. } = &*self.inner;
        let (client, context, seen) = (client.clone(), context.clone(), seen.clone());
        let inner = Inner { client, context, warnings: Some(warnings), seen };
        Self { inner: Arc::new(inner), guard: self.guard.clone() }
    }

    /// The context it was connected through.
    pub fn context(&self) -> &ContextInfo {
        &self.inner.context
    }

    pub(super) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(super) fn seen_users(&self) -> &SeenUsers {
        &self.inner.seen
    }

    pub(super) fn warnings(&self) -> Option<&Warnings> {
        self.inner.warnings.as_ref()
    }
}

/// The contexts a person can switch between.
pub trait Contexts: Send + Sync {
    /// All of them, in the order they are written down.
    fn list(&self) -> Vec<ContextInfo>;
    /// The one to start with; `None` when nothing names one.
    fn current(&self) -> Option<String>;
    /// Connects to one. Credentials are obtained; whether the server answers is found out by the first request.
    ///
    /// # Errors
    /// A context that leads nowhere, or credentials that cannot be had.
    fn connect<'a>(&'a self, context: &'a str) -> BoxFuture<'a, Result<Cluster, Problem>>;
    /// Troubles that arise beside the requests and are to be told as they come; taken once.
    fn troubles(&self) -> Option<mpsc::UnboundedReceiver<Problem>> {
        None
    }
}

/// The contexts of kubeconfig files, or of the pod this program runs in.
pub struct KubeconfigContexts {
    options: KubeconfigOptions,
    config: Kubeconfig,
    in_cluster: Option<Config>,
    current: Option<String>,
    proxies: ProxyEnvironment,
    /// What people logged in for on the terminal, by context.
    logins: Mutex<HashMap<String, Credential>>,
}

impl KubeconfigContexts {
    /// Reads the kubeconfig as kubectl finds it.
    ///
    /// # Errors
    /// Files that cannot be read, a context that is not there, or nothing to connect to at all.
    pub fn load(options: KubeconfigOptions) -> Result<Self, Problem> {
        if options.impersonate.is_none() && !options.impersonate_groups.is_empty() {
            return Err(Problem::new(
                "cannot act in a group",
                "--as-group says in which group, but not as whom",
                "add --as",
            ));
        }
        let loaded = load(options.file.as_deref(), &Places::of_process())?;
        let config = loaded.config;
        let in_cluster =
            if config.contexts.is_empty() && options.file.is_none() { Config::incluster().ok() } else { None };
        if config.contexts.is_empty() && in_cluster.is_none() {
            let why = match loaded.files.as_slice() {
                [] => "there is no kubeconfig".to_owned(),
                files => {
                    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
                    format!("{} has no contexts", names.join(", "))
                }
            };
            return Err(Problem::new(
                "no cluster to connect to",
                why,
                "name one with KUBECONFIG or --kubeconfig; without a cluster, try `bathy demo`",
            ));
        }
        let current = match (&options.context, &in_cluster) {
            (Some(context), None) => {
                pick(&config, context)?;
                Some(context.clone())
            }
            (Some(context), Some(_)) if context != IN_CLUSTER => {
                pick(&config, context)?;
                None
            }
            (_, Some(_)) => Some(IN_CLUSTER.to_owned()),
            (None, None) => config.current_context.clone().filter(|name| !name.is_empty()),
        };
        let proxies = ProxyEnvironment::of_process();
        Ok(Self { options, config, in_cluster, current, proxies, logins: Mutex::default() })
    }

    /// The command that has to talk to a person on the terminal before this context can be used, if there is one and
    /// it has not run yet: call [`Self::login`] while the screen is not open.
    pub fn needs_login(&self, context: &str) -> Option<String> {
        let plugin = Self::plugin(&pick(&self.config, context).ok()?).ok()??;
        let done = self.logins.lock().unwrap_or_else(PoisonError::into_inner).contains_key(context);
        (plugin.needs_terminal() && !done).then(|| plugin.command_line())
    }

    /// Runs the context's credential plugin on the terminal and remembers what it gave.
    ///
    /// # Errors
    /// The plugin's own, or a context that leads nowhere. A context without a plugin needs no login and is no error.
    pub async fn login(&self, context: &str) -> Result<(), Problem> {
        if let Some(plugin) = Self::plugin(&pick(&self.config, context)?)? {
            let credential = plugin.run_on_terminal().await?;
            self.logins.lock().unwrap_or_else(PoisonError::into_inner).insert(context.to_owned(), credential);
        }
        Ok(())
    }

    fn plugin(picked: &Picked) -> Result<Option<ExecPlugin>, Problem> {
        picked.user.exec.clone().map(|exec| ExecPlugin::new(exec, &picked.cluster)).transpose()
    }

    fn namespace_of(&self, context: &str, own: Option<String>) -> Option<String> {
        // --namespace is said about the context the program starts with.
        let said = self.options.namespace.clone().filter(|_| self.current.as_deref() == Some(context));
        said.or(own)
    }

    async fn connect_to(&self, name: &str) -> Result<Cluster, Problem> {
        if let (Some(config), IN_CLUSTER) = (&self.in_cluster, name) {
            let config = self.acting_as(config.clone());
            let client = gateway::client(&config, None, None)?;
            return Ok(Cluster::from_client(client, self.in_cluster_context(&config)));
        }
        let picked = pick(&self.config, name)?;
        let plugin = Self::plugin(&picked)?;
        let config = self.acting_as(self.config_of(&picked)?);
        let credential = match &plugin {
            Some(plugin) => {
                let held = self.logins.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
                match held.filter(|credential| !credential.has_expired(jiff::Timestamp::now())) {
                    Some(credential) => Some(credential),
                    None => Some(plugin.run().await?),
                }
            }
            None => None,
        };
        let client = gateway::client(&config, plugin, credential)?;
        let mut context = picked.context;
        context.namespace = self.namespace_of(name, context.namespace);
        Ok(Cluster::from_client(client, context))
    }

    fn in_cluster_context(&self, config: &Config) -> ContextInfo {
        ContextInfo {
            name: IN_CLUSTER.to_owned(),
            cluster: config.cluster_url.host().unwrap_or_default().to_owned(),
            user: "service account".to_owned(),
            namespace: self.namespace_of(IN_CLUSTER, Some(config.default_namespace.clone())),
        }
    }

    fn acting_as(&self, mut config: Config) -> Config {
        if let Some(user) = &self.options.impersonate {
            config.auth_info.impersonate = Some(user.clone());
            config.auth_info.impersonate_groups =
                Some(self.options.impersonate_groups.clone()).filter(|groups| !groups.is_empty());
        }
        config
    }

    fn config_of(&self, picked: &Picked) -> Result<Config, Problem> {
        let what = format!("cannot use the context {}", picked.context.name);
        let entry = &picked.cluster;
        let server = entry.server.as_deref().map(str::trim).filter(|server| !server.is_empty()).ok_or_else(|| {
            Problem::new(
                &what,
                format!("the cluster {} has no server", picked.context.cluster),
                "add clusters[].cluster.server to the kubeconfig",
            )
        })?;
        // kubectl takes `host:port` as http too.
        let address = if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
        let url: http::Uri = address.parse().map_err(|error| {
            Problem::new(
                &what,
                format!("its server {server:?} is no address: {error}"),
                "write it as https://host:port",
            )
        })?;
        let mut config = Config::new(url);
        config.proxy_url = self.proxies.proxy_for(&config.cluster_url, entry.proxy_url.as_deref())?;
        config.root_cert = authorities(entry, &what)?;
        config.accept_invalid_certs = entry.insecure_skip_tls_verify.unwrap_or(false);
        config.disable_compression = entry.disable_compression.unwrap_or(false);
        config.tls_server_name = entry.tls_server_name.clone().filter(|name| !name.is_empty());
        config.default_retry = false;
        if let Some(namespace) = &picked.context.namespace {
            config.default_namespace.clone_from(namespace);
        }
        config.auth_info = picked.user.clone();
        config.auth_info.exec = None;
        Ok(config)
    }
}

fn authorities(entry: &ClusterEntry, what: &str) -> Result<Option<Vec<Vec<u8>>>, Problem> {
    let bad = |why: String| Problem::new(what, why, "fetch the kubeconfig again, or correct its certificate authority");
    let pem = match (&entry.certificate_authority_data, &entry.certificate_authority) {
        (Some(data), _) if !data.is_empty() => STANDARD
            .decode(data.trim())
            .map_err(|error| bad(format!("its certificate-authority-data is not base64: {error}")))?,
        (_, Some(path)) if !path.is_empty() => std::fs::read(path)
            .map_err(|error| bad(format!("its certificate-authority {path} cannot be read: {error}")))?,
        _ => return Ok(None),
    };
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|error| bad(format!("its certificate authority is not PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(bad("its certificate authority holds no certificate".to_owned()));
    }
    Ok(Some(certificates.into_iter().map(|certificate| certificate.to_vec()).collect()))
}

impl Contexts for KubeconfigContexts {
    fn list(&self) -> Vec<ContextInfo> {
        if let Some(config) = &self.in_cluster {
            return vec![self.in_cluster_context(config)];
        }
        let mut list = contexts(&self.config);
        for context in &mut list {
            context.namespace = self.namespace_of(&context.name, context.namespace.take());
        }
        list
    }

    fn current(&self) -> Option<String> {
        self.current.clone()
    }

    fn connect<'a>(&'a self, context: &'a str) -> BoxFuture<'a, Result<Cluster, Problem>> {
        Box::pin(self.connect_to(context))
    }
}
