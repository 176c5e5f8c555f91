//! The lists of namespaces, pods and nodes, which of them is shown, and what is selected in them; it asks nothing of the cluster itself.

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;

use super::Scope;
use super::nodes::Nodes;
use super::rows::{Row, Rows};
use crate::cluster::{Liveness, NamespaceRow, OwnerChain, PodDetail, PodKey, PodRow, WatchId};

/// Which list the navigator shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// The namespaces.
    Namespaces,
    /// The pods of the scope.
    Pods,
    /// The nodes.
    Nodes,
}

impl List {
    /// Where the keys of its own actions are listened to.
    pub fn scope(self) -> Scope {
        match self {
            Self::Namespaces => Scope::Namespaces,
            Self::Pods => Scope::Pods,
            Self::Nodes => Scope::Nodes,
        }
    }
}

/// Whose pods are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PodScope {
    /// Those of one namespace.
    Namespace(Arc<str>),
    /// Those of every namespace.
    All,
    /// Those on one node, of every namespace.
    Node(Arc<str>),
    /// Those of the top of this chain.
    Owner(Arc<OwnerChain>),
}

/// What pods are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PodSort {
    /// Namespace, then name.
    Name,
    /// Trouble first.
    Status,
    /// Most restarts first.
    Restarts,
    /// Youngest first.
    Age,
    /// Node, then name.
    Node,
}

impl PodSort {
    /// All of them, in the order the key goes through them.
    pub const ALL: [Self; 5] = [Self::Name, Self::Status, Self::Restarts, Self::Age, Self::Node];

    /// The heading of its column.
    pub fn title(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Status => "STATUS",
            Self::Restarts => "RESTARTS",
            Self::Age => "AGE",
            Self::Node => "NODE",
        }
    }
}

/// How well a pod does, judged by the words `kubectl get pods` uses for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Something is wrong.
    Bad,
    /// On its way up or down, or not ready.
    Changing,
    /// Running and ready.
    Good,
    /// Ended as it should.
    Done,
}

impl Health {
    /// Judges a row.
    pub fn of(row: &PodRow) -> Self {
        let ready = row.ready.split_once('/').is_some_and(|(ready, of)| ready == of);
        match &*row.status {
            "Running" if ready => Self::Good,
            "Completed" | "Succeeded" => Self::Done,
            "Running" | "Pending" | "ContainerCreating" | "PodInitializing" | "Terminating" | "NotReady"
            | "SchedulingGated" => Self::Changing,
            status
                if status.strip_prefix("Init:").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) =>
            {
                Self::Changing
            }
            _ => Self::Bad,
        }
    }
}

impl Row for PodRow {
    type Key = PodKey;
    type Sort = PodSort;

    fn key(&self) -> &PodKey {
        &self.key
    }

    fn fields(&self) -> [&str; 4] {
        [&self.key.name, &self.key.namespace, &self.status, &self.node]
    }

    fn compare(&self, other: &Self, by: PodSort) -> Ordering {
        match by {
            PodSort::Name => Ordering::Equal,
            PodSort::Status => Health::of(self).cmp(&Health::of(other)).then_with(|| self.status.cmp(&other.status)),
            PodSort::Restarts => other.restarts.cmp(&self.restarts),
            PodSort::Age => other.created.cmp(&self.created),
            PodSort::Node => self.node.cmp(&other.node),
        }
    }
}

impl Row for NamespaceRow {
    type Key = Arc<str>;
    type Sort = ();

    fn key(&self) -> &Arc<str> {
        &self.name
    }

    fn fields(&self) -> [&str; 4] {
        [&self.name, &self.status, "", ""]
    }

    fn compare(&self, _: &Self, (): ()) -> Ordering {
        Ordering::Equal
    }
}

/// A running watch: its id and how fresh it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watching {
    /// The id that its updates carry.
    pub id: WatchId,
    /// How fresh its rows are.
    pub liveness: Liveness,
}

/// The selected pod in full, and which of its containers is selected.
#[derive(Debug, Clone, Default)]
pub struct Inspected {
    /// Whose detail is wanted.
    pub key: Option<PodKey>,
    /// Since when, while it is not asked for yet: a selection that only passes by asks nothing.
    pub waiting_since: Option<Timestamp>,
    /// Its watch.
    pub watch: Option<Watching>,
    /// The pod; `None` until it arrives.
    pub pod: Option<Arc<PodDetail>>,
    /// Whether the server said that the pod is gone.
    pub gone: bool,
    /// The selected container's name.
    pub container: Option<Arc<str>>,
}

impl Inspected {
    /// Where the selected container stands in the pod.
    pub fn container_index(&self) -> Option<usize> {
        let name = self.container.as_ref()?;
        self.pod.as_ref()?.containers.iter().position(|container| container.name == *name)
    }

    /// The selected container.
    pub fn selected_container(&self) -> Option<&crate::cluster::ContainerDetail> {
        self.pod.as_ref()?.containers.get(self.container_index()?)
    }
}

/// The navigator.
#[derive(Debug, Clone)]
pub struct Navigator {
    /// Which list is shown.
    pub list: List,
    /// The namespaces.
    pub namespaces: Rows<NamespaceRow>,
    /// The namespaces' watch.
    pub namespaces_watch: Option<Watching>,
    /// Namespaces that the person named; listed even if the server lists none.
    pub named: Vec<Arc<str>>,
    /// Whose pods are listed.
    pub scope: PodScope,
    /// The pods.
    pub pods: Rows<PodRow>,
    /// The pods' watch.
    pub pods_watch: Option<Watching>,
    /// Why the server refuses to list these pods.
    pub pods_refused: Option<crate::cluster::Problem>,
    /// Why the server refuses to list namespaces.
    pub namespaces_refused: Option<crate::cluster::Problem>,
    /// The selected pod in full.
    pub inspected: Inspected,
    /// The nodes.
    pub nodes: Nodes,
    /// What was shown before the pods of an owner.
    pub before_owner: Option<super::owners::Before>,
}

impl Navigator {
    /// Nothing listed yet, pods of this scope wanted.
    pub fn new(scope: PodScope, named: Vec<Arc<str>>) -> Self {
        Self {
            list: List::Pods,
            namespaces: Rows::new(()),
            namespaces_watch: None,
            named,
            scope,
            pods: Rows::new(PodSort::Name),
            pods_watch: None,
            pods_refused: None,
            namespaces_refused: None,
            inspected: Inspected::default(),
            nodes: Nodes::default(),
            before_owner: None,
        }
    }

    /// The text that filters the shown list.
    pub fn filter(&self) -> &str {
        match self.list {
            List::Namespaces => self.namespaces.filter(),
            List::Pods => self.pods.filter(),
            List::Nodes => self.nodes.rows.filter(),
        }
    }

    /// Moves the selection of the shown list by this many rows.
    pub fn move_by(&mut self, rows: isize) {
        match self.list {
            List::Namespaces => self.namespaces.move_by(rows),
            List::Pods => self.pods.move_by(rows),
            List::Nodes => self.nodes.rows.move_by(rows),
        }
    }

    /// Filters the shown list.
    pub fn set_filter(&mut self, text: String) {
        match self.list {
            List::Namespaces => self.namespaces.set_filter(text),
            List::Pods => self.pods.set_filter(text),
            List::Nodes => self.nodes.rows.set_filter(text),
        }
    }

    /// Why the server refuses the shown list.
    pub fn refused(&self) -> Option<&crate::cluster::Problem> {
        match self.list {
            List::Namespaces => self.namespaces_refused.as_ref(),
            List::Pods => self.pods_refused.as_ref(),
            List::Nodes => self.nodes.refused.as_ref(),
        }
    }

    /// The freshness of the shown list.
    pub fn liveness(&self) -> Option<&Liveness> {
        match self.list {
            List::Namespaces => self.namespaces_watch.as_ref(),
            List::Pods => self.pods_watch.as_ref(),
            List::Nodes => self.nodes.watch.as_ref(),
        }
        .map(|watch| &watch.liveness)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ready: &str, status: &str) -> PodRow {
        PodRow {
            key: PodKey { namespace: "demo".into(), name: "p".into() },
            ready: ready.into(),
            status: status.into(),
            restarts: 0,
            created: None,
            node: "".into(),
            ip: "".into(),
        }
    }

    #[test]
    fn a_filter_never_finds_a_word_spread_over_name_and_status() {
        let mut rows = Rows::new(PodSort::Name);
        let crashing = PodRow {
            key: PodKey { namespace: "demo".into(), name: "crasher-9pfxc".into() },
            ..row("0/1", "CrashLoopBackOff")
        };
        rows.apply(crate::cluster::RowsUpdate::Rows(vec![crashing]));
        rows.set_filter("shop");
        rows.settle();
        assert_eq!(rows.visible().len(), 0);
    }

    #[test]
    fn health_reads_the_words_of_kubectl() {
        for (ready, status, health) in [
            ("1/1", "Running", Health::Good),
            ("0/1", "Running", Health::Changing),
            ("0/1", "Init:0/1", Health::Changing),
            ("0/1", "Init:CrashLoopBackOff", Health::Bad),
            ("0/1", "Init:ExitCode:3", Health::Bad),
            ("0/1", "CrashLoopBackOff", Health::Bad),
            ("0/1", "Completed", Health::Done),
            ("1/1", "Terminating", Health::Changing),
            ("0/1", "ErrImagePull", Health::Bad),
        ] {
            assert_eq!(Health::of(&row(ready, status)), health, "{status}");
        }
    }
}
