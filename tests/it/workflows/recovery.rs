//! A connection that breaks: old rows stay, say how old they are, and are live again afterwards.

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
