//! How a debugger starts: plan, requests that are carried through once they are sent, waiting, attaching; and the ways
//! that are left where its plan is refused.

mod elsewhere;

use serde_json::Value;
use tokio::sync::oneshot;

use super::{Outlets, Ready, attach_once_started};
use crate::app::{Message, Target};
use crate::cluster::detail::pod_detail;
use crate::cluster::{Cluster, ContainerKey, Expected, Fix, LaunchStep, PodKey, Problem, Sight, Way, expected};
use crate::plan::{self, DebugOptions, Facts, Plan, PodSecurity, Profile};
use crate::session::SessionId;

/// What is to be looked at once the debugger's stream stands.
pub(super) struct Look {
    pub(super) container: ContainerKey,
    pub(super) expected: Expected,
    /// What is known without looking.
    pub(super) known: Option<Sight>,
}

/// Starts a debugger and attaches to it; also what is to be looked at afterwards.
pub(super) async fn debug(
    cluster: &Cluster,
    id: SessionId,
    (key, target, mut options): (&PodKey, &Target, DebugOptions),
    suffixes: &mut (dyn Iterator<Item = String> + Send),
    outlets: &Outlets,
) -> Result<(Ready, Look), Problem> {
    let (pod, mut facts) = tokio::join!(cluster.pod(key), cluster.facts(&key.namespace));
    let pod = pod?;
    // A name that the person gave may be taken.
    let named = options.copy.as_ref().is_some_and(|copy| !copy.name.is_empty());
    options.name_copy(&key.name, suffixes);
    let default = pod_detail(&pod).and_then(|detail| detail.default_container);
    if *target == Target::Default && options.copy.is_none() {
        options.target = default.as_ref().map(ToString::to_string);
    }
    let subject = options.target.as_deref().or(default.as_deref());
    facts.seen = subject.and_then(|container| cluster.seen_user(&pod, container));
    let plan = plan::plan_for_pod(&pod, &facts, &options, suffixes).map_err(|refusal| {
        let form = Fix::new("through the form, to change it", Way::Form);
        let copy = options.copy.is_none().then(|| Fix::new("a copy of the pod with a debugger in it", Way::Copy));
        let what = format!("cannot debug {}/{}", key.namespace, key.name);
        Problem::new(what, refusal.message, "").with_fixes([form]).with_fixes(copy)
    })?;
    let subject = Subject { object: Object::Pod(&pod), facts: &facts, options: &options, plan: &plan };
    let sent = carry_out(cluster, id, &subject, outlets).await;
    let container = match sent {
        Ok(container) => container,
        Err(problem) if named && problem.fixes.iter().any(|fix| fix.way == Way::Renamed) => {
            let there = PodKey { namespace: plan.namespace.as_str().into(), name: plan.pod.as_str().into() };
            return Err(elsewhere::with_way_into(cluster, problem, &there).await);
        }
        Err(problem) => return Err(problem),
    };
    let Some(container) = container else {
        return Err(Problem::new(
            format!("{}/{} was created", plan.namespace, plan.pod),
            "only images were changed, so there is no debugger to attach to",
            "attach to one of its containers, or open a shell there",
        ));
    };
    let ready = attach_to(cluster, id, &subject, &container, outlets).await?;
    Ok((ready, Look { container, expected: expected(&pod, &plan), known: None }))
}

/// Starts a node debugger and attaches to it; also what is to be looked at afterwards.
pub(super) async fn debug_node(
    cluster: &Cluster,
    id: SessionId,
    (name, namespace, options): (&str, &str, &DebugOptions),
    suffixes: &mut (dyn Iterator<Item = String> + Send),
    outlets: &Outlets,
) -> Result<(Ready, Look), Problem> {
    let (node, facts) = tokio::join!(cluster.node(name), cluster.facts(namespace));
    let node = node?;
    let plan = plan::plan_for_node(&node, namespace, &facts, options, suffixes).map_err(|refusal| {
        let form = Fix::new("through the form, to change it", Way::Form);
        Problem::new(format!("cannot debug node/{name}"), refusal.message, "").with_fixes([form])
    })?;
    outlets.tell(Message::Planned(id, plan.profile));
    let subject = Subject { object: Object::Node(&node), facts: &facts, options, plan: &plan };
    let container = match carry_out(cluster, id, &subject, outlets).await {
        Ok(Some(container)) => container,
        Ok(None) => {
            let why = "the plan has no debugger to attach to";
            return Err(Problem::new(format!("cannot debug node/{name}"), why, ""));
        }
        Err(problem) if problem.is_of_policy() => {
            // A weaker debugger sees nothing of the node: another namespace is what helps.
            let ways = elsewhere::namespaces(cluster, &node, namespace, options).await;
            let weaker = problem.fixes.clone();
            return Err(Problem { fixes: Vec::new(), ..problem }.with_fixes(ways).with_fixes(weaker));
        }
        Err(problem) => return Err(problem),
    };
    let ready = attach_to(cluster, id, &subject, &container, outlets).await?;
    let expected = expected(&node, &plan);
    let known = match facts.enforce {
        Some(level)
            if options.profile == Profile::Auto && expected.node.is_none() && level != PodSecurity::Privileged =>
        {
            let ways = elsewhere::namespaces(cluster, &node, namespace, options).await;
            Some(blind(namespace, level, ways))
        }
        _ => None,
    };
    Ok((ready, Look { container, expected, known }))
}

/// A node's debugger that sees nothing of its node, because its namespace forbids it.
fn blind(namespace: &str, level: PodSecurity, ways: Vec<Fix>) -> Sight {
    let why = format!("the namespace {namespace} enforces the Pod Security level {level}, which forbids it");
    let hint = "a namespace that enforces nothing allows it";
    let problem = Problem::new("the debugger is on the node, but sees nothing of it", why, hint).with_fixes(ways);
    Sight { text: format!("sees nothing of the node: {namespace} enforces {level}"), problem: Some(problem) }
}

/// Tells what was planned and sends it; a refusal comes with the ways that are left.
async fn carry_out(
    cluster: &Cluster,
    id: SessionId,
    subject: &Subject<'_>,
    outlets: &Outlets,
) -> Result<Option<ContainerKey>, Problem> {
    let report = |step| outlets.tell(Message::Launch(id, step));
    subject.plan.reasons.iter().cloned().map(LaunchStep::Note).for_each(report);
    subject.plan.warnings.iter().cloned().map(LaunchStep::Warning).for_each(report);
    send(cluster, id, subject.plan, outlets).await.map_err(|problem| subject.with_what_is_left(problem))
}

/// Waits for the debugger and attaches to it; what stands in the way comes with users that are of use.
async fn attach_to(
    cluster: &Cluster,
    id: SessionId,
    subject: &Subject<'_>,
    container: &ContainerKey,
    outlets: &Outlets,
) -> Result<Ready, Problem> {
    let report = |step| {
        let step = match step {
            LaunchStep::Stuck(problem) => LaunchStep::Stuck(subject.with_users(problem)),
            step => step,
        };
        outlets.tell(Message::Launch(id, step));
    };
    let ready = attach_once_started(cluster, container, subject.options.tty, report).await;
    ready.map_err(|problem| subject.with_users(problem))
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

/// What is debugged.
#[derive(Clone, Copy)]
enum Object<'a> {
    Pod(&'a Value),
    Node(&'a Value),
}

/// What a start is about, for the ways that are left where it goes wrong.
struct Subject<'a> {
    object: Object<'a>,
    facts: &'a Facts,
    options: &'a DebugOptions,
    plan: &'a Plan,
}

impl Subject<'_> {
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
        let left = match self.object {
            Object::Pod(pod) => {
                plan::alternatives_for_pod(pod, self.facts, self.options, self.plan).unwrap_or_default()
            }
            Object::Node(node) => plan::alternatives_for_node(node, self.facts, self.options, self.plan),
        };
        left.into_iter()
            .map(|left| {
                let admitted = left.reason.split(';').next().unwrap_or_default().to_owned();
                (left.profile, left.options.custom.unwrap_or_else(|| serde_json::json!({})), admitted)
            })
            .collect()
    }
}
