//! A pod described, what it belongs to, and all the pods of that.

use super::site::{NODE_CONTAINER, NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_is_described_and_what_controls_it_above() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("d");
    person.press("<c-]>z");
    let screen = person
        .wait_for("the pod described", |screen| {
            screen.contains("Belongs To:") && screen.contains("Service Account:") && screen.contains("Controlled By:")
        })
        .await;
    assert!(screen.contains(&format!("Deployment/{NODE_POD} › ReplicaSet/{NODE_POD}-")), "{screen}");
    assert!(screen.contains(&format!("{NODE_CONTAINER}:")), "{screen}");

    // Events stand at the end.
    person.press("G");
    person.wait_for("the events", |screen| screen.contains("Events:") && screen.contains("Scheduled")).await;

    // Up to the ReplicaSet, up to the Deployment.
    person.press("u");
    person.wait_for("the ReplicaSet", |screen| screen.contains("Pods Status:") && screen.contains("1 Running /")).await;
    person.press("u");
    person
        .wait_for("the Deployment", |screen| screen.contains("NewReplicaSet:") || screen.contains("StrategyType:"))
        .await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_description_follows_a_debugger_that_comes() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("d");
    person.wait_for_text("Belongs To:").await;
    person.press("<tab>");
    person.press("e");
    person.run("echo up-$((1+0))", "up-1").await;
    person.press("<c-]>1");
    person.press("<c-]>z");
    person
        .wait_for("the debugger among the findings", |screen| {
            screen.contains("Debuggers:") && screen.contains("running")
        })
        .await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pods_of_what_a_pod_belongs_to_are_one_key_away() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("w");
    let scope = format!("› Deployment/{NODE_POD}");
    let screen = person
        .wait_for("the Deployment's pods", |screen| {
            screen.contains(&scope) && screen.contains("● live") && screen.contains(&format!("▸{NODE_POD}"))
        })
        .await;
    assert!(!screen.contains("multi") && !screen.contains("crash"), "{screen}");
    person.press("<esc>");
    person.wait_for("the namespace again", |screen| !screen.contains(&scope) && screen.contains("multi")).await;

    // A pod that stands alone says so and goes nowhere.
    person.select_pod("multi").await;
    person.press("w");
    person.wait_for_text("belongs to nothing").await;
    person.leave().await;
    site.close().await;
}
