//! Which sessions are recorded, and what of them: from facts and requests to events of a recording; files are elsewhere.

use std::path::PathBuf;

use bytes::Bytes;

use super::message::{Effect, Start};
use super::notices::Level;
use super::session::{Phase, Session};
use super::state::State;
use crate::session::recording::{About, Event, Options, RecordingId, Report, STARTS, Stopped};
use crate::session::{End, SessionId};

/// What the configuration says of recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingSettings {
    /// Every shell and debugger is recorded from its first byte.
    pub always: bool,
    /// What is typed is recorded too; it may hold secrets.
    pub input: bool,
    /// Where recordings go; `None` where there is no home for them.
    pub directory: Option<PathBuf>,
    /// The most bytes of one.
    pub max_size: u64,
}

impl Default for RecordingSettings {
    fn default() -> Self {
        Self { always: false, input: false, directory: None, max_size: 256 * 1024 * 1024 }
    }
}

/// How far the recording of a session has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Recording {
    /// It has not been recorded.
    #[default]
    Never,
    /// It is recorded.
    Running(RecordingId),
    /// It was recorded, and is not begun again by itself.
    Over,
}

impl Recording {
    /// Its name while it runs.
    pub fn running(&self) -> Option<RecordingId> {
        match self {
            Self::Running(id) => Some(*id),
            Self::Never | Self::Over => None,
        }
    }
}

/// Starts recording a session, or stops it.
pub fn toggle(state: &mut State, id: SessionId) -> Vec<Effect> {
    match state.sessions.get(id).map(|session| &session.recording) {
        None => Vec::new(),
        Some(Recording::Running(_)) => stop(state, id),
        Some(_) => start(state, id, STARTS),
    }
}

fn start(state: &mut State, id: SessionId, marker: &str) -> Vec<Effect> {
    let Some(directory) = state.settings.recording.directory.clone() else {
        let text = "there is no place for recordings: set directory under [recording] in the configuration";
        state.notices.push(state.now, Level::Error, text, Vec::new());
        if let Some(session) = state.sessions.get_mut(id) {
            session.recording = Recording::Over;
        }
        return Vec::new();
    };
    let options = Options { directory, max_size: state.settings.recording.max_size };
    let recording = state.sessions.next_recording();
    let timestamp = state.now.as_second();
    let Some(session) = state.sessions.get_mut(id) else { return Vec::new() };
    session.recording = Recording::Running(recording);
    // Its replay starts with what is seen now, below nothing else: a player may play on a terminal that shows something.
    let shown = [b"\x1b[H\x1b[J".to_vec(), session.screen.serialize()].concat();
    vec![
        Effect::StartRecording(recording, Box::new(about(session, timestamp)), options),
        Effect::Record(recording, Event::Marked(marker.to_owned())),
        Effect::Record(recording, Event::Output(Bytes::from(shown))),
    ]
}

fn stop(state: &mut State, id: SessionId) -> Vec<Effect> {
    let Some(session) = state.sessions.get_mut(id) else { return Vec::new() };
    let Some(recording) = session.recording.running() else { return Vec::new() };
    session.recording = Recording::Over;
    vec![Effect::StopRecording(recording)]
}

/// What a session is, for a file about it.
pub(super) fn about(session: &Session, timestamp: i64) -> About {
    let size = session.screen.size();
    let at = session.container.as_ref();
    let pod = at.map(|at| &at.pod).or(session.start.pod());
    About {
        columns: size.columns,
        rows: size.rows,
        timestamp,
        title: session.title(),
        context: session.context.clone(),
        namespace: pod.map_or(session.start.namespace(), |pod| &pod.namespace).to_string(),
        pod: pod.map(|pod| pod.name.to_string()),
        container: at.map(|at| at.container.to_string()),
        image: session.image.clone(),
    }
}

/// The image of the container that a session is about, where it is known when the session starts.
pub(super) fn image(state: &State, start: &Start) -> Option<String> {
    let container = match start {
        Start::Debug { options, .. } | Start::NodeDebug { options, .. } => return options.image.clone(),
        Start::Attach { container } | Start::Shell { container } => container,
    };
    let pod = state.navigator.inspected.pod.as_ref().filter(|pod| pod.key == container.pod)?;
    let found = pod.containers.iter().find(|other| other.name == container.container)?;
    Some(found.image.clone())
}

/// Starts recording by itself where the configuration wants that, before anything is printed.
pub(super) fn begin(state: &mut State, id: SessionId) -> Vec<Effect> {
    let wanted = state.settings.recording.always
        && state.sessions.get(id).is_some_and(|session| session.recording == Recording::Never);
    if wanted { start(state, id, "attached") } else { Vec::new() }
}

/// Notes something at this point of a session's recording, if it is recorded.
pub fn mark(session: &Session, text: &str) -> Vec<Effect> {
    let event = |recording| Effect::Record(recording, Event::Marked(text.to_owned()));
    session.recording.running().map(event).into_iter().collect()
}

/// Adds to what a session printed.
pub(super) fn printed(session: &Session, bytes: &Bytes) -> Vec<Effect> {
    let event = |recording| Effect::Record(recording, Event::Output(bytes.clone()));
    session.recording.running().map(event).into_iter().collect()
}

/// Notes how a session ended. Its recording waits where another stream of the same container
/// may follow it (`goes_on`), and is over otherwise.
pub(super) fn ended(state: &mut State, id: SessionId, goes_on: bool) -> Vec<Effect> {
    let Some(session) = state.sessions.get(id) else { return Vec::new() };
    let mut effects = mark(session, &session.epitaph().unwrap_or_default());
    if !goes_on {
        effects.extend(stop(state, id));
    }
    effects
}

/// Ends the recording of a session that goes away.
pub(super) fn removed(session: &Session) -> Vec<Effect> {
    session.recording.running().map(Effect::StopRecording).into_iter().collect()
}

/// Goes on with the recording of `old` behind a seam, in the session that takes its place, where that is about the same
/// container; ends it otherwise.
pub(super) fn carry_on(old: &Session, new: &mut Session) -> Vec<Effect> {
    let Some(recording) = old.recording.running() else { return Vec::new() };
    if old.container.is_none() || old.container != new.container {
        return vec![Effect::StopRecording(recording)];
    }
    new.recording = old.recording.clone();
    let was_cut = matches!(old.phase, Phase::Ended { end: End::Lost { .. }, .. });
    let seam = if was_cut { "attached again after a cut" } else { "attached to what runs there already" };
    vec![Effect::Record(recording, Event::Anew(seam.to_owned(), Bytes::new()))]
}

/// Notes the size a session begins with, if it goes on with a recording.
pub(super) fn sized(session: &Session) -> Vec<Effect> {
    let size = session.screen.size();
    let event = Event::Resized { columns: size.columns, rows: size.rows };
    session.recording.running().map(|recording| Effect::Record(recording, event)).into_iter().collect()
}

/// Adds to these requests what recordings need of them: sizes, and input where it is wanted.
pub(super) fn overhear(state: &State, effects: Vec<Effect>) -> Vec<Effect> {
    let of = |id: &SessionId| state.sessions.get(*id).and_then(|session| session.recording.running());
    if !effects.iter().any(|effect| matches!(effect, Effect::Input(..) | Effect::Resize(..))) {
        return effects;
    }
    let mut all = Vec::with_capacity(effects.len() * 2);
    for effect in effects {
        let heard = match &effect {
            Effect::Input(id, bytes) if state.settings.recording.input => {
                of(id).map(|recording| (recording, Event::Input(Bytes::copy_from_slice(bytes))))
            }
            Effect::Resize(id, size) => {
                of(id).map(|recording| (recording, Event::Resized { columns: size.columns, rows: size.rows }))
            }
            _ => None,
        };
        all.extend(heard.map(|(recording, event)| Effect::Record(recording, event)));
        all.push(effect);
    }
    all
}

/// A recording says something of itself.
pub(super) fn reported(state: &mut State, id: RecordingId, report: Report) -> Vec<Effect> {
    let now = state.now;
    let session = state.sessions.iter_mut().find(|session| session.recording.running() == Some(id));
    match report {
        Report::Started { file } => {
            state.notices.push(now, Level::Info, format!("recording to {file}"), Vec::new());
        }
        Report::Behind { lost } => {
            let text = format!("the disk was too slow: {} KiB of output are not in the recording", lost / 1024);
            let effects = session.map(|session| {
                let shown = Bytes::from(session.screen.serialize());
                Effect::Record(id, Event::Anew(text.clone(), shown))
            });
            state.notices.push(now, Level::Warning, text, Vec::new());
            return effects.into_iter().collect();
        }
        Report::Stopped { file, why } => {
            if let Some(session) = session {
                session.recording = Recording::Over;
            }
            let whole = file.as_ref().map(|file| format!("what was recorded so far is in {file}"));
            let (level, text, more) = match (why, file) {
                (Stopped::Asked, file) => (Level::Info, format!("recorded in {}", file.unwrap_or_default()), None),
                (Stopped::Full(limit), _) => {
                    let text = format!("the recording has reached its largest size, {} MiB, and stopped", limit >> 20);
                    (Level::Warning, text, whole)
                }
                (Stopped::Failed(reason), _) => {
                    let text = format!("the recording stopped, the session goes on: {reason}");
                    (Level::Error, text, whole)
                }
            };
            let hint = (level != Level::Info)
                .then(|| "`[recording]` in the configuration sets directory and max-size".to_owned());
            state.notices.push(now, level, text, more.into_iter().chain(hint).collect());
        }
    }
    Vec::new()
}
