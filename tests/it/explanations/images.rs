//! Images that do not come, in the words of containerd, CRI-O and Docker.

use super::{Case, Group};

const CONTAINERD: &str = "failed to pull and unpack image \"IMAGE\": failed to resolve reference \"IMAGE\": ";

fn containerd(image: &str, why: &str) -> Case {
    Case::debugger(image, "ErrImagePull", &format!("{}{why}", CONTAINERD.replace("IMAGE", image)))
}

#[test]
#[expect(clippy::too_many_lines, reason = "one golden text holds them all")]
fn images_of_a_debugger() {
    let mut group = Group::default();
    group.state(
        "no such tag (containerd, Docker Hub)",
        &containerd("docker.io/library/busybox:nope", "docker.io/library/busybox:nope: not found"),
    );
    group.state(
        "no such image or private (containerd, Docker Hub)",
        &containerd(
            "docker.io/library/nosuch:1",
            "pull access denied, repository does not exist or may require authorization: server message: \
             insufficient_scope: authorization failed",
        ),
    );
    group.state(
        "credentials (containerd)",
        &containerd(
            "r.example.com/team/tools:1",
            "failed to authorize: failed to fetch oauth token: unexpected status from GET request to \
             https://r.example.com/token: 401 Unauthorized",
        ),
    );
    group.state(
        "name not found (containerd)",
        &containerd(
            "r.example.com/tools:1",
            "failed to do request: Head \"https://r.example.com/v2/tools/manifests/1\": dial tcp: lookup r.example.com on \
             10.96.0.10:53: no such host",
        ),
    );
    group.state(
        "registry unreachable, told by a back-off (containerd)",
        &Case::debugger(
            "ghcr.io/acme/tools:1",
            "ImagePullBackOff",
            "Back-off pulling image \"ghcr.io/acme/tools:1\": ErrImagePull: failed to pull and unpack image \
             \"ghcr.io/acme/tools:1\": failed to resolve reference \"ghcr.io/acme/tools:1\": failed to do request: Head \
             \"http://127.0.0.1:9/v2/acme/tools/manifests/1?ns=ghcr.io\": dial tcp 127.0.0.1:9: connect: connection \
             refused",
        ),
    );
    group.state(
        "too many pulls (containerd), and the node may not be read",
        &containerd(
            "docker.io/library/alpine:3",
            "failed to copy: httpReadSeeker: failed open: unexpected status code \
             https://registry-1.docker.io/v2/library/alpine/manifests/3: 429 Too Many Requests - Server message: \
             toomanyrequests: You have reached your unauthenticated pull rate limit.",
        )
        .without_node(),
    );
    group.state(
        "the machine is another (containerd)",
        &containerd("acme/amd64-only:1", "no match for platform in manifest: not found"),
    );
    group.state(
        "no such tag (CRI-O)",
        &Case::debugger(
            "quay.io/acme/tools:9",
            "ErrImagePull",
            "initializing source docker://quay.io/acme/tools:9: reading manifest 9 in quay.io/acme/tools: manifest unknown",
        ),
    );
    group.state(
        "private (CRI-O)",
        &Case::debugger(
            "quay.io/acme/tools:1",
            "ErrImagePull",
            "initializing source docker://quay.io/acme/tools:1: reading manifest 1 in quay.io/acme/tools: unauthorized: \
             access to the requested resource is not authorized",
        ),
    );
    group.state(
        "signature (CRI-O)",
        &Case::debugger(
            "r.example.com/tools:1",
            "SignatureValidationFailed",
            "image pull failed for r.example.com/tools:1 because the signature validation failed: Source image rejected: \
             A signature was required, but no signature exists",
        ),
    );
    group.state(
        "no credentials (Docker)",
        &Case::debugger(
            "r.example.com:8083/tools:1",
            "ErrImagePull",
            "rpc error: code = Unknown desc = Error response from daemon: Get \
             http://r.example.com:8083/v2/tools/manifests/1: no basic auth credentials",
        ),
    );
    group.state(
        "an older kubelet repeats no words, an event has them",
        &Case::debugger("busybox:nope", "ImagePullBackOff", "Back-off pulling image \"busybox:nope\"").event(
            "Failed",
            "d",
            "Failed to pull image \"busybox:nope\": rpc error: code = Unknown desc = Error response from daemon: manifest \
             for busybox:nope not found: manifest unknown: manifest unknown",
        ),
    );
    group.state(
        "never to be pulled",
        &Case::debugger(
            "nosuch.local/x:1",
            "ErrImageNeverPull",
            "Container image \"nosuch.local/x:1\" is not present with pull policy of Never",
        ),
    );
    group.state(
        "no valid name",
        &Case::debugger(
            "Bad//Name:1",
            "InvalidImageName",
            "Failed to apply default image tag \"Bad//Name:1\": couldn't parse image name \"Bad//Name:1\": invalid \
             reference format: repository name (/Name) must be lowercase",
        ),
    );
    insta::assert_snapshot!(group.done());
}
