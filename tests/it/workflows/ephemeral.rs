//! Scenario steps 3 and 4: a debugger beside a distroless process, with the target's processes and files, and without.

use super::site::{NODE_CONTAINER, NODE_POD, Site};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e_shows_the_targets_process_and_files() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.wait_for("a prompt", |screen| screen.contains("/ #")).await;
    let screen = person.run("cat /proc/1/cmdline | tr '\\0' ' '; echo", "node /app/server.js").await;
    assert!(screen.contains(&format!("{NODE_POD}-")), "{screen}");
    // A request leaves a file; the network is the pod's, so the application answers on localhost.
    // Whichever of these the image has makes a request.
    let port = site.port();
    person.run(&format!("wget -qO- 127.0.0.1:{port}; echo a-$((1+1))"), "a-2").await;
    person.run(&format!("curl -s 127.0.0.1:{port}; echo b-$((1+1))"), "b-2").await;
    let ask = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; echo GET / HTTP/1.0 >&3; echo >&3; head -1 <&3");
    person.run(&format!("bash -c '{ask}'; echo c-$((1+1))"), "c-2").await;
    person.run("ls /proc/1/root/app/requests | grep -c . | sed 's/^[1-9].*/some-f''iles/'", "some-files").await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_debugger_without_a_target_sees_only_itself_and_says_so() {
    let site = Site::any().await;
    if !site.is_isolated() {
        return;
    }
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("E<tab>");
    person.wait_for("the form", |screen| screen.contains(&format!("‹ {NODE_CONTAINER} ›"))).await;
    person.press("<right>");
    person.wait_for("no target", |screen| screen.contains("only its own processes")).await;
    person.press("<enter>");
    person.wait_for("a prompt", |screen| screen.contains("/ #")).await;
    let screen = person.run("cat /proc/1/cmdline | tr '\\0' '.'; echo", "sh").await;
    assert!(screen.contains("targets nothing"), "{screen}");
    person.run("test -e /proc/1/root/app/requests || echo no-such-files", "no-such-files").await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exit_code_is_told_and_leftovers_name_the_ended_debugger() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.wait_for("a prompt", |screen| screen.contains("/ #")).await;
    person.press("exit 7<enter>");
    person.wait_for_text("exited with code 7").await;
    person.press("<esc>x");
    person.wait_for("the leftovers", |screen| screen.contains("ended (7)")).await;
    person.press("<esc>");
    person.leave().await;
    site.close().await;
}
