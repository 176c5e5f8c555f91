//! Runs exec credential plugins once, with a limit in time, off the screen; it never keeps a credential on disk.

use std::{process::Stdio, time::Duration};

use jiff::Timestamp;
use kube::config::{Cluster as ClusterEntry, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Problem, text::cleaned};

/// How long a plugin may take that nobody talks to: a cold token from a cloud takes seconds.
const PLUGIN_TIME: Duration = Duration::from_secs(60);
/// How long a login may take that a person goes through in a browser.
const LOGIN_TIME: Duration = Duration::from_secs(600);
/// How much of a plugin's words is kept.
const WORDS_LIMIT: usize = 2000;

/// What a plugin gave.
#[derive(Clone)]
pub(super) struct Credential {
    pub(super) token: Option<String>,
    /// Certificate and key, both PEM.
    pub(super) identity: Option<(String, String)>,
    pub(super) expires: Option<Timestamp>,
    obtained: Timestamp,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets do not belong into logs.
        formatter.debug_struct("Credential").field("expires", &self.expires).finish_non_exhaustive()
    }
}

impl Credential {
    /// Whether it should be replaced: less than a minute is left, or a quarter of a short life.
    pub(super) fn is_ending(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| {
            let life = expires.duration_since(self.obtained).as_secs().max(0);
            expires.duration_since(now).as_secs() < (life / 4).min(60)
        })
    }

    /// Whether no server would take it any more.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// One user's plugin.
#[derive(Debug, Clone)]
pub(super) struct ExecPlugin {
    exec: ExecConfig,
    cluster: Option<Value>,
}

#[derive(Deserialize)]
struct Answer {
    status: Option<AnswerStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerStatus {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<Timestamp>,
}

impl ExecPlugin {
    /// The plugin as a kubeconfig describes it.
    pub(super) fn new(exec: ExecConfig, cluster: &ClusterEntry) -> Result<Self, Problem> {
        let cluster = if exec.provide_cluster_info {
            let info = ExecAuthCluster::try_from(cluster).map_err(|error| {
                Problem::new("cannot log in", error.to_string(), "check certificate-authority in the kubeconfig")
            })?;
            Some(serde_json::to_value(info).unwrap_or_default())
        } else {
            None
        };
        Ok(Self { exec, cluster })
    }

    /// Whether it works only with a terminal.
    pub(super) fn needs_terminal(&self) -> bool {
        self.exec.interactive_mode == Some(ExecInteractiveMode::Always)
    }

    /// The command as a person would type it.
    pub(super) fn command_line(&self) -> String {
        let words = self.exec.command.iter().chain(self.exec.args.iter().flatten());
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Runs it with standard input closed and its words captured.
    pub(super) async fn run(&self) -> Result<Credential, Problem> {
        if self.needs_terminal() {
            return Err(Problem::new(
                "cannot log in",
                format!("`{}` talks to a person on a terminal and the console has it", self.command_line()),
                "leave the console, run the command once, then start again",
            ));
        }
        self.start(false, PLUGIN_TIME).await
    }

    /// Runs it with the terminal, for a person to answer. The screen must not be open.
    pub(super) async fn run_on_terminal(&self) -> Result<Credential, Problem> {
        self.start(true, LOGIN_TIME).await
    }

    async fn start(&self, interactive: bool, within: Duration) -> Result<Credential, Problem> {
        let program = self.exec.command.clone().filter(|command| !command.is_empty()).ok_or_else(|| {
            Problem::new(
                "cannot log in",
                "the kubeconfig's exec section names no command",
                "correct users[].user.exec.command",
            )
        })?;
        let mut command = Command::new(&program);
        command.args(self.exec.args.iter().flatten()).kill_on_drop(true).stdout(Stdio::piped());
        if interactive {
            command.stdin(Stdio::inherit()).stderr(Stdio::inherit());
        } else {
            command.stdin(Stdio::null()).stderr(Stdio::piped());
        }
        for variable in self.exec.env.iter().flatten() {
            if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
                command.env(name, value);
            }
        }
        command.env("KUBERNETES_EXEC_INFO", self.info(interactive).to_string());
        let child = command.spawn().map_err(|error| self.not_started(&program, &error))?;
        let output = tokio::time::timeout(within, child.wait_with_output())
            .await
            .map_err(|_| {
                self.failed(
                    format!("it did not end within {} s", within.as_secs()),
                    "run it by hand to see what it waits for",
                )
            })?
            .map_err(|error| self.failed(error.to_string(), "run it by hand to see why"))?;
        if !output.status.success() {
            let words = last_words(&output.stderr);
            let why = if words.is_empty() { output.status.to_string() } else { format!("{}: {words}", output.status) };
            return Err(self.failed(why, "run it by hand, or log in again with your provider's command"));
        }
        self.parse(&output.stdout)
    }

    fn info(&self, interactive: bool) -> Value {
        let version = self.exec.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1beta1");
        let mut spec = json!({ "interactive": interactive });
        if let Some(cluster) = &self.cluster {
            spec["cluster"] = cluster.clone();
        }
        json!({ "kind": "ExecCredential", "apiVersion": version, "spec": spec })
    }

    fn parse(&self, output: &[u8]) -> Result<Credential, Problem> {
        let bad = |why: String| self.failed(why, "run it by hand: it should print an ExecCredential");
        let answer: Answer =
            serde_json::from_slice(output).map_err(|error| bad(format!("its answer is no ExecCredential: {error}")))?;
        let status = answer.status.ok_or_else(|| bad("its answer has no status".to_owned()))?;
        let identity = match (status.client_certificate_data, status.client_key_data) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                return Err(bad("it gave a certificate without its key, or a key alone".to_owned()));
            }
        };
        let token = status.token.filter(|token| !token.is_empty());
        if token.is_none() && identity.is_none() {
            return Err(bad("it gave neither a token nor a certificate".to_owned()));
        }
        Ok(Credential { token, identity, expires: status.expiration_timestamp, obtained: Timestamp::now() })
    }

    fn not_started(&self, program: &str, error: &std::io::Error) -> Problem {
        let hint = match self.exec.install_hint.as_deref().map(str::trim) {
            Some(hint) if !hint.is_empty() => hint.to_owned(),
            _ => format!("install {program} or put it on the PATH; this context's user needs it"),
        };
        Problem::new("cannot log in", format!("the credential plugin {program} does not start: {error}"), hint)
    }

    fn failed(&self, why: impl AsRef<str>, hint: &str) -> Problem {
        Problem::new(
            "cannot log in",
            format!("the credential plugin `{}` failed: {}", self.command_line(), why.as_ref()),
            hint,
        )
    }
}

fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(&stderr[stderr.len().saturating_sub(WORDS_LIMIT)..]).into_owned();
    cleaned(text.trim())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(script: &str) -> ExecPlugin {
        let exec = ExecConfig {
            api_version: Some("client.authentication.k8s.io/v1".into()),
            command: Some("sh".into()),
            args: Some(vec!["-c".into(), script.into()]),
            ..ExecConfig::default()
        };
        ExecPlugin::new(exec, &ClusterEntry::default()).unwrap()
    }

    #[tokio::test]
    async fn a_token_with_its_end_is_read() {
        let credential = plugin(
            r#"cat; echo "{\"status\":{\"token\":\"t-$(echo "$KUBERNETES_EXEC_INFO" | grep -c '"interactive":false')\",\"expirationTimestamp\":\"2999-01-01T00:00:00Z\"}}""#,
        )
        .run()
        .await
        .unwrap();
        assert_eq!(credential.token.as_deref(), Some("t-1"));
        assert!(!credential.is_ending(Timestamp::now()) && credential.expires.is_some());
        assert!(!format!("{credential:?}").contains("t-1"));
    }

    #[tokio::test]
    async fn a_failure_tells_the_plugins_own_words() {
        let problem = plugin("echo 'the \u{1b}[31mSSO session has expired' >&2; exit 3").run().await.unwrap_err();
        assert!(problem.why.contains("SSO session has expired"), "{problem}");
        assert!(!problem.why.contains('\u{1b}'));
    }

    #[tokio::test]
    async fn a_plugin_that_is_not_there_gives_its_install_hint() {
        let exec = ExecConfig {
            command: Some("no-such-credential-plugin".into()),
            install_hint: Some("brew install it".into()),
            ..ExecConfig::default()
        };
        let problem = ExecPlugin::new(exec, &ClusterEntry::default()).unwrap().run().await.unwrap_err();
        assert_eq!(problem.hint, "brew install it");
    }

    #[tokio::test]
    async fn what_is_no_credential_is_said() {
        for script in
            ["echo hello", "echo '{}'", r#"echo '{"status":{}}'"#, r#"echo '{"status":{"clientKeyData":"k"}}'"#]
        {
            assert!(plugin(script).run().await.is_err(), "{script}");
        }
    }

    #[tokio::test]
    async fn one_that_needs_a_terminal_is_not_run_under_the_screen() {
        let mut plugin = plugin("exit 0");
        plugin.exec.interactive_mode = Some(ExecInteractiveMode::Always);
        let problem = plugin.run().await.unwrap_err();
        assert!(problem.why.contains("sh -c exit 0"), "{problem}");
    }

    #[test]
    fn a_credential_is_replaced_before_it_ends() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let lasting =
            |seconds: i64| Credential { token: None, identity: None, expires: Some(at(seconds)), obtained: at(0) };
        assert!(!lasting(3600).is_ending(at(3500)));
        assert!(lasting(3600).is_ending(at(3541)));
        assert!(!lasting(40).is_ending(at(20)), "a short life is not replaced at once");
        assert!(lasting(40).is_ending(at(31)));
        assert!(!lasting(40).has_expired(at(39)) && lasting(40).has_expired(at(40)));
    }
}
