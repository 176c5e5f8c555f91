//! What is read beside an object so that it can be described, each part as it came or why it may not be read; it asks
//! nothing itself.

use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use serde_json::Value;

use super::workload::PodCounts;
use crate::cluster::{Problem, owners::OwnerChain};

/// A part of what surrounds an object, or why it could not be read.
pub type Read<T> = Result<T, Problem>;

/// What surrounds an object; what was not asked for is `None`.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// What was told of it, as the API gives it, in any order.
    pub events: Option<Read<Vec<Value>>>,
    /// How many pods of a workload are in which phase.
    pub counts: Option<Read<PodCounts>>,
    /// The ReplicaSets that a Deployment's selector matches.
    pub replica_sets: Option<Read<Vec<ReplicaSet>>>,
    /// The pods of a node that have not ended.
    pub pods: Option<Read<Vec<Pod>>>,
    /// A node's lease.
    pub lease: Option<Read<Lease>>,
    /// What a pod belongs to.
    pub owners: Option<Read<OwnerChain>>,
    /// A pod's node as the API gives it.
    pub node: Option<Value>,
    /// The Services of a pod's namespace.
    pub services: Option<Read<Vec<Service>>>,
    /// The EndpointSlices of the Services that select a pod.
    pub slices: Option<Read<Vec<EndpointSlice>>>,
    /// The pod that a copy was made from; `None` in it if there is no such pod any more.
    pub original: Option<Read<Option<Value>>>,
}

/// What controls an object.
pub(super) fn controller(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
}
