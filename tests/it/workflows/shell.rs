//! Scenario step 2: a shell where there is none, and where there is one.

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s_on_a_distroless_container_says_so_and_offers_the_debugger() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("s");
    person
        .wait_for("no shell", |screen| screen.contains("this image has no shell") && screen.contains("e debug"))
        .await;
    person.press("e");
    person.wait_for("a prompt of the debugger", |screen| screen.contains("/ #")).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s_opens_a_shell_where_there_is_one_and_tells_its_exit_code() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod("multi").await;
    person.select_container("shell").await;
    person.press("s");
    person.run("echo $((6*7))", "42").await;
    person.press("exit 3<enter>");
    person.wait_for_text("exited with code 3").await;
    person.leave().await;
    site.close().await;
}
