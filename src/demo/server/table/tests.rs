//! The rows against what a real cluster recorded.

use std::fmt::Write as _;

use super::*;
use crate::demo::resource::by_plural;

fn rows(resource: &str, recorded: &str) -> String {
    let now = "2026-11-22T11:30:00Z".parse().unwrap();
    let resource = by_plural(resource).unwrap();
    let list: Value = serde_json::from_str(recorded).unwrap();
    let mut said = String::new();
    let wanted = |object: &&Value| object["kind"] == resource.kind;
    for object in items(&list, "/items").iter().filter(wanted).take(12) {
        let cells = cells(resource, object, now);
        assert_eq!(cells.as_array().unwrap().len(), columns_of(resource).len());
        let cells: Vec<String> = cells
            .as_array()
            .unwrap()
            .iter()
            .map(|cell| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned))
            .collect();
        writeln!(said, "{}", cells.join(" | ")).unwrap();
    }
    said
}

macro_rules! recorded {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recorded/", $file))
    };
}

#[test]
fn the_recorded_pods_read_as_kubectl_printed_them() {
    insta::assert_snapshot!(rows("pods", recorded!("pods-demo.json")), @r#"
crash | 0/1 | Error | 4 (112s ago) | 2m37s | 10.244.0.52 | node1 | <none> | <none>
done | 0/1 | Completed | 0 | 2m36s | 10.244.0.53 | node1 | <none> | <none>
multi | 3/3 | Running | 0 | 2m37s | 10.244.0.54 | node1 | <none> | <none>
mynewpod | 2/2 | Running | 0 | 112s | 10.244.0.55 | node1 | <none> | <none>
nodejsapps-66cd8dd789-gddtt | 1/1 | Running | 0 | 23m | 10.244.0.42 | node1 | <none> | <none>
nodejsapps-66cd8dd789-hfr4x | 1/1 | Running | 0 | 23m | 10.244.0.43 | node1 | <none> | <none>
nonroot | 1/1 | Running | 0 | 2m37s | 10.244.0.49 | node1 | <none> | <none>
nonroot-nouid | 1/1 | Running | 0 | 2m37s | 10.244.0.50 | node1 | <none> | <none>
pending | 0/1 | Pending | 0 | 2m36s | <none> | <none> | <none> | <none>
    "#);
    insta::assert_snapshot!(rows("pods", recorded!("pods-restricted.json")), @r#"
locked | 1/1 | Running | 0 | 2m37s | 10.244.0.51 | node1 | <none> | <none>
    "#);
}

#[test]
fn the_other_recorded_kinds_read_as_kubectl_printed_them() {
    insta::assert_snapshot!(rows("namespaces", recorded!("namespaces.json")), @r#"
baseline-ns | Active | 2m37s
default | Active | 32m
demo | Active | 32m
kube-node-lease | Active | 32m
kube-public | Active | 32m
kube-system | Active | 32m
restricted-ns | Active | 2m37s
    "#);
    insta::assert_snapshot!(rows("nodes", recorded!("nodes.json")), @r#"
node1 | Ready | <none> | 32m | v1.36.2 | 10.245.0.1 | <none> | <unknown> | <unknown> | containerd://2.1.9+unknown
    "#);
    insta::assert_snapshot!(rows("services", recorded!("services-demo.json")), @r#"
nodejsapp-svc | ClusterIP | 10.96.202.86 | <none> | 8000/TCP | 31m | app=nodejsapp
    "#);
    insta::assert_snapshot!(rows("endpointslices", recorded!("services-demo.json")), @r#"
nodejsapp-svc-7rhpw | IPv4 | 8000 | 10.244.0.42,10.244.0.43 | 31m
    "#);
    insta::assert_snapshot!(rows("events", recorded!("events-demo.json")), @r#"
2m36s | Normal | Scheduled | pod/crash |  | default-scheduler, default-scheduler-vm | Successfully assigned demo/crash to node1 | 2m36s | 1 | crash.18ea5a7142cfdb5f
65s | Warning | MissingClusterDNS | pod/crash |  | kubelet, node1 | pod: "crash_demo(7836edde-1b7b-4ab2-9c15-28b6434c382e)". kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy. | 2m37s | 16 | crash.18ea5a71450a6c1e
65s | Normal | Pulled | pod/crash | spec.containers{app} | kubelet, node1 | Container image "docker.io/library/busybox:1.37" already present on machine and can be accessed by the pod | 2m34s | 5 | crash.18ea5a71e35a5466
65s | Normal | Created | pod/crash | spec.containers{app} | kubelet, node1 | Container created | 2m34s | 5 | crash.18ea5a71eb28cf7d
65s | Normal | Started | pod/crash | spec.containers{app} | kubelet, node1 | Container started | 2m33s | 5 | crash.18ea5a720705519f
65s | Warning | BackOff | pod/crash | spec.containers{app} | kubelet, node1 | Back-off restarting failed container app in pod crash_demo(7836edde-1b7b-4ab2-9c15-28b6434c382e) | 2m31s | 6 | crash.18ea5a727b761e47
65s | Normal | Pulled | pod/crash | spec.ephemeralContainers{watcher} | kubelet, node1 | Container image "busybox:1.37" already present on machine and can be accessed by the pod | 110s | 3 | crash.18ea5a7c124db8df
110s | Warning | Failed | pod/crash | spec.ephemeralContainers{watcher} | kubelet, node1 | Error: failed to generate container "c9ec4054dd9223f8d6dbc568a6000731b8cfc6503909a18b9073e460808b0879" spec: failed to generate spec opts: invalid target container: container "50263033f9c6c08f6f2c4cc7d506be64f87b76133354afc0076f3733f69aad80" is not running - in state CONTAINER_EXITED | 110s | 1 | crash.18ea5a7c12fa9177
66s | Warning | Failed | pod/crash | spec.ephemeralContainers{watcher} | kubelet, node1 | Error: failed to generate container "3e660fa3c155a484095ce4855fd0fca985a3255ec70514d516c93ea0b5bae39d" spec: failed to generate spec opts: invalid target container: container "50263033f9c6c08f6f2c4cc7d506be64f87b76133354afc0076f3733f69aad80" is not running - in state CONTAINER_EXITED | 66s | 1 | crash.18ea5a867513789b
65s | Warning | Failed | pod/crash | spec.ephemeralContainers{watcher} | kubelet, node1 | Error: failed to generate container "bb8318411ed4d6ea3fe99e3bdf8ee1281b7394e5f973313e2716e004ef9fcd3b" spec: failed to generate spec opts: invalid target container: container "7af89f956eba2db6a917e85f05e0f19c78b8ee9dc5d011ce75911e7fb9f4be50" is not running - in state CONTAINER_EXITED | 65s | 1 | crash.18ea5a8694202a4a
2m35s | Normal | Scheduled | pod/done |  | default-scheduler, default-scheduler-vm | Successfully assigned demo/done to node1 | 2m35s | 1 | done.18ea5a7149d12da3
2m33s | Warning | MissingClusterDNS | pod/done |  | kubelet, node1 | pod: "done_demo(ebedf846-5769-4544-9997-1c2021d5409a)". kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy. | 2m36s | 3 | done.18ea5a714c44374a
    "#);
}

#[test]
fn an_empty_object_makes_the_row_of_a_bookmark() {
    let pods = by_plural("pods").unwrap();
    let row = row(pods, &json!({ "metadata": {} }), RowObject::None, Timestamp::UNIX_EPOCH);
    let expected = ["", "0/0", "", "0", "<unknown>", "<none>", "<none>", "<none>", "<none>"];
    assert_eq!(row, json!({ "cells": expected, "object": null }));
}
