//! What runs of a pod on this node, as streams and logs need it: lives of containers by name. It decides nothing.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use super::log::Log;
use super::streams::Console;
use crate::demo::sandbox::{Leash, ProcessSpec, Sandbox};

/// A pod that is on this node.
#[derive(Debug, Default)]
pub(super) struct Running {
    pub(super) uid: String,
    /// Its object changed.
    pub(super) wake: Notify,
    sandbox: Mutex<Option<Arc<Sandbox>>>,
    lives: Mutex<BTreeMap<String, Lives>>,
    serial: AtomicU64,
}

/// The newest life of a container and the one before.
#[derive(Debug, Default, Clone)]
struct Lives {
    current: Option<Arc<Life>>,
    previous: Option<Arc<Life>>,
}

/// One life of a container.
#[derive(Debug)]
pub(super) struct Life {
    /// The container's id, 64 hexadecimal digits.
    pub(super) id: String,
    /// When it began.
    pub(super) began: Timestamp,
    /// The machine's PID of its process.
    pub(super) pid: i32,
    /// As what it was started.
    pub(super) process: ProcessSpec,
    /// What it wrote.
    pub(super) log: Arc<Log>,
    /// Its streams and the hold on it, while it runs.
    alive: Mutex<Option<Alive>>,
}

#[derive(Debug)]
struct Alive {
    console: Arc<Console>,
    leash: Leash,
}

impl Life {
    pub(super) fn new(
        id: String,
        pid: i32,
        process: ProcessSpec,
        log: Arc<Log>,
        console: Arc<Console>,
        leash: Leash,
    ) -> Arc<Self> {
        Arc::new(Self {
            id,
            began: Timestamp::now(),
            pid,
            process,
            log,
            alive: Mutex::new(Some(Alive { console, leash })),
        })
    }

    /// Its streams, if it still runs.
    pub(super) fn console(&self) -> Option<Arc<Console>> {
        lock(&self.alive).as_ref().map(|alive| Arc::clone(&alive.console))
    }

    /// Asks it to end.
    pub(super) fn terminate(&self) {
        if let Some(alive) = lock(&self.alive).as_ref() {
            alive.leash.terminate();
        }
    }

    /// Ends it.
    pub(super) fn kill(&self) {
        if let Some(alive) = lock(&self.alive).as_ref() {
            alive.leash.kill();
        }
    }

    /// It has ended: lets go of its streams.
    pub(super) fn bury(&self) {
        lock(&self.alive).take();
    }
}

impl Running {
    pub(super) fn new(uid: &str) -> Arc<Self> {
        Arc::new(Self { uid: uid.to_owned(), ..Self::default() })
    }

    pub(super) fn sandbox(&self) -> Option<Arc<Sandbox>> {
        lock(&self.sandbox).clone()
    }

    /// Puts another sandbox in place, or none, and gives back the one that was there.
    pub(super) fn replace_sandbox(&self, sandbox: Option<Arc<Sandbox>>) -> Option<Arc<Sandbox>> {
        std::mem::replace(&mut lock(&self.sandbox), sandbox)
    }

    /// A new life of a container; the one before is kept for its log.
    pub(super) fn begin(&self, container: &str, life: Arc<Life>) {
        let mut all = lock(&self.lives);
        let lives = all.entry(container.to_owned()).or_default();
        lives.previous = lives.current.replace(life);
    }

    /// The newest life of a container.
    pub(super) fn current(&self, container: &str) -> Option<Arc<Life>> {
        lock(&self.lives).get(container)?.current.clone()
    }

    /// The life of this id, if it is one of the last two.
    pub(super) fn life(&self, container: &str, id: &str) -> Option<Arc<Life>> {
        let all = lock(&self.lives);
        let lives = all.get(container)?;
        [&lives.current, &lives.previous].into_iter().flatten().find(|life| life.id == id).cloned()
    }

    /// The containers that run, by name.
    pub(super) fn alive(&self) -> Vec<(String, Arc<Life>)> {
        let all = lock(&self.lives);
        let current = all.iter().filter_map(|(name, lives)| Some((name.clone(), lives.current.clone()?)));
        current.filter(|(_, life)| life.console().is_some()).collect()
    }

    /// A number that no other process of the pod has.
    pub(super) fn next(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
