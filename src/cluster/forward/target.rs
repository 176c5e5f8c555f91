//! What a forward leads to: from a pod, Service or workload and a port's number or name to a pod and the port it listens
//! on, as kubectl chooses, but a ready one first; it opens nothing.

pub(in crate::cluster) mod choose;

use serde_json::Value;

use super::{Forwarder, OPEN_TIME, Outlook, Unreachable};
use crate::cluster::problem::Fault;
use crate::cluster::request::{JSON, Target};
use crate::cluster::{PodKey, Problem};
pub(super) use choose::port_number;
use choose::{Unresolved, best, endpoint, equality, no_selector, nothing_ready, of_pod, selector, service_port};

/// A kind of object that a port can be forwarded of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardKind {
    /// The pod itself, and no other.
    Pod,
    /// A pod behind the Service.
    Service,
    /// A pod of the workload: the kind's name in the API's paths.
    Workload(&'static str),
}

/// What a port is forwarded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardTarget {
    /// Its kind.
    pub kind: ForwardKind,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A port at the far end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemotePort {
    /// By number: of the Service, or of the pod.
    Number(u16),
    /// By name: of the Service's port, or of the container's.
    Name(String),
}

/// The kinds with the words that name them, as kubectl takes them.
const KINDS: [(ForwardKind, &[&str]); 8] = [
    (ForwardKind::Pod, &["pod", "pods", "po"]),
    (ForwardKind::Service, &["service", "services", "svc"]),
    (ForwardKind::Workload("deployments"), &["deployment", "deployments", "deploy"]),
    (ForwardKind::Workload("replicasets"), &["replicaset", "replicasets", "rs"]),
    (ForwardKind::Workload("statefulsets"), &["statefulset", "statefulsets", "sts"]),
    (ForwardKind::Workload("daemonsets"), &["daemonset", "daemonsets", "ds"]),
    (ForwardKind::Workload("jobs"), &["job", "jobs"]),
    (ForwardKind::Workload("replicationcontrollers"), &["replicationcontroller", "replicationcontrollers", "rc"]),
];

impl ForwardTarget {
    /// Reads `NAME` (a pod) or `TYPE/NAME`; `None` for another type, or other forms.
    pub fn parse(word: &str, namespace: &str) -> Option<Self> {
        let (kind, name) = word.split_once('/').unwrap_or(("pod", word));
        let kind = kind.to_ascii_lowercase();
        let (kind, _) = KINDS.iter().find(|(_, words)| words.contains(&kind.as_str()))?;
        let is_name = !name.is_empty() && !name.contains('/');
        is_name.then(|| Self { kind: *kind, namespace: namespace.to_owned(), name: name.to_owned() })
    }

    /// `service/api`, as messages name it.
    pub fn words(&self) -> String {
        let words = KINDS.iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, words)| words[0]);
        format!("{words}/{}", self.name)
    }
}

impl RemotePort {
    /// Reads a number from 1 to 65535 or a name (RFC 6335, as the API checks it).
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse::<u32>() {
            return u16::try_from(number).ok().filter(|number| *number > 0).map(Self::Number);
        }
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let has_letter = text.contains(|c: char| c.is_ascii_lowercase());
        let is_name = has_letter && text.len() <= 63 && text.chars().all(legal);
        is_name.then(|| Self::Name(text.to_owned()))
    }

    fn is(&self, port: &Value, number: &str) -> bool {
        match self {
            Self::Number(wanted) => port[number] == *wanted,
            Self::Name(wanted) => port["name"] == **wanted,
        }
    }
}

impl std::fmt::Display for RemotePort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Forwarder {
    /// The pod and its port that this leads to now.
    ///
    /// # Errors
    /// What is not there, not ready, not of TCP, or may not be read.
    pub async fn resolve(&self, target: &ForwardTarget, port: &RemotePort) -> Result<(PodKey, u16), Unreachable> {
        let what = format!("cannot forward port {port} of {} in {}", target.words(), target.namespace);
        let unreachable = |unresolved| match unresolved {
            Unresolved::Fault(fault) => Unreachable::new(&fault, &what),
            Unresolved::Because(why, hint) => {
                Unreachable { problem: Problem::new(&what, why, hint), outlook: Outlook::Passing }
            }
            Unresolved::Ended(why) => {
                let hint = "forward a port of the pod that took its place, or of its Service or workload";
                Unreachable { problem: Problem::new(&what, why, hint), outlook: Outlook::Gone }
            }
        };
        self.resolved(target, port).await.map_err(unreachable)
    }

    async fn resolved(&self, target: &ForwardTarget, port: &RemotePort) -> Result<(PodKey, u16), Unresolved> {
        let get = async |prefix: &str, kind: &str| -> Result<Value, Fault> {
            let request = Target::new(prefix, &["namespaces", &target.namespace, kind, &target.name])?.get(JSON)?;
            self.cluster.read_json(request, OPEN_TIME).await
        };
        match target.kind {
            ForwardKind::Pod => {
                let pod = get("/api/v1", "pods").await?;
                of_pod(&pod, target, port)
            }
            ForwardKind::Service => {
                let service = get("/api/v1", "services").await?;
                let service_port = service_port(&service, port)?;
                let of_service = format!("kubernetes.io/service-name={}", target.name);
                match self.list(target, "/apis/discovery.k8s.io/v1", "endpointslices", &of_service).await {
                    Ok(slices) => endpoint(&slices, service_port, target),
                    // Who may not read them, or a server without them: the pods themselves are what kubectl asks for.
                    Err(Fault::Api(status)) if matches!(status.code, 403 | 404) => {
                        let selector = equality(&service["spec"]["selector"]).ok_or_else(|| no_selector(target))?;
                        let pods = self.list(target, "/api/v1", "pods", &selector).await?;
                        let pod = best(&pods).ok_or_else(|| nothing_ready(target))?;
                        let inside = match &service_port["targetPort"] {
                            Value::String(name) => RemotePort::Name(name.clone()),
                            number => RemotePort::Number(
                                port_number(number).or(port_number(&service_port["port"])).unwrap_or(0),
                            ),
                        };
                        of_pod(pod, target, &inside)
                    }
                    Err(fault) => Err(fault.into()),
                }
            }
            ForwardKind::Workload(kind) => {
                let prefix = match kind {
                    "jobs" => "/apis/batch/v1",
                    "replicationcontrollers" => "/api/v1",
                    _ => "/apis/apps/v1",
                };
                let workload = get(prefix, kind).await?;
                let selector = selector(&workload["spec"]["selector"]).ok_or_else(|| no_selector(target))?;
                let pods = self.list(target, "/api/v1", "pods", &selector).await?;
                of_pod(best(&pods).ok_or_else(|| nothing_ready(target))?, target, port)
            }
        }
    }

    async fn list(
        &self,
        target: &ForwardTarget,
        prefix: &str,
        kind: &str,
        selector: &str,
    ) -> Result<Vec<Value>, Fault> {
        let request = Target::new(prefix, &["namespaces", &target.namespace, kind])?.with("labelSelector", selector);
        let mut list: Value = self.cluster.read_json(request.get(JSON)?, OPEN_TIME).await?;
        match list["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Err(Fault::Unreadable("it is no list".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(word: &str) -> ForwardTarget {
        ForwardTarget::parse(word, "shop").expect("a target")
    }

    #[test]
    fn targets_and_ports_are_named_as_for_kubectl() {
        assert_eq!((target("api").kind, target("po/api").words()), (ForwardKind::Pod, "pod/api".to_owned()));
        assert_eq!(target("svc/api").kind, ForwardKind::Service);
        assert_eq!(target("Deploy/api").kind, ForwardKind::Workload("deployments"));
        for wrong in ["", "svc/", "/api", "a/b/c", "node/n1", "configmap/x"] {
            assert_eq!(ForwardTarget::parse(wrong, "shop"), None, "{wrong}");
        }
        assert_eq!(RemotePort::parse("80"), Some(RemotePort::Number(80)));
        assert_eq!(RemotePort::parse("http-web"), Some(RemotePort::Name("http-web".into())));
        for wrong in ["", "0", "65536", "99999999999", "a b", "-1:"] {
            assert_eq!(RemotePort::parse(wrong), None, "{wrong}");
        }
    }
}
