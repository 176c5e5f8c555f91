//! One object for a view, whole and live; how it is followed is the cluster's affair.

use super::Outlet;
use crate::app::view::ViewUpdate;
use crate::cluster::{Cluster, Liveness, ObjectKey, ObjectNews};

/// Tells the object as it is, each time that it changes.
pub(super) async fn follow(cluster: &Cluster, key: ObjectKey, outlet: &Outlet) {
    let mut news = cluster.follow_object(key);
    let mut live = false;
    while let Some(news) = news.recv().await {
        let update = match news {
            ObjectNews::Live if live => continue,
            ObjectNews::Live => ViewUpdate::Liveness(Liveness::Live),
            ObjectNews::Lost(lost) => ViewUpdate::Liveness(lost.into()),
            ObjectNews::Is(object) => ViewUpdate::Object(Some(object)),
            ObjectNews::Gone => ViewUpdate::Object(None),
            ObjectNews::Refused(problem) => ViewUpdate::Failed(problem),
        };
        live = match &update {
            ViewUpdate::Liveness(liveness) => *liveness == Liveness::Live,
            _ => live,
        };
        if !outlet.tell(update).await {
            return;
        }
    }
}
