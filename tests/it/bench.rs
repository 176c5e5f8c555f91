//! `bathy bench` as a whole, on a small demo: that it measures, never how fast anything is.

use std::process::{Command, Output};

use serde_json::Value;

fn bathy(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bathy")).args(arguments).output().expect("it runs")
}

fn figures(arguments: &[&str]) -> Vec<Value> {
    let output = bathy(arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    let read: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    read["figures"].as_array().expect("a list").clone()
}

#[test]
fn it_measures_the_console_on_the_demo() {
    let mut arguments = vec!["bench", "--pods", "200", "--megabytes", "1", "--json"];
    let rows = ["start", "size", "first-rows", "all-rows", "memory", "debugger"];
    arguments.extend(rows.iter().flat_map(|row| ["--only", row]));
    let figures = figures(&arguments);
    assert_eq!(figures.iter().map(|figure| &figure["row"]).collect::<Vec<_>>(), rows);
    for figure in &figures {
        let told = figure["row"] != "memory" || cfg!(target_os = "linux");
        assert_eq!(figure["value"].as_f64().is_some_and(|value| value > 0.0), told, "{figure}");
    }
    // The real pods of the demo are there besides.
    let pods: usize = figures[2]["note"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(pods > 200, "{pods} pods");
    let first = figures[2]["value"].as_f64().unwrap();
    assert!(first <= figures[3]["value"].as_f64().unwrap(), "the last row before the first");
}

#[test]
fn a_named_cluster_is_not_debugged_on_without_a_pod() {
    let figures = figures(&["bench", "--json", "--only", "debugger", "--kubeconfig", "/nosuch/kubeconfig"]);
    assert_eq!(figures[0]["value"], Value::Null);
    assert!(figures[0]["note"].as_str().unwrap().contains("--pod"), "{figures:?}");
    let refused = bathy(&["bench", "--only", "start", "--context", "prod"]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("--kubeconfig"));
}

#[test]
fn it_is_no_verb_that_people_are_shown() {
    let help = bathy(&["--help"]);
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    assert!(help.contains("demo") && !help.contains("bench") && !help.contains("terminal-stage"), "{help}");
}
