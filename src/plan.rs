//! From a pod (or node), the facts around it and a person's choices to the requests that would be sent, and why;
//! never any I/O, clock or randomness.

use serde_json::Value;

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

/// What is known around the pod. Unknown facts are `None`, never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// The namespace's enforced level; `None` when it has none or it may not be read.
    pub enforce: Option<PodSecurity>,
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

/// A person's choices: the flags of `kubectl debug`, under the same names and defaults.
#[derive(Debug, Clone, PartialEq, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "one field a flag of kubectl debug"
)]
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
    /// `--replace`, `--same-node` and `--set-image` that were said without `--copy-to`, which kubectl refuses.
    pub copy_flags_without_copy: Vec<String>,
}

/// What a copy keeps and changes.
#[derive(Debug, Clone, PartialEq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "one field a flag of kubectl debug"
)]
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
