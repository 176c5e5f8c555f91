//! Everything said to a Kubernetes API: connecting, live lists, debuggers, streams; never any state of the screen.

mod access;
mod check;
mod connect;
mod debug;
pub mod describe;
pub mod detail;
mod end;
pub mod events;
mod exec;
mod exec_plugin;
pub mod explain;
mod fix;
mod forward;
mod gateway;
mod guard;
mod kubeconfig;
mod leftovers;
mod listened;
mod log;
mod logs;
pub mod manifest;
pub mod marks;
pub mod metrics;
mod node;
mod object;
mod owners;
mod policy;
mod problem;
mod proxy;
mod request;
mod streams;
mod text;
mod truth;
mod warnings;
mod watch;

pub use access::{Granted, PodRight};
pub use check::{Admission, Refused};
pub use connect::{Cluster, Contexts, KubeconfigContexts};
pub use debug::{Started, Which};
pub use detail::Debuggers;
pub use end::Finish;
pub use fix::{Fix, Way};
pub use forward::{
    Connection, ForwardKind, ForwardTarget, Forwarder, Moved, Outlook, PortOffer, PortOffers, PortOwner, RemotePort,
    Unreachable,
};
pub use guard::{Deed, Outcome, Verb, Witness, read_only_problem};
pub use kubeconfig::KubeconfigOptions;
pub use leftovers::{Found, Leftover, LeftoverKind, LeftoverScope};
pub use log::{LOG_LIMIT, LogOptions};
pub use logs::{LogLine, LogMark, LogNews, LogRange, LogScope, LogSubject, MarkKind, STREAMS_MAX, follow_logs};
pub use node::{NodeCondition, NodeDetail, NodeResource, NodeRow, is_node_debugger, node_detail};
pub use object::{ObjectKey, ObjectKind};
pub use owners::{Owner, OwnerChain};
pub use text::{cleaned, printable};
pub use truth::{Expected, Sight, expected};
pub use warnings::Warnings;
pub use watch::{Lost, ObjectNews, watch};

use std::sync::Arc;

use jiff::Timestamp;

/// What happened, why, and what to do next; worded for a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problem {
    /// What happened: "cannot start a debugger in prod/api".
    pub what: String,
    /// Why, in the server's words where they are any good.
    pub why: String,
    /// What to do next; may be empty.
    pub hint: String,
    /// What one key can do about it, the likeliest first.
    pub fixes: Vec<Fix>,
}

/// Names a pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PodKey {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// Names a container of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContainerKey {
    /// The pod.
    pub pod: PodKey,
    /// The container's name.
    pub container: Arc<str>,
}

/// One row of the pod list, worded as `kubectl get pods -o wide` words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodRow {
    /// Which pod.
    pub key: PodKey,
    /// `1/2`.
    pub ready: Arc<str>,
    /// `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating` …
    pub status: Arc<str>,
    /// How often its containers were restarted.
    pub restarts: u32,
    /// When it was created; taken from the age text where the server said no more.
    pub created: Option<Timestamp>,
    /// Its node; empty while it has none.
    pub node: Arc<str>,
    /// Its address; empty while it has none.
    pub ip: Box<str>,
}

/// One row of the namespace list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceRow {
    /// Its name.
    pub name: Arc<str>,
    /// `Active` or `Terminating`.
    pub status: Arc<str>,
    /// When it was created.
    pub created: Option<Timestamp>,
}

/// What kind of container it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContainerKind {
    /// Runs to its end before the others.
    Init,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
    /// An ordinary one.
    Regular,
    /// Added to a pod that was already there.
    Ephemeral,
}

/// What a container is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    /// Not started; the kubelet's reason and message (either may be empty).
    Waiting {
        /// `ContainerCreating`, `ImagePullBackOff` …
        reason: String,
        /// The kubelet's words.
        message: String,
    },
    /// Running.
    Running {
        /// Since when.
        since: Option<Timestamp>,
    },
    /// Ended.
    Terminated {
        /// Its exit code.
        code: i32,
        /// `Completed`, `Error`, `OOMKilled` …
        reason: String,
        /// The kubelet's words or the termination message; may be empty.
        message: String,
        /// When.
        at: Option<Timestamp>,
    },
    /// The status says nothing of it yet.
    Unknown,
}

/// A container as the inspector shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerDetail {
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: ContainerKind,
    /// The image as the spec says it.
    pub image: String,
    /// What it is doing.
    pub state: ContainerState,
    /// How its previous life ended.
    pub last: Option<ContainerState>,
    /// Whether it is ready.
    pub ready: bool,
    /// How often it was restarted.
    pub restarts: u32,
    /// The uid and gid its first process really has, where the kubelet says so.
    pub user: Option<(u32, u32)>,
    /// Whose processes an ephemeral container sees.
    pub target: Option<String>,
    /// Whether its spec has a terminal.
    pub tty: bool,
    /// Whether its spec has standard input.
    pub stdin: bool,
    /// What it asks for and is held to.
    pub resources: metrics::Resources,
}

/// A pod as the inspector shows it: what a table row does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodDetail {
    /// Which pod.
    pub key: PodKey,
    /// Its uid: another one under the same name is another pod.
    pub uid: String,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// `Pending`, `Running`, `Succeeded`, `Failed`, `Unknown`.
    pub phase: String,
    /// Its node; empty while it has none.
    pub node: String,
    /// Its address; empty while it has none.
    pub ip: String,
    /// Its service account.
    pub service_account: String,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// Its annotations.
    pub annotations: Vec<(String, String)>,
    /// The owner that controls it: kind and name.
    pub owner: Option<(String, String)>,
    /// The container meant where none is named (annotation `kubectl.kubernetes.io/default-container`, else the first).
    pub default_container: Option<Arc<str>>,
    /// Whether its containers share one PID namespace.
    pub share_processes: bool,
    /// Since when it is being deleted.
    pub deleting: Option<Timestamp>,
    /// The names of its volumes.
    pub volumes: Vec<String>,
    /// Its containers: init and sidecars, regular, ephemeral, each in the spec's order.
    pub containers: Vec<ContainerDetail>,
    /// In one sentence what is wrong with it; `None` when nothing is.
    pub trouble: Option<String>,
}

/// One context a person can switch to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContextInfo {
    /// Its name.
    pub name: String,
    /// The cluster's name.
    pub cluster: String,
    /// The user's name.
    pub user: String,
    /// Its default namespace.
    pub namespace: Option<String>,
}

/// Names one live list or watched pod; an update of an older one is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WatchId(pub u64);

/// What to keep watching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchTarget {
    /// All namespaces.
    Namespaces,
    /// The pods of these namespaces.
    PodsIn(Vec<String>),
    /// The pods of every namespace.
    PodsEverywhere,
    /// The pods on this node, of every namespace.
    PodsOnNode(String),
    /// The pods of the top of this chain: of all that it controls, directly or not.
    PodsOf(Arc<OwnerChain>),
    /// One pod, whole.
    Pod(PodKey),
    /// All nodes.
    Nodes,
    /// One node, whole.
    Node(Arc<str>),
}

/// What a watch reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchUpdate {
    /// Namespaces changed.
    Namespaces(RowsUpdate<NamespaceRow, Arc<str>>),
    /// Pods changed.
    Pods(RowsUpdate<PodRow, PodKey>),
    /// The watched pod as it is now; `None` once it is gone.
    Pod(Option<Arc<PodDetail>>),
    /// Nodes changed.
    Nodes(RowsUpdate<NodeRow, Arc<str>>),
    /// The watched node as it is now; `None` once it is gone.
    Node(Option<Arc<NodeDetail>>),
    /// How fresh the rows are.
    Liveness(Liveness),
    /// The server refuses this list for good (the watch goes on trying, slowly).
    Refused(Problem),
}

/// How a list of rows changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowsUpdate<R, K> {
    /// A fresh list begins; the old rows stay until [`RowsUpdate::Complete`].
    Begin,
    /// Rows of the fresh list, or changed rows of a complete one.
    Rows(Vec<R>),
    /// The fresh list is whole: rows that it did not name are gone.
    Complete,
    /// This row is gone.
    Removed(K),
}

/// How fresh a watch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Liveness {
    /// The first answer is awaited.
    Connecting,
    /// Up to date as far as anyone can know.
    Live,
    /// Nothing was heard since; the rows are old.
    Stale {
        /// When the server was last heard; `None` if never.
        since: Option<Timestamp>,
        /// When the next try is made.
        retry_at: Timestamp,
        /// Why.
        why: String,
    },
}

/// One step of a debugger's start, as it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchStep {
    /// A choice made for the person, or something they should know.
    Note(String),
    /// Something that will not go as the person may expect.
    Warning(String),
    /// What it needs was asked about beforehand and is allowed, in one sentence.
    Checked(String),
    /// The server accepted the request; the debugger's place is known.
    Accepted(ContainerKey),
    /// The container waits: the kubelet's reason and message.
    Waiting {
        /// `ContainerCreating`, `ErrImagePull` …
        reason: String,
        /// The kubelet's words.
        message: String,
    },
    /// The pod has a node.
    Scheduled {
        /// Its name.
        node: String,
    },
    /// The kubelet or the scheduler told this of the pod or the container: an event, each said once.
    Event {
        /// `Pulling`, `Pulled`, `Created`, `FailedScheduling` …
        reason: String,
        /// Its words.
        message: String,
        /// Whether its type is `Warning`.
        warning: bool,
    },
    /// It does not get on, and this is why; waiting goes on all the same.
    Stuck(Problem),
    /// It runs.
    Running,
    /// It has already ended.
    Ended {
        /// Its exit code.
        code: i32,
    },
    /// We are attaching.
    Attaching,
}

impl LaunchStep {
    /// Whether it shows that a start which was stuck gets on again, as far as this step tells.
    pub fn gets_on(&self) -> bool {
        match self {
            Self::Accepted(_) | Self::Scheduled { .. } | Self::Running | Self::Ended { .. } | Self::Attaching => true,
            Self::Event { reason, .. } => matches!(reason.as_str(), "Scheduled" | "Pulled" | "Created" | "Started"),
            Self::Note(_) | Self::Warning(_) | Self::Checked(_) | Self::Waiting { .. } | Self::Stuck(_) => false,
        }
    }
}
