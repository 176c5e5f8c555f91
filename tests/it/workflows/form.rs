//! The form: the verdicts of a cluster on a plan before it is sent, the way out of a refusal, and a start as shown.

use super::site::{NODE_POD, Site};

/// The word that begins like this on the screen.
fn word(screen: &str, start: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let at = screen.find(start).unwrap_or_else(|| panic!("no {start:?}:\n{screen}"));
    screen[at..].chars().take_while(|c| is_part(*c)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_is_refused_leads_to_one_that_is_admitted_and_to_a_prompt() {
    let site = Site::any().await;
    let mut person = site.person_as("admin", site.restricted());
    person.wait_for("its pod", |screen| screen.contains("● live") && screen.contains("locked")).await;
    person.select_pod("locked").await;
    person.press("E");
    person.wait_for("a verdict on what was chosen", |screen| screen.contains("✓ the server admits it")).await;
    person.press("<tab><tab><right>");
    let screen = person.wait_for("the refusal", |screen| screen.contains("✗ refused by policy")).await;
    assert!(screen.contains("‹ general ›") && screen.contains("Security level restricted"), "{screen}");
    assert!(screen.contains("^T takes profile restricted"), "{screen}");
    person.press("<c-t>");
    let screen = person
        .wait_for("the other way admitted", |screen| {
            screen.contains("‹ restricted ›") && screen.contains("✓ the server admits it")
        })
        .await;
    let name = word(&screen, "debugger-");
    person.press("<enter>");
    let screen = person.wait_for("a prompt as somebody", |screen| screen.contains("/ $")).await;
    assert!(screen.contains(&format!("locked/{name}")), "{name} was shown:\n{screen}");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_is_made_under_the_name_that_was_shown() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("C");
    let screen = person
        .wait_for("both verdicts", |screen| {
            screen.contains("✓ the server admits it") && screen.contains("✓ you may create pods")
        })
        .await;
    let (_, rest) = screen.split_once("--copy-to=").expect("a name in the command");
    // The command is folded where the form ends.
    let name = rest.split_whitespace().next().expect("a name").to_owned();
    assert!(name.starts_with(NODE_POD), "{name}");
    person.press("<enter>");
    let screen = person.wait_for("a prompt", |screen| screen.contains("/ #")).await;
    assert!(screen.contains(&name), "{name} was shown:\n{screen}");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_may_only_look_sees_the_missing_right_before_anything_is_sent() {
    let site = Site::demo().await;
    let mut person = site.person_as("view", "demo");
    person.select_pod(NODE_POD).await;
    person.press("E");
    let missing = "✗ you may not patch pods/ephemeralcontainers in namespace demo";
    let screen = person.wait_for_text(missing).await;
    assert!(screen.contains("you may get pods/log"), "{screen}");
    person.press("<esc>");
    person.leave().await;
    site.close().await;
}
