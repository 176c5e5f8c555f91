//! What a frame costs while the whole screen is full of panes; it knows only what a program shows and uses.

use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::console::{PATIENCE, prompts};
use super::terminal::Terminal;
use super::{Bound, Figures, Row, Unit, milliseconds, usage};

/// How often a pane is scrolled, there and back again.
const ROUNDS: usize = 60;
/// How long a scrolled pane is looked at: longer than two frames are apart.
const LOOK: Duration = Duration::from_millis(30);
/// Splits the pane in four, gives them the whole screen, and lets all of them have what is typed.
const FOUR: [&str; 3] = ["\x1d|", "\x1d-", "\x1dh\x1d-"];
/// Fills every pane, a colour a word, several screens of it.
const FILL: &str = "i=0; while [ $i -lt 3000 ]; do printf '\\033[3%dmword-%d ' $((i%7+1)) $i; i=$((i+1)); done; echo";
/// The bound of a frame, in milliseconds of CPU.
const FRAME: f64 = 2.0;

/// From one pane with a shell at its prompt; what is typed afterwards goes to the shells of all four.
pub(super) fn measure(figures: &mut Figures<'_>, console: &mut Terminal) -> anyhow::Result<()> {
    console.send("\x1dZ")?;
    for keys in FOUR {
        let before = prompts(console.screen());
        console.send(keys)?;
        console.wait("one more shell", PATIENCE, |screen| prompts(screen) > before)?;
    }
    console.send("\x1ds")?;
    console.send(&format!("{FILL}\r"))?;
    let words = |screen: &crate::screen::Screen| screen.text().matches("word-29").count();
    console
        .wait("panes full of colours", PATIENCE, |screen| words(screen) > 100 && prompts(screen) == FOUR.len() + 1)?;
    let (before, frames) = (usage::of_loop(console.process()), console.frames());
    for _ in 0..ROUNDS {
        for key in ["\x1du", "\x1dd"] {
            console.send(key)?;
            console.watch(LOOK, |_, _| {});
        }
    }
    let drawn = u32::try_from(console.frames() - frames).context("that many frames")?;
    ensure!(drawn > 0, "nothing was drawn");
    let used = usage::of_loop(console.process()).zip(before).map(|(after, before)| after.saturating_sub(before));
    let one = used.map(|used| milliseconds(used / drawn));
    let note = format!("of the loop's thread, keys too; four panes full of colours, one scrolls, {drawn} frames");
    match one {
        Some(_) => figures.put(Row::Frame, one, Unit::Milliseconds, Some(Bound::AtMost(FRAME)), note),
        None => figures.put(Row::Frame, None, Unit::Milliseconds, None, "this system does not tell"),
    }
    Ok(())
}
