//! Whether a debugger that is asked for runs already, or could never start: ephemeral containers stay for ever, so no
//! more of them are made than are of use. It starts nothing.

use std::sync::Arc;

use crate::cluster::{ContainerDetail, ContainerKey, ContainerKind, ContainerState, Fix, PodDetail, Problem, Way};

/// The running debugger in which one more shell is what a debugger for `target` would be: the youngest that targets the
/// same container.
pub fn running<'a>(pod: &'a PodDetail, target: Option<&str>) -> Option<&'a ContainerDetail> {
    let target = target.or(pod.default_container.as_deref())?;
    pod.containers
        .iter()
        .filter(|container| container.kind == ContainerKind::Ephemeral && container.target.as_deref() == Some(target))
        .filter(|container| matches!(container.state, ContainerState::Running { .. }))
        .max_by_key(|container| since(container))
}

/// Since when a container runs.
pub fn since(container: &ContainerDetail) -> Option<jiff::Timestamp> {
    match container.state {
        ContainerState::Running { since } => since,
        _ => None,
    }
}

/// Why no ephemeral container will ever start in this pod, with the way that works; `None` if one may.
pub fn unstartable(pod: &PodDetail) -> Option<Problem> {
    const MIRROR: &str = "kubernetes.io/config.mirror";
    let why = match pod.phase.as_str() {
        phase @ ("Succeeded" | "Failed") => {
            format!("the pod has ended ({phase}), and no container starts in it any more")
        }
        _ if pod.deleting.is_some() => "the pod is being deleted, and no container starts in it any more".to_owned(),
        _ if pod.annotations.iter().any(|(name, _)| name == MIRROR) => {
            "it is a static pod, which the API server only mirrors: nothing can be added to it".to_owned()
        }
        _ => return None,
    };
    let mut fixes = vec![Fix::new("a copy of the pod with a debugger in it", Way::Copy)];
    let log = |container: &Arc<str>| {
        let container = ContainerKey { pod: pod.key.clone(), container: Arc::clone(container) };
        Fix::new(format!("the log of {}", container.container), Way::Logs { container, previous: false })
    };
    fixes.extend(pod.default_container.as_ref().map(log));
    let what = format!("no debugger can start in {}/{}", pod.key.namespace, pod.key.name);
    Some(Problem::new(what, why, "").with_fixes(fixes))
}
