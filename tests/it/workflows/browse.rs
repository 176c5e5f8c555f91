//! Namespaces, pods and containers, live, filtered, and gone to by name.

use super::site::{NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_are_listed_filtered_and_inspected() {
    let site = Site::any().await;
    let mut person = site.person();
    person.wait_for("live pods", |screen| screen.contains("● live") && screen.contains(NODE_POD)).await;
    person.press("/");
    person.press(&NODE_POD[..5]);
    person.wait_for("the filter", |screen| screen.contains("/nodej") && !screen.contains("crash")).await;
    person.press("<esc>");
    person.wait_for("every pod again", |screen| screen.contains("CrashLoopBackOff") || screen.contains("Error")).await;
    person.select_pod(NODE_POD).await;
    person.wait_for("the owner in the inspector", |screen| screen.contains("ReplicaSet/nodejsapps")).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn out_to_the_namespaces_and_into_another() {
    let site = Site::any().await;
    let mut person = site.person();
    person.wait_for("live pods", |screen| screen.contains("● live") && screen.contains(NODE_POD)).await;
    let (home, other) = (site.namespace().to_owned(), site.restricted().to_owned());
    person.press("<esc>");
    let here = format!("▸{home}");
    person.wait_for("the namespaces", |screen| screen.contains("kube-system") && screen.contains(&here)).await;
    person.press(&format!("/'{other}<enter>"));
    person.wait_for("one namespace", |screen| screen.contains(&format!("▸{other}"))).await;
    person.press("<enter>");
    person.wait_for("its pods", |screen| screen.contains("locked") && screen.contains("● live")).await;
    person.press("0");
    person
        .wait_for("the pods of all namespaces", |screen| {
            screen.contains("› all namespaces") && screen.contains("NAMESPACE") && screen.contains("● live")
        })
        .await;
    person.press(&format!(":ns {home}<enter>"));
    let back = format!("› {home} ");
    person.wait_for("back by the palette", |screen| screen.contains(&back) && screen.contains(NODE_POD)).await;
    person.leave().await;
    site.close().await;
}
