//! The parts of YAML told apart: keys, text, numbers, comments; it reads lines as a writer made them and parses no document.

use crate::app::reader::{Line, Tone};
use crate::cluster::printable;

/// The lines of a document that a writer made.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut block = None;
    text.lines().map(|line| highlighted(&printable(line), &mut block)).collect()
}

/// A line; `block` is the column of the key whose text goes on over the lines below.
fn highlighted(line: &str, block: &mut Option<usize>) -> Line {
    let indent = line.len() - line.trim_start().len();
    match *block {
        Some(column) if line.trim().is_empty() || indent > column => return Line::of(Tone::Text, line),
        _ => *block = None,
    }
    // A dash without a blank behind it is a part of the value.
    let behind_dashes = |rest: &str| rest.strip_prefix("- ").map(|rest| line.len() - rest.trim_start().len());
    let mut at = indent;
    while let Some(next) = behind_dashes(&line[at..]) {
        at = next;
    }
    let (before, rest) = line.split_at(at);
    let before = Line::of(Tone::Faint, before);
    let Some((key, value)) = split(rest) else { return before.with(tone(rest), rest) };
    if matches!(value.trim_start().bytes().next(), Some(b'|' | b'>')) {
        *block = Some(at);
    }
    let line = before.with(Tone::Key, key).with(Tone::Faint, ":");
    if value.is_empty() { line } else { line.with(tone(value.trim()), value) }
}

/// The key of a line and what stands behind its colon.
fn split(line: &str) -> Option<(&str, &str)> {
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    let from = match quote {
        Some(quote) => line[1..].find(quote)? + 2,
        None => 0,
    };
    let at = from + line[from..].find(": ").or_else(|| line[from..].strip_suffix(':').map(str::len))?;
    // Behind a quoted key comes its colon and nothing else.
    (quote.is_none() || at == from).then(|| (&line[..at], &line[at + 1..]))
}

fn tone(value: &str) -> Tone {
    let number = || value.parse::<f64>().is_ok() && value.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match value {
        "true" | "false" | "null" | "~" | "{}" | "[]" => Tone::Number,
        _ if number() => Tone::Number,
        _ => Tone::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let mark = |tone| match tone {
            Tone::Key => 'k',
            Tone::Text => 't',
            Tone::Number => 'n',
            _ => '.',
        };
        let line = |line: Line| {
            line.spans.iter().flat_map(|span| span.text.chars().map(|_| mark(span.tone)).collect::<Vec<_>>()).collect()
        };
        lines(text).into_iter().map(line).collect()
    }

    #[test]
    fn keys_values_and_numbers_are_told_apart() {
        assert_eq!(told("name: web"), ["kkkk.tttt"]);
        assert_eq!(told("  - port: 80"), ["....kkkk.nnn"]);
        assert_eq!(told("- -1"), ["..nn"]);
        assert_eq!(told("args:\n- --level=1"), ["kkkk.", "..ttttttttt"]);
        assert_eq!(told("\"a: b\": c"), ["kkkkkk.tt"]);
        assert_eq!(told("ready: true"), ["kkkkk.nnnnn"]);
    }

    #[test]
    fn the_lines_of_a_block_are_text() {
        let text = "a:\n  script: |\n    if: x\n\n    then: 1\n  b: 2";
        assert_eq!(told(text), ["k.", "..kkkkkk.tt", "ttttttttt", "", "ttttttttttt", "..k.nn"]);
    }
}
