//! The lives of sessions: how they start, what arrives from them, how they end and are started again; streams are elsewhere.

use bytes::Bytes;

use super::layout::{Size, layout};
use super::message::{Effect, Start, Target};
use super::notices::Level;
use super::overlay::{Choice, Choose, Deed, Overlay};
use super::panes::{Axis, Place};
use super::session::{Phase, Session};
use super::state::{Focus, State};
use crate::cluster::{ContainerKey, LaunchStep, PodKey, Problem};
use crate::plan::{CopyOptions, DebugOptions, Profile};
use crate::screen::{Screen, ScreenNotice};
use crate::session::{End, SessionId};

/// Steps of a start that are kept; a start that takes longer has said it all before.
const STEPS_KEPT: usize = 200;

/// What a screen has before it has a place.
const UNSIZED: Size = Size { columns: 80, rows: 24 };

/// The options of a debugger that is started with one key.
pub fn default_options(state: &State) -> DebugOptions {
    DebugOptions {
        image: Some(state.settings.image_for(&state.context.name).to_owned()),
        profile: Profile::Auto,
        command: state.settings.command.clone(),
        stdin: true,
        tty: true,
        ..DebugOptions::default()
    }
}

/// The options of a copy that is started with one key: found again by its labels, behind no Service.
pub fn default_copy(state: &State, pod: &PodKey) -> CopyOptions {
    let (labels, annotations) = marks(state, ("bathyscope.dev/copied-from", &pod.name));
    CopyOptions { share_processes: Some(true), labels, annotations, ..CopyOptions::named("") }
}

/// The options of a node debugger that is started with one key: its pod is found again by its labels.
pub fn default_node_debugger(state: &State, node: &str) -> DebugOptions {
    let (labels, annotations) = marks(state, ("bathyscope.dev/node", node));
    DebugOptions { labels, annotations, ..default_options(state) }
}

/// The labels and annotations by which a pod that we create is found again: whose it is and what it is about.
fn marks(state: &State, (about, name): (&str, &str)) -> (Pairs, Pairs) {
    let mut annotations = vec![(about.to_owned(), name.to_owned())];
    if !state.settings.creator.is_empty() {
        annotations.push(("bathyscope.dev/created-by".to_owned(), state.settings.creator.clone()));
    }
    (vec![("app.kubernetes.io/managed-by".to_owned(), "bathyscope".to_owned())], annotations)
}

type Pairs = Vec<(String, String)>;

/// Opens a pane and starts a session in it.
pub fn start(state: &mut State, start: Start) -> Vec<Effect> {
    start_in(state, start, Where::Tab)
}

/// Starts a session in a new pane beside the focused one.
pub fn start_beside(state: &mut State, axis: Axis, start: Start) -> Vec<Effect> {
    start_in(state, start, Where::Beside(axis))
}

/// Where a session gets its pane.
#[derive(Clone, Copy)]
enum Where {
    /// In a tab of its own.
    Tab,
    /// Beside the focused pane.
    Beside(Axis),
    /// Where this session was.
    Instead(SessionId),
}

fn start_in(state: &mut State, start: Start, place: Where) -> Vec<Effect> {
    let id = state.sessions.next_id();
    let container = match &start {
        Start::Debug { .. } | Start::NodeDebug { .. } => None,
        Start::Attach { container } | Start::Shell { container } | Start::Logs { container, .. } => {
            Some(container.clone())
        }
    };
    let mut session = Session {
        id,
        context: state.context.name.clone(),
        container,
        screen: Screen::new(UNSIZED, state.settings.scrollback),
        phase: Phase::Launching,
        steps: Vec::new(),
        started: state.now,
        activity: false,
        created: Vec::new(),
        profile: None,
        size: UNSIZED,
        start: start.clone(),
    };
    match place {
        Where::Instead(old) => {
            // What a pane has created is not forgotten because it shows something else.
            session.created = state.sessions.get(old).map(|old| old.created.clone()).unwrap_or_default();
            state.sessions.replace(old, session);
        }
        Where::Beside(axis) => state.sessions.add_beside(axis, session),
        Where::Tab => state.sessions.add(session),
    }
    state.focus = Focus::Pane;
    let pane = layout(state).pane;
    let size = if pane.is_empty() { UNSIZED } else { Size { columns: pane.width, rows: pane.height } };
    if let Some(session) = state.sessions.get_mut(id) {
        session.size = size;
        session.screen.resize(size);
    }
    let mut effects = match place {
        Where::Instead(old) => vec![Effect::Detach(old)],
        Where::Beside(_) | Where::Tab => Vec::new(),
    };
    effects.push(Effect::Start(id, state.context.name.clone(), start, size));
    effects
}

/// Starts an ended session again, in its pane.
pub fn again(state: &mut State, id: SessionId) -> Vec<Effect> {
    match state.sessions.get(id) {
        Some(session) if session.context == state.context.name => {
            let start = session.start.clone();
            start_in(state, start, Where::Instead(id))
        }
        Some(session) => {
            let text = format!("this pane belongs to context {}; switch to it first", session.context);
            state.notices.push(state.now, Level::Warning, text, Vec::new());
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Attaches again where an ended session was, in its pane.
pub fn attach_again(state: &mut State, id: SessionId, container: ContainerKey) -> Vec<Effect> {
    start_in(state, Start::Attach { container }, Where::Instead(id))
}

/// Starts a debugger in the pane of a shell that could not be.
pub fn debug_instead(state: &mut State, id: SessionId, container: &ContainerKey) -> Vec<Effect> {
    let options = DebugOptions { target: Some(container.container.to_string()), ..default_options(state) };
    let start = Start::Debug { pod: container.pod.clone(), target: Target::AsGiven, options: Box::new(options) };
    start_in(state, start, Where::Instead(id))
}

/// A start made a step.
pub(super) fn launched(state: &mut State, id: SessionId, step: LaunchStep) {
    let now = state.now;
    let Some(session) = state.sessions.get_mut(id) else { return };
    if let LaunchStep::Accepted(container) = &step {
        session.container = Some(container.clone());
        if session.start.creates().is_some() && !session.created.contains(&container.pod) {
            session.created.push(container.pod.clone());
        }
    }
    if let LaunchStep::Note(note) = &step {
        let text = format!("{}: {note}", session.title());
        state.notices.keep(now, text);
    }
    let repeated = session.steps.last().is_some_and(|(_, last)| *last == step);
    if !repeated && session.steps.len() < STEPS_KEPT {
        session.steps.push((now, step));
    }
}

/// A stream stands.
pub(super) fn attached(state: &mut State, id: SessionId) {
    // Its end may have been told before; then that stays.
    if let Some(session) = state.sessions.get_mut(id)
        && session.phase == Phase::Launching
    {
        session.phase = Phase::Live;
    }
}

/// A session could not be started.
pub(super) fn start_failed(state: &mut State, id: SessionId, problem: Problem) {
    let now = state.now;
    if let Some(session) = state.sessions.get_mut(id) {
        state.notices.problem(now, &problem);
        session.phase = Phase::Failed(problem);
    }
}

/// A far end printed something.
pub(super) fn printed(state: &mut State, id: SessionId, bytes: &Bytes) -> Vec<Effect> {
    let in_view = state.sessions.in_view(id);
    let now = state.now;
    let Some(session) = state.sessions.get_mut(id) else { return Vec::new() };
    session.screen.feed(bytes);
    session.activity |= !in_view;
    let replies = session.screen.take_replies();
    let noticed = session.screen.take_notices();
    let live = session.is_live() && !session.is_log();
    let title = session.title();
    for notice in noticed {
        let what = match notice {
            ScreenNotice::ClipboardWriteRefused => "tried to write to the clipboard; that is not allowed",
            ScreenNotice::ClipboardReadRefused => "tried to read the clipboard; that is not allowed",
            ScreenNotice::Broken => "printed something that broke its screen; it starts anew",
            ScreenNotice::Bell | ScreenNotice::TitleChanged => continue,
        };
        state.notices.push(now, Level::Warning, format!("{title} {what}"), Vec::new());
    }
    if live && !replies.is_empty() { vec![Effect::Input(id, replies)] } else { Vec::new() }
}

/// A stream ended.
pub(super) fn ended(state: &mut State, id: SessionId, end: End) -> Vec<Effect> {
    let Some(session) = state.sessions.get_mut(id) else { return Vec::new() };
    let asks = matches!(end, End::Finished | End::Lost { .. })
        && (session.start.is_debugger() || matches!(session.start, Start::Attach { .. }));
    session.phase = Phase::Ended { end, exit_code: None };
    match &session.container {
        Some(container) if asks => vec![Effect::FindExitCode(id, container.clone())],
        _ => Vec::new(),
    }
}

/// The container of an ended session turned out to have ended with this code.
pub(super) fn exit_code(state: &mut State, id: SessionId, code: i32) {
    if let Some(Session { phase: Phase::Ended { exit_code, .. }, .. }) = state.sessions.get_mut(id) {
        *exit_code = Some(code);
    }
}

/// Closes a pane: at once where nothing is lost by it, else after a question.
pub fn close(state: &mut State, id: SessionId) -> Vec<Effect> {
    let Some(session) = state.sessions.get(id) else { return Vec::new() };
    let (title, what) = (session.title(), session.created_words());
    let removal = (!session.created.is_empty()).then(|| {
        let deed = Deed::DeleteCreated(id, session.context.clone(), session.created.clone());
        Choice::new('r', format!("remove the {what}"), deed)
    });
    let choose = match (session.is_live(), removal) {
        (false, None) => return remove(state, id),
        (true, None) if session.is_log() => return remove(state, id),
        (false, Some(removal)) => {
            let names: Vec<&str> = session.created.iter().map(|pod| &*pod.name).collect();
            Choose {
                lines: vec![format!("This stays on the cluster until it is deleted: {what} {}.", names.join(", "))],
                choices: vec![removal, Choice::new('k', "keep it", Deed::Detach(id))],
                title: format!("Close {title}"),
            }
        }
        (true, removal) => {
            let stays = match session.start {
                Start::Shell { .. } => "Detaching hangs up the shell.",
                _ => "Detaching leaves it running; attach again with a on its container.",
            };
            let mut choices = vec![Choice::new('k', "keep it running and detach", Deed::Detach(id))];
            // What we attach to may be the application itself: Ctrl-C is not ours to send there.
            if session.start.is_debugger() || matches!(session.start, Start::Shell { .. }) {
                choices.push(Choice::new('e', "end the shell", Deed::EndShell(id)));
            }
            choices.extend(removal);
            Choose { title: format!("Leave {title}"), lines: vec![stays.to_owned()], choices }
        }
    };
    state.overlay = Some(Overlay::Choose(choose));
    Vec::new()
}

/// Takes a pane away and lets go of its stream.
pub(super) fn remove(state: &mut State, id: SessionId) -> Vec<Effect> {
    if state.sessions.remove(id).is_none() {
        return Vec::new();
    }
    // Keys meant for the lists must not land in whichever shell comes into view.
    if state.focus == Focus::Pane {
        state.focus = Focus::List;
    }
    vec![Effect::Detach(id)]
}

/// Leaves the program: at once, or after a question while something of ours still runs.
pub fn quit(state: &mut State) -> Vec<Effect> {
    let live: Vec<String> =
        state.sessions.iter().filter(|s| s.is_live() && !s.is_log()).map(|s| format!("  {}", s.title())).collect();
    let created: Vec<(String, PodKey)> =
        state.sessions.iter().flat_map(|s| s.created.iter().map(|pod| (s.context.clone(), pod.clone()))).collect();
    if live.is_empty() && created.is_empty() {
        return vec![Effect::Quit];
    }
    let mut lines = Vec::new();
    if !live.is_empty() {
        lines.push("These sessions are open; what runs in debuggers goes on and can be attached again:".to_owned());
        lines.extend(live);
    }
    if !created.is_empty() {
        lines.push("These pods of ours stay on the cluster until they are deleted:".to_owned());
        lines.extend(created.iter().map(|(_, pod)| format!("  {}/{}", pod.namespace, pod.name)));
    }
    let mut choices = vec![Choice::new('q', "leave", Deed::Quit)];
    if !created.is_empty() {
        choices.push(Choice::new('d', "delete these pods and leave", Deed::DeleteAndQuit(created)));
    }
    state.overlay = Some(Overlay::Choose(Choose { title: "Leave bathy?".to_owned(), lines, choices }));
    Vec::new()
}

/// Does what an answer says.
pub(super) fn carry_out(state: &mut State, deed: Deed) -> Vec<Effect> {
    match deed {
        Deed::Nothing => Vec::new(),
        Deed::Quit => vec![Effect::Quit],
        Deed::DeleteAndQuit(pods) => {
            let deletions = pods.into_iter().map(|(context, pod)| Effect::DeletePod(context, pod));
            deletions.chain([Effect::Quit]).collect()
        }
        Deed::Detach(id) => remove(state, id),
        // Ctrl-C leaves whatever runs in front of the shell; `exit` then ends the shell itself.
        Deed::EndShell(id) => vec![Effect::Input(id, b"\x03exit\r".to_vec())],
        Deed::DeleteCreated(id, context, pods) => {
            let mut effects = remove(state, id);
            effects.extend(pods.into_iter().map(|pod| Effect::DeletePod(context.clone(), pod)));
            effects
        }
        Deed::DeletePod(context, pod) => vec![Effect::DeletePod(context, pod)],
    }
}

/// Tells each screen and each far end of the pane's size, where it changed.
pub(super) fn sync_sizes(state: &mut State) -> Vec<Effect> {
    let area = layout(state).panes;
    if area.is_empty() {
        return Vec::new();
    }
    let zoomed = state.sessions.zoomed;
    let places: Vec<Place> = state.sessions.tabs().iter().flat_map(|tab| tab.places(area, zoomed)).collect();
    let mut effects = Vec::new();
    for Place { session, screen, .. } in places {
        let size = Size { columns: screen.width, rows: screen.height };
        let Some(session) = state.sessions.get_mut(session).filter(|session| session.size != size) else { continue };
        session.size = size;
        session.screen.resize(size);
        if session.is_live() {
            effects.push(Effect::Resize(session.id, size));
        }
    }
    effects
}
