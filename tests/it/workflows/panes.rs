//! Shells beside each other: split both ways, typed into one by one and together, zoomed, resized, moved and named.

use super::site::Site;

/// How often a text stands on the screen.
fn count(screen: &str, text: &str) -> usize {
    screen.matches(text).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shells_beside_each_other_are_lived_in() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod("multi").await;
    person.select_container("shell").await;
    person.press("s");
    person.run("echo one-$((1+0))", "one-1").await;

    // To the right, and that pane below.
    person.press("<c-]>Z<c-]>|");
    person.run("echo two-$((1+1))", "two-2").await;
    person.press("<c-]>-");
    person.run("echo three-$((1+2))", "three-3").await;
    let screen = person.screen();
    assert!(screen.contains("one-1") && screen.contains("two-2"), "{screen}");

    // Each far end knows its own size: 37 rows for all, a title row for each, a column for the rule.
    person.ask_until("echo C=$(stty size)", "its size", |screen| screen.contains("C=18 60")).await;
    person.press("<c-]><up>");
    person.ask_until("echo B=$(stty size)", "its size", |screen| screen.contains("B=17 60")).await;
    person.press("<c-]><left>");
    person.ask_until("echo A=$(stty size)", "its size", |screen| screen.contains("A=36 59")).await;

    // The same keys to all.
    person.press("<c-]>s");
    person.type_line("clear; echo all-$((40+2))");
    person.wait_for("three answers", |screen| count(screen, "all-42") == 3).await;
    person.wait_for_text("every key goes to all 3 panes").await;

    // The console itself shrinks and grows.
    person.resize(100, 30);
    person.wait_for("the smaller console", |screen| screen.lines().count() == 30).await;
    person
        .ask_until("clear; echo S=$(stty size)", "three sizes", |screen| {
            ["S=26 49", "S=12 50", "S=13 50"].iter().all(|size| count(screen, size) == 1)
        })
        .await;
    person.resize(120, 40);
    person.wait_for("the larger console", |screen| screen.lines().count() == 40).await;
    person
        .ask_until("clear; echo T=$(stty size)", "three sizes", |screen| {
            ["T=36 59", "T=17 60", "T=18 60"].iter().all(|size| count(screen, size) == 1)
        })
        .await;
    person.press("<c-]>s");

    // Alone for a while, and a border moved.
    person.press("<c-]>z");
    person
        .ask_until("echo Z=$(stty size)", "one pane", |screen| {
            screen.contains("Z=37 120") && count(screen, "T=3") + count(screen, "T=1") == 1
        })
        .await;
    person.press("<c-]>z<c-]>L");
    person.ask_until("echo W=$(stty size)", "its size", |screen| screen.contains("W=36 63")).await;
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panes_move_between_tabs_that_have_names_and_news() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod("multi").await;
    person.select_container("shell").await;
    person.press("s");
    person.run("echo one-$((1+0))", "one-1").await;
    person.press("<c-]>Z<c-]>|");
    person.run("echo two-$((1+1))", "two-2").await;

    person.press("<c-]>!<c-]>,apart<enter>");
    person.wait_for("a tab of its own", |screen| screen.contains(" 2 apart ") && !screen.contains("one-1")).await;
    person.ask_until("echo A=$(stty size)", "its size", |screen| screen.contains("A=37 120")).await;
    person.type_line("sleep 2; echo news-$((2+2))");
    person.press("<c-]>p");
    person.wait_for("news in the other tab", |screen| screen.contains(" 2 apart• ") && screen.contains("one-1")).await;
    person.press("<c-]>a");
    person.wait_for_text("news-4").await;

    person.press("<c-]><lt><c-]>M");
    let both = |screen: &str| screen.contains("news-4") && screen.contains("one-1") && screen.contains(" 1 apart (2) ");
    person.wait_for("both in one tab", both).await;
    person.ask_until("echo B=$(stty size)", "its size", |screen| screen.contains("B=17 120")).await;
    person.press("<c-]>xk");
    person.wait_for("one pane", |screen| !screen.contains("news-4") && screen.contains("one-1")).await;
    person.ask_until("echo C=$(stty size)", "its size", |screen| screen.contains("C=37 120")).await;
    person.leave().await;
    site.close().await;
}
