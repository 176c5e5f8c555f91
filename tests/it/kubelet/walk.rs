//! The walk-through, step by step, at the node.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_walk_from_the_request_to_its_file() {
    let Some(demo) = isolated().await else { return };
    let pod = name_of(wait(&demo, "nodejsapps", "demo", phase("Running")).await);
    let app = of("demo", &pod, "nodejsapp");
    assert!(request(&demo, &pod).await.starts_with("HTTP/1.1 200"));
    request(&demo, &pod).await;

    // step 2: the image has no ls
    let exec = demo.kubelet().exec(&app, vec!["ls".to_owned(), "-la".to_owned()], false).await.unwrap();
    let Exit::Failed(words) = exec.exit.await.unwrap() else { panic!("there is no ls") };
    assert!(
        words.ends_with("unable to start container process: exec: \"ls\": executable file not found in $PATH"),
        "{words}"
    );

    // step 3: without a target, its own processes and files only, in the pod's network
    debug(&demo, "demo", &pod, "alone", "", &Value::Null);
    wait(&demo, &pod, "demo", |pod| !state(pod, "alone")["state"]["running"].is_null()).await;
    let mut shell = Shell::attach(&demo, &of("demo", &pod, "alone")).await;
    let seen = shell.run("ls /app; for p in /proc/[0-9]*; do cat $p/comm; done; hostname").await;
    assert!(!seen.contains("node\r\n") && seen.contains("No such file"), "{seen}");
    assert!(seen.contains(&pod), "{seen}");

    // step 4: with the target, PID 1 is the application, and its files are there
    debug(&demo, "demo", &pod, "beside", "nodejsapp", &Value::Null);
    wait(&demo, &pod, "demo", |pod| !state(pod, "beside")["state"]["running"].is_null()).await;
    let beside = of("demo", &pod, "beside");
    let mut shell = Shell::attach(&demo, &beside).await;
    let seen = shell.run("tr '\\0' ' ' < /proc/1/cmdline; ls /proc/1/root/app/requests; tty").await;
    assert!(seen.contains("/usr/bin/node /app/server.js "), "{seen}");
    assert!(seen.contains("-0001.txt") && seen.contains("-0002.txt"), "{seen}");
    assert!(seen.contains("/dev/pts/0"), "{seen}");
    shell.0.resize.send((123, 45)).await.unwrap();
    timeout(LIMIT, async { while !shell.run("stty size").await.contains("45 123") {} }).await.unwrap();

    // step 8: after exit the debugger stays, terminated, with its code; its log has the prompt
    shell.send("exit 7\n").await;
    assert_eq!(timeout(LIMIT, shell.0.exit).await.unwrap(), Ok(Exit::Finished));
    let ended = wait(&demo, &pod, "demo", |pod| !state(pod, "beside")["state"]["terminated"].is_null()).await;
    assert_eq!(state(&ended, "beside")["state"]["terminated"]["exitCode"], 7);
    assert!(log(&demo, &beside, LogQuery::default()).await.contains("/ # "));
    let refused = demo.kubelet().attach(&beside, true).await.unwrap_err();
    assert_eq!(refused.code, 500);
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_with_shared_processes_starts_afresh() {
    let Some(demo) = isolated().await else { return };
    let original = wait(&demo, "nodejsapps", "demo", phase("Running")).await;
    request(&demo, &name_of(original.as_ref())).await;
    let mut copy = json!({
        "metadata": { "name": "copy", "namespace": "demo" },
        "spec": { "shareProcessNamespace": true, "containers": original["spec"]["containers"], "restartPolicy": "Always" },
    });
    copy["spec"]["containers"].as_array_mut().unwrap().push(json!({
        "name": "debugger", "image": "busybox:stable", "stdin": true, "tty": true,
        "securityContext": { "capabilities": { "add": ["SYS_PTRACE"] } },
    }));
    demo.store().create("pods", copy).unwrap();
    wait(&demo, "copy", "demo", |pod| {
        pod["status"]["conditions"].as_array().is_some_and(|all| {
            all.iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
        })
    })
    .await;
    let mut shell = Shell::attach(&demo, &of("demo", "copy", "debugger")).await;
    let seen = shell
        .run("for p in /proc/[0-9]*; do echo \"$(tr '\\0' ' ' < $p/cmdline)\"; ls $p/root/app/requests 2>/dev/null; done")
        .await;
    // The first line of the answer may stand behind a prompt that was late.
    let is_seen = |words: &str| seen.lines().any(|line| line.trim().trim_start_matches("/ # ") == words);
    assert!(is_seen("/pause"), "{seen}");
    assert!(is_seen("/usr/bin/node /app/server.js"), "{seen}");
    assert!(!seen.contains(".txt"), "{seen}");
    let slices = demo.store().list("endpointslices", Some("demo")).0;
    assert!(slices.iter().all(|slice| !slice.to_string().contains("\"copy\"")));
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_are_who_the_pod_says() {
    let Some(demo) = isolated().await else { return };
    let pod = wait(&demo, "nonroot", "demo", phase("Running")).await;
    assert_eq!(state(&pod, "app")["user"]["linux"]["uid"], 65532);
    if demo.mode() != Mode::Root {
        return println!("skipped: other users need root");
    }
    // as `kubectl debug --profile=general`: another group, so nothing of the target can be read
    debug(&demo, "demo", "nonroot", "other", "app", &Value::Null);
    wait(&demo, "nonroot", "demo", |pod| !state(pod, "other")["state"]["running"].is_null()).await;
    let mut shell = Shell::attach(&demo, &of("demo", "nonroot", "other")).await;
    let seen = shell.run("id -u; id -g; grep CapEff /proc/self/status; ls /proc/1/root/app").await;
    assert!(seen.contains("65532\r\n0\r\n") && seen.contains("CapEff:\t0000000000000000"), "{seen}");
    assert!(seen.contains("Permission denied"), "{seen}");
    // the same user and group: it can
    let same = json!({ "securityContext": { "runAsUser": 65532, "runAsGroup": 65532 } });
    debug(&demo, "demo", "nonroot", "same", "app", &same);
    wait(&demo, "nonroot", "demo", |pod| !state(pod, "same")["state"]["running"].is_null()).await;
    let mut shell = Shell::attach(&demo, &of("demo", "nonroot", "same")).await;
    assert!(shell.run("ls /proc/1/root/app").await.contains("requests"));

    let pods = demo.store().list("pods", Some("demo")).0;
    let dotnet = pods.iter().map(|pod| name_of(pod.as_ref())).find(|name| name.starts_with("dotnetapp-")).unwrap();
    wait(&demo, &dotnet, "demo", phase("Running")).await;
    debug(&demo, "demo", &dotnet, "tools", "dotnetapp", &Value::Null);
    wait(&demo, &dotnet, "demo", |pod| !state(pod, "tools")["state"]["running"].is_null()).await;
    let mut shell = Shell::attach(&demo, &of("demo", &dotnet, "tools")).await;
    let seen = shell.run("ls -ln /proc/1/root/tmp; ls /tmp").await;
    assert!(seen.contains("srw-------") && seen.contains(" 1654 ") && seen.contains("dotnet-diagnostic-1-"), "{seen}");
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_isolation_the_walk_is_as_close_as_it_can_be() {
    let demo = start(Some(Mode::Off)).await;
    assert!(demo.isolation_notice().is_some());
    let pod = name_of(wait(&demo, "nodejsapps", "demo", phase("Running")).await);
    assert!(request(&demo, &pod).await.starts_with("HTTP/1.1 200"));
    let app = of("demo", &pod, "nodejsapp");
    let follow = LogQuery { follow: true, ..LogQuery::default() };
    let mut lines = demo.kubelet().log(&app, follow).unwrap();
    let mut seen = String::new();
    while !seen.contains("GET /hello") {
        let piece = timeout(LIMIT, lines.next()).await.unwrap().unwrap();
        seen.push_str(&String::from_utf8_lossy(&piece));
    }
    demo.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debugger_of_a_node_sees_the_machine_and_changes_nothing() {
    let Some(demo) = isolated().await else { return };
    let mut container = json!({
        "name": "debugger", "image": "busybox:stable", "stdin": true, "tty": true,
        "volumeMounts": [{ "name": "host-root", "mountPath": "/host" }],
    });
    container["securityContext"] = json!({ "privileged": true });
    let pod = json!({
        "metadata": { "name": "node-debugger", "namespace": "default" },
        "spec": {
            "nodeName": "demo-node-1", "hostPID": true, "hostNetwork": true, "hostIPC": true, "restartPolicy": "Never",
            "containers": [container], "volumes": [{ "name": "host-root", "hostPath": { "path": "/" } }],
        },
    });
    demo.store().create("pods", pod).unwrap();
    wait(&demo, "node-debugger", "default", phase("Running")).await;
    let mut shell = Shell::attach(&demo, &of("default", "node-debugger", "debugger")).await;
    let own = std::process::id();
    let seen =
        shell.run(&format!("hostname; test -d /proc/{own} && echo se''en; ls -d /host/etc; touch /host/tmp/x")).await;
    assert!(seen.contains("demo-node-1\r\n") && seen.contains("seen") && seen.contains("/host/etc"), "{seen}");
    assert!(seen.contains("Read-only file system"), "{seen}");
    shell.send("exit\n").await;
    wait(&demo, "node-debugger", "default", phase("Succeeded")).await;
    demo.shutdown().await;
}
