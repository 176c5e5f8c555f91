//! What pods use: when it is asked for, how it is shown, and that nobody is bothered where there is none.

use bathyscope::app::{Effect, Message};
use bathyscope::cluster::metrics::{MetricsScope, PodUse, Used};
use bathyscope::cluster::{PodKey, PodRow, RowsUpdate, WatchTarget, WatchUpdate};
use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::console_state::Console;

fn tick(console: &mut Console, seconds: i64) {
    let now = console.state.now + SignedDuration::from_secs(seconds);
    console.told(Message::Tick(now));
    console.settled();
}

/// How often metrics were asked for.
fn asked(console: &Console) -> usize {
    console.asked.iter().filter(|effect| matches!(effect, Effect::AskMetrics(..))).count()
}

fn answer(console: &mut Console, used: Option<Vec<PodUse>>) {
    let scope = MetricsScope::Namespace("payments".into());
    console.told(Message::Metrics("prod-eu".to_owned(), scope, used));
    console.settled();
}

fn used() -> Vec<PodUse> {
    let pod = |name: &str, containers: &[(&str, u64, u64)]| PodUse {
        key: PodKey { namespace: "payments".into(), name: name.into() },
        containers: containers
            .iter()
            .map(|(name, cpu, memory)| ((*name).into(), Used { cpu: *cpu, memory: memory << 20 }))
            .collect(),
    };
    vec![pod("crash", &[("app", 12, 120), ("debugger-x7k2p", 1, 2)]), pod("nonroot", &[("app", 1250, 20_480)])]
}

#[test]
fn it_is_asked_for_slowly_and_only_while_the_pods_are_in_sight() {
    let mut console = Console::with_pods(160, 48);
    tick(&mut console, 1);
    assert_eq!(asked(&console), 1);
    tick(&mut console, 20);
    assert_eq!(asked(&console), 1, "an answer is awaited first");
    answer(&mut console, Some(used()));
    tick(&mut console, 15);
    assert_eq!(asked(&console), 2);
    answer(&mut console, Some(used()));
    console.press("<esc>");
    console.settled();
    tick(&mut console, 60);
    assert_eq!(asked(&console), 2, "the namespaces are listed");
}

#[test]
fn pods_and_containers_are_shown_with_what_they_use() {
    let mut console = Console::with_pods(160, 24);
    tick(&mut console, 1);
    answer(&mut console, Some(used()));
    let screen = console.screen();
    assert!(screen.contains("cpu 12m of 50m · memory 120Mi of 64Mi, at most 128Mi"), "{screen}");
    assert_snapshot!(screen);
    // what is old is not shown as if it were true
    tick(&mut console, 120);
    assert!(!console.screen().contains("MEMORY"), "{}", console.screen());
}

#[test]
fn of_a_crowd_it_is_asked_for_where_the_person_is() {
    let mut console = Console::with_pods(160, 48);
    console.press("0");
    let row = |number: u32| {
        let key = PodKey { namespace: format!("shop-{}", number / 10).into(), name: format!("pod-{number:04}").into() };
        PodRow {
            key,
            ready: "1/1".into(),
            status: "Running".into(),
            restarts: 0,
            created: None,
            node: "node-1".into(),
            ip: "".into(),
        }
    };
    let watch = console.watch(&WatchTarget::PodsEverywhere);
    for update in [RowsUpdate::Begin, RowsUpdate::Rows((0..3_000).map(row).collect()), RowsUpdate::Complete] {
        console.told(Message::Watch(watch, WatchUpdate::Pods(update)));
    }
    console.settled();
    console.press("g");
    console.settled();
    tick(&mut console, 5);
    let places = |console: &Console| -> Vec<MetricsScope> {
        let scope = |effect: &Effect| match effect {
            Effect::AskMetrics(_, scope) => Some(scope.clone()),
            _ => None,
        };
        console.asked.iter().filter_map(scope).collect()
    };
    assert_eq!(places(&console).last(), Some(&MetricsScope::Namespace("shop-0".into())));
    let before = asked(&console);
    console.press("G");
    console.settled();
    tick(&mut console, 0);
    assert_eq!(asked(&console), before, "who walks on is not followed at each step");
    tick(&mut console, 3);
    assert_eq!(places(&console).last(), Some(&MetricsScope::Namespace("shop-99".into())));
}

#[test]
fn where_there_are_no_metrics_nothing_is_said_and_little_asked() {
    let mut console = Console::with_pods(160, 24);
    let before = console.screen();
    tick(&mut console, 0);
    answer(&mut console, None);
    for _ in 0..20 {
        tick(&mut console, 10);
    }
    assert_eq!(asked(&console), 1);
    assert_eq!(console.screen().matches("CPU").count(), before.matches("CPU").count());
    tick(&mut console, 200);
    assert_eq!(asked(&console), 2, "somebody may have installed them");
}

#[test]
fn an_answer_of_another_place_is_dropped() {
    let mut console = Console::with_pods(160, 24);
    tick(&mut console, 1);
    console.told(Message::Metrics("staging".to_owned(), MetricsScope::Namespace("payments".into()), Some(used())));
    console.told(Message::Metrics("prod-eu".to_owned(), MetricsScope::Everywhere, Some(used())));
    assert!(!console.screen().contains("MEMORY"));
}
