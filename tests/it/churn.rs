//! A list that follows thousands of changes: once they stop, its rows are the server's, none lost and none left over.

use std::collections::BTreeMap;
use std::time::Duration;

use bathyscope::app::Message;
use bathyscope::app::navigator::PodScope;
use bathyscope::cluster::{Cluster, ContextInfo, RowsUpdate, WatchId, WatchTarget, WatchUpdate, watch};
use bathyscope::demo::DemoCluster;
use bathyscope::demo::store::Store;
use bathyscope::demo::synthetic::{Population, begin};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::console_state::Console;
use crate::echo::{Echo, raw};

/// How long everything may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many rows change before the server is asked.
const CHANGES: usize = 3_000;

/// What a row shows, by namespace and name: ready, status, restarts, node.
type Shown = BTreeMap<(String, String), [String; 4]>;

fn of_console(console: &Console) -> Shown {
    let rows = console.state.navigator.pods.visible();
    rows.map(|row| {
        let key = (row.key.namespace.to_string(), row.key.name.to_string());
        (key, [row.ready.to_string(), row.status.to_string(), row.restarts.to_string(), row.node.to_string()])
    })
    .collect()
}

async fn of_server(cluster: &DemoCluster) -> Shown {
    let request = http::Request::builder()
        .uri("/api/v1/pods?includeObject=Metadata")
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    let (code, table) = raw(cluster, "admin", request, None).await;
    assert_eq!(code, 200);
    let rows = table["rows"].as_array().expect("rows").iter().map(|row| {
        let word = |at: usize| row["cells"][at].to_string().trim_matches('"').to_owned();
        let metadata = &row["object"]["metadata"];
        let text = |field: &str| metadata[field].as_str().expect("a name").to_owned();
        let restarts = word(3).split(' ').next().unwrap_or_default().to_owned();
        ((text("namespace"), text("name")), [word(1), word(2), restarts, word(6)])
    });
    rows.collect()
}

/// A console that lists the pods of all namespaces, and what the watch of them tells it; the watch ends with its listener.
fn listing(cluster: &DemoCluster) -> (Console, mpsc::Receiver<(WatchId, WatchUpdate)>) {
    let mut console = Console::opened(200, 50);
    let context = console.state.context.clone();
    console.told(Message::Connected(context));
    let asked = bathyscope::app::set_scope(&mut console.state, PodScope::All);
    console.asked.extend(asked);
    let id = console.watch(&WatchTarget::PodsEverywhere);
    let connected = Cluster::from_client(cluster.client("admin"), ContextInfo::default());
    let (sender, updates) = mpsc::channel(64);
    tokio::spawn(watch(connected, id, WatchTarget::PodsEverywhere, sender));
    (console, updates)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cursor_stays_on_the_first_row_while_lists_come() {
    let store = Store::new();
    assert!(begin(&store, Population { pods: 4_000, churn: 0 }).is_none());
    let cluster = DemoCluster::assemble(store, std::sync::Arc::new(Echo));
    let (mut console, mut updates) = listing(&cluster);
    let deadline = Instant::now() + PATIENCE;
    let mut looks = 0;
    while !console.state.navigator.pods.is_complete() {
        let (from, update) = timeout_at(deadline, updates.recv()).await.expect("the list").expect("an update");
        console.told(Message::Watch(from, update));
        console.settled();
        let pods = &console.state.navigator.pods;
        assert_eq!(pods.selected_index(), 0, "of {} rows", pods.len());
        looks += usize::from(!pods.is_empty());
    }
    assert!(looks > 2 && console.state.navigator.pods.len() == 4_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_row_is_lost_while_pods_change() {
    let store = Store::new();
    let churn = begin(&store, Population { pods: 2_000, churn: 2_000 }).expect("changes");
    let cluster = DemoCluster::assemble(store, std::sync::Arc::new(Echo));

    let (mut console, mut updates) = listing(&cluster);

    let deadline = Instant::now() + PATIENCE;
    let (mut churn, mut changes, mut complete, mut wanted) = (Some(churn), 0, false, None::<Shown>);
    loop {
        let next = timeout_at(deadline, updates.recv()).await;
        let Ok(Some((from, update))) = next else {
            let (shown, wanted) = (of_console(&console), wanted.unwrap_or_default());
            let wrong = wanted.iter().find(|(key, row)| shown.get(*key) != Some(row));
            let odd = shown.keys().find(|key| !wanted.contains_key(*key));
            panic!("after {changes} changes {} rows of {}; {wrong:?}, {odd:?}", shown.len(), wanted.len());
        };
        match &update {
            WatchUpdate::Pods(RowsUpdate::Rows(rows)) if complete => changes += rows.len(),
            WatchUpdate::Pods(RowsUpdate::Removed(_)) => changes += 1,
            WatchUpdate::Pods(RowsUpdate::Complete) => complete = true,
            _ => {}
        }
        console.told(Message::Watch(from, update));
        // As the loop does it: many facts, then one look.
        if updates.is_empty() {
            console.settled();
        }
        if changes >= CHANGES && churn.take().is_some() {
            wanted = Some(of_server(&cluster).await);
        }
        // A change that was under way when the others stopped may still come.
        if wanted.is_some() && updates.is_empty() {
            console.settled();
            wanted = Some(of_server(&cluster).await);
            if wanted == Some(of_console(&console)) {
                break;
            }
        }
    }
    assert!(wanted.is_some_and(|rows| rows.len() > 1_900));
}
