//! Actions on the console itself: help, palette, history, focus, leaving.

use crate::app::navigator::PodScope;
use crate::app::overlay::{Entry, EntryKind, Overlay, Palette};
use crate::app::{Action, Availability, Effect, Focus, List, Scope, State, quit};

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "palette",
        title: "palette",
        help: "Opens the palette: every action, namespace and context by name.",
        scope: Scope::Global,
        keys: &[":"],
        hint: None,
        available: |_| Availability::Yes,
        run: palette,
    },
    Action {
        name: "pane.focus",
        title: "pane",
        help: "Gives the keys to the session in view.",
        scope: Scope::Global,
        keys: &["tab"],
        hint: None,
        available: |state| Availability::when(!state.sessions.is_empty(), "no session is open"),
        run: |state| {
            state.focus = Focus::Pane;
            Vec::new()
        },
    },
    Action {
        name: "messages",
        title: "messages",
        help: "Shows everything you were told, newest first.",
        scope: Scope::Global,
        keys: &["m"],
        hint: None,
        available: |_| Availability::Yes,
        run: |state| {
            state.overlay = Some(Overlay::Messages(0));
            Vec::new()
        },
    },
    Action {
        name: "help",
        title: "help",
        help: "Lists all keys.",
        scope: Scope::Global,
        keys: &["?", "f1"],
        hint: Some(6),
        available: |_| Availability::Yes,
        run: help,
    },
    Action {
        name: "quit",
        title: "quit",
        help: "Leaves the console; asks first while sessions are open.",
        scope: Scope::Global,
        keys: &["q", "ctrl-c"],
        hint: None,
        available: |_| Availability::Yes,
        run: quit,
    },
];

pub(super) fn help(state: &mut State) -> Vec<Effect> {
    state.overlay = Some(Overlay::Help(0));
    Vec::new()
}

pub(super) fn palette(state: &mut State) -> Vec<Effect> {
    let mut entries: Vec<Entry> = Vec::new();
    let in_panes = |scope| matches!(scope, Scope::Ended | Scope::Launch | Scope::Copy);
    for action in state.keymap.actions().iter().filter(|action| !in_panes(action.scope)) {
        let refused = match action.availability(state) {
            Availability::Yes | Availability::Later(_) => None,
            Availability::No(reason) => Some(reason),
        };
        let note = refused.clone().unwrap_or_else(|| action.help.to_owned());
        let label = format!("{}  {}", action.title, state.keymap.first_key_of(action));
        entries.push(Entry { label, note, kind: EntryKind::Action(action, refused) });
    }
    entries.extend(super::debug::toolkits(state));
    for (label, note, list) in [
        ("pods", "the list of pods", List::Pods),
        ("ns", "the list of namespaces", List::Namespaces),
        ("nodes", "the list of nodes", List::Nodes),
    ] {
        entries.push(Entry { label: label.to_owned(), note: note.to_owned(), kind: EntryKind::List(list) });
    }
    for namespace in state.navigator.namespaces.visible() {
        let here = state.navigator.scope == PodScope::Namespace(namespace.name.clone());
        entries.push(Entry {
            label: format!("ns {}", namespace.name),
            note: if here { "shown".to_owned() } else { "pods of this namespace".to_owned() },
            kind: EntryKind::Namespace(namespace.name.to_string()),
        });
    }
    for context in &state.contexts {
        let here = if context.name == state.context.name { "in use; " } else { "" };
        entries.push(Entry {
            label: format!("ctx {}", context.name),
            note: format!("{here}cluster {}, user {}", context.cluster, context.user),
            kind: EntryKind::Context(context.name.clone()),
        });
    }
    let namespaces = &state.navigator.namespaces;
    let all =
        namespaces.is_complete() && namespaces.filter().is_empty() && state.navigator.namespaces_refused.is_none();
    state.overlay = Some(Overlay::Palette(Palette::new(entries, all)));
    Vec::new()
}
