//! Watches of the store: the changes after a version, in order; it holds no queue and words nothing.

use tokio::sync::watch::Receiver;

use super::{Change, Entry, Expired, Remembered, Store, known};

impl Store {
    /// The changes of a resource after this version, the remembered ones first; those of synthetic pods are left out.
    pub fn watch(&self, resource: &str, from: u64) -> Result<Watch, Expired> {
        self.watched(resource, from, false)
    }

    /// As [`Store::watch`], with those of synthetic pods: what the API's clients see.
    pub fn watch_all(&self, resource: &str, from: u64) -> Result<Watch, Expired> {
        self.watched(resource, from, true)
    }

    fn watched(&self, resource: &str, from: u64, synthetic: bool) -> Result<Watch, Expired> {
        let resource = known(resource).plural;
        let objects = self.lock();
        if from < objects.floor {
            return Err(Expired { oldest: objects.floor });
        }
        let newest = self.shared.newest.subscribe();
        Ok(Watch { store: self.clone(), newest, resource, synthetic, seen: from, expired: false })
    }
}

/// The changes of one resource, in order. It holds no queue: a reader that is too slow for the history is told so.
#[derive(Debug)]
pub struct Watch {
    store: Store,
    newest: Receiver<u64>,
    resource: &'static str,
    /// Whether changes of synthetic pods are wanted too.
    synthetic: bool,
    /// Everything up to this version was handed out or is of another resource.
    seen: u64,
    expired: bool,
}

impl Watch {
    /// The next change, once there is one. After [`Expired`] there is nothing more.
    pub async fn next(&mut self) -> Option<Result<Change, Expired>> {
        loop {
            if self.expired {
                return None;
            }
            self.newest.mark_unchanged();
            match self.remembered() {
                Ok(Some(change)) => return Some(Ok(change)),
                Ok(None) => self.newest.changed().await.ok()?,
                Err(expired) => {
                    self.expired = true;
                    return Some(Err(expired));
                }
            }
        }
    }

    /// Up to which version this watch has handed out everything there is.
    pub fn version(&self) -> u64 {
        self.seen
    }

    fn remembered(&mut self) -> Result<Option<Change>, Expired> {
        let objects = self.store.lock();
        if self.seen < objects.floor {
            return Err(Expired { oldest: objects.floor });
        }
        let from = objects.history.partition_point(|change| change.version <= self.seen);
        let wanted = |object: &Entry| self.synthetic || object.whole().is_some();
        let all = objects.history.range(from..);
        let next = all.filter(|change| change.resource == self.resource).find(|change| wanted(&change.object)).cloned();
        self.seen = next.as_ref().map_or(self.seen.max(objects.version), |change| change.version);
        drop(objects);
        Ok(next.map(Remembered::change))
    }
}
