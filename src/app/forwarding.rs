//! The form of forwarded ports at work: what opens it, what arrives, and what its keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::forwards::start_forwards;
use super::message::Effect;
use super::overlay::{FormId, Overlay, PortForm, PortSubject};
use super::state::State;
use crate::cluster::{PortOffers, Problem};

/// Opens the form of what can be forwarded of this.
pub fn open_port_form(state: &mut State, subject: PortSubject) -> Vec<Effect> {
    let (id, context) = (state.next_form(), state.context.name.clone());
    state.overlay = Some(Overlay::Ports(Box::new(PortForm::new(id, context.clone(), subject.clone()))));
    vec![Effect::ReadPorts(id, context, subject)]
}

/// What can be forwarded has been read.
pub(super) fn ports_read(state: &mut State, id: FormId, found: Result<PortOffers, Problem>) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::Ports(mut form)) if form.id == id => {
            form.answer(found);
            // Enter came before the answer: it meant the first port, if there is one.
            if std::mem::take(&mut form.eager) && !form.rows.is_empty() {
                return start(state, form);
            }
            state.overlay = Some(Overlay::Ports(form));
        }
        other => state.overlay = other,
    }
    Vec::new()
}

/// A key was pressed in the form, which was taken out of the state.
pub(super) fn pressed(state: &mut State, key: &KeyEvent, mut form: Box<PortForm>) -> Vec<Effect> {
    match key.code {
        KeyCode::Enter if form.reading && form.other.text().is_empty() => form.eager = true,
        KeyCode::Enter => return start(state, form),
        KeyCode::Up | KeyCode::BackTab => form.move_by(-1),
        KeyCode::Down | KeyCode::Tab => form.move_by(1),
        KeyCode::PageUp => form.move_by(-10),
        KeyCode::PageDown => form.move_by(10),
        KeyCode::Char(' ') if (key.modifiers - KeyModifiers::SHIFT).is_empty() => form.toggle(),
        _ => form.edit(key),
    }
    state.overlay = Some(Overlay::Ports(form));
    Vec::new()
}

fn start(state: &mut State, mut form: Box<PortForm>) -> Vec<Effect> {
    match form.requests() {
        Ok(requests) => start_forwards(state, requests),
        Err(mistake) => {
            form.mistake = Some(mistake);
            state.overlay = Some(Overlay::Ports(form));
            Vec::new()
        }
    }
}
