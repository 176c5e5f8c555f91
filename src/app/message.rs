//! The whole contract between the console's state and the world: facts that arrive, and requests that leave; plain data both.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use crossterm::event::{KeyEvent, MouseEvent};
use jiff::Timestamp;

use super::forwards::{ForwardId, ForwardRequest, ForwardUpdate};
use super::layout::Size;
use super::overlay::{FormId, Found, PortSubject, Subject, Verdict};
use super::settings::{Leave, LeaveKind};
use super::view::{ViewId, ViewSource, ViewUpdate};
use crate::cluster::metrics::{MetricsScope, PodUse};
use crate::cluster::{
    ContainerKey, ContextInfo, Found as Leftovers, Granted, LaunchStep, LeftoverScope, OwnerChain, PodKey, PortOffers,
    Problem, Sight, WatchId, WatchTarget, WatchUpdate, Which,
};
use crate::plan::{DebugOptions, Plan, Profile};
use crate::session::recording::{About, Event, Options, RecordingId, Report};
use crate::session::{End, Link, SessionId};

/// A fact that arrived.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The user's terminal has this size now.
    Resized(Size),
    /// The user's terminal gained or lost the focus.
    Focus(bool),
    /// It is this time now.
    Tick(Timestamp),
    /// The system asks the program to end.
    Stop,
    /// The context can be used.
    Connected(ContextInfo),
    /// The context cannot be used.
    ConnectFailed {
        /// Its name.
        context: String,
        /// Why.
        problem: Problem,
    },
    /// A watch reports.
    Watch(WatchId, WatchUpdate),
    /// A session's start made a step.
    Launch(SessionId, LaunchStep),
    /// A session's debugger was planned with this profile.
    Planned(SessionId, Profile),
    /// A session's stream stands; output follows.
    Attached(SessionId),
    /// A session could not be started.
    StartFailed(SessionId, Problem),
    /// A session's far end printed this.
    Output(SessionId, Bytes),
    /// A recording says something of itself.
    Recording(RecordingId, Report),
    /// A session's far end printed this earlier: shown as output, but questions in it are not answered.
    Past(SessionId, Bytes),
    /// The connection below a session broke or stands again.
    Link(SessionId, Link),
    /// A session's stream ended.
    Ended(SessionId, End),
    /// How the container of an ended session really ended.
    ExitCode(SessionId, i32),
    /// A session did not take the input: its far end does not read.
    InputLost(SessionId),
    /// What debugging left there in this context: the answer to that question.
    Leftovers(String, LeftoverScope, Result<Leftovers, Problem>),
    /// What a debugger turned out to see, some time after its stream stood.
    Sight(SessionId, Sight),
    /// What the user may do in this namespace of this context.
    Rights(String, Arc<str>, Granted),
    /// What the pods of a context use; `None` where there are no metrics.
    Metrics(String, MetricsScope, Option<Vec<PodUse>>),
    /// What a form plans with.
    SubjectRead(FormId, Result<Found, Problem>),
    /// A verdict on the plan of a form at this revision.
    Checked(FormId, u64, Verdict),
    /// What a pod of this context belongs to.
    Owners(String, PodKey, Result<OwnerChain, Problem>),
    /// What can be forwarded, for a form.
    PortsRead(FormId, Result<PortOffers, Problem>),
    /// Something happened to a forwarded port.
    Forward(ForwardId, ForwardUpdate),
    /// What a view reads has something to tell.
    View(ViewId, ViewUpdate),
    /// Something asked for was done.
    Done(String),
    /// Something asked for failed.
    Failed(Problem),
}

/// Which container's processes an ephemeral debugger sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The pod's default container.
    Default,
    /// The one that the options name, or none.
    AsGiven,
}

/// How a session starts; kept by the session, so that it can be started again.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// A new debugger: ephemeral, or a copy where the options say so (an empty copy name is generated).
    Debug {
        /// The pod.
        pod: PodKey,
        /// Who is its target.
        target: Target,
        /// The rest of the choices.
        options: Box<DebugOptions>,
    },
    /// A new pod that debugs a node.
    NodeDebug {
        /// The node.
        node: Arc<str>,
        /// Where the pod is created.
        namespace: Arc<str>,
        /// The choices; labels and annotations among them.
        options: Box<DebugOptions>,
    },
    /// Attach to a container that runs.
    Attach {
        /// Which.
        container: ContainerKey,
    },
    /// A shell by exec: bash where there is one, else sh.
    Shell {
        /// Where.
        container: ContainerKey,
    },
}

impl Start {
    /// The pod that the session is about; `None` for a node.
    pub fn pod(&self) -> Option<&PodKey> {
        match self {
            Self::Debug { pod, .. } => Some(pod),
            Self::NodeDebug { .. } => None,
            Self::Attach { container } | Self::Shell { container } => Some(&container.pod),
        }
    }

    /// The namespace that it asks for rights in.
    pub fn namespace(&self) -> &Arc<str> {
        match self {
            Self::NodeDebug { namespace, .. } => namespace,
            Self::Debug { pod, .. } => &pod.namespace,
            Self::Attach { container } | Self::Shell { container } => &container.pod.namespace,
        }
    }

    /// What kind of pod it creates, in the words of a question; `None` if it creates none.
    pub fn creates(&self) -> Option<&'static str> {
        match self {
            Self::Debug { options, .. } if options.copy.is_some() => Some("copy"),
            Self::NodeDebug { .. } => Some("node debugger"),
            _ => None,
        }
    }

    /// Whether it adds an ephemeral container to a pod.
    pub fn is_ephemeral(&self) -> bool {
        matches!(self, Self::Debug { options, .. } if options.copy.is_none())
    }

    /// Whether what it creates stands for a pod that it deletes: that is the workload now, and never ours to remove.
    pub fn replaces(&self) -> bool {
        matches!(self, Self::Debug { options, .. } if options.copy.as_ref().is_some_and(|copy| copy.replace))
    }

    /// Whether it starts a debugger of our own, whose shell is ours to end.
    pub fn is_debugger(&self) -> bool {
        matches!(self, Self::Debug { .. } | Self::NodeDebug { .. })
    }
}

/// A request to the outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Use this context from now on.
    Connect(String),
    /// Keep watching this.
    Watch(WatchId, WatchTarget),
    /// Stop watching.
    StopWatch(WatchId),
    /// Start a session in this context; its screen has this size.
    Start(SessionId, String, Start, Size),
    /// The same with these suffixes drawn before, for the names that are generated: what was shown is what is sent.
    StartDrawn(SessionId, String, Start, Size, Vec<String>),
    /// Read what a form of this context plans with, and draw suffixes for it.
    ReadSubject(FormId, String, Subject),
    /// Ask this context for the verdicts on a form's plan at this revision; older questions need no answer any more.
    CheckPlan {
        /// Which form.
        form: FormId,
        /// Which of its plans.
        revision: u64,
        /// Whose cluster.
        context: String,
        /// The plan.
        plan: Box<Plan>,
    },
    /// Put this text on the user's clipboard.
    Copy(String),
    /// Write this text to this new file.
    SaveText(PathBuf, String),
    /// Keep this image in this file as the one that was used last.
    RememberImage(PathBuf, String),
    /// Keep in this file what becomes of this kind from now on.
    RememberLeave(PathBuf, LeaveKind, Leave),
    /// Send these bytes to a session's far end.
    Input(SessionId, Vec<u8>),
    /// Tell a session's far end its screen's size.
    Resize(SessionId, Size),
    /// Let go of a session's stream.
    Detach(SessionId),
    /// Begin a recording.
    StartRecording(RecordingId, Box<About>, Options),
    /// Add to a recording.
    Record(RecordingId, Event),
    /// End a recording.
    StopRecording(RecordingId),
    /// Find out how this container ended.
    FindExitCode(SessionId, ContainerKey),
    /// List what debugging left there in the context.
    FindLeftovers(String, LeftoverScope),
    /// Delete a pod of this context, if it is the one that is meant.
    DeletePod(String, PodKey, Which),
    /// End an ephemeral debugger of this context.
    EndDebugger(String, ContainerKey),
    /// Note that the person has ended this container's process through their session.
    NoteEnd(String, ContainerKey),
    /// Find out what the user may do in this namespace of this context.
    AskRights(String, Arc<str>),
    /// Ask what these pods of a context use.
    AskMetrics(String, MetricsScope),
    /// Find out what a pod of this context belongs to.
    FindOwners(String, PodKey),
    /// Find out what can be forwarded in this context, for a form.
    ReadPorts(FormId, String, PortSubject),
    /// Forward a port.
    StartForward(ForwardId, ForwardRequest),
    /// Forward it no more.
    StopForward(ForwardId),
    /// Read for a view in this context from now on.
    OpenView(ViewId, String, ViewSource),
    /// Read no more for a view.
    CloseView(ViewId),
    /// End the program.
    Quit,
}
