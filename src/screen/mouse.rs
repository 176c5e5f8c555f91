//! Mouse and focus events as the bytes a program asked for; it never decides whose an event is.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::modes::{Modes, MouseEncoding, MouseTracking};

/// Lines that one step of the wheel scrolls a program that knows no mouse.
const WHEEL_LINES: usize = 3;

/// A mouse event at a cell of the screen, both counted from 0, or `None` when the program did not ask for it. Where it
/// asked for no mouse at all, the wheel becomes cursor keys on the alternate screen.
pub fn encode_mouse(event: &MouseEvent, column: u16, row: u16, modes: &Modes) -> Option<Vec<u8>> {
    if modes.mouse == MouseTracking::Off {
        return wheel_as_keys(event.kind, modes);
    }
    let (button, released) = match event.kind {
        MouseEventKind::Down(button) => (number(button), false),
        MouseEventKind::Up(button) => (number(button), true),
        MouseEventKind::Drag(button) if modes.mouse != MouseTracking::Press => (number(button) + 32, false),
        MouseEventKind::Moved if modes.mouse == MouseTracking::Motion => (3 + 32, false),
        MouseEventKind::Drag(_) | MouseEventKind::Moved => return None,
        MouseEventKind::ScrollUp => (64, false),
        MouseEventKind::ScrollDown => (65, false),
        MouseEventKind::ScrollLeft => (66, false),
        MouseEventKind::ScrollRight => (67, false),
    };
    let modifiers = [(KeyModifiers::SHIFT, 4), (KeyModifiers::ALT, 8), (KeyModifiers::CONTROL, 16)]
        .into_iter()
        .filter(|(modifier, _)| event.modifiers.contains(*modifier))
        .map(|(_, bit)| bit)
        .sum::<u8>();
    let (x, y) = (u32::from(column) + 1, u32::from(row) + 1);
    if modes.mouse_encoding == MouseEncoding::Sgr {
        let last = if released { 'm' } else { 'M' };
        return Some(format!("\x1b[<{};{x};{y}{last}", button + modifiers).into_bytes());
    }
    // The older forms cannot say which button went up.
    let button = if released { 3 } else { button };
    let mut bytes = b"\x1b[M".to_vec();
    for value in [u32::from(button + modifiers), x, y] {
        push_value(&mut bytes, value + 32, modes.mouse_encoding)?;
    }
    Some(bytes)
}

/// The focus report a program asked for (mode 1004), or `None`.
pub fn encode_focus(gained: bool, modes: &Modes) -> Option<&'static [u8]> {
    let report: &[u8] = if gained { b"\x1b[I" } else { b"\x1b[O" };
    modes.focus.then_some(report)
}

fn number(button: MouseButton) -> u8 {
    match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
    }
}

/// One value of the older forms; `None` when it is too large for them, and then there is no report.
fn push_value(bytes: &mut Vec<u8>, value: u32, encoding: MouseEncoding) -> Option<()> {
    if encoding == MouseEncoding::Utf8 {
        let character = char::from_u32(value).filter(|_| value <= 0x7ff)?;
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        bytes.push(u8::try_from(value).ok()?);
    }
    Some(())
}

fn wheel_as_keys(kind: MouseEventKind, modes: &Modes) -> Option<Vec<u8>> {
    if !(modes.alt_screen && modes.alternate_scroll) {
        return None;
    }
    let key: &[u8] = match (kind, modes.app_cursor) {
        (MouseEventKind::ScrollUp, false) => b"\x1b[A",
        (MouseEventKind::ScrollUp, true) => b"\x1bOA",
        (MouseEventKind::ScrollDown, false) => b"\x1b[B",
        (MouseEventKind::ScrollDown, true) => b"\x1bOB",
        _ => return None,
    };
    Some(key.repeat(WHEEL_LINES))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(kind: MouseEventKind, column: u16, modes: &Modes) -> Option<Vec<u8>> {
        let event = MouseEvent { kind, column: 99, row: 99, modifiers: KeyModifiers::CONTROL };
        encode_mouse(&event, column, 1, modes)
    }

    fn modes(mouse: MouseTracking, mouse_encoding: MouseEncoding) -> Modes {
        Modes { mouse, mouse_encoding, ..Modes::default() }
    }

    #[test]
    fn each_form_writes_buttons_and_places() {
        let left = MouseEventKind::Down(MouseButton::Left);
        let up = MouseEventKind::Up(MouseButton::Right);
        let sgr = modes(MouseTracking::Press, MouseEncoding::Sgr);
        assert_eq!(encode(left, 0, &sgr).as_deref(), Some(&b"\x1b[<16;1;2M"[..]));
        assert_eq!(encode(up, 299, &sgr).as_deref(), Some(&b"\x1b[<18;300;2m"[..]));
        let x10 = modes(MouseTracking::Press, MouseEncoding::X10);
        assert_eq!(encode(left, 0, &x10).as_deref(), Some(&b"\x1b[M0!\""[..]));
        assert_eq!(encode(up, 222, &x10).as_deref(), Some(&b"\x1b[M3\xff\""[..]));
        assert_eq!(encode(left, 223, &x10), None, "no byte can say so");
        let utf8 = modes(MouseTracking::Press, MouseEncoding::Utf8);
        assert_eq!(encode(left, 223, &utf8).as_deref(), Some("\x1b[M0\u{100}\"".as_bytes()));
        assert_eq!(encode(left, 2015, &utf8), None);
    }

    #[test]
    fn only_what_was_asked_for_is_sent() {
        let drag = MouseEventKind::Drag(MouseButton::Left);
        let asked = |mouse| {
            let modes = modes(mouse, MouseEncoding::Sgr);
            [MouseEventKind::Down(MouseButton::Left), MouseEventKind::ScrollUp, drag, MouseEventKind::Moved]
                .map(|kind| encode(kind, 0, &modes).is_some())
        };
        assert_eq!(asked(MouseTracking::Off), [false; 4]);
        assert_eq!(asked(MouseTracking::Press), [true, true, false, false]);
        assert_eq!(asked(MouseTracking::Drag), [true, true, true, false]);
        assert_eq!(asked(MouseTracking::Motion), [true; 4]);
    }

    #[test]
    fn the_wheel_moves_a_pager_that_knows_no_mouse() {
        let pager = Modes { alt_screen: true, alternate_scroll: true, app_cursor: true, ..Modes::default() };
        assert_eq!(encode(MouseEventKind::ScrollDown, 0, &pager).as_deref(), Some(&b"\x1bOB\x1bOB\x1bOB"[..]));
        assert_eq!(encode(MouseEventKind::Moved, 0, &pager), None);
        let shell = Modes { alternate_scroll: true, ..Modes::default() };
        assert_eq!(encode(MouseEventKind::ScrollUp, 0, &shell), None);
    }

    #[test]
    fn focus_is_reported_when_asked_for() {
        let modes = Modes { focus: true, ..Modes::default() };
        assert_eq!(encode_focus(true, &modes), Some(&b"\x1b[I"[..]));
        assert_eq!(encode_focus(false, &modes), Some(&b"\x1b[O"[..]));
        assert_eq!(encode_focus(true, &Modes::default()), None);
    }
}
