//! Keys by the kitty keyboard protocol (<https://sw.kovidgoyal.net/kitty/keyboard-protocol/>), for programs that have
//! set any of its flags.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MediaKeyCode, ModifierKeyCode};

use super::{Function, legacy, modifier_number, other_modifiers};
use crate::screen::modes::{KittyFlags, Modes};

pub(super) fn encode(key: &KeyEvent, modes: &Modes) -> Option<Vec<u8>> {
    let flags = modes.kitty;
    let all = flags.has(KittyFlags::ALL_KEYS);
    let released = key.kind == KeyEventKind::Release;
    if released && !flags.has(KittyFlags::EVENT_TYPES) {
        return None;
    }
    if matches!(key.code, KeyCode::Modifier(_)) && !all {
        return None;
    }
    let key = unshifted(key);
    let event = match key.kind {
        KeyEventKind::Release => 3,
        KeyEventKind::Repeat if flags.has(KittyFlags::EVENT_TYPES) => 2,
        KeyEventKind::Repeat | KeyEventKind::Press => 1,
    };
    let modifiers = modifier_number(key.modifiers);
    if let Some(function) = Function::of(key.code) {
        return Some(functional(function, modifiers, event).into_bytes());
    }
    // Keys that make text, and the three that must work in a shell whatever the program left set, stay as they were.
    let plain = match key.code {
        KeyCode::Char(_) => (key.modifiers - KeyModifiers::SHIFT).is_empty() && !released,
        KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace if released => {
            return all.then(|| report(&key, flags, modifiers, event)).flatten();
        }
        KeyCode::Enter | KeyCode::Tab | KeyCode::Backspace => key.modifiers.is_empty(),
        _ => false,
    };
    let legacy_wanted =
        !flags.has(KittyFlags::DISAMBIGUATE) && !key.modifiers.intersects(other_modifiers()) && !released;
    if !all && (plain || legacy_wanted) {
        return legacy(&as_pressed(&key), modes);
    }
    report(&key, flags, modifiers, event)
}

/// A capital letter is its key with Shift, and back-tab is Tab with Shift.
fn unshifted(key: &KeyEvent) -> KeyEvent {
    let mut key = *key;
    match key.code {
        KeyCode::BackTab => {
            key.code = KeyCode::Tab;
            key.modifiers |= KeyModifiers::SHIFT;
        }
        KeyCode::Char(character) if character.is_uppercase() => {
            let mut lower = character.to_lowercase();
            if let (Some(lower), None) = (lower.next(), lower.next()) {
                key.code = KeyCode::Char(lower);
                key.modifiers |= KeyModifiers::SHIFT;
            }
        }
        _ => {}
    }
    key
}

/// The inverse of `unshifted`, as the legacy encoding takes keys.
fn as_pressed(key: &KeyEvent) -> KeyEvent {
    let mut key = *key;
    if key.modifiers.contains(KeyModifiers::SHIFT) {
        key.code = match key.code {
            KeyCode::Tab => KeyCode::BackTab,
            KeyCode::Char(character) => KeyCode::Char(shifted(character).unwrap_or(character)),
            other => other,
        };
    }
    key
}

fn shifted(character: char) -> Option<char> {
    let mut upper = character.to_uppercase();
    let first = upper.next().filter(|upper| *upper != character)?;
    upper.next().is_none().then_some(first)
}

/// Cursor and function keys keep their last byte and gain modifiers and event.
fn functional(function: Function, modifiers: u8, event: u8) -> String {
    let (number, last) = match function {
        // `CSI R` would be a cursor report.
        Function::F1To4('R') => (13, '~'),
        Function::Cursor(last) | Function::F1To4(last) => (1, last),
        Function::Numbered(number) => (number, '~'),
    };
    match (modifiers, event) {
        (1, 1) if number == 1 => format!("\x1b[{last}"),
        (1, 1) => format!("\x1b[{number}{last}"),
        (_, 1) => format!("\x1b[{number};{modifiers}{last}"),
        _ => format!("\x1b[{number};{modifiers}:{event}{last}"),
    }
}

/// `CSI code : shifted ; modifiers : event ; text u`, as far as the flags ask and the parts differ from the default.
fn report(key: &KeyEvent, flags: KittyFlags, modifiers: u8, event: u8) -> Option<Vec<u8>> {
    let code = code_point(key.code)?;
    let shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let typed = match key.code {
        KeyCode::Char(character) if shift => Some(shifted(character).unwrap_or(character)),
        KeyCode::Char(character) => Some(character),
        _ => None,
    };
    let alternate = typed
        .map(u32::from)
        .filter(|other| flags.has(KittyFlags::ALTERNATE_KEYS) && shift && *other != code)
        .map(|other| format!(":{other}"))
        .unwrap_or_default();
    let produced = typed.filter(|character| {
        let makes_text = (key.modifiers - KeyModifiers::SHIFT).is_empty() && event != 3 && !character.is_control();
        flags.has(KittyFlags::TEXT) && flags.has(KittyFlags::ALL_KEYS) && makes_text
    });
    let how = match (modifiers, event) {
        (1, 1) if produced.is_some() => ";".to_owned(),
        (1, 1) => String::new(),
        (_, 1) => format!(";{modifiers}"),
        _ => format!(";{modifiers}:{event}"),
    };
    let text = produced.map(|character| format!(";{}", u32::from(character))).unwrap_or_default();
    Some(format!("\x1b[{code}{alternate}{how}{text}u").into_bytes())
}

/// The number of a key, as the protocol's table has it.
fn code_point(code: KeyCode) -> Option<u32> {
    Some(match code {
        KeyCode::Char(character) => u32::from(character),
        KeyCode::Esc => 27,
        KeyCode::Enter => 13,
        KeyCode::Tab => 9,
        KeyCode::Backspace => 127,
        KeyCode::CapsLock => 57358,
        KeyCode::ScrollLock => 57359,
        KeyCode::NumLock => 57360,
        KeyCode::PrintScreen => 57361,
        KeyCode::Pause => 57362,
        KeyCode::Menu => 57363,
        KeyCode::F(number @ 21..=35) => 57363 + u32::from(number) - 12,
        KeyCode::Media(media) => media_code(media),
        KeyCode::Modifier(modifier) => modifier_code(modifier),
        _ => return None,
    })
}

fn media_code(media: MediaKeyCode) -> u32 {
    match media {
        MediaKeyCode::Play => 57428,
        MediaKeyCode::Pause => 57429,
        MediaKeyCode::PlayPause => 57430,
        MediaKeyCode::Reverse => 57431,
        MediaKeyCode::Stop => 57432,
        MediaKeyCode::FastForward => 57433,
        MediaKeyCode::Rewind => 57434,
        MediaKeyCode::TrackNext => 57435,
        MediaKeyCode::TrackPrevious => 57436,
        MediaKeyCode::Record => 57437,
        MediaKeyCode::LowerVolume => 57438,
        MediaKeyCode::RaiseVolume => 57439,
        MediaKeyCode::MuteVolume => 57440,
    }
}

fn modifier_code(modifier: ModifierKeyCode) -> u32 {
    match modifier {
        ModifierKeyCode::LeftShift => 57441,
        ModifierKeyCode::LeftControl => 57442,
        ModifierKeyCode::LeftAlt => 57443,
        ModifierKeyCode::LeftSuper => 57444,
        ModifierKeyCode::LeftHyper => 57445,
        ModifierKeyCode::LeftMeta => 57446,
        ModifierKeyCode::RightShift => 57447,
        ModifierKeyCode::RightControl => 57448,
        ModifierKeyCode::RightAlt => 57449,
        ModifierKeyCode::RightSuper => 57450,
        ModifierKeyCode::RightHyper => 57451,
        ModifierKeyCode::RightMeta => 57452,
        ModifierKeyCode::IsoLevel3Shift => 57453,
        ModifierKeyCode::IsoLevel5Shift => 57454,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode_with(code: KeyCode, modifiers: KeyModifiers, flags: u8) -> Option<String> {
        let modes = Modes { kitty: KittyFlags(flags), ..Modes::default() };
        encode(&KeyEvent::new(code, modifiers), &modes).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn alternate_keys_and_text_are_reported_when_asked_for() {
        let shifted_a = |flags| encode_with(KeyCode::Char('A'), KeyModifiers::SHIFT, flags);
        assert_eq!(shifted_a(8).as_deref(), Some("\x1b[97;2u"));
        assert_eq!(shifted_a(8 | 4).as_deref(), Some("\x1b[97:65;2u"));
        assert_eq!(shifted_a(8 | 16).as_deref(), Some("\x1b[97;2;65u"));
        assert_eq!(encode_with(KeyCode::Char('a'), KeyModifiers::NONE, 8 | 16).as_deref(), Some("\x1b[97;;97u"));
        assert_eq!(encode_with(KeyCode::Char('a'), KeyModifiers::CONTROL, 8 | 16).as_deref(), Some("\x1b[97;5u"));
    }

    #[test]
    fn event_types_alone_keep_the_legacy_bytes_of_presses() {
        assert_eq!(encode_with(KeyCode::Char('c'), KeyModifiers::CONTROL, 2).as_deref(), Some("\x03"));
        assert_eq!(
            encode_with(KeyCode::Char('B'), KeyModifiers::ALT | KeyModifiers::SHIFT, 2).as_deref(),
            Some("\x1bB")
        );
        assert_eq!(encode_with(KeyCode::BackTab, KeyModifiers::SHIFT, 2).as_deref(), Some("\x1b[Z"));
    }

    #[test]
    fn keys_without_a_legacy_form_have_a_number() {
        assert_eq!(encode_with(KeyCode::F(25), KeyModifiers::NONE, 1).as_deref(), Some("\x1b[57376u"));
        assert_eq!(encode_with(KeyCode::Menu, KeyModifiers::NONE, 1).as_deref(), Some("\x1b[57363u"));
        let shift = KeyCode::Modifier(ModifierKeyCode::LeftShift);
        assert_eq!(encode_with(shift, KeyModifiers::SHIFT, 1), None);
        assert_eq!(encode_with(shift, KeyModifiers::SHIFT, 8).as_deref(), Some("\x1b[57441;2u"));
    }
}
