//! Ends a debugger that runs, by its input or from a shell beside it, and makes sure that it did; it never touches a
//! container that belongs to the pod itself.

use std::time::Duration;

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

use super::{
    Cluster, ContainerDetail, ContainerKey, ContainerKind, ContainerState, Problem,
    detail::{container_state, pod_detail},
    exec::named,
    watch::{PodNews, pod_news},
};
use crate::session::{Incoming, Outgoing, Transport};

/// How long a process may take to end after it was told to, before the next way is tried.
const ROUND: Duration = Duration::from_millis(1_500);
/// How long the kubelet may take to report an end after the last way was tried.
const REPORT: Duration = Duration::from_secs(8);
/// How often an input is told to end: shells may have been started in shells.
const ROUNDS: u32 = 3;
/// Ctrl-C for what runs in front, `exit` and Ctrl-D for the shell behind it.
const TO_A_TERMINAL: &[u8] = b"\x03\x15exit\r\x04";
/// Ctrl-\ for what does not care about Ctrl-C.
const QUIT: &[u8] = b"\x1c";
/// The same where there is no terminal.
const TO_A_PIPE: &[u8] = b"exit\n";

/// Ends the debugger's processes from a process beside them: those with its files, and never the first of the PID
/// namespace, which is the target's. It does nothing where it cannot tell them apart, or where it sees the processes of
/// more than the pod (its own parent is one of them then).
const FROM_BESIDE: [&str; 3] = [
    "sh",
    "-c",
    r#"
[ "$PPID" = 0 ] || exit 3
of() { readlink "/proc/$1/ns/mnt" 2>/dev/null; }
mine=$(of $$)
first=$(of 1)
[ -n "$mine" ] && [ -n "$first" ] && [ "$mine" != "$first" ] || exit 3
for signal in HUP TERM KILL; do
  for at in /proc/[0-9]*; do
    id=${at#/proc/}
    [ "$id" != $$ ] && [ "$id" != 1 ] && [ "$(of "$id")" = "$mine" ] && kill -$signal "$id" 2>/dev/null
  done
  sleep 1
done
exit 0
"#,
];

/// How ending a debugger came out well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// It has ended, as its status says, with this exit code.
    Ended(i32),
    /// It had ended before.
    EndedBefore,
    /// Its pod is gone, and it with it.
    Gone,
}

impl Cluster {
    /// Ends an ephemeral container's process: by its standard input where it has one, else from a shell beside it.
    /// Its status says at last whether it has ended. Takes up to some fifteen seconds.
    ///
    /// # Errors
    /// A container that is not ephemeral or not running, one that ends in none of these ways, the API's refusal.
    pub async fn end_debugger(&self, container: &ContainerKey) -> Result<Finish, Problem> {
        let pod = self.pod(&container.pod).await?;
        let detail = pod_detail(&pod)
            .and_then(|pod| pod.containers.iter().find(|found| found.name == container.container).cloned());
        let detail = detail.ok_or_else(|| cannot(container, "there is no such container", "look at the list again"))?;
        if detail.kind != ContainerKind::Ephemeral {
            let hint = "delete the pod, or let its owner change it";
            return Err(cannot(container, "it belongs to the pod itself and is no debugger", hint));
        }
        match &detail.state {
            ContainerState::Running { .. } => {}
            ContainerState::Terminated { .. } => return Ok(Finish::EndedBefore),
            ContainerState::Waiting { .. } | ContainerState::Unknown => {
                return Err(cannot(container, "it does not run, so there is nothing to end", STAYS));
            }
        }
        let mut watch = Watch { news: pod_news(self.clone(), container.pod.clone()), container };
        let mut why = None;
        if detail.stdin {
            match self.end_by_input(container, &detail, &mut watch).await {
                Ok(Some(finish)) => return Ok(finish),
                Ok(None) => {}
                Err(problem) => why = Some(problem),
            }
        }
        match self.exec(container, &FROM_BESIDE.map(ToOwned::to_owned), false).await {
            Ok(transport) => {
                if let Some(finish) = watch.ended_while(transport, REPORT).await {
                    return Ok(finish);
                }
            }
            Err(problem) => why = why.or(Some(problem)),
        }
        Err(match why {
            // Where a right is missing, having it is what helps.
            Some(why) if !why.hint.is_empty() => {
                cannot(container, why.headline(), &format!("{}; else: {STAYS}", why.hint))
            }
            Some(why) => cannot(container, why.headline(), STAYS),
            None => cannot(
                container,
                "its process neither ends by Ctrl-C, exit or the end of its input, nor can it be told apart from \
                 outside",
                STAYS,
            ),
        })
    }

    async fn end_by_input(
        &self,
        container: &ContainerKey,
        detail: &ContainerDetail,
        watch: &mut Watch<'_>,
    ) -> Result<Option<Finish>, Problem> {
        let Transport { incoming, outgoing } = self.attach(container, detail.tty, true).await?;
        let drain = tokio::spawn(drain(incoming));
        let mut finish = None;
        for round in 0..ROUNDS {
            let words = match (detail.tty, round) {
                (false, _) => TO_A_PIPE,
                (true, 0 | 1) => TO_A_TERMINAL,
                (true, _) => QUIT,
            };
            // A far end that takes nothing is found out by the time below.
            let _ = timeout(ROUND, outgoing.send(Outgoing::Input(Bytes::from_static(words)))).await;
            if !detail.tty {
                let _ = timeout(ROUND, outgoing.send(Outgoing::CloseInput)).await;
            }
            finish = watch.ended(ROUND).await;
            if finish.is_some() || !detail.tty {
                break;
            }
        }
        drain.abort();
        Ok(finish)
    }
}

/// What to do about a debugger that nothing ends.
const STAYS: &str = "Kubernetes keeps an ephemeral container until its pod goes: delete the pod to be rid of it";

fn cannot(container: &ContainerKey, why: impl AsRef<str>, hint: &str) -> Problem {
    Problem::new(format!("cannot end {}", named(container)), why, hint)
}

/// What is printed meanwhile is of no interest, but it must not stop the far end.
async fn drain(mut incoming: mpsc::Receiver<Incoming>) {
    while incoming.recv().await.is_some() {}
}

/// The container's status as it changes.
struct Watch<'a> {
    news: mpsc::Receiver<PodNews>,
    container: &'a ContainerKey,
}

impl Watch<'_> {
    /// Waits so long for the status to say that it has ended.
    async fn ended(&mut self, within: Duration) -> Option<Finish> {
        let until = Instant::now() + within;
        while let Ok(Some(news)) = timeout_at(until, self.news.recv()).await {
            match news {
                PodNews::Is(pod) => {
                    if let Some(ContainerState::Terminated { code, .. }) =
                        container_state(&pod, &self.container.container)
                    {
                        return Some(Finish::Ended(code));
                    }
                }
                PodNews::Gone => return Some(Finish::Gone),
                PodNews::Live | PodNews::Lost(_) | PodNews::Refused(_) => {}
            }
        }
        None
    }

    /// The same, while a command runs that ends it.
    async fn ended_while(&mut self, transport: Transport, within: Duration) -> Option<Finish> {
        // Dropping our end of its input would end the command.
        let Transport { incoming, outgoing } = transport;
        let drain = tokio::spawn(drain(incoming));
        let finish = self.ended(within).await;
        drain.abort();
        drop(outgoing);
        finish
    }
}
