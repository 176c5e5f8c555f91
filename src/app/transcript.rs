//! The text of a session for a file: what it is of and what its terminal has shown; the file is written elsewhere.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::message::Effect;
use super::notices::Level;
use super::overlay::{Overlay, Save, TextLine};
use super::recording;
use super::session::Session;
use super::state::State;
use crate::cluster::cleaned;
use crate::session::recording::About;
use jiff::Timestamp;

/// Asks which file the transcript of the focused pane is written to.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(session) = state.sessions.active() else { return Vec::new() };
    let name = format!("{}.txt", recording::about(session, now.as_second()).file_name());
    // Beside the recordings; without a place for them, in the directory that the program was started in.
    let path = state.settings.recording.directory.as_ref().map_or(PathBuf::from(&name), |at| at.join(&name));
    let (title, line) = (session.title(), TextLine::new(path.display().to_string()));
    state.overlay = Some(Overlay::Save(Save { session: session.id, title, line }));
    Vec::new()
}

/// Writes the transcript to the file that was named.
pub(super) fn save(state: &mut State, asked: &Save) -> Vec<Effect> {
    let now = state.now;
    let path = asked.line.text().trim();
    if path.is_empty() {
        state.notices.push(now, Level::Info, "nothing was saved: no file was named", Vec::new());
        return Vec::new();
    }
    let Some(session) = state.sessions.get_mut(asked.session) else { return Vec::new() };
    let about = recording::about(session, now.as_second());
    let text = format!("{}\n{}\n", header(&about, session, now), session.screen.transcript());
    vec![Effect::SaveText(PathBuf::from(path), text)]
}

/// What the text below is of.
fn header(about: &About, session: &mut Session, now: Timestamp) -> String {
    let mut header = format!("# {}\n", cleaned(&about.title));
    let saved = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let began = Timestamp::from_second(session.started.as_second()).unwrap_or(session.started);
    let rows = [
        ("context", Some(about.context.clone())),
        ("namespace", Some(about.namespace.clone())),
        ("pod", about.pod.clone()),
        ("container", about.container.clone()),
        ("image", about.image.clone()),
        ("started", Some(began.to_string())),
        ("saved", Some(saved.to_string())),
    ];
    for (name, value) in rows {
        if let Some(value) = value {
            let _ = writeln!(header, "# {name}: {}", cleaned(&value));
        }
    }
    header.push_str(
        "# What its terminal showed, without what was hidden; what was typed without echo was never shown.\n",
    );
    match session.screen.rows_gone() {
        0 => {}
        gone => {
            let _ = writeln!(header, "# {gone} earlier rows had left the scrollback.");
        }
    }
    header
}
