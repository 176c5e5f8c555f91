//! Nodes, sandboxes, volumes, and what a copy meets because its original is there.

use serde_json::json;

use super::{Case, Group};

#[test]
fn places_where_nothing_starts() {
    let mut group = Group::default();
    let early = || Case::debugger("busybox:1.37", "ContainerCreating", "");
    let preempting = " no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for \
                      scheduling.";
    let full = format!("0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.{preempting}");
    group.state("an ephemeral debugger in a pod that fits nowhere", &early().unscheduled(&full));
    group.state("a copy that fits nowhere", &Case::copy().unscheduled(&full));
    let selector = "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.";
    group.state("a copy whose labels no node has", &Case::copy().unscheduled(selector));
    let port = "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. no new claims to \
                deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.";
    group.state("a copy whose host port is taken", &Case::copy().unscheduled(port));
    let only_one = "0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with the same name and \
                    ReadWriteOncePod access mode.";
    group.state("a copy whose volume is for one pod only", &Case::copy().unscheduled(only_one));
    group.state(
        "a copy whose volume is on another node",
        &Case::copy().event(
            "FailedAttachVolume",
            "",
            "Multi-Attach error for volume \"pvc-1\" Volume is already used by pod(s) api",
        ),
    );
    group.state(
        "a claim that is missing",
        &Case::copy().unscheduled("0/1 nodes are available: persistentvolumeclaim \"nosuchpvc\" not found. not found"),
    );
    let gates = json!([{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling gates"}]);
    let waits = early().unscheduled("").with("status.conditions", gates);
    group.state("scheduling gates", &waits);
    let creating = json!({"waiting": {"reason": "ContainerCreating"}});
    group.state(
        "a secret for a volume that is missing",
        &early().app(&creating, &json!({})).event(
            "FailedMount",
            "",
            "MountVolume.SetUp failed for volume \"v\" : secret \"nosuchsecret\" not found",
        ),
    );
    group.state(
        "a sandbox that cannot be made",
        &early().app(&creating, &json!({})).event(
            "FailedCreatePodSandBox",
            "",
            "Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox \
             \"e9a4c2b002f1515743ad50b5f937151fef77b038c74ae2f25a66e7c915a08821\": plugin type=\"calico\" failed (add): \
             cni plugin not initialized",
        ),
    );
    group.state(
        "a sandbox that is made anew",
        &early().app(&creating, &json!({})).event(
            "SandboxChanged",
            "",
            "Pod sandbox changed, it will be killed and re-created.",
        ),
    );
    let silent = json!({"conditions": [{
        "type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "message": "Kubelet stopped posting node status.",
        "lastTransitionTime": "2026-11-22T18:00:00Z",
    }]});
    group.state("a node that does not report", &early().node(&silent));
    insta::assert_snapshot!(group.done());
}
