//! Jobs: pods until enough of them have succeeded, or too many have failed. Nothing here reads a clock for a schedule.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{is_ready, pods};
use crate::demo::object::{items, name, namespace, number, text};
use crate::demo::recorder::{Recorder, Source};
use crate::demo::store::{Store, now};

const SOURCE: Source<'static> = Source { component: "job-controller", host: None };

/// A failed pod is replaced after so long, doubled with each failure.
const FIRST_BACK_OFF: Duration = Duration::from_secs(10);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(360);

/// One look at every job; says how long it is until the next failed pod is to be replaced.
pub(super) fn reconcile(store: &Store, recorder: &Recorder) -> Option<Duration> {
    let (jobs, _) = store.list("jobs", None);
    jobs.iter().filter_map(|job| run(store, recorder, job)).min()
}

fn is_finished(job: &Value) -> bool {
    items(job, "/status/conditions")
        .iter()
        .any(|one| matches!(text(one, "/type"), "Complete" | "Failed") && one["status"] == "True")
}

fn run(store: &Store, recorder: &Recorder, job: &Value) -> Option<Duration> {
    if is_finished(job) {
        return None;
    }
    let all = pods::claimed(store, job);
    let of = |phase: &str| all.iter().filter(|pod| text(pod, "/status/phase") == phase).count();
    let (succeeded, failed) = (of("Succeeded"), of("Failed"));
    let mut active: Vec<Arc<Value>> = all.iter().filter(|pod| pods::is_active(pod)).cloned().collect();
    let completions = count(job, "/spec/completions", 1);
    let parallelism = count(job, "/spec/parallelism", 1);
    let limit = count(job, "/spec/backoffLimit", 6);
    let restarts: usize = active.iter().map(|pod| restarts(pod)).sum();
    let verdict = if succeeded >= completions {
        Some(Verdict::Complete)
    } else if failed + restarts > limit {
        Some(Verdict::TooManyFailures)
    } else {
        None
    };
    let mut wait = None;
    if verdict.is_some() {
        for pod in active.drain(..) {
            pods::delete(store, &pod);
        }
    } else if job["spec"]["suspend"] != true {
        wait = back_off(&all, failed);
        let wanted = parallelism.min(completions - succeeded);
        while active.len() < wanted && wait.is_none() {
            let Some(pod) = pods::create(store, job, &pods::generated(name(job)), |_| ()) else { break };
            let message = format!("Created pod: {}", name(&pod));
            recorder.record(job, SOURCE, "SuccessfulCreate", &message, None);
            active.push(pod);
        }
    }
    let ready = active.iter().filter(|pod| is_ready(pod)).count();
    let counts = Counts { active: active.len(), ready, succeeded, failed };
    if store.update("jobs", namespace(job), name(job), |job| report(job, counts, verdict)).is_some() {
        match verdict {
            Some(Verdict::Complete) => recorder.record(job, SOURCE, "Completed", "Job completed", None),
            Some(Verdict::TooManyFailures) => recorder.record(job, SOURCE, TOO_MANY, TOO_MANY_WORDS, None),
            None => {}
        }
    }
    wait
}

const TOO_MANY: &str = "BackoffLimitExceeded";
const TOO_MANY_WORDS: &str = "Job has reached the specified backoff limit";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Complete,
    TooManyFailures,
}

#[derive(Debug, Clone, Copy)]
struct Counts {
    active: usize,
    ready: usize,
    succeeded: usize,
    failed: usize,
}

fn count(job: &Value, at: &str, instead: usize) -> usize {
    number(job, at).and_then(|count| usize::try_from(count).ok()).unwrap_or(instead)
}

fn restarts(pod: &Value) -> usize {
    let statuses = items(pod, "/status/containerStatuses").iter();
    statuses.map(|status| count(status, "/restartCount", 0)).sum()
}

/// How long the next pod has to wait, after so many have failed.
fn back_off(all: &[Arc<Value>], failed: usize) -> Option<Duration> {
    let doublings = u32::try_from(failed.checked_sub(1)?).unwrap_or(u32::MAX).min(16);
    let wait = FIRST_BACK_OFF.saturating_mul(1 << doublings).min(LONGEST_BACK_OFF);
    let ends = all.iter().filter(|pod| text(pod, "/status/phase") == "Failed").flat_map(|pod| {
        let statuses = items(pod, "/status/containerStatuses").iter();
        statuses.filter_map(|status| text(status, "/state/terminated/finishedAt").parse::<Timestamp>().ok())
    });
    let since = Timestamp::now().duration_since(ends.max()?).unsigned_abs();
    wait.checked_sub(since).filter(|rest| !rest.is_zero())
}

fn report(job: &mut Value, counts: Counts, verdict: Option<Verdict>) {
    let mut status = json!({
        "ready": counts.ready,
        "terminating": 0,
        "uncountedTerminatedPods": {},
        "startTime": job["status"]["startTime"].as_str().map_or_else(now, ToOwned::to_owned),
    });
    for (field, count) in [("active", counts.active), ("succeeded", counts.succeeded), ("failed", counts.failed)] {
        if count > 0 {
            status[field] = json!(count);
        }
    }
    let now = now();
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": "True", "reason": reason, "message": message,
            "lastProbeTime": now, "lastTransitionTime": now,
        })
    };
    match verdict {
        Some(Verdict::Complete) => {
            status["completionTime"] = json!(now);
            let kinds = ["SuccessCriteriaMet", "Complete"];
            let words = "Reached expected number of succeeded pods";
            status["conditions"] = kinds.iter().map(|kind| condition(kind, "CompletionsReached", words)).collect();
        }
        Some(Verdict::TooManyFailures) => {
            let kinds = ["FailureTarget", "Failed"];
            status["conditions"] = kinds.iter().map(|kind| condition(kind, TOO_MANY, TOO_MANY_WORDS)).collect();
        }
        None => {}
    }
    job["status"] = status;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::resource::by_plural;
    use crate::demo::server::defaults;

    fn cluster(more: &Value) -> (Store, Recorder) {
        let store = Store::new();
        let mut job = json!({
            "metadata": { "name": "settle", "namespace": "demo", "uid": "1" },
            "spec": { "template": { "spec": { "containers": [{ "name": "a" }], "restartPolicy": "Never" } } },
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            job["spec"][field] = value.clone();
        }
        defaults::workload(by_plural("jobs").unwrap(), &mut job);
        store.create("jobs", job).unwrap();
        let recorder = Recorder::new(store.clone());
        (store, recorder)
    }

    fn end(store: &Store, phase: &str) {
        for pod in store.list("pods", None).0 {
            store.update("pods", "demo", name(&pod), |pod| pod["status"]["phase"] = json!(phase));
        }
    }

    fn job(store: &Store) -> Arc<Value> {
        store.get("jobs", "demo", "settle").unwrap()
    }

    #[test]
    fn a_job_goes_on_until_enough_pods_have_succeeded() {
        let (store, recorder) = cluster(&json!({ "completions": 2 }));
        reconcile(&store, &recorder);
        assert_eq!(job(&store)["status"]["active"], 1);
        end(&store, "Succeeded");
        reconcile(&store, &recorder);
        assert_eq!(store.list("pods", None).0.len(), 2);
        end(&store, "Succeeded");
        reconcile(&store, &recorder);
        let done = job(&store);
        assert_eq!(done["status"]["succeeded"], 2);
        assert_eq!(done["status"]["conditions"][1]["type"], "Complete");
        let version = store.version();
        reconcile(&store, &recorder);
        assert_eq!(store.version(), version, "a job that is done is left alone");
    }

    #[test]
    fn a_job_that_fails_too_often_is_given_up() {
        let (store, recorder) = cluster(&json!({ "backoffLimit": 0 }));
        reconcile(&store, &recorder);
        end(&store, "Failed");
        reconcile(&store, &recorder);
        let failed = job(&store);
        assert_eq!(failed["status"]["conditions"][1]["reason"], TOO_MANY);
        assert_eq!(store.list("pods", None).0.len(), 1);
        let told = store.list("events", None).0;
        assert!(told.iter().any(|event| event["reason"] == TOO_MANY && event["type"] == "Warning"));
    }
}
