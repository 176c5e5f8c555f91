//! What a line's escape sequences say of its colours; every other one is left out, so that nothing but text is left; pure.

use std::str::Chars;

use crate::app::reader::Look;
use crate::cluster::printable;
use crate::screen::{Color, Underline};

/// The most changes of colour in a line that are kept.
const CHANGES_MAX: usize = 512;
/// Columns between two tab stops.
const TAB: usize = 8;

/// From this byte of the text on it looks like this.
pub(super) type Change = (u32, Look);

/// The text of a line without control characters, and how its writer wanted it to look.
pub(super) fn plain(raw: &str) -> (String, Vec<Change>) {
    let (mut text, mut changes) = (String::with_capacity(raw.len()), Vec::new());
    let mut look = Look::default();
    let mut rest = raw;
    while let Some(at) = rest.find(|c: char| c == '\t' || c == '\u{1b}' || ('\u{80}'..='\u{9f}').contains(&c)) {
        text.push_str(&printable(&rest[..at]));
        let mut chars = rest[at..].chars();
        match chars.next() {
            Some('\t') => {
                // Columns are characters here: near enough, and the same in every pane.
                let column = text.chars().count();
                text.extend(std::iter::repeat_n(' ', TAB - column % TAB));
            }
            Some('\u{1b}') => {
                if let Some(parameters) = escape(&mut chars) {
                    look = rendition(look, parameters);
                    note(&mut changes, text.len(), look);
                }
            }
            Some('\u{9b}') => {
                if let Some(parameters) = control_sequence(&mut chars) {
                    look = rendition(look, parameters);
                    note(&mut changes, text.len(), look);
                }
            }
            Some('\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}') => string(&mut chars),
            _ => {}
        }
        rest = chars.as_str();
    }
    text.push_str(&printable(rest));
    if changes.iter().all(|(_, look)| *look == Look::default()) {
        changes.clear();
    }
    (text, changes)
}

fn note(changes: &mut Vec<Change>, at: usize, look: Look) {
    let Ok(at) = u32::try_from(at) else { return };
    let full = changes.len() >= CHANGES_MAX;
    match changes.last_mut() {
        Some(last) if last.0 == at => last.1 = look,
        _ if full => {}
        _ => changes.push((at, look)),
    }
}

/// Reads on behind ESC; the parameters of a sequence that sets colours (SGR).
fn escape<'a>(chars: &mut Chars<'a>) -> Option<&'a str> {
    match chars.clone().next()? {
        '[' => {
            chars.next();
            control_sequence(chars)
        }
        ']' | 'P' | 'X' | '^' | '_' => {
            string(chars);
            None
        }
        _ => {
            // Intermediate characters and one final.
            while chars.next().is_some_and(|c| (' '..='/').contains(&c)) {}
            None
        }
    }
}

fn control_sequence<'a>(chars: &mut Chars<'a>) -> Option<&'a str> {
    let parameters = chars.as_str();
    let length = parameters.find(|c: char| !(' '..='?').contains(&c)).unwrap_or(parameters.len());
    *chars = parameters[length..].chars();
    // What is no final character ends the sequence and counts for itself.
    let last = chars.clone().next().filter(|c| ('@'..='~').contains(c))?;
    chars.next();
    let parameters = &parameters[..length];
    (last == 'm' && !parameters.starts_with(['<', '=', '>', '?'])).then_some(parameters)
}

/// Reads over a string that ends with ST or BEL; with the line at the latest.
fn string(chars: &mut Chars<'_>) {
    while let Some(c) = chars.next() {
        if matches!(c, '\u{7}' | '\u{9c}') {
            return;
        }
        if c == '\u{1b}' {
            if chars.clone().next() == Some('\\') {
                chars.next();
            }
            return;
        }
    }
}

/// The look after these parameters of SGR.
fn rendition(mut look: Look, parameters: &str) -> Look {
    let mut codes = parameters.split([';', ':']).map(|code| if code.is_empty() { Some(0) } else { code.parse().ok() });
    while let Some(code) = codes.next() {
        let Some(code) = code else { continue };
        let code: u8 = code;
        match code {
            0 => look = Look::default(),
            1 => look.attributes.bold = true,
            2 => look.attributes.dim = true,
            3 => look.attributes.italic = true,
            4 => look.attributes.underline = Underline::Single,
            7 => look.attributes.inverse = true,
            9 => look.attributes.strike = true,
            22 => (look.attributes.bold, look.attributes.dim) = (false, false),
            23 => look.attributes.italic = false,
            24 => look.attributes.underline = Underline::None,
            27 => look.attributes.inverse = false,
            29 => look.attributes.strike = false,
            30..=37 => look.fg = Color::Indexed(code - 30),
            40..=47 => look.bg = Color::Indexed(code - 40),
            90..=97 => look.fg = Color::Indexed(code - 82),
            100..=107 => look.bg = Color::Indexed(code - 92),
            39 => look.fg = Color::Default,
            49 => look.bg = Color::Default,
            38 | 48 => {
                let mut next = || codes.next().flatten();
                let color = match next() {
                    Some(5) => next().map(Color::Indexed),
                    Some(2) => match (next(), next(), next()) {
                        (Some(red), Some(green), Some(blue)) => Some(Color::Rgb(red, green, blue)),
                        _ => None,
                    },
                    _ => None,
                };
                let Some(color) = color else { continue };
                if code == 38 { look.fg = color } else { look.bg = color }
            }
            _ => {}
        }
    }
    look
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::screen::Attributes;

    #[test]
    fn colours_stay_and_everything_else_goes() {
        let (text, changes) =
            plain("a \u{1b}[1;31mred\u{1b}[0m \u{1b}]0;title\u{7}b\u{1b}[2Jc\u{1b}(Bd\u{1b}[38;5;200me");
        assert_eq!(text, "a red bcde");
        let bold = Attributes { bold: true, ..Attributes::default() };
        let red = Look { fg: Color::Indexed(1), attributes: bold, ..Look::default() };
        let pink = Look { fg: Color::Indexed(200), ..Look::default() };
        assert_eq!(changes, [(2, red), (5, Look::default()), (9, pink)]);
        assert_eq!(plain("\u{9b}32mok\u{1b}[m").1[0].1.fg, Color::Indexed(2));
        assert_eq!(plain("\u{1b}[48;2;1;2;3mx").1[0].1.bg, Color::Rgb(1, 2, 3));
    }

    #[test]
    fn ordinary_lines_have_no_changes() {
        assert_eq!(plain("naïve ☃"), ("naïve ☃".to_owned(), Vec::new()));
        assert_eq!(plain("\u{1b}[0mplain\u{1b}[0m"), ("plain".to_owned(), Vec::new()));
        assert_eq!(plain("a\tb\rc\u{0}\u{202e}d").0, "a       b cd");
    }

    #[test]
    fn what_never_ends_takes_the_rest_of_its_line_at_most() {
        for raw in ["x\u{1b}]0;never", "x\u{1b}[12", "x\u{1b}", "x\u{1b}P1", "x\u{1b}["] {
            assert_eq!(plain(raw).0, "x", "{raw:?}");
        }
        assert_eq!(plain("\u{1b}[3é").0, "é", "a sequence ends where it cannot go on");
    }

    proptest! {
        #[test]
        fn nothing_but_text_comes_through(raw in r"[\x00-\x1f\x1b\[\]a-z0-9;é\x7f\u{80}-\u{9f}\u{202e}]{0,60}") {
            let (text, changes) = plain(&raw);
            prop_assert!(!text.chars().any(char::is_control), "{:?}", text);
            for (at, _) in changes {
                prop_assert!(text.is_char_boundary(at as usize));
            }
        }
    }
}
