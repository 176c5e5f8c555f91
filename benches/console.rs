//! How fast the console is on a big cluster: `cargo bench --bench console`.

#[path = "../tests/it/console_state.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod console_state;
#[path = "../tests/it/crowd.rs"]
mod crowd;

use std::fmt::Write as _;
use std::hint::black_box;

use bathyscope::app::{Effect, Message};
use bathyscope::cluster::{ContainerKey, LaunchStep, PodKey, PodRow, RowsUpdate, WatchUpdate};
use bathyscope::session::SessionId;
use bathyscope::ui::{Theme, draw};
use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput};
use ratatui::backend::{CrosstermBackend, TestBackend};
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};

use console_state::Console;
use crowd::{Crowded, read, table};

const MANY: usize = 100_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    decode(&mut criterion);
    let mut console = Crowded::new(200, 50, MANY);
    frame(&mut criterion, &mut console);
    panes(&mut criterion);
    update(&mut criterion, &mut console);
    filter(&mut criterion, &mut console);
    criterion.final_summary();
}

/// A Table of 10,000 pods from the bytes of the answer to rows.
fn decode(criterion: &mut Criterion) {
    let body: Bytes = table(10_000).into();
    let mut group = criterion.benchmark_group("list");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.sample_size(20);
    group.bench_function("table of 10,000 pods", |bencher| bencher.iter(|| read(black_box(&body)).len()));
    group.finish();
}

/// A frame in which nothing has changed, and one in which the whole list has moved by a page.
fn frame(criterion: &mut Criterion, console: &mut Crowded) {
    let mut terminal = Terminal::new(TestBackend::new(200, 50)).expect("a test backend");
    let theme = Theme::palette();
    let mut drawn = |console: &Crowded| {
        terminal.draw(|frame| draw(&console.state, &theme, frame)).expect("a frame");
    };
    let mut group = criterion.benchmark_group("frame 200x50");
    group.bench_function("the same", |bencher| bencher.iter(|| drawn(console)));
    group.bench_function("moved by a page", |bencher| {
        let mut down = false;
        bencher.iter(|| {
            down = !down;
            console.press(if down { "<pgdn>" } else { "<pgup>" });
            drawn(console);
        });
    });
    group.finish();
}

/// Four panes over the whole screen, full of coloured words: as they stand, and with every cell another one.
fn panes(criterion: &mut Criterion) {
    let mut console = Console::with_pods(200, 50);
    let pod = PodKey { namespace: "payments".into(), name: "crash".into() };
    for (index, keys) in ["e", "<c-]>Z<c-]>|", "<c-]>-", "<c-]>h<c-]>-"].into_iter().enumerate() {
        console.press(keys);
        if index == 0 {
            let container = ContainerKey { pod: pod.clone(), container: "debugger-b7k2p".into() };
            console.told(Message::Launch(started(&console), LaunchStep::Accepted(container)));
        }
        console.told(Message::Attached(started(&console)));
    }
    let sessions: Vec<SessionId> = console.state.sessions.iter().map(|session| session.id).collect();
    assert_eq!(sessions.len(), 4, "four panes");
    let screens = [0, 1].map(|shift| Bytes::from(words(shift)));
    for id in &sessions {
        console.told(Message::Output(*id, screens[0].clone()));
    }
    // The bytes of a frame are made, too.
    let viewport = Viewport::Fixed(Rect::new(0, 0, 200, 50));
    let mut terminal = Terminal::with_options(CrosstermBackend::new(std::io::sink()), TerminalOptions { viewport })
        .expect("a terminal");
    let theme = Theme::palette();
    let mut group = criterion.benchmark_group("four panes 200x50");
    group.bench_function("the same", |bencher| {
        bencher.iter(|| terminal.draw(|frame| draw(&console.state, &theme, frame)).map(|_| ()).expect("a frame"));
    });
    group.bench_function("every cell another, fed and drawn", |bencher| {
        let mut round = 0;
        bencher.iter(|| {
            round += 1;
            for id in &sessions {
                console.told(Message::Output(*id, screens[round % 2].clone()));
            }
            terminal.draw(|frame| draw(&console.state, &theme, frame)).map(|_| ()).expect("a frame");
        });
    });
    group.finish();
}

/// The session started last.
fn started(console: &Console) -> SessionId {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::Start(id, ..) => Some(*id),
        _ => None,
    });
    found.expect("a session was started")
}

/// A pane full of words, each in a colour of its own.
fn words(shift: usize) -> String {
    let mut text = String::from("\x1b[H");
    for row in 0..25 {
        let _ = write!(text, "\x1b[{};1H", row + 1);
        for word in 0..10 {
            let number = row * 10 + word + shift * 1000;
            let _ = write!(text, "\x1b[3{}mword-{number:04} ", number % 7 + 1);
        }
    }
    text
}

/// Changes of 50 pods of 100,000, as a cluster with 1,000 changes a second makes them in one batch.
fn update(criterion: &mut Criterion, console: &mut Crowded) {
    let mut group = criterion.benchmark_group("update of 100,000");
    let mut restarts = 0;
    group.bench_function("50 changed pods", |bencher| {
        let (rows, pods) = (console.rows.clone(), console.pods);
        bencher.iter_batched(
            || {
                restarts += 1;
                let changed = |row: &PodRow| PodRow { restarts, ..row.clone() };
                rows.iter().step_by(MANY / 50).map(changed).collect::<Vec<_>>()
            },
            |rows| {
                console.told(Message::Watch(pods, WatchUpdate::Pods(RowsUpdate::Rows(rows))));
                console.settled();
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// One letter typed into the filter over 100,000 rows: the first one, and one that narrows what is left.
fn filter(criterion: &mut Criterion, console: &mut Crowded) {
    let mut group = criterion.benchmark_group("filter of 100,000");
    group.sample_size(20);
    for typed in ["w", "wo", "wor", "zz", "!w"] {
        let text: Vec<char> = typed.chars().collect();
        let (last, before) = text.split_last().expect("a letter");
        let before: String = before.iter().collect();
        group.bench_function(format!("{before:?} + {last:?}"), |bencher| {
            bencher.iter_custom(|rounds| {
                let mut spent = std::time::Duration::ZERO;
                for _ in 0..rounds {
                    console.state.navigator.set_filter(String::new());
                    console.settled();
                    if !before.is_empty() {
                        console.state.navigator.set_filter(before.clone());
                        console.settled();
                    }
                    let began = std::time::Instant::now();
                    console.state.navigator.set_filter(typed.to_owned());
                    console.settled();
                    spent += began.elapsed();
                }
                spent
            });
        });
    }
    group.finish();
}
