//! Launches that do not go as they should, and what one key does about it; debuggers that run already, what a debugger
//! turns out to see, and keys without a right.

use super::site::{NODE_CONTAINER, NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_does_not_exist_is_explained_and_a_fix_starts_another() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("E");
    person.wait_for("the form", |screen| screen.contains(&format!("‹ {NODE_CONTAINER} ›"))).await;
    person.press("-nosuch<enter>");
    let screen = person.wait_for("why it does not start", |screen| screen.contains(" 1  ")).await;
    assert!(screen.contains("does not start") && screen.contains("stable-nosuch"), "{screen}");
    // It can be left and comes back as it is.
    person.press("<c-]>b");
    person.wait_for("the lists have the keys", |screen| screen.contains("e debug")).await;
    person.press("<tab>1");
    // A fix that has to know the image opens the form; others start at once.
    let screen = person
        .wait_for("the fix", |screen| {
            screen.contains("/ #") || screen.contains("‹ ") || screen.contains("and stays in")
        })
        .await;
    if screen.contains("‹ ") {
        for _ in 0.."-nosuch".len() {
            person.press("<backspace>");
        }
        person.press("<enter>");
    }
    person.wait_for("a prompt", |screen| screen.contains("/ #")).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_again_opens_one_more_shell_in_the_debugger_that_runs() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.wait_for("a prompt", |screen| screen.contains("/ #")).await;
    let sees = format!("sees {NODE_CONTAINER}");
    person.wait_for("what it sees", |screen| screen.contains(&sees) && screen.contains("reads its files")).await;
    person.press("<c-]>b");
    person.wait_for("the debugger in the inspector", |screen| screen.contains("1 running")).await;
    person.press("e");
    person.wait_for("one more shell", |screen| screen.contains("sh ") && screen.contains("in debugger-")).await;
    person.run("echo $((40+2))", "42").await;
    person.press("<c-]>b");
    let screen = person.wait_for("still one debugger", |screen| screen.contains("1 running")).await;
    assert!(!screen.contains("2 running"), "{screen}");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_may_only_look_sees_which_right_each_key_lacks() {
    let site = Site::demo().await;
    let mut person = site.person_as("view", "demo");
    person.select_pod(NODE_POD).await;
    person
        .wait_for("the missing right beside its key", |screen| screen.contains("patch pods/ephemeralcontainers"))
        .await;
    person.leave().await;
    site.close().await;
}
