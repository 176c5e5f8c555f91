//! What facts do to the console, and what it then asks of the outside.

use bathyscope::app::{Effect, Focus, List, Message, Start, Target};
use bathyscope::cluster::{
    ContainerKey, LaunchStep, PodKey, PodRow, Problem, RowsUpdate, WatchId, WatchTarget, WatchUpdate, Which,
};
use bathyscope::plan::Profile;
use bathyscope::session::{End, SessionId};
use bytes::Bytes;
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::SignedDuration;

use crate::console_state::Console;

fn key(name: &str) -> PodKey {
    PodKey { namespace: "payments".into(), name: name.into() }
}

fn container(pod: &str, name: &str) -> ContainerKey {
    ContainerKey { pod: key(pod), container: name.into() }
}

fn last_start(console: &Console) -> (SessionId, Start) {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::Start(id, _, start, _) => Some((*id, start.clone())),
        _ => None,
    });
    found.expect("a session was started")
}

fn live(console: &mut Console) -> SessionId {
    console.press("e");
    let (id, _) = last_start(console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash", "debugger-b7k2p"))));
    console.told(Message::Attached(id));
    console.asked.clear();
    id
}

#[test]
fn opening_connects_and_then_lists() {
    let mut console = Console::opened(80, 24);
    assert_eq!(console.asked, [Effect::Connect("prod-eu".to_owned())]);
    let context = console.state.context.clone();
    console.told(Message::Connected(context));
    assert_eq!(
        console.asked[1..],
        [
            Effect::Watch(WatchId(1), WatchTarget::Namespaces),
            Effect::Watch(WatchId(2), WatchTarget::PodsIn(vec!["payments".to_owned()])),
        ]
    );
}

#[test]
fn an_answer_of_an_older_watch_is_dropped() {
    let mut console = Console::with_pods(80, 24);
    let old = console.watch(&WatchTarget::PodsIn(vec!["payments".to_owned()]));
    console.press("0");
    let row = PodRow {
        key: key("late"),
        ready: "1/1".into(),
        status: "Running".into(),
        restarts: 0,
        created: None,
        node: "".into(),
        ip: "".into(),
    };
    console.told(Message::Watch(old, WatchUpdate::Pods(RowsUpdate::Rows(vec![row]))));
    console.settled();
    assert_eq!(console.state.navigator.pods.len(), 0);
    assert!(console.asked.contains(&Effect::StopWatch(old)));
}

#[test]
fn e_asks_nothing_and_targets_the_default_container() {
    let mut console = Console::with_pods(80, 24);
    console.press("e");
    let (_, start) = last_start(&console);
    let Start::Debug { pod, target, options } = start else { panic!("{start:?}") };
    assert_eq!((pod, target), (key("crash"), Target::Default));
    assert_eq!((options.image.as_deref(), options.profile), (Some("busybox:stable"), Profile::Auto));
    assert!(options.stdin && options.tty && options.copy.is_none());
    assert_eq!(console.state.focus, Focus::Pane);
}

#[test]
fn e_on_a_container_targets_it_and_on_a_debugger_its_target() {
    let mut console = Console::with_pods(80, 24);
    console.press("<enter>e");
    let (_, start) = last_start(&console);
    let Start::Debug { options, target: Target::AsGiven, .. } = start else { panic!("{start:?}") };
    assert_eq!(options.target.as_deref(), Some("app"));
    // One that has ended means its target, for which another one runs.
    let mut console = Console::with_pods(80, 24);
    console.press("<enter><down><down>e");
    let (_, start) = last_start(&console);
    let Start::Shell { container } = start else { panic!("{start:?}") };
    assert_eq!(&*container.container, "debugger-x7k2p");
}

#[test]
fn c_makes_a_copy_behind_no_service_that_can_be_found_again() {
    let mut console = Console::with_pods(80, 24);
    console.press("c");
    let (_, start) = last_start(&console);
    let Start::Debug { options, .. } = start else { panic!("{start:?}") };
    let copy = options.copy.expect("a copy");
    assert_eq!((copy.share_processes, copy.keep_labels, copy.name.as_str()), (Some(true), false, ""));
    assert!(copy.labels.contains(&("app.kubernetes.io/managed-by".to_owned(), "bathyscope".to_owned())));
    assert!(copy.annotations.contains(&("bathyscope.dev/copied-from".to_owned(), "crash".to_owned())));
}

#[test]
fn the_form_says_what_the_debugger_will_be() {
    let mut console = Console::with_pods(80, 24);
    console.press("E<tab><right><tab><right><right><tab>sh -c 'echo hi'<tab>A=1 'B=x y'<enter>");
    let (_, start) = last_start(&console);
    let Start::Debug { options, target, .. } = start else { panic!("{start:?}") };
    assert_eq!((options.target.as_deref(), target), (None, Target::AsGiven));
    assert_eq!(options.profile, Profile::Baseline);
    assert_eq!(options.command, ["sh", "-c", "echo hi"]);
    assert_eq!(options.env, [("A".to_owned(), "1".to_owned()), ("B".to_owned(), "x y".to_owned())]);
}

#[test]
fn a_form_with_a_mistake_stays_and_names_it() {
    let mut console = Console::with_pods(80, 24);
    console.press("E<tab><tab><tab>'open<enter>");
    assert!(console.screen().contains("a quote is not closed"));
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::Start(..))));
}

#[test]
fn keys_of_a_live_pane_go_to_the_shell_and_the_leader_does_not() {
    let mut console = Console::with_pods(80, 24);
    let id = live(&mut console);
    console.press("q<c-c>");
    assert_eq!(console.asked, [Effect::Input(id, b"q".to_vec()), Effect::Input(id, vec![3])]);
    console.asked.clear();
    console.press("<c-]>b");
    assert_eq!((console.state.focus, console.asked.len()), (Focus::List, 0));
    console.press("<tab><c-]><c-]>");
    assert_eq!(console.asked, [Effect::Input(id, vec![0x1d])]);
}

#[test]
fn what_the_emulator_owes_goes_back() {
    let mut console = Console::with_pods(80, 24);
    let id = live(&mut console);
    console.told(Message::Output(id, Bytes::from_static(b"\x1b[6n")));
    assert_eq!(console.asked, [Effect::Input(id, b"\x1b[1;1R".to_vec())]);
}

#[test]
fn a_resized_terminal_tells_screen_and_far_end() {
    let mut console = Console::with_pods(80, 24);
    let id = live(&mut console);
    console.told(Message::Resized(bathyscope::app::layout::Size { columns: 100, rows: 30 }));
    console.settled();
    let [Effect::Resize(told, size)] = console.asked[..] else { panic!("{:?}", console.asked) };
    assert_eq!((told, size.columns), (id, 100));
    console.settled();
    assert_eq!(console.asked.len(), 1, "told once");
}

#[test]
fn an_ended_debugger_asks_for_its_exit_code_and_can_be_attached_again() {
    let mut console = Console::with_pods(80, 24);
    let id = live(&mut console);
    console.told(Message::Ended(id, End::Finished));
    assert_eq!(console.asked, [Effect::FindExitCode(id, container("crash", "debugger-b7k2p"))]);
    console.press("a");
    let (again, start) = last_start(&console);
    assert_ne!(again, id);
    assert_eq!(start, Start::Attach { container: container("crash", "debugger-b7k2p") });
    assert_eq!(console.state.sessions.len(), 1, "in the same pane");
}

#[test]
fn a_shell_that_is_not_there_becomes_a_debugger_by_one_key() {
    let mut console = Console::with_pods(80, 24);
    console.press("s");
    let (id, _) = last_start(&console);
    console.told(Message::Attached(id));
    let reason = "exec: \"sh\": executable file not found in $PATH".to_owned();
    console.told(Message::Ended(id, End::Failed { reason }));
    console.press("e");
    let (_, start) = last_start(&console);
    let Start::Debug { options, .. } = start else { panic!("{start:?}") };
    assert_eq!(options.target.as_deref(), Some("app"));
}

#[test]
fn closing_a_copy_offers_to_remove_it() {
    let mut console = Console::with_pods(80, 24);
    console.press("c");
    let (id, _) = last_start(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash-debug-b7k2p", "debugger-x"))));
    console.told(Message::Attached(id));
    console.asked.clear();
    console.press("<c-]>xr");
    assert_eq!(
        console.asked,
        [Effect::Detach(id), Effect::DeletePod("prod-eu".to_owned(), key("crash-debug-b7k2p"), Which::Ours)]
    );
    assert!(console.state.sessions.is_empty());
}

#[test]
fn leaving_asks_only_while_something_is_open() {
    let mut console = Console::with_pods(80, 24);
    console.asked.clear();
    console.press("q");
    assert_eq!(console.asked, [Effect::Quit]);
    let mut console = Console::with_pods(80, 24);
    live(&mut console);
    console.press("<c-]>q");
    assert!(console.asked.is_empty());
    console.press("<esc>");
    assert!(console.state.overlay.is_none());
    console.press("<c-]>qq");
    assert_eq!(console.asked, [Effect::Quit]);
}

#[test]
fn the_system_may_end_it_without_a_question() {
    let mut console = Console::with_pods(80, 24);
    live(&mut console);
    console.told(Message::Stop);
    assert_eq!(console.asked, [Effect::Quit]);
}

#[test]
fn a_context_switch_begins_anew_and_keeps_sessions() {
    let mut console = Console::with_pods(80, 24);
    let id = live(&mut console);
    console.press("<c-]>:ctx stag<enter>");
    assert!(console.asked.contains(&Effect::Connect("staging".to_owned())));
    assert_eq!(console.state.context.name, "staging");
    assert!(console.state.navigator.pods.is_empty());
    assert_eq!(console.state.sessions.active().map(|session| session.id), Some(id));
    console.told(Message::Ended(id, End::Finished));
    console.asked.clear();
    console.press("r");
    assert!(console.asked.is_empty(), "a pane of another context is not started in this one");
}

#[test]
fn who_may_not_list_everything_gets_the_namespaces_they_named() {
    let mut console = Console::with_pods(80, 24);
    let refused =
        Problem { what: "you may not".to_owned(), why: String::new(), hint: String::new(), fixes: Vec::new() };
    let namespaces = console.watch(&WatchTarget::Namespaces);
    console.told(Message::Watch(namespaces, WatchUpdate::Refused(refused.clone())));
    console.press("0");
    let pods = console.watch(&WatchTarget::PodsEverywhere);
    console.told(Message::Watch(pods, WatchUpdate::Refused(refused)));
    console.watch(&WatchTarget::PodsIn(vec!["payments".to_owned()]));
    console.press("<esc>");
    assert_eq!(console.state.navigator.list, List::Namespaces);
    assert!(console.screen().contains("payments"));
}

#[test]
fn a_selection_that_passes_by_asks_nothing() {
    let mut console = Console::with_pods(80, 24);
    console.asked.clear();
    console.press("jjk");
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::Watch(..))), "{:?}", console.asked);
    console.told(Message::Tick(console.state.now + SignedDuration::from_secs(1)));
    console.settled();
    console.watch(&WatchTarget::Pod(key("nodejsapps-66cd4f-gddtt")));
}

#[test]
fn an_action_that_cannot_run_says_why() {
    let mut console = Console::with_pods(80, 24);
    console.press("<enter><down><down>s");
    let screen = console.screen();
    assert!(screen.contains("shell: container debugger-old55 does not run"), "{screen}");
}

#[test]
fn a_copy_is_deleted_where_it_is_whatever_context_is_in_use_meanwhile() {
    let mut console = Console::with_pods(80, 24);
    console.press("c");
    let (id, _) = last_start(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash-debug-b7k2p", "debugger-x"))));
    console.told(Message::Attached(id));
    console.press("<c-]>:ctx stag<enter><c-]>x");
    console.asked.clear();
    console.press("r");
    let expected = Effect::DeletePod("prod-eu".to_owned(), key("crash-debug-b7k2p"), Which::Ours);
    assert_eq!(console.asked, [Effect::Detach(id), expected]);
}

#[test]
fn a_copy_is_remembered_when_its_pane_is_attached_again() {
    let mut console = Console::with_pods(80, 24);
    console.press("c");
    let (id, _) = last_start(&console);
    console.told(Message::Launch(id, LaunchStep::Accepted(container("crash-debug-b7k2p", "debugger-x"))));
    console.told(Message::Attached(id));
    console.told(Message::Ended(id, End::Lost { reason: "cut".to_owned() }));
    console.press("a<c-]>q");
    assert!(console.screen().contains("crash-debug-b7k2p"), "{}", console.screen());
}

#[test]
fn holding_the_key_of_a_question_does_not_answer_it() {
    let mut console = Console::with_pods(80, 24);
    console.asked.clear();
    console.press("<c-d><c-d><c-d>");
    assert!(console.state.overlay.is_some() && console.asked.is_empty());
    console.press("d");
    assert_eq!(console.asked, [Effect::DeletePod("prod-eu".to_owned(), key("crash"), Which::Uid("1".to_owned()))]);
}

#[test]
fn the_mouse_passing_over_a_pane_takes_no_keys() {
    let mut console = Console::with_pods(80, 24);
    live(&mut console);
    console.press("<c-]>b");
    let moved = MouseEvent { kind: MouseEventKind::Moved, column: 10, row: 20, modifiers: KeyModifiers::NONE };
    console.told(Message::Mouse(moved));
    assert_eq!(console.state.focus, Focus::List);
    console.told(Message::Mouse(MouseEvent { kind: MouseEventKind::Down(MouseButton::Left), ..moved }));
    assert_eq!(console.state.focus, Focus::Pane);
}

#[test]
fn an_end_that_is_told_before_the_stream_stands_stays() {
    let mut console = Console::with_pods(80, 24);
    console.press("s");
    let (id, _) = last_start(&console);
    console.told(Message::Ended(id, End::Exited { code: 3 }));
    console.told(Message::Attached(id));
    assert!(console.screen().contains("exited with code 3"));
}

#[test]
fn closing_a_pane_gives_the_keys_to_the_lists() {
    let mut console = Console::with_pods(80, 24);
    live(&mut console);
    console.press("<c-]>bs");
    let (second, _) = last_start(&console);
    console.told(Message::Ended(second, End::Exited { code: 0 }));
    console.press("x");
    assert_eq!(console.state.focus, Focus::List);
}
