//! The debuggers a pod has and has had: its ephemeral containers, and who made the pod if a debugger did; it ends none.

use serde_json::Value;

use super::super::description::{Cell, Page, Piece, Standing, said, standing};
use crate::cluster::detail::{items, read_pod, text, timestamp};
use crate::cluster::{ContainerDetail, ContainerKind, ContainerState, marks};

/// Tells each debugger of the pod, and who made the pod where it bears our marks.
pub(super) fn debuggers(page: &mut Page, pod: &Value) {
    made_by(page, pod);
    let Some(detail) = read_pod(pod) else { return };
    let ephemeral: Vec<&ContainerDetail> =
        detail.containers.iter().filter(|container| container.kind == ContainerKind::Ephemeral).collect();
    if ephemeral.is_empty() {
        return;
    }
    page.group(0, "Debuggers");
    for container in ephemeral {
        let mut about = vec![container.image.clone()];
        about.extend(container.target.as_ref().map(|target| format!("of {target}")));
        about.extend(container.user.map(|(uid, gid)| format!("uid {uid}, gid {gid}")));
        about.extend(made_with(pod, &container.name));
        let mut cells = vec![Cell::Name(format!("{}:", container.name))];
        cells.extend(state(&container.state));
        cells.push(said(about.join(", ")));
        page.row(1, cells);
    }
}

fn state(state: &ContainerState) -> [Cell; 2] {
    let ages = |words: &str, time: Option<jiff::Timestamp>, after: &str| {
        let piece = |words: &str| Piece::Words(words.to_owned());
        match time {
            Some(_) => Cell::Ages(vec![piece(words), Piece::since(time), piece(after)]),
            None => said(""),
        }
    };
    match state {
        ContainerState::Running { since } => [standing(Standing::Good, "running"), ages("for ", *since, "")],
        ContainerState::Terminated { code, at, reason, .. } => {
            let usual = *code == 0;
            let reason = Some(reason).filter(|reason| !matches!(reason.as_str(), "" | "Completed" | "Error"));
            let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
            let how = if usual { Standing::Faint } else { Standing::Changing };
            [standing(how, format!("ended ({code}){reason}")), ages("", *at, " ago")]
        }
        ContainerState::Waiting { reason, .. } if !reason.is_empty() => {
            [standing(Standing::Changing, reason), said("")]
        }
        ContainerState::Waiting { .. } | ContainerState::Unknown => [standing(Standing::Changing, "waiting"), said("")],
    }
}

/// With what the container was made, where the API server has noted which client wrote it.
fn made_with(pod: &Value, container: &str) -> Option<String> {
    let key = format!("k:{{\"name\":\"{container}\"}}");
    let wrote = |entry: &&Value| {
        entry["subresource"] == "ephemeralcontainers"
            && entry["fieldsV1"]["f:spec"]["f:ephemeralContainers"].get(&key).is_some()
    };
    let entry = items(&pod["metadata"]["managedFields"]).find(wrote)?;
    // The server notes a client that does not name itself as unknown.
    Some(text(&entry["manager"]))
        .filter(|manager| !matches!(manager.as_str(), "" | "unknown"))
        .map(|manager| format!("made with {manager}"))
}

fn made_by(page: &mut Page, pod: &Value) {
    let (labels, annotations) = (&pod["metadata"]["labels"], &pod["metadata"]["annotations"]);
    let by = text(&annotations[marks::CREATED_BY]);
    let at = timestamp(&annotations[marks::CREATED_AT]);
    let is_ours = labels[marks::MANAGED_BY] == marks::US || !by.is_empty();
    if !is_ours {
        return;
    }
    let by = if by.is_empty() { "somebody".to_owned() } else { by };
    let mut pieces = vec![Piece::Words(by)];
    if at.is_some() {
        pieces.extend([Piece::Words(", ".to_owned()), Piece::since(at), Piece::Words(" ago".to_owned())]);
    }
    pieces.push(Piece::Words(", with bathy".to_owned()));
    page.cell(0, "Made By", Cell::Ages(pieces));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_debugger_is_told_with_its_past() {
        let pod = json!({
            "metadata": {
                "name": "p",
                "annotations": {marks::CREATED_BY: "ann", marks::CREATED_AT: "2026-01-01T00:00:00Z"},
                "managedFields": [{
                    "manager": "kubectl-debug", "subresource": "ephemeralcontainers",
                    "fieldsV1": {"f:spec": {"f:ephemeralContainers": {"k:{\"name\":\"debugger-a\"}": {}}}},
                }],
            },
            "spec": {"containers": [{"name": "app"}], "ephemeralContainers": [
                {"name": "debugger-a", "image": "busybox", "targetContainerName": "app"}, {"name": "debugger-b", "image": "x"},
            ]},
            "status": {"ephemeralContainerStatuses": [
                {"name": "debugger-a", "state": {"terminated": {"exitCode": 7, "reason": "Error", "finishedAt": "2026-01-01T00:00:00Z"}}},
                {"name": "debugger-b", "state": {"waiting": {"reason": "ImagePullBackOff"}}},
            ]},
        });
        let mut page = Page::new(jiff::tz::TimeZone::UTC);
        debuggers(&mut page, &pod);
        let now = "2026-01-01T00:05:00Z".parse().unwrap();
        let age = |since: jiff::Timestamp, now: jiff::Timestamp| format!("{}s", now.as_second() - since.as_second());
        let lines: Vec<String> = page.finish().iter().map(|entry| entry.texts(now, age).join("|")).collect();
        assert_eq!(
            lines,
            [
                "Made By:|ann, 300s ago, with bathy",
                "Debuggers:",
                "debugger-a:|ended (7)|300s ago|busybox, of app, made with kubectl-debug",
                "debugger-b:|ImagePullBackOff||x",
            ]
        );
    }
}
