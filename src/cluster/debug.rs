//! What a debugger needs of the API: reading the pod, sending a plan's requests, waiting for the start, attaching with
//! nothing lost; it never decides what a debugger looks like.

mod joined;
mod lasting;
mod sibling;
mod start;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

pub use self::start::Started;
use super::{
    Cluster, PodKey, Problem,
    explain::{again, refused, with_role},
    guard::Debugger,
    marks,
    problem::Fault,
    request::{ANSWER_TIME, CHANGE_TIME, JSON, STRATEGIC_MERGE, Target},
    text::cleaned,
};
use crate::plan::{Facts, PodSecurity, Request};

/// Which pod of a name is meant: between looking and deleting, another may have got the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Whichever has the name.
    Any,
    /// The one with this uid.
    Uid(String),
    /// The one that we made: it bears our label.
    Ours,
}

impl Cluster {
    /// The pod as the API gives it.
    ///
    /// # Errors
    /// The API's refusal, a pod that is not there, or a broken connection.
    pub async fn pod(&self, key: &PodKey) -> Result<Value, Problem> {
        let fault = match self.pod_as_it_is(key).await {
            Ok(pod) => return Ok(pod),
            Err(fault) => fault,
        };
        let problem = with_role(fault.problem(format!("cannot read the pod {}/{}", key.namespace, key.name)));
        Err(if fault.code() == 404 { problem.with_fixes(self.instead_of(key).await) } else { problem }
            .with_fixes([again()]))
    }

    async fn pod_as_it_is(&self, key: &PodKey) -> Result<Value, Fault> {
        let request = Target::pod(key, None)?.get(JSON)?;
        self.read_json(request, ANSWER_TIME).await
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
        let read = read.await.map_err(|fault| with_role(fault.problem(format!("cannot read the node {name}"))));
        read.map_err(|problem| problem.with_fixes([again()]))
    }

    /// What is known around the pods of a namespace; what may not be read is unknown.
    pub async fn facts(&self, namespace: &str) -> Facts {
        let read = async {
            let request = Target::new("/api/v1", &["namespaces", namespace])?.get(JSON)?;
            self.read_json::<Value>(request, ANSWER_TIME).await
        };
        match read.await {
            Ok(namespace) => Facts { enforce: enforced(&namespace), labels_are_known: true, seen: None },
            Err(fault) => {
                tracing::debug!(namespace, why = fault.why(), "the Pod Security level is unknown");
                Facts::default()
            }
        }
    }

    /// Namespaces whose labels enforce no Pod Security level that would keep a privileged pod out, the likeliest to be
    /// meant for such a thing first; none where namespaces may not be listed.
    pub async fn lenient_namespaces(&self) -> Vec<Arc<str>> {
        let read = async {
            let request = Target::new("/api/v1", &["namespaces"])?.with("limit", "500").get(JSON)?;
            self.read_json::<Value>(request, ANSWER_TIME).await
        };
        let list = match read.await {
            Ok(list) => list,
            Err(fault) => {
                tracing::debug!(why = fault.why(), "namespaces cannot be listed");
                return Vec::new();
            }
        };
        let all = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let lenient = all.iter().filter(|namespace| namespace["status"]["phase"] != "Terminating");
        let mut lenient: Vec<(u8, Arc<str>)> = lenient
            .filter_map(|namespace| {
                let name = namespace["metadata"]["name"].as_str().map(cleaned)?;
                let rank = match enforced(namespace) {
                    Some(PodSecurity::Baseline | PodSecurity::Restricted) => return None,
                    _ if name.starts_with("kube-") => 3,
                    Some(PodSecurity::Privileged) => 0,
                    None if name == "default" => 1,
                    None => 2,
                };
                Some((rank, name.into()))
            })
            .collect();
        lenient.sort();
        lenient.into_iter().map(|(_, name)| name).collect()
    }

    /// Sends one request of a plan; the answer is the pod.
    ///
    /// # Errors
    /// The API's refusal, worded with what would be admitted or what right is missing, or a broken connection.
    pub async fn send(&self, request: &Request) -> Result<Value, Problem> {
        self.carry(request, false).await
    }

    /// Has the server look at one request of a plan, admission included, and keep nothing (`dryRun=All`); the answer is
    /// the pod as it would be.
    ///
    /// # Errors
    /// As [`Cluster::send`].
    pub async fn send_dry(&self, request: &Request) -> Result<Value, Problem> {
        self.carry(request, true).await
    }

    async fn carry(&self, request: &Request, dry_run: bool) -> Result<Value, Problem> {
        let send = async { self.read_json(prepared(request, dry_run)?, CHANGE_TIME).await };
        send.await.map_err(|fault| refused(&fault, request))
    }

    /// Deletes a pod, if it is the one that is meant; its processes get the time to end that it asks for. A pod that is
    /// already gone is no problem.
    ///
    /// # Errors
    /// Another pod under this name, which is left alone; the API's refusal; a broken connection.
    pub async fn delete_pod(&self, key: &PodKey, which: &Which) -> Result<(), Problem> {
        let what = format!("cannot delete the pod {}/{}", key.namespace, key.name);
        let another = || {
            let why = "another pod has this name now, and it was left alone";
            Problem::new(&what, why, "look at the list of pods again")
        };
        let uid = match which {
            Which::Any => None,
            Which::Uid(uid) => Some(uid.clone()),
            Which::Ours => {
                let read = async { self.read_json::<Value>(Target::pod(key, None)?.get(JSON)?, ANSWER_TIME).await };
                let pod = match read.await {
                    Ok(pod) => pod,
                    Err(fault) if fault.code() == 404 => return Ok(()),
                    Err(fault) => return Err(with_role(fault.problem(what))),
                };
                if pod["metadata"]["labels"][marks::MANAGED_BY] != marks::US {
                    return Err(another());
                }
                pod["metadata"]["uid"].as_str().map(ToOwned::to_owned)
            }
        };
        let delete = async {
            self.read_json::<Value>(
                deletion(key, &Deletion { uid: uid.as_deref(), ..Deletion::default() })?,
                CHANGE_TIME,
            )
            .await
        };
        match delete.await {
            Ok(_) => Ok(()),
            Err(fault) if fault.code() == 404 => Ok(()),
            Err(fault) if fault.code() == 409 && uid.is_some() => Err(another()),
            Err(fault) => Err(with_role(fault.problem(what))),
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
        Request::CreatePod { namespace, body, container, .. } => {
            let target = target(&["namespaces", namespace, "pods"])?;
            let mut create = target.request(Method::POST, JSON, Some(JSON), body.to_string().into_bytes())?;
            if let Some(container) = container {
                create.extensions_mut().insert(Debugger(container.clone()));
            }
            Ok(create)
        }
        Request::DeletePod { namespace, pod } => {
            let key = PodKey { namespace: namespace.as_str().into(), name: pod.as_str().into() };
            deletion(&key, &Deletion { grace: Some(0), dry_run, uid: None })
        }
    }
}

/// How a pod is deleted.
#[derive(Default)]
struct Deletion<'a> {
    /// Seconds its processes have to end; the pod's own wish by default.
    grace: Option<u32>,
    dry_run: bool,
    /// Which pod of this name.
    uid: Option<&'a str>,
}

fn deletion(key: &PodKey, how: &Deletion<'_>) -> Result<http::Request<Vec<u8>>, Fault> {
    let mut options = json!({ "kind": "DeleteOptions", "apiVersion": "v1" });
    if let Some(grace) = how.grace {
        options["gracePeriodSeconds"] = grace.into();
    }
    // The server reads no query where a deletion has a body: a dry run in the query would delete.
    if how.dry_run {
        options["dryRun"] = json!(["All"]);
    }
    if let Some(uid) = how.uid {
        options["preconditions"] = json!({ "uid": uid });
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
            Request::CreatePod { namespace: namespace(), pod: "p".into(), container: None, body: json!({}) },
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
