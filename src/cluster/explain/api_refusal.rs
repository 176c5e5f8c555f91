//! Why the API refused what a plan would have sent, and the ways that may be admitted; it sends nothing itself.

mod pod_security;

use std::sync::Arc;

use serde_json::Value;

use self::pod_security::{Breach, Whose};
use crate::{
    cluster::{
        ContainerKey, Fix, PodKey, Problem, Way, is_node_debugger, marks,
        policy::DEBUGGER_BREAKS,
        problem::{Fault, MissingRight},
    },
    plan::{Profile, Request},
};

/// What to tell the person whose request was refused.
pub(in crate::cluster) fn refused(fault: &Fault, request: &Request) -> Problem {
    let problem = explained(fault, request);
    let may_help = problem.fixes.is_empty() && !matches!(request, Request::DeletePod { .. });
    problem.with_fixes(may_help.then(form)).with_fixes(may_help.then(again))
}

fn explained(fault: &Fault, request: &Request) -> Problem {
    let sent = Sent::of(request);
    let problem = fault.problem(sent.what());
    let Some(status) = fault.status() else {
        // Of what was sent without an answer nobody knows whether it was taken; one more could never be removed.
        let unknown = matches!(fault, Fault::Silent(_) | Fault::Unreadable(_));
        let made = sent.made().filter(|_| unknown);
        return problem.with_fixes(made).with_fixes([again()]);
    };
    let message = status.message.as_str();
    if let Some(breach) = Breach::of(message) {
        return against_pod_security(&sent, &breach);
    }
    if MissingRight::of(message).is_some() {
        return without_right(&sent, problem);
    }
    let denied = ["denied the request", "denied request"].iter().any(|words| message.contains(words));
    if denied {
        return denied_by_policy(&sent, problem);
    }
    match status.code {
        404 if sent.is_ephemeral() && is_without_subresource(fault) => {
            let why = "this server has no ephemeral containers (they came with Kubernetes 1.23, or are switched off)";
            Problem::new(sent.what(), why, "debug a copy of the pod instead")
                .with_fixes([copy()])
                .with_fixes(sent.shell())
        }
        403 if message.contains("exceeded quota") || message.contains("failed quota") => {
            let hint = "an ephemeral debugger counts in no quota; or free some of it, or ask for more";
            Problem { hint: hint.to_owned(), ..problem }.with_fixes(sent.in_the_pod_itself())
        }
        403 if message.contains("per Container") || message.contains("per Pod") => {
            let hint = "the namespace's LimitRange forbids it; an ephemeral debugger is not counted";
            Problem { hint: hint.to_owned(), ..problem }.with_fixes(sent.in_the_pod_itself())
        }
        403 if message.contains("not found") || message.contains("was found") => {
            let hint = "the pod names something that the cluster does not have any more";
            Problem { hint: hint.to_owned(), ..problem }.with_fixes(sent.in_the_pod_itself()).with_fixes(sent.shell())
        }
        403 => problem.with_fixes(sent.in_the_pod_itself()).with_fixes(sent.shell()),
        409 if status.reason == "AlreadyExists" && sent.is_copy() => {
            let hint = "a pod of this name is there already: choose another name, or look into that one".to_owned();
            let renamed = Fix::new("the same under a name that is generated", Way::Renamed);
            Problem { hint, ..problem }.with_fixes([renamed, form()])
        }
        409 => problem.with_fixes([again()]),
        422 => invalid(&sent, problem, message),
        429 | 500.. => {
            let webhook = message.contains("webhook").then(|| {
                "an admission webhook that has to be asked does not answer: its owners can say why".to_owned()
            });
            let hint = webhook.unwrap_or_else(|| problem.hint.clone());
            Problem { hint, ..problem }.with_fixes([again()]).with_fixes(sent.shell())
        }
        _ => problem,
    }
}

/// The same once more.
pub(in crate::cluster) fn again() -> Fix {
    Fix::new("the same once more", Way::Again)
}

fn form() -> Fix {
    Fix::new("through the form, to change what is in the way", Way::Form)
}

fn copy() -> Fix {
    Fix::new("a copy of the pod instead", Way::Copy)
}

/// A 404 for a pod that is not there names it; one for a subresource the server does not know has nothing to name.
fn is_without_subresource(fault: &Fault) -> bool {
    fault.status().is_some_and(|status| {
        status.code == 404
            && status.reason == "NotFound"
            && status.details.as_ref().is_some_and(|details| details.name.is_empty())
    })
}

/// A request, read.
struct Sent<'a> {
    request: &'a Request,
    namespace: &'a str,
    pod: &'a str,
    /// The containers that are ours.
    ours: Vec<&'a str>,
    /// The debuggers that were there before.
    older: Vec<&'a str>,
    target: Option<&'a str>,
    /// The pod that a copy is made of.
    original: Option<&'a str>,
}

impl<'a> Sent<'a> {
    fn of(request: &'a Request) -> Self {
        let list = |value: &'a Value| value.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        match request {
            Request::PatchEphemeral { namespace, pod, body } => {
                let new = &body["spec"]["ephemeralContainers"];
                let ours: Vec<&str> = list(new).filter_map(|container| container["name"].as_str()).collect();
                let all = list(&body["spec"]["$setElementOrder/ephemeralContainers"]);
                let older =
                    all.filter_map(|named| named["name"].as_str()).filter(|name| !ours.contains(name)).collect();
                let target = list(new).find_map(|container| container["targetContainerName"].as_str());
                Self { request, namespace, pod, ours, older, target, original: None }
            }
            Request::CreatePod { namespace, pod, body, .. } if is_node_debugger(pod) => {
                // All of it was made for this, its host namespaces and volumes too.
                let containers = list(&body["spec"]["containers"]);
                let ours = containers.filter_map(|container| container["name"].as_str()).collect();
                Self { request, namespace, pod, ours, older: Vec::new(), target: None, original: None }
            }
            Request::CreatePod { namespace, pod, container, body } => {
                // Nothing else of a copy is ours.
                let ours = container.as_deref();
                let names = list(&body["spec"]["containers"]).filter_map(|container| container["name"].as_str());
                let target = names.into_iter().find(|name| Some(*name) != ours);
                let original = body["metadata"]["annotations"][marks::COPIED_FROM].as_str();
                let ours = ours.into_iter().collect();
                Self { request, namespace, pod, ours, older: Vec::new(), target, original }
            }
            Request::DeletePod { namespace, pod } => {
                Self { request, namespace, pod, ours: Vec::new(), older: Vec::new(), target: None, original: None }
            }
        }
    }

    fn what(&self) -> String {
        let (namespace, pod) = (self.namespace, self.pod);
        match self.request {
            Request::PatchEphemeral { .. } => format!("cannot start a debugger in {namespace}/{pod}"),
            Request::CreatePod { .. } => format!("cannot create the pod {namespace}/{pod}"),
            Request::DeletePod { .. } => format!("cannot delete the pod {namespace}/{pod}"),
        }
    }

    fn is_ephemeral(&self) -> bool {
        matches!(self.request, Request::PatchEphemeral { .. })
    }

    /// Whether a copy was to be made: a pod that is put on a node by its name debugs that node.
    fn is_copy(&self) -> bool {
        match self.request {
            Request::CreatePod { pod, .. } => !is_node_debugger(pod),
            _ => false,
        }
    }

    fn in_the_pod_itself(&self) -> Option<Fix> {
        let target = self.target.filter(|_| self.is_copy())?;
        let title = format!("an ephemeral debugger in the pod itself, beside {target}");
        Some(Fix::new(title, Way::Target(target.into())))
    }

    /// The container that was to be looked into: of the pod, or of the one that a copy is made of.
    fn looked_into(&self) -> Option<ContainerKey> {
        let pod = if self.is_ephemeral() { self.pod } else { self.original? };
        let pod = PodKey { namespace: self.namespace.into(), name: pod.into() };
        Some(ContainerKey { pod, container: Arc::from(self.target?) })
    }

    /// A way to what the request makes.
    fn made(&self) -> Option<Fix> {
        let pod = PodKey { namespace: self.namespace.into(), name: self.pod.into() };
        let container = ContainerKey { pod, container: Arc::from(*self.ours.first()?) };
        let title = format!("attach to {}, if the server has taken it all the same", container.container);
        Some(Fix::new(title, Way::Attach(container)))
    }

    fn shell(&self) -> Option<Fix> {
        let container = self.looked_into().filter(|_| self.is_ephemeral())?;
        let title = format!("a shell in {} itself, if its image has one", container.container);
        Some(Fix::new(title, Way::Shell(container)))
    }

    /// What is left where neither a debugger nor a copy is admitted: what runs already.
    fn what_runs(&self) -> Vec<Fix> {
        let Some(container) = self.looked_into() else { return Vec::new() };
        let shell = format!("a shell in {} of {}, if its image has one", container.container, container.pod.name);
        let log = format!("the log of {} of {}", container.container, container.pod.name);
        let logs = Way::Logs { container: container.clone(), previous: false };
        vec![Fix::new(shell, Way::Shell(container)), Fix::new(log, logs)]
    }
}

fn against_pod_security(sent: &Sent<'_>, breach: &Breach<'_>) -> Problem {
    let level = breach.level;
    let problem = |why: String, hint: &str| Problem::new(sent.what(), why, hint);
    let checks = breach.checks;
    let whose = match breach.whose(&sent.ours, &sent.older) {
        Whose::ThePods(_) if is_node_debugger(sent.pod) => Whose::Ours,
        whose => whose,
    };
    match whose {
        Whose::Ours => {
            let profile = if level == "baseline" { Profile::Baseline } else { Profile::Restricted };
            let why = format!("the namespace enforces the Pod Security level {level}, {DEBUGGER_BREAKS}: {checks}");
            let title = format!("again with the profile {profile}, which that level admits");
            problem(why, "choose a profile that the level admits")
                .with_fixes([Fix::new(title, Way::Profile(profile))])
                .with_fixes(sent.shell())
        }
        Whose::Older(names) => {
            let why = format!(
                "an older debugger in this pod ({names}) breaks the Pod Security level {level}, which the namespace \
                 enforces now: {checks}"
            );
            problem(why, "no profile helps, and debuggers can never be removed; a copy leaves them behind")
                .with_fixes([copy()])
                .with_fixes(sent.shell())
        }
        Whose::ThePods(names) => {
            let names = if names.is_empty() { String::new() } else { format!(" ({names})") };
            let why = format!(
                "the pod itself{names} breaks the Pod Security level {level}, which the namespace enforces now: {checks}"
            );
            problem(why, "no profile and no copy helps in this namespace: look from within, or have the level lowered")
                .with_fixes(sent.what_runs())
        }
    }
}

fn without_right(sent: &Sent<'_>, problem: Problem) -> Problem {
    let problem = with_role(problem);
    if sent.is_ephemeral() {
        // The stock role edit may create pods and exec, but add no ephemeral containers.
        let title = "a copy of the pod instead: that needs the right to create pods";
        problem.with_fixes([Fix::new(title, Way::Copy)]).with_fixes(sent.shell())
    } else if is_node_debugger(sent.pod) {
        let title = "in another namespace, where you may create pods";
        problem.with_fixes([Fix::new(title, Way::Namespace(None)), again()])
    } else {
        problem.with_fixes(sent.in_the_pod_itself())
    }
}

/// The same problem with the Role that would solve it in its hint, where it is a missing right.
pub(in crate::cluster) fn with_role(problem: Problem) -> Problem {
    let hint = MissingRight::of(&problem.why).map(|right| match role_that_grants(&right) {
        Some(role) => format!("ask for the right to {right}; this grants it: {role}"),
        None => format!("ask for the right to {right}"),
    });
    match hint {
        Some(hint) => Problem { hint, ..problem },
        None => problem,
    }
}

/// A Role, or one for the whole cluster, that grants it, as one line of YAML that `kubectl apply -f -` takes.
fn role_that_grants(right: &MissingRight<'_>) -> Option<String> {
    let plain = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-./".contains(&byte))
    };
    let (verb, resource) = (right.verb(), right.resource());
    if !plain(verb) || !plain(resource) {
        return None;
    }
    // A websocket is a get to some servers and a create to others; a wait is a list and a watch.
    let verbs = match (verb, resource) {
        ("get" | "create", "pods/attach" | "pods/exec" | "pods/portforward") => "get, create",
        ("get" | "list" | "watch", _) => "get, list, watch",
        _ => verb,
    };
    let (kind, metadata) = match right.namespace() {
        Some(namespace) if plain(namespace) => ("Role", format!("{{name: debugger, namespace: {namespace}}}")),
        Some(_) => return None,
        None => ("ClusterRole", "{name: debugger}".to_owned()),
    };
    Some(format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {metadata}, rules: [{{apiGroups: [\"\"], \
         resources: [{resource}], verbs: [{verbs}]}}]}}"
    ))
}

fn denied_by_policy(sent: &Sent<'_>, problem: Problem) -> Problem {
    let lower = problem.why.to_lowercase();
    let about_image = ["image", "registry", "repository"].iter().any(|word| lower.contains(word));
    let hint = "a policy of this cluster forbids it: its owners can say what it admits";
    let problem = Problem { hint: hint.to_owned(), ..problem };
    let problem = if about_image {
        problem.with_fixes([Fix::new("again with another image", Way::Image(None))])
    } else {
        problem.with_fixes([Fix::new("again with the profile restricted", Way::Profile(Profile::Restricted))])
    };
    let problem = if sent.is_ephemeral() { problem.with_fixes([copy()]) } else { problem };
    problem.with_fixes(sent.in_the_pod_itself()).with_fixes(sent.shell())
}

fn invalid(sent: &Sent<'_>, mut problem: Problem, message: &str) -> Problem {
    // What differs between the old and the new object is no sentence.
    if let Some(at) = problem.why.find(" @@ ") {
        problem.why.truncate(at);
    }
    let hinted = |hint: &str| Problem { hint: hint.to_owned(), ..problem.clone() };
    if message.contains("targetContainerName") {
        let alone = Fix::new("again without a target", Way::WithoutTarget);
        return hinted("a target is a container or init container of the pod").with_fixes([alone]);
    }
    if message.contains("Duplicate value") || message.contains("may not be changed") {
        return hinted("the pod has a container of this name already, and it stays: choose another name")
            .with_fixes([Fix::new("again under another name", Way::Again)]);
    }
    if message.contains("ShareProcessNamespace and HostPID") {
        return hinted("the pod uses the node's processes (hostPID): copy it without sharing processes")
            .with_fixes(sent.in_the_pod_itself());
    }
    if message.contains("windows") {
        let profile = if sent.is_copy() { Profile::Legacy } else { Profile::Baseline };
        let title = format!("again with the profile {profile}");
        return hinted("a Windows pod takes none of Linux' security settings, and shares no processes")
            .with_fixes([Fix::new(title, Way::Profile(profile))])
            .with_fixes(sent.in_the_pod_itself());
    }
    if message.contains("mirror") || message.contains("static pod") {
        return hinted("a static pod takes no debuggers: a copy of it does").with_fixes([copy()]);
    }
    problem.with_fixes([form()]).with_fixes(sent.shell())
}
