//! What of a session goes into its recording, and how a recording outlives a cut.

use bathyscope::app::{Effect, Message};
use bathyscope::cluster::{ContainerKey, LaunchStep, PodKey};
use bathyscope::session::recording::{Event, RecordingId, Report, Stopped};
use bathyscope::session::{End, SessionId};
use bytes::Bytes;

use crate::console_state::Console;

/// A console with a debugger whose shell stands.
fn console(always: bool, input: bool) -> (Console, SessionId) {
    let mut console = Console::with_pods(80, 24);
    let recording = &mut console.state.settings.recording;
    (recording.always, recording.input, recording.directory) = (always, input, Some("recordings".into()));
    console.press("e");
    let id = console.state.sessions.active().expect("a session").id;
    let pod = PodKey { namespace: "payments".into(), name: "crash".into() };
    let at = ContainerKey { pod, container: "debugger-b7k2p".into() };
    console.told(Message::Launch(id, LaunchStep::Accepted(at)));
    console.told(Message::Attached(id));
    (console, id)
}

fn printed(console: &mut Console, id: SessionId, text: &'static str) {
    console.told(Message::Output(id, Bytes::from_static(text.as_bytes())));
}

/// What was recorded so far, shortly; it is taken out of what was asked.
fn recorded(console: &mut Console) -> Vec<String> {
    let word = |effect: Effect| match effect {
        Effect::StartRecording(_, about, _) => {
            Some(format!("start {} {}x{}", about.pod.as_deref().unwrap_or("?"), about.columns, about.rows))
        }
        Effect::StopRecording(_) => Some("stop".to_owned()),
        Effect::Record(_, event) => Some(match event {
            Event::Output(bytes) => format!("o {}", String::from_utf8_lossy(&bytes)),
            Event::Input(bytes) => format!("i {}", String::from_utf8_lossy(&bytes)),
            Event::Resized { columns, rows } => format!("r {columns}x{rows}"),
            Event::Marked(label) => format!("m {label}"),
            Event::Anew(label, screen) => format!("anew {label} {}", String::from_utf8_lossy(&screen)),
        }),
        _ => None,
    };
    std::mem::take(&mut console.asked).into_iter().filter_map(word).collect()
}

#[test]
fn a_key_records_what_is_there_and_what_follows_until_it_is_pressed_again() {
    let (mut console, id) = console(false, false);
    printed(&mut console, id, "/ # ");
    assert_eq!(recorded(&mut console), Vec::<String>::new());
    console.press("<c-]>r");
    printed(&mut console, id, "ls");
    console.press("x<c-]>z");
    console.press("<c-]>r");
    printed(&mut console, id, "not this");
    let expected =
        ["start crash 80x13", "m recording starts", "o \u{1b}[H\u{1b}[J/ #\u{1b}[1;5H", "o ls", "r 80x21", "stop"];
    assert_eq!(recorded(&mut console), expected);
    console.told(Message::Recording(
        RecordingId(1),
        Report::Stopped { file: Some("f.cast".to_owned()), why: Stopped::Asked },
    ));
    assert!(console.screen().contains("recorded in f.cast"));
}

#[test]
fn always_begins_before_the_first_byte_and_input_is_heard_where_it_is_wanted() {
    let (mut console, id) = console(true, true);
    printed(&mut console, id, "/ # ");
    console.press("x");
    assert_eq!(
        recorded(&mut console),
        ["start crash 80x13", "m attached", "o \u{1b}[H\u{1b}[J\u{1b}[1;1H", "o / # ", "i x"]
    );
    assert!(console.screen().contains("[rec]"));
    console.told(Message::Ended(id, End::Exited { code: 0 }));
    assert_eq!(recorded(&mut console), ["m exited with code 0", "stop"]);
    assert!(!console.screen().contains("[rec]"));
}

#[test]
fn a_recording_goes_on_behind_the_seam_of_a_cut() {
    let (mut console, id) = console(true, false);
    printed(&mut console, id, "before");
    console.told(Message::Ended(id, End::Lost { reason: "reset".to_owned() }));
    recorded(&mut console);
    console.press("a");
    let next = console.state.sessions.active().expect("a session").id;
    assert_ne!(next, id);
    console.told(Message::Attached(next));
    printed(&mut console, next, "after");
    assert_eq!(recorded(&mut console), ["anew attached again after a cut ", "r 80x13", "o after"]);
    console.told(Message::Ended(next, End::Finished));
    assert_eq!(recorded(&mut console), ["m the stream has ended", "stop"]);
}

#[test]
fn a_disk_that_was_too_slow_gets_the_whole_screen_and_a_failure_is_told_once() {
    let (mut console, id) = console(true, false);
    printed(&mut console, id, "on screen");
    recorded(&mut console);
    console.told(Message::Recording(RecordingId(1), Report::Behind { lost: 4096 }));
    let anew = recorded(&mut console);
    assert!(
        anew.len() == 1 && anew[0].starts_with("anew the disk was too slow: 4 KiB") && anew[0].contains("on screen")
    );
    let why = Stopped::Failed("the disk is full".to_owned());
    console.told(Message::Recording(RecordingId(1), Report::Stopped { file: None, why }));
    assert!(console.screen().contains("the session goes on: the disk is full"));
    printed(&mut console, id, "more");
    assert_eq!(recorded(&mut console), Vec::<String>::new(), "it is not begun again by itself");
}
