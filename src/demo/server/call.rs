//! One request, read: who asks, what for, in which form the answer is wanted; it answers nothing itself.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde_json::Value;

use super::Server;
use super::answer::Refusal;
use super::protobuf;
use super::query::Query;
use super::rbac::{Access, User};
use crate::demo::resource::{self, Resource};

/// The largest body that is read, in bytes, as the real server limits it.
const LARGEST_BODY: usize = 3 << 20;

/// In which form objects are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As they are.
    Json,
    /// As rows.
    Table,
    /// Their metadata only.
    PartialMetadata,
}

impl Form {
    /// The first form of the `Accept` header that is served; `None` if there is none.
    fn parse(accept: &str) -> Option<Self> {
        if accept.trim().is_empty() {
            return Some(Self::Json);
        }
        accept.split(',').find_map(|media| {
            let mut parts = media.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default();
            if !matches!(kind, "application/json" | "application/*" | "*/*") {
                return None;
            }
            let mut form = None;
            let mut meta = true;
            for part in parts {
                match part.split_once('=') {
                    Some(("as", shape)) => form = Some(shape.to_owned()),
                    Some(("g", group)) => meta &= group == "meta.k8s.io",
                    Some(("v", version)) => meta &= version == "v1",
                    _ => {}
                }
            }
            match form.as_deref() {
                None => Some(Self::Json),
                Some("Table") if meta => Some(Self::Table),
                Some("PartialObjectMetadata" | "PartialObjectMetadataList") if meta => Some(Self::PartialMetadata),
                Some(_) => None,
            }
        })
    }
}

/// A request whose sender is known.
pub(crate) struct Call {
    /// Who answers.
    pub(crate) server: Arc<Server>,
    /// Who asks.
    pub(crate) user: User,
    /// The parameters.
    pub(crate) query: Query,
    /// The request with its body.
    pub(crate) request: Request<Incoming>,
}

impl Call {
    /// Reads who asks, for whom they stand in where they say so, and the parameters.
    pub(crate) fn read(server: Arc<Server>, request: Request<Incoming>) -> Result<Self, Refusal> {
        let headers = request.headers();
        let bearer = header(headers, AUTHORIZATION.as_str()).strip_prefix("Bearer ");
        let user = bearer.and_then(|token| server.user_of(token.trim())).ok_or_else(Refusal::unauthorized)?;
        let user = impersonated(user, headers)?;
        let query = Query::parse(request.uri().query());
        Ok(Self { server, user, query, request })
    }

    /// The method.
    pub(crate) fn method(&self) -> &Method {
        self.request.method()
    }

    /// The content type of the body.
    pub(crate) fn content_type(&self) -> &str {
        header(self.request.headers(), CONTENT_TYPE.as_str())
    }

    /// A header's text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        header(self.request.headers(), name)
    }

    /// The form the answer is wanted in.
    pub(crate) fn form(&self) -> Result<Form, Refusal> {
        let all = self.request.headers().get_all(ACCEPT);
        let accept: Vec<&str> = all.iter().filter_map(|value| value.to_str().ok()).collect();
        Form::parse(&accept.join(",")).ok_or_else(Refusal::not_acceptable)
    }

    /// Whether nothing is to be kept: `dryRun=All`.
    pub(crate) fn is_dry_run(&self) -> Result<bool, Refusal> {
        match self.query.text("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => {
                let message = format!("Unsupported value: {other:?}: supported values: \"All\"");
                Err(Refusal::bad_request(format!("dryRun: {message}")))
            }
        }
    }

    /// Refuses what the user may not.
    pub(crate) fn authorize(&self, resource: &Resource, access: &Access<'_>) -> Result<(), Refusal> {
        if self.user.may(access) {
            return Ok(());
        }
        Err(Refusal::forbidden(resource, access.name, &self.user.refusal(access)))
    }

    /// The body, if it is not larger than is read.
    pub(crate) async fn body(&mut self) -> Result<Bytes, Refusal> {
        let body = Limited::new(self.request.body_mut(), LARGEST_BODY);
        match body.collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Refusal::too_large()),
            Err(error) => Err(Refusal::bad_request(format!("the body broke off: {error}"))),
        }
    }

    /// The body as an object.
    pub(crate) async fn object(&mut self) -> Result<Value, Refusal> {
        let body = self.body().await?;
        self.read_object(&body)
    }

    /// Reads a body as its content type says.
    pub(crate) fn read_object(&self, body: &[u8]) -> Result<Value, Refusal> {
        match self.content_type().split(';').next().unwrap_or_default().trim() {
            "" | "application/json" => parse(body),
            "application/vnd.kubernetes.protobuf" => protobuf::decode(body)
                .map_err(|why| Refusal::bad_request(format!("the object provided cannot be read as protobuf: {why}"))),
            other => {
                let accepted = "application/json, application/vnd.kubernetes.protobuf";
                Err(Refusal::unsupported_media_type(other, accepted))
            }
        }
    }
}

/// Reads JSON; the refusal says where it is wrong.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("the object provided is not JSON: {error}")))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// `kubectl --as`: whoever may impersonate is taken for the user they name.
fn impersonated(user: User, headers: &HeaderMap) -> Result<User, Refusal> {
    let name = header(headers, "impersonate-user");
    if name.is_empty() {
        return Ok(user);
    }
    let access = Access { verb: "impersonate", resource: "users", name, ..Access::default() };
    if !user.may(&access) {
        let users = Resource { plural: "users", ..resource::RESOURCES[0].clone() };
        return Err(Refusal::forbidden(&users, name, &user.refusal(&access)));
    }
    let mut other = User::known(name);
    let groups = headers.get_all("impersonate-group").iter();
    other.groups.extend(groups.filter_map(|group| group.to_str().ok()).map(str::to_owned));
    Ok(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_is_served_is_taken() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io";
        for (accept, form) in [
            ("", Some(Form::Json)),
            ("*/*", Some(Form::Json)),
            (table, Some(Form::Table)),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", Some(Form::Json)),
            ("application/vnd.kubernetes.protobuf,application/json", Some(Form::Json)),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Some(Form::PartialMetadata)),
            ("application/vnd.kubernetes.protobuf", None),
        ] {
            assert_eq!(Form::parse(accept), form, "{accept}");
        }
    }
}
