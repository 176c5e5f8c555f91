//! Scenario steps 5 and 8: a copy with shared processes, its fresh files, its place behind no Service, and its removal.

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn c_copies_shares_processes_starts_afresh_and_can_be_removed() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("c");
    let screen = person.wait_for("a prompt", |screen| screen.contains("/ #")).await;
    assert!(screen.contains("old files gone") && screen.contains("behind no Service"), "{screen}");
    person.run("cat /proc/1/cmdline | tr '\\0' ' '; echo", "/pause").await;
    let list = "for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done";
    person.run(list, "node /app/server.js").await;
    let find =
        "for p in /proc/[0-9]*; do grep -q server.js $p/cmdline && echo n=$(ls $p/root/app/requests|wc -l); done";
    person.run(find, "n=0").await;
    person.press("<c-]>x");
    person.wait_for("the question", |screen| screen.contains("remove the copy")).await;
    person.press("r");
    person.wait_for("the deletion", |screen| screen.contains("is being deleted")).await;
    person.press("xn");
    person
        .wait_for("no copy among the leftovers", |screen| {
            screen.contains("leftovers of debugging") && !screen.contains("looking") && !screen.contains("-debug-")
        })
        .await;
    person.press("<esc>");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_taken_leads_into_the_pod_that_has_it_or_to_another_name() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    for round in 0..2 {
        person.press("C");
        person.wait_for("the form", |screen| screen.contains("the server admits it")).await;
        person.press("<tab><tab><tab><tab><tab><tab><tab><tab>twice");
        if round == 0 {
            person.wait_for("the name", |screen| screen.contains("--copy-to=twice")).await;
            person.press("<enter>");
            person.wait_for("a prompt", |screen| screen.contains("/ #")).await;
            person.press("<c-]>b");
        } else {
            person.press("<enter>");
        }
    }
    let screen = person.wait_for("the ways out", |screen| screen.contains("in twice, which runs")).await;
    assert!(screen.contains("under a name that is generated"), "{screen}");
    person.press("1");
    person.wait_for("another copy", |screen| screen.contains("/ #") && screen.contains(&format!("{NODE_POD}-"))).await;
    person.leave().await;
    site.close().await;
}
