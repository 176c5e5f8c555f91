//! Where the emulator behind a screen differs from a terminal beyond what the probe table shows.

use bathyscope::screen::{Screen, Size};

/// The rows of a 10x5 screen that was fed these bytes.
fn rows(bytes: &str) -> Vec<String> {
    let mut screen = Screen::new(Size { columns: 10, rows: 5 }, 100);
    screen.feed(bytes.as_bytes());
    screen.text().lines().map(str::to_owned).collect()
}

#[test]
fn columns_and_rows_are_relative_to_the_margins_once() {
    let origin = "\x1b[2;4r\x1b[?6h";
    assert_eq!(rows(&format!("{origin}\x1b[2;1H\x1b[5Gx")), ["", "", "    x", "", ""], "CHA");
    assert_eq!(rows(&format!("{origin}\x1b[1;1H\x1b[Bx")), ["", "", "x", "", ""], "CUD");
    assert_eq!(rows(&format!("{origin}\x1b[9;1H\x1b[9Bx")), ["", "", "", "x", ""], "CUD at the margin");
    assert_eq!(rows(&format!("{origin}\x1b[3;3H\x1b[Fx")), ["", "", "x", "", ""], "CPL");
    assert_eq!(rows(&format!("{origin}\x1b[1;3H\x1b[Ex")), ["", "", "x", "", ""], "CNL");
}

#[test]
fn erasing_above_takes_the_first_row_too() {
    assert_eq!(rows("one\r\ntwo\r\n\x1b[2;1H\x1b[1J"), ["", " wo", "", "", ""]);
}

#[test]
fn margins_that_are_none_are_ignored() {
    assert_eq!(rows("\x1b[9;20rone\r\ntwo"), ["one", "two", "", "", ""]);
    assert_eq!(rows("\x1b[3;3r\x1b[5;1H\nx"), ["", "", "", "", "x"][..].to_vec());
}

#[test]
fn the_old_ways_to_the_alternate_screen_work() {
    assert_eq!(rows("main\x1b7\x1b[?47halt\x1b[2J\x1b[?47l\x1b8!"), ["main!", "", "", "", ""]);
    assert_eq!(rows("main\x1b[?1047h\x1b[3;1Halt\x1b[?1047lx"), ["main", "", "   x", "", ""]);
}

#[test]
fn edits_beside_wide_characters_blank_both_halves() {
    let wide = "\u{4f60}\u{597d}\u{4f60}";
    assert_eq!(rows(&format!("{wide}\x1b[1;2H\x1b[2X"))[0], "    \u{4f60}", "ECH");
    assert_eq!(rows(&format!("{wide}\x1b[1;3H\x1b[1K"))[0], "    \u{4f60}", "EL left");
    assert_eq!(rows(&format!("{wide}\x1b[1;2H\x1b[2P"))[0], "  \u{4f60}", "DCH");
    assert_eq!(rows(&format!("{wide}\x1b[1;2H\x1b[4hx"))[0], " x \u{597d}\u{4f60}", "IRM");
}
