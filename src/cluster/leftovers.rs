//! Looks for what debugging sessions left behind, in one namespace or all; it never removes anything.

mod pod;
mod unmarked;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Deserialize;

use self::pod::{Pod, leftovers_in, null_as_default};
use self::unmarked::Family;
use super::{
    Cluster, PodKey, Problem,
    explain::with_role,
    problem::Fault,
    request::{ANSWER_TIME, JSON, LIST_LIMIT, Target, decode},
};

const PAGE: &str = "500";

/// Something a debugging session left on the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The pod it is, or is in.
    pub pod: PodKey,
    /// That pod's uid: another pod may get the same name.
    pub uid: String,
    /// What it is.
    pub kind: LeftoverKind,
    /// The node; empty while there is none.
    pub node: String,
    /// The image of the debugger.
    pub image: String,
    /// Since when.
    pub created: Option<Timestamp>,
    /// Who made it, where that was noted.
    pub owner: Option<String>,
    /// Whether it bears the mark or the name that a debugging tool gives; else it only looks like what they make.
    pub certain: bool,
    /// `running`, `ended (0)`, `ImagePullBackOff` …
    pub state: String,
}

/// The kinds of leftovers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftoverKind {
    /// A copy of a pod; can be deleted.
    Copy {
        /// The pod it was copied from, where that was noted.
        of: Option<String>,
    },
    /// A node debugger's pod; can be deleted.
    NodeDebugger,
    /// An ephemeral container; stays until its pod goes.
    Ephemeral {
        /// Its name.
        container: Arc<str>,
        /// Whether it still runs.
        running: bool,
    },
}

impl LeftoverKind {
    /// Whether both are the same thing, whatever it is doing.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Ephemeral { container, .. }, Self::Ephemeral { container: other, .. }) => container == other,
            _ => self == other,
        }
    }

    /// Whether it is a pod of its own, which can be deleted.
    pub fn is_pod(&self) -> bool {
        matches!(self, Self::Copy { .. } | Self::NodeDebugger)
    }

    /// Whether it is a debugger that can be ended.
    pub fn is_running_debugger(&self) -> bool {
        matches!(self, Self::Ephemeral { running: true, .. })
    }
}

impl Leftover {
    /// Whether both are the same thing of the same pod.
    pub fn is_same(&self, other: &Self) -> bool {
        self.pod == other.pod && self.uid == other.uid && self.kind.is_same(&other.kind)
    }

    /// Pods first, then what runs, then what cannot be removed any more; by name within each.
    fn order(&self) -> (u8, &PodKey, &str) {
        match &self.kind {
            LeftoverKind::Copy { .. } => (0, &self.pod, ""),
            LeftoverKind::NodeDebugger => (1, &self.pod, ""),
            LeftoverKind::Ephemeral { container, running } => (3 - u8::from(*running), &self.pod, container),
        }
    }
}

/// Where to look for leftovers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftoverScope {
    /// In every namespace; in these where the user may not list them all.
    Everywhere {
        /// The namespaces that the person named.
        otherwise: Vec<String>,
    },
    /// In these namespaces.
    In(Vec<String>),
}

/// What was found, and where it was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// What was found: pods, then debuggers that run, then the rest.
    pub leftovers: Vec<Leftover>,
    /// The namespaces that were looked through; `None` if all were.
    pub namespaces: Option<Vec<String>>,
    /// Why some of what was asked for could not be looked through.
    pub refused: Vec<Problem>,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(default, deserialize_with = "null_as_default")]
    items: Vec<Pod>,
}

#[derive(Deserialize, Default)]
struct ListMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
}

impl Cluster {
    /// What debugging sessions, ours and kubectl's, left there.
    ///
    /// # Errors
    /// The API's refusal to list any of the pods, or a broken connection.
    pub async fn leftovers(&self, scope: &LeftoverScope) -> Result<Found, Problem> {
        let mut found = Found::default();
        let named = match scope {
            LeftoverScope::In(named) => named,
            LeftoverScope::Everywhere { otherwise } => {
                match self.leftovers_of(None).await {
                    Ok(leftovers) => {
                        found.leftovers = leftovers;
                        return Ok(found.sorted());
                    }
                    Err(fault) => {
                        let problem = with_role(fault.problem("cannot look for leftovers in all namespaces"));
                        if fault.code() != 403 || otherwise.is_empty() {
                            return Err(problem);
                        }
                        found.refused.push(problem);
                    }
                }
                otherwise
            }
        };
        let mut looked = Vec::new();
        for namespace in named {
            match self.leftovers_of(Some(namespace)).await {
                Ok(mut leftovers) => {
                    looked.push(namespace.clone());
                    found.leftovers.append(&mut leftovers);
                }
                Err(fault) => {
                    let what = format!("cannot look for leftovers in {namespace}");
                    found.refused.push(with_role(fault.problem(what)));
                }
            }
        }
        if looked.is_empty()
            && let Some(problem) = found.refused.pop()
        {
            return Err(problem);
        }
        found.namespaces = Some(looked);
        Ok(found.sorted())
    }

    async fn leftovers_of(&self, namespace: Option<&str>) -> Result<Vec<Leftover>, Fault> {
        let mut found = Vec::new();
        let mut family = Family::default();
        let mut token = String::new();
        loop {
            let target = match namespace {
                None => Target::new("/api/v1", &["pods"])?,
                Some(namespace) => Target::new("/api/v1", &["namespaces", namespace, "pods"])?,
            };
            let mut target = target.with("limit", PAGE);
            if !token.is_empty() {
                target = target.with("continue", &token);
            }
            let body = match self.read(target.get(JSON)?, ANSWER_TIME, LIST_LIMIT).await {
                Ok(body) => body,
                // The pages took longer than the server remembers them: from the start, once a page is lost.
                Err(fault) if fault.is_expired() && !token.is_empty() => {
                    found.clear();
                    family = Family::default();
                    token.clear();
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            let list: List = decode(&body)?;
            for pod in &list.items {
                let own = leftovers_in(pod);
                family.meet(pod, &own);
                found.extend(own);
            }
            match list.metadata.next {
                Some(next) if !next.is_empty() && next != token => token = next,
                _ => {
                    family.tell(&mut found);
                    return Ok(found);
                }
            }
        }
    }
}

impl Found {
    fn sorted(mut self) -> Self {
        self.leftovers.sort_by(|a, b| a.order().cmp(&b.order()));
        self
    }
}
