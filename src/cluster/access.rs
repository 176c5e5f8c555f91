//! What the user may do, asked of the API itself; it never guesses.

mod rules;

use std::collections::BTreeMap;
use std::fmt;

use futures::{StreamExt as _, stream};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use self::rules::RulesReview;
use super::{
    Cluster,
    problem::Fault,
    request::{ANSWER_TIME, JSON, Target},
};

/// Reviews that are asked at a time.
const AT_A_TIME: usize = 4;

/// What the console's actions on pods need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PodRight {
    /// To add an ephemeral container.
    PatchEphemeral,
    /// To attach; a websocket is opened with GET …
    GetAttach,
    /// … and, since Kubernetes 1.35, needs this as well.
    CreateAttach,
    /// To run a command, likewise.
    GetExec,
    /// To run a command, likewise.
    CreateExec,
    /// To read logs.
    GetLog,
    /// To make a copy.
    CreatePods,
    /// To delete a pod.
    DeletePods,
}

impl PodRight {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::PatchEphemeral,
        Self::GetAttach,
        Self::CreateAttach,
        Self::GetExec,
        Self::CreateExec,
        Self::GetLog,
        Self::CreatePods,
        Self::DeletePods,
    ];

    /// The verb, and the subresource of `pods` if it is about one.
    pub fn verb_and_subresource(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::PatchEphemeral => ("patch", Some("ephemeralcontainers")),
            Self::GetAttach => ("get", Some("attach")),
            Self::CreateAttach => ("create", Some("attach")),
            Self::GetExec => ("get", Some("exec")),
            Self::CreateExec => ("create", Some("exec")),
            Self::GetLog => ("get", Some("log")),
            Self::CreatePods => ("create", None),
            Self::DeletePods => ("delete", None),
        }
    }
}

impl fmt::Display for PodRight {
    /// `patch pods/ephemeralcontainers`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verb_and_subresource() {
            (verb, Some(subresource)) => write!(f, "{verb} pods/{subresource}"),
            (verb, None) => write!(f, "{verb} pods"),
        }
    }
}

/// What the API said of each right; one that it said nothing of is not in it.
pub type Granted = BTreeMap<PodRight, bool>;

#[derive(Deserialize)]
struct Review {
    status: Option<ReviewStatus>,
}

#[derive(Deserialize)]
struct ReviewStatus {
    #[serde(default)]
    allowed: bool,
}

impl Cluster {
    /// Whether the user may do this: `patch` `pods/ephemeralcontainers`, say. An empty namespace means all of them.
    /// `None` if the API does not tell.
    pub async fn can(&self, verb: &str, resource: &str, subresource: Option<&str>, namespace: &str) -> Option<bool> {
        let mut attributes = json!({ "verb": verb, "resource": resource });
        if let Some(subresource) = subresource {
            attributes["subresource"] = subresource.into();
        }
        if !namespace.is_empty() {
            attributes["namespace"] = namespace.into();
        }
        let spec = json!({ "resourceAttributes": attributes });
        match self.review::<Review>("SelfSubjectAccessReview", &spec).await {
            Ok(review) => review.status.map(|status| status.allowed),
            Err(fault) => {
                tracing::debug!(verb, resource, why = fault.why(), "no access review");
                None
            }
        }
    }

    /// What the user may do with the pods of this namespace. One question where the API can list the rules whole, else
    /// one for each right.
    pub async fn rights(&self, namespace: &str) -> Granted {
        let spec = json!({ "namespace": namespace });
        let listed = self.review::<RulesReview>("SelfSubjectRulesReview", &spec).await;
        let mut granted = match &listed {
            Ok(rules) => rules.granted(),
            Err(fault) => {
                tracing::debug!(namespace, why = fault.why(), "no rules review");
                Granted::new()
            }
        };
        // Rules that are listed hold; what an incomplete list lacks has to be asked.
        let open: Vec<PodRight> = PodRight::ALL.into_iter().filter(|right| !granted.contains_key(right)).collect();
        let asked = stream::iter(open).map(async |right| {
            let (verb, subresource) = right.verb_and_subresource();
            (right, self.can(verb, "pods", subresource, namespace).await)
        });
        let answers: Vec<_> = asked.buffer_unordered(AT_A_TIME).collect().await;
        granted.extend(answers.into_iter().filter_map(|(right, allowed)| Some((right, allowed?))));
        granted
    }

    async fn review<T: serde::de::DeserializeOwned>(&self, kind: &str, spec: &Value) -> Result<T, Fault> {
        let review = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": kind, "spec": spec });
        let plural = format!("{}s", kind.to_ascii_lowercase());
        let target = Target::new("/apis/authorization.k8s.io/v1", &[&plural])?;
        let request = target.request(Method::POST, JSON, Some(JSON), review.to_string().into_bytes())?;
        self.read_json(request, ANSWER_TIME).await
    }
}
