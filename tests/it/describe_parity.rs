//! Descriptions against what `kubectl describe` of Kubernetes 1.36 printed of the same objects at the same moment.

use bathyscope::cluster::describe::{PodCounts, Surroundings, describe};
use jiff::{Timestamp, tz::TimeZone};
use regex::Regex;
use serde_json::Value;

macro_rules! recorded {
    ($($test:ident $file:literal;)*) => {$(
        #[test]
        fn $test() {
            compare(
                include_str!(concat!("../data/describe/", $file, ".json")),
                include_str!(concat!("../data/describe/", $file, ".txt")),
            );
        }
    )*};
}

recorded! {
    a_pod_with_everything "pod-everything";
    a_pod_that_crashes "pod-crashing";
    a_pod_with_debuggers "pod-multi";
    a_pod_whose_image_is_missing "pod-badimage";
    a_pod_without_a_node "pod-pending";
    a_pod_that_ran_out_of_memory "pod-oom";
    a_pod_that_is_not_ready "pod-notready";
    a_deployment "deployment";
    a_replica_set "replicaset";
    a_stateful_set "statefulset";
    a_daemon_set "daemonset";
    a_job "job";
    a_cron_job "cronjob";
    a_replication_controller "replicationcontroller";
    a_lease "lease";
    a_node "node";
}

/// A line without what only the moment or the width of columns gives it.
fn normalised(line: &str) -> String {
    let age = Regex::new(r"\b(\d+[ydhms])+\b").expect("a pattern");
    let line = age.replace_all(line, "AGE");
    let is_rule = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte == b'-');
    line.split_whitespace().filter(|word| *word != "AGE" && !is_rule(word)).collect::<Vec<_>>().join(" ")
}

/// kubectl sorts events of one second as they happen to lie.
fn events_in_order(mut lines: Vec<String>) -> Vec<String> {
    if let Some(events) = lines.iter().rposition(|line| line == "Events:") {
        lines[events..].sort();
    }
    lines
}

fn compare(recorded: &str, kubectl: &str) {
    let recorded: Value = serde_json::from_str(recorded).expect("JSON");
    let object = &recorded["object"];
    let list = |name: &str| recorded[name].as_array().cloned().unwrap_or_default();
    let pods: Vec<_> = list("pods").into_iter().map(|pod| serde_json::from_value(pod).expect("a pod")).collect();
    let sets = list("replicaSets").into_iter().map(|set| serde_json::from_value(set).expect("a set")).collect();
    let uid = object["metadata"]["uid"].as_str().expect("a uid");
    let lease = Some(&recorded["lease"]).filter(|lease| lease.is_object());
    let around = Surroundings {
        events: Some(Ok(list("events"))),
        counts: Some(Ok(PodCounts::of(&pods, uid))),
        replica_sets: Some(Ok(sets)),
        pods: Some(Ok(pods)),
        lease: lease.map(|lease| Ok(serde_json::from_value(lease.clone()).expect("a lease"))),
        ..Surroundings::default()
    };
    let described = describe(object, &around, &TimeZone::UTC);
    let ours: Vec<String> = described
        .facts
        .iter()
        .map(|entry| normalised(&entry.texts(Timestamp::UNIX_EPOCH, |_, _| "5m".to_owned()).join(" ")))
        .collect();
    let theirs: Vec<String> = kubectl.lines().map(normalised).collect();
    let (ours, theirs) = (events_in_order(ours), events_in_order(theirs));
    let longest = ours.len().max(theirs.len());
    let line = |lines: &[String], at: usize| lines.get(at).cloned().unwrap_or_default();
    let different: Vec<String> = (0..longest)
        .map(|at| (line(&ours, at), line(&theirs, at)))
        .filter(|(ours, theirs)| ours != theirs)
        .map(|(ours, theirs)| format!("ours   {ours}\nkubectl {theirs}"))
        .collect();
    assert!(different.is_empty(), "\n{}", different.join("\n"));
}
