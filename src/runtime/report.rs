//! What is known of an incident: the deeds of the audit log and the recordings of a time, read from files; it asks no
//! cluster and changes nothing.

mod markdown;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::audit::{self, Entry};
use super::replay::Recording;
use crate::session::recording::{Ending, Header, Marker, Reader, survey};
pub use markdown::markdown;

/// What the person wants to see; what is not narrowed down is all there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// From when on.
    pub since: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Only this context.
    pub context: Option<String>,
    /// Only this namespace.
    pub namespace: Option<String>,
    /// Only these pods, and their copies.
    pub pods: Vec<String>,
    /// How many lines of each recording's text, the last ones; 0 for none.
    pub transcript: usize,
}

/// A recording, without what was printed in it but the lines that were wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The file.
    pub file: PathBuf,
    /// What it is of.
    pub header: Header,
    /// When it began; the file's own time where its header has none.
    pub began: Timestamp,
    /// How long it lasts.
    pub length: Duration,
    /// What was marked in it.
    pub markers: Vec<Marker>,
    /// How it ends.
    pub ending: Ending,
    /// The last lines that it shows.
    pub transcript: Vec<String>,
}

impl Recorded {
    /// A value of its header.
    pub fn about(&self, name: &str) -> Option<&str> {
        self.header.about.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// All that is known.
#[derive(Debug, Default)]
pub struct Incident {
    /// What was done, oldest first.
    pub entries: Vec<Entry>,
    /// The recordings, oldest first.
    pub recordings: Vec<Recorded>,
    /// What could not be read, and why.
    pub troubles: Vec<String>,
}

/// Where it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The audit log.
    pub audit: Option<PathBuf>,
    /// Recordings, or folders of them; those that cannot be read are told.
    pub named: Vec<PathBuf>,
    /// The folder where recordings usually are; it need not be there.
    pub usual: Option<PathBuf>,
}

/// Reads what there is of it. Recordings that are named belong to it whatever their time.
///
/// # Errors
/// An audit log that is there and cannot be read.
pub fn gather(sources: &Sources, wanted: &Wanted) -> io::Result<Incident> {
    let mut incident = Incident::default();
    if let Some(file) = &sources.audit {
        incident.entries = audit::read(file)?;
    }
    incident.entries.sort_by_key(|entry| entry.at);
    let relatives = relatives(&incident.entries, &wanted.pods);
    incident.entries.retain(|Entry { at, deed }| {
        wanted.when(*at, *at) && wanted.of(&deed.context, &deed.namespace) && among(&relatives, &deed.name)
    });
    let usual = sources.usual.iter().filter(|folder| folder.is_dir());
    for (place, is_named) in sources.named.iter().map(|file| (file, true)).chain(usual.map(|folder| (folder, false))) {
        for file in casts(place, &mut incident.troubles) {
            if incident.recordings.iter().any(|other| other.file == file) {
                continue;
            }
            match recorded(&file, wanted, is_named, &relatives) {
                Ok(found) => incident.recordings.extend(found),
                Err(why) => incident.troubles.push(format!("{}: {why}", file.display())),
            }
        }
    }
    incident.recordings.sort_by_key(|recording| recording.began);
    Ok(incident)
}

impl Wanted {
    fn when(&self, begins: Timestamp, ends: Timestamp) -> bool {
        self.since.is_none_or(|since| ends >= since) && self.until.is_none_or(|until| begins <= until)
    }

    fn of(&self, context: &str, namespace: &str) -> bool {
        self.context.as_deref().is_none_or(|wanted| wanted == context)
            && self.namespace.as_deref().is_none_or(|wanted| wanted == namespace)
    }
}

/// These pods and what was copied from them, and from that.
fn relatives(entries: &[Entry], pods: &[String]) -> BTreeSet<String> {
    let mut names: BTreeSet<String> = pods.iter().cloned().collect();
    for Entry { deed, .. } in entries {
        if deed.copied_from.as_ref().is_some_and(|original| names.contains(original)) {
            names.insert(deed.name.clone());
        }
    }
    names
}

fn among(names: &BTreeSet<String>, name: &str) -> bool {
    names.is_empty() || names.contains(name)
}

/// The recordings of a folder, or the file itself.
fn casts(place: &Path, troubles: &mut Vec<String>) -> Vec<PathBuf> {
    if !place.is_dir() {
        return vec![place.to_owned()];
    }
    let found = std::fs::read_dir(place)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<PathBuf>>>());
    match found {
        Ok(mut files) => {
            files.retain(|file| file.extension().is_some_and(|extension| extension == "cast"));
            files.sort();
            files
        }
        Err(error) => {
            troubles.push(format!("{}: {error}", place.display()));
            Vec::new()
        }
    }
}

/// A recording; `None` if it is not wanted.
fn recorded(
    file: &Path,
    wanted: &Wanted,
    is_named: bool,
    relatives: &BTreeSet<String>,
) -> Result<Option<Recorded>, String> {
    // Pauses are part of what happened, whatever a player would make of them.
    let mut reader = Reader::open(file, Some(Duration::MAX))?;
    let header = reader.header().clone();
    let about = |name: &str| header.about.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    if !wanted.of(about("context"), about("namespace")) || !among(relatives, about("pod")) {
        return Ok(None);
    }
    // When it was written last: not before it ended.
    let written = std::fs::metadata(file).and_then(|metadata| metadata.modified()).ok();
    let written = written.and_then(|written| Timestamp::try_from(written).ok());
    let began = header.timestamp.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let began = began.or(written).unwrap_or(Timestamp::UNIX_EPOCH);
    // Reading all of a large recording takes its time. A file that is older than what it holds says nothing.
    let ended = written.filter(|written| *written >= began).unwrap_or(Timestamp::MAX);
    if !is_named && !wanted.when(began, ended) {
        return Ok(None);
    }
    let Some(survey) = survey(&mut reader, || true) else { return Ok(None) };
    let length = SignedDuration::try_from(survey.length).unwrap_or(SignedDuration::MAX);
    let ended = began.checked_add(length).unwrap_or(Timestamp::MAX);
    if !is_named && !wanted.when(began, ended) {
        return Ok(None);
    }
    let transcript = if wanted.transcript == 0 { Vec::new() } else { last_lines(file, wanted.transcript)? };
    let (length, markers, ending) = (survey.length, survey.markers, survey.ending);
    Ok(Some(Recorded { file: file.to_owned(), header, began, length, markers, ending, transcript }))
}

fn last_lines(file: &Path, count: usize) -> Result<Vec<String>, String> {
    let recording = Recording::open(file.to_owned(), None, 1.0)?;
    let (text, _) = recording.last_words(count);
    let lines: Vec<&str> = text.trim_end().lines().collect();
    Ok(lines[lines.len().saturating_sub(count)..].iter().map(|line| (*line).to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cluster::{Deed, Outcome, Verb};

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).expect("a time")
    }

    fn entry(minutes: i64, verb: Verb, name: &str) -> Entry {
        let deed = Deed {
            context: "prod".into(),
            cluster: "c".into(),
            user: "u".into(),
            action: "debug".into(),
            verb,
            resource: "pods".into(),
            namespace: "shop".into(),
            name: name.into(),
            container: None,
            image: None,
            copied_from: name.strip_suffix("-debug").map(ToOwned::to_owned),
            outcome: Outcome::Done,
        };
        Entry { at: at(minutes), deed }
    }

    fn cast(pod: &str, minutes: i64) -> String {
        format!(
            "{{\"version\":2,\"width\":20,\"height\":3,\"timestamp\":{},\"idle_time_limit\":1,\"bathyscope\":\
             {{\"context\":\"prod\",\"namespace\":\"shop\",\"pod\":\"{pod}\"}}}}\n[1,\"o\",\"a\\r\\nb\\r\\n\"]\n[90,\"o\",\"c\"]\n",
            at(minutes).as_second()
        )
    }

    #[test]
    fn what_is_not_of_the_incident_is_left_out_and_what_cannot_be_read_is_told() {
        let folder = std::env::temp_dir().join(format!("bathy-report-{}", std::process::id()));
        fs::create_dir_all(folder.join("casts")).unwrap();
        let audit = folder.join("audit.jsonl");
        let entries = [
            entry(1, Verb::Debug, "early"),
            entry(9, Verb::Delete, "api"),
            entry(5, Verb::Debug, "api"),
            entry(6, Verb::Create, "api-debug"),
            entry(7, Verb::Debug, "web"),
        ];
        let lines: Vec<String> = entries.iter().map(|entry| serde_json::to_string(entry).unwrap()).collect();
        fs::write(&audit, lines.join("\n")).unwrap();
        for (name, content) in [
            ("1.cast", cast("api", 3)),
            ("2.cast", cast("web", 6)),
            ("3.cast", cast("api", 0)),
            ("4.cast", "no recording\n".to_owned()),
            ("5.txt", cast("api", 6)),
        ] {
            fs::write(folder.join("casts").join(name), content).unwrap();
        }
        let sources = Sources { audit: Some(audit), named: Vec::new(), usual: Some(folder.join("casts")) };
        let wanted = Wanted { since: Some(at(4)), pods: vec!["api".to_owned()], transcript: 2, ..Wanted::default() };
        let incident = gather(&sources, &wanted).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let names: Vec<&str> = incident.entries.iter().map(|entry| entry.deed.name.as_str()).collect();
        assert_eq!(names, ["api", "api-debug", "api"], "copies belong to it, in the order of time");
        let [recorded] = incident.recordings.as_slice() else { panic!("{:?}", incident.recordings) };
        assert!(recorded.file.ends_with("1.cast"), "it went on when the incident began: {recorded:?}");
        assert_eq!(
            (recorded.length, &*recorded.transcript),
            (Duration::from_secs(90), &["b".to_owned(), "c".into()][..])
        );
        assert!(incident.troubles.len() == 1 && incident.troubles[0].contains("4.cast"), "{:?}", incident.troubles);
    }
}
