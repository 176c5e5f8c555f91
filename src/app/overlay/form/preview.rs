//! What a form would send: the plan of its values, the command that asks kubectl for the same, and the requests as text;
//! it sends nothing and asks nobody.

use std::sync::Arc;

use serde_json::Value;

use super::Subject;
use crate::cluster::detail::pod_detail;
use crate::cluster::{Problem, cleaned};
use crate::plan::{
    Alternative, DebugOptions, Facts, KUBECTL_DEBUG, Plan, Refusal, Request, SeenUser, alternatives_for_node,
    alternatives_for_pod, debug_command_for_node, debug_command_for_pod, plan_for_node, plan_for_pod,
};

/// The most lines of a request that are shown; a pod of an API server is at most 1.5 MiB.
const LONGEST: usize = 5_000;

/// What a form plans with, as the cluster had it when the form was opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The pod or the node as the API gives it.
    pub object: Arc<Value>,
    /// What is known around it.
    pub facts: Facts,
    /// Who containers of the pod were seen to run as in this run.
    pub seen: Vec<(String, SeenUser)>,
    /// What generated names end with, drawn once so that the names shown are the names sent.
    pub suffixes: Vec<String>,
}

/// What the values of a form come to.
#[derive(Debug, Clone, PartialEq)]
pub enum Preview {
    /// The pod or the node is being read.
    Waiting,
    /// It cannot be read.
    Unknown(Problem),
    /// A field cannot be read.
    Mistake(String),
    /// The choices are refused before anything is sent.
    Refused(String),
    /// A plan.
    Planned(Box<Planned>),
}

/// A plan and how it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The choices it was made from, every name in them.
    pub options: DebugOptions,
    /// The `kubectl debug` command that asks for the same.
    pub command: String,
    /// Each request: what it is, and its body as lines of YAML.
    pub requests: Vec<(String, Vec<String>)>,
}

impl Found {
    /// What is known around a debugger with these choices: who its target was seen to run as is part of it.
    fn facts_for(&self, options: &DebugOptions) -> Facts {
        let default = || pod_detail(&self.object)?.default_container.map(|name| name.to_string());
        let subject = options.target.clone().or_else(default);
        let seen = subject.and_then(|subject| self.seen.iter().find(|(name, _)| *name == subject));
        Facts { seen: seen.map(|(_, user)| *user), ..self.facts }
    }
}

/// Plans with what was found.
pub(super) fn plan(subject: &Subject, found: &Found, mut options: DebugOptions) -> Result<Planned, Refusal> {
    let mut suffixes = found.suffixes.iter().cloned();
    if let Subject::Pod { pod, .. } = subject {
        options.name_copy(&pod.name, &mut suffixes);
    }
    let (object, facts) = (&found.object, &found.facts_for(&options));
    let (plan, command) = match subject {
        Subject::Pod { .. } => (
            plan_for_pod(object, facts, &options, &mut suffixes)?,
            debug_command_for_pod(KUBECTL_DEBUG, object, facts, &options)?,
        ),
        Subject::Node { namespace, .. } => (
            plan_for_node(object, namespace, facts, &options, &mut suffixes)?,
            debug_command_for_node(KUBECTL_DEBUG, object, namespace, facts, &options),
        ),
    };
    let requests = plan.requests.iter().map(shown).collect();
    Ok(Planned { plan, options, command, requests })
}

/// The ways that are left once the server has refused this plan by policy.
pub(super) fn alternatives(subject: &Subject, found: &Found, planned: &Planned) -> Vec<Alternative> {
    let Planned { plan, options, .. } = planned;
    match subject {
        Subject::Pod { .. } => {
            alternatives_for_pod(&found.object, &found.facts_for(options), options, plan).unwrap_or_default()
        }
        Subject::Node { .. } => alternatives_for_node(&found.object, &found.facts, options, plan),
    }
}

fn shown(request: &Request) -> (String, Vec<String>) {
    match request {
        Request::PatchEphemeral { pod, body, .. } => (format!("patch pods/{pod}/ephemeralcontainers"), yaml(body)),
        Request::CreatePod { pod, body, .. } => (format!("create pod {pod}"), yaml(body)),
        Request::DeletePod { pod, .. } => (format!("delete pod {pod}, at once"), Vec::new()),
    }
}

/// A value as YAML, fit for a terminal.
fn yaml(value: &Value) -> Vec<String> {
    let Ok(text) = serde_saphyr::to_string(value) else { return Vec::new() };
    let mut lines: Vec<String> = text.lines().take(LONGEST).map(cleaned).collect();
    if lines.len() == LONGEST {
        lines.push(format!("… {} lines more", text.lines().count() - LONGEST));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_shown_as_yaml_without_anything_that_moves_a_cursor() {
        let lines = yaml(&json!({"spec": {"containers": [{"name": "a\u{1b}[2Jb", "args": ["x\ny"]}]}}));
        assert_eq!(lines[0], "spec:");
        assert!(lines[1].starts_with("  containers:"), "{lines:?}");
        assert!(lines.iter().all(|line| !line.chars().any(char::is_control)), "{lines:?}");
        assert!(yaml(&json!(vec![1; 2 * LONGEST])).len() == LONGEST + 1);
    }
}
