//! Golden screens of a description and of an owner's pods.

use std::sync::Arc;

use bathyscope::app::view::{ViewId, ViewUpdate};
use bathyscope::app::{Effect, Message};
use bathyscope::cluster::describe::{Surroundings, describe};
use bathyscope::cluster::{Liveness, Owner, OwnerChain, PodKey, RowsUpdate, WatchTarget, WatchUpdate};
use insta::assert_snapshot;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::console_state::{Console, pod};

fn opened(console: &Console) -> ViewId {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::OpenView(id, ..) => Some(*id),
        _ => None,
    });
    found.expect("a view was opened")
}

fn chain(pod: &str) -> OwnerChain {
    let owner = |kind: &str, name: &str| Owner {
        api_version: "apps/v1".to_owned(),
        kind: kind.to_owned(),
        name: name.into(),
        uid: format!("uid of {name}"),
    };
    let (set, _) = pod.rsplit_once('-').expect("a generated name");
    let (deployment, _) = set.rsplit_once('-').expect("a generated name");
    let owners = vec![owner("ReplicaSet", set), owner("Deployment", deployment)];
    OwnerChain { namespace: "payments".into(), owners, selector: Some("app=x".to_owned()), unread: None }
}

/// A console that describes the recorded pod that crashes.
fn described(columns: u16, rows: u16) -> Console {
    let mut console = Console::with_pods(columns, rows);
    console.press("d");
    let id = opened(&console);
    console.told(Message::View(id, ViewUpdate::Liveness(Liveness::Live)));
    let recorded: Value =
        serde_json::from_str(include_str!("../data/describe/pod-crashing.json")).expect("what was recorded");
    let pod = &recorded["object"];
    let around = Surroundings {
        events: Some(Ok(recorded["events"].as_array().cloned().expect("events"))),
        owners: Some(Ok(chain(pod["metadata"]["name"].as_str().expect("a name")))),
        services: Some(Ok(Vec::new())),
        ..Surroundings::default()
    };
    let description = Box::new(describe(pod, &around, &TimeZone::UTC));
    console.told(Message::View(id, ViewUpdate::Described(Some(description))));
    console.press("<c-]>z");
    console
}

#[test]
fn a_pod_that_crashes_described() {
    assert_snapshot!(described(80, 24).screen());
}

#[test]
fn a_pod_that_crashes_described_on_a_large_terminal() {
    assert_snapshot!(described(160, 48).screen());
}

#[test]
fn a_description_that_is_written_again_keeps_the_place() {
    let mut console = described(80, 24);
    console.press("jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj");
    let before = console.screen();
    let id = opened(&console);
    let recorded: Value =
        serde_json::from_str(include_str!("../data/describe/pod-crashing.json")).expect("what was recorded");
    let description = Box::new(describe(&recorded["object"], &Surroundings::default(), &TimeZone::UTC));
    let facts = description.facts.len();
    console.told(Message::View(id, ViewUpdate::Described(Some(description))));
    let after = console.screen();
    assert!(facts > 30 && before != after, "the findings went, and the rest moved up:\n{after}");
    assert!(!after.contains("Name:"), "the place is not the start:\n{after}");
}

#[test]
fn the_pods_of_an_owner_come_trouble_first() {
    let mut console = Console::with_pods(80, 24);
    let key = PodKey { namespace: "payments".into(), name: "nodejsapps-66cd4f-gddtt".into() };
    console.state.navigator.pods.select(key.clone());
    console.settled();
    console.press("w");
    assert_eq!(console.asked.last(), Some(&Effect::FindOwners("prod-eu".to_owned(), key.clone())));
    let owners = chain(&key.name);
    console.told(Message::Owners("prod-eu".to_owned(), key, Ok(owners.clone())));
    let id = console.watch(&WatchTarget::PodsOf(Arc::new(owners)));
    let rows = vec![
        pod("nodejsapps-66cd4f-gddtt", "1/1", "Running", 0, 1_260),
        pod("nodejsapps-66cd4f-x7k2p", "0/1", "CrashLoopBackOff", 9, 900),
        pod("nodejsapps-66cd4f-q5w2z", "0/1", "Running", 0, 30),
    ];
    for update in [RowsUpdate::Begin, RowsUpdate::Rows(rows), RowsUpdate::Complete] {
        console.told(Message::Watch(id, WatchUpdate::Pods(update)));
    }
    console.told(Message::Watch(id, WatchUpdate::Liveness(Liveness::Live)));
    assert_snapshot!(console.screen());
    console.press("<esc>");
    console.watch(&WatchTarget::PodsIn(vec!["payments".to_owned()]));
    let screen = console.screen();
    assert!(screen.contains("› payments") && !screen.contains("Deployment/"), "{screen}");
}
