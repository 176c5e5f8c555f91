//! Waiting for a container to start and to end; it never changes anything and tells each step the kubelet takes.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::super::{
    Cluster, ContainerKey, ContainerState, LaunchStep, Problem,
    detail::container_state,
    exec::named,
    text::cleaned,
    watch::{PodNews, pod_news},
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
    /// Waits until the container runs or has ended, and tells each change on the way. There is no limit in time: an
    /// image may take minutes. Drop the future to stop waiting.
    ///
    /// # Errors
    /// A state that no waiting will change, the pod's end, or a pod that may not be read.
    pub async fn wait_started(
        &self,
        container: &ContainerKey,
        mut progress: impl FnMut(LaunchStep) + Send,
    ) -> Result<Started, Problem> {
        let mut news = pod_news(self.clone(), container.pod.clone());
        let mut told: Option<LaunchStep> = None;
        while let Some(news) = news.recv().await {
            let step = match news {
                PodNews::Is(pod) => match judge(&pod, container)? {
                    Judgement::Started(started) => {
                        progress(match started {
                            Started::Running => LaunchStep::Running,
                            Started::Ended { code } => LaunchStep::Ended { code },
                        });
                        return Ok(started);
                    }
                    Judgement::Waiting(reason, message) => LaunchStep::Waiting { reason, message },
                },
                PodNews::Gone => {
                    return Err(problem(container, "the pod was deleted", "look at the list of pods again"));
                }
                PodNews::Refused(problem) => return Err(problem),
                PodNews::Lost(lost) => {
                    LaunchStep::Note(format!("the server is not heard ({}); still waiting", lost.why))
                }
                PodNews::Live => continue,
            };
            if told.as_ref() != Some(&step) {
                told = Some(step.clone());
                progress(step);
            }
        }
        Err(problem(container, "the watch of the pod ended", "try again"))
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
    i32::try_from(status["lastState"]["terminated"]["exitCode"].as_i64()?).ok()
}

enum Judgement {
    Started(Started),
    /// The reason and the kubelet's words.
    Waiting(String, String),
}

fn problem(container: &ContainerKey, why: impl AsRef<str>, hint: &str) -> Problem {
    Problem::new(format!("{} does not start", named(container)), why, hint)
}

/// What the pod's status means for somebody who waits for this container.
fn judge(pod: &Value, container: &ContainerKey) -> Result<Judgement, Problem> {
    let state = container_state(pod, &container.container);
    match &state {
        Some(ContainerState::Running { .. }) => return Ok(Judgement::Started(Started::Running)),
        Some(ContainerState::Terminated { reason, message, .. })
            if matches!(reason.as_str(), "StartError" | "ContainerCannotRun") =>
        {
            return Err(cannot_run(container, message));
        }
        Some(ContainerState::Terminated { code, .. }) => {
            return Ok(Judgement::Started(Started::Ended { code: *code }));
        }
        _ => {}
    }
    let (metadata, status) = (&pod["metadata"], &pod["status"]);
    if metadata["deletionTimestamp"].is_string() {
        return Err(problem(container, "the pod is being deleted", "choose another pod"));
    }
    if let phase @ ("Succeeded" | "Failed") = status["phase"].as_str().unwrap_or_default() {
        let words = [&status["reason"], &status["message"]]
            .into_iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(": ");
        let why = if words.is_empty() {
            format!("the pod has ended ({phase})")
        } else {
            format!("the pod has ended ({words})")
        };
        return Err(problem(container, why, "no container starts in it any more: debug a copy of the pod"));
    }
    match state {
        Some(ContainerState::Waiting { reason, message }) => waiting(pod, container, reason, message),
        _ => Ok(unscheduled(pod)),
    }
}

fn waiting(pod: &Value, container: &ContainerKey, reason: String, message: String) -> Result<Judgement, Problem> {
    match reason.as_str() {
        // Ephemeral containers are never started again, and a command that is not there will not appear for others either.
        "RunContainerError" => Err(cannot_run(container, &message)),
        "InvalidImageName" => {
            Err(problem(container, format!("the image's name is not valid: {message}"), "correct the image"))
        }
        "ErrImageNeverPull" => Err(problem(
            container,
            format!("the node does not have the image and may not pull it: {message}"),
            "choose an image the node has, or another pull policy",
        )),
        "CreateContainerConfigError" if message.contains("runAsNonRoot") => Err(problem(
            container,
            message,
            "the pod forbids root: use the restricted profile, or an image with a numeric user",
        )),
        "CrashLoopBackOff" => match last_code(pod, &container.container) {
            Some(code) => Ok(Judgement::Started(Started::Ended { code })),
            None => Ok(Judgement::Waiting(reason, message)),
        },
        _ => Ok(Judgement::Waiting(reason, message)),
    }
}

fn cannot_run(container: &ContainerKey, message: &str) -> Problem {
    problem(container, message, "the command is not in the image or cannot be run: choose another command or image")
}

/// Why there is no word of the container yet.
fn unscheduled(pod: &Value) -> Judgement {
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
    use crate::cluster::PodKey;

    fn recorded(pod: &str, container: &str) -> Result<Judgement, Problem> {
        let list: Value = serde_json::from_str(include_str!("../../../tests/data/recorded/pods-demo.json")).unwrap();
        let found = list["items"].as_array().unwrap().iter().find(|item| item["metadata"]["name"] == pod).unwrap();
        judge(found, &key(pod, container))
    }

    fn key(pod: &str, container: &str) -> ContainerKey {
        ContainerKey { pod: PodKey { namespace: "demo".into(), name: pod.into() }, container: container.into() }
    }

    #[test]
    fn the_recorded_debuggers_are_judged_as_they_came_out() {
        assert!(matches!(recorded("multi", "alive"), Ok(Judgement::Started(Started::Running))));
        assert!(matches!(recorded("multi", "ended"), Ok(Judgement::Started(Started::Ended { code: 7 }))));
        assert!(recorded("multi", "stuck-cmd").err().unwrap().why.contains("/nosuch/binary"));
        assert!(recorded("nonroot-nouid", "stuck-root").err().unwrap().hint.contains("restricted"));
        assert!(
            matches!(recorded("nonroot", "stuck-pull"), Ok(Judgement::Waiting(reason, _)) if reason == "ErrImagePull")
        );
        assert!(
            matches!(recorded("crash", "watcher"), Ok(Judgement::Waiting(reason, _)) if reason == "CreateContainerError")
        );
        assert!(matches!(recorded("pending", "early"), Ok(Judgement::Waiting(reason, _)) if reason == "Unschedulable"));
        assert!(recorded("done", "late").err().unwrap().hint.contains("copy"));
    }

    #[test]
    fn a_start_that_failed_for_good_is_no_end() {
        let pod = json!({"status": {"containerStatuses": [
            {"name": "d", "state": {"terminated": {"exitCode": 128, "reason": "StartError", "message": "exec: \"zsh\": not found"}}},
        ]}});
        assert!(judge(&pod, &key("p", "d")).err().unwrap().why.contains("zsh"));
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
