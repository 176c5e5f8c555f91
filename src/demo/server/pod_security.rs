//! Pod Security admission: whether a whole pod meets a level, in the words of the API server; it reads no namespace's objects.

mod checks;

use serde_json::Value;

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
        run: checks::app_armor,
    },
    Check {
        name: "non-default capabilities",
        levels: BASELINE,
        run: checks::default_capabilities,
    },
    Check {
        name: "host namespaces",
        levels: BOTH,
        run: checks::host_namespaces,
    },
    Check {
        name: "hostPath volumes",
        levels: BASELINE,
        run: checks::host_path,
    },
    Check {
        name: "hostPort",
        levels: BOTH,
        run: checks::host_ports,
    },
    Check {
        name: "privileged",
        levels: BOTH,
        run: checks::privileged,
    },
    Check {
        name: "procMount",
        levels: BOTH,
        run: checks::proc_mount,
    },
    Check {
        name: "seLinuxOptions",
        levels: BOTH,
        run: checks::se_linux,
    },
    Check {
        name: "seccompProfile",
        levels: BASELINE,
        run: checks::seccomp_unconfined,
    },
    Check {
        name: "forbidden sysctls",
        levels: BOTH,
        run: checks::sysctls,
    },
    Check {
        name: "allowPrivilegeEscalation != false",
        levels: RESTRICTED,
        run: checks::escalation,
    },
    Check {
        name: "unrestricted capabilities",
        levels: RESTRICTED,
        run: checks::restricted_capabilities,
    },
    Check {
        name: "restricted volume types",
        levels: RESTRICTED,
        run: checks::volume_types,
    },
    Check {
        name: "runAsNonRoot != true",
        levels: RESTRICTED,
        run: checks::run_as_non_root,
    },
    Check {
        name: "runAsUser=0",
        levels: RESTRICTED,
        run: checks::run_as_root,
    },
    Check {
        name: "seccompProfile",
        levels: RESTRICTED,
        run: checks::seccomp_required,
    },
];

#[cfg(test)]
mod tests;
