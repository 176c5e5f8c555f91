//! Following the logs of one container, of a pod, or of all pods of an owner or selector as one stream of news: who comes,
//! what they write, restarts, and what is not followed; it keeps no line and draws none.

mod asked;
mod container;
mod lines;
mod owner;
mod seen;
mod selector;
mod standing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;

use super::detail::read_pod;
use super::explain::with_role;
use super::forward::ForwardTarget;
use super::watch::{PodNews, pod_news, selected_pods};
use super::{Cluster, ContainerKey, PodKey, Problem};
use container::Follower;
use standing::{Standing, standing};

/// So many logs are followed at once; others wait until one of these ends. Each has a connection of its own.
pub const STREAMS_MAX: usize = 48;

/// Whose logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogScope {
    /// One pod.
    Pod(PodKey),
    /// The pods of what owns this pod: of its Deployment rather than of its `ReplicaSet`.
    OwnerOf(PodKey),
    /// The pods of a workload, or those that a Service selects.
    Owner(ForwardTarget),
    /// The pods that a label selector (as a query writes it) finds in a namespace.
    Selector(Arc<str>, String),
}

/// How much of what was written before is wanted; everything where neither is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogRange {
    /// Only the last so many lines of each container.
    pub tail: Option<u32>,
    /// Only what was written in the time before now.
    pub since: Option<Duration>,
}

/// Which logs, and how much of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSubject {
    /// Whose.
    pub scope: LogScope,
    /// Only of the containers of this name; else of all, of every kind.
    pub container: Option<Arc<str>>,
    /// Of their previous lives, which are over.
    pub previous: bool,
    /// How much of the past.
    pub range: LogRange,
}

/// One line that a container wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Which container, by the number that [`LogNews::Source`] gave it.
    pub source: u32,
    /// When, by its node's clock; `None` for what the kubelet says itself.
    pub time: Option<Timestamp>,
    /// The line without its end; control characters are still in it.
    pub text: Box<str>,
    /// Whether its end has come: if not, the next line of this source with the same time stands for it.
    pub whole: bool,
}

/// How much a mark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// Somebody came or went in peace.
    Calm,
    /// Lines may be late or missing.
    Gap,
    /// Something failed.
    Failure,
}

/// Something that is no line of a log but belongs between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogMark {
    /// Which container it is about.
    pub source: Option<u32>,
    /// When it happened.
    pub time: Option<Timestamp>,
    /// How much it matters.
    pub kind: MarkKind,
    /// In a few words, cleaned.
    pub text: String,
}

/// What is heard of the logs that are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogNews {
    /// Whose logs they turned out to be: `deployment/api`.
    Owner(String),
    /// This container has this number from now on.
    Source(u32, ContainerKey),
    /// Lines of one container, in the order in which they stand in its log.
    Lines(Vec<LogLine>),
    /// The pod of these containers is gone: nothing more comes of them but what is on its way.
    Over(Vec<u32>),
    /// Something happened.
    Mark(LogMark),
    /// So many containers are there, and so many of them wait because [`STREAMS_MAX`] are followed already.
    Crowd {
        /// All.
        containers: usize,
        /// Not followed.
        waiting: usize,
    },
    /// The server is not heard, for this reason; a later [`LogNews::Heard`] ends that.
    Lost(String),
    /// The server is heard.
    Heard,
    /// The log of this container may not be read; it is tried again now and then.
    Refused(u32, Problem),
    /// Nothing can be read.
    Failed(Problem),
}

/// Follows logs until the future is dropped or nobody listens; it ends by itself once previous lives are read, or where
/// nothing can be read at all.
pub async fn follow_logs(cluster: Cluster, subject: LogSubject, news: mpsc::Sender<LogNews>) {
    let cluster = cluster.on_behalf_of("logs");
    let closed = news.clone();
    tokio::select! {
        outcome = Crowd::follow(cluster, subject, news.clone()) => {
            if let Err(Stopped::Because(problem)) = outcome {
                // Nobody listens any more.
                let _ = news.send(LogNews::Failed(with_role(problem))).await;
            }
        }
        () = closed.closed() => {}
    }
}

/// Why following stopped.
enum Stopped {
    /// Nobody listens.
    Unwanted,
    /// It cannot go on.
    Because(Problem),
}

impl From<Problem> for Stopped {
    fn from(problem: Problem) -> Self {
        Self::Because(problem)
    }
}

/// Where the containers are.
enum Among {
    Pod(PodKey),
    /// In a namespace, by a selector.
    Selected(Arc<str>, String),
}

/// A container whose log is followed.
struct Member {
    number: u32,
    standing: watch::Sender<Standing>,
}

/// Every container whose log is followed.
struct Crowd {
    cluster: Cluster,
    among: Among,
    subject: LogSubject,
    news: mpsc::Sender<LogNews>,
    members: HashMap<ContainerKey, Member>,
    /// Dropping it ends them.
    tasks: JoinSet<()>,
    streams: Arc<Semaphore>,
    numbers: u32,
    /// Whether the pods that were there from the beginning have come.
    complete: bool,
    waiting: Arc<watch::Sender<usize>>,
}

impl Crowd {
    async fn follow(cluster: Cluster, subject: LogSubject, news: mpsc::Sender<LogNews>) -> Result<(), Stopped> {
        let among = match &subject.scope {
            LogScope::Pod(pod) => Among::Pod(pod.clone()),
            LogScope::OwnerOf(pod) => {
                let owner = owner::of_pod(&cluster, pod).await?;
                Self::owned(&cluster, &owner, &news).await?
            }
            LogScope::Owner(owner) => Self::owned(&cluster, owner, &news).await?,
            LogScope::Selector(namespace, selector) => Among::Selected(Arc::clone(namespace), selector.clone()),
        };
        let pods = match &among {
            Among::Pod(pod) => one(&cluster, pod),
            Among::Selected(namespace, selector) => {
                selected_pods(cluster.clone(), Arc::clone(namespace), selector.clone())
            }
        };
        let crowd = Self {
            cluster,
            among,
            subject,
            news,
            members: HashMap::new(),
            tasks: JoinSet::new(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            numbers: 0,
            complete: false,
            waiting: Arc::new(watch::Sender::new(0)),
        };
        crowd.run(pods).await
    }

    async fn owned(cluster: &Cluster, owner: &ForwardTarget, news: &mpsc::Sender<LogNews>) -> Result<Among, Stopped> {
        news.send(LogNews::Owner(owner.words())).await.map_err(|_| Stopped::Unwanted)?;
        Ok(Among::Selected(owner.namespace.as_str().into(), owner::selector(cluster, owner).await?))
    }

    async fn run(mut self, mut pods: mpsc::Receiver<(Arc<str>, PodNews)>) -> Result<(), Stopped> {
        let mut waiting = self.waiting.subscribe();
        loop {
            tokio::select! {
                news = pods.recv() => {
                    let Some((name, news)) = news else { return Ok(()) };
                    self.heard(name, news).await?;
                    if self.is_read() {
                        return Ok(());
                    }
                }
                _ = waiting.changed() => {
                    let waiting = *waiting.borrow_and_update();
                    self.tell(LogNews::Crowd { containers: self.members.len(), waiting }).await?;
                }
                Some(_) = self.tasks.join_next() => {
                    if self.is_read() {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Whether every previous life was read to its end.
    fn is_read(&self) -> bool {
        self.subject.previous && self.complete && self.tasks.is_empty()
    }

    async fn tell(&self, news: LogNews) -> Result<(), Stopped> {
        self.news.send(news).await.map_err(|_| Stopped::Unwanted)
    }

    async fn heard(&mut self, name: Arc<str>, news: PodNews) -> Result<(), Stopped> {
        match news {
            PodNews::Is(pod) => self.is(&pod).await,
            PodNews::Gone => self.gone(&name).await,
            PodNews::Live => {
                self.complete |= matches!(self.among, Among::Selected(..));
                self.tell(LogNews::Heard).await
            }
            PodNews::Lost(lost) => self.tell(LogNews::Lost(lost.why)).await,
            PodNews::Refused(problem) => match (&self.among, &self.subject.container) {
                // Logs may be read by somebody who may not read the pod.
                (Among::Pod(pod), Some(container)) => {
                    let key = ContainerKey { pod: pod.clone(), container: Arc::clone(container) };
                    self.stands(key, Standing::Unknown).await
                }
                _ => Err(problem.into()),
            },
        }
    }

    async fn is(&mut self, pod: &serde_json::Value) -> Result<(), Stopped> {
        let Some(mut detail) = read_pod(pod) else { return Ok(()) };
        if detail.key.namespace.is_empty()
            && let Among::Selected(namespace, _) | Among::Pod(PodKey { namespace, .. }) = &self.among
        {
            detail.key.namespace = Arc::clone(namespace);
        }
        let wanted = self.subject.container.clone();
        let is_wanted = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
        if let (Among::Pod(pod), Some(wanted)) = (&self.among, &wanted)
            && !detail.containers.iter().any(|container| is_wanted(&container.name))
        {
            let what = format!("cannot read the log of {wanted}");
            let names: Vec<&str> = detail.containers.iter().map(|container| &*container.name).collect();
            let why = format!("pod {} has no container of this name, only {}", pod.name, names.join(", "));
            return Err(Problem::new(what, why, "").into());
        }
        for container in detail.containers.iter().filter(|container| is_wanted(&container.name)) {
            let key = ContainerKey { pod: detail.key.clone(), container: Arc::clone(&container.name) };
            self.stands(key, standing(pod, &detail, container)).await?;
        }
        self.complete |= matches!(self.among, Among::Pod(_));
        Ok(())
    }

    async fn stands(&mut self, key: ContainerKey, standing: Standing) -> Result<(), Stopped> {
        if let Some(member) = self.members.get(&key) {
            member.standing.send_if_modified(|known| {
                let news = *known != standing;
                *known = standing;
                news
            });
            return Ok(());
        }
        let number = self.numbers;
        self.numbers += 1;
        self.tell(LogNews::Source(number, key.clone())).await?;
        if self.complete && matches!(self.among, Among::Selected(..)) {
            let text = format!("{}/{} has come", key.pod.name, key.container);
            // Not of the source: what it wrote before it was heard of stands before this.
            self.mark(None, MarkKind::Calm, text).await?;
        }
        let (sender, standing) = watch::channel(standing);
        self.members.insert(key.clone(), Member { number, standing: sender });
        let follower = Follower {
            cluster: self.cluster.clone(),
            key,
            number,
            previous: self.subject.previous,
            range: self.subject.range,
            standing,
            news: self.news.clone(),
            streams: Arc::clone(&self.streams),
            waiting: Arc::clone(&self.waiting),
        };
        self.tasks.spawn(follower.run());
        let waiting = *self.waiting.borrow();
        self.tell(LogNews::Crowd { containers: self.members.len(), waiting }).await
    }

    async fn gone(&mut self, name: &str) -> Result<(), Stopped> {
        let pod = match &self.among {
            Among::Pod(pod) if self.numbers == 0 => {
                let why = format!("there is no pod {} in {}", pod.name, pod.namespace);
                return Err(Problem::new("cannot read the log", why, "it may have been deleted").into());
            }
            Among::Pod(pod) => Arc::clone(&pod.name),
            Among::Selected(..) => name.into(),
        };
        let gone: Vec<Member> =
            self.members.extract_if(|key, _| key.pod.name == pod).map(|(_, member)| member).collect();
        for member in &gone {
            member.standing.send_replace(Standing::Gone);
        }
        if !gone.is_empty() {
            self.tell(LogNews::Over(gone.iter().map(|member| member.number).collect())).await?;
            self.mark(None, MarkKind::Gap, format!("pod {pod} is gone")).await?;
            let waiting = *self.waiting.borrow();
            self.tell(LogNews::Crowd { containers: self.members.len(), waiting }).await?;
        }
        Ok(())
    }

    async fn mark(&self, source: Option<u32>, kind: MarkKind, text: String) -> Result<(), Stopped> {
        self.tell(LogNews::Mark(LogMark { source, time: Some(Timestamp::now()), kind, text })).await
    }
}

/// News of one pod under its name.
fn one(cluster: &Cluster, pod: &PodKey) -> mpsc::Receiver<(Arc<str>, PodNews)> {
    let mut news = pod_news(cluster.clone(), pod.clone());
    let (out, named) = mpsc::channel(16);
    let name = Arc::clone(&pod.name);
    tokio::spawn(async move {
        loop {
            let news = tokio::select! {
                news = news.recv() => news,
                () = out.closed() => return,
            };
            let Some(news) = news else { return };
            if out.send((Arc::clone(&name), news)).await.is_err() {
                return;
            }
        }
    });
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn following_can_be_a_task() {
        fn is_send<T: Send>(_: &T) {}
        let client = |cluster: Cluster, subject: LogSubject, news| is_send(&follow_logs(cluster, subject, news));
        let _ = client;
    }
}
