//! Reads what surrounds an object, every part side by side and each with its own refusal; it words nothing.

use std::sync::Arc;

use futures::join;
use k8s_openapi::api::core::v1::{Pod, Service};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::surroundings::{Read, Surroundings};
use super::workload::PodCounts;
use super::{original_of, selector_in_words, selects};
use crate::cluster::{Cluster, ObjectKey, ObjectKind, Problem, owners::Listing, problem::Fault};

const LEASE: ObjectKind =
    ObjectKind { api_version: "coordination.k8s.io/v1", kind: "Lease", plural: "leases", namespaced: true };
const EVENT: ObjectKind = ObjectKind { api_version: "v1", kind: "Event", plural: "events", namespaced: true };
const ENDPOINT_SLICE: ObjectKind = ObjectKind {
    api_version: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    plural: "endpointslices",
    namespaced: true,
};
/// Where the leases of nodes are.
const LEASES: &str = "kube-node-lease";
/// By this label a slice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Of a list what can be read as `T`: one that cannot is no reason to tell nothing of the others.
fn typed<T: DeserializeOwned>(objects: &[Value]) -> Vec<T> {
    // Read from where it stands, as everywhere: what reads a whole `Pod` is large, and each other source makes it anew.
    objects.iter().filter_map(|object| T::deserialize(object).ok()).collect()
}

fn read<T>(answer: Result<T, Fault>, what: &str) -> Read<T> {
    answer.map_err(|fault| fault.problem(format!("cannot read {what}")))
}

impl Cluster {
    /// What surrounds an object that was read.
    pub(super) async fn surroundings(&self, key: &ObjectKey, object: &Value) -> Surroundings {
        let more = async {
            match key.kind {
                ObjectKind::POD => self.around_pod(key, object).await,
                ObjectKind::NODE => self.around_node(key).await,
                ObjectKind::DEPLOYMENT => Surroundings {
                    replica_sets: Some(self.selected(key, object, ObjectKind::REPLICA_SET, "its ReplicaSets").await),
                    ..Surroundings::default()
                },
                ObjectKind::REPLICA_SET
                | ObjectKind::STATEFUL_SET
                | ObjectKind::DAEMON_SET
                | ObjectKind::REPLICATION_CONTROLLER => {
                    let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
                    let pods: Read<Vec<Pod>> = self.selected(key, object, ObjectKind::POD, "its pods").await;
                    Surroundings { counts: Some(pods.map(|pods| PodCounts::of(&pods, uid))), ..Surroundings::default() }
                }
                _ => Surroundings::default(),
            }
        };
        let (events, more) = join!(self.events_of(key, object), more);
        Surroundings { events: Some(events), ..more }
    }

    async fn events_of(&self, key: &ObjectKey, object: &Value) -> Read<Vec<Value>> {
        let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
        // The kubelet tells of its node by the name alone; all that is told of nodes is in the default namespace.
        let mirrored = object["metadata"]["annotations"]["kubernetes.io/config.mirror"].as_str();
        let uid = mirrored.unwrap_or(uid);
        let uids = if key.kind == ObjectKind::NODE { vec![uid, &key.name] } else { vec![uid] };
        let namespace = key.namespace.clone().unwrap_or_else(|| "default".into());
        let mut all = Vec::new();
        for uid in uids {
            let fields = format!("involvedObject.name={},involvedObject.uid={uid}", key.name);
            let list = Listing::of(EVENT, Some(Arc::clone(&namespace))).fields(fields);
            let events = read(self.list_objects(&list, None).await, "its events")?;
            // A server may know nothing of the field selector.
            let is_its =
                |event: &Value| event["involvedObject"]["name"] == *key.name && event["involvedObject"]["uid"] == uid;
            all.extend(events.into_iter().filter(is_its));
        }
        Ok(all)
    }

    /// What an object's selector matches in its namespace.
    async fn selected<T: DeserializeOwned>(
        &self,
        key: &ObjectKey,
        object: &Value,
        kind: ObjectKind,
        what: &str,
    ) -> Read<Vec<T>> {
        let selector = match key.kind {
            ObjectKind::REPLICATION_CONTROLLER => None,
            _ => selector_in_words(&object["spec"]["selector"]).filter(|selector| !selector.is_empty()),
        };
        let list = Listing::of(kind, key.namespace.clone());
        read(self.list_objects(&list, selector.as_deref()).await, what).map(|objects| typed(&objects))
    }

    async fn around_node(&self, key: &ObjectKey) -> Surroundings {
        let fields = format!("spec.nodeName={},status.phase!=Succeeded,status.phase!=Failed", key.name);
        let pods = Listing::of(ObjectKind::POD, None).fields(fields);
        let lease = ObjectKey { kind: LEASE, namespace: Some(LEASES.into()), name: Arc::clone(&key.name) };
        let (pods, lease) = join!(self.list_objects(&pods, None), self.read_object(&lease));
        let lease = read(lease, "its lease").and_then(|lease| {
            Deserialize::deserialize(&lease)
                .map_err(|error: serde_json::Error| Problem::new("cannot read its lease", error.to_string(), ""))
        });
        Surroundings {
            pods: Some(read(pods, "its pods").map(|objects| typed(&objects))),
            lease: Some(lease),
            ..Surroundings::default()
        }
    }

    async fn around_pod(&self, key: &ObjectKey, pod: &Value) -> Surroundings {
        let namespace = key.namespace.clone().unwrap_or_default();
        let node = async {
            let name = pod["spec"]["nodeName"].as_str().filter(|name| !name.is_empty())?;
            // Many may not read nodes: what is known of the pod is told without it.
            self.read_object(&ObjectKey::node(name.into())).await.ok()
        };
        let original = async {
            let original = original_of(pod)?;
            let key =
                ObjectKey { kind: ObjectKind::POD, namespace: Some(Arc::clone(&namespace)), name: original.into() };
            match self.read_object(&key).await {
                Ok(pod) => Some(Ok(Some(pod))),
                Err(fault) if fault.code() == 404 => Some(Ok(None)),
                Err(fault) => Some(read(Err(fault), "its original")),
            }
        };
        let routed = async {
            let services = Listing::of(ObjectKind::SERVICE, Some(Arc::clone(&namespace)));
            let services: Read<Vec<Service>> =
                read(self.list_objects(&services, None).await, "the Services of its namespace")
                    .map(|objects| typed(&objects));
            let names: Vec<&str> = services
                .iter()
                .flatten()
                .filter(|service| selects(service, pod))
                .filter_map(|service| service.metadata.name.as_deref())
                .collect();
            if names.is_empty() {
                return (services, None);
            }
            let selector = format!("{SERVICE_NAME} in ({})", names.join(","));
            let slices = Listing::of(ENDPOINT_SLICE, Some(Arc::clone(&namespace)));
            let slices = read(self.list_objects(&slices, Some(&selector)).await, "the endpoints of its Services");
            (services, Some(slices.map(|objects| typed(&objects))))
        };
        let (owners, node, original, (services, slices)) =
            join!(self.owners_of(&namespace, pod), node, original, routed);
        Surroundings {
            owners: Some(Ok(owners)),
            node,
            original,
            services: Some(services),
            slices,
            ..Surroundings::default()
        }
    }
}
