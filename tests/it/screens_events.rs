//! Golden screens of events.

use bathyscope::app::view::{ViewId, ViewSource, ViewUpdate};
use bathyscope::app::{Effect, Message};
use bathyscope::cluster::Liveness;
use bathyscope::cluster::events::{Event, Involved};
use insta::assert_snapshot;

use crate::console_state::{Console, ago};

fn event(uid: &str, object: &str, reason: &str, message: &str, (count, first, last): (u64, i64, i64)) -> Event {
    let (kind, name) = object.split_once('/').expect("kind/name");
    let warning = matches!(reason, "BackOff" | "Unhealthy" | "FailedScheduling");
    let involved = Involved {
        kind: kind.to_owned(),
        namespace: "payments".to_owned(),
        name: name.to_owned(),
        uid: name.to_owned(),
        container: if kind == "Pod" && reason != "Scheduled" { "app".to_owned() } else { String::new() },
    };
    Event {
        uid: uid.to_owned(),
        involved,
        reason: reason.to_owned(),
        message: message.to_owned(),
        warning,
        source: if kind == "Pod" { "kubelet, worker-1".to_owned() } else { "replicaset-controller".to_owned() },
        count,
        first: Some(ago(first)),
        last: Some(ago(last)),
    }
}

fn told() -> Vec<Event> {
    let back_off =
        "Back-off restarting failed container app in pod crash_payments(0eed7942-5020-4ba4-91e3-181b39d2d753)";
    vec![
        event("1", "ReplicaSet/crash-66cd", "SuccessfulCreate", "Created pod: crash", (1, 541, 541)),
        event("2", "Pod/crash", "Scheduled", "Successfully assigned payments/crash to worker-1", (1, 540, 540)),
        event("3", "Pod/crash", "Pulled", "Container image \"importer:2\" already present on machine", (7, 539, 21)),
        event("4", "Pod/crash", "Started", "Container started", (4, 538, 60)),
        event("5", "Pod/crash", "Started", "Container started", (3, 50, 20)),
        event("6", "Pod/crash", "BackOff", back_off, (31, 530, 4)),
    ]
}

/// The view that was asked for last.
fn asked(console: &Console) -> (ViewId, ViewSource) {
    let opened = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::OpenView(id, _, source) => Some((*id, source.clone())),
        _ => None,
    });
    opened.expect("a view was opened")
}

fn reading(columns: u16, rows: u16, key: &str) -> Console {
    let mut console = Console::with_pods(columns, rows);
    console.press(key);
    let (id, _) = asked(&console);
    console.told(Message::View(id, ViewUpdate::Events { told: told(), gone: Vec::new() }));
    console.told(Message::View(id, ViewUpdate::Liveness(Liveness::Live)));
    console.settled();
    console
}

#[test]
fn the_events_of_a_pod() {
    assert_snapshot!("events_80x24", reading(80, 24, "v").screen());
    assert_snapshot!("events_160x48", reading(160, 48, "v").screen());
}

#[test]
fn the_warnings_of_a_namespace() {
    let mut console = reading(80, 24, "V");
    console.press("!");
    console.settled();
    assert_snapshot!(console.screen());
}

#[test]
fn a_cluster_that_tells_nothing() {
    let mut console = Console::with_pods(80, 24);
    console.press("v");
    let (id, _) = asked(&console);
    console.told(Message::View(id, ViewUpdate::Events { told: Vec::new(), gone: Vec::new() }));
    console.settled();
    assert!(console.screen().contains("no events: a cluster forgets them"), "{}", console.screen());
}
