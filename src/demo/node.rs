//! What the API asks of the node that runs the containers; it says nothing of HTTP and holds no objects.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};

/// The node's side of `log`, `attach`, `exec` and `portforward`.
pub trait Node: Send + Sync + 'static {
    /// What the container wrote, oldest first; with `follow` the stream ends when the container does.
    fn log(&self, container: &ContainerRef, query: LogQuery) -> Result<BoxStream<'static, Bytes>, StreamError>;

    /// The streams of the container's own process, from now on.
    fn attach(&self, container: &ContainerRef, tty: bool) -> BoxFuture<'static, Result<Streams, StreamError>>;

    /// Starts another process in the container.
    fn exec(
        &self,
        container: &ContainerRef,
        command: Vec<String>,
        tty: bool,
    ) -> BoxFuture<'static, Result<Streams, StreamError>>;

    /// What the containers that run use, as it was measured last; `None` where nothing measures it.
    fn usage(&self) -> Option<Arc<Usage>>;

    /// Connects to a TCP port on the pod's own network.
    fn dial(&self, pod: &PodRef, port: u16) -> BoxFuture<'static, Result<Box<dyn Duplex>, StreamError>>;
}

/// Both directions of one connection.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Names a pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Names a container of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContainerRef {
    /// The pod.
    pub pod: PodRef,
    /// The container's name.
    pub container: String,
}

/// What containers used, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// When that was.
    pub time: Timestamp,
    /// How long before that the counting of the CPU's time began.
    pub window: Duration,
    /// Of each container that runs.
    pub containers: BTreeMap<PodRef, BTreeMap<String, Used>>,
}

/// What something uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// Billionths of a CPU.
    pub cpu: u64,
    /// Bytes of memory.
    pub memory: u64,
}

impl Used {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { cpu: self.cpu.saturating_add(other.cpu), memory: self.memory.saturating_add(other.memory) }
    }
}

/// Which part of a log is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Go on while the container runs.
    pub follow: bool,
    /// The container's previous life instead of this one.
    pub previous: bool,
    /// Each line begins with the time it was written.
    pub timestamps: bool,
    /// At most so many lines, the last ones.
    pub tail_lines: Option<u64>,
    /// Nothing older.
    pub since: Option<Timestamp>,
    /// At most so many bytes.
    pub limit_bytes: Option<u64>,
}

/// Both directions of a process.
#[derive(Debug)]
pub struct Streams {
    /// Its standard input; dropping the sender is end of file.
    pub input: mpsc::Sender<Bytes>,
    /// What it writes; the channel is closed once there is no more.
    pub output: mpsc::Receiver<Output>,
    /// The terminal's size: columns, rows. Unheeded without a terminal.
    pub resize: mpsc::Sender<(u16, u16)>,
    /// How it ended; comes after the last output.
    pub exit: oneshot::Receiver<Exit>,
}

/// A piece of what a process wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// To standard output, or to its terminal.
    Stdout(Bytes),
    /// To standard error; never with a terminal.
    Stderr(Bytes),
}

/// How a stream ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// The process ended with this code.
    Code(i32),
    /// The attached container ended; attach knows no code.
    Finished,
    /// It could not be started: the kubelet's words (`error executing command in container: …`).
    Failed(String),
}

/// Why a stream was not opened; becomes the HTTP answer before the upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamError {
    /// The HTTP status: 400, 404, 500.
    pub code: u16,
    /// The reason of a Status object (`BadRequest`); empty for the kubelet's plain-text answers.
    pub reason: String,
    /// What the answer says.
    pub message: String,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StreamError {}
