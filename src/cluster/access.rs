//! What the user may do, asked of the API itself; it never guesses.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::{
    Cluster,
    request::{ANSWER_TIME, JSON, Target},
};

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
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": attributes },
        });
        let ask = async {
            let target = Target::new("/apis/authorization.k8s.io/v1", &["selfsubjectaccessreviews"])?;
            let request = target.request(Method::POST, JSON, Some(JSON), review.to_string().into_bytes())?;
            self.read_json::<Review>(request, ANSWER_TIME).await
        };
        match ask.await {
            Ok(review) => review.status.map(|status| status.allowed),
            Err(fault) => {
                tracing::debug!(verb, resource, why = fault.why(), "no access review");
                None
            }
        }
    }
}
