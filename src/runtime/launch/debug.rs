//! How a debugger starts: plan, requests that are carried through once they are sent, waiting, attaching; and the ways
//! that are left where its plan is refused.

use serde_json::Value;
use tokio::sync::oneshot;

use super::{Outlets, Ready, attach_once_started};
use crate::app::{Message, Target};
use crate::cluster::detail::pod_detail;
use crate::cluster::{Cluster, ContainerKey, Expected, Fix, LaunchStep, PodKey, Problem, Way, expected};
use crate::plan::{self, DebugOptions, Facts, Plan};
use crate::session::SessionId;

/// What is to be looked at once the debugger's stream stands.
pub(super) struct Look {
    pub(super) container: ContainerKey,
    pub(super) expected: Expected,
}

/// Starts a debugger and attaches to it; also what is to be looked at afterwards.
pub(super) async fn debug(
    cluster: &Cluster,
    id: SessionId,
    (key, target, mut options): (&PodKey, &Target, DebugOptions),
    suffixes: &mut (dyn Iterator<Item = String> + Send),
    outlets: &Outlets,
) -> Result<(Ready, Look), Problem> {
    let (pod, facts) = tokio::join!(cluster.pod(key), cluster.facts(&key.namespace));
    let pod = pod?;
    options.name_copy(&key.name, suffixes);
    if *target == Target::Default && options.copy.is_none() {
        let default = pod_detail(&pod).and_then(|detail| detail.default_container);
        options.target = default.map(|name| name.to_string());
    }
    let plan = plan::plan_for_pod(&pod, &facts, &options, suffixes).map_err(|refusal| {
        let fixes = options.copy.is_none().then(|| Fix::new("a copy of the pod with a debugger in it", Way::Copy));
        Problem::new(format!("cannot debug {}/{}", key.namespace, key.name), refusal.message, "").with_fixes(fixes)
    })?;
    let report = |step| outlets.tell(Message::Launch(id, step));
    plan.reasons.iter().cloned().map(LaunchStep::Note).for_each(report);
    plan.warnings.iter().cloned().map(LaunchStep::Warning).for_each(report);
    let refused = Refused { pod: &pod, facts: &facts, options: &options, plan: &plan };
    let look = send(cluster, id, &plan, outlets).await.map_err(|problem| refused.with_what_is_left(problem))?;
    let Some(container) = look else {
        return Err(Problem::new(
            format!("{}/{} was created", plan.namespace, plan.pod),
            "only images were changed, so there is no debugger to attach to",
            "attach to one of its containers, or open a shell there",
        ));
    };
    let report = |step| match step {
        LaunchStep::Stuck(problem) => report(LaunchStep::Stuck(refused.with_users(problem))),
        step => report(step),
    };
    let ready = attach_once_started(cluster, &container, options.tty, report).await;
    let look = Look { container, expected: expected(&pod, &plan) };
    ready.map(|ready| (ready, look)).map_err(|problem| refused.with_users(problem))
}

/// Starts a node debugger and attaches to it.
pub(super) async fn debug_node(
    cluster: &Cluster,
    id: SessionId,
    (name, namespace, options): (&str, &str, &DebugOptions),
    suffixes: &mut (dyn Iterator<Item = String> + Send),
    outlets: &Outlets,
) -> Result<Ready, Problem> {
    let (node, facts) = tokio::join!(cluster.node(name), cluster.facts(namespace));
    let node = node?;
    let plan = plan::plan_for_node(&node, namespace, &facts, options, suffixes)
        .map_err(|refusal| Problem::new(format!("cannot debug node/{name}"), refusal.message, ""))?;
    outlets.tell(Message::Planned(id, plan.profile));
    let report = |step| outlets.tell(Message::Launch(id, step));
    plan.reasons.iter().cloned().map(LaunchStep::Note).for_each(report);
    plan.warnings.iter().cloned().map(LaunchStep::Warning).for_each(report);
    let sent = send(cluster, id, &plan, outlets).await.map_err(|problem| {
        if !problem.is_of_policy() {
            return problem;
        }
        let left = plan::alternatives_for_node(&node, &facts, options, &plan);
        left.into_iter().fold(problem, |mut problem, left| {
            let custom = left.options.custom.unwrap_or_else(|| serde_json::json!({}));
            let way = Way::ProfileWith { profile: left.profile, custom };
            // The bare profile would lack the user that makes it of use.
            problem.fixes.retain(|fix| fix.way != Way::Profile(left.profile));
            problem.fixes.push(Fix::new(format!("again with profile {}: {}", left.profile, left.reason), way));
            problem
        })
    });
    match sent? {
        Some(container) => attach_once_started(cluster, &container, options.tty, report).await,
        None => Err(Problem::new(format!("cannot debug node/{name}"), "the plan has no debugger to attach to", "")),
    }
}

/// Sends a plan's requests. Once begun they are carried through, even if this is dropped: that the server has taken
/// them is told whether or not anybody still waits.
async fn send(
    cluster: &Cluster,
    id: SessionId,
    plan: &Plan,
    outlets: &Outlets,
) -> Result<Option<ContainerKey>, Problem> {
    let (answer, answered) = oneshot::channel();
    let (cluster, requests, outlets) = (cluster.clone(), plan.requests.clone(), outlets.clone());
    let pod = PodKey { namespace: plan.namespace.as_str().into(), name: plan.pod.as_str().into() };
    let container = plan.container.as_deref().map(|name| ContainerKey { pod, container: name.into() });
    tokio::spawn(async move {
        let mut outcome = Ok(());
        for (index, request) in requests.iter().enumerate() {
            outcome = cluster.send(request).await.map(|_| ());
            if outcome.is_err() {
                break;
            }
            // The first request makes the debugger; one that follows removes the original.
            if let (0, Some(container)) = (index, &container) {
                outlets.tell(Message::Launch(id, LaunchStep::Accepted(container.clone())));
            }
        }
        drop(outlets);
        // Nobody waits for it after the launch was let go of.
        let _ = answer.send(outcome.map(|()| container));
    });
    answered.await.unwrap_or_else(|_| {
        Err(Problem::new("the request was not answered", "what sent it broke down", "look at the leftovers"))
    })
}

/// What a refusal is about.
struct Refused<'a> {
    pod: &'a Value,
    facts: &'a Facts,
    options: &'a DebugOptions,
    plan: &'a Plan,
}

impl Refused<'_> {
    /// The problem with the profiles that policy may still admit, each once.
    fn with_what_is_left(&self, problem: Problem) -> Problem {
        let mut problem = self.with_users(problem);
        if !problem.is_of_policy() {
            return problem;
        }
        for (profile, custom, reason) in self.alternatives() {
            let known = problem.fixes.iter().any(|fix| match &fix.way {
                Way::Profile(other) | Way::ProfileWith { profile: other, .. } => *other == profile,
                _ => false,
            });
            if !known {
                let title = format!("again with profile {profile}: {reason}");
                problem.fixes.push(Fix::new(title, Way::ProfileWith { profile, custom }));
            }
        }
        problem
    }

    /// The problem with every bare profile of its fixes completed by the user that it takes to be of use.
    fn with_users(&self, mut problem: Problem) -> Problem {
        for fix in &mut problem.fixes {
            if let Way::Profile(profile) = fix.way
                && let Some((_, custom, _)) = self.alternatives().into_iter().find(|(other, ..)| *other == profile)
            {
                fix.way = Way::ProfileWith { profile, custom };
            }
        }
        problem
    }

    fn alternatives(&self) -> Vec<(plan::Profile, Value, String)> {
        let left = plan::alternatives_for_pod(self.pod, self.facts, self.options, self.plan).unwrap_or_default();
        left.into_iter()
            .map(|left| {
                let admitted = left.reason.split(';').next().unwrap_or_default().to_owned();
                (left.profile, left.options.custom.unwrap_or_else(|| serde_json::json!({})), admitted)
            })
            .collect()
    }
}
