//! Violations as a real API server worded them.

use serde_json::json;

use super::*;

fn pod(context: &Value) -> Value {
    json!({ "spec": {
        "securityContext": { "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } },
        "containers": [{ "name": "app", "securityContext": {
            "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } } }],
        "ephemeralContainers": [{ "name": "d2", "securityContext": context }],
    } })
}

#[test]
fn the_recorded_refusal_is_worded_as_recorded() {
    let pod = pod(&json!({ "capabilities": { "add": ["SYS_PTRACE"] } }));
    assert_eq!(
        violation(&pod, Level::Restricted, "latest").unwrap(),
        "violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"d2\" must set \
         securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"d2\" must set \
         securityContext.capabilities.drop=[\"ALL\"]; container \"d2\" must not include \"SYS_PTRACE\" in \
         securityContext.capabilities.add)"
    );
    assert_eq!(
        violation(&pod, Level::Baseline, "latest").unwrap(),
        "violates PodSecurity \"baseline:latest\": non-default capabilities (container \"d2\" must not include \
         \"SYS_PTRACE\" in securityContext.capabilities.add)"
    );
    assert_eq!(violation(&pod, Level::Privileged, "latest"), None);
}

#[test]
fn a_debugger_of_the_restricted_profile_is_admitted() {
    let restricted = json!({
        "runAsNonRoot": true, "allowPrivilegeEscalation": false,
        "capabilities": { "drop": ["ALL"] }, "seccompProfile": { "type": "RuntimeDefault" },
    });
    assert_eq!(
        violation(&pod(&restricted), Level::Restricted, "latest"),
        None
    );
}

#[test]
fn a_node_debugger_breaks_what_it_breaks() {
    let node = json!({ "spec": {
        "hostNetwork": true, "hostPID": true,
        "volumes": [{ "name": "host-root", "hostPath": { "path": "/" } }],
        "containers": [{ "name": "debugger", "securityContext": { "privileged": true } }],
    } });
    assert_eq!(
        violation(&node, Level::Baseline, "v1.30").unwrap(),
        "violates PodSecurity \"baseline:v1.30\": host namespaces (hostNetwork=true, hostPID=true), hostPath \
         volumes (volume \"host-root\"), privileged (container \"debugger\" must not set \
         securityContext.privileged=true)"
    );
    let restricted = violation(&node, Level::Restricted, "latest").unwrap();
    assert!(
        restricted.contains("uses restricted volume type \"hostPath\""),
        "{restricted}"
    );
    assert!(
        restricted
            .contains("pod or container \"debugger\" must set securityContext.runAsNonRoot=true")
    );
}

#[test]
fn the_labels_of_a_namespace_set_the_level() {
    let namespace = json!({ "metadata": { "labels": {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "v1.31",
    } } });
    assert_eq!(
        Level::of_namespace(&namespace, "enforce"),
        (Level::Restricted, "v1.31".to_owned())
    );
    assert_eq!(
        Level::of_namespace(&namespace, "warn"),
        (Level::Privileged, "latest".to_owned())
    );
}
