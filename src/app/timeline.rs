//! A launch as rows to read: what was done, how long each step took, what is going on now; it draws nothing.

use jiff::Timestamp;

use super::age::age;
use super::session::{Phase, Session};
use crate::cluster::{LaunchStep, Problem};

/// What kind of row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Something to know.
    Note,
    /// Something that will not go as one may expect.
    Warning,
    /// A step that is done.
    Done,
    /// The step that goes on now.
    Current,
    /// A step or an event that does not go well.
    Trouble,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What kind.
    pub mark: Mark,
    /// What it says, in one sentence.
    pub text: String,
    /// How long the step took, or takes so far; `None` for what is no step.
    pub took: Option<String>,
}

/// The rows of a session's launch, oldest first; what was said again stands once, where it was said last.
pub fn rows(session: &Session, now: Timestamp) -> Vec<Row> {
    let until = session.launched.unwrap_or(now);
    let stuck = session.problem();
    let mut drafts: Vec<Draft> = Vec::new();
    for (at, step) in &session.steps {
        let Some(mut draft) = draft(*at, step, stuck) else { continue };
        if let Some(index) = drafts.iter().position(|other| other.key == draft.key) {
            if draft.times == 0 {
                // Told by the status and by an event: the one that says more stays.
                if draft.text.len() > drafts[index].text.len() {
                    drafts[index].text = draft.text;
                }
                continue;
            }
            let before = drafts.remove(index);
            draft.times = before.times + usize::from(!draft.lasts);
            draft.at = before.at;
        }
        drafts.push(draft);
    }
    if session.phase == Phase::Live || (session.launched.is_some() && !matches!(session.phase, Phase::Failed(_))) {
        // What was told later, as what the debugger sees, stands behind it.
        let behind = drafts.iter().rposition(|draft| draft.at <= until).map_or(0, |last| last + 1);
        drafts.insert(behind, Draft::done(until, "attached".into()));
    }
    let ends: Vec<Timestamp> = (0..drafts.len())
        .map(|index| drafts[index + 1..].iter().find(|later| later.lasts).map_or(until, |later| later.at))
        .collect();
    let going = (session.phase == Phase::Launching).then(|| drafts.iter().rposition(|draft| draft.lasts)).flatten();
    let row = |(index, (draft, end)): (usize, (Draft, Timestamp))| {
        let mark = match draft.mark {
            Mark::Current if going != Some(index) => Mark::Done,
            Mark::Done if going == Some(index) => Mark::Current,
            mark => mark,
        };
        let times = if draft.times > 1 { format!(" (×{})", draft.times) } else { String::new() };
        let took = (draft.lasts && draft.key != "attached").then(|| lasted(draft.at, end));
        Row { mark, text: draft.text + &times, took }
    };
    drafts.into_iter().zip(ends).enumerate().map(row).collect()
}

/// How long something took: tenths of a second while that is telling, then as ages are worded.
pub fn lasted(from: Timestamp, to: Timestamp) -> String {
    let tenths = (to.as_millisecond() - from.as_millisecond()).max(0) / 100;
    if tenths < 100 { format!("{}.{}s", tenths / 10, tenths % 10) } else { age(from, to) }
}

/// A row on its way.
struct Draft {
    at: Timestamp,
    /// What makes it the same row when it is said again.
    key: String,
    mark: Mark,
    text: String,
    /// Whether it is a step, which lasts until the next one.
    lasts: bool,
    times: usize,
}

impl Draft {
    fn new(at: Timestamp, mark: Mark, text: String) -> Self {
        Self { at, key: text.clone(), mark, text, lasts: false, times: 1 }
    }

    fn done(at: Timestamp, text: String) -> Self {
        Self { lasts: true, ..Self::new(at, Mark::Done, text) }
    }

    /// A step that is its own row however often it is told.
    fn once(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self.times = 0;
        self
    }
}

fn draft(at: Timestamp, step: &LaunchStep, stuck: Option<&Problem>) -> Option<Draft> {
    Some(match step {
        LaunchStep::Note(text) => Draft::new(at, Mark::Note, text.clone()),
        LaunchStep::Warning(text) => Draft::new(at, Mark::Warning, text.clone()),
        LaunchStep::Checked(text) => Draft::new(at, Mark::Done, format!("checked: {text}")),
        LaunchStep::Accepted(container) => {
            Draft::done(at, format!("accepted: container {} in {}", container.container, container.pod.name))
        }
        LaunchStep::Waiting { reason, message } => {
            let text = if message.is_empty() { reason.clone() } else { format!("{reason}: {message}") };
            let mark = if is_trouble(reason) { Mark::Trouble } else { Mark::Current };
            // The kubelet goes back and forth between two reasons for as long as it tries.
            let key = if mark == Mark::Trouble { "trouble" } else { reason };
            Draft { key: format!("waiting {key}"), lasts: true, ..Draft::new(at, mark, text) }
        }
        LaunchStep::Scheduled { node } => Draft::done(at, format!("scheduled on {node}")).once("scheduled"),
        LaunchStep::Event { reason, message, warning } => event(at, reason, message, *warning),
        // It stands below the rows, in full.
        LaunchStep::Stuck(problem) if stuck == Some(problem) => return None,
        LaunchStep::Stuck(problem) => Draft::new(at, Mark::Trouble, problem.headline()),
        LaunchStep::Running => Draft::done(at, "started".into()).once("started"),
        LaunchStep::Ended { code } => Draft::done(at, format!("ended already, with code {code}")),
        LaunchStep::Attaching => Draft::done(at, "attaching".into()),
    })
}

fn event(at: Timestamp, reason: &str, message: &str, warning: bool) -> Draft {
    match reason {
        "Scheduled" => Draft::done(at, "scheduled".into()).once("scheduled"),
        "Pulling" => Draft::done(at, message.replacen("Pulling image", "pulling", 1)),
        "Pulled" => Draft::done(at, pulled(message)).once("pulled"),
        "Created" => Draft::done(at, "created".into()).once("created"),
        "Started" => Draft::done(at, "started".into()).once("started"),
        _ => {
            let mark = if warning { Mark::Trouble } else { Mark::Note };
            Draft::new(at, mark, format!("{reason}: {message}"))
        }
    }
}

/// The kubelet's words of a pull, shortened to the size where it says one.
fn pulled(message: &str) -> String {
    if message.contains("already present") {
        return "the node has the image already".to_owned();
    }
    let size = message.split_once("Image size: ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<u64>().ok());
    match size.map(|bytes| bytes / 100_000) {
        Some(tenths) => format!("pulled, {}.{} MB", tenths / 10, tenths % 10),
        None => "pulled".to_owned(),
    }
}

fn is_trouble(reason: &str) -> bool {
    reason.ends_with("BackOff")
        || reason.contains("Err")
        || matches!(reason, "InvalidImageName" | "Unschedulable" | "ContainerCannotRun")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Start;
    use crate::app::layout::Size;
    use crate::app::recording::Recording;
    use crate::cluster::{ContainerKey, PodKey};
    use crate::screen::Screen;
    use crate::session::SessionId;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    fn session(steps: Vec<(i64, LaunchStep)>) -> Session {
        let pod = PodKey { namespace: "n".into(), name: "p".into() };
        let container = ContainerKey { pod, container: "d".into() };
        let size = Size { columns: 80, rows: 24 };
        Session {
            cut: None,
            synchronized: None,
            id: SessionId(1),
            start: Start::Shell { container: container.clone() },
            context: String::new(),
            container: Some(container),
            image: None,
            recording: Recording::Never,
            screen: Screen::new(size, 10),
            created: Vec::new(),
            profile: None,
            size,
            phase: Phase::Launching,
            steps: steps.into_iter().map(|(time, step)| (at(time), step)).collect(),
            started: at(0),
            activity: false,
            typed: None,
            launched: None,
            timeline_open: false,
            timeline_back: 0,
            sight: None,
            copy_mode: None,
            reused: None,
        }
    }

    fn told(reason: &str, message: &str) -> LaunchStep {
        LaunchStep::Event { reason: reason.into(), message: message.into(), warning: reason == "Failed" }
    }

    fn waiting(reason: &str) -> LaunchStep {
        LaunchStep::Waiting { reason: reason.into(), message: String::new() }
    }

    fn lines(session: &Session, now: i64) -> Vec<String> {
        let line = |row: Row| format!("{:?} {} {}", row.mark, row.text, row.took.unwrap_or_default());
        rows(session, at(now)).into_iter().map(|row| line(row).trim_end().to_owned()).collect()
    }

    #[test]
    fn each_step_lasts_until_the_next_and_the_last_one_still_does() {
        let pulled =
            "Successfully pulled image \"busybox:1\" in 2.1s (2.1s including waiting). Image size: 2167089 bytes.";
        let mut session = session(vec![
            (0, LaunchStep::Note("profile general".into())),
            (100, LaunchStep::Scheduled { node: "node-1".into() }),
            (200, told("Scheduled", "Successfully assigned")),
            (300, told("Pulling", "Pulling image \"busybox:1\"")),
            (2_800, told("Pulled", pulled)),
            (2_900, told("Created", "Created container: d")),
            (3_000, told("Started", "Started container d")),
        ]);
        assert_eq!(
            lines(&session, 4_000),
            [
                "Note profile general",
                "Done scheduled on node-1 0.2s",
                "Done pulling \"busybox:1\" 2.5s",
                "Done pulled, 2.1 MB 0.1s",
                "Done created 0.1s",
                "Current started 1.0s",
            ]
        );
        session.steps.push((at(3_100), LaunchStep::Running));
        session.steps.push((at(3_100), LaunchStep::Attaching));
        (session.phase, session.launched) = (Phase::Live, Some(at(3_400)));
        let after = lines(&session, 99_000);
        assert_eq!(after[5..], ["Done started 0.1s", "Done attaching 0.3s", "Done attached"]);
    }

    #[test]
    fn what_is_said_again_and_again_stands_once_and_its_time_runs_on() {
        let mut steps = Vec::new();
        for round in 0..50 {
            steps.push((round * 1_000, waiting("ErrImagePull")));
            steps.push((round * 1_000 + 1, told("Failed", "Error: ErrImagePull")));
            steps.push((round * 1_000 + 500, waiting("ImagePullBackOff")));
        }
        assert_eq!(
            lines(&session(steps), 60_000),
            ["Trouble Failed: Error: ErrImagePull (×50)", "Trouble ImagePullBackOff 60s"]
        );
    }

    #[test]
    fn a_launch_that_gets_on_is_not_stuck_any_more() {
        let problem = Problem::new("the image cannot be pulled", "not found", "another image");
        let mut session = session(vec![(0, LaunchStep::Stuck(problem.clone()))]);
        assert_eq!(session.problem(), Some(&problem));
        assert!(rows(&session, at(1)).is_empty(), "what stands below in full is not told twice");
        session.steps.push((at(5), told("Pulled", "")));
        assert_eq!(session.problem(), None);
        assert!(rows(&session, at(6))[0].text.contains("cannot be pulled"));
    }
}
