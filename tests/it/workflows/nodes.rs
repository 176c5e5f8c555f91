//! Nodes: their list, the pods on one, and a debugger that sees the node and is removed afterwards.

use super::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_is_inspected_and_its_pods_are_listed() {
    let site = Site::any().await;
    let mut person = site.person();
    person.wait_for("live pods", |screen| screen.contains("● live")).await;
    person.press("N");
    let screen = person
        .wait_for("the nodes, one of them inspected", |screen| {
            screen.contains("› nodes") && screen.contains("● live") && screen.contains("kubelet   v1.")
        })
        .await;
    assert!(screen.contains("Ready") && screen.contains("VERSION"), "{screen}");
    person.wait_for("its pods counted", |screen| screen.contains(" of ") && !screen.contains("pods      …")).await;
    person.press("<enter>");
    person
        .wait_for("its pods", |screen| {
            screen.contains("› node/") && screen.contains("NAMESPACE") && screen.contains("● live")
        })
        .await;
    person.press("<esc>");
    person.wait_for("the nodes again", |screen| screen.contains("› nodes")).await;
    person.press("<esc>");
    let home = format!("› {} ", site.namespace());
    person.wait_for("the pods of before", |screen| screen.contains(&home)).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_on_a_node_shows_its_processes_and_files_and_the_pod_can_be_removed() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = site.person();
    person.wait_for("live pods", |screen| screen.contains("● live")).await;
    person.press("N");
    person.wait_for("the nodes, one of them inspected", |screen| screen.contains("kubelet   v1.")).await;
    person.press("e");
    let screen = person.wait_for("a prompt", |screen| screen.contains("/ #")).await;
    assert!(screen.contains("node/") && screen.contains("/ at /host"), "{screen}");
    person.wait_for("what the debugger sees", |screen| screen.contains("(PID 1 is ")).await;
    person.run("test -e /host/etc/passwd && echo f''iles-of-the-node", "files-of-the-node").await;
    // The first process of a node is no shell of ours.
    person
        .run("tr '\\0' ' ' </proc/1/cmdline | grep -qx 'sh *' || echo p''rocesses-of-the-node", "processes-of-the-node")
        .await;
    person.press("<c-]>b");
    let there = format!("⌁ {}/…", site.namespace());
    person.wait_for("the debugger in the inspector", |screen| screen.contains(&there)).await;
    person.press("<c-]>x");
    person.wait_for("the question", |screen| screen.contains("remove the node debugger")).await;
    person.press("r");
    person.wait_for("the deletion", |screen| screen.contains("is being deleted")).await;
    person.wait_for("no debugger in the inspector", |screen| !screen.contains(&there)).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restricted_namespace_gets_a_debugger_that_sees_nothing_and_says_so() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = site.person_as("admin", site.restricted());
    person.wait_for("live pods", |screen| screen.contains("● live")).await;
    person.press("N");
    person.wait_for("the nodes, one of them inspected", |screen| screen.contains("kubelet   v1.")).await;
    person.press("e");
    let screen = person.wait_for("a prompt as somebody", |screen| screen.contains("/ $")).await;
    assert!(screen.contains("sees nothing of"), "{screen}");
    // The way out is a namespace that was asked whether it admits more.
    person.wait_for("where the way out is", |screen| screen.contains("-] t helps")).await;
    person.press("<c-]>t");
    person.wait_for("the way out", |screen| screen.contains("which admits it")).await;
    person.press("1");
    // Only a look can tell which process that is.
    person.wait_for("what the debugger sees", |screen| screen.contains("(PID 1 is ")).await;
    person.press("<c-]>x");
    person.wait_for("the question", |screen| screen.contains("remove the node debugger")).await;
    person.press("r");
    person.wait_for("the deletion", |screen| screen.contains("is being deleted")).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_may_not_list_nodes_is_told_the_missing_right() {
    let site = Site::demo().await;
    let mut person = site.person_as("view", "demo");
    person.wait_for("live pods", |screen| screen.contains("● live")).await;
    person.press("N");
    person.wait_for("the refusal", |screen| screen.contains("✗ refused") && screen.contains("list nodes")).await;
    person.press("<esc>");
    person.wait_for("the pods of before", |screen| screen.contains("› demo ") && screen.contains("● live")).await;
    person.leave().await;
    site.close().await;
}
