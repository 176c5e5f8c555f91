//! What every request passes on its way out: a change is refused where nothing may change, and told to a witness; it
//! sends nothing itself.

use std::fmt;
use std::sync::Arc;

use http::{Method, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Cluster, Problem, marks, problem::Fault, text::cleaned};

/// The longest reason that is kept of a deed that failed, in characters.
const LONGEST_WHY: usize = 300;

/// What a request does to the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// Creates a pod or another object.
    Create,
    /// Adds an ephemeral container to a pod.
    Debug,
    /// Changes an object.
    Change,
    /// Deletes an object.
    Delete,
    /// Attaches to a process, whose input is open.
    Attach,
    /// Runs a command in a container.
    Exec,
    /// Opens a way to a port.
    Forward,
}

/// How a deed came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The server did it.
    Done,
    /// It was not done, and why.
    Failed(String),
}

/// Something that was done to a cluster, or tried. It holds names and images; never input, output, environment or the
/// words of a command, which may be secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// The context.
    pub context: String,
    /// The cluster's name in the kubeconfig.
    pub cluster: String,
    /// The user's name in the kubeconfig.
    pub user: String,
    /// What was asked for on behalf of the person: `debug`, `shell`, `leftovers clean` …
    pub action: String,
    /// What was done.
    pub verb: Verb,
    /// The resource: `pods`, `pods/exec` …
    pub resource: String,
    /// The namespace; empty for what has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The object's name.
    pub name: String,
    /// The container it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The image of a container that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The pod that a copy was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied_from: Option<String>,
    /// How it came out.
    pub outcome: Outcome,
}

/// Is told each deed, done or failed. It must not wait: it is called on the way of the request.
pub trait Witness: Send + Sync {
    /// Takes a note of the deed.
    fn note(&self, deed: Deed);
}

/// What is allowed to pass, and who is told.
#[derive(Clone, Default)]
pub(super) struct Guard {
    read_only: bool,
    witness: Option<Arc<dyn Witness>>,
    action: &'static str,
}

impl fmt::Debug for Guard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guard").field("read_only", &self.read_only).finish_non_exhaustive()
    }
}

impl Cluster {
    /// The same cluster, of which nothing can be changed: no object, and no process by a stream into it.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.guard.read_only = true;
        self
    }

    /// The same cluster, whose witness is told all that is done to it.
    #[must_use]
    pub fn witnessed(mut self, witness: Arc<dyn Witness>) -> Self {
        self.guard.witness = Some(witness);
        self
    }

    /// The same cluster without its witness: for what repeats a deed that is on record.
    pub(super) fn unwitnessed(&self) -> Self {
        let mut cluster = self.clone();
        cluster.guard.witness = None;
        cluster
    }

    /// The same cluster, asked on behalf of this action of the person; the witness is told its name.
    #[must_use]
    pub fn on_behalf_of(&self, action: &'static str) -> Self {
        let mut cluster = self.clone();
        cluster.guard.action = action;
        cluster
    }

    /// Lets a request pass that reads, or that may change something; the rest is refused.
    pub(super) fn admit(&self, request: &Request<Vec<u8>>) -> Result<Passage, Fault> {
        let deed = self.deed_of(request);
        let passage = Passage { deed, witness: self.guard.witness.clone() };
        if passage.deed.is_some() && self.guard.read_only {
            let problem = read_only_problem(&self.context().name);
            return passage.told(Err(Fault::Refused(problem)));
        }
        Ok(passage)
    }

    /// The deed that a request is; `None` if it changes nothing.
    fn deed_of(&self, request: &Request<Vec<u8>>) -> Option<Deed> {
        let path = request.uri().path();
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let (namespace, rest) = match segments.iter().position(|segment| *segment == "namespaces") {
            Some(at) if segments.len() > at + 2 => (segments[at + 1], &segments[at + 2..]),
            Some(at) => ("", &segments[at..]),
            None => ("", segments.as_slice()),
        };
        let (resource, name, subresource) = match rest {
            [resource, name, rest @ ..] => (*resource, *name, rest.join("/")),
            [resource] => (*resource, "", String::new()),
            [] => ("", "", String::new()),
        };
        let query = |name: &str| {
            let pairs = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
            pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let verb = match (subresource.as_str(), request.method()) {
            ("attach", _) => Verb::Attach,
            ("exec", _) => Verb::Exec,
            ("portforward" | "proxy", _) => Verb::Forward,
            _ if reads || is_dry_run(request, query("dryRun").as_deref()) => return None,
            // Asking what one may do changes nothing.
            _ if path.starts_with("/apis/authorization.k8s.io/")
                || path.starts_with("/apis/authentication.k8s.io/") =>
            {
                return None;
            }
            ("ephemeralcontainers", _) => Verb::Debug,
            (_, &Method::POST) => Verb::Create,
            (_, &Method::DELETE) => Verb::Delete,
            _ => Verb::Change,
        };
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let made = made_container(&body, verb);
        let text = |value: &Value| value.as_str().map(cleaned);
        let context = self.context();
        Some(Deed {
            context: context.name.clone(),
            cluster: context.cluster.clone(),
            user: context.user.clone(),
            action: self.guard.action.to_owned(),
            verb,
            resource: if subresource.is_empty() { resource.to_owned() } else { format!("{resource}/{subresource}") },
            namespace: namespace.to_owned(),
            name: if name.is_empty() { text(&body["metadata"]["name"]).unwrap_or_default() } else { name.to_owned() },
            container: query("container").or_else(|| made.and_then(|made| text(&made["name"]))),
            image: made.and_then(|made| text(&made["image"])),
            copied_from: text(&body["metadata"]["annotations"][marks::COPIED_FROM]),
            outcome: Outcome::Done,
        })
    }
}

/// Whether nothing comes of a request. Of a deletion the server reads that in the body only.
fn is_dry_run(request: &Request<Vec<u8>>, query: Option<&str>) -> bool {
    if *request.method() != Method::DELETE {
        return query == Some("All");
    }
    let options: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    options["dryRun"] == serde_json::json!(["All"])
}

/// The container that a request makes: an ephemeral one that has no state yet, or the one of a pod that takes input.
fn made_container(body: &Value, verb: Verb) -> Option<&Value> {
    match verb {
        Verb::Debug => body["spec"]["ephemeralContainers"].as_array()?.last(),
        Verb::Create => {
            let containers = body["spec"]["containers"].as_array()?;
            containers.iter().rev().find(|container| container["stdin"] == true).or(containers.last())
        }
        _ => None,
    }
}

/// Why a change is refused in this context before anybody is asked.
pub fn read_only_problem(context: &str) -> Problem {
    Problem::new(
        "nothing was changed",
        format!("{context} is used read-only: nothing is created, deleted, attached to or executed"),
        "leave out --read-only, or read-only in the configuration, if you mean to change something",
    )
}

/// A request's way through the guard; what came of it is told at its end.
pub(super) struct Passage {
    deed: Option<Deed>,
    witness: Option<Arc<dyn Witness>>,
}

impl Passage {
    /// Tells the witness how it came out, and gives it back.
    pub(super) fn told<T>(self, result: Result<T, Fault>) -> Result<T, Fault> {
        if let (Some(mut deed), Some(witness)) = (self.deed, self.witness) {
            if let Err(fault) = &result {
                deed.outcome = Outcome::Failed(fault.why().chars().take(LONGEST_WHY).collect());
            }
            witness.note(deed);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::json;

    use super::*;
    use crate::cluster::ContextInfo;

    #[derive(Default)]
    struct Notes(Mutex<Vec<Deed>>);

    impl Witness for Notes {
        fn note(&self, deed: Deed) {
            self.0.lock().expect("nobody panicked").push(deed);
        }
    }

    fn cluster() -> Cluster {
        let service = tower::service_fn(|_: Request<kube::client::Body>| async {
            Ok::<_, std::io::Error>(http::Response::new(kube::client::Body::empty()))
        });
        let context = ContextInfo { name: "prod".into(), cluster: "c".into(), user: "u".into(), namespace: None };
        Cluster::from_client(kube::Client::new(service, "default"), context)
    }

    fn request(method: &str, uri: &str, body: &Value) -> Request<Vec<u8>> {
        Request::builder().method(method).uri(uri).body(body.to_string().into_bytes()).expect("a request")
    }

    #[tokio::test]
    async fn reading_passes_and_every_change_is_refused() {
        let cluster = cluster().read_only();
        for (method, uri) in [
            ("GET", "/api/v1/namespaces/shop/pods/api"),
            ("GET", "/api/v1/namespaces/shop/pods/api/log?follow=true"),
            ("GET", "/api/v1/pods?watch=true"),
            ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
            ("PATCH", "/api/v1/namespaces/shop/pods/api/ephemeralcontainers?dryRun=All"),
        ] {
            assert!(cluster.admit(&request(method, uri, &Value::Null)).is_ok(), "{method} {uri}");
        }
        // Of a deletion with a body the server does not read the query: that one would delete.
        let pod = "/api/v1/namespaces/shop/pods/api";
        assert!(cluster.admit(&request("DELETE", pod, &json!({"dryRun": ["All"]}))).is_ok());
        assert!(cluster.admit(&request("DELETE", &format!("{pod}?dryRun=All"), &json!({}))).is_err());
        for (method, uri) in [
            ("POST", "/api/v1/namespaces/shop/pods"),
            ("PATCH", "/api/v1/namespaces/shop/pods/api/ephemeralcontainers"),
            ("DELETE", "/api/v1/namespaces/shop/pods/api"),
            ("PUT", "/apis/apps/v1/namespaces/shop/deployments/api"),
            ("GET", "/api/v1/namespaces/shop/pods/api/exec?command=sh"),
            ("GET", "/api/v1/namespaces/shop/pods/api/attach?stdin=true"),
            ("GET", "/api/v1/namespaces/shop/pods/api/portforward"),
            ("GET", "/api/v1/namespaces/shop/pods/api/exec?command=sh&dryRun=All"),
            ("DELETE", "/api/v1/namespaces/shop"),
        ] {
            let refused = cluster.admit(&request(method, uri, &Value::Null)).err();
            let why = refused.unwrap_or_else(|| panic!("{method} {uri} passed")).why();
            assert!(why.contains("read-only"), "{why}");
        }
    }

    #[tokio::test]
    async fn a_witness_hears_names_and_no_secrets() {
        let notes = Arc::new(Notes::default());
        let cluster = cluster().witnessed(Arc::<Notes>::clone(&notes)).on_behalf_of("debug");
        let patch = json!({"spec": {"ephemeralContainers": [
            {"name": "debugger-x7k2p", "image": "busybox:stable", "command": ["sh", "-c", "hush"],
             "env": [{"name": "TOKEN", "value": "hush"}]},
        ]}});
        let uri = "/api/v1/namespaces/shop/pods/api/ephemeralcontainers";
        let passage = cluster.admit(&request("PATCH", uri, &patch)).expect("admitted");
        assert!(passage.told(Ok(())).is_ok());
        let uri = "/api/v1/namespaces/shop/pods/api/exec?container=app&command=cat&command=hush";
        let passage = cluster.admit(&request("GET", uri, &Value::Null)).expect("admitted");
        assert!(passage.told::<()>(Err(Fault::Unreadable("gone".into()))).is_err());
        let notes = notes.0.lock().expect("nobody panicked");
        let [debug, exec] = notes.as_slice() else { panic!("{notes:?}") };
        assert_eq!((debug.verb, debug.action.as_str(), debug.name.as_str()), (Verb::Debug, "debug", "api"));
        assert_eq!(
            (debug.container.as_deref(), debug.image.as_deref()),
            (Some("debugger-x7k2p"), Some("busybox:stable"))
        );
        assert_eq!((exec.verb, exec.container.as_deref()), (Verb::Exec, Some("app")));
        assert!(matches!(&exec.outcome, Outcome::Failed(why) if why.contains("gone")));
        assert!(!serde_json::to_string(&*notes).expect("JSON").contains("hush"));
    }
}
