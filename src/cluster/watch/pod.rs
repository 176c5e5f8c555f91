//! One pod, live, as the inspector shows it; how it is followed is the watch's affair.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{
    Report,
    object::{News, news},
};
use crate::cluster::{Cluster, PodKey, WatchUpdate, detail::pod_detail};

/// Reports a pod until the future is dropped.
pub(super) async fn run(cluster: &Cluster, key: PodKey, report: &Report) {
    report.object(pod_news(cluster.clone(), key), |pod| WatchUpdate::Pod(pod.and_then(pod_detail).map(Arc::new))).await;
}

/// Follows a pod; dropping the receiver ends it. A pod of the same name that comes later is followed on.
pub(in crate::cluster) fn pod_news(cluster: Cluster, key: PodKey) -> mpsc::Receiver<News> {
    news(cluster, key.into())
}
