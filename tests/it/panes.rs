//! Panes and tabs as state: who gets keys, mouse, sizes and the focus, and what becomes of the rest when one goes.

use bathyscope::app::layout::{Size, layout, places};
use bathyscope::app::{ContextSettings, Effect, Focus, Message, Start};
use bathyscope::cluster::{ContainerKey, LaunchStep, PodKey};
use bathyscope::session::{End, SessionId};
use bytes::Bytes;
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::console_state::Console;

/// The session started last, and how.
fn started(console: &Console) -> (SessionId, Start) {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::Start(id, _, start, _) => Some((*id, start.clone())),
        _ => None,
    });
    found.expect("a session was started")
}

/// A console whose tab has so many shells, split by these keys after the leader; their sessions from first to last.
pub(crate) fn split(size: (u16, u16), keys: &str) -> (Console, Vec<SessionId>) {
    let mut console = Console::with_pods(size.0, size.1);
    console.press("e");
    let (first, _) = started(&console);
    let pod = PodKey { namespace: "payments".into(), name: "crash".into() };
    let container = ContainerKey { pod, container: "debugger-b7k2p".into() };
    console.told(Message::Launch(first, LaunchStep::Accepted(container)));
    console.told(Message::Attached(first));
    let mut sessions = vec![first];
    for key in keys.chars() {
        console.press(&format!("<c-]>{key}"));
        let (id, start) = started(&console);
        assert!(matches!(start, Start::Shell { .. }), "{start:?}");
        console.told(Message::Attached(id));
        sessions.push(id);
    }
    console.settled();
    console.asked.clear();
    (console, sessions)
}

pub(crate) fn print(console: &mut Console, id: SessionId, text: &str) {
    console.told(Message::Output(id, Bytes::copy_from_slice(text.as_bytes())));
}

/// What was sent to programs, in order.
fn sent(console: &Console) -> Vec<(SessionId, String)> {
    let input = |effect: &Effect| match effect {
        Effect::Input(id, bytes) => Some((*id, String::from_utf8_lossy(bytes).into_owned())),
        _ => None,
    };
    console.asked.iter().filter_map(input).collect()
}

fn focused(console: &Console) -> SessionId {
    console.state.sessions.active().expect("a session is open").id
}

fn mouse(console: &mut Console, kind: MouseEventKind, column: u16, row: u16) {
    console.told(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    console.settled();
}

const PRESS: MouseEventKind = MouseEventKind::Down(MouseButton::Left);
const DRAG: MouseEventKind = MouseEventKind::Drag(MouseButton::Left);
const RELEASE: MouseEventKind = MouseEventKind::Up(MouseButton::Left);

/// Every screen has the size of its place, and so has the far end been told.
fn assert_sizes(console: &Console) {
    for place in places(&console.state, layout(&console.state).panes) {
        let session = place.pane.session().and_then(|id| console.state.sessions.get(id)).expect("it is open");
        let size = Size { columns: place.screen.width, rows: place.screen.height };
        assert_eq!((session.size, session.screen.size()), (size, size));
        let told = console.asked.iter().rev().find_map(|effect| match effect {
            Effect::Resize(id, size) if place.pane == (*id).into() => Some(*size),
            _ => None,
        });
        assert!(told.is_none_or(|told| told == size), "{told:?} is not {size:?}");
    }
}

#[test]
fn every_far_end_hears_its_new_size_when_a_pane_is_split() {
    let (mut console, sessions) = split((120, 40), "|");
    console.press("<c-]>-");
    let resized: Vec<SessionId> = console
        .asked
        .iter()
        .filter_map(|effect| if let Effect::Resize(id, _) = effect { Some(*id) } else { None })
        .collect();
    assert_eq!(resized, [sessions[1]], "the pane that was split, and no other");
    assert_sizes(&console);
    let (_, start) = started(&console);
    let Start::Shell { container } = start else { panic!("{start:?}") };
    assert_eq!(&*container.container, "debugger-b7k2p");
}

#[test]
fn sizes_are_right_at_once_after_any_change_and_come_back_when_the_terminal_grows_again() {
    let (mut console, _) = split((200, 50), "|-");
    console.press("<c-]>Z");
    console.press("<c-]>H<c-]>H<c-]>K");
    let before = places(&console.state, layout(&console.state).panes);
    for keys in ["<c-]>z", "<c-]>z", "<c-]>o", "<c-]>}", "<c-]>{", "<c-]>b", "<tab>"] {
        console.press(keys);
        assert_sizes(&console);
    }
    for (columns, rows) in [(80, 24), (40, 10), (200, 50)] {
        console.told(Message::Resized(Size { columns, rows }));
        console.settled();
        assert_sizes(&console);
    }
    assert_eq!(places(&console.state, layout(&console.state).panes), before);
}

#[test]
fn a_pane_out_of_view_gets_its_size_when_it_comes_into_view() {
    let (mut console, sessions) = split((120, 40), "|");
    console.press("<c-]>z");
    console.told(Message::Resized(Size { columns: 90, rows: 30 }));
    console.settled();
    let hidden = console.state.sessions.get(sessions[0]).expect("it is open").size;
    console.asked.clear();
    console.press("<c-]>z");
    assert_ne!(console.state.sessions.get(sessions[0]).expect("it is open").size, hidden);
    assert!(console.asked.iter().any(|effect| matches!(effect, Effect::Resize(id, _) if *id == sessions[0])));
    assert_sizes(&console);
}

#[test]
fn a_split_without_room_is_refused_with_the_reason() {
    let (mut console, _) = split((80, 24), "---");
    console.press("<c-]>-");
    assert!(console.asked.iter().all(|effect| !matches!(effect, Effect::Start(..))), "{:?}", console.asked);
    assert!(console.screen().contains("there is no room: zoom the tab"), "{}", console.screen());
    console.press("<c-]>Z<c-]>-");
    assert!(console.asked.iter().any(|effect| matches!(effect, Effect::Start(..))), "zoomed there is room");
    assert_sizes(&console);
}

#[test]
fn arrows_after_the_leader_go_from_pane_to_pane() {
    let (mut console, sessions) = split((120, 40), "|-");
    for (keys, expected) in [("<up>", 1), ("<left>", 0), ("<right>", 1), ("<down>", 2), ("<left>", 0), ("<left>", 0)] {
        console.press(&format!("<c-]>{keys}"));
        assert_eq!(focused(&console), sessions[expected], "{keys}");
    }
    assert_eq!(sent(&console), []);
}

#[test]
fn keys_to_all_reach_each_program_in_its_own_encoding() {
    let (mut console, sessions) = split((120, 40), "|-");
    print(&mut console, sessions[0], "\x1b[?1h\x1b[?2004h");
    console.press("<c-]>s<up>");
    let up = |keys: &str| keys.to_owned();
    assert_eq!(sent(&console), [(sessions[0], up("\x1bOA")), (sessions[1], up("\x1b[A")), (sessions[2], up("\x1b[A"))]);
    console.asked.clear();
    console.told(Message::Paste("two\nlines".to_owned()));
    assert_eq!(
        sent(&console),
        [
            (sessions[0], up("\x1b[200~two\nlines\x1b[201~")),
            (sessions[1], up("two\rlines")),
            (sessions[2], up("two\rlines"))
        ]
    );
    console.asked.clear();
    // An answer to a program's question is nobody else's.
    print(&mut console, sessions[1], "\x1b[6n");
    assert_eq!(sent(&console), [(sessions[1], "\x1b[1;1R".to_owned())]);
    console.asked.clear();
    console.told(Message::Ended(sessions[1], End::Finished));
    console.asked.clear();
    console.press("<c-]>o<c-]>sx");
    assert_eq!(sent(&console).len(), 1, "to one alone again");
}

#[test]
fn a_pane_that_joins_does_not_get_keys_that_were_meant_for_the_others() {
    let (mut console, sessions) = split((120, 40), "|");
    console.press("<c-]>s<c-]>-");
    let (third, _) = started(&console);
    console.told(Message::Attached(third));
    console.asked.clear();
    console.press("x");
    assert_eq!(sent(&console), [(third, "x".to_owned())], "of {sessions:?}");
}

#[test]
fn keys_to_all_are_asked_about_where_a_context_is_protected() {
    let (mut console, sessions) = split((120, 40), "|");
    let guarded = ContextSettings { name: "prod-*".to_owned(), protected: Some(true), ..ContextSettings::default() };
    console.state.settings.contexts = vec![guarded];
    console.press("<c-]>s");
    assert!(console.screen().contains("prod-eu is protected: go on?"), "{}", console.screen());
    console.press("nx");
    assert_eq!(sent(&console).len(), 1);
    console.asked.clear();
    console.press("<c-]>syx");
    assert_eq!(sent(&console).len(), sessions.len());
}

#[test]
fn the_focus_is_told_to_the_program_that_loses_it_and_the_one_that_gets_it() {
    let (mut console, sessions) = split((120, 40), "|");
    for id in &sessions {
        print(&mut console, *id, "\x1b[?1004h");
    }
    let (lost, gained) = ("\x1b[O".to_owned(), "\x1b[I".to_owned());
    console.press("<c-]><left>");
    assert_eq!(sent(&console), [(sessions[1], lost.clone()), (sessions[0], gained.clone())]);
    console.asked.clear();
    console.press("<c-]>b");
    assert_eq!(sent(&console), [(sessions[0], lost)]);
    console.asked.clear();
    console.told(Message::Focus(false));
    console.told(Message::Focus(true));
    assert_eq!(sent(&console), [], "the lists have the keys");
    console.press("<tab>");
    assert_eq!(sent(&console), [(sessions[0], gained)]);
}

#[test]
fn a_press_focuses_and_the_mouse_reaches_the_program_under_it_with_its_own_coordinates() {
    let (mut console, sessions) = split((120, 40), "|-");
    let third = places(&console.state, layout(&console.state).panes)[2].screen;
    print(&mut console, sessions[2], "\x1b[?1002h\x1b[?1006h");
    console.press("<c-]><left>");
    mouse(&mut console, MouseEventKind::ScrollUp, third.x + 3, third.y + 1);
    assert_eq!((focused(&console), sent(&console)), (sessions[0], vec![(sessions[2], "\x1b[<64;4;2M".to_owned())]));
    console.asked.clear();
    mouse(&mut console, PRESS, third.x + 3, third.y + 1);
    assert_eq!(focused(&console), sessions[2]);
    // What was begun in a pane stays its own.
    mouse(&mut console, DRAG, 0, 0);
    mouse(&mut console, RELEASE, third.right() + 5, third.bottom() + 5);
    let corner = format!("\x1b[<0;{};{}m", third.width, third.height);
    let expected = ["\x1b[<0;4;2M", "\x1b[<32;1;1M", &corner].map(|text| (sessions[2], text.to_owned()));
    assert_eq!(sent(&console), expected);
}

#[test]
fn the_wheel_scrolls_the_pane_under_it() {
    let (mut console, sessions) = split((120, 40), "|");
    for id in &sessions {
        print(&mut console, *id, &"line\r\n".repeat(100));
    }
    let first = places(&console.state, layout(&console.state).panes)[0].screen;
    mouse(&mut console, MouseEventKind::ScrollUp, first.x, first.y);
    let scrolled = |id: SessionId| console.state.sessions.get(id).expect("it is open").screen.scrolled();
    assert_eq!((scrolled(sessions[0]), scrolled(sessions[1])), (3, 0));
    assert_eq!(focused(&console), sessions[1]);
}

#[test]
fn a_border_follows_the_mouse() {
    let (mut console, _) = split((120, 40), "|");
    let rule = places(&console.state, layout(&console.state).panes)[0].screen.right();
    let row = layout(&console.state).panes.y + 4;
    mouse(&mut console, PRESS, rule, row);
    mouse(&mut console, DRAG, rule + 20, row + 3);
    assert_sizes(&console);
    mouse(&mut console, RELEASE, rule + 21, 0);
    assert_eq!(places(&console.state, layout(&console.state).panes)[0].screen.right(), rule + 21);
    mouse(&mut console, DRAG, 10, row);
    assert_eq!(places(&console.state, layout(&console.state).panes)[0].screen.right(), rule + 21);
    assert_eq!(sent(&console), []);
}

#[test]
fn a_pane_that_is_closed_leaves_place_and_keys_to_its_neighbour() {
    let (mut console, sessions) = split((120, 40), "|-");
    console.press("<c-]>xk");
    assert_eq!((focused(&console), console.state.focus), (sessions[1], Focus::Pane));
    assert_sizes(&console);
    console.press("<c-]>z<c-]>xk");
    // What comes into view only now has not been asked for: keys typed on do not land in it.
    assert_eq!((focused(&console), console.state.focus), (sessions[0], Focus::List));
}

#[test]
fn panes_move_into_tabs_of_their_own_and_back() {
    let (mut console, sessions) = split((120, 40), "|");
    console.press("<c-]>!");
    assert_eq!(console.state.sessions.tabs().len(), 2);
    assert_eq!(focused(&console), sessions[1]);
    assert_sizes(&console);
    console.press("<c-]>M");
    assert_eq!(console.state.sessions.tabs().len(), 1);
    let stand = places(&console.state, layout(&console.state).panes);
    assert_eq!([stand[0].pane, stand[1].pane], [sessions[1].into(), sessions[0].into()]);
    assert!(stand[1].screen.y > stand[0].screen.bottom());
    assert_sizes(&console);
}

#[test]
fn what_a_hidden_pane_prints_is_news_until_it_is_shown() {
    let (mut console, sessions) = split((120, 40), "|");
    console.press("<c-]>z");
    print(&mut console, sessions[0], "news");
    assert!(console.screen().contains("sh (2)• "), "{}", console.screen());
    console.press("<c-]>z");
    assert!(!console.screen().contains('•'), "{}", console.screen());
}

#[test]
fn news_are_seen_when_the_pane_before_them_is_closed() {
    let (mut console, sessions) = split((120, 40), "|");
    console.press("<c-]>z");
    print(&mut console, sessions[0], "news");
    console.press("<c-]>xk");
    assert_eq!(focused(&console), sessions[0]);
    assert!(console.screen().contains("news") && !console.screen().contains('•'), "{}", console.screen());
}

#[test]
fn tabs_are_named_moved_and_found_by_their_news() {
    let (mut console, sessions) = split((120, 40), "||");
    console.press("<c-]>!<c-]>,left<backspace>t one<enter>");
    assert!(console.screen().contains(" 2 left one "), "{}", console.screen());
    console.press("<c-]><lt>");
    assert!(console.screen().contains(" 1 left one "), "{}", console.screen());
    print(&mut console, sessions[0], "news");
    assert!(console.screen().contains(" 2 crash/debugger-b7k2p sh (2)• "), "{}", console.screen());
    console.press("<c-]>a");
    assert!(!console.screen().contains('•'), "{}", console.screen());
    assert_eq!(console.state.sessions.active_index(), 1);
    console.press("<c-]>p<c-]>,");
    console.press(&"<backspace>".repeat(10));
    console.press("<enter>");
    assert!(console.screen().contains(" 1 crash/debugger-b7k2p sh "), "{}", console.screen());
}
