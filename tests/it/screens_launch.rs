//! Golden screens of launches: on their way, stuck, failed, looked back at; and of keys without a right.

use bathyscope::app::{Effect, Message};
use bathyscope::cluster::{ContainerKey, Fix, Granted, LaunchStep, PodKey, PodRight, Problem, Way};
use bathyscope::plan::Profile;
use bathyscope::session::SessionId;
use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::console_state::Console;

fn debugger() -> ContainerKey {
    let pod = PodKey { namespace: "payments".into(), name: "crash".into() };
    ContainerKey { pod, container: "debugger-b7k2p".into() }
}

fn later(console: &mut Console, milliseconds: i64) {
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(milliseconds)));
}

fn event(reason: &str, message: &str, warning: bool) -> LaunchStep {
    LaunchStep::Event { reason: reason.into(), message: message.into(), warning }
}

fn launch(columns: u16, rows: u16) -> (Console, SessionId) {
    let mut console = Console::with_pods(columns, rows);
    let all = PodRight::ALL.into_iter().map(|right| (right, true)).collect();
    console.told(Message::Rights("prod-eu".into(), "payments".into(), all));
    console.press("e");
    let id = match console.asked.last() {
        Some(Effect::Start(id, ..)) => *id,
        other => panic!("{other:?}"),
    };
    let reason = "profile general: the namespace forbids nothing, so the debugger gets SYS_PTRACE and can look into \
                  every process it sees";
    console.told(Message::Launch(id, LaunchStep::Note(reason.to_owned())));
    later(&mut console, 200);
    console.told(Message::Launch(id, LaunchStep::Accepted(debugger())));
    later(&mut console, 400);
    (console, id)
}

fn pulling(console: &mut Console, id: SessionId) {
    console.told(Message::Launch(id, LaunchStep::Scheduled { node: "node-1".into() }));
    later(console, 100);
    console.told(Message::Launch(id, event("Pulling", "Pulling image \"tools:2\"", false)));
    later(console, 12_300);
}

fn stuck() -> Problem {
    Problem::new(
        "payments/crash/debugger-b7k2p does not start",
        "the image tools:2 cannot be pulled: the registry knows the name tools but not the tag 2; the kubelet goes on \
         trying, every time after a longer pause",
        "correct the tag",
    )
    .with_fixes([
        Fix::new("again with busybox:1.37, which node-1 has already", Way::Image(Some("busybox:1.37".into()))),
        Fix::new("again with another image", Way::Image(None)),
        Fix::new("a copy of the pod with a debugger in it", Way::Copy),
    ])
}

#[test]
fn a_launch_that_pulls() {
    let (mut console, id) = launch(80, 24);
    pulling(&mut console, id);
    assert_snapshot!(console.screen());
}

#[test]
fn a_launch_that_is_stuck_keeps_the_problem_and_its_fixes_in_view() {
    let (mut console, id) = launch(80, 24);
    pulling(&mut console, id);
    for _ in 0..4 {
        let failed = "Failed to pull image \"tools:2\": not found";
        console.told(Message::Launch(id, event("Failed", failed, true)));
        let waiting = LaunchStep::Waiting { reason: "ErrImagePull".into(), message: "not found".into() };
        console.told(Message::Launch(id, waiting));
        later(&mut console, 9_000);
    }
    console.told(Message::Launch(id, LaunchStep::Stuck(stuck())));
    later(&mut console, 2_000);
    assert_snapshot!(console.screen());
}

#[test]
fn a_plan_that_was_refused_offers_what_is_admitted() {
    let (mut console, id) = launch(80, 24);
    let why = "pods \"crash\" is forbidden: violates PodSecurity \"baseline:latest\": non-default capabilities \
               (container \"debugger-b7k2p\" must not include \"SYS_PTRACE\" in securityContext.capabilities.add)";
    let way = Way::ProfileWith { profile: Profile::Baseline, custom: serde_json::json!({}) };
    let problem = Problem::new("cannot start a debugger in payments/crash", why, "")
        .with_fixes([Fix::new("again with profile baseline", way)]);
    console.told(Message::StartFailed(id, problem));
    later(&mut console, 31_000);
    assert_snapshot!(console.screen());
}

#[test]
fn the_timeline_of_a_session_that_lives() {
    let (mut console, id) = launch(80, 24);
    pulling(&mut console, id);
    for step in [
        event("Pulled", "Successfully pulled image \"tools:2\" in 12s. Image size: 48067089 bytes.", false),
        event("Created", "Created container: debugger-b7k2p", false),
        LaunchStep::Running,
        LaunchStep::Attaching,
    ] {
        later(&mut console, 100);
        console.told(Message::Launch(id, step));
    }
    later(&mut console, 100);
    console.told(Message::Attached(id));
    later(&mut console, 40_000);
    console.press("<c-]>t");
    assert_snapshot!(console.screen());
}

#[test]
fn help_names_the_right_that_a_key_lacks() {
    let mut console = Console::with_pods(100, 14);
    let granted = Granted::from([(PodRight::PatchEphemeral, false), (PodRight::CreateExec, false)]);
    console.told(Message::Rights("prod-eu".into(), "payments".into(), granted));
    console.press("?");
    assert_snapshot!(console.screen());
}

#[test]
fn the_inspector_names_missing_rights() {
    let mut console = Console::with_pods(100, 24);
    let granted = Granted::from([(PodRight::PatchEphemeral, false), (PodRight::CreateExec, false)]);
    console.told(Message::Rights("prod-eu".into(), "payments".into(), granted));
    assert_snapshot!(console.screen());
}
