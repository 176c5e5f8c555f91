//! How fast a view of logs takes in and filters 100,000 lines: `cargo bench --bench logs`.

#[path = "../tests/it/console_state.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod console_state;

use std::time::Instant;

use bathyscope::app::view::logs::{LogBatch, LogEntry};
use bathyscope::app::view::{ViewId, ViewUpdate};
use bathyscope::app::{Effect, Message};
use bathyscope::cluster::{ContainerKey, LogLine, PodKey};
use criterion::{BatchSize, Criterion, Throughput};
use jiff::Timestamp;

use console_state::Console;

/// The lines of a torrent's second.
const LINES: u32 = 100_000;
/// The batches of a second.
const BATCHES: u32 = 20;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    add(&mut criterion);
    filter(&mut criterion);
    criterion.final_summary();
}

/// A second of a torrent, into a view that is full already.
fn add(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("logs");
    group.throughput(Throughput::Elements(LINES.into()));
    group.sample_size(20);
    for (name, keys) in [("take in 100,000 lines", ""), ("take in 100,000 lines through a filter", "fWARN<enter>")] {
        let (mut console, view) = filled();
        console.press(keys);
        let mut second = 1;
        group.bench_function(name, |bencher| {
            let batches = || {
                second += 1;
                batches(second)
            };
            bencher.iter_batched(batches, |batches| take(&mut console, view, batches), BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// The last letter of a filter over a full view: a text that many lines have, and an expression.
fn filter(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("logs");
    group.sample_size(20);
    let (mut console, _) = filled();
    for (name, typed, letter) in [
        ("filter by text", "lag=24", "8"),
        ("filter by expression", "lag=2[0-9]", "8"),
        ("filter by all", "!lag=24", "8"),
    ] {
        console.press(&format!("f{typed}"));
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let mut spent = std::time::Duration::ZERO;
                for _ in 0..count {
                    let began = Instant::now();
                    console.press(letter);
                    spent += began.elapsed();
                    console.press("<backspace>");
                }
                spent
            });
        });
        console.press("<c-u><enter>");
    }
    group.finish();
}

/// A console with a view of logs that has a second of a torrent.
fn filled() -> (Console, ViewId) {
    let mut console = Console::with_pods(200, 50);
    console.press("l");
    let opened = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::OpenView(id, ..) => Some(*id),
        _ => None,
    });
    let view = opened.expect("a view of logs");
    let pod = PodKey { namespace: "payments".into(), name: "crash".into() };
    let sources = vec![(0, ContainerKey { pod, container: "app".into() })];
    take(&mut console, view, vec![LogBatch { sources, ..LogBatch::default() }]);
    take(&mut console, view, batches(0));
    (console, view)
}

fn take(console: &mut Console, view: ViewId, batches: Vec<LogBatch>) {
    for batch in batches {
        console.told(Message::View(view, ViewUpdate::Logs(Box::new(batch))));
    }
}

/// The lines of this second, in batches as they are told.
fn batches(second: u32) -> Vec<LogBatch> {
    let line = |number: u32| {
        let nanoseconds = i128::from(second) * 1_000_000_000 + i128::from(number) * 10_000;
        let level = if number.is_multiple_of(10) { "WARN " } else { "INFO " };
        let text = format!("2026-11-23T02:51:02Z {level} tick={number} queue=orders lag={}ms", number * 37 % 250);
        let time = Timestamp::from_nanosecond(1_763_805_851_000_000_000 + nanoseconds).ok();
        LogEntry::Line(LogLine { source: 0, time, text: text.into(), whole: true })
    };
    let each = LINES / BATCHES;
    let batch = |index: u32| LogBatch {
        entries: (index * each..(index + 1) * each).map(line).collect(),
        ..LogBatch::default()
    };
    (0..BATCHES).map(batch).collect()
}
