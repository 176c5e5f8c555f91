//! What an explanation asks of a situation again and again, read once; it judges nothing.

use std::sync::Arc;

use serde_json::Value;

use super::{Asked, PodEvent, Situation};
use crate::cluster::{
    ContainerDetail, ContainerKey, ContainerKind, ContainerState, Fix, PodDetail, Way, detail::read_pod,
    is_node_debugger, marks,
};

/// A situation, read.
pub(super) struct Facts<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) pod: PodDetail,
    pub(super) spec: &'a Value,
    pub(super) status: &'a Value,
    pub(super) events: &'a [PodEvent],
    pub(super) node: Option<&'a Value>,
    node_pod: bool,
    copied_from: Option<String>,
}

impl<'a> Facts<'a> {
    /// `None` where the pod has no name.
    pub(super) fn of(situation: &Situation<'a>) -> Option<Self> {
        let value = situation.pod;
        let pod = read_pod(value)?;
        let copied_from =
            pod.annotations.iter().find(|(name, _)| name == marks::COPIED_FROM).map(|(_, from)| from.clone());
        let node_pod = is_node_debugger(&pod.key.name);
        Some(Self {
            asked: situation.asked,
            spec: &value["spec"],
            status: &value["status"],
            events: situation.events,
            node: situation.node,
            pod,
            node_pod,
            copied_from,
        })
    }

    /// The container whose start is waited for; `None` while the pod as such is asked about.
    pub(super) fn asked_container(&self) -> Option<&ContainerDetail> {
        match self.asked {
            Asked::Start(name) => self.find(name),
            Asked::Pod => None,
        }
    }

    /// What the asked container waits for: reason and message.
    pub(super) fn waiting(&self) -> Option<(&str, &str)> {
        waiting(self.asked_container()?)
    }

    pub(super) fn find(&self, name: &str) -> Option<&ContainerDetail> {
        self.pod.containers.iter().find(|container| &*container.name == name)
    }

    /// The container that an ephemeral debugger looks into.
    pub(super) fn target(&self) -> Option<&ContainerDetail> {
        self.find(self.asked_container()?.target.as_deref()?)
    }

    pub(super) fn is_ephemeral(&self) -> bool {
        self.asked_container().is_some_and(|container| container.kind == ContainerKind::Ephemeral)
    }

    pub(super) fn is_node_pod(&self) -> bool {
        self.node_pod && matches!(self.asked, Asked::Start(_)) && !self.is_ephemeral()
    }

    pub(super) fn is_copy(&self) -> bool {
        matches!(self.asked, Asked::Start(_)) && !self.is_ephemeral() && !self.is_node_pod()
    }

    pub(super) fn key(&self, container: &str) -> ContainerKey {
        ContainerKey { pod: self.pod.key.clone(), container: container.into() }
    }

    /// `demo/api/debugger-x does not start`.
    pub(super) fn does_not_start(&self) -> String {
        let name = if let Asked::Start(name) = self.asked { name } else { "" };
        format!("{}/{}/{name} does not start", self.pod.key.namespace, self.pod.key.name)
    }

    /// What the events say under one of these reasons of the container or the whole pod, the newest.
    pub(super) fn last_event(&self, reasons: &[&str], container: Option<&str>) -> Option<&'a PodEvent> {
        self.events.iter().rev().find(|event| {
            reasons.contains(&event.reason.as_str())
                && container.is_none_or(|name| event.container.as_deref() == Some(name))
        })
    }

    /// What was told of a container whose start is waited for, the newest first, back to where it last got on; nothing
    /// where no start is waited for: an old event explains no pod.
    pub(super) fn starting_events(&self, container: &str) -> impl Iterator<Item = &'a PodEvent> {
        let waited = matches!(self.asked, Asked::Start(_));
        let ours = move |event: &&PodEvent| waited && event.container.as_deref() == Some(container);
        let gets_on = |event: &&PodEvent| !matches!(event.reason.as_str(), "Pulled" | "Created" | "Started");
        self.events.iter().rev().filter(ours).take_while(gets_on)
    }

    /// A way to a copy, worded with what it is good for; none where the start is one already or the pod is a node's.
    pub(super) fn copy(&self, good_for: &str) -> Option<Fix> {
        let possible = !self.is_copy() && !self.is_node_pod();
        possible.then(|| Fix::new(format!("a copy of the pod instead{}", tail(good_for)), Way::Copy))
    }

    /// A way to an ephemeral debugger in the pod that was copied.
    pub(super) fn in_the_pod_itself(&self) -> Option<Fix> {
        if !self.is_copy() {
            return None;
        }
        let of = self.copied_from.as_deref().map(|of| format!(" {of}")).unwrap_or_default();
        let target = self.pod.containers.iter().find(|container| container.kind == ContainerKind::Regular)?;
        let way = Way::Target(Arc::clone(&target.name));
        Some(Fix::new(format!("an ephemeral debugger in the pod{of} itself, beside {}", target.name), way))
    }

    /// Containers of the pod that run, the debugger's target first.
    pub(super) fn running(&self) -> impl Iterator<Item = &ContainerDetail> {
        let target = self.target().map(|target| &target.name);
        let runs = |container: &&ContainerDetail| {
            matches!(container.state, ContainerState::Running { .. }) && container.kind != ContainerKind::Ephemeral
        };
        let mut all: Vec<_> = self.pod.containers.iter().filter(runs).collect();
        all.sort_by_key(|container| Some(&container.name) != target);
        all.into_iter()
    }

    /// A debugger that runs already, to attach to.
    pub(super) fn running_debugger(&self) -> Option<Fix> {
        let runs = |container: &&ContainerDetail| {
            container.kind == ContainerKind::Ephemeral && matches!(container.state, ContainerState::Running { .. })
        };
        let debugger = self.pod.containers.iter().find(runs)?;
        let title = format!("attach to {}, which runs in this pod already", debugger.name);
        Some(Fix::new(title, Way::Attach(self.key(&debugger.name))))
    }

    /// A shell by exec, where a container of the pod runs.
    pub(super) fn shell(&self) -> Option<Fix> {
        let container = self.running().next()?;
        let title = format!("a shell in {} itself, if its image has one", container.name);
        Some(Fix::new(title, Way::Shell(self.key(&container.name))))
    }

    /// The log of a container, of its previous life where the present one has not begun.
    pub(super) fn logs(&self, container: &ContainerDetail) -> Fix {
        let previous = matches!(container.state, ContainerState::Waiting { .. }) && container.last.is_some();
        let of = if previous { "what it printed before it ended" } else { "its log" };
        let way = Way::Logs { container: self.key(&container.name), previous };
        Fix::new(format!("{}: {of}", container.name), way)
    }
}

/// What a container waits for: reason and message.
pub(super) fn waiting(container: &ContainerDetail) -> Option<(&str, &str)> {
    match &container.state {
        ContainerState::Waiting { reason, message } => Some((reason, message)),
        _ => None,
    }
}

fn tail(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(", {text}") }
}
