//! Who the debugger should be, so that it starts and can look into its target; it never asks anyone.

use serde_json::json;

use crate::plan::pod::{Object, Pod, Source, User};
use crate::plan::{PodSecurity, SeenUser};

/// A user that owns nothing, for want of a better one.
const NOBODY: i64 = 65534;

/// What bears on the debugger's user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation<'a> {
    /// The container to look into.
    subject: Option<&'a str>,
    user: User,
    /// The pod-wide user, which a new container inherits.
    pod_user: Option<i64>,
    /// Whether a new container may not be root unless it says so itself.
    root_is_forbidden: bool,
    /// Whether the spec itself says who the subject is.
    pub(super) spec_names_user: bool,
}

impl<'a> Situation<'a> {
    /// `seen` is who the subject was seen to run as before; the kubelet's own report outranks it.
    pub(super) fn of(pod: &Pod<'a>, subject: Option<&'a str>, seen: Option<SeenUser>) -> Self {
        let context = pod.security_context();
        let pod_user = context.and_then(|context| context.get("runAsUser")?.as_i64());
        let own_user = subject
            .and_then(|name| pod.find(name))
            .and_then(|(_, container)| container.get("securityContext")?.get("runAsUser")?.as_i64());
        Self {
            subject,
            user: subject.map(|name| pod.user_of(name)).unwrap_or_default().or_seen(seen.filter(|_| subject.is_some())),
            pod_user,
            root_is_forbidden: context.is_some_and(|context| context.get("runAsNonRoot") == Some(&true.into())),
            spec_names_user: own_user.or(pod_user).is_some(),
        }
    }

    /// The security context to add under this level, and why; `None` when nothing need be said.
    pub(super) fn choose(self, level: PodSecurity) -> Option<(Object, String)> {
        match level {
            PodSecurity::Privileged => {
                let why = match self.pod_user {
                    Some(uid) if uid != 0 => format!("the pod runs everything as user {uid}"),
                    _ if self.root_is_forbidden => "the pod forbids root".to_owned(),
                    _ => return None,
                };
                Some((self.root(), format!("user root: {why}, but SYS_PTRACE has an effect only for root")))
            }
            PodSecurity::Baseline => match self.user.uid {
                Some(0) => {
                    let mut context = self.root();
                    context.extend(self.gid());
                    Some((context, format!("user {}: {}", self.who(0), self.source())))
                }
                Some(uid) => Some(self.same(uid)),
                None if self.root_is_forbidden => Some((
                    self.root(),
                    "user root: the pod forbids root to images that do not name a user, and the namespace does not; \
                     the processes of other users stay closed"
                        .into(),
                )),
                None => None,
            },
            PodSecurity::Restricted => match self.user.uid {
                Some(0) => Some(nobody(&format!(
                    "{} runs as root, which the namespace forbids, so its files stay closed to the debugger",
                    self.subject.unwrap_or("the pod")
                ))),
                Some(uid) => Some(self.same(uid)),
                None => Some(nobody(&format!(
                    "it is not known who {} runs as, so its files may stay closed to the debugger",
                    self.subject.unwrap_or("the pod")
                ))),
            },
        }
    }

    fn root(&self) -> Object {
        let mut context = Object::new();
        context.insert("runAsUser".into(), 0.into());
        if self.root_is_forbidden {
            context.insert("runAsNonRoot".into(), false.into());
        }
        context
    }

    fn same(&self, uid: i64) -> (Object, String) {
        let mut context = Object::new();
        context.insert("runAsUser".into(), uid.into());
        context.extend(self.gid());
        let doubt = if self.user.gid.is_some() {
            "only the same user and group may look into its processes without SYS_PTRACE"
        } else {
            "without SYS_PTRACE its processes are open only to the same user and group; the group is not known"
        };
        (context, format!("user {}: {}, and {doubt}", self.who(uid), self.source()))
    }

    fn gid(&self) -> Option<(String, serde_json::Value)> {
        self.user.gid.map(|gid| ("runAsGroup".to_owned(), gid.into()))
    }

    fn who(&self, uid: i64) -> String {
        match self.user.gid {
            Some(gid) => format!("{uid}, group {gid}"),
            None => uid.to_string(),
        }
    }

    fn source(&self) -> String {
        let subject = self.subject.unwrap_or("the pod");
        match self.user.source {
            Source::Kubelet => format!("{subject} really runs as that, says the kubelet"),
            Source::Debugger => format!("{subject} runs as that, as seen by the debugger before"),
            Source::Spec => format!("{subject} is set to run as that"),
        }
    }
}

/// A user for images that would run as root where root is forbidden, and why.
pub(super) fn nobody(why: &str) -> (Object, String) {
    let context = json!({"runAsUser": NOBODY, "runAsGroup": NOBODY});
    (
        context.as_object().cloned().unwrap_or_default(),
        format!("user {NOBODY}: {why}; without a user an image that runs as root would not start"),
    )
}
