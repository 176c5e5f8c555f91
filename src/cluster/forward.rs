//! Connections to ports of pods, each direction of which ends by itself; it listens nowhere.
//!
//! A websocket that carries SPDY (KEP-4006) comes first; where that is refused, as older servers and some proxies do,
//! bare SPDY, which is what kubectl does. The other protocol, `v4.channel.k8s.io`, has no way to end one direction.

mod offers;
mod shared;
pub(super) mod target;

use std::collections::HashSet;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use http::header::{CONNECTION, HeaderName, HeaderValue, UPGRADE};
use http::{Method, Request, Response, StatusCode};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::task::AbortOnDropHandle;

use super::problem::Fault;
use super::request::{ANYTHING, Target};
use super::streams::socket;
use super::text::cleaned;
use super::{Cluster, PodKey, Problem};
use crate::spdy::{self, Gone, Headers, Opener, Reset, Stream};
pub use offers::{PortOffer, PortOffers, PortOwner};
use shared::{Place, Session, Sessions};
pub use target::{ForwardKind, ForwardTarget, RemotePort};

/// How long the server may take to open a connection: it asks the kubelet on the way.
const OPEN_TIME: Duration = Duration::from_secs(30);
/// How long to wait for the reason once both directions are over.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How much is moved at once, in bytes.
const PIECE: usize = 16 << 10;
/// The longest reason that is read, in bytes.
const LONGEST_REASON: u64 = 4 << 10;

const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
const STREAMS: &str = "portforward.k8s.io";
const PROTOCOL: HeaderName = HeaderName::from_static("sec-websocket-protocol");
const ACCEPT: HeaderName = HeaderName::from_static("sec-websocket-accept");
const STREAM_PROTOCOL: HeaderName = HeaderName::from_static("x-stream-protocol-version");

/// Opens connections to ports. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Forwarder {
    cluster: Cluster,
    /// The server has refused a websocket once.
    bare: Arc<AtomicBool>,
    /// The pods that a connection to is on record.
    on_record: Arc<Mutex<HashSet<PodKey>>>,
    sessions: Arc<Sessions>,
}

/// Why a port cannot be reached now.
#[derive(Debug, Clone, PartialEq)]
pub struct Unreachable {
    /// What to tell.
    pub problem: Problem,
    /// What comes of waiting.
    pub outlook: Outlook,
}

/// What becomes of something that cannot be reached now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// It may be there in a moment: the network is cut, a server is busy, a pod starts.
    Passing,
    /// It stays so until somebody changes something: a right is missing.
    Lasting,
    /// What was to be reached is no more, or has ended.
    Gone,
}

impl Unreachable {
    fn new(fault: &Fault, what: impl AsRef<str>) -> Self {
        let outlook = match (fault, fault.code()) {
            (_, 404) => Outlook::Gone,
            // Too many requests pass; what else is refused is refused again.
            (_, 408 | 429) => Outlook::Passing,
            (_, 400..500) | (Fault::Refused(_), _) => Outlook::Lasting,
            _ => Outlook::Passing,
        };
        Self { problem: fault.problem(what), outlook }
    }
}

/// How many bytes were moved.
#[derive(Debug, Default)]
pub struct Moved {
    /// To the pod.
    pub sent: AtomicU64,
    /// From the pod.
    pub received: AtomicU64,
}

/// An open connection to a port of a pod. Dropping it ends it.
#[derive(Debug)]
pub struct Connection {
    pod: PodKey,
    port: u16,
    data: Stream,
    errors: Stream,
    place: Place,
}

impl Forwarder {
    /// Of this cluster.
    pub fn new(cluster: Cluster) -> Self {
        Self { cluster, bare: Arc::default(), on_record: Arc::default(), sessions: Arc::default() }
    }

    /// Connects to a port of a pod. Whether anything listens there shows once bytes are to be moved.
    ///
    /// # Errors
    /// The API's refusal, or a connection that could not be made.
    pub async fn connect(&self, pod: &PodKey, port: u16) -> Result<Connection, Unreachable> {
        let what = format!("cannot forward to port {port} of {}/{}", pod.namespace, pod.name);
        let place = self.place(pod, &what);
        let session = place.session().await?;
        let opened = timeout(OPEN_TIME, streams(&session, port)).await;
        match opened.unwrap_or(Err(Fault::Silent(OPEN_TIME))) {
            Ok((data, errors)) => Ok(Connection { pod: pod.clone(), port, data, errors, place }),
            Err(fault) => {
                place.spend();
                Err(Unreachable::new(&fault, what))
            }
        }
    }

    /// Whether connections to ports of this pod can be made: the right to, and the way there.
    ///
    /// # Errors
    /// As [`Forwarder::connect`].
    pub async fn reach(&self, pod: &PodKey) -> Result<(), Unreachable> {
        self.place(pod, &format!("cannot forward ports of {}/{}", pod.namespace, pod.name)).session().await.map(drop)
    }

    fn place(&self, pod: &PodKey, what: &str) -> Place {
        self.sessions.place(pod, || {
            let (forwarder, pod, what) = (self.clone(), pod.clone(), what.to_owned());
            let opening = async move {
                let opened = timeout(OPEN_TIME, forwarder.session(&pod)).await;
                let opened = opened.unwrap_or(Err(Fault::Silent(OPEN_TIME)));
                opened.map(Arc::new).map_err(|fault| Unreachable::new(&fault, what))
            };
            opening.boxed().shared()
        })
    }

    async fn session(&self, pod: &PodKey) -> Result<Session, Fault> {
        if self.bare.load(Ordering::Relaxed) {
            return self.over_spdy(pod).await;
        }
        match self.over_websocket(pod).await {
            Ok(session) => Ok(session),
            // A server that does not know it says so in many ways; what it says to the other way is what counts.
            Err(Fault::Api(_) | Fault::Unreadable(_)) => {
                let session = self.over_spdy(pod).await?;
                self.bare.store(true, Ordering::Relaxed);
                Ok(session)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn over_websocket(&self, pod: &PodKey) -> Result<Session, Fault> {
        let key = generate_key();
        let mut request = Target::pod(pod, Some("portforward"))?.get(ANYTHING)?;
        let headers = request.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert("sec-websocket-version", HeaderValue::from_static("13"));
        headers.insert("sec-websocket-key", value(&key)?);
        headers.insert(PROTOCOL, HeaderValue::from_static(TUNNEL));
        let response = self.upgraded(pod, request).await?;
        if !is_tunnel(&response, &key) {
            return Err(Fault::Unreadable("the server opened another kind of websocket than asked for".to_owned()));
        }
        let (reader, writer) = spdy::as_bytes(socket(taken_over(response).await?).await);
        Ok(driven(spdy::connect(reader, writer)))
    }

    async fn over_spdy(&self, pod: &PodKey) -> Result<Session, Fault> {
        let target = Target::pod(pod, Some("portforward"))?;
        let mut request = target.request(Method::POST, ANYTHING, None, Vec::new())?;
        let headers = request.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("SPDY/3.1"));
        headers.insert(STREAM_PROTOCOL, HeaderValue::from_static(STREAMS));
        let response = self.upgraded(pod, request).await?;
        let (reader, writer) = tokio::io::split(taken_over(response).await?);
        Ok(driven(spdy::connect(reader, writer)))
    }

    async fn upgraded(&self, pod: &PodKey, request: Request<Vec<u8>>) -> Result<Response<Body>, Fault> {
        // A browser makes dozens of connections: that a port of the pod was forwarded is told once.
        let is_told = self.on_record.lock().unwrap_or_else(PoisonError::into_inner).contains(pod);
        let cluster = if is_told { self.cluster.unwitnessed() } else { self.cluster.clone() };
        let response = cluster.open(request, OPEN_TIME).await?;
        self.on_record.lock().unwrap_or_else(PoisonError::into_inner).insert(pod.clone());
        match response.status() {
            StatusCode::SWITCHING_PROTOCOLS => Ok(response),
            other => {
                Err(Fault::Unreadable(format!("the server answered {} instead of opening a stream", other.as_u16())))
            }
        }
    }
}

/// The two streams of a connection: what is said, and what goes wrong. Both are asked for at once, for one way there
/// and back.
async fn streams(session: &Session, port: u16) -> Result<(Stream, Stream), Fault> {
    let (port, request) = (port.to_string(), session.next_request().to_string());
    let headers = |kind: &str| -> Headers {
        [("streamtype", kind), ("port", &port), ("requestid", &request)].into_iter().collect()
    };
    let opened = tokio::try_join!(session.opener.open(headers("error")), session.opener.open(headers("data")));
    let (errors, data) =
        opened.map_err(|Gone| Fault::Unreadable("the streams of the connection were refused".to_owned()))?;
    // Nothing is said on it from here.
    errors.output.finish().await;
    Ok((data, errors))
}

fn driven((opener, driver): (Opener, impl Future<Output = io::Result<()>> + Send + 'static)) -> Session {
    Session::new(opener, AbortOnDropHandle::new(tokio::spawn(driver)))
}

/// Whether the server has taken our handshake (RFC 6455, 4.1) and the protocol.
fn is_tunnel(response: &Response<Body>, key: &str) -> bool {
    let says = |name: HeaderName, wanted: &str| response.headers().get(name).is_some_and(|said| said == wanted);
    says(ACCEPT, &derive_accept_key(key.as_bytes())) && says(PROTOCOL, TUNNEL)
}

async fn taken_over(response: Response<Body>) -> Result<TokioIo<Upgraded>, Fault> {
    hyper::upgrade::on(response).await.map(TokioIo::new).map_err(|error| Fault::broken(&error))
}

fn value(text: &str) -> Result<HeaderValue, Fault> {
    HeaderValue::from_str(text).map_err(|error| Fault::broken(&error))
}

/// How one direction ended before its time.
enum Broke {
    /// The program on this side is gone.
    Local,
    /// The stream to the pod broke.
    Remote,
}

impl Connection {
    /// Moves bytes both ways until both are done. The end of what the program here says is told to the pod, and what the
    /// pod says after that still comes; and the other way round.
    ///
    /// # Errors
    /// Why the node could not reach the port, or that the connection was cut.
    pub async fn carry(self, local: impl AsyncRead + AsyncWrite + Unpin, moved: &Moved) -> Result<(), Problem> {
        let Self { pod, port, mut data, errors, place } = self;
        let failed = |problem| {
            // Others are not led to where this one failed; those that are there already go on.
            place.spend();
            Err(problem)
        };
        let what = || format!("the connection to port {port} of {}/{} failed", pod.namespace, pod.name);
        let (from, to) = tokio::io::split(local);
        let mut outward = pin!(outward(from, &data.output, &moved.sent));
        let mut inward = pin!(inward(&mut data.input, to, &moved.received));
        let mut reason = pin!(reason(errors.input));
        let (mut sent, mut received, mut told) = (false, false, false);
        let cut = || Problem::new(what(), "it was cut on its way through the cluster", "connect again");
        while !(received && told) {
            tokio::select! {
                biased;
                text = &mut reason, if !told => {
                    told = true;
                    if !text.is_empty() {
                        return failed(refused(what(), port, &text));
                    }
                }
                end = &mut inward, if !received => match end {
                    Ok(()) => received = true,
                    Err(Broke::Local) => break,
                    Err(Broke::Remote) if told => return failed(cut()),
                    // Why may be said yet.
                    Err(Broke::Remote) => {
                        let text = timeout(LAST_WORDS, &mut reason).await.unwrap_or_default();
                        return failed(if text.is_empty() { cut() } else { refused(what(), port, &text) });
                    }
                },
                end = &mut outward, if !sent => match end {
                    // That the pod takes no more shows in the other direction.
                    Ok(()) | Err(Broke::Remote) => sent = true,
                    Err(Broke::Local) => break,
                },
                () = sleep(LAST_WORDS), if sent && received => break,
            }
        }
        data.output.reset(Reset::Cancel).await;
        Ok(())
    }
}

async fn outward(mut from: impl AsyncRead + Unpin, output: &spdy::Output, sent: &AtomicU64) -> Result<(), Broke> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece).await.map_err(|_| Broke::Local)?;
        if read == 0 {
            output.finish().await;
            return Ok(());
        }
        output.send(Bytes::copy_from_slice(&piece[..read])).await.map_err(|Gone| Broke::Remote)?;
        sent.fetch_add(read as u64, Ordering::Relaxed);
    }
}

async fn inward(input: &mut spdy::Input, mut to: impl AsyncWrite + Unpin, received: &AtomicU64) -> Result<(), Broke> {
    let mut piece = vec![0; PIECE];
    loop {
        let read = input.read(&mut piece).await.map_err(|_| Broke::Remote)?;
        if read == 0 {
            // A program that is gone needs no end.
            return to.shutdown().await.map_err(|_| Broke::Local);
        }
        to.write_all(&piece[..read]).await.map_err(|_| Broke::Local)?;
        received.fetch_add(read as u64, Ordering::Relaxed);
    }
}

/// What the node says of the connection; nothing if it went well.
async fn reason(errors: spdy::Input) -> String {
    let mut text = Vec::new();
    // A stream that broke has said what it had to say.
    let _ = errors.take(LONGEST_REASON).read_to_end(&mut text).await;
    cleaned(String::from_utf8_lossy(&text).trim())
}

fn refused(what: String, port: u16, text: &str) -> Problem {
    let hint = if text.contains("refused") {
        format!("nothing listens on port {port} of the pod's own addresses; a debugger with `ss -ltn` shows what does")
    } else {
        String::new()
    };
    Problem::new(what, text, hint)
}
