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
            .map(|cell| {
                cell.as_str()
                    .map_or_else(|| cell.to_string(), str::to_owned)
            })
            .collect();
        writeln!(said, "{}", cells.join(" | ")).unwrap();
    }
    said
}

macro_rules! recorded {
    ($file:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/recorded/",
            $file
        ))
    };
}

#[test]
fn the_recorded_pods_read_as_kubectl_printed_them() {
    insta::assert_snapshot!(rows("pods", recorded!("pods-demo.json")), @"");
    insta::assert_snapshot!(rows("pods", recorded!("pods-restricted.json")), @"");
}

#[test]
fn the_other_recorded_kinds_read_as_kubectl_printed_them() {
    insta::assert_snapshot!(rows("namespaces", recorded!("namespaces.json")), @"");
    insta::assert_snapshot!(rows("nodes", recorded!("nodes.json")), @"");
    insta::assert_snapshot!(rows("services", recorded!("services-demo.json")), @"");
    insta::assert_snapshot!(rows("endpointslices", recorded!("services-demo.json")), @"");
    insta::assert_snapshot!(rows("events", recorded!("events-demo.json")), @"");
}

#[test]
fn an_empty_object_makes_the_row_of_a_bookmark() {
    let pods = by_plural("pods").unwrap();
    let row = row(
        pods,
        &json!({ "metadata": {} }),
        RowObject::None,
        Timestamp::UNIX_EPOCH,
    );
    let expected = [
        "",
        "0/0",
        "",
        "0",
        "<unknown>",
        "<none>",
        "<none>",
        "<none>",
        "<none>",
    ];
    assert_eq!(row, json!({ "cells": expected, "object": null }));
}
