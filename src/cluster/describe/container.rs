//! Containers of a pod or of a template in kubectl's words; what is wrong with one is said elsewhere.

use k8s_openapi::api::core::v1::{
    Container, ContainerPort, ContainerState, ContainerStateTerminated, ContainerStatus, EphemeralContainer, Pod,
    Probe, ResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::description::{Cell, Page, Standing, said, standing};
use super::environment::{from, variables};

/// The containers of one list, each with what its status says, if there is one.
pub(super) fn containers(
    page: &mut Page,
    depth: usize,
    title: &str,
    containers: &[Container],
    statuses: Option<&Vec<ContainerStatus>>,
    pod: Option<&Pod>,
) {
    if containers.is_empty() {
        page.row(depth, vec![Cell::Name(format!("{title}: <none>"))]);
        return;
    }
    page.group(depth, title);
    // kubectl puts one more space before the names of a template's.
    for container in containers {
        let status = statuses.into_iter().flatten().find(|status| status.name == container.name);
        page.group(depth + 1, &container.name);
        basics(page, container, status);
        lines(page, "Command", container.command.as_ref());
        lines(page, "Args", container.args.as_ref());
        if let Some(status) = status {
            life(page, status);
        }
        resources(page, 2, container.resources.as_ref());
        for (name, probe) in [
            ("Liveness", &container.liveness_probe),
            ("Readiness", &container.readiness_probe),
            ("Startup", &container.startup_probe),
        ] {
            page.field_if(2, name, probe.as_ref().map(describe_probe));
        }
        from(page, container.env_from.as_ref());
        variables(page, container, pod);
        mounts(page, container);
    }
}

/// An ephemeral container as if it were an ordinary one.
pub(super) fn ordinary(container: &EphemeralContainer) -> Container {
    let container = container.clone();
    Container {
        name: container.name,
        image: container.image,
        command: container.command,
        args: container.args,
        env: container.env,
        env_from: container.env_from,
        ports: container.ports,
        resources: container.resources,
        liveness_probe: container.liveness_probe,
        readiness_probe: container.readiness_probe,
        startup_probe: container.startup_probe,
        security_context: container.security_context,
        volume_mounts: container.volume_mounts,
        volume_devices: container.volume_devices,
        ..Container::default()
    }
}

fn basics(page: &mut Page, container: &Container, status: Option<&ContainerStatus>) {
    if let Some(status) = status {
        page.field(2, "Container ID", status.container_id.as_deref().unwrap_or_default());
    }
    page.field(2, "Image", container.image.as_deref().unwrap_or_default());
    if let Some(status) = status {
        page.field(2, "Image ID", &status.image_id);
    }
    let none = Vec::new();
    let all = container.ports.as_ref().unwrap_or(&none);
    ports(page, "Port", all, |port| port.container_port);
    ports(page, "Host Port", all, |port| port.host_port.unwrap_or_default());
    let security = container.security_context.as_ref().and_then(|security| security.seccomp_profile.as_ref());
    if let Some(profile) = security {
        page.field(2, "SeccompProfile", &profile.type_);
        if profile.type_ == "Localhost" {
            page.field(3, "LocalhostProfile", profile.localhost_profile.as_deref().unwrap_or_default());
        }
    }
}

fn ports(page: &mut Page, name: &str, ports: &[ContainerPort], number: impl Fn(&ContainerPort) -> i32) {
    let told: Vec<String> = ports
        .iter()
        .map(|port| {
            let name = port.name.as_deref().filter(|name| !name.is_empty());
            let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
            format!("{}/{}{name}", number(port), port.protocol.as_deref().unwrap_or_default())
        })
        .collect();
    match told.as_slice() {
        [] => page.field(2, name, "<none>"),
        [one] => page.field(2, name, one),
        many => page.field(2, &format!("{name}s"), many.join(", ")),
    }
}

fn lines(page: &mut Page, name: &str, words: Option<&Vec<String>>) {
    let Some(words) = words.filter(|words| !words.is_empty()) else { return };
    page.group(2, name);
    for line in words.iter().flat_map(|word| word.split('\n')) {
        page.words(3, line);
    }
}

fn life(page: &mut Page, status: &ContainerStatus) {
    let empty = ContainerState::default();
    state(page, "State", status.state.as_ref().unwrap_or(&empty));
    if let Some(last) = status.last_state.as_ref().filter(|last| last.terminated.is_some()) {
        state(page, "Last State", last);
    }
    let (ready, how) = if status.ready { ("True", Standing::Good) } else { ("False", Standing::Changing) };
    page.cell(2, "Ready", standing(how, ready));
    page.field(2, "Restart Count", status.restart_count.to_string());
}

fn state(page: &mut Page, name: &str, state: &ContainerState) {
    if let Some(running) = &state.running {
        page.cell(2, name, standing(Standing::Good, "Running"));
        let started = page.moment_or_zero(running.started_at.as_ref());
        page.field(3, "Started", started);
    } else if let Some(waiting) = &state.waiting {
        page.cell(2, name, standing(Standing::Changing, "Waiting"));
        if let Some(reason) = waiting.reason.as_deref().filter(|reason| !reason.is_empty()) {
            let usual = matches!(reason, "ContainerCreating" | "PodInitializing");
            page.cell(3, "Reason", standing(if usual { Standing::Changing } else { Standing::Bad }, reason));
        }
    } else if let Some(terminated) = &state.terminated {
        ended(page, name, terminated);
    } else {
        page.cell(2, name, standing(Standing::Changing, "Waiting"));
    }
}

fn ended(page: &mut Page, name: &str, terminated: &ContainerStateTerminated) {
    let how = if terminated.exit_code == 0 { Standing::Faint } else { Standing::Bad };
    page.cell(2, name, standing(how, "Terminated"));
    if let Some(reason) = terminated.reason.as_deref().filter(|reason| !reason.is_empty()) {
        page.cell(3, "Reason", standing(how, reason));
    }
    page.field_if(3, "Message", terminated.message.as_deref());
    page.cell(3, "Exit Code", standing(how, terminated.exit_code.to_string()));
    if let Some(signal) = terminated.signal.filter(|signal| *signal > 0) {
        page.field(3, "Signal", signal.to_string());
    }
    let (started, finished) =
        (page.moment_or_zero(terminated.started_at.as_ref()), page.moment_or_zero(terminated.finished_at.as_ref()));
    page.field(3, "Started", started);
    page.field(3, "Finished", finished);
}

/// Limits and requests, of a container or of a whole pod.
pub(super) fn resources(page: &mut Page, depth: usize, resources: Option<&ResourceRequirements>) {
    let Some(resources) = resources else { return };
    for (name, amounts) in [("Limits", &resources.limits), ("Requests", &resources.requests)] {
        let Some(amounts) = amounts.as_ref().filter(|amounts| !amounts.is_empty()) else { continue };
        page.group(depth, name);
        for (resource, amount) in amounts {
            page.field(depth + 1, resource, &amount.0);
        }
    }
}

fn describe_probe(probe: &Probe) -> String {
    let number = |number: Option<i32>| number.unwrap_or_default();
    let attributes = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number(probe.initial_delay_seconds),
        number(probe.timeout_seconds),
        number(probe.period_seconds),
        number(probe.success_threshold),
        number(probe.failure_threshold),
    );
    if let Some(exec) = &probe.exec {
        return format!("exec [{}] {attributes}", exec.command.as_deref().unwrap_or_default().join(" "));
    }
    if let Some(get) = &probe.http_get {
        let scheme = get.scheme.as_deref().unwrap_or_default().to_lowercase();
        let host = get.host.as_deref().unwrap_or_default();
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let path = url_path(get.path.as_deref().unwrap_or_default());
        return format!("http-get {scheme}://{host}:{}{path} {attributes}", port(&get.port));
    }
    if let Some(socket) = &probe.tcp_socket {
        let host = socket.host.as_deref().unwrap_or_default();
        return format!("tcp-socket {host}:{} {attributes}", port(&socket.port));
    }
    if let Some(grpc) = &probe.grpc {
        return format!("grpc <pod>:{} {} {attributes}", grpc.port, grpc.service.as_deref().unwrap_or_default());
    }
    format!("unknown {attributes}")
}

fn port(port: &IntOrString) -> String {
    match port {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(name) => name.clone(),
    }
}

/// A path as it stands in a URL: what would end it or is no ASCII is escaped.
fn url_path(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    if !path.is_empty() && !path.starts_with('/') {
        escaped.push('/');
    }
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@!*'()".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.extend(format!("%{byte:02X}").chars());
        }
    }
    escaped
}

fn mounts(page: &mut Page, container: &Container) {
    let none = Vec::new();
    let mut mounts: Vec<_> = container.volume_mounts.as_ref().unwrap_or(&none).iter().collect();
    if mounts.is_empty() {
        page.field(2, "Mounts", "<none>");
    } else {
        page.group(2, "Mounts");
    }
    mounts.sort_by_key(|mount| &mount.mount_path);
    for mount in mounts {
        let mut flags = if mount.read_only == Some(true) { "ro" } else { "rw" }.to_owned();
        if let Some(path) = mount.sub_path.as_deref().filter(|path| !path.is_empty()) {
            flags = format!("{flags},path={path:?}");
        }
        page.words(3, format!("{} from {} ({flags})", mount.mount_path, mount.name));
    }
    let mut devices: Vec<_> = container.volume_devices.iter().flatten().collect();
    if !devices.is_empty() {
        page.group(2, "Devices");
        devices.sort_by_key(|device| &device.device_path);
        for device in devices {
            page.row(3, vec![said(format!("{} from {}", device.device_path, device.name))]);
        }
    }
}
