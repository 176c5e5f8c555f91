//! One object described for a view, live; what is told of it is the cluster's affair.

use jiff::tz::TimeZone;

use super::Outlet;
use crate::app::view::ViewUpdate;
use crate::cluster::describe::DescribeNews;
use crate::cluster::{Cluster, ObjectKey};

/// Describes the object, each time that it or what surrounds it changes.
pub(super) async fn follow(cluster: &Cluster, key: ObjectKey, outlet: &Outlet) {
    let mut news = cluster.follow_description(key, TimeZone::system());
    while let Some(news) = news.recv().await {
        let update = match news {
            DescribeNews::Is(description) => ViewUpdate::Described(Some(description)),
            DescribeNews::Gone => ViewUpdate::Described(None),
            DescribeNews::Liveness(liveness) => ViewUpdate::Liveness(liveness),
            DescribeNews::Refused(problem) => ViewUpdate::Failed(problem),
        };
        if !outlet.tell(update).await {
            return;
        }
    }
}
