//! `bathy report`: the audit log and the recordings of an incident as Markdown.

use std::io::Write as _;

use anyhow::Context as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::arguments::ReportArguments;
use super::guarded::AuditPlace;
use super::{Arguments, Config, say};
use crate::runtime::report::{Sources, Wanted, gather, markdown};
use crate::runtime::text_file;

/// Writes the report to standard output, or to a new file of the person's own.
pub(super) fn run(options: &ReportArguments, arguments: &Arguments, config: &Config) -> anyhow::Result<()> {
    let now = Timestamp::now();
    let moment = |flag: &str, text: &str| read_moment(text, now).with_context(|| format!("--{flag}"));
    let wanted = Wanted {
        since: Some(moment("since", &options.since)?),
        until: options.until.as_deref().map(|text| moment("until", text)).transpose()?,
        context: arguments.context.clone(),
        namespace: arguments.namespace.clone(),
        pods: options.pods.clone(),
        transcript: options.transcript.unwrap_or(0),
    };
    let audit = AuditPlace::chosen(arguments, config).map(AuditPlace::into_file);
    if let Some(file) = arguments.audit.as_ref().filter(|file| !file.exists()) {
        anyhow::bail!("there is no audit log {}", file.display());
    }
    for file in &options.recordings {
        anyhow::ensure!(file.exists(), "there is no recording and no folder {}", file.display());
    }
    let usual = config.recording.settings().directory;
    let sources = Sources { audit, named: options.recordings.clone(), usual };
    let log = || sources.audit.as_deref().unwrap_or_else(|| "".as_ref()).display();
    let incident = gather(&sources, &wanted).with_context(|| format!("cannot read the audit log {}", log()))?;
    let text = markdown(&incident, &wanted, now);
    let Some(file) = &options.output else {
        return std::io::stdout().write_all(text.as_bytes()).context("cannot write to standard output");
    };
    text_file::write_new(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
    say(&format!("bathy: {} is written", file.display()));
    Ok(())
}

/// A moment: so long ago, or a date and time, in the machine's time zone if it names none.
fn read_moment(text: &str, now: Timestamp) -> anyhow::Result<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return Ok(local.to_zoned(TimeZone::system())?.timestamp());
    }
    let ago = super::config::seconds(text).with_context(|| {
        format!("{text:?} is no moment; write it as 2h (so long ago), 2026-11-22T21:40 or with a Z")
    })?;
    Ok(now.checked_sub(SignedDuration::from_secs(ago.into())).unwrap_or(Timestamp::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        assert_eq!(read_moment("2h", now).unwrap(), "2026-11-22T10:00:00Z".parse().unwrap());
        assert_eq!(read_moment("2026-11-20T08:00:00+02:00", now).unwrap(), "2026-11-20T06:00:00Z".parse().unwrap());
        let local = "2026-11-20 08:00".parse::<DateTime>().unwrap().to_zoned(TimeZone::system()).unwrap();
        assert_eq!(read_moment("2026-11-20 08:00", now).unwrap(), local.timestamp());
        assert_eq!(read_moment("2026-11-20", now).unwrap(), read_moment("2026-11-20T00:00", now).unwrap());
        assert!(read_moment("yesterday", now).is_err());
    }
}
