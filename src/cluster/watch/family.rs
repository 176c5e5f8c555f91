//! The pods of one owner, live: those of every controller that it has, the ones to come included; it words no row.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{sync::Notify, time::sleep};

use super::{Report, backoff::Backoff, collection, reach::Reach, rows::Pods};
use crate::cluster::{Cluster, OwnerChain, problem::Fault, request::Target};

/// Reports the pods of an owner until the future is dropped.
pub(super) async fn run(cluster: &Cluster, chain: Arc<OwnerChain>, report: &Report) {
    let family = FamilyOf::new(chain);
    let mut backoff = Backoff::default();
    if let Err(fault) = family.look(cluster).await {
        // What is known of it by the pod's own references is shown meanwhile, and asked about again by the first pod.
        tracing::debug!(why = fault.why(), "not all of an owner's controllers are known");
    }
    loop {
        let pods = collection::run::<Pods>(cluster, report, Reach::family(family.clone()));
        tokio::pin!(pods);
        loop {
            tokio::select! {
                () = &mut pods => {}
                () = family.0.unknown.notified() => match family.look(cluster).await {
                    // A new ReplicaSet, a new Job: its pods were passed over.
                    Ok(true) => break,
                    Ok(false) => backoff.reset(),
                    Err(fault) => {
                        tracing::debug!(why = fault.why(), "not all of an owner's controllers are known");
                        sleep(backoff.next()).await;
                        family.0.unknown.notify_one();
                    }
                }
            }
        }
    }
}

/// The pods of one owner: what the server is asked for, and which of the rows that come are of it.
#[derive(Debug, Clone)]
pub(super) struct FamilyOf(Arc<Family>);

impl PartialEq for FamilyOf {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for FamilyOf {}

#[derive(Debug)]
struct Family {
    chain: Arc<OwnerChain>,
    controllers: Mutex<Controllers>,
    /// A pod of a controller came that nothing is known of.
    unknown: Notify,
}

/// Controllers by their uids.
#[derive(Debug, Default)]
struct Controllers {
    ours: HashSet<String>,
    others: HashSet<String>,
    unknown: HashSet<String>,
}

impl FamilyOf {
    fn new(chain: Arc<OwnerChain>) -> Self {
        let ours = chain.owners.iter().map(|owner| owner.uid.clone()).collect();
        let controllers = Mutex::new(Controllers { ours, ..Controllers::default() });
        Self(Arc::new(Family { chain, controllers, unknown: Notify::new() }))
    }

    fn controllers(&self) -> MutexGuard<'_, Controllers> {
        self.0.controllers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds out which controllers are the owner's; whether there are new ones.
    async fn look(&self, cluster: &Cluster) -> Result<bool, Fault> {
        let asked: Vec<String> = self.controllers().unknown.iter().cloned().collect();
        let found = cluster.controllers(&self.0.chain).await?;
        let mut known = self.controllers();
        let grew = !found.is_subset(&known.ours);
        known.ours.extend(found);
        for uid in asked {
            known.unknown.remove(&uid);
            if !known.ours.contains(&uid) {
                known.others.insert(uid);
            }
        }
        Ok(grew)
    }

    /// Whether a pod that this controls is of the owner, as far as is known; who is not known is asked about.
    pub(super) fn admits(&self, controller: Option<&str>) -> bool {
        let Some(uid) = controller else { return false };
        let mut known = self.controllers();
        if known.ours.contains(uid) {
            return true;
        }
        // What controls pods itself has them by its own uid; the others have theirs by what is between.
        if self.0.chain.owners.len() > 1 && !known.others.contains(uid) && known.unknown.insert(uid.to_owned()) {
            self.0.unknown.notify_one();
        }
        false
    }

    /// The list that holds its pods.
    pub(super) fn target(&self, resource: &str) -> Result<Target, Fault> {
        let chain = &self.0.chain;
        let target = Target::new("/api/v1", &["namespaces", &chain.namespace, resource])?;
        Ok(match &chain.selector {
            Some(selector) => target.with("labelSelector", selector),
            None => target,
        })
    }

    pub(super) fn words(&self) -> String {
        let top = self.0.chain.top().map(crate::cluster::Owner::words).unwrap_or_default();
        format!("of {top} in {}", self.0.chain.namespace)
    }

    pub(super) fn namespace(&self) -> &str {
        &self.0.chain.namespace
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Owner;

    fn chain(kinds: &[&str]) -> Arc<OwnerChain> {
        let owner = |kind: &&str| Owner {
            api_version: "apps/v1".to_owned(),
            kind: (*kind).to_owned(),
            name: "x".into(),
            uid: format!("uid-{kind}"),
        };
        let owners = kinds.iter().map(owner).collect();
        Arc::new(OwnerChain { namespace: "shop".into(), owners, selector: None, unread: None })
    }

    #[test]
    fn a_controller_that_nobody_knows_is_asked_about_once() {
        let family = FamilyOf::new(chain(&["ReplicaSet", "Deployment"]));
        assert!(family.admits(Some("uid-ReplicaSet")) && family.admits(Some("uid-Deployment")));
        assert!(!family.admits(None), "an orphan is nobody's");
        assert!(!family.admits(Some("new")) && !family.admits(Some("new")));
        assert_eq!(family.controllers().unknown.len(), 1);
        family.controllers().others.insert("other".to_owned());
        assert!(!family.admits(Some("other")));
        assert_eq!(family.controllers().unknown.len(), 1);
    }

    #[test]
    fn what_controls_pods_itself_asks_about_no_other() {
        let family = FamilyOf::new(chain(&["StatefulSet"]));
        assert!(!family.admits(Some("other")) && family.controllers().unknown.is_empty());
    }
}
