//! An incident as Markdown: a summary, then a timeline of each pod with its recordings; it reads nothing and asks nobody.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Incident, Recorded, Wanted};
use crate::cluster::{Deed, Outcome, Verb, cleaned};
use crate::session::recording::{Ending, STARTS};

/// A pod of a context, by which everything is sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    context: String,
    namespace: String,
    name: String,
}

/// Something that happened, once or several times in a row.
struct Row {
    at: Timestamp,
    until: Timestamp,
    text: String,
    times: usize,
}

/// All that is known of one pod.
#[derive(Default)]
struct Story<'a> {
    rows: Vec<Row>,
    recordings: Vec<&'a Recorded>,
    made: bool,
    gone: bool,
    debuggers: Vec<String>,
}

/// The report. All times are UTC.
pub fn markdown(incident: &Incident, wanted: &Wanted, now: Timestamp) -> String {
    let stories = stories(incident);
    let mut text = String::from("# Incident report\n\n");
    let _ = writeln!(text, "Written {} by bathyscope. All times are UTC.", moment(now));
    text.push('\n');
    let times = || stories.values().flat_map(|story| &story.rows).flat_map(|row| [row.at, row.until]);
    match (times().min(), times().max()) {
        (Some(first), Some(last)) => {
            let _ = writeln!(text, "- From {} to {}", moment(first), moment(last));
        }
        _ => text += "- Nothing is on record for what was asked.\n",
    }
    if let Some(since) = wanted.since {
        let _ = writeln!(text, "- Asked for what was done since {}", moment(since));
    }
    if let Some(until) = wanted.until {
        let _ = writeln!(text, "- Asked for what was done until {}", moment(until));
    }
    for (context, who) in contexts(incident) {
        let _ = writeln!(text, "- Context {}{}", plain(&context), who);
    }
    for trouble in &incident.troubles {
        let _ = writeln!(text, "- Not read: {}", plain(trouble));
    }
    if !stories.is_empty() {
        text += "\n| Pod | From | To | Done | Recordings |\n| --- | --- | --- | --- | --- |\n";
    }
    for (subject, story) in &stories {
        let (first, last) = (story.rows.iter().map(|row| row.at).min(), story.rows.iter().map(|row| row.until).max());
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            plain(&subject.words()),
            first.map(clock).unwrap_or_default(),
            last.map(clock).unwrap_or_default(),
            story.rows.iter().map(|row| row.times).sum::<usize>(),
            story.recordings.len()
        );
    }
    for (subject, story) in &stories {
        story.tell(subject, &mut text);
    }
    text
}

fn stories(incident: &Incident) -> BTreeMap<Subject, Story<'_>> {
    let mut stories: BTreeMap<Subject, Story<'_>> = BTreeMap::new();
    for entry in &incident.entries {
        let deed = &entry.deed;
        let subject =
            Subject { context: deed.context.clone(), namespace: deed.namespace.clone(), name: deed.name.clone() };
        let story = stories.entry(subject).or_default();
        story.remember(deed);
        story.add(entry.at, words(deed));
    }
    for recording in &incident.recordings {
        let about = |name| recording.about(name).unwrap_or_default().to_owned();
        let subject = Subject { context: about("context"), namespace: about("namespace"), name: about("pod") };
        let story = stories.entry(subject).or_default();
        let name = file_name(recording);
        story.add(recording.began, format!("recording {} begins", code(&name)));
        for marker in recording.markers.iter().filter(|marker| marker.label != STARTS) {
            story.add(after(recording.began, marker.at), format!("{} ({})", plain(&marker.label), code(&name)));
        }
        story.add(after(recording.began, recording.length), format!("recording {} ends", code(&name)));
        story.recordings.push(recording);
    }
    for story in stories.values_mut() {
        story.rows.sort_by_key(|row| row.at);
    }
    stories
}

/// Who acted in which context.
fn contexts(incident: &Incident) -> BTreeMap<String, String> {
    let mut contexts = BTreeMap::new();
    for recording in &incident.recordings {
        if let Some(context) = recording.about("context") {
            contexts.entry(context.to_owned()).or_default();
        }
    }
    for entry in &incident.entries {
        let deed = &entry.deed;
        let who = format!(" (cluster {}, user {})", plain(&deed.cluster), plain(&deed.user));
        contexts.insert(deed.context.clone(), who);
    }
    contexts
}

impl Subject {
    fn words(&self) -> String {
        let parts = [&self.namespace, &self.name];
        let name: Vec<&str> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        if name.is_empty() { "no pod in particular".to_owned() } else { name.join("/") }
    }
}

impl Story<'_> {
    fn add(&mut self, at: Timestamp, text: String) {
        match self.rows.last_mut().filter(|last| last.text == text) {
            Some(last) => {
                last.times += 1;
                last.until = at;
            }
            None => self.rows.push(Row { at, until: at, text, times: 1 }),
        }
    }

    fn remember(&mut self, deed: &Deed) {
        if deed.outcome != Outcome::Done {
            return;
        }
        match deed.verb {
            Verb::Create => self.made = true,
            Verb::Delete => self.gone = true,
            Verb::Debug => self.debuggers.extend(deed.container.clone()),
            Verb::Change | Verb::Attach | Verb::Exec | Verb::Forward | Verb::End => {}
        }
    }

    fn tell(&self, subject: &Subject, text: &mut String) {
        let _ = writeln!(text, "\n## {}\n\nContext {}.\n", plain(&subject.words()), plain(&subject.context));
        *text += "| Time | What |\n| --- | --- |\n";
        for row in &self.rows {
            let times = if row.times > 1 {
                format!(" ({} times, until {})", row.times, clock(row.until))
            } else {
                String::new()
            };
            let _ = writeln!(text, "| {} | {}{times} |", clock(row.at), row.text);
        }
        if self.made && !self.gone {
            *text += "\nIt was made here and, as far as the log knows, not deleted.\n";
        }
        if !self.debuggers.is_empty() && !self.gone {
            let names: Vec<String> = self.debuggers.iter().map(|name| code(name)).collect();
            let _ = writeln!(text, "\nThe debugger stays in the pod until the pod goes: {}.", names.join(", "));
        }
        for recording in &self.recordings {
            tell_recording(recording, text);
        }
    }
}

fn tell_recording(recording: &Recorded, text: &mut String) {
    let _ = writeln!(text, "\n### Recording {}\n", code(&file_name(recording)));
    let _ = writeln!(
        text,
        "- {}, {} long, {} columns and {} rows",
        moment(recording.began),
        length(recording.length),
        recording.header.columns,
        recording.header.rows
    );
    for (what, name) in [("Container", "container"), ("Image", "image")] {
        if let Some(value) = recording.about(name) {
            let _ = writeln!(text, "- {what} {}", code(value));
        }
    }
    match &recording.ending {
        Ending::Whole => {}
        Ending::Torn { line } => {
            let _ = writeln!(text, "- It is torn off in line {line}; everything before it plays");
        }
        Ending::Broken { line, why } => {
            let _ = writeln!(text, "- It breaks off at line {line}: {}", plain(why));
        }
    }
    let _ = writeln!(text, "- {}", code(&format!("bathy replay {}", recording.file.display())));
    if !recording.transcript.is_empty() {
        let transcript = recording.transcript.join("\n");
        let fence = "`".repeat(longest_run(&transcript).max(2) + 1);
        let _ = writeln!(text, "\n{fence}text\n{transcript}\n{fence}");
    }
}

fn words(deed: &Deed) -> String {
    let container = deed.container.as_deref().map(code).unwrap_or_default();
    let image = deed.image.as_deref().map(|image| format!(" ({})", code(image))).unwrap_or_default();
    let what = match deed.verb {
        Verb::Debug => format!("debugger {container}{image} added to the pod"),
        Verb::Create => match &deed.copied_from {
            Some(original) => format!("created as a copy of {}, with {container}{image}", code(original)),
            None => format!("created {} with {container}{image}", resource(deed)),
        },
        Verb::Change => format!("changed {}", resource(deed)),
        Verb::Delete => format!("deleted {}", resource(deed)),
        Verb::End => format!("ended {container} through its session"),
        Verb::Attach => format!("attached to {container}"),
        Verb::Exec => format!("a command run in {container}"),
        Verb::Forward => "a port forwarded".to_owned(),
    };
    let by = if deed.action.is_empty() { String::new() } else { format!(" ({})", plain(&deed.action)) };
    match &deed.outcome {
        Outcome::Done => format!("{what}{by}"),
        Outcome::Failed(why) => format!("**not done**: {what}{by}: {}", plain(why)),
    }
}

/// What kind of object it is, in the singular as a person says it.
fn resource(deed: &Deed) -> String {
    plain(if deed.resource == "pods" { "the pod" } else { &deed.resource })
}

fn file_name(recording: &Recorded) -> String {
    recording.file.file_name().unwrap_or(recording.file.as_os_str()).to_string_lossy().into_owned()
}

fn after(began: Timestamp, passed: Duration) -> Timestamp {
    began.checked_add(passed).unwrap_or(Timestamp::MAX)
}

fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%m-%d %H:%M:%S").to_string()
}

fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Words as they are: nothing in them is markup, ends a table's cell or a line.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in cleaned(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}

/// A name as code, also in a cell of a table.
fn code(text: &str) -> String {
    let text = cleaned(text);
    if text.contains(['`', '|']) { plain(&text) } else { format!("`{text}`") }
}

/// How many backticks stand in a row at most.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_on_record_is_said() {
        let text = markdown(&Incident::default(), &Wanted::default(), Timestamp::UNIX_EPOCH);
        assert!(text.contains("Nothing is on record"), "{text}");
        assert!(!text.contains("| Pod |"), "{text}");
    }

    #[test]
    fn what_others_have_written_is_no_markup() {
        assert_eq!(plain("<script>|`a`\n# b"), "\\<script\\>\\|\\`a\\` \\# b");
        assert_eq!(code("a|b"), "a\\|b");
        assert_eq!(code("a-b_c"), "`a-b_c`");
        assert_eq!(plain("a\u{202e}b\u{9b}31m\u{200b}c"), "ab31mc", "nothing reorders or hides what is read");
        assert_eq!(code("a\u{202e}b\u{1b}[2J"), "`ab[2J`");
    }
}
