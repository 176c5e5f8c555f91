//! How fast a screen takes output and gives its cells: `cargo bench --bench screen`.

use std::fmt::Write;
use std::hint::black_box;

use bathyscope::screen::{Screen, Size};
use criterion::{BatchSize, Criterion, Throughput};

const SIZE: Size = Size { columns: 200, rows: 50 };

/// Bytes in each stream, about.
const LENGTH: usize = 1 << 20;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let streams = [
        ("ascii", repeated(ascii_line)),
        ("coloured", repeated(coloured_line)),
        ("fullscreen", repeated(redraw)),
        ("unicode", repeated(unicode_line)),
    ];
    feed(&mut criterion, &streams);
    cells(&mut criterion, &streams);
    resize(&mut criterion, &streams);
    criterion.final_summary();
}

/// Output in pieces as a websocket delivers them, into a screen whose history is full.
fn feed(criterion: &mut Criterion, streams: &[(&str, String)]) {
    let mut group = criterion.benchmark_group("feed");
    group.sample_size(10);
    for (name, stream) in streams {
        group.throughput(Throughput::Bytes(stream.len() as u64));
        let mut screen = filled(stream);
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                for piece in stream.as_bytes().chunks(16 * 1024) {
                    screen.feed(black_box(piece));
                }
            });
        });
    }
}

/// One frame's worth of reading, at the present and in the compact history.
fn cells(criterion: &mut Criterion, streams: &[(&str, String)]) {
    let mut group = criterion.benchmark_group("cells");
    for (name, stream) in streams {
        for (place, scrolled) in [("present", 0), ("history", i32::MAX)] {
            let mut screen = filled(stream);
            screen.scroll(scrolled);
            group.bench_function(format!("{name}/{place}"), |bencher| {
                bencher.iter(|| {
                    let mut bytes = 0;
                    screen.for_each_cell(|_, _, cell| bytes += black_box(cell).symbol.len());
                    bytes
                });
            });
        }
    }
}

/// A full history wrapped to half the width.
fn resize(criterion: &mut Criterion, streams: &[(&str, String)]) {
    let mut group = criterion.benchmark_group("resize");
    group.sample_size(10);
    for (name, stream) in streams {
        group.bench_function(*name, |bencher| {
            bencher.iter_batched_ref(
                || filled(stream),
                |screen| {
                    screen.resize(Size { columns: 100, rows: 50 });
                },
                BatchSize::LargeInput,
            );
        });
    }
}

fn filled(stream: &str) -> Screen {
    let mut screen = Screen::new(SIZE, 10_000);
    screen.feed(stream.as_bytes());
    screen
}

fn repeated(line: impl Fn(&mut String, usize) -> std::fmt::Result) -> String {
    let mut stream = String::new();
    let mut number = 0;
    while stream.len() < LENGTH {
        line(&mut stream, number).expect("a string takes all that is written");
        number += 1;
    }
    stream
}

fn ascii_line(out: &mut String, number: usize) -> std::fmt::Result {
    write!(out, "2026-11-22T10:15:{:02}Z INFO request {number} GET /healthz served in 12 ms, 200 OK\r\n", number % 60)
}

fn coloured_line(out: &mut String, number: usize) -> std::fmt::Result {
    for word in 0..12 {
        write!(out, "\x1b[{}m word{word} \x1b[38;5;{}m", 30 + (number + word) % 8, (number * 7 + word) % 256)?;
    }
    out.write_str("\x1b[0m\r\n")
}

fn redraw(out: &mut String, number: usize) -> std::fmt::Result {
    out.write_str("\x1b[?25l\x1b[H")?;
    for row in 1..=50 {
        write!(out, "\x1b[{row};1H\x1b[7m{:5}\x1b[0m \x1b[32m{:8}\x1b[0m process {number}\x1b[K", row * number, row)?;
    }
    out.write_str("\x1b[?25h")
}

fn unicode_line(out: &mut String, number: usize) -> std::fmt::Result {
    write!(out, "\u{4f60}\u{597d} {number} na\u{ef}ve e\u{301}t\u{e9} \u{1f680} \u{2500}\u{2500} \u{6f22}\u{5b57}\r\n")
}
