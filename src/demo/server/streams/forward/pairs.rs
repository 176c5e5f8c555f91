//! Port-forward over streams: an `error` and a `data` stream make one connection to a port; it never sees the transport.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{PIECE, failed};
use crate::demo::node::{Node, PodRef};
use crate::spdy::{self, Output, Reset, Stream};

/// How long a stream waits for the other one of its pair.
const PAIRING: Duration = Duration::from_secs(30);

/// What a stream of a pair is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Error,
    Data,
}

/// What a stream says of itself.
#[derive(Debug, PartialEq, Eq)]
struct Label {
    kind: Kind,
    port: u16,
    request: String,
}

impl Label {
    fn read(stream: &Stream) -> Option<Self> {
        let kind = match stream.headers.get("streamtype") {
            "error" => Kind::Error,
            "data" => Kind::Data,
            _ => return None,
        };
        let port = stream.headers.get("port").parse().ok().filter(|port| *port != 0)?;
        let request = match stream.headers.get("requestid") {
            // old clients do not number their requests, but open the two streams one after the other
            "" if kind == Kind::Error => format!("stream {}", stream.id),
            "" => format!("stream {}", stream.id.saturating_sub(2)),
            request => request.to_owned(),
        };
        Some(Self { kind, port, request })
    }
}

/// Forwards what comes over this connection, until it ends.
pub(super) async fn pump<R, W>(reader: R, writer: W, node: Arc<dyn Node>, pod: PodRef)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (streams, session) = spdy::serve(reader, writer);
    tokio::select! {
        ended = session => if let Err(error) = ended {
            tracing::debug!(%error, "a port-forward connection ended early");
        },
        // it ends with the session only
        () = forward(streams, node, pod) => {}
    }
}

/// Forwards each pair of streams to a port of the pod, until there are no more streams.
async fn forward(mut streams: mpsc::Receiver<Stream>, node: Arc<dyn Node>, pod: PodRef) {
    let mut waiting: HashMap<String, (Kind, oneshot::Sender<Stream>)> = HashMap::new();
    let mut carriers = JoinSet::new();
    loop {
        let stream = tokio::select! {
            stream = streams.recv() => match stream {
                Some(stream) => stream,
                None => return,
            },
            Some(_) = carriers.join_next() => continue,
        };
        let Some(label) = Label::read(&stream) else {
            stream.output.reset(Reset::ProtocolError).await;
            continue;
        };
        waiting.retain(|_, (_, other)| !other.is_closed());
        match waiting.remove(&label.request) {
            Some((kind, first)) if kind == label.kind => {
                waiting.insert(label.request, (kind, first));
                stream.output.reset(Reset::ProtocolError).await;
            }
            Some((_, first)) => {
                if stream.accept().await.is_ok()
                    && let Err(alone) = first.send(stream)
                {
                    alone.output.reset(Reset::Cancel).await;
                }
            }
            None => {
                if stream.accept().await.is_err() {
                    return;
                }
                let (second, arrives) = oneshot::channel();
                waiting.insert(label.request, (label.kind, second));
                let (node, pod) = (Arc::clone(&node), pod.clone());
                carriers.spawn(async move {
                    match (timeout(PAIRING, arrives).await, label.kind) {
                        (Ok(Ok(data)), Kind::Error) => carry(data, stream, &*node, &pod).await,
                        (Ok(Ok(error)), Kind::Data) => carry(stream, error, &*node, &pod).await,
                        (_, Kind::Data) => stream.output.reset(Reset::Cancel).await,
                        (_, Kind::Error) => {
                            let why = "the data stream of this request did not come in time";
                            say(&stream.output, why.to_owned()).await;
                            // a reset would overtake the reason
                            stream.output.finish().await;
                        }
                    }
                });
            }
        }
    }
}

/// One connection to a port, and where its end is told.
struct Connection<'a> {
    port: u16,
    pod: &'a PodRef,
    output: Output,
    errors: Output,
}

impl Connection<'_> {
    /// The port has said everything, or it went wrong. The error stream ends here, even if the port still listens, since
    /// clients wait for that before they close their side.
    async fn end(&self, ended: Result<(), String>) {
        if let Err(why) = ended {
            say(&self.errors, failed(self.port, self.pod, &why)).await;
        }
        self.errors.finish().await;
        self.output.finish().await;
    }

    /// Passes on what the port says.
    async fn outward(&self, mut from: impl AsyncRead + Unpin) -> Result<(), String> {
        let mut piece = vec![0; PIECE];
        loop {
            let read = from.read(&mut piece).await.map_err(|error| error.to_string())?;
            let bytes = Bytes::copy_from_slice(&piece[..read]);
            if read == 0 || self.output.send(bytes).await.is_err() {
                return Ok(());
            }
        }
    }
}

/// Carries one connection until both ends of it are done, or the client gave it up.
async fn carry(data: Stream, error: Stream, node: &dyn Node, pod: &PodRef) {
    let Some(Label { port, .. }) = Label::read(&data) else {
        return;
    };
    let Stream { mut input, output, reset, .. } = data;
    let errors = error.output;
    let connection = Connection { port, pod, output, errors };
    let forwarded = async {
        let (from, mut to) = match node.dial(pod, port).await {
            Ok(dialed) => tokio::io::split(dialed),
            Err(refused) => return connection.end(Err(refused.message)).await,
        };
        let inward = async move {
            // a port that stops listening may still have something to say, so it is that direction that tells of errors
            if copy(&mut input, &mut to).await.is_ok() {
                let _ = to.shutdown().await;
            }
        };
        let outward = async { connection.end(connection.outward(from).await).await };
        tokio::join!(inward, outward);
    };
    tokio::select! {
        biased;
        () = reset.cancelled() => {}
        () = forwarded => {}
    }
    connection.errors.finish().await;
}

async fn say(errors: &Output, why: String) {
    // a client that is gone needs no reason
    let _ = errors.send(Bytes::from(why)).await;
}
