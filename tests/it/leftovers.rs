//! The view of leftovers, and what becomes of what is left: what facts and keys do to the console, and what it looks
//! like.

use bathyscope::app::{Effect, Leave, Message, OnLeave, Start};
use bathyscope::cluster::{
    ContainerKey, Found, LaunchStep, Leftover, LeftoverKind, LeftoverScope, PodKey, Problem, Which,
};
use bathyscope::session::SessionId;
use insta::assert_snapshot;

use crate::console_state::{Console, ago};

fn key(name: &str) -> PodKey {
    PodKey { namespace: "payments".into(), name: name.into() }
}

pub(crate) fn at(pod: &str, container: &str) -> ContainerKey {
    ContainerKey { pod: key(pod), container: container.into() }
}

fn leftover(pod: &str, kind: LeftoverKind, state: &str) -> Leftover {
    Leftover {
        pod: key(pod),
        uid: format!("uid-of-{pod}"),
        kind,
        node: "node-1".to_owned(),
        image: "busybox:stable".to_owned(),
        created: Some(ago(3_600)),
        owner: None,
        certain: true,
        state: state.to_owned(),
    }
}

fn debugger(pod: &str, container: &str, state: &str) -> Leftover {
    let kind = LeftoverKind::Ephemeral { container: container.into(), running: state == "running" };
    leftover(pod, kind, state)
}

fn found() -> Found {
    let copy = LeftoverKind::Copy { of: Some("nodejsapps-66cd4f-gddtt".to_owned()) };
    let mut foreign = leftover("api-copy", LeftoverKind::Copy { of: None }, "running");
    (foreign.certain, foreign.pod.namespace) = (false, "shop".into());
    Found {
        leftovers: vec![
            Leftover {
                owner: Some("sam".to_owned()),
                ..leftover("nodejsapps-66cd4f-gddtt-debug-x7k2p", copy, "running")
            },
            foreign,
            leftover("node-debugger-node-1-b7k2p", LeftoverKind::NodeDebugger, "ended (0)"),
            debugger("crash", "debugger-x7k2p", "running"),
            debugger("crash", "debugger-old55", "ended (7)"),
        ],
        ..Found::default()
    }
}

/// What the view asks for when it opens.
fn everywhere() -> LeftoverScope {
    LeftoverScope::Everywhere { otherwise: vec!["payments".to_owned()] }
}

fn view(columns: u16, rows: u16) -> Console {
    let mut console = Console::with_pods(columns, rows);
    console.state.settings.creator = "sam".into();
    console.press("x");
    console.told(Message::Leftovers("prod-eu".to_owned(), everywhere(), Ok(found())));
    console.asked.clear();
    console
}

fn started(console: &Console) -> SessionId {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::Start(id, ..) => Some(*id),
        _ => None,
    });
    found.expect("a session was started")
}

/// A console with a session of this key that is attached to this container.
pub(crate) fn live(console: &mut Console, keys: &str, container: ContainerKey) -> SessionId {
    console.press(keys);
    let id = started(console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container)));
    console.told(Message::Attached(id));
    console.asked.clear();
    id
}

#[test]
fn at_80_columns_names_keep_both_ends() {
    assert_snapshot!(view(80, 24).screen());
}

#[test]
fn at_200_columns_nothing_is_missing() {
    assert_snapshot!(view(200, 20).screen());
}

#[test]
fn a_question_names_what_goes_and_what_stays() {
    let mut console = view(80, 24);
    console.press("  <down>  d");
    assert_snapshot!(console.screen());
}

#[test]
fn every_namespace_is_looked_through_and_one_if_asked() {
    let mut console = Console::with_pods(80, 24);
    console.asked.clear();
    console.press("x");
    assert_eq!(console.asked, [Effect::FindLeftovers("prod-eu".to_owned(), everywhere())]);
    console.told(Message::Leftovers("prod-eu".to_owned(), everywhere(), Ok(Found::default())));
    console.asked.clear();
    console.press("n");
    let here = LeftoverScope::In(vec!["payments".to_owned()]);
    assert_eq!(console.asked, [Effect::FindLeftovers("prod-eu".to_owned(), here)]);
}

#[test]
fn an_answer_to_an_earlier_question_is_dropped() {
    let mut console = Console::with_pods(80, 24);
    console.press("xn");
    console.told(Message::Leftovers("prod-eu".to_owned(), everywhere(), Ok(found())));
    assert!(console.screen().contains("looking"), "{}", console.screen());
    console.press("*d");
    assert!(!console.screen().contains("shop"), "nothing of other namespaces is acted upon");
}

#[test]
fn a_slow_cluster_is_not_asked_without_a_pause() {
    let mut console = Console::with_pods(80, 24);
    console.press("x");
    let later = |console: &Console, seconds| console.state.now + jiff::SignedDuration::from_secs(seconds);
    console.told(Message::Tick(later(&console, 6)));
    console.told(Message::Leftovers("prod-eu".to_owned(), everywhere(), Ok(Found::default())));
    console.asked.clear();
    console.told(Message::Tick(later(&console, 30)));
    assert!(console.asked.is_empty(), "an answer that takes six seconds is asked for once a minute");
    console.told(Message::Tick(later(&console, 31)));
    assert!(matches!(console.asked[..], [Effect::FindLeftovers(..)]));
}

#[test]
fn marked_pods_are_deleted_by_uid_and_running_debuggers_ended_after_one_question() {
    let mut console = view(80, 24);
    console.press("*d");
    assert!(console.asked.is_empty());
    console.press("d");
    let which = |pod: &str| Which::Uid(format!("uid-of-{pod}"));
    let expected = [
        Effect::DeletePod(
            "prod-eu".to_owned(),
            key("nodejsapps-66cd4f-gddtt-debug-x7k2p"),
            which("nodejsapps-66cd4f-gddtt-debug-x7k2p"),
        ),
        Effect::DeletePod(
            "prod-eu".to_owned(),
            PodKey { namespace: "shop".into(), name: "api-copy".into() },
            which("api-copy"),
        ),
        Effect::DeletePod("prod-eu".to_owned(), key("node-debugger-node-1-b7k2p"), which("node-debugger-node-1-b7k2p")),
        Effect::EndDebugger("prod-eu".to_owned(), at("crash", "debugger-x7k2p")),
    ];
    assert_eq!(console.asked[..4], expected);
    assert!(matches!(console.asked[4], Effect::FindLeftovers(..)), "the view comes back");
}

#[test]
fn e_ends_debuggers_and_touches_no_pod() {
    let mut console = view(80, 24);
    console.press("*ed");
    assert_eq!(console.asked[0], Effect::EndDebugger("prod-eu".to_owned(), at("crash", "debugger-x7k2p")));
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::DeletePod(..))));
}

#[test]
fn what_has_ended_cannot_be_removed_and_says_so() {
    let mut console = view(80, 24);
    console.press("Gd");
    assert!(console.asked.is_empty());
    assert!(console.screen().contains("ended and cannot be removed"), "{}", console.screen());
}

#[test]
fn m_shows_mine_alone_with_what_this_run_has_made() {
    let mut console = Console::with_pods(80, 24);
    console.state.settings.creator = "sam".into();
    live(&mut console, "e", at("crash", "debugger-x7k2p"));
    console.press("<c-]>bx");
    console.told(Message::Leftovers("prod-eu".to_owned(), everywhere(), Ok(found())));
    console.press("m");
    let screen = console.screen();
    assert!(screen.contains("debug-x7k2p") && screen.contains("crash/debugger-x7k2p"), "{screen}");
    assert!(!screen.contains("api-copy") && !screen.contains("debugger-old55"), "{screen}");
}

#[test]
fn a_selection_follows_what_it_is_on() {
    let mut console = view(80, 24);
    console.press("jjj");
    let mut fewer = found();
    fewer.leftovers.drain(..2);
    console.told(Message::Leftovers("prod-eu".to_owned(), everywhere(), Ok(fewer)));
    console.press("a");
    assert!(
        matches!(&console.asked[0], Effect::Start(_, _, Start::Attach { container }, _) if *container == at("crash", "debugger-x7k2p"))
    );
}

#[test]
fn namespaces_that_may_not_be_listed_are_told() {
    let mut console = view(100, 16);
    let found = Found {
        namespaces: Some(vec!["payments".to_owned()]),
        refused: vec![Problem { what: "cannot look in all namespaces".to_owned(), ..Problem::default() }],
        ..found()
    };
    console.told(Message::Leftovers("prod-eu".to_owned(), everywhere(), Ok(found)));
    let screen = console.screen();
    assert!(screen.contains("leftovers of debugging · payments") && screen.contains("cannot look in all"), "{screen}");
}

#[test]
fn a_decision_once_and_for_all_is_not_asked_again() {
    let mut console = Console::with_pods(80, 24);
    let id = live(&mut console, "c", at("crash-debug-b7k2p", "debugger-x7k2p"));
    console.press("<c-]>x");
    assert_snapshot!(console.screen());
    console.press("R");
    let deleted = |pod: &str| Effect::DeletePod("prod-eu".to_owned(), key(pod), Which::Ours);
    assert_eq!(console.asked, [Effect::Detach(id), deleted("crash-debug-b7k2p")]);
    let id = live(&mut console, "c", at("crash-debug-second", "debugger-x7k2p"));
    console.press("<c-]>x");
    assert_eq!(console.asked, [Effect::Detach(id), deleted("crash-debug-second")]);
    assert!(console.state.overlay.is_none());
}

#[test]
fn leaving_does_what_was_decided_for_each_kind() {
    let mut console = Console::with_pods(80, 24);
    console.state.settings.on_leave =
        OnLeave { copy: Leave::Remove, debugger: Leave::Remove, node_debugger: Leave::Keep };
    live(&mut console, "c", at("crash-debug-b7k2p", "debugger-x7k2p"));
    console.press("<c-]>b");
    live(&mut console, "e", at("crash", "debugger-b7k2p"));
    console.press("<c-]>q");
    assert_eq!(
        console.asked,
        [
            Effect::DeletePod("prod-eu".to_owned(), key("crash-debug-b7k2p"), Which::Ours),
            Effect::EndDebugger("prod-eu".to_owned(), at("crash", "debugger-b7k2p")),
            Effect::Quit,
        ]
    );
}

#[test]
fn a_pane_that_made_a_copy_and_then_a_debugger_leaves_each_as_its_kind_is_left() {
    let mut console = Console::with_pods(80, 24);
    let id = live(&mut console, "e", at("crash", "debugger-b7k2p"));
    console.state.sessions.get_mut(id).expect("it is there").created = vec![key("crash-debug-b7k2p")];
    console.state.settings.on_leave = OnLeave { copy: Leave::Keep, debugger: Leave::Ask, ..OnLeave::default() };
    console.press("<c-]>x");
    assert!(console.state.overlay.is_some(), "what becomes of the debugger is not decided");
    console.press("<esc>");
    console.state.settings.on_leave.debugger = Leave::Remove;
    console.asked.clear();
    console.press("<c-]>x");
    let ended = Effect::EndDebugger("prod-eu".to_owned(), at("crash", "debugger-b7k2p"));
    assert_eq!(console.asked, [Effect::Detach(id), ended]);
}

#[test]
fn a_debugger_that_is_attached_to_can_be_ended_from_its_pane_and_an_application_cannot() {
    let mut console = Console::with_pods(80, 24);
    live(&mut console, "e", at("crash", "debugger-b7k2p"));
    console.press("<c-]>xk");
    for (name, ends) in [("debugger-b7k2p", true), ("app", false)] {
        let container = at("crash", name);
        let effects = bathyscope::app::start(&mut console.state, Start::Attach { container });
        console.asked.extend(effects);
        let id = started(&console);
        console.told(Message::Attached(id));
        console.press("<c-]>x");
        assert_eq!(console.screen().contains("end the shell"), ends, "{}", console.screen());
        console.press("k");
    }
    live(&mut console, "s", at("crash", "app"));
    console.press("<c-]>x");
    assert!(!console.screen().contains("keep it running"), "a shell is hung up: {}", console.screen());
}

#[test]
fn leaving_offers_to_end_and_delete_all_of_it() {
    let mut console = Console::with_pods(80, 24);
    live(&mut console, "c", at("crash-debug-b7k2p", "debugger-x7k2p"));
    console.press("<c-]>b");
    live(&mut console, "e", at("crash", "debugger-b7k2p"));
    console.press("<c-]>qe");
    assert!(matches!(console.asked[..], [Effect::DeletePod(..), Effect::EndDebugger(..), Effect::Quit]));
}

#[test]
fn answers_stay_in_view_however_many_sessions_there_are() {
    let mut console = Console::with_pods(80, 24);
    for _ in 0..30 {
        live(&mut console, "e", at("crash", "debugger-b7k2p"));
        console.press("<c-]>b");
    }
    console.press("q");
    let screen = console.screen();
    assert!(screen.contains("q  leave") && screen.contains("and 24 more"), "{screen}");
}

/// The view of many leftovers in several namespaces.
fn crowded() -> Console {
    let mut console = Console::with_pods(80, 24);
    console.press("x");
    let of = |number: usize| {
        let row = debugger(&format!("checkout-api-7d9f8b6c5-{number:05}"), "debugger-x7k2p", "running");
        let namespace = if number.is_multiple_of(2) { "payments-production-eu" } else { "shop" };
        Leftover { pod: PodKey { namespace: namespace.into(), ..row.pod }, owner: Some("sam".into()), ..row }
    };
    let found = Found { leftovers: (0..57).map(of).collect(), ..Found::default() };
    console.told(Message::Leftovers("prod-eu".to_owned(), everywhere(), Ok(found)));
    console.asked.clear();
    console
}

#[test]
fn of_many_in_several_namespaces_it_is_said_where_each_is_and_how_many_are_out_of_view() {
    let mut console = crowded();
    console.press("<pgdn><pgdn>  ");
    assert_snapshot!(console.screen());
}

#[test]
fn esc_in_its_question_closes_the_question_alone_and_keeps_the_marks() {
    let mut console = crowded();
    console.press("m");
    console.press("m  e");
    assert!(console.screen().contains("end 2 debuggers?"), "{}", console.screen());
    console.press("<esc>");
    assert!(console.screen().contains("● 2 marked"), "{}", console.screen());
    assert!(matches!(console.asked.last(), Some(Effect::FindLeftovers(..))), "it looks again: {:?}", console.asked);
    console.press("ek");
    assert!(console.screen().contains("● 2 marked"), "{}", console.screen());
    console.press("ed");
    assert!(console.screen().contains("leftovers of debugging"), "{}", console.screen());
    assert!(!console.screen().contains("marked"), "{}", console.screen());
    console.press("<esc>");
    assert!(console.state.overlay.is_none());
}

#[test]
fn a_decision_for_good_is_kept_in_its_file() {
    let mut console = Console::with_pods(80, 24);
    let file = std::path::PathBuf::from("leaving.toml");
    console.state.settings.leaving_file = Some(file.clone());
    live(&mut console, "e", at("crash", "debugger-b7k2p"));
    console.press("<c-]>xK");
    let kept = Effect::RememberLeave(file, bathyscope::app::LeaveKind::Debugger, Leave::Keep);
    assert!(console.asked.contains(&kept), "{:?}", console.asked);
}
