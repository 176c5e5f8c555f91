//! What a form asks of the cluster: the pod or node it plans with, and the verdicts on its plan; it decides nothing.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::effects::Fact;
use super::launch::suffixes;
use crate::app::Message;
use crate::app::overlay::{FormId, Found, Subject, Verdict};
use crate::cluster::detail::pod_detail;
use crate::cluster::{Admission, Cluster, Problem, Warnings};
use crate::plan::{Plan, rights};

/// A name that is taken is drawn again; so many in a row are not taken.
const DRAWN: usize = 16;

type Facts = mpsc::UnboundedSender<Fact>;

/// Reads what a form plans with.
pub(super) async fn read(cluster: Result<Cluster, Problem>, form: FormId, subject: Subject, facts: Facts) {
    let found = match cluster {
        Ok(cluster) => found(&cluster, &subject).await,
        Err(problem) => Err(problem),
    };
    // Nobody listens once the program ends.
    let _ = facts.send(Fact::Message(Message::SubjectRead(form, found)));
}

async fn found(cluster: &Cluster, subject: &Subject) -> Result<Found, Problem> {
    let (object, facts) = match subject {
        Subject::Pod { pod, .. } => tokio::join!(cluster.pod(pod), cluster.facts(&pod.namespace)),
        Subject::Node { node, namespace } => tokio::join!(cluster.node(node), cluster.facts(namespace)),
    };
    let object = Arc::new(object?);
    let names = pod_detail(&object).map(|pod| pod.containers).unwrap_or_default().into_iter().map(|one| one.name);
    let seen =
        names.filter_map(|name| cluster.seen_user(&object, &name).map(|user| (name.to_string(), user))).collect();
    Ok(Found { object, facts, seen, suffixes: suffixes().take(DRAWN).collect() })
}

/// Asks for the verdicts on a plan, side by side; each is told as it comes.
pub(super) async fn check(
    cluster: Result<Cluster, Problem>,
    form: FormId,
    revision: u64,
    plan: Box<Plan>,
    facts: Facts,
) {
    let tell = |verdict| {
        let _ = facts.send(Fact::Message(Message::Checked(form, revision, verdict)));
    };
    let cluster = match cluster {
        Ok(cluster) => cluster,
        Err(problem) => return tell(Verdict::Admission(Admission::Unknown(problem))),
    };
    let granted = async { tell(Verdict::Rights(cluster.has_rights(rights(&plan)).await)) };
    // What follows the first request is a deletion, which no policy on pods looks at.
    let admitted = async {
        if let Some(request) = plan.requests.first() {
            let warnings = Warnings::default();
            let admission = cluster.with_warnings(warnings.clone()).dry_run(request).await;
            tell(Verdict::Warnings(warnings.take()));
            tell(Verdict::Admission(admission));
        }
    };
    tokio::join!(granted, admitted);
}
