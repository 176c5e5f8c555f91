//! The audit log: one line of JSON for each thing done to a cluster, in a file of the user's own; it never holds what
//! was typed or printed, and never keeps anybody waiting.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::app::Made;
use crate::cluster::{Deed, Outcome, PodKey, Verb, Witness};

/// How large the log may grow before it is put aside; one older log is kept.
const LARGEST: u64 = 4 * 1024 * 1024;
/// How many lines may wait for a slow disk.
const WAITING: usize = 1_024;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was done.
    pub at: Timestamp,
    /// What was done.
    #[serde(flatten)]
    pub deed: Deed,
}

/// The log of this run. Dropping it writes what still waits.
pub struct Audit {
    /// `None` once it is closed.
    open: Mutex<Option<Open>>,
}

struct Open {
    lines: SyncSender<Entry>,
    writer: JoinHandle<()>,
}

/// What is told once: the log cannot be written.
type Complaint = Box<dyn Fn(String) + Send>;

impl Audit {
    /// Writes to this file from now on; it and its folder are made if they are not there, for their owner alone.
    /// `complain` is told once, if something cannot be written later on.
    ///
    /// # Errors
    /// A file that cannot be made or written.
    pub fn open(file: &Path, complain: impl Fn(String) + Send + 'static) -> io::Result<Self> {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let log = Log { path: file.to_owned(), largest: LARGEST };
        log.opened()?;
        let (lines, waiting) = sync_channel(WAITING);
        let writer = std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write_all(&log, &waiting, &(Box::new(complain) as Complaint)))?;
        Ok(Self { open: Mutex::new(Some(Open { lines, writer })) })
    }

    /// Writes what still waits; nothing is noted after that.
    pub fn close(&self) {
        if let Some(Open { lines, writer }) = self.open.lock().unwrap_or_else(PoisonError::into_inner).take() {
            drop(lines);
            // A writer that broke down has left nothing that could be waited for.
            let _ = writer.join();
        }
    }
}

impl Witness for Audit {
    fn note(&self, deed: Deed) {
        let entry = Entry { at: Timestamp::now(), deed };
        // A disk that has not taken a thousand lines is complained about by the writer; the console goes on.
        if let Some(Open { lines, .. }) = &*self.open.lock().unwrap_or_else(PoisonError::into_inner)
            && lines.try_send(entry).is_err()
        {
            tracing::warn!("an audit line was dropped: the disk does not keep up");
        }
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.close();
    }
}

fn write_all(log: &Log, waiting: &Receiver<Entry>, complain: &Complaint) {
    let mut complained = false;
    while let Ok(entry) = waiting.recv() {
        if let Err(error) = log.append(&entry)
            && !complained
        {
            complained = true;
            complain(format!("the audit log {} cannot be written: {error}", log.path.display()));
        }
    }
}

/// The file.
struct Log {
    path: PathBuf,
    largest: u64,
}

impl Log {
    fn opened(&self) -> io::Result<File> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
        // A file that was there already may be open to others.
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }

    /// One write a line: what several programs append stays whole.
    fn append(&self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut file = self.locked()?;
        if file.metadata()?.len() >= self.largest {
            fs::rename(&self.path, older(&self.path))?;
            drop(file);
            file = self.locked()?;
        }
        file.write_all(&line)
    }

    /// The file, held against other programs that would put it aside meanwhile.
    fn locked(&self) -> io::Result<File> {
        loop {
            let file = self.opened()?;
            file.lock()?;
            // It may have been put aside while the lock was waited for.
            if is_at(&file, &self.path) {
                return Ok(file);
            }
        }
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

/// Where the log before this one is kept.
fn older(path: &Path) -> PathBuf {
    path.with_extension("1.jsonl")
}

/// The lines of the log, the older ones first; what is no line of ours is left out.
///
/// # Errors
/// A log that is there and cannot be read.
pub fn read(file: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for path in [older(file), file.to_owned()] {
        let opened = match File::open(&path) {
            Ok(opened) => opened,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for line in BufReader::new(opened).split(b'\n') {
            entries.extend(serde_json::from_slice::<Entry>(&line?).ok());
        }
    }
    Ok(entries)
}

/// The debuggers that the log says were made: ephemeral containers, copies and node debuggers.
pub fn debuggers(entries: &[Entry]) -> Vec<Made> {
    let made = entries.iter().filter(|entry| entry.deed.outcome == Outcome::Done);
    made.filter_map(|Entry { at, deed }| {
        let container = deed.container.as_deref().map(Into::into);
        let is_debugger = match deed.verb {
            Verb::Debug => container.is_some(),
            Verb::Create => deed.resource == "pods" && !deed.name.is_empty(),
            _ => false,
        };
        let pod = PodKey { namespace: deed.namespace.as_str().into(), name: deed.name.as_str().into() };
        is_debugger.then(|| Made { context: deed.context.clone(), pod, container, at: *at })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("bathy-audit-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    fn deed(name: &str) -> Deed {
        Deed {
            context: "prod".into(),
            cluster: "c".into(),
            user: "u".into(),
            action: "debug".into(),
            verb: Verb::Debug,
            resource: "pods/ephemeralcontainers".into(),
            namespace: "shop".into(),
            name: name.into(),
            container: Some("debugger-x7k2p".into()),
            image: Some("busybox:stable".into()),
            copied_from: None,
            outcome: Outcome::Done,
        }
    }

    #[test]
    fn lines_are_read_back_and_are_nobody_elses_to_read() {
        let scratch = Scratch::new("lines");
        let file = scratch.0.join("state/bathyscope/audit.jsonl");
        let audit = Audit::open(&file, |complaint| panic!("{complaint}")).unwrap();
        audit.note(deed("api"));
        audit.note(Deed { outcome: Outcome::Failed("forbidden".into()), ..deed("web") });
        drop(audit);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(b"no line of ours\n").unwrap();
        let entries = read(&file).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.deed.name.as_str()).collect::<Vec<_>>(), ["api", "web"]);
        let made = debuggers(&entries);
        assert_eq!(made.len(), 1, "what failed was not made");
        assert_eq!((made[0].context.as_str(), made[0].container.as_deref()), ("prod", Some("debugger-x7k2p")));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.lines().next().unwrap().contains("\"verb\":\"debug\""), "{text}");
    }

    #[test]
    fn it_is_put_aside_once_it_is_large_and_only_one_older_log_is_kept() {
        let scratch = Scratch::new("large");
        let log = Log { path: scratch.0.join("audit.jsonl"), largest: 600 };
        for count in 0..40 {
            log.append(&Entry { at: Timestamp::UNIX_EPOCH, deed: deed(&count.to_string()) }).unwrap();
        }
        let sizes: Vec<u64> =
            fs::read_dir(&scratch.0).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).collect();
        assert!(sizes.len() == 2 && sizes.iter().all(|size| *size < 1_200), "{sizes:?}");
        assert_eq!(read(&log.path).unwrap().last().unwrap().deed.name, "39");
    }

    #[test]
    fn several_writers_lose_no_line_while_the_log_is_put_aside() {
        let scratch = Scratch::new("several");
        let path = scratch.0.join("audit.jsonl");
        // Room for all of it in the two logs together, and one change between them.
        let one = serde_json::to_vec(&Entry { at: Timestamp::UNIX_EPOCH, deed: deed("0") }).unwrap().len() as u64;
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let log = Log { path: path.clone(), largest: one * 60 };
                scope.spawn(move || {
                    for _ in 0..25 {
                        log.append(&Entry { at: Timestamp::UNIX_EPOCH, deed: deed(&writer.to_string()) }).unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&path).unwrap().len(), 100);
        assert!(older(&path).exists());
    }

    #[test]
    fn a_log_that_cannot_be_written_is_told_once() {
        let scratch = Scratch::new("full");
        let folder = scratch.0.join("gone");
        let complaints = std::sync::Arc::new(Mutex::new(Vec::new()));
        let told = std::sync::Arc::clone(&complaints);
        let audit =
            Audit::open(&folder.join("audit.jsonl"), move |complaint| told.lock().unwrap().push(complaint)).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        audit.note(deed("api"));
        audit.note(deed("api"));
        drop(audit);
        let complaints = complaints.lock().unwrap();
        assert!(complaints.len() == 1 && complaints[0].contains("audit.jsonl"), "{complaints:?}");
    }
}
