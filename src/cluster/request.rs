//! Requests and whole answers of the API, each with a limit in time and size; it never follows a stream.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use kube::{client::Body, core::Status};
use serde::de::DeserializeOwned;

use super::{Cluster, PodKey, Problem, problem::Fault};

/// How long the head of an ordinary answer may take.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(15);
/// How long a change may take: admission webhooks are asked on the way.
pub(super) const CHANGE_TIME: Duration = Duration::from_secs(60);
/// How long a body may stay silent between two pieces.
const PIECE_TIME: Duration = Duration::from_secs(15);
/// The largest single object: etcd takes 1.5 MiB; the rest is for servers that allow more.
pub(super) const OBJECT_LIMIT: usize = 16 * 1024 * 1024;
/// The largest answer to a list.
pub(super) const LIST_LIMIT: usize = 256 * 1024 * 1024;
/// How much of an error's body is read.
const ERROR_LIMIT: usize = 256 * 1024;

/// Plain JSON.
pub(super) const JSON: &str = "application/json";
/// Whatever there is: streams and logs are refused with 406 when JSON alone is accepted.
pub(super) const ANYTHING: &str = "*/*";
/// A strategic merge patch.
pub(super) const STRATEGIC_MERGE: &str = "application/strategic-merge-patch+json";

/// A path below the API's root with a query, encoded.
pub(super) struct Target {
    path: String,
    /// Encoded, without its question mark.
    query: String,
}

impl Target {
    /// `/api/v1/…` from segments that a server or a person named.
    ///
    /// # Errors
    /// A segment that cannot be a name of the API.
    pub(super) fn new(prefix: &str, segments: &[&str]) -> Result<Self, Fault> {
        let mut path = prefix.to_owned();
        for segment in segments {
            let fits = !segment.is_empty()
                && segment.len() <= 253
                && !matches!(*segment, "." | "..")
                && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:~".contains(&byte));
            if !fits {
                return Err(Fault::Refused(Problem::new(
                    format!("cannot ask for {segment:?}"),
                    "it is not a name Kubernetes would accept",
                    "names are made of letters, digits, - and .",
                )));
            }
            path.push('/');
            path.push_str(segment);
        }
        Ok(Self { path, query: String::new() })
    }

    /// A pod or one of its subresources.
    pub(super) fn pod(key: &PodKey, subresource: Option<&str>) -> Result<Self, Fault> {
        let mut segments = vec!["namespaces", &key.namespace, "pods", &key.name];
        segments.extend(subresource);
        Self::new("/api/v1", &segments)
    }

    /// Adds `name=value` to the query.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.extend(form_urlencoded::byte_serialize(name.as_bytes()));
        self.query.push('=');
        self.query.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        self
    }

    fn uri(self) -> String {
        if self.query.is_empty() { self.path } else { format!("{}?{}", self.path, self.query) }
    }

    /// A GET of it.
    pub(super) fn get(self, accept: &str) -> Result<Request<Vec<u8>>, Fault> {
        self.request(Method::GET, accept, None, Vec::new())
    }

    /// Any request of it.
    pub(super) fn request(
        self,
        method: Method,
        accept: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Request<Vec<u8>>, Fault> {
        let mut request = Request::builder().method(method).uri(self.uri()).header(header::ACCEPT, accept);
        if let Some(content_type) = content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        request.body(body).map_err(|error| Fault::broken(&error))
    }
}

impl Cluster {
    /// Sends a request and waits for the head of a good answer.
    pub(super) async fn open(&self, request: Request<Vec<u8>>, within: Duration) -> Result<Response<Body>, Fault> {
        let passage = self.admit(&request)?;
        passage.told(self.ask(request, within).await)
    }

    async fn ask(&self, request: Request<Vec<u8>>, within: Duration) -> Result<Response<Body>, Fault> {
        let response = tokio::time::timeout(within, self.client().send(request.map(Body::from)))
            .await
            .map_err(|_| Fault::Silent(within))??;
        if let Some(warnings) = self.warnings() {
            warnings.heard(response.headers());
        }
        let code = response.status();
        if code.is_success() || code == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response);
        }
        let body = collect(response.into_body(), ERROR_LIMIT).await.unwrap_or_default();
        let mut status = serde_json::from_slice::<Status>(&body)
            .ok()
            .filter(|status| !status.message.is_empty() || !status.reason.is_empty())
            .unwrap_or_else(|| Status::failure(String::from_utf8_lossy(&body).trim(), ""));
        if status.code == 0 {
            status.code = code.as_u16();
        }
        Err(Fault::Api(Box::new(status)))
    }

    /// Sends a request and reads its whole answer.
    pub(super) async fn read(&self, request: Request<Vec<u8>>, within: Duration, limit: usize) -> Result<Bytes, Fault> {
        collect(self.open(request, within).await?.into_body(), limit).await
    }

    /// Sends a request and decodes its answer.
    pub(super) async fn read_json<T: DeserializeOwned>(
        &self,
        request: Request<Vec<u8>>,
        within: Duration,
    ) -> Result<T, Fault> {
        decode(&self.read(request, within, OBJECT_LIMIT).await?)
    }
}

/// Decodes JSON.
pub(super) fn decode<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::Unreadable(error.to_string()))
}

/// Reads a body piece by piece: a large one may take its time, a silent one may not.
async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Fault> {
    let mut whole = BytesMut::new();
    loop {
        let frame = tokio::time::timeout(PIECE_TIME, body.frame()).await.map_err(|_| Fault::Silent(PIECE_TIME))?;
        let Some(frame) = frame else {
            return Ok(whole.freeze());
        };
        let frame = frame.map_err(|error| Fault::broken(&error))?;
        if let Ok(data) = frame.into_data() {
            if whole.len() + data.len() > limit {
                return Err(Fault::Unreadable(format!("it is larger than {} MiB", limit / (1024 * 1024))));
            }
            whole.extend_from_slice(&data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_encoded() {
        let target = Target::new("/api/v1", &["pods"]).unwrap().with("fieldSelector", "metadata.name=a b&c");
        assert_eq!(target.uri(), "/api/v1/pods?fieldSelector=metadata.name%3Da+b%26c");
    }

    #[test]
    fn what_cannot_be_a_name_is_no_path() {
        for name in ["", "..", "a/b", "a?b", "a b", "é"] {
            assert!(Target::new("/api/v1", &["namespaces", name]).is_err(), "{name:?}");
        }
    }
}
