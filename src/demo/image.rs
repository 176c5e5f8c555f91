//! The images the demo's registry has, by name, and what a pull of any other is answered; nothing is downloaded.

use std::collections::BTreeMap;

use super::sandbox::Root;

/// What an image holds and how it wants to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The name with registry and tag, as the node reports it: `docker.io/library/busybox:stable`.
    pub name: String,
    /// `sha256:…`, made up from the name.
    pub id: String,
    /// What a container of it runs unless told otherwise.
    pub entrypoint: Vec<String>,
    /// The arguments, or the whole command where there is no entrypoint.
    pub command: Vec<String>,
    /// As whom: user and group id.
    pub user: (u32, u32),
    /// The environment it sets.
    pub environment: BTreeMap<String, String>,
    /// Its files.
    pub root: Root,
    /// Its size in bytes, as the event of a pull says it.
    pub size: u64,
}

/// Why an image cannot be had: the reason and containerd's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullFailure {
    /// `ErrImagePull`, or `InvalidImageName` (which no retry changes).
    pub reason: &'static str,
    /// What happened.
    pub message: String,
}

/// Repositories with a shell and tools: ours are the machine's, whatever the image.
const TOOLBOXES: &[&str] = &[
    "docker.io/library/alpine",
    "docker.io/library/app",
    "docker.io/library/bash",
    "docker.io/library/busybox",
    "docker.io/library/debian",
    "docker.io/library/fedora",
    "docker.io/library/perl",
    "docker.io/library/python",
    "docker.io/library/sidecar",
    "docker.io/library/ubuntu",
    "docker.io/curlimages/curl",
    "docker.io/nicolaka/netshoot",
    "docker.io/wbitt/network-multitool",
    "ghcr.io/nicolaka/netshoot",
    "mcr.microsoft.com/dotnet/sdk",
    "mcr.microsoft.com/dotnet/nightly/sdk",
    "registry.example.com/dotnet-tools",
    "registry.example.com/toolbox",
    "registry.k8s.io/e2e-test-images/agnhost",
    "registry.k8s.io/e2e-test-images/busybox",
];

/// Repositories with one program of ours and nothing else: (repository, program, arguments, user, group).
const APPLICATIONS: &[(&str, &str, &[&str], u32, u32)] = &[
    ("registry.example.com/nodejsapp", "/usr/bin/node", &["/app/server.js"], 0, 0),
    ("registry.example.com/dotnetapp", "/usr/bin/dotnet", &["/app/orders.dll"], 1654, 0),
    ("registry.example.com/importer", "/app/importer", &[], 65532, 65532),
    ("registry.example.com/ticker", "/app/ticker", &[], 65532, 65532),
    ("registry.example.com/shopfront", "/app/shopfront", &[], 65532, 65532),
    ("registry.example.com/checkout", "/app/checkout", &[], 65532, 65532),
    ("registry.example.com/catalog", "/app/catalog", &[], 65532, 65532),
    ("registry.example.com/recommender", "/app/recommender", &[], 65532, 65532),
    ("registry.example.com/payments", "/app/payments", &[], 65532, 65532),
    ("registry.example.com/collector", "/otelcol/collector", &[], 10001, 10001),
    ("docker.io/library/nginx", "/usr/sbin/nginx", &["-g", "daemon off;"], 0, 0),
    ("docker.io/library/postgres", "/usr/lib/postgresql/bin/postgres", &[], 999, 999),
    ("docker.io/library/redis", "/usr/local/bin/redis-server", &[], 999, 999),
    ("docker.io/envoyproxy/envoy", "/usr/local/bin/envoy", &["-c", "/etc/envoy/envoy.yaml"], 101, 101),
    ("registry.k8s.io/coredns/coredns", "/coredns", &["-conf", "/etc/coredns/Corefile"], 65532, 65532),
    ("registry.k8s.io/kube-proxy", "/usr/local/bin/kube-proxy", &[], 0, 0),
    ("registry.k8s.io/kube-apiserver", "/usr/local/bin/kube-apiserver", &[], 0, 0),
    ("registry.k8s.io/etcd", "/usr/local/bin/etcd", &[], 0, 0),
    ("registry.k8s.io/pause", "/pause", &[], 65535, 65535),
];

/// Registries that do not give what they have, and the words of containerd about each.
const TROUBLED: &[(&str, &str)] = &[
    (
        "private.example.com",
        "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to \
         https://private.example.com/token?scope=repository%3APATH%3Apull&service=private.example.com: 401 Unauthorized",
    ),
    (
        "unreachable.example.com",
        "failed to do request: Head \"https://unreachable.example.com/v2/PATH/manifests/TAG\": dial tcp 192.0.2.1:443: \
         connect: connection refused",
    ),
    (
        "slow.example.com",
        "failed to do request: Head \"https://slow.example.com/v2/PATH/manifests/TAG\": dial tcp 192.0.2.2:443: i/o timeout",
    ),
    (
        "untrusted.example.com",
        "failed to do request: Head \"https://untrusted.example.com/v2/PATH/manifests/TAG\": tls: failed to verify \
         certificate: x509: certificate signed by unknown authority",
    ),
];

/// Tags that people give to images, besides versions (which begin with a digit).
const TAGS: &[&str] = &[
    "latest",
    "stable",
    "edge",
    "debug",
    "nonroot",
    "musl",
    "glibc",
    "uclibc",
    "slim",
    "bookworm",
    "bookworm-slim",
    "trixie",
    "trixie-slim",
    "sid",
    "noble",
    "jammy",
    "rolling",
];

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Asks the registries for an image.
pub fn pull(name: &str) -> Result<Image, PullFailure> {
    let full = full_name(name)?;
    let failed = |why: String| PullFailure {
        reason: "ErrImagePull",
        message: format!("failed to pull and unpack image {full:?}: failed to resolve image: {why}"),
    };
    let (repository, tag) = split(&full);
    let application = APPLICATIONS.iter().find(|(known, ..)| *known == repository);
    let toolbox = TOOLBOXES.contains(&repository);
    if application.is_none() && !toolbox {
        let (registry, path) = repository.split_once('/').unwrap_or((repository, ""));
        return Err(failed(if let Some((_, why)) = TROUBLED.iter().find(|(known, _)| *known == registry) {
            why.replace("PATH", path).replace("TAG", tag)
        } else if registry == "docker.io" {
            "pull access denied, repository does not exist or may require authorization: server message: \
             insufficient_scope: authorization failed"
                .to_owned()
        } else if TOOLBOXES.iter().any(|known| known.starts_with(&format!("{registry}/"))) {
            format!("{full}: not found")
        } else {
            format!(
                "failed to do request: Head \"https://{registry}/v2/{path}/manifests/{tag}\": dial tcp: lookup \
                 {registry} on 10.96.0.10:53: no such host"
            )
        }));
    }
    let is_version = tag.starts_with(|first: char| first.is_ascii_digit())
        || tag.strip_prefix('v').is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
    if !is_version && !tag.starts_with("sha256:") && !TAGS.contains(&tag) {
        return Err(failed(format!("{full}: not found")));
    }
    Ok(match application {
        Some((_, program, arguments, uid, gid)) => application_image(&full, tag, program, arguments, (*uid, *gid)),
        None => toolbox_image(&full),
    })
}

fn application_image(full: &str, tag: &str, program: &str, arguments: &[&str], user: (u32, u32)) -> Image {
    // the variant with a shell keeps its program out of the directories that are the machine's
    let with_shell = tag == "debug";
    let base = program.rsplit('/').next().unwrap_or(program);
    let program = if with_shell { format!("/app/{base}") } else { program.to_owned() };
    let user = if tag == "nonroot" { (65532, 65532) } else { user };
    let mut files = BTreeMap::from([(
        "/etc/passwd".to_owned(),
        format!(
            "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n\
             app:x:{0}:{1}:app:/app:/sbin/nologin\n",
            user.0, user.1
        ),
    )]);
    for argument in arguments.iter().filter(|argument| argument.starts_with("/app/")) {
        files.insert((*argument).to_owned(), format!("The program is built into {program}.\n"));
    }
    let directories = if base == "node" { vec!["/app/requests".to_owned()] } else { Vec::new() };
    Image {
        name: full.to_owned(),
        id: digest(full),
        entrypoint: std::iter::once(program.clone())
            .chain(arguments.iter().map(|argument| (*argument).to_owned()))
            .collect(),
        command: Vec::new(),
        user,
        environment: BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]),
        root: Root { machine_programs: with_shell, program: Some(program), directories, files, ..Root::default() },
        size: 58_317_211,
    }
}

fn toolbox_image(full: &str) -> Image {
    let passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n\
                  app:x:1654:1654:app:/:/bin/sh\nnonroot:x:65532:65532:nonroot:/:/bin/sh\n";
    Image {
        name: full.to_owned(),
        id: digest(full),
        entrypoint: Vec::new(),
        command: vec!["sh".to_owned()],
        user: (0, 0),
        environment: BTreeMap::from([("PATH".to_owned(), format!("{PATH}:/run/current-system/sw/bin"))]),
        root: Root {
            machine_programs: true,
            files: BTreeMap::from([
                ("/etc/passwd".to_owned(), passwd.to_owned()),
                (
                    "/etc/group".to_owned(),
                    "root:x:0:\ntty:x:5:\nnobody:x:65534:\napp:x:1654:\nnonroot:x:65532:\n".to_owned(),
                ),
                ("/etc/resolv.conf".to_owned(), "nameserver 10.96.0.10\n".to_owned()),
            ]),
            ..Root::default()
        },
        size: 2_156_519,
    }
}

/// With registry and tag, as a runtime completes it.
fn full_name(name: &str) -> Result<String, PullFailure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/:.-_@".contains(c);
    let (repository, tag) = split(name);
    let lower = !repository.chars().any(|c| c.is_ascii_uppercase());
    if name.is_empty() || !lower || !name.chars().all(allowed) || tag.is_empty() {
        return Err(PullFailure {
            reason: "InvalidImageName",
            message: format!(
                "Failed to apply default image tag {name:?}: couldn't parse image name {name:?}: invalid reference format"
            ),
        });
    }
    let registry = repository.split('/').next().unwrap_or_default();
    let has_registry =
        repository.contains('/') && (registry.contains('.') || registry.contains(':') || registry == "localhost");
    let repository = match repository.split_once('/') {
        Some(_) if has_registry => repository.to_owned(),
        Some(_) => format!("docker.io/{repository}"),
        None => format!("docker.io/library/{repository}"),
    };
    let separator = if tag.starts_with("sha256:") { '@' } else { ':' };
    Ok(format!("{repository}{separator}{tag}"))
}

/// Repository and tag (or digest); the tag is `latest` where none is given.
fn split(name: &str) -> (&str, &str) {
    if let Some((repository, digest)) = name.split_once('@') {
        return (repository, digest);
    }
    let path = name.rfind('/').map_or(0, |slash| slash + 1);
    match name[path..].find(':') {
        Some(colon) => (&name[..path + colon], &name[path + colon + 1..]),
        None => (name, "latest"),
    }
}

/// Looks like a digest, and is the same for the same name: FNV-1a, four times.
fn digest(name: &str) -> String {
    let words = (0..4_u64).map(|round| {
        let start = 0xcbf2_9ce4_8422_2325 ^ round;
        let hash = name.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        format!("{hash:016x}")
    });
    format!("sha256:{}", words.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_as_a_runtime_does() {
        assert_eq!(pull("busybox:stable").unwrap().name, "docker.io/library/busybox:stable");
        assert_eq!(pull("nicolaka/netshoot").unwrap().name, "docker.io/nicolaka/netshoot:latest");
        assert_eq!(pull("registry.example.com/nodejsapp:nonroot").unwrap().user, (65532, 65532));
        assert_eq!(pull("Busy Box").unwrap_err().reason, "InvalidImageName");
    }

    #[test]
    fn what_is_not_there_is_refused_in_containerds_words() {
        assert_eq!(
            pull("registry.invalid/nosuch:1").unwrap_err().message,
            "failed to pull and unpack image \"registry.invalid/nosuch:1\": failed to resolve image: failed to do \
             request: Head \"https://registry.invalid/v2/nosuch/manifests/1\": dial tcp: lookup registry.invalid on \
             10.96.0.10:53: no such host"
        );
        assert!(pull("busybox:nope").unwrap_err().message.ends_with("docker.io/library/busybox:nope: not found"));
        assert!(pull("nosuch").unwrap_err().message.contains("pull access denied"));
    }

    #[test]
    fn a_distroless_image_has_its_program_and_no_shell() {
        let image = pull("registry.example.com/nodejsapp:1").unwrap();
        assert!(!image.root.machine_programs);
        assert_eq!(image.entrypoint, ["/usr/bin/node", "/app/server.js"]);
        assert!(image.root.files.contains_key("/app/server.js"));
    }
}
