//! Which synthetic pods a cluster of some size has, over which namespaces and nodes; the same for the same size.

use std::sync::Arc;

use serde_json::json;

use super::{State, SyntheticPod, node_name, scatter, time};
use crate::demo::store::Store;

/// About how many pods a namespace has.
const PODS_A_NAMESPACE: u32 = 200;
/// More namespaces are rare.
const MOST_NAMESPACES: u32 = 500;
/// How many pods a node has.
const PODS_A_NODE: u32 = 100;
/// The oldest pod, in seconds.
const OLDEST: u64 = 60 * 86_400;

const TEAMS: [&str; 12] = [
    "billing",
    "catalog",
    "checkout",
    "delivery",
    "fraud",
    "identity",
    "insights",
    "loyalty",
    "media",
    "pricing",
    "search",
    "warehouse",
];
const STAGES: [&str; 4] = ["dev", "load", "prod", "stage"];
const APPLICATIONS: [&str; 20] = [
    "api",
    "audit-log",
    "backend-for-frontend",
    "cache-warmer",
    "consumer",
    "cron-runner",
    "event-router",
    "exporter",
    "feature-flags",
    "frontend",
    "gateway",
    "image-resizer",
    "indexer",
    "mailer",
    "metrics-agent",
    "notifier",
    "reconciler",
    "scheduler",
    "token-service",
    "worker",
];
/// The letters of generated names: none that make words, none that look alike.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The synthetic pods of a cluster.
#[derive(Debug)]
pub(super) struct Crowd {
    namespaces: Vec<Arc<str>>,
    nodes: u32,
    /// Every pod there is, in no order.
    pub(super) pods: Vec<SyntheticPod>,
    /// How many pods there ever were.
    born: u32,
}

impl Crowd {
    /// So many pods that were created in the sixty days before `now` (seconds since 1970).
    pub(super) fn new(pods: u32, now: i64) -> Self {
        let namespaces = (pods / PODS_A_NAMESPACE).clamp(1, MOST_NAMESPACES);
        let namespaces = (0..namespaces).map(namespace_name).collect();
        let mut crowd = Self { namespaces, nodes: pods.div_ceil(PODS_A_NODE), pods: Vec::new(), born: 0 };
        crowd.pods = (0..pods).map(|_| crowd.pod(now, true)).collect();
        crowd
    }

    /// A new pod, created at this time or (`old`) some time before.
    pub(super) fn pod(&mut self, now: i64, old: bool) -> SyntheticPod {
        let serial = self.born;
        self.born = self.born.wrapping_add(1);
        let chance = scatter(u64::from(serial));
        let namespace = serial as usize % self.namespaces.len();
        // Some applications have many replicas: so their names stand in blocks, as in real lists.
        let kind = scatter(u64::from(serial) / (self.namespaces.len() as u64 * 8));
        let application = APPLICATIONS[pick(kind, APPLICATIONS.len())];
        let template = letters(scatter(kind ^ namespace as u64), 10);
        let age = i64::try_from(chance % OLDEST).unwrap_or(0);
        let created = if old { now - age } else { now };
        let (state, restarts) = match chance >> 32 & 0x3ff {
            _ if !old => (State::Creating, 0),
            0..8 => (State::Crashing, 40),
            8..12 => (State::PullFailing, 0),
            12..20 => (State::Unready, 2),
            20..90 => (State::Running, 1),
            _ => (State::Running, 0),
        };
        SyntheticPod {
            namespace: Arc::clone(&self.namespaces[namespace]),
            name: format!("{application}-{template}-{}", letters(chance ^ u64::from(serial), 5)).into(),
            application,
            template: template.into(),
            serial,
            node: serial % self.nodes,
            state,
            restarts,
            created,
            since: if restarts > 0 { now - age / 9 } else { created },
            version: 0,
        }
    }

    /// Puts the namespaces, the nodes and the pods into a store.
    pub(super) fn settle(&mut self, store: &Store, remembered: usize) {
        for name in &self.namespaces {
            let labels = json!({ "kubernetes.io/metadata.name": name });
            let namespace = json!({
                "metadata": { "name": name, "labels": labels },
                "spec": { "finalizers": ["kubernetes"] },
                "status": { "phase": "Active" },
            });
            // One that is there already serves as well.
            let _ = store.create("namespaces", namespace);
            let account = json!({ "metadata": { "name": "default", "namespace": name } });
            let _ = store.create("serviceaccounts", account);
        }
        for number in 0..self.nodes {
            let _ = store.create("nodes", node(number));
        }
        store.populate(self.pods.iter().cloned(), remembered);
    }
}

fn namespace_name(number: u32) -> Arc<str> {
    let (team, round) = (number as usize % TEAMS.len(), number as usize / TEAMS.len());
    let (stage, round) = (STAGES[round % STAGES.len()], round / STAGES.len());
    let team = TEAMS[team];
    if round == 0 { format!("{team}-{stage}").into() } else { format!("{team}-{stage}-{}", round + 1).into() }
}

/// A node that takes none of the pods that are to run: no kubelet of ours is behind it.
fn node(number: u32) -> serde_json::Value {
    let name = node_name(number);
    let [_, _, c, d] = number.to_be_bytes();
    let ready = json!({
        "type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
        "lastTransitionTime": time(0),
    });
    json!({
        "metadata": { "name": name, "labels": { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
        "spec": { "taints": [{ "key": "demo.bathyscope/synthetic", "effect": "NoSchedule" }] },
        "status": {
            "addresses": [
                { "type": "InternalIP", "address": format!("10.246.{c}.{d}") },
                { "type": "Hostname", "address": name },
            ],
            "capacity": { "cpu": "16", "memory": "65536Mi", "pods": "110" },
            "allocatable": { "cpu": "16", "memory": "65436Mi", "pods": "110" },
            "conditions": [ready],
            "nodeInfo": {
                "architecture": "amd64", "operatingSystem": "linux", "osImage": "Debian GNU/Linux 13 (trixie)",
                "kernelVersion": "6.12.0", "kubeletVersion": "v1.36.2", "containerRuntimeVersion": "containerd://2.1.9",
            },
        },
    })
}

pub(super) fn pick(chance: u64, of: usize) -> usize {
    usize::try_from(chance % of.max(1) as u64).unwrap_or(0)
}

fn letters(mut chance: u64, count: usize) -> String {
    let mut letter = || {
        let index = pick(chance, LETTERS.len());
        chance /= LETTERS.len() as u64;
        char::from(LETTERS[index])
    };
    (0..count).map(|_| letter()).collect()
}
