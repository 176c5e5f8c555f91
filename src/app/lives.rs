//! The lives of sessions: how they start, what arrives from them, how they end and are started again; streams are elsewhere.

mod launch;

pub use launch::{fresh, refused, start_reused, take_fix, way_is_closed};
pub(super) use launch::{launched, sighted, start_failed};

use bytes::Bytes;

use super::layout::{Size, layout, places};
use super::leaving;
use super::message::{Effect, Start, Target};
use super::notices::Level;
use super::overlay::{Choice, Choose, Deed, Overlay};
use super::panes::{Axis, PaneId, Place};
use super::recording::{self, Recording};
use super::session::{Phase, Session};
use super::state::{Focus, State};
use super::{abandoned, reuse, rights};
use crate::cluster::{ContainerKey, LaunchStep, PodKey, Which, marks};
use crate::plan::{CopyOptions, DebugOptions, Profile};
use crate::screen::ScreenNotice;
use crate::session::{End, SessionId};

/// The exit code of what was ended by SIGKILL.
const KILLED: i32 = 137;
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
    let (labels, annotations) = marks::of((marks::COPIED_FROM, &pod.name), &state.settings.creator, state.now);
    CopyOptions { share_processes: Some(true), labels, annotations, ..CopyOptions::named("") }
}

/// The options of a node debugger that is started with one key: its pod is found again by its labels.
pub fn default_node_debugger(state: &State, node: &str) -> DebugOptions {
    let (labels, annotations) = marks::of((marks::NODE, node), &state.settings.creator, state.now);
    DebugOptions { labels, annotations, ..default_options(state) }
}

/// Opens a pane and starts a session in it.
pub fn start(state: &mut State, start: Start) -> Vec<Effect> {
    // What a form starts that a fix had opened takes the place of what went wrong.
    let place =
        state.place.take().filter(|id| state.sessions.get(*id).is_some_and(|old| old.start.pod() == start.pod()));
    match place {
        Some(old) => launch::start_instead(state, old, start),
        None => start_in(state, start, Where::Tab),
    }
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
    // What takes a pane's place stays in the pane's context, whichever is in use now.
    let old = if let Where::Instead(old) = place { state.sessions.get(old) } else { None };
    let context = old.map_or(&state.context.name, |old| &old.context).clone();
    let container = match &start {
        Start::Debug { .. } | Start::NodeDebug { .. } => None,
        Start::Attach { container } | Start::Shell { container } | Start::Logs { container, .. } => {
            Some(container.clone())
        }
    };
    let mut session = Session {
        id,
        context: context.clone(),
        container,
        image: recording::image(state, &start),
        recording: Recording::Never,
        screen: super::terminal::blank_screen(UNSIZED, state),
        phase: Phase::Launching,
        steps: Vec::new(),
        started: state.now,
        activity: false,
        typed: None,
        cut: None,
        synchronized: None,
        created: Vec::new(),
        profile: None,
        size: UNSIZED,
        start: start.clone(),
        launched: None,
        timeline_open: false,
        timeline_back: 0,
        sight: None,
        copy_mode: None,
        reused: None,
    };
    let mut effects = match place {
        Where::Instead(old) => vec![Effect::Detach(old)],
        Where::Beside(_) | Where::Tab => Vec::new(),
    };
    session.steps.extend(rights::checked(state, &context, &start).map(|text| (state.now, LaunchStep::Checked(text))));
    match place {
        Where::Instead(old) => {
            if let Some(old) = state.sessions.get(old) {
                // What a pane has created is not forgotten because it shows something else.
                session.created.clone_from(&old.created);
                effects.extend(recording::carry_on(old, &mut session));
            }
            if let Some(old) = state.sessions.replace(old, session) {
                abandoned::note(state, &old);
            }
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
        effects.extend(recording::sized(session));
    }
    effects.push(Effect::Start(id, context, start, size));
    effects
}

/// Starts an ended session again, in its pane.
pub fn again(state: &mut State, id: SessionId) -> Vec<Effect> {
    match state.sessions.get(id) {
        Some(session) if session.context == state.context.name => {
            let start = session.start.clone();
            let inspected = state.navigator.inspected.pod.as_deref().filter(|pod| Some(&pod.key) == start.pod());
            if let Some(problem) = inspected.filter(|_| start.is_ephemeral()).and_then(reuse::unstartable) {
                state.notices.problem(state.now, &problem);
                return Vec::new();
            }
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

/// A stream stands.
pub(super) fn attached(state: &mut State, id: SessionId) {
    // Its end may have been told before; then that stays.
    let now = state.now;
    let Some(session) = state.sessions.get_mut(id) else { return };
    session.launched.get_or_insert(now);
    if session.phase == Phase::Launching {
        session.phase = Phase::Live;
    }
    let (start, context) = (session.start.clone(), session.context.clone());
    // What was done can be done: an answer that says otherwise is out of date.
    if !rights::missing_for(state, &context, &start).is_empty() {
        state.rights.doubt(&context, start.namespace(), now);
    }
}

/// A far end printed something.
pub(super) fn printed(state: &mut State, id: SessionId, bytes: &Bytes) -> Vec<Effect> {
    let in_view = state.sessions.in_view(id);
    let now = state.now;
    let mut effects = recording::begin(state, id);
    let Some(session) = state.sessions.get_mut(id) else { return Vec::new() };
    session.screen.feed(bytes);
    effects.extend(recording::printed(session, bytes));
    session.activity |= !in_view;
    let replies = session.screen.take_replies();
    let noticed = session.screen.take_notices();
    let live = session.is_live() && !session.is_log();
    let title = session.title();
    for notice in noticed {
        let what = match notice {
            ScreenNotice::ClipboardWriteRefused => {
                "tried to write to your clipboard, which terminal.clipboard-write does not allow"
            }
            ScreenNotice::ClipboardReadRefused => "tried to read the clipboard; that is not allowed",
            ScreenNotice::Broken => "printed something that broke its screen; it starts anew",
            ScreenNotice::Bell | ScreenNotice::TitleChanged => continue,
        };
        state.notices.push(now, Level::Warning, format!("{title} {what}"), Vec::new());
    }
    effects.extend(super::terminal::printed(state, id));
    if live && !replies.is_empty() {
        effects.push(Effect::Input(id, replies));
    }
    effects
}

/// A stream ended.
pub(super) fn ended(state: &mut State, id: SessionId, end: End) -> Vec<Effect> {
    let Some(session) = state.sessions.get_mut(id) else { return Vec::new() };
    let of_its_own = session.start.is_debugger() || matches!(session.start, Start::Attach { .. });
    // A shell is killed when its container ends: what became of that says why.
    let killed = matches!((&session.start, &end), (Start::Shell { .. }, End::Exited { code: KILLED }));
    let asks = killed || of_its_own && matches!(end, End::Finished | End::Lost { .. });
    session.cut = None;
    let cut = matches!(end, End::Lost { .. });
    session.phase = Phase::Ended { end, exit_code: None };
    // What the debugger runs takes this pane, and goes on with its recording.
    let goes_on = session.reused.is_some() && session.has_no_shell();
    let container = session.container.clone().filter(|_| asks);
    let mut effects = recording::ended(state, id, cut || goes_on);
    if goes_on {
        effects.extend(launch::attach_to_reused(state, id));
    } else {
        effects.extend(container.map(|container| Effect::FindExitCode(id, container)));
    }
    effects
}

/// The container of an ended session turned out to have ended with this code.
pub(super) fn exit_code(state: &mut State, id: SessionId, code: i32) {
    if let Some(Session { phase: Phase::Ended { exit_code, .. }, .. }) = state.sessions.get_mut(id) {
        *exit_code = Some(code);
    }
}

/// Closes a pane: at once where nothing is lost by it, else after a question.
pub fn close(state: &mut State, id: SessionId) -> Vec<Effect> {
    if let Some(effects) = leaving::decided(state, id) {
        return effects;
    }
    let Some(session) = state.sessions.get(id) else { return Vec::new() };
    if session.phase == Phase::Launching && session.is_accepted() {
        state.overlay = Some(Overlay::Choose(launch::cancellation(session)));
        return Vec::new();
    }
    let (title, what) = (session.title(), session.created_words());
    let removal = (!session.created.is_empty()).then(|| {
        let deed = Deed::DeleteCreated(id, session.context.clone(), session.created.clone());
        Choice::new('r', format!("remove the {what}"), deed)
    });
    let mut choose = match (session.is_live(), removal) {
        (true, None) if session.phase == Phase::Launching => return remove(state, id),
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
            let is_shell = matches!(session.start, Start::Shell { .. });
            let (stays, detach) = if is_shell {
                ("Detaching hangs up the shell.", "detach")
            } else {
                ("Detaching leaves it running; attach again with a on its container.", "keep it running and detach")
            };
            let mut choices = vec![Choice::new('k', detach, Deed::Detach(id))];
            // What we attach to may be the application itself: Ctrl-C is not ours to send there.
            if is_shell || session.start.is_debugger() || leaving::is_in_a_debugger(state, session) {
                choices.push(Choice::new('e', "end the shell", Deed::EndShell(id)));
            }
            choices.extend(removal);
            Choose { title: format!("Leave {title}"), lines: vec![stays.to_owned()], choices }
        }
    };
    leaving::offer(state, id, &mut choose.choices);
    state.overlay = Some(Overlay::Choose(choose));
    Vec::new()
}

/// Takes a pane away and lets go of its stream.
pub(super) fn remove(state: &mut State, id: SessionId) -> Vec<Effect> {
    let seen: Vec<PaneId> = places(state, layout(state).panes).iter().map(|place| place.pane).collect();
    let Some(session) = state.sessions.remove(id) else { return Vec::new() };
    abandoned::note(state, &session);
    // Keys meant for the lists must not land in whichever shell comes into view.
    let in_view = state.sessions.tab().is_some_and(|tab| seen.contains(&tab.focused()));
    if state.focus == Focus::Pane && !in_view {
        state.focus = Focus::List;
    }
    let mut effects = recording::removed(&session);
    effects.push(Effect::Detach(id));
    effects
}

/// Does what an answer says.
pub(super) fn carry_out(state: &mut State, deed: Deed) -> Vec<Effect> {
    match deed {
        Deed::Nothing => Vec::new(),
        Deed::Quit => vec![Effect::Quit],
        Deed::RemoveAndQuit(removals) => {
            state.confirmed = true;
            leaving::taken_away(removals).into_iter().chain([Effect::Quit]).collect()
        }
        Deed::Remove(removals) => {
            state.confirmed = true;
            let effects = leaving::taken_away(removals);
            effects.into_iter().chain(super::leftovers::uncover(state, false)).collect()
        }
        Deed::ShowLeftovers => super::leftovers::uncover(state, true),
        Deed::Proceed => super::safety::proceed(state),
        Deed::Remember(kind, leave, deed) => {
            state.settings.on_leave.decide(kind, leave);
            let file = state.settings.leaving_file.clone();
            let kept = file.map(|file| Effect::RememberLeave(file, kind, leave));
            kept.into_iter().chain(carry_out(state, *deed)).collect()
        }
        Deed::Detach(id) => remove(state, id),
        // Ctrl-C leaves whatever runs in front of the shell; `exit` then ends the shell itself.
        Deed::TypeIntoAll(id) => {
            super::typing::switched_on(state, id);
            Vec::new()
        }
        Deed::EndShell(id) => {
            let input = Effect::Input(id, b"\x03exit\r".to_vec());
            let session = state.sessions.get(id);
            let note = session.and_then(|session| Some((session.context.clone(), session.container.clone()?)));
            let note = note.map(|(context, container)| Effect::NoteEnd(context, container));
            std::iter::once(input).chain(note).collect()
        }
        Deed::DeleteCreated(id, context, pods) => {
            state.confirmed = true;
            let mut effects = remove(state, id);
            effects.extend(pods.into_iter().map(|pod| Effect::DeletePod(context.clone(), pod, Which::Ours)));
            effects
        }
        Deed::DeletePod(context, pod, which) => {
            state.confirmed = true;
            vec![Effect::DeletePod(context, pod, which)]
        }
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
    for Place { pane, screen, .. } in places {
        let size = Size { columns: screen.width, rows: screen.height };
        if let Some(view) = pane.view().and_then(|id| state.sessions.view_mut(id)) {
            view.size = size;
        }
        let Some(session) = pane.session() else { continue };
        let Some(session) = state.sessions.get_mut(session).filter(|session| session.size != size) else { continue };
        session.size = size;
        session.screen.resize(size);
        if session.is_live() {
            effects.push(Effect::Resize(session.id, size));
        }
    }
    effects
}
