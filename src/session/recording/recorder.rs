//! The life of a recording beside its session: events go into a bounded queue and from there to the file in a thread of
//! its own; a slow or full disk never holds up whoever hands them over.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use super::file::{Lines, Sink, create};
use super::line::{Encoder, header};
use super::{About, Event, RecordingId, Report, Stopped};

/// How many bytes may wait for the disk. When more come they are left out until the disk has caught up.
const QUEUE_LIMIT: usize = 8 * 1024 * 1024;
/// What an event costs in the queue beyond its bytes.
const OVERHEAD: usize = 64;
/// Room that is kept in a file of limited size to say that it is full.
const LAST_WORDS: u64 = 256;

/// Where recordings go and how large they may become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The directory; made, for its owner alone, where it is missing.
    pub directory: PathBuf,
    /// The most bytes a file may have.
    pub max_size: u64,
}

/// Where reports go.
type Reports = tokio::sync::mpsc::UnboundedSender<(RecordingId, Report)>;

/// A running recording. Dropping it, or [`Recorder::stop`], ends it once everything that waits is written.
#[derive(Debug)]
pub struct Recorder {
    queue: mpsc::Sender<(Duration, Event)>,
    waiting: Arc<Mutex<Waiting>>,
    began: Instant,
}

/// What waits for the disk.
#[derive(Debug, Default)]
struct Waiting {
    bytes: usize,
    /// Events are left out until one begins anew.
    behind: bool,
    /// Whether it was told that the disk has caught up.
    told: bool,
    lost: usize,
}

impl Recorder {
    /// Begins a recording; that its file is there, or why not, is reported.
    pub fn start(id: RecordingId, about: About, options: Options, reports: &Reports) -> Self {
        let (queue, events) = mpsc::channel();
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let writer = Writer { id, reports: reports.clone(), waiting: Arc::clone(&waiting) };
        let spawned = std::thread::Builder::new()
            .name("recording".to_owned())
            .spawn(move || writer.run(&about, &options, &events));
        if let Err(error) = spawned {
            let _ = reports.send((id, Report::Stopped { file: None, why: Stopped::Failed(error.to_string()) }));
        }
        Self { queue, waiting, began: Instant::now() }
    }

    /// Takes an event, with the time of now. Returns at once, whatever the disk does.
    pub fn record(&self, event: Event) {
        let cost = cost(&event);
        {
            let mut waiting = lock(&self.waiting);
            if waiting.behind && waiting.told && waiting.bytes == 0 && matches!(event, Event::Anew(..)) {
                *waiting = Waiting::default();
            }
            waiting.behind |= waiting.bytes > 0 && waiting.bytes + cost > QUEUE_LIMIT;
            if waiting.behind {
                waiting.lost += cost - OVERHEAD;
                return;
            }
            waiting.bytes += cost;
        }
        // Where nobody takes it any more, the end of the recording was reported.
        let _ = self.queue.send((self.began.elapsed(), event));
    }

    /// Ends it.
    pub fn stop(self) {
        drop(self);
    }
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cost(event: &Event) -> usize {
    OVERHEAD
        + match event {
            Event::Output(bytes) | Event::Input(bytes) => bytes.len(),
            Event::Resized { .. } => 0,
            Event::Marked(label) => label.len(),
            Event::Anew(label, screen) => label.len() + screen.len(),
        }
}

/// Why nothing more is written.
enum Halt {
    Full,
    Failed(io::Error),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// The thread's side.
struct Writer {
    id: RecordingId,
    reports: Reports,
    waiting: Arc<Mutex<Waiting>>,
}

impl Writer {
    fn run(&self, about: &About, options: &Options, events: &mpsc::Receiver<(Duration, Event)>) {
        let (file, path) = match create(&options.directory, about) {
            Ok(created) => created,
            Err(error) => {
                let why = format!("{}: {}", options.directory.display(), said(&error));
                return self.report(Report::Stopped { file: None, why: Stopped::Failed(why) });
            }
        };
        let file_name = path.display().to_string();
        let mut lines = Lines::new(file);
        if let Err(error) = lines.append(&header(about)) {
            let why = Stopped::Failed(said(&error));
            return self.report(Report::Stopped { file: Some(file_name), why });
        }
        self.report(Report::Started { file: file_name.clone() });
        let why = match self.write(&mut lines, options.max_size, events) {
            Ok(()) => Stopped::Asked,
            Err(Halt::Full) => Stopped::Full(options.max_size),
            Err(Halt::Failed(error)) => Stopped::Failed(said(&error)),
        };
        self.report(Report::Stopped { file: Some(file_name), why });
    }

    fn write<S: Sink>(
        &self,
        lines: &mut Lines<S>,
        max_size: u64,
        events: &mpsc::Receiver<(Duration, Event)>,
    ) -> Result<(), Halt> {
        let mut encoder = Encoder::default();
        let mut last = Duration::ZERO;
        for (at, event) in events {
            last = at;
            for line in encoder.lines(at, &event) {
                if lines.written() + line.len() as u64 + LAST_WORDS > max_size {
                    let words = Event::Marked("the recording has reached its largest size and ends here".to_owned());
                    for line in encoder.lines(at, &words) {
                        lines.append(line.as_bytes())?;
                    }
                    return Err(Halt::Full);
                }
                lines.append(line.as_bytes())?;
            }
            self.written(&event);
        }
        for line in encoder.finish(last) {
            lines.append(line.as_bytes())?;
        }
        lines.settle()?;
        Ok(())
    }

    fn written(&self, event: &Event) {
        let mut waiting = lock(&self.waiting);
        waiting.bytes -= cost(event);
        if waiting.bytes == 0 && waiting.behind && !waiting.told {
            waiting.told = true;
            self.report(Report::Behind { lost: waiting.lost });
        }
    }

    fn report(&self, report: Report) {
        // Nobody listens once the program ends.
        let _ = self.reports.send((self.id, report));
    }
}

/// The system's words without its numbers.
fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        io::ErrorKind::QuotaExceeded => "your disk quota is used up".to_owned(),
        io::ErrorKind::NotADirectory => "it is not a directory".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    }
}

#[cfg(test)]
mod tests;
