//! What keys and pastes do in a view: its own actions first, then those of every view; what is typed goes to its prompt.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Asking, Prompt, View, ViewId};
use crate::app::message::Effect;
use crate::app::notices::Level;
use crate::app::overlay::TextLine;
use crate::app::reader::{Lines, Reader};
use crate::app::state::{Focus, State};
use crate::app::{Chord, Scope, run};

/// A key was pressed in a pane that shows a view.
pub(in crate::app) fn pressed(state: &mut State, key: &KeyEvent, chord: Chord) -> Vec<Effect> {
    if let Some(view) = state.sessions.active_view_mut()
        && typed(view, key)
    {
        return Vec::new();
    }
    let Some(own) = state.sessions.active_view().map(|view| view.content.scope()) else { return Vec::new() };
    let action = state.keymap.action(own, chord).or_else(|| state.keymap.action(Scope::View, chord));
    let Some(action) = action else {
        state.notices.push(state.now, Level::Info, format!("{chord} does nothing here"), Vec::new());
        return Vec::new();
    };
    state.notices.dismiss();
    run(state, action)
}

/// Takes a key for what is being typed; false while nothing is.
fn typed(view: &mut View, key: &KeyEvent) -> bool {
    let Some(Prompt { asking, line }) = &mut view.prompt else { return false };
    let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => {
            let (asking, text) = (*asking, line.text().to_owned());
            view.prompt = None;
            answered(view, asking, &text);
        }
        _ if interrupt || key.code == KeyCode::Esc => view.prompt = None,
        KeyCode::Backspace if line.text().is_empty() => view.prompt = None,
        _ => {
            line.edit(key);
        }
    }
    true
}

fn answered(view: &mut View, asking: Asking, text: &str) {
    match asking {
        Asking::Search { older } => {
            // As in vi, nothing typed is what was looked for last.
            let again = text.is_empty() && view.read(|reader, lines| reader.next_match(true, lines));
            if !again {
                view.read(|reader, lines| reader.search(text, older, lines));
            }
        }
    }
}

/// Text was pasted into a view: it belongs to what is being typed, and to nothing else.
pub(in crate::app) fn pasted(state: &mut State, text: &str) {
    if let Some(prompt) = state.sessions.active_view_mut().and_then(|view| view.prompt.as_mut()) {
        prompt.line.insert(text);
    }
}

/// Works with the view of the focused pane; `None` if that shows a session.
pub fn with<T>(state: &mut State, work: impl FnOnce(&mut View) -> T) -> Option<T> {
    state.sessions.active_view_mut().map(work)
}

/// Reads on in the view of the focused pane.
pub fn act(state: &mut State, work: impl FnOnce(&mut Reader, &dyn Lines)) -> Vec<Effect> {
    let _ = with(state, |view| view.read(work));
    Vec::new()
}

/// Asks for a line in the view of the focused pane.
pub fn ask(state: &mut State, asking: Asking, text: &str) -> Vec<Effect> {
    let _ = with(state, |view| view.prompt = Some(Prompt { asking, line: TextLine::new(text) }));
    Vec::new()
}

/// Copies the chosen lines, else the one that is pointed at, else all of it.
pub fn copy(state: &mut State) -> Vec<Effect> {
    let text = with(state, |view| view.read(|reader, lines| (reader.text(lines), reader.let_go()).0));
    text.filter(|text| !text.is_empty()).map(Effect::Copy).into_iter().collect()
}

/// Goes back by one step: what is chosen is let go of, then a search, then the view is closed.
pub fn back(state: &mut State) -> Vec<Effect> {
    let Some(view) = state.sessions.active_view_mut() else { return Vec::new() };
    if view.reader.let_go() | view.reader.end_search() {
        return Vec::new();
    }
    let id = view.id;
    close_view(state, id)
}

/// Closes a view. The keys go back to the lists, unless another pane of its tab is left to take them.
pub fn close_view(state: &mut State, id: ViewId) -> Vec<Effect> {
    let alone = state.sessions.tab().is_none_or(|tab| tab.panes().len() == 1);
    if state.sessions.remove_view(id).is_none() {
        return Vec::new();
    }
    // Keys meant for the view must not land in whichever shell comes into view.
    if alone || state.sessions.active_view().is_none() {
        state.focus = Focus::List;
        state.sessions.zoomed = false;
    }
    vec![Effect::CloseView(id)]
}
