//! Logs read in views: followed, filtered, paused, of all containers and of all pods of an owner, over cuts and restarts.

use super::person::Person;
use super::site::{NODE_POD, Site};

/// A shell in the pod `multi` whose container's log the story writes, in the first tab.
async fn shell(site: &Site) -> Person {
    let mut person = site.person();
    person.select_pod("multi").await;
    person.select_container("shell").await;
    person.press("s");
    person.run("echo ready-$((1+2))", "ready-3").await;
    person
}

/// Opens the log of that container from the lists.
async fn log(person: &mut Person) {
    person.press("<c-]>b");
    person.select_container("shell").await;
    person.press("l");
    person.wait_for_text("multi/shell log").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_followed_filtered_and_paused_while_a_shell_writes_it() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = shell(&site).await;
    person.run("for n in 1 2 3; do echo line-$n; done > /proc/1/fd/1; echo did-$((1+0))", "did-1").await;
    log(&mut person).await;
    person.wait_for("the log", |screen| screen.contains("multi/shell log") && screen.contains("line-3")).await;

    // The filter works as it is typed, and gives back what it hid.
    person.press("fline-2");
    person.wait_for("one line", |screen| screen.contains("line-2") && !screen.contains("line-3")).await;
    person.press("<enter>");
    person.wait_for_text("“line-2” in 1 of 3").await;
    person.press("f<c-u>line-[13]<enter>");
    person.wait_for("two lines", |screen| screen.contains("line-3") && !screen.contains("line-2")).await;
    person.press("f<c-u><enter>");
    person.wait_for_text("line-2").await;

    // What comes while it is paused is there afterwards.
    person.press(" ");
    person.wait_for_text("paused, 0 new").await;
    person.press("<c-]>1");
    person.run("echo line-4 > /proc/1/fd/1; echo did-$((1+1))", "did-2").await;
    person.press("<c-]>2");
    person
        .wait_for("a line that is held back", |screen| screen.contains("paused, 1 new") && !screen.contains("line-4"))
        .await;
    person.press(" ");
    person.wait_for_text("line-4").await;

    // All containers of the pod, each under its name, and back.
    person.press("a");
    person.wait_for("both containers", |screen| screen.contains("multi log") && screen.contains("shell ")).await;
    person.press("t");
    person
        .wait_for("times", |screen| screen.lines().any(|line| line.contains("Z shell") && line.contains("line-4")))
        .await;
    person.press("q");
    person.wait_for("the view closed", |screen| !screen.contains("multi log")).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_costs_no_line_and_doubles_none() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = shell(&site).await;
    person.type_line("(for n in $(seq 1 60); do echo count-$n; sleep 0.05; done > /proc/1/fd/1) &");
    log(&mut person).await;
    person.wait_for_text("count-5\n").await;
    site.cut();
    person.wait_for_text("count-20\n").await;
    site.cut();
    person.wait_for_text("count-60\n").await;
    person.press("fcount-<enter>");
    person.wait_for_text("“count-” in 60 of").await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_keeps_crashing_has_its_lives_marked() {
    let site = Site::any().await;
    let mut person = site.person();
    person.press("/'crash<enter>");
    person.wait_for("the pod", |screen| screen.contains("▸crash") && screen.contains("phase  ")).await;
    person.press("l");
    person.wait_for("its end", |screen| screen.contains("crash/app log") && screen.contains("ended: exit code ")).await;
    person.wait_for("its next life", |screen| screen.contains("app restarted, exit code ")).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pods_of_an_owner_are_one_key_away() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("L");
    person.wait_for_text(&format!("deployment/{NODE_POD} log")).await;
    person.press("o");
    person.wait_for("one pod", |screen| screen.contains(&format!(" {NODE_POD}-")) && screen.contains(" log")).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logs_of_a_selector_and_of_a_service_are_asked_for_by_name() {
    // The labels and the Service are those of the demo.
    let site = Site::demo().await;
    let mut person = site.person();
    person.select_pod("multi").await;

    // What cannot be read is said where it is typed, and asks for nothing.
    person.press(":logs app=multi,");
    person.wait_for_text("a requirement is missing beside a comma").await;
    person.press("<enter>");
    person.wait_for("the list", |screen| screen.contains("▸multi") && !screen.contains("app=multi, log")).await;

    person.press(":logs app in (multi),!canary<enter>");
    let both = |screen: &str| {
        let has = |container: &str| {
            screen.lines().any(|line| line.contains(&format!("{container} ")) && line.contains("tick="))
        };
        screen.contains("app in (multi),!canary log") && screen.contains("containers") && has("sidecar")
    };
    person.wait_for("the pod's containers", both).await;
    person.press("q");

    person.press(":logs svc/nodejsapp-svc<enter>");
    person.wait_for_text("service/nodejsapp-svc log").await;
    person.press("q");

    // A selector that finds nobody says so.
    person.press(":logs app=nobody<enter>");
    person.wait_for("nobody", |screen| screen.contains("app=nobody log") && screen.contains("no pod")).await;
    person.leave().await;
    site.close().await;
}
