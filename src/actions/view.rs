//! Actions of every view: reading on, searching, choosing and copying lines, closing.

use crate::app::view::{self, Asking};
use crate::app::{Action, Availability, Effect, Scope, State};

/// How many columns a step to the side is.
const COLUMNS: isize = 8;

const fn row(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    hint: Option<u8>,
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    Action { name, title, help, scope: Scope::View, keys, hint, available: reads, run }
}

pub(super) const ACTIONS: &[Action] = &[
    row(
        "view.back",
        "close",
        "Lets go of what is chosen or searched for, else closes the view.",
        &["esc", "q"],
        Some(0),
        view::back,
    ),
    row("view.browse", "browse", "Gives the keys back to the lists; the view stays.", &["tab"], Some(7), |state| {
        super::pane::browse(state)
    }),
    row("view.down", "down", "Goes a row down.", &["down", "j"], None, |state| {
        view::act(state, |reader, lines| reader.go(1, lines))
    }),
    row("view.up", "up", "Goes a row up.", &["up", "k"], None, |state| {
        view::act(state, |reader, lines| reader.go(-1, lines))
    }),
    row("view.page-down", "page down", "Goes half a screen down.", &["pgdn", "ctrl-d", "ctrl-f"], None, |state| {
        view::act(state, |reader, lines| reader.go_half(1, lines))
    }),
    row("view.page-up", "page up", "Goes half a screen up.", &["pgup", "ctrl-u", "ctrl-b"], None, |state| {
        view::act(state, |reader, lines| reader.go_half(-1, lines))
    }),
    row("view.start", "start", "Goes to the first line.", &["home", "g"], None, |state| {
        view::act(state, |reader, lines| reader.to_start(lines))
    }),
    row("view.end", "end", "Goes to the last line, and stays at the end.", &["end", "G"], None, |state| {
        view::act(state, |reader, lines| reader.to_end(lines))
    }),
    row("view.right", "right", "Moves the view to the right.", &["right", "l"], None, |state| {
        view::act(state, |reader, _| reader.sideways(COLUMNS))
    }),
    row("view.left", "left", "Moves the view to the left.", &["left", "h"], None, |state| {
        view::act(state, |reader, _| reader.sideways(-COLUMNS))
    }),
    row("view.wrap", "wrap", "Lets long lines go on in the next row, or run out of view.", &["w"], Some(8), |state| {
        view::act(state, |reader, _| reader.toggle_wrap())
    }),
    row(
        "view.search",
        "search",
        "Searches downwards: the text as it is, or where it stands nowhere, the expression.",
        &["/"],
        Some(1),
        |state| view::ask(state, Asking::Search { older: false }, ""),
    ),
    row("view.search-up", "search up", "Searches upwards.", &["?"], None, |state| {
        view::ask(state, Asking::Search { older: true }, "")
    }),
    row("view.next-match", "next", "Goes to the next match.", &["n"], None, |state| next_match(state, true)),
    row("view.previous-match", "previous", "Goes to the match before.", &["N"], None, |state| next_match(state, false)),
    row("view.choose", "choose", "Begins to choose lines, or lets go of them.", &["v", "V"], None, |state| {
        view::act(state, |reader, lines| reader.choose(lines))
    }),
    row(
        "view.copy",
        "copy",
        "Copies the chosen lines, else the one that is pointed at, else everything.",
        &["y", "c"],
        Some(6),
        view::copy,
    ),
    row("view.save", "save", "Writes the text to a file.", &["s"], Some(9), crate::app::transcript::ask),
    // The other key of help looks upwards here, as in vi.
    row("view.help", "help", "Lists all keys, those of the view first.", &["f1"], Some(4), super::general::help),
    row("view.palette", "palette", "Opens the palette.", &[":"], None, super::general::palette),
];

/// Whether the focused pane shows a view.
fn reads(state: &State) -> Availability {
    Availability::when(state.sessions.shows_view(), "no view has the keys")
}

fn next_match(state: &mut State, onwards: bool) -> Vec<Effect> {
    use crate::app::Level;

    let there = view::with(state, |view| view.read(|reader, lines| reader.next_match(onwards, lines)));
    if there == Some(false) {
        state.notices.push(state.now, Level::Info, "nothing was searched for: / searches downwards", Vec::new());
    }
    Vec::new()
}
