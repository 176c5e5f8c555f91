//! What the real `kubectl debug` 1.36.2 sent for 79 combinations of pod and flags, held against our plans.

use bathyscope::plan::{
    CopyOptions, DebugOptions, Facts, Plan, Profile, Refusal, Request, parse_custom, parse_env, parse_profile,
    parse_pull_policy, parse_set_image, plan_for_node, plan_for_pod, suffixes, validate,
};
use serde_json::{Value, json};

/// Cases that kubectl or the command line refuses by itself: the word by which our refusal means the same.
const REFUSED_BY_KUBECTL: [(&str, &str); 10] = [
    ("006", "unknown profile"),
    ("012", "--env"),
    ("015", "--stdin"),
    ("023", "valid image"),
    ("026", "--image"),
    ("032", "--set-image"),
    ("058", "--set-image"),
    ("059", "--set-image"),
    ("070", "--share-processes"),
    ("094", "existing container"),
];
/// Cases that kubectl sends and the server refuses; we say so before anything is sent.
const REFUSED_UP_FRONT: [(&str, &str); 7] = [
    ("022", "resources"),
    ("049", "already has an ephemeral container"),
    ("050", "Windows"),
    ("051", "Windows"),
    ("076", "cannot name a pod"),
    ("101", "hostPID"),
    ("107", "another name"),
];
/// Cases that the server refuses and that are compared by what is sent: whether a volume of the copy exists is left
/// to the server.
const REFUSED_BY_THE_SERVER: [&str; 1] = ["075"];
/// The pod does not exist: kubectl finds that out by asking, and there is nothing to plan.
const NO_SUCH_POD: &str = "052";

fn cases() -> Vec<Value> {
    let text = include_str!("../data/vectors/kubectl-debug.json");
    serde_json::from_str(text).expect("the vectors are JSON")
}

/// The flags of these cases, with kubectl's defaults.
fn options(args: &[String]) -> Result<DebugOptions, Refusal> {
    let mut options = DebugOptions { profile: Profile::General, ..DebugOptions::default() };
    let mut copy = CopyOptions::named("");
    let (mut env, mut set_image) = (Vec::new(), Vec::new());
    let mut args = args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        let (flag, value) = arg.split_once('=').unwrap_or((arg, "true"));
        match flag {
            "--" => options.command = args.by_ref().map(str::to_owned).collect(),
            "-c" => options.container = args.next().map(str::to_owned),
            "-i" => options.stdin = true,
            "-t" => options.tty = true,
            "-it" => (options.stdin, options.tty) = (true, true),
            "--arguments-only" => options.arguments_only = true,
            "--attach" => options.attach = Some(value == "true"),
            "--copy-to" => value.clone_into(&mut copy.name),
            "--custom" => options.custom = Some(parse_custom(custom_file(value))?),
            "--env" => env.push(value),
            "--image" => options.image = Some(value.to_owned()),
            "--image-pull-policy" => options.pull_policy = parse_pull_policy(value)?,
            "--keep-annotations" => copy.keep_annotations = true,
            "--keep-labels" => copy.keep_labels = true,
            "--keep-liveness" => copy.keep_liveness = true,
            "--keep-readiness" => copy.keep_readiness = true,
            "--keep-startup" => copy.keep_startup = true,
            "--profile" => options.profile = parse_profile(value)?,
            "--set-image" => set_image.push(value),
            "--share-processes" => copy.share_processes = Some(value == "true"),
            "--target" => options.target = Some(value.to_owned()),
            other => panic!("no case had the flag {other}"),
        }
    }
    options.env = parse_env(&env)?;
    copy.set_image = parse_set_image(&set_image)?;
    if copy.name.is_empty() {
        if !copy.set_image.is_empty() {
            options.copy_flags_without_copy.push("set-image".into());
        }
    } else {
        options.copy = Some(copy);
    }
    Ok(options)
}

fn custom_file(name: &str) -> &'static str {
    match name {
        "custom1.json" => include_str!("../data/vectors/custom1.json"),
        "custom2.yaml" => include_str!("../data/vectors/custom2.yaml"),
        "custom_bad.json" => include_str!("../data/vectors/custom_bad.json"),
        other => panic!("no case had the file {other}"),
    }
}

fn planned(case: &Value) -> Result<Plan, Refusal> {
    let args: Vec<String> = serde_json::from_value(case["args"].clone()).expect("arguments are text");
    let options = options(&args)?;
    let mut seed = 0;
    let mut draws = suffixes(move || {
        seed += 1_000_003;
        seed
    });
    match case["resource"].as_str().and_then(|name| name.strip_prefix("node/")) {
        Some(node) => {
            let node = json!({"metadata": {"name": node}});
            plan_for_node(&node, "vec", &Facts::default(), &options, &mut draws)
        }
        None => plan_for_pod(&case["input"], &Facts::default(), &options, &mut draws),
    }
}

/// A request as the vectors hold one.
fn recorded(request: &Request) -> Value {
    match request {
        Request::PatchEphemeral { namespace, pod, body } => json!({
            "method": "PATCH",
            "path": format!("/api/v1/namespaces/{namespace}/pods/{pod}/ephemeralcontainers"),
            "body": body,
        }),
        Request::CreatePod { namespace, pod, body } => {
            assert_eq!(&body["metadata"]["name"], pod, "the name of the pod is the one in its body");
            json!({"method": "POST", "path": format!("/api/v1/namespaces/{namespace}/pods"), "body": body})
        }
        Request::DeletePod { namespace, pod } => {
            json!({"method": "DELETE", "path": format!("/api/v1/namespaces/{namespace}/pods/{pod}")})
        }
    }
}

/// With generated names made alike and `env` in a fixed order, which kubectl leaves to chance.
fn comparable(value: &Value) -> Value {
    match value {
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| {
                let mut value = comparable(value);
                if let ("env", Value::Array(entries)) = (key.as_str(), &mut value) {
                    entries.sort_by_key(|entry| entry["name"].to_string());
                }
                (key.clone(), value)
            })
            .collect(),
        Value::Array(list) => list.iter().map(comparable).collect(),
        Value::String(text) => generated(text).unwrap_or_else(|| text.clone()).into(),
        other => other.clone(),
    }
}

fn generated(text: &str) -> Option<String> {
    let (head, suffix) = text.rsplit_once('-')?;
    let is_generated = head == "debugger" || head.starts_with("node-debugger-");
    let is_suffix = suffix.len() == 5 && suffix.bytes().all(|b| b"bcdfghjklmnpqrstvwxz2456789".contains(&b));
    (is_generated && is_suffix).then(|| format!("{head}-#####"))
}

#[test]
fn every_case_sends_or_refuses_what_kubectl_does() {
    let cases = cases();
    assert_eq!(cases.len(), 79);
    let word =
        |table: &[(&str, &'static str)], id: &str| table.iter().find(|(known, _)| *known == id).map(|(_, word)| *word);
    for case in &cases {
        let id = case["id"].as_str().expect("cases have an id");
        let what = format!("case {id}: {} {}", case["resource"], case["args"]);
        let sent = case["requests"].as_array().expect("requests are a list");
        let refused = case["exitCode"] != 0;
        if id == NO_SUCH_POD {
            let args: Vec<String> = serde_json::from_value(case["args"].clone()).expect("arguments are text");
            assert_eq!(options(&args).and_then(|options| validate(&options)), Ok(()), "{what}");
            assert!(planned(case).is_err(), "{what}");
            continue;
        }
        let expected = match (refused, sent.is_empty()) {
            (true, true) => Some(word(&REFUSED_BY_KUBECTL, id).unwrap_or_else(|| panic!("{what} is refused"))),
            (true, false) if REFUSED_BY_THE_SERVER.contains(&id) => None,
            (true, false) => Some(word(&REFUSED_UP_FRONT, id).unwrap_or_else(|| panic!("{what} is refused"))),
            (false, _) => None,
        };
        match (planned(case), expected) {
            (Err(refusal), Some(word)) => {
                assert!(refusal.message.contains(word), "{what} is refused for another reason: {refusal}");
            }
            (Err(refusal), None) => {
                panic!("{what} is planned by kubectl, refused by us: {refusal}")
            }
            (Ok(plan), Some(word)) => {
                panic!("{what} is to be refused ({word}), but is planned: {plan:?}")
            }
            (Ok(plan), None) => {
                let ours: Vec<Value> = plan.requests.iter().map(recorded).collect();
                assert_eq!(comparable(&ours.into()), comparable(&case["requests"]), "{what}");
                let says = case["message"].as_str().is_some_and(|message| message.contains("Non-root user"));
                let warns = plan.warnings.iter().any(|warning| warning.starts_with("Non-root user"));
                assert_eq!(warns, says, "the warning of {what}");
            }
        }
    }
}
