//! A debugger pod on a node, with the node's own namespaces and files as far as the profile goes; it copies nothing.

use serde_json::{Value, json};

use super::auto::Chosen;
use super::profile::Mode;
use super::{Facts, Plan, Profile, Refusal, Request, debugger, name, warning};

/// The volume and mount of the node's root directory.
const ROOT_VOLUME: &str = "host-root";
/// How long a pod's name may be.
const NAME_LIMIT: usize = 253;

/// The plan for a node debugger.
pub(super) fn plan(
    node: &Value,
    namespace: &str,
    facts: Facts,
    chosen: &Chosen,
    suffixes: &mut dyn Iterator<Item = String>,
) -> Result<Plan, Refusal> {
    let options = &chosen.options;
    let node_name = node["metadata"]["name"]
        .as_str()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Refusal::new("this node cannot be debugged: its metadata has no name"))?;
    let container_name = options.container().unwrap_or("debugger");
    if !name::is_label(container_name) {
        return Err(Refusal::new(format!(
            "{container_name:?} cannot name a container: a name has at most 63 lower-case letters, digits and dashes"
        )));
    }
    let suffix = suffixes.next().ok_or_else(|| Refusal::new("no random suffix is left for the pod's name"))?;
    let pod = pod_name(node_name, &suffix);

    let mut container = debugger::fresh(container_name, options);
    let mut spec = json!({
        "nodeName": node_name,
        "restartPolicy": "Never",
        "tolerations": [{"operator": "Exists"}],
    });
    let (host_namespaces, host_root) = match options.profile {
        Profile::Auto | Profile::Legacy | Profile::General | Profile::Sysadmin => (true, true),
        Profile::Netadmin => (true, false),
        Profile::Baseline | Profile::Restricted => (false, false),
    };
    if host_namespaces {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            spec[field] = true.into();
        }
    }
    if host_root {
        spec["volumes"] = json!([{"name": ROOT_VOLUME, "hostPath": {"path": "/"}}]);
        container.insert("volumeMounts".into(), json!([{"name": ROOT_VOLUME, "mountPath": "/host"}]));
    }
    debugger::write_profile(&mut container, Mode::Node, options)?;
    spec["containers"] = json!([container]);

    let mut metadata = json!({"name": pod, "labels": {"app.kubernetes.io/managed-by": "kubectl-debug"}});
    for (field, more) in [("labels", &options.labels), ("annotations", &options.annotations)] {
        for (name, value) in more {
            metadata[field][name] = value.as_str().into();
        }
    }
    let body = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
    Ok(Plan {
        requests: vec![Request::CreatePod {
            namespace: namespace.into(),
            pod: pod.clone(),
            container: Some(container_name.into()),
            body,
        }],
        namespace: namespace.into(),
        pod,
        container: Some(container_name.into()),
        attach: options.attaches(),
        profile: options.profile,
        reasons: chosen.reasons.clone(),
        warnings: warning::of_profile(options, facts, Mode::Node),
    })
}

/// What kubectl and we begin the name of a node debugger's pod with.
pub const NODE_DEBUGGER: &str = "node-debugger-";

/// `node-debugger-NODE-xxxxx`; a node's name that would make it too long is cut.
fn pod_name(node: &str, suffix: &str) -> String {
    let room = NAME_LIMIT.saturating_sub(NODE_DEBUGGER.len() + "-".len() + suffix.len());
    let end = (0..=room.min(node.len())).rev().find(|end| node.is_char_boundary(*end)).unwrap_or(0);
    let node = node[..end].trim_end_matches(['-', '.']);
    format!("{NODE_DEBUGGER}{node}-{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{DebugOptions, PullPolicy, plan_for_node, suffixes};

    fn planned(options: DebugOptions) -> Plan {
        let node = json!({"metadata": {"name": "node1"}});
        let options = DebugOptions { image: Some("busybox".into()), ..options };
        plan_for_node(&node, "ops", &Facts::default(), &options, &mut suffixes(|| 0)).unwrap()
    }

    fn body(plan: &Plan) -> &Value {
        match &plan.requests[..] {
            [Request::CreatePod { namespace, body, .. }] => {
                assert_eq!(namespace, "ops");
                body
            }
            other => panic!("one pod is created, not {other:?}"),
        }
    }

    #[test]
    fn each_profile_gets_its_namespaces_mount_and_security() {
        use Profile::{Baseline, General, Legacy, Netadmin, Restricted, Sysadmin};
        for (profile, host, mount, context) in [
            (Legacy, true, true, Value::Null),
            (General, true, true, Value::Null),
            (Baseline, false, false, Value::Null),
            (Restricted, false, false, json!(["ALL"])),
            (Netadmin, true, false, json!(["NET_ADMIN", "NET_RAW"])),
            (Sysadmin, true, true, json!(true)),
        ] {
            let plan = planned(DebugOptions { profile, ..DebugOptions::default() });
            let spec = &body(&plan)["spec"];
            for field in ["hostNetwork", "hostPID", "hostIPC"] {
                assert_eq!(spec[field] == true, host, "{profile} {field}");
            }
            let container = &spec["containers"][0];
            assert_eq!(container["volumeMounts"][0]["mountPath"] == "/host", mount, "{profile}");
            assert_eq!(spec["volumes"].is_array(), mount, "{profile}");
            let security = &container["securityContext"];
            let told = [&security["capabilities"]["add"], &security["capabilities"]["drop"], &security["privileged"]];
            assert_eq!(told.into_iter().find(|told| !told.is_null()).unwrap_or(&Value::Null), &context, "{profile}");
        }
    }

    #[test]
    fn the_container_takes_the_choices() {
        let plan = planned(DebugOptions {
            profile: Profile::General,
            container: Some("x".into()),
            env: vec![("A".into(), "1".into())],
            pull_policy: Some(PullPolicy::Always),
            command: vec!["sh".into()],
            stdin: true,
            ..DebugOptions::default()
        });
        let container = &body(&plan)["spec"]["containers"][0];
        assert_eq!(container["name"], "x");
        assert_eq!(container["env"], json!([{"name": "A", "value": "1"}]));
        assert_eq!(container["imagePullPolicy"], "Always");
        assert_eq!(container["command"], json!(["sh"]));
        assert_eq!((plan.container.as_deref(), plan.attach), (Some("x"), true));
    }

    #[test]
    fn labels_and_annotations_come_after_kubectls_own() {
        let plain = planned(DebugOptions::default());
        let metadata = |plan: &Plan| body(plan)["metadata"].clone();
        assert_eq!(metadata(&plain)["labels"], json!({"app.kubernetes.io/managed-by": "kubectl-debug"}));
        assert_eq!(metadata(&plain)["annotations"], Value::Null);
        let marked = planned(DebugOptions {
            labels: vec![("app.kubernetes.io/managed-by".into(), "ours".into()), ("a".into(), "b".into())],
            annotations: vec![("who".into(), "sam".into())],
            ..DebugOptions::default()
        });
        assert_eq!(metadata(&marked)["labels"], json!({"app.kubernetes.io/managed-by": "ours", "a": "b"}));
        assert_eq!(metadata(&marked)["annotations"], json!({"who": "sam"}));
    }

    #[test]
    fn a_custom_container_makes_the_mount_read_only_and_adds_another() {
        let plan = planned(DebugOptions {
            profile: Profile::General,
            custom: Some(json!({"volumeMounts": [
                {"name": "host-root", "mountPath": "/host", "readOnly": true},
                {"name": "host-root", "mountPath": "/also"},
            ]})),
            ..DebugOptions::default()
        });
        assert_eq!(
            body(&plan)["spec"]["containers"][0]["volumeMounts"],
            json!([
                {"name": "host-root", "mountPath": "/host", "readOnly": true},
                {"name": "host-root", "mountPath": "/also"},
            ])
        );
    }

    #[test]
    fn a_long_node_name_is_cut_to_a_valid_pod_name() {
        for node in ["a".repeat(253), format!("{}.{}", "a".repeat(232), "b".repeat(20))] {
            let pod = pod_name(&node, "bbbbb");
            assert!(name::is_subdomain(&pod), "{pod}");
        }
        assert_eq!(pod_name("node1", "h22x6"), "node-debugger-node1-h22x6");
    }
}
