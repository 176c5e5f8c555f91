//! `portforward`: connections to a pod's ports, over websockets and over SPDY; it listens nowhere.

mod channels;
mod pairs;

use std::sync::Arc;

use serde_json::Value;

use super::upgrade::{Transport, accept_spdy, accept_websocket, negotiate};
use crate::demo::node::PodRef;
use crate::demo::object::text;
use crate::demo::server::answer::{Answer, Refusal};
use crate::demo::server::call::Call;
use crate::spdy;

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
        Transport::Spdy => Ok(accept_spdy(&mut call, chosen.protocol, move |io| {
            let (reader, writer) = tokio::io::split(io);
            pairs::pump(reader, writer, node, at)
        })),
        Transport::WebSocket if chosen.protocol == OVER_WEBSOCKET[0] => {
            accept_websocket(&mut call, chosen.protocol, move |socket| {
                let (reader, writer) = spdy::as_bytes(socket);
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

/// What the client is told of a connection that failed.
fn failed(port: u16, pod: &PodRef, why: &str) -> String {
    let PodRef { namespace, name } = pod;
    format!("error forwarding port {port} to pod {name}_{namespace}: {why}")
}
