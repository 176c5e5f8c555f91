//! Reading for views: one task each, their news in one bounded queue, so that a source that is not listened to waits; what
//! a view does with the news is decided elsewhere.

mod describe;
mod events;
mod logs;
mod object;

use std::collections::HashMap;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use crate::app::view::{ViewId, ViewSource, ViewUpdate};
use crate::cluster::{Cluster, Problem};

/// News that may wait to be taken in. Those of a log may hold megabytes each while the screen is slow, so they are few.
const QUEUE: usize = 4;

/// News of a view.
type News = (ViewId, ViewUpdate);

/// The views that are read for.
pub(super) struct Views {
    tasks: HashMap<ViewId, AbortHandle>,
    news: (mpsc::Sender<News>, mpsc::Receiver<News>),
}

impl Default for Views {
    fn default() -> Self {
        Self { tasks: HashMap::new(), news: mpsc::channel(QUEUE) }
    }
}

/// Where the news of one view go.
#[derive(Clone)]
struct Outlet {
    id: ViewId,
    news: mpsc::Sender<News>,
}

impl Outlet {
    /// Waits until the news is taken; false once nobody takes any.
    async fn tell(&self, update: ViewUpdate) -> bool {
        self.news.send((self.id, update)).await.is_ok()
    }
}

impl Views {
    /// Reads for a view from now on.
    pub(super) fn open(
        &mut self,
        id: ViewId,
        cluster: Result<Cluster, Problem>,
        source: ViewSource,
        tasks: &mut JoinSet<()>,
    ) {
        let outlet = Outlet { id, news: self.news.0.clone() };
        let task = tasks.spawn(async move {
            match cluster {
                Ok(cluster) => read(cluster, source, outlet).await,
                Err(problem) => {
                    outlet.tell(ViewUpdate::Failed(problem)).await;
                }
            }
        });
        self.tasks.insert(id, task);
    }

    /// Reads for it no more.
    pub(super) fn close(&mut self, id: ViewId) {
        if let Some(task) = self.tasks.remove(&id) {
            task.abort();
        }
    }

    /// The next news, whenever it comes.
    pub(super) async fn told(&mut self) -> Option<News> {
        self.news.1.recv().await
    }

    /// News that is there already.
    pub(super) fn ready(&mut self) -> Option<News> {
        self.news.1.try_recv().ok()
    }
}

async fn read(cluster: Cluster, source: ViewSource, outlet: Outlet) {
    match source {
        ViewSource::Yaml(key) => object::follow(&cluster, key, &outlet).await,
        ViewSource::Events(scope) => events::follow(&cluster, scope, &outlet).await,
        ViewSource::Describe(key) => describe::follow(&cluster, key, &outlet).await,
        ViewSource::Logs(following) => logs::follow(cluster, following, &outlet).await,
        // What it shows is the console's own.
        ViewSource::Ports => {}
    }
}
