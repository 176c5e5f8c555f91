//! The road to a cluster that somebody runs: a TCP relay on loopback whose connections a story can cut, and a kubeconfig
//! that takes it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use http::Uri;
use kube::config::Kubeconfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

/// The relay; gone when dropped.
pub(super) struct Road {
    /// The kubeconfig that leads over it.
    pub(super) kubeconfig: PathBuf,
    cut: tokio::sync::watch::Sender<CancellationToken>,
    relay: AbortHandle,
}

impl Road {
    /// A road to the current cluster of this kubeconfig.
    pub(super) async fn build(kubeconfig: &Path) -> Self {
        let mut config = Kubeconfig::read_from(kubeconfig).expect("a kubeconfig");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let port = listener.local_addr().expect("an address").port();
        let current = config.current_context.clone().expect("a current context");
        let context = config.contexts.iter().find(|context| context.name == current).and_then(|c| c.context.clone());
        let cluster = context.expect("the current context").cluster;
        let named = config.clusters.iter_mut().find(|named| named.name == cluster);
        let cluster = named.and_then(|named| named.cluster.as_mut()).expect("its cluster");
        let server: Uri = cluster.server.take().expect("its server").parse().expect("an address");
        let host = server.host().expect("a host").to_owned();
        let target = (host.clone(), server.port_u16().unwrap_or(443));
        cluster.server = Some(format!("https://127.0.0.1:{port}"));
        // The server still proves to be the one that was meant.
        cluster.tls_server_name.get_or_insert(host);
        let file = std::env::temp_dir().join(format!("bathy-test-road-{}-{port}", std::process::id()));
        // It holds credentials: nobody else may read it.
        let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file).expect("a new file");
        written.write_all(&serde_json::to_vec(&config).expect("JSON is YAML")).expect("a file");
        let cut = tokio::sync::watch::Sender::new(CancellationToken::new());
        let cutting = cut.subscribe();
        let relay = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (target, cut) = (target.clone(), cutting.borrow().clone());
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(target).await else { return };
                    let (mut near, mut far) = (near, far);
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        () = cut.cancelled() => {}
                    }
                });
            }
        });
        Self { kubeconfig: file, cut, relay: relay.abort_handle() }
    }

    /// Cuts every connection there is.
    pub(super) fn cut(&self) {
        self.cut.send_replace(CancellationToken::new()).cancel();
    }
}

impl Drop for Road {
    fn drop(&mut self) {
        self.cut();
        self.relay.abort();
        // It is a temporary file; what cannot be removed stays until the system does it.
        let _ = std::fs::remove_file(&self.kubeconfig);
    }
}
