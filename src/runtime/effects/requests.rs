//! Requests of the console that one answer ends: each in a task of its own, its answer a fact; none is asked twice.

use std::sync::Arc;

use super::{Effects, Fact};
use crate::app::Message;
use crate::app::forwards::{ForwardId, ForwardRequest};
use crate::app::overlay::{FormId, PortSubject};
use crate::cluster::metrics::MetricsScope;
use crate::cluster::{ContainerKey, Finish, Forwarder, LeftoverScope, PodKey, Which};
use crate::runtime::forwards;
use crate::session::SessionId;

impl Effects {
    pub(super) fn find_exit_code(&mut self, id: SessionId, container: ContainerKey) {
        let Some(cluster) = self.homes.get(&id).cloned() else { return };
        let facts = self.facts.0.clone();
        self.tasks.spawn(async move {
            if let Some(code) = cluster.exit_code(&container).await {
                let _ = facts.send(Fact::Message(Message::ExitCode(id, code)));
            }
        });
    }

    pub(super) fn find_leftovers(&mut self, context: String, scope: LeftoverScope) {
        let cluster = self.cluster(&context);
        let facts = self.facts.0.clone();
        self.tasks.spawn(async move {
            let found = match cluster {
                Ok(cluster) => cluster.leftovers(&scope).await,
                Err(problem) => Err(problem),
            };
            let _ = facts.send(Fact::Message(Message::Leftovers(context, scope, found)));
        });
    }

    pub(super) fn ask_rights(&mut self, context: String, namespace: Arc<str>) {
        let Ok(cluster) = self.cluster(&context) else { return };
        let facts = self.facts.0.clone();
        self.tasks.spawn(async move {
            let granted = cluster.rights(&namespace).await;
            let _ = facts.send(Fact::Message(Message::Rights(context, namespace, granted)));
        });
    }

    pub(super) fn ask_metrics(&mut self, context: String, scope: MetricsScope) {
        let cluster = self.cluster(&context);
        let facts = self.facts.0.clone();
        self.tasks.spawn(async move {
            let used = match cluster {
                Ok(cluster) => cluster.metrics(&scope).await,
                Err(_) => None,
            };
            let _ = facts.send(Fact::Message(Message::Metrics(context, scope, used)));
        });
    }

    pub(super) fn find_owners(&mut self, context: String, pod: PodKey) {
        let cluster = self.cluster(&context);
        let facts = self.facts.0.clone();
        self.tasks.spawn(async move {
            let owners = match cluster {
                Ok(cluster) => cluster.owners(&pod).await,
                Err(problem) => Err(problem),
            };
            let _ = facts.send(Fact::Message(Message::Owners(context, pod, owners)));
        });
    }

    pub(super) fn start_forward(&mut self, id: ForwardId, request: ForwardRequest) {
        let cluster = self.cluster(&request.context);
        forwards::start(&mut self.forwards, id, cluster, request, &mut self.tasks);
    }

    pub(super) fn read_ports(&mut self, form: FormId, context: &str, subject: PortSubject) {
        let (cluster, facts) = (self.cluster(context), self.facts.0.clone());
        self.tasks.spawn(async move {
            let PortSubject { namespace, pod, container } = subject;
            let found = match cluster {
                Ok(cluster) => Forwarder::new(cluster).offers(&namespace, pod.as_ref(), container.as_deref()).await,
                Err(problem) => Err(problem),
            };
            let _ = facts.send(Fact::Message(Message::PortsRead(form, found)));
        });
    }

    pub(super) fn delete_pod(&mut self, context: &str, pod: PodKey, which: Which) {
        let cluster = self.cluster(context);
        let facts = self.facts.0.clone();
        self.last_requests.spawn(async move {
            let deleted = match cluster {
                Ok(cluster) => cluster.on_behalf_of("delete").delete_pod(&pod, &which).await,
                Err(problem) => Err(problem),
            };
            let told = match deleted {
                Ok(()) => Message::Done(format!("pod {}/{} is being deleted", pod.namespace, pod.name)),
                Err(problem) => Message::Failed(problem),
            };
            let _ = facts.send(Fact::Message(told));
        });
    }

    pub(super) fn end_debugger(&mut self, context: &str, at: ContainerKey) {
        let cluster = self.cluster(context);
        let facts = self.facts.0.clone();
        self.last_requests.spawn(async move {
            let ended = match cluster {
                Ok(cluster) => cluster.on_behalf_of("end").end_debugger(&at).await,
                Err(problem) => Err(problem),
            };
            let name = format!("{}/{}/{}", at.pod.namespace, at.pod.name, at.container);
            let told = match ended {
                Ok(Finish::Ended(code)) => Message::Done(format!("{name} has ended ({code})")),
                Ok(Finish::EndedBefore) => Message::Done(format!("{name} had ended before")),
                Ok(Finish::Gone) => Message::Done(format!("{name} is gone with its pod")),
                Err(problem) => Message::Failed(problem),
            };
            let _ = facts.send(Fact::Message(told));
        });
    }
}
