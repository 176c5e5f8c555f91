//! Which containers of a pod are to run, by its restart policy and what they have done. No I/O, no clock.

use std::collections::BTreeMap;

use super::container::Kind;
use super::state::{State, Tracked};

/// Whether the pod's own containers have ended for good.
pub(super) fn is_over(tracked: &BTreeMap<String, Tracked>, restart: &str) -> bool {
    let code = |known: &Tracked| match &known.state {
        State::Terminated(ended) => Some(ended.code),
        _ => None,
    };
    let of = |kind: Kind| tracked.values().filter(move |known| known.kind == kind);
    let failed_init = restart == "Never" && of(Kind::Init).any(|known| code(known).is_some_and(|code| code != 0));
    failed_init
        || of(Kind::Regular).all(|known| match code(known) {
            Some(0) => restart != "Always",
            Some(_) => restart == "Never",
            None => false,
        })
}

/// Whether a container that does not run is to be started, once its turn and its time have come.
pub(super) fn wants_start(known: &Tracked, restart: &str) -> bool {
    let again = match known.kind {
        Kind::Ephemeral => false,
        Kind::Sidecar => true,
        Kind::Init => restart != "Never" && known.exit_code() != Some(0),
        Kind::Regular => match restart {
            "Always" => true,
            "OnFailure" => known.exit_code() != Some(0),
            _ => false,
        },
    };
    let ended = known.ran || known.last.is_some();
    !known.is_running() && !known.starting && !known.settled && (again || !ended)
}

/// Whether the containers after this one may start.
pub(super) fn has_passed(known: &Tracked) -> bool {
    match known.kind {
        Kind::Init => known.is_ready(),
        Kind::Sidecar => known.ran,
        Kind::Ephemeral | Kind::Regular => true,
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn ended(kind: Kind, code: i32) -> Tracked {
        let mut known = Tracked::new(kind, false);
        known.began("1".to_owned(), "then".to_owned(), Instant::now());
        known.ended("1".to_owned(), code, "now".to_owned(), Instant::now());
        known
    }

    #[test]
    fn what_ended_is_started_again_as_the_policy_says() {
        for (kind, code, restart, again) in [
            (Kind::Regular, 0, "Always", true),
            (Kind::Regular, 0, "OnFailure", false),
            (Kind::Regular, 1, "OnFailure", true),
            (Kind::Regular, 1, "Never", false),
            (Kind::Init, 0, "Always", false),
            (Kind::Init, 1, "Always", true),
            (Kind::Sidecar, 0, "Never", true),
            (Kind::Ephemeral, 1, "Always", false),
        ] {
            assert_eq!(wants_start(&ended(kind, code), restart), again, "{kind:?} {code} {restart}");
        }
        assert!(wants_start(&Tracked::new(Kind::Ephemeral, false), "Never"));
    }

    #[test]
    fn a_pod_is_over_when_its_own_containers_are() {
        let of = |all: [Tracked; 2]| -> BTreeMap<String, Tracked> {
            ["a", "b"].map(str::to_owned).into_iter().zip(all).collect()
        };
        let well = of([ended(Kind::Regular, 0), Tracked::new(Kind::Ephemeral, false)]);
        assert!(is_over(&well, "Never") && is_over(&well, "OnFailure"));
        assert!(!is_over(&well, "Always"));
        let broken = of([ended(Kind::Init, 1), Tracked::new(Kind::Regular, true)]);
        assert!(is_over(&broken, "Never"));
        assert!(!is_over(&broken, "Always"));
        assert!(!has_passed(&broken["a"]));
    }
}
