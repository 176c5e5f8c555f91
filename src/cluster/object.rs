//! Naming any one object of the API, and following it whole; what it says is read elsewhere.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::problem::Fault;
use super::request::Target;
use super::watch::{ObjectNews, object_news};
use super::{Cluster, PodKey};

/// A kind of object: where the API keeps it, and how people call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectKind {
    /// `v1`, `apps/v1`.
    pub api_version: &'static str,
    /// `Pod`.
    pub kind: &'static str,
    /// `pods`, as it stands in paths.
    pub plural: &'static str,
    /// Whether each of them belongs to a namespace.
    pub namespaced: bool,
}

macro_rules! kinds {
    ($($name:ident $api_version:literal $kind:literal $plural:literal $namespaced:literal;)*) => {
        impl ObjectKind {
            $(
                #[doc = concat!("`", $api_version, "` `", $kind, "`")]
                pub const $name: Self =
                    Self { api_version: $api_version, kind: $kind, plural: $plural, namespaced: $namespaced };
            )*

            /// Those that are known by name.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

kinds! {
    POD "v1" "Pod" "pods" true;
    NODE "v1" "Node" "nodes" false;
    NAMESPACE "v1" "Namespace" "namespaces" false;
    SERVICE "v1" "Service" "services" true;
    REPLICATION_CONTROLLER "v1" "ReplicationController" "replicationcontrollers" true;
    REPLICA_SET "apps/v1" "ReplicaSet" "replicasets" true;
    DEPLOYMENT "apps/v1" "Deployment" "deployments" true;
    STATEFUL_SET "apps/v1" "StatefulSet" "statefulsets" true;
    DAEMON_SET "apps/v1" "DaemonSet" "daemonsets" true;
    JOB "batch/v1" "Job" "jobs" true;
    CRON_JOB "batch/v1" "CronJob" "cronjobs" true;
}

impl ObjectKind {
    /// The kind that an owner reference names, whatever version of its group it was written with.
    pub fn named(api_version: &str, kind: &str) -> Option<Self> {
        let group = |version: &str| version.rsplit_once('/').map_or(String::new(), |(group, _)| group.to_owned());
        Self::ALL.iter().copied().find(|known| known.kind == kind && group(known.api_version) == group(api_version))
    }

    pub(super) fn prefix(self) -> String {
        let root = if self.api_version.contains('/') { "/apis" } else { "/api" };
        format!("{root}/{}", self.api_version)
    }
}

/// Names an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    /// What kind it is.
    pub kind: ObjectKind,
    /// Its namespace, where its kind has one.
    pub namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
}

impl ObjectKey {
    /// A node.
    pub fn node(name: Arc<str>) -> Self {
        Self { kind: ObjectKind::NODE, namespace: None, name }
    }

    /// A namespace.
    pub fn namespace(name: Arc<str>) -> Self {
        Self { kind: ObjectKind::NAMESPACE, namespace: None, name }
    }

    /// As people say it: `pod shop/api-0`, `node worker-1`.
    pub fn words(&self) -> String {
        let kind = self.kind.kind.to_ascii_lowercase();
        match &self.namespace {
            Some(namespace) => format!("{kind} {namespace}/{}", self.name),
            None => format!("{kind} {}", self.name),
        }
    }

    /// The object itself.
    pub(super) fn target(&self) -> Result<Target, Fault> {
        let mut segments = self.place();
        segments.push(&self.name);
        Target::new(&self.kind.prefix(), &segments)
    }

    /// The list that holds it and nothing else.
    pub(super) fn list(&self) -> Result<Target, Fault> {
        let list = Target::new(&self.kind.prefix(), &self.place())?;
        Ok(list.with("fieldSelector", &format!("metadata.name={}", self.name)))
    }

    fn place(&self) -> Vec<&str> {
        match &self.namespace {
            Some(namespace) => vec!["namespaces", namespace, self.kind.plural],
            None => vec![self.kind.plural],
        }
    }
}

impl From<PodKey> for ObjectKey {
    fn from(PodKey { namespace, name }: PodKey) -> Self {
        Self { kind: ObjectKind::POD, namespace: Some(namespace), name }
    }
}

impl Cluster {
    /// Follows an object; dropping the receiver ends it. One of the same name that comes later is followed on.
    pub fn follow_object(&self, key: ObjectKey) -> mpsc::Receiver<ObjectNews> {
        object_news(self.clone(), key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_reference_of_any_version_of_a_group_is_known() {
        assert_eq!(ObjectKind::named("apps/v1", "Deployment"), Some(ObjectKind::DEPLOYMENT));
        assert_eq!(ObjectKind::named("batch/v1beta1", "CronJob"), Some(ObjectKind::CRON_JOB));
        assert_eq!(ObjectKind::named("v1", "Pod"), Some(ObjectKind::POD));
        assert_eq!(ObjectKind::named("example.com/v1", "Deployment"), None);
    }
}
