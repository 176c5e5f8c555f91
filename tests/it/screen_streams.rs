//! What real programs wrote to an 80x24 terminal gives the screen that another terminal made of the same bytes.
//!
//! Each `NAME.bin` is a program's raw output; `NAME.txt` is the screen as tmux, an emulator that shares no code with
//! ours, showed it, under a line with the cursor (column, row, shown) and whether the alternate screen was on.

use bathyscope::screen::{Screen, Size};

const STREAMS: [(&str, &[u8], &str); 9] = [
    ("vim", include_bytes!("../data/terminal/streams/vim.bin"), include_str!("../data/terminal/streams/vim.txt")),
    ("less", include_bytes!("../data/terminal/streams/less.bin"), include_str!("../data/terminal/streams/less.txt")),
    ("top", include_bytes!("../data/terminal/streams/top.bin"), include_str!("../data/terminal/streams/top.txt")),
    ("bash", include_bytes!("../data/terminal/streams/bash.bin"), include_str!("../data/terminal/streams/bash.txt")),
    ("tmux", include_bytes!("../data/terminal/streams/tmux.bin"), include_str!("../data/terminal/streams/tmux.txt")),
    ("htop", include_bytes!("../data/terminal/streams/htop.bin"), include_str!("../data/terminal/streams/htop.txt")),
    ("mc", include_bytes!("../data/terminal/streams/mc.bin"), include_str!("../data/terminal/streams/mc.txt")),
    (
        "python",
        include_bytes!("../data/terminal/streams/python.bin"),
        include_str!("../data/terminal/streams/python.txt"),
    ),
    ("node", include_bytes!("../data/terminal/streams/node.bin"), include_str!("../data/terminal/streams/node.txt")),
];

#[test]
fn recorded_programs_look_as_they_did() {
    for (name, bytes, wanted) in STREAMS {
        let (state, wanted) = wanted.split_once('\n').unwrap();
        for chunk in [1, 7, bytes.len()] {
            let mut screen = Screen::new(SIZE, 1000);
            for piece in bytes.chunks(chunk) {
                screen.feed(piece);
            }
            let text = screen.text();
            assert_eq!(text.trim_end(), wanted.trim_end(), "{name} in chunks of {chunk}");
            assert_eq!(describe(&screen, state), state, "{name} in chunks of {chunk}");
            assert!(screen.take_notices().iter().all(|notice| format!("{notice:?}") != "Broken"));
        }
    }
}

#[test]
fn recorded_programs_survive_every_resize() {
    for (name, bytes, _) in STREAMS {
        let mut screen = Screen::new(SIZE, 1000);
        for (index, piece) in bytes.chunks(97).enumerate() {
            screen.feed(piece);
            let columns = 2 + u16::try_from(index * 37 % 150).unwrap();
            let rows = 1 + u16::try_from(index * 11 % 50).unwrap();
            screen.resize(Size { columns, rows });
            let mut covered = 0;
            screen.for_each_cell(|_, _, cell| covered += u32::from(cell.width));
            assert_eq!(covered, u32::from(columns) * u32::from(rows), "{name} at {columns}x{rows}");
        }
    }
}

const SIZE: Size = Size { columns: 80, rows: 24 };

/// The state line, where a hidden cursor's place is taken from the record.
fn describe(screen: &Screen, recorded: &str) -> String {
    let alternate = u8::from(screen.modes().alt_screen);
    let words: Vec<&str> = recorded.split(' ').collect();
    match screen.cursor() {
        Some(at) => format!("cursor {} {} shown 1 alternate {alternate}", at.column, at.row),
        None => format!("cursor {} {} shown 0 alternate {alternate}", words[1], words[2]),
    }
}
