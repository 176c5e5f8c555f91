//! Whether a plan would be taken, asked before anything is sent: the user's rights and a dry run; it changes nothing.

use std::time::Duration;

use futures::future::join_all;
use serde_json::Value;

use super::{
    Cluster, Problem,
    debug::prepared,
    explain::refused,
    problem::{Fault, MissingRight},
};
use crate::plan::{Request, Right};

/// How long a person waits for a verdict before "not known" is the better answer.
const CHECK_TIME: Duration = Duration::from_secs(10);

/// What the server says to a request that it is only asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It would be taken.
    Admitted,
    /// It would be refused.
    Refused(Refused, Problem),
    /// There is no verdict: the server is slow or broken, or something on the way takes no dry runs.
    Unknown(Problem),
}

/// Who stands in the way of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The user's rights.
    ByRights,
    /// A policy on what may run: Pod Security, an admission webhook or an admission policy. Another way may be admitted.
    ByPolicy,
    /// The request itself, the object it is about, or something else that a weaker debugger changes nothing of.
    Otherwise,
}

impl Cluster {
    /// Sends a request of a plan with `dryRun=All`: it goes through every check of the server, and nothing comes of it.
    pub async fn dry_run(&self, request: &Request) -> Admission {
        let ask = async { self.read_json::<Value>(prepared(request, true)?, CHECK_TIME).await };
        match ask.await {
            Ok(_) => Admission::Admitted,
            Err(fault) => verdict(&fault, refused(&fault, request)),
        }
    }

    /// Whether the user has each of these rights; `None` where the server does not tell in time.
    pub async fn has_rights(&self, rights: Vec<Right>) -> Vec<(Right, Option<bool>)> {
        join_all(rights.into_iter().map(|right| async move {
            let ask = self.can(right.verb, right.resource, right.subresource, &right.namespace);
            let told = tokio::time::timeout(CHECK_TIME, ask).await.ok().flatten();
            (right, told)
        }))
        .await
    }
}

fn verdict(fault: &Fault, problem: Problem) -> Admission {
    let Some(status) = fault.status() else { return Admission::Unknown(problem) };
    let message = status.message.as_str();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    match status.code {
        // A webhook that has effects of its own and does not know dry runs; the real request may be taken.
        400 if says(&["does not support dry run"]) => Admission::Unknown(problem),
        401 | 429 | 500.. => Admission::Unknown(problem),
        403 if MissingRight::of(message).is_some() => Admission::Refused(Refused::ByRights, problem),
        // Webhooks choose their own code.
        _ if says(&["violates PodSecurity", "denied the request", "denied request", "ValidatingAdmissionPolicy"]) => {
            Admission::Refused(Refused::ByPolicy, problem)
        }
        _ => Admission::Refused(Refused::Otherwise, problem),
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn told(code: u16, message: &str) -> Admission {
        let fault = Fault::Api(Box::new(Status::failure(message, "").with_code(code)));
        let problem = fault.problem("x");
        verdict(&fault, problem)
    }

    #[test]
    fn who_stands_in_the_way_is_told_from_the_servers_words() {
        let refused_by = |code, message: &str| match told(code, message) {
            Admission::Refused(by, _) => Some(by),
            Admission::Unknown(_) => None,
            Admission::Admitted => panic!("{message} is no admission"),
        };
        for (code, message, by) in [
            (
                403,
                "pods \"p\" is forbidden: User \"u\" cannot patch resource \"pods/ephemeralcontainers\" in API group \
                 \"\" in the namespace \"n\"",
                Some(Refused::ByRights),
            ),
            (403, "pods \"p\" is forbidden: violates PodSecurity \"restricted:latest\": …", Some(Refused::ByPolicy)),
            (403, "admission webhook \"a.example\" denied the request: no debuggers", Some(Refused::ByPolicy)),
            (400, "admission webhook \"a.example\" denied the request: no", Some(Refused::ByPolicy)),
            (422, "pods \"p\" is forbidden: ValidatingAdmissionPolicy 'x' denied request: no", Some(Refused::ByPolicy)),
            (403, "pods \"c\" is forbidden: exceeded quota: q", Some(Refused::Otherwise)),
            (422, "Pod \"p\" is invalid: spec.ephemeralContainers[0].name: Duplicate", Some(Refused::Otherwise)),
            (404, "pods \"p\" not found", Some(Refused::Otherwise)),
            (400, "admission webhook \"a.example\" does not support dry run", None),
            (500, "failed calling webhook \"a.example\"", None),
            (429, "slow down", None),
        ] {
            assert_eq!(refused_by(code, message), by, "{message}");
        }
    }
}
