//! What rows and frames cost in memory, counted exactly: a binary of its own, for it replaces the allocator.

#[path = "it/console_state.rs"]
#[expect(dead_code, reason = "the other tests use all of it")]
mod console_state;
#[path = "it/crowd.rs"]
mod crowd;

use allocation_counter::measure;
use bathyscope::app::Message;
use bathyscope::cluster::{RowsUpdate, WatchUpdate};
use bathyscope::ui::{Theme, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crowd::Crowded;

/// What a pod may cost, in bytes.
const MOST_A_POD: i64 = 300;

#[test]
fn a_listed_pod_costs_at_most_300_bytes() {
    // What is made once and kept is there before anything is counted.
    drop(Crowded::new(200, 50, 50));
    let cost = |pods: usize| {
        let mut kept = None;
        let counted = measure(|| {
            let console = Crowded::new(200, 50, pods).console;
            assert_eq!(console.state.navigator.pods.visible().len(), pods);
            kept = Some(console);
        });
        drop(kept);
        counted.bytes_current
    };
    // The difference of two lists holds nothing of what any list costs.
    let (few, many) = (cost(1_000), cost(9_000));
    let a_pod = (many - few) / 8_000;
    assert!(a_pod <= MOST_A_POD, "{a_pod} bytes a pod");
    assert!(a_pod > 100, "{a_pod} bytes a pod: nothing was kept");
}

#[test]
fn a_frame_allocates_no_more_for_more_rows() {
    let frame = |pods: usize| {
        let mut console = Crowded::new(200, 50, pods);
        let mut terminal = Terminal::new(TestBackend::new(200, 50)).unwrap();
        let theme = Theme::palette();
        let mut drawn = || {
            console.settled();
            terminal.draw(|frame| draw(&console.state, &theme, frame)).unwrap();
        };
        drawn();
        measure(drawn).count_total
    };
    let (few, many) = (frame(1_000), frame(10_000));
    assert!(many < 2_000, "{many} allocations");
    // The number in the title may be one digit longer; nothing else is.
    assert!(many.abs_diff(few) <= 2, "{few} and {many} allocations");
}

#[test]
fn one_changed_pod_among_many_is_mended_with_few_allocations() {
    let change = |pods: usize| {
        let mut console = Crowded::new(200, 50, pods);
        let mut changed = console.rows[pods / 2].clone();
        changed.restarts += 1;
        let update = Message::Watch(console.pods, WatchUpdate::Pods(RowsUpdate::Rows(vec![changed])));
        measure(|| {
            console.told(update);
            console.settled();
        })
        .count_total
    };
    let (few, many) = (change(1_000), change(10_000));
    assert_eq!(few, many);
    assert!(many < 40, "{many} allocations");
}

#[test]
fn a_typed_letter_allocates_nothing_for_each_row() {
    let typed = |pods: usize| {
        let mut console = Crowded::new(200, 50, pods);
        console.press("/");
        measure(|| console.press("w")).count_total
    };
    // Doubling a list of matches ten times over is all that may grow.
    let (few, many) = (typed(1_000), typed(10_000));
    assert!(many <= few + 10, "{few} and {many} allocations");
}
