//! A session as the console keeps it: how it started, its screen, and how far its life has come; it owns no stream.

use jiff::Timestamp;

use super::age::age;
use super::copy_mode::CopyMode;
use super::message::Start;
use super::recording::Recording;
use crate::cluster::{ContainerKey, Fix, LaunchStep, PodKey, Problem, Sight};
use crate::plan::Profile;
use crate::screen::Screen;
use crate::session::{End, SessionId};

/// How far a session has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// On its way to a prompt.
    Launching,
    /// Its stream stands.
    Live,
    /// Its stream has ended.
    Ended {
        /// Why.
        end: End,
        /// The container's own exit code, once it is known.
        exit_code: Option<i32>,
    },
    /// It never came to a stream.
    Failed(Problem),
}

/// One attached stream as the console shows it.
#[derive(Debug)]
pub struct Session {
    /// Its name for the runtime.
    pub id: SessionId,
    /// How it was started, to start it again.
    pub start: Start,
    /// The context it runs in.
    pub context: String,
    /// Where it is attached; for a debugger once the server has accepted it.
    pub container: Option<ContainerKey>,
    /// The image of that container, as far as it is known.
    pub image: Option<String>,
    /// Whether it is recorded.
    pub recording: Recording,
    /// Its emulated terminal.
    pub screen: Screen,
    /// The pods that this pane has created (copies, node debuggers), to be remembered until they are removed.
    pub created: Vec<PodKey>,
    /// The profile that its debugger was planned with.
    pub profile: Option<Profile>,
    /// The size its far end was last told.
    pub size: super::layout::Size,
    /// How far it has come.
    pub phase: Phase,
    /// While its connection is cut and made anew.
    pub cut: Option<super::Cut>,
    /// Since when the program keeps a frame to itself (mode 2026).
    pub synchronized: Option<Timestamp>,
    /// The steps of its start, each with its time.
    pub steps: Vec<(Timestamp, LaunchStep)>,
    /// Since when it exists.
    pub started: Timestamp,
    /// Whether it printed something since it was last in view.
    pub activity: bool,
    /// When something was last typed for its far end.
    pub typed: Option<Timestamp>,
    /// When its launch came out: its stream stood, or it failed.
    pub launched: Option<Timestamp>,
    /// Whether its timeline stands in the pane instead of its screen.
    pub timeline_open: bool,
    /// How many lines its timeline is scrolled back from the newest.
    pub timeline_back: usize,
    /// What the debugger turned out to see of its target.
    pub sight: Option<Sight>,
    /// While its text is read and chosen by keys.
    pub copy_mode: Option<CopyMode>,
    /// The debugger that ran already and in which this is one more shell.
    pub reused: Option<Reused>,
}

/// A shell that was opened in a debugger which ran already, instead of a new debugger.
#[derive(Debug, Clone, PartialEq)]
pub struct Reused {
    /// Since when the debugger runs.
    pub since: Option<Timestamp>,
    /// What starts a new one all the same.
    pub fresh: Start,
}

impl Session {
    /// What its tab says: `api/debugger-x7k2p`, `api (copy)`, `api/app sh`, `node/worker-1`.
    pub fn title(&self) -> String {
        let of = |container: &ContainerKey| format!("{}/{}", container.pod.name, container.container);
        match (&self.start, &self.container) {
            (Start::Debug { pod, options, .. }, None) if options.copy.is_some() => format!("{} copy", pod.name),
            (Start::Debug { pod, .. }, None) => format!("{} debugger", pod.name),
            (Start::Debug { .. }, Some(at)) => of(at),
            (Start::NodeDebug { node, .. }, _) => format!("node/{node}"),
            (Start::Attach { container }, _) => of(container),
            (Start::Shell { container }, _) => format!("{} sh", of(container)),
        }
    }

    /// What the person should know at a glance beside the title: what the debugger sees.
    pub fn subtitle(&self, now: Timestamp) -> Option<String> {
        if let Some(sight) = &self.sight {
            return Some(sight.text.clone());
        }
        if let (Some(reused), Some(container)) = (&self.reused, &self.container) {
            let since = reused.since.map(|since| format!(", started {} ago", age(since, now))).unwrap_or_default();
            return Some(format!("in {}{since}", container.container));
        }
        let (options, target) = match &self.start {
            Start::Debug { options, target, .. } => (options, target),
            Start::NodeDebug { .. } => return self.profile.map(seen_of_a_node),
            _ => return None,
        };
        if let Some(copy) = &options.copy {
            let behind =
                if copy.keep_labels { "keeps its labels: Services may route to it" } else { "behind no Service" };
            return Some(format!("new pod, old files gone · {behind}"));
        }
        match (&options.target, target) {
            (Some(target), _) => Some(format!("target {target}")),
            (None, super::message::Target::Default) => None,
            (None, super::message::Target::AsGiven) => Some("targets nothing: sees only its own processes".to_owned()),
        }
    }

    /// What to call the pods that it has created.
    pub fn created_words(&self) -> &'static str {
        let one = self.start.creates().unwrap_or("pod");
        match (one, self.created.len()) {
            (one, 0 | 1) => one,
            ("copy", _) => "copies",
            ("node debugger", _) => "node debuggers",
            _ => "pods",
        }
    }

    /// Whether the far end may still run something for us.
    pub fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Launching | Phase::Live)
    }

    /// Whether what is typed is for its far end.
    pub fn takes_input(&self) -> bool {
        self.is_live() && !self.timeline_open
    }

    /// Whether its program hears of the mouse and of the focus: its far end can be reached and it is what the pane shows.
    pub fn hears(&self) -> bool {
        self.phase == Phase::Live && self.cut.is_none() && !self.timeline_open
    }

    /// Whether its timeline is what the pane shows.
    pub fn shows_timeline(&self) -> bool {
        self.timeline_open || matches!(self.phase, Phase::Launching | Phase::Failed(_))
    }

    /// Scrolls its timeline back by so many lines, or forward.
    pub fn scroll_timeline(&mut self, by: isize) {
        // A row has a few lines at most; the end is known where they are laid out.
        let most = self.steps.len() * 4;
        self.timeline_back = self.timeline_back.saturating_add_signed(by).min(most);
    }

    /// What stands in its way now: why it failed, why it does not get on, or what it does not see.
    pub fn problem(&self) -> Option<&Problem> {
        match &self.phase {
            Phase::Failed(problem) => Some(problem),
            Phase::Launching => self.steps.iter().rev().find_map(|(_, step)| match step {
                LaunchStep::Stuck(problem) => Some(Some(problem)),
                step if step.gets_on() => Some(None),
                _ => None,
            })?,
            Phase::Live | Phase::Ended { .. } => self.sight.as_ref()?.problem.as_ref(),
        }
    }

    /// The ways out of [`Session::problem`] that have a key now: the first nine, while the timeline is in view.
    pub fn fixes(&self) -> &[Fix] {
        const KEYS: usize = 9;
        let fixes = self.problem().filter(|_| self.shows_timeline()).map_or(&[][..], |problem| &problem.fixes);
        &fixes[..fixes.len().min(KEYS)]
    }

    /// Whether a digit is for the fix of this number: it is in view for long enough to have been read, and nobody is
    /// typing ahead for the shell.
    pub fn takes_fix(&self, number: usize, now: Timestamp) -> bool {
        const READ: i128 = 1_200;
        let since = |then: Timestamp| now.duration_since(then).as_millis();
        let shown = match &self.phase {
            Phase::Launching => self.steps.iter().rev().find_map(|(at, step)| match step {
                LaunchStep::Stuck(_) => Some(since(*at) >= READ),
                _ => None,
            }),
            _ => Some(true),
        };
        let launching = self.phase == Phase::Launching;
        let typing = launching && self.typed.is_some_and(|typed| since(typed) < READ);
        (1..=self.fixes().len()).contains(&number) && shown == Some(true) && !typing
    }

    /// Whether the server has taken what it asked for, so that something of it stays whatever happens to the pane.
    pub fn is_accepted(&self) -> bool {
        self.steps.iter().any(|(_, step)| matches!(step, LaunchStep::Accepted(_)))
    }

    /// Whether its image turned out to have no shell, so that a debugger is what helps.
    pub fn has_no_shell(&self) -> bool {
        let (Start::Shell { .. }, Phase::Ended { end, .. }) = (&self.start, &self.phase) else { return false };
        match end {
            End::Failed { reason } => {
                let reason = reason.to_ascii_lowercase();
                // What runc, crun and containerd on Windows say of a program that is not there.
                ["executable file not found", "no such file or directory", "cannot find the file"]
                    .iter()
                    .any(|words| reason.contains(words))
            }
            // The runtime's own exit codes for a command that is not there.
            End::Exited { code } => matches!(code, 126 | 127) && self.screen.text().trim().is_empty(),
            _ => false,
        }
    }

    /// Whether it is a debugger among the processes of a container: they end with that container's first process.
    fn shares_its_targets_end(&self) -> bool {
        match &self.start {
            Start::Debug { options, target, .. } if options.copy.is_none() => {
                options.target.is_some() || *target == super::message::Target::Default
            }
            _ => false,
        }
    }

    /// In one line how it stands, once it is over.
    pub fn epitaph(&self) -> Option<String> {
        let text = match &self.phase {
            Phase::Launching | Phase::Live => return None,
            // What and why stand above it, in full.
            Phase::Failed(_) => "it did not start".to_owned(),
            Phase::Ended { .. } if self.has_no_shell() => "this image has no shell".to_owned(),
            Phase::Ended { exit_code: Some(code), .. } if matches!(self.start, Start::Shell { .. }) => {
                let container = self.container.as_ref().map(|at| &*at.container).unwrap_or_default();
                format!("{container} has ended with code {code}, and this shell with it")
            }
            Phase::Ended { end, exit_code } => match (end, exit_code) {
                (_, Some(137)) | (End::Exited { code: 137 }, None) if self.shares_its_targets_end() => {
                    "exited with code 137: killed, as every debugger is when its target ends".to_owned()
                }
                (_, Some(code)) | (End::Exited { code }, None) => format!("exited with code {code}"),
                (End::Finished, None) => "the stream has ended".to_owned(),
                (End::Failed { reason }, None) => format!("failed: {reason}"),
                (End::Lost { reason }, None) => format!("connection lost: {reason}"),
                (End::Detached, None) => "detached; it still runs".to_owned(),
            },
        };
        Some(text)
    }
}

/// What a node debugger of this profile sees of its node, without what a custom container changes.
fn seen_of_a_node(profile: Profile) -> String {
    match profile {
        Profile::Sysadmin => "privileged · sees the node's processes, / at /host",
        Profile::General | Profile::Legacy | Profile::Auto => "sees the node's processes, / at /host",
        Profile::Netadmin => "sees the node's processes, none of its files",
        Profile::Baseline | Profile::Restricted => "on the node, but sees nothing of it",
    }
    .to_owned()
}
