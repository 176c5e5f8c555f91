//! Keys as the bytes a program expects, legacy or by the kitty keyboard protocol; it never knows whose a key is.

mod kitty;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers};

use super::modes::Modes;

/// The bytes of a key under these modes, or `None` when the program is sent nothing for it (a release it did not ask
/// for, a key no terminal has).
pub fn encode_key(key: &KeyEvent, modes: &Modes) -> Option<Vec<u8>> {
    if modes.kitty.0 != 0 {
        return kitty::encode(key, modes);
    }
    if key.kind == KeyEventKind::Release {
        return None;
    }
    legacy(key, modes)
}

/// What xterm sends.
fn legacy(key: &KeyEvent, modes: &Modes) -> Option<Vec<u8>> {
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if let Some(function) = Function::of(key.code) {
        return Some(function.encode(modifier_number(key.modifiers), modes.app_cursor).into_bytes());
    }
    if modes.app_keypad
        && key.state.contains(KeyEventState::KEYPAD)
        && key.modifiers.is_empty()
        && let Some(last) = keypad(key.code)
    {
        return Some(vec![0x1b, b'O', last]);
    }
    let mut bytes = Vec::new();
    if alt {
        bytes.push(0x1b);
    }
    match key.code {
        KeyCode::Char(_) if key.modifiers.intersects(other_modifiers()) => return None,
        KeyCode::Char(character) => match control.then(|| control_code(character)).flatten() {
            Some(code) => bytes.push(code),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        },
        KeyCode::Enter if modes.new_line => bytes.extend_from_slice(b"\r\n"),
        KeyCode::Enter => bytes.push(b'\r'),
        KeyCode::Tab => bytes.push(b'\t'),
        KeyCode::BackTab => bytes.extend_from_slice(b"\x1b[Z"),
        KeyCode::Backspace => bytes.push(if control { 0x08 } else { 0x7f }),
        KeyCode::Esc => bytes.push(0x1b),
        KeyCode::Null => bytes.push(0),
        _ => return None,
    }
    Some(bytes)
}

/// Modifiers that no legacy terminal sends with text.
fn other_modifiers() -> KeyModifiers {
    KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META
}

/// The control code of a character with Control. A terminal without enhanced keys tells its user's Ctrl-\ to Ctrl-_
/// as Ctrl with 4 to 7, which xterm gives the same codes.
fn control_code(character: char) -> Option<u8> {
    Some(match character.to_ascii_lowercase() {
        letter @ 'a'..='z' => letter as u8 & 0x1f,
        ' ' | '@' | '2' => 0x00,
        '[' | '3' => 0x1b,
        '\\' | '4' => 0x1c,
        ']' | '5' => 0x1d,
        '^' | '~' | '6' => 0x1e,
        '_' | '/' | '7' => 0x1f,
        '?' | '8' => 0x7f,
        _ => return None,
    })
}

/// The last byte of an application keypad key.
fn keypad(code: KeyCode) -> Option<u8> {
    Some(match code {
        KeyCode::Char(digit @ '0'..='9') => b'p' + (digit as u8 - b'0'),
        KeyCode::Char('*') => b'j',
        KeyCode::Char('+') => b'k',
        KeyCode::Char(',') => b'l',
        KeyCode::Char('-') => b'm',
        KeyCode::Char('.') => b'n',
        KeyCode::Char('/') => b'o',
        KeyCode::Char('=') => b'X',
        KeyCode::Enter => b'M',
        _ => return None,
    })
}

/// One more than the bits of the modifiers, as xterm and kitty number them; 1 is none.
fn modifier_number(modifiers: KeyModifiers) -> u8 {
    let bits = [
        (KeyModifiers::SHIFT, 1),
        (KeyModifiers::ALT, 2),
        (KeyModifiers::CONTROL, 4),
        (KeyModifiers::SUPER, 8),
        (KeyModifiers::HYPER, 16),
        (KeyModifiers::META, 32),
    ];
    1 + bits.into_iter().filter(|(modifier, _)| modifiers.contains(*modifier)).map(|(_, bit)| bit).sum::<u8>()
}

/// The form of a function key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    /// `CSI letter`, in application mode `SS3 letter`.
    Cursor(char),
    /// `SS3 letter`, with modifiers `CSI 1 ; n letter`.
    F1To4(char),
    /// `CSI number ~`.
    Numbered(u8),
}

impl Function {
    fn of(code: KeyCode) -> Option<Function> {
        Some(match code {
            KeyCode::Up => Function::Cursor('A'),
            KeyCode::Down => Function::Cursor('B'),
            KeyCode::Right => Function::Cursor('C'),
            KeyCode::Left => Function::Cursor('D'),
            KeyCode::KeypadBegin => Function::Cursor('E'),
            KeyCode::End => Function::Cursor('F'),
            KeyCode::Home => Function::Cursor('H'),
            KeyCode::F(1) => Function::F1To4('P'),
            KeyCode::F(2) => Function::F1To4('Q'),
            KeyCode::F(3) => Function::F1To4('R'),
            KeyCode::F(4) => Function::F1To4('S'),
            KeyCode::Insert => Function::Numbered(2),
            KeyCode::Delete => Function::Numbered(3),
            KeyCode::PageUp => Function::Numbered(5),
            KeyCode::PageDown => Function::Numbered(6),
            KeyCode::F(5) => Function::Numbered(15),
            KeyCode::F(number @ 6..=10) => Function::Numbered(number + 11),
            KeyCode::F(number @ 11..=14) => Function::Numbered(number + 12),
            KeyCode::F(number @ 15..=16) => Function::Numbered(number + 13),
            KeyCode::F(number @ 17..=20) => Function::Numbered(number + 14),
            _ => return None,
        })
    }

    fn encode(self, modifiers: u8, application: bool) -> String {
        match self {
            Function::Cursor(last) if modifiers == 1 && application => format!("\x1bO{last}"),
            Function::Cursor(last) if modifiers == 1 => format!("\x1b[{last}"),
            Function::F1To4(last) if modifiers == 1 => format!("\x1bO{last}"),
            Function::Cursor(last) | Function::F1To4(last) => format!("\x1b[1;{modifiers}{last}"),
            Function::Numbered(number) if modifiers == 1 => format!("\x1b[{number}~"),
            Function::Numbered(number) => format!("\x1b[{number};{modifiers}~"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(code: KeyCode, modifiers: KeyModifiers, modes: &Modes) -> Option<String> {
        encode_key(&KeyEvent::new(code, modifiers), modes).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_keypad_has_an_application_form() {
        let modes = Modes { app_keypad: true, ..Modes::default() };
        let mut key = KeyEvent::new(KeyCode::Char('5'), KeyModifiers::NONE);
        assert_eq!(encode_key(&key, &modes), Some(b"5".to_vec()));
        key.state = KeyEventState::KEYPAD;
        assert_eq!(encode_key(&key, &modes), Some(b"\x1bOu".to_vec()));
        assert_eq!(encode_key(&key, &Modes::default()), Some(b"5".to_vec()));
    }

    #[test]
    fn enter_minds_the_new_line_mode() {
        let modes = Modes { new_line: true, ..Modes::default() };
        assert_eq!(encode(KeyCode::Enter, KeyModifiers::NONE, &modes).as_deref(), Some("\r\n"));
    }

    #[test]
    fn keys_of_the_desktop_type_no_text() {
        assert_eq!(encode(KeyCode::Char('c'), KeyModifiers::SUPER, &Modes::default()), None);
        assert_eq!(encode(KeyCode::CapsLock, KeyModifiers::NONE, &Modes::default()), None);
    }

    #[test]
    fn every_function_key_has_its_own_bytes() {
        let all: std::collections::BTreeSet<_> =
            (1..=20).map(|number| encode(KeyCode::F(number), KeyModifiers::NONE, &Modes::default())).collect();
        assert_eq!(all.len(), 20);
        assert!(!all.contains(&None));
    }
}
