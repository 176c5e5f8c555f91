//! Reads asciicast files, version 2 and 3, of any size and from anybody: a piece at a time, lines bounded, the first broken
//! line ends the recording with its number; it never loads a file whole.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::line::{ReadHeader, read_event, read_header, read_size};

/// The longest line that is read; what a program prints comes in far shorter ones.
const LINE_LIMIT: u64 = 16 * 1024 * 1024;
/// The most markers of a file that are kept.
pub const MARKERS_KEPT: usize = 10_000;
/// The longest label of a marker that is kept, in characters.
const LABEL_KEPT: usize = 200;

/// What a player needs of a file's header.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The width of the terminal.
    pub columns: u16,
    /// Its height.
    pub rows: u16,
    /// When it began, in seconds since 1970.
    pub timestamp: Option<i64>,
    /// What it is called; printable.
    pub title: Option<String>,
    /// The names and values under our own key: context, namespace, pod, container, image; printable.
    pub about: Vec<(String, String)>,
    /// The longest pause that is played, by the file's own wish.
    pub idle_limit: Option<Duration>,
}

/// A place between two events of a file, to go on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Bytes before it.
    offset: u64,
    /// Lines before it.
    line: u64,
    /// Events before it.
    pub event: u64,
    /// The time of the event before it in the file.
    recorded: Duration,
    /// The time at which that event is played: pauses are cut to the limit.
    pub at: Duration,
}

/// An event as it is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Played {
    /// The place behind it; its time is the event's own.
    pub after: Place,
    /// What happened.
    pub kind: PlayedKind,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlayedKind {
    /// The terminal was sent this.
    Output(String),
    /// The terminal has this size, columns and rows, now.
    Resized(u16, u16),
    /// A marker, with its label; printable.
    Marked(String),
    /// Input, an exit code, or something of another program's: nothing to be seen.
    Other,
}

/// Events in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// The events.
    pub events: Vec<Played>,
    /// Set once there are no more.
    pub ending: Option<Ending>,
}

/// How a recording ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With its last whole line.
    Whole,
    /// In the middle of its last line, as when its writer was killed.
    Torn {
        /// The line's number, from 1.
        line: u64,
    },
    /// At a line that cannot be understood, or not be read.
    Broken {
        /// The line's number, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// A file that is being read.
#[derive(Debug)]
pub struct Reader {
    input: BufReader<File>,
    header: Header,
    /// Version 3 counts times from the event before.
    relative: bool,
    idle_limit: Option<Duration>,
    first: Place,
    place: Place,
}

impl Reader {
    /// Opens a recording. Pauses longer than `idle_limit`, or than the file's own limit where that is `None`, are cut.
    ///
    /// # Errors
    /// Why it cannot be played, for a person.
    pub fn open(path: &Path, idle_limit: Option<Duration>) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        if !file.metadata().map_err(|error| error.to_string())?.is_file() {
            return Err("it is no regular file".to_owned());
        }
        let mut input = BufReader::with_capacity(64 * 1024, file);
        let mut line = Vec::new();
        (&mut input).take(LINE_LIMIT).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        let ReadHeader { version, columns, rows, timestamp, title, idle_time_limit, about } = read_header(&line)?;
        let own_limit = idle_time_limit.and_then(|limit| Duration::try_from_secs_f64(limit).ok());
        let header = Header {
            columns,
            rows,
            timestamp,
            title: title.map(|title| label(&title)),
            about: about.iter().map(|(name, value)| (label(name), label(value))).collect(),
            idle_limit: own_limit,
        };
        let first = Place { offset: line.len() as u64, line: 1, ..Place::default() };
        let idle_limit = idle_limit.or(own_limit);
        Ok(Self { input, header, relative: version == 3, idle_limit, first, place: first })
    }

    /// The file's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The place before the first event.
    pub fn first(&self) -> Place {
        self.first
    }

    /// Goes on reading at a place of this file.
    ///
    /// # Errors
    /// When the file cannot be read any more.
    pub fn go_to(&mut self, place: Place) -> io::Result<()> {
        self.input.seek(SeekFrom::Start(place.offset))?;
        self.place = place;
        Ok(())
    }

    /// Reads events of about so many bytes of the file.
    pub fn read(&mut self, bytes: u64) -> Batch {
        let mut batch = Batch::default();
        let until = self.place.offset.saturating_add(bytes);
        while batch.ending.is_none() && self.place.offset < until {
            match self.next() {
                Ok(Some(event)) => batch.events.push(event),
                Ok(None) => {}
                Err(ending) => batch.ending = Some(ending),
            }
        }
        batch
    }

    /// The next line's event; `None` for a line without one.
    fn next(&mut self) -> Result<Option<Played>, Ending> {
        let number = self.place.line + 1;
        let broken = |why: String| Ending::Broken { line: number, why };
        let mut line = Vec::new();
        let read = (&mut self.input).take(LINE_LIMIT).read_until(b'\n', &mut line);
        let length = read.map_err(|error| broken(error.to_string()))? as u64;
        if length == 0 {
            return Err(Ending::Whole);
        }
        let whole = line.last() == Some(&b'\n');
        if !whole && length == LINE_LIMIT {
            return Err(broken(format!("it is longer than {} MiB", LINE_LIMIT >> 20)));
        }
        // The last line may lack its line feed and be whole all the same.
        let is_comment = line.first() == Some(&b'#') || line.trim_ascii().is_empty();
        let event = match read_event(&line) {
            _ if is_comment => None,
            Ok(event) => Some(event),
            Err(_) if !whole => return Err(Ending::Torn { line: number }),
            Err(why) => return Err(broken(why)),
        };
        self.place.offset += length;
        self.place.line = number;
        let Some(event) = event else { return Ok(None) };
        // Times that go back are those of the event before.
        let recorded =
            if self.relative { self.place.recorded + event.time } else { event.time.max(self.place.recorded) };
        let pause = recorded.saturating_sub(self.place.recorded);
        self.place.at += self.idle_limit.map_or(pause, |limit| pause.min(limit));
        self.place.recorded = recorded;
        self.place.event += 1;
        let kind = match event.code.as_str() {
            "o" => PlayedKind::Output(event.data),
            "m" => PlayedKind::Marked(label(&event.data)),
            "r" => match read_size(&event.data) {
                Some((columns, rows)) => PlayedKind::Resized(columns, rows),
                None => return Err(broken("its size cannot be read".to_owned())),
            },
            _ => PlayedKind::Other,
        };
        Ok(Some(Played { after: self.place, kind }))
    }
}

/// Text of a file for the screen: one line, printable, not long.
fn label(text: &str) -> String {
    let hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    text.chars().filter(|c| !c.is_control() && !hidden(*c)).take(LABEL_KEPT).collect()
}

/// A marker of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// When it is played.
    pub at: Duration,
    /// Which event it is, counted from 1.
    pub event: u64,
    /// What it says.
    pub label: String,
}

/// A whole file at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// How long it plays.
    pub length: Duration,
    /// Its first [`MARKERS_KEPT`] markers.
    pub markers: Vec<Marker>,
    /// How it ends.
    pub ending: Ending,
}

/// Reads a file once from where its reader stands to its end; `None` as soon as `wanted` says no.
pub fn survey(reader: &mut Reader, wanted: impl Fn() -> bool) -> Option<Survey> {
    let mut markers = Vec::new();
    let mut length = Duration::ZERO;
    while wanted() {
        let batch = reader.read(1 << 20);
        for Played { after, kind } in batch.events {
            length = after.at;
            if let PlayedKind::Marked(label) = kind
                && markers.len() < MARKERS_KEPT
            {
                markers.push(Marker { at: after.at, event: after.event, label });
            }
        }
        if let Some(ending) = batch.ending {
            return Some(Survey { length, markers, ending });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, content: &[u8]) -> std::path::PathBuf {
        let file = std::env::temp_dir().join(format!("bathy-test-{name}-{}.cast", std::process::id()));
        std::fs::write(&file, content).expect("written");
        file
    }

    fn read(name: &str, content: &str, limit: Option<Duration>) -> (Vec<(u64, PlayedKind)>, Ending) {
        let file = file(name, content.as_bytes());
        let mut reader = Reader::open(&file, limit).expect("a recording");
        let batch = reader.read(u64::MAX);
        std::fs::remove_file(file).expect("removed");
        let millis = |at: Duration| u64::try_from(at.as_millis()).expect("short");
        let events = batch.events.into_iter().map(|event| (millis(event.after.at), event.kind)).collect();
        (events, batch.ending.expect("the end was read"))
    }

    const TWO: &str = "{\"version\":2,\"width\":80,\"height\":24}\n";
    const THREE: &str = "{\"version\":3,\"term\":{\"cols\":80,\"rows\":24}}\n";

    fn output(text: &str) -> PlayedKind {
        PlayedKind::Output(text.to_owned())
    }

    #[test]
    fn both_versions_are_read_with_all_their_events() {
        let lines = "[0.5, \"o\", \"a\"]\n[1.0, \"i\", \"x\"]\n[1.0,\"r\",\"100x50\"]\n[1.5,\"m\",\"here\\u001b[m\"]\n[2,\"z\",\"\"]\n";
        let kinds = [
            output("a"),
            PlayedKind::Other,
            PlayedKind::Resized(100, 50),
            PlayedKind::Marked("here[m".to_owned()),
            PlayedKind::Other,
        ];
        let two: Vec<_> = [500, 1000, 1000, 1500, 2000].into_iter().zip(kinds.clone()).collect();
        assert_eq!(read("two", &format!("{TWO}{lines}"), None), (two, Ending::Whole));
        let three: Vec<_> = [500, 1500, 2500, 4000, 6000].into_iter().zip(kinds).collect();
        let lines = format!("# a comment\n{lines}");
        assert_eq!(read("three", &format!("{THREE}{lines}"), None), (three, Ending::Whole));
    }

    #[test]
    fn pauses_are_cut_and_time_never_goes_back() {
        let lines = "[1,\"o\",\"a\"]\n[100,\"o\",\"b\"]\n[50,\"o\",\"c\"]\n[100.5,\"o\",\"d\"]\n";
        let (events, _) = read("idle", &format!("{TWO}{lines}"), Some(Duration::from_secs(2)));
        assert_eq!(events.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [1000, 3000, 3000, 3500]);
    }

    #[test]
    fn a_tear_and_a_broken_line_end_it_with_their_number() {
        let good = format!("{TWO}[1,\"o\",\"a\"]\n");
        let (events, ending) = read("torn", &format!("{good}[2,\"o\",\"b"), None);
        assert_eq!((events.len(), ending), (1, Ending::Torn { line: 3 }));
        let (events, ending) = read("broken", &format!("{good}[2,\"o\"\n[3,\"o\",\"c\"]\n"), None);
        assert_eq!(events.len(), 1);
        assert!(matches!(ending, Ending::Broken { line: 3, .. }), "{ending:?}");
        let (events, ending) = read("no-feed", &format!("{good}[2,\"o\",\"b\"]"), None);
        assert_eq!((events.len(), ending), (2, Ending::Whole));
    }

    #[test]
    fn what_is_no_recording_is_refused() {
        let binary = file("binary", &[0xff; 3000]);
        assert!(Reader::open(&binary, None).is_err());
        std::fs::remove_file(binary).expect("removed");
        assert!(Reader::open(&std::env::temp_dir(), None).expect_err("a directory").contains("no regular file"));
        assert!(Reader::open(Path::new("/no/such/file"), None).is_err());
    }

    #[test]
    fn a_line_without_end_is_refused_without_being_kept() {
        let mut content = format!("{TWO}[1,\"o\",\"").into_bytes();
        content.resize(content.len() + 17 * 1024 * 1024, b'x');
        let file = file("endless", &content);
        let batch = Reader::open(&file, None).expect("a header").read(u64::MAX);
        std::fs::remove_file(file).expect("removed");
        assert!(matches!(batch.ending, Some(Ending::Broken { line: 2, .. })), "{:?}", batch.ending);
    }
}
