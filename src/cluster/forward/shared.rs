//! Which connections to the API the streams of a pod's ports go over; it opens none before somebody needs it and keeps none
//! that nobody uses.
//!
//! A connection of its own would be best for each: the streams that a node serves heed no windows, so a program here that
//! stops reading holds up all that share its connection. But each costs the API server and the kubelet a handshake and
//! a check of rights each, ten times what a stream costs, and two hundred at once make both busy for seconds. So those
//! few that a person has open at a time do not share; a crowd does, away from what stands still.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::future::{BoxFuture, Shared};
use tokio_util::task::AbortOnDropHandle;

use super::{PodKey, Unreachable};
use crate::spdy::Opener;

/// So many connections to a pod's ports at a time share nothing with each other.
const UNSHARED: usize = 16;
/// How many share one way at most.
const MOST_SHARED: usize = 64;

/// A way to the API on which streams to the ports of one pod are opened. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) opener: Opener,
    /// Moves the frames of all streams.
    _driver: AbortOnDropHandle<std::io::Result<()>>,
    /// Tells the pairs of streams apart.
    requests: AtomicU32,
}

impl Session {
    pub(super) fn new(opener: Opener, driver: AbortOnDropHandle<std::io::Result<()>>) -> Self {
        Self { opener, _driver: driver, requests: AtomicU32::new(0) }
    }

    /// A number that no pair of streams on it has had.
    pub(super) fn next_request(&self) -> u32 {
        self.requests.fetch_add(1, Ordering::Relaxed)
    }
}

/// A session on its way: whoever shares it waits for the same one.
pub(super) type Opening = Shared<BoxFuture<'static, Result<Arc<Session>, Unreachable>>>;

/// A place on a session, which ends with the last of them.
#[derive(Debug, Clone)]
pub(super) struct Place(Arc<Slot>);

#[derive(Debug)]
struct Slot {
    opening: Opening,
    /// Something went wrong on it: it may lead to a pod that is no more.
    spent: AtomicBool,
}

impl Place {
    /// The session, once it stands.
    pub(super) async fn session(&self) -> Result<Arc<Session>, Unreachable> {
        self.0.opening.clone().await
    }

    /// Nobody else is put on this session.
    pub(super) fn spend(&self) {
        self.0.spent.store(true, Ordering::Relaxed);
    }
}

impl Slot {
    fn is_spent(&self) -> bool {
        let is_over = match self.opening.peek() {
            Some(Ok(session)) => session.opener.is_over(),
            Some(Err(_)) => true,
            None => false,
        };
        is_over || self.spent.load(Ordering::Relaxed)
    }

    fn is_held_up(&self) -> bool {
        matches!(self.opening.peek(), Some(Ok(session)) if session.opener.is_held_up())
    }
}

/// The sessions in use, by the pod they lead to.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<PodKey, Vec<Weak<Slot>>>>);

impl Sessions {
    /// A place on the session with the fewest streams, or on a new one.
    pub(super) fn place(&self, pod: &PodKey, open: impl FnOnce() -> Opening) -> Place {
        let mut pods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pods.retain(|_, slots| {
            slots.retain(|slot| slot.upgrade().is_some_and(|slot| !slot.is_spent()));
            !slots.is_empty()
        });
        let slots = pods.entry(pod.clone()).or_default();
        if slots.len() >= UNSHARED {
            let going = slots.iter().filter_map(Weak::upgrade).filter(|slot| !slot.is_held_up());
            let emptiest = going.min_by_key(Arc::strong_count);
            // One of the owners is ourselves.
            if let Some(slot) = emptiest.filter(|slot| Arc::strong_count(slot) <= MOST_SHARED) {
                return Place(slot);
            }
        }
        let slot = Arc::new(Slot { opening: open(), spent: AtomicBool::new(false) });
        slots.push(Arc::downgrade(&slot));
        Place(slot)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    fn never() -> Opening {
        std::future::pending().boxed().shared()
    }

    fn pod(name: &str) -> PodKey {
        PodKey { namespace: "shop".into(), name: name.into() }
    }

    fn how_many(sessions: &Sessions) -> usize {
        sessions.0.lock().unwrap().values().map(Vec::len).sum()
    }

    #[test]
    fn a_few_share_nothing_and_a_crowd_shares_evenly() {
        let sessions = Sessions::default();
        let mut places: Vec<Place> = (0..UNSHARED).map(|_| sessions.place(&pod("api"), never)).collect();
        assert!(places.iter().all(|place| Arc::strong_count(&place.0) == 1));
        places.extend((0..UNSHARED * 3).map(|_| sessions.place(&pod("api"), never)));
        assert_eq!(how_many(&sessions), UNSHARED);
        assert!(places.iter().all(|place| Arc::strong_count(&place.0) == 4));
        // Another pod has its own.
        let other = sessions.place(&pod("db"), never);
        assert_eq!(Arc::strong_count(&other.0), 1);
        drop(places);
        drop(other);
        let _one = sessions.place(&pod("api"), never);
        assert_eq!(how_many(&sessions), 1, "what nobody uses is gone");
    }

    #[test]
    fn nobody_is_put_on_a_session_that_failed() {
        let sessions = Sessions::default();
        let places: Vec<Place> = (0..UNSHARED).map(|_| sessions.place(&pod("api"), never)).collect();
        places[0].spend();
        let next = sessions.place(&pod("api"), never);
        assert!(!Arc::ptr_eq(&next.0, &places[0].0) && Arc::strong_count(&next.0) == 1);
    }

    #[test]
    fn there_is_an_end_to_sharing() {
        let sessions = Sessions::default();
        let _places: Vec<Place> = (0..UNSHARED * MOST_SHARED).map(|_| sessions.place(&pod("api"), never)).collect();
        assert_eq!(how_many(&sessions), UNSHARED);
        let _more = sessions.place(&pod("api"), never);
        assert_eq!(how_many(&sessions), UNSHARED + 1);
    }
}
