//! The text of a pane for a file: what a session is of and what its terminal has shown, or what a view shows; the file is
//! written elsewhere.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::message::Effect;
use super::notices::Level;
use super::overlay::{Overlay, Save, TextLine};
use super::panes::PaneId;
use super::recording;
use super::session::Session;
use super::sessions::Tab;
use super::state::State;
use crate::cluster::cleaned;
use crate::session::recording::About;
use jiff::Timestamp;

/// Asks which file the transcript of the focused pane is written to.
pub fn ask(state: &mut State) -> Vec<Effect> {
    let now = state.now;
    let Some(pane) = state.sessions.tab().map(Tab::focused) else { return Vec::new() };
    let Some(title) = state.sessions.title(pane) else { return Vec::new() };
    let name = match state.sessions.active() {
        Some(session) => recording::about(session, now.as_second()).file_name(),
        None => file_name(&title, now),
    };
    let name = format!("{name}.txt");
    // Beside the recordings; without a place for them, in the directory that the program was started in.
    let path = state.settings.recording.directory.as_ref().map_or(PathBuf::from(&name), |at| at.join(&name));
    let line = TextLine::new(path.display().to_string());
    state.overlay = Some(Overlay::Save(Save { pane, title, line }));
    Vec::new()
}

/// The name of a view's file: what it is of, and when.
fn file_name(title: &str, now: Timestamp) -> String {
    let kept = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '.') { c } else { '-' };
    format!("{}-{}", title.chars().map(kept).collect::<String>(), now.strftime("%Y%m%dT%H%M%SZ"))
}

/// Writes the text of the pane to the file that was named.
pub(super) fn save(state: &mut State, asked: &Save) -> Vec<Effect> {
    let now = state.now;
    let path = asked.line.text().trim();
    if path.is_empty() {
        state.notices.push(now, Level::Info, "nothing was saved: no file was named", Vec::new());
        return Vec::new();
    }
    let session = match asked.pane {
        PaneId::Session(id) => state.sessions.get_mut(id),
        PaneId::View(id) => {
            let text = state.sessions.view_mut(id).map(|view| view.read(|reader, lines| reader.text(lines)));
            return text.map(|text| Effect::SaveText(PathBuf::from(path), text)).into_iter().collect();
        }
    };
    let Some(session) = session else { return Vec::new() };
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
