//! What the API refuses, recorded and as other servers word it.

use bathyscope::cluster::Way;
use serde_json::{Value, json};

use super::{Group, Request, refused};
use crate::fake_api::FakeApi;

fn ephemeral(older: &[&str]) -> Request {
    let mut spec =
        json!({"ephemeralContainers": [{"name": "d2", "image": "busybox:1.37", "targetContainerName": "app"}]});
    if !older.is_empty() {
        let named = older.iter().chain(&["d2"]).map(|name| json!({"name": name}));
        spec["$setElementOrder/ephemeralContainers"] = named.collect();
    }
    Request::PatchEphemeral { namespace: "shop".to_owned(), pod: "api".to_owned(), body: json!({"spec": spec}) }
}

fn copy() -> Request {
    let body = json!({"spec": {"containers": [{"name": "app"}, {"name": "d", "command": ["top"]}]}});
    let container = Some("d".to_owned());
    Request::CreatePod { namespace: "shop".to_owned(), pod: "api-debug-x7k2p".to_owned(), container, body }
}

fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code,
        "details": {"name": "api", "kind": "pods"},
    })
}

fn recorded(title: &str) -> Value {
    let answers: Vec<Value> = serde_json::from_str(include_str!("../../data/recorded/api-answers.json")).unwrap();
    answers.iter().find(|answer| answer["title"].as_str().unwrap().starts_with(title)).unwrap()["response"].clone()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one golden text holds them all")]
async fn refusals_of_the_api() {
    let mut group = Group::default();
    for title in [
        "patch ephemeralcontainers without the right",
        "unknown pod",
        "unknown subresource",
        "pod security: general profile",
        "name of a regular container",
        "name of an existing ephemeral container",
        "unknown target",
        "ports are not allowed",
    ] {
        group.problem(title, &refused(ephemeral(&[]), &recorded(title)).await);
    }
    group.problem("create a copy without the right", &refused(copy(), &recorded("create a copy without")).await);
    let level = "pods \"api\" is forbidden: violates PodSecurity \"restricted:latest\": unrestricted capabilities (container \
                 \"OLD\" must set securityContext.capabilities.drop=[\"ALL\"])";
    let forbidden = |message: &str| status(403, "Forbidden", message);
    let older = forbidden(&level.replace("OLD", "debugger-2hf9x"));
    group.problem("an older debugger", &refused(ephemeral(&["debugger-2hf9x"]), &older).await);
    group.problem(
        "the pod's own container",
        &refused(ephemeral(&["d1"]), &forbidden(&level.replace("OLD", "app"))).await,
    );
    let baseline = "pods \"api\" is forbidden: violates PodSecurity \"baseline:latest\": non-default capabilities (container \
                    \"d2\" must not include \"SYS_PTRACE\" in securityContext.capabilities.add)";
    group.problem("the level baseline", &refused(ephemeral(&[]), &forbidden(baseline)).await);
    for (title, request, answer) in [
        (
            "quota",
            copy(),
            forbidden(
                "pods \"api\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=4, limited: pods=4",
            ),
        ),
        (
            "quota without requests",
            copy(),
            forbidden("pods \"api\" is forbidden: failed quota: few: must specify requests.cpu for: d"),
        ),
        (
            "a limit range",
            copy(),
            forbidden("pods \"api\" is forbidden: maximum cpu usage per Container is 1, but limit is 2"),
        ),
        (
            "a policy of the cluster",
            ephemeral(&[]),
            status(
                422,
                "Invalid",
                "pods \"api\" is forbidden: ValidatingAdmissionPolicy 'no-debug' with binding 'no-debug' denied request: no \
                 debuggers in production",
            ),
        ),
        (
            "a webhook that refuses the image",
            ephemeral(&[]),
            status(
                400,
                "",
                "admission webhook \"validate.kyverno.svc-fail\" denied the request: resource Pod/shop/api was blocked: \
                 validate-registries: Unknown image registry.",
            ),
        ),
        (
            "a webhook that does not answer",
            ephemeral(&[]),
            status(
                500,
                "InternalError",
                "Internal error occurred: failed calling webhook \"policy.example.com\": failed to call webhook: Post \
                 \"https://policy.example.com/x\": dial tcp 192.0.2.1:443: connect: connection refused",
            ),
        ),
        ("the name is taken", copy(), status(409, "AlreadyExists", "pods \"api-debug-x7k2p\" already exists")),
        (
            "changed at the same time",
            ephemeral(&[]),
            status(409, "Conflict", "Operation cannot be fulfilled on pods \"api\""),
        ),
        (
            "the node's processes and shared ones",
            copy(),
            status(
                422,
                "Invalid",
                "Pod \"api\" is invalid: spec.securityContext.shareProcessNamespace: Invalid value: true: \
                 ShareProcessNamespace and HostPID cannot both be enabled",
            ),
        ),
        (
            "a copy of a Windows pod",
            copy(),
            status(
                422,
                "Invalid",
                "Pod \"api\" is invalid: spec.shareProcessNamespace: Forbidden: cannot be set for a windows pod",
            ),
        ),
        (
            "a Windows pod",
            ephemeral(&[]),
            status(
                422,
                "Invalid",
                "Pod \"api\" is invalid: spec.ephemeralContainers[0].securityContext.capabilities: Forbidden: cannot be set \
                 for a windows pod",
            ),
        ),
        (
            "a static pod",
            ephemeral(&[]),
            status(
                422,
                "Invalid",
                "Pod \"api\" is invalid: []: Forbidden: static pods do not support ephemeral containers",
            ),
        ),
        (
            "no service account",
            copy(),
            forbidden(
                "pods \"api\" is forbidden: error looking up service account shop/nosa: serviceaccount \"nosa\" not found",
            ),
        ),
    ] {
        group.problem(title, &refused(request, &answer).await);
    }
    insta::assert_snapshot!(group.done());
}

#[tokio::test(start_paused = true)]
async fn a_request_without_an_answer_may_have_been_taken() {
    let (cluster, mut api) = FakeApi::new();
    let request = ephemeral(&[]);
    let sending = tokio::spawn(async move { cluster.send(&request).await });
    let _unanswered = api.next().await;
    let problem = sending.await.unwrap().unwrap_err();
    let ways: Vec<&Way> = problem.fixes.iter().map(|fix| &fix.way).collect();
    assert!(matches!(ways[..], [Way::Attach(_), Way::Again]), "{problem:?}");
}
