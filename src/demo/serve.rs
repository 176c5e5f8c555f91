//! The demo's API on a port of this machine, with TLS and a kubeconfig for kubectl; nobody else can reach it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto::ring};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::DemoCluster;
use super::listen::listen;

/// How long a client may take for its side of the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// An API that is being served; it stops when this is dropped.
#[derive(Debug)]
pub struct Served {
    /// `https://127.0.0.1:PORT`.
    pub url: String,
    /// The kubeconfig that was written, readable for its owner only.
    pub kubeconfig: PathBuf,
    _stops: DropGuard,
}

/// Serves the cluster on this loopback address (port 0 takes any) and writes a kubeconfig with a context for each user,
/// the first one current.
///
/// # Panics
/// Outside a tokio runtime.
pub fn serve(cluster: &DemoCluster, kubeconfig: &Path, address: SocketAddr) -> anyhow::Result<Served> {
    ensure!(
        address.ip().is_loopback(),
        "the demo cluster runs programs on this machine, so it is served on a loopback address only, not on {}",
        address.ip()
    );
    let listener = listen(address).with_context(|| format!("cannot serve the demo cluster on {address}"))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let url = format!("https://{address}");
    let certificates = Certificates::new(address).context("cannot make certificates")?;
    let config = kubeconfig_for(cluster, &url, &certificates.authority);
    write_private(kubeconfig, &config)
        .with_context(|| format!("cannot write the kubeconfig {}", kubeconfig.display()))?;
    let stop = CancellationToken::new();
    tokio::spawn(stop.clone().run_until_cancelled_owned(accept(
        listener,
        certificates.acceptor,
        cluster.wire.clone(),
        Arc::clone(&cluster.server),
    )));
    Ok(Served { url, kubeconfig: kubeconfig.to_owned(), _stops: stop.drop_guard() })
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    wire: super::wire::Wire,
    server: Arc<super::server::Server>,
) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // out of file descriptors, most likely: those that are open may be closed meanwhile
                tracing::warn!(%error, "cannot take a connection to the demo's API");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if wire.refuses() {
            continue;
        }
        let (acceptor, wire, server) = (acceptor.clone(), wire.clone(), Arc::clone(&server));
        connections.spawn(async move {
            let _ = stream.set_nodelay(true);
            match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => wire.serve(stream, server).await,
                Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
                Err(_) => tracing::debug!("a TLS handshake took too long"),
            }
        });
    }
}

/// A certificate authority of this one run, and what the server shows.
struct Certificates {
    /// PEM.
    authority: String,
    acceptor: TlsAcceptor,
}

impl Certificates {
    fn new(address: SocketAddr) -> anyhow::Result<Self> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.distinguished_name.push(DnType::CommonName, "bathyscope demo");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let names = vec!["localhost".to_owned(), address.ip().to_string()];
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { authority: authority.pem(), acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

/// JSON, which is YAML too.
fn kubeconfig_for(cluster: &DemoCluster, url: &str, authority: &str) -> String {
    let name = |user: &str| format!("demo-{user}");
    let users = DemoCluster::users();
    let contexts: Vec<_> = users
        .iter()
        .map(|user| {
            let context = json!({ "cluster": "demo", "user": name(user), "namespace": "demo" });
            json!({ "name": name(user), "context": context })
        })
        .collect();
    let credentials: Vec<_> = users
        .iter()
        .map(|user| json!({ "name": name(user), "user": { "token": cluster.server.token(user) } }))
        .collect();
    let authority = STANDARD.encode(authority);
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{
            "name": "demo",
            "cluster": { "server": url, "certificate-authority-data": authority },
        }],
        "contexts": contexts,
        "users": credentials,
        "current-context": users.first().map(|user| name(user)),
    });
    format!("{config:#}\n")
}

/// Writes a file that only its owner can read, also if there was one that others could.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
