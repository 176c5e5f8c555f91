//! What a process has used, from /proc; on a system without one nothing is known, and nothing is guessed.

use std::time::Duration;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// CPU time of all its threads, to a hundredth of a second.
    pub cpu: Duration,
    /// Bytes that are resident.
    pub resident: u64,
    /// The most bytes that ever were.
    pub peak: u64,
}

/// What this process has used; `None` where the system does not tell, or once it has ended.
pub(super) fn of(process: u32) -> Option<Usage> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).ok();
    let (resident, peak) = memory(&read("status")?)?;
    Some(Usage { cpu: cpu(&read("stat")?)?, resident, peak })
}

/// CPU time that the loop of this process has used, which its first thread runs, to the nanosecond; `None` where the
/// system does not tell, or once it has ended.
pub(super) fn of_loop(process: u32) -> Option<Duration> {
    let told = std::fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    Some(Duration::from_nanos(told.split_whitespace().next()?.parse().ok()?))
}

/// CPU time of a line of /proc/PID/stat: fields 14 and 15, in ticks.
fn cpu(stat: &str) -> Option<Duration> {
    // The name, field 2, may hold anything but ends with the last bracket.
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    // The ABI has 100 ticks a second (USER_HZ) whatever the kernel's own clock.
    Some(Duration::from_millis(ticks * 10))
}

/// Resident bytes of /proc/PID/status: now, and at their peak.
fn memory(status: &str) -> Option<(u64, u64)> {
    let kibibytes = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    };
    Some((kibibytes("VmRSS:")? * 1024, kibibytes("VmHWM:")? * 1024))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_lines_are_read() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 900 0 0 0 37 5 0 0 20 0 3 0 100 1000 50";
        assert_eq!(cpu(stat), Some(Duration::from_millis(420)));
        assert_eq!(memory("Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t    1024 kB\n"), Some((1 << 20, 2 << 20)));
        assert_eq!(memory("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_is_known_where_the_system_tells() {
        let usage = of(std::process::id());
        assert_eq!(usage.is_some(), cfg!(target_os = "linux"));
        assert!(usage.is_none_or(|usage| usage.peak >= usage.resident && usage.resident > 0));
    }
}
