//! What debugging leaves, seen across namespaces, and taken away: debuggers ended, pods deleted, what stays told.

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn x_ends_what_runs_deletes_what_can_go_and_says_what_stays() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.wait_for("a prompt", |screen| screen.lines().any(|line| line.trim_end().ends_with('#'))).await;
    person.press("<c-]>b<esc>");
    person.select_pod(NODE_POD).await;
    person.press("c");
    person
        .wait_for("the copy's prompt", |screen| {
            let tab = screen.lines().any(|line| line.contains(" 2 ") && line.contains("-debug-"));
            tab && screen.lines().any(|line| line.trim_end().ends_with('#'))
        })
        .await;
    person.press("<c-]>bxn");
    let here = format!("leftovers of debugging · {}", site.namespace());
    person
        .wait_for("both, and whose they are", |screen| {
            let row = |kind: &str| screen.lines().any(|line| line.contains(kind) && line.contains("bathy-test"));
            screen.contains(&here) && row("copy ") && row("debugger  ") && screen.matches("running").count() >= 2
        })
        .await;
    person.press("m*d");
    let question = person.wait_for_text("delete 1 pod and end 1 debugger").await;
    assert!(question.contains("whoever is attached loses their shell"), "{question}");
    // The view comes back as it was: of this namespace alone.
    person.press("d");
    person
        .wait_for("the debugger ended, the copy gone or going", |screen| {
            let row = |kind: &str, state: &str| screen.lines().any(|line| line.contains(kind) && line.contains(state));
            // A pod takes its time to go.
            let going = row("copy ", "being deleted") || !screen.contains("-debug-");
            row("debugger  ", "ended (") && going
        })
        .await;
    person.press("<esc>");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sees_one_namespace_sees_its_leftovers() {
    let site = Site::demo().await;
    let mut person = site.person_as("tenant", site.namespace());
    person.wait_for("live pods", |screen| screen.contains("● live")).await;
    person.press("x");
    let screen = person.wait_for_text("leftovers of debugging · demo").await;
    assert!(!screen.contains("· all namespaces"), "{screen}");
    person.press("<esc>");
    person.leave().await;
    site.close().await;
}
