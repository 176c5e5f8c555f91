//! Port-forward over the websocket's channel pairs: data and error for each port.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::channels::frame;
use super::super::upgrade::{Socket, until_closed};
use super::{PIECE, failed};
use crate::demo::node::{Duplex, Node, PodRef};

/// How many pieces wait in each direction of a connection.
const QUEUE: usize = 16;

/// Carries these ports until all their connections have ended or the client is gone.
pub(super) async fn pump(socket: Socket, node: Arc<dyn Node>, pod: PodRef, ports: Vec<u16>) {
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
        let (node, pod, send) = (Arc::clone(&node), pod.clone(), send.clone());
        carriers.spawn(async move {
            // both channels begin with the port they are for
            for channel in [data, data + 1] {
                send.send(frame(channel, &port.to_le_bytes())).await.ok()?;
            }
            let carried = match node.dial(&pod, port).await {
                Ok(connection) => carry(connection, data, rest, &send).await,
                Err(refused) => Err(refused.message),
            };
            if let Err(why) = carried {
                let why = failed(port, &pod, &why);
                send.send(frame(data + 1, why.as_bytes())).await.ok()?;
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
        let close = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        sink.send(Message::Close(Some(close))).await
    };
    until_closed(reader, writer).await;
}

/// Carries one connection until the far end is done; the error is what went wrong with it.
async fn carry(
    connection: Box<dyn Duplex>,
    channel: u8,
    mut input: mpsc::Receiver<Bytes>,
    send: &mpsc::Sender<Message>,
) -> Result<(), String> {
    let (mut from, mut to) = tokio::io::split(connection);
    let inward = async {
        while let Some(bytes) = input.recv().await {
            to.write_all(&bytes).await.map_err(|error| error.to_string())?;
        }
        to.shutdown().await.map_err(|error| error.to_string())?;
        // this protocol cannot say that one direction ended, so the other decides
        std::future::pending().await
    };
    let outward = async {
        let mut piece = vec![0; PIECE];
        loop {
            let read = from.read(&mut piece).await.map_err(|error| error.to_string())?;
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
