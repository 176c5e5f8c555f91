//! The demo's API on a loopback port: the kubeconfig it writes, and what the real kubectl makes of it where there is one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says why")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bathyscope::demo::serve::serve;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

use crate::echo::{cluster, soon};

/// A directory that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("bathy-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn kubeconfig(&self) -> PathBuf {
        self.0.join("kubeconfig")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn any_port() -> std::net::SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

async fn client(kubeconfig: &Path, context: &str) -> kube::Client {
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    let file = Kubeconfig::read_from(kubeconfig).unwrap();
    let config = kube::Config::from_custom_kubeconfig(file, &options).await.unwrap();
    kube::Client::try_from(config).unwrap()
}

#[tokio::test]
async fn the_kubeconfig_is_private_and_works_for_each_user() {
    let (scratch, cluster) = (Scratch::new("serve"), cluster());
    let path = scratch.kubeconfig();
    // what others could read before, they cannot read afterwards
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let served = serve(&cluster, &path, any_port()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(served.url.starts_with("https://127.0.0.1:"));
    let pods: Api<Pod> = Api::namespaced(client(&path, "demo-view").await, "demo");
    assert_eq!(soon(pods.list(&ListParams::default())).await.unwrap().items.len(), 9);
    let elsewhere: Api<Pod> = Api::all(client(&path, "demo-tenant").await);
    assert!(soon(elsewhere.list(&ListParams::default())).await.is_err());
    cluster.refuse(true);
    cluster.cut();
    assert!(soon(pods.list(&ListParams::default())).await.is_err());
}

#[tokio::test]
async fn the_demo_is_served_on_loopback_only() {
    let (scratch, cluster) = (Scratch::new("loopback"), cluster());
    let refused = serve(&cluster, &scratch.kubeconfig(), "0.0.0.0:0".parse().unwrap());
    assert!(refused.unwrap_err().to_string().contains("loopback address only"));
    assert!(!scratch.kubeconfig().exists());
}

/// kubectl with these arguments; `None` where there is no kubectl.
fn kubectl(kubeconfig: &Path, arguments: &[&str]) -> Option<Command> {
    let installed =
        std::env::split_paths(&std::env::var_os("PATH")?).any(|directory| directory.join("kubectl").is_file());
    if !installed {
        eprintln!("skipped: there is no kubectl on the PATH");
        return None;
    }
    let mut command = Command::new("kubectl");
    command.arg("--kubeconfig").arg(kubeconfig).args(arguments);
    command.env("HOME", kubeconfig.parent().unwrap()).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

#[tokio::test]
async fn kubectl_finds_its_way() {
    let (scratch, cluster) = (Scratch::new("kubectl"), cluster());
    let path = scratch.kubeconfig();
    let _served = serve(&cluster, &path, any_port()).unwrap();
    for (arguments, succeeds, said) in [
        ("get pods -A", true, "restricted-ns   locked"),
        ("get pods -o wide", true, "NOMINATED NODE"),
        ("get all", true, "pod/crash"),
        ("get pod nosuch", false, "pods \"nosuch\" not found"),
        ("describe pod multi", true, "Ephemeral Containers:"),
        ("describe node node1", true, "Non-terminated Pods:"),
        ("api-resources", true, "endpointslices"),
        ("auth whoami", true, "admin"),
        ("--context demo-edit auth can-i patch pods --subresource=ephemeralcontainers", false, "no"),
        ("logs multi -c web", true, "web tail=None"),
        ("exec multi -c web -- sh", false, "exit code 3"),
        ("exec multi -c web -- ls", false, "executable file not found in $PATH"),
        ("--context demo-view exec multi -c web -- sh", false, "is forbidden: User \"view\""),
        ("debug multi --image=busybox:stable -c new --target=web --profile=general", true, ""),
        ("debug multi --image=busybox:stable --copy-to=copy --profile=general", true, ""),
        ("debug node/node1 --image=busybox:stable --profile=general", true, "Creating debugging pod"),
        (
            "-n restricted-ns debug locked --image=busybox --profile=general -c new",
            false,
            "violates PodSecurity \"restricted:latest\"",
        ),
        ("label pod multi a=b", true, "labeled"),
        ("create namespace new", true, "created"),
        ("delete namespace new", true, "deleted"),
    ] {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let Some(mut command) = kubectl(&path, &arguments) else {
            return;
        };
        let output = soon(command.output()).await.unwrap();
        let all = [output.stdout, output.stderr].concat();
        let all = String::from_utf8_lossy(&all);
        assert_eq!(output.status.success(), succeeds, "{arguments:?}: {all}");
        assert!(all.contains(said), "{arguments:?}: {all}");
    }
    assert!(cluster.store().get("pods", "demo", "copy").is_some());
}

#[tokio::test]
async fn kubectl_forwards_a_port_within_a_websocket_and_without() {
    let (scratch, cluster) = (Scratch::new("forward"), cluster());
    let path = scratch.kubeconfig();
    let _served = serve(&cluster, &path, any_port()).unwrap();
    for websockets in ["true", "false"] {
        let Some(mut command) = kubectl(&path, &["port-forward", "pod/multi", ":8000"]) else {
            return;
        };
        command.env("KUBECTL_PORT_FORWARD_WEBSOCKETS", websockets);
        let mut forward = command.spawn().unwrap();
        let mut lines = BufReader::new(forward.stdout.take().unwrap()).lines();
        let line = soon(lines.next_line()).await.unwrap().unwrap();
        let address = line.split(' ').nth(2).unwrap().to_owned();
        let mut stream = soon(tokio::net::TcpStream::connect(address)).await.unwrap();
        let sent = vec![b'x'; 200_000];
        let mut heard = Vec::new();
        {
            let (mut from, mut to) = stream.split();
            let sending = async {
                to.write_all(&sent).await.unwrap();
                to.shutdown().await.unwrap();
            };
            soon(async { tokio::join!(sending, from.read_to_end(&mut heard)) }).await.1.unwrap();
        }
        assert_eq!(heard.len(), sent.len(), "websockets: {websockets}");
    }
}

#[tokio::test]
async fn kubectl_execs_over_spdy_where_websockets_are_off() {
    let (scratch, cluster) = (Scratch::new("spdy"), cluster());
    let path = scratch.kubeconfig();
    let _served = serve(&cluster, &path, any_port()).unwrap();
    let Some(mut command) = kubectl(&path, &["exec", "-i", "multi", "-c", "web", "--", "sh"]) else {
        return;
    };
    command.env("KUBECTL_REMOTE_COMMAND_WEBSOCKETS", "false").stdin(Stdio::piped());
    let mut exec = command.spawn().unwrap();
    let mut input = exec.stdin.take().unwrap();
    input.write_all(b"hello").await.unwrap();
    drop(input);
    let output = soon(exec.wait_with_output()).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hello");
    assert!(output.stderr.starts_with(b"bye"));
    assert_eq!(output.status.code(), Some(3));
}
