//! Golden screens: what a state looks like, at the sizes people have.

use bathyscope::app::{Effect, Message};
use bathyscope::cluster::{ContainerKey, LaunchStep, Liveness, PodKey, Problem, WatchTarget, WatchUpdate};
use bathyscope::session::{End, SessionId};
use bytes::Bytes;
use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::console_state::{Console, ago};

/// The id of the session that was started last.
fn started(console: &Console) -> SessionId {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::Start(id, ..) => Some(*id),
        _ => None,
    });
    found.expect("a session was started")
}

fn debugger() -> ContainerKey {
    let pod = PodKey { namespace: "payments".into(), name: "crash".into() };
    ContainerKey { pod, container: "debugger-b7k2p".into() }
}

/// A console with a debugger whose shell has printed something.
fn with_session(columns: u16, rows: u16) -> (Console, SessionId) {
    let mut console = Console::with_pods(columns, rows);
    console.press("e");
    let id = started(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(debugger())));
    console.told(Message::Attached(id));
    let output = "/ # ps\r\nPID   USER     COMMAND\r\n    1 65532    /usr/bin/node /app/server.js\r\n/ # ";
    console.told(Message::Output(id, Bytes::from_static(output.as_bytes())));
    (console, id)
}

#[test]
fn while_connecting() {
    assert_snapshot!(Console::opened(80, 24).screen());
}

#[test]
fn pods_and_the_inspected_one() {
    assert_snapshot!(Console::with_pods(80, 24).screen());
}

#[test]
fn pods_on_a_large_terminal() {
    assert_snapshot!(Console::with_pods(160, 16).screen());
}

#[test]
fn the_namespaces() {
    let mut console = Console::with_pods(80, 12);
    console.press("<esc>");
    assert_snapshot!(console.screen());
}

#[test]
fn a_filter_as_it_is_typed() {
    let mut console = Console::with_pods(80, 12);
    console.press("/nrt");
    assert_snapshot!(console.screen());
}

#[test]
fn stale_rows_stay_and_say_so() {
    let mut console = Console::with_pods(80, 12);
    let id = console.watch(&WatchTarget::PodsIn(vec!["payments".to_owned()]));
    let retry_at = console.state.now + SignedDuration::from_secs(4);
    let stale = Liveness::Stale { since: Some(ago(75)), retry_at, why: "connection refused".to_owned() };
    console.told(Message::Watch(id, WatchUpdate::Liveness(stale)));
    assert_snapshot!(console.screen());
}

#[test]
fn a_list_that_is_refused_says_why() {
    let mut console = Console::opened(80, 12);
    let context = console.state.context.clone();
    console.told(Message::Connected(context));
    let id = console.watch(&WatchTarget::PodsIn(vec!["payments".to_owned()]));
    let problem = Problem {
        what: "you may not list pods in payments".to_owned(),
        why: "the server refuses list on pods to oncall".to_owned(),
        hint: "ask for the right, or choose another namespace with :".to_owned(),
        fixes: Vec::new(),
    };
    console.told(Message::Watch(id, WatchUpdate::Refused(problem)));
    assert_snapshot!(console.screen());
}

#[test]
fn a_launch_tells_its_steps() {
    let mut console = Console::with_pods(80, 24);
    console.press("e");
    let id = started(&console);
    console.told(Message::Launch(id, LaunchStep::Note("profile general: the namespace enforces nothing".to_owned())));
    console.told(Message::Launch(id, LaunchStep::Accepted(debugger())));
    let waiting = LaunchStep::Waiting { reason: "ContainerCreating".to_owned(), message: String::new() };
    console.told(Message::Launch(id, waiting));
    console.told(Message::Tick(console.state.now + SignedDuration::from_secs(3)));
    assert_snapshot!(console.screen());
}

#[test]
fn a_live_session_below_the_lists() {
    assert_snapshot!(with_session(80, 24).0.screen());
}

#[test]
fn a_zoomed_session() {
    let (mut console, _) = with_session(80, 12);
    console.press("<c-]>z");
    assert_snapshot!(console.screen());
}

#[test]
fn an_ended_session_says_how_and_what_next() {
    let (mut console, id) = with_session(80, 24);
    console.told(Message::Ended(id, End::Finished));
    console.told(Message::ExitCode(id, 3));
    assert_snapshot!(console.screen());
}

#[test]
fn a_shell_that_is_not_there_offers_the_debugger() {
    let mut console = Console::with_pods(80, 16);
    console.press("s");
    let id = started(&console);
    console.told(Message::Attached(id));
    let reason = "exec: \"sh\": executable file not found in $PATH".to_owned();
    console.told(Message::Ended(id, End::Failed { reason }));
    assert_snapshot!(console.screen());
}

#[test]
fn the_leader_shows_what_it_can_do() {
    let (mut console, _) = with_session(80, 12);
    console.press("<c-]>");
    assert_snapshot!(console.screen());
}

#[test]
fn help_is_the_action_table() {
    let mut console = Console::with_pods(80, 40);
    console.press("?");
    assert_snapshot!(console.screen());
}

#[test]
fn the_palette_finds_actions_namespaces_and_contexts() {
    let mut console = Console::with_pods(80, 16);
    console.press(":sta");
    assert_snapshot!(console.screen());
}

#[test]
fn the_form_of_a_copy() {
    let mut console = Console::with_pods(80, 24);
    console.press("C");
    assert_snapshot!(console.screen());
}

#[test]
fn leaving_with_open_sessions_asks() {
    let (mut console, _) = with_session(80, 24);
    console.press("<c-]>q");
    assert_snapshot!(console.screen());
}

#[test]
fn too_small_says_so() {
    assert_snapshot!(Console::with_pods(39, 5).screen());
}

#[test]
fn no_size_makes_it_fail() {
    for (columns, rows) in [(1, 1), (2, 50), (500, 2), (40, 10), (41, 11), (300, 100)] {
        let (mut console, id) = with_session(80, 24);
        console.told(Message::Resized(bathyscope::app::layout::Size { columns, rows }));
        for keys in ["", "?", ":x", "C", "x", "m"] {
            console.state.focus = bathyscope::app::Focus::List;
            console.press(keys);
            console.screen();
            console.state.overlay = None;
        }
        console.told(Message::Ended(id, End::Finished));
        console.screen();
    }
}
