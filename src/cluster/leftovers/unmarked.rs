//! Copies that bear no mark, known by what they share with the pod that they were made from; pure.

use std::collections::HashMap;

use jiff::Timestamp;

use super::pod::{Pod, unmarked_copy};
use super::{Leftover, LeftoverKind};

/// How the API server begins the name of the volume with a pod's token; the end is drawn for each pod.
const TOKEN: &str = "kube-api-access-";

/// What a copy has in common with its original and no other pod: namespace, token volume, first container.
type Likeness = [String; 3];

/// The pods of a list, as far as they tell which of them are copies.
#[derive(Default)]
pub(super) struct Family {
    alike: HashMap<Likeness, Vec<(Option<Timestamp>, String)>>,
    /// The pods that nobody owns, as the copies that they may be; whether they were found to be leftovers before.
    orphans: Vec<(Leftover, Likeness, bool)>,
}

impl Family {
    /// Takes a pod in; `found` is what it was found to leave by itself.
    pub(super) fn meet(&mut self, pod: &Pod, found: &[Leftover]) {
        let Some(token) = pod.volumes().find(|name| name.starts_with(TOKEN)) else { return };
        let likeness = [pod.namespace(), token, pod.first_container()].map(ToOwned::to_owned);
        if pod.may_be_a_copy() {
            let is_found = found.iter().any(|leftover| leftover.kind.is_pod());
            self.orphans.push((unmarked_copy(pod), likeness.clone(), is_found));
        }
        self.alike.entry(likeness).or_default().push((pod.created(), pod.name().to_owned()));
    }

    /// Adds the copies that only their likeness gives away, and names the originals of those that were found.
    pub(super) fn tell(self, found: &mut Vec<Leftover>) {
        for (copy, likeness, is_found) in self.orphans {
            let Some((created, original)) = self.alike.get(&likeness).and_then(|pods| pods.iter().min()) else {
                continue;
            };
            if *created >= copy.created || **original == *copy.pod.name {
                continue;
            }
            let kind = LeftoverKind::Copy { of: Some(original.clone()) };
            if !is_found {
                found.push(Leftover { kind, ..copy });
                continue;
            }
            let unnamed = |row: &&mut Leftover| row.pod == copy.pod && row.kind == LeftoverKind::Copy { of: None };
            if let Some(row) = found.iter_mut().find(unnamed) {
                row.kind = kind;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cluster::leftovers::pod::leftovers_in;

    fn pod(name: &str, created: u8, token: &str, more: &Value) -> Pod {
        let mut pod = json!({
            "metadata": {
                "name": name, "namespace": "shop", "uid": name,
                "creationTimestamp": format!("2026-01-01T00:00:{created:02}Z"),
            },
            "spec": {
                "containers": [{"name": "app", "image": "a"}], "volumes": [{"name": "data"}, {"name": token}],
            },
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            pod["metadata"][field] = value.clone();
        }
        serde_json::from_value(pod).unwrap()
    }

    fn found(pods: &[Pod]) -> Vec<(String, LeftoverKind, bool)> {
        let (mut family, mut found) = (Family::default(), Vec::new());
        for pod in pods {
            let own = leftovers_in(pod);
            family.meet(pod, &own);
            found.extend(own);
        }
        family.tell(&mut found);
        found.into_iter().map(|row| (row.pod.name.to_string(), row.kind, row.certain)).collect()
    }

    fn copy(name: &str, of: Option<&str>) -> (String, LeftoverKind, bool) {
        (name.to_owned(), LeftoverKind::Copy { of: of.map(ToOwned::to_owned) }, false)
    }

    #[test]
    fn a_copy_has_the_token_volume_of_an_older_pod() {
        let labels = json!({"labels": {"app": "api"}});
        let pods = [
            pod("api-debug", 9, "kube-api-access-x7k2p", &labels),
            pod("api", 1, "kube-api-access-x7k2p", &json!({"ownerReferences": [{"kind": "ReplicaSet"}]})),
            pod("other", 9, "kube-api-access-bbbbb", &Value::Null),
            pod("third", 9, "data", &Value::Null),
        ];
        assert_eq!(found(&pods), [copy("api-debug", Some("api"))]);
        assert!(found(&pods[..1]).is_empty(), "without its original nothing gives it away");
    }

    #[test]
    fn what_kubectl_debug_wrote_without_labels_is_a_copy_even_when_its_original_is_gone() {
        let written = |manager: &str, operation: &str| {
            json!({"managedFields": [
                {"manager": manager, "operation": operation},
                {"manager": "kubelet", "operation": "Update", "subresource": "status"},
            ]})
        };
        let token = "kube-api-access-x7k2p";
        let alone = [pod("api-debug", 9, token, &written("kubectl", "Update"))];
        assert_eq!(found(&alone), [copy("api-debug", None)]);
        for other in [written("kubectl-run", "Update"), written("kubectl", "Apply"), written("argocd", "Update")] {
            assert!(found(&[pod("api", 9, token, &other)]).is_empty());
        }
        let mut labelled = written("kubectl", "Update");
        labelled["labels"] = json!({"app": "api"});
        assert!(found(&[pod("api", 9, token, &labelled)]).is_empty());
        let both = [pod("api", 1, token, &Value::Null), pod("api-debug", 9, token, &written("kubectl", "Update"))];
        assert_eq!(found(&both), [copy("api-debug", Some("api"))]);
    }

    #[test]
    fn a_copy_that_took_its_originals_place_is_the_workload() {
        let place = json!({"annotations": {"bathyscope.dev/copied-from": "api"}});
        let pods =
            [pod("api", 1, "kube-api-access-x7k2p", &Value::Null), pod("api-2", 9, "kube-api-access-x7k2p", &place)];
        assert!(found(&pods).is_empty());
    }
}
