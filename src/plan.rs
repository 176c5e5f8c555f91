//! From a pod (or node), the facts around it and a person's choices to the requests that would be sent, and why;
//! never any I/O, clock or randomness.

mod auto;
mod command_line;
mod copy;
mod custom;
mod debugger;
pub mod document;
mod ephemeral;
mod flags;
mod image_reference;
mod invocation;
mod name;
mod node;
mod pod;
mod profile;
mod resource;
mod rights;
mod validate;
mod warning;

use std::fmt;

use serde_json::Value;

pub use auto::{Alternative, alternatives_for_node, alternatives_for_pod};
pub use command_line::{KUBECTL_DEBUG, debug_command_for_node, debug_command_for_pod};
pub use custom::parse_custom;
pub use flags::{parse_env, parse_profile, parse_pull_policy, parse_set_image};
pub use image_reference::{ImageReference, parse_image};
pub use invocation::Invocation;
pub use name::{copy_name, is_drawn, is_suffix, suffix, suffixes};
pub use node::NODE_DEBUGGER;
pub use resource::Resource;
pub use rights::{Right, rights};
pub use validate::validate;

/// How much a debugger may do, in kubectl's words plus `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Profile {
    /// Chosen from the facts: the strongest profile that will be admitted and will work.
    #[default]
    Auto,
    /// kubectl's former default: nothing is changed.
    Legacy,
    /// `SYS_PTRACE` added.
    General,
    /// What the Pod Security level `baseline` admits.
    Baseline,
    /// What the Pod Security level `restricted` admits.
    Restricted,
    /// `NET_ADMIN` and `NET_RAW` added.
    Netadmin,
    /// Privileged.
    Sysadmin,
}

impl Profile {
    /// The word `--profile` takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Legacy => "legacy",
            Self::General => "general",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
            Self::Netadmin => "netadmin",
            Self::Sysadmin => "sysadmin",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A Pod Security Standards level, from the label `pod-security.kubernetes.io/enforce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PodSecurity {
    /// Anything goes.
    Privileged,
    /// Known privilege escalations are refused.
    Baseline,
    /// Hardened: non-root, no capabilities.
    Restricted,
}

impl PodSecurity {
    /// The word of the namespace's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl fmt::Display for PodSecurity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known around the pod. Unknown facts are `None`, never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The namespace's enforced level; `None` when it has none or it may not be read.
    pub enforce: Option<PodSecurity>,
    /// Whether the namespace's labels could be read, so that a level it does not name is one it does not enforce.
    pub labels_are_known: bool,
    /// Who the container to look into runs as, as a debugger has seen it in this run: some runtimes do not report it.
    pub seen: Option<SeenUser>,
}

/// Who a container's first process was seen to run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenUser {
    /// Its effective user.
    pub uid: u32,
    /// Its effective group.
    pub gid: u32,
}

/// When the image of the debugger is pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PullPolicy {
    /// At every start.
    Always,
    /// When the node does not have it.
    IfNotPresent,
    /// Never.
    Never,
}

impl PullPolicy {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// A person's choices: the flags of `kubectl debug`, under the same names and defaults.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "one field a flag of kubectl debug")]
pub struct DebugOptions {
    /// `--image`.
    pub image: Option<String>,
    /// `-c`: the debugger's name; in copy mode it may name an existing container.
    pub container: Option<String>,
    /// `--target`: whose processes an ephemeral debugger sees.
    pub target: Option<String>,
    /// `--profile`.
    pub profile: Profile,
    /// The words after `--`.
    pub command: Vec<String>,
    /// `--arguments-only`: the words go to `args`.
    pub arguments_only: bool,
    /// `--env`.
    pub env: Vec<(String, String)>,
    /// `--image-pull-policy`.
    pub pull_policy: Option<PullPolicy>,
    /// `-i`.
    pub stdin: bool,
    /// `-t`.
    pub tty: bool,
    /// `--attach`, when it was said.
    pub attach: Option<bool>,
    /// `--custom`: a partial container.
    pub custom: Option<Value>,
    /// `--copy-to` and what goes with it; `None` for an ephemeral debugger.
    pub copy: Option<CopyOptions>,
    /// Labels put on a node debugger's pod after everything else, so that it can be found again; a copy has its own.
    /// kubectl puts only `app.kubernetes.io/managed-by: kubectl-debug`, which stays unless it is named here.
    pub labels: Vec<(String, String)>,
    /// Annotations put on a node debugger's pod likewise; kubectl puts none.
    pub annotations: Vec<(String, String)>,
    /// `--replace`, `--same-node` and `--set-image` that were said without `--copy-to`, which kubectl refuses.
    pub copy_flags_without_copy: Vec<String>,
}

impl DebugOptions {
    /// The image, where one was named; an empty word names none.
    fn image(&self) -> Option<&str> {
        self.image.as_deref().filter(|image| !image.is_empty())
    }

    /// The container, where one was named.
    fn container(&self) -> Option<&str> {
        self.container.as_deref().filter(|name| !name.is_empty())
    }

    /// The target, where one was named.
    fn target(&self) -> Option<&str> {
        self.target.as_deref().filter(|name| !name.is_empty())
    }

    /// Whether to attach: what was said, else whether there is an input.
    fn attaches(&self) -> bool {
        self.attach.unwrap_or(self.stdin)
    }
}

/// What a copy keeps and changes.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "one field a flag of kubectl debug")]
pub struct CopyOptions {
    /// `--copy-to`: the new pod's name.
    pub name: String,
    /// `--replace`: delete the original once the copy is created.
    pub replace: bool,
    /// `--same-node`.
    pub same_node: bool,
    /// `--set-image`: container (or `*`) and image.
    pub set_image: Vec<(String, String)>,
    /// `--share-processes`, when it was said.
    pub share_processes: Option<bool>,
    /// `--keep-labels`.
    pub keep_labels: bool,
    /// `--keep-annotations`.
    pub keep_annotations: bool,
    /// `--keep-liveness`.
    pub keep_liveness: bool,
    /// `--keep-readiness`.
    pub keep_readiness: bool,
    /// `--keep-startup`.
    pub keep_startup: bool,
    /// `--keep-init-containers`; kubectl's default is true.
    pub keep_init_containers: bool,
    /// Labels put on the copy after everything else, so that it can be found again. kubectl puts none.
    pub labels: Vec<(String, String)>,
    /// Annotations put on the copy likewise.
    pub annotations: Vec<(String, String)>,
    /// `activeDeadlineSeconds`: after so long its processes are ended; a shorter one of the pod itself stays. Not kubectl's.
    pub active_deadline: Option<u32>,
}

impl CopyOptions {
    /// A copy with kubectl's defaults under this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            replace: false,
            same_node: false,
            set_image: Vec::new(),
            share_processes: None,
            keep_labels: false,
            keep_annotations: false,
            keep_liveness: false,
            keep_readiness: false,
            keep_startup: false,
            keep_init_containers: true,
            labels: Vec::new(),
            annotations: Vec::new(),
            active_deadline: None,
        }
    }
}

/// One request to the API.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// `PATCH …/pods/NAME/ephemeralcontainers` as a strategic merge patch.
    PatchEphemeral {
        /// The pod's namespace.
        namespace: String,
        /// The pod's name.
        pod: String,
        /// The patch.
        body: Value,
    },
    /// `POST …/pods`.
    CreatePod {
        /// The new pod's namespace.
        namespace: String,
        /// The new pod's name.
        pod: String,
        /// The debugger's container in it; `None` if only images are changed.
        container: Option<String>,
        /// The pod.
        body: Value,
    },
    /// `DELETE …/pods/NAME` with `gracePeriodSeconds=0`.
    DeletePod {
        /// The pod's namespace.
        namespace: String,
        /// The pod's name.
        pod: String,
    },
}

/// What would be sent, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The requests, in order.
    pub requests: Vec<Request>,
    /// Where the debugger will be: the pod's namespace.
    pub namespace: String,
    /// Where the debugger will be: the pod's name (the copy's in copy mode).
    pub pod: String,
    /// The debugger's container; `None` when only images are changed and nothing is to be attached.
    pub container: Option<String>,
    /// Whether to attach once it runs.
    pub attach: bool,
    /// The profile that was taken (never [`Profile::Auto`]).
    pub profile: Profile,
    /// One sentence for each choice that was made for the person.
    pub reasons: Vec<String>,
    /// What the person should know before it starts.
    pub warnings: Vec<String>,
}

/// Why there is no plan; worded for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong and what would be right.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

/// The plan for a debugger in this pod, or in a copy of it when [`DebugOptions::copy`] says so.
///
/// `pod` is the API's JSON as it came; whatever a copy keeps is kept with every field, known here or not.
///
/// # Errors
/// A [`Refusal`] where kubectl refuses, and where the API server is known to refuse what would be sent.
pub fn plan_for_pod(
    pod: &Value,
    facts: &Facts,
    options: &DebugOptions,
    suffixes: &mut dyn Iterator<Item = String>,
) -> Result<Plan, Refusal> {
    validate(options)?;
    let pod = pod::Pod::read(pod)?;
    let chosen = auto::for_pod(pod, *facts, options);
    match &chosen.options.copy {
        Some(copy) => copy::plan(pod, *facts, &chosen, copy, suffixes),
        None => ephemeral::plan(pod, *facts, &chosen, suffixes),
    }
}

/// The plan for a debugger pod on this node, created in `namespace`.
///
/// As with kubectl, a target and the choices for a copy mean nothing here.
///
/// # Errors
/// A [`Refusal`] where kubectl refuses.
pub fn plan_for_node(
    node: &Value,
    namespace: &str,
    facts: &Facts,
    options: &DebugOptions,
    suffixes: &mut dyn Iterator<Item = String>,
) -> Result<Plan, Refusal> {
    validate(options)?;
    let chosen = auto::for_node(node, *facts, options);
    node::plan(node, namespace, *facts, &chosen, suffixes)
}
