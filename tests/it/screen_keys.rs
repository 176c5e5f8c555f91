//! Every key of the recorded table becomes the bytes the table names.

#![expect(clippy::unwrap_used, reason = "a malformed table is to stop the test")]

use bathyscope::screen::{KittyFlags, Modes, encode_key};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    key: String,
    modifiers: Vec<String>,
    kind: String,
    modes: String,
    /// Any of these will do; an empty one means that nothing is sent.
    bytes: Vec<String>,
}

#[test]
fn the_key_table() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../data/terminal/keys.json")).unwrap();
    assert_eq!(cases.len(), 69);
    let mut wrong = Vec::new();
    for case in &cases {
        let modifiers = case.modifiers.iter().map(|name| modifier(name)).collect();
        let kind = match case.kind.as_str() {
            "press" => KeyEventKind::Press,
            "release" => KeyEventKind::Release,
            other => panic!("{other}"),
        };
        let key = KeyEvent::new_with_kind(code(&case.key), modifiers, kind);
        let bytes = encode_key(&key, &modes(&case.modes)).unwrap_or_default();
        if !case.bytes.iter().any(|wanted| unescape(wanted) == bytes) {
            wrong.push(format!("{}: {:?} instead of {:?}", case.name, bytes.escape_ascii().to_string(), case.bytes));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn modifier(name: &str) -> KeyModifiers {
    match name {
        "shift" => KeyModifiers::SHIFT,
        "control" => KeyModifiers::CONTROL,
        "alt" => KeyModifiers::ALT,
        other => panic!("{other}"),
    }
}

fn modes(name: &str) -> Modes {
    match name {
        "legacy" => Modes::default(),
        "DECCKM" => Modes { app_cursor: true, ..Modes::default() },
        kitty => {
            let flags = kitty.strip_prefix("kitty flags ").unwrap().parse().unwrap();
            Modes { kitty: KittyFlags(flags), ..Modes::default() }
        }
    }
}

fn code(name: &str) -> KeyCode {
    if let Some(character) = name.strip_prefix("Char('").and_then(|rest| rest.strip_suffix("')")) {
        return KeyCode::Char(character.chars().next().unwrap());
    }
    if let Some(number) = name.strip_prefix("F(").and_then(|rest| rest.strip_suffix(')')) {
        return KeyCode::F(number.parse().unwrap());
    }
    match name {
        "Enter" => KeyCode::Enter,
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Esc" => KeyCode::Esc,
        "Backspace" => KeyCode::Backspace,
        "Up" => KeyCode::Up,
        "Left" => KeyCode::Left,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PageUp" => KeyCode::PageUp,
        "PageDown" => KeyCode::PageDown,
        "Insert" => KeyCode::Insert,
        "Delete" => KeyCode::Delete,
        other => panic!("{other}"),
    }
}

/// `\xHH` becomes that byte, all else is UTF-8.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        bytes.push(u8::from_str_radix(&rest[at + 2..at + 4], 16).unwrap());
        rest = &rest[at + 4..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}
