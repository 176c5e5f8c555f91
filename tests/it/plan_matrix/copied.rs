//! The matrix's cases C: copies of a pod.

use bathyscope::plan::{CopyOptions, DebugOptions, Profile, Request};
use serde_json::{Value, json};

use super::{
    LINUX_PROFILES, container, copied, copy, custom, general, image, plain, plan, pod, refusal, rich, shell_in, windows,
};

#[test]
fn c01_c19_a_copy_with_a_new_debugger() {
    let body = copied(&rich(), &copy(general(), |_| {}));
    assert_eq!(body["metadata"], json!({"name": "copy", "namespace": "n"}));
    assert!(body.get("status").is_none());
    let spec = &body["spec"];
    assert!(spec.get("nodeName").is_none() && spec.get("ephemeralContainers").is_none());
    assert_eq!(spec["shareProcessNamespace"], true);
    assert_eq!(spec["initContainers"], rich()["spec"]["initContainers"]);
    assert_eq!(spec["containers"].as_array().map(Vec::len), Some(3));
    assert_eq!(spec["containers"][2]["image"], "busybox");
    let app = container(&body, "app");
    assert_eq!(app["securityContext"], rich()["spec"]["containers"][0]["securityContext"]);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        assert!(app.get(probe).is_none(), "{probe}");
    }
    // C22: the probes of a sidecar stay.
    assert!(container(&body, "side").get("startupProbe").is_some());
}

#[test]
fn c02_c03_a_container_of_the_copy_is_changed() {
    let body = copied(&rich(), &copy(shell_in("app", Profile::General), |_| {}));
    let app = container(&body, "app");
    assert_eq!(app["command"], json!(["sh"]));
    assert!(app.get("args").is_none() && app.get("stdin").is_none() && app.get("tty").is_none());
    assert_eq!(app["env"], rich()["spec"]["containers"][0]["env"]);
    assert_eq!(
        app["securityContext"],
        json!({"runAsUser": 7, "capabilities": {"add": ["CHOWN", "SYS_PTRACE"], "drop": ["ALL"]}})
    );

    let options = DebugOptions {
        image: Some("app:debug".into()),
        env: vec![("B".into(), "1".into())],
        arguments_only: true,
        ..shell_in("app", Profile::Restricted)
    };
    let body = copied(&rich(), &copy(options, |_| {}));
    let app = container(&body, "app");
    assert_eq!((&app["image"], &app["command"], &app["args"]), (&json!("app:debug"), &json!(["/app"]), &json!(["sh"])));
    assert_eq!(app["env"], json!([{"name": "B", "value": "1"}]));
    assert_eq!(app["securityContext"]["runAsUser"], Value::Null);
    assert_eq!(app["securityContext"]["runAsNonRoot"], true);
}

#[test]
fn c04_to_c07_c24_only_images_are_changed() {
    let set = |copy: &mut CopyOptions| {
        copy.set_image = vec![("*".into(), "a".into()), ("log".into(), "b".into())];
    };
    let unnamed = DebugOptions { image: None, stdin: true, tty: true, ..general() };
    let no_such = DebugOptions { container: Some("nosuch".into()), ..unnamed.clone() };
    for options in [unnamed.clone(), no_such.clone()] {
        let options = copy(options, set);
        let plan = plan(&rich(), &options);
        assert_eq!((plan.container, plan.attach), (None, false));
        assert!(plan.warnings[0].contains("Services"));
        let body = copied(&rich(), &options);
        assert_eq!(body["metadata"]["labels"], rich()["metadata"]["labels"]);
        assert_eq!(body["metadata"]["annotations"], rich()["metadata"]["annotations"]);
        assert!(body["spec"].get("shareProcessNamespace").is_none());
        let mut app = rich()["spec"]["containers"][0].clone();
        app["image"] = "a".into();
        assert_eq!(container(&body, "app"), &app);
        assert_eq!(container(&body, "log")["image"], "b");
        assert_eq!(container(&body, "init")["image"], "init:1");
    }
    let named = DebugOptions { image: None, container: Some("app".into()), ..image(Profile::Baseline) };
    let body = copied(&rich(), &copy(named, set));
    assert_eq!(container(&body, "app").get("securityContext"), None);
    assert!(body["metadata"].get("labels").is_none());
    assert!(refusal(&rich(), &copy(shell_in("nosuch", Profile::General), |_| {})).contains("--image"));
    // C20: the debugger's image wins over a set one.
    let both = DebugOptions { container: Some("app".into()), ..general() };
    assert_eq!(container(&copied(&rich(), &copy(both, set)), "app")["image"], "busybox");
}

type Flag = fn(&mut CopyOptions);

#[test]
fn c08_each_keep_flag_keeps_one_thing() {
    let without = copied(&rich(), &copy(general(), |_| {}));
    let rich = rich();
    let app = "/spec/containers/0";
    let flags: [(Flag, String); 5] = [
        (|copy| copy.keep_labels = true, "/metadata/labels".into()),
        (|copy| copy.keep_annotations = true, "/metadata/annotations".into()),
        (|copy| copy.keep_liveness = true, format!("{app}/livenessProbe")),
        (|copy| copy.keep_readiness = true, format!("{app}/readinessProbe")),
        (|copy| copy.keep_startup = true, format!("{app}/startupProbe")),
    ];
    for (flag, kept) in flags {
        let mut with = copied(&rich, &copy(general(), flag));
        assert_eq!(with.pointer(&kept), rich.pointer(&kept), "{kept}");
        let (parent, field) = kept.rsplit_once('/').expect("a path");
        with.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(field);
        assert_eq!(with, without, "nothing but {kept} differs");
    }
    let none = copied(&rich, &copy(general(), |copy| copy.keep_init_containers = false));
    assert!(none["spec"].get("initContainers").is_none());
}

#[test]
fn c09_c10_legacy_and_the_same_node() {
    let body = copied(
        &rich(),
        &copy(image(Profile::Legacy), |copy| {
            copy.keep_labels = true;
            copy.keep_init_containers = false;
            copy.same_node = true;
        }),
    );
    assert!(body["metadata"].get("labels").is_none());
    assert_eq!(body["metadata"]["annotations"], rich()["metadata"]["annotations"]);
    assert!(container(&body, "app").get("livenessProbe").is_some());
    assert!(container(&body, "init").is_object());
    assert!(body["spec"].get("shareProcessNamespace").is_none());
    assert_eq!(body["spec"]["nodeName"], "n1");
}

#[test]
fn c11_c12_whether_processes_are_shared() {
    for (source, flag, legacy, others) in [
        (json!(null), None, json!(null), json!(true)),
        (json!(null), Some(true), json!(true), json!(true)),
        (json!(null), Some(false), json!(false), json!(false)),
        (json!(true), None, json!(true), json!(true)),
        (json!(true), Some(false), json!(false), json!(false)),
        (json!(false), None, json!(false), json!(false)),
        (json!(false), Some(true), json!(true), json!(true)),
    ] {
        let mut pod = plain();
        if !source.is_null() {
            pod["spec"]["shareProcessNamespace"] = source.clone();
        }
        let shares = |profile| {
            let body = copied(&pod, &copy(image(profile), |copy| copy.share_processes = flag));
            body["spec"]["shareProcessNamespace"].clone()
        };
        assert_eq!(shares(Profile::Legacy), legacy, "legacy: {source} {flag:?}");
        for profile in LINUX_PROFILES {
            assert_eq!(shares(profile), others, "{profile}: {source} {flag:?}");
        }
    }
}

#[test]
fn c13_c14_pods_that_cannot_share_processes() {
    let host = pod(&json!({"containers": [{"name": "app"}], "hostPID": true}));
    assert!(refusal(&host, &copy(general(), |_| {})).contains("--share-processes=false"));
    let legacy = copy(image(Profile::Legacy), |copy| {
        copy.share_processes = Some(true);
    });
    assert!(refusal(&host, &legacy).contains("hostPID"));
    let unshared = copy(general(), |copy| copy.share_processes = Some(false));
    assert_eq!(copied(&host, &unshared)["spec"]["shareProcessNamespace"], false);
    let auto = copy(image(Profile::Auto), |_| {});
    assert_eq!(copied(&host, &auto)["spec"]["shareProcessNamespace"], false);

    assert!(refusal(&windows(), &copy(image(Profile::Baseline), |_| {})).contains("legacy"));
    let unshared = copy(image(Profile::Baseline), |copy| {
        copy.share_processes = Some(false);
    });
    assert!(refusal(&windows(), &unshared).contains("Windows"));
    for profile in [Profile::Legacy, Profile::Auto] {
        let body = copied(&windows(), &copy(image(profile), |_| {}));
        assert!(body["spec"].get("shareProcessNamespace").is_none(), "{profile}");
    }
}

#[test]
fn c15_c16_an_init_container_of_the_copy() {
    let options = shell_in("init", Profile::General);
    let body = copied(&rich(), &copy(options.clone(), |_| {}));
    let init = container(&body, "init");
    assert_eq!(init["command"], json!(["sh"]));
    assert_eq!(init["securityContext"], json!({"capabilities": {"add": ["SYS_PTRACE"]}}));
    let custom = DebugOptions { custom: Some(json!({"workingDir": "/"})), ..options.clone() };
    assert!(refusal(&rich(), &copy(custom, |_| {})).contains("init container"));
    let without = copy(options, |copy| copy.keep_init_containers = false);
    assert!(refusal(&rich(), &without).contains("--keep-init-containers"));
}

#[test]
fn c17_c18_the_original_is_replaced_after_the_copy_is_made() {
    let plan = plan(&plain(), &copy(general(), |copy| copy.replace = true));
    let kinds: Vec<_> = plan
        .requests
        .iter()
        .map(|request| match request {
            Request::PatchEphemeral { pod, .. } => ("patch", pod.as_str()),
            Request::CreatePod { pod, .. } => ("create", pod.as_str()),
            Request::DeletePod { pod, .. } => ("delete", pod.as_str()),
        })
        .collect();
    assert_eq!(kinds, [("create", "copy"), ("delete", "p")]);
    let itself = copy(general(), |copy| {
        copy.replace = true;
        copy.name = "p".into();
    });
    assert!(refusal(&plain(), &itself).contains("another name"));
}

#[test]
fn c23_a_custom_container_over_one_that_exists_leaves_nothing_stale() {
    let options = DebugOptions {
        container: Some("app".into()),
        ..custom("env: [{name: A, value: '1'}]\nports: [{containerPort: 81}]\n")
    };
    let body = copied(&rich(), &copy(options, |_| {}));
    let app = container(&body, "app");
    assert_eq!(app["env"], json!([{"name": "A", "value": "1"}]));
    assert_eq!(app["ports"], json!([{"containerPort": 81}, {"name": "http", "containerPort": 80}]));
}

#[test]
fn our_own_marks_come_last_on_a_copy() {
    let body = copied(
        &rich(),
        &copy(general(), |copy| {
            copy.labels = vec![("tool".into(), "us".into())];
            copy.annotations = vec![("of".into(), "p".into())];
        }),
    );
    assert_eq!(body["metadata"]["labels"], json!({"tool": "us"}));
    assert_eq!(body["metadata"]["annotations"], json!({"of": "p"}));
}
