//! What protected contexts ask, what is told apart before something is deleted, and which context a pane belongs to.

use bathyscope::app::overlay::Overlay;
use bathyscope::app::{ContextSettings, Effect, Leave, Message, Start};
use bathyscope::cluster::{Fix, Granted, LaunchStep, PodRight, Problem, WatchTarget, WatchUpdate, Way, Which};
use bathyscope::session::End;
use jiff::SignedDuration;

use crate::console_state::Console;
use crate::leftovers::{at, live};

fn protect(console: &mut Console) {
    let protected = ContextSettings { name: "*".into(), protected: Some(true), ..ContextSettings::default() };
    console.state.settings.contexts = vec![protected];
    console.asked.clear();
}

fn later(console: &mut Console, milliseconds: i64) {
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(milliseconds)));
    console.settled();
}

fn deletes(console: &Console) -> usize {
    console.asked.iter().filter(|effect| matches!(effect, Effect::DeletePod(..))).count()
}

/// A console in whose protected context a copy has just been made that was let go of: it wants to be deleted.
fn with_a_late_copy(before: &str) -> Console {
    let mut console = Console::with_pods(80, 24);
    console.press("c");
    let Some(Effect::Start(id, ..)) = console.asked.last().cloned() else { panic!("{:?}", console.asked) };
    console.press("<c-]>x");
    protect(&mut console);
    console.press(before);
    console.told(Message::Launch(id, LaunchStep::Accepted(at("crash-debug-1", "debugger-x"))));
    console
}

#[test]
fn what_comes_up_meanwhile_gets_a_question_of_its_own() {
    let mut console = with_a_late_copy("e");
    assert!(console.screen().contains("add an ephemeral container"), "{}", console.screen());
    assert!(!console.screen().contains("delete the pod"), "what is read does not change under the person's hand");
    console.press("y");
    assert!(matches!(console.asked[..], [Effect::Start(..)]), "yes is for what was named: {:?}", console.asked);
    assert!(console.screen().contains("delete the pod payments/crash-debug-1"), "{}", console.screen());
    later(&mut console, 1_100);
    console.press("y");
    assert_eq!(deletes(&console), 1);
}

#[test]
fn a_question_that_comes_by_itself_takes_away_no_overlay_and_no_key_that_was_not_meant_for_it() {
    let mut console = with_a_late_copy("?");
    assert!(matches!(console.state.overlay, Some(Overlay::Help(_))), "the help stays");
    console.press("<esc>");
    assert!(console.screen().contains("is protected: go on?"), "{}", console.screen());
    console.press("y");
    assert_eq!(deletes(&console), 0, "nobody has read that question yet");
    later(&mut console, 1_100);
    console.press("y");
    assert_eq!(deletes(&console), 1);
}

#[test]
fn a_question_about_several_contexts_says_what_is_where_and_no_says_what_stays() {
    let mut console = Console::with_pods(80, 24);
    live(&mut console, "c", at("crash-debug-1", "debugger-x"));
    console.press("<c-]>b");
    let second = live(&mut console, "c", at("crash-debug-2", "debugger-x"));
    console.state.sessions.get_mut(second).expect("it is there").context = "staging".to_owned();
    console.state.settings.on_leave.copy = Leave::Remove;
    protect(&mut console);
    console.press("<c-]>q");
    let screen = console.screen();
    assert!(screen.contains("prod-eu, staging are protected: go on?"), "{screen}");
    let places = ["In prod-eu this would", "crash-debug-1", "In staging this would", "crash-debug-2"];
    let found: Vec<_> = places.iter().map(|place| screen.find(place)).collect();
    assert!(found.is_sorted() && found.iter().all(Option::is_some), "{screen}");
    console.press("n");
    console.settled();
    assert_eq!(deletes(&console), 0);
    let stays = "stays on the cluster: payments/crash-debug-1, payments/crash-debug-2";
    assert!(console.state.notices.history().any(|notice| notice.text.contains(stays)), "{}", console.screen());
}

#[test]
fn the_program_can_be_left_while_nothing_but_that_is_held() {
    let mut console = with_a_late_copy("");
    console.told(Message::Stop);
    later(&mut console, 1_100);
    console.press("n");
    console.settled();
    assert_eq!(deletes(&console), 0);
    console.told(Message::Stop);
    assert!(console.asked.contains(&Effect::Quit));
}

#[test]
fn a_pod_is_deleted_as_the_one_that_was_seen_or_not_at_all() {
    let mut console = Console::with_pods(80, 24);
    let seen = console.state.navigator.inspected.pod.take().expect("it is inspected");
    console.press("<c-d>");
    assert!(console.state.overlay.is_none(), "it waits for the details");
    let watch = console.watch(&WatchTarget::Pod(seen.key.clone()));
    console.told(Message::Watch(watch, WatchUpdate::Pod(Some(seen.clone()))));
    console.settled();
    console.press("d");
    let which = Which::Uid(seen.uid.clone());
    assert_eq!(console.asked.last(), Some(&Effect::DeletePod("prod-eu".into(), seen.key.clone(), which)));
    console.state.navigator.inspected.pod = None;
    console.asked.clear();
    console.press("<c-d>");
    later(&mut console, 1_100);
    console.press("d");
    assert_eq!(deletes(&console), 0, "what is not known is not deleted");
    let told = console.state.notices.history().any(|notice| notice.text.contains("details have not arrived"));
    assert!(told, "{}", console.screen());
}

#[test]
fn a_way_out_asks_for_the_rights_of_what_it_starts() {
    let mut console = Console::with_pods(120, 24);
    let granted = Granted::from([(PodRight::GetExec, false), (PodRight::CreatePods, false)]);
    console.told(Message::Rights("prod-eu".into(), "payments".into(), granted));
    console.press("e");
    let Some(Effect::Start(id, ..)) = console.asked.last().cloned() else { panic!("{:?}", console.asked) };
    let problem = Problem::new("it does not start", "a policy", "").with_fixes([
        Fix::new("a copy of the pod", Way::Copy),
        Fix::new("a shell in app", Way::Shell(at("crash", "app"))),
        Fix::new("beside app", Way::Target("app".into())),
    ]);
    console.told(Message::StartFailed(id, problem));
    console.asked.clear();
    for (key, right) in [("1", "create pods"), ("2", "get pods/exec")] {
        console.press(key);
        assert!(console.asked.iter().all(|effect| !matches!(effect, Effect::Start(..))), "{:?}", console.asked);
        let notice = console.state.notices.history().next_back().expect("it is said").text.clone();
        assert!(notice.contains(right), "{notice}");
    }
    console.press("3");
    assert!(console.asked.iter().any(|effect| matches!(effect, Effect::Start(..))), "{:?}", console.asked);
}

#[test]
fn what_goes_on_in_a_pane_stays_in_its_context() {
    let mut console = Console::with_pods(80, 24);
    let id = live(&mut console, "e", at("crash", "debugger-x7k2p"));
    let session = console.state.sessions.get_mut(id).expect("it is there");
    let container = session.container.clone().expect("it is accepted");
    let fresh = session.start.clone();
    session.start = Start::Shell { container };
    session.reused = Some(bathyscope::app::session::Reused { since: None, fresh });
    console.press("<c-]>b:ctx stag<enter>");
    console.asked.clear();
    let reason = "exec: \"bash\": executable file not found in $PATH".to_owned();
    console.told(Message::Ended(id, End::Failed { reason }));
    let started = console.asked.iter().find_map(|effect| match effect {
        Effect::Start(_, context, Start::Attach { .. }, _) => Some(context.as_str()),
        _ => None,
    });
    assert_eq!(started, Some("prod-eu"), "{:?}", console.asked);
}

#[test]
fn ending_a_debugger_from_its_pane_is_noted() {
    let mut console = Console::with_pods(80, 24);
    live(&mut console, "e", at("crash", "debugger-x7k2p"));
    console.press("<c-]>xe");
    let noted = Effect::NoteEnd("prod-eu".into(), at("crash", "debugger-x7k2p"));
    assert!(console.asked.contains(&noted), "{:?}", console.asked);
}

#[test]
fn a_timeline_over_a_shell_says_that_keys_do_not_reach_it() {
    let mut console = Console::with_pods(80, 24);
    live(&mut console, "e", at("crash", "debugger-x7k2p"));
    later(&mut console, 20_000);
    assert!(console.screen().contains("every key goes to the shell"), "{}", console.screen());
    console.press("<c-]>t");
    assert!(
        console.screen().contains("keys do not reach the shell · Ctrl-] then a key: t shell"),
        "{}",
        console.screen()
    );
    assert!(console.screen().contains("? help"), "it fits: {}", console.screen());
}

#[test]
fn a_shell_that_goes_with_its_debugger_says_so() {
    let mut console = Console::with_pods(80, 24);
    console.press("s");
    let Some(Effect::Start(id, ..)) = console.asked.last().cloned() else { panic!("{:?}", console.asked) };
    console.told(Message::Attached(id));
    console.told(Message::Ended(id, End::Exited { code: 137 }));
    assert!(matches!(console.asked.last(), Some(Effect::FindExitCode(..))), "{:?}", console.asked);
    console.told(Message::ExitCode(id, 0));
    assert!(console.screen().contains("app has ended with code 0, and this shell with it"), "{}", console.screen());
}

#[test]
fn a_letter_goes_to_the_choice_that_begins_with_it() {
    let mut console = Console::with_pods(80, 24);
    console.press("E");
    let profile = |console: &Console| match &console.state.overlay {
        Some(Overlay::Form(form)) => {
            let at = form.fields.iter().position(|field| field.label.to_lowercase().contains("profile"));
            (at.expect("a profile"), form.fields[at.expect("a profile")].kind.clone())
        }
        other => panic!("{other:?}"),
    };
    let (at, _) = profile(&console);
    if let Some(Overlay::Form(form)) = &mut console.state.overlay {
        form.focus = at;
    }
    console.press("r");
    let bathyscope::app::overlay::FieldKind::Choice(options, chosen) = profile(&console).1 else { panic!("a choice") };
    assert!(options[chosen].starts_with("restricted"), "{}", options[chosen]);
    assert!(console.screen().contains("▸"), "{}", console.screen());
}
