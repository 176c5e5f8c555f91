//! Access reviews: what the one who asks may do; nothing of them is kept.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal, object as answer};
use super::call::Call;
use super::query::REVIEWS;
use super::rbac::Access;
use crate::demo::object::text;

/// `POST` of a review.
pub(super) async fn create(mut call: Call, plural: &str) -> Result<Answer, Refusal> {
    if call.method() != http::Method::POST {
        return Err(Refusal::method_not_allowed());
    }
    let Some((group, _, kind)) = REVIEWS.iter().find(|review| review.1 == plural) else {
        return Err(Refusal::no_such_resource());
    };
    let given = call.object().await?;
    let mut review = json!({
        "kind": kind,
        "apiVersion": format!("{group}/v1"),
        "metadata": {},
    });
    if let Some(spec) = given.get("spec") {
        review["spec"] = spec.clone();
    }
    review["status"] = match plural {
        "selfsubjectaccessreviews" => access_review(&call, &given),
        "selfsubjectrulesreviews" => call.user.rules_review(text(&given, "/spec/namespace")),
        _ => json!({ "userInfo": { "username": call.user.name, "groups": call.user.groups } }),
    };
    Ok(answer(201, &review))
}

fn access_review(call: &Call, given: &Value) -> Value {
    let Some(attributes) = given.pointer("/spec/resourceAttributes") else {
        // paths outside the resources are open to everyone who is known
        return json!({ "allowed": text(given, "/spec/nonResourceAttributes/verb") == "get" });
    };
    let of = |field: &str| text(attributes, &format!("/{field}")).to_owned();
    let (verb, group, resource) = (of("verb"), of("group"), of("resource"));
    let (subresource, namespace, name) = (of("subresource"), of("namespace"), of("name"));
    let access = Access {
        verb: &verb,
        group: &group,
        resource: &resource,
        subresource: &subresource,
        namespace: &namespace,
        name: &name,
    };
    json!({ "allowed": call.user.may(&access) })
}
