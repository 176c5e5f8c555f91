//! What facts change while something is launched: fixes by key, launches that are let go of, debuggers that run already,
//! rights, keys that come too soon.

use std::sync::Arc;

use bathyscope::app::{ContextSettings, Effect, Focus, Leave, Level, Message, Start, Target, settle, start};
use bathyscope::cluster::{
    ContainerKey, ContainerKind, ContainerState, Fix, Granted, LaunchStep, PodDetail, PodKey, PodRight, Problem,
    RowsUpdate, Sight, WatchTarget, WatchUpdate, Way, Which,
};
use bathyscope::plan::{CopyOptions, DebugOptions, Profile};
use bathyscope::session::recording::Event;
use bathyscope::session::{End, SessionId};
use jiff::SignedDuration;

use crate::console_state::{Console, ago, detail};

fn crash() -> PodKey {
    PodKey { namespace: "payments".into(), name: "crash".into() }
}

fn container(pod: &str, name: &str) -> ContainerKey {
    ContainerKey { pod: PodKey { namespace: "payments".into(), name: pod.into() }, container: name.into() }
}

fn starts(console: &Console) -> Vec<(SessionId, Start)> {
    let start = |effect: &Effect| match effect {
        Effect::Start(id, _, start, _) => Some((*id, start.clone())),
        _ => None,
    };
    console.asked.iter().filter_map(start).collect()
}

fn last(console: &Console) -> (SessionId, Start) {
    starts(console).pop().expect("something was started")
}

fn told(console: &Console, text: &str) -> bool {
    console.state.notices.history().any(|notice| notice.text.contains(text))
}

/// A console whose inspected pod is this one instead.
fn with_pod(change: impl FnOnce(&mut PodDetail)) -> Console {
    let mut console = Console::with_pods(80, 24);
    let mut pod = detail(crash());
    change(&mut pod);
    let id = console.watch(&WatchTarget::Pod(crash()));
    console.told(Message::Watch(id, WatchUpdate::Pod(Some(Arc::new(pod)))));
    console
}

fn stuck() -> Problem {
    Problem::new("the image cannot be pulled", "there is no tag nosuch", "").with_fixes([
        Fix::new("again with busybox:1.37", Way::Image(Some("busybox:1.37".into()))),
        Fix::new("a copy", Way::Copy),
        Fix::new("another image", Way::Image(None)),
    ])
}

/// A debugger that was accepted and does not get on.
fn with_stuck() -> (Console, SessionId) {
    let mut console = Console::with_pods(80, 24);
    console.press("e");
    let (id, _) = last(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash", "debugger-b7k2p"))));
    console.told(Message::Launch(id, LaunchStep::Stuck(stuck())));
    // Long enough for the ways out to be read.
    console.told(Message::Tick(console.state.now + SignedDuration::from_secs(2)));
    (console, id)
}

#[test]
fn a_digit_takes_the_fix_in_the_same_pane_and_says_what_stays() {
    let (mut console, old) = with_stuck();
    console.press("1");
    let (id, start) = last(&console);
    let Start::Debug { options, target, .. } = start else { panic!("{start:?}") };
    assert_eq!((options.image.as_deref(), target), (Some("busybox:1.37"), Target::Default));
    assert!(console.asked.contains(&Effect::Detach(old)));
    assert_eq!((console.state.sessions.len(), id != old), (1, true));
    assert!(console.screen().contains("debugger-b7k2p was accepted and stays"), "{}", console.screen());
}

#[test]
fn digits_without_a_fix_are_typed_ahead_and_those_after_the_attach_are_typed() {
    let (mut console, id) = with_stuck();
    console.press("7");
    console.told(Message::Launch(id, LaunchStep::Running));
    console.press("1");
    console.told(Message::Attached(id));
    console.press("2");
    let typed: Vec<&[u8]> = console
        .asked
        .iter()
        .filter_map(|effect| if let Effect::Input(_, bytes) = effect { Some(&bytes[..]) } else { None })
        .collect();
    assert_eq!(typed, [b"7", b"1", b"2"]);
    assert_eq!(starts(&console).len(), 1);
}

#[test]
fn a_fix_that_needs_an_image_opens_the_form_and_its_start_takes_the_pane() {
    let (mut console, old) = with_stuck();
    console.press("3");
    assert!(console.screen().contains("Image"), "{}", console.screen());
    console.press(":2<enter>");
    let (_, start) = last(&console);
    let Start::Debug { options, .. } = start else { panic!("{start:?}") };
    assert_eq!(options.image.as_deref(), Some("busybox:stable:2"));
    assert!(console.asked.contains(&Effect::Detach(old)));
    assert_eq!(console.state.sessions.len(), 1);
}

#[test]
fn a_form_that_is_closed_takes_no_pane() {
    let (mut console, _) = with_stuck();
    console.press("3<esc><c-]>b");
    console.press("e");
    assert_eq!(console.state.sessions.len(), 2);
}

#[test]
fn a_failed_launch_keeps_its_fixes() {
    let mut console = Console::with_pods(80, 24);
    console.press("e");
    let (id, _) = last(&console);
    let custom = serde_json::json!({"securityContext": {"runAsUser": 7}});
    let way = Way::ProfileWith { profile: Profile::Restricted, custom };
    let problem = Problem::new("refused", "violates PodSecurity", "").with_fixes([Fix::new("restricted", way)]);
    console.told(Message::StartFailed(id, problem));
    console.press("<esc><tab>");
    assert_eq!(console.state.focus, Focus::Pane);
    console.press("1");
    let (_, start) = last(&console);
    let Start::Debug { options, .. } = start else { panic!("{start:?}") };
    assert_eq!(
        (options.profile, &options.custom.unwrap()["securityContext"]["runAsUser"]),
        (Profile::Restricted, &7.into())
    );
}

#[test]
fn a_debugger_that_could_not_be_attached_to_is_attached_to_and_not_made_again() {
    let mut console = Console::with_pods(80, 24);
    console.press("e");
    let (id, _) = last(&console);
    let at = container("crash", "debugger-x");
    console.told(Message::Launch(id, LaunchStep::Accepted(at.clone())));
    let fix = Fix::new("attach to debugger-x once more", Way::Attach(at.clone()));
    console.told(Message::StartFailed(id, Problem::new("cannot attach", "no answer", "").with_fixes([fix])));
    console.press("1");
    assert_eq!(last(&console).1, Start::Attach { container: at });
    assert!(!told(&console, "stays in crash"), "what is attached to is not left");
}

#[test]
fn a_copy_that_did_not_start_is_deleted_when_another_takes_its_place() {
    let mut console = Console::with_pods(80, 24);
    console.press("c");
    let (id, _) = last(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash-debug-1", "debugger-x"))));
    console.told(Message::Launch(id, LaunchStep::Stuck(stuck())));
    console.told(Message::Tick(console.state.now + SignedDuration::from_secs(2)));
    console.press("1");
    let copy = container("crash-debug-1", "").pod;
    assert!(console.asked.contains(&Effect::DeletePod("prod-eu".into(), copy, Which::Ours)));
    assert!(matches!(last(&console).1, Start::Debug { options, .. } if options.copy.as_ref().unwrap().name.is_empty()));
}

#[test]
fn a_copy_that_replaces_its_original_is_never_deleted_by_a_fix() {
    let mut console = Console::with_pods(80, 24);
    let pod = console.state.selected_pod().cloned().unwrap();
    let copy = CopyOptions { replace: true, ..CopyOptions::named("") };
    let options = Box::new(DebugOptions { copy: Some(copy), ..DebugOptions::default() });
    let effects = start(&mut console.state, Start::Debug { pod, target: Target::AsGiven, options });
    console.asked.extend(effects);
    let (id, _) = last(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash-debug-1", "debugger-x"))));
    console.told(Message::Launch(id, LaunchStep::Stuck(stuck())));
    console.told(Message::Tick(console.state.now + SignedDuration::from_secs(2)));
    console.press("1");
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::DeletePod(..))), "{:?}", console.asked);
    let Start::Debug { pod, options, .. } = last(&console).1 else { panic!("no debugger") };
    assert_eq!((&*pod.name, options.copy.map(|copy| copy.replace)), ("crash-debug-1", Some(false)));
}

#[test]
fn a_copy_that_replaces_its_original_is_no_ephemeral_debugger_to_end_or_to_leave() {
    let mut console = Console::with_pods(80, 24);
    console.state.settings.on_leave.debugger = Leave::Remove;
    let pod = console.state.selected_pod().cloned().unwrap();
    let copy = CopyOptions { replace: true, ..CopyOptions::named("") };
    let options = Box::new(DebugOptions { copy: Some(copy), ..DebugOptions::default() });
    let effects = start(&mut console.state, Start::Debug { pod, target: Target::AsGiven, options });
    console.asked.extend(effects);
    let (id, _) = last(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash-debug-1", "app"))));
    console.press("<c-]>x");
    let screen = console.screen();
    assert!(screen.contains("crash-debug-1 stands in the place of crash"), "{screen}");
    assert!(!screen.contains("ephemeral"), "{screen}");
    console.press("<esc>");
    console.told(Message::Attached(id));
    console.press("<c-]>x");
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::EndDebugger(..))), "{:?}", console.asked);
}

#[test]
fn a_digit_typed_ahead_is_no_fix() {
    let mut console = Console::with_pods(80, 24);
    console.press("e");
    let (id, _) = last(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash", "debugger-b7k2p"))));
    console.press("ls /tmp ");
    console.told(Message::Launch(id, LaunchStep::Stuck(stuck())));
    console.press("1");
    assert_eq!(last(&console).0, id, "nothing else was started");
    assert_eq!(console.asked.last(), Some(&Effect::Input(id, b"1".to_vec())));
}

#[test]
fn an_action_that_waited_for_details_asks_in_a_protected_context_too() {
    let mut console = Console::with_pods(80, 24);
    let protected = ContextSettings { name: "*".into(), protected: Some(true), ..ContextSettings::default() };
    console.state.settings.contexts = vec![protected];
    console.state.navigator.inspected.pod = None;
    console.press("e");
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(1_100)));
    let settled = settle(&mut console.state);
    let started = |effect: &&Effect| matches!(effect, Effect::Start(..));
    assert_eq!(console.asked.iter().chain(&settled).filter(started).count(), 0);
    assert!(console.screen().contains("is protected: go on?"), "{}", console.screen());
}

#[test]
fn cancelling_before_the_answer_deletes_the_copy_that_is_made_all_the_same() {
    let mut console = Console::with_pods(80, 24);
    console.press("c");
    let (id, _) = last(&console);
    console.press("<c-]>x");
    assert!(console.state.sessions.is_empty());
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash-debug-1", "debugger-x"))));
    let copy = container("crash-debug-1", "").pod;
    assert_eq!(console.asked.last(), Some(&Effect::DeletePod("prod-eu".into(), copy, Which::Ours)));
    assert!(told(&console, "crash-debug-1 was made after"));
    // An ephemeral container cannot be removed: that it is there is said.
    console.press("e");
    let (id, _) = last(&console);
    console.press("<c-]>x");
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash", "debugger-late"))));
    assert!(told(&console, "debugger-late was accepted and stays"));
}

#[test]
fn cancelling_after_the_answer_asks_and_says_what_stays() {
    let (mut console, id) = with_stuck();
    console.press("<c-]>x");
    assert!(console.screen().contains("cannot be removed"), "{}", console.screen());
    console.press("c");
    assert!(console.asked.contains(&Effect::Detach(id)) && console.state.sessions.is_empty());
}

/// A console whose pod has a debugger that runs for the default container.
fn with_running() -> Console {
    with_pod(|pod| {
        let debugger = pod.containers.iter_mut().find(|container| &*container.name == "debugger-x7k2p");
        let debugger = debugger.expect("the pod has it");
        debugger.target = Some("app".into());
        debugger.state = ContainerState::Running { since: Some(ago(300)) };
    })
}

#[test]
fn e_opens_one_more_shell_in_a_debugger_that_runs_and_says_so() {
    let mut console = with_running();
    console.press("e");
    let (id, start) = last(&console);
    assert_eq!(start, Start::Shell { container: container("crash", "debugger-x7k2p") });
    assert!(told(&console, "debugger-x7k2p runs already"));
    console.told(Message::Attached(id));
    let screen = console.screen();
    assert!(screen.contains("in debugger-x7k2p, started 5m ago"), "{screen}");
    // A new one is a key away.
    console.press("<c-]>e");
    assert!(matches!(last(&console).1, Start::Debug { .. }));
    assert_eq!(console.state.sessions.len(), 1);
}

#[test]
fn a_debugger_for_another_container_is_not_reused() {
    let mut console = with_running();
    console.press("<enter>e");
    assert!(matches!(last(&console).1, Start::Shell { .. }), "app is what it targets");
    let mut console = Console::with_pods(80, 24);
    console.press("e");
    assert!(matches!(last(&console).1, Start::Debug { .. }));
}

#[test]
fn a_debugger_without_a_shell_is_attached_to_instead() {
    let mut console = with_running();
    console.press("e");
    let (id, _) = last(&console);
    console.told(Message::Attached(id));
    let reason = "exec: \"sh\": executable file not found in $PATH".to_owned();
    console.told(Message::Ended(id, End::Failed { reason }));
    assert_eq!(last(&console).1, Start::Attach { container: container("crash", "debugger-x7k2p") });
}

#[test]
fn its_recording_goes_on_where_the_shell_was_not_to_be_had() {
    let mut console = with_running();
    console.state.settings.recording.directory = Some("recordings".into());
    console.press("e");
    let (id, _) = last(&console);
    console.press("<c-]>r");
    let reason = "exec: \"sh\": executable file not found in $PATH".to_owned();
    console.told(Message::Ended(id, End::Failed { reason }));
    let seam =
        |effect: &Effect| matches!(effect, Effect::Record(_, Event::Anew(why, _)) if why.contains("there already"));
    assert!(console.asked.iter().any(seam));
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::StopRecording(_))));
    assert!(console.state.sessions.active().is_some_and(|session| session.recording.running().is_some()));
}

#[test]
fn e_on_a_pod_that_has_ended_asks_nothing_and_offers_the_copy() {
    let mut console = with_pod(|pod| {
        pod.phase = "Succeeded".into();
        pod.containers.retain(|container| container.kind == ContainerKind::Regular);
    });
    console.press("e");
    assert!(starts(&console).is_empty());
    assert!(console.screen().contains("no container starts in it any more"), "{}", console.screen());
    console.press("r");
    assert!(starts(&console).is_empty(), "the same again would leave a container that never starts");
    console.press("1");
    assert!(matches!(last(&console).1, Start::Debug { options, .. } if options.copy.is_some()));
}

#[test]
fn what_the_debugger_sees_stands_in_the_title_and_its_fix_in_the_timeline() {
    let mut console = Console::with_pods(120, 24);
    console.press("e");
    let (id, _) = last(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash", "debugger-b7k2p"))));
    console.told(Message::Attached(id));
    let fix = Fix::new("as user 7", Way::User { uid: 7, gid: 8 });
    let problem = Problem::new("the debugger cannot read the files of app", "7:8 is not 7:0", "").with_fixes([fix]);
    let text = "cannot read app's files: 7:0 is not 7:8".to_owned();
    console.told(Message::Sight(id, Sight { text, problem: Some(problem) }));
    assert!(
        console.screen().contains("Ctrl-] t helps · cannot read app's files: 7:0 is not 7:8"),
        "{}",
        console.screen()
    );
    // Digits are the shell's until the timeline is looked at; the session goes on in its pane.
    console.press("1<c-]>t1");
    assert!(console.asked.contains(&Effect::Input(id, b"1".to_vec())));
    let Start::Debug { options, .. } = last(&console).1 else { panic!("no debugger") };
    assert_eq!(options.custom.unwrap()["securityContext"]["runAsGroup"], 8);
    assert_eq!(console.state.sessions.len(), 2);
}

#[test]
fn why_it_could_not_be_looked_at_is_a_row_behind_the_attach_and_no_warning() {
    let mut console = Console::with_pods(120, 24);
    console.press("e");
    let (id, _) = last(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash", "debugger-b7k2p"))));
    console.told(Message::Launch(id, LaunchStep::Running));
    console.told(Message::Attached(id));
    console.told(Message::Tick(console.state.now + SignedDuration::from_secs(1)));
    let note = "could not look: there is no shell in its image".to_owned();
    console.told(Message::Launch(id, LaunchStep::Note(note)));
    console.press("<c-]>t");
    let screen = console.screen();
    assert!(screen.contains("could not look: there is no shell"), "{screen}");
    assert!(screen.find("attached") < screen.find("could not look"), "{screen}");
    assert!(!console.state.notices.history().any(|notice| notice.level == Level::Warning));
}

#[test]
fn keys_without_a_right_name_it_and_pressing_one_asks_again() {
    let mut console = Console::with_pods(80, 24);
    let ask = Effect::AskRights("prod-eu".into(), "payments".into());
    assert_eq!(console.asked.iter().filter(|effect| **effect == ask).count(), 1);
    let granted = Granted::from([(PodRight::PatchEphemeral, false), (PodRight::CreatePods, true)]);
    console.told(Message::Rights("prod-eu".into(), "payments".into(), granted));
    console.told(Message::Tick(console.state.now + SignedDuration::from_secs(10)));
    console.press("e");
    assert!(starts(&console).is_empty());
    assert!(told(&console, "you may not patch pods/ephemeralcontainers in payments"));
    assert_eq!(console.asked.iter().filter(|effect| **effect == ask).count(), 2);
    // What nobody denied is allowed.
    console.press("c");
    assert_eq!(starts(&console).len(), 1);
}

#[test]
fn an_action_waits_for_the_details_that_are_on_their_way() {
    let mut console = Console::with_pods(80, 24);
    console.press("<down>l");
    assert!(starts(&console).is_empty());
    console.inspect("nodejsapps-66cd4f-gddtt");
    console.settled();
    assert!(matches!(console.asked.last(), Some(Effect::OpenView(..))), "{:?}", console.asked);
    // A debugger starts without them if they do not come; a log says why it cannot.
    console.press("<c-]>b<down>e");
    assert!(starts(&console).is_empty());
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(1_100)));
    console.settled();
    assert!(matches!(last(&console).1, Start::Debug { target: Target::Default, .. }));
    console.press("<c-]>b<up><up>l");
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(1_100)));
    console.settled();
    assert!(told(&console, "details have not arrived"));
}

#[test]
fn a_key_does_not_strike_the_neighbour_of_a_pod_that_has_just_gone() {
    let mut console = Console::with_pods(80, 24);
    let id = console.watch(&WatchTarget::PodsIn(vec!["payments".into()]));
    console.told(Message::Watch(id, WatchUpdate::Pods(RowsUpdate::Removed(crash()))));
    console.press("c");
    assert!(starts(&console).is_empty());
    let notice = console.state.notices.history().next_back().expect("it is said").clone();
    assert!(notice.level == Level::Warning && notice.text.contains("just gone"), "{}", notice.text);
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(600)));
    console.press("c");
    assert_eq!(starts(&console).len(), 1);
}
