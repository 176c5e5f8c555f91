//! What is known of a start while it is waited for, and what has been told of it; it asks the server only for the node.

use std::{collections::HashSet, time::Duration};

use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::{Judgement, Started, judge};
use crate::cluster::{
    Cluster, ContainerKey, LaunchStep, Problem,
    detail::container_state,
    explain::{Asked, Explanation, PodEvent, Situation, again, explain, gone, silent, without_ids},
    request::{JSON, Target},
    text::cleaned,
    watch::EventNews,
};

/// So long may nothing be heard of a start before that is told.
const SILENCE: Duration = Duration::from_secs(15);
/// How long the read of the node may take.
const NODE_TIME: Duration = Duration::from_secs(5);
/// How many events and steps are remembered; a flood must not grow memory.
const REMEMBERED: usize = 256;

/// Whether the pod has a container of this name, or a status of one.
fn names_container(pod: &Value, name: &str) -> bool {
    let lists = ["ephemeralContainers", "containers", "initContainers"];
    let mut specified = lists.into_iter().filter_map(|list| pod["spec"][list].as_array()).flatten();
    specified.any(|container| container["name"] == name) || container_state(pod, name).is_some()
}

/// What the keys of explanations begin with, among what has been told.
const STUCK: &str = "stuck ";

/// What is known of the pod's node.
enum Node {
    /// It was not asked for yet.
    Unasked,
    /// It may not be read, or could not be.
    Unknown,
    Is(Box<Value>),
}

/// A start that is waited for.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about what was heard and told")]
pub(super) struct Wait<'a, P> {
    cluster: &'a Cluster,
    container: &'a ContainerKey,
    progress: P,
    pod: Option<Box<Value>>,
    node: Node,
    events: Vec<PodEvent>,
    /// Whether the events of the pod are read at all.
    pub(super) events_are_read: bool,
    /// What has been told, without what differs at each try.
    told: HashSet<String>,
    /// The step told last.
    last: Option<LaunchStep>,
    /// When something was heard of it last.
    heard: Instant,
    /// The server is not heard at present, and that was told.
    lost: bool,
    silence_told: bool,
    /// Why it does not get on is known: that little is heard of it meanwhile says nothing new.
    explained: bool,
}

impl<'a, P: FnMut(LaunchStep) + Send> Wait<'a, P> {
    pub(super) fn new(cluster: &'a Cluster, container: &'a ContainerKey, progress: P) -> Self {
        Self {
            cluster,
            container,
            progress,
            pod: None,
            node: Node::Unasked,
            events: Vec::new(),
            events_are_read: false,
            told: HashSet::new(),
            last: None,
            heard: Instant::now(),
            lost: false,
            silence_told: false,
            explained: false,
        }
    }

    /// The pod is so now. Says how it came out, once it has.
    pub(super) async fn pod(&mut self, pod: Box<Value>) -> Result<Option<Started>, Problem> {
        let uid = |pod: &Value| pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        if let Some(before) = &self.pod
            && uid(before) != uid(&pod)
        {
            return Err(self.pod_replaced());
        }
        // The server has taken it, and what it has taken is never taken out of a pod: this is another pod.
        if self.pod.is_none() && !names_container(&pod, &self.container.container) {
            return Err(self.pod_replaced());
        }
        self.lost = false;
        let node = pod["spec"]["nodeName"].as_str().map(cleaned).unwrap_or_default();
        self.pod = Some(pod);
        if !node.is_empty() {
            self.say_once(&format!("node {node}"), LaunchStep::Scheduled { node });
        }
        self.judge().await
    }

    /// Something was told of the pod.
    pub(super) async fn event(&mut self, news: EventNews) -> Result<Option<Started>, Problem> {
        self.events_are_read = true;
        match news {
            EventNews::Past(events) => {
                let ours = self.is_our_pod();
                for event in events {
                    // An older event of the whole pod explains, but is no step of a start that came after it.
                    self.note(event, ours);
                }
            }
            EventNews::Told(event) => self.note(event, true),
        }
        self.judge().await
    }

    /// The server is not heard.
    pub(super) fn server_lost(&mut self, why: &str) {
        self.lost = true;
        self.say(LaunchStep::Note(format!("the server is not heard ({why}); still waiting")));
    }

    /// The pod went away.
    pub(super) fn pod_gone(&self) -> Problem {
        gone(self.container, self.pod.as_deref())
    }

    /// The pod went away, and another one has its name.
    fn pod_replaced(&self) -> Problem {
        let hint = "another pod has its name now; the debugger went with the one before".to_owned();
        Problem { hint, fixes: vec![again()], ..self.pod_gone() }
    }

    /// When it is time to say that nothing is heard; `None` while there is no cause to.
    pub(super) fn silent_at(&self) -> Option<Instant> {
        let pulling = self
            .events
            .iter()
            .rfind(|event| event.container.as_deref() == Some(&*self.container.container))
            .is_some_and(|event| event.reason == "Pulling");
        let known = self.silence_told || self.explained || self.lost || pulling;
        (!known && self.pod.is_some()).then(|| self.heard + SILENCE)
    }

    /// Nothing was heard for long: the node is looked at, and that it is silent is told.
    pub(super) async fn silence(&mut self) {
        self.silence_told = true;
        let Some(pod) = self.pod.take() else { return };
        // What is known of the node is old by now.
        self.node = Node::Unasked;
        self.read_node(&pod).await;
        let told = silent(&self.situation(&pod), SILENCE.as_secs(), self.events_are_read);
        self.pod = Some(pod);
        if let Some(Explanation { problem, .. }) = told {
            self.stuck(problem);
        }
    }

    /// Whether the whole pod was made for this start: a copy, or a node's debugger.
    fn is_our_pod(&self) -> bool {
        let ephemeral = self.pod.as_ref().and_then(|pod| pod["spec"]["ephemeralContainers"].as_array());
        ephemeral.is_none_or(|all| all.iter().all(|container| container["name"] != *self.container.container))
    }

    fn note(&mut self, event: PodEvent, pod_wide: bool) {
        if !event.concerns(&self.container.container) {
            self.remember(event);
            return;
        }
        let step = LaunchStep::Event {
            reason: event.reason.clone(),
            message: without_ids(&event.message).into_owned(),
            warning: event.warning,
        };
        let shown = event.container.is_some() || pod_wide;
        let key = format!("{} {}", event.reason, without_ids(&event.message));
        // That it has a node is a step of its own.
        if shown && event.reason != "Scheduled" {
            self.say_once(&key, step);
        }
        self.remember(event);
    }

    /// Keeps the event, the newest last; one that is told again is the newest again.
    fn remember(&mut self, event: PodEvent) {
        self.events.retain(|known| {
            (&known.reason, &known.message, &known.container) != (&event.reason, &event.message, &event.container)
        });
        if self.events.len() == REMEMBERED {
            self.events.remove(0);
        }
        self.events.push(event);
    }

    async fn judge(&mut self) -> Result<Option<Started>, Problem> {
        let Some(pod) = self.pod.take() else { return Ok(None) };
        let judged = self.judge_pod(&pod).await;
        self.pod = Some(pod);
        judged
    }

    async fn judge_pod(&mut self, pod: &Value) -> Result<Option<Started>, Problem> {
        match judge(pod, &self.container.container) {
            Judgement::Started(started) => {
                (self.progress)(match started {
                    Started::Running => LaunchStep::Running,
                    Started::Ended { code } => LaunchStep::Ended { code },
                });
                return Ok(Some(started));
            }
            Judgement::Waiting(reason, message) => {
                if reason == "ErrImagePull" {
                    self.remember(PodEvent {
                        uid: String::new(),
                        reason: "Failed".to_owned(),
                        message: format!("Failed to pull image: {message}"),
                        warning: true,
                        container: Some(self.container.container.to_string()),
                    });
                }
                let message = without_ids(&message).into_owned();
                let key = format!("waiting {reason} {message}");
                self.say_once(&key, LaunchStep::Waiting { reason, message });
            }
        }
        self.explained = explain(&self.situation(pod)).is_some();
        if !self.explained {
            return Ok(None);
        }
        self.read_node(pod).await;
        match explain(&self.situation(pod)) {
            Some(Explanation { problem, permanent: true }) => Err(problem),
            Some(Explanation { problem, permanent: false }) => {
                self.stuck(problem);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    fn situation<'b>(&'b self, pod: &'b Value) -> Situation<'b> {
        let asked = Asked::Start(&self.container.container);
        let node = if let Node::Is(node) = &self.node { Some(&**node) } else { None };
        Situation { pod, events: &self.events, node, asked }
    }

    /// The node, read once; what may not be read is unknown.
    async fn read_node(&mut self, pod: &Value) {
        let Some(name) = pod["spec"]["nodeName"].as_str().filter(|name| !name.is_empty()) else { return };
        if !matches!(self.node, Node::Unasked) {
            return;
        }
        self.node = Node::Unknown;
        let read = async {
            let request = Target::new("/api/v1", &["nodes", name])?.get(JSON)?;
            self.cluster.read_json::<Value>(request, NODE_TIME).await
        };
        match timeout(NODE_TIME, read).await {
            Ok(Ok(node)) => self.node = Node::Is(Box::new(node)),
            Ok(Err(fault)) => tracing::debug!(node = name, why = fault.why(), "the node is unknown"),
            Err(_) => tracing::debug!(node = name, "the node is unknown: no answer"),
        }
    }

    fn stuck(&mut self, problem: Problem) {
        let key = format!("{STUCK}{}", without_ids(&problem.headline()));
        self.say_once(&key, LaunchStep::Stuck(problem));
    }

    /// Says what is new; what is said once more is still something heard.
    fn say_once(&mut self, key: &str, step: LaunchStep) {
        self.heard = Instant::now();
        if self.told.len() < REMEMBERED && self.told.insert(key.to_owned()) {
            self.say(step);
        }
    }

    fn say(&mut self, step: LaunchStep) {
        if step.gets_on() {
            // What stands in the way of the next step may be what stood in the way before: it is news again.
            self.told.retain(|key| !key.starts_with(STUCK));
        }
        if self.last.as_ref() != Some(&step) {
            self.last = Some(step.clone());
            (self.progress)(step);
        }
    }
}
