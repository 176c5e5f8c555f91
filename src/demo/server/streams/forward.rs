//! Port-forward: over SPDY, as kubectl has it, or over the websocket's channel pairs; it listens nowhere.

mod pairs;
mod tunnel;

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::frame;
use super::upgrade::{Socket, accept, protocol, until_closed};
use crate::demo::node::{Duplex, Node, PodRef, StreamError};
use crate::demo::object::text;
use crate::demo::server::answer::{Answer, Refusal};
use crate::demo::server::call::Call;

/// Websocket protocols: SPDY in a tunnel, and the one that has a channel pair for each port of the query.
const PROTOCOLS: &[&str] = &[tunnel::TUNNELED, "v4.channel.k8s.io"];

/// As many ports as channel numbers allow.
const MOST_PORTS: usize = 127;

/// How many pieces wait in each direction of a port.
const QUEUE: usize = 16;

/// How much is read from a port at once, in bytes.
const PIECE: usize = 32 << 10;

/// `portforward`.
pub(crate) fn open(mut call: Call, pod: &Value, at: PodRef) -> Result<Answer, Refusal> {
    if text(pod, "/spec/nodeName").is_empty() {
        return Err(Refusal::bad_request(format!(
            "pod {} does not have a host assigned",
            at.name
        )));
    }
    let node = Arc::clone(&call.server.node);
    if tunnel::is_wanted(&call) {
        return Ok(tunnel::upgrade(&mut call, node, at));
    }
    let protocol = protocol(&call, PROTOCOLS)?;
    if protocol == tunnel::TUNNELED {
        return tunnel::tunnel(&mut call, node, at);
    }
    let ports: Option<Vec<u16>> = call
        .query
        .all("ports")
        .flat_map(|list| list.split(','))
        .map(|port| port.parse().ok().filter(|port| *port != 0))
        .collect();
    let ports = ports
        .filter(|ports| !ports.is_empty() && ports.len() <= MOST_PORTS)
        .ok_or_else(|| {
            Refusal::bad_request("query parameter \"ports\" is required: numbers from 1 to 65535")
        })?;
    accept(&mut call, protocol, move |socket| {
        pump(socket, node, at, ports)
    })
}

async fn pump(socket: Socket, node: Arc<dyn Node>, pod: PodRef, ports: Vec<u16>) {
    let (mut sink, mut source) = socket.split();
    let (send, mut frames) = mpsc::channel::<Message>(QUEUE);
    let mut inputs: HashMap<u8, mpsc::Sender<Bytes>> = HashMap::new();
    let mut carriers = tokio::task::JoinSet::new();
    for (pair, port) in ports.into_iter().enumerate() {
        let Ok(data) = u8::try_from(pair * 2) else {
            break;
        };
        let (input, rest) = mpsc::channel(QUEUE);
        inputs.insert(data, input);
        let dialed = node.dial(&pod, port);
        let send = send.clone();
        carriers.spawn(async move {
            // both channels begin with the port they are for
            for channel in [data, data + 1] {
                send.send(frame(channel, &port.to_le_bytes())).await.ok()?;
            }
            let carried = match dialed.await {
                Ok(connection) => carry(connection, data, rest, &send).await,
                Err(StreamError { message, .. }) => Err(message),
            };
            if let Err(why) = carried {
                let said = format!("an error occurred forwarding {port} -> {port}: {why}");
                send.send(frame(data + 1, said.as_bytes())).await.ok()?;
            }
            Some(())
        });
    }
    drop(send);
    let reader = async {
        while let Some(Ok(message)) = source.next().await {
            match message {
                Message::Binary(mut bytes) if !bytes.is_empty() => {
                    let channel = bytes.split_to(1)[0];
                    if let Some(input) = inputs.get(&channel)
                        && input.send(bytes).await.is_err()
                    {
                        inputs.remove(&channel);
                    }
                }
                Message::Close(_) | Message::Text(_) => return,
                _ => {}
            }
        }
    };
    let writer = async {
        while let Some(frame) = frames.recv().await {
            sink.send(frame).await?;
        }
        let close = CloseFrame {
            code: CloseCode::Normal,
            reason: "".into(),
        };
        sink.send(Message::Close(Some(close))).await
    };
    until_closed(reader, writer).await;
}

/// Carries one connection until both ends of it are done; the error is what went wrong with it.
async fn carry(
    connection: Box<dyn Duplex>,
    channel: u8,
    mut input: mpsc::Receiver<Bytes>,
    send: &mpsc::Sender<Message>,
) -> Result<(), String> {
    let (mut from, mut to) = tokio::io::split(connection);
    let inward = async {
        while let Some(bytes) = input.recv().await {
            to.write_all(&bytes)
                .await
                .map_err(|error| error.to_string())?;
        }
        to.shutdown().await.map_err(|error| error.to_string())?;
        // this protocol cannot say that one direction ended, so the other decides
        std::future::pending().await
    };
    let outward = async {
        let mut piece = vec![0; PIECE];
        loop {
            let read = from
                .read(&mut piece)
                .await
                .map_err(|error| error.to_string())?;
            if read == 0 || send.send(frame(channel, &piece[..read])).await.is_err() {
                return Ok(());
            }
        }
    };
    tokio::select! {
        ended = outward => ended,
        failed = inward => failed,
    }
}
