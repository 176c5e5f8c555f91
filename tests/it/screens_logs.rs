//! Golden screens of views of logs.

use bathyscope::app::view::logs::{LogBatch, LogEntry};
use bathyscope::app::view::{ViewId, ViewSource, ViewUpdate};
use bathyscope::app::{Effect, Message};
use bathyscope::cluster::{ContainerKey, LogLine, LogMark, LogScope, MarkKind, PodKey};
use insta::assert_snapshot;

use crate::console_state::Console;

/// A console in which the log view that these keys open is zoomed, and the view.
fn opened(columns: u16, rows: u16, keys: &str) -> (Console, ViewId) {
    let mut console = Console::with_pods(columns, rows);
    console.press(keys);
    let id = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::OpenView(id, ..) => Some(*id),
        _ => None,
    });
    console.press("<c-]>z");
    (console, id.expect("a view was opened"))
}

fn line(source: u32, second: i64, text: &str) -> LogEntry {
    let time = jiff::Timestamp::from_second(1_763_805_851 + second).ok();
    LogEntry::Line(LogLine { source, time, text: text.into(), whole: true })
}

fn mark(kind: MarkKind, text: &str) -> LogEntry {
    LogEntry::Mark(LogMark { source: Some(0), time: None, kind, text: text.to_owned() })
}

fn key(pod: &str, container: &str) -> ContainerKey {
    ContainerKey { pod: PodKey { namespace: "payments".into(), name: pod.into() }, container: container.into() }
}

fn told(console: &mut Console, id: ViewId, batch: LogBatch) {
    console.told(Message::View(id, ViewUpdate::Logs(Box::new(batch))));
}

fn of_one(entries: Vec<LogEntry>) -> LogBatch {
    LogBatch { sources: vec![(0, key("crash", "app"))], entries, crowd: Some((1, 0)), ..LogBatch::default() }
}

#[test]
fn a_log_with_a_restart_json_and_a_filter() {
    let (mut console, id) = opened(80, 24, "l");
    let entries = vec![
        line(0, 0, "listening on :8080"),
        line(0, 1, "\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7} and \u{1b}[2Jharmless"),
        line(0, 2, r#"{"ts":1763805853.5,"level":"error","msg":"payment failed","order":17,"err":"no funds"}"#),
        mark(MarkKind::Failure, "app restarted, exit code 3 (Error)"),
        line(0, 4, "listening on :8080"),
        LogEntry::Line(LogLine { source: 0, time: None, text: "no end yet".into(), whole: false }),
    ];
    told(&mut console, id, of_one(entries));
    assert_snapshot!(console.screen());
    console.press("fpayment");
    assert_snapshot!(console.screen());
    // The object unfolds where it is.
    console.press("<enter>g<enter>t");
    assert_snapshot!(console.screen());
}

#[test]
fn the_logs_of_an_owner() {
    let (mut console, id) = opened(160, 48, "L");
    let pods = ["nodejsapps-66cd4f-gddtt", "nodejsapps-66cd4f-x7k2p"];
    let batch = LogBatch {
        owner: Some("deployment/nodejsapps".to_owned()),
        sources: vec![(0, key(pods[0], "nodejsapp")), (1, key(pods[1], "nodejsapp"))],
        entries: vec![line(0, 0, "GET /a"), line(0, 2, "GET /c"), line(1, 1, "GET /b"), line(1, 3, "GET /d")],
        crowd: Some((60, 12)),
        skipped: 1200,
        ..LogBatch::default()
    };
    told(&mut console, id, batch);
    console.press(" ");
    let entries = vec![line(1, 4, "GET /e"), line(0, 5, "GET /f")];
    told(
        &mut console,
        id,
        LogBatch { entries, lost: Some(Some("the connection was reset".to_owned())), ..LogBatch::default() },
    );
    assert_snapshot!(console.screen());
}

#[test]
fn a_mark_names_its_container_once() {
    let (mut console, id) = opened(80, 24, "la");
    let sources = vec![(0, key("crash", "app")), (1, key("crash", "proxy"))];
    let entries = vec![line(1, 0, "ready"), mark(MarkKind::Failure, "app restarted, exit code 3 (Error)")];
    // Turning to all containers is the view's second turn.
    told(&mut console, id, LogBatch { sources, entries, crowd: Some((2, 0)), turn: 1, ..LogBatch::default() });
    assert!(console.screen().contains("╌╌ app restarted, exit code 3 (Error)"), "{}", console.screen());
}

#[test]
fn help_in_a_view_begins_with_the_keys_of_the_view() {
    let (mut console, _) = opened(80, 24, "l");
    console.press("<f1>");
    let screen = console.screen();
    let (own, every) = (screen.find("In a view of logs"), screen.find("In a view\n"));
    assert!(own.is_some() && every.is_none_or(|every| own < Some(every)), "{screen}");
}

#[test]
fn a_log_turns_to_the_pods_of_a_selector() {
    let (mut console, _) = opened(80, 24, "l");
    console.press("S<enter>");
    assert!(console.screen().contains("crash/app log"), "nothing typed changes nothing");
    console.press("Sapp=shop<enter>");
    let Some(Effect::OpenView(_, _, ViewSource::Logs(following))) = console.asked.last() else {
        panic!("no other logs were asked for: {:?}", console.asked)
    };
    assert_eq!(following.subject.scope, LogScope::Selector("payments".into(), "app=shop".to_owned()));
    assert_eq!(following.subject.container, None);
    assert!(console.screen().contains("app=shop log"), "{}", console.screen());
}
