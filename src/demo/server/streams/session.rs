//! `exec` and `attach` over SPDY: a stream each for input, output, sizes and the status.

use std::collections::HashMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;

use super::{Wanted, status, terminal_size};
use crate::demo::node::{Exit, Output, Streams};
use crate::spdy::{self, Gone, Input, Reset, Stream};

/// How long a client has to open the streams it asked for.
const OPENING: Duration = Duration::from_secs(30);

/// How long a client has to take its leave.
const GOODBYE: Duration = Duration::from_secs(2);

/// How much of the input is handed on at once, in bytes.
const PIECE: usize = 16 << 10;

/// Carries one session until the process ends or the client is gone.
pub(super) async fn pump(io: TokioIo<Upgraded>, streams: Streams, wanted: Wanted, tty: bool, command: &[String]) {
    let (from, to) = tokio::io::split(io);
    let (opened, connection) = spdy::serve(from, to);
    let session = session(opened, streams, wanted, tty, command);
    tokio::pin!(connection);
    tokio::select! {
        _ = &mut connection => {}
        // a client that is gone cannot be told anything
        _ = session => {
            let _ = tokio::time::timeout(GOODBYE, connection).await;
        }
    }
}

async fn session(
    mut opened: mpsc::Receiver<Stream>,
    streams: Streams,
    wanted: Wanted,
    tty: bool,
    command: &[String],
) -> Result<(), Gone> {
    let mut parts = gather(&mut opened, wanted, tty).await?;
    let Streams { input, mut output, resize, exit } = streams;
    let typed = parts.remove("stdin");
    let sizes = parts.remove("resize");
    let said = parts.remove("stdout").filter(|_| wanted.stdout).map(|stream| stream.output);
    let errors = parts.remove("stderr").filter(|_| wanted.stderr).map(|stream| stream.output);
    let last = parts.remove("error").ok_or(Gone)?.output;
    let inward = async {
        if let Some(mut typed) = typed {
            while let Some(bytes) = piece(&mut typed.input).await {
                if input.send(bytes).await.is_err() {
                    break;
                }
            }
        }
        drop(input);
        std::future::pending::<()>().await;
    };
    let resized = async {
        if let Some(mut sizes) = sizes {
            while let Some(bytes) = piece(&mut sizes.input).await {
                if let Some(size) = last_size(&bytes)
                    && resize.send(size).await.is_err()
                {
                    break;
                }
            }
        }
        std::future::pending::<()>().await;
    };
    let outward = async {
        while let Some(piece) = output.recv().await {
            match (piece, &said, &errors) {
                (Output::Stdout(bytes), Some(said), _) => said.send(bytes).await?,
                (Output::Stderr(bytes), _, Some(errors)) => errors.send(bytes).await?,
                _ => {}
            }
        }
        for stream in [&said, &errors].into_iter().flatten() {
            stream.finish().await;
        }
        let failed = || Exit::Failed("the node lost sight of the process".to_owned());
        let status = status(&exit.await.unwrap_or_else(|_| failed()), false, command);
        last.send(Bytes::from(status.to_string())).await?;
        last.finish().await;
        Ok(())
    };
    // the streams go on beside each other, so that Ctrl-C and sizes get through a flood
    tokio::select! {
        done = outward => done,
        () = inward => Err(Gone),
        () = resized => Err(Gone),
    }
}

/// Waits for every stream that was asked for.
async fn gather(
    opened: &mut mpsc::Receiver<Stream>,
    wanted: Wanted,
    tty: bool,
) -> Result<HashMap<String, Stream>, Gone> {
    let mut parts = HashMap::new();
    let asked = [("error", true), ("stdin", wanted.stdin), ("stdout", wanted.stdout)];
    let asked = asked.into_iter().chain([("stderr", wanted.stderr), ("resize", tty)]);
    let names: Vec<&str> = asked.filter(|(_, is_asked)| *is_asked).map(|(name, _)| name).collect();
    let all = async {
        while !names.iter().all(|name| parts.contains_key(*name)) {
            let stream = opened.recv().await.ok_or(Gone)?;
            let name = stream.headers.get("streamtype").to_owned();
            if names.contains(&name.as_str()) && !parts.contains_key(&name) {
                stream.accept().await?;
                parts.insert(name, stream);
            } else {
                stream.output.reset(Reset::ProtocolError).await;
            }
        }
        Ok(())
    };
    tokio::time::timeout(OPENING, all).await.map_err(|_| Gone)??;
    Ok(parts)
}

/// What the client says next; `None` when it said everything or gave the stream up.
async fn piece(input: &mut Input) -> Option<Bytes> {
    let mut piece = BytesMut::with_capacity(PIECE);
    let read = input.read_buf(&mut piece).await.unwrap_or(0);
    (read > 0).then(|| piece.freeze())
}

/// The last of the sizes in these bytes; each is a line.
fn last_size(bytes: &[u8]) -> Option<(u16, u16)> {
    bytes.split(|byte| *byte == b'\n').filter_map(terminal_size).next_back()
}
