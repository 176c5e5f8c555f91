//! A session is recorded and played: the replay ends on the screen that the session had.

use std::path::{Path, PathBuf};

use bathyscope::app::Settings;
use bathyscope::app::recording::RecordingSettings;
use bathyscope::runtime::replay::Recording;
use bathyscope::session::recording::{Ending, Reader, survey};

use super::site::{NODE_POD, Site};

fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("bathy-test-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    directory
}

fn settings(directory: &Path, always: bool) -> Settings {
    let recording = RecordingSettings { always, directory: Some(directory.to_owned()), ..RecordingSettings::default() };
    Settings { recording, ..Settings::default() }
}

fn only_file(directory: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(directory).expect("recordings were made").map(|entry| entry.expect("one").path());
    let file = files.next().expect("a recording");
    assert!(files.next().is_none(), "there is more than one");
    file
}

/// What stands below the tabs, without the footer.
fn pane(screen: &str) -> String {
    let lines: Vec<&str> = screen.lines().collect();
    let tabs = lines.iter().rposition(|line| line.starts_with(" 1 ")).expect("tabs");
    lines[tabs + 1..lines.len() - 1].join("\n").trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_key_records_ends_on_the_same_screen() {
    let site = Site::any().await;
    let directory = directory("record-key");
    let mut person = site.person_with(settings(&directory, false));
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.run("echo before-$((1+1))", "before-2").await;
    person.press("<c-]>r");
    person.wait_for_text("recording to ").await;
    person.wait_for_text("[rec]").await;
    person.run("printf '\\033[31mred %s\\033[0m\\n' $((2+2))", "red 4").await;
    person.press("<c-]>z");
    person.run("echo wide-$((3+3))", "wide-6").await;
    let live = pane(&person.wait_for("a prompt", |screen| pane(screen).ends_with('#')).await);
    person.press("<c-]>r");
    person.wait_for_text("recorded in ").await;
    person.wait_for("no mark any more", |screen| !screen.contains("[rec]")).await;
    person.run("echo after-$((4+4))", "after-8").await;
    let file = only_file(&directory);
    let text = std::fs::read_to_string(&file).expect("text");
    let header: serde_json::Value = serde_json::from_str(text.lines().next().expect("a header")).expect("JSON");
    assert_eq!(header["version"], 2);
    let of = &header["bathyscope"];
    assert_eq!(of["namespace"], site.namespace());
    assert!(of["pod"].as_str().expect("a pod").starts_with(NODE_POD));
    assert!(of["container"].as_str().expect("a container").starts_with("debugger-"));
    assert!(!of["image"].as_str().expect("an image").is_empty() && !of["context"].is_null());
    assert!(text.lines().skip(1).any(|line| line.contains(", \"r\", ")), "the zoom changed the size");
    let (played, ending) = Recording::open(file, None, 1.0).expect("a recording").last_words(0);
    assert_eq!(ending, Ending::Whole);
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&played), trimmed(&live));
    std::fs::remove_dir_all(directory).expect("removed");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn always_records_from_the_first_byte_to_the_exit() {
    let site = Site::any().await;
    let directory = directory("record-always");
    let mut person = site.person_with(settings(&directory, true));
    person.select_pod("multi").await;
    person.select_container("shell").await;
    person.press("s");
    person.run("echo secret-$((5+5))", "secret-10").await;
    person.press("exit 3<enter>");
    person.wait_for_text("recorded in ").await;
    let file = only_file(&directory);
    let mut reader = Reader::open(&file, None).expect("a recording");
    let found = survey(&mut reader, || true).expect("looked over");
    let labels: Vec<&str> = found.markers.iter().map(|marker| marker.label.as_str()).collect();
    assert_eq!(labels, ["attached", "exited with code 3"]);
    let text = std::fs::read_to_string(&file).expect("text");
    assert!(!text.lines().any(|line| line.contains(", \"i\", ")), "input is recorded only where that is asked for");
    let (played, _) = Recording::open(file, None, 1.0).expect("a recording").last_words(1_000);
    assert!(played.contains("secret-10"), "{played}");
    std::fs::remove_dir_all(directory).expect("removed");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_cannot_be_written_is_told_and_the_session_goes_on() {
    let site = Site::any().await;
    let file = directory("record-nowhere");
    std::fs::write(&file, "no directory").expect("written");
    let mut person = site.person_with(settings(&file.join("below"), true));
    person.select_pod("multi").await;
    person.select_container("shell").await;
    person.press("s");
    person.wait_for_text("the recording stopped, the session goes on").await;
    person.run("echo on-$((6+6))", "on-12").await;
    std::fs::remove_file(file).expect("removed");
    person.leave().await;
    site.close().await;
}
