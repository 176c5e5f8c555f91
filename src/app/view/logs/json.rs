//! Lines that are JSON objects, readable: time, level, message, then the rest as key=value; unfolded, every key on a line
//! of its own. Pure.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::app::reader::{Line, Tone};
use crate::cluster::printable;

const TIME: [&str; 7] = ["time", "ts", "timestamp", "@timestamp", "datetime", "t", "date"];
const LEVEL: [&str; 6] = ["level", "lvl", "severity", "loglevel", "log.level", "levelname"];
const MESSAGE: [&str; 4] = ["msg", "message", "@message", "event"];

/// The most lines that an object unfolds to.
const LINES_MAX: usize = 500;
/// Levels as a row of letters have this width.
const LEVEL_WIDTH: usize = 5;

/// Whether a line may be an object; nothing else is parsed.
pub(super) fn may_be_object(text: &str) -> bool {
    text.starts_with('{') && text.trim_end().ends_with('}')
}

fn object(text: &str) -> Option<Map<String, Value>> {
    may_be_object(text).then(|| serde_json::from_str(text).ok()).flatten()
}

/// The object in one line; `None` if it is none.
pub(super) fn folded(text: &str) -> Option<Line> {
    let mut object = object(text)?;
    let mut take = |names: &[&str]| {
        let name = names.iter().find(|name| object.contains_key(**name))?;
        object.shift_remove(*name)
    };
    let (time, level, message) = (take(&TIME), take(&LEVEL), take(&MESSAGE));
    let mut line = Line::default();
    if let Some(time) = time {
        line = line.with(Tone::Faint, time_words(&time)).with(Tone::Plain, " ");
    }
    if let Some(level) = level {
        let (tone, words) = level_words(&level);
        line = line.with(tone, format!("{words:LEVEL_WIDTH$}")).with(Tone::Plain, " ");
    }
    if let Some(message) = message {
        line = line.with(Tone::Plain, bare(&message));
    }
    for (key, value) in &object {
        let before = if line.spans.is_empty() { "" } else { " " };
        line = line.with(Tone::Key, format!("{before}{}=", printable(key)));
        line = line.with(tone(value), quoted(value));
    }
    Some(line)
}

/// The object with every key on a line of its own, without the outermost braces; `None` if it is none.
pub(super) fn unfolded(text: &str) -> Option<Vec<Line>> {
    let object = object(text)?;
    let mut lines = Vec::new();
    entries(&object, 1, &mut lines);
    if lines.len() > LINES_MAX {
        lines.truncate(LINES_MAX);
        lines.push(Line::of(Tone::Faint, "  …"));
    }
    Some(lines)
}

fn entries(object: &Map<String, Value>, depth: usize, lines: &mut Vec<Line>) {
    for (key, value) in object {
        if lines.len() > LINES_MAX {
            return;
        }
        let head = Line::of(Tone::Plain, "  ".repeat(depth)).with(Tone::Key, format!("{}: ", printable(key)));
        nested(head, value, depth, lines);
    }
}

fn nested(head: Line, value: &Value, depth: usize, lines: &mut Vec<Line>) {
    match value {
        Value::Object(inner) if !inner.is_empty() => {
            lines.push(head);
            entries(inner, depth + 1, lines);
        }
        Value::Array(items) if !items.is_empty() => {
            lines.push(head);
            for item in items {
                if lines.len() > LINES_MAX {
                    return;
                }
                nested(Line::of(Tone::Plain, "  ".repeat(depth + 1)).with(Tone::Faint, "- "), item, depth + 1, lines);
            }
        }
        // A stack trace is read line by line.
        Value::String(text) if text.contains('\n') => {
            lines.push(head);
            let indented = |part: &str| Line::of(Tone::Text, format!("{}{}", "  ".repeat(depth + 1), printable(part)));
            lines.extend(text.lines().take(LINES_MAX).map(indented));
        }
        value => lines.push(head.with(tone(value), bare(value))),
    }
}

fn tone(value: &Value) -> Tone {
    match value {
        Value::String(_) => Tone::Text,
        Value::Number(_) | Value::Bool(_) | Value::Null => Tone::Number,
        Value::Array(_) | Value::Object(_) => Tone::Plain,
    }
}

fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text).into_owned(),
        value => printable(&value.to_string()).into_owned(),
    }
}

/// Text with blanks in quotes, so that it is seen where it ends.
fn quoted(value: &Value) -> String {
    match value {
        Value::String(text)
            if !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == '"' || c == '=') =>
        {
            printable(text).into_owned()
        }
        value => printable(&value.to_string()).into_owned(),
    }
}

/// A time as it is written, or one counted in seconds, milli-, micro- or nanoseconds since 1970.
fn time_words(value: &Value) -> String {
    let Some(number) = value.as_f64() else { return bare(value) };
    // Each of these ranges is some hundred years around now.
    let seconds = match number.abs() {
        size if size < 1e8 => return bare(value),
        size if size < 1e11 => number,
        size if size < 1e14 => number / 1e3,
        size if size < 1e17 => number / 1e6,
        _ => number / 1e9,
    };
    #[expect(clippy::cast_possible_truncation, reason = "a cast from f64 saturates, and then it is no time")]
    let time = Timestamp::from_millisecond((seconds * 1e3).round() as i64);
    time.map_or_else(|_| bare(value), |time| format!("{time:.3}"))
}

fn level_words(value: &Value) -> (Tone, String) {
    // Numbers as bunyan and pino have them.
    let words = match value.as_u64() {
        Some(10) => "TRACE".to_owned(),
        Some(20) => "DEBUG".to_owned(),
        Some(30) => "INFO".to_owned(),
        Some(40) => "WARN".to_owned(),
        Some(50) => "ERROR".to_owned(),
        Some(60) => "FATAL".to_owned(),
        _ => bare(value).to_uppercase(),
    };
    let is = |beginnings: &[&str]| beginnings.iter().any(|beginning| words.starts_with(beginning));
    let tone = if is(&["ERR", "FATAL", "CRIT", "PANIC", "DPANIC", "EMERG", "ALERT", "SEVERE"]) {
        Tone::Bad
    } else if is(&["WARN"]) {
        Tone::Changing
    } else if is(&["INFO", "NOTICE"]) {
        Tone::Good
    } else {
        Tone::Faint
    };
    (tone, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded_text(text: &str) -> Option<String> {
        folded(text).map(|line| line.text())
    }

    #[test]
    fn what_is_read_first_stands_first() {
        let line =
            r#"{"order":17,"level":"error","msg":"payment failed","ts":1763805851.25,"err":"no funds","ok":false}"#;
        let expected = "2025-11-22T10:04:11.250Z ERROR payment failed order=17 err=\"no funds\" ok=false";
        assert_eq!(folded_text(line).as_deref(), Some(expected));
        assert!(folded(line).unwrap().spans.iter().any(|span| span.tone == Tone::Bad && span.text == "ERROR"));
        let pino = r#"{"level":40,"time":1763805851250,"msg":"slow","a":{"b":[1]}}"#;
        assert_eq!(folded_text(pino).as_deref(), Some("2025-11-22T10:04:11.250Z WARN  slow a={\"b\":[1]}"));
    }

    #[test]
    fn what_is_no_object_is_left_alone() {
        for text in ["", "{", "{}x", "[1]", "{not json}", "plain"] {
            assert_eq!(folded_text(text), None, "{text}");
        }
        assert_eq!(folded_text("{}").as_deref(), Some(""));
        assert_eq!(folded_text(&"{\"a\":".repeat(5000)), None);
        let deep = format!("{}1{}", "{\"a\":".repeat(5000), "}".repeat(5000));
        assert_eq!(folded_text(&deep), None, "a hostile depth is no object");
    }

    #[test]
    fn unfolded_every_key_has_a_line() {
        let lines = unfolded(r#"{"msg":"x","http":{"status":500,"tags":["a",{"b":1}]},"trace":"one\ntwo"}"#).unwrap();
        let text: Vec<String> = lines.iter().map(Line::text).collect();
        let expected = [
            "  msg: x",
            "  http: ",
            "    status: 500",
            "    tags: ",
            "      - a",
            "      - ",
            "        b: 1",
            "  trace: ",
            "    one",
            "    two",
        ];
        assert_eq!(text, expected);
        let keys: Vec<String> = (0..2000).map(|n| format!("\"k{n}\":{n}")).collect();
        let large = format!("{{{}}}", keys.join(","));
        assert!(unfolded(&large).unwrap().len() <= LINES_MAX + 1);
    }

    #[test]
    fn nothing_in_json_keeps_its_escapes() {
        let line = r#"{"msg":"a\u001b[2Jb","k\u0007":"\u202e"}"#;
        let whole: Vec<String> = unfolded(line).unwrap().iter().map(Line::text).chain(folded_text(line)).collect();
        assert!(!whole.concat().chars().any(|c| c.is_control() || c == '\u{202e}'), "{whole:?}");
    }
}
