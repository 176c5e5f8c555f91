//! What a recorder does when the disk is slow, full or not there.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;
use crate::session::recording::{Ending, PlayedKind, Reader};

const ID: RecordingId = RecordingId(1);

fn about() -> About {
    About { columns: 80, rows: 24, timestamp: 1_800_000_000, pod: Some("api".to_owned()), ..About::default() }
}

fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("bathy-test-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    directory
}

fn stopped(reports: &mut UnboundedReceiver<(RecordingId, Report)>) -> (Option<String>, Stopped) {
    while let Some((id, report)) = reports.blocking_recv() {
        assert_eq!(id, ID);
        if let Report::Stopped { file, why } = report {
            return (file, why);
        }
    }
    panic!("no end was reported");
}

/// Records these events and gives the file.
fn recorded(name: &str, max_size: u64, events: Vec<Event>) -> (PathBuf, Stopped) {
    let (reports, mut reported) = unbounded_channel();
    let recorder = Recorder::start(ID, about(), Options { directory: directory(name), max_size }, &reports);
    for event in events {
        recorder.record(event);
    }
    recorder.stop();
    let (file, why) = stopped(&mut reported);
    (file.expect("a file").into(), why)
}

/// The output in a file, and how the file ends.
fn output(file: &std::path::Path) -> (String, Ending) {
    let mut reader = Reader::open(file, None).expect("a recording");
    let mut text = String::new();
    loop {
        let batch = reader.read(10_000);
        for event in batch.events {
            if let PlayedKind::Output(piece) = event.kind {
                text += &piece;
            }
        }
        if let Some(ending) = batch.ending {
            return (text, ending);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_bytes_come_back_as_the_text_they_are(pieces in prop::collection::vec(
        prop_oneof![prop::collection::vec(any::<u8>(), 0..5000), "\\PC{0,9}".prop_map(String::into_bytes)], 0..8))
    {
        let events = pieces.iter().map(|piece| Event::Output(Bytes::copy_from_slice(piece))).collect();
        let (file, why) = recorded("any", u64::MAX, events);
        prop_assert_eq!(why, Stopped::Asked);
        let (text, ending) = output(&file);
        std::fs::remove_dir_all(file.parent().expect("its directory")).expect("removed");
        prop_assert_eq!(ending, Ending::Whole);
        let whole = pieces.concat();
        prop_assert_eq!(text, String::from_utf8_lossy(&whole));
    }
}

#[test]
fn a_largest_size_is_kept_and_said() {
    let events = (0..100).map(|_| Event::Output(Bytes::from(vec![b'x'; 1000]))).collect();
    let (file, why) = recorded("limit", 20_000, events);
    assert_eq!(why, Stopped::Full(20_000));
    let length = std::fs::metadata(&file).expect("there").len();
    assert!(length <= 20_000 && length > 18_000, "{length}");
    let (text, ending) = output(&file);
    assert!(text.len() > 15_000 && ending == Ending::Whole);
    assert!(std::fs::read_to_string(&file).expect("text").contains("largest size"));
    std::fs::remove_dir_all(file.parent().expect("its directory")).expect("removed");
}

#[test]
fn a_directory_that_cannot_be_made_is_told() {
    let (reports, mut reported) = unbounded_channel();
    let place = directory("no-directory");
    std::fs::write(&place, "a file").expect("written");
    let options = Options { directory: place.join("below"), max_size: 1_000 };
    let recorder = Recorder::start(ID, about(), options, &reports);
    let (file, why) = stopped(&mut reported);
    assert_eq!(file, None);
    assert!(matches!(&why, Stopped::Failed(reason) if reason.contains("not a directory")), "{why:?}");
    recorder.record(Event::Marked("nobody writes this".to_owned()));
    std::fs::remove_file(place).expect("removed");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_once_and_in_words() {
    let (queue, events) = mpsc::channel();
    let (reports, _reported) = unbounded_channel();
    let writer = Writer { id: ID, reports, waiting: Arc::default() };
    let full = std::fs::OpenOptions::new().append(true).open("/dev/full").expect("the device is there");
    let event = Event::Output(Bytes::from_static(b"text"));
    lock(&writer.waiting).bytes = cost(&event);
    queue.send((Duration::ZERO, event)).expect("taken");
    let Err(Halt::Failed(error)) = writer.write(&mut Lines::new(full), u64::MAX, &events) else {
        panic!("a full disk was not noticed");
    };
    assert_eq!(said(&error), "the disk is full");
}

#[test]
fn a_disk_that_is_too_slow_costs_output_but_never_the_caller_or_the_memory() {
    let (queue, events) = mpsc::channel();
    let (reports, mut reported) = unbounded_channel();
    let writer = Writer { id: ID, reports, waiting: Arc::default() };
    let recorder = Recorder { queue, waiting: Arc::clone(&writer.waiting), began: Instant::now() };
    let flood = || Event::Output(Bytes::from(vec![b'x'; 32 * 1024]));
    for _ in 0..1_000 {
        // Nothing takes these yet: a disk that stands still.
        recorder.record(flood());
    }
    assert!(lock(&writer.waiting).bytes <= QUEUE_LIMIT);
    let directory = directory("slow");
    let (file, path) = create(&directory, &about()).expect("made");
    let mut lines = Lines::new(file);
    lines.append(&header(&about())).expect("written");
    std::thread::scope(|scope| {
        let writer = &writer;
        let thread = scope.spawn(move || assert!(writer.write(&mut lines, u64::MAX, &events).is_ok()));
        let lost = match reported.blocking_recv() {
            Some((ID, Report::Behind { lost })) => lost,
            other => panic!("{other:?}"),
        };
        assert!(lost > 20_000_000, "{lost}");
        recorder.record(Event::Output(Bytes::from_static(b"not recorded: it does not follow")));
        recorder.record(Event::Anew("32 MB were left out".to_owned(), Bytes::from_static(b"the screen")));
        recorder.record(Event::Output(Bytes::from_static(b" and on")));
        recorder.stop();
        thread.join().expect("no panic");
    });
    let (text, ending) = output(&path);
    assert_eq!(ending, Ending::Whole);
    assert!(text.ends_with("xx\u{1b}cthe screen and on"), "{}", &text[text.len() - 60..]);
    std::fs::remove_dir_all(directory).expect("removed");
}
