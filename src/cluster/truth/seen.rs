//! Who containers were seen to run as, kept for the run: some runtimes do not report it; it looks at nothing itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::plan::SeenUser;

/// How many containers are remembered; a run looks into a few.
const MOST: usize = 512;

/// The users seen, by the pod's uid and the container's name. Clones share them.
#[derive(Debug, Clone, Default)]
pub(in crate::cluster) struct SeenUsers {
    known: Arc<Mutex<HashMap<(String, String), SeenUser>>>,
}

impl SeenUsers {
    pub(super) fn remember(&self, pod: &str, container: &str, user: SeenUser) {
        if pod.is_empty() {
            return;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (pod.to_owned(), container.to_owned());
        if known.len() < MOST || known.contains_key(&key) {
            known.insert(key, user);
        }
    }

    pub(super) fn of(&self, pod: &str, container: &str) -> Option<SeenUser> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(pod.to_owned(), container.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_remembered_for_its_pod_and_container_and_no_other() {
        let (seen, user) = (SeenUsers::default(), SeenUser { uid: 7, gid: 8 });
        seen.clone().remember("u1", "app", user);
        assert_eq!(seen.of("u1", "app"), Some(user));
        assert_eq!((seen.of("u1", "side"), seen.of("u2", "app")), (None, None));
        seen.remember("", "app", user);
        assert_eq!(seen.of("", "app"), None);
    }
}
