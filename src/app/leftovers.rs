//! The view of leftovers at work: when it looks again, and what its keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::lives;
use super::message::{Effect, Start};
use super::navigator::PodScope;
use super::notices::Level;
use super::overlay::{Choice, Choose, Deed, Leftovers, Overlay, Removal};
use super::state::State;
use crate::cluster::{ContainerKey, Found, LeftoverKind, LeftoverScope, Problem, Which};

/// How many names a question shows.
const NAMED: usize = 6;

/// Looks again for leftovers while they are in view: at once, or when what is shown is old.
pub fn refresh_leftovers(state: &mut State, at_once: bool) -> Vec<Effect> {
    let now = state.now;
    let Some(Overlay::Leftovers(view)) = &state.overlay else { return Vec::new() };
    // An answer is awaited before the next question, however slow the server is.
    if view.waiting || (!at_once && !view.is_due(now)) {
        return Vec::new();
    }
    let scope = scope(state, view.here);
    if let Some(Overlay::Leftovers(view)) = &mut state.overlay {
        (view.asked, view.waiting) = (Some(now), true);
    }
    vec![Effect::FindLeftovers(state.context.name.clone(), scope)]
}

fn scope(state: &State, here: bool) -> LeftoverScope {
    match &state.navigator.scope {
        PodScope::Namespace(name) if here => LeftoverScope::In(vec![name.to_string()]),
        PodScope::Owner(chain) if here => LeftoverScope::In(vec![chain.namespace.to_string()]),
        _ => LeftoverScope::Everywhere { otherwise: state.navigator.named.iter().map(ToString::to_string).collect() },
    }
}

/// Leftovers were found.
pub(super) fn found(state: &mut State, context: &str, asked: &LeftoverScope, mut found: Result<Found, Problem>) {
    // An answer to what is not asked any more would be acted upon as if it were.
    let is_asked = matches!(&state.overlay, Some(Overlay::Leftovers(view)) if scope(state, view.here) == *asked);
    if context != state.context.name || !is_asked {
        return;
    }
    let State { settings, overlay, now, .. } = state;
    if let Ok(found) = &mut found {
        settings.claim(context, &mut found.leftovers);
    }
    if let Some(Overlay::Leftovers(view)) = overlay {
        view.answer(found, *now);
    }
}

/// A key was pressed in the view.
pub(super) fn pressed(state: &mut State, key: &KeyEvent, by: Option<isize>, mut view: Leftovers) -> Vec<Effect> {
    let bare = key.kind == KeyEventKind::Press && (key.modifiers - KeyModifiers::SHIFT).is_empty();
    let mut act = None;
    if let Some(by) = by {
        view.move_by(by);
    } else if bare {
        match key.code {
            KeyCode::Char(' ') => view.toggle(),
            KeyCode::Char('*') => view.toggle_all(),
            KeyCode::Char('m') if state.settings.creator.is_empty() => {
                let text = "who you are is not known; name yourself with creator in the configuration";
                state.notices.push(state.now, Level::Warning, text, Vec::new());
            }
            KeyCode::Char('m') => view.toggle_only(&state.settings.creator),
            KeyCode::Char('n') => {
                view.here = !view.here;
                (view.found, view.asked, view.waiting) = (None, None, false);
            }
            KeyCode::Char(c @ ('d' | 'e' | 'a')) => act = Some(c),
            KeyCode::Enter => act = Some('a'),
            _ => {}
        }
    }
    state.overlay = Some(Overlay::Leftovers(view.clone()));
    match act {
        None => refresh_leftovers(state, false),
        Some(_) if state.settings.is_read_only(&state.context.name) => {
            let text = format!("{} is used read-only", state.context.name);
            tell(state, text)
        }
        Some('a') => attach(state, &view),
        Some(key) => remove(state, &view, key == 'd'),
    }
}

fn tell(state: &mut State, text: impl Into<String>) -> Vec<Effect> {
    state.notices.push(state.now, Level::Warning, text.into(), Vec::new());
    Vec::new()
}

fn attach(state: &mut State, view: &Leftovers) -> Vec<Effect> {
    match view.selected().map(|row| (row.pod.clone(), row.kind.clone())) {
        Some((pod, LeftoverKind::Ephemeral { container, running: true })) => {
            state.overlay = None;
            lives::start(state, Start::Attach { container: ContainerKey { pod, container } })
        }
        Some((_, LeftoverKind::Ephemeral { .. })) => tell(state, "it does not run; there is nothing to attach to"),
        Some((_, kind)) if kind.is_pod() => tell(state, "go to the pod in the list and press a on its container"),
        _ => Vec::new(),
    }
}

/// Asks before pods are deleted (if `pods`) and debuggers are ended.
fn remove(state: &mut State, view: &Leftovers, pods: bool) -> Vec<Effect> {
    let mut removable = view.removable();
    if !pods {
        removable.pods.clear();
    }
    let (deletes, ends) = (removable.pods.len(), removable.debuggers.len());
    if deletes + ends == 0 {
        let text = match (pods, removable.staying) {
            (_, 0) if !pods && !view.rows().is_empty() => "no debugger that runs is chosen",
            (_, 0) => "nothing is chosen",
            _ => "it has ended and cannot be removed: Kubernetes keeps an ephemeral container until its pod goes",
        };
        return tell(state, text);
    }
    let context = state.context.name.clone();
    let mut lines = Vec::new();
    if deletes > 0 {
        lines.push("These pods and everything in them are gone afterwards:".to_owned());
        lines.extend(few(removable.pods.iter().map(|row| {
            let doubt = if row.certain { "" } else { " (it only looks like a debugger's)" };
            format!("  {}/{}{doubt}", row.pod.namespace, row.pod.name)
        })));
    }
    if ends > 0 {
        lines.push("These debuggers are ended; whoever is attached loses their shell:".to_owned());
        lines.extend(few(removable
            .debuggers
            .iter()
            .map(|at| format!("  {}/{}/{}", at.pod.namespace, at.pod.name, at.container))));
    }
    if removable.staying > 0 || ends > 0 {
        lines.push("Ended debuggers stay in their pods' lists until the pods go.".to_owned());
    }
    let label = match (deletes, ends) {
        (0, ends) => format!("end {}", many(ends, "debugger")),
        (deletes, 0) => format!("delete {}", many(deletes, "pod")),
        (deletes, ends) => format!("delete {} and end {}", many(deletes, "pod"), many(ends, "debugger")),
    };
    let pods = removable.pods.into_iter().map(|row| Removal::Pod(row.pod, Which::Uid(row.uid)));
    let removals = pods.chain(removable.debuggers.into_iter().map(Removal::Debugger));
    let removals = removals.map(|removal| (context.clone(), removal)).collect();
    state.overlay = Some(Overlay::Choose(Choose {
        title: format!("In {context}: {label}?"),
        lines,
        choices: vec![Choice::new('d', label, Deed::Remove(removals)), Choice::new('k', "keep", Deed::ShowLeftovers)],
    }));
    state.beneath = Some(Box::new(view.clone()));
    Vec::new()
}

/// `1 pod`, `2 pods`.
pub(super) fn many(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The first few of these lines, and how many more there are.
pub(super) fn few(lines: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = lines.len().saturating_sub(NAMED);
    let mut shown: Vec<String> = lines.take(NAMED).collect();
    if more > 0 {
        shown.push(format!("  … and {more} more"));
    }
    shown
}

/// Shows the view again that a question about it covered, if there was one; with its marks, if so.
pub(super) fn uncover(state: &mut State, with_marks: bool) -> Vec<Effect> {
    let Some(mut view) = state.beneath.take() else { return Vec::new() };
    // What was answered meanwhile found nobody to take it.
    (view.waiting, view.asked) = (false, None);
    if !with_marks {
        view.marked.clear();
    }
    state.overlay = Some(Overlay::Leftovers(*view));
    refresh_leftovers(state, true)
}
