//! Following logs against a scripted API: streams that end while the container lives, restarts, pods that come and go.

use std::time::Duration;

use bathyscope::cluster::{ContainerKey, LogLine, LogNews, LogRange, LogScope, LogSubject, PodKey, follow_logs};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::fake_api::{Call, Events, FakeApi};

const POD: &str = "/api/v1/namespaces/shop/pods/api";
const LOG: &str = "/api/v1/namespaces/shop/pods/api/log";

fn pod_key() -> PodKey {
    PodKey { namespace: "shop".into(), name: "api".into() }
}

fn subject(container: Option<&str>) -> LogSubject {
    LogSubject {
        scope: LogScope::Pod(pod_key()),
        container: container.map(Into::into),
        previous: false,
        range: LogRange { tail: Some(100), since: None },
    }
}

fn pod(name: &str, restarts: u32, state: &Value, last: &Value) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "shop", "uid": "u1"},
        "spec": {"containers": [{"name": "app"}]},
        "status": {"containerStatuses": [{"name": "app", "restartCount": restarts, "state": state, "lastState": last}]},
    })
}

fn running(restarts: u32) -> Value {
    pod("api", restarts, &json!({"running": {"startedAt": "2026-11-22T10:00:00Z"}}), &json!({}))
}

/// A follower, what it tells, and the watch of its pod.
struct Followed {
    api: FakeApi,
    news: mpsc::Receiver<LogNews>,
    watch: Events,
}

impl Followed {
    /// Follows the log of one container that stands like this; its first request for a log comes next.
    async fn new(subject: LogSubject, pod: &Value) -> (Self, Call) {
        let (cluster, mut api) = FakeApi::new();
        let (sender, news) = mpsc::channel(1000);
        tokio::spawn(follow_logs(cluster, subject, sender));
        api.next().await.expect(POD).json(pod);
        let (mut watch, mut log) = (None, None);
        while watch.is_none() || log.is_none() {
            let call = api.next().await;
            if call.path == LOG { log = Some(call) } else { watch = Some(call.stream()) }
        }
        (Self { api, news, watch: watch.expect("a watch") }, log.expect("a log"))
    }

    /// The pod is like this now.
    fn becomes(&self, pod: &Value) {
        self.watch.send(&json!({"type": "MODIFIED", "object": pod}));
    }

    /// The next request for the log; the pod may be asked for in between.
    async fn log(&mut self) -> Call {
        self.api.next().await.expect(LOG)
    }

    /// The next so many lines and marks, in words.
    async fn told(&mut self, count: usize) -> Vec<String> {
        let mut told = Vec::new();
        while told.len() < count {
            let news = tokio::time::timeout(Duration::from_secs(600), self.news.recv()).await;
            match news.expect("nothing came").expect("it ended") {
                LogNews::Lines(lines) => told.extend(lines.iter().map(words)),
                LogNews::Mark(mark) => told.push(format!("~ {}", mark.text)),
                LogNews::Refused(_, problem) | LogNews::Failed(problem) => told.push(problem.headline()),
                _ => {}
            }
        }
        told
    }
}

fn words(line: &LogLine) -> String {
    format!("{}{}", line.text, if line.whole { "" } else { "…" })
}

fn line(seconds: &str, text: &str) -> String {
    format!("2026-11-22T10:00:{seconds}Z {text}\n")
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_cut_goes_on_without_a_gap_or_a_double() {
    let (mut followed, call) = Followed::new(subject(Some("app")), &running(0)).await;
    assert_eq!((call.param("tailLines"), call.param("timestamps")), (Some("100"), Some("true")));
    let stream = call.stream();
    stream.send_raw(&[line("01.5", "one"), line("01.5", "two"), "2026-11-22T10:00:02.25Z begu".to_owned()].concat());
    assert_eq!(followed.told(3).await, ["one", "two", "begu…"], "what has begun is shown");
    stream.cut();
    let call = followed.log().await;
    assert_eq!((call.param("sinceTime"), call.param("tailLines")), (Some("2026-11-22T10:00:00Z"), None));
    let stream = call.stream();
    let again = [line("01.5", "one"), line("01.5", "two"), line("01.5", "three"), line("02.25", "begun")].concat();
    stream.send_raw(&again);
    assert_eq!(followed.told(2).await, ["three", "begun"]);
    // The kubelet may end a stream well although the container lives.
    drop(stream);
    let call = followed.log().await;
    assert_eq!(call.param("sinceTime"), Some("2026-11-22T10:00:01Z"));
    let stream = call.stream();
    stream.send_raw(&[line("02.25", "begun"), line("02.25", "begun"), line("03", "four")].concat());
    assert_eq!(followed.told(2).await, ["begun", "four"], "the same line may be written twice");
}

#[tokio::test(start_paused = true)]
async fn a_restart_is_marked_and_the_last_lines_of_the_life_before_are_there() {
    let (mut followed, call) = Followed::new(subject(Some("app")), &running(0)).await;
    let stream = call.stream();
    stream.send_raw(&line("01.5", "one"));
    assert_eq!(followed.told(1).await, ["one"]);
    stream.cut();
    let exit = json!({"terminated": {"exitCode": 3, "reason": "Error", "finishedAt": "2026-11-22T10:00:02Z"}});
    followed.becomes(&pod("api", 1, &json!({"running": {"startedAt": "2026-11-22T10:00:02Z"}}), &exit));
    let call = followed.log().await;
    assert_eq!((call.param("previous"), call.param("sinceTime")), (Some("true"), Some("2026-11-22T10:00:00Z")));
    call.text(200, &[line("01.5", "one"), line("02.1", "last words")].concat());
    let call = followed.log().await;
    assert_eq!(call.param("previous"), None);
    let stream = call.stream();
    stream.send_raw(&line("03", "hello again"));
    let told = followed.told(3).await;
    assert_eq!(told, ["last words", "~ app restarted, exit code 3 (Error)", "hello again"]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_container_is_told_once_and_a_line_without_end_is_whole_then() {
    let (mut followed, call) = Followed::new(subject(Some("app")), &running(0)).await;
    let stream = call.stream();
    stream.send_raw("2026-11-22T10:00:01Z one\n2026-11-22T10:00:01Z no newline");
    assert_eq!(followed.told(2).await, ["one", "no newline…"]);
    let exit = json!({"terminated": {"exitCode": 0, "reason": "Completed", "finishedAt": "2026-11-22T10:00:02Z"}});
    followed.becomes(&pod("api", 0, &exit, &json!({})));
    drop(stream);
    let call = followed.log().await;
    call.text(200, "2026-11-22T10:00:01Z one\n2026-11-22T10:00:01Z no newline");
    let mut told = followed.told(2).await;
    // It may be shown once more as begun when the stream ends: it stands for the same line.
    told.retain(|line| line != "no newline…");
    told.extend(followed.told(2 - told.len()).await);
    assert_eq!(told, ["no newline", "~ app ended: exit code 0 (Completed)"]);
}

#[tokio::test(start_paused = true)]
async fn a_previous_life_is_read_to_its_end() {
    let exit = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
    let standing = pod("api", 2, &json!({"running": {}}), &exit);
    let subject = LogSubject { previous: true, ..subject(Some("app")) };
    let (mut followed, call) = Followed::new(subject, &standing).await;
    assert_eq!(call.param("previous"), Some("true"));
    call.text(200, &line("01", "one"));
    let end = "~ app: end of the previous log: exit code 137 (OOMKilled)";
    assert_eq!(followed.told(2).await, ["one", end]);
    while let Some(news) = followed.news.recv().await {
        assert!(!matches!(news, LogNews::Lines(_)), "it is over");
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_may_not_be_read_names_the_right() {
    let (mut followed, call) = Followed::new(subject(Some("app")), &running(0)).await;
    let message =
        r#"pods "api" is forbidden: User "dev" cannot get resource "pods/log" in API group "" in the namespace "shop""#;
    call.refuse(403, "Forbidden", message);
    let told = followed.told(1).await;
    assert!(told[0].contains("cannot read the log of app") && told[0].contains("pods/log"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn pods_of_an_owner_come_and_go() {
    let (cluster, mut api) = FakeApi::new();
    let (sender, mut news) = mpsc::channel(1000);
    let subject = LogSubject { scope: LogScope::OwnerOf(pod_key()), ..subject(None) };
    tokio::spawn(follow_logs(cluster, subject, sender));
    let owned = |kind: &str, name: &str| json!({"metadata": {"ownerReferences": [{"kind": kind, "name": name, "controller": true}]}});
    api.next().await.expect(POD).json(&owned("ReplicaSet", "api-66cd"));
    api.next().await.expect("/apis/apps/v1/namespaces/shop/replicasets/api-66cd").json(&owned("Deployment", "api"));
    let deployment = json!({"spec": {"selector": {"matchLabels": {"app": "api"}}}});
    api.next().await.expect("/apis/apps/v1/namespaces/shop/deployments/api").json(&deployment);
    let call = api.next().await.expect("/api/v1/namespaces/shop/pods");
    assert_eq!(call.param("labelSelector"), Some("app=api"));
    let state = json!({"running": {}});
    let there = ["api-0", "api-1"].map(|name| pod(name, 0, &state, &json!({})));
    call.json(&json!({"metadata": {"resourceVersion": "1"}, "items": there}));
    let (mut watch, mut streams) = (None, Vec::new());
    let mut told = Vec::new();
    for step in 0.. {
        let call = tokio::select! {
            call = api.next() => call,
            Some(heard) = news.recv() => {
                match heard {
                    LogNews::Source(number, ContainerKey { pod, .. }) => told.push(format!("{number} {}", pod.name)),
                    LogNews::Mark(mark) => {
                        // A mark of a source would push what it wrote before behind it.
                        assert_eq!(mark.source, None);
                        told.push(format!("~ {}", mark.text));
                    }
                    LogNews::Owner(whose) => told.push(whose),
                    LogNews::Over(numbers) => told.push(format!("over {numbers:?}")),
                    _ => {}
                }
                if told.last().is_some_and(|last| last.contains("gone")) {
                    break;
                }
                continue;
            }
        };
        assert!(step < 100, "{told:?}");
        if call.param("watch").is_some() {
            let events = call.stream();
            events.send(&json!({"type": "ADDED", "object": pod("api-2", 0, &state, &json!({}))}));
            watch = Some(events);
        } else {
            streams.push((call.path.clone(), call.stream()));
            if streams.len() == 3 {
                let gone = json!({"type": "DELETED", "object": pod("api-1", 0, &state, &json!({}))});
                watch.as_ref().expect("a watch").send(&gone);
            }
        }
    }
    let begun = ["deployment/api", "0 api-0", "1 api-1", "2 api-2", "~ api-2/app has come"];
    let expected: Vec<&str> = begun.into_iter().chain(["over [1]", "~ pod api-1 is gone"]).collect();
    assert_eq!(told, expected);
}
