//! Ways that lead elsewhere: namespaces that admit a node's debugger, and what runs in a pod that has the wanted name;
//! it starts nothing.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;
use tokio::time::timeout;

use crate::cluster::detail::pod_detail;
use crate::cluster::{Admission, Cluster, ContainerKey, ContainerState, Fix, PodKey, Problem, Way};
use crate::plan::{self, DebugOptions};

/// How many namespaces are asked about.
const ASKED: usize = 4;
/// How long all of it may take, while a person waits to hear why something was refused.
const TIME: Duration = Duration::from_secs(5);

/// Other namespaces for this node debugger: the first that admits it in a dry run, and one that the person names.
pub(super) async fn namespaces(cluster: &Cluster, node: &Value, not: &str, options: &DebugOptions) -> Vec<Fix> {
    let named = Fix::new("in another namespace, through the form", Way::Namespace(None));
    let found = timeout(TIME, admitting(cluster, node, not, options)).await.ok().flatten();
    let found = found.map(|name| {
        let title = format!("in the namespace {name}, which admits it");
        Fix::new(title, Way::Namespace(Some(name)))
    });
    found.into_iter().chain([named]).collect()
}

async fn admitting(cluster: &Cluster, node: &Value, not: &str, options: &DebugOptions) -> Option<Arc<str>> {
    let lenient = cluster.lenient_namespaces().await;
    let asked = lenient.into_iter().filter(|name| **name != *not).take(ASKED);
    let answers = join_all(asked.map(|name| async move {
        let facts = cluster.facts(&name).await;
        let plan = plan::plan_for_node(node, &name, &facts, options, &mut super::super::suffixes()).ok()?;
        let admission = cluster.dry_run(plan.requests.first()?).await;
        (admission == Admission::Admitted).then_some(name)
    }));
    answers.await.into_iter().flatten().next()
}

/// The problem of a name that is taken, with a way into the pod that has it: its debugger, or a shell in it.
pub(super) async fn with_way_into(cluster: &Cluster, problem: Problem, there: &PodKey) -> Problem {
    let read = timeout(TIME, cluster.pod(there)).await.ok().and_then(Result::ok);
    let Some(detail) = read.as_ref().and_then(pod_detail) else { return problem };
    let runs = |state: &ContainerState| matches!(state, ContainerState::Running { .. });
    let mut running = detail.containers.iter().filter(|container| runs(&container.state));
    let key = |name: &Arc<str>| ContainerKey { pod: there.clone(), container: Arc::clone(name) };
    let debugger = running.clone().find(|container| container.stdin && container.tty);
    let fix = match debugger {
        Some(found) => {
            Some((format!("attach to {} in {}, which runs", found.name, there.name), Way::Attach(key(&found.name))))
        }
        None => running.next().map(|found| {
            (format!("a shell in {} of the {} that is there", found.name, there.name), Way::Shell(key(&found.name)))
        }),
    };
    problem.with_fixes(fix.map(|(title, way)| Fix::new(title, way)))
}
