//! Starts one container: pull, configure, create, run, with the events and words of a kubelet. It retries nothing.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use serde_json::Value;

use super::Shared;
use super::container::{Container, Kind, containers, has_terminal, process};
use super::log::Log;
use super::probe::Probes;
use super::running::{Life, Running};
use super::streams::{Console, Ends, Pump, pipes};
use crate::demo::image::{self, Image};
use crate::demo::recorder::Source;
use crate::demo::sandbox::{Ending, Processes, User};

/// How long the pull of an image takes that the node does not have.
const PULL: Duration = Duration::from_millis(300);

/// The process that holds the PID namespace of a pod whose containers share one.
pub(super) const PAUSE: &str = "pause";

/// What became of a start.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The image as the runtime has it: name and digest; known once it was pulled.
    pub(super) image: Option<(String, String)>,
    /// As whom it runs, or would have.
    pub(super) user: Option<User>,
    /// It runs, or why not.
    pub(super) result: Result<Started, Failure>,
}

/// A container that runs.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) life: Arc<Life>,
    pub(super) probes: Probes,
    pub(super) ending: Ending,
    pub(super) pump: Pump,
}

/// Why a container does not run.
#[derive(Debug)]
pub(super) struct Failure {
    /// The reason of the waiting state: `ErrImagePull`, `RunContainerError`, …
    pub(super) reason: &'static str,
    pub(super) message: String,
    /// The id of the container that was created and could not be run.
    pub(super) created: Option<String>,
}

/// Starts a container of a pod whose sandbox is there.
pub(super) async fn start(shared: &Shared, running: &Running, pod: &Value, name: &str) -> Outcome {
    let all = containers(pod);
    let mut outcome = Outcome {
        image: None,
        user: None,
        result: Err(Failure {
            reason: "CreateContainerError",
            message: "the pod has no such container any more".to_owned(),
            created: None,
        }),
    };
    let Some(container) = all.into_iter().find(|container| container.name == name) else {
        return outcome;
    };
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    let field = format!("spec.{}{{{name}}}", container.kind.field());
    let tell = |reason: &str, message: &str| {
        let source = Source { component: "kubelet", host: Some(node) };
        shared.recorder.record(pod, source, reason, message, Some(&field));
    };
    let image = match pulled(shared, node, &container, &tell).await {
        Ok(image) => image,
        Err(failure) => {
            outcome.result = Err(failure);
            return outcome;
        }
    };
    outcome.result = run(shared, running, pod, &container, &image, &mut outcome.user, &tell).await;
    if outcome.user.is_some() {
        outcome.image = Some((image.name, image.id));
    }
    outcome
}

/// The image, pulled if the node does not have it or is to ask each time.
async fn pulled(
    shared: &Shared,
    node: &str,
    container: &Container<'_>,
    tell: &impl Fn(&str, &str),
) -> Result<Image, Failure> {
    let asked = container.spec["image"].as_str().unwrap_or_default();
    let failed = |reason, message: String| {
        tell("Failed", &format!("Error: {reason}"));
        Failure { reason, message, created: None }
    };
    let answer = image::pull(asked);
    if let Err(refused) = &answer
        && refused.reason == "InvalidImageName"
    {
        tell("InspectFailed", &refused.message);
        return Err(failed(refused.reason, refused.message.clone()));
    }
    let policy = container.spec["imagePullPolicy"].as_str().unwrap_or("IfNotPresent");
    let present = answer.as_ref().is_ok_and(|image| shared.has_image(node, &image.name));
    if present && policy != "Always" {
        tell("Pulled", &format!("Container image {asked:?} already present on machine and can be accessed by the pod"));
        return answer.map_err(|refused| failed(refused.reason, refused.message));
    }
    if policy == "Never" {
        let message = format!("Container image {asked:?} is not present with pull policy of Never");
        tell("ErrImageNeverPull", &message);
        return Err(failed("ErrImageNeverPull", message));
    }
    tell("Pulling", &format!("Pulling image {asked:?}"));
    let began = tokio::time::Instant::now();
    if !present {
        tokio::time::sleep(PULL).await;
    }
    match answer {
        Ok(image) => {
            shared.add_image(node, &image.name);
            let took = began.elapsed().as_millis();
            let size = image.size;
            tell(
                "Pulled",
                &format!(
                    "Successfully pulled image {asked:?} in {took}ms ({took}ms including waiting). Image size: {size} bytes."
                ),
            );
            Ok(image)
        }
        Err(refused) => {
            tell("Failed", &format!("Failed to pull image {asked:?}: {}", refused.message));
            Err(failed(refused.reason, refused.message))
        }
    }
}

async fn run(
    shared: &Shared,
    running: &Running,
    pod: &Value,
    container: &Container<'_>,
    image: &Image,
    user: &mut Option<User>,
    tell: &impl Fn(&str, &str),
) -> Result<Started, Failure> {
    let id = new_id();
    let failed = |reason, message: String, created| {
        tell("Failed", &format!("Error: {message}"));
        Failure { reason, message, created }
    };
    let processes =
        processes(running, pod, container, &id).map_err(|(reason, message)| failed(reason, message, None))?;
    let process = process(pod, container, image, processes)
        .map_err(|message| failed("CreateContainerConfigError", message, None))?;
    let sandbox = running
        .sandbox()
        .ok_or_else(|| failed("CreateContainerError", "the pod's sandbox is gone".to_owned(), None))?;
    *user = Some(process.user.clone());
    tell("Created", "Container created");
    let spec = container.spec;
    let log = Log::new();
    let (with_input, once) = (spec["stdin"] == true, spec["stdinOnce"] == true);
    let terminal = has_terminal(spec);
    let asked = process.clone();
    // so many at once: more would only wait for each other
    let _turn = shared.starts.acquire().await;
    let started = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        let (ends, theirs) = if terminal {
            (None, Vec::new())
        } else {
            let (ends, theirs) = pipes(with_input)?;
            (Some(ends), theirs)
        };
        let mut process = sandbox.run(asked, theirs)?;
        let ends = ends.or_else(|| process.take_terminal().map(Ends::Terminal));
        Ok((process, ends.ok_or_else(|| anyhow::anyhow!("the process has no terminal"))?))
    })
    .await
    .unwrap_or_else(|stopped| Err(stopped.into()));
    let parts = started.and_then(|(process, ends)| {
        let pid = process.pid();
        let (leash, ending) = process.into_parts()?;
        let (console, mut pump) = Console::new(ends, Some(Arc::clone(&log)), once)?;
        pump.start();
        Ok((pid, leash, ending, console, pump))
    });
    let (pid, leash, ending, console, pump) = parts.map_err(|error| {
        let message = format!(
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
             failed: unable to start container process: {error:#}"
        );
        failed("RunContainerError", message, Some(id.clone()))
    })?;
    tell("Started", "Container started");
    let life = Life::new(id, pid, process, log, console, leash);
    running.begin(container.name, Arc::clone(&life));
    Ok(Started { life, probes: Probes::of(container.spec), ending, pump })
}

/// Whose processes a container sees.
fn processes(
    running: &Running,
    pod: &Value,
    container: &Container<'_>,
    id: &str,
) -> Result<Processes, (&'static str, String)> {
    let target = container.spec["targetContainerName"].as_str().unwrap_or_default();
    if container.kind == Kind::Ephemeral && !target.is_empty() {
        return match running.current(target) {
            Some(life) if life.console().is_some() => Ok(Processes::Of(target.to_owned())),
            Some(life) => Err((
                "CreateContainerError",
                format!(
                    "failed to generate container {id:?} spec: failed to generate spec opts: invalid target container: \
                     container {:?} is not running - in state CONTAINER_EXITED",
                    life.id
                ),
            )),
            None => Err(("CreateContainerConfigError", format!("unable to find target container {target}"))),
        };
    }
    Ok(if pod["spec"]["shareProcessNamespace"] == true {
        Processes::Of(PAUSE.to_owned())
    } else if pod["spec"]["hostPID"] == true {
        Processes::Machine
    } else {
        Processes::Own
    })
}

/// 64 random hexadecimal digits.
pub(super) fn new_id() -> String {
    let mut random = rand::rng();
    let (high, low): (u128, u128) = (random.random(), random.random());
    format!("{high:032x}{low:032x}")
}
