//! What a debugger needs of the API: reading the pod, sending a plan's requests, waiting for the start, attaching with
//! nothing lost; it never decides what a debugger looks like.

mod joined;
mod start;

use http::Method;
use serde_json::{Value, json};

pub use self::start::Started;
use super::{
    Cluster, PodKey, Problem,
    problem::Fault,
    request::{ANSWER_TIME, CHANGE_TIME, JSON, STRATEGIC_MERGE, Target},
};
use crate::plan::{Facts, PodSecurity, Request};

impl Cluster {
    /// The pod as the API gives it.
    ///
    /// # Errors
    /// The API's refusal, a pod that is not there, or a broken connection.
    pub async fn pod(&self, key: &PodKey) -> Result<Value, Problem> {
        let read = async {
            let request = Target::pod(key, None)?.get(JSON)?;
            self.read_json(request, ANSWER_TIME).await
        };
        read.await.map_err(|fault| fault.problem(format!("cannot read the pod {}/{}", key.namespace, key.name)))
    }

    /// The node as the API gives it.
    ///
    /// # Errors
    /// The API's refusal, a node that is not there, or a broken connection.
    pub async fn node(&self, name: &str) -> Result<Value, Problem> {
        let read = async {
            let request = Target::new("/api/v1", &["nodes", name])?.get(JSON)?;
            self.read_json(request, ANSWER_TIME).await
        };
        read.await.map_err(|fault| fault.problem(format!("cannot read the node {name}")))
    }

    /// What is known around the pods of a namespace; what may not be read is unknown.
    pub async fn facts(&self, namespace: &str) -> Facts {
        let read = async {
            let request = Target::new("/api/v1", &["namespaces", namespace])?.get(JSON)?;
            self.read_json::<Value>(request, ANSWER_TIME).await
        };
        match read.await {
            Ok(namespace) => Facts { enforce: enforced(&namespace) },
            Err(fault) => {
                tracing::debug!(namespace, why = fault.why(), "the Pod Security level is unknown");
                Facts::default()
            }
        }
    }

    /// Sends one request of a plan; the answer is the pod.
    ///
    /// # Errors
    /// The API's refusal, worded with what would be admitted or what right is missing, or a broken connection.
    pub async fn send(&self, request: &Request) -> Result<Value, Problem> {
        self.ask(request, false).await
    }

    /// Has the server look at one request of a plan, admission included, and keep nothing (`dryRun=All`); the answer is
    /// the pod as it would be.
    ///
    /// # Errors
    /// As [`Cluster::send`].
    pub async fn send_dry(&self, request: &Request) -> Result<Value, Problem> {
        self.ask(request, true).await
    }

    async fn ask(&self, request: &Request, dry_run: bool) -> Result<Value, Problem> {
        let send = async { self.read_json(prepared(request, dry_run)?, CHANGE_TIME).await };
        send.await.map_err(|fault| refused(&fault, request))
    }

    /// Deletes a pod; `grace` is how many seconds its processes have to end, the pod's own wish by default. A pod that
    /// is already gone is no problem.
    ///
    /// # Errors
    /// The API's refusal, or a broken connection.
    pub async fn delete_pod(&self, key: &PodKey, grace: Option<u32>) -> Result<(), Problem> {
        let delete = async { self.read_json::<Value>(deletion(key, grace, false)?, CHANGE_TIME).await };
        match delete.await {
            Ok(_) => Ok(()),
            Err(fault) if fault.code() == 404 => Ok(()),
            Err(fault) => Err(fault.problem(format!("cannot delete the pod {}/{}", key.namespace, key.name))),
        }
    }
}

/// A request of a plan as it goes to the server; as a dry run it is admitted or refused, and nothing comes of it.
pub(super) fn prepared(request: &Request, dry_run: bool) -> Result<http::Request<Vec<u8>>, Fault> {
    let target = |segments: &[&str]| {
        let target = Target::new("/api/v1", segments)?;
        Ok::<_, Fault>(if dry_run { target.with("dryRun", "All") } else { target })
    };
    match request {
        Request::PatchEphemeral { namespace, pod, body } => {
            let target = target(&["namespaces", namespace, "pods", pod, "ephemeralcontainers"])?;
            target.request(Method::PATCH, JSON, Some(STRATEGIC_MERGE), body.to_string().into_bytes())
        }
        Request::CreatePod { namespace, body, .. } => target(&["namespaces", namespace, "pods"])?.request(
            Method::POST,
            JSON,
            Some(JSON),
            body.to_string().into_bytes(),
        ),
        Request::DeletePod { namespace, pod } => {
            deletion(&PodKey { namespace: namespace.as_str().into(), name: pod.as_str().into() }, Some(0), dry_run)
        }
    }
}

fn deletion(key: &PodKey, grace: Option<u32>, dry_run: bool) -> Result<http::Request<Vec<u8>>, Fault> {
    let mut options = json!({ "kind": "DeleteOptions", "apiVersion": "v1" });
    if let Some(grace) = grace {
        options["gracePeriodSeconds"] = grace.into();
    }
    // The server reads no query where a deletion has a body: a dry run in the query would delete.
    if dry_run {
        options["dryRun"] = json!(["All"]);
    }
    Target::pod(key, None)?.request(Method::DELETE, JSON, Some(JSON), options.to_string().into_bytes())
}

fn enforced(namespace: &Value) -> Option<PodSecurity> {
    match namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"].as_str()? {
        "privileged" => Some(PodSecurity::Privileged),
        "baseline" => Some(PodSecurity::Baseline),
        "restricted" => Some(PodSecurity::Restricted),
        _ => None,
    }
}

pub(super) fn refused(fault: &Fault, request: &Request) -> Problem {
    match request {
        Request::PatchEphemeral { namespace, pod, .. } => {
            let what = format!("cannot start a debugger in {namespace}/{pod}");
            if is_without_subresource(fault) {
                return Problem::new(
                    what,
                    "this server has no ephemeral containers (they came with Kubernetes 1.23, or are switched off)",
                    "debug a copy of the pod instead",
                );
            }
            fault.problem(what)
        }
        Request::CreatePod { namespace, pod, .. } => fault.problem(format!("cannot create the pod {namespace}/{pod}")),
        Request::DeletePod { namespace, pod } => fault.problem(format!("cannot delete the pod {namespace}/{pod}")),
    }
}

/// A 404 for a pod that is not there names it; one for a subresource the server does not know has nothing to name.
fn is_without_subresource(fault: &Fault) -> bool {
    fault.status().is_some_and(|status| {
        status.code == 404
            && status.reason == "NotFound"
            && status.details.as_ref().is_some_and(|details| details.name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(title: &str) -> Fault {
        let answers: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/data/recorded/api-answers.json")).unwrap();
        let answer = answers.iter().find(|answer| answer["title"].as_str().unwrap().starts_with(title)).unwrap();
        Fault::Api(Box::new(serde_json::from_value(answer["response"].clone()).unwrap()))
    }

    fn patch() -> Request {
        Request::PatchEphemeral { namespace: "demo".into(), pod: "nosuch".into(), body: Value::Null }
    }

    #[test]
    fn a_server_without_ephemeral_containers_is_told_apart_from_a_missing_pod() {
        let old = refused(&answer("unknown subresource"), &patch());
        assert!(old.hint.contains("copy"), "{old}");
        let missing = refused(&answer("unknown pod"), &patch());
        assert!(missing.why.contains("\"nosuch\" not found") && !missing.hint.contains("copy"), "{missing}");
    }

    #[test]
    fn a_dry_run_says_so_where_the_server_reads_it() {
        let namespace = || "n".to_owned();
        for request in [
            Request::PatchEphemeral { namespace: namespace(), pod: "p".into(), body: json!({}) },
            Request::CreatePod { namespace: namespace(), pod: "p".into(), body: json!({}) },
        ] {
            assert_eq!(prepared(&request, true).unwrap().uri().query(), Some("dryRun=All"));
            assert_eq!(prepared(&request, false).unwrap().uri().query(), None);
        }
        let deletion = Request::DeletePod { namespace: namespace(), pod: "p".into() };
        let options =
            |dry_run| -> Value { serde_json::from_slice(prepared(&deletion, dry_run).unwrap().body()).unwrap() };
        assert_eq!((&options(true)["dryRun"], &options(false)["dryRun"]), (&json!(["All"]), &Value::Null));
    }

    #[test]
    fn the_enforced_level_is_read_from_its_label() {
        let list: Value = serde_json::from_str(include_str!("../../tests/data/recorded/namespaces.json")).unwrap();
        let level = |name: &str| {
            enforced(list["items"].as_array().unwrap().iter().find(|item| item["metadata"]["name"] == name).unwrap())
        };
        assert_eq!(level("restricted-ns"), Some(PodSecurity::Restricted));
        assert_eq!(level("demo"), None);
    }
}
