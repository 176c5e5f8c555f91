//! The pods recorded from a real cluster: each debugger in them that did not start, and each pod.

use bathyscope::cluster::explain::PodEvent;
use serde_json::Value;

use super::{Case, Group};

#[test]
fn recorded_states() {
    let list = |text: &str| -> Vec<Value> {
        serde_json::from_str::<Value>(text).unwrap()["items"].as_array().unwrap().clone()
    };
    let events = list(include_str!("../../data/recorded/events-demo.json"));
    let node = list(include_str!("../../data/recorded/nodes.json")).remove(0);
    let mut group = Group::default();
    for pod in [
        list(include_str!("../../data/recorded/pods-demo.json")),
        list(include_str!("../../data/recorded/pods-restricted.json")),
        list(include_str!("../../data/recorded/pods-node-debug.json")),
    ]
    .concat()
    {
        let uid = &pod["metadata"]["uid"];
        let told = events.iter().filter(|event| event["involvedObject"]["uid"] == *uid).filter_map(PodEvent::read);
        let name = pod["metadata"]["name"].as_str().unwrap().to_owned();
        let case = Case { pod: pod.clone(), events: told.collect(), node: Some(node.clone()), asked: String::new() };
        group.state(&name, &case);
        for debugger in pod["spec"]["ephemeralContainers"].as_array().into_iter().flatten() {
            let asked = debugger["name"].as_str().unwrap().to_owned();
            let statuses = pod["status"]["ephemeralContainerStatuses"].as_array();
            let status = statuses.into_iter().flatten().find(|status| status["name"] == asked.as_str());
            let started = status.is_some_and(|status| status["state"]["waiting"].is_null());
            if !started {
                group.state(&format!("{name}/{asked}"), &Case { asked, ..case.clone() });
            }
        }
    }
    insta::assert_snapshot!(group.done());
}
