//! Any bytes at any size with resizes in between: the screen never breaks, grows without bound or answers without bound.
//!
//! `cargo +nightly fuzz run screen`. The recorded streams in `tests/data/terminal/streams` are a good first corpus. What
//! `cargo test` runs of this is in `tests/it/screen_hostile.rs`.

#![no_main]

use bathyscope::screen::{Position, Screen, ScreenNotice, SelectionKind, Size};
use libfuzzer_sys::fuzz_target;

/// Introduces a command to the harness instead of bytes for the screen; followed by three bytes.
const COMMAND: u8 = 0xff;

fuzz_target!(|input: &[u8]| {
    let mut screen = Screen::new(Size { columns: 20, rows: 6 }, 500);
    let mut rest = input;
    while let Some(at) = rest.iter().position(|byte| *byte == COMMAND) {
        screen.feed(&rest[..at]);
        let Some((&[what, columns, rows], after)) = rest[at + 1..].split_first_chunk::<3>() else { break };
        match what % 4 {
            0 => screen.resize(Size { columns: columns.into(), rows: (rows % 64).into() }),
            1 => screen.scroll(i32::from(columns) - 128),
            2 => screen.mark_seam("cut"),
            _ => read(&mut screen, columns, rows),
        }
        check(&mut screen);
        rest = after;
    }
    screen.feed(rest);
    check(&mut screen);
});

/// Reads as copy mode does: by prompt and by word, searches, chooses, and takes the text.
fn read(screen: &mut Screen, column: u8, row: u8) {
    let from = screen.position(column.into(), row.into());
    let row = screen.prompt_from(from.row, row % 2 == 0).unwrap_or(from.row);
    assert!((screen.oldest_row()..=screen.newest_row()).contains(&row));
    let to = screen.word_from(screen.character_after(Position { row, ..from }), column % 2 == 0);
    let kinds = [SelectionKind::Simple, SelectionKind::Word, SelectionKind::Line, SelectionKind::Block];
    screen.select_between(kinds[usize::from(column % 4)], from, screen.word_end_from(to));
    screen.reveal(to);
    assert!(screen.row_in_view(to.row).is_some());
    let _ = (screen.selected_text(), screen.find("a"), screen.transcript(), screen.rows_gone());
}

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
