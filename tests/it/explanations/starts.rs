//! Debuggers that cannot be configured, created or run.

use serde_json::json;

use super::{Case, Group};

const RUNC: &str = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
                    failed: unable to start container process: ";

fn cannot_run(image: &str, why: &str) -> Case {
    Case::debugger(image, "RunContainerError", &format!("{RUNC}{why}: unknown"))
}

#[test]
fn debuggers_that_cannot_start() {
    let mut group = Group::default();
    let root = "container has runAsNonRoot and image will run as root (pod: \"api_shop(u1)\", container: d)";
    let no_user = Case::debugger("busybox:1.37", "CreateContainerConfigError", root);
    group.state("root is forbidden", &no_user);
    let unknown = no_user.clone().with("status.containerStatuses", json!([{"name": "app", "state": {"running": {}}}]));
    group.state("root is forbidden, and nobody knows who the target is", &unknown);
    group.state(
        "root is asked for where it is forbidden",
        &Case::debugger(
            "busybox:1.37",
            "CreateContainerConfigError",
            "container's runAsUser breaks non-root policy (pod: \"api_shop(u1)\", container: d)",
        ),
    );
    group.state(
        "the image's user is a word",
        &Case::debugger(
            "nicolaka/netshoot:v0.13",
            "CreateContainerConfigError",
            "container has runAsNonRoot and image has non-numeric user (netshoot), cannot verify user is non-root (pod: \
             \"api_shop(u1)\", container: d)",
        ),
    );
    group.state(
        "the target has never run",
        &Case::debugger("busybox:1.37", "CreateContainerConfigError", "unable to find target container app").app(
            &json!({"waiting": {"reason": "CreateContainerConfigError", "message": "configmap \"nosuchcm\" not found"}}),
            &json!({}),
        ),
    );
    let ended = json!({"exitCode": 3, "reason": "Error"});
    group.state(
        "the target crash-loops",
        &Case::debugger(
            "busybox:1.37",
            "CreateContainerError",
            "failed to generate container \"1567e4cbc0a1b2078fe6f27ce099d1685d259959fcf7520525550d43c97fb490\" spec: \
             invalid target container: container \"3814269776834c823e55f961513c26efe4f21c52d7998e7ebd566a1fb613557c\" is \
             not running - in state CONTAINER_EXITED",
        )
        .app(&json!({"terminated": ended}), &json!({"restartCount": 4, "lastState": {"terminated": ended}})),
    );
    let looping = json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}});
    group.state(
        "not a word of the debugger while the target crash-loops",
        &Case::debugger("busybox:1.37", "ContainerCreating", "")
            .app(&looping, &json!({"restartCount": 9, "lastState": {"terminated": ended}})),
    );
    group.state("its creation takes its time", &Case::debugger("busybox:1.37", "ContainerCreating", ""));
    group.state(
        "a security profile the node lacks",
        &Case::debugger(
            "busybox:1.37",
            "CreateContainerError",
            "failed to create containerd container: apparmor profile not found k8s-deny",
        ),
    );
    group.state(
        "no shell in the image",
        &cannot_run("acme/shop:1.4.2", "exec: \"sh\": executable file not found in $PATH"),
    );
    group.state(
        "no such command in a toolbox",
        &cannot_run("busybox:1.37", "exec: \"/nosuch/zsh\": stat /nosuch/zsh: no such file or directory"),
    );
    group.state(
        "a command that may not be executed",
        &cannot_run("busybox:1.37", "exec: \"/etc/passwd\": permission denied"),
    );
    group.state("a program of another machine", &cannot_run("acme/x:1", "exec /bin/sh: exec format error"));
    group.state(
        "a directory that is none",
        &cannot_run("busybox:1.37", "error during container init: mkdir /etc/passwd: not a directory"),
    );
    insta::assert_snapshot!(group.done());
}
