//! Why a start does not get on, or a pod is not well, and what one key can do about it; pure, and it asks nobody.

mod api_refusal;
mod command;
mod configuration;
mod event;
mod facts;
mod image;
mod life;
mod place;
mod toolbox;

use serde_json::Value;

pub(super) use self::api_refusal::{again, refused, with_role};
pub use self::event::PodEvent;
pub(super) use self::event::without_ids;
use self::facts::Facts;
pub(super) use self::life::gone;
pub(super) use self::place::silent;
pub use self::toolbox::{Present, present_toolboxes};
use super::{ContainerKind, Fix, Problem};

/// What somebody waits for, or looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    /// The start of this container: an ephemeral debugger, or the debugger of a copy or of a node's pod. Which of them
    /// it is stands in the pod.
    Start(&'a str),
    /// The pod as it is: why it is not ready. Debuggers in it are not its trouble.
    Pod,
}

/// What is known.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The pod as the API gives it.
    pub pod: &'a Value,
    /// What was told of it, oldest first; empty where events may not be read.
    pub events: &'a [PodEvent],
    /// Its node as the API gives it; `None` where it may not be read.
    pub node: Option<&'a Value>,
    /// What was asked.
    pub asked: Asked<'a>,
}

/// A state that needs explaining, explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What, why, and the ways out.
    pub problem: Problem,
    /// No waiting will change it.
    pub permanent: bool,
}

/// Explains what keeps the pod or the start from what it should be; `None` while nothing does, as far as is known.
pub fn explain(situation: &Situation<'_>) -> Option<Explanation> {
    let facts = Facts::of(situation)?;
    let cause = match situation.asked {
        Asked::Start(_) => start_cause(&facts)?,
        Asked::Pod => pod_cause(&facts)?,
    };
    Some(cause.explanation(&facts))
}

/// The first thing that explains the rest wins.
fn start_cause(facts: &Facts<'_>) -> Option<Cause> {
    life::ended_or_ending(facts)
        .or_else(|| image::of_start(facts))
        .or_else(|| configuration::of_start(facts))
        .or_else(|| command::of_start(facts))
        .or_else(|| place::unscheduled(facts))
        .or_else(|| place::node_trouble(facts))
        .or_else(|| place::sandbox(facts))
        .or_else(|| place::volumes(facts))
        .or_else(|| configuration::target_not_running(facts))
        .or_else(|| init_first(facts))
}

/// A copy's debugger comes after the init containers: what holds them up holds it up.
fn init_first(facts: &Facts<'_>) -> Option<Cause> {
    if facts.is_ephemeral() {
        return None;
    }
    let init = |kind| matches!(kind, ContainerKind::Init | ContainerKind::Sidecar);
    facts
        .pod
        .containers
        .iter()
        .filter(|container| init(container.kind))
        .find_map(|container| life::failing(facts, container))
}

fn pod_cause(facts: &Facts<'_>) -> Option<Cause> {
    let own = || facts.pod.containers.iter().filter(|container| container.kind != ContainerKind::Ephemeral);
    life::ended_or_ending(facts)
        .or_else(|| place::unscheduled(facts))
        .or_else(|| own().find_map(|container| life::failing(facts, container)))
        .or_else(|| place::node_trouble(facts))
        .or_else(|| place::sandbox(facts))
        .or_else(|| place::volumes(facts))
        .or_else(|| own().find_map(|container| life::not_ready(facts, container)))
        .or_else(|| life::not_ready_otherwise(facts))
        .or_else(|| own().find_map(|container| life::killed_before(facts, container)))
}

/// What is wrong, before it is worded for a start or for a pod.
#[derive(Debug, Clone, Default)]
struct Cause {
    /// The sentence: "the image busybox:nope cannot be pulled". Without a full stop.
    sentence: String,
    /// Its ground, in our words or the kubelet's; may be empty.
    detail: String,
    hint: String,
    fixes: Vec<Fix>,
    permanent: bool,
}

impl Cause {
    fn new(sentence: impl Into<String>, detail: impl AsRef<str>) -> Self {
        let detail = detail.as_ref().trim().trim_end_matches('.').to_owned();
        Self { sentence: sentence.into(), detail, ..Self::default() }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    fn fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Self {
        for fix in fixes {
            if self.fixes.iter().all(|known| known.way != fix.way) {
                self.fixes.push(fix);
            }
        }
        self
    }

    fn permanent(mut self, permanent: bool) -> Self {
        self.permanent = permanent;
        self
    }

    fn explanation(self, facts: &Facts<'_>) -> Explanation {
        let problem = match facts.asked {
            Asked::Start(_) => {
                let why =
                    if self.detail.is_empty() { self.sentence } else { format!("{}: {}", self.sentence, self.detail) };
                Problem::new(facts.does_not_start(), why, self.hint)
            }
            Asked::Pod => Problem::new(self.sentence, self.detail, self.hint),
        };
        Explanation { problem: problem.with_fixes(self.fixes), permanent: self.permanent }
    }
}
