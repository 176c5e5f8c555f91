//! The events of a pod with those of its controllers, and of its namespace: read live, warnings alone, searched.

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_read_live_and_with_those_of_the_controllers() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("v");
    person
        .wait_for("events of the pod and of what controls it", |screen| {
            ["Scheduled", "Started", "SuccessfulCreate", "ScalingReplicaSet", "deployment/"]
                .iter()
                .all(|word| screen.contains(word))
        })
        .await;

    // The whole namespace; what repeats is counted while it is read.
    person.press("<tab>V");
    person.wait_for_text(&format!("{} events", site.namespace())).await;
    person.press("!");
    person
        .wait_for("warnings alone, counted", |screen| {
            screen.contains("others hidden") && screen.contains("! BackOff") && screen.contains("×")
        })
        .await;
    assert!(!person.screen().contains("SuccessfulCreate"), "{}", person.screen());
    person.press("!/Scheduled<enter>");
    person.wait_for("a match", |screen| screen.contains("“Scheduled” ")).await;

    person.press("<esc><esc>");
    person.wait_for("the view closed", |screen| !screen.contains("others hidden")).await;
    person.leave().await;
    site.close().await;
}
