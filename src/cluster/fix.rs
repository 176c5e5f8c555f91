//! The ways out of a problem that one key can take; plain data, taken by the console and by nobody here.

use std::sync::Arc;

use super::{ContainerKey, PodKey};
use crate::plan::Profile;

/// A way out of a problem, and what a person reads beside its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What taking it does: "again with busybox:1.37, which node-1 has already".
    pub title: String,
    /// The way.
    pub way: Way,
}

impl Fix {
    /// A way under this title, which is cleaned of control characters: it may quote the cluster.
    pub fn new(title: impl AsRef<str>, way: Way) -> Self {
        Self { title: super::text::cleaned(title.as_ref()), way }
    }
}

/// What a fix does with the start that went wrong; each changes what it names and keeps the rest of the choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The same once more.
    Again,
    /// The same with this image; `None` where the person has to name one.
    Image(Option<String>),
    /// The same with another profile.
    Profile(Profile),
    /// The same with another profile and, below the person's own, this partial container: who the debugger must be for
    /// the profile to be of use.
    ProfileWith {
        /// The profile.
        profile: Profile,
        /// A partial container, as `--custom` takes one.
        custom: serde_json::Value,
    },
    /// The same as this user and group, so that the target's files can be read where root is forbidden.
    User {
        /// `runAsUser`.
        uid: u32,
        /// `runAsGroup`.
        gid: u32,
    },
    /// A copy of the pod with a debugger in it.
    Copy,
    /// An ephemeral debugger that targets no container.
    WithoutTarget,
    /// An ephemeral debugger that targets this container; in the pod that was copied, where the start was a copy.
    Target(Arc<str>),
    /// The form, filled with every choice of the start: the person changes what is in the way.
    Form,
    /// The same copy under a name that is generated.
    Renamed,
    /// The same in this pod.
    Pod(PodKey),
    /// The same node debugger in this namespace; `None` where the person has to name one.
    Namespace(Option<Arc<str>>),
    /// Attach to a container that runs already.
    Attach(ContainerKey),
    /// A shell by exec in a container that runs already.
    Shell(ContainerKey),
    /// The log of a container.
    Logs {
        /// Whose.
        container: ContainerKey,
        /// Of its previous life.
        previous: bool,
    },
}
