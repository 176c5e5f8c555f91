//! `portforward`: connections to a pod's ports, over websockets and over SPDY; it listens nowhere.

mod channels;
mod pairs;
mod tunnel;

use std::sync::Arc;

use serde_json::Value;

use super::upgrade::{Transport, accept_spdy, accept_websocket, negotiate};
use crate::demo::node::PodRef;
use crate::demo::object::text;
use crate::demo::server::answer::{Answer, Refusal};
use crate::demo::server::call::Call;

/// SPDY within a websocket, and channel pairs.
const OVER_WEBSOCKET: &[&str] = &["SPDY/3.1+portforward.k8s.io", "v4.channel.k8s.io"];

const OVER_SPDY: &[&str] = &["portforward.k8s.io"];

/// As many ports as channel numbers allow.
const MOST_PORTS: usize = 127;

/// How much is read from a port at once, in bytes.
const PIECE: usize = 16 << 10;

/// Opens the stream, or says why not.
pub(crate) fn open(mut call: Call, pod: &Value, at: PodRef) -> Result<Answer, Refusal> {
    if text(pod, "/spec/nodeName").is_empty() {
        let message = format!("pod {} does not have a host assigned", at.name);
        return Err(Refusal::bad_request(message));
    }
    let chosen = negotiate(&call, OVER_WEBSOCKET, OVER_SPDY)?;
    let node = Arc::clone(&call.server.node);
    match chosen.transport {
<<<<<<< HEAD
        Transport::Spdy => Ok(accept_spdy(&mut call, chosen.protocol, move |io| {
            let (reader, writer) = tokio::io::split(io);
            pairs::pump(reader, writer, node, at)
        })),
=======
        Transport::Spdy => Ok(accept_spdy(&mut call, chosen.protocol, move |io| pairs::pump(io, node, at))),
>>>>>>> api
        Transport::WebSocket if chosen.protocol == OVER_WEBSOCKET[0] => {
            accept_websocket(&mut call, chosen.protocol, move |socket| {
                let (reader, writer) = tunnel::as_bytes(socket);
                pairs::pump(reader, writer, node, at)
            })
        }
        Transport::WebSocket => {
            let ports = ports(&call)?;
            accept_websocket(&mut call, chosen.protocol, move |socket| channels::pump(socket, node, at, ports))
        }
    }
}

fn ports(call: &Call) -> Result<Vec<u16>, Refusal> {
    let ports: Option<Vec<u16>> = call
        .query
        .all("ports")
        .flat_map(|list| list.split(','))
        .map(|port| port.parse().ok().filter(|port| *port != 0))
        .collect();
    ports
        .filter(|ports| !ports.is_empty() && ports.len() <= MOST_PORTS)
        .ok_or_else(|| Refusal::bad_request("query parameter \"ports\" is required: numbers from 1 to 65535"))
}

<<<<<<< HEAD
/// What the client is told of a connection that failed.
fn failed(port: u16, pod: &PodRef, why: &str) -> String {
    let PodRef { namespace, name } = pod;
    format!("error forwarding port {port} to pod {name}_{namespace}: {why}")
=======
/// Where a connection's bytes go.
enum Outlet {
    /// A channel of a websocket.
    Channel(u8, mpsc::Sender<Message>),
    /// A stream of SPDY.
    Stream(spdy::Output),
}

impl Outlet {
    /// Whether there still is someone to take them.
    async fn send(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Channel(channel, frames) => frames.send(frame(*channel, bytes)).await.is_ok(),
            Self::Stream(stream) => stream.send(Bytes::copy_from_slice(bytes)).await.is_ok(),
        }
    }
}

/// Connects to a port and carries the connection; the error is what the client is told.
async fn forward(
    node: &dyn Node,
    pod: &PodRef,
    port: u16,
    input: mpsc::Receiver<Bytes>,
    outlet: &Outlet,
) -> Result<(), String> {
    let carried = match node.dial(pod, port).await {
        Ok(connection) => carry(connection, input, outlet).await,
        Err(error) => Err(error.message),
    };
    carried.map_err(|why| {
        let PodRef { namespace, name } = pod;
        format!("error forwarding port {port} to pod {name}_{namespace}: {why}")
    })
}

/// Carries one connection until the far end is done.
async fn carry(connection: Box<dyn Duplex>, mut input: mpsc::Receiver<Bytes>, outlet: &Outlet) -> Result<(), String> {
    let (mut from, mut to) = tokio::io::split(connection);
    let inward = async {
        while let Some(bytes) = input.recv().await {
            to.write_all(&bytes).await.map_err(|error| error.to_string())?;
        }
        to.shutdown().await.map_err(|error| error.to_string())?;
        // the far end may have more to say
        std::future::pending().await
    };
    let outward = async {
        let mut piece = vec![0; PIECE];
        loop {
            let read = from.read(&mut piece).await.map_err(|error| error.to_string())?;
            if read == 0 || !outlet.send(&piece[..read]).await {
                return Ok(());
            }
        }
    };
    tokio::select! {
        ended = outward => ended,
        failed = inward => failed,
    }
>>>>>>> api
}
