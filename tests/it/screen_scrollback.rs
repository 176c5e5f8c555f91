//! Rows that have scrolled off a screen: kept whole up to their limit, small, and where the view expects them.

use bathyscope::app::Settings;
use bathyscope::screen::{Screen, Size};

fn screen(columns: u16, rows: u16) -> Screen {
    Screen::new(Size { columns, rows }, 10_000)
}

#[test]
fn the_view_stays_where_it_is_while_output_arrives() {
    let mut screen = screen(20, 3);
    for line in 0..2000 {
        screen.feed(format!("line {line}\r\n").as_bytes());
    }
    screen.scroll(1000);
    let before = screen.text();
    for line in 0..3000 {
        screen.feed(format!("more {line}\r\n").as_bytes());
    }
    assert_eq!(screen.text(), before);
    assert_eq!(screen.scrolled(), 4000);
    screen.scroll(-4000);
    assert_eq!(screen.text(), "more 2998\nmore 2999\n\n");
}

#[test]
fn history_is_whole_up_to_its_limit_and_small() {
    let mut screen = Screen::new(Size { columns: 200, rows: 50 }, 10_000);
    for line in 0..12_000 {
        screen.feed(format!("2026-11-22T10:00:00Z INFO request {line} served in 12 ms, 200 OK\r\n").as_bytes());
    }
    assert_eq!(screen.history(), 10_000);
    assert!(screen.stored_bytes() < 2_000_000, "{} bytes", screen.stored_bytes());
    screen.scroll(i32::MAX);
    let text = screen.text();
    for (row, line) in text.lines().enumerate() {
        let number = 12_000 - 49 - 10_000 + row;
        assert!(line.contains(&format!("request {number} ")), "row {row} is {line}");
    }
}

#[test]
fn lines_that_a_far_narrower_screen_wraps_are_all_kept() {
    let lines: Vec<String> = (0..560).map(|line| format!("{line:03}{}", "x".repeat(150))).collect();
    let wide: Vec<String> = (0..560).map(|line| format!("{line:03} {}", "\u{4f60}".repeat(90))).collect();
    for (lines, columns, alternate) in
        [(&lines, 20, false), (&lines, 20, true), (&wide, 21, false), (&wide, 21, true), (&lines, 3, false)]
    {
        let mut screen = Screen::new(Size { columns: 200, rows: 24 }, 100_000);
        screen.feed(lines.join("\r\n").as_bytes());
        if alternate {
            screen.feed(b"\x1b[?1049h");
        }
        screen.resize(Size { columns, rows: 24 });
        screen.feed(b"\x1b[?1049l");
        let text = screen.transcript();
        let kept: Vec<&str> = text.lines().collect();
        assert!(kept == *lines, "{} of {} lines at {columns} columns, {alternate}", kept.len(), lines.len());
    }
}

#[test]
fn the_default_history_of_ordinary_text_takes_less_than_ten_megabytes_with_its_screen() {
    let log =
        |line| format!("2026-11-22T10:00:00Z INFO request {line} served in 12 ms, 200 OK, 5321 bytes to 10.0.0.7\r\n");
    let coloured = |line| {
        format!("\x1b[32m2026-11-22\x1b[0m \x1b[1;33mWARN\x1b[0m \x1b[36mpod-{line}\x1b[0m {}\r\n", "text ".repeat(20))
    };
    let wide = |line| format!("{line} größer 你好世界 {}\r\n", "日本語 ".repeat(20));
    let kinds: [&dyn Fn(usize) -> String; 3] = [&log, &coloured, &wide];
    let lines = Settings::default().scrollback;
    assert_eq!(lines, 10_000);
    for kind in kinds {
        let mut screen = Screen::new(Size { columns: 200, rows: 50 }, lines);
        for first in (0..lines + 1_000).step_by(100) {
            screen.feed((first..first + 100).map(kind).collect::<String>().as_bytes());
        }
        assert_eq!(screen.history(), lines);
        assert!(screen.held_bytes() < 10_000_000, "{} bytes for {:?}", screen.held_bytes(), kind(1));
    }
}

#[test]
fn history_is_wrapped_anew_across_the_grid_and_the_store() {
    let mut screen = screen(40, 4);
    for line in 0..3000 {
        screen.feed(format!("{line} {}\r\n", "x".repeat(50)).as_bytes());
    }
    let rows = screen.history();
    screen.resize(Size { columns: 100, rows: 4 });
    assert!(screen.history() < rows * 6 / 10);
    screen.resize(Size { columns: 40, rows: 4 });
    screen.scroll(i32::MAX);
    let first = screen.text();
    assert!(first.lines().next().is_some_and(|line| line.len() <= 40), "{first}");
    assert!(first.contains(&"x".repeat(30)));
}

#[test]
fn a_short_scrollback_stays_in_the_grid() {
    let mut screen = Screen::new(Size { columns: 20, rows: 3 }, 5);
    for line in 0..50 {
        screen.feed(format!("\r\nline {line}").as_bytes());
    }
    assert_eq!((screen.history(), screen.stored_bytes()), (5, 0));
    screen.scroll(99);
    assert_eq!(screen.text(), "line 42\nline 43\nline 44\n");
}

#[test]
fn hostile_rows_take_no_more_memory_than_text() {
    let mut screen = screen(200, 50);
    let row: Vec<String> =
        (0..200).map(|column| format!("\x1b[38;2;{column};1;2;58;5;{column}me\u{301}\u{302}\u{303}")).collect();
    let row = row.concat();
    for _ in 0..3000 {
        screen.feed(row.as_bytes());
    }
    assert!(screen.history() > 600);
    assert!(screen.stored_bytes() <= 10 << 20, "{} bytes", screen.stored_bytes());
}

#[test]
fn clearing_the_history_clears_all_of_it() {
    for clear in ["\x1b[3J", "\x1bc"] {
        let mut screen = screen(20, 3);
        screen.feed(&b"line\r\n".repeat(2000));
        screen.scroll(1500);
        screen.feed(clear.as_bytes());
        assert_eq!((screen.history(), screen.scrolled(), screen.stored_bytes()), (0, 0, 0));
        screen.feed(&b"\r\nnew".repeat(2000));
        assert!(screen.history() > 1900);
        assert!(screen.find("line").len() <= 2, "only what was on the screen");
    }
}
