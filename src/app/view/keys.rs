//! What keys and pastes do in a view: its own actions first, then those of every view; what is typed goes to its prompt.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::logs::read_range;
use super::{Asking, Content, Prompt, View, ViewId};
use crate::app::message::Effect;
use crate::app::notices::Level;
use crate::app::overlay::TextLine;
use crate::app::reader::{Lines, Reader};
use crate::app::state::{Focus, State};
use crate::app::{Chord, Scope, run};
use crate::cluster::{LogScope, Problem};

/// A key was pressed in a pane that shows a view.
pub(in crate::app) fn pressed(state: &mut State, key: &KeyEvent, chord: Chord) -> Vec<Effect> {
    if let Some(effects) = state.sessions.active_view_mut().and_then(|view| typed(view, key)) {
        return effects;
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

/// Takes a key for what is being typed; `None` while nothing is.
fn typed(view: &mut View, key: &KeyEvent) -> Option<Vec<Effect>> {
    let Prompt { asking, line } = view.prompt.as_mut()?;
    let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Enter => {
            let (asking, text) = (*asking, line.text().to_owned());
            view.prompt = None;
            return Some(answered(view, asking, &text));
        }
        _ if interrupt || key.code == KeyCode::Esc => view.prompt = None,
        KeyCode::Backspace if line.text().is_empty() => view.prompt = None,
        _ => {
            line.edit(key);
            let (asking, text) = (*asking, line.text().to_owned());
            filter_live(view, asking, &text);
        }
    }
    Some(Vec::new())
}

/// A filter shows at once what it lets through.
fn filter_live(view: &mut View, asking: Asking, text: &str) {
    if let (Asking::Filter, Content::Logs(logs)) = (asking, &mut view.content) {
        logs.set_filter(text, &mut view.reader);
    }
}

fn answered(view: &mut View, asking: Asking, text: &str) -> Vec<Effect> {
    match asking {
        Asking::Search { older } => {
            // As in vi, nothing typed is what was looked for last.
            let again = text.is_empty() && view.read(|reader, lines| reader.next_match(true, lines));
            if !again {
                view.read(|reader, lines| reader.search(text, older, lines));
            }
        }
        Asking::Filter => filter_live(view, asking, text),
        Asking::Selector => {
            let Content::Logs(logs) = &view.content else { return Vec::new() };
            if text.trim().is_empty() {
                return Vec::new();
            }
            match LogScope::parse(text.trim(), &logs.namespace()) {
                Ok(scope) => {
                    let following = logs.following().turned(|subject| {
                        subject.scope = scope;
                        // Other pods have containers of other names.
                        subject.container = None;
                    });
                    return view.turn(following);
                }
                Err(why) => {
                    view.problem = Some(Problem::new(format!("{} cannot be followed", text.trim()), why, ""));
                    view.prompt = Some(Prompt { asking, line: TextLine::new(text) });
                }
            }
        }
        Asking::Range => {
            let Content::Logs(logs) = &view.content else { return Vec::new() };
            match read_range(text) {
                Some(range) => {
                    let following = logs.following().turned(|subject| subject.range = range);
                    return view.turn(following);
                }
                // What cannot be read stays to be mended.
                None => view.prompt = Some(Prompt { asking, line: TextLine::new(text) }),
            }
        }
    }
    Vec::new()
}

/// Text was pasted into a view: it belongs to what is being typed, and to nothing else.
pub(in crate::app) fn pasted(state: &mut State, text: &str) {
    let Some(view) = state.sessions.active_view_mut() else { return };
    if let Some(prompt) = view.prompt.as_mut() {
        prompt.line.insert(text);
        let (asking, text) = (prompt.asking, prompt.line.text().to_owned());
        filter_live(view, asking, &text);
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
