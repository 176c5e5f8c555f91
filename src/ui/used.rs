//! What pods and containers use, in words, against what they ask for and are held to; it measures nothing.

use crate::app::State;
use crate::cluster::ContainerDetail;

/// Thousandths of a CPU, as `kubectl top` prints them.
pub(super) fn cpu(thousandths: u64) -> String {
    format!("{thousandths}m")
}

/// Bytes, in the unit that leaves few digits.
pub(super) fn memory(bytes: u64) -> String {
    const MEBI: u64 = 1 << 20;
    match bytes / MEBI {
        0 => format!("{}Ki", bytes / 1024),
        mebi @ 1..10_240 => format!("{mebi}Mi"),
        mebi => format!("{}Gi", mebi / 1024),
    }
}

/// What a container of the inspected pod uses, and whether it comes near to what it is held to.
pub(super) fn of(container: &ContainerDetail, state: &State) -> Option<(String, bool)> {
    let pod = state.navigator.inspected.key.as_ref()?;
    let used = state.metrics.of(pod, state.now)?.of(&container.name)?;
    let resources = &container.resources;
    let against = |used: String, request: Option<String>, limit: Option<String>| {
        let request = request.map(|request| format!(" of {request}")).unwrap_or_default();
        let limit = limit.map(|limit| format!(", at most {limit}")).unwrap_or_default();
        format!("{used}{request}{limit}")
    };
    let cpus = against(cpu(used.cpu), resources.cpu_request.map(cpu), resources.cpu_limit.map(cpu));
    let bytes = against(memory(used.memory), resources.memory_request.map(memory), resources.memory_limit.map(memory));
    let near = |used: u64, limit: Option<u64>| limit.is_some_and(|limit| used >= limit - limit / 10);
    let scarce = near(used.memory, resources.memory_limit) || near(used.cpu, resources.cpu_limit);
    Some((format!("cpu {cpus} · memory {bytes}"), scarce))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_the_unit_that_fits() {
        assert_eq!([memory(2048), memory(15 << 20), memory(12 << 30)], ["2Ki", "15Mi", "12Gi"]);
    }
}
