//! Keeps one pod as its object says: starts, restarts, ends its containers and writes its status. One task for each pod.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::Shared;
use super::container::{Container, Kind, containers, pod_title};
use super::policy;
use super::probe::{Finding, Purpose, Target};
use super::running::Running;
use super::start::{self, Outcome, Started};
use super::state::{LOOK_AGAIN, State, Tracked};
use super::status::{Surroundings, status};
use super::volumes;
use crate::demo::node::{Exit, PodRef};
use crate::demo::recorder::Source;
use crate::demo::sandbox::Ended;
use crate::demo::store::now;

/// A failed pull is shown as such for so long, then as back-off.
const PULL_ERROR_SHOWN: Duration = Duration::from_secs(2);

enum Report {
    Start(String, Box<Outcome>),
    End(String, String, Ended),
    /// Of the life of this id.
    Probe(String, String, Finding),
}

struct Worker {
    shared: Arc<Shared>,
    running: Arc<Running>,
    name: PodRef,
    tracked: BTreeMap<String, Tracked>,
    reports: mpsc::Sender<Report>,
    /// When what still runs of a pod that is to end is killed.
    deadline: Option<Instant>,
    address: Option<String>,
    /// Its restart policy is Never.
    never_again: bool,
}

enum Next {
    /// Wait for news, at most until then.
    Wait(Option<Instant>),
    /// The pod is gone.
    Done,
}

/// Runs until the pod is gone and nothing of it runs.
pub(super) async fn run(shared: Arc<Shared>, running: Arc<Running>, name: PodRef) {
    let (reports, mut inbox) = mpsc::channel(16);
    let mut worker = Worker {
        shared,
        running: Arc::clone(&running),
        name,
        tracked: BTreeMap::new(),
        reports,
        deadline: None,
        address: None,
        never_again: false,
    };
    while let Next::Wait(until) = worker.sync().await {
        let alarm = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = running.wake.notified() => {}
            report = inbox.recv() => if let Some(report) = report { worker.note(report) },
            () = alarm => {}
        }
        while let Ok(report) = inbox.try_recv() {
            worker.note(report);
        }
    }
}

impl Worker {
    /// One look at the pod: does what is due, writes the status, says when to look again.
    async fn sync(&mut self) -> Next {
        let found = self.shared.store.get("pods", &self.name.namespace, &self.name.name);
        let Some(pod) = found.filter(|pod| pod["metadata"]["uid"] == self.running.uid.as_str()) else {
            self.end_sandbox().await;
            return Next::Done;
        };
        let all = containers(&pod);
        let has_init = all.iter().any(|container| matches!(container.kind, Kind::Init | Kind::Sidecar));
        for container in &all {
            self.tracked.entry(container.name.to_owned()).or_insert_with(|| Tracked::new(container.kind, has_init));
        }
        if !pod["metadata"]["deletionTimestamp"].is_null() {
            return self.terminate(&pod).await;
        }
        let restart = pod["spec"]["restartPolicy"].as_str().unwrap_or("Always");
        self.never_again = restart == "Never";
        let mut alarm = None;
        if policy::is_over(&self.tracked, restart) {
            self.end_leftovers().await;
        } else {
            match self.ensure_sandbox(&pod).await {
                Ok(true) if self.tell_of_missing_volumes(&pod) => alarm = Some(Instant::now() + LOOK_AGAIN),
                Ok(true) => alarm = self.start_due(&pod, &all, restart),
                Ok(false) => {}
                Err(error) => {
                    let message = format!("Failed to create pod sandbox: rpc error: code = Unknown desc = {error:#}");
                    self.tell(&pod, "FailedCreatePodSandBox", &message);
                    alarm = Some(Instant::now() + LOOK_AGAIN);
                }
            }
        }
        self.write_status();
        Next::Wait(alarm)
    }

    fn tell(&self, pod: &Value, reason: &str, message: &str) {
        let source = Source { component: "kubelet", host: pod["spec"]["nodeName"].as_str() };
        self.shared.recorder.record(pod, source, reason, message, None);
    }

    fn tell_of(&self, pod: &Value, container: &Container<'_>, reason: &str, message: &str) {
        let source = Source { component: "kubelet", host: pod["spec"]["nodeName"].as_str() };
        let field = format!("spec.{}{{{}}}", container.kind.field(), container.name);
        self.shared.recorder.record(pod, source, reason, message, Some(&field));
    }

    /// Makes the pod's sandbox, again if it has died. `false` while there is something to wait for first.
    async fn ensure_sandbox(&mut self, pod: &Value) -> anyhow::Result<bool> {
        match self.running.sandbox() {
            Some(sandbox) if sandbox.is_alive() => return Ok(true),
            // what ran in it has been killed, and that is still to be heard of
            Some(_) if self.tracked.values().any(|known| known.is_running() || known.starting) => return Ok(false),
            Some(_) => {
                self.tell(pod, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
                self.end_sandbox().await;
            }
            None => {}
        }
        self.address = Some(self.shared.make_sandbox(&self.running, pod).await?);
        Ok(true)
    }

    /// Whether a volume of the pod is made of something that is not there; says so.
    fn tell_of_missing_volumes(&self, pod: &Value) -> bool {
        let missing =
            volumes::missing(pod, |name| self.shared.store.get("configmaps", &self.name.namespace, name).is_some());
        if let Some((volume, why)) = &missing {
            let message = format!("MountVolume.SetUp failed for volume {volume:?} : {why}");
            self.tell(pod, "FailedMount", &message);
        }
        missing.is_some()
    }

    async fn end_sandbox(&mut self) {
        if let Some(sandbox) = self.running.replace_sandbox(None) {
            // waits for the stage to be gone; fails only when this process is about to end anyway
            let _ = tokio::task::spawn_blocking(move || drop(sandbox)).await;
        }
    }

    /// Ends what runs beside containers that have ended for good, then the sandbox.
    async fn end_leftovers(&mut self) {
        if self.tracked.values().any(Tracked::is_running) {
            for (name, known) in &self.tracked {
                if known.is_running()
                    && let Some(life) = self.running.current(name)
                {
                    life.kill();
                }
            }
        } else if !self.tracked.values().any(|known| known.starting) {
            self.end_sandbox().await;
        }
    }

    /// Starts what is due; gives the time when the next start is.
    fn start_due(&mut self, pod: &Arc<Value>, all: &[Container<'_>], restart: &str) -> Option<Instant> {
        let mut alarm = None;
        let mut initialized = true;
        for container in all {
            let Some(known) = self.tracked.get(container.name) else {
                continue;
            };
            let passed = policy::has_passed(known);
            let in_turn = known.kind == Kind::Ephemeral || initialized;
            if in_turn && policy::wants_start(known, restart) {
                match known.retry_at.filter(|at| *at > Instant::now()) {
                    Some(at) => {
                        alarm = Some(alarm.map_or(at, |alarm: Instant| alarm.min(at)));
                        self.show_back_off(pod, container, &mut alarm);
                    }
                    None => self.start(pod, container),
                }
            }
            initialized &= passed;
        }
        alarm
    }

    fn start(&mut self, pod: &Arc<Value>, container: &Container<'_>) {
        let Some(known) = self.tracked.get_mut(container.name) else {
            return;
        };
        known.starting = true;
        known.retry_at = None;
        let (shared, running) = (Arc::clone(&self.shared), Arc::clone(&self.running));
        let (pod, name, reports) = (Arc::clone(pod), container.name.to_owned(), self.reports.clone());
        tokio::spawn(async move {
            let outcome = start::start(&shared, &running, &pod, &name).await;
            // a worker that is gone has no pod any more
            let _ = reports.send(Report::Start(name, Box::new(outcome))).await;
        });
    }

    /// A container that waits for its next try says so, some time after it failed.
    fn show_back_off(&mut self, pod: &Value, container: &Container<'_>, alarm: &mut Option<Instant>) {
        let Some(known) = self.tracked.get_mut(container.name) else {
            return;
        };
        let wait = known.wait;
        match &known.state {
            State::Terminated(ended) => {
                known.last = Some(ended.clone());
                let title = pod_title(pod);
                let message =
                    format!("back-off {}s restarting failed container={} pod={title}", wait.as_secs(), container.name);
                known.state = State::waiting("CrashLoopBackOff", message);
                let message = format!("Back-off restarting failed container {} in pod {title}", container.name);
                self.tell_of(pod, container, "BackOff", &message);
            }
            State::Waiting { reason, message } if reason == "ErrImagePull" => {
                let shown_until = known.retry_at.map(|at| at - (wait.saturating_sub(PULL_ERROR_SHOWN)));
                if let Some(until) = shown_until.filter(|until| *until > Instant::now()) {
                    *alarm = Some(alarm.map_or(until, |alarm| alarm.min(until)));
                    return;
                }
                let image = container.spec["image"].as_str().unwrap_or_default();
                let why = message.clone().unwrap_or_default();
                known.state = State::waiting(
                    "ImagePullBackOff",
                    format!("Back-off pulling image {image:?}: ErrImagePull: {why}"),
                );
                self.tell_of(pod, container, "BackOff", &format!("Back-off pulling image {image:?}"));
                self.tell_of(pod, container, "Failed", "Error: ImagePullBackOff");
            }
            _ => {}
        }
    }

    /// The pod is to go: asks its containers to end, kills those that do not, and removes the object.
    async fn terminate(&mut self, pod: &Value) -> Next {
        let grace = pod["metadata"]["deletionGracePeriodSeconds"].as_u64().unwrap_or(30);
        let asked = self.deadline.is_some();
        let deadline = self.deadline.map_or_else(
            || Instant::now() + Duration::from_secs(grace),
            // a second deletion may shorten the grace period
            |deadline| deadline.min(Instant::now() + Duration::from_secs(grace)),
        );
        self.deadline = Some(deadline);
        let over = deadline <= Instant::now();
        for container in containers(pod) {
            let running = self.tracked.get(container.name).is_some_and(Tracked::is_running);
            let Some(life) = self.running.current(container.name).filter(|_| running) else {
                continue;
            };
            if over {
                life.kill();
            } else if !asked {
                self.tell_of(pod, &container, "Killing", &format!("Stopping container {}", container.name));
                life.terminate();
            }
        }
        self.write_status();
        if self.tracked.values().any(|known| known.is_running() || known.starting) {
            return Next::Wait(Some(if over { Instant::now() + LOOK_AGAIN } else { deadline }));
        }
        self.end_sandbox().await;
        if pod["metadata"]["finalizers"].as_array().is_some_and(|all| !all.is_empty()) {
            return Next::Wait(None); // whoever put them there removes the pod
        }
        self.shared.store.delete("pods", &self.name.namespace, &self.name.name);
        Next::Done
    }

    fn note(&mut self, report: Report) {
        match report {
            Report::Start(name, outcome) => self.note_start(&name, *outcome),
            Report::End(name, id, ended) => {
                if let Some(known) = self.tracked.get_mut(&name) {
                    known.ended(id, ended.code, now(), Instant::now());
                }
            }
            Report::Probe(name, id, finding) => self.note_probe(&name, &id, &finding),
        }
    }

    fn note_start(&mut self, name: &str, outcome: Outcome) {
        let Some(known) = self.tracked.get_mut(name) else {
            return;
        };
        known.image = outcome.image.or_else(|| known.image.take());
        known.user = outcome.user.or_else(|| known.user.take());
        match outcome.result {
            Ok(Started { life, probes, ending, pump }) => {
                known.began(life.id.clone(), now(), Instant::now());
                (known.unstarted, known.unready) = (probes.has_startup(), probes.has_readiness());
                let target = Target {
                    running: Arc::clone(&self.running),
                    life: Arc::clone(&life),
                    container: name.to_owned(),
                    address: self.address.clone().unwrap_or_default(),
                };
                let (findings, of, id) = (self.reports.clone(), name.to_owned(), life.id.clone());
                let probing = probes.run(target, async move |finding| {
                    let _ = findings.send(Report::Probe(of.clone(), id.clone(), finding)).await;
                });
                let probing = AbortOnDropHandle::new(tokio::spawn(probing));
                let (reports, name) = (self.reports.clone(), name.to_owned());
                if self.deadline.is_some() {
                    life.terminate(); // it came too late
                }
                tokio::spawn(async move {
                    let ended = ending.wait().await;
                    drop(probing);
                    life.bury();
                    pump.finish(Exit::Finished).await;
                    // a worker that is gone has no pod any more
                    let _ = reports.send(Report::End(name, life.id.clone(), ended)).await;
                });
            }
            Err(failure) => known.failed(failure, self.never_again, now(), Instant::now()),
        }
    }

    /// What a probe of a container has found; nothing of it counts once the pod is to end.
    fn note_probe(&mut self, name: &str, id: &str, finding: &Finding) {
        let Some(pod) = self.shared.store.get("pods", &self.name.namespace, &self.name.name) else { return };
        let of_life = |known: &&mut Tracked| known.is_running() && known.id.as_deref() == Some(id);
        let Some(known) = self.tracked.get_mut(name).filter(of_life) else { return };
        if self.deadline.is_some() {
            return;
        }
        let Some(container) = containers(&pod).into_iter().find(|container| container.name == name) else { return };
        match finding {
            Finding::Failed(purpose, why) => {
                self.tell_of(&pod, &container, "Unhealthy", &format!("{} probe failed: {why}", purpose.word()));
            }
            Finding::Settled(Purpose::Readiness, holds) => known.unready = !holds,
            Finding::Settled(Purpose::Startup, true) => known.unstarted = false,
            Finding::Settled(_, true) => {}
            Finding::Settled(purpose, false) => {
                let purpose = purpose.word().to_lowercase();
                let message = format!("Container {name} failed {purpose} probe, will be restarted");
                self.tell_of(&pod, &container, "Killing", &message);
                if let Some(life) = self.running.current(name) {
                    let grace = pod["spec"]["terminationGracePeriodSeconds"].as_u64().unwrap_or(30);
                    life.terminate();
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_secs(grace)).await;
                        life.kill();
                    });
                }
            }
        }
    }

    fn write_status(&self) {
        let surroundings = Surroundings {
            now: now(),
            host_address: String::new(),
            address: self.address.clone(),
            sandboxed: self.running.sandbox().is_some(),
        };
        self.shared.store.update("pods", &self.name.namespace, &self.name.name, |pod| {
            if pod["metadata"]["uid"] == self.running.uid.as_str() {
                let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
                let host_address = self.shared.address_of(node);
                let surroundings = Surroundings { host_address, ..surroundings };
                pod["status"] = status(pod, |name| self.tracked.get(name), &surroundings);
            }
        });
    }
}
