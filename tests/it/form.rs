//! The form of a debugger: what it plans, what it asks the cluster, and what its start sends.

use std::sync::Arc;

use bathyscope::app::overlay::{FormId, Found, Overlay, Preview, Subject, Tone, Verdict};
use bathyscope::app::{Effect, Message, Mount, RecentImages, Start, Toolkit, default_options, open_node_form};
use bathyscope::cluster::{Admission, ContainerKey, LaunchStep, PodKey, Problem, Refused};
use bathyscope::plan::{Facts, Plan, PodSecurity, Profile, Request, Right, plan_for_pod, rights};
use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::console_state::Console;

fn pod() -> Value {
    json!({
        "metadata": {"name": "crash", "namespace": "payments", "labels": {"app": "crash"}},
        "spec": {
            "containers": [{"name": "app", "image": "registry.example/app:1"}],
            "volumes": [{"name": "data", "emptyDir": {}}],
        },
        "status": {
            "phase": "Running",
            "containerStatuses": [{"name": "app", "user": {"linux": {"uid": 65532, "gid": 65532}}}],
        },
    })
}

fn found(enforce: Option<PodSecurity>) -> Found {
    let suffixes = ["x7k2p", "b9v4c", "zz222"].map(ToOwned::to_owned).to_vec();
    Found { object: Arc::new(pod()), facts: Facts { enforce, ..Facts::default() }, seen: Vec::new(), suffixes }
}

/// The form that was opened last, and whom it is about.
fn opened(console: &Console) -> (FormId, Subject) {
    let found = console.asked.iter().rev().find_map(|effect| match effect {
        Effect::ReadSubject(id, _, subject) => Some((*id, subject.clone())),
        _ => None,
    });
    found.expect("a form was opened")
}

/// A console with a form opened by this key, its pod read.
fn with_form(columns: u16, rows: u16, key: &str, enforce: Option<PodSecurity>) -> (Console, FormId) {
    let mut console = Console::with_pods(columns, rows);
    console.press(key);
    let (id, _) = opened(&console);
    console.told(Message::SubjectRead(id, Ok(found(enforce))));
    (console, id)
}

fn later(console: &mut Console, milliseconds: i64) {
    console.told(Message::Tick(console.state.now + SignedDuration::from_millis(milliseconds)));
}

fn checks(console: &Console) -> Vec<(FormId, u64, Plan)> {
    let checks = console.asked.iter().filter_map(|effect| match effect {
        Effect::CheckPlan { form, revision, plan, .. } => Some((*form, *revision, (**plan).clone())),
        _ => None,
    });
    checks.collect()
}

fn shown(console: &Console) -> Plan {
    let Some(Overlay::Form(form)) = &console.state.overlay else { panic!("no form") };
    match form.preview() {
        Preview::Planned(planned) => planned.plan.clone(),
        other => panic!("{other:?}"),
    }
}

fn standing(console: &Console) -> Tone {
    let Some(Overlay::Form(form)) = &console.state.overlay else { panic!("no form") };
    form.standing().0
}

fn granted(plan: &Plan) -> Verdict {
    Verdict::Rights(rights(plan).into_iter().map(|right| (right, Some(true))).collect())
}

fn refused(by: Refused, why: &str) -> Verdict {
    let problem = Problem { what: "cannot start".to_owned(), why: why.to_owned(), ..Problem::default() };
    Verdict::Admission(Admission::Refused(by, problem))
}

#[test]
fn the_pod_is_read_and_its_plan_is_shown() {
    let mut console = Console::with_pods(80, 24);
    console.press("E");
    let (id, subject) = opened(&console);
    let key = PodKey { namespace: "payments".into(), name: "crash".into() };
    assert_eq!(subject, Subject::Pod { pod: key, copy: false });
    assert!(console.screen().contains("reading pod payments/crash"));
    later(&mut console, 1_000);
    assert_eq!(checks(&console), [], "there is no plan to ask about yet");
    console.told(Message::SubjectRead(id, Ok(found(None))));
    assert_eq!(shown(&console).container.as_deref(), Some("debugger-x7k2p"));
}

#[test]
fn a_plan_is_asked_about_once_it_has_settled_and_older_answers_are_dropped() {
    let (mut console, id) = with_form(80, 24, "E", None);
    later(&mut console, 100);
    assert_eq!(checks(&console), []);
    console.press("2");
    later(&mut console, 250);
    assert_eq!(checks(&console), [], "it was edited meanwhile");
    later(&mut console, 250);
    let [(form, first, plan)] = &checks(&console)[..] else { panic!("one question") };
    assert_eq!((form, plan), (&id, &shown(&console)));
    later(&mut console, 1_000);
    assert_eq!(checks(&console).len(), 1, "nothing has changed");
    console.press("3");
    console.told(Message::Checked(id, *first, Verdict::Admission(Admission::Admitted)));
    assert_eq!(standing(&console), Tone::Faint, "that was about the older plan");
    later(&mut console, 400);
    let (_, second, _) = checks(&console)[1].clone();
    console.told(Message::Checked(FormId(99), second, Verdict::Admission(Admission::Admitted)));
    assert_eq!(standing(&console), Tone::Faint, "that was about another form");
    console.told(Message::Checked(id, second, Verdict::Admission(Admission::Admitted)));
    assert_eq!(standing(&console), Tone::Good);
}

#[test]
fn what_is_shown_is_what_is_sent() {
    for key in ["E", "C"] {
        let (mut console, _) = with_form(80, 24, key, Some(PodSecurity::Baseline));
        let shown = shown(&console);
        console.press("<enter>");
        let Some(Effect::StartDrawn(_, _, Start::Debug { options, .. }, _, drawn)) = console.asked.last() else {
            panic!("{:?}", console.asked.last())
        };
        // As the start does it.
        let mut options = (**options).clone();
        let mut suffixes = drawn.iter().cloned();
        if let Some(copy) = &mut options.copy {
            copy.name = bathyscope::plan::copy_name("crash", &suffixes.next().expect("a suffix"));
        }
        let facts = Facts { enforce: Some(PodSecurity::Baseline), ..Facts::default() };
        assert_eq!(plan_for_pod(&pod(), &facts, &options, &mut suffixes), Ok(shown));
    }
}

#[test]
fn starting_again_draws_other_names() {
    let (mut console, _) = with_form(80, 24, "C", None);
    console.press("<enter>");
    let Some(Effect::StartDrawn(id, ..)) = console.asked.last().cloned() else { panic!("{:?}", console.asked.last()) };
    let problem = Problem { what: "cannot create".to_owned(), ..Problem::default() };
    console.told(Message::StartFailed(id, problem));
    console.press("r");
    let Some(Effect::Start(_, _, Start::Debug { options, .. }, _)) = console.asked.last() else {
        panic!("{:?}", console.asked.last())
    };
    assert_eq!(options.copy.as_ref().map(|copy| copy.name.as_str()), Some(""));
}

#[test]
fn a_pod_that_cannot_be_read_can_still_be_debugged() {
    let mut console = Console::with_pods(80, 24);
    console.press("E");
    let (id, _) = opened(&console);
    let problem = Problem { what: "cannot read the pod".to_owned(), why: "no".to_owned(), ..Problem::default() };
    console.told(Message::SubjectRead(id, Err(problem)));
    assert!(console.screen().contains("cannot read the pod: no"));
    console.press("<enter>");
    assert!(matches!(console.asked.last(), Some(Effect::Start(..))), "{:?}", console.asked.last());
}

#[test]
fn a_plan_that_cannot_be_sent_is_not_sent() {
    let (mut console, _) = with_form(80, 24, "E", None);
    console.press("  not an image<enter>");
    assert!(console.state.overlay.is_some());
    assert!(console.screen().contains("is not a valid image"), "{}", console.screen());
    later(&mut console, 1_000);
    assert_eq!(checks(&console), []);
}

#[test]
fn a_missing_right_is_named() {
    let (mut console, id) = with_form(80, 24, "E", None);
    later(&mut console, 400);
    let (_, revision, plan) = checks(&console)[0].clone();
    let told: Vec<(Right, Option<bool>)> = rights(&plan)
        .into_iter()
        .map(|right| {
            let may = right.to_string() != "patch pods/ephemeralcontainers";
            (right, Some(may))
        })
        .collect();
    console.told(Message::Checked(id, revision, Verdict::Rights(told)));
    console.told(Message::Checked(id, revision, refused(Refused::ByRights, "User \"oncall\" cannot patch")));
    let screen = console.screen();
    assert!(screen.contains("✗ you may not patch pods/ephemeralcontainers in namespace payments"), "{screen}");
    assert!(screen.contains("a right is missing"), "{screen}");
}

#[test]
fn after_a_refusal_by_policy_another_way_is_offered_and_only_taken_when_asked_for() {
    let (mut console, id) = with_form(160, 48, "E", Some(PodSecurity::Restricted));
    // general, by name.
    console.press("<tab><tab><right>");
    later(&mut console, 400);
    let (_, revision, plan) = checks(&console).pop().expect("asked");
    assert_eq!(plan.profile, Profile::General);
    console.told(Message::Checked(id, revision, granted(&plan)));
    let why = "violates PodSecurity \"restricted:latest\": unrestricted capabilities";
    console.told(Message::Checked(id, revision, refused(Refused::ByPolicy, why)));
    assert_eq!(shown(&console).profile, Profile::General, "offered, not taken");
    assert_snapshot!("a_form_whose_plan_is_refused_by_policy", console.screen());
    console.press("<c-t>");
    let taken = shown(&console);
    assert_eq!(taken.profile, Profile::Restricted);
    let Request::PatchEphemeral { body, .. } = &taken.requests[0] else { panic!("{taken:?}") };
    let context = &body["spec"]["ephemeralContainers"][0]["securityContext"];
    assert_eq!((&context["runAsUser"], &context["runAsGroup"]), (&json!(65532), &json!(65532)));
    let screen = console.screen();
    assert!(screen.contains("‹ restricted ›") && screen.contains("65532:65532"), "{screen}");
    // It is another plan, so it is asked about anew.
    later(&mut console, 400);
    let (_, newer, _) = checks(&console).pop().expect("asked");
    assert_ne!(newer, revision);
}

#[test]
fn a_refusal_that_no_policy_made_offers_nothing() {
    let (mut console, id) = with_form(80, 24, "E", None);
    later(&mut console, 400);
    let (_, revision, _) = checks(&console)[0].clone();
    console.told(Message::Checked(id, revision, refused(Refused::Otherwise, "exceeded quota")));
    let before = shown(&console);
    console.press("<c-t>");
    assert_eq!(shown(&console), before);
    assert!(!console.screen().contains("^T"), "{}", console.screen());
}

#[test]
fn root_asked_for_by_name_is_meant() {
    let (mut console, _) = with_form(160, 48, "E", None);
    console.press("<up><up><up><up>0");
    let Request::PatchEphemeral { body, .. } = &shown(&console).requests[0] else { panic!("a patch") };
    let context = &body["spec"]["ephemeralContainers"][0]["securityContext"];
    assert_eq!((&context["runAsUser"], &context["runAsNonRoot"]), (&json!(0), &json!(false)), "{body}");
}

#[test]
fn the_command_is_copied_as_it_is_shown() {
    let (mut console, _) = with_form(80, 24, "E", None);
    console.press("<c-y>");
    let Some(Effect::Copy(text)) = console.asked.last() else { panic!("{:?}", console.asked.last()) };
    assert!(
        text.starts_with("kubectl debug -n payments crash -it --image=busybox:stable --target=app --profile=general"),
        "{text}"
    );
}

fn toolkit(mounts: &[&str]) -> Toolkit {
    let mount = |volume: &&str| Mount { volume: (*volume).to_owned(), path: format!("/{volume}"), read_only: true };
    Toolkit {
        name: "db".to_owned(),
        image: "postgres:17".to_owned(),
        profile: Profile::Baseline,
        command: vec!["psql".to_owned(), "-c".to_owned(), "select 1".to_owned()],
        env: vec![("PGHOST".to_owned(), "local host".to_owned())],
        mounts: mounts.iter().map(mount).collect(),
    }
}

#[test]
fn a_toolkit_sets_every_field_and_an_absent_volume_is_told_and_not_sent() {
    let mut console = Console::with_pods(160, 48);
    console.state.settings.toolkits = vec![toolkit(&["data", "cache"])];
    console.press("E");
    let (id, _) = opened(&console);
    console.told(Message::SubjectRead(id, Ok(found(None))));
    console.press("<up><right>");
    let plan = shown(&console);
    let Request::PatchEphemeral { body, .. } = &plan.requests[0] else { panic!("{plan:?}") };
    let container = &body["spec"]["ephemeralContainers"][0];
    assert_eq!((&container["image"], plan.profile), (&json!("postgres:17"), Profile::Baseline));
    assert_eq!(container["command"], json!(["psql", "-c", "select 1"]));
    assert_eq!(container["env"], json!([{"name": "PGHOST", "value": "local host"}]));
    assert_eq!(container["volumeMounts"], json!([{"name": "data", "mountPath": "/data", "readOnly": true}]));
    assert!(console.screen().contains("mount of cache on /cache is left out"), "{}", console.screen());
    console.press("<right>");
    let plan = shown(&console);
    let Request::PatchEphemeral { body, .. } = &plan.requests[0] else { panic!("{plan:?}") };
    assert_eq!(body["spec"]["ephemeralContainers"][0]["image"], json!("busybox:stable"), "none again");
    assert_eq!(body["spec"]["ephemeralContainers"][0]["volumeMounts"], Value::Null);
}

#[test]
fn the_palette_starts_a_toolkit_at_once() {
    let mut console = Console::with_pods(80, 24);
    console.state.settings.toolkits = vec![toolkit(&[])];
    console.press(":debug with db<enter>");
    let Some(Effect::Start(_, _, Start::Debug { pod, options, .. }, _)) = console.asked.last() else {
        panic!("{:?}", console.asked.last())
    };
    assert_eq!((&*pod.name, options.image.as_deref()), ("crash", Some("postgres:17")));
    assert_eq!((options.profile, options.command[0].as_str()), (Profile::Baseline, "psql"));
}

#[test]
fn images_used_last_are_offered_and_remembered_once_they_run() {
    let mut console = Console::with_pods(80, 24);
    console.state.recent_images = RecentImages::new(["alpine:3", "tools:1"]);
    console.state.settings.images_file = Some("images".into());
    console.press("E");
    assert!(console.screen().contains("last used: alpine:3  tools:1"), "{}", console.screen());
    let (id, _) = opened(&console);
    console.told(Message::SubjectRead(id, Ok(found(None))));
    console.press("<c-n><c-n>");
    console.press("<enter>");
    let Some(Effect::StartDrawn(session, _, Start::Debug { options, .. }, ..)) = console.asked.last().cloned() else {
        panic!("{:?}", console.asked.last())
    };
    assert_eq!(options.image.as_deref(), Some("tools:1"));
    let debugger = ContainerKey {
        pod: PodKey { namespace: "payments".into(), name: "crash".into() },
        container: "debugger-x7k2p".into(),
    };
    console.told(Message::Launch(session, LaunchStep::Accepted(debugger)));
    assert_eq!(console.state.recent_images.as_slice(), ["alpine:3", "tools:1"], "it may never be pulled");
    console.told(Message::Launch(session, LaunchStep::Running));
    assert_eq!(console.state.recent_images.as_slice(), ["tools:1", "alpine:3"]);
    assert!(console.asked.contains(&Effect::RememberImage("images".into(), "tools:1".to_owned())));
}

#[test]
fn nothing_is_remembered_where_there_is_no_place_for_it() {
    let mut console = Console::with_pods(80, 24);
    console.press("e");
    let Some(Effect::Start(session, ..)) = console.asked.last().cloned() else { panic!("started") };
    console.told(Message::Launch(session, LaunchStep::Running));
    assert!(!console.asked.iter().any(|effect| matches!(effect, Effect::RememberImage(..))));
}

#[test]
fn a_node_has_a_form_too() {
    let mut console = Console::with_pods(80, 24);
    let defaults = default_options(&console.state);
    let asked = open_node_form(&mut console.state, "node-1", "payments", defaults);
    console.asked.extend(asked);
    let (id, subject) = opened(&console);
    assert_eq!(subject, Subject::Node { node: "node-1".into(), namespace: "payments".into() });
    let object = Arc::new(json!({"metadata": {"name": "node-1"}}));
    console.told(Message::SubjectRead(id, Ok(Found { object, ..found(None) })));
    assert_eq!(shown(&console).pod, "node-debugger-node-1-x7k2p");
    console.press("<c-y>");
    let Some(Effect::Copy(text)) = console.asked.last() else { panic!("{:?}", console.asked.last()) };
    assert!(text.starts_with("kubectl debug -n payments node/node-1 -it"), "{text}");
}

#[test]
fn the_plan_scrolls_to_its_end_and_back() {
    let (mut console, id) = with_form(80, 24, "E", None);
    later(&mut console, 400);
    let (_, revision, plan) = checks(&console)[0].clone();
    console.told(Message::Checked(id, revision, granted(&plan)));
    console.told(Message::Checked(id, revision, Verdict::Admission(Admission::Admitted)));
    let first = console.screen();
    assert_snapshot!("a_form_with_its_verdicts", first);
    console.press("<pgdn><pgdn><pgdn><pgdn><pgdn><pgdn><pgdn><pgdn>");
    let last = console.screen();
    assert_snapshot!("the_end_of_the_plan_of_a_form", last);
    console.press("<pgup>");
    assert_ne!(console.screen(), last, "one step back is seen at once");
    console.press("<pgup><pgup><pgup><pgup><pgup><pgup><pgup><pgup>");
    assert_eq!(console.screen(), first);
}

#[test]
fn a_copy_on_a_small_terminal() {
    let (mut console, _) = with_form(80, 24, "C", None);
    assert_snapshot!("the_form_of_a_copy_with_its_plan", console.screen());
}

#[test]
fn what_a_server_says_cannot_move_the_cursor() {
    let mut console = Console::with_pods(80, 24);
    console.press("E");
    let (id, _) = opened(&console);
    let mut object = pod();
    object["metadata"]["name"] = "cr\u{1b}[2Jash".into();
    object["spec"]["shareProcessNamespace"] = true.into();
    console.told(Message::SubjectRead(id, Ok(Found { object: Arc::new(object), ..found(None) })));
    console.press("<c-y>");
    let Some(Effect::Copy(text)) = console.asked.last() else { panic!("{:?}", console.asked.last()) };
    assert!(!text.chars().any(char::is_control), "{text:?}");
    let Some(Overlay::Form(form)) = &console.state.overlay else { panic!("no form") };
    assert!(form.plan_lines(60).iter().all(|line| !line.text.chars().any(char::is_control)));
}
