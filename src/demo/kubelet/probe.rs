//! Probes of a container that runs: started, ready, alive. It says what it finds; what follows is for others.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{sleep, timeout};

use super::node::{connection, exec};
use super::running::{Life, Running};
use crate::demo::node::{Exit, Output};
use crate::demo::object::{items, number, text};

/// So much of what a probe answers is read.
const MOST_READ: u64 = 10 << 10;

/// What a probe is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Nothing else is probed before it has passed.
    Startup,
    Readiness,
    Liveness,
}

impl Purpose {
    /// As an event names it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        }
    }
}

/// What probing has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Finding {
    /// One try failed, and why.
    Failed(Purpose, String),
    /// So many tries in a row had the same result that it counts.
    Settled(Purpose, bool),
}

/// The probes of one container.
#[derive(Debug, Clone, Default)]
pub(super) struct Probes {
    startup: Option<Probe>,
    readiness: Option<Probe>,
    liveness: Option<Probe>,
}

#[derive(Debug, Clone)]
struct Probe {
    check: Check,
    delay: Duration,
    period: Duration,
    timeout: Duration,
    successes: i64,
    failures: i64,
}

#[derive(Debug, Clone)]
enum Check {
    Exec(Vec<String>),
    Http { port: u16, path: String, scheme: &'static str },
    Tcp(u16),
}

impl Probes {
    /// What a container's spec says.
    pub(super) fn of(container: &Value) -> Self {
        let probe = |field: &str| Probe::parse(&container[field], container);
        Self { startup: probe("startupProbe"), readiness: probe("readinessProbe"), liveness: probe("livenessProbe") }
    }

    /// Whether it counts as started only after a probe.
    pub(super) fn has_startup(&self) -> bool {
        self.startup.is_some()
    }

    /// Whether it is ready only after a probe.
    pub(super) fn has_readiness(&self) -> bool {
        self.readiness.is_some()
    }

    /// Probes until dropped.
    pub(super) async fn run(self, target: Target, tell: impl AsyncFn(Finding)) {
        if let Some(probe) = &self.startup
            && !probe.run(Purpose::Startup, &target, &tell, true).await
        {
            return;
        }
        let ready = async {
            match &self.readiness {
                Some(probe) => probe.run(Purpose::Readiness, &target, &tell, false).await,
                None => pending().await,
            }
        };
        let alive = async {
            match &self.liveness {
                Some(probe) => probe.run(Purpose::Liveness, &target, &tell, false).await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = ready => {}
            _ = alive => {}
        }
    }
}

/// The container that is probed.
pub(super) struct Target {
    pub(super) running: Arc<Running>,
    pub(super) life: Arc<Life>,
    pub(super) container: String,
    /// The pod's address, for words only: it is reached through its sandbox.
    pub(super) address: String,
}

impl Probe {
    /// `None` where there is no probe, or one of a kind that nothing of the demo answers.
    fn parse(probe: &Value, container: &Value) -> Option<Self> {
        let port = |of: &str| -> Option<u16> {
            let port = probe.pointer(&format!("/{of}/port"))?;
            let named = || items(container, "/ports").iter().find(|known| known["name"] == *port);
            let number = port.as_u64().or_else(|| named()?["containerPort"].as_u64())?;
            u16::try_from(number).ok()
        };
        let check = if probe["exec"].is_object() {
            let words = items(probe, "/exec/command").iter().filter_map(Value::as_str);
            Check::Exec(words.map(str::to_owned).collect())
        } else if probe["httpGet"].is_object() {
            let path = text(probe, "/httpGet/path").trim_start_matches('/');
            let scheme = if text(probe, "/httpGet/scheme") == "HTTPS" { "https" } else { "http" };
            Check::Http { port: port("httpGet")?, path: format!("/{path}"), scheme }
        } else {
            Check::Tcp(port("tcpSocket")?)
        };
        let least = |field: &str, instead: i64| number(probe, &format!("/{field}")).unwrap_or(instead).max(1);
        let seconds = |field: &str, instead: i64| Duration::from_secs(least(field, instead).unsigned_abs());
        Some(Self {
            check,
            delay: Duration::from_secs(number(probe, "/initialDelaySeconds").unwrap_or(0).max(0).unsigned_abs()),
            period: seconds("periodSeconds", 10),
            timeout: seconds("timeoutSeconds", 1),
            successes: least("successThreshold", 1),
            failures: least("failureThreshold", 3),
        })
    }

    /// Probes on and on; ends with a liveness or startup probe that has failed for good, or a startup probe that has
    /// passed (`once`). Gives whether it has.
    async fn run(&self, purpose: Purpose, target: &Target, tell: &impl AsyncFn(Finding), once: bool) -> bool {
        sleep(self.delay).await;
        let (mut passed, mut failed, mut settled) = (0, 0, None);
        loop {
            let found = match timeout(self.timeout, self.check.run(target)).await {
                Ok(found) => found,
                Err(_) => Err(self.check.late(target, self.timeout)),
            };
            match found {
                Ok(()) => (passed, failed) = (passed + 1, 0),
                Err(why) => {
                    (passed, failed) = (0, failed + 1);
                    tell(Finding::Failed(purpose, why)).await;
                }
            }
            let now = if passed >= self.successes {
                Some(true)
            } else if failed >= self.failures {
                Some(false)
            } else {
                settled
            };
            if let Some(holds) = now.filter(|_| now != settled) {
                settled = now;
                tell(Finding::Settled(purpose, holds)).await;
                if once && holds || !holds && purpose != Purpose::Readiness {
                    return holds;
                }
            }
            sleep(self.period).await;
        }
    }
}

impl Check {
    async fn run(&self, target: &Target) -> Result<(), String> {
        match self {
            Self::Exec(command) => run_command(target, command).await,
            Self::Tcp(port) => dial(target, *port).await.map(|_| ()),
            Self::Http { port, path, scheme } => {
                let at = format!("{}:{port}", target.address);
                let failed = |why: String| format!("Get \"{scheme}://{at}{path}\": {why}");
                let mut stream = dial(target, *port).await.map_err(&failed)?;
                let request = format!(
                    "GET {path} HTTP/1.1\r\nHost: {at}\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(request.as_bytes()).await.map_err(|error| failed(error.to_string()))?;
                let mut answer = Vec::new();
                // one that says more than is read has answered all the same
                let _ = stream.take(MOST_READ).read_to_end(&mut answer).await;
                match status(&answer) {
                    Some(200..400) => Ok(()),
                    Some(code) => Err(format!("HTTP probe failed with statuscode: {code}")),
                    None => Err(failed("EOF".to_owned())),
                }
            }
        }
    }

    /// What is said of a try that took too long.
    fn late(&self, target: &Target, limit: Duration) -> String {
        match self {
            Self::Exec(command) => {
                format!("command timed out: {:?} timed out after {}s", command.join(" "), limit.as_secs())
            }
            Self::Tcp(port) => format!("dial tcp {}:{port}: i/o timeout", target.address),
            Self::Http { port, path, scheme } => format!(
                "Get \"{scheme}://{}:{port}{path}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                target.address
            ),
        }
    }
}

/// The code of an HTTP answer's first line.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\r').next()?;
    let line = std::str::from_utf8(line).ok()?;
    line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
}

async fn dial(target: &Target, port: u16) -> Result<Box<dyn crate::demo::node::Duplex>, String> {
    let refused = || format!("dial tcp {}:{port}: connect: connection refused", target.address);
    let sandbox = target.running.sandbox().ok_or_else(refused)?;
    let dialled = tokio::task::spawn_blocking(move || sandbox.dial(port)).await;
    let descriptor = dialled.map_err(|_| refused())?.map_err(|_| refused())?;
    connection(descriptor).map_err(|_| refused())
}

async fn run_command(target: &Target, command: &[String]) -> Result<(), String> {
    let mut streams = exec(&target.running, &target.life, &target.container, command.to_vec(), false).await;
    let mut said = Vec::new();
    while let Some(Output::Stdout(piece) | Output::Stderr(piece)) = streams.output.recv().await {
        let room = usize::try_from(MOST_READ).unwrap_or(usize::MAX).saturating_sub(said.len());
        said.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    match streams.exit.await {
        Ok(Exit::Code(0)) => Ok(()),
        Ok(Exit::Failed(why)) => Err(why),
        _ => Err(String::from_utf8_lossy(&said).trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_probe_is_read_with_its_defaults_and_a_named_port() {
        let container = json!({
            "ports": [{ "name": "http", "containerPort": 8080 }],
            "readinessProbe": { "httpGet": { "port": "http", "path": "ready" }, "failureThreshold": 0 },
            "livenessProbe": { "tcpSocket": { "port": "nothing" } },
            "startupProbe": { "grpc": { "port": 1 } },
        });
        let probes = Probes::of(&container);
        let readiness = probes.readiness.unwrap();
        assert!(matches!(readiness.check, Check::Http { port: 8080, ref path, scheme: "http" } if path == "/ready"));
        assert_eq!((readiness.period.as_secs(), readiness.timeout.as_secs(), readiness.failures), (10, 1, 1));
        assert!(probes.liveness.is_none() && probes.startup.is_none());
    }

    #[test]
    fn the_status_of_an_answer_is_read_whatever_comes() {
        assert_eq!(status(b"HTTP/1.1 404 Not Found\r\n"), Some(404));
        for nonsense in [&b""[..], b"HTTP/1.1", b"SSH-2.0-x\r\n", b"\xff\xfe"] {
            assert_eq!(status(nonsense), None);
        }
    }
}
