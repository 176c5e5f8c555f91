//! The matrix's cases E: ephemeral debuggers, and what copies do with the same choices.

use bathyscope::plan::{DebugOptions, Profile, parse_custom};
use serde_json::{Value, json};

use super::{LINUX_PROFILES, added, copied, copy, custom, general, image, plain, plan, refusal, rich, windows};

#[test]
fn e01_a_generated_name() {
    let plan = plan(&plain(), &general());
    let name = plan.container.expect("there is a debugger");
    let suffix = name.strip_prefix("debugger-").expect("a generated name");
    assert!(suffix.len() == 5 && suffix.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b)));
}

#[test]
fn e03_e04_e06_attach_follows_the_input_unless_it_is_said() {
    for (stdin, attach, expected) in
        [(false, None, false), (true, None, true), (true, Some(false), false), (false, Some(true), true)]
    {
        let options = DebugOptions { stdin, attach, ..general() };
        assert_eq!(plan(&plain(), &options).attach, expected, "{stdin} {attach:?}");
        assert_eq!(added(&plain(), &options)["stdin"] == true, stdin);
    }
}

#[test]
fn e17_to_e22_targets_and_names() {
    for target in ["app", "init"] {
        let options = DebugOptions { target: Some(target.into()), ..general() };
        assert_eq!(added(&rich(), &options)["targetContainerName"], target);
    }
    for target in ["nope", "old"] {
        refusal(&rich(), &DebugOptions { target: Some(target.into()), ..general() });
    }
    for name in ["app", "init", "old"] {
        for profile in [Profile::General, Profile::Baseline, Profile::Legacy] {
            let options = DebugOptions { container: Some(name.into()), ..image(profile) };
            assert!(refusal(&rich(), &options).contains("already has"), "{name} {profile}");
        }
    }
}

#[test]
fn e25_e26_the_non_root_warning() {
    let mut pod = plain();
    pod["spec"]["securityContext"] = json!({"runAsUser": 1000, "runAsNonRoot": true});
    for profile in LINUX_PROFILES {
        let warns = !plan(&pod, &image(profile)).warnings.is_empty();
        let expected = !matches!(profile, Profile::Restricted | Profile::Baseline);
        assert_eq!(warns, expected, "{profile}");
    }
}

#[test]
fn e27_e28_a_windows_pod() {
    for profile in [Profile::General, Profile::Restricted, Profile::Sysadmin, Profile::Netadmin] {
        assert!(refusal(&windows(), &image(profile)).contains("Windows"), "{profile}");
    }
    for profile in [Profile::Baseline, Profile::Legacy, Profile::Auto] {
        assert_eq!(added(&windows(), &image(profile))["securityContext"], Value::Null, "{profile}");
    }
}

#[test]
fn e29_c21_a_static_pod_takes_only_a_copy() {
    let mut pod = plain();
    pod["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"});
    assert!(refusal(&pod, &general()).contains("static pod"));
    let body = copied(&pod, &copy(general(), |_| {}));
    assert_eq!(body["metadata"], json!({"name": "copy", "namespace": "n"}));
}

#[test]
fn e30_a_pod_that_is_over_or_not_placed_is_planned_with_a_word_about_it() {
    for (field, value) in [
        ("status", json!({"phase": "Succeeded"})),
        ("status", json!({"phase": "Pending"})),
        ("metadata", json!({"name": "p", "namespace": "n", "deletionTimestamp": "2026-01-01T00:00:00Z"})),
    ] {
        let mut pod = plain();
        pod[field] = value;
        assert_eq!(plan(&pod, &general()).warnings.len(), 1, "{pod}");
    }
}

#[test]
fn e36_a_custom_container_is_merged() {
    let options = DebugOptions {
        env: vec![("A".into(), "1".into()), ("B".into(), "2".into())],
        ..custom(
            "imagePullPolicy: Never\nargs: [x]\nenv: [{name: A, value: three}]\nvolumeMounts: [{name: d, mountPath: /d}]\n\
             securityContext: {runAsUser: 0, capabilities: {add: [NET_ADMIN]}}\n",
        )
    };
    let container = added(&rich(), &options);
    assert_eq!(container["imagePullPolicy"], "Never");
    assert_eq!(container["args"], json!(["x"]));
    assert_eq!(container["env"], json!([{"name": "A", "value": "three"}, {"name": "B", "value": "2"}]));
    assert_eq!(container["volumeMounts"], json!([{"name": "d", "mountPath": "/d"}]));
    assert_eq!(container["securityContext"], json!({"capabilities": {"add": ["NET_ADMIN"]}, "runAsUser": 0}));
}

#[test]
fn e37_e38_custom_fields_that_are_not_to_be_set() {
    for text in ["name: x", "command: [x]", "image: x", "lifecycle: {}", "volumeDevices: [{name: d, devicePath: /d}]"] {
        assert!(refusal(&rich(), &custom(text)).contains("cannot set"), "{text}");
        assert!(refusal(&rich(), &copy(custom(text), |_| {})).contains("cannot set"), "{text}");
    }
    for text in
        ["resources: {limits: {cpu: 1}}", "ports: [{containerPort: 80}]", "livenessProbe: {tcpSocket: {port: 80}}"]
    {
        assert!(refusal(&rich(), &custom(text)).contains("ephemeral container cannot have"), "{text}");
        let body = copied(&rich(), &copy(custom(text), |_| {}));
        let field = text.split(':').next().expect("a field");
        assert!(!body["spec"]["containers"][2][field].is_null(), "{text} is legal in a copy");
    }
}

#[test]
fn e39_custom_containers_that_change_nothing() {
    let unchanged = added(&plain(), &general());
    for text in ["", "{}", "env: null", "{\"$patch\": \"delete\", \"stdin\": false}", "nosuchfield: 1"] {
        assert_eq!(added(&plain(), &custom(text)), unchanged, "{text:?}");
    }
    assert!(parse_custom("{not: [json").is_err());
}
