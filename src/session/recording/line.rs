//! The lines of an asciicast file: header and events as JSON, written in version 2, read in versions 2 and 3; it never
//! touches a file.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::utf8::Utf8Stream;
use super::{About, Event};

/// The most bytes of output in one line, so that each line is one short write.
const PIECE: usize = 4 * 1024;
/// The longest time an event of a file may claim, in seconds: some thirty years.
const LATEST: f64 = 1e9;

/// The first line of a recording, with its line feed.
pub(super) fn header(about: &About) -> Vec<u8> {
    let mut of = json!({ "context": about.context, "namespace": about.namespace });
    for (name, value) in [("pod", &about.pod), ("container", &about.container), ("image", &about.image)] {
        if let Some(value) = value {
            of[name] = json!(value);
        }
    }
    let header = json!({
        "version": 2,
        "width": about.columns,
        "height": about.rows,
        "timestamp": about.timestamp,
        "title": about.title,
        "env": { "TERM": "xterm-256color" },
        "bathyscope": of,
    });
    format!("{header}\n").into_bytes()
}

/// Turns events into lines.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    output: Utf8Stream,
    input: Utf8Stream,
}

impl Encoder {
    /// The lines of an event, each with its line feed; none while a character is not all there.
    pub(super) fn lines(&mut self, at: Duration, event: &Event) -> Vec<String> {
        match event {
            Event::Output(bytes) => {
                bytes.chunks(PIECE).filter_map(|piece| text(at, "o", &self.output.push(piece))).collect()
            }
            Event::Input(bytes) => {
                bytes.chunks(PIECE).filter_map(|piece| text(at, "i", &self.input.push(piece))).collect()
            }
            Event::Resized { columns, rows } => vec![line(at, "r", &format!("{columns}x{rows}"))],
            Event::Marked(label) => vec![line(at, "m", label)],
            Event::Anew(label, screen) => {
                let mut lines: Vec<String> = self.finish(at);
                lines.push(line(at, "m", label));
                // RIS: nothing of before is left.
                lines.push(line(at, "o", "\x1bc"));
                lines.extend(screen.chunks(PIECE).filter_map(|piece| text(at, "o", &self.output.push(piece))));
                lines
            }
        }
    }

    /// What is left at the end.
    pub(super) fn finish(&mut self, at: Duration) -> Vec<String> {
        [text(at, "o", &self.output.finish()), text(at, "i", &self.input.finish())].into_iter().flatten().collect()
    }
}

fn text(at: Duration, code: &str, text: &str) -> Option<String> {
    (!text.is_empty()).then(|| line(at, code, text))
}

fn line(at: Duration, code: &str, data: &str) -> String {
    format!("[{}.{:06}, \"{code}\", {}]\n", at.as_secs(), at.subsec_micros(), serde_json::Value::from(data))
}

/// A file's header as far as a player needs it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ReadHeader {
    pub(super) version: u64,
    pub(super) columns: u16,
    pub(super) rows: u16,
    pub(super) timestamp: Option<i64>,
    pub(super) title: Option<String>,
    pub(super) idle_time_limit: Option<f64>,
    pub(super) about: Vec<(String, String)>,
}

/// Reads the first line of a file.
///
/// # Errors
/// What is wrong with it, for a person.
pub(super) fn read_header(text: &[u8]) -> Result<ReadHeader, String> {
    #[derive(Deserialize)]
    struct Term {
        cols: u64,
        rows: u64,
    }
    #[derive(Deserialize)]
    struct Raw {
        version: u64,
        width: Option<u64>,
        height: Option<u64>,
        term: Option<Term>,
        timestamp: Option<serde_json::Number>,
        title: Option<String>,
        idle_time_limit: Option<f64>,
        bathyscope: Option<serde_json::Map<String, serde_json::Value>>,
    }
    #[derive(Deserialize)]
    struct Version {
        version: u64,
    }
    let version = serde_json::from_slice::<Version>(text).map_err(|_| "it is no asciicast file".to_owned())?.version;
    if !matches!(version, 2 | 3) {
        return Err(format!("it is asciicast version {version}; versions 2 and 3 can be played"));
    }
    let raw: Raw = serde_json::from_slice(text).map_err(|error| format!("its header is broken: {error}"))?;
    let size = match (raw.version, raw.width, raw.height, raw.term) {
        (2, Some(columns), Some(rows), _) => (columns, rows),
        (3, _, _, Some(term)) => (term.cols, term.rows),
        _ => return Err("its header says no size of the terminal".to_owned()),
    };
    let about = raw.bathyscope.unwrap_or_default();
    let about = about.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
    Ok(ReadHeader {
        version: raw.version,
        columns: u16::try_from(size.0).unwrap_or(u16::MAX),
        rows: u16::try_from(size.1).unwrap_or(u16::MAX),
        timestamp: raw.timestamp.and_then(|number| number.as_i64()),
        title: raw.title,
        idle_time_limit: raw.idle_time_limit,
        about: about.take(16).collect(),
    })
}

/// One event of a file as it stands there: its time in seconds, its code, its data.
#[derive(Debug, PartialEq)]
pub(super) struct ReadEvent {
    pub(super) time: Duration,
    pub(super) code: String,
    pub(super) data: String,
}

/// Reads an event's line.
///
/// # Errors
/// What is wrong with it, for a person.
pub(super) fn read_event(text: &[u8]) -> Result<ReadEvent, String> {
    let (time, code, data): (f64, String, String) =
        serde_json::from_slice(text).map_err(|_| "it is no event: [time, \"code\", \"data\"]".to_owned())?;
    if !(0.0..LATEST).contains(&time) {
        return Err(format!("its time {time} cannot be"));
    }
    Ok(ReadEvent { time: Duration::from_secs_f64(time), code, data })
}

/// Reads the data of a resize.
pub(super) fn read_size(data: &str) -> Option<(u16, u16)> {
    let (columns, rows) = data.split_once('x')?;
    Some((columns.trim().parse().ok()?, rows.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn events_are_lines_of_json() {
        let mut encoder = Encoder::default();
        let at = Duration::from_micros(1_500_001);
        let output = |bytes: &'static [u8]| Event::Output(Bytes::from_static(bytes));
        assert_eq!(encoder.lines(at, &output(b"a\x1b[m\"\n\xe4")), ["[1.500001, \"o\", \"a\\u001b[m\\\"\\n\"]\n"]);
        assert_eq!(encoder.lines(at, &output(b"\xbd\xa0")), ["[1.500001, \"o\", \"\u{4f60}\"]\n"]);
        assert_eq!(encoder.lines(at, &Event::Resized { columns: 100, rows: 50 }), ["[1.500001, \"r\", \"100x50\"]\n"]);
        assert!(encoder.lines(at, &output(b"\xff\xe4"))[0].contains('\u{fffd}'));
        assert_eq!(encoder.finish(at), ["[1.500001, \"o\", \"\u{fffd}\"]\n"]);
    }

    #[test]
    fn headers_of_both_versions_are_read() {
        let two =
            read_header(br#"{"version":2,"width":80,"height":24,"timestamp":1504467315,"env":{}}"#).expect("good");
        assert_eq!((two.columns, two.rows, two.timestamp), (80, 24, Some(1_504_467_315)));
        let three =
            read_header(br#"{"version":3,"term":{"cols":100,"rows":50,"type":"x"},"title":"t"}"#).expect("good");
        assert_eq!((three.columns, three.rows, three.title.as_deref()), (100, 50, Some("t")));
        for (text, said) in [
            (&b"{\"version\":1,\"stdout\":[]}"[..], "version 1"),
            (b"{\"version\":2,\"width\":80}", "no size"),
            (b"hello", "no asciicast"),
            (b"", "no asciicast"),
        ] {
            let mistake = read_header(text).expect_err(said);
            assert!(mistake.contains(said), "{mistake}");
        }
    }

    #[test]
    fn impossible_events_are_refused() {
        for text in
            ["[1e999, \"o\", \"\"]", "[-1, \"o\", \"\"]", "[1e300, \"o\", \"\"]", "[1, \"o\"]", "{}", "", "[1,\"o\",5]"]
        {
            assert!(read_event(text.as_bytes()).is_err(), "{text}");
        }
    }
}
