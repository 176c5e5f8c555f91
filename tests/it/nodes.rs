//! The nodes of the console: what keys and facts do to them, and what they look like.

use std::sync::Arc;

use bathyscope::app::navigator::PodScope;
use bathyscope::app::{Effect, Focus, List, Message, Start};
use bathyscope::cluster::{
    ContainerKey, Fix, Granted, LaunchStep, Liveness, NodeRow, PodKey, PodRight, PodRow, Problem, RowsUpdate, Sight,
    WatchTarget, WatchUpdate, Way, Which, node_detail,
};
use bathyscope::plan::Profile;
use bathyscope::session::{End, SessionId};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::console_state::{Console, ago};

fn row(name: &str, status: &str, roles: &str, version: &str, age: i64) -> NodeRow {
    NodeRow {
        name: name.into(),
        status: status.into(),
        roles: roles.into(),
        created: Some(ago(age)),
        version: version.into(),
        ip: "10.0.0.7".into(),
        os_image: "Debian GNU/Linux 13 (trixie)".into(),
        kernel: "6.12.0".into(),
        runtime: "containerd://2.1.9".into(),
    }
}

/// A node that is cordoned and short of disk space.
fn node(name: &str) -> Value {
    json!({
        "metadata": {"name": name, "creationTimestamp": ago(864_000)},
        "spec": {
            "unschedulable": true,
            "taints": [
                {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"},
                {"key": "node.kubernetes.io/disk-pressure", "effect": "NoSchedule"},
            ],
        },
        "status": {
            "addresses": [{"type": "InternalIP", "address": "10.0.0.7"}],
            "capacity": {"cpu": "4", "memory": "16384Mi", "pods": "110", "ephemeral-storage": "100Gi"},
            "allocatable": {"cpu": "4", "memory": "16284Mi", "pods": "110", "ephemeral-storage": "92Gi"},
            "conditions": [
                {
                    "type": "DiskPressure", "status": "True", "reason": "KubeletHasDiskPressure",
                    "message": "kubelet has disk pressure", "lastTransitionTime": ago(600),
                },
                {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "ready"},
            ],
            "nodeInfo": {
                "architecture": "amd64", "operatingSystem": "linux", "osImage": "Debian GNU/Linux 13 (trixie)",
                "kernelVersion": "6.12.0", "kubeletVersion": "v1.36.2", "containerRuntimeVersion": "containerd://2.1.9",
            },
        },
    })
}

fn pod(namespace: &str, name: &str) -> PodRow {
    PodRow {
        key: PodKey { namespace: namespace.into(), name: name.into() },
        ready: "1/1".into(),
        status: "Running".into(),
        restarts: 0,
        created: Some(ago(60)),
        node: "worker-1".into(),
        ip: "10.0.0.7".into(),
    }
}

fn whole<R, K>(rows: Vec<R>) -> [RowsUpdate<R, K>; 3] {
    [RowsUpdate::Begin, RowsUpdate::Rows(rows), RowsUpdate::Complete]
}

/// A console at its nodes, the first of them inspected.
fn at_nodes(columns: u16, rows: u16) -> Console {
    let mut console = Console::with_pods(columns, rows);
    console.press("N");
    let id = console.watch(&WatchTarget::Nodes);
    let nodes = vec![
        row("worker-1", "Ready,SchedulingDisabled", "", "v1.36.2", 864_000),
        row("worker-2", "NotReady", "", "v1.35.9", 86_400),
        row("control-1", "Ready", "control-plane", "v1.36.2", 864_000),
    ];
    for update in whole(nodes) {
        console.told(Message::Watch(id, WatchUpdate::Nodes(update)));
    }
    console.told(Message::Watch(id, WatchUpdate::Liveness(Liveness::Live)));
    console.press("Gk");
    inspect(&mut console, "worker-1");
    console
}

fn inspect(console: &mut Console, name: &str) {
    console.told(Message::Tick(console.state.now + jiff::SignedDuration::from_millis(500)));
    console.settled();
    let id = console.watch(&WatchTarget::Node(name.into()));
    console.told(Message::Watch(id, WatchUpdate::Node(node_detail(&node(name)).map(Arc::new))));
    let pods = console.watch(&WatchTarget::PodsOnNode(name.to_owned()));
    for update in whole(vec![pod("payments", "api"), pod("ops", "node-debugger-worker-1-b7k2p")]) {
        console.told(Message::Watch(pods, WatchUpdate::Pods(update)));
    }
}

fn last_start(console: &Console) -> (SessionId, Start) {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::Start(id, _, start, _) => Some((*id, start.clone())),
        _ => None,
    });
    found.expect("a session was started")
}

fn debugger() -> PodKey {
    PodKey { namespace: "payments".into(), name: "node-debugger-worker-1-x7k2p".into() }
}

/// A node debugger that the server has accepted.
fn debugging(columns: u16, rows: u16) -> (Console, SessionId) {
    let mut console = at_nodes(columns, rows);
    console.press("e");
    let (id, _) = last_start(&console);
    console.told(Message::Planned(id, Profile::Sysadmin));
    let container = ContainerKey { pod: debugger(), container: "debugger".into() };
    console.told(Message::Launch(id, LaunchStep::Accepted(container)));
    (console, id)
}

#[test]
fn a_debugger_on_a_node_needs_rights_where_it_would_be_created_and_its_key_names_them() {
    let mut console = at_nodes(120, 30);
    assert!(console.screen().contains("debuggers in payments"), "{}", console.screen());
    assert!(console.asked.iter().any(|effect| matches!(effect, Effect::AskRights(_, name) if &**name == "payments")));
    let denied = Granted::from([(PodRight::CreatePods, false), (PodRight::GetAttach, true)]);
    console.told(Message::Rights("prod-eu".to_owned(), "payments".into(), denied));
    console.asked.clear();
    console.press("e");
    assert!(console.asked.is_empty(), "{:?}", console.asked);
    assert!(console.screen().contains("you may not create pods in payments"), "{}", console.screen());
    // The form is open all the same: another namespace may do.
    console.press("E");
    assert!(console.screen().contains("Namespace"), "{}", console.screen());
}

#[test]
fn a_debugger_that_sees_nothing_of_its_node_says_why_and_where_it_would() {
    let (mut console, id) = debugging(80, 24);
    console.told(Message::Attached(id));
    let ways = [
        Fix::new("in the namespace tools, which admits it", Way::Namespace(Some("tools".into()))),
        Fix::new("in another namespace, through the form", Way::Namespace(None)),
    ];
    let why = "the namespace payments enforces the Pod Security level restricted, which forbids it";
    let problem = Problem::new("the debugger is on the node, but sees nothing of it", why, "").with_fixes(ways);
    let text = "sees nothing of the node: payments enforces restricted".to_owned();
    console.told(Message::Sight(id, Sight { text, problem: Some(problem) }));
    console.press("<c-]>t");
    assert_snapshot!(console.screen());
    console.press("1");
    let (_, start) = last_start(&console);
    assert!(matches!(start, Start::NodeDebug { namespace, .. } if &*namespace == "tools"));
    console.press("<c-]>p<c-]>t2");
    assert!(console.screen().contains("where the debugger's pod is created"), "{}", console.screen());
}

#[test]
fn nodes_are_watched_once_they_are_wanted_and_not_before() {
    let mut console = Console::with_pods(80, 24);
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::Watch(_, WatchTarget::Nodes))));
    console.press("N");
    let id = console.watch(&WatchTarget::Nodes);
    console.asked.clear();
    console.press("<esc>N");
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::Watch(_, WatchTarget::Nodes))));
    console.told(Message::Connected(console.state.context.clone()));
    assert!(console.asked.contains(&Effect::StopWatch(id)), "another connection, another watch");
    assert_ne!(console.watch(&WatchTarget::Nodes), id);
}

#[test]
fn a_nodes_pods_are_listed_and_the_way_out_leads_back_to_where_it_began() {
    let mut console = at_nodes(80, 24);
    console.press("<enter>");
    assert_eq!(console.state.navigator.scope, PodScope::Node("worker-1".into()));
    let id = console.watch(&WatchTarget::PodsOnNode("worker-1".to_owned()));
    for update in whole(vec![pod("payments", "api"), pod("shop", "front")]) {
        console.told(Message::Watch(id, WatchUpdate::Pods(update)));
    }
    console.settled();
    assert_eq!(console.state.selected_pod().map(|pod| &*pod.name), Some("api"));
    console.press("<esc>");
    assert_eq!(console.state.navigator.list, List::Nodes);
    assert_eq!(console.state.selected_node().map(|name| &**name), Some("worker-1"));
    console.press("<esc>");
    assert_eq!(console.state.navigator.list, List::Pods);
    assert_eq!(console.state.navigator.scope, PodScope::Namespace("payments".into()));
    console.press("<esc>N<esc>");
    assert_eq!(console.state.navigator.list, List::Namespaces);
}

#[test]
fn the_palette_goes_to_each_list_by_kubectls_name() {
    let mut console = at_nodes(80, 24);
    console.press("<enter>");
    for (typed, list) in [("pods", List::Pods), ("ns", List::Namespaces), ("nodes", List::Nodes)] {
        console.press(&format!(":{typed}<enter>"));
        assert_eq!((console.state.navigator.list, console.state.focus), (list, Focus::List), "{typed}");
        assert_eq!(console.state.navigator.scope, PodScope::Namespace("payments".into()), "{typed}");
    }
}

#[test]
fn the_selection_asks_for_the_node_and_its_pods_and_lets_go_of_them() {
    let mut console = at_nodes(80, 24);
    let inspected = &console.state.navigator.nodes.inspected;
    assert_eq!(inspected.pod_count(), Some(2));
    let (node, pods) = (
        console.watch(&WatchTarget::Node("worker-1".into())),
        console.watch(&WatchTarget::PodsOnNode("worker-1".into())),
    );
    console.press("<esc>");
    assert!(console.asked.contains(&Effect::StopWatch(node)) && console.asked.contains(&Effect::StopWatch(pods)));
    assert!(console.state.navigator.nodes.inspected.name.is_none());
}

#[test]
fn another_context_has_other_nodes() {
    let mut console = at_nodes(80, 24);
    let id = console.watch(&WatchTarget::Nodes);
    console.press(":ctx staging<enter>");
    assert!(console.asked.contains(&Effect::StopWatch(id)));
    assert!(console.state.navigator.nodes.rows.is_empty() && console.state.navigator.list == List::Pods);
    let late = RowsUpdate::Rows(vec![row("worker-1", "Ready", "", "v1.36.2", 1)]);
    console.told(Message::Watch(id, WatchUpdate::Nodes(late)));
    assert!(console.state.navigator.nodes.rows.is_empty(), "of a watch that is over");
}

#[test]
fn e_debugs_the_node_in_the_current_namespace_and_marks_its_pod() {
    let mut console = at_nodes(80, 24);
    console.press("e");
    let (_, start) = last_start(&console);
    let Start::NodeDebug { node, namespace, options } = start else { panic!("{start:?}") };
    assert_eq!((&*node, &*namespace), ("worker-1", "payments"));
    assert_eq!((options.image.as_deref(), options.profile), (Some("busybox:stable"), Profile::Auto));
    assert!(options.stdin && options.tty && options.copy.is_none() && options.target.is_none());
    assert_eq!(options.labels, [("app.kubernetes.io/managed-by".to_owned(), "bathyscope".to_owned())]);
    assert!(options.annotations.contains(&("bathyscope.dev/node".to_owned(), "worker-1".to_owned())));
    assert_eq!(console.state.focus, Focus::Pane);
}

#[test]
fn a_node_debugger_that_still_runs_can_be_kept_ended_or_removed() {
    let (mut console, id) = debugging(80, 24);
    console.told(Message::Attached(id));
    console.press("<c-]>xr");
    assert!(
        console.asked.contains(&Effect::DeletePod("prod-eu".to_owned(), debugger(), Which::Ours)),
        "{:?}",
        console.asked
    );
    assert!(console.state.sessions.is_empty());
}

#[test]
fn every_pod_that_a_pane_has_created_is_remembered() {
    let (mut console, id) = debugging(80, 24);
    console.told(Message::Attached(id));
    console.told(Message::Ended(id, End::Finished));
    assert!(console.asked.iter().any(|effect| matches!(effect, Effect::FindExitCode(of, _) if *of == id)));
    console.press("r");
    let (again, _) = last_start(&console);
    assert_ne!(again, id);
    let second = PodKey { name: "node-debugger-worker-1-second".into(), ..debugger() };
    let container = ContainerKey { pod: second.clone(), container: "debugger".into() };
    console.told(Message::Launch(again, LaunchStep::Accepted(container)));
    console.told(Message::Ended(again, End::Finished));
    console.press("<c-]>xr");
    for pod in [debugger(), second] {
        assert!(console.asked.contains(&Effect::DeletePod("prod-eu".to_owned(), pod.clone(), Which::Ours)), "{pod:?}");
    }
}

#[test]
fn leaving_names_the_node_debuggers_that_stay() {
    let (mut console, id) = debugging(80, 24);
    console.told(Message::Ended(id, End::Finished));
    console.press("<c-]>q");
    assert!(console.screen().contains("payments/node-debugger-worker-1-x7k2p"));
    console.press("d");
    assert!(console.asked.contains(&Effect::DeletePod("prod-eu".to_owned(), debugger(), Which::Ours)));
    assert_eq!(console.asked.last(), Some(&Effect::Quit));
}

#[test]
fn sorting_and_filtering_change_the_order_and_keep_the_selection() {
    let mut console = at_nodes(80, 24);
    let order = |console: &Console| -> Vec<String> {
        console.state.navigator.nodes.rows.visible().map(|row| row.name.to_string()).collect()
    };
    console.press("o");
    assert_eq!(order(&console), ["worker-2", "worker-1", "control-1"]);
    console.press("O");
    assert_eq!(order(&console), ["control-1", "worker-1", "worker-2"]);
    assert_eq!(console.state.selected_node().map(|name| &**name), Some("worker-1"));
    console.press("/notready<enter>");
    assert_eq!(order(&console), ["worker-2"]);
}

#[test]
fn the_nodes_and_the_inspected_one() {
    assert_snapshot!(at_nodes(80, 24).screen());
}

#[test]
fn the_nodes_on_a_large_terminal() {
    assert_snapshot!(at_nodes(200, 22).screen());
}

#[test]
fn a_debugger_on_a_node_says_what_it_sees() {
    let (mut console, id) = debugging(80, 24);
    console.told(Message::Attached(id));
    console.told(Message::Output(id, bytes::Bytes::from_static(b"/ # ls /host\r\nbin   etc   var\r\n/ # ")));
    assert_snapshot!(console.screen());
}

#[test]
fn nodes_that_may_not_be_listed_say_which_right_is_missing() {
    let mut console = Console::with_pods(80, 12);
    console.press("N");
    let id = console.watch(&WatchTarget::Nodes);
    let problem = Problem {
        what: "cannot list nodes of the whole cluster".to_owned(),
        why: "oncall may not list nodes".to_owned(),
        hint: "ask for list and watch on nodes".to_owned(),
        fixes: Vec::new(),
    };
    console.told(Message::Watch(id, WatchUpdate::Refused(problem)));
    assert_snapshot!(console.screen());
}
