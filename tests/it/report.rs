//! The real binary's `report`: an audit log and a recording as Markdown, and what it says of what it cannot read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use insta::assert_snapshot;

const AUDIT: &str = r#"
{"at":"2027-01-15T08:00:00Z","context":"prod|eu","cluster":"eu-1","user":"sam","action":"debug","verb":"debug","resource":"pods/ephemeralcontainers","namespace":"shop","name":"api","container":"debugger-x7k2p","image":"busybox:stable","outcome":"done"}
{"at":"2027-01-15T08:00:01Z","context":"prod|eu","cluster":"eu-1","user":"sam","action":"debug","verb":"attach","resource":"pods/attach","namespace":"shop","name":"api","container":"debugger-x7k2p","outcome":"done"}
{"at":"2027-01-15T08:00:02Z","context":"prod|eu","cluster":"eu-1","user":"sam","action":"debug","verb":"attach","resource":"pods/attach","namespace":"shop","name":"api","container":"debugger-x7k2p","outcome":"done"}
{"at":"2027-01-15T08:01:10Z","context":"prod|eu","cluster":"eu-1","user":"sam","action":"debug","verb":"create","resource":"pods","namespace":"shop","name":"api-debug","container":"app","image":"shop:2","copied_from":"api","outcome":"done"}
{"at":"2027-01-15T08:01:20Z","context":"prod|eu","cluster":"eu-1","user":"sam","action":"delete","verb":"delete","resource":"pods","namespace":"shop","name":"api","outcome":{"failed":"pods \"api\" is forbidden: <no>"}}
{"at":"2026-12-24T20:00:00Z","context":"prod|eu","cluster":"eu-1","user":"sam","action":"debug","verb":"debug","resource":"pods/ephemeralcontainers","namespace":"shop","name":"older","container":"debugger-aaaaa","outcome":"done"}
no line of ours
"#;

const CAST: &str = r#"{"version":2,"width":40,"height":6,"timestamp":1800000003,"bathyscope":{"context":"prod|eu","namespace":"shop","pod":"api","container":"debugger-x7k2p"}}
[1.0,"o","/ # cat notes\r\n"]
[5.0,"m","cut"]
[70.0,"o","```\u001b[1m# hello\u001b[m\r\n"]
[75.0,"o","/ # "]
[76.0,"o","lo"#;

/// A folder with an audit log and a recording that is torn off.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("bathy-test-report-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("casts")).expect("a folder");
        fs::write(folder.join("audit.jsonl"), AUDIT).expect("written");
        fs::write(folder.join("casts/api.cast"), CAST).expect("written");
        Self(folder)
    }

    fn bathy(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bathy"));
        command.arg("report").args(arguments).current_dir(&self.0).env("HOME", &self.0).env("TZ", "UTC");
        command.env_remove("XDG_STATE_HOME").env_remove("XDG_CONFIG_HOME").env_remove("BATHY_LOG");
        command.stdin(Stdio::null()).output().expect("bathy runs")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn an_incident_is_told_pod_by_pod() {
    let folder = Folder::new("told");
    let arguments = ["--audit", "audit.jsonl", "casts", "--since", "2027-01-01", "--transcript"];
    let report = folder.bathy(&arguments);
    assert!(report.status.success(), "{}", text(&report.stderr));
    let report = text(&report.stdout);
    let written = report.lines().position(|line| line.starts_with("Written")).expect("when it was written");
    let lines: Vec<&str> = report.lines().enumerate().filter(|(at, _)| *at != written).map(|(_, line)| line).collect();
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn it_is_written_to_a_new_file_that_nobody_else_reads() {
    let folder = Folder::new("file");
    let arguments = ["--audit", "audit.jsonl", "--since=2027-01-01", "--pod", "api-debug", "-o", "incident.md"];
    assert!(folder.bathy(&arguments).status.success());
    let file = folder.0.join("incident.md");
    assert_eq!(fs::metadata(&file).expect("written").permissions().mode() & 0o777, 0o600);
    let report = fs::read_to_string(&file).expect("text");
    assert!(report.contains("a copy of `api`") && !report.contains("debugger-x7k2p"), "{report}");
    let again = folder.bathy(&arguments);
    assert!(!again.status.success() && text(&again.stderr).contains("incident.md"), "{}", text(&again.stderr));
    assert_eq!(fs::read_to_string(&file).expect("text"), report, "what is there stays");
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = Folder::new("wrong");
    for (arguments, why) in [
        (&["--audit", "none.jsonl"][..], "there is no audit log none.jsonl"),
        (&["none.cast"], "there is no recording and no folder none.cast"),
        (&["--since", "yesterday"], "\"yesterday\" is no moment"),
    ] {
        let report = folder.bathy(arguments);
        assert!(!report.status.success() && text(&report.stderr).contains(why), "{}", text(&report.stderr));
    }
    fs::write(folder.0.join("casts/empty.cast"), "").expect("written");
    let report = text(&folder.bathy(&["casts"]).stdout);
    assert!(report.contains("Not read: casts/empty.cast"), "{report}");
    assert!(report.contains("## shop/api"), "what is named belongs to it whenever it was: {report}");
}
