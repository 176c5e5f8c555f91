//! Any bytes at any size with resizes in between: the screen never breaks, grows without bound or answers without bound.
//!
//! `cargo +nightly fuzz run screen`. The recorded streams in `tests/data/terminal/streams` are a good first corpus. What
//! `cargo test` runs of this is in `tests/it/screen_hostile.rs`.

#![no_main]

use bathyscope::screen::{Screen, ScreenNotice, Size};
use libfuzzer_sys::fuzz_target;

/// Introduces a command to the harness instead of bytes for the screen; followed by three bytes.
const COMMAND: u8 = 0xff;

fuzz_target!(|input: &[u8]| {
    let mut screen = Screen::new(Size { columns: 20, rows: 6 }, 500);
    let mut rest = input;
    while let Some(at) = rest.iter().position(|byte| *byte == COMMAND) {
        screen.feed(&rest[..at]);
        let Some((&[what, columns, rows], after)) = rest[at + 1..].split_first_chunk::<3>() else { break };
        match what % 3 {
            0 => screen.resize(Size { columns: columns.into(), rows: (rows % 64).into() }),
            1 => screen.scroll(i32::from(columns) - 128),
            _ => screen.mark_seam("cut"),
        }
        check(&mut screen);
        rest = after;
    }
    screen.feed(rest);
    check(&mut screen);
});

fn check(screen: &mut Screen) {
    assert!(!screen.take_notices().contains(&ScreenNotice::Broken));
    assert!(screen.take_replies().len() <= 16 * 1024);
    assert!(screen.history() <= 500 && screen.stored_bytes() <= 4 * 1024 * 1024);
    let Size { columns, rows } = screen.size();
    let mut covered = 0;
    screen.for_each_cell(|_, _, cell| {
        assert!(!cell.symbol.chars().any(char::is_control));
        covered += u32::from(cell.width);
    });
    assert_eq!(covered, u32::from(columns) * u32::from(rows));
}
