//! Text that a program wants on the user's clipboard (OSC 52), read from its base64 and cleaned; nothing is copied here.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::cell::is_printable;

/// The text, or `None` where it is none. Tabs and line ends stay; other control characters, and what would reorder or
/// hide text where it is pasted, do not.
pub(super) fn clipboard_text(base64: &[u8]) -> Option<String> {
    let text = String::from_utf8(STANDARD.decode(base64).ok()?).ok()?;
    let clean: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || is_printable(*c)).collect();
    Some(clean).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_is_taken_and_cleaned() {
        let encoded = |text: &str| STANDARD.encode(text).into_bytes();
        assert_eq!(clipboard_text(&encoded("a\tb\r\nc\u{1b}[31m\u{202e}")).as_deref(), Some("a\tb\nc[31m"));
        assert_eq!(clipboard_text(&encoded("\u{7}")), None);
        assert_eq!(clipboard_text(b"not base64!"), None);
        assert_eq!(clipboard_text(&STANDARD.encode([0xff, 0xfe]).into_bytes()), None);
    }
}
