//! The rights that a plan needs, from its requests alone; it never asks whether anybody has them.

use std::fmt;

use super::{Plan, Request};

/// A right in one namespace, in the words of RBAC.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Right {
    /// `create`, `patch` …
    pub verb: &'static str,
    /// `pods`, always of the core group.
    pub resource: &'static str,
    /// `attach`, `log` …; `None` for the resource itself.
    pub subresource: Option<&'static str>,
    /// Where.
    pub namespace: String,
}

impl fmt::Display for Right {
    /// `patch pods/ephemeralcontainers`, without the namespace.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        match self.subresource {
            Some(subresource) => write!(f, "/{subresource}"),
            None => Ok(()),
        }
    }
}

/// What somebody must be allowed to do so that every request of the plan is taken and its debugger can be attached to.
///
/// Attaching needs `create` and `get`: which of them the server checks depends on its version and on the protocol. The
/// log is read for what was printed before the attachment.
pub fn rights(plan: &Plan) -> Vec<Right> {
    let mut rights: Vec<Right> = plan.requests.iter().map(of_request).collect();
    if plan.attach {
        let of = |verb, subresource| Right {
            verb,
            resource: "pods",
            subresource: Some(subresource),
            namespace: plan.namespace.clone(),
        };
        rights.extend([of("get", "attach"), of("create", "attach"), of("get", "log")]);
    }
    rights
}

fn of_request(request: &Request) -> Right {
    let (verb, subresource, namespace) = match request {
        Request::PatchEphemeral { namespace, .. } => ("patch", Some("ephemeralcontainers"), namespace),
        Request::CreatePod { namespace, .. } => ("create", None, namespace),
        Request::DeletePod { namespace, .. } => ("delete", None, namespace),
    };
    Right { verb, resource: "pods", subresource, namespace: namespace.clone() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{CopyOptions, DebugOptions, Facts, plan_for_node, plan_for_pod, suffixes};

    fn words(plan: &Plan) -> Vec<String> {
        rights(plan).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_request_and_the_attachment_need_their_rights() {
        let pod = json!({"metadata": {"name": "p", "namespace": "n"}, "spec": {"containers": [{"name": "app"}]}});
        let options = DebugOptions { image: Some("busybox".into()), stdin: true, ..DebugOptions::default() };
        let plan = |options| plan_for_pod(&pod, &Facts::default(), options, &mut suffixes(|| 1)).unwrap();
        let attach = ["get pods/attach", "create pods/attach", "get pods/log"];
        let ephemeral = plan(&options);
        assert_eq!(words(&ephemeral), [&["patch pods/ephemeralcontainers"][..], &attach].concat());
        assert!(rights(&ephemeral).iter().all(|right| right.namespace == "n"));
        let copy = CopyOptions { replace: true, ..CopyOptions::named("c") };
        let copied = DebugOptions { copy: Some(copy), ..options.clone() };
        assert_eq!(words(&plan(&copied)), [&["create pods", "delete pods"][..], &attach].concat());
        let silent = DebugOptions { stdin: false, ..options.clone() };
        assert_eq!(words(&plan(&silent)), ["patch pods/ephemeralcontainers"]);
        let node = json!({"metadata": {"name": "n1"}});
        let node = plan_for_node(&node, "ops", &Facts::default(), &options, &mut suffixes(|| 1)).unwrap();
        assert_eq!(words(&node)[0], "create pods");
        assert_eq!(rights(&node)[0].namespace, "ops");
    }
}
