//! What is different in some contexts: that nothing may be changed there, that changes are asked about, and namespaces of
//! their own.

use bathyscope::app::{ContextSettings, Effect, Leave, Message, Start};
use bathyscope::cluster::{ContainerKey, LaunchStep, PodKey};
use bathyscope::session::End;
use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::console_state::Console;
use crate::leftovers::{at, live};

fn context(name: &str) -> ContextSettings {
    ContextSettings { name: name.to_owned(), ..ContextSettings::default() }
}

#[test]
fn a_read_only_context_asks_nothing_of_the_cluster_that_changes_it() {
    let mut console = Console::with_pods(80, 24);
    console.state.settings.read_only = true;
    let actions = bathyscope::actions::actions();
    for action in actions {
        console.state.overlay = None;
        console.asked.clear();
        let before = console.state.sessions.iter().count();
        let effects = bathyscope::app::run(&mut console.state, action);
        let changes =
            |effect: &Effect| matches!(effect, Effect::Start(..) | Effect::DeletePod(..) | Effect::EndDebugger(..));
        assert!(!effects.iter().any(changes), "{} is not told to be unavailable: {effects:?}", action.name);
        assert!(console.state.sessions.iter().count() <= before + 1);
    }
}

#[test]
fn a_read_only_context_says_so_and_its_keys_are_refused() {
    let mut console = Console::with_pods(80, 24);
    console.state.settings.contexts = vec![ContextSettings { read_only: Some(true), ..context("prod-*") }];
    for keys in ["e", "E", "c", "s", "a", "<c-d>"] {
        console.asked.clear();
        console.press(keys);
        assert!(console.asked.is_empty() && console.state.overlay.is_none(), "{keys}: {:?}", console.asked);
    }
    assert_snapshot!(console.screen());
    console.press("l");
    assert!(matches!(console.asked[..], [Effect::OpenView(..)]), "logs are read");
}

#[test]
fn what_would_change_a_read_only_context_in_a_roundabout_way_is_refused_as_it_leaves() {
    let mut console = Console::with_pods(80, 24);
    let id = live(&mut console, "e", at("crash", "debugger-b7k2p"));
    console.told(Message::Ended(id, End::Finished));
    console.asked.clear();
    console.state.settings.read_only = true;
    console.press("r");
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::Start(..))), "{:?}", console.asked);
    assert!(console.screen().contains("read-only"));
}

fn protected() -> Console {
    let mut console = Console::with_pods(80, 24);
    console.state.settings.contexts = vec![ContextSettings { protected: Some(true), ..context("prod-*") }];
    console.asked.clear();
    console
}

#[test]
fn a_protected_context_asks_before_anything_is_created() {
    let mut console = protected();
    console.press("e");
    assert!(console.asked.is_empty(), "{:?}", console.asked);
    assert_snapshot!(console.screen());
    console.press("y");
    assert!(matches!(console.asked[..], [Effect::Start(_, _, Start::Debug { .. }, _)]), "{:?}", console.asked);
    assert_eq!(console.state.sessions.iter().count(), 1);
}

#[test]
fn a_launch_does_not_start_while_the_question_stands() {
    let mut console = Console::with_pods(200, 60);
    console.state.settings.contexts = vec![ContextSettings { protected: Some(true), ..context("prod-*") }];
    console.press("e");
    console.told(Message::Tick(console.state.now + SignedDuration::from_secs(30)));
    let screen = console.screen();
    assert!(
        screen.contains("nothing was sent yet: prod-eu is protected") && !screen.contains("starting for"),
        "{screen}"
    );
    console.press("y");
    assert!(console.screen().contains("starting for 0.0s"), "{}", console.screen());
}

#[test]
fn no_is_what_anything_but_yes_means() {
    for keys in ["en", "e<esc>", "e<c-c>"] {
        let mut console = protected();
        console.press(keys);
        assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::Start(..))), "{:?}", console.asked);
        assert!(console.state.sessions.is_empty(), "{keys}: the pane goes as well");
    }
}

#[test]
fn a_deletion_in_a_protected_context_is_asked_about_once() {
    let mut console = protected();
    console.press("<c-d>d");
    assert!(matches!(console.asked[..], [Effect::DeletePod(..)]), "{:?}", console.asked);
}

#[test]
fn leaving_waits_for_what_a_protected_context_has_to_be_asked_about() {
    let mut console = protected();
    console.state.settings.on_leave.copy = Leave::Remove;
    console.press("cy");
    let Some(Effect::Start(id, ..)) = console.asked.last().cloned() else { panic!("{:?}", console.asked) };
    let copy = ContainerKey {
        pod: PodKey { namespace: "payments".into(), name: "crash-debug-b7k2p".into() },
        container: "debugger-x".into(),
    };
    console.told(Message::Launch(id, LaunchStep::Accepted(copy)));
    console.asked.clear();
    console.press("<c-]>q");
    assert!(!console.asked.contains(&Effect::Quit), "{:?}", console.asked);
    assert!(console.screen().contains("is protected: go on?"), "{}", console.screen());
    console.press("y");
    assert!(matches!(console.asked[..], [Effect::DeletePod(..), Effect::Quit]), "{:?}", console.asked);
}

#[test]
fn looking_and_another_context_ask_nothing() {
    let mut console = protected();
    console.press("l");
    assert!(matches!(console.asked[..], [Effect::OpenView(..)]));
    let mut console = protected();
    console.press(":ctx stag<enter>");
    assert!(console.asked.contains(&Effect::Connect("staging".to_owned())));
    assert!(!console.screen().contains("protected"));
}

#[test]
fn a_context_brings_its_own_namespaces() {
    let mut console = Console::with_pods(80, 24);
    let own = ContextSettings { namespaces: vec!["checkout".to_owned()], ..context("stag*") };
    console.state.settings.contexts = vec![own];
    console.press(":ctx stag<enter>");
    let named: Vec<&str> = console.state.navigator.named.iter().map(|name| &**name).collect();
    assert_eq!(named, ["checkout", "payments"]);
}
