//! Reading for views: one task each, their news in one bounded queue, so that a source that is not listened to waits; what
//! a view does with the news is decided elsewhere.

mod describe;
mod events;
mod logs;
mod object;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::tellers::Tellers;
use crate::app::view::{ViewId, ViewSource, ViewUpdate};
use crate::cluster::{Cluster, Problem};

/// News that may wait to be taken in. Those of a log may hold megabytes each while the screen is slow, so they are few.
const QUEUE: usize = 4;

/// The views that are read for.
pub(super) type Views = Tellers<ViewId, ViewUpdate>;

/// None yet.
pub(super) fn none() -> Views {
    Tellers::new(QUEUE)
}

/// Where the news of one view go.
#[derive(Clone)]
struct Outlet {
    id: ViewId,
    news: mpsc::Sender<(ViewId, ViewUpdate)>,
}

impl Outlet {
    /// Waits until the news is taken; false once nobody takes any.
    async fn tell(&self, update: ViewUpdate) -> bool {
        self.news.send((self.id, update)).await.is_ok()
    }
}

/// Reads for a view from now on.
pub(super) fn open(
    views: &mut Views,
    id: ViewId,
    cluster: Result<Cluster, Problem>,
    source: ViewSource,
    tasks: &mut JoinSet<()>,
) {
    let outlet = Outlet { id, news: views.outlet() };
    let reading = async move {
        match cluster {
            Ok(cluster) => read(cluster, source, outlet).await,
            Err(problem) => {
                outlet.tell(ViewUpdate::Failed(problem)).await;
            }
        }
    };
    views.start(id, reading, tasks);
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
