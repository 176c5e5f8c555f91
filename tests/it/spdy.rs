//! A tiny SPDY/3.1 client of its own: it frames what a test says and gives what comes back, and decides nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use bathyscope::demo::DemoCluster;
use bytes::Bytes;
use flate2::{Compress, Compression, FlushCompress};
use futures::stream::StreamExt as _;
use futures::{SinkExt as _, TryStreamExt as _};
use http::StatusCode;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, duplex, split};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_util::io::ReaderStream;

use crate::echo::{soon, upgrading};

pub(crate) const SYN_REPLY: u16 = 2;
pub(crate) const RST_STREAM: u16 = 3;
pub(crate) const SETTINGS: u16 = 4;
pub(crate) const PING: u16 = 6;
pub(crate) const GOAWAY: u16 = 7;
pub(crate) const WINDOW_UPDATE: u16 = 9;

const FORWARD: &str = "/api/v1/namespaces/demo/pods/multi/portforward";

/// What the server sends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Data {
        stream: u32,
        fin: bool,
        bytes: Vec<u8>,
    },
    /// The numbers of the payload; headers are left out.
    Control {
        kind: u16,
        numbers: Vec<u32>,
    },
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(crate) struct Client {
    io: Box<dyn Io>,
    /// Its blocks do without the dictionary, which the protocol leaves to the sender.
    zlib: Compress,
}

impl Client {
    /// Over the connection itself.
    pub(crate) async fn upgraded(cluster: &DemoCluster) -> Self {
        let request = http::Request::post(FORWARD)
            .header("connection", "Upgrade")
            .header("upgrade", "SPDY/3.1")
            .header("x-stream-protocol-version", "portforward.k8s.io");
        let answer = answered(cluster, request).await;
        assert_eq!(answer.headers()["upgrade"], "SPDY/3.1");
        let spoken = &answer.headers()["x-stream-protocol-version"];
        assert_eq!(spoken, "portforward.k8s.io");
        Self::over(TokioIo::new(hyper::upgrade::on(answer).await.unwrap()))
    }

    /// Inside a websocket.
    pub(crate) async fn tunneled(cluster: &DemoCluster) -> Self {
        let protocol = "SPDY/3.1+portforward.k8s.io";
        let mut request = upgrading(http::Request::get(FORWARD));
        let headers = request.headers_mut().unwrap();
        headers.insert("sec-websocket-protocol", protocol.parse().unwrap());
        let answer = answered(cluster, request).await;
        assert_eq!(answer.headers()["sec-websocket-protocol"], protocol);
        let upgraded = hyper::upgrade::on(answer).await.unwrap();
        let (near, far) = duplex(64 << 10);
        tokio::spawn(websocket(upgraded, far));
        Self::over(near)
    }

    fn over(io: impl Io + 'static) -> Self {
        Self { io: Box::new(io), zlib: Compress::new(Compression::fast(), true) }
    }

    /// Opens a stream of this kind to the port.
    pub(crate) async fn open(&mut self, stream: u32, kind: &str, port: &str, request: &str) {
        let mut block = Vec::new();
        let headers = [("streamtype", kind), ("port", port), ("requestid", request)];
        block.extend(3_u32.to_be_bytes());
        for text in headers.into_iter().flat_map(|(name, value)| [name, value]) {
            block.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
            block.extend(text.as_bytes());
        }
        let mut folded = Vec::with_capacity(1024);
        self.zlib.compress_vec(&block, &mut folded, FlushCompress::Sync).unwrap();
        let fixed = [&stream.to_be_bytes()[..], &[0; 6]].concat();
        self.control(1, &[fixed, folded].concat()).await;
    }

    /// Opens both streams of a connection: the data stream's number is two above the error stream's.
    pub(crate) async fn connect(&mut self, error: u32, port: &str) {
        let request = error.to_string();
        self.open(error, "error", port, &request).await;
        self.open(error + 2, "data", port, &request).await;
        for stream in [error, error + 2] {
            assert_eq!(self.hear().await, control(SYN_REPLY, &[stream]));
        }
        self.data(error, true, b"").await;
    }

    pub(crate) async fn data(&mut self, stream: u32, fin: bool, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap() | u32::from(fin) << 24;
        let frame = [&stream.to_be_bytes()[..], &length.to_be_bytes(), bytes].concat();
        self.raw(&frame).await;
    }

    pub(crate) async fn numbers(&mut self, kind: u16, numbers: &[u32]) {
        let payload: Vec<u8> = numbers.iter().flat_map(|one| one.to_be_bytes()).collect();
        self.control(kind, &payload).await;
    }

    async fn control(&mut self, kind: u16, payload: &[u8]) {
        let head = [[0x80, 3], kind.to_be_bytes()].concat();
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        self.raw(&[&head, &length[..], payload].concat()).await;
    }

    pub(crate) async fn raw(&mut self, bytes: &[u8]) {
        soon(self.io.write_all(bytes)).await.unwrap();
        soon(self.io.flush()).await.unwrap();
    }

    /// The next frame, which is expected soon.
    pub(crate) async fn hear(&mut self) -> Heard {
        soon(self.next()).await
    }

    /// The next frame, whenever it comes.
    pub(crate) async fn next(&mut self) -> Heard {
        let mut head = [0; 8];
        self.io.read_exact(&mut head).await.unwrap();
        let [a, b, c, d, flags, ..] = head;
        let length = u32::from_be_bytes([0, head[5], head[6], head[7]]);
        let mut bytes = vec![0; length as usize];
        self.io.read_exact(&mut bytes).await.unwrap();
        if a & 0x80 == 0 {
            let stream = u32::from_be_bytes([a, b, c, d]);
            let fin = flags == 1;
            return Heard::Data { stream, fin, bytes };
        }
        let kind = u16::from_be_bytes([c, d]);
        if kind == SYN_REPLY {
            bytes.truncate(4);
        }
        let numbers = bytes.as_chunks().0.iter().map(|one| u32::from_be_bytes(*one));
        Heard::Control { kind, numbers: numbers.collect() }
    }

    /// What the stream carries until there are so many bytes or it ends; what else is heard meanwhile is given to `other`.
    pub(crate) async fn until(&mut self, wanted: u32, most: usize, mut other: impl FnMut(Heard)) -> (Vec<u8>, bool) {
        let mut said = Vec::new();
        loop {
            match self.hear().await {
                Heard::Data { stream, fin, bytes } if stream == wanted => {
                    said.extend(bytes);
                    if fin || said.len() >= most {
                        return (said, fin);
                    }
                }
                heard => other(heard),
            }
        }
    }

    /// Whether the server closes the connection without another word.
    pub(crate) async fn is_closed(&mut self) -> bool {
        soon(self.io.read(&mut [0])).await.is_ok_and(|read| read == 0)
    }
}

pub(crate) fn control(kind: u16, numbers: &[u32]) -> Heard {
    let numbers = numbers.to_vec();
    Heard::Control { kind, numbers }
}

async fn answered(cluster: &DemoCluster, request: http::request::Builder) -> http::Response<kube::client::Body> {
    let request = request.body(kube::client::Body::empty()).unwrap();
    let answer = soon(cluster.client("edit").send(request)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
    answer
}

/// Carries bytes in messages that are cut where it suits neither side.
async fn websocket(upgraded: Upgraded, bytes: DuplexStream) {
    let io = TokioIo::new(upgraded);
    let socket = WebSocketStream::from_raw_socket(io, Role::Client, None).await;
    let (sink, mut source) = socket.split();
    let (reader, mut writer) = split(bytes);
    let out = ReaderStream::with_capacity(reader, 1000)
        .map_ok(|bytes: Bytes| Message::Binary(bytes))
        .map_err(tokio_tungstenite::tungstenite::Error::Io)
        .forward(sink.sink_map_err(|error| error));
    let back = async {
        while let Some(Ok(Message::Binary(bytes))) = source.next().await {
            writer.write_all(&bytes).await.unwrap();
        }
        writer.shutdown().await.unwrap();
    };
    let _ = tokio::join!(out, back);
}
