//! What was found out about a pod that `kubectl describe` does not tell; it asks nobody.

mod copy;
mod debuggers;
mod routes;

use serde_json::Value;

pub(super) use self::copy::original_of;
pub(super) use self::routes::selects;
use super::description::{Page, Standing, said, standing};
use super::surroundings::{Read, Surroundings};
use super::workload::cannot;
use crate::cluster::detail::{pod_detail, text};
use crate::cluster::explain::{Asked, PodEvent, Situation, explain};
use crate::cluster::owners::OwnerChain;

/// Tells what was found out about a pod: what is wrong, whose it is, what routes to it, who debugs it.
pub(super) fn of_pod(page: &mut Page, pod: &Value, around: &Surroundings) {
    trouble(page, pod, around);
    owners(page, pod, around.owners.as_ref());
    routes::services(page, pod, around);
    copy::copied(page, pod, around.original.as_ref());
    debuggers::debuggers(page, pod);
}

fn trouble(page: &mut Page, pod: &Value, around: &Surroundings) {
    let mut events: Vec<&Value> = around.events.iter().flatten().flatten().collect();
    events.sort_by_key(|event| {
        let time = event["lastTimestamp"].as_str().or(event["eventTime"].as_str());
        time.unwrap_or_default().to_owned()
    });
    let events: Vec<PodEvent> = events.into_iter().filter_map(PodEvent::read).collect();
    let node = around.node.as_ref();
    let situation = Situation { pod, events: &events, node, asked: Asked::Pod };
    if let Some(explanation) = explain(&situation) {
        let problem = explanation.problem;
        page.cell(0, "Trouble", standing(Standing::Bad, problem.headline()));
        if !problem.hint.is_empty() {
            page.cell(0, "Try", said(problem.hint));
        }
    } else if let Some(trouble) = pod_detail(pod).and_then(|detail| detail.trouble) {
        page.cell(0, "Trouble", standing(Standing::Bad, trouble));
    }
}

fn owners(page: &mut Page, pod: &Value, chain: Option<&Read<OwnerChain>>) {
    let chain = match chain {
        None => return,
        Some(Err(problem)) => return page.cell(0, "Belongs To", cannot(problem)),
        Some(Ok(chain)) => chain,
    };
    if chain.owners.is_empty() {
        return page.cell(0, "Belongs To", standing(Standing::Faint, "nothing: what deletes it ends it"));
    }
    let mut words: Vec<String> = chain.owners.iter().rev().map(crate::cluster::Owner::words).collect();
    words.push(format!("Pod/{}", text(&pod["metadata"]["name"])));
    page.field(0, "Belongs To", words.join(" › "));
    if let Some(problem) = &chain.unread {
        page.cell(0, "And Above", cannot(problem));
    }
}
