//! What the real `kubectl debug` 1.36.2 sent for 79 combinations of pod and flags, held against our plans.

use bathyscope::cli::{Arguments, Verb};
use bathyscope::plan::{
    DebugOptions, Facts, Plan, Profile, Refusal, Request, Resource, plan_for_node, plan_for_pod, suffixes, validate,
};
use clap::Parser as _;
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

/// The choices that the command line of these words makes, with kubectl's defaults.
fn options(resource: &str, args: &[String]) -> Result<DebugOptions, Refusal> {
    let words = ["bathy", "debug", resource].into_iter().chain(args.iter().map(String::as_str));
    let arguments = Arguments::try_parse_from(words).map_err(|mistake| Refusal { message: mistake.to_string() })?;
    let Some(Verb::Debug(debug)) = arguments.verb else { panic!("it is the sub-command debug") };
    assert_eq!(debug.resources, [resource]);
    debug.invocation().options(Profile::General, |file| Ok(custom_file(file).to_owned()))
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
    let resource = case["resource"].as_str().expect("a resource is text");
    let options = options(resource, &args)?;
    let mut seed = 0;
    let mut draws = suffixes(move || {
        seed += 1_000_003;
        seed
    });
    match Resource::parse(resource)? {
        Resource::Node(node) => {
            let node = json!({"metadata": {"name": node}});
            plan_for_node(&node, "vec", &Facts::default(), &options, &mut draws)
        }
        Resource::Pod(_) => plan_for_pod(&case["input"], &Facts::default(), &options, &mut draws),
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
        Request::CreatePod { namespace, pod, body, .. } => {
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
            let resource = case["resource"].as_str().expect("a resource is text");
            assert_eq!(options(resource, &args).and_then(|options| validate(&options)), Ok(()), "{what}");
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
