//! Pasted text as bytes for the program: it can never hold a control function, nor end the paste early.

use super::modes::Modes;

/// Text for the program's input. Control characters other than tabs and line ends are left out; where the program has
/// asked for bracketed paste the text is put between its marks, else a line end is what Enter sends.
pub fn encode_paste(text: &str, modes: &Modes) -> Vec<u8> {
    let line_end = if modes.bracketed_paste { '\n' } else { '\r' };
    let mut clean = String::with_capacity(text.len() + 12);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                characters.next_if_eq(&'\n');
                clean.push(line_end);
            }
            '\n' => clean.push(line_end),
            '\t' => clean.push('\t'),
            other if other.is_control() => {}
            other => clean.push(other),
        }
    }
    if modes.bracketed_paste && !clean.is_empty() {
        clean.insert_str(0, "\x1b[200~");
        clean.push_str("\x1b[201~");
    }
    clean.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BRACKETED: Modes = Modes { bracketed_paste: true, ..PLAIN };
    const PLAIN: Modes = Modes {
        app_cursor: false,
        app_keypad: false,
        new_line: false,
        bracketed_paste: false,
        mouse: crate::screen::MouseTracking::Off,
        mouse_encoding: crate::screen::MouseEncoding::X10,
        focus: false,
        alt_screen: false,
        alternate_scroll: false,
        kitty: crate::screen::KittyFlags(0),
        synchronized: false,
    };

    #[test]
    fn line_ends_become_what_the_program_expects() {
        assert_eq!(encode_paste("a\r\nb\nc\rd\te", &PLAIN), b"a\rb\rc\rd\te");
        assert_eq!(encode_paste("a\r\nb", &BRACKETED), b"\x1b[200~a\nb\x1b[201~");
        assert_eq!(encode_paste("", &BRACKETED), b"");
    }

    #[test]
    fn a_paste_cannot_end_itself_or_press_control_keys() {
        for evil in ["\x1b[201~rm -rf ~\n", "\u{9b}201~rm", "\x03\x04\x1a\x7f\x00rm", "\x1b\x1b[201~[201~rm"] {
            let bytes = encode_paste(evil, &BRACKETED);
            let inside = &bytes[6..bytes.len() - 6];
            assert!(std::str::from_utf8(inside).unwrap().chars().all(|c| c == '\n' || !c.is_control()), "{evil:?}");
            assert!(!encode_paste(evil, &PLAIN).contains(&0x1b));
        }
    }
}
