//! Debugging without the console: one resource after the other is planned, sent, waited for and attached to on the plain
//! terminal, with kubectl's messages in kubectl's places; it decides nothing that the plan decides.

mod detach;
mod marks;
mod modes;
mod progress;
mod raw;
mod session;
mod start;
mod terminal;

use std::time::Duration;

use serde_json::Value;

pub use self::marks::Marks;
pub use self::terminal::{Input, Plain};
use crate::cluster::{Cluster, PodKey, Problem, Warnings, manifest};
use crate::plan::document::{self, Format};
use crate::plan::{self, DebugOptions, Facts, Plan, Profile, Refusal, Request, Resource};

/// Whether anything is really done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DryRun {
    /// It is.
    #[default]
    No,
    /// It is planned and told; a resource that is named is read.
    Client,
    /// The server looks at it and keeps nothing.
    Server,
}

/// What is to be debugged.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// Something on the cluster.
    Named(Resource),
    /// An object from a file, which is taken as it is.
    Read(Value),
}

/// One run of the sub-command.
#[derive(Debug, Clone)]
#[allow(clippy::struct_excessive_bools, reason = "one field a flag")]
pub struct Errand {
    /// The choices, the same for each subject.
    pub options: DebugOptions,
    /// What is debugged, in order.
    pub subjects: Vec<Subject>,
    /// The namespace of pods that are named, of node debuggers, and of files that say none.
    pub namespace: String,
    /// Whether the namespace was named on the command line: a file may not contradict it.
    pub namespace_was_said: bool,
    /// `--quiet`.
    pub quiet: bool,
    /// `--explain`.
    pub explain: bool,
    /// `--dry-run`.
    pub dry_run: DryRun,
    /// `--output`.
    pub output: Option<Format>,
    /// `--timeout`: how long a debugger may take to start.
    pub timeout: Option<Duration>,
    /// What the pods that are created bear to be found again; kubectl's alone if `None`.
    pub marks: Option<Marks>,
    /// How this program was called for this cluster, up to and with the sub-command: `bathy --context prod debug`.
    pub program: String,
}

/// How a run came out that was not stopped by a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As asked.
    Done,
    /// Not as asked: nobody could attach to the end, or a policy refused it; that was told.
    Failed,
}

/// Does the errand. Without a cluster only what needs none can be done: a dry run of files.
///
/// # Errors
/// The first problem; what was done for earlier subjects stays.
pub async fn run(errand: &Errand, cluster: Option<&Cluster>, plain: &mut Plain) -> Result<Verdict, Problem> {
    let warnings = Warnings::default();
    let cluster = cluster.map(|cluster| cluster.with_warnings(warnings.clone()));
    let mut run = Run { errand, cluster, warnings, plain, documents: Vec::new() };
    let mut outcome = Ok(Verdict::Done);
    for subject in &errand.subjects {
        outcome = run.debug(subject).await;
        if !matches!(outcome, Ok(Verdict::Done)) {
            break;
        }
    }
    // What was done before a problem is still told.
    run.print_documents().await?;
    outcome
}

struct Run<'a> {
    errand: &'a Errand,
    cluster: Option<Cluster>,
    warnings: Warnings,
    plain: &'a mut Plain,
    documents: Vec<Value>,
}

/// An object, what is known around it, and its plan.
struct Planned {
    object: Value,
    is_node: bool,
    facts: Facts,
    plan: Plan,
}

impl Run<'_> {
    async fn debug(&mut self, subject: &Subject) -> Result<Verdict, Problem> {
        let planned = self.plan(subject).await?;
        self.introduce(&planned).await?;
        for request in &planned.plan.requests {
            if self.carry_out(request, &planned).await? == Verdict::Failed {
                return Ok(Verdict::Failed);
            }
        }
        if self.errand.output.is_some() && self.errand.dry_run == DryRun::Client {
            self.documents.extend(document::documents([&planned.plan]));
        }
        if self.errand.dry_run != DryRun::No || !planned.plan.attach {
            return Ok(Verdict::Done);
        }
        self.attach(&planned).await
    }

    async fn plan(&mut self, subject: &Subject) -> Result<Planned, Problem> {
        let (object, facts) = read(self.errand, self.cluster.clone(), subject).await?;
        self.pass_warnings_on().await?;
        let refused = |refusal: Refusal| Problem::new("cannot debug", refusal.message, "");
        let is_node = Resource::is_node(&object).map_err(refused)?;
        let mut suffixes = super::launch::suffixes();
        let (mut options, namespace) = (self.errand.options.clone(), &self.errand.namespace);
        if let Some(marks) = &self.errand.marks {
            options = marks.put_on(options, &object, is_node);
        }
        let plan = if is_node {
            plan::plan_for_node(&object, namespace, &facts, &options, &mut suffixes)
        } else {
            plan::plan_for_pod(&object, &facts, &options, &mut suffixes)
        };
        Ok(Planned { plan: plan.map_err(refused)?, object, is_node, facts })
    }

    /// What is said before anything is sent.
    async fn introduce(&mut self, planned: &Planned) -> Result<(), Problem> {
        let (errand, plan) = (self.errand, &planned.plan);
        let options = &errand.options;
        let is_ephemeral = !planned.is_node && options.copy.is_none();
        if is_ephemeral && let Some(target) = options.target.as_deref().filter(|target| !target.is_empty()) {
            let text = "is the target: its processes are visible if the node's container runtime can do that";
            self.notice(&format!("{target} {text}")).await?;
        }
        if let Some(container) = &plan.container {
            if planned.is_node {
                let node = planned.object["metadata"]["name"].as_str().unwrap_or_default();
                let text = format!("Creating pod {} with container {container} to debug node {node}", plan.pod);
                self.notice(&text).await?;
            } else if options.container.as_deref().is_none_or(str::is_empty) {
                self.notice(&format!("The debugger's container is called {container}")).await?;
            }
        }
        for warning in &plan.warnings {
            self.warn(warning).await?;
        }
        if errand.explain {
            for reason in &plan.reasons {
                self.remark(reason).await?;
            }
            if plan.reasons.is_empty() {
                self.remark(&format!("profile {}: it was asked for", plan.profile)).await?;
            }
            let command = self.command(plan::KUBECTL_DEBUG, planned, options)?;
            self.remark(&format!("the same with kubectl: {command}")).await?;
        }
        Ok(())
    }

    /// The command of this program for these choices.
    fn command(&self, program: &str, planned: &Planned, options: &DebugOptions) -> Result<String, Problem> {
        let Planned { object, facts, is_node, .. } = planned;
        if *is_node {
            return Ok(plan::debug_command_for_node(program, object, &self.errand.namespace, facts, options));
        }
        plan::debug_command_for_pod(program, object, facts, options)
            .map_err(|refusal| Problem::new("cannot debug", refusal.message, ""))
    }

    async fn carry_out(&mut self, request: &Request, planned: &Planned) -> Result<Verdict, Problem> {
        let (verb, pod) = match request {
            Request::PatchEphemeral { pod, .. } => ("patched", pod),
            Request::CreatePod { pod, .. } => ("created", pod),
            Request::DeletePod { pod, .. } => ("deleted", pod),
        };
        let (how, answer) = match (self.errand.dry_run, &self.cluster) {
            (DryRun::Client, _) | (_, None) => ("dry run", None),
            (DryRun::Server, Some(cluster)) => ("server dry run", Some(cluster.send_dry(request).await)),
            (DryRun::No, Some(cluster)) => ("", Some(cluster.send(request).await)),
        };
        self.pass_warnings_on().await?;
        let answer = match answer {
            Some(Err(problem)) if problem.is_of_policy() => return self.offer(planned, problem).await,
            Some(Err(problem)) => return Err(problem),
            Some(Ok(answer)) => Some(answer),
            None => None,
        };
        match (self.errand.output, answer) {
            (Some(_), Some(answer)) if !matches!(request, Request::DeletePod { .. }) => {
                self.documents.push(without_managed_fields(answer));
            }
            // This is what was asked for and no remark beside it.
            (None, _) if !how.is_empty() => {
                self.plain.say(&format!("pod/{pod} {verb} ({how})")).await.map_err(|error| unwritable(&error))?;
            }
            _ => {}
        }
        Ok(Verdict::Done)
    }

    /// Names the ways that may be admitted where a policy refused this one; none of them is taken.
    async fn offer(&mut self, planned: &Planned, problem: Problem) -> Result<Verdict, Problem> {
        let Planned { object, is_node, facts, plan } = planned;
        let options = &self.errand.options;
        let alternatives = if *is_node {
            plan::alternatives_for_node(object, facts, options, plan)
        } else {
            // A pod that could be planned for can be read.
            plan::alternatives_for_pod(object, facts, options, plan).unwrap_or_default()
        };
        if alternatives.is_empty() {
            return Err(problem);
        }
        self.remark(&format!("bathy: {}", problem.headline())).await?;
        for alternative in alternatives {
            let command = self.command(&self.errand.program, planned, &alternative.options)?;
            self.remark(&format!("  this may work ({}):", alternative.reason)).await?;
            self.remark(&format!("    {command}")).await?;
        }
        Ok(Verdict::Failed)
    }

    async fn print_documents(&mut self) -> Result<(), Problem> {
        let Some(format) = self.errand.output else { return Ok(()) };
        let Some(whole) = document::gathered(std::mem::take(&mut self.documents)) else { return Ok(()) };
        let text =
            document::text(&whole, format).map_err(|refusal| Problem::new("cannot print", refusal.message, ""))?;
        self.plain.raw(text.as_bytes()).await.map_err(|error| unwritable(&error))
    }

    /// Something a person may like to know, on standard output; a document stays alone there.
    async fn notice(&mut self, text: &str) -> Result<(), Problem> {
        if self.errand.quiet || self.errand.output.is_some() {
            return Ok(());
        }
        self.plain.say(text).await.map_err(|error| unwritable(&error))
    }

    /// The same on standard error.
    async fn hint(&mut self, text: &str) -> Result<(), Problem> {
        if self.errand.quiet { Ok(()) } else { self.remark(text).await }
    }

    /// Something a person must know.
    async fn warn(&mut self, text: &str) -> Result<(), Problem> {
        self.remark(&format!("Warning: {text}")).await
    }

    async fn remark(&mut self, text: &str) -> Result<(), Problem> {
        self.plain.remark(text).await.map_err(|error| unwritable(&error))
    }

    async fn pass_warnings_on(&mut self) -> Result<(), Problem> {
        for warning in self.warnings.take() {
            self.warn(&warning).await?;
        }
        Ok(())
    }
}

/// The object and what is known around it.
async fn read(errand: &Errand, cluster: Option<Cluster>, subject: &Subject) -> Result<(Value, Facts), Problem> {
    let namespace = errand.namespace.as_str();
    match (subject, &cluster) {
        (Subject::Named(Resource::Pod(name)), Some(cluster)) => {
            let key = PodKey { namespace: namespace.into(), name: name.as_str().into() };
            let (pod, facts) = tokio::join!(cluster.pod(&key), cluster.facts(namespace));
            Ok((of_kind(pod?, "Pod"), facts))
        }
        (Subject::Named(Resource::Node(name)), Some(cluster)) => {
            let (node, facts) = tokio::join!(cluster.node(name), cluster.facts(namespace));
            Ok((of_kind(node?, "Node"), facts))
        }
        (Subject::Named(_), None) => Err(Problem::new("cannot read it", "there is no cluster to read it from", "")),
        (Subject::Read(object), _) => {
            let object = manifest::place(object.clone(), namespace, errand.namespace_was_said)?;
            let home = object["metadata"]["namespace"].as_str().unwrap_or(namespace);
            let facts = match &cluster {
                Some(cluster) => cluster.facts(home).await,
                None => Facts::default(),
            };
            Ok((object, facts))
        }
    }
}

fn unwritable(error: &std::io::Error) -> Problem {
    Problem::new("cannot write", error.to_string(), "")
}

/// A single object of the API need not say its kind.
fn of_kind(mut object: Value, kind: &str) -> Value {
    if let Some(object) = object.as_object_mut() {
        object.entry("apiVersion").or_insert_with(|| "v1".into());
        object.entry("kind").or_insert_with(|| kind.into());
    }
    object
}

/// An object as kubectl prints one.
fn without_managed_fields(mut object: Value) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.shift_remove("managedFields");
    }
    object
}

/// The profile of choices that name none and no configuration does.
pub const DEFAULT_PROFILE: Profile = Profile::General;
