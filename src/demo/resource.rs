//! The table of kinds the demo's API serves, as discovery names them; it holds no objects and answers no request.

/// One kind of object, as `kubectl api-resources` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The plural name in paths: `pods`.
    pub plural: &'static str,
    /// The name of one: `pod`.
    pub singular: &'static str,
    /// `Pod`.
    pub kind: &'static str,
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The version within the group.
    pub version: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// What people type: `po`.
    pub short_names: &'static [&'static str],
    /// Whether `kubectl get all` shows it.
    pub in_all: bool,
    /// Whether `metadata.generation` counts the changes of its spec.
    pub counts_generations: bool,
}

impl Resource {
    /// `v1`, `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// How messages name the kind of resource: `pods`, `deployments.apps`.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }
}

/// A namespaced resource without short names.
const fn namespaced(plural: &'static str, singular: &'static str, kind: &'static str, group: &'static str) -> Resource {
    Resource {
        plural,
        singular,
        kind,
        group,
        version: "v1",
        namespaced: true,
        short_names: &[],
        in_all: false,
        counts_generations: false,
    }
}

/// Every kind that is served. `events` are in two groups and stored once.
pub const RESOURCES: &[Resource] = &[
    Resource { short_names: &["cm"], ..namespaced("configmaps", "configmap", "ConfigMap", "") },
    Resource { short_names: &["ep"], ..namespaced("endpoints", "endpoints", "Endpoints", "") },
    Resource { short_names: &["ev"], ..namespaced("events", "event", "Event", "") },
    Resource { namespaced: false, short_names: &["ns"], ..namespaced("namespaces", "namespace", "Namespace", "") },
    Resource { namespaced: false, short_names: &["no"], ..namespaced("nodes", "node", "Node", "") },
    Resource { short_names: &["po"], in_all: true, counts_generations: true, ..namespaced("pods", "pod", "Pod", "") },
    Resource { short_names: &["quota"], ..namespaced("resourcequotas", "resourcequota", "ResourceQuota", "") },
    namespaced("secrets", "secret", "Secret", ""),
    Resource { short_names: &["sa"], ..namespaced("serviceaccounts", "serviceaccount", "ServiceAccount", "") },
    Resource { short_names: &["svc"], in_all: true, ..namespaced("services", "service", "Service", "") },
    Resource {
        short_names: &["ds"],
        in_all: true,
        counts_generations: true,
        ..namespaced("daemonsets", "daemonset", "DaemonSet", "apps")
    },
    Resource {
        short_names: &["deploy"],
        in_all: true,
        counts_generations: true,
        ..namespaced("deployments", "deployment", "Deployment", "apps")
    },
    Resource {
        short_names: &["rs"],
        in_all: true,
        counts_generations: true,
        ..namespaced("replicasets", "replicaset", "ReplicaSet", "apps")
    },
    Resource {
        short_names: &["sts"],
        in_all: true,
        counts_generations: true,
        ..namespaced("statefulsets", "statefulset", "StatefulSet", "apps")
    },
    Resource {
        short_names: &["cj"],
        in_all: true,
        counts_generations: true,
        ..namespaced("cronjobs", "cronjob", "CronJob", "batch")
    },
    Resource { in_all: true, counts_generations: true, ..namespaced("jobs", "job", "Job", "batch") },
    namespaced("leases", "lease", "Lease", "coordination.k8s.io"),
    Resource {
        counts_generations: true,
        ..namespaced("endpointslices", "endpointslice", "EndpointSlice", "discovery.k8s.io")
    },
    Resource { short_names: &["ev"], ..namespaced("events", "event", "Event", "events.k8s.io") },
];

/// What the metrics API serves. It keeps nothing: the node measures when it is asked.
pub const METRICS: &[Resource] = &[
    Resource { namespaced: false, version: "v1beta1", ..namespaced("nodes", "", "NodeMetrics", METRICS_GROUP) },
    Resource { version: "v1beta1", ..namespaced("pods", "", "PodMetrics", METRICS_GROUP) },
];

/// The group of [`METRICS`].
pub const METRICS_GROUP: &str = "metrics.k8s.io";

/// The resource of this group with this plural.
pub fn find(group: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.group == group && resource.plural == plural)
}

/// The first resource with this plural, whatever its group: how the store names its kinds.
pub fn by_plural(plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.plural == plural)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_named_as_messages_name_it() {
        let deployments = find("apps", "deployments").unwrap();
        assert_eq!(deployments.qualified(), "deployments.apps");
        assert_eq!(deployments.api_version(), "apps/v1");
        assert_eq!(by_plural("pods").unwrap().api_version(), "v1");
        assert!(find("apps", "pods").is_none());
    }
}
