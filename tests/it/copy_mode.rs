//! Text of panes read, searched, chosen and copied, by keys and by mouse; saved to a file; found by prompts.

use bathyscope::app::{Effect, Message, Start, copying, start};
use bathyscope::cluster::{ContainerKey, PodKey};
use bathyscope::session::{End, SessionId};
use bytes::Bytes;
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::console_state::Console;

/// A console with a live shell on the whole screen, which has printed this: its first row is row 2 of the terminal.
fn with_shell(output: &str) -> (Console, SessionId) {
    let mut console = Console::with_pods(80, 24);
    let pod = PodKey { namespace: "payments".into(), name: "crash".into() };
    let container = ContainerKey { pod, container: "app".into() };
    let effects = start(&mut console.state, Start::Attach { container });
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Start(id, ..) => Some(*id),
        _ => None,
    });
    let id = id.expect("a session was started");
    console.told(Message::Attached(id));
    console.press("<c-]>z");
    print(&mut console, id, output);
    console.asked.clear();
    (console, id)
}

fn print(console: &mut Console, id: SessionId, text: &str) {
    console.told(Message::Output(id, Bytes::copy_from_slice(text.as_bytes())));
    console.settled();
}

/// What was asked to be copied last.
fn copied(console: &mut Console) -> Option<String> {
    let copied = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text.clone()),
        _ => None,
    });
    console.asked.clear();
    copied
}

fn log() -> String {
    let level = |n: u32| if n % 20 == 7 { "ERROR" } else { "info" };
    let lines: Vec<String> = (1..=60).map(|n| format!("{n:03} {} GET /orders/{n}\r\n", level(n))).collect();
    lines.concat()
}

#[test]
fn copy_mode_says_where_it_is_and_which_keys_it_has() {
    let (mut console, _) = with_shell(&log());
    console.press("<c-]>[kkkVkk");
    assert_snapshot!(console.screen());
    console.press("y");
    assert_eq!(
        copied(&mut console).as_deref(),
        Some("056 info GET /orders/56\n057 info GET /orders/57\n058 info GET /orders/58")
    );
    assert!(!copying::copying(&console.state).is_offered(), "copying leaves");
}

#[test]
fn a_search_counts_and_marks_what_it_finds() {
    let (mut console, id) = with_shell(&log());
    console.press("<c-]>/error");
    assert!(console.screen().contains("search up: error"));
    console.press("<enter>n");
    assert_snapshot!(console.screen());
    // What is printed meanwhile neither moves the view nor is lost.
    print(&mut console, id, &"more ERROR\r\n".repeat(5));
    let screen = console.screen();
    assert!(screen.contains("2 of 8 “error”") && screen.contains("027 ERROR") && !screen.contains("more"), "{screen}");
    console.press("N");
    assert!(console.screen().contains("3 of 8"));
    console.press("?ERR.R GET<enter>");
    assert!(console.screen().contains("2 of 3 /ERR.R GET/"), "{}", console.screen());
    console.press("/nothing<enter>");
    assert!(console.screen().contains("“nothing” is nowhere"));
    console.press("q");
    assert!(console.screen().contains("more ERROR"), "leaving shows the present");
    assert_eq!(console.asked, [], "nothing of it was for the shell");
}

#[test]
fn escape_leaves_a_question_first_and_what_is_typed_then_is_for_the_shell_again() {
    let (mut console, id) = with_shell("one two\r\n$ ");
    console.press("<c-]>[/x<esc>");
    assert!(copying::copying(&console.state).is_offered());
    console.told(Message::Paste("rm -rf".to_owned()));
    assert!(console.screen().contains("not pasted"));
    console.press("Z");
    assert!(console.screen().contains("does nothing in copy mode"));
    console.press("y");
    assert!(console.screen().contains("nothing is chosen"));
    console.press("<esc>l");
    assert_eq!(console.asked, [Effect::Input(id, b"l".to_vec())]);
}

#[test]
fn characters_lines_and_blocks_are_copied_whole() {
    let name = "x".repeat(70);
    let (mut console, _) =
        with_shell(&format!("pod/{name}-\u{4f60}\u{597d}-cafe\u{301}   \r\nNAME  READY\r\nweb-1 1/1\r\nweb-2 0/1\r\n"));
    console.press("<c-]>[g");
    console.press("v$");
    console.press("jy");
    let row = copied(&mut console).expect("copied");
    assert!(
        row.starts_with("pod/xxx") && row.ends_with("-\u{4f60}\u{597d}-cafe\u{301}"),
        "wrapped rows are joined: {row}"
    );
    console.press("<c-]>[gjVy");
    assert_eq!(copied(&mut console), Some(row), "a line is chosen with the row it began in");
    console.press("<c-]>[gjjw<c-v>jjlly");
    assert_eq!(copied(&mut console).as_deref(), Some("REA\n1/1\n0/1"));
    console.press("<c-]>[gjjveoey");
    assert_eq!(copied(&mut console).as_deref(), Some("E"), "from the other end");
}

#[test]
fn an_ended_session_can_be_read_too() {
    let (mut console, id) = with_shell(&log());
    console.told(Message::Ended(id, End::Exited { code: 1 }));
    console.press("<c-]>[gVy");
    assert_eq!(copied(&mut console).as_deref(), Some("001 info GET /orders/1"));
}

#[test]
fn prompts_are_gone_to_where_they_are_marked_and_it_is_told_how_to_mark_them() {
    let (mut console, id) = with_shell("$ ls\r\na\r\n$ ");
    console.press("<c-]>(");
    let screen = console.screen();
    assert!(
        screen.contains(&format!("this shell marks no prompts; it does after: {}", copying::MARKING_PROMPT)),
        "{screen}"
    );
    assert!(!copying::copying(&console.state).is_offered());
    let prompt = "\x1b]133;A\x07$ ";
    print(&mut console, id, &format!("\r{prompt}first\r\n{}{prompt}second\r\n{}{prompt}", log(), log()));
    console.press("<c-]>((");
    assert!(console.screen().contains("$ first"));
    console.press("(");
    assert!(console.screen().contains("there is no prompt above"));
    console.press(")V)ky");
    assert!(copied(&mut console).is_some_and(|text| text.starts_with("$ second\n001") && text.ends_with("orders/60")));
}

fn mouse(console: &mut Console, kind: MouseEventKind, column: u16, row: u16) {
    console.told(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    console.settled();
}

const DOWN: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const UP: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

fn pass(console: &mut Console, milliseconds: i64) {
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(milliseconds)));
    console.settled();
}

#[test]
fn the_mouse_drags_over_text_and_letting_go_copies_it() {
    let (mut console, id) = with_shell("kubectl get pod/web-1\r\nsecond line\r\n");
    mouse(&mut console, DOWN, 8, 2);
    mouse(&mut console, UP, 8, 2);
    assert_eq!(copied(&mut console), None, "a click copies nothing");
    pass(&mut console, 1_000);
    mouse(&mut console, DOWN, 8, 2);
    mouse(&mut console, DRAG, 5, 3);
    mouse(&mut console, UP, 5, 3);
    assert_eq!(copied(&mut console).as_deref(), Some("get pod/web-1\nsecond"));
    pass(&mut console, 1_000);
    for (presses, chosen) in [(1, None), (2, Some("pod/web-1")), (3, Some("kubectl get pod/web-1"))] {
        mouse(&mut console, DOWN, 14, 2);
        mouse(&mut console, UP, 14, 2);
        assert_eq!(copied(&mut console).as_deref(), chosen, "{presses} presses");
        pass(&mut console, 100);
    }
    // The key goes to the shell, and what was chosen is let go of.
    console.press("x");
    let session = console.state.sessions.get(id).expect("open");
    assert_eq!(session.screen.selected_text(), None);
}

#[test]
fn a_drag_beyond_the_edge_scrolls_also_while_the_mouse_rests() {
    let (mut console, _) = with_shell(&log());
    mouse(&mut console, DOWN, 79, 10);
    mouse(&mut console, DRAG, 0, 1);
    assert!(copying::moves_by_itself(&console.state));
    for _ in 0..100 {
        pass(&mut console, 100);
    }
    mouse(&mut console, UP, 0, 1);
    let text = copied(&mut console).expect("copied");
    assert!(text.starts_with("001 info") && text.ends_with("GET /orders/49"), "{text}");
    assert!(!copying::moves_by_itself(&console.state));
}

#[test]
fn output_does_not_move_what_is_being_dragged_over() {
    let (mut console, id) = with_shell(&log());
    mouse(&mut console, DOWN, 0, 2);
    print(&mut console, id, &"more\r\n".repeat(30));
    mouse(&mut console, DRAG, 22, 2);
    mouse(&mut console, UP, 22, 2);
    assert_eq!(copied(&mut console).as_deref(), Some("041 info GET /orders/41"));
}

#[test]
fn a_program_that_wants_the_mouse_has_it_except_with_shift() {
    let (mut console, id) = with_shell("\x1b[?1002h\x1b[?1006hmenu\r\n");
    mouse(&mut console, DOWN, 0, 2);
    mouse(&mut console, UP, 0, 2);
    assert!(matches!(&console.asked[..], [Effect::Input(..), Effect::Input(..)]), "{:?}", console.asked);
    console.asked.clear();
    for (kind, column) in [(DOWN, 0), (DRAG, 3), (UP, 3)] {
        console.told(Message::Mouse(MouseEvent { kind, column, row: 2, modifiers: KeyModifiers::SHIFT }));
    }
    assert_eq!(copied(&mut console).as_deref(), Some("menu"));
    // In copy mode the mouse is ours: a click puts the cursor, a drag chooses.
    print(&mut console, id, "two words\r\n");
    console.press("<c-]>[");
    mouse(&mut console, DOWN, 4, 3);
    mouse(&mut console, UP, 4, 3);
    console.press("v$y");
    assert_eq!(copied(&mut console).as_deref(), Some("words"));
}

#[test]
fn the_wheel_scrolls_in_copy_mode_and_takes_the_cursor_along() {
    let (mut console, _) = with_shell(&log());
    console.press("<c-]>[");
    mouse(&mut console, MouseEventKind::ScrollUp, 5, 5);
    let session = console.state.sessions.active().expect("open");
    assert_eq!(session.screen.scrolled(), 3);
    assert!(console.screen().contains("copy 58/61"), "{}", console.screen());
}

#[test]
fn a_transcript_is_saved_where_the_person_says() {
    let (mut console, id) = with_shell(&log());
    console.state.settings.recording.directory = Some("/state/recordings".into());
    console.press("<c-]>S");
    assert_snapshot!(console.screen());
    for message in ["<c-u>", "~/incident.txt", "<enter>"] {
        console.press(message);
    }
    let Some(Effect::SaveText(path, text)) = console.asked.pop() else { panic!("{:?}", console.asked) };
    assert_eq!(path.to_str(), Some("~/incident.txt"));
    let (header, body) = text.split_once("\n\n").expect("a header");
    for line in [
        "# context: prod-eu",
        "# namespace: payments",
        "# pod: crash",
        "# container: app",
        "# saved: 2027-01-15T08:00:00Z",
    ] {
        assert!(header.lines().any(|other| other == line), "{line} in {header}");
    }
    assert!(body.starts_with("001 info") && body.ends_with("060 info GET /orders/60\n"));
    console.press("<c-]>S<esc>");
    assert_eq!(console.asked, [], "nothing is saved");
    console.told(Message::Ended(id, End::Finished));
    console.press("<c-]>S<enter>");
    let Some(Effect::SaveText(path, _)) = console.asked.last() else { panic!("{:?}", console.asked) };
    assert_eq!(path.to_str(), Some("/state/recordings/20270115T080000Z_prod-eu_payments_crash_app.txt"));
}
