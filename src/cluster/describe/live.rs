//! An object's description kept up to date: written again when the object or what is told of it changes; it lays nothing
//! out.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{Description, describe};
use crate::cluster::{
    Cluster, Liveness, ObjectKey, ObjectNews, PodKey, Problem,
    listened::{Unwanted, listened},
    watch::{EventNews, object_news, pod_events},
};

/// A description is not written more often than this: each reads everything around the object.
const SOONEST: Duration = Duration::from_secs(1);
/// Nor more often than this many times as long as the reading takes: of a large workload it is a large list of pods.
const REST: u32 = 5;
/// What surrounds an object changes without a word of the object itself.
const LATEST: Duration = Duration::from_secs(15);

/// What is heard of a described object.
#[derive(Debug)]
pub enum DescribeNews {
    /// As it is now.
    Is(Box<Description>),
    /// There is no such object (any more).
    Gone,
    /// How fresh it is.
    Liveness(Liveness),
    /// The server refuses to tell; it is asked again now and then.
    Refused(Problem),
}

impl Cluster {
    /// Describes an object and keeps on doing so; dropping the receiver ends it. Moments are told in this time zone.
    pub fn follow_description(&self, key: ObjectKey, zone: TimeZone) -> mpsc::Receiver<DescribeNews> {
        let cluster = self.clone();
        let objects = object_news(cluster.clone(), key.clone());
        listened(4, |out| {
            let describer = Describer {
                cluster,
                key,
                zone,
                out,
                objects,
                events: None,
                object: None,
                due: None,
                written: None,
                rest: SOONEST,
                told: None,
            };
            describer.run()
        })
    }
}

struct Describer {
    cluster: Cluster,
    key: ObjectKey,
    zone: TimeZone,
    out: mpsc::Sender<DescribeNews>,
    objects: mpsc::Receiver<ObjectNews>,
    events: Option<mpsc::Receiver<EventNews>>,
    object: Option<Box<Value>>,
    /// When to describe it next.
    due: Option<Instant>,
    /// When it was described last.
    written: Option<Instant>,
    /// How long to rest after that.
    rest: Duration,
    /// What was told last.
    told: Option<Description>,
}

impl Describer {
    async fn tell(&self, news: DescribeNews) -> Result<(), Unwanted> {
        self.out.send(news).await.map_err(|_| Unwanted)
    }

    async fn run(mut self) -> Result<(), Unwanted> {
        loop {
            tokio::select! {
                news = self.objects.recv() => match news {
                    Some(news) => self.heard(news).await?,
                    None => return Ok(()),
                },
                event = next(&mut self.events) => match event {
                    Some(_) => self.soon(),
                    // They may not be read, or not for now; the description says so.
                    None => self.events = None,
                },
                // Much of a cluster is held while it is read: not by everyone who only listens.
                () = until(self.due) => Box::pin(self.write()).await?,
            }
        }
    }

    async fn heard(&mut self, news: ObjectNews) -> Result<(), Unwanted> {
        match news {
            ObjectNews::Is(object) => {
                let uid = |object: &Value| object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
                let new = self.object.as_deref().is_none_or(|known| uid(known) != uid(&object));
                if new && let Some(namespace) = &self.key.namespace {
                    let key = PodKey { namespace: namespace.clone(), name: self.key.name.clone() };
                    self.events = Some(pod_events(self.cluster.clone(), key, uid(&object)));
                }
                self.object = Some(object);
                self.soon();
                Ok(())
            }
            ObjectNews::Gone => {
                self.object = None;
                self.events = None;
                self.due = None;
                self.told = None;
                self.tell(DescribeNews::Gone).await
            }
            ObjectNews::Live => self.tell(DescribeNews::Liveness(Liveness::Live)).await,
            ObjectNews::Lost(lost) => self.tell(DescribeNews::Liveness(lost.into())).await,
            ObjectNews::Refused(problem) => self.tell(DescribeNews::Refused(problem)).await,
        }
    }

    fn soon(&mut self) {
        let earliest = self.written.map_or_else(Instant::now, |written| written + self.rest);
        self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
    }

    async fn write(&mut self) -> Result<(), Unwanted> {
        let Some(mut object) = self.object.clone() else {
            self.due = None;
            return Ok(());
        };
        // Some servers leave the kind out of what is asked for by its kind.
        object["kind"] = self.key.kind.kind.into();
        object["apiVersion"] = self.key.kind.api_version.into();
        let began = Instant::now();
        let around = self.cluster.surroundings(&self.key, &object).await;
        let description = describe(&object, &around, &self.zone);
        let now = Instant::now();
        self.written = Some(now);
        self.rest = SOONEST.max((now - began) * REST);
        self.due = Some(now + LATEST.max(self.rest));
        if self.told.as_ref() != Some(&description) {
            self.told = Some(description.clone());
            self.tell(DescribeNews::Is(Box::new(description))).await?;
        }
        Ok(())
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn next(events: &mut Option<mpsc::Receiver<EventNews>>) -> Option<EventNews> {
    match events {
        Some(events) => events.recv().await,
        None => std::future::pending().await,
    }
}
