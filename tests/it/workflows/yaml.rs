//! An object read as YAML: searched, copied, closed; live while a shell goes on beside it.

use super::site::Site;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_is_read_as_yaml_while_a_shell_goes_on() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod("multi").await;
    person.press("y");
    person
        .wait_for("the pod as YAML", |screen| screen.contains("apiVersion: v1") && screen.contains("kind: Pod"))
        .await;
    assert!(!person.screen().contains("managedFields"), "{}", person.screen());

    // Searched to the end and back.
    person.press("/containerstatuses<enter>");
    // A pod that changes meanwhile moves its lines under the one that is pointed at: "1 of 2" or "in 2 lines".
    person
        .wait_for("the status in view", |screen| {
            screen.contains("containerStatuses:") && screen.contains("“containerstatuses” ")
        })
        .await;
    person.press("/does-not-stand-there<enter>");
    person.wait_for_text("“does-not-stand-there” is nowhere").await;

    // What was looked for is let go of; the next search stands where it leads.
    person.press("<esc>");
    person.press("/creationtimestamp<enter>");
    person.wait_for_text("creationTimestamp:").await;

    // A shell beside it; the view is still there, in its own tab.
    person.press("<tab>");
    person.select_container("shell").await;
    person.press("s");
    person.run("echo one-$((1+0))", "one-1").await;
    person.press("<c-]>1");
    person.wait_for_text("creationTimestamp:").await;
    person.press("<esc>");
    person.press("<esc>");
    person.wait_for("the view closed", |screen| !screen.contains("multi yaml")).await;
    person.leave().await;
    site.close().await;
}
