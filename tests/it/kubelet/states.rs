//! What goes wrong, what is deleted, and other processes in a container.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_worded_as_a_kubelet_does() {
    let demo = start(None).await;
    wait(&demo, "nonroot-nouid", "demo", phase("Running")).await;
    debug(&demo, "demo", "nonroot-nouid", "root", "app", &Value::Null);
    let pod = wait(&demo, "nonroot-nouid", "demo", waits("root", "CreateContainerConfigError")).await;
    let words = state(&pod, "root")["state"]["waiting"]["message"].as_str().unwrap().to_owned();
    assert!(
        words.starts_with("container has runAsNonRoot and image will run as root (pod: \"nonroot-nouid_demo("),
        "{words}"
    );

    debug(&demo, "demo", "chatty", "bad", "", &json!({ "command": ["/nosuch/binary"] }));
    let pod = wait(&demo, "chatty", "demo", waits("bad", "RunContainerError")).await;
    let status = state(&pod, "bad");
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 128);
    let words = status["state"]["waiting"]["message"].as_str().unwrap();
    assert!(words.ends_with("exec: \"/nosuch/binary\": stat /nosuch/binary: no such file or directory"), "{words}");

    wait(&demo, "reports", "demo", waits("app", "ImagePullBackOff")).await;
    let crashed = wait(&demo, "crash", "demo", waits("app", "CrashLoopBackOff")).await;
    let status = state(&crashed, "app");
    assert_eq!(status["lastState"]["terminated"]["exitCode"], 3);
    assert_eq!(status["restartCount"], 1, "the first restart comes at once");
    let words = status["state"]["waiting"]["message"].as_str().unwrap();
    assert!(words.starts_with("back-off 10s restarting failed container=app pod=crash_demo("), "{words}");
    let previous = LogQuery { previous: true, ..LogQuery::default() };
    assert!(log(&demo, &of("demo", "crash", "app"), previous).await.contains("connection refused"));

    let pending = wait(&demo, "pending", "demo", phase("Pending")).await;
    assert_eq!(pending["status"]["conditions"][0]["reason"], "Unschedulable");
    wait(&demo, "done", "demo", phase("Succeeded")).await;
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_pod_is_gone_with_its_processes_and_replaced() {
    let demo = start(None).await;
    let pod = name_of(wait(&demo, "nodejsapps", "demo", phase("Running")).await);
    let follow = LogQuery { follow: true, ..LogQuery::default() };
    let mut lines = demo.kubelet().log(&of("demo", &pod, "nodejsapp"), follow).unwrap();
    demo.store().update("pods", "demo", &pod, |pod| {
        pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
    });
    // the application listens to SIGTERM: it does not take the whole grace period, and its log ends with it
    timeout(LIMIT, async { while lines.next().await.is_some() {} }).await.unwrap();
    let another =
        wait(&demo, "nodejsapps", "demo", |other| name_of(other) != pod && other["status"]["phase"] == "Running").await;
    assert_ne!(name_of(another), pod);
    timeout(LIMIT, async {
        while demo.store().get("pods", "demo", &pod).is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn exec_gives_output_input_and_code() {
    let demo = start(None).await;
    wait(&demo, "toolbox", "default", phase("Running")).await;
    let toolbox = of("default", "toolbox", "toolbox");
    let command = |script: &str| ["sh", "-c", script].map(str::to_owned).to_vec();
    let mut streams = demo.kubelet().exec(&toolbox, command("cat; echo oops >&2; exit 3"), false).await.unwrap();
    streams.input.send(Bytes::from_static(b"through\n")).await.unwrap();
    drop(streams.input);
    let (mut out, mut errors) = (String::new(), String::new());
    while let Some(piece) = timeout(LIMIT, streams.output.recv()).await.unwrap() {
        match piece {
            Output::Stdout(piece) => out.push_str(&String::from_utf8_lossy(&piece)),
            Output::Stderr(piece) => errors.push_str(&String::from_utf8_lossy(&piece)),
        }
    }
    assert_eq!((out.as_str(), errors.as_str()), ("through\n", "oops\n"));
    assert_eq!(streams.exit.await, Ok(Exit::Code(3)));

    let unknown = demo.kubelet().exec(&of("default", "toolbox", "nope"), command("x"), false).await.unwrap_err();
    assert_eq!((unknown.code, unknown.message.as_str()), (400, "container nope is not valid for pod toolbox"));

    // two at once, and Ctrl-C gets through a flood
    let mut flood = Shell(demo.kubelet().exec(&toolbox, vec!["sh".to_owned()], true).await.unwrap(), String::new());
    flood.send("yes\n").await;
    flood.expect("y\r\ny\r\n").await;
    flood.send("\u{3}").await;
    flood.send("echo AL''IVE\n").await;
    flood.expect("ALIVE").await;
    demo.shutdown().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_pod_whose_sandbox_dies_gets_another() {
    let demo = start(None).await;
    let pod = json!({
        "metadata": { "name": "doomed", "namespace": "demo" },
        "spec": { "containers": [{ "name": "app", "image": "registry.example.com/ticker:1" }] },
    });
    demo.store().create("pods", pod).unwrap();
    wait(&demo, "doomed", "demo", phase("Running")).await;
    let own = std::process::id().to_string();
    let stages = std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        let line = std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1).map(str::to_owned));
        line == "bathy-stage\0sandbox\0doomed\0" && parent.as_deref() == Some(&own)
    });
    let stages: Vec<String> = stages.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(stages.len(), 1);
    for stage in &stages {
        assert!(std::process::Command::new("kill").args(["-9", stage]).status().unwrap().success());
    }
    let restarted = |pod: &Value| {
        let status = state(pod, "app");
        status["restartCount"].as_u64() > Some(0) && !status["state"]["running"].is_null()
    };
    let pod = wait(&demo, "doomed", "demo", restarted).await;
    assert_eq!(state(&pod, "app")["lastState"]["terminated"]["exitCode"], 137);
    let events = demo.store().list("events", Some("demo")).0;
    assert!(events.iter().any(|event| event["reason"] == "SandboxChanged"));
    demo.shutdown().await;
}
