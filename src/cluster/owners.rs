//! What a pod belongs to, from what controls it up to what controls that, and which controllers' pods those are; it
//! lists no pods.

use std::{collections::HashSet, sync::Arc};

use serde_json::Value;

use super::{
    Cluster, ObjectKey, ObjectKind, PodKey, Problem,
    detail::{items, text},
    problem::Fault,
    request::{ANSWER_TIME, JSON, LIST_LIMIT, Target, decode},
};

/// More objects than a person wants to hear of at once; a server that never comes to an end stops here.
const MOST: usize = 50_000;
/// More owners above each other than anybody has.
const HIGHEST: usize = 8;

/// Something that controls another object, as the other's reference names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Owner {
    /// `apps/v1`.
    pub api_version: String,
    /// `ReplicaSet`.
    pub kind: String,
    /// Its name.
    pub name: Arc<str>,
    /// Its uid.
    pub uid: String,
}

impl Owner {
    /// `ReplicaSet/shop-5d8c`.
    pub fn words(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// It as an object that can be read; `None` of a kind that is not known here.
    pub fn key(&self, namespace: &Arc<str>) -> Option<ObjectKey> {
        let kind = ObjectKind::named(&self.api_version, &self.kind)?;
        let namespace = kind.namespaced.then(|| Arc::clone(namespace));
        Some(ObjectKey { kind, namespace, name: Arc::clone(&self.name) })
    }
}

/// What a pod belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerChain {
    /// The namespace of all of it.
    pub namespace: Arc<str>,
    /// What controls the pod, then what controls that, and so on; empty for a pod that stands alone.
    pub owners: Vec<Owner>,
    /// The pods of the last one as a selector of the API; `None` where it has none.
    pub selector: Option<String>,
    /// Why it is not known whether the last one has an owner itself.
    pub unread: Option<Problem>,
}

impl OwnerChain {
    /// The owner that has no owner itself, as far as is known.
    pub fn top(&self) -> Option<&Owner> {
        self.owners.last()
    }
}

/// What controls an object as the API gives it.
pub(super) fn controller(object: &Value) -> Option<Owner> {
    let owner = items(&object["metadata"]["ownerReferences"]).find(|owner| owner["controller"] == true)?;
    let name = text(&owner["name"]);
    let uid = owner["uid"].as_str().unwrap_or_default().to_owned();
    (!name.is_empty()).then(|| Owner {
        api_version: text(&owner["apiVersion"]),
        kind: text(&owner["kind"]),
        name: name.into(),
        uid,
    })
}

impl Cluster {
    /// What a pod belongs to.
    ///
    /// # Errors
    /// A pod that is not there or may not be read. An owner that may not be read ends the chain and is no error.
    pub async fn owners(&self, pod: &PodKey) -> Result<OwnerChain, Problem> {
        let read = async {
            let request = Target::pod(pod, None)?.get(JSON)?;
            self.read_json::<Value>(request, ANSWER_TIME).await
        };
        let object = read.await.map_err(|fault| fault.problem(format!("cannot tell what {} belongs to", pod.name)))?;
        Ok(self.owners_of(&pod.namespace, &object).await)
    }

    /// The same of an object that was read, of this namespace.
    pub(super) async fn owners_of(&self, namespace: &Arc<str>, object: &Value) -> OwnerChain {
        let mut chain =
            OwnerChain { namespace: Arc::clone(namespace), owners: Vec::new(), selector: None, unread: None };
        let mut next = controller(object);
        while let Some(owner) = next.take() {
            let key = owner.key(namespace);
            let uid = owner.uid.clone();
            chain.owners.push(owner);
            let Some(key) = key.filter(|_| chain.owners.len() < HIGHEST) else { break };
            match self.read_object(&key).await {
                // Another one has its name by now: what this one belonged to nobody knows.
                Ok(object) if object["metadata"]["uid"] != uid.as_str() => break,
                Ok(object) => {
                    chain.selector = selector(key.kind, &object);
                    next = controller(&object);
                }
                Err(fault) if fault.code() == 404 => break,
                Err(fault) => {
                    chain.unread = Some(fault.problem(format!("cannot read the {}", key.words())));
                    break;
                }
            }
        }
        if chain.owners.len() > 1
            && let Err(fault) = self.controllers(&chain).await
        {
            // What lies between cannot be listed: the pods of all of it would not be found.
            chain.unread = Some(fault.problem(format!("cannot find all that {} has", chain.owners[1].words())));
            chain.owners.truncate(1);
            chain.selector = None;
        }
        chain
    }

    pub(super) async fn read_object(&self, key: &ObjectKey) -> Result<Value, Fault> {
        self.read_json(key.target()?.get(JSON)?, ANSWER_TIME).await
    }

    /// The uids of all controllers whose pods are the top owner's: its own, and those of what it controls, down to what
    /// controls the pods.
    pub(super) async fn controllers(&self, chain: &OwnerChain) -> Result<HashSet<String>, Fault> {
        let mut all: HashSet<String> = chain.owners.iter().map(|owner| owner.uid.clone()).collect();
        let mut above: HashSet<String> = chain.top().map(|top| top.uid.clone()).into_iter().collect();
        for below in chain.owners.iter().rev().skip(1) {
            let Some(key) = below.key(&chain.namespace) else { break };
            // The selector of a Deployment is its ReplicaSets' as well; jobs bear no label of their CronJob.
            let selector = chain.selector.as_deref().filter(|_| key.kind == ObjectKind::REPLICA_SET);
            let objects = self.list_objects(&Listing::of(key.kind, key.namespace), selector).await?;
            let owned = objects.iter().filter(|object| controller(object).is_some_and(|by| above.contains(&by.uid)));
            let uids = owned.filter_map(|object| object["metadata"]["uid"].as_str());
            above = uids.map(ToOwned::to_owned).collect();
            all.extend(above.iter().cloned());
        }
        Ok(all)
    }

    /// A whole list, page by page.
    pub(super) async fn list_objects(&self, list: &Listing, selector: Option<&str>) -> Result<Vec<Value>, Fault> {
        let mut all = Vec::new();
        let mut token = String::new();
        loop {
            let mut target = list.target()?.with("limit", "500");
            if let Some(selector) = selector {
                target = target.with("labelSelector", selector);
            }
            if !token.is_empty() {
                target = target.with("continue", &token);
            }
            let body = self.read(target.get(JSON)?, ANSWER_TIME, LIST_LIMIT).await?;
            let mut page: Value = decode(&body)?;
            // An empty page that names a next one is no way on.
            match page["items"].as_array_mut() {
                Some(items) if !items.is_empty() => all.append(items),
                _ => return Ok(all),
            }
            match page["metadata"]["continue"].as_str() {
                Some(_) if all.len() > MOST => {
                    return Err(Fault::Unreadable(format!("there are more than {MOST} of them")));
                }
                Some(next) if !next.is_empty() && next != token => next.clone_into(&mut token),
                _ => return Ok(all),
            }
        }
    }
}

/// A list of the API.
pub(super) struct Listing {
    kind: ObjectKind,
    namespace: Option<Arc<str>>,
    fields: Option<String>,
}

impl Listing {
    /// All objects of a kind in a namespace; of the whole cluster without one.
    pub(super) fn of(kind: ObjectKind, namespace: Option<Arc<str>>) -> Self {
        Self { kind, namespace, fields: None }
    }

    /// Only those whose fields are so.
    pub(super) fn fields(self, fields: String) -> Self {
        Self { fields: Some(fields), ..self }
    }

    fn target(&self) -> Result<Target, Fault> {
        let target = match &self.namespace {
            Some(namespace) => Target::new(&self.kind.prefix(), &["namespaces", namespace, self.kind.plural])?,
            None => Target::new(&self.kind.prefix(), &[self.kind.plural])?,
        };
        Ok(match &self.fields {
            Some(fields) => target.with("fieldSelector", fields),
            None => target,
        })
    }
}

/// The selector by which a workload finds its pods, in the words of a query.
fn selector(kind: ObjectKind, object: &Value) -> Option<String> {
    let selector = &object["spec"]["selector"];
    let worded = match kind {
        ObjectKind::REPLICATION_CONTROLLER => {
            let labels = selector.as_object().into_iter().flatten();
            labels
                .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
                .collect::<Vec<_>>()
                .join(",")
        }
        // What its jobs' pods have and other pods have not.
        ObjectKind::CRON_JOB => "job-name".to_owned(),
        ObjectKind::DEPLOYMENT
        | ObjectKind::REPLICA_SET
        | ObjectKind::STATEFUL_SET
        | ObjectKind::DAEMON_SET
        | ObjectKind::JOB => super::describe::selector_in_words(selector)?,
        _ => return None,
    };
    (!worded.is_empty()).then_some(worded)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_controls_an_object_is_an_owner_and_what_merely_owns_it_is_none() {
        let reference = |kind: &str, controller: bool| json!({"apiVersion": "apps/v1", "kind": kind, "name": "x", "uid": "1", "controller": controller});
        let object = json!({"metadata": {"ownerReferences": [reference("A", false), reference("B", true)]}});
        assert_eq!(controller(&object).map(|owner| owner.words()), Some("B/x".to_owned()));
        assert_eq!(controller(&json!({"metadata": {}})), None);
    }

    #[test]
    fn the_pods_of_a_workload_are_found_by_its_selector() {
        let of = |kind, object: Value| selector(kind, &object);
        let labels = json!({"spec": {"selector": {"matchLabels": {"app": "x"}}}});
        assert_eq!(of(ObjectKind::DEPLOYMENT, labels).as_deref(), Some("app=x"));
        let plain = json!({"spec": {"selector": {"app": "x", "tier": "web"}}});
        assert_eq!(of(ObjectKind::REPLICATION_CONTROLLER, plain).as_deref(), Some("app=x,tier=web"));
        assert_eq!(of(ObjectKind::CRON_JOB, json!({})).as_deref(), Some("job-name"));
        assert_eq!(of(ObjectKind::JOB, json!({})), None, "that would be every pod");
    }
}
