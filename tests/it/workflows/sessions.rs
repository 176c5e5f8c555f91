//! Several sessions at once, going on while one browses, attached again, and floods that disturb nobody.

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_sessions_go_on_beside_each_other() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.run("echo first-$((1+1))", "first-2").await;
    person.press("<c-]>b<esc>");
    person.select_pod("multi").await;
    person.select_container("shell").await;
    person.press("s");
    person.run("echo second-$((2+2))", "second-4").await;
    person.press("<c-]>1");
    person
        .wait_for("the first session's screen", |screen| screen.contains("first-2") && !screen.contains("second-4"))
        .await;
    person.run("echo still-$((3+3))", "still-6").await;
    person.press("<c-]>2");
    person.wait_for_text("second-4").await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_detached_debugger_is_attached_again_with_its_past() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.run("echo remember-$((40+2))", "remember-42").await;
    person.press("<c-]>x");
    person.wait_for_text("detach").await;
    person.press("k");
    person.wait_for("no pane", |screen| !screen.contains("remember-42")).await;
    person.wait_for("the debugger in the inspector", |screen| screen.contains("⌁ debugger-")).await;
    person.select_container("debugger-").await;
    person.press("<enter>");
    person.wait_for_text("remember-42").await;
    person.run("echo again-$((50+5))", "again-55").await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_leaves_the_console_responsive_and_is_interrupted() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod("multi").await;
    person.select_container("shell").await;
    person.press("s");
    person.run("echo ready-$((1+2))", "ready-3").await;
    person.press("yes flood<enter>");
    person.wait_for_text("flood\nflood\nflood\n").await;
    person.press("<c-]>b?");
    person.wait_for("help over the flood", |screen| screen.contains("Pods and containers")).await;
    person.press("<esc><tab><c-c>");
    person.run("echo after-$((4+4))", "after-8").await;
    person.leave().await;
    site.close().await;
}
