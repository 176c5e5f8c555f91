//! Actions on the panes of a tab and on tabs: splitting, moving, resizing, naming, typing into several at once.

use crate::app::layout::{layout, panes_with_keys};
use crate::app::overlay::{Name, Overlay, TextLine};
use crate::app::panes::{Axis, Direction};
use crate::app::{
    Action, Availability, Effect, Focus, Level, Scope, Start, State, open_view_beside, start_beside, type_into_all,
};

/// How many cells a border moves at a press.
const STEP: u16 = 4;

const fn leader(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    hint: Option<u8>,
    available: fn(&State) -> Availability,
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    Action { name, title, help, scope: Scope::Leader, keys, hint, available, run }
}

pub(super) const ACTIONS: &[Action] = &[
    leader(
        "pane.split-right",
        "split",
        "Opens one more shell in the same container, or the same view, to the right of the pane.",
        &["|", "%"],
        Some(2),
        |state| can_split(state, Axis::Columns),
        |state| split(state, Axis::Columns),
    ),
    leader(
        "pane.split-below",
        "split below",
        "Opens one more shell in the same container, or the same view, below the pane.",
        &["-", "\""],
        None,
        |state| can_split(state, Axis::Rows),
        |state| split(state, Axis::Rows),
    ),
    leader(
        "pane.join-right",
        "join right",
        "Brings the panes of the next tab to the right of this one: sessions of different pods side by side.",
        &["m"],
        None,
        |state| can_join(state, Axis::Columns),
        |state| join(state, Axis::Columns),
    ),
    leader(
        "pane.join-below",
        "join below",
        "Brings the panes of the next tab below this one.",
        &["M"],
        None,
        |state| can_join(state, Axis::Rows),
        |state| join(state, Axis::Rows),
    ),
    leader("pane.break", "own tab", "Moves the pane into a tab of its own.", &["!"], None, several_panes, |state| {
        state.sessions.break_out();
        focused(state)
    }),
    leader(
        "pane.left",
        "pane left",
        "Gives the keys to the pane on the left.",
        &["left", "h"],
        None,
        several_panes,
        |s| go(s, Direction::Left),
    ),
    leader(
        "pane.right",
        "pane right",
        "Gives the keys to the pane on the right.",
        &["right", "l"],
        None,
        several_panes,
        |s| go(s, Direction::Right),
    ),
    leader("pane.up", "pane above", "Gives the keys to the pane above.", &["up", "k"], None, several_panes, |s| {
        go(s, Direction::Up)
    }),
    leader("pane.down", "pane below", "Gives the keys to the pane below.", &["down", "j"], None, several_panes, |s| {
        go(s, Direction::Down)
    }),
    leader(
        "pane.other",
        "next pane",
        "Gives the keys to the next pane of the tab.",
        &["o"],
        None,
        several_panes,
        |state| {
            state.sessions.step_pane(1);
            focused(state)
        },
    ),
    leader(
        "pane.border-left",
        "border left",
        "Moves the border of the pane to the left.",
        &["shift-left", "H"],
        None,
        several_panes,
        |state| resize(state, Direction::Left),
    ),
    leader(
        "pane.border-right",
        "border right",
        "Moves the border of the pane to the right.",
        &["shift-right", "L"],
        None,
        several_panes,
        |state| resize(state, Direction::Right),
    ),
    leader(
        "pane.border-up",
        "border up",
        "Moves the border of the pane up.",
        &["shift-up", "K"],
        None,
        several_panes,
        |s| resize(s, Direction::Up),
    ),
    leader(
        "pane.border-down",
        "border down",
        "Moves the border of the pane down.",
        &["shift-down", "J"],
        None,
        several_panes,
        |state| resize(state, Direction::Down),
    ),
    leader(
        "pane.swap-next",
        "swap",
        "Lets the pane and the next one of the tab change places.",
        &["}"],
        None,
        several_panes,
        |state| swap(state, 1),
    ),
    leader(
        "pane.swap-previous",
        "swap back",
        "Lets the pane and the one before it change places.",
        &["{"],
        None,
        several_panes,
        |state| swap(state, -1),
    ),
    leader(
        "tab.together",
        "keys to all",
        "Sends what you type to every pane of the tab, until pressed again.",
        &["s"],
        None,
        several_panes,
        |state| {
            state.focus = Focus::Pane;
            type_into_all(state)
        },
    ),
    leader(
        "tab.zoom",
        "zoom tab",
        "Gives all panes of the tab the whole screen, or takes it back.",
        &["Z"],
        None,
        any_session,
        |state| {
            state.sessions.toggle_wide();
            focused(state)
        },
    ),
    leader(
        "tab.activity",
        "next with news",
        "Shows the next tab that has printed something unseen.",
        &["a"],
        None,
        any_session,
        |state| {
            if state.sessions.step_to_activity() {
                return focused(state);
            }
            state.notices.push(state.now, Level::Info, "no pane has printed anything unseen", Vec::new());
            Vec::new()
        },
    ),
    leader(
        "tab.rename",
        "rename",
        "Gives the tab a name of your own; an empty one takes it back.",
        &[","],
        None,
        any_session,
        rename,
    ),
    leader(
        "tab.move-right",
        "tab right",
        "Moves the tab to the right among the others.",
        &[">"],
        None,
        other_tab,
        |s| {
            s.sessions.move_tab(1);
            focused(s)
        },
    ),
    leader("tab.move-left", "tab left", "Moves the tab to the left among the others.", &["<"], None, other_tab, |s| {
        s.sessions.move_tab(-1);
        focused(s)
    }),
];

fn any_session(state: &State) -> Availability {
    Availability::when(!state.sessions.is_empty(), "no pane is open")
}

fn several_panes(state: &State) -> Availability {
    let several = state.sessions.tab().is_some_and(|tab| tab.panes().len() > 1);
    Availability::when(several, "this tab has one pane only")
}

fn other_tab(state: &State) -> Availability {
    Availability::when(state.sessions.tabs().len() > 1, "there is no other tab")
}

/// Why a pane may not be had although there is something to show in it.
const NO_ROOM: &str = "there is no room: zoom the tab, close a pane, or enlarge the terminal";

fn can_split(state: &State, axis: Axis) -> Availability {
    let room = || Availability::when(state.sessions.has_room(axis, panes_with_keys(state)), NO_ROOM);
    let Some(session) = state.sessions.active() else { return any_session(state).and(room) };
    if session.context != state.context.name {
        return Availability::No(format!("this pane belongs to context {}; switch to it first", session.context));
    }
    let start = once_more(state);
    if matches!(start, Some(Start::Shell { .. })) && state.settings.is_read_only(&state.context.name) {
        return Availability::No(format!("{} is used read-only", state.context.name));
    }
    Availability::when(start.is_some(), "this launch has not come to a container yet").and(room)
}

fn can_join(state: &State, axis: Axis) -> Availability {
    other_tab(state).and(|| Availability::when(state.sessions.has_room_for_next(axis, panes_with_keys(state)), NO_ROOM))
}

/// What a new pane beside the focused one shows: a shell in the same container, the same log once more.
fn once_more(state: &State) -> Option<Start> {
    let session = state.sessions.active()?;
    if session.is_log() {
        return Some(session.start.clone());
    }
    Some(Start::Shell { container: session.container.clone()? })
}

fn split(state: &mut State, axis: Axis) -> Vec<Effect> {
    if let Some(id) = state.sessions.active_view().map(|view| view.id) {
        return open_view_beside(state, axis, id);
    }
    once_more(state).map(|start| start_beside(state, axis, start)).unwrap_or_default()
}

fn join(state: &mut State, axis: Axis) -> Vec<Effect> {
    state.sessions.join_next(axis);
    focused(state)
}

fn focused(state: &mut State) -> Vec<Effect> {
    state.focus = Focus::Pane;
    Vec::new()
}

fn go(state: &mut State, direction: Direction) -> Vec<Effect> {
    let area = layout(state).panes;
    if !state.sessions.focus_beside(direction, area) {
        state.notices.push(state.now, Level::Info, "there is no pane on that side", Vec::new());
    }
    focused(state)
}

fn resize(state: &mut State, direction: Direction) -> Vec<Effect> {
    // A border that nobody sees is not moved blindly.
    state.sessions.show_all_panes();
    let effects = focused(state);
    let area = layout(state).panes;
    if !state.sessions.resize(direction, STEP, area) {
        state.notices.push(state.now, Level::Info, "the pane has no border that can move this way", Vec::new());
    }
    effects
}

fn swap(state: &mut State, by: isize) -> Vec<Effect> {
    state.sessions.show_all_panes();
    state.sessions.swap_pane(by);
    focused(state)
}

fn rename(state: &mut State) -> Vec<Effect> {
    let Some(tab) = state.sessions.tab() else { return Vec::new() };
    let line = TextLine::new(tab.name.clone().unwrap_or_default());
    state.overlay = Some(Overlay::Name(Name { title: "name of the tab".to_owned(), of: tab.focused(), line }));
    Vec::new()
}
