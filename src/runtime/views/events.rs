//! Events for a view, live; how they are followed is the cluster's affair.

use super::Outlet;
use crate::app::view::ViewUpdate;
use crate::cluster::Cluster;
use crate::cluster::events::{EventScope, EventsNews};

/// Tells the events as they come.
pub(super) async fn follow(cluster: &Cluster, scope: EventScope, outlet: &Outlet) {
    let mut news = cluster.follow_events(scope);
    while let Some(news) = news.recv().await {
        let update = match news {
            EventsNews::Changed { told, gone } => ViewUpdate::Events { told, gone },
            EventsNews::Liveness(liveness) => ViewUpdate::Liveness(liveness),
            EventsNews::Refused(problem) => ViewUpdate::Failed(problem),
        };
        if !outlet.tell(update).await {
            return;
        }
    }
}
