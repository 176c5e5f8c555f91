//! Logs, attach, exec and port-forward of the pods that run here; it starts no container.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{BoxStream, StreamExt as _};
use jiff::Timestamp;
use rustix::net::AddressFamily;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::container::containers;
use super::running::{Life, Running};
use super::streams::{Console, Ends, pipes};
use super::{Kubelet, Shared, lock, start};
use crate::demo::node::{ContainerRef, Duplex, Exit, LogQuery, Node, PodRef, StreamError, Streams, Usage};
use crate::demo::sandbox::{Files, ProcessSpec, Processes};

impl Shared {
    /// The pod of this reference, with its object, if it has such a container.
    fn container(&self, container: &ContainerRef) -> Result<(Option<Arc<Running>>, Arc<Value>), StreamError> {
        let ContainerRef { pod: name, container } = container;
        let pod = self
            .store
            .get("pods", &name.namespace, &name.name)
            .ok_or_else(|| refusal(404, "NotFound", format!("pods {:?} not found", name.name)))?;
        if !containers(&pod).iter().any(|known| known.name == container) {
            let message = format!("container {container} is not valid for pod {}", name.name);
            return Err(refusal(400, "BadRequest", message));
        }
        Ok((self.find(name), pod))
    }
}

impl Node for Kubelet {
    fn log(&self, container: &ContainerRef, query: LogQuery) -> Result<BoxStream<'static, Bytes>, StreamError> {
        let (running, pod) = self.shared.container(container)?;
        let (name, pod_name) = (&container.container, &container.pod.name);
        let bad = |message: String| refusal(400, "BadRequest", message);
        let id = logged_life(&pod, name, query.previous).map_err(|reason| {
            bad(if query.previous {
                format!("previous terminated container {name:?} in pod {pod_name:?} not found")
            } else {
                format!("container {name:?} in pod {pod_name:?} is waiting to start: {reason}")
            })
        })?;
        match running.and_then(|running| running.life(name, &id)) {
            Some(life) => Ok(life.log.read(&query).boxed()),
            // the pod has left its node, and its logs with it
            None => Err(bad(format!("unable to retrieve container logs for containerd://{id}"))),
        }
    }

    fn usage(&self) -> Option<Arc<Usage>> {
        if !cfg!(target_os = "linux") || !self.shared.options.metrics {
            return None;
        }
        let nothing = || Usage { time: Timestamp::now(), window: Duration::ZERO, containers: BTreeMap::new() };
        Some(lock(&self.shared.usage).clone().unwrap_or_else(|| Arc::new(nothing())))
    }

    fn attach(&self, container: &ContainerRef, _tty: bool) -> BoxFuture<'static, Result<Streams, StreamError>> {
        let found = self.shared.container(container).and_then(|(running, _)| {
            let life = running.and_then(|running| running.current(&container.container));
            life.and_then(|life| life.console()).ok_or_else(|| {
                let (name, pod) = (&container.container, &container.pod.name);
                refusal(500, "", format!("container {name} not found in pod {pod}_{}", container.pod.namespace))
            })
        });
        std::future::ready(found.map(|console| console.attach())).boxed()
    }

    fn exec(
        &self,
        container: &ContainerRef,
        command: Vec<String>,
        tty: bool,
    ) -> BoxFuture<'static, Result<Streams, StreamError>> {
        let found = self.shared.container(container).and_then(|(running, _)| {
            let life = running
                .as_ref()
                .and_then(|running| running.current(&container.container))
                .filter(|life| life.console().is_some());
            match (running, life) {
                (Some(running), Some(life)) => Ok((running, life)),
                _ => Err(refusal(500, "", format!("container not found ({:?})", container.container))),
            }
        });
        let name = container.container.clone();
        async move {
            let (running, life) = found?;
            Ok(exec(&running, &life, &name, command, tty).await)
        }
        .boxed()
    }

    fn dial(&self, pod: &PodRef, port: u16) -> BoxFuture<'static, Result<Box<dyn Duplex>, StreamError>> {
        let sandbox = self.shared.find(pod).and_then(|running| running.sandbox());
        let name = pod.name.clone();
        async move {
            let sandbox = sandbox.ok_or_else(|| refusal(500, "", format!("pod {name} is not running")))?;
            let dialled = tokio::task::spawn_blocking(move || sandbox.dial(port)).await;
            let failed = |error: String| {
                refusal(
                    500,
                    "",
                    format!("failed to connect to localhost:{port} inside namespace of pod {name}: {error}"),
                )
            };
            let descriptor =
                dialled.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(format!("{error:#}")))?;
            connection(descriptor).map_err(|error| failed(error.to_string()))
        }
        .boxed()
    }
}

pub(super) fn connection(descriptor: std::os::fd::OwnedFd) -> std::io::Result<Box<dyn Duplex>> {
    rustix::io::ioctl_fionbio(&descriptor, true)?;
    // where pods have no network of their own, a port is a socket in the file system
    if rustix::net::getsockname(&descriptor)?.address_family() == AddressFamily::UNIX {
        let stream = std::os::unix::net::UnixStream::from(descriptor);
        return Ok(Box::new(tokio::net::UnixStream::from_std(stream)?));
    }
    let stream = std::net::TcpStream::from(descriptor);
    Ok(Box::new(tokio::net::TcpStream::from_std(stream)?))
}

/// Starts another process in a container. That it could not be started is told by the stream, as a real node does.
pub(super) async fn exec(running: &Running, life: &Life, container: &str, command: Vec<String>, tty: bool) -> Streams {
    let id = start::new_id();
    let mut environment = life.process.environment.clone();
    if tty {
        environment.insert("TERM".to_owned(), "xterm".to_owned());
    }
    let process = ProcessSpec {
        id: format!("exec-{}", running.next()),
        processes: Processes::Of(container.to_owned()),
        files: Files::Of(container.to_owned()),
        command: command.clone(),
        environment,
        terminal: tty.then_some((80, 24)),
        ..life.process.clone()
    };
    let sandbox = running.sandbox();
    let started = tokio::task::spawn_blocking(move || -> Result<_> {
        let sandbox = sandbox.context("the pod's sandbox is gone")?;
        let (ends, theirs) = if tty {
            (None, Vec::new())
        } else {
            let (ends, theirs) = pipes(true)?;
            (Some(ends), theirs)
        };
        let mut process = sandbox.run(process, theirs)?;
        let ends = ends.or_else(|| process.take_terminal().map(Ends::Terminal));
        Ok((process, ends.context("the process has no terminal")?))
    })
    .await
    .unwrap_or_else(|stopped| Err(stopped.into()));
    let parts = started.and_then(|(process, ends)| {
        let parts = process.into_parts()?;
        Ok((parts, Console::new(ends, None, true)?))
    });
    match parts {
        Ok(((leash, ending), (console, mut pump))) => {
            // Before anything is read: there is no log that would have it.
            let streams = console.attach();
            pump.start();
            tokio::spawn(async move {
                // a process outlives the one who asked for it, as on a real node; the pod's end takes it along
                let ended = ending.wait().await;
                drop(leash);
                pump.finish(Exit::Code(ended.code)).await;
                drop(console);
            });
            streams
        }
        Err(error) => not_started(format!(
            "error executing command in container: failed to exec in container: failed to start exec {id:?}: OCI \
             runtime exec failed: exec failed: unable to start container process: {error:#}"
        )),
    }
}

fn not_started(words: String) -> Streams {
    let (exit, exit_receiver) = oneshot::channel();
    let _ = exit.send(Exit::Failed(words));
    Streams { input: mpsc::channel(1).0, output: mpsc::channel(1).1, resize: mpsc::channel(1).0, exit: exit_receiver }
}

/// The id of the life of a container whose log is meant, by its status as a kubelet goes by it: while a container waits
/// for its next life, the last one is both this and the previous one. The error is why there is none.
fn logged_life(pod: &Value, container: &str, previous: bool) -> Result<String, String> {
    let all = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let mut statuses = all.iter().filter_map(|field| pod["status"][field].as_array()).flatten();
    let status = statuses.find(|status| status["name"] == container).unwrap_or(&Value::Null);
    let (state, last) = (&status["state"], &status["lastState"]["terminated"]["containerID"]);
    let id = if previous {
        last
    } else if state["running"].is_object() {
        &status["containerID"]
    } else if state["terminated"]["containerID"].is_string() {
        &state["terminated"]["containerID"]
    } else {
        last
    };
    match id.as_str() {
        Some(id) => Ok(id.trim_start_matches("containerd://").to_owned()),
        None => Err(match state["waiting"]["reason"].as_str() {
            Some("ErrImagePull") => "image can't be pulled",
            Some("ImagePullBackOff") => "trying and failing to pull image",
            Some(reason) => reason,
            None => "ContainerCreating",
        }
        .to_owned()),
    }
}

fn refusal(code: u16, reason: &str, message: String) -> StreamError {
    StreamError { code, reason: reason.to_owned(), message }
}
