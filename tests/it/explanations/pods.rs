//! Ordinary pods as the inspector asks of them, and pods that end while a debugger is awaited in them.

use serde_json::json;

use super::{Case, Group};

#[test]
fn pods_that_are_not_well() {
    let mut group = Group::default();
    let ended = |code: i32, reason: &str| json!({"terminated": {"exitCode": code, "reason": reason}});
    let looping =
        json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 2m40s restarting failed container"}});
    let again = |last: serde_json::Value| json!({"restartCount": 6, "lastState": last});
    group.state("well", &Case::running());
    group.state("it crashes", &Case::running().app(&looping, &again(ended(3, "Error"))));
    group.state("it is killed for its memory", &Case::running().app(&looping, &again(ended(137, "OOMKilled"))));
    group.state(
        "its liveness probe kills it",
        &Case::running()
            .app(&looping, &again(ended(137, "Error")))
            .event("Unhealthy", "app", "Liveness probe failed: cat: can't open '/nosuch': No such file or directory\n")
            .event("Killing", "app", "Container app failed liveness probe, will be restarted"),
    );
    let probing = Case::running().app(&json!({"running": {}}), &json!({}));
    let probing =
        probing.with("spec.containers", json!([{"name": "app", "image": "acme/shop:1", "readinessProbe": {}}]));
    group.state("its readiness probe fails", &probing);
    let unhealthy = "Readiness probe failed: Get \"http://198.51.100.26:8080/healthz\": dial tcp 198.51.100.26:8080: \
                     connect: connection refused";
    group
        .state("its readiness probe fails, and events tell how", &probing.clone().event("Unhealthy", "app", unhealthy));
    let waits = |reason: &str, message: &str| {
        Case::running().app(&json!({"waiting": {"reason": reason, "message": message}}), &json!({}))
    };
    group.state("no config map", &waits("CreateContainerConfigError", "configmap \"nosuchcm\" not found"));
    group.state("no key in a secret", &waits("CreateContainerConfigError", "couldn't find key k in Secret shop/s1"));
    group.state(
        "its image cannot be pulled",
        &waits(
            "ErrImagePull",
            "failed to resolve reference \"docker.io/acme/shop:9\": docker.io/acme/shop:9: not found",
        ),
    );
    group.state(
        "its command is not there",
        &waits(
            "RunContainerError",
            "unable to start container process: exec: \"/nosuch\": stat /nosuch: no such file or directory: unknown",
        ),
    );
    group.state(
        "its start hook fails",
        &waits("PostStartHookError", "Exec lifecycle hook ([/nosuch]) for Container \"app\" failed"),
    );
    let evicted = Case::running()
        .with("status.phase", json!("Failed"))
        .with("status.reason", json!("Evicted"))
        .with("status.message", json!("The node was low on resource: memory."));
    group.state("evicted", &evicted);
    let going = Case::running().with("metadata.deletionTimestamp", json!("2026-11-22T18:00:00Z"));
    group.state("being deleted", &going);
    let gate = json!([{"type": "Ready", "status": "False", "reason": "ReadinessGatesNotReady", "message": "corresponding condition of pod readiness gate \"x\" does not exist."}]);
    group.state("a readiness gate", &Case::running().with("status.conditions", gate));
    insta::assert_snapshot!("pods_that_are_not_well", group.done());
}

#[test]
fn pods_that_end_under_a_start() {
    let mut group = Group::default();
    let early = || Case::debugger("busybox:1.37", "ContainerCreating", "");
    group.state("being deleted", &early().with("metadata.deletionTimestamp", json!("2026-11-22T18:00:00Z")));
    let ended = json!({"terminated": {"exitCode": 0, "reason": "Completed"}});
    group.state("ended well", &early().with("status.phase", json!("Succeeded")).app(&ended, &json!({})));
    let evicted = early()
        .with("status.phase", json!("Failed"))
        .with("status.reason", json!("Evicted"))
        .with("status.message", json!("The node was low on resource: ephemeral-storage."))
        .app(&ended, &json!({}));
    group.state("evicted", &evicted);
    let mut init = Case::copy();
    init.pod["spec"]["initContainers"] = json!([{"name": "migrate", "image": "acme/migrate:1"}]);
    init.pod["status"]["initContainerStatuses"] = json!([{
        "name": "migrate", "restartCount": 2,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
    }]);
    group.state("a copy whose init container crashes", &init);
    insta::assert_snapshot!("pods_that_end_under_a_start", group.done());
}
