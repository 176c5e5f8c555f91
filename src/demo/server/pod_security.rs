//! Pod Security admission: whether a whole pod meets a level, in the words of the API server; it reads no namespace's objects.

use serde_json::Value;

use crate::demo::object::{containers, is_true, items, number, text};

/// How much is asked of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Nothing.
    Privileged,
    /// No known way to more rights.
    Baseline,
    /// Today's hardening.
    Restricted,
}

impl Level {
    /// The level a namespace's label of this mode (`enforce`, `warn`) sets; with its version.
    pub(crate) fn of_namespace(namespace: &Value, mode: &str) -> (Self, String) {
        let label = |suffix: &str| {
            let labels = namespace.pointer("/metadata/labels");
            let key = format!("pod-security.kubernetes.io/{mode}{suffix}");
            labels
                .and_then(|labels| labels.get(key))
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let level = match label("") {
            "baseline" => Self::Baseline,
            "restricted" => Self::Restricted,
            _ => Self::Privileged,
        };
        let version = match label("-version") {
            "" => "latest",
            version => version,
        };
        (level, version.to_owned())
    }

    fn word(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

/// `violates PodSecurity "restricted:latest": …`; `None` if the pod meets the level.
pub(crate) fn violation(pod: &Value, level: Level, version: &str) -> Option<String> {
    let failed: Vec<String> = CHECKS
        .iter()
        .filter(|check| check.levels.contains(&level))
        .filter_map(|check| {
            let details = (check.run)(pod);
            (!details.is_empty()).then(|| format!("{} ({})", check.name, details.join("; ")))
        })
        .collect();
    let word = level.word();
    let said = || {
        format!(
            "violates PodSecurity \"{word}:{version}\": {}",
            failed.join(", ")
        )
    };
    (!failed.is_empty()).then(said)
}

struct Check {
    name: &'static str,
    levels: &'static [Level],
    run: fn(&Value) -> Vec<String>,
}

const BASELINE: &[Level] = &[Level::Baseline];
const RESTRICTED: &[Level] = &[Level::Restricted];
const BOTH: &[Level] = &[Level::Baseline, Level::Restricted];

/// In the order in which the API server names them.
const CHECKS: &[Check] = &[
    Check {
        name: "forbidden AppArmor profile",
        levels: BOTH,
        run: app_armor,
    },
    Check {
        name: "non-default capabilities",
        levels: BASELINE,
        run: default_capabilities,
    },
    Check {
        name: "host namespaces",
        levels: BOTH,
        run: host_namespaces,
    },
    Check {
        name: "hostPath volumes",
        levels: BASELINE,
        run: host_path,
    },
    Check {
        name: "hostPort",
        levels: BOTH,
        run: host_ports,
    },
    Check {
        name: "privileged",
        levels: BOTH,
        run: privileged,
    },
    Check {
        name: "procMount",
        levels: BOTH,
        run: proc_mount,
    },
    Check {
        name: "seLinuxOptions",
        levels: BOTH,
        run: se_linux,
    },
    Check {
        name: "seccompProfile",
        levels: BASELINE,
        run: seccomp_unconfined,
    },
    Check {
        name: "forbidden sysctls",
        levels: BOTH,
        run: sysctls,
    },
    Check {
        name: "allowPrivilegeEscalation != false",
        levels: RESTRICTED,
        run: escalation,
    },
    Check {
        name: "unrestricted capabilities",
        levels: RESTRICTED,
        run: restricted_capabilities,
    },
    Check {
        name: "restricted volume types",
        levels: RESTRICTED,
        run: volume_types,
    },
    Check {
        name: "runAsNonRoot != true",
        levels: RESTRICTED,
        run: run_as_non_root,
    },
    Check {
        name: "runAsUser=0",
        levels: RESTRICTED,
        run: run_as_root,
    },
    Check {
        name: "seccompProfile",
        levels: RESTRICTED,
        run: seccomp_required,
    },
];

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("{name:?}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `container "a"`, `containers "a", "b"`.
fn named(what: &str, names: &[String]) -> String {
    let s = if names.len() == 1 { "" } else { "s" };
    format!("{what}{s} {}", quoted(names))
}

fn containers_where(pod: &Value, bad: impl Fn(&Value) -> bool) -> Vec<String> {
    containers(pod)
        .filter(|(_, container)| bad(container))
        .map(|(_, container)| text(container, "/name").to_owned())
        .collect()
}

/// One line about the containers that are bad, if any are.
fn about(pod: &Value, bad: impl Fn(&Value) -> bool, must: &str) -> Vec<String> {
    let names = containers_where(pod, bad);
    if names.is_empty() {
        Vec::new()
    } else {
        vec![format!("{} {must}", named("container", &names))]
    }
}

fn added_capabilities(pod: &Value, allowed: &[&str]) -> Vec<String> {
    const ADD: &str = "/securityContext/capabilities/add";
    let forbidden = |container: &Value| -> Vec<String> {
        let added = items(container, ADD).iter().filter_map(Value::as_str);
        added
            .filter(|one| !allowed.contains(one))
            .map(str::to_owned)
            .collect()
    };
    let names = containers_where(pod, |container| !forbidden(container).is_empty());
    if names.is_empty() {
        return Vec::new();
    }
    let mut capabilities: Vec<String> = containers(pod)
        .flat_map(|(_, container)| forbidden(container))
        .collect();
    capabilities.sort();
    capabilities.dedup();
    vec![format!(
        "{} must not include {} in securityContext.capabilities.add",
        named("container", &names),
        quoted(&capabilities)
    )]
}

fn default_capabilities(pod: &Value) -> Vec<String> {
    const DEFAULT: &[&str] = &[
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ];
    added_capabilities(pod, DEFAULT)
}

fn restricted_capabilities(pod: &Value) -> Vec<String> {
    let keeps = |container: &Value| {
        !items(container, "/securityContext/capabilities/drop")
            .iter()
            .any(|one| one == "ALL")
    };
    let mut details = about(
        pod,
        keeps,
        r#"must set securityContext.capabilities.drop=["ALL"]"#,
    );
    details.extend(added_capabilities(pod, &["NET_BIND_SERVICE"]));
    details
}

fn host_namespaces(pod: &Value) -> Vec<String> {
    let used: Vec<String> = ["hostNetwork", "hostPID", "hostIPC"]
        .iter()
        .filter(|field| is_true(pod, &format!("/spec/{field}")))
        .map(|field| format!("{field}=true"))
        .collect();
    if used.is_empty() {
        used
    } else {
        vec![used.join(", ")]
    }
}

fn volumes_where(pod: &Value, bad: impl Fn(&Value) -> bool) -> Vec<String> {
    let bad = items(pod, "/spec/volumes")
        .iter()
        .filter(|volume| bad(volume));
    bad.map(|volume| text(volume, "/name").to_owned()).collect()
}

fn host_path(pod: &Value) -> Vec<String> {
    let names = volumes_where(pod, |volume| volume.get("hostPath").is_some());
    if names.is_empty() {
        names
    } else {
        vec![named("volume", &names)]
    }
}

fn volume_types(pod: &Value) -> Vec<String> {
    const ALLOWED: &[&str] = &[
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    let kind = |volume: &Value| -> Option<String> {
        volume
            .as_object()?
            .keys()
            .find(|key| *key != "name")
            .cloned()
    };
    let bad = |volume: &Value| kind(volume).filter(|kind| !ALLOWED.contains(&kind.as_str()));
    let names = volumes_where(pod, |volume| bad(volume).is_some());
    if names.is_empty() {
        return names;
    }
    let mut kinds: Vec<String> = items(pod, "/spec/volumes").iter().filter_map(bad).collect();
    kinds.sort();
    kinds.dedup();
    let (verb, kinds) = (
        if names.len() == 1 { "uses" } else { "use" },
        named("restricted volume type", &kinds),
    );
    vec![format!("{} {verb} {kinds}", named("volume", &names))]
}

fn host_ports(pod: &Value) -> Vec<String> {
    let ports = |container: &Value| -> Vec<i64> {
        let all = items(container, "/ports")
            .iter()
            .filter_map(|port| number(port, "/hostPort"));
        all.filter(|port| *port != 0).collect()
    };
    let names = containers_where(pod, |container| !ports(container).is_empty());
    if names.is_empty() {
        return names;
    }
    let mut used: Vec<i64> = containers(pod)
        .flat_map(|(_, container)| ports(container))
        .collect();
    used.sort_unstable();
    used.dedup();
    let s = if used.len() == 1 { "" } else { "s" };
    let used: Vec<String> = used.iter().map(i64::to_string).collect();
    let verb = if names.len() == 1 { "uses" } else { "use" };
    vec![format!(
        "{} {verb} hostPort{s} {}",
        named("container", &names),
        used.join(", ")
    )]
}

fn privileged(pod: &Value) -> Vec<String> {
    let bad = |container: &Value| is_true(container, "/securityContext/privileged");
    about(pod, bad, "must not set securityContext.privileged=true")
}

fn proc_mount(pod: &Value) -> Vec<String> {
    let bad = |container: &Value| text(container, "/securityContext/procMount") == "Unmasked";
    about(
        pod,
        bad,
        "must not set securityContext.procMount to \"Unmasked\"",
    )
}

fn se_linux(pod: &Value) -> Vec<String> {
    const TYPES: &[&str] = &[
        "",
        "container_t",
        "container_init_t",
        "container_kvm_t",
        "container_engine_t",
    ];
    let bad = |holder: &Value, at: &str| {
        let option = |field: &str| text(holder, &format!("{at}/seLinuxOptions/{field}")).to_owned();
        !TYPES.contains(&option("type").as_str())
            || !option("user").is_empty()
            || !option("role").is_empty()
    };
    let mut setters = Vec::new();
    if bad(pod, "/spec/securityContext") {
        setters.push("pod".to_owned());
    }
    let names = containers_where(pod, |container| bad(container, "/securityContext"));
    if !names.is_empty() {
        setters.push(named("container", &names));
    }
    if setters.is_empty() {
        return setters;
    }
    vec![format!(
        "{} set forbidden securityContext.seLinuxOptions",
        setters.join(" and ")
    )]
}

fn app_armor(pod: &Value) -> Vec<String> {
    let bad = |holder: &Value, at: &str| {
        text(holder, &format!("{at}/appArmorProfile/type")) == "Unconfined"
    };
    let mut details = Vec::new();
    if bad(pod, "/spec/securityContext") {
        details.push("pod must not set AppArmor profile type to \"Unconfined\"".to_owned());
    }
    let must = "must not set AppArmor profile type to \"Unconfined\"";
    details.extend(about(
        pod,
        |container| bad(container, "/securityContext"),
        must,
    ));
    details
}

fn sysctls(pod: &Value) -> Vec<String> {
    const SAFE: &[&str] = &[
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ping_group_range",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.tcp_wmem",
    ];
    let set = items(pod, "/spec/securityContext/sysctls").iter();
    let bad: Vec<&str> = set
        .map(|one| text(one, "/name"))
        .filter(|name| !SAFE.contains(name))
        .collect();
    if bad.is_empty() {
        Vec::new()
    } else {
        vec![bad.join(", ")]
    }
}

fn seccomp(holder: &Value, at: &str) -> String {
    text(holder, &format!("{at}/seccompProfile/type")).to_owned()
}

fn seccomp_unconfined(pod: &Value) -> Vec<String> {
    let mut details = Vec::new();
    if seccomp(pod, "/spec/securityContext") == "Unconfined" {
        details.push(
            "pod must not set securityContext.seccompProfile.type to \"Unconfined\"".to_owned(),
        );
    }
    let bad = |container: &Value| seccomp(container, "/securityContext") == "Unconfined";
    let must = "must not set securityContext.seccompProfile.type to \"Unconfined\"";
    details.extend(about(pod, bad, must));
    details
}

fn seccomp_required(pod: &Value) -> Vec<String> {
    let mut details = seccomp_unconfined(pod);
    let of_pod = matches!(
        seccomp(pod, "/spec/securityContext").as_str(),
        "RuntimeDefault" | "Localhost"
    );
    let lacking = containers_where(pod, |container| {
        !of_pod && seccomp(container, "/securityContext").is_empty()
    });
    if !lacking.is_empty() {
        details.push(format!(
            "pod or {} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"",
            named("container", &lacking)
        ));
    }
    details
}

fn escalation(pod: &Value) -> Vec<String> {
    let bad = |container: &Value| {
        container.pointer("/securityContext/allowPrivilegeEscalation") != Some(&Value::Bool(false))
    };
    about(
        pod,
        bad,
        "must set securityContext.allowPrivilegeEscalation=false",
    )
}

fn run_as_non_root(pod: &Value) -> Vec<String> {
    let of = |holder: &Value, at: &str| {
        holder
            .pointer(&format!("{at}/runAsNonRoot"))
            .and_then(Value::as_bool)
    };
    let of_pod = of(pod, "/spec/securityContext");
    let mut details = Vec::new();
    if of_pod == Some(false) {
        details.push("pod must not set securityContext.runAsNonRoot=false".to_owned());
    }
    let root = |container: &Value| of(container, "/securityContext") == Some(false);
    details.extend(about(
        pod,
        root,
        "must not set securityContext.runAsNonRoot=false",
    ));
    let lacking =
        |container: &Value| of_pod.is_none() && of(container, "/securityContext").is_none();
    let lacking = containers_where(pod, lacking);
    if !lacking.is_empty() {
        let names = named("container", &lacking);
        details.push(format!(
            "pod or {names} must set securityContext.runAsNonRoot=true"
        ));
    }
    details
}

fn run_as_root(pod: &Value) -> Vec<String> {
    let mut details = Vec::new();
    if number(pod, "/spec/securityContext/runAsUser") == Some(0) {
        details.push("pod must not set runAsUser=0".to_owned());
    }
    let bad = |container: &Value| number(container, "/securityContext/runAsUser") == Some(0);
    details.extend(about(pod, bad, "must not set runAsUser=0"));
    details
}

#[cfg(test)]
mod tests {
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
            restricted.contains(
                "pod or container \"debugger\" must set securityContext.runAsNonRoot=true"
            )
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
}
