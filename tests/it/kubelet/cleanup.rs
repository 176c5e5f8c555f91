//! Nothing is left of a process that was killed.

use super::*;

/// Acts as a process that is killed while its demo cluster runs: started by the test below, alone.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is started by nothing_is_left_of_a_killed_process"]
async fn run_a_demo_until_killed() {
    let mode = match std::env::var("DEMO_MODE").as_deref() {
        Ok("off") => Some(Mode::Off),
        _ => None,
    };
    let demo = start(mode).await;
    let pod = name_of(wait(&demo, "nodejsapps", "demo", phase("Running")).await);
    debug(&demo, "demo", &pod, "d", "nodejsapp", &Value::Null);
    wait(&demo, &pod, "demo", |pod| !state(pod, "d")["state"]["running"].is_null()).await;
    wait(&demo, "toolbox", "default", phase("Running")).await;
    println!("\nready");
    std::future::pending::<()>().await;
}

/// The processes that descend from this one.
#[cfg(target_os = "linux")]
fn descendants(of: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry.file_name().to_string_lossy().parse::<u32>().ok() else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (pid, parent)));
    }
    let mut found = vec![of];
    let mut at = 0;
    while at < found.len() {
        let of = found[at];
        found.extend(parents.iter().filter(|(_, parent)| *parent == of).map(|(pid, _)| *pid));
        at += 1;
    }
    found.split_off(1)
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_left_of_a_killed_process() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};
    use std::time::Instant;

    let program = PathBuf::from(env!("CARGO_BIN_EXE_bathy"));
    let isolated = bathyscope::demo::sandbox::strongest_mode(&program).0 != Mode::Off;
    for mode in ["auto", "off"] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "kubelet::cleanup::run_a_demo_until_killed", "--nocapture"])
            .env("DEMO_MODE", mode)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.map_while(Result::ok).any(|line| line == "ready");
        assert!(ready, "{mode}: the demo did not start");
        let running = descendants(child.id());
        assert!(running.len() > 20, "{mode}: {running:?}");
        let scratch: Vec<_> = running
            .iter()
            .map(|pid| std::env::temp_dir().join(format!("bathy-demo-{pid}")))
            .filter(|path| path.exists())
            .collect();
        assert_eq!(scratch.is_empty(), mode != "off" && isolated, "{mode}: {scratch:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        let deadline = Instant::now() + LIMIT;
        let alive = |pid: &&u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // a zombie waits for a parent that is not ours
            !stat.is_empty() && !stat.contains(") Z ")
        };
        while let Some(pid) = running.iter().find(alive) {
            let name = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            assert!(Instant::now() < deadline, "{mode}: {pid} {name:?} is still there");
        }
    }
}
