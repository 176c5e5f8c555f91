//! The checks of Pod Security, each giving what a pod does wrong in the words of the API server; they know no levels.

use serde_json::Value;

use crate::demo::object::{containers, is_true, items, number, text};

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

pub(super) fn default_capabilities(pod: &Value) -> Vec<String> {
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

pub(super) fn restricted_capabilities(pod: &Value) -> Vec<String> {
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

pub(super) fn host_namespaces(pod: &Value) -> Vec<String> {
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

pub(super) fn host_path(pod: &Value) -> Vec<String> {
    let names = volumes_where(pod, |volume| volume.get("hostPath").is_some());
    if names.is_empty() {
        names
    } else {
        vec![named("volume", &names)]
    }
}

pub(super) fn volume_types(pod: &Value) -> Vec<String> {
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

pub(super) fn host_ports(pod: &Value) -> Vec<String> {
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

pub(super) fn privileged(pod: &Value) -> Vec<String> {
    let bad = |container: &Value| is_true(container, "/securityContext/privileged");
    about(pod, bad, "must not set securityContext.privileged=true")
}

pub(super) fn proc_mount(pod: &Value) -> Vec<String> {
    let bad = |container: &Value| text(container, "/securityContext/procMount") == "Unmasked";
    about(
        pod,
        bad,
        "must not set securityContext.procMount to \"Unmasked\"",
    )
}

pub(super) fn se_linux(pod: &Value) -> Vec<String> {
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

pub(super) fn app_armor(pod: &Value) -> Vec<String> {
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

pub(super) fn sysctls(pod: &Value) -> Vec<String> {
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

pub(super) fn seccomp_unconfined(pod: &Value) -> Vec<String> {
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

pub(super) fn seccomp_required(pod: &Value) -> Vec<String> {
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

pub(super) fn escalation(pod: &Value) -> Vec<String> {
    let bad = |container: &Value| {
        container.pointer("/securityContext/allowPrivilegeEscalation") != Some(&Value::Bool(false))
    };
    about(
        pod,
        bad,
        "must set securityContext.allowPrivilegeEscalation=false",
    )
}

pub(super) fn run_as_non_root(pod: &Value) -> Vec<String> {
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

pub(super) fn run_as_root(pod: &Value) -> Vec<String> {
    let mut details = Vec::new();
    if number(pod, "/spec/securityContext/runAsUser") == Some(0) {
        details.push("pod must not set runAsUser=0".to_owned());
    }
    let bad = |container: &Value| number(container, "/securityContext/runAsUser") == Some(0);
    details.extend(about(pod, bad, "must not set runAsUser=0"));
    details
}
