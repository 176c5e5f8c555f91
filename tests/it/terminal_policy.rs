//! What of a pane's program reaches the user's own terminal, and what of the user's terminal reaches the program: frames,
//! cursor, focus, mouse, clipboard, titles, names. Nothing raw, nothing that was not asked for.

use bathyscope::app::{Effect, Message, Start, holds_frame, start};
use bathyscope::cluster::{ContainerKey, LaunchStep, PodKey, Problem};
use bathyscope::session::{End, Link, SessionId};
use bathyscope::ui::{Theme, cursor_style, draw};
use bytes::Bytes;
use crossterm::cursor::SetCursorStyle;
use crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};
use jiff::SignedDuration;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::console_state::Console;

/// A console with a live shell that has the focus.
fn with_shell(clipboard_write: bool) -> (Console, SessionId) {
    let mut console = Console::with_pods(100, 30);
    console.state.settings.terminal.clipboard_write = clipboard_write;
    let pod = PodKey { namespace: "payments".into(), name: "crash".into() };
    let container = ContainerKey { pod, container: "app".into() };
    let effects = start(&mut console.state, Start::Attach { container });
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Start(id, ..) => Some(*id),
        _ => None,
    });
    let id = id.expect("a session was started");
    console.told(Message::Attached(id));
    console.settled();
    console.asked.clear();
    (console, id)
}

fn print(console: &mut Console, id: SessionId, bytes: &str) -> Vec<Effect> {
    console.asked.clear();
    console.told(Message::Output(id, Bytes::copy_from_slice(bytes.as_bytes())));
    std::mem::take(&mut console.asked)
}

fn pass(console: &mut Console, milliseconds: i64) {
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(milliseconds)));
}

#[test]
fn a_frame_waits_for_the_program_and_not_for_ever() {
    let (mut console, id) = with_shell(false);
    print(&mut console, id, "\x1b[?2026hhalf");
    assert!(holds_frame(&console.state));
    pass(&mut console, 100);
    assert!(holds_frame(&console.state));
    print(&mut console, id, "a frame\x1b[?2026l");
    assert!(!holds_frame(&console.state), "it is finished");
    print(&mut console, id, "\x1b[?2026hand never ended");
    pass(&mut console, 100);
    print(&mut console, id, "\x1b[?2026l\x1b[?2026h");
    pass(&mut console, 60);
    assert!(!holds_frame(&console.state), "asking again buys no time");
    assert!(console.screen().contains("never ended"));
    print(&mut console, id, "\x1b[?2026h");
    console.press("<c-]>?");
    assert!(!holds_frame(&console.state), "what stands over the pane does not wait");
}

#[test]
fn the_cursor_has_the_shape_that_the_program_chose() {
    let (mut console, id) = with_shell(false);
    let style = |console: &Console| cursor_style(&console.state).to_string();
    let own = SetCursorStyle::DefaultUserShape.to_string();
    assert_eq!(style(&console), own);
    print(&mut console, id, "\x1b[5 q");
    assert_eq!(style(&console), SetCursorStyle::BlinkingBar.to_string());
    console.press("<c-]>b");
    assert_eq!(style(&console), own, "the lists have the user's");
    console.press("<tab>");
    print(&mut console, id, "\x1b[2 q");
    assert_eq!(style(&console), SetCursorStyle::SteadyBlock.to_string());
    print(&mut console, id, "\x1b[0 q");
    assert_eq!(style(&console), own);
}

#[test]
fn focus_and_mouse_are_told_to_whoever_asked() {
    let (mut console, id) = with_shell(false);
    let wheel = MouseEvent { kind: MouseEventKind::ScrollUp, column: 10, row: 20, modifiers: KeyModifiers::NONE };
    print(&mut console, id, &"line\r\n".repeat(100));
    for message in [Message::Focus(false), Message::Focus(true), Message::Mouse(wheel)] {
        console.told(message);
    }
    assert_eq!(console.asked, []);
    assert!(
        console.state.sessions.active().is_some_and(|session| session.screen.scrolled() > 0),
        "the history scrolls"
    );
    print(&mut console, id, "\x1b[?1004h\x1b[?1000h\x1b[?1006h");
    for message in [Message::Focus(false), Message::Focus(true), Message::Mouse(wheel)] {
        console.told(message);
    }
    let sent: Vec<&[u8]> = console
        .asked
        .iter()
        .map(|effect| match effect {
            Effect::Input(_, bytes) => bytes.as_slice(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(sent[..2], [b"\x1b[O", b"\x1b[I"]);
    assert!(sent[2].starts_with(b"\x1b[<64;11;"), "{sent:?}");
}

#[test]
fn the_clipboard_is_written_only_where_that_is_allowed_and_never_read() {
    let write = "\x1b]52;c;a3ViZWN0bBtbMzFt\x07";
    let (mut console, id) = with_shell(false);
    assert_eq!(print(&mut console, id, write), []);
    assert!(console.screen().contains("tried to write to your clipboard"));
    let (mut console, id) = with_shell(true);
    assert_eq!(print(&mut console, id, write), [Effect::Copy("kubectl[31m".to_owned())]);
    assert!(console.screen().contains("puts 11 characters on your clipboard"));
    assert_eq!(print(&mut console, id, "\x1b]52;c;?\x07"), []);
    assert!(console.screen().contains("tried to read the clipboard"));
    // What stands in a log was meant for somebody else's clipboard.
    console.asked.clear();
    console.told(Message::Past(id, Bytes::from_static(write.as_bytes())));
    assert_eq!(console.asked, []);
}

#[test]
fn questions_are_answered_to_a_stream_and_not_to_a_log() {
    let (mut console, id) = with_shell(false);
    assert_eq!(print(&mut console, id, "\x1b[6n"), [Effect::Input(id, b"\x1b[1;1R".to_vec())]);
    console.told(Message::Past(id, Bytes::from_static(b"\x1b[6n\x1b[c")));
    assert_eq!(console.asked, []);
    assert_eq!(print(&mut console, id, "now"), [], "nor later");
}

#[test]
fn a_cut_session_refuses_input_and_marks_the_seam() {
    let (mut console, id) = with_shell(false);
    print(&mut console, id, "one\r\ntwo");
    let cut = Link::Cut { reason: "the connection was cut".to_owned(), retry_in: std::time::Duration::from_secs(4) };
    console.told(Message::Link(id, cut));
    let screen = console.screen();
    assert!(screen.contains("cut for 0s · attaching again in 4s · the connection was cut"), "{screen}");
    console.press("rm");
    console.told(Message::Paste("rm -rf".to_owned()));
    assert_eq!(console.asked, []);
    assert!(console.screen().contains("what you typed was not sent"));
    pass(&mut console, 12_000);
    console.told(Message::Link(id, Link::Restored { whole: true }));
    console.told(Message::Past(id, Bytes::from_static(b"three\r\n")));
    let screen = console.screen();
    assert!(screen.contains("one\n╌╌ cut for 12s, attached again: nothing is missing ╌"), "{screen}");
    assert!(screen.contains("\ntwothree\n"), "{screen}");
    console.press("x");
    assert_eq!(console.asked, [Effect::Input(id, b"x".to_vec())]);
    console.told(Message::Ended(id, End::Exited { code: 3 }));
    assert!(console.screen().contains("exited with code 3"));
}

#[test]
fn nothing_hostile_reaches_a_cell() {
    const HOSTILE: &str =
        "a\u{1b}[31m\u{1b}]0;x\u{7}b\u{202e}c\u{2066}d\u{200b}e\u{9b}2Jf\u{e0041}g\u{61c}h\u{fff9}\r\n\tz";
    let (mut console, id) = with_shell(false);
    print(&mut console, id, &format!("\x1b]2;{}\x07", HOSTILE.replace(['\u{1b}', '\u{7}'], "")));
    print(&mut console, id, HOSTILE);
    let problem = Problem::new(HOSTILE, HOSTILE, HOSTILE);
    console.told(Message::Failed(problem.clone()));
    check(&mut console);
    console.press("<c-]>bm");
    check(&mut console);
    console.press("<esc>s");
    let id = console.state.sessions.active().expect("a session").id;
    console.told(Message::Launch(id, LaunchStep::Stuck(problem.clone())));
    check(&mut console);
    console.told(Message::StartFailed(id, problem));
    check(&mut console);
}

fn check(console: &mut Console) {
    console.settled();
    let mut terminal = Terminal::new(TestBackend::new(100, 30)).expect("a test backend");
    terminal.draw(|frame| draw(&console.state, &Theme::palette(), frame)).expect("a frame");
    for cell in terminal.backend().buffer().content() {
        let hostile = cell.symbol().chars().find(|c| {
            c.is_control()
                || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
                || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        });
        assert_eq!(hostile, None, "in {:?}", cell.symbol());
    }
}
