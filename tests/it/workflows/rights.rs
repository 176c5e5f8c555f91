//! People who may not do everything: what they are told, and what they still get.

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_namespace_says_which_right_is_missing() {
    let site = Site::demo().await;
    let mut person = site.person_as("tenant", "kube-system");
    person.wait_for("the refusal", |screen| screen.contains("pods") && screen.contains("✗ refused")).await;
    // A namespace that they may see is reached by its name.
    person.press(":ns demo<enter>");
    person.wait_for("the pods they may see", |screen| screen.contains("› demo") && screen.contains(NODE_POD)).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_may_only_look_is_told_the_missing_right() {
    let site = Site::demo().await;
    let mut person = site.person_as("view", "demo");
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.wait_for("the missing right", |screen| screen.contains("pods/ephemeralcontainers")).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restricted_namespace_admits_the_chosen_profile() {
    let site = Site::any().await;
    let mut person = site.person_as("admin", site.restricted());
    person.wait_for("its pod", |screen| screen.contains("● live") && screen.contains("locked")).await;
    person.select_pod("locked").await;
    person.press("e");
    person.wait_for("a prompt as somebody", |screen| screen.contains("/ $")).await;
    person.leave().await;
    site.close().await;
}
