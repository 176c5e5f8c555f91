//! Actions on the text of a pane: copy mode, search, prompts, and the transcript.

use crate::app::copy_mode::Motion;
use crate::app::copying::SelectionKind;
use crate::app::{Action, Availability, Effect, Scope, State, copying, transcript};

pub(super) const ACTIONS: &[Action] = &[
    Action {
        name: "pane.copy-mode",
        title: "copy mode",
        help: "Reads and chooses what the pane has shown, by keys as in vi; the session goes on.",
        scope: Scope::Leader,
        keys: &["["],
        hint: Some(6),
        available: copying::readable,
        run: copying::enter,
    },
    Action {
        name: "pane.search",
        title: "search",
        help: "Searches upwards through what the pane has shown, for text or a regular expression.",
        scope: Scope::Leader,
        keys: &["/"],
        hint: Some(8),
        available: copying::readable,
        run: |state| copying::ask(state, true),
    },
    Action {
        name: "pane.prompt-above",
        title: "prompt above",
        help: "Goes to the prompt before, where the shell marks its prompts.",
        scope: Scope::Leader,
        keys: &["("],
        hint: None,
        available: copying::readable,
        run: |state| copying::to_prompt(state, false),
    },
    Action {
        name: "pane.prompt-below",
        title: "prompt below",
        help: "Goes to the next prompt, where the shell marks its prompts.",
        scope: Scope::Leader,
        keys: &[")"],
        hint: None,
        available: copying::readable,
        run: |state| copying::to_prompt(state, true),
    },
    Action {
        name: "pane.save",
        title: "save",
        help: "Saves all that the pane has shown as text; asks for the file.",
        scope: Scope::Leader,
        keys: &["S"],
        hint: None,
        available: copying::readable,
        run: transcript::ask,
    },
    row("copy.left", "left", "One character to the left.", &["h", "left"], None, |state| {
        copying::go(state, Motion::Left)
    }),
    row("copy.down", "down", "One row down.", &["j", "down"], None, |state| copying::go(state, Motion::Rows(1))),
    row("copy.up", "up", "One row up.", &["k", "up"], None, |state| copying::go(state, Motion::Rows(-1))),
    row("copy.right", "right", "One character to the right.", &["l", "right"], None, |state| {
        copying::go(state, Motion::Right)
    }),
    row("copy.word", "word", "To the next word.", &["w"], None, |state| {
        copying::go(state, Motion::Word { forward: true })
    }),
    row("copy.word-end", "word's end", "To the end of the word.", &["e"], None, |state| {
        copying::go(state, Motion::WordEnd)
    }),
    row("copy.word-before", "word before", "To the word before.", &["b"], None, |state| {
        copying::go(state, Motion::Word { forward: false })
    }),
    row("copy.line-start", "line start", "To the first column.", &["0", "home", "^"], None, |state| {
        copying::go(state, Motion::LineStart)
    }),
    row("copy.line-end", "line end", "To the last character of the row.", &["$", "end"], None, |state| {
        copying::go(state, Motion::LineEnd)
    }),
    row("copy.top", "top", "To the oldest row.", &["g"], None, |state| copying::go(state, Motion::Top)),
    row("copy.bottom", "bottom", "To the newest row.", &["G"], None, |state| copying::go(state, Motion::Bottom)),
    row("copy.page-up", "page up", "A screen up.", &["pgup", "ctrl-b"], None, |state| {
        copying::go(state, Motion::Pages(-1))
    }),
    row("copy.page-down", "page down", "A screen down.", &["pgdn", "ctrl-f"], None, |state| {
        copying::go(state, Motion::Pages(1))
    }),
    row("copy.half-up", "half up", "Half a screen up.", &["ctrl-u"], None, |state| {
        copying::go(state, Motion::Halves(-1))
    }),
    row("copy.half-down", "half down", "Half a screen down.", &["ctrl-d"], None, |state| {
        copying::go(state, Motion::Halves(1))
    }),
    row("copy.prompt-above", "prompt above", "To the prompt before.", &["{", "("], None, |state| {
        copying::to_prompt(state, false)
    }),
    row("copy.prompt-below", "prompt below", "To the next prompt.", &["}", ")"], None, |state| {
        copying::to_prompt(state, true)
    }),
    row("copy.choose", "choose", "Begins to choose text, or lets go of it.", &["v", "space"], Some(0), |state| {
        copying::choose(state, SelectionKind::Simple)
    }),
    row("copy.choose-lines", "lines", "Begins to choose whole lines.", &["V"], Some(1), |state| {
        copying::choose(state, SelectionKind::Line)
    }),
    row("copy.choose-block", "block", "Begins to choose a block of columns.", &["ctrl-v"], Some(7), |state| {
        copying::choose(state, SelectionKind::Block)
    }),
    row("copy.other-end", "other end", "Goes to the other end of what is chosen.", &["o"], None, copying::swap_ends),
    row(
        "copy.copy",
        "copy",
        "Copies what is chosen to the clipboard, and leaves copy mode.",
        &["y", "enter"],
        Some(2),
        copying::copy,
    ),
    row("copy.search-up", "search up", "Searches upwards: text, or a regular expression.", &["?"], Some(3), |state| {
        copying::ask(state, true)
    }),
    row("copy.search-down", "search down", "Searches downwards.", &["/"], Some(6), |state| copying::ask(state, false)),
    row("copy.next", "next", "To the next match, in the direction of the search.", &["n"], Some(4), |state| {
        copying::next_match(state, true)
    }),
    row("copy.previous", "match before", "To the match before, against that direction.", &["N"], None, |state| {
        copying::next_match(state, false)
    }),
    row(
        "copy.leave",
        "leave",
        "Leaves copy mode; the pane shows the present again.",
        &["q", "esc", "ctrl-c"],
        Some(5),
        copying::leave,
    ),
];

const fn row(
    name: &'static str,
    title: &'static str,
    help: &'static str,
    keys: &'static [&'static str],
    hint: Option<u8>,
    run: fn(&mut State) -> Vec<Effect>,
) -> Action {
    Action { name, title, help, scope: Scope::Copy, keys, hint, available, run }
}

fn available(state: &State) -> Availability {
    copying::copying(state)
}
