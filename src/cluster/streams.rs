//! One attach or exec stream over a websocket, speaking `v5.channel.k8s.io` or `v4`; it never knows what is said on it.
//!
//! Reader and writer are tasks apart: output that nobody takes stops the reader and with it the far end, while input,
//! resizes and pings go on.

mod status;

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::{BufMut, Bytes, BytesMut};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::Request;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        protocol::{Role, WebSocketConfig},
    },
};
use tokio_util::sync::CancellationToken;

use self::status::verdict;
use super::{Cluster, problem::Fault, text::cleaned};
use crate::session::{End, Incoming, Outgoing, Transport};

/// How long the server may take to open a stream: it asks the kubelet on the way.
const OPEN_TIME: Duration = Duration::from_secs(30);
/// How often a quiet stream is pinged; balancers cut connections that are idle for a minute.
const PING_EVERY: Duration = Duration::from_secs(15);
/// A peer that says nothing for so long, pongs included, is gone.
const DEAD_AFTER: Duration = Duration::from_secs(45);
/// The same while the peer takes none of our bytes, pings included: its process may merely not read its input.
const DEAD_AFTER_BLOCKED: Duration = Duration::from_secs(300);
/// How long to wait for what is still on its way once the end is known.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// The largest frame sent, channel byte included.
const FRAME: usize = 32 * 1024;
/// The largest message taken; servers send 32 KiB.
const MESSAGE_LIMIT: usize = 4 * 1024 * 1024;
/// Pieces of output that may wait for the consumer.
const OUTPUT_PLACES: usize = 16;
/// Pieces of input that may wait for the network.
const INPUT_PLACES: usize = 16;

/// What the end of a connection that nobody closed looks like.
const CUT: [io::ErrorKind; 4] = [
    io::ErrorKind::UnexpectedEof,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::BrokenPipe,
];

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const RESIZE: u8 = 4;
const CLOSE: u8 = 255;

/// What a good ending means: exec tells the exit code, attach never does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Success {
    /// `exec`: exit code 0.
    ExitedZero,
    /// `attach`: the stream is over.
    Finished,
    /// `attach` for as long as the container runs: the stream is over where the server says so; that it is closed
    /// without a word, as by a balancer or a server that goes away, says nothing of the process.
    FinishedIfSaid,
}

/// What the request asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) stdin: bool,
    pub(super) tty: bool,
    /// Whether standard error is told apart from standard output.
    pub(super) apart: bool,
    pub(super) success: Success,
}

pub(super) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Opens the stream. Dropping the transport closes it.
pub(super) async fn open(cluster: &Cluster, request: Request<Vec<u8>>, shape: Shape) -> Result<Transport, Fault> {
    let passage = cluster.admit(&request)?;
    let connected = timeout(OPEN_TIME, cluster.client().connect(request)).await;
    let connected = connected.map_err(|_| Fault::Silent(OPEN_TIME)).and_then(|connected| connected.map_err(Into::into));
    let connection = passage.told(connected)?;
    let half_close = connection.supports_stream_close();
    // Nothing has been read yet, so nothing is lost.
    let socket = socket(connection.into_stream().into_inner()).await;
    Ok(start(socket, half_close, shape))
}

/// The client's side of a websocket that the server has agreed to.
pub(super) async fn socket(io: TokioIo<Upgraded>) -> Socket {
    // The library's own limit would let a server make us hold 64 MiB.
    let limits = WebSocketConfig::default().max_message_size(Some(MESSAGE_LIMIT)).max_frame_size(Some(MESSAGE_LIMIT));
    WebSocketStream::from_raw_socket(io, Role::Client, Some(limits)).await
}

fn start(socket: Socket, half_close: bool, shape: Shape) -> Transport {
    let (sink, stream) = socket.split();
    let (output, incoming) = mpsc::channel(OUTPUT_PLACES);
    let (outgoing, input) = mpsc::channel(INPUT_PLACES);
    let over = CancellationToken::new();
    let blocked = Arc::new(AtomicBool::new(false));
    let (failed, failure) = oneshot::channel();
    let writer = Writer { sink, shape, half_close, blocked: Arc::clone(&blocked) };
    tokio::spawn(writer.run(input, over.clone(), failed));
    let reader = Reader { stream, output, shape, blocked };
    tokio::spawn(async move {
        reader.run(failure).await;
        over.cancel();
    });
    Transport { incoming, outgoing }
}

struct Writer {
    sink: SplitSink<Socket, Message>,
    shape: Shape,
    half_close: bool,
    blocked: Arc<AtomicBool>,
}

impl Writer {
    async fn run(
        mut self,
        mut input: mpsc::Receiver<Outgoing>,
        over: CancellationToken,
        failed: oneshot::Sender<String>,
    ) {
        let outcome = tokio::select! {
            outcome = self.write(&mut input) => outcome,
            () = over.cancelled() => Ok(()),
        };
        match outcome {
            // The reader delivers what is left and then says why.
            Err(error) => drop(failed.send(told(&error))),
            Ok(()) => {
                let _ = timeout(GOODBYE, self.sink.close()).await;
            }
        }
    }

    /// Sends until it fails; whoever selects on it decides when it is enough.
    async fn write(&mut self, input: &mut mpsc::Receiver<Outgoing>) -> Result<(), tungstenite::Error> {
        let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut open = true;
        loop {
            tokio::select! {
                biased;
                _ = ping.tick() => self.send(Message::Ping(Bytes::new())).await?,
                item = input.recv(), if open => match item {
                    Some(item) => self.send_item(item).await?,
                    None => open = false,
                },
            }
        }
    }

    async fn send_item(&mut self, item: Outgoing) -> Result<(), tungstenite::Error> {
        match item {
            Outgoing::Input(mut bytes) if self.shape.stdin => {
                while !bytes.is_empty() {
                    let piece = bytes.split_to(bytes.len().min(FRAME - 1));
                    self.send(frame(STDIN, &piece)).await?;
                }
                Ok(())
            }
            Outgoing::Resize { columns, rows } if self.shape.tty => {
                let size = format!("{{\"Width\":{columns},\"Height\":{rows}}}");
                self.send(frame(RESIZE, size.as_bytes())).await
            }
            // v4 has no way to say it: closing the websocket would lose the output that is still to come.
            Outgoing::CloseInput if self.shape.stdin && self.half_close => self.send(frame(CLOSE, &[STDIN])).await,
            Outgoing::Input(_) | Outgoing::Resize { .. } | Outgoing::CloseInput => Ok(()),
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), tungstenite::Error> {
        self.blocked.store(true, Ordering::Relaxed);
        let sent = self.sink.send(message).await;
        self.blocked.store(false, Ordering::Relaxed);
        sent
    }
}

fn frame(channel: u8, payload: &[u8]) -> Message {
    let mut frame = BytesMut::with_capacity(payload.len() + 1);
    frame.put_u8(channel);
    frame.put_slice(payload);
    Message::Binary(frame.freeze())
}

struct Reader {
    stream: SplitStream<Socket>,
    output: mpsc::Sender<Incoming>,
    shape: Shape,
    blocked: Arc<AtomicBool>,
}

/// What ends the reading.
enum Stop {
    /// Said by the stream or about it.
    End(End),
    /// Nobody takes the output any more.
    Unwanted,
}

impl Reader {
    async fn run(mut self, failure: oneshot::Receiver<String>) {
        let stop = self.read(failure).await;
        if let Stop::End(end) = stop {
            // A consumer that is gone needs no end.
            let _ = self.output.send(Incoming::Ended(end)).await;
        }
    }

    async fn read(&mut self, mut failure: oneshot::Receiver<String>) -> Stop {
        // What is told when no more comes: the status, or why we cannot write any more.
        let mut verdict: Option<End> = None;
        let mut may_fail = true;
        let output = self.output.clone();
        loop {
            let heard = Instant::now();
            let patience = if verdict.is_some() { LAST_WORDS } else { DEAD_AFTER };
            let mut deadline = heard + patience;
            let next = loop {
                tokio::select! {
                    biased;
                    next = self.stream.next() => break next,
                    () = output.closed() => return Stop::Unwanted,
                    reason = &mut failure, if may_fail => {
                        may_fail = false;
                        if let (Ok(reason), None) = (reason, &verdict) {
                            verdict = Some(End::Lost { reason });
                            deadline = Instant::now() + LAST_WORDS;
                        }
                    }
                    () = sleep_until(deadline) => {
                        if let Some(end) = verdict {
                            return Stop::End(end);
                        }
                        let patience = if self.blocked.load(Ordering::Relaxed) { DEAD_AFTER_BLOCKED } else { DEAD_AFTER };
                        if heard.elapsed() >= patience {
                            return Stop::End(lost(format!("nothing was heard from the server for {} s", patience.as_secs())));
                        }
                        deadline = heard + patience;
                    }
                }
            };
            let end = match next {
                Some(Ok(Message::Binary(bytes))) => match self.take(bytes).await {
                    Ok(None) => continue,
                    Ok(Some(end)) => {
                        verdict = Some(end);
                        continue;
                    }
                    Err(stop) => return stop,
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Ok(Message::Close(close))) => {
                    let code = close.as_ref().map_or(1005, |close| u16::from(close.code));
                    match code {
                        1000 | 1005 if self.shape.success == Success::FinishedIfSaid => {
                            lost("the server closed the stream without a word about the process".to_owned())
                        }
                        // It ended well and said no code.
                        1000 | 1005 => End::Finished,
                        _ => lost(format!(
                            "the server closed the stream ({code}{})",
                            close.map(|close| format!(": {}", cleaned(&close.reason))).unwrap_or_default()
                        )),
                    }
                }
                Some(Ok(Message::Text(_))) => lost("the server does not speak the protocol it chose".to_owned()),
                Some(Err(error)) => lost(told(&error)),
                None => lost("the connection was cut".to_owned()),
            };
            return Stop::End(verdict.unwrap_or(end));
        }
    }

    /// Hands one frame on; a status is returned.
    async fn take(&self, mut frame: Bytes) -> Result<Option<End>, Stop> {
        if frame.is_empty() {
            return Ok(None);
        }
        let channel = frame.split_to(1)[0];
        match channel {
            STDOUT | STDERR if !frame.is_empty() => {
                let apart = channel == STDERR && self.shape.apart;
                let output = if apart { Incoming::ErrorOutput(frame) } else { Incoming::Output(frame) };
                self.output.send(output).await.map_err(|_| Stop::Unwanted)?;
                Ok(None)
            }
            STATUS if !frame.is_empty() => Ok(Some(verdict(&frame, self.shape.success))),
            _ => Ok(None),
        }
    }
}

fn lost(reason: String) -> End {
    End::Lost { reason }
}

fn told(error: &tungstenite::Error) -> String {
    match error {
        tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => "the connection was cut".to_owned(),
        tungstenite::Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake) => {
            "the connection was cut".to_owned()
        }
        // TLS says it at length: the other side went without a word.
        tungstenite::Error::Io(error) if CUT.contains(&error.kind()) => "the connection was cut".to_owned(),
        other => match Fault::broken(other) {
            Fault::Broken { why, .. } => format!("the connection broke: {why}"),
            other => other.why(),
        },
    }
}
