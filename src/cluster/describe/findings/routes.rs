//! Which Services select a pod and whether traffic gets to it; it reads specs and slices and sends nothing.

use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::Value;

use super::super::description::{Cell, Page, Standing, standing};
use super::super::surroundings::Surroundings;
use super::super::workload::cannot;
use crate::cluster::detail::items;
use crate::cluster::text::cleaned;

/// Whether a Service's selector matches the labels of a pod; one without a selector matches none.
pub(in crate::cluster::describe) fn selects(service: &Service, pod: &Value) -> bool {
    let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
    let labels = &pod["metadata"]["labels"];
    selector.is_some_and(|wanted| !wanted.is_empty() && wanted.iter().all(|(name, value)| labels[name] == **value))
}

/// Tells of each Service that selects the pod whether the pod is in its endpoints.
pub(super) fn services(page: &mut Page, pod: &Value, around: &Surroundings) {
    let services = match &around.services {
        None => return,
        Some(Err(problem)) => return page.cell(0, "Services", cannot(problem)),
        Some(Ok(services)) => services,
    };
    let selecting: Vec<&Service> = services.iter().filter(|service| selects(service, pod)).collect();
    if selecting.is_empty() {
        return page.cell(0, "Services", standing(Standing::Faint, "none selects it"));
    }
    page.group(0, "Services");
    for service in selecting {
        let name = service.metadata.name.as_deref().unwrap_or_default();
        let told = match &around.slices {
            Some(Err(problem)) => cannot(problem),
            Some(Ok(slices)) => endpoint(name, pod, slices),
            None => continue,
        };
        page.row(1, vec![Cell::Name(cleaned(&format!("{name}:"))), told]);
        for port in service.spec.iter().flat_map(|spec| spec.ports.iter().flatten()) {
            if let Some(missing) = port_nobody_has(port, pod) {
                let text =
                    format!("its port {} leads to {missing}, and no container has a port of that name", port.port);
                page.row(1, vec![Cell::Name(String::new()), standing(Standing::Bad, text)]);
            }
        }
    }
}

fn endpoint(service: &str, pod: &Value, slices: &[EndpointSlice]) -> Cell {
    let of_service = |slice: &&EndpointSlice| {
        let labels = slice.metadata.labels.as_ref();
        labels.and_then(|labels| labels.get("kubernetes.io/service-name")).is_some_and(|name| name == service)
    };
    let mut found: Vec<(&EndpointSlice, &Endpoint)> = Vec::new();
    for slice in slices.iter().filter(of_service) {
        found.extend(slice.endpoints.iter().filter(|endpoint| is_the_pod(endpoint, pod)).map(|one| (slice, one)));
    }
    let Some((slice, endpoint)) = found.first() else {
        return standing(Standing::Bad, "selects it, but it is not among its endpoints: no traffic");
    };
    let ports = slice.ports.iter().flatten().filter_map(|port| {
        let number = port.port?;
        let name = port.name.as_deref().filter(|name| !name.is_empty());
        Some(name.map_or_else(|| number.to_string(), |name| format!("{name} {number}")))
    });
    let ports = ports.collect::<Vec<_>>().join(", ");
    let address = endpoint.addresses.first().map(String::as_str).unwrap_or_default();
    let place = if ports.is_empty() { address.to_owned() } else { format!("{address}, {ports}") };
    let conditions = endpoint.conditions.clone().unwrap_or_default();
    // Unknown counts as ready and as serving (EndpointConditions).
    if conditions.terminating == Some(true) {
        standing(Standing::Changing, format!("among its endpoints, ending: no new traffic ({place})"))
    } else if conditions.ready == Some(false) {
        standing(Standing::Bad, format!("among its endpoints, not ready: no traffic ({place})"))
    } else {
        standing(Standing::Good, format!("among its endpoints, ready ({place})"))
    }
}

fn is_the_pod(endpoint: &Endpoint, pod: &Value) -> bool {
    endpoint.target_ref.as_ref().is_some_and(|target| {
        let is = |told: &Option<String>, field: &str| {
            told.as_deref().is_none_or(|told| told.is_empty() || pod["metadata"][field] == *told)
        };
        target.kind.as_deref() == Some("Pod")
            && target.name.is_some()
            && is(&target.name, "name")
            && is(&target.uid, "uid")
    })
}

/// The name that a Service's port leads to, if no container of the pod has a port of that name.
fn port_nobody_has<'a>(port: &'a ServicePort, pod: &Value) -> Option<&'a str> {
    let Some(IntOrString::String(name)) = &port.target_port else { return None };
    let lists = ["containers", "initContainers"].into_iter().flat_map(|list| items(&pod["spec"][list]));
    let mut ports = lists.flat_map(|container| items(&container["ports"]));
    (!ports.any(|known| known["name"] == **name)).then_some(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(endpoint: &Value, port: &Value) -> Vec<String> {
        let pod = json!({
            "metadata": {"name": "p", "uid": "1", "labels": {"app": "x", "more": "y"}},
            "spec": {"containers": [{"ports": [{"name": "http"}]}]},
        });
        let service = json!({"metadata": {"name": "s"}, "spec": {
            "selector": {"app": "x"}, "ports": [{"port": 80, "targetPort": port}]}});
        let slice = json!({"addressType": "IPv4", "metadata": {"labels": {"kubernetes.io/service-name": "s"}},
            "endpoints": [endpoint], "ports": [{"name": "web", "port": 8080}]});
        let around = Surroundings {
            services: Some(Ok(vec![serde_json::from_value(service).unwrap()])),
            slices: Some(Ok(vec![serde_json::from_value(slice).unwrap()])),
            ..Surroundings::default()
        };
        let mut page = Page::new(jiff::tz::TimeZone::UTC);
        services(&mut page, &pod, &around);
        let now = jiff::Timestamp::UNIX_EPOCH;
        page.finish().iter().map(|entry| entry.texts(now, |_, _| String::new()).join(" ")).collect()
    }

    fn endpoint(conditions: &Value) -> Value {
        json!({"addresses": ["10.0.0.1"], "conditions": conditions, "targetRef": {"kind": "Pod", "name": "p", "uid": "1"}})
    }

    #[test]
    fn a_pod_is_told_how_it_stands_among_the_endpoints() {
        for (conditions, expected) in [
            (json!({"ready": true}), "s: among its endpoints, ready (10.0.0.1, web 8080)"),
            (json!({}), "s: among its endpoints, ready (10.0.0.1, web 8080)"),
            (json!({"ready": false}), "s: among its endpoints, not ready: no traffic (10.0.0.1, web 8080)"),
            (
                json!({"ready": false, "terminating": true}),
                "s: among its endpoints, ending: no new traffic (10.0.0.1, web 8080)",
            ),
        ] {
            assert_eq!(told(&endpoint(&conditions), &json!("http")), ["Services:", expected]);
        }
        let other = json!({"addresses": ["10.0.0.2"], "targetRef": {"kind": "Pod", "name": "p", "uid": "2"}});
        assert!(told(&other, &json!(8080))[1].contains("not among its endpoints"));
    }

    #[test]
    fn a_port_that_leads_nowhere_is_told() {
        let lines = told(&endpoint(&json!({"ready": true})), &json!("nope"));
        assert!(lines[2].contains("its port 80 leads to nope"), "{lines:?}");
    }

    #[test]
    fn a_service_without_a_selector_selects_nothing() {
        let service = |selector: Value| serde_json::from_value(json!({"spec": {"selector": selector}})).unwrap();
        let pod = json!({"metadata": {"labels": {"app": "x"}}});
        assert!(selects(&service(json!({"app": "x"})), &pod));
        assert!(!selects(&service(json!({"app": "x", "b": "c"})), &pod));
        assert!(!selects(&service(json!({})), &pod) && !selects(&service(Value::Null), &pod));
    }
}
