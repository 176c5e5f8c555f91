//! Answers of the API: bodies, and refusals as `metav1.Status` objects; it decides nothing.

use std::convert::Infallible;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use serde_json::{Value, json};

use crate::demo::node::StreamError;
use crate::demo::resource::Resource;

/// The body of an answer, whole or streamed.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// An answer.
pub(crate) type Answer = http::Response<Body>;

/// An answer with this text and content type.
pub(crate) fn whole(code: u16, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Answer::new(Full::new(body.into()).boxed_unsync());
    *answer.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// An answer with this object.
pub(crate) fn object(code: u16, object: &Value) -> Answer {
    whole(code, "application/json", object.to_string())
}

/// An answer that goes on while the stream does.
pub(crate) fn streamed(content_type: &'static str, pieces: impl Stream<Item = Bytes> + Send + 'static) -> Answer {
    let frames = pieces.map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    let mut answer = Answer::new(StreamBody::new(frames).boxed_unsync());
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer
}

/// Adds warnings, as kubectl prints them (RFC 7234, code 299).
pub(crate) fn with_warnings(mut answer: Answer, warnings: &[String]) -> Answer {
    for warning in warnings {
        let escaped = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{escaped}\"")) {
            answer.headers_mut().append(HeaderName::from_static("warning"), value);
        }
    }
    answer
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// `spec.containers[0].name`.
    pub(crate) field: String,
    /// `FieldValueRequired` …
    pub(crate) reason: &'static str,
    /// `Required value: …`.
    pub(crate) message: String,
}

impl FieldError {
    fn new(field: &str, reason: &'static str, message: String) -> Self {
        Self { field: field.to_owned(), reason, message }
    }

    fn detailed(field: &str, reason: &'static str, words: &str, detail: &str) -> Self {
        let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        Self::new(field, reason, format!("{words}{detail}"))
    }

    /// A value is missing; the detail may be empty.
    pub(crate) fn required(field: &str, detail: &str) -> Self {
        Self::detailed(field, "FieldValueRequired", "Required value", detail)
    }

    /// A value is not allowed here.
    pub(crate) fn forbidden(field: &str, detail: &str) -> Self {
        Self::detailed(field, "FieldValueForbidden", "Forbidden", detail)
    }

    /// A value is wrong.
    pub(crate) fn invalid(field: &str, value: &Value, detail: &str) -> Self {
        Self::new(field, "FieldValueInvalid", format!("Invalid value: {value}: {detail}"))
    }

    /// A value is there twice.
    pub(crate) fn duplicate(field: &str, value: &str) -> Self {
        Self::new(field, "FieldValueDuplicate", format!("Duplicate value: {value:?}"))
    }

    /// A value names nothing.
    pub(crate) fn not_found(field: &str, value: &str) -> Self {
        Self::new(field, "FieldValueNotFound", format!("Not found: {value:?}"))
    }

    /// A value is none of those supported.
    pub(crate) fn not_supported(field: &str, value: &str, supported: &[&str]) -> Self {
        let quoted: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
        let message = format!("Unsupported value: {value:?}: supported values: {}", quoted.join(", "));
        Self::new(field, "FieldValueNotSupported", message)
    }
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    code: u16,
    reason: &'static str,
    message: String,
    details: Option<Value>,
}

impl Refusal {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None }
    }

    fn about(mut self, resource: &Resource, name: &str) -> Self {
        let mut details = json!({});
        if !name.is_empty() {
            details["name"] = json!(name);
        }
        if !resource.group.is_empty() {
            details["group"] = json!(resource.group);
        }
        details["kind"] = json!(resource.plural);
        self.details = Some(details);
        self
    }

    /// The request makes no sense.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// Nobody knows who asks.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// This user may not, or a policy does not admit it. The name may be empty.
    pub(crate) fn forbidden(resource: &Resource, name: &str, why: &str) -> Self {
        let what = if name.is_empty() { resource.qualified() } else { format!("{} {name:?}", resource.qualified()) };
        Self::new(403, "Forbidden", format!("{what} is forbidden: {why}")).about(resource, name)
    }

    /// There is no object of this name.
    pub(crate) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} {name:?} not found", resource.qualified());
        Self::new(404, "NotFound", message).about(resource, name)
    }

    /// There is no such path, kind or subresource.
    pub(crate) fn no_such_resource() -> Self {
        let mut refusal = Self::new(404, "NotFound", "the server could not find the requested resource");
        refusal.details = Some(json!({}));
        refusal
    }

    /// The path knows other methods only.
    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        let mut refusal = Self::new(405, "MethodNotAllowed", message);
        refusal.details = Some(json!({}));
        refusal
    }

    /// The client accepts no form that is served.
    pub(crate) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json, application/yaml";
        Self::new(406, "NotAcceptable", message)
    }

    /// The name is taken.
    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", resource.qualified());
        Self::new(409, "AlreadyExists", message).about(resource, name)
    }

    /// The object is another by now, or another than the request says.
    pub(crate) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", resource.qualified());
        Self::new(409, "Conflict", message).about(resource, name)
    }

    /// The version asked for is no longer known.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// The body is larger than is read.
    pub(crate) fn too_large() -> Self {
        Self::new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
    }

    /// The body has a form that is not read.
    pub(crate) fn unsupported_media_type(given: &str, accepted: &str) -> Self {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        let mut refusal = Self::new(415, "UnsupportedMediaType", message);
        refusal.details = Some(json!({ "causes": [{ "reason": "given", "message": given }] }));
        refusal
    }

    /// The object breaks these rules; there is at least one.
    pub(crate) fn invalid(resource: &Resource, name: &str, errors: &[FieldError]) -> Self {
        let said: Vec<String> = errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
        let said = if let [only] = said.as_slice() { only.clone() } else { format!("[{}]", said.join(", ")) };
        let causes: Vec<Value> = errors
            .iter()
            .map(|error| json!({ "reason": error.reason, "message": error.message, "field": error.field }))
            .collect();
        let kind = resource.kind;
        let qualified = if resource.group.is_empty() { kind.to_owned() } else { format!("{kind}.{}", resource.group) };
        let mut refusal = Self::new(422, "Invalid", format!("{qualified} {name:?} is invalid: {said}"));
        let mut details = json!({ "name": name });
        if !resource.group.is_empty() {
            details["group"] = json!(resource.group);
        }
        details["kind"] = json!(kind);
        details["causes"] = json!(causes);
        refusal.details = Some(details);
        refusal
    }

    /// A version was asked for that is yet to come.
    pub(crate) fn version_too_large(wanted: u64, current: u64) -> Self {
        let message = format!("Too large resource version: {wanted}, current: {current}");
        let mut refusal = Self::new(504, "Timeout", format!("Timeout: {message}"));
        let cause = json!({ "reason": "ResourceVersionTooLarge", "message": message });
        refusal.details = Some(json!({ "causes": [cause], "retryAfterSeconds": 1 }));
        refusal
    }

    /// The refusal as the API words it.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        });
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status["code"] = json!(self.code);
        status
    }

    /// The answer that says it.
    pub(crate) fn into_answer(self) -> Answer {
        object(self.code, &self.status())
    }
}

/// A stream that was not opened: a Status object, or the kubelet's plain text.
pub(crate) fn stream_refused(error: &StreamError) -> Answer {
    if error.reason.is_empty() {
        return whole(error.code, "text/plain; charset=utf-8", error.message.clone());
    }
    let status = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": error.message,
        "reason": error.reason,
        "code": error.code,
    });
    object(error.code, &status)
}
