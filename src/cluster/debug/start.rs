//! Waiting for a container to start and to end; it never changes anything and tells each step the kubelet takes.

mod wait;

use std::{future, time::Duration};

use serde_json::Value;
use tokio::{
    sync::mpsc,
    time::{sleep_until, timeout},
};

use self::wait::Wait;
use super::super::{
    Cluster, ContainerKey, ContainerState, LaunchStep, Problem,
    detail::container_state,
    exec::named,
    explain::{again, with_role},
    text::cleaned,
    watch::{EventNews, PodNews, pod_events, pod_news},
};

/// How long the kubelet may take to report an end that a stream has already seen.
const END_TIME: Duration = Duration::from_secs(5);

/// How a start came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It runs.
    Running,
    /// It has run and ended already; its log holds what it printed.
    Ended {
        /// Its exit code.
        code: i32,
    },
}

impl Cluster {
    /// Waits until the container runs or has ended, and tells each change on the way, the kubelet's events too where
    /// they may be read. There is no limit in time: an image may take minutes. What does not get on is explained
    /// ([`LaunchStep::Stuck`]) while waiting goes on. Drop the future to stop waiting.
    ///
    /// # Errors
    /// A state that no waiting will change, the pod's end, or a pod that may not be read; with the ways out.
    pub async fn wait_started(
        &self,
        container: &ContainerKey,
        progress: impl FnMut(LaunchStep) + Send,
    ) -> Result<Started, Problem> {
        let mut news = pod_news(self.clone(), container.pod.clone());
        let mut events: Option<mpsc::Receiver<EventNews>> = None;
        let mut followed = false;
        let mut wait = Wait::new(self, container, progress);
        loop {
            let silent_at = wait.silent_at();
            let started = tokio::select! {
                biased;
                news = news.recv() => match news {
                    Some(PodNews::Is(pod)) => {
                        if !followed {
                            followed = true;
                            let uid = pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
                            events = Some(pod_events(self.clone(), container.pod.clone(), uid));
                        }
                        wait.pod(pod).await?
                    }
                    Some(PodNews::Gone) => {
                        let problem = wait.pod_gone();
                        let instead = if problem.fixes.is_empty() { self.instead_of(&container.pod).await } else { None };
                        let nothing_known = problem.fixes.is_empty() && instead.is_none();
                        // What takes its place may be there by then.
                        return Err(problem.with_fixes(instead).with_fixes(nothing_known.then(again)));
                    }
                    Some(PodNews::Refused(problem)) => return Err(with_role(problem)),
                    Some(PodNews::Lost(lost)) => {
                        wait.server_lost(&lost.why);
                        None
                    }
                    Some(PodNews::Live) => None,
                    None => {
                        let what = format!("{} does not start", named(container));
                        return Err(Problem::new(what, "the watch of the pod ended", "try again"));
                    }
                },
                told = next(&mut events) => if let Some(told) = told {
                    wait.event(told).await?
                } else {
                    events = None;
                    wait.events_are_read = false;
                    None
                },
                () = async {
                    match silent_at {
                        Some(at) => sleep_until(at).await,
                        None => future::pending().await,
                    }
                } => {
                    wait.silence().await;
                    None
                }
            };
            if let Some(started) = started {
                return Ok(started);
            }
        }
    }

    /// The container's exit code, once its stream has ended: the kubelet reports it a little later. `None` if it does
    /// not within five seconds, or if the container still runs.
    pub async fn exit_code(&self, container: &ContainerKey) -> Option<i32> {
        let mut news = pod_news(self.clone(), container.pod.clone());
        let ended = async {
            while let Some(news) = news.recv().await {
                match news {
                    PodNews::Is(pod) => {
                        if let Some(code) = exit_code(&pod, &container.container) {
                            return Some(code);
                        }
                    }
                    PodNews::Gone | PodNews::Refused(_) => return None,
                    PodNews::Live | PodNews::Lost(_) => {}
                }
            }
            None
        };
        timeout(END_TIME, ended).await.ok().flatten()
    }
}

fn exit_code(pod: &Value, container: &str) -> Option<i32> {
    match container_state(pod, container)? {
        ContainerState::Terminated { code, .. } => Some(code),
        // It ends again and again: the last end counts.
        ContainerState::Waiting { reason, .. } if reason == "CrashLoopBackOff" => last_code(pod, container),
        _ => None,
    }
}

fn last_code(pod: &Value, container: &str) -> Option<i32> {
    let statuses = pod["status"]["containerStatuses"].as_array()?;
    let status = statuses.iter().find(|status| status["name"] == container)?;
    if status["lastState"]["terminated"]["reason"] == "StartError" {
        return None;
    }
    i32::try_from(status["lastState"]["terminated"]["exitCode"].as_i64()?).ok()
}

/// The next event of the pod; waits for ever where there are none to come.
async fn next(events: &mut Option<mpsc::Receiver<EventNews>>) -> Option<EventNews> {
    match events {
        Some(events) => events.recv().await,
        None => future::pending().await,
    }
}

enum Judgement {
    Started(Started),
    /// The reason and the kubelet's words.
    Waiting(String, String),
}

/// What the pod's status means for somebody who waits for this container; why it waits is explained elsewhere.
fn judge(pod: &Value, container: &str) -> Judgement {
    match container_state(pod, container) {
        Some(ContainerState::Running { .. }) => Judgement::Started(Started::Running),
        // It never ran: that is explained.
        Some(ContainerState::Terminated { reason, message, .. })
            if matches!(reason.as_str(), "StartError" | "ContainerCannotRun") =>
        {
            Judgement::Waiting(reason, message)
        }
        Some(ContainerState::Terminated { code, .. }) => Judgement::Started(Started::Ended { code }),
        Some(ContainerState::Waiting { reason, message }) if reason == "CrashLoopBackOff" => {
            match last_code(pod, container) {
                Some(code) => Judgement::Started(Started::Ended { code }),
                None => Judgement::Waiting(reason, message),
            }
        }
        Some(ContainerState::Waiting { reason, message }) => Judgement::Waiting(reason, message),
        _ => no_word_yet(pod),
    }
}

/// Why there is no word of the container yet.
fn no_word_yet(pod: &Value) -> Judgement {
    let conditions = pod["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let words = |value: &Value| value.as_str().map(cleaned).unwrap_or_default();
    let scheduled =
        conditions.iter().find(|condition| condition["type"] == "PodScheduled" && condition["status"] == "False");
    if let Some(condition) = scheduled {
        return Judgement::Waiting(words(&condition["reason"]), words(&condition["message"]));
    }
    if pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty() {
        return Judgement::Waiting("Unscheduled".to_owned(), "the pod has no node yet".to_owned());
    }
    Judgement::Waiting("Accepted".to_owned(), "the node has not begun yet".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_has_started_once_it_runs_or_has_ended() {
        let list: Value = serde_json::from_str(include_str!("../../../tests/data/recorded/pods-demo.json")).unwrap();
        let judged = |pod: &str, container: &str| {
            let found = list["items"].as_array().unwrap().iter().find(|item| item["metadata"]["name"] == pod).unwrap();
            match judge(found, container) {
                Judgement::Started(started) => format!("{started:?}"),
                Judgement::Waiting(reason, _) => reason,
            }
        };
        for (pod, container, expected) in [
            ("multi", "alive", "Running"),
            ("multi", "ended", "Ended { code: 7 }"),
            ("multi", "stuck-cmd", "RunContainerError"),
            ("nonroot", "stuck-pull", "ErrImagePull"),
            ("crash", "watcher", "CreateContainerError"),
            ("pending", "early", "Unschedulable"),
        ] {
            assert_eq!(judged(pod, container), expected, "{pod}/{container}");
        }
    }

    #[test]
    fn a_start_that_failed_for_good_is_no_end() {
        let pod = json!({"status": {"containerStatuses": [
            {"name": "d", "state": {"terminated": {"exitCode": 128, "reason": "StartError", "message": "no zsh"}}},
        ]}});
        assert!(matches!(judge(&pod, "d"), Judgement::Waiting(reason, _) if reason == "StartError"));
    }

    #[test]
    fn an_exit_code_is_the_last_end() {
        let pod = json!({"status": {"containerStatuses": [
            {"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 4}}},
            {"name": "b", "state": {"running": {}}},
        ]}});
        assert_eq!(exit_code(&pod, "a"), Some(4));
        assert_eq!(exit_code(&pod, "b"), None);
        assert_eq!(exit_code(&pod, "c"), None);
    }
}
