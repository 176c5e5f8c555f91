//! Port-forward over SPDY: a pair of streams for each connection, one for its bytes and one for what goes wrong.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::super::spdy::{self, Gone, Stream};
use super::{Outlet, forward};
use crate::demo::node::{Node, PodRef};

/// How many error streams may wait for their data streams.
const MOST_WAITING: usize = 128;

/// Carries connections until the client is gone.
pub(super) async fn pump<T>(io: T, node: Arc<dyn Node>, pod: PodRef)
where
    T: AsyncRead + AsyncWrite + Send + 'static,
{
    let (send, mut opened) = mpsc::channel(8);
    let mut waiting: HashMap<String, Stream> = HashMap::new();
    let mut carriers = JoinSet::new();
    let pairs = async {
        loop {
            let stream: Option<Stream> = tokio::select! {
                stream = opened.recv() => stream,
                Some(_) = carriers.join_next() => continue,
            };
            let Some(stream) = stream else { return };
            let header = |name: &str| stream.headers.get(name).cloned().unwrap_or_default();
            let request = header("requestid");
            if header("streamtype") == "error" {
                if waiting.len() < MOST_WAITING {
                    waiting.insert(request, stream);
                }
            } else if let Some(errors) = waiting.remove(&request) {
                let port = header("port").parse().unwrap_or(0);
                carriers.spawn(pair(Arc::clone(&node), pod.clone(), port, stream, errors));
            }
        }
    };
    tokio::select! {
        ended = spdy::serve(io, send) => if let Err(error) = ended {
            tracing::debug!(%error, "a port-forward ended early");
        },
        () = pairs => {}
    }
}

/// Carries one connection.
async fn pair(node: Arc<dyn Node>, pod: PodRef, port: u16, data: Stream, errors: Stream) -> Result<(), Gone> {
    let Stream { input, output, reset, .. } = data;
    let outlet = Outlet::Stream(output.clone());
    let carried = tokio::select! {
        carried = forward(&*node, &pod, port, input, &outlet) => carried,
        () = reset.cancelled() => Ok(()),
    };
    if let Err(why) = carried {
        errors.output.send(Bytes::from(why)).await?;
    }
    output.finish().await?;
    errors.output.finish().await
}
