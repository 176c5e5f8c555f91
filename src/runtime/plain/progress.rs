//! What is said while a debugger starts: each reason once, with the time the wait has lasted; it waits for nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::cluster::{LaunchStep, Problem};

/// A wait about which nothing has been said for so long is not ordinary any more.
const LONG: Duration = Duration::from_secs(10);

/// The wait for one container.
#[derive(Debug)]
pub(super) struct Progress {
    container: String,
    said: BTreeSet<String>,
    /// What it waits for now and since when, as long as that was not said.
    unsaid: Option<(String, String, Duration)>,
    /// Why it does not get on, as far as that is known: an explanation, or the kubelet's own words.
    known: Option<Problem>,
}

impl Progress {
    pub(super) fn new(container: &str) -> Self {
        Self { container: container.to_owned(), said: BTreeSet::new(), unsaid: None, known: None }
    }

    /// What is to be said of this step, `lasted` after the wait began.
    pub(super) fn step(&mut self, step: LaunchStep, lasted: Duration) -> Option<String> {
        self.learn(&step);
        match step {
            LaunchStep::Waiting { reason, message } => {
                // What the kubelet has words for is trouble, save our own words for an ordinary beginning.
                if message.is_empty() || matches!(reason.as_str(), "Accepted" | "Unscheduled") {
                    if self.unsaid.as_ref().is_none_or(|(known, ..)| *known != reason) {
                        self.unsaid = Some((reason, message, lasted));
                    }
                    return None;
                }
                self.unsaid = None;
                self.say(&reason, &message, lasted)
            }
            LaunchStep::Event { reason, message, warning: true } => self.say(&reason, &message, lasted),
            LaunchStep::Stuck(problem) => {
                let words = [problem.why, problem.hint].into_iter().filter(|words| !words.is_empty());
                self.say(&problem.what, &words.collect::<Vec<_>>().join("; "), lasted)
            }
            LaunchStep::Note(note) => self.say(&note, "", lasted),
            _ => {
                self.unsaid = None;
                None
            }
        }
    }

    /// Keeps why it does not get on, until it gets on; what was explained outranks the words it was explained from.
    fn learn(&mut self, step: &LaunchStep) {
        let is_explained = self.known.as_ref().is_some_and(|known| !known.what.is_empty());
        match step {
            LaunchStep::Stuck(problem) => self.known = Some(problem.clone()),
            LaunchStep::Waiting { reason, message } if !is_explained => {
                let words = [reason.as_str(), message].into_iter().filter(|words| !words.is_empty());
                self.known = Some(Problem::new("", words.collect::<Vec<_>>().join(": "), ""));
            }
            LaunchStep::Event { reason, message, warning: true } if !is_explained => {
                self.known = Some(Problem::new("", format!("{reason}: {message}"), ""));
            }
            LaunchStep::Event { reason, .. } if matches!(reason.as_str(), "Pulled" | "Created" | "Started") => {
                self.known = None;
            }
            LaunchStep::Running | LaunchStep::Ended { .. } | LaunchStep::Attaching => self.known = None,
            _ => {}
        }
    }

    /// That nobody waits any longer, and why it has not started, as far as that is known.
    pub(super) fn given_up(&self, limit: Duration) -> Problem {
        let passed = format!("{} s have passed (--timeout)", limit.as_secs_f64());
        let (why, hint) = match &self.known {
            Some(known) if !known.why.is_empty() => (format!("{passed}: {}", known.why), known.hint.as_str()),
            _ => (passed, ""),
        };
        let stays = "it stays, and may still start; kubectl describe pod shows what holds it up";
        let hint = if hint.is_empty() { stays.to_owned() } else { format!("{hint}; {stays}") };
        Problem::new(format!("{} has not started", self.container), why, hint)
    }

    /// What is to be said because nothing has happened for so long.
    pub(super) fn quiet(&mut self, lasted: Duration) -> Option<String> {
        let (reason, message, since) = self.unsaid.take()?;
        if lasted.saturating_sub(since) >= LONG {
            return self.say(&reason, &message, lasted);
        }
        self.unsaid = Some((reason, message, since));
        None
    }

    fn say(&mut self, reason: &str, message: &str, lasted: Duration) -> Option<String> {
        if !self.said.insert(reason.to_owned()) {
            return None;
        }
        let words = [reason, message].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(": ");
        Some(format!("container {}: {words} (waiting for {} s)", self.container, lasted.as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(reason: &str, message: &str) -> LaunchStep {
        LaunchStep::Waiting { reason: reason.into(), message: message.into() }
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn each_reason_is_said_once_with_its_time() {
        let mut progress = Progress::new("d");
        assert_eq!(progress.step(waiting("ContainerCreating", ""), seconds(0)), None);
        let said = progress.step(waiting("ErrImagePull", "no such host"), seconds(3));
        assert_eq!(said.as_deref(), Some("container d: ErrImagePull: no such host (waiting for 3 s)"));
        assert!(progress.step(waiting("ImagePullBackOff", "back-off 10s"), seconds(4)).is_some());
        assert_eq!(progress.step(waiting("ErrImagePull", "no such host"), seconds(20)), None);
        assert_eq!(progress.step(waiting("ImagePullBackOff", "back-off 20s"), seconds(21)), None);
        let event = |reason: &str, warning| LaunchStep::Event { reason: reason.into(), message: "x".into(), warning };
        assert_eq!(progress.step(event("Pulling", false), seconds(22)), None);
        assert!(progress.step(event("FailedScheduling", true), seconds(22)).is_some());
    }

    #[test]
    fn who_gives_up_says_the_reason_that_is_known() {
        let mut progress = Progress::new("d");
        let limit = seconds(5);
        assert_eq!(progress.given_up(limit).why, "5 s have passed (--timeout)");
        progress.step(waiting("ContainerCreating", ""), seconds(0));
        assert_eq!(progress.given_up(limit).why, "5 s have passed (--timeout): ContainerCreating");
        let failed = LaunchStep::Event { reason: "Failed".into(), message: "no such host".into(), warning: true };
        progress.step(failed.clone(), seconds(1));
        assert!(progress.given_up(limit).why.ends_with(": Failed: no such host"));
        let problem = Problem::new("d does not start", "the registry is not found", "correct the name");
        progress.step(LaunchStep::Stuck(problem), seconds(2));
        progress.step(failed, seconds(3));
        let told = progress.given_up(limit);
        assert_eq!(told.why, "5 s have passed (--timeout): the registry is not found");
        assert!(told.hint.starts_with("correct the name; it stays"), "{}", told.hint);
        progress.step(LaunchStep::Running, seconds(4));
        assert_eq!(progress.given_up(limit).why, "5 s have passed (--timeout)");
    }

    #[test]
    fn an_ordinary_wait_is_said_only_when_it_is_long() {
        let mut progress = Progress::new("d");
        assert_eq!(progress.step(waiting("Accepted", "the node has not begun yet"), seconds(1)), None);
        assert_eq!(progress.quiet(seconds(5)), None);
        assert_eq!(progress.step(waiting("Accepted", "the node has not begun yet"), seconds(6)), None);
        assert!(progress.quiet(seconds(11)).is_some_and(|said| said.contains("11 s")));
        assert_eq!(progress.quiet(seconds(60)), None);
        assert_eq!(progress.step(waiting("ContainerCreating", ""), seconds(61)), None);
        assert_eq!(progress.step(LaunchStep::Running, seconds(62)), None);
        assert_eq!(progress.quiet(seconds(100)), None);
    }
}
