//! Ports of pods on this machine's loopback: listens there, connects each caller, counts what moves; it prints nothing and
//! listens nowhere else.

mod listen;
mod owner;
mod way;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::future::select_all;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use crate::cluster::{ForwardTarget, Forwarder, Moved, PodKey, Problem, RemotePort};
use listen::listen;
use way::Way;

/// How many connections may be open at once; further callers wait to be accepted.
const MOST_CONNECTIONS: usize = 512;
/// How long to pause when the system gives no connection: too many files are open.
const BREATH: Duration = Duration::from_millis(200);

/// A port here and one there, as the command line has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortPair {
    /// Here; 0 for any that is free, `None` for the same as there.
    pub local: Option<u16>,
    /// Whether any free port here will do where that one cannot be had.
    pub or_free: bool,
    /// There.
    pub remote: RemotePort,
}

impl PortPair {
    /// Reads `REMOTE`, `LOCAL:REMOTE` or `:REMOTE`; the remote one may be a name.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((local, remote)) = text.split_once(':') else {
            return Some(Self { local: None, or_free: false, remote: RemotePort::parse(text)? });
        };
        let local = if local.is_empty() { 0 } else { local.parse().ok()? };
        Some(Self { local: Some(local), or_free: false, remote: RemotePort::parse(remote)? })
    }
}

/// Something that happened to a forwarded port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForwardEvent {
    /// Somebody connected.
    Connected,
    /// Connections lead to this pod and port from now on.
    LeadsTo(PodKey, u16),
    /// The pod cannot be reached, and is tried again and again while somebody wants to connect.
    Waiting(Problem),
    /// A connection failed, the port goes on.
    Failed(Problem),
    /// The pod is gone for good, and nothing takes its place.
    Over(Problem),
}

/// What a forwarded port has carried.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Bytes.
    pub moved: Moved,
    /// Connections that are open.
    pub open: AtomicU64,
    /// Connections there have been.
    pub total: AtomicU64,
}

/// A forwarded port. Dropping it closes the port and its connections.
#[derive(Debug)]
pub struct Forward {
    /// Where it listens.
    pub local: Vec<SocketAddr>,
    /// What it has carried.
    pub traffic: Arc<Traffic>,
    _listening: AbortOnDropHandle<()>,
}

/// Forwards a port, once it is known where it leads to. What happens is told to `tell`, which must not wait.
///
/// # Errors
/// A target that leads nowhere, or a local port that cannot be had.
pub async fn forward(
    forwarder: Forwarder,
    target: ForwardTarget,
    pair: PortPair,
    addresses: &[IpAddr],
    tell: impl Fn(ForwardEvent) + Send + Sync + 'static,
) -> Result<Forward, Problem> {
    let found = forwarder.resolve(&target, &pair.remote).await;
    let (pod, port) = found.map_err(|unreachable| unreachable.problem)?;
    // That somebody may not, or that there is no way, is told now and not to the first caller.
    forwarder.reach(&pod).await.map_err(|unreachable| unreachable.problem)?;
    let wanted = match (pair.local, &pair.remote) {
        (Some(local), _) => local,
        (None, RemotePort::Number(remote)) => *remote,
        (None, RemotePort::Name(_)) => port,
    };
    let listeners = match listen(wanted, addresses).await {
        Err(_) if pair.or_free => listen(0, addresses).await?,
        listeners => listeners?,
    };
    let local = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    let traffic = Arc::new(Traffic::default());
    let way = Way::new(forwarder, target, pair.remote, &(pod, port), Box::new(tell));
    let work = accept_all(listeners, Arc::new(way), Arc::clone(&traffic));
    Ok(Forward { local, traffic, _listening: AbortOnDropHandle::new(tokio::spawn(work)) })
}

/// Both addresses of loopback; programs here choose either.
pub const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

async fn accept_all(listeners: Vec<TcpListener>, way: Arc<Way>, traffic: Arc<Traffic>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut fails = false;
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let accepted = {
            let accepting = listeners.iter().map(|listener| Box::pin(listener.accept()));
            tokio::select! {
                (accepted, ..) = select_all(accepting) => accepted,
                // Those that are over are let go of.
                Some(_) = connections.join_next() => continue,
            }
        };
        match accepted {
            Ok((stream, _)) => {
                fails = false;
                connections.spawn(carry(stream, Arc::clone(&way), Arc::clone(&traffic), place));
            }
            // A caller that has gone before it was taken.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                if !std::mem::replace(&mut fails, true) {
                    let hint = "it is tried again; too many open files are the usual reason (ulimit -n)";
                    let problem = Problem::new("cannot take connections", error.to_string(), hint);
                    way.tell(ForwardEvent::Failed(problem));
                }
                sleep(BREATH).await;
            }
        }
    }
}

async fn carry(stream: TcpStream, way: Arc<Way>, traffic: Arc<Traffic>, _place: OwnedSemaphorePermit) {
    way.tell(ForwardEvent::Connected);
    // Small answers are not to wait for more.
    let _ = stream.set_nodelay(true);
    let _open = Open::new(&traffic);
    let failed = match way.connect().await {
        Ok(connection) => connection.carry(stream, &traffic.moved).await.inspect_err(|_| way.forget()),
        Err(problem) => Err(problem),
    };
    if let Err(problem) = failed {
        way.tell(ForwardEvent::Failed(problem));
    }
}

/// Counts a connection while it is there.
struct Open<'a>(&'a Traffic);

impl<'a> Open<'a> {
    fn new(traffic: &'a Traffic) -> Self {
        traffic.open.fetch_add(1, Ordering::Relaxed);
        traffic.total.fetch_add(1, Ordering::Relaxed);
        Self(traffic)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_ports_are_written_as_for_kubectl() {
        let pair = |local, remote| {
            Some(PortPair { local, or_free: false, remote: RemotePort::parse(remote).expect("a port") })
        };
        assert_eq!(PortPair::parse("8080"), pair(None, "8080"));
        assert_eq!(PortPair::parse("http"), pair(None, "http"));
        assert_eq!(PortPair::parse("8888:http"), pair(Some(8888), "http"));
        assert_eq!(PortPair::parse(":80"), pair(Some(0), "80"));
        for wrong in ["", ":", "80:", "a:80", "80:80:80", "70000:80"] {
            assert_eq!(PortPair::parse(wrong), None, "{wrong}");
        }
    }
}
