//! A node in kubectl's words; its pods and its lease are handed in.

use std::collections::BTreeMap;

use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, NodeCondition, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::allocation::{Amounts, Of, add, amounts, of_pod};
use super::description::{Cell, Page, Piece, Standing, said, standing};
use super::labels::{metadata, taints};
use super::quantity::{Amount, percent};
use super::surroundings::{Read, Surroundings};
use super::workload::cannot;
use crate::cluster::node;

pub(super) fn node(page: &mut Page, of: &Node, around: &Surroundings) {
    let (spec, status) = (of.spec.clone().unwrap_or_default(), of.status.clone().unwrap_or_default());
    page.field(0, "Name", of.metadata.name.as_deref().unwrap_or_default());
    let roles = serde_json::to_value(of).map(|of| node::roles(&of)).unwrap_or_default();
    page.field(0, "Roles", if roles.is_empty() { "<none>" } else { &roles });
    metadata(page, &of.metadata);
    let created = page.moment_or_zero(of.metadata.creation_timestamp.as_ref());
    page.field(0, "CreationTimestamp", created);
    taints(page, spec.taints.as_ref());
    let cordoned = spec.unschedulable == Some(true);
    let how = if cordoned { Standing::Changing } else { Standing::Good };
    page.cell(0, "Unschedulable", standing(how, cordoned.to_string()));
    match &around.lease {
        Some(Ok(lease)) => describe_lease(page, lease),
        Some(Err(problem)) => page.cell(0, "Lease", cannot(problem)),
        None => {}
    }
    conditions(page, status.conditions.as_deref().unwrap_or_default());
    page.group(0, "Addresses");
    for address in status.addresses.iter().flatten() {
        page.field(1, &address.type_, &address.address);
    }
    for (name, list) in [("Capacity", &status.capacity), ("Allocatable", &status.allocatable)] {
        resources(page, name, list.as_ref());
    }
    let info = status.node_info.clone().unwrap_or_default();
    page.group(0, "System Info");
    for (name, value) in [
        ("Machine ID", &info.machine_id),
        ("System UUID", &info.system_uuid),
        ("Boot ID", &info.boot_id),
        ("Kernel Version", &info.kernel_version),
        ("OS Image", &info.os_image),
        ("Operating System", &info.operating_system),
        ("Architecture", &info.architecture),
        ("Container Runtime Version", &info.container_runtime_version),
        ("Kubelet Version", &info.kubelet_version),
    ] {
        page.field(1, name, value);
    }
    page.field_if(0, "PodCIDR", spec.pod_cidr.as_ref());
    page.field_if(0, "PodCIDRs", spec.pod_cidrs.map(|ranges| ranges.join(",")));
    page.field_if(0, "ProviderID", spec.provider_id.as_ref());
    let usable = status.allocatable.filter(|list| !list.is_empty()).or(status.capacity);
    pods(page, &amounts(usable.as_ref()), around.pods.as_ref());
}

fn describe_lease(page: &mut Page, lease: &Lease) {
    let spec = lease.spec.clone().unwrap_or_default();
    page.group(0, "Lease");
    page.field(1, "HolderIdentity", spec.holder_identity.as_deref().unwrap_or("<unset>"));
    let (acquired, renewed) =
        (page.micro_moment(spec.acquire_time.as_ref()), page.micro_moment(spec.renew_time.as_ref()));
    page.field(1, "AcquireTime", acquired);
    page.field(1, "RenewTime", renewed);
}

fn conditions(page: &mut Page, conditions: &[NodeCondition]) {
    if conditions.is_empty() {
        return;
    }
    page.group(0, "Conditions");
    page.underlined(1, &["Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message"]);
    for condition in conditions {
        let judged = node::NodeCondition {
            kind: condition.type_.clone(),
            status: condition.status.clone(),
            reason: String::new(),
            message: String::new(),
            since: None,
        };
        let how = if judged.is_trouble() { Standing::Bad } else { Standing::Good };
        let heartbeat = page.moment_or_zero(condition.last_heartbeat_time.as_ref());
        let transition = page.moment_or_zero(condition.last_transition_time.as_ref());
        page.row(
            1,
            vec![
                said(&condition.type_),
                standing(how, &condition.status),
                said(heartbeat),
                said(transition),
                said(condition.reason.as_deref().unwrap_or_default()),
                said(condition.message.as_deref().unwrap_or_default()),
            ],
        );
    }
}

fn resources(page: &mut Page, name: &str, list: Option<&BTreeMap<String, Quantity>>) {
    let Some(list) = list.filter(|list| !list.is_empty()) else { return };
    page.group(0, name);
    for (resource, amount) in list {
        page.field(1, resource, &amount.0);
    }
}

/// What an amount is, and how much of all there is.
fn share(amount: Amount, all: Amount, resource: &str) -> Cell {
    let (part, all) = if resource == "cpu" { (amount.milli(), all.milli()) } else { (amount.whole(), all.whole()) };
    let percent = percent(part, all);
    let text = format!("{amount} ({percent}%)");
    if percent > 100 { standing(Standing::Changing, text) } else { said(text) }
}

fn pods(page: &mut Page, usable: &Amounts, pods: Option<&Read<Vec<Pod>>>) {
    let pods = match pods {
        Some(Ok(pods)) => pods,
        // kubectl's words for a missing right; others say themselves.
        Some(Err(problem)) => return page.cell(0, "Pods", cannot(problem)),
        None => return page.field(0, "Pods", "not authorized"),
    };
    page.field(0, "Non-terminated Pods", format!("({} in total)", pods.len()));
    page.underlined(1, &["Namespace", "Name", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age"]);
    let (mut requested, mut limited) = (Amounts::new(), Amounts::new());
    let get = |amounts: &Amounts, name: &str| amounts.get(name).copied().unwrap_or_default();
    for pod in pods {
        let (requests, limits) = (of_pod(pod, Of::Requests), of_pod(pod, Of::Limits));
        let share = |amounts: &Amounts, name| share(get(amounts, name), get(usable, name), name);
        let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
        page.row(
            1,
            vec![
                said(pod.metadata.namespace.as_deref().unwrap_or_default()),
                said(pod.metadata.name.as_deref().unwrap_or_default()),
                share(&requests, "cpu"),
                share(&limits, "cpu"),
                share(&requests, "memory"),
                share(&limits, "memory"),
                Cell::Ages(vec![Piece::since(created)]),
            ],
        );
        add(&mut requested, &requests);
        add(&mut limited, &limits);
    }
    page.group(0, "Allocated resources");
    page.words(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    page.underlined(1, &["Resource", "Requests", "Limits"]);
    let standard = ["cpu", "memory", "ephemeral-storage"];
    let (huge, others): (Vec<&str>, Vec<&str>) = usable
        .keys()
        .map(String::as_str)
        .filter(|name| !standard.contains(name) && *name != "pods")
        .partition(|name| name.starts_with("hugepages-"));
    for name in standard.into_iter().chain(huge) {
        let all = get(usable, name);
        let (requests, limits) = (get(&requested, name), get(&limited, name));
        page.row(1, vec![said(name), share(requests, all, name), share(limits, all, name)]);
    }
    for name in others {
        let (requests, limits) = (get(&requested, name), get(&limited, name));
        page.row(1, vec![said(name), said(requests.to_string()), said(limits.to_string())]);
    }
}
