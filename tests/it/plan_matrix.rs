//! Cases of the parity matrix that need neither server nor kubelet and that the recorded vectors do not hold; the
//! numbers are the matrix's own.

mod copied;
mod ephemeral;

use bathyscope::plan::{
    CopyOptions, DebugOptions, Facts, Plan, Profile, Refusal, Request, parse_custom, plan_for_pod, suffixes,
};
use serde_json::{Value, json};

const LINUX_PROFILES: [Profile; 5] =
    [Profile::General, Profile::Baseline, Profile::Restricted, Profile::Netadmin, Profile::Sysadmin];

fn pod(spec: &Value) -> Value {
    json!({"metadata": {"name": "p", "namespace": "n"}, "spec": spec})
}

/// P: one plain container.
fn plain() -> Value {
    pod(&json!({"containers": [{"name": "app", "image": "app:1"}]}))
}

/// R: everything a copy can keep or lose.
fn rich() -> Value {
    let probe = json!({"exec": {"command": ["true"]}});
    json!({
        "metadata": {
            "name": "p", "namespace": "n", "uid": "u", "resourceVersion": "5", "generateName": "p-",
            "labels": {"app": "api"}, "annotations": {"note": "keep"}, "finalizers": ["f"],
            "ownerReferences": [{"kind": "ReplicaSet", "name": "rs"}],
        },
        "spec": {
            "nodeName": "n1",
            "initContainers": [
                {"name": "init", "image": "init:1", "command": ["true"]},
                {"name": "side", "image": "side:1", "restartPolicy": "Always", "startupProbe": probe},
            ],
            "containers": [
                {
                    "name": "app", "image": "app:1", "command": ["/app"], "args": ["-v"],
                    "env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                    "ports": [{"name": "http", "containerPort": 80}], "stdin": true, "tty": true,
                    "livenessProbe": probe, "readinessProbe": probe, "startupProbe": probe,
                    "securityContext": {"runAsUser": 7, "capabilities": {"add": ["CHOWN"], "drop": ["ALL"]}},
                },
                {"name": "log", "image": "log:1"},
            ],
            "ephemeralContainers": [{"name": "old", "image": "busybox"}],
            "volumes": [{"name": "d", "emptyDir": {}}],
        },
        "status": {"phase": "Running"},
    })
}

fn windows() -> Value {
    pod(&json!({"containers": [{"name": "app"}], "os": {"name": "windows"}}))
}

fn image(profile: Profile) -> DebugOptions {
    DebugOptions { image: Some("busybox".into()), profile, ..DebugOptions::default() }
}

fn general() -> DebugOptions {
    image(Profile::General)
}

fn custom(text: &str) -> DebugOptions {
    DebugOptions { custom: Some(parse_custom(text).expect("the custom container is read")), ..general() }
}

/// `--copy-to=copy` with these changes.
fn copy(options: DebugOptions, change: impl FnOnce(&mut CopyOptions)) -> DebugOptions {
    let mut copy = CopyOptions::named("copy");
    change(&mut copy);
    DebugOptions { copy: Some(copy), ..options }
}

/// `-c NAME -- sh` without an image.
fn shell_in(name: &str, profile: Profile) -> DebugOptions {
    DebugOptions { image: None, container: Some(name.into()), command: vec!["sh".into()], ..image(profile) }
}

fn try_plan(pod: &Value, options: &DebugOptions) -> Result<Plan, Refusal> {
    plan_for_pod(pod, &Facts::default(), options, &mut suffixes(|| 7))
}

fn plan(pod: &Value, options: &DebugOptions) -> Plan {
    try_plan(pod, options).unwrap_or_else(|refusal| panic!("refused: {refusal}"))
}

fn refusal(pod: &Value, options: &DebugOptions) -> String {
    try_plan(pod, options).expect_err("it is to be refused").message
}

/// The ephemeral container that is added.
fn added(pod: &Value, options: &DebugOptions) -> Value {
    match &plan(pod, options).requests[..] {
        [Request::PatchEphemeral { body, .. }] => body["spec"]["ephemeralContainers"][0].clone(),
        other => panic!("one patch is sent, not {other:?}"),
    }
}

/// The copy that is created.
fn copied(pod: &Value, options: &DebugOptions) -> Value {
    match plan(pod, options).requests.first() {
        Some(Request::CreatePod { body, .. }) => body.clone(),
        other => panic!("a pod is created, not {other:?}"),
    }
}

fn container<'a>(body: &'a Value, name: &str) -> &'a Value {
    ["containers", "initContainers"]
        .into_iter()
        .filter_map(|list| body["spec"][list].as_array())
        .flatten()
        .find(|container| container["name"] == name)
        .unwrap_or_else(|| panic!("the copy has no container {name}"))
}
