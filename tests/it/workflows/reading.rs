//! What a command has printed is searched, copied and saved; a secret typed without echo is in none of it.

use std::os::unix::fs::PermissionsExt as _;

use bathyscope::app::Settings;
use bathyscope::app::recording::RecordingSettings;

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn output_is_searched_and_saved_without_what_was_typed_unseen() {
    let site = Site::any().await;
    let directory = std::env::temp_dir().join(format!("bathy-test-reading-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    let recording = RecordingSettings { directory: Some(directory.clone()), ..RecordingSettings::default() };
    let mut person = site.person_with(Settings { recording, ..Settings::default() });
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.run("echo ready-$((1+1))", "ready-2").await;
    person.type_line("stty -echo; echo ask-$((2+2)); read -r secret; stty echo; echo got-${#secret}");
    person.wait_for_text("ask-4").await;
    person.type_line("hunter2hunter2");
    person.wait_for_text("got-14").await;
    person.type_line("for i in $(seq 300); do echo row-$i; done");
    person.wait_for_text("row-300").await;
    person.press("<c-]>/row-1$<enter>");
    person.wait_for_text("1 of 1 /row-1$/").await;
    person.press("Vjy");
    // No terminal of a person's is there in this test: whatever the machine has takes it, or it is told.
    person.wait_for("an answer", |screen| screen.contains("2 lines copied") || screen.contains("not copied")).await;
    person.press("<c-]>S<enter>");
    person.wait_for_text("lines to ").await;
    let file = std::fs::read_dir(&directory).expect("saved").next().expect("a file").expect("readable").path();
    let text = std::fs::read_to_string(&file).expect("text");
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(text.contains("# pod: ") && text.contains("\nrow-1\nrow-2\n") && text.contains("got-14"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    std::fs::remove_dir_all(directory).expect("removed");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_that_is_told_to_marks_its_prompts() {
    let site = Site::any().await;
    let mut person = site.person_with(Settings::default());
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.run("echo ready-$((1+1))", "ready-2").await;
    person.press("<c-]>(");
    person.wait_for_text("marks no prompts").await;
    person.type_line(bathyscope::app::copying::MARKING_PROMPT_PLAINLY);
    person.type_line("for i in $(seq 200); do echo row-$i; done");
    person.wait_for_text("row-200").await;
    person.press("<c-]>((");
    person
        .wait_for("the prompt before", |screen| {
            screen.lines().any(|line| line.trim_end().ends_with("row-2")) && !screen.contains("row-200")
        })
        .await;
    person.press("q");
    person.leave().await;
    site.close().await;
}
