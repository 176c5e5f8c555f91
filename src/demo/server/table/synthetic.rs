//! The cells of a synthetic pod from its few facts, as its object would be worded; lists of 100,000 of them need no objects.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::age::since;
use crate::demo::synthetic::{State, SyntheticPod, node_name, time};

/// The cells of a pod, those of `-o wide` included.
pub(super) fn cells(pod: &SyntheticPod, now: Timestamp) -> Value {
    let (ready, status) = match pod.state {
        State::Creating => ("0/1", "ContainerCreating"),
        State::Running => ("1/1", "Running"),
        State::Unready => ("0/1", "Running"),
        State::Crashing => ("0/1", "CrashLoopBackOff"),
        State::PullFailing => ("0/1", "ImagePullBackOff"),
    };
    let restarts = match pod.restarts {
        0 => "0".to_owned(),
        restarts => format!("{restarts} ({} ago)", since(&time(pod.since), now)),
    };
    let address = if pod.state == State::Creating { "<none>".to_owned() } else { pod.address() };
    let age = since(&time(pod.created), now);
    json!([pod.name, ready, status, restarts, age, address, node_name(pod.node), "<none>", "<none>"])
}

#[cfg(test)]
mod tests {
    use super::super::pod;
    use super::*;

    #[test]
    fn the_cells_are_those_of_the_object() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        for state in [State::Creating, State::Running, State::Unready, State::Crashing, State::PullFailing] {
            for restarts in [0, 3] {
                let pod = SyntheticPod {
                    namespace: "shop".into(),
                    name: "worker-1".into(),
                    application: "worker",
                    template: "x".into(),
                    serial: 70_000,
                    node: 7,
                    state,
                    restarts,
                    created: 1_799_900_000,
                    since: 1_799_999_000,
                    version: 1,
                };
                assert_eq!(cells(&pod, now), pod::cells(&pod.object(), now), "{state:?} {restarts}");
            }
        }
    }
}
