//! Forms that a way out of a problem opens: nothing of what was chosen is lost; what a form says of mounts, namespaces
//! and the server's remarks.

use std::sync::Arc;

use bathyscope::app::overlay::{FieldName, FormId, Found, Overlay, Subject, Verdict};
use bathyscope::app::{Effect, Message, Mount, Start, Target, Toolkit, open_node_form, start};
use bathyscope::cluster::{Fix, LaunchStep, PodKey, Problem, Way};
use bathyscope::plan::{CopyOptions, DebugOptions, Facts, Profile, PullPolicy};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::console_state::Console;

fn crash() -> PodKey {
    PodKey { namespace: "payments".into(), name: "crash".into() }
}

fn found(object: Value) -> Found {
    let suffixes = vec!["x7k2p".to_owned(), "b9v4c".to_owned()];
    Found { object: Arc::new(object), facts: Facts::default(), seen: Vec::new(), suffixes }
}

fn pod() -> Value {
    json!({
        "metadata": {"name": "crash", "namespace": "payments"},
        "spec": {"containers": [{"name": "app", "image": "a:1"}, {"name": "side", "image": "s:1"}],
                 "volumes": [{"name": "data", "emptyDir": {}}]},
    })
}

fn opened(console: &Console) -> (FormId, Subject) {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::ReadSubject(id, _, subject) => Some((*id, subject.clone())),
        _ => None,
    });
    found.expect("a form was opened")
}

fn started(console: &Console) -> Start {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::Start(_, _, start, _) | Effect::StartDrawn(_, _, start, ..) => Some(start.clone()),
        _ => None,
    });
    found.expect("something was started")
}

/// What the form starts that this way out of this start opens.
fn through_the_form(target: Target, options: &DebugOptions, way: Way) -> Start {
    let mut console = Console::with_pods(160, 48);
    let given = Start::Debug { pod: crash(), target, options: Box::new(options.clone()) };
    let asked = start(&mut console.state, given);
    let Some(Effect::Start(id, ..)) = asked.last().cloned() else { panic!("{asked:?}") };
    let problem = Problem::new("it does not start", "no", "").with_fixes([Fix::new("the form", way)]);
    console.told(Message::Launch(id, LaunchStep::Stuck(problem)));
    console.told(Message::Tick(console.state.now + SignedDuration::from_secs(2)));
    console.press("1");
    let (form, _) = opened(&console);
    console.told(Message::SubjectRead(form, Ok(found(pod()))));
    console.press("<enter>");
    started(&console)
}

fn ephemeral() -> DebugOptions {
    DebugOptions {
        image: Some("tools:1".into()),
        container: Some("mine".into()),
        profile: Profile::Netadmin,
        command: vec!["sh".into(), "-c".into(), "echo it's".into()],
        arguments_only: true,
        env: vec![("A".into(), "x y".into())],
        pull_policy: Some(PullPolicy::Never),
        stdin: true,
        tty: true,
        custom: Some(json!({
            "workingDir": "/tmp",
            "securityContext": {"runAsUser": 7, "runAsGroup": 8, "capabilities": {"add": ["NET_RAW"]}},
            "volumeMounts": [{"name": "data", "mountPath": "/d", "mountPropagation": "None"}],
        })),
        ..DebugOptions::default()
    }
}

#[test]
fn nothing_that_was_chosen_for_a_debugger_is_lost() {
    // The inspector knows nothing of side.
    for target in [None, Some("side")] {
        let options = DebugOptions { target: target.map(Into::into), ..ephemeral() };
        for way in [Way::Form, Way::Image(None)] {
            let Start::Debug { options: again, target, .. } = through_the_form(Target::AsGiven, &options, way) else {
                panic!("no debugger")
            };
            assert_eq!((*again, target), (options.clone(), Target::AsGiven));
        }
    }
    // The default target is said by its name.
    let Start::Debug { options, .. } = through_the_form(Target::Default, &ephemeral(), Way::Form) else { panic!() };
    assert_eq!(options.target.as_deref(), Some("app"));
}

#[test]
fn nothing_that_was_chosen_for_a_copy_is_lost() {
    let copy = CopyOptions {
        replace: true,
        same_node: true,
        set_image: vec![
            ("app".into(), "nosuch:1".into()),
            ("other".into(), "o:2".into()),
            ("*".into(), "all:1".into()),
        ],
        share_processes: Some(false),
        keep_labels: true,
        keep_annotations: true,
        keep_liveness: true,
        keep_readiness: true,
        keep_startup: true,
        keep_init_containers: false,
        labels: vec![("l".into(), "1".into())],
        annotations: vec![("a".into(), "1".into())],
        active_deadline: Some(60),
        ..CopyOptions::named("crash-2")
    };
    for share_processes in [Some(false), Some(true), None] {
        let copy = CopyOptions { share_processes, ..copy.clone() };
        let options = DebugOptions { image: None, container: Some("app".into()), copy: Some(copy), ..ephemeral() };
        let Start::Debug { options: again, .. } = through_the_form(Target::AsGiven, &options, Way::Form) else {
            panic!("no debugger")
        };
        let mut sorted = (*again).clone();
        // The order of the images says nothing.
        if let (Some(copy), Some(given)) = (&mut sorted.copy, &options.copy) {
            assert_eq!(copy.set_image.len(), given.set_image.len());
            assert!(given.set_image.iter().all(|set| copy.set_image.contains(set)), "{:?}", copy.set_image);
            copy.set_image.clone_from(&given.set_image);
        }
        assert_eq!(sorted, options);
    }
}

#[test]
fn the_form_of_a_bad_image_that_is_set_stands_at_that_image() {
    let copy = CopyOptions { set_image: vec![("app".into(), "nosuch:1".into())], ..CopyOptions::named("crash-2") };
    let mut console = Console::with_pods(80, 24);
    let options = DebugOptions { container: Some("app".into()), copy: Some(copy), ..DebugOptions::default() };
    let given = Start::Debug { pod: crash(), target: Target::AsGiven, options: Box::new(options) };
    let asked = start(&mut console.state, given);
    let Some(Effect::Start(id, ..)) = asked.last().cloned() else { panic!("{asked:?}") };
    let problem = Problem::new("bad", "no", "").with_fixes([Fix::new("another image", Way::Image(None))]);
    console.told(Message::StartFailed(id, problem));
    console.press("1");
    let Some(Overlay::Form(form)) = &console.state.overlay else { panic!("no form") };
    assert_eq!(form.focused().name, FieldName::SetImage("app".into()));
}

#[test]
fn a_user_that_is_typed_in_replaces_the_one_of_the_start() {
    let mut console = Console::with_pods(160, 48);
    let given = Start::Debug { pod: crash(), target: Target::AsGiven, options: Box::new(ephemeral()) };
    let asked = start(&mut console.state, given);
    let Some(Effect::Start(id, ..)) = asked.last().cloned() else { panic!("{asked:?}") };
    let problem = Problem::new("bad", "no", "").with_fixes([Fix::new("the form", Way::Form)]);
    console.told(Message::StartFailed(id, problem));
    console.press("1");
    console.told(Message::SubjectRead(opened(&console).0, Ok(found(pod()))));
    let Some(Overlay::Form(form)) = &mut console.state.overlay else { panic!("no form") };
    let run_as = form.fields.iter().position(|field| field.name == FieldName::RunAs).expect("a field");
    form.focus = run_as;
    console.press("<backspace><backspace><backspace>9<enter>");
    let Start::Debug { options, .. } = started(&console) else { panic!("no debugger") };
    let custom = options.custom.expect("a custom container");
    assert_eq!(custom["securityContext"], json!({"capabilities": {"add": ["NET_RAW"]}, "runAsUser": 9}));
    assert_eq!(custom["workingDir"], "/tmp");
}

#[test]
fn a_toolkit_of_the_palette_whose_mount_is_absent_opens_the_form_that_says_so() {
    let mut console = Console::with_pods(160, 48);
    let mount = Mount { volume: "cache".to_owned(), path: "/cache".to_owned(), read_only: true };
    console.state.settings.toolkits = vec![Toolkit {
        name: "db".to_owned(),
        image: "postgres:17".to_owned(),
        profile: Profile::Baseline,
        command: vec![],
        env: vec![],
        mounts: vec![mount],
    }];
    console.press(":debug with db<enter>");
    let (id, _) = opened(&console);
    console.told(Message::SubjectRead(id, Ok(found(pod()))));
    let screen = console.screen();
    assert!(screen.contains("postgres:17") && screen.contains("mount of cache on /cache is left out"), "{screen}");
    console.press("<enter>");
    let Start::Debug { options, .. } = started(&console) else { panic!("no debugger") };
    assert_eq!((options.image.as_deref(), options.custom), (Some("postgres:17"), None));
}

#[test]
fn a_namespace_that_is_typed_in_is_read_once_it_has_settled() {
    let mut console = Console::with_pods(80, 24);
    let asked = open_node_form(&mut console.state, "node-1", "payments", ephemeral());
    console.asked.extend(asked);
    let (id, _) = opened(&console);
    let node = json!({"metadata": {"name": "node-1"}});
    console.told(Message::SubjectRead(id, Ok(found(node.clone()))));
    let Some(Overlay::Form(form)) = &mut console.state.overlay else { panic!("no form") };
    form.focus = form.fields.iter().position(|field| field.name == FieldName::Namespace).expect("a field");
    console.press("-2");
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(400)));
    let (again, subject) = opened(&console);
    assert_eq!((again, subject), (id, Subject::Node { node: "node-1".into(), namespace: "payments-2".into() }));
    console.told(Message::SubjectRead(id, Ok(found(node))));
    console.press("<enter>");
    assert!(matches!(started(&console), Start::NodeDebug { namespace, .. } if &*namespace == "payments-2"));
    let asked = open_node_form(&mut console.state, "node-1", "Not A Name", ephemeral());
    console.asked.extend(asked);
    let id = opened(&console).0;
    console.told(Message::SubjectRead(id, Ok(found(json!({"metadata": {"name": "node-1"}})))));
    assert!(console.screen().contains("is no name of a namespace"), "{}", console.screen());
}

#[test]
fn what_the_server_remarks_about_the_dry_run_is_shown() {
    let mut console = Console::with_pods(160, 48);
    console.press("E");
    let (id, _) = opened(&console);
    console.told(Message::SubjectRead(id, Ok(found(pod()))));
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(400)));
    let revision = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::CheckPlan { revision, .. } => Some(*revision),
        _ => None,
    });
    let warning = "would violate PodSecurity \"restricted:latest\"".to_owned();
    console.told(Message::Checked(id, revision.expect("asked"), Verdict::Warnings(vec![warning])));
    assert!(console.screen().contains("! the server warns: would violate PodSecurity"), "{}", console.screen());
}
