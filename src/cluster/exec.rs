//! Starting a command in a container and attaching to the process it already has; it never adds or changes containers.

use super::{
    Cluster, ContainerKey, Fix, Problem, Way,
    explain::{again, with_role},
    problem::Fault,
    request::{ANYTHING, Target},
    streams::{self, Shape, Success},
};
use crate::session::Transport;

impl Cluster {
    /// Attaches to the container's first process. `tty` and `stdin` must be what the container's spec says.
    ///
    /// A size sent first sizes the terminal before anything else happens on it.
    ///
    /// # Errors
    /// The API's refusal, or a connection that could not be made; a container that has already ended is one of them.
    pub async fn attach(&self, container: &ContainerKey, tty: bool, stdin: bool) -> Result<Transport, Problem> {
        self.attach_as(container, Shape { stdin, tty, apart: false, success: Success::Finished }).await
    }

    pub(super) async fn attach_as(&self, container: &ContainerKey, shape: Shape) -> Result<Transport, Problem> {
        self.open_stream("attach", container, &[], shape).await.map_err(|fault| attach_problem(&fault, container))
    }

    /// Runs a command in the container, its standard input open.
    ///
    /// Whether the command exists is known only by the stream: a shell that is not there ends in
    /// [`End::Failed`](crate::session::End::Failed).
    ///
    /// # Errors
    /// The API's refusal, or a connection that could not be made.
    pub async fn exec(&self, container: &ContainerKey, command: &[String], tty: bool) -> Result<Transport, Problem> {
        let what = format!("cannot run {} in {}", command.first().map_or("nothing", String::as_str), named(container));
        if command.is_empty() {
            return Err(Problem::new(what, "there is no command", "say which command to run"));
        }
        self.open_stream(
            "exec",
            container,
            command,
            Shape { stdin: true, tty, apart: false, success: Success::ExitedZero },
        )
        .await
        .map_err(|fault| with_role(fault.problem(what)))
    }

    async fn open_stream(
        &self,
        verb: &str,
        container: &ContainerKey,
        command: &[String],
        shape: Shape,
    ) -> Result<Transport, Fault> {
        let yes_or_no = |yes: bool| if yes { "true" } else { "false" };
        let mut target = Target::pod(&container.pod, Some(verb))?
            .with("container", &container.container)
            .with("stdin", yes_or_no(shape.stdin))
            .with("stdout", "true")
            // A terminal has one output; asking for both is refused.
            .with("stderr", yes_or_no(!shape.tty))
            .with("tty", yes_or_no(shape.tty));
        for word in command {
            target = target.with("command", word);
        }
        streams::open(self, target.get(ANYTHING)?, shape).await
    }
}

/// `namespace/pod/container`, as messages name it.
pub(super) fn named(container: &ContainerKey) -> String {
    format!("{}/{}/{}", container.pod.namespace, container.pod.name, container.container)
}

fn attach_problem(fault: &Fault, container: &ContainerKey) -> Problem {
    let what = format!("cannot attach to {}", named(container));
    let log = Way::Logs { container: container.clone(), previous: false };
    let log = Fix::new(format!("the log of {}", container.container), log);
    let words = fault.status().map(|status| status.message.as_str()).unwrap_or_default();
    if fault.code() == 500 && words.contains("not found in pod") {
        return Problem::new(
            what,
            "the container does not run: it has ended or was not started yet",
            "its log may say more",
        )
        .with_fixes([log]);
    }
    let problem = with_role(fault.problem(what));
    match fault.code() {
        403 => problem.with_fixes([log]),
        404 => problem.with_fixes([again()]),
        // It may run all the same: a new one is not what is missing.
        _ => {
            let attach =
                Fix::new(format!("attach to {} once more", container.container), Way::Attach(container.clone()));
            problem.with_fixes([attach, log])
        }
    }
}
