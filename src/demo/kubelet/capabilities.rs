//! Which capabilities a container gets, as containerd grants them; it takes none away from a process.

use serde_json::Value;

use crate::demo::object::items;

/// The capabilities by number (`capability.h`).
const CAPABILITIES: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// What containerd grants where nothing is said.
const DEFAULT: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

/// What a container of the demo never gets, privileged or not: it would reach past the container into the machine's
/// kernel, clock or hardware.
const WITHHELD: &[&str] = &[
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_BOOT",
    "SYS_TIME",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "BPF",
    "PERFMON",
    "AUDIT_CONTROL",
    "LINUX_IMMUTABLE",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "SYS_TTY_CONFIG",
    "SYSLOG",
];

/// The capabilities of a container with this `securityContext.capabilities`, one bit each.
pub(super) fn granted(context: &Value, privileged: bool) -> u64 {
    let bit = |name: &str| {
        let name = name.strip_prefix("CAP_").unwrap_or(name);
        CAPABILITIES.iter().position(|known| *known == name).map_or(0, |bit| 1_u64 << bit)
    };
    let all = (1_u64 << CAPABILITIES.len()) - 1;
    let bits = |field: &str| {
        items(context, field)
            .iter()
            .filter_map(Value::as_str)
            .map(|name| if name == "ALL" { all } else { bit(name) })
            .fold(0, |set, bit| set | bit)
    };
    let set = if privileged {
        all
    } else {
        let default: u64 = DEFAULT.iter().copied().map(bit).fold(0, |set, bit| set | bit);
        (default & !bits("/drop")) | bits("/add")
    };
    WITHHELD.iter().copied().map(bit).fold(set, |set, withheld| set & !withheld)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn capabilities_are_the_default_ones_plus_and_minus() {
        let ptrace = 1 << 19;
        assert_eq!(granted(&json!({ "add": ["SYS_PTRACE"] }), false) & ptrace, ptrace);
        assert_eq!(granted(&json!({}), false) & ptrace, 0);
        assert_eq!(granted(&json!({ "drop": ["ALL"] }), false), 0);
        assert_eq!(granted(&json!({}), true) & (1 << 16), 0, "no kernel modules");
    }
}
