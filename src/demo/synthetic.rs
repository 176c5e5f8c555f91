//! Pods that are there to be listed: a few facts each, and the object the API makes of them; nothing ever runs them.

mod churn;
mod population;
mod status;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::node::Used;
use super::store::Store;
use churn::Churn;
use population::Crowd;
pub use status::State;

/// How many synthetic pods a cluster has, and how lively they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Population {
    /// How many there are.
    pub pods: u32,
    /// How many changes they go through in a second.
    pub churn: u32,
}

/// For how many seconds of churn changes are remembered: as long as a list of many pages may take its reader.
const REMEMBERED_SECONDS: usize = 30;
/// The most changes that are remembered, about 30 MB.
const REMEMBERED_MOST: usize = 100_000;

/// Fills a store with its synthetic pods, their namespaces and their nodes, and begins to change them. What comes back
/// ends the changes when it is dropped.
///
/// # Panics
/// Outside a tokio runtime, where there is churn.
pub fn begin(store: &Store, population: Population) -> Option<AbortOnDropHandle<()>> {
    if population.pods == 0 {
        return None;
    }
    let per_second = usize::try_from(population.churn).unwrap_or(usize::MAX);
    let remembered = per_second.saturating_mul(REMEMBERED_SECONDS).min(REMEMBERED_MOST);
    let mut crowd = Crowd::new(population.pods, Timestamp::now().as_second());
    crowd.settle(store, remembered);
    if population.churn == 0 {
        return None;
    }
    let life = Churn::new(store.clone(), crowd).run(population.churn);
    Some(AbortOnDropHandle::new(tokio::spawn(life)))
}

/// What is known of one synthetic pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntheticPod {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Box<str>,
    /// The application it belongs to; its container's name.
    pub application: &'static str,
    /// What `pod-template-hash` says, and the name of its owner.
    pub template: Box<str>,
    /// Its number among all pods there ever were: uid, address and node follow from it.
    pub serial: u32,
    /// The number of its node.
    pub node: u32,
    /// What it is doing.
    pub state: State,
    /// How often its container was restarted.
    pub restarts: u32,
    /// When it was created, in seconds since 1970.
    pub created: i64,
    /// When its state began, in seconds since 1970.
    pub since: i64,
    /// The store's version of it.
    pub version: u64,
}

impl SyntheticPod {
    /// The object as the API serves it.
    pub fn object(&self) -> Value {
        let name = self.application;
        let image = format!("registry.example.com/{name}:{}.{}.0", self.template.len(), self.serial % 7);
        let owner = format!("{name}-{}", self.template);
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.name,
                "generateName": format!("{owner}-"),
                "namespace": self.namespace,
                "uid": self.uid(0),
                "resourceVersion": self.version.to_string(),
                "generation": 1,
                "creationTimestamp": time(self.created),
                "labels": {
                    "app.kubernetes.io/name": name,
                    "app.kubernetes.io/managed-by": "Helm",
                    "pod-template-hash": self.template,
                },
                "ownerReferences": [{
                    "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": self.uid(1),
                    "controller": true, "blockOwnerDeletion": true,
                }],
            },
            "spec": {
                "containers": [{
                    "name": name,
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "ports": [{ "name": "http", "containerPort": 8080, "protocol": "TCP" }],
                    "env": [
                        { "name": "LOG_LEVEL", "value": "info" },
                        { "name": "POD_IP", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "status.podIP" } } },
                    ],
                    "resources": {
                        "requests": { "cpu": "100m", "memory": "128Mi" },
                        "limits": { "memory": "256Mi" },
                    },
                    "securityContext": { "runAsNonRoot": true, "runAsUser": 65532, "allowPrivilegeEscalation": false },
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }],
                "restartPolicy": "Always",
                "terminationGracePeriodSeconds": 30,
                "dnsPolicy": "ClusterFirst",
                "serviceAccountName": "default",
                "serviceAccount": "default",
                "nodeName": node_name(self.node),
                "securityContext": {},
                "schedulerName": "default-scheduler",
                "priority": 0,
                "enableServiceLinks": true,
                "preemptionPolicy": "PreemptLowerPriority",
            },
            "status": status::status(self, &image),
        })
    }

    /// What its container is said to use, about what it asks for; nothing while it does not run.
    pub(super) fn used(&self) -> Option<Used> {
        let mixed = scatter(u64::from(self.serial));
        let used = Used { cpu: mixed % 150_000_000, memory: (mixed >> 32) % (200 << 20) + (20 << 20) };
        self.state.is_running().then_some(used)
    }

    /// A uid that stays the same for as long as the pod does.
    fn uid(&self, of: u32) -> String {
        let (serial, hash) = (self.serial, scatter(u64::from(self.serial) << 8 | u64::from(of)));
        let (low, high) = (hash & 0xffff_ffff_ffff, hash >> 48);
        format!("{serial:08x}-{high:04x}-4{of:03x}-8{:03x}-{low:012x}", serial & 0xfff)
    }

    /// Its address, one of 10.0.0.0/8.
    pub(super) fn address(&self) -> String {
        let [_, b, c, d] = self.serial.to_be_bytes();
        format!("10.{b}.{c}.{d}")
    }
}

/// The name of the node of this number.
pub(super) fn node_name(number: u32) -> String {
    format!("pool-{}-{number:04}", ["a", "b", "c"][number as usize % 3])
}

/// A time as the API writes it.
pub(super) fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

/// A number that looks like chance and is the same for the same number each time (the finalizer of splitmix64).
fn scatter(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
