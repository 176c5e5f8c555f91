//! The demo cluster's Kubernetes API over hyper: who asks, for what, and which part answers; it runs no containers.

mod answer;
mod call;
pub(super) mod defaults;
mod discovery;
mod log;
mod metrics;
mod patch;
mod pod_security;
mod protobuf;
mod query;
mod rbac;
mod read;
mod review;
mod selector;
mod streams;
mod table;
mod validation;
mod watch;
mod write;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{Method, Request};
use hyper::body::Incoming;
use rand::RngExt as _;

use super::node::{Node, PodRef};
use super::resource::Resource;
use super::store::Store;
use answer::{Answer, Refusal};
use call::Call;
use query::Target;
pub(crate) use rbac::USERS;
use rbac::{Access, User};
use write::Part;

/// How the server misbehaves, for tests and for showing how clients take it.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    gone_at_once: AtomicBool,
}

impl Faults {
    /// Whether a watch from a forgotten version is refused with HTTP 410 instead of an event that says so.
    pub(crate) fn answer_gone_at_once(&self, at_once: bool) {
        self.gone_at_once.store(at_once, Ordering::Relaxed);
    }

    fn answers_gone_at_once(&self) -> bool {
        self.gone_at_once.load(Ordering::Relaxed)
    }
}

/// The API.
pub(crate) struct Server {
    store: Store,
    node: Arc<dyn Node>,
    tokens: HashMap<String, &'static str>,
    /// What can be made to go wrong.
    pub(crate) faults: Faults,
}

impl Server {
    /// An API over these objects and this node, with a fresh token for each user.
    pub(crate) fn new(store: Store, node: Arc<dyn Node>) -> Arc<Self> {
        let token = || format!("{:032x}{:032x}", rand::rng().random::<u128>(), rand::rng().random::<u128>());
        let tokens = USERS.iter().map(|user| (token(), *user)).collect();
        Arc::new(Self { store, node, tokens, faults: Faults::default() })
    }

    /// The bearer token of a user; `None` if there is no such user.
    pub(crate) fn token(&self, user: &str) -> Option<&str> {
        self.tokens.iter().find(|(_, of)| **of == user).map(|(token, _)| token.as_str())
    }

    fn user_of(&self, token: &str) -> Option<User> {
        self.tokens.get(token).map(|name| User::known(name))
    }

    /// Answers one request.
    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Answer, Infallible> {
        Ok(route(self, request).await.unwrap_or_else(Refusal::into_answer))
    }
}

async fn route(server: Arc<Server>, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let target = Target::parse(request.uri().path());
    match target {
        Target::Version => return Ok(discovery::version()),
        Target::Health => return Ok(answer::whole(200, "text/plain; charset=utf-8", "ok")),
        _ => {}
    }
    let offer = discovery::Served { metrics: server.node.usage().is_some() };
    let call = Call::read(server, request)?;
    match target {
        Target::CoreVersions => Ok(discovery::core_versions(call.header("accept"))),
        Target::Groups => Ok(discovery::groups(offer, call.header("accept"))),
        Target::Group(group) => discovery::group(offer, &group),
        Target::Resources { group, version } => discovery::resources(offer, &group, &version),
        Target::Metrics { resource, namespace, name } if offer.metrics => {
            metrics::answer(&call, resource, &namespace, &name)
        }
        Target::Review(plural) => review::create(call, plural).await,
        Target::Collection { resource, namespace } => collection(call, resource, &namespace).await,
        Target::Object { resource, namespace, name, subresource } => {
            let part = Part { resource, namespace: &namespace, name: &name, subresource: &subresource };
            if subresource.is_empty() { object(call, part).await } else { below(call, part).await }
        }
        Target::Version | Target::Health | Target::Metrics { .. } | Target::Unknown => Err(Refusal::no_such_resource()),
    }
}

/// Requests about all objects of a kind.
async fn collection(call: Call, resource: &'static Resource, namespace: &str) -> Result<Answer, Refusal> {
    let watching = call.query.flag("watch");
    let verb = match *call.method() {
        Method::GET if watching => "watch",
        Method::GET => "list",
        Method::POST => "create",
        Method::DELETE => "deletecollection",
        _ => return Err(Refusal::method_not_allowed()),
    };
    // a list that is for one object only is authorized as one
    let selector = if verb == "create" { None } else { Some(read::selector(&call, resource)?) };
    let name = selector.as_ref().and_then(selector::Selector::name).unwrap_or_default();
    let (group, plural) = (resource.group, resource.plural);
    let access = Access { verb, group, resource: plural, namespace, name, ..Access::default() };
    call.authorize(resource, &access)?;
    match verb {
        "watch" => watch::watch(&call, resource, namespace),
        "list" => read::list(&call, resource, namespace),
        "create" if resource.namespaced && namespace.is_empty() => Err(Refusal::method_not_allowed()),
        "create" => write::create(call, resource, namespace).await,
        _ => Err(Refusal::method_not_allowed()),
    }
}

/// Requests about one object.
async fn object(call: Call, part: Part<'_>) -> Result<Answer, Refusal> {
    let verb = match *call.method() {
        Method::GET => "get",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => return Err(Refusal::method_not_allowed()),
    };
    authorize(&call, part, verb)?;
    if verb != "get" {
        refuse_synthetic(&call, part)?;
    }
    match verb {
        "get" => read::get(&call, part.resource, part.namespace, part.name),
        "update" => write::update(call, part).await,
        "patch" => write::patch(call, part).await,
        _ => write::delete(call, part).await,
    }
}

/// Synthetic pods can be read and watched; what would need a process behind them is refused.
fn refuse_synthetic(call: &Call, part: Part<'_>) -> Result<(), Refusal> {
    if call.server.store.is_synthetic(part.resource.plural, part.namespace, part.name) {
        let why = "it is synthetic, there to be listed: nothing runs it; the pods in the namespace demo are real";
        return Err(Refusal::forbidden(part.resource, part.name, why));
    }
    Ok(())
}

/// Requests about something of an object.
async fn below(call: Call, part: Part<'_>) -> Result<Answer, Refusal> {
    let method = call.method().clone();
    let is_pod = part.resource.plural == "pods";
    if part.subresource == "status" || (is_pod && part.subresource == "ephemeralcontainers") {
        let verb = match method {
            Method::GET => "get",
            Method::PUT => "update",
            Method::PATCH => "patch",
            _ => return Err(Refusal::method_not_allowed()),
        };
        authorize(&call, part, verb)?;
        if verb != "get" {
            refuse_synthetic(&call, part)?;
        }
        return match verb {
            "get" => read::get(&call, part.resource, part.namespace, part.name),
            "update" => write::update(call, part).await,
            _ => write::patch(call, part).await,
        };
    }
    match (part.subresource, method) {
        ("log", Method::GET) if is_pod => {
            authorize(&call, part, "get")?;
            let (pod, at) = pod(&call, part)?;
            log::log(&call, &pod, at)
        }
        ("exec" | "attach" | "portforward", method) if is_pod => {
            match method {
                Method::GET => authorize(&call, part, "get")?,
                Method::POST => authorize(&call, part, "create")?,
                _ => return Err(Refusal::method_not_allowed()),
            }
            // opening a stream by GET changes something all the same, so the right to create is asked for as well
            if !call.user.may(&access(part, "create")) {
                return Err(Refusal::forbidden(part.resource, part.name, ""));
            }
            let (pod, at) = pod(&call, part)?;
            match part.subresource {
                "portforward" => streams::forward::open(call, &pod, at),
                which => streams::open(call, &pod, at, which == "exec").await,
            }
        }
        ("log" | "exec" | "attach" | "portforward", _) if is_pod => Err(Refusal::method_not_allowed()),
        _ => Err(Refusal::no_such_resource()),
    }
}

fn access<'a>(part: Part<'a>, verb: &'a str) -> Access<'a> {
    let Part { resource, namespace, name, subresource } = part;
    // a namespace is its own namespace where rights are concerned
    let namespace = if resource.plural == "namespaces" { name } else { namespace };
    let (group, resource) = (resource.group, resource.plural);
    Access { verb, group, resource, subresource, namespace, name }
}

fn authorize(call: &Call, part: Part<'_>, verb: &str) -> Result<(), Refusal> {
    call.authorize(part.resource, &access(part, verb))
}

fn pod(call: &Call, part: Part<'_>) -> Result<(Arc<serde_json::Value>, PodRef), Refusal> {
    refuse_synthetic(call, part)?;
    let pod = call.server.store.get("pods", part.namespace, part.name);
    let pod = pod.ok_or_else(|| Refusal::not_found(part.resource, part.name))?;
    Ok((pod, PodRef { namespace: part.namespace.to_owned(), name: part.name.to_owned() }))
}
