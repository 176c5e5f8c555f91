//! A connection that breaks: old rows stay and say how old they are; a cut session says so; all of it comes back.

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_stay_while_the_server_is_away_and_are_live_again_after() {
    let site = Site::demo().await;
    let mut person = site.person();
    person.wait_for("live pods", |screen| screen.contains("● live") && screen.contains(NODE_POD)).await;
    site.cluster().refuse(true);
    site.cluster().cut();
    person.wait_for("old rows, said to be old", |screen| screen.contains("○ stale") && screen.contains(NODE_POD)).await;
    site.cluster().refuse(false);
    person.wait_for("live again", |screen| screen.contains("● live") && screen.contains(NODE_POD)).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_session_says_so_and_is_attached_again() {
    let site = Site::demo().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.run("echo before-$((10+1))", "before-11").await;
    site.cluster().cut();
    person.wait_for_text("connection lost").await;
    person.press("a");
    person.wait_for("its past", |screen| screen.contains("before-11") && !screen.contains("connection lost")).await;
    person.run("echo after-$((10+2))", "after-12").await;
    person.leave().await;
    site.close().await;
}
