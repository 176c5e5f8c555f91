//! Everything of the demo cluster but its API: the seeded store, scheduler, controllers and kubelet, started and ended
//! together.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use tokio::task::JoinHandle;

use super::kubelet::{Kubelet, KubeletOptions};
use super::recorder::Recorder;
use super::sandbox::{Mode, strongest_mode};
use super::store::Store;
use super::{controllers, scheduler, seed};

/// The running parts. Dropping them ends every process they have started.
#[derive(Debug)]
pub struct Components {
    store: Store,
    kubelet: Arc<Kubelet>,
    mode: Mode,
    notice: Option<String>,
    tasks: Vec<JoinHandle<()>>,
}

impl Components {
    /// Fills a store and begins to run what it says. `program` is this program's file (`std::env::current_exe`, or the
    /// binary under test); `mode` is how far to isolate, as far as the machine allows it if `None`; `metrics` is whether
    /// what containers use is measured.
    ///
    /// # Errors
    /// If the embedded seed is broken.
    pub async fn start(program: PathBuf, mode: Option<Mode>, metrics: bool) -> Result<Self> {
        let store = Store::new();
        let seeded = seed::fill(&store)?;
        let tried = program.clone();
        let (mode, notice) = match mode {
            Some(Mode::Off) => (Mode::Off, Some("isolation is switched off".to_owned())),
            Some(mode) => (mode, None),
            None => tokio::task::spawn_blocking(move || strongest_mode(&tried)).await?,
        };
        let recorder = Recorder::new(store.clone());
        let options = KubeletOptions { program, mode, nodes: seeded.nodes, metrics };
        let kubelet = Kubelet::start(store.clone(), recorder.clone(), options, &seeded.images);
        let tasks = vec![
            tokio::spawn(scheduler::run(store.clone(), recorder.clone())),
            tokio::spawn(controllers::run(store.clone(), recorder)),
        ];
        Ok(Self { store, kubelet: Arc::new(kubelet), mode, notice, tasks })
    }

    /// The cluster's objects.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Who runs the containers.
    pub fn kubelet(&self) -> &Arc<Kubelet> {
        &self.kubelet
    }

    /// How far containers are isolated.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Why containers run without isolation, if they do.
    pub fn isolation_notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Ends everything, and returns once every process is gone.
    pub async fn shutdown(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
        self.kubelet.shutdown().await;
    }
}

impl Drop for Components {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
