//! A pod and the template of one in kubectl's words; what kubectl does not tell of a pod is found elsewhere.

use k8s_openapi::api::core::v1::{Pod, PodTemplateSpec};

use super::container::{containers, ordinary, resources};
use super::description::{Cell, Page, Piece, Standing, said, standing};
use super::labels::{annotations, controlled_by, labels, metadata, spread, tolerations};
use super::volume::volumes;

pub(super) fn pod(page: &mut Page, pod: &Pod) {
    let (spec, status) = (pod.spec.clone().unwrap_or_default(), pod.status.clone().unwrap_or_default());
    page.field(0, "Name", pod.metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Namespace", pod.metadata.namespace.as_deref().unwrap_or_default());
    page.field_if(0, "Priority", spec.priority.map(|priority| priority.to_string()));
    page.field_if(0, "Priority Class Name", spec.priority_class_name.as_ref());
    page.field_if(0, "Runtime Class Name", spec.runtime_class_name.as_ref());
    page.field_if(0, "Service Account", spec.service_account_name.as_ref());
    match spec.node_name.as_deref().filter(|node| !node.is_empty()) {
        Some(node) => page.field(0, "Node", format!("{node}/{}", status.host_ip.as_deref().unwrap_or_default())),
        None => page.field(0, "Node", "<none>"),
    }
    let started = status.start_time.as_ref().map(|time| page.moment(time.0));
    page.field_if(0, "Start Time", started);
    metadata(page, &pod.metadata);
    state(page, pod);
    page.field_if(0, "Reason", status.reason.as_ref());
    page.field_if(0, "Message", status.message.as_ref());
    let profile = spec.security_context.as_ref().and_then(|security| security.seccomp_profile.as_ref());
    if let Some(profile) = profile {
        page.field(0, "SeccompProfile", &profile.type_);
        if profile.type_ == "Localhost" {
            page.field(0, "LocalhostProfile", profile.localhost_profile.as_deref().unwrap_or_default());
        }
    }
    page.field(0, "IP", status.pod_ip.as_deref().unwrap_or_default());
    let addresses = status.pod_ips.unwrap_or_default();
    if addresses.is_empty() {
        page.field(0, "IPs", "<none>");
    } else {
        page.group(0, "IPs");
        for address in &addresses {
            page.field(1, "IP", &address.ip);
        }
    }
    controlled_by(page, &pod.metadata);
    page.field_if(0, "NominatedNodeName", status.nominated_node_name.as_ref());
    if let Some(of_pod) = &spec.resources {
        page.group(0, "Resources");
        resources(page, 1, Some(of_pod));
    }
    if let Some(init) = spec.init_containers.as_ref().filter(|init| !init.is_empty()) {
        containers(page, 0, "Init Containers", init, status.init_container_statuses.as_ref(), Some(pod));
    }
    containers(page, 0, "Containers", &spec.containers, status.container_statuses.as_ref(), Some(pod));
    let ephemeral: Vec<_> = spec.ephemeral_containers.iter().flatten().map(ordinary).collect();
    if !ephemeral.is_empty() {
        let statuses = status.ephemeral_container_statuses.as_ref();
        containers(page, 0, "Ephemeral Containers", &ephemeral, statuses, Some(pod));
    }
    conditions(page, pod);
    volumes(page, 0, spec.volumes.as_ref());
    page.field(0, "QoS Class", status.qos_class.as_deref().unwrap_or_default());
    labels(page, 0, "Node-Selectors", spec.node_selector.as_ref());
    tolerations(page, 0, spec.tolerations.as_ref());
    spread(page, 0, spec.topology_spread_constraints.as_ref());
}

fn state(page: &mut Page, pod: &Pod) {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default();
    let ended = matches!(phase, "Failed" | "Succeeded");
    let deleted = pod.metadata.deletion_timestamp.as_ref().filter(|_| !ended);
    if let Some(deleted) = deleted {
        let pieces =
            vec![Piece::Words("Terminating (lasts ".to_owned()), Piece::Since(deleted.0), Piece::Words(")".to_owned())];
        page.cell(0, "Status", Cell::Ages(pieces));
        let grace = pod.metadata.deletion_grace_period_seconds.unwrap_or_default();
        page.field(0, "Termination Grace Period", format!("{grace}s"));
        return;
    }
    let how = match phase {
        "Running" => Standing::Good,
        "Succeeded" => Standing::Faint,
        "Pending" => Standing::Changing,
        _ => Standing::Bad,
    };
    page.cell(0, "Status", standing(how, phase));
}

fn conditions(page: &mut Page, pod: &Pod) {
    let none = Vec::new();
    let known = pod.status.as_ref().and_then(|status| status.conditions.as_ref()).unwrap_or(&none);
    let row = |kind: &str, status: &str| {
        let how = if status == "True" { Standing::Good } else { Standing::Bad };
        vec![said(kind), standing(how, status)]
    };
    let gates = pod.spec.as_ref().and_then(|spec| spec.readiness_gates.as_ref());
    if let Some(gates) = gates.filter(|gates| !gates.is_empty()) {
        page.group(0, "Readiness Gates");
        page.headings(1, &["Type", "Status"]);
        for gate in gates {
            let status = known.iter().find(|condition| condition.type_ == gate.condition_type);
            page.row(1, row(&gate.condition_type, status.map_or("<none>", |condition| condition.status.as_str())));
        }
    }
    if !known.is_empty() {
        page.group(0, "Conditions");
        page.headings(1, &["Type", "Status"]);
        for condition in known {
            page.row(1, row(&condition.type_, &condition.status));
        }
    }
}

/// The pod that a workload makes.
pub(super) fn template(page: &mut Page, template: &PodTemplateSpec) {
    let spec = template.spec.clone().unwrap_or_default();
    let none = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta::default();
    let metadata = template.metadata.as_ref().unwrap_or(&none);
    page.group(0, "Pod Template");
    labels(page, 1, "Labels", metadata.labels.as_ref());
    if metadata.annotations.as_ref().is_some_and(|annotations| !annotations.is_empty()) {
        annotations(page, 1, metadata.annotations.as_ref());
    }
    page.field_if(1, "Service Account", spec.service_account_name.as_ref());
    if let Some(init) = spec.init_containers.as_ref().filter(|init| !init.is_empty()) {
        containers(page, 1, "Init Containers", init, None, None);
    }
    containers(page, 1, "Containers", &spec.containers, None, None);
    volumes(page, 1, spec.volumes.as_ref());
    spread(page, 1, spec.topology_spread_constraints.as_ref());
    page.field_if(1, "Priority Class Name", spec.priority_class_name.as_ref());
    labels(page, 1, "Node-Selectors", spec.node_selector.as_ref());
    tolerations(page, 1, spec.tolerations.as_ref());
}
