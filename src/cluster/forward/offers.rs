//! What of a pod or a namespace can be forwarded: the ports that containers declare and those of Services; it opens nothing.

use serde_json::Value;

use super::target::port_number;
use super::{ForwardKind, ForwardTarget, Forwarder, OPEN_TIME, RemotePort};
use crate::cluster::problem::Fault;
use crate::cluster::request::{JSON, Target};
use crate::cluster::{PodKey, Problem, cleaned};

/// How many ports are offered at most: a namespace may have thousands of Services.
const MOST: usize = 500;

/// A port that can be forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortOffer {
    /// Of what.
    pub target: ForwardTarget,
    /// Which.
    pub remote: RemotePort,
    /// Its number there.
    pub number: u16,
    /// What it is called; empty if it has no name.
    pub name: String,
    /// Whose it is.
    pub of: PortOwner,
}

/// Whose a port is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortOwner {
    /// A container declares it.
    Container(String),
    /// A Service has it.
    Service {
        /// Whether the Service selects the pod that was asked about.
        selects: bool,
    },
}

/// What can be forwarded, and what could not be found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortOffers {
    /// The ports, the likeliest first.
    pub ports: Vec<PortOffer>,
    /// Why Services are missing from them.
    pub without_services: Option<Problem>,
}

impl Forwarder {
    /// What of this pod can be forwarded, the ports of this container first, and then of the Services of its namespace;
    /// without a pod, of the Services alone.
    ///
    /// # Errors
    /// Where the pod, or without one the Services, cannot be read.
    pub async fn offers(
        &self,
        namespace: &str,
        pod: Option<&PodKey>,
        container: Option<&str>,
    ) -> Result<PortOffers, Problem> {
        let services = self.services(namespace);
        let Some(key) = pod else {
            let services =
                services.await.map_err(|fault| fault.problem(format!("cannot list Services of {namespace}")))?;
            return Ok(PortOffers { ports: of_services(&services, None, namespace), without_services: None });
        };
        let (pod, services) = tokio::join!(self.pod(key), services);
        let pod = pod.map_err(|fault| fault.problem(format!("cannot read the ports of {namespace}/{}", key.name)))?;
        let mut ports = of_pod(&pod, key, container);
        let without_services = match services {
            Ok(services) => {
                ports.extend(of_services(&services, Some(&pod), namespace));
                None
            }
            Err(fault) => Some(fault.problem(format!("cannot list Services of {namespace}"))),
        };
        ports.truncate(MOST);
        Ok(PortOffers { ports, without_services })
    }

    async fn pod(&self, pod: &PodKey) -> Result<Value, Fault> {
        self.cluster.read_json(Target::pod(pod, None)?.get(JSON)?, OPEN_TIME).await
    }

    async fn services(&self, namespace: &str) -> Result<Vec<Value>, Fault> {
        let target = Target::new("/api/v1", &["namespaces", namespace, "services"])?;
        let mut list: Value = self.cluster.read_json(target.get(JSON)?, OPEN_TIME).await?;
        match list["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Err(Fault::Unreadable("it is no list".to_owned())),
        }
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn is_tcp(port: &Value) -> bool {
    matches!(port["protocol"].as_str(), None | Some("TCP"))
}

fn name_of(port: &Value) -> String {
    port["name"].as_str().map(cleaned).unwrap_or_default()
}

fn of_pod(pod: &Value, key: &PodKey, first: Option<&str>) -> Vec<PortOffer> {
    let target =
        ForwardTarget { kind: ForwardKind::Pod, namespace: key.namespace.to_string(), name: key.name.to_string() };
    // A sidecar is an init container that goes on.
    let sidecars = items(&pod["spec"]["initContainers"]).iter().filter(|one| one["restartPolicy"] == "Always");
    let mut containers: Vec<&Value> = items(&pod["spec"]["containers"]).iter().chain(sidecars).collect();
    containers.sort_by_key(|container| first.is_some_and(|first| container["name"] != first));
    let offers = containers.into_iter().flat_map(|container| {
        let whose = container["name"].as_str().map(cleaned).unwrap_or_default();
        items(&container["ports"]).iter().filter(|port| is_tcp(port)).filter_map({
            let target = target.clone();
            move |port| {
                let number = port_number(&port["containerPort"])?;
                Some(PortOffer {
                    target: target.clone(),
                    remote: RemotePort::Number(number),
                    number,
                    name: name_of(port),
                    of: PortOwner::Container(whose.clone()),
                })
            }
        })
    });
    offers.collect()
}

/// Those that select the pod come first.
fn of_services(services: &[Value], pod: Option<&Value>, namespace: &str) -> Vec<PortOffer> {
    let mut found: Vec<(bool, &Value)> = services
        .iter()
        .filter(|service| service["spec"]["type"] != "ExternalName")
        .map(|service| (pod.is_some_and(|pod| selects(service, pod)), service))
        .collect();
    found.sort_by_key(|(selects, service)| (!selects, service["metadata"]["name"].as_str().map(str::to_owned)));
    let offers = found.into_iter().flat_map(|(selects, service)| {
        let name = service["metadata"]["name"].as_str().map(cleaned).unwrap_or_default();
        items(&service["spec"]["ports"]).iter().filter(|port| is_tcp(port)).filter_map(move |port| {
            let number = port_number(&port["port"])?;
            let target =
                ForwardTarget { kind: ForwardKind::Service, namespace: namespace.to_owned(), name: name.clone() };
            let of = PortOwner::Service { selects };
            Some(PortOffer { target, remote: RemotePort::Number(number), number, name: name_of(port), of })
        })
    });
    offers.take(MOST).collect()
}

fn selects(service: &Value, pod: &Value) -> bool {
    let labels = &pod["metadata"]["labels"];
    let selector = service["spec"]["selector"].as_object();
    selector.is_some_and(|wanted| !wanted.is_empty() && wanted.iter().all(|(key, value)| labels[key] == *value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pods_ports_come_first_and_then_those_of_its_services_and_others() {
        let pod = json!({
            "metadata": {"name": "api-1", "labels": {"app": "api"}},
            "spec": {
                "containers": [
                    {"name": "proxy", "ports": [{"containerPort": 9000}]},
                    {"name": "api", "ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}]},
                ],
                "initContainers": [{"name": "setup", "ports": [{"containerPort": 1}]}],
            },
        });
        let services = [
            json!({"metadata": {"name": "a-db"}, "spec": {"selector": {"app": "db"}, "ports": [{"port": 5432}]}}),
            json!({"metadata": {"name": "api"}, "spec": {"selector": {"app": "api"}, "ports": [{"name": "web", "port": 80}]}}),
            json!({"metadata": {"name": "out"}, "spec": {"type": "ExternalName", "ports": [{"port": 81}]}}),
        ];
        let key = PodKey { namespace: "shop".into(), name: "api-1".into() };
        let numbers = |offers: &[PortOffer]| offers.iter().map(|offer| offer.number).collect::<Vec<_>>();
        assert_eq!(numbers(&of_pod(&pod, &key, Some("api"))), [8080, 9000]);
        assert_eq!(numbers(&of_pod(&pod, &key, None)), [9000, 8080]);
        let offers = of_services(&services, Some(&pod), "shop");
        assert_eq!(numbers(&offers), [80, 5432]);
        assert_eq!(offers[0].of, PortOwner::Service { selects: true });
        assert_eq!((offers[1].target.words(), offers[0].name.as_str()), ("service/a-db".to_owned(), "web"));
        assert_eq!(numbers(&of_services(&services, None, "shop")), [5432, 80]);
    }
}
