//! Port-forward over the websocket's channel pairs: data and error for each port.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::channels::frame;
use super::super::upgrade::{Socket, until_closed};
use super::{Outlet, QUEUE, forward};
use crate::demo::node::{Node, PodRef};

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
            let outlet = Outlet::Channel(data, send.clone());
            if let Err(why) = forward(&*node, &pod, port, rest, &outlet).await {
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
