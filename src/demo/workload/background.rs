//! Workloads that only look busy: one that waits, one that talks, one that fails, and the process that holds a pod.

use std::future::pending;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::WaitOptions;
use tokio::time::{Instant, MissedTickBehavior};

use super::say;

/// Programs that start, say one line and wait.
const IDLE: &[(&str, &str)] = &[
    ("nginx", "start worker processes"),
    ("postgres", "database system is ready to accept connections"),
    ("redis-server", "Ready to accept connections tcp"),
    ("coredns", ".:53"),
    ("kube-proxy", "\"Starting serviceCIDR config controller\""),
    ("kube-apiserver", "Serving securely on [::]:6443"),
    ("etcd", "serving client requests"),
    ("envoy", "all dependencies initialized. starting workers"),
    ("shopfront", "listening on :8080"),
    ("checkout", "listening on :8081"),
    ("catalog", "listening on :8082"),
    ("recommender", "loading the model of last week's orders"),
    ("payments", "connected to the ledger, listening on :8090"),
    ("collector", "Everything is ready. Begin running and processing data."),
];

/// What the idle program of this name says first.
pub(super) fn greeting(name: &str) -> Option<&'static str> {
    IDLE.iter().find(|(idle, _)| *idle == name).map(|(_, greeting)| *greeting)
}

/// Says that it is ready, and waits.
pub(super) async fn idle(greeting: &str) -> io::Result<()> {
    say(greeting);
    pending().await
}

/// Says something every second, or so many lines a second as its argument says.
pub(super) async fn chatter() -> io::Result<()> {
    if let Some(lines) = std::env::args().nth(1).and_then(|lines| lines.parse().ok()) {
        return torrent(lines).await;
    }
    let mut pace = tokio::time::interval(Duration::from_secs(1));
    for number in 1_u64.. {
        pace.tick().await;
        say(&tick(number, &clock()));
    }
    Ok(())
}

/// Says so many lines a second, a hundredth of them at a time. It falls behind where nobody takes them that fast, and does
/// not make up for more than a tenth of a second.
async fn torrent(lines: u32) -> io::Result<()> {
    let mut pace = tokio::time::interval(Duration::from_millis(10));
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut said, mut last) = (0_u64, Instant::now());
    // In nanosecond-lines, so that no part of a line is lost.
    let mut owed = 0_u128;
    loop {
        let now = pace.tick().await;
        owed += (now - last).min(Duration::from_millis(100)).as_nanos() * u128::from(lines);
        last = now;
        let due = u64::try_from(owed / NANOSECONDS).unwrap_or(0);
        owed %= NANOSECONDS;
        let clock = clock();
        let text: String = (said..said + due).map(|before| tick(before + 1, &clock) + "\n").collect();
        said += due;
        let mut output = io::stdout().lock();
        io::Write::write_all(&mut output, text.as_bytes()).and_then(|()| io::Write::flush(&mut output))?;
    }
}

const NANOSECONDS: u128 = 1_000_000_000;

fn clock() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn tick(number: u64, clock: &str) -> String {
    let level = if number.is_multiple_of(10) { "WARN " } else { "INFO " };
    format!("{clock} {level} tick={number} queue=orders lag={}ms", number * 37 % 250)
}

/// Fails as a program does whose database is away.
pub(super) fn crash() -> i32 {
    say("importer 2.4.1 starting");
    say("connecting to postgres://ledger.payments.svc:5432/ledger");
    let mut errors = io::stderr().lock();
    let _ =
        io::Write::write_all(&mut errors, b"fatal: could not connect: connection refused (is the server running?)\n");
    3
}

/// Holds the pod's PID namespace and buries what is orphaned there.
pub(super) async fn reap() -> io::Result<()> {
    let mut children = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::child())?;
    loop {
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        if children.recv().await.is_none() {
            return pending().await;
        }
    }
}
