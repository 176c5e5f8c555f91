//! Copy mode under any output: wide characters, a history that is being dropped, other screens and sizes.

use bathyscope::app::copy_mode::{CopyMode, Motion};
use bathyscope::screen::{Screen, SelectionKind, Size};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is printed, dropped or resized meanwhile, the cursor is on a character in view and what is chosen is there.
    #[test]
    fn the_cursor_is_always_on_a_character_in_view(
        steps in prop::collection::vec((0..14_u8, 0..40_u16), 1..40),
        scrollback in prop_oneof![Just(0_usize), Just(5), Just(900)],
    ) {
        let mut screen = Screen::new(Size { columns: 11, rows: 4 }, scrollback);
        screen.feed("\x1b]133;A\x07$ a\u{4f60}\u{597d} e\u{301}x\r\nwrapped \u{4f60}\u{597d}\u{4f60}\u{597d}".as_bytes());
        let mut mode = CopyMode::begin(&mut screen);
        for (what, much) in steps {
            let (by, size) = (i32::from(much) - 20, Size { columns: 2 + much % 20, rows: 1 + much % 7 });
            let much = usize::from(much);
            match what {
                0 => screen.feed("\u{4f60}a\u{597d}b \r\n".repeat(much * much).as_bytes()),
                1 => screen.feed(b"\x1b[H\x1b[J\x1b]133;A\x07$ \x1b[3J"),
                2 => screen.resize(size),
                3 => screen.feed(if much % 2 == 0 { b"\x1b[?1049h\x1b[2;3Hpager" } else { b"\x1b[?1049l" }),
                4 => mode.choose([SelectionKind::Simple, SelectionKind::Line, SelectionKind::Block][much % 3], &mut screen),
                5 => mode.swap_ends(&mut screen),
                6 => mode.search(["a", "\u{597d}b", r"\$ .*", "nowhere"][much % 4].to_owned(), by < 0, &mut screen),
                7 => { mode.next_match(by < 0, &mut screen); }
                8 => mode.scroll(by, &mut screen),
                9 => { mode.go(Motion::Prompt { forward: by < 0 }, &mut screen); }
                10 => { mode.go([Motion::Right, Motion::WordEnd, Motion::LineEnd, Motion::Bottom][much % 4], &mut screen); }
                11 => { mode.go([Motion::Left, Motion::LineStart, Motion::Top, Motion::Word { forward: by < 0 }][much % 4], &mut screen); }
                12 => { mode.go(Motion::Rows(by), &mut screen); }
                _ => { mode.go(Motion::Pages(by % 3), &mut screen); }
            }
            mode.settle(&mut screen);
            let cursor = mode.cursor();
            let place = mode.cursor_in_view(&screen);
            prop_assert!(place.is_some_and(|(column, row)| column < screen.size().columns && row < screen.size().rows));
            prop_assert_eq!(screen.character_at(cursor), cursor, "on the first half of a wide character");
            prop_assert_eq!(screen.selected_text().is_some(), mode.chooses());
            for (found, _) in mode.matches_in_view(&screen) {
                prop_assert!(found.start <= found.end && found.end.row <= screen.newest_row());
            }
            prop_assert!(!mode.says(&screen).is_empty());
        }
    }
}
