//! What is told of one pod in the API's events, live: one list, then a watch; where they may not be read it ends quietly.

use serde_json::Value;
use tokio::{sync::mpsc, time::sleep};

use super::{
    backoff::Backoff,
    changes::{Change, Changes},
};
use crate::cluster::{
    Cluster, PodKey,
    explain::PodEvent,
    listened::listened,
    problem::Fault,
    request::{ANSWER_TIME, JSON, Target},
};

/// How many events of a pod are read at first.
const PAGE: &str = "500";

/// What is heard.
#[derive(Debug)]
pub(in crate::cluster) enum EventNews {
    /// What had been told before, oldest first; comes once, before anything else.
    Past(Vec<PodEvent>),
    /// This was told now, or once more.
    Told(PodEvent),
}

/// Follows the events of a pod; dropping the receiver ends it. It ends by itself where they may not be read.
pub(in crate::cluster) fn pod_events(cluster: Cluster, key: PodKey, uid: String) -> mpsc::Receiver<EventNews> {
    listened(16, |out| EventWatcher { cluster, key, uid, out, backoff: Backoff::default(), listed: false }.run())
}

struct EventWatcher {
    cluster: Cluster,
    key: PodKey,
    uid: String,
    out: mpsc::Sender<EventNews>,
    backoff: Backoff,
    listed: bool,
}

impl EventWatcher {
    async fn run(mut self) {
        loop {
            match self.list_and_watch().await {
                Ok(()) => {}
                Err(fault) if matches!(fault.code(), 401 | 403 | 404) => {
                    tracing::debug!(pod = %self.key.name, why = fault.why(), "its events may not be read");
                    return;
                }
                Err(fault) => {
                    tracing::debug!(pod = %self.key.name, why = fault.why(), "its events are not heard");
                    sleep(self.backoff.next()).await;
                }
            }
        }
    }

    fn target(&self) -> Result<Target, Fault> {
        let selector = format!("involvedObject.name={},involvedObject.uid={}", self.key.name, self.uid);
        Ok(Target::new("/api/v1", &["namespaces", &self.key.namespace, "events"])?.with("fieldSelector", &selector))
    }

    /// What is so far, then what comes, until the connection ends.
    async fn list_and_watch(&mut self) -> Result<(), Fault> {
        let request = self.target()?.with("limit", PAGE).get(JSON)?;
        let list: Value = self.cluster.read_json(request, ANSWER_TIME).await?;
        let version = list["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
        let mut events: Vec<&Value> =
            list["items"].as_array().into_iter().flatten().filter(|event| self.is_ours(event)).collect();
        events.sort_by_key(|event| last_time(event));
        let events: Vec<PodEvent> = events.into_iter().filter_map(PodEvent::read).collect();
        if self.listed {
            for event in events {
                self.tell(EventNews::Told(event)).await;
            }
        } else {
            self.listed = true;
            self.tell(EventNews::Past(events)).await;
        }
        let mut changes = Changes::open(&self.cluster, self.target()?.with("resourceVersion", &version)).await?;
        while let Some((change, _)) = changes.next().await? {
            if let Change::Is(event) = change
                && let Some(event) = Some(&event).filter(|event| self.is_ours(event)).and_then(PodEvent::read)
            {
                self.tell(EventNews::Told(event)).await;
            }
        }
        if changes.has_lasted() {
            self.backoff.reset();
        } else {
            sleep(self.backoff.next()).await;
        }
        Ok(())
    }

    /// A server may know nothing of the field selector.
    fn is_ours(&self, event: &Value) -> bool {
        let object = &event["involvedObject"];
        object["name"] == *self.key.name && (self.uid.is_empty() || object["uid"] == self.uid.as_str())
    }

    async fn tell(&self, news: EventNews) {
        // Nobody listens any more: the task is about to be dropped.
        let _ = self.out.send(news).await;
    }
}

/// When it was told last, in any form of the API; texts of one form sort as their times do.
fn last_time(event: &Value) -> String {
    [
        &event["series"]["lastObservedTime"],
        &event["lastTimestamp"],
        &event["eventTime"],
        &event["metadata"]["creationTimestamp"],
    ]
    .into_iter()
    .find_map(Value::as_str)
    .unwrap_or_default()
    .to_owned()
}
