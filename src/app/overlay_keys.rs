//! What keys do in overlays; the overlays themselves are data.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::Timestamp;

use super::message::Effect;
use super::navigator::PodScope;
use super::overlay::{Choice, Choose, Entry, EntryKind, Name, Overlay, Palette};
use super::state::State;
use super::{Level, answer, asked_logs, browse, forms, forwarding, leftovers, run, safety, transcript};

/// How many lines a page key moves.
const PAGE: isize = 10;

/// A key was pressed while an overlay stands.
pub(super) fn pressed(state: &mut State, key: &KeyEvent) -> Vec<Effect> {
    if safety::is_unread(state) {
        return Vec::new();
    }
    let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    if key.code == KeyCode::Esc || interrupt {
        let was_question = matches!(state.overlay.take(), Some(Overlay::Choose(_)));
        return if was_question { leftovers::uncover(state, true) } else { Vec::new() };
    }
    match state.overlay.take() {
        None => Vec::new(),
        Some(Overlay::Help(scroll)) => scrolled(state, key, scroll, Overlay::Help),
        Some(Overlay::Messages(scroll)) => scrolled(state, key, scroll, Overlay::Messages),
        Some(Overlay::Choose(choose)) => chosen(state, key, choose),
        Some(Overlay::Palette(palette)) => in_palette(state, key, palette),
        Some(Overlay::Form(form)) => forms::pressed(state, key, form),
        Some(Overlay::Ports(form)) => forwarding::pressed(state, key, form),
        Some(Overlay::Save(mut asked)) => {
            if key.code == KeyCode::Enter {
                return transcript::save(state, &asked);
            }
            asked.line.edit(key);
            state.overlay = Some(Overlay::Save(asked));
            Vec::new()
        }
        Some(Overlay::Leftovers(view)) => leftovers::pressed(state, key, letters(key), view),
        Some(Overlay::Name(name)) => named(state, key, name),
    }
}

/// Text was pasted while an overlay stands.
pub(super) fn pasted(overlay: &mut Overlay, text: &str, now: Timestamp) {
    match overlay {
        Overlay::Palette(palette) => {
            palette.query.insert(text);
            palette.refresh();
        }
        Overlay::Save(asked) => asked.line.insert(text),
        Overlay::Form(form) => form.paste(text, now),
        Overlay::Name(name) => name.line.insert(text),
        Overlay::Ports(form) => form.insert(text),
        Overlay::Help(_) | Overlay::Messages(_) | Overlay::Choose(_) | Overlay::Leftovers(_) => {}
    }
}

fn step(key: &KeyEvent) -> Option<isize> {
    Some(match key.code {
        KeyCode::Up => -1,
        KeyCode::Down => 1,
        KeyCode::PageUp => -PAGE,
        KeyCode::PageDown => PAGE,
        KeyCode::Home => isize::MIN / 2,
        KeyCode::End => isize::MAX / 2,
        _ => return None,
    })
}

fn letters(key: &KeyEvent) -> Option<isize> {
    step(key).or(match key.code {
        KeyCode::Char('k') => Some(-1),
        KeyCode::Char('j') => Some(1),
        KeyCode::Char('g') => Some(isize::MIN / 2),
        KeyCode::Char('G') => Some(isize::MAX / 2),
        _ => None,
    })
}

/// A text to scroll through: any other key closes it.
fn scrolled(state: &mut State, key: &KeyEvent, scroll: usize, overlay: fn(usize) -> Overlay) -> Vec<Effect> {
    if let Some(by) = letters(key) {
        // The end is known where the lines are laid out; more than any text has is cut there.
        state.overlay = Some(overlay(scroll.saturating_add_signed(by).min(100_000)));
    }
    Vec::new()
}

fn chosen(state: &mut State, key: &KeyEvent, choose: Choose) -> Vec<Effect> {
    // Only a fresh, bare key answers: holding Ctrl-d down must not be a question and its answer.
    let bare = key.kind == KeyEventKind::Press && (key.modifiers - KeyModifiers::SHIFT).is_empty();
    let choice = match key.code {
        KeyCode::Char(c) if bare => choose.choices.iter().find(|choice| choice.key == c),
        _ => None,
    };
    if let Some(Choice { deed, .. }) = choice {
        return answer(state, deed.clone());
    }
    state.overlay = Some(Overlay::Choose(choose));
    Vec::new()
}

fn in_palette(state: &mut State, key: &KeyEvent, mut palette: Palette) -> Vec<Effect> {
    if key.code == KeyCode::Enter {
        return match palette.selected().cloned() {
            Some(Entry { kind, .. }) => go(state, kind),
            None => Vec::new(),
        };
    }
    if matches!(key.code, KeyCode::Home | KeyCode::End) {
        palette.query.edit(key);
    } else if let Some(by) = step(key) {
        palette.move_by(by);
    } else if palette.query.edit(key) {
        palette.refresh();
    }
    state.overlay = Some(Overlay::Palette(palette));
    Vec::new()
}

/// Edits the name of a tab; an empty one takes it back.
fn named(state: &mut State, key: &KeyEvent, mut name: Name) -> Vec<Effect> {
    if key.code == KeyCode::Enter {
        let text = name.line.text().trim();
        if let Some(tab) = state.sessions.tab_of_mut(name.of) {
            tab.name = (!text.is_empty()).then(|| text.to_owned());
        }
    } else {
        name.line.edit(key);
        state.overlay = Some(Overlay::Name(name));
    }
    Vec::new()
}

fn go(state: &mut State, kind: EntryKind) -> Vec<Effect> {
    match kind {
        EntryKind::Action(action, _) => run(state, action),
        EntryKind::List(list) => browse::show_list(state, list),
        EntryKind::Namespace(name) => browse::set_scope(state, PodScope::Namespace(name.into())),
        EntryKind::Context(name) => browse::switch_context(state, &name),
        EntryKind::Logs(_, Some(refused)) => {
            state.notices.push(state.now, Level::Warning, refused, Vec::new());
            Vec::new()
        }
        EntryKind::Logs(of, None) => asked_logs::open(state, &of),
        EntryKind::Start(start) => forms::start_or_ask(state, *start),
    }
}
