//! The time from a key to the frame that shows what it did; it knows only what a program shows.

use std::time::{Duration, Instant};

use super::console::{PATIENCE, chosen, shows_filter};
use super::statistics::Samples;
use super::terminal::Terminal;
use super::torrent::shows_times;

/// How many keys are measured for a percentile of 99.
pub(super) const KEYS: usize = 300;
/// Pauses between keys, in milliseconds: a fast typist's, in no step with frames or ticks.
const PAUSES: [u64; 7] = [23, 41, 31, 53, 19, 37, 47];

fn pause(index: usize) -> Duration {
    Duration::from_millis(PAUSES[index % PAUSES.len()])
}

/// Goes down and up in the list of pods from its beginning: from the key to another row being chosen.
pub(super) fn moves(console: &mut Terminal, count: usize) -> anyhow::Result<Samples> {
    console.send("g")?;
    console.watch(Duration::from_millis(300), |_, _| {});
    let mut samples = Samples::default();
    for index in 0..count {
        let before = chosen(console.screen());
        let key = if index % 2 == 0 { "j" } else { "k" };
        let typed = console.send(key)?;
        let shown =
            console.wait("the next row", PATIENCE, |screen| chosen(screen).is_some_and(|row| Some(row) != before))?;
        samples.push(shown - typed);
        console.watch(pause(index), |_, _| {});
    }
    Ok(samples)
}

/// Shows the times of a log's lines and hides them: from the key to the frame in which they have come or gone.
pub(super) fn times(console: &mut Terminal, count: usize) -> anyhow::Result<Samples> {
    let mut samples = Samples::default();
    for index in 0..count {
        let before = shows_times(console.screen());
        let typed = console.send("t")?;
        let shown = console.wait("the times of lines", PATIENCE, |screen| shows_times(screen) != before)?;
        samples.push(shown - typed);
        console.watch(pause(index), |_, _| {});
    }
    Ok(samples)
}

/// Types letters into the filter of the list, and takes them away again.
pub(super) fn filter(console: &mut Terminal, count: usize) -> anyhow::Result<Samples> {
    let mut samples = Samples::default();
    console.send("/")?;
    console.wait("the filter", PATIENCE, |screen| shows_filter(screen, ""))?;
    let word = "worker";
    for index in 0..count {
        // Up the word letter by letter, and down again.
        let step = index % (2 * word.len());
        let (key, wanted) = if step < word.len() {
            (&word[step..=step], &word[..=step])
        } else {
            ("\x7f", &word[..2 * word.len() - step - 1])
        };
        let typed = console.send(key)?;
        let shown = console.wait("the filtered rows", PATIENCE, |screen| shows_filter(screen, wanted))?;
        samples.push(shown - typed);
        console.watch(pause(index), |_, _| {});
    }
    console.send("\x1b")?;
    console.watch(Duration::from_millis(300), |_, _| {});
    Ok(samples)
}

/// What is typed to see its echo; no prompt or path has it.
const MARK: char = '%';
/// How many are typed before the line is cleared.
const LINE: usize = 40;

/// Types into a shell: from the key to one more mark on the screen.
pub(super) fn echoes(terminal: &mut Terminal, count: usize) -> anyhow::Result<Samples> {
    let mut samples = Samples::default();
    let marks = |screen: &crate::screen::Screen| screen.text().matches(MARK).count();
    for index in 0..count {
        let before = marks(terminal.screen());
        let typed = terminal.send("%")?;
        let shown = terminal.wait("the echo", PATIENCE, |screen| marks(screen) > before)?;
        samples.push(shown - typed);
        terminal.watch(pause(index), |_, _| {});
        if (index + 1) % LINE == 0 {
            terminal.send("\x15")?;
            terminal.wait("the cleared line", PATIENCE, |screen| marks(screen) == before + 1 - LINE)?;
        }
    }
    terminal.send("\x15")?;
    terminal.watch(Duration::from_millis(100), |_, _| {});
    Ok(samples)
}

/// Has a shell write so many bytes, and measures from Enter to the end of them.
pub(super) fn flood(terminal: &mut Terminal, megabytes: u32, patience: Duration) -> anyhow::Result<Duration> {
    // The mark of the end is not in the words that are typed.
    let bytes = u64::from(megabytes) * 1_000_000;
    terminal
        .send(&format!("yes {} | head -c {bytes} | cat; echo; echo flood-$((1+1))", "0123456789abcde".repeat(4)))?;
    terminal.watch(Duration::from_millis(300), |_, _| {});
    let began: Instant = terminal.send("\r")?;
    let ended = terminal.wait("the end of the output", patience, |screen| screen.text().contains("flood-2"))?;
    Ok(ended - began)
}
