//! A connection that breaks below a session: it says so, refuses input, attaches again by itself, and nothing is lost.

use super::person::Person;
use super::site::{NODE_POD, Site};

/// Counts for a while, in lines and with a line that is drawn over and over, fast and in bursts.
const COUNTER: &str = "i=100000; while [ $i -lt 104000 ]; do j=0; while [ $j -lt 40 ]; do echo $i; printf \"%s%%\\r\" $j; \
                       i=$((i+1)); j=$((j+1)); done; sleep 0.02; done; echo counted-$((1+1))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_session_says_so_and_goes_on_by_itself() {
    let site = Site::demo().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.run("echo before-$((10+1))", "before-11").await;
    site.cluster().refuse(true);
    site.cluster().cut();
    person.wait_for("a cut that is told", |screen| screen.contains("cut for ") && screen.contains("attaching")).await;
    person.press("rm -rf x");
    person.wait_for_text("what you typed was not sent").await;
    site.cluster().refuse(false);
    let screen = person.wait_for("the seam", |screen| screen.contains("attached again: nothing is missing ╌")).await;
    assert!(screen.contains("before-11"), "{screen}");
    let screen = person.run("echo after-$((10+2))", "after-12").await;
    assert!(!screen.contains("rm -rf x"), "{screen}");
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_counting_program_is_seen_whole_through_cuts() {
    let site = Site::any().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.wait_for("a prompt", |screen| screen.contains("/ #") || screen.contains("$ ")).await;
    person.press(&format!("{COUNTER}<enter>"));
    for after in [100_300, 101_500, 102_700] {
        person.wait_for("more numbers", |screen| newest(screen).is_some_and(|newest| newest >= after)).await;
        site.cut();
        person.wait_for("the cut", |screen| screen.contains("· attaching again")).await;
        person.wait_for("it goes on", |screen| !screen.contains("· attaching again")).await;
    }
    person.wait_for_text("counted-2").await;
    let numbers = numbers(&mut person).await;
    assert_eq!((numbers.first(), numbers.last()), (Some(&100_000), Some(&103_999)));
    person.leave().await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pane_beside_another_is_joined_without_a_gap_too() {
    let site = Site::demo().await;
    let mut person = site.person();
    person.select_pod(NODE_POD).await;
    person.press("e");
    person.run("echo left-$((1+1))", "left-2").await;
    person.press("<c-]>|");
    person.run("echo right-$((1+2))", "right-3").await;
    person.press("<c-]>o");
    person.press(&format!("{COUNTER}<enter>"));
    person.wait_for("numbers", |screen| left(screen).is_some_and(|newest| newest >= 100_300)).await;
    site.cut();
    person.wait_for("the cut", |screen| screen.contains("· attaching again")).await;
    let newest_seen = left(&person.screen()).unwrap_or_default();
    let goes_on = |screen: &str| left(screen).is_some_and(|newest| newest > newest_seen + 100);
    let screen = person.wait_for("it goes on", goes_on).await;
    assert!(screen.contains("right-3"), "the pane beside it keeps what it showed: {screen}");
    person.wait_for_text("counted-2").await;
    person.press("<c-]>z");
    assert_eq!(numbers(&mut person).await, (100_000..104_000).collect::<Vec<u32>>());
    person.leave().await;
    site.close().await;
}

/// The largest number of the pane to the left.
fn left(screen: &str) -> Option<u32> {
    screen.lines().filter_map(|line| number(line.split_once('│')?.0)).max()
}

/// The largest number on the screen.
fn newest(screen: &str) -> Option<u32> {
    screen.lines().filter_map(number).max()
}

/// What a line of the counter says; its progress stands in front of the next number's line and is drawn over.
fn number(line: &str) -> Option<u32> {
    line.trim().parse().ok().filter(|number| (100_000..110_000).contains(number))
}

/// Every number in the history, from the first on, in their order.
async fn numbers(person: &mut Person) -> Vec<u32> {
    // Up to the top, then down again a little at a time.
    for _ in 0..600 {
        person.press("<c-]>u");
    }
    let mut seen: Vec<u32> = Vec::new();
    let mut screen = person.wait_for("the first number", |screen| screen.contains("100000\n")).await;
    loop {
        let shown: Vec<u32> = screen.lines().filter_map(number).collect();
        let known = seen.last().copied().unwrap_or(0);
        // What the last view had, too, has to be the same here.
        let common = shown.iter().position(|number| *number > known).unwrap_or(shown.len());
        assert!(seen.ends_with(&shown[..common]), "doubled behind {known}:\n{screen}");
        seen.extend(&shown[common..]);
        let gap = seen.windows(2).rev().take(shown.len()).find(|pair| pair[1] != pair[0] + 1);
        assert!(gap.is_none(), "{gap:?} do not follow each other:\n{screen}");
        if screen.contains("counted-2") {
            return seen;
        }
        let before = screen;
        person.press("<c-]>d");
        screen = person.wait_for("further down", |screen| *screen != before).await;
    }
}
