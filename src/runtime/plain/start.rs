//! From a debugger that the server has accepted to the end of its session: the wait, the attach, the log where there is
//! nothing to attach to; it sends nothing that changes the cluster.

use tokio::sync::mpsc;
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep_until};

use super::progress::Progress;
use super::{Planned, Run, Verdict, session, unwritable};
use crate::cluster::{Cluster, ContainerKey, LogOptions, PodKey, Problem, Started};
use crate::plan::Request;
use crate::session::End;

impl Run<'_> {
    /// Waits for the debugger and attaches to it.
    pub(super) async fn attach(&mut self, planned: &Planned) -> Result<Verdict, Problem> {
        let plan = &planned.plan;
        let (Some(name), Some(cluster)) = (&plan.container, self.cluster.clone()) else {
            return Ok(Verdict::Done);
        };
        let pod = PodKey { namespace: plan.namespace.as_str().into(), name: plan.pod.as_str().into() };
        let container = ContainerKey { pod, container: name.as_str().into() };
        if let Started::Ended { .. } = self.wait(&cluster, &container).await? {
            self.print_log(&cluster, &container).await?;
            return Ok(Verdict::Done);
        }
        // The container's own word counts: the kubelet takes no other, and a custom container may have changed it.
        let has_terminal = has_terminal(&plan.requests, name);
        let (stdin, is_terminal) = (self.errand.options.stdin, self.plain.is_terminal);
        let raw = stdin && has_terminal && is_terminal;
        if has_terminal && stdin && !is_terminal {
            self.hint("The input is no terminal: it is passed on as it comes, and its end too").await?;
        }
        self.hint("What is typed and printed in this session is kept in the container's log, secrets included").await?;
        let (transport, past) = match cluster.attach_joined_apart(&container, has_terminal, stdin).await {
            Ok(attached) => attached,
            Err(problem) => return self.fall_back(&cluster, &container, &problem.to_string()).await,
        };
        if raw && past.is_empty() {
            self.hint("Where no prompt appears, press Enter").await?;
        }
        let over = session::pass(self.plain, transport, past, stdin, raw).await.map_err(|error| unwritable(&error))?;
        let why = match over.end {
            End::Finished | End::Detached | End::Exited { code: 0 } => {
                if raw {
                    self.say_goodbye(planned, &container).await?;
                }
                return Ok(Verdict::Done);
            }
            End::Exited { code } => format!("it ended with exit code {code}"),
            End::Failed { reason } | End::Lost { reason } => reason,
        };
        if raw && over.printed {
            // Its screen was shown; the log would only repeat it.
            self.warn(&format!("the session broke: {why}")).await?;
            self.hint(&format!("To come back while it runs: {}", attach_command(&container))).await?;
            return Ok(Verdict::Failed);
        }
        self.fall_back(&cluster, &container, &why).await
    }

    async fn wait(&mut self, cluster: &Cluster, container: &ContainerKey) -> Result<Started, Problem> {
        let began = Instant::now();
        let mut progress = Progress::new(&container.container);
        let (sender, mut steps) = mpsc::unbounded_channel();
        let mut wait = std::pin::pin!(cluster.wait_started(container, |step| {
            // The listener stays as long as the wait.
            let _ = sender.send(step);
        }));
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let limit = self.errand.timeout;
        let outcome = loop {
            let said = tokio::select! {
                biased;
                Some(step) = steps.recv() => progress.step(step, began.elapsed()),
                outcome = &mut wait => break outcome,
                () = sleep_until(began + limit.unwrap_or_default()), if limit.is_some() => {
                    while let Ok(step) = steps.try_recv() {
                        progress.step(step, began.elapsed());
                    }
                    break Err(progress.given_up(limit.unwrap_or_default()));
                }
                _ = ticks.tick() => progress.quiet(began.elapsed()),
            };
            if let Some(said) = said {
                self.hint(&format!("Warning: {said}")).await?;
            }
        };
        while let Ok(step) = steps.try_recv() {
            if let Some(said) = progress.step(step, began.elapsed()) {
                self.hint(&format!("Warning: {said}")).await?;
            }
        }
        outcome
    }

    /// Nobody could attach: the log tells what the debugger has printed.
    async fn fall_back(&mut self, cluster: &Cluster, container: &ContainerKey, why: &str) -> Result<Verdict, Problem> {
        self.warn(&format!("could not attach to {}: {why}; this is its log so far", container.container)).await?;
        self.print_log(cluster, container).await?;
        Ok(Verdict::Failed)
    }

    async fn print_log(&mut self, cluster: &Cluster, container: &ContainerKey) -> Result<(), Problem> {
        let log = cluster.log(container, LogOptions::default()).await?;
        self.plain.raw(&log).await.map_err(|error| unwritable(&error))
    }

    async fn say_goodbye(&mut self, planned: &Planned, container: &ContainerKey) -> Result<(), Problem> {
        let command = attach_command(container);
        let is_ephemeral = matches!(planned.plan.requests.first(), Some(Request::PatchEphemeral { .. }));
        let text = if is_ephemeral {
            format!("Session over. The ephemeral container is not started again; while it runs: {command}")
        } else {
            format!("Session over. The pod stays; while its container runs: {command}")
        };
        self.notice(&text).await
    }
}

/// How to come back to a debugger.
fn attach_command(container: &ContainerKey) -> String {
    let ContainerKey { pod, container } = container;
    format!("kubectl attach {} -c {container} -n {} -i -t", pod.name, pod.namespace)
}

/// Whether the container that these requests make has a terminal.
fn has_terminal(requests: &[Request], container: &str) -> bool {
    requests.iter().any(|request| match request {
        Request::PatchEphemeral { body, .. } | Request::CreatePod { body, .. } => {
            let lists = ["ephemeralContainers", "containers", "initContainers"];
            let containers = lists.into_iter().filter_map(|list| body["spec"][list].as_array()).flatten();
            containers.into_iter().any(|found| found["name"] == container && found["tty"] == true)
        }
        Request::DeletePod { .. } => false,
    })
}
