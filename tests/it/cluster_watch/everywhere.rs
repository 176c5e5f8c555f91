//! The pods of all namespaces: a screenful first, then namespace by namespace, or all at once where that may not be.

use super::*;

/// The first page of everything: a pod of the namespace `far`.
fn screenful(version: &str, more: Option<&str>) -> Value {
    let mut page = table(version, more, &[]);
    page["rows"] = json!([{"cells": cells("p", "Running"), "object": {"metadata": {"name": "p", "namespace": "far"}}}]);
    page
}

/// Asks for everything and answers the first page.
async fn glimpse(more: Option<&str>) -> (Watching, FakeApi) {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, WatchTarget::PodsEverywhere);
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    watching.expect(begin()).await;
    let call = api.next().await.expect("/api/v1/pods");
    assert_eq!((call.param("limit"), call.param("includeObject")), (Some("48"), Some("Metadata")));
    call.json(&screenful("90", more));
    assert_eq!(&*watching.rows().await[0].key.namespace, "far", "a screenful is there before anything else is asked");
    (watching, api)
}

/// Checks that the list is complete and watched from the version of its first page.
async fn watched_from_the_first_page(mut watching: Watching, mut api: FakeApi) {
    watching.expect(complete()).await;
    watching.expect(live()).await;
    let call = api.next().await.expect("/api/v1/pods");
    assert_eq!((call.param("watch"), call.param("resourceVersion")), (Some("true"), Some("90")));
}

#[tokio::test(start_paused = true)]
async fn everywhere_lists_each_namespace_and_watches_all_as_one() {
    let (mut watching, mut api) = glimpse(Some("more")).await;
    let namespaces = json!({
        "kind": "Table", "metadata": {"resourceVersion": "95"},
        "columnDefinitions": [{"name": "Name"}, {"name": "Status"}, {"name": "Age"}],
        "rows": [{"cells": ["one", "Active", "3d"]}, {"cells": ["two", "Active", "3d"]}],
    });
    api.next().await.expect("/api/v1/namespaces").json(&namespaces);
    for version in ["101", "102"] {
        let call = api.next().await;
        let namespace = call.path.split('/').nth(4).unwrap().to_owned();
        assert!(["one", "two"].contains(&namespace.as_str()));
        assert_eq!((call.param("limit"), call.param("includeObject")), (Some("500"), Some("None")));
        call.json(&table(version, None, &[("p", "Running")]));
        assert_eq!(*watching.rows().await[0].key.namespace, namespace);
    }
    watched_from_the_first_page(watching, api).await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_fits_a_screen_is_listed_by_one_request() {
    let (watching, api) = glimpse(None).await;
    watched_from_the_first_page(watching, api).await;
}

#[tokio::test(start_paused = true)]
async fn everywhere_without_the_right_to_list_namespaces_goes_on_with_the_list_of_all() {
    let (mut watching, mut api) = glimpse(Some("more")).await;
    api.next().await.expect("/api/v1/namespaces").refuse(403, "Forbidden", "no");
    let call = api.next().await.expect("/api/v1/pods");
    assert_eq!((call.param("continue"), call.param("limit")), (Some("more"), Some("500")));
    assert_eq!(call.param("includeObject"), Some("Metadata"));
    call.json(&screenful("90", None));
    watching.rows().await;
    watched_from_the_first_page(watching, api).await;
}

#[tokio::test(start_paused = true)]
async fn thousands_of_namespaces_are_no_reason_for_thousands_of_lists() {
    let (mut watching, mut api) = glimpse(Some("more")).await;
    for page in 0..3 {
        let call = api.next().await.expect("/api/v1/namespaces");
        let rows: Vec<Value> = (0..500).map(|n| json!({"cells": [format!("n-{page}-{n}"), "Active", "3d"]})).collect();
        call.json(&json!({
            "kind": "Table", "metadata": {"resourceVersion": "95", "continue": format!("after-{page}")},
            "columnDefinitions": [{"name": "Name"}, {"name": "Status"}, {"name": "Age"}], "rows": rows,
        }));
    }
    let call = api.next().await.expect("/api/v1/pods");
    assert_eq!((call.param("continue"), call.param("limit")), (Some("more"), Some("500")));
    call.json(&screenful("90", None));
    watching.rows().await;
    watched_from_the_first_page(watching, api).await;
}

#[tokio::test(start_paused = true)]
async fn a_server_without_tables_is_listed_page_by_page() {
    let (cluster, mut api) = FakeApi::new();
    let mut watching = start(cluster, WatchTarget::PodsEverywhere);
    watching.expect(WatchUpdate::Liveness(Liveness::Connecting)).await;
    watching.expect(begin()).await;
    let page = |name: &str, more: &str| {
        let metadata = json!({"resourceVersion": "90", "continue": more});
        json!({"kind": "PodList", "metadata": metadata, "items": [plain_pod(name, "7")]})
    };
    api.next().await.expect("/api/v1/pods").refuse(406, "NotAcceptable", "application/json only");
    let call = api.next().await.expect("/api/v1/pods");
    assert_eq!((call.param("includeObject"), call.param("limit")), (None, Some("500")));
    call.json(&page("a", "more"));
    assert_eq!(&*watching.rows().await[0].key.name, "a");
    let call = api.next().await.expect("/api/v1/pods");
    assert_eq!((call.param("continue"), call.param("includeObject")), (Some("more"), None));
    call.json(&page("b", ""));
    assert_eq!(&*watching.rows().await[0].key.name, "b");
    watched_from_the_first_page(watching, api).await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_grew_too_old_half_way_begins_anew() {
    let (mut watching, mut api) = glimpse(Some("more")).await;
    api.next().await.expect("/api/v1/namespaces").refuse(403, "Forbidden", "no");
    api.next().await.expect("/api/v1/pods").refuse(410, "Expired", "the provided continue parameter is too old");
    assert!(matches!(watching.next().await, WatchUpdate::Liveness(Liveness::Stale { .. })));
    watching.expect(begin()).await;
    let call = api.next().await.expect("/api/v1/pods");
    assert_eq!((call.param("continue"), call.param("limit")), (None, Some("48")));
    call.json(&screenful("99", None));
    watching.rows().await;
    watching.expect(complete()).await;
}
