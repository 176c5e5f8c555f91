//! Tasks that are begun and stopped by name and tell their news through one bounded queue, so that one that is not listened
//! to waits; what the news are is their owner's affair.

use std::collections::HashMap;
use std::hash::Hash;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// Both ends of a queue of news, each with the name of the task.
type Queue<Id, News> = (mpsc::Sender<(Id, News)>, mpsc::Receiver<(Id, News)>);

/// The tasks that run.
pub(super) struct Tellers<Id, News> {
    tasks: HashMap<Id, AbortHandle>,
    news: Queue<Id, News>,
}

impl<Id: Copy + Eq + Hash, News> Tellers<Id, News> {
    /// None yet; so many news may wait to be taken in.
    pub(super) fn new(queue: usize) -> Self {
        Self { tasks: HashMap::new(), news: mpsc::channel(queue) }
    }

    /// Where a task tells its news.
    pub(super) fn outlet(&self) -> mpsc::Sender<(Id, News)> {
        self.news.0.clone()
    }

    /// Begins a task.
    pub(super) fn start(&mut self, id: Id, task: impl Future<Output = ()> + Send + 'static, all: &mut JoinSet<()>) {
        self.tasks.retain(|_, task| !task.is_finished());
        self.tasks.insert(id, all.spawn(task));
    }

    /// Ends a task; one that has ended already needs no ending.
    pub(super) fn stop(&mut self, id: Id) {
        if let Some(task) = self.tasks.remove(&id) {
            task.abort();
        }
    }

    /// The next news, whenever it comes.
    pub(super) async fn told(&mut self) -> Option<(Id, News)> {
        self.news.1.recv().await
    }

    /// News that is there already.
    pub(super) fn ready(&mut self) -> Option<(Id, News)> {
        self.news.1.try_recv().ok()
    }
}
