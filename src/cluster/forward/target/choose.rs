//! Which pod and which of its ports: chosen from objects as the API gives them; it asks nothing.

use serde_json::Value;

use super::{ForwardTarget, RemotePort};
use crate::cluster::problem::Fault;
use crate::cluster::{PodKey, cleaned};

/// Why nothing was found.
pub(super) enum Unresolved {
    Fault(Fault),
    /// Why, and what to do.
    Because(String, &'static str),
    /// The pod has ended for good: why.
    Ended(String),
}

impl From<Fault> for Unresolved {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

pub(super) fn no_selector(target: &ForwardTarget) -> Unresolved {
    Unresolved::Because(format!("{} selects no pods", target.words()), "forward a port of a pod itself")
}

pub(super) fn nothing_ready(target: &ForwardTarget) -> Unresolved {
    Unresolved::Because(
        format!("no pod of {} runs", target.words()),
        "look at its pods: why they do not start is said there",
    )
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(in crate::cluster::forward) fn port_number(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0)
}

fn is_tcp(port: &Value) -> bool {
    matches!(port["protocol"].as_str(), None | Some("TCP"))
}

/// The pod itself, if it runs, and the number of its port.
pub(super) fn of_pod(pod: &Value, target: &ForwardTarget, port: &RemotePort) -> Result<(PodKey, u16), Unresolved> {
    let (name, phase) = (text(pod, "/metadata/name"), text(pod, "/status/phase"));
    if phase != "Running" {
        let why = format!("the pod {} does not run: it is {}", cleaned(name), cleaned(phase));
        return Err(match phase {
            // No pod comes back from these.
            "Succeeded" | "Failed" => Unresolved::Ended(why),
            _ => Unresolved::Because(why, "wait until it runs"),
        });
    }
    // A sidecar is an init container that goes on.
    let ports = ["/spec/containers", "/spec/initContainers"].into_iter().flat_map(|kind| {
        let containers = pod.pointer(kind).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        containers.iter().flat_map(|container| container["ports"].as_array().map(Vec::as_slice).unwrap_or_default())
    });
    let named: Vec<&Value> = ports.filter(|one| port.is(one, "containerPort")).collect();
    if !named.is_empty() && !named.iter().any(|port| is_tcp(port)) {
        let why = format!("port {port} is not a TCP port");
        return Err(Unresolved::Because(why, "only TCP can be forwarded"));
    }
    let number = match port {
        // Also what no container declares: declarations bind nobody.
        RemotePort::Number(number) => Some(*number),
        RemotePort::Name(_) => {
            named.iter().find(|port| is_tcp(port)).and_then(|port| port_number(&port["containerPort"]))
        }
    };
    let Some(number) = number else {
        let why = format!("no container of {} has a port of this name", cleaned(name));
        return Err(Unresolved::Because(why, "name it by its number"));
    };
    let namespace = target.namespace.as_str();
    Ok((PodKey { namespace: namespace.into(), name: name.into() }, number))
}

pub(super) fn service_port<'a>(service: &'a Value, port: &RemotePort) -> Result<&'a Value, Unresolved> {
    if text(service, "/spec/type") == "ExternalName" {
        let why = "the Service is a name outside of the cluster: no pod is behind it".to_owned();
        return Err(Unresolved::Because(why, "forward a port of a pod itself"));
    }
    let ports = service["spec"]["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    let Some(found) = ports.iter().find(|one| port.is(one, "port") && is_tcp(one)) else {
        if ports.iter().any(|one| port.is(one, "port")) {
            return Err(Unresolved::Because(format!("port {port} is not a TCP port"), "only TCP can be forwarded"));
        }
        let there: Vec<String> = ports
            .iter()
            .map(|port| match port["name"].as_str() {
                Some(name) => format!("{} ({})", port["port"], cleaned(name)),
                None => port["port"].to_string(),
            })
            .collect();
        let why = format!("the Service has no port {port}; it has {}", there.join(", "));
        return Err(Unresolved::Because(why, "name one of these"));
    };
    Ok(found)
}

/// A ready endpoint that is a pod, and the number of the port there.
pub(super) fn endpoint(
    slices: &[Value],
    service_port: &Value,
    target: &ForwardTarget,
) -> Result<(PodKey, u16), Unresolved> {
    let wanted = service_port["name"].as_str().unwrap_or_default();
    for slice in slices {
        let ports = slice["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
        let port = ports.iter().find(|port| port["name"].as_str().unwrap_or_default() == wanted && is_tcp(port));
        let Some(number) = port.and_then(|port| port_number(&port["port"])) else { continue };
        let endpoints = slice["endpoints"].as_array().map(Vec::as_slice).unwrap_or_default();
        // Unknown counts as ready (EndpointConditions).
        let ready = endpoints.iter().filter(|endpoint| endpoint["conditions"]["ready"] != false);
        let mut pods = ready.map(|endpoint| &endpoint["targetRef"]).filter(|pod| pod["kind"] == "Pod");
        if let Some(name) = pods.find_map(|pod| pod["name"].as_str()) {
            let namespace = target.namespace.as_str();
            return Ok((PodKey { namespace: namespace.into(), name: name.into() }, number));
        }
    }
    let why = format!("no pod behind {} is ready", target.words());
    Err(Unresolved::Because(why, "forward a port of one of its pods itself to look at one that is not ready"))
}

/// The pod to take: one that runs and is not about to end, a ready one first, then the one that runs longest.
pub(super) fn best(pods: &[Value]) -> Option<&Value> {
    let is_ready = |pod: &Value| {
        let conditions = pod["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        conditions.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    };
    let running = pods
        .iter()
        .filter(|pod| text(pod, "/status/phase") == "Running" && pod["metadata"]["deletionTimestamp"].is_null());
    running.min_by_key(|pod| (!is_ready(pod), text(pod, "/metadata/creationTimestamp").to_owned()))
}

/// Labels as an equality selector.
pub(in crate::cluster) fn equality(labels: &Value) -> Option<String> {
    let labels = labels.as_object().filter(|labels| !labels.is_empty())?;
    let pairs: Vec<String> =
        labels.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?))).collect();
    Some(pairs.join(","))
}

/// A workload's selector in the words of a query (of a replication controller: plain labels).
pub(in crate::cluster) fn selector(selector: &Value) -> Option<String> {
    if selector["matchLabels"].is_null() && selector["matchExpressions"].is_null() {
        return equality(selector);
    }
    let mut parts: Vec<String> = equality(&selector["matchLabels"]).into_iter().collect();
    for expression in selector["matchExpressions"].as_array().map(Vec::as_slice).unwrap_or_default() {
        let key = expression["key"].as_str()?;
        let values: Vec<&str> =
            expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        parts.push(match expression["operator"].as_str()? {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        });
    }
    (!parts.is_empty()).then(|| parts.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(word: &str) -> ForwardTarget {
        ForwardTarget::parse(word, "shop").expect("a target")
    }

    fn why<T>(found: Result<T, Unresolved>) -> String {
        match found {
            Err(Unresolved::Because(why, _) | Unresolved::Ended(why)) => why,
            Err(Unresolved::Fault(fault)) => fault.why(),
            Ok(_) => panic!("it was found"),
        }
    }

    fn key(name: &str) -> PodKey {
        PodKey { namespace: "shop".into(), name: name.into() }
    }

    #[test]
    fn a_pods_port_is_what_it_is_or_what_a_container_calls_it() {
        let pod = json!({
            "metadata": {"name": "api-1"},
            "spec": {
                "containers": [{"ports": [{"name": "http", "containerPort": 8080}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]}],
                "initContainers": [{"restartPolicy": "Always", "ports": [{"name": "metrics", "containerPort": 9090}]}],
            },
            "status": {"phase": "Running"},
        });
        let number = |port: &str| of_pod(&pod, &target("api-1"), &RemotePort::parse(port).expect("a port"));
        for (port, expected) in [("http", 8080), ("metrics", 9090), ("8080", 8080), ("1234", 1234)] {
            assert_eq!(number(port).ok(), Some((key("api-1"), expected)), "{port}");
        }
        assert!(why(number("dns")).contains("TCP") && why(number("53")).contains("TCP"));
        assert!(why(number("nope")).contains("no container"));
        let pending = json!({"metadata": {"name": "api-1"}, "status": {"phase": "Pending"}});
        assert!(why(of_pod(&pending, &target("api-1"), &RemotePort::Number(80))).contains("Pending"));
        let ended = json!({"metadata": {"name": "api-1"}, "status": {"phase": "Failed"}});
        let ended = of_pod(&ended, &target("api-1"), &RemotePort::Number(80));
        assert!(matches!(ended, Err(Unresolved::Ended(why)) if why.contains("Failed")));
    }

    #[test]
    fn a_service_leads_to_a_ready_endpoint_and_its_port() {
        let service = json!({"spec": {"ports": [
            {"name": "web", "port": 80, "targetPort": "http"}, {"name": "dns", "port": 53, "protocol": "UDP"},
        ]}});
        let slices = [
            json!({"ports": [{"name": "other", "port": 1}], "endpoints": [{"targetRef": {"kind": "Pod", "name": "x"}}]}),
            json!({"ports": [{"name": "web", "port": 8080}], "endpoints": [
                {"conditions": {"ready": false}, "targetRef": {"kind": "Pod", "name": "api-1"}},
                {"conditions": {"ready": true}, "targetRef": {"kind": "Node", "name": "n"}},
                {"conditions": {}, "targetRef": {"kind": "Pod", "name": "api-2"}},
            ]}),
        ];
        for port in ["80", "web"] {
            let port = service_port(&service, &RemotePort::parse(port).expect("a port")).ok().expect("it is there");
            assert_eq!(endpoint(&slices, port, &target("svc/api")).ok(), Some((key("api-2"), 8080)));
            assert!(why(endpoint(&slices[..1], port, &target("svc/api"))).contains("no pod behind service/api"));
        }
        assert!(why(service_port(&service, &RemotePort::Number(8080))).contains("it has 80 (web), 53 (dns)"));
        assert!(why(service_port(&service, &RemotePort::Number(53))).contains("TCP"));
        let outside = json!({"spec": {"type": "ExternalName"}});
        assert!(why(service_port(&outside, &RemotePort::Number(80))).contains("outside"));
    }

    #[test]
    fn of_several_pods_the_one_that_is_ready_and_stays_is_taken() {
        let pod = |name: &str, ready: &str, created: &str| {
            json!({
                "metadata": {"name": name, "creationTimestamp": created},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]},
            })
        };
        let mut leaving = pod("leaving", "True", "2026-01-01T00:00:00Z");
        leaving["metadata"]["deletionTimestamp"] = json!("2026-01-02T00:00:00Z");
        let mut pods = vec![leaving, pod("unready", "False", "2026-01-01T00:00:00Z")];
        assert_eq!(best(&pods).map(|pod| &pod["metadata"]["name"]), Some(&json!("unready")));
        pods.extend([pod("young", "True", "2026-01-03T00:00:00Z"), pod("old", "True", "2026-01-02T00:00:00Z")]);
        assert_eq!(best(&pods).map(|pod| &pod["metadata"]["name"]), Some(&json!("old")));
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn selectors_are_worded_as_the_api_reads_them() {
        let workload = json!({
            "matchLabels": {"app": "api", "tier": "web"},
            "matchExpressions": [
                {"key": "stage", "operator": "In", "values": ["a", "b"]}, {"key": "canary", "operator": "DoesNotExist"},
            ],
        });
        assert_eq!(selector(&workload).as_deref(), Some("app=api,tier=web,stage in (a,b),!canary"));
        assert_eq!(selector(&json!({"app": "api"})).as_deref(), Some("app=api"));
        assert_eq!((selector(&json!({})), selector(&Value::Null)), (None, None), "that would be every pod");
    }
}
