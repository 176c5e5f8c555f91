//! What makes pods and keeps them (Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController) in kubectl's
//! words; its pods and ReplicaSets are handed in.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, ReplicationController};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::description::{Page, Standing, said, standing};
use super::labels::{controlled_by, labels, metadata, on_one_line, selector, selector_or_none};
use super::pod::template;
use super::surroundings::{Read, controller};
use crate::cluster::Problem;

/// How many pods of a workload are in which phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PodCounts {
    /// In the phase Running.
    pub running: usize,
    /// In the phase Pending.
    pub waiting: usize,
    /// In the phase Succeeded.
    pub succeeded: usize,
    /// In the phase Failed.
    pub failed: usize,
}

impl PodCounts {
    /// Counts those of the pods that the object with this uid controls.
    pub fn of(pods: &[Pod], uid: &str) -> Self {
        let mut counts = Self::default();
        for pod in pods.iter().filter(|pod| controller(&pod.metadata).is_some_and(|owner| owner.uid == uid)) {
            match pod.status.as_ref().and_then(|status| status.phase.as_deref()) {
                Some("Running") => counts.running += 1,
                Some("Pending") => counts.waiting += 1,
                Some("Succeeded") => counts.succeeded += 1,
                Some("Failed") => counts.failed += 1,
                _ => {}
            }
        }
        counts
    }
}

fn number(number: Option<i32>) -> i32 {
    number.unwrap_or_default()
}

fn name(page: &mut Page, metadata: &ObjectMeta) {
    page.field(0, "Name", metadata.name.as_deref().unwrap_or_default());
    page.field(0, "Namespace", metadata.namespace.as_deref().unwrap_or_default());
}

fn created(page: &mut Page, metadata: &ObjectMeta) {
    let created = page.moment_or_zero(metadata.creation_timestamp.as_ref());
    page.field(0, "CreationTimestamp", created);
}

fn pods_status(page: &mut Page, pods: Option<&Read<PodCounts>>) {
    let told = match pods {
        Some(Ok(pods)) => {
            let PodCounts { running, waiting, succeeded, failed } = pods;
            let told = format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed");
            if *failed > 0 { standing(Standing::Bad, told) } else { said(told) }
        }
        Some(Err(problem)) => cannot(problem),
        None => said("<unknown>"),
    };
    page.cell(0, "Pods Status", told);
}

/// A part that could not be read, said in its place.
pub(super) fn cannot(problem: &Problem) -> super::description::Cell {
    standing(Standing::Changing, problem.headline())
}

fn conditions<'a>(page: &mut Page, conditions: impl Iterator<Item = (&'a str, &'a str, Option<&'a String>)>) {
    let mut conditions = conditions.peekable();
    if conditions.peek().is_none() {
        return;
    }
    page.group(0, "Conditions");
    page.underlined(1, &["Type", "Status", "Reason"]);
    for (kind, status, reason) in conditions {
        let good = if kind == "ReplicaFailure" { "False" } else { "True" };
        let how = if status == good { Standing::Good } else { Standing::Bad };
        page.row(1, vec![said(kind), standing(how, status), said(reason.map_or("", String::as_str))]);
    }
}

pub(super) fn deployment(page: &mut Page, of: &Deployment, replica_sets: Option<&Read<Vec<ReplicaSet>>>) {
    let (spec, status) = (of.spec.clone().unwrap_or_default(), of.status.clone().unwrap_or_default());
    name(page, &of.metadata);
    created(page, &of.metadata);
    metadata(page, &of.metadata);
    page.field(0, "Selector", selector(Some(&spec.selector)));
    let replicas = format!(
        "{} desired | {} updated | {} total | {} available | {} unavailable",
        number(spec.replicas),
        number(status.updated_replicas),
        number(status.replicas),
        number(status.available_replicas),
        number(status.unavailable_replicas),
    );
    let how = if number(status.unavailable_replicas) > 0 { Standing::Bad } else { Standing::Good };
    page.cell(0, "Replicas", standing(how, replicas));
    let strategy = spec.strategy.unwrap_or_default();
    page.field(0, "StrategyType", strategy.type_.as_deref().unwrap_or_default());
    page.field(0, "MinReadySeconds", number(spec.min_ready_seconds).to_string());
    if let Some(rolling) = strategy.rolling_update {
        let word = |value: Option<IntOrString>| value.as_ref().map_or_else(|| "0".to_owned(), int_or_string);
        let (unavailable, surge) = (word(rolling.max_unavailable), word(rolling.max_surge));
        page.field(0, "RollingUpdateStrategy", format!("{unavailable} max unavailable, {surge} max surge"));
    }
    template(page, &spec.template);
    let all = status.conditions.iter().flatten();
    conditions(page, all.map(|c| (c.type_.as_str(), c.status.as_str(), c.reason.as_ref())));
    match replica_sets {
        Some(Ok(sets)) if !sets.is_empty() => {
            let (new, old) = old_and_new(of, sets);
            page.field(0, "OldReplicaSets", sets_on_one_line(&old));
            page.field(0, "NewReplicaSet", sets_on_one_line(&new));
        }
        Some(Err(problem)) => page.cell(0, "NewReplicaSet", cannot(problem)),
        _ => {}
    }
}

/// The Deployment's ReplicaSets: the one whose template is its own now (the oldest, should there be several), and the
/// others, oldest first.
fn old_and_new<'a>(of: &Deployment, sets: &'a [ReplicaSet]) -> (Vec<&'a ReplicaSet>, Vec<&'a ReplicaSet>) {
    let uid = of.metadata.uid.as_deref().unwrap_or_default();
    let mut own: Vec<&ReplicaSet> =
        sets.iter().filter(|set| controller(&set.metadata).is_some_and(|owner| owner.uid == uid)).collect();
    own.sort_by_key(|set| (set.metadata.creation_timestamp.clone(), set.metadata.name.clone()));
    let wanted = of.spec.as_ref().map(|spec| comparable(&spec.template));
    let is_new = |set: &&ReplicaSet| {
        let template = set.spec.as_ref().and_then(|spec| spec.template.as_ref());
        template.map(comparable) == wanted
    };
    let new = own.iter().position(is_new).map(|at| own.remove(at));
    (new.into_iter().collect(), own)
}

/// A template without the label by which the pods of one ReplicaSet are told from those of another.
fn comparable(template: &k8s_openapi::api::core::v1::PodTemplateSpec) -> k8s_openapi::api::core::v1::PodTemplateSpec {
    let mut template = template.clone();
    if let Some(labels) = template.metadata.as_mut().and_then(|metadata| metadata.labels.as_mut()) {
        labels.remove("pod-template-hash");
    }
    if let Some(metadata) = template.metadata.as_mut() {
        metadata.creation_timestamp = None;
        metadata.labels = metadata.labels.take().filter(|labels| !labels.is_empty());
    }
    template
}

fn sets_on_one_line(sets: &[&ReplicaSet]) -> String {
    let told = sets.iter().map(|set| {
        let wanted = set.spec.as_ref().and_then(|spec| spec.replicas);
        let there = set.status.as_ref().map_or(0, |status| status.replicas);
        let name = set.metadata.name.as_deref().unwrap_or_default();
        format!("{name} ({there}/{} replicas created)", number(wanted))
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "<none>".to_owned() } else { told.join(", ") }
}

fn int_or_string(value: &IntOrString) -> String {
    match value {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(text) => text.clone(),
    }
}

pub(super) fn replica_set(page: &mut Page, of: &ReplicaSet, pods: Option<&Read<PodCounts>>) {
    let (spec, status) = (of.spec.clone().unwrap_or_default(), of.status.clone().unwrap_or_default());
    name(page, &of.metadata);
    page.field(0, "Selector", selector_or_none(Some(&spec.selector)));
    metadata(page, &of.metadata);
    controlled_by(page, &of.metadata);
    page.field(0, "Replicas", format!("{} current / {} desired", status.replicas, number(spec.replicas)));
    pods_status(page, pods);
    template(page, &spec.template.unwrap_or_default());
    let all = status.conditions.iter().flatten();
    conditions(page, all.map(|c| (c.type_.as_str(), c.status.as_str(), c.reason.as_ref())));
}

pub(super) fn replication_controller(page: &mut Page, of: &ReplicationController, pods: Option<&Read<PodCounts>>) {
    let (spec, status) = (of.spec.clone().unwrap_or_default(), of.status.clone().unwrap_or_default());
    name(page, &of.metadata);
    page.field(0, "Selector", on_one_line(spec.selector.as_ref()));
    metadata(page, &of.metadata);
    page.field(0, "Replicas", format!("{} current / {} desired", status.replicas, number(spec.replicas)));
    pods_status(page, pods);
    template(page, &spec.template.unwrap_or_default());
    let all = status.conditions.iter().flatten();
    conditions(page, all.map(|c| (c.type_.as_str(), c.status.as_str(), c.reason.as_ref())));
}

pub(super) fn stateful_set(page: &mut Page, of: &StatefulSet, pods: Option<&Read<PodCounts>>) {
    let (spec, status) = (of.spec.clone().unwrap_or_default(), of.status.clone().unwrap_or_default());
    name(page, &of.metadata);
    created(page, &of.metadata);
    page.field(0, "Selector", selector(Some(&spec.selector)));
    metadata(page, &of.metadata);
    page.field(0, "Replicas", format!("{} desired | {} total", number(spec.replicas), status.replicas));
    let strategy = spec.update_strategy.unwrap_or_default();
    page.field(0, "Update Strategy", strategy.type_.as_deref().unwrap_or_default());
    if let Some(rolling) = strategy.rolling_update
        && let Some(partition) = rolling.partition
    {
        page.field(1, "Partition", partition.to_string());
        page.field_if(1, "MaxUnavailable", rolling.max_unavailable.as_ref().map(int_or_string));
    }
    pods_status(page, pods);
    template(page, &spec.template);
    claims(page, spec.volume_claim_templates.as_deref().unwrap_or_default());
}

fn claims(page: &mut Page, templates: &[PersistentVolumeClaim]) {
    if templates.is_empty() {
        page.field(0, "Volume Claims", "<none>");
        return;
    }
    page.group(0, "Volume Claims");
    for claim in templates {
        let (meta, spec) = (&claim.metadata, claim.spec.clone().unwrap_or_default());
        page.field(1, "Name", meta.name.as_deref().unwrap_or_default());
        page.field(1, "StorageClass", spec.storage_class_name.as_deref().unwrap_or_default());
        labels(page, 1, "Labels", meta.labels.as_ref());
        labels(page, 1, "Annotations", meta.annotations.as_ref());
        let requests = spec.resources.and_then(|resources| resources.requests);
        let storage = requests.and_then(|requests| requests.get("storage").map(|storage| storage.0.clone()));
        page.field(1, "Capacity", storage.as_deref().unwrap_or("<default>"));
        page.field(1, "Access Modes", format!("[{}]", spec.access_modes.unwrap_or_default().join(" ")));
    }
}

pub(super) fn daemon_set(page: &mut Page, of: &DaemonSet, pods: Option<&Read<PodCounts>>) {
    let (spec, status) = (of.spec.clone().unwrap_or_default(), of.status.clone().unwrap_or_default());
    name(page, &of.metadata);
    page.field(0, "Selector", selector(Some(&spec.selector)));
    let nodes = spec.template.spec.as_ref().and_then(|spec| spec.node_selector.as_ref());
    page.field(0, "Node-Selector", on_one_line(nodes));
    metadata(page, &of.metadata);
    for (what, count) in [
        ("Desired Number of Nodes Scheduled", status.desired_number_scheduled),
        ("Current Number of Nodes Scheduled", status.current_number_scheduled),
        ("Number of Nodes Scheduled with Up-to-date Pods", number(status.updated_number_scheduled)),
        ("Number of Nodes Scheduled with Available Pods", number(status.number_available)),
        ("Number of Nodes Misscheduled", status.number_misscheduled),
    ] {
        page.words(0, format!("{what}: {count}"));
    }
    pods_status(page, pods);
    template(page, &spec.template);
}
