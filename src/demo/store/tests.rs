//! The store's promises: order, identity, history, watches that resume or are told that they cannot.

use super::*;

fn pod(namespace: &str, name: &str) -> Value {
    json!({ "metadata": { "namespace": namespace, "name": name }, "spec": {} })
}

fn names(objects: &[Arc<Value>]) -> Vec<String> {
    objects.iter().map(|object| text(object, "name")).collect()
}

#[test]
fn a_created_object_has_an_identity_and_is_listed_in_order() {
    let store = Store::new();
    for (namespace, name) in [("b", "one"), ("a", "two"), ("a", "one")] {
        store.create("pods", pod(namespace, name)).unwrap();
    }
    let (all, version) = store.list("pods", None);
    assert_eq!(names(&all), ["one", "two", "one"]);
    assert_eq!(version, FIRST_VERSION + 3);
    assert_eq!(names(&store.list("pods", Some("b")).0), ["one"]);
    let one = store.get("pods", "b", "one").unwrap();
    assert_eq!(one["kind"], "Pod");
    assert_eq!(one["metadata"]["uid"].as_str().unwrap().len(), 36);
    assert_eq!(&one["metadata"]["uid"].as_str().unwrap()[14..15], "4");
    assert_eq!(one["metadata"]["generation"], 1);
    assert_eq!(store.create("pods", pod("b", "one")), Err(AlreadyExists));
}

#[test]
fn an_update_keeps_the_identity_and_counts_spec_changes() {
    let store = Store::new();
    let before = store.create("pods", pod("a", "one")).unwrap();
    let after = store
        .update("pods", "a", "one", |pod| {
            pod["metadata"]["name"] = json!("other");
            pod["metadata"].as_object_mut().unwrap().shift_remove("uid");
            pod["spec"]["nodeName"] = json!("node1");
        })
        .unwrap();
    assert_eq!(after["metadata"]["name"], "one");
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(after["metadata"]["generation"], 2);
    let again = store.update("pods", "a", "one", |_| {}).unwrap();
    assert_eq!(again["metadata"]["resourceVersion"], after["metadata"]["resourceVersion"]);
    assert!(store.update("pods", "a", "gone", |_| {}).is_none());
}

#[test]
fn a_refused_change_leaves_the_object_alone() {
    let store = Store::new();
    store.create("pods", pod("a", "one")).unwrap();
    let version = store.version();
    let refused = store.try_update("pods", "a", "one", |pod| {
        pod["spec"]["nodeName"] = json!("node1");
        Err("no")
    });
    assert_eq!(refused, Some(Err("no")));
    assert_eq!(store.version(), version);
    assert!(store.get("pods", "a", "one").unwrap()["spec"]["nodeName"].is_null());
}

#[test]
fn an_earlier_list_can_be_had_until_it_is_forgotten() {
    let store = Store::new();
    store.create("pods", pod("a", "kept")).unwrap();
    store.create("pods", pod("a", "gone")).unwrap();
    let earlier = store.version();
    store.delete("pods", "a", "gone").unwrap();
    store.create("pods", pod("a", "new")).unwrap();
    store.update("pods", "a", "kept", |pod| pod["spec"]["x"] = json!(1)).unwrap();
    let listed = store.page("pods", Some("a"), Some(earlier), None, 9).unwrap().entries;
    let listed: Vec<_> = listed.iter().map(Entry::object).collect();
    assert_eq!(names(&listed), ["gone", "kept"]);
    assert!(listed[1]["spec"]["x"].is_null());
    store.compact();
    assert!(store.page("pods", None, Some(earlier), None, 9).is_err());
    assert!(store.watch("pods", earlier).is_err());
    assert!(store.watch("pods", store.version()).is_ok());
}

#[tokio::test]
async fn a_watch_gives_the_remembered_changes_and_then_the_new_ones() {
    let store = Store::new();
    let from = store.version();
    store.create("pods", pod("a", "one")).unwrap();
    store.create("events", pod("a", "noise")).unwrap();
    let mut watch = store.watch("pods", from).unwrap();
    let added = watch.next().await.unwrap().unwrap();
    assert_eq!(added.kind, ChangeKind::Added);
    let waiting = tokio::spawn(async move { watch.next().await });
    store.delete("pods", "a", "one").unwrap();
    let gone = waiting.await.unwrap().unwrap().unwrap();
    assert_eq!(gone.kind, ChangeKind::Deleted);
    assert_eq!(gone.object["metadata"]["resourceVersion"], gone.version.to_string());
}

#[tokio::test]
async fn a_reader_that_is_too_slow_is_told_so_and_a_quiet_one_is_not() {
    let store = Store::new();
    store.create("pods", pod("a", "one")).unwrap();
    let mut slow = store.watch("pods", FIRST_VERSION).unwrap();
    for number in 0..=HISTORY {
        store.create("events", pod("a", &format!("event-{number}"))).unwrap();
    }
    let expired = slow.next().await.unwrap().unwrap_err();
    assert!(expired.oldest > FIRST_VERSION);
    assert!(slow.next().await.is_none());
    assert!(store.watch("pods", FIRST_VERSION).is_err());

    let mut quiet = store.watch("pods", store.version()).unwrap();
    store.create("pods", pod("a", "two")).unwrap();
    assert_eq!(quiet.next().await.unwrap().unwrap().object["metadata"]["name"], "two");
}
