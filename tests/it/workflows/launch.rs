//! Debuggers that run already, what a debugger turns out to see, and keys without a right.

use super::site::{NODE_CONTAINER, NODE_POD, Site};

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
