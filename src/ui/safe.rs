//! The last look at a frame: whatever a name, a file or a server has put into a text, no control character and nothing
//! that reorders or hides text leaves for the user's terminal.

use ratatui::buffer::Buffer;

use crate::screen::is_printable;

/// Blanks every cell whose symbol holds such a character.
pub(super) fn make_safe(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        // Nearly all cells hold one printable ASCII character.
        let plain = matches!(symbol.as_bytes(), [b' '..=b'~']);
        if !plain && !symbol.chars().all(is_printable) {
            let kept: String = symbol.chars().filter(|c| is_printable(*c)).collect();
            cell.set_symbol(if kept.is_empty() { " " } else { &kept });
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn only_what_is_printable_stays() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 1));
        buffer.set_string(0, 0, "né 你a\u{e0041}b\u{200b}c\u{202e}d", Style::new());
        buffer[(11, 0)].set_symbol("\u{1b}[2J");
        make_safe(&mut buffer);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.starts_with("né 你") && text.ends_with("[2J"), "{text:?}");
        assert!(text.chars().all(is_printable), "{text:?}");
        assert!(["a", "b", "c", "d"].iter().all(|letter| text.contains(letter)), "{text:?}");
    }
}
