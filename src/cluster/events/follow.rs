//! Following the events of an object with its controllers, of a namespace, or of all: one stream of news, gathered. It
//! keeps the names of what it has told and nothing else.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::stream::{BoxStream, SelectAll, StreamExt as _};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::{Event, EventScope, EventsNews};
use crate::cluster::listened::listened;
use crate::cluster::request::{ANSWER_TIME, JSON};
use crate::cluster::watch::{EventPlace, Lost, Told, told};
use crate::cluster::{Cluster, Liveness, ObjectKey, ObjectKind};

/// So many names are kept of each place: what is told beyond that is told, but not known to be gone after a cut.
const MOST_KNOWN: usize = 20_000;
/// How many controllers above a pod are asked for: a Deployment's pod has two, one of a cron job has two.
const MOST_OWNERS: usize = 4;
/// What comes within this time is told together.
const GATHER: Duration = Duration::from_millis(50);
/// So many are told at once at most.
const MOST_AT_ONCE: usize = 500;

impl Cluster {
    /// Follows events; dropping the receiver ends it.
    pub fn follow_events(&self, scope: EventScope) -> mpsc::Receiver<EventsNews> {
        let cluster = self.clone();
        listened(4, |out| async move {
            let places = places(&cluster, scope).await;
            Following::new(places.len(), out).run(streams(&cluster, places)).await;
        })
    }
}

/// Where the events are to be found.
async fn places(cluster: &Cluster, scope: EventScope) -> Vec<EventPlace> {
    let key = match scope {
        EventScope::In(namespace) => {
            return vec![EventPlace { namespace: Some(namespace.to_string()), selector: String::new() }];
        }
        EventScope::Everywhere => return vec![EventPlace { namespace: None, selector: String::new() }],
        EventScope::Of(key) => key,
    };
    let mut objects = vec![key];
    if objects[0].kind == ObjectKind::POD {
        while objects.len() <= MOST_OWNERS {
            let Some(owner) = controller(cluster, &objects[objects.len() - 1]).await else { break };
            objects.push(owner);
        }
    }
    let place = |key: &ObjectKey| EventPlace {
        // what a kubelet tells of its node stands in a namespace that it chooses
        namespace: key.namespace.as_deref().map(str::to_owned),
        selector: format!("involvedObject.kind={},involvedObject.name={}", key.kind.kind, key.name),
    };
    objects.iter().map(place).collect()
}

/// Who controls an object; nobody where that cannot be read.
async fn controller(cluster: &Cluster, of: &ObjectKey) -> Option<ObjectKey> {
    let object: Value = cluster.read_json(of.target().ok()?.get(JSON).ok()?, ANSWER_TIME).await.ok()?;
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    let kind = ObjectKind::named(owner["apiVersion"].as_str()?, owner["kind"].as_str()?)?;
    let namespace = of.namespace.clone().filter(|_| kind.namespaced);
    Some(ObjectKey { kind, namespace, name: owner["name"].as_str()?.into() })
}

/// What is told at each place, and at which.
type Streams = SelectAll<BoxStream<'static, (usize, Told)>>;

fn streams(cluster: &Cluster, places: Vec<EventPlace>) -> Streams {
    let stream = |(index, place)| {
        let news = told(cluster.clone(), place);
        let stream = futures::stream::unfold(news, |mut news| async move { Some((news.recv().await?, news)) });
        stream.map(move |told| (index, told)).boxed()
    };
    places.into_iter().enumerate().map(stream).collect()
}

struct Following {
    /// The uids that each place has told of.
    known: Vec<HashSet<String>>,
    lost: HashMap<usize, Lost>,
    told: Vec<Event>,
    gone: Vec<String>,
    /// When what was gathered is to be told.
    due: Option<Instant>,
    out: mpsc::Sender<EventsNews>,
}

impl Following {
    fn new(places: usize, out: mpsc::Sender<EventsNews>) -> Self {
        let known = vec![HashSet::new(); places];
        Self { known, lost: HashMap::new(), told: Vec::new(), gone: Vec::new(), due: None, out }
    }

    async fn run(mut self, mut streams: Streams) {
        loop {
            let due = self.due;
            tokio::select! {
                biased;
                () = async { sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => self.flush().await,
                next = streams.next() => match next {
                    Some((index, told)) => self.take(index, told).await,
                    None => return,
                },
            }
        }
    }

    async fn take(&mut self, index: usize, told: Told) {
        match told {
            Told::All(events) => {
                let events: Vec<Event> = events.iter().filter_map(Event::read).collect();
                let now: HashSet<String> = events.iter().map(|event| event.uid.clone()).collect();
                let before = std::mem::replace(&mut self.known[index], now);
                self.gone.extend(before.difference(&self.known[index]).cloned());
                self.told.extend(events);
                // also where there is none: that is news
                self.flush().await;
            }
            Told::Event(event) => {
                if let Some(event) = Event::read(&event) {
                    if self.known[index].len() < MOST_KNOWN {
                        self.known[index].insert(event.uid.clone());
                    }
                    self.told.push(event);
                    self.gather().await;
                }
            }
            Told::Gone(event) => {
                if let Some(uid) = event["metadata"]["uid"].as_str() {
                    self.known[index].remove(uid);
                    self.gone.push(uid.to_owned());
                    self.gather().await;
                }
            }
            Told::Live => {
                self.lost.remove(&index);
                self.tell_liveness().await;
            }
            Told::Lost(lost) => {
                self.flush().await;
                self.lost.insert(index, lost);
                self.tell_liveness().await;
            }
            // those of a controller may be hidden where the object's own are not
            Told::Refused(problem) if index == 0 => self.tell(EventsNews::Refused(problem)).await,
            Told::Refused(problem) => tracing::debug!(why = problem.why, "the events of an owner may not be read"),
        }
    }

    async fn gather(&mut self) {
        if self.told.len() + self.gone.len() >= MOST_AT_ONCE {
            self.flush().await;
        } else {
            self.due.get_or_insert_with(|| Instant::now() + GATHER);
        }
    }

    async fn flush(&mut self) {
        self.due = None;
        let (told, gone) = (std::mem::take(&mut self.told), std::mem::take(&mut self.gone));
        self.tell(EventsNews::Changed { told, gone }).await;
    }

    /// They are as old as the oldest of them.
    async fn tell_liveness(&self) {
        let worst = self.lost.values().min_by_key(|lost| lost.since);
        self.tell(EventsNews::Liveness(worst.map_or(Liveness::Live, |lost| lost.clone().into()))).await;
    }

    async fn tell(&self, news: EventsNews) {
        // Nobody listens any more: the task is about to be dropped.
        let _ = self.out.send(news).await;
    }
}
