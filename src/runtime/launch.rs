//! How each kind of session comes to its stream: the requests in their order, every step reported; it keeps nothing.

mod debug;

use bytes::Bytes;
use rand::RngExt as _;
use tokio::sync::mpsc;

use super::effects::{Fact, Opened};
use crate::app::{Message, Start};
use crate::cluster::detail::pod_detail;
use crate::cluster::{Cluster, ContainerKey, LaunchStep, LogOptions, Problem, Started};
use crate::plan;
use crate::session::{self, Attention, SessionId, SessionUpdate, Transport};

/// Where a start reports to.
#[derive(Clone)]
pub(super) struct Outlets {
    /// Steps, failures, the stream.
    pub(super) facts: mpsc::UnboundedSender<Fact>,
    /// The stream's output.
    pub(super) printed: mpsc::UnboundedSender<(SessionId, SessionUpdate)>,
    /// What a person does, which floods give way to.
    pub(super) person: Attention,
    /// Held while a request is under way that must not be cut off.
    pub(super) unanswered: mpsc::Sender<()>,
}

impl Outlets {
    fn tell(&self, message: Message) {
        // Nobody listens once the program ends.
        let _ = self.facts.send(Fact::Message(message));
    }
}

/// Bash where there is one, else sh; the words k9s uses.
const SHELL: [&str; 3] = ["sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash || exec sh"];
/// A followed log begins this many lines back.
const LOG_TAIL: u32 = 2_000;
/// ECMA-48 LNM: a line feed also returns to the first column, as output without a terminal means it.
const NEW_LINE_MODE: &[u8] = b"\x1b[20h";

/// A stream and what is shown before it.
struct Ready {
    transport: Transport,
    past: Bytes,
    redraw: bool,
}

/// Starts a session and reports how that went. Generated names end with the suffixes that were drawn already, as long
/// as there are any.
pub(super) async fn start(cluster: Cluster, id: SessionId, start: Start, drawn: Vec<String>, outlets: Outlets) {
    let report = |step| outlets.tell(Message::Launch(id, step));
    let cluster = cluster.on_behalf_of(match &start {
        Start::Debug { options, .. } if options.copy.is_some() => "copy",
        Start::Debug { .. } => "debug",
        Start::NodeDebug { .. } => "debug node",
        Start::Attach { .. } => "attach",
        Start::Shell { .. } => "shell",
    });
    let mut look = None;
    let ready = match start {
        Start::Debug { pod, target, options } => {
            let mut suffixes = drawn.into_iter().chain(suffixes());
            let started = debug::debug(&cluster, id, (&pod, &target, *options), &mut suffixes, &outlets).await;
            started.map(|(ready, seen)| {
                look = Some(seen);
                ready
            })
        }
        Start::NodeDebug { node, namespace, options } => {
            let mut suffixes = drawn.into_iter().chain(suffixes());
            let started = debug::debug_node(&cluster, id, (&node, &namespace, &options), &mut suffixes, &outlets).await;
            started.map(|(ready, seen)| {
                look = Some(seen);
                ready
            })
        }
        Start::Attach { container } => attach(&cluster, &container, report).await,
        Start::Shell { container } => shell(&cluster, &container, report).await,
    };
    let fact = match ready {
        Ok(Ready { transport, past, redraw }) => {
            let past = (!past.is_empty()).then_some(past);
            let handle = session::spawn(id, transport, past, outlets.printed.clone(), outlets.person.clone());
            Fact::Opened(id, Opened { handle, redraw })
        }
        Err(problem) => Fact::Message(Message::StartFailed(id, problem)),
    };
    let opened = matches!(fact, Fact::Opened(..));
    let _ = outlets.facts.send(fact);
    let Outlets { facts, unanswered, .. } = outlets;
    // Looking takes its time, and leaving need not wait for it.
    drop(unanswered);
    let to_see = |look: &debug::Look| look.known.is_some() || !look.expected.is_nothing();
    let Some(look) = look.filter(|look| opened && to_see(look)) else { return };
    let sight = match look.known {
        Some(known) => Ok(Some(known)),
        None => cluster.on_behalf_of("look").sight(&look.container, &look.expected).await,
    };
    let note = |text: String| Message::Launch(id, LaunchStep::Note(text));
    let message = match sight {
        Ok(Some(sight)) => Message::Sight(id, sight),
        Ok(None) => note("looked at what it sees: nothing is amiss, as far as its shell can tell".to_owned()),
        // Nothing is wrong with the session: it is a row among others.
        Err(problem) => note(format!("could not look: {}", problem.why)),
    };
    let _ = facts.send(Fact::Message(message));
}

async fn attach_once_started(
    cluster: &Cluster,
    container: &ContainerKey,
    tty: bool,
    mut report: impl FnMut(LaunchStep) + Send,
) -> Result<Ready, Problem> {
    match cluster.wait_started(container, &mut report).await? {
        Started::Running => {
            report(LaunchStep::Attaching);
            joined(cluster, container, tty, true).await
        }
        // It ended before anyone could attach: what it said is in its log.
        Started::Ended { .. } => log_alone(cluster, container).await,
    }
}

async fn attach(
    cluster: &Cluster,
    container: &ContainerKey,
    mut report: impl FnMut(LaunchStep) + Send,
) -> Result<Ready, Problem> {
    let pod = cluster.pod(&container.pod).await?;
    let containers = pod_detail(&pod).map(|detail| detail.containers.clone()).unwrap_or_default();
    let found = containers.iter().find(|other| other.name == container.container).ok_or_else(|| Problem {
        what: format!("cannot attach to {}", container.container),
        why: format!("pod {} has no container of this name", container.pod.name),
        hint: String::new(),
        fixes: Vec::new(),
    })?;
    report(LaunchStep::Attaching);
    joined(cluster, container, found.tty, found.stdin).await
}

async fn joined(cluster: &Cluster, container: &ContainerKey, tty: bool, stdin: bool) -> Result<Ready, Problem> {
    let (transport, past) = cluster.attach_lasting(container, tty, stdin).await?;
    Ok(Ready { transport, past: if tty { past } else { with_new_lines(past) }, redraw: tty })
}

/// A container's log as a stream; it ends when the container has.
async fn log_alone(cluster: &Cluster, container: &ContainerKey) -> Result<Ready, Problem> {
    let options = LogOptions { tail_lines: Some(LOG_TAIL), ..LogOptions::default() };
    let transport = cluster.follow_log(container, options).await?;
    Ok(Ready { transport, past: with_new_lines(Bytes::new()), redraw: false })
}

fn with_new_lines(past: Bytes) -> Bytes {
    [Bytes::from_static(NEW_LINE_MODE), past].concat().into()
}

async fn shell(
    cluster: &Cluster,
    container: &ContainerKey,
    mut report: impl FnMut(LaunchStep) + Send,
) -> Result<Ready, Problem> {
    report(LaunchStep::Attaching);
    let transport = cluster.exec(container, &SHELL.map(ToOwned::to_owned), true).await?;
    Ok(Ready { transport, past: Bytes::new(), redraw: false })
}

/// Random suffixes in the alphabet of Kubernetes' generated names.
pub(super) fn suffixes() -> impl Iterator<Item = String> + Send {
    plan::suffixes(|| rand::rng().random())
}
