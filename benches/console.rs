//! How fast the console is on a big cluster: `cargo bench --bench console`.

#[path = "../tests/it/console_state.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod console_state;
#[path = "../tests/it/crowd.rs"]
mod crowd;

use std::hint::black_box;

use bathyscope::app::Message;
use bathyscope::cluster::{PodRow, RowsUpdate, WatchUpdate};
use bathyscope::ui::{Theme, draw};
use bytes::Bytes;
use criterion::{BatchSize, Criterion, Throughput};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crowd::{Crowded, read, table};

const MANY: usize = 100_000;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    decode(&mut criterion);
    let mut console = Crowded::new(200, 50, MANY);
    frame(&mut criterion, &mut console);
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
