//! What holds of every plan, whatever the pod and the choices.

use bathyscope::plan::document::{self, Format};
use bathyscope::plan::{
    CopyOptions, DebugOptions, Facts, PodSecurity, Profile, Request, parse_custom, plan_for_node, plan_for_pod,
    suffixes,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

/// What the API forbids of an ephemeral container.
const FORBIDDEN: [&str; 8] = [
    "lifecycle",
    "livenessProbe",
    "ports",
    "readinessProbe",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "startupProbe",
];

fn profile() -> impl Strategy<Value = Profile> {
    select(vec![
        Profile::Auto,
        Profile::Legacy,
        Profile::General,
        Profile::Baseline,
        Profile::Restricted,
        Profile::Netadmin,
        Profile::Sysadmin,
    ])
}

fn facts() -> impl Strategy<Value = Facts> {
    let levels = vec![None, Some(PodSecurity::Privileged), Some(PodSecurity::Baseline), Some(PodSecurity::Restricted)];
    select(levels).prop_map(|enforce| Facts { enforce, ..Facts::default() })
}

/// Any JSON, small.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~äß☃\n\t]{0,12}".prop_map(Value::from),
        select(vec![
            "yes",
            "no",
            "~",
            "null",
            "1e3",
            "0x1f",
            "- a",
            "a: b",
            "012",
            ".inf",
            "2024-01-01",
            "y",
            "|",
            "'"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z$./]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Fields that no version of the API has, so that losing one is seen.
fn extra() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("x-[a-z]{1,6}", anything(), 0..4).prop_map(|map| map.into_iter().collect())
}

fn with(mut value: Value, extra: Map<String, Value>) -> Value {
    value.as_object_mut().expect("an object is extended").extend(extra);
    value
}

fn security_context() -> impl Strategy<Value = Value> {
    (select(vec![None, Some(0), Some(1000)]), select(vec![None, Some(false), Some(true)])).prop_map(
        |(user, non_root)| {
            let mut context = Map::new();
            context.extend(user.map(|uid| ("runAsUser".to_owned(), Value::from(uid))));
            context.extend(non_root.map(|on| ("runAsNonRoot".to_owned(), Value::from(on))));
            Value::Object(context)
        },
    )
}

prop_compose! {
    fn container(name: &'static str)(
        extra in extra(),
        context in security_context(),
        stdin in any::<bool>(),
    ) -> Value {
        let own = json!({
            "name": name, "image": "app:1", "args": ["-v"], "securityContext": context, "stdin": stdin,
            "livenessProbe": {"exec": {"command": ["true"]}}, "env": [{"name": "A", "value": "1"}],
        });
        with(own, extra)
    }
}

prop_compose! {
    fn pod()(
        app in container("app"),
        side in container("side"),
        init in container("init"),
        of_spec in extra(),
        of_metadata in extra(),
        context in security_context(),
        uid in select(vec![None, Some(0), Some(1654), Some(-1)]),
        has_debugger in any::<bool>(),
        shares in select(vec![None, Some(true), Some(false)]),
    ) -> Value {
        let mut spec = json!({
            "containers": [app, side], "initContainers": [init], "securityContext": context, "nodeName": "n1",
            "volumes": [{"name": "d", "emptyDir": {}}],
        });
        if has_debugger {
            spec["ephemeralContainers"] = json!([{"name": "old", "image": "busybox"}]);
        }
        if let Some(shares) = shares {
            spec["shareProcessNamespace"] = shares.into();
        }
        let metadata = json!({
            "name": "p", "namespace": "n", "uid": "u", "labels": {"a": "b"}, "annotations": {"c": "d"},
            "ownerReferences": [{}], "finalizers": ["f"],
        });
        json!({
            "metadata": with(metadata, of_metadata),
            "spec": with(spec, of_spec),
            "status": {"containerStatuses": [{"name": "app", "user": {"linux": {"uid": uid, "gid": 0}}}]},
        })
    }
}

/// A custom container with some fields that are allowed and some that are not.
fn custom() -> impl Strategy<Value = Value> {
    let fields = vec![
        ("args", json!(["x"])),
        ("workingDir", json!("/")),
        ("env", json!([{"name": "B", "value": "2"}])),
        ("securityContext", json!({"runAsUser": 5})),
        ("volumeMounts", json!([{"name": "d", "mountPath": "/d"}])),
        ("volumeMounts", json!([{"name": "d", "mountPath": "/d", "subPath": "s"}])),
        ("resources", json!({"limits": {"cpu": "1"}})),
        ("ports", json!([{"containerPort": 80}])),
        ("livenessProbe", json!({"exec": {"command": ["true"]}})),
        ("startupProbe", json!({})),
        ("restartPolicy", json!("Always")),
        ("resizePolicy", json!([{"resourceName": "cpu", "restartPolicy": "NotRequired"}])),
        ("lifecycle", json!({})),
    ];
    subsequence(fields, 0..4).prop_map(|fields| {
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
    })
}

prop_compose! {
    fn choices()(
        profile in profile(),
        custom in prop::option::of(custom()),
        target in select(vec![None, Some("app"), Some("init")]),
        command in prop::collection::vec("[ -~]{0,6}", 0..3),
        env in prop::collection::vec(("[A-Z]{1,3}", "[ -~\n]{0,6}"), 0..3),
        arguments_only in any::<bool>(),
        stdin in any::<bool>(),
    ) -> DebugOptions {
        DebugOptions {
            image: Some("busybox:stable".into()),
            profile, custom, command, env, arguments_only, stdin, tty: stdin,
            target: target.map(str::to_owned),
            ..DebugOptions::default()
        }
    }
}

fn body(request: &Request) -> Option<&Value> {
    match request {
        Request::PatchEphemeral { body, .. } | Request::CreatePod { body, .. } => Some(body),
        Request::DeletePod { .. } => None,
    }
}

fn read_back(body: &Value) -> Value {
    let yaml = document::text(body, Format::Yaml).expect("a body can be written as YAML");
    serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

proptest! {
    #[test]
    fn an_ephemeral_plan_carries_nothing_the_api_forbids(pod in pod(), facts in facts(), choices in choices()) {
        let Ok(plan) = plan_for_pod(&pod, &facts, &choices, &mut suffixes(|| 7)) else {
            prop_assert!(choices.custom.is_some(), "only a custom container is a reason to refuse here");
            return Ok(());
        };
        let spec = &body(&plan.requests[0]).expect("a patch has a body")["spec"];
        let added = spec["ephemeralContainers"].as_array().expect("containers are a list");
        prop_assert_eq!(added.len(), 1);
        for field in FORBIDDEN {
            prop_assert!(added[0].get(field).is_none(), "{}", field);
        }
        prop_assert_eq!(&added[0]["resources"], &json!({}));
        for mount in added[0]["volumeMounts"].as_array().into_iter().flatten() {
            prop_assert!(mount.get("subPath").is_none());
        }
        let order = "$setElementOrder/ephemeralContainers";
        prop_assert!(spec.as_object().expect("a spec").keys().all(|key| key == "ephemeralContainers" || key == order));
        prop_assert_ne!(plan.profile, Profile::Auto);
    }

    #[test]
    fn a_copy_loses_nothing_that_kubectl_keeps(pod in pod(), facts in facts(), choices in choices()) {
        let options = DebugOptions {
            target: None,
            custom: None,
            copy: Some(CopyOptions { keep_annotations: true, keep_labels: true, ..CopyOptions::named("c") }),
            ..choices
        };
        let plan = plan_for_pod(&pod, &facts, &options, &mut suffixes(|| 7)).expect("nothing forbids this copy");
        let copy = body(&plan.requests[0]).expect("a pod has a body");
        for (field, value) in pod["spec"].as_object().expect("a spec") {
            match field.as_str() {
                "nodeName" | "ephemeralContainers" => prop_assert!(copy["spec"].get(field).is_none(), "{}", field),
                "containers" => {
                    for (before, after) in value.as_array().into_iter().flatten().zip(
                        copy["spec"]["containers"].as_array().into_iter().flatten(),
                    ) {
                        let mut expected = before.clone();
                        if plan.profile != Profile::Legacy {
                            expected.as_object_mut().expect("a container").shift_remove("livenessProbe");
                        }
                        prop_assert_eq!(after, &expected);
                    }
                }
                _ => prop_assert_eq!(&copy["spec"][field], value, "{}", field),
            }
        }
        let kept = copy["metadata"].as_object().expect("metadata");
        prop_assert!(kept.keys().all(|key| ["name", "namespace", "labels", "annotations"].contains(&key.as_str())));
        prop_assert_eq!(&kept["annotations"], &pod["metadata"]["annotations"]);
    }

    #[test]
    fn a_body_survives_the_way_through_yaml(
        pod in pod(), facts in facts(), choices in choices(), copy in any::<bool>(),
    ) {
        let options = DebugOptions {
            target: None,
            copy: copy.then(|| CopyOptions::named("c")),
            ..choices
        };
        let node = json!({"metadata": {"name": "n1"}});
        let plans = [
            plan_for_pod(&pod, &facts, &options, &mut suffixes(|| 7)),
            plan_for_node(&node, "n", &facts, &options, &mut suffixes(|| 7)),
        ];
        for plan in plans.into_iter().flatten() {
            for body in plan.requests.iter().filter_map(body) {
                prop_assert_eq!(&read_back(body), body);
            }
            let whole = document::gathered(document::documents([&plan, &plan])).expect("there are documents");
            prop_assert_eq!(&read_back(&whole), &whole);
        }
    }

    #[test]
    fn auto_is_admitted_wherever_a_plain_pod_is(pod in pod(), choices in choices()) {
        let options = DebugOptions { profile: Profile::Auto, custom: None, ..choices };
        let facts = Facts { enforce: Some(PodSecurity::Restricted), ..Facts::default() };
        let plan = plan_for_pod(&pod, &facts, &options, &mut suffixes(|| 7)).expect("auto finds a way");
        let added = &body(&plan.requests[0]).expect("a patch has a body")["spec"]["ephemeralContainers"][0];
        let context = &added["securityContext"];
        prop_assert_eq!(&context["runAsNonRoot"], true);
        prop_assert_eq!(&context["allowPrivilegeEscalation"], false);
        prop_assert_eq!(&context["capabilities"], &json!({"drop": ["ALL"]}));
        prop_assert_ne!(&context["runAsUser"], 0);
        prop_assert!(context["runAsUser"].is_i64(), "without a user a root image would not start");
        prop_assert!(!plan.reasons.is_empty());
        prop_assert!(plan.warnings.iter().all(|warning| !warning.contains("refuses profile")), "{:?}", plan.warnings);
    }

    #[test]
    fn no_pod_and_no_custom_text_panics(
        pod in anything(), spec in anything(), status in anything(), text in "[ -~\n]{0,40}",
    ) {
        let options = DebugOptions {
            image: Some("busybox".into()),
            custom: parse_custom(&text).ok(),
            ..DebugOptions::default()
        };
        let _ = plan_for_pod(&pod, &Facts::default(), &options, &mut suffixes(|| 7));
        let pod = json!({"metadata": {"name": "p", "namespace": "n"}, "spec": {
            "containers": spec, "initContainers": [spec], "securityContext": spec, "shareProcessNamespace": spec,
            "volumes": [spec],
        }, "status": {"containerStatuses": [status], "phase": status}});
        let copy = DebugOptions { copy: Some(CopyOptions::named("c")), ..options.clone() };
        for options in [options, copy] {
            let _ = plan_for_pod(&pod, &Facts::default(), &options, &mut suffixes(|| 7));
        }
    }
}
