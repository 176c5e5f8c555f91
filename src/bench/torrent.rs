//! Rows of a view of a log that is written faster than anybody reads; it makes no pod write but the demo's own.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::browsing::{MEBIBYTE, WATCHED, float, percent, put_keys};
use super::console::{self, PATIENCE, chosen};
use super::keys::{self, KEYS};
use super::target::{Scratch, Target};
use super::terminal::Terminal;
use super::{Bound, Figures, Row, Unit, usage};
use crate::screen::Screen;

/// How far a view may stay behind what is written, as a part of it.
const BEHIND: f64 = 0.9;
/// The bound of memory, in MiB: what a view keeps by default, and half as much again for what is on its way.
const MEMORY: f64 = 24.0;
/// What every line of the demo's torrent has before its number.
const NUMBER: &str = "tick=";
/// What stands before a filter that is being typed.
const TYPING: &str = " lines with: ";
/// How long lines are counted.
const COUNTED: Duration = Duration::from_secs(3);

pub(super) fn measure(figures: &mut Figures<'_>, scratch: &Scratch) -> anyhow::Result<()> {
    let plan = figures.plan;
    ensure!(plan.kubeconfig.is_none(), "only the demo has a pod whose log may be flooded");
    let target = Target::with(plan, scratch, &["--torrent", &plan.torrent.to_string()])?;
    let mut console = console::start(plan, &target, scratch, &["-n", "demo"])?;
    console::settle(&mut console, Duration::from_millis(500))?;
    console.send("/torrent\r")?;
    let is_chosen = |screen: &Screen| chosen(screen).is_some_and(|row| row.starts_with("▸torrent "));
    console.wait("the pod", PATIENCE, is_chosen)?;
    console.wait("the pod's container", PATIENCE, |screen| screen.text().contains("Running"))?;
    let quiet = usage::of(console.process());
    console.send("l")?;
    console.wait("the log", PATIENCE, |screen| newest(screen).is_some())?;

    let (began, from, before) = (Instant::now(), newest(console.screen()), usage::of(console.process()));
    console.watch(WATCHED, |_, _| {});
    let (took, to, after) = (began.elapsed(), newest(console.screen()), usage::of(console.process()));
    let (from, to) = from.zip(to).context("the lines have gone")?;
    let wanted = f64::from(plan.torrent);
    let lines = float(to.saturating_sub(from)) / took.as_secs_f64();
    let says = dropped(console.screen()).map_or("none told as dropped".to_owned(), |count| format!("{count} dropped"));
    let note = format!("of {wanted} that are written; after {} s {says}", took.as_secs());
    figures.put(Row::TorrentLines, Some(lines), Unit::ASecond, Some(Bound::AtLeast(wanted * BEHIND)), note);
    let spent = after.zip(before).map(|(after, before)| percent(after.cpu.saturating_sub(before.cpu), took));
    let note = format!("of a core, over {} s, {lines:.0} lines a second", took.as_secs());
    figures.put_known(Row::TorrentCpu, spent, Unit::Percent, 100.0, note);
    if figures.wants(Row::TorrentUntold) {
        untold(figures, &mut console)?;
    }
    if figures.wants(Row::KeysTorrent) {
        let samples = keys::times(&mut console, KEYS)?;
        put_keys(figures, Row::KeysTorrent, &samples);
    }
    let grown = usage::of(console.process()).zip(quiet);
    let grown = grown.map(|(after, before)| float(after.resident.saturating_sub(before.resident)) / MEBIBYTE);
    let note = "since before the view was opened, after all of this group's rows";
    figures.put_known(Row::TorrentMemory, grown, Unit::Mebibytes, MEMORY, note);
    Ok(())
}

/// Counts between two frames what came by the numbers of the lines, and what is kept and dropped by what the view says.
fn untold(figures: &mut Figures<'_>, console: &mut Terminal) -> anyhow::Result<()> {
    // A view that filters says how many lines it keeps.
    console.send(&format!("f{NUMBER}\r"))?;
    console.wait("the number of lines", PATIENCE, |screen| counted(screen).is_some())?;
    let first = counted(console.screen()).context("the view does not say what it keeps")?;
    console.watch(COUNTED, |_, _| {});
    let has_more = |screen: &Screen| counted(screen).is_some_and(|now| now.newest > first.newest);
    console.wait("more lines", PATIENCE, has_more)?;
    let last = counted(console.screen()).context("the view does not say what it keeps")?;
    console.send("f\x15\r")?;
    console.wait("the whole log", PATIENCE, |screen| counted(screen).is_none())?;
    let came = last.newest.saturating_sub(first.newest);
    let told = last.told.saturating_sub(first.told);
    let note = format!("{came} came, {told} more are kept or told as dropped, in {} s", COUNTED.as_secs());
    figures.put(Row::TorrentUntold, Some(float(came.abs_diff(told))), Unit::Lines, Some(Bound::AtMost(0.0)), note);
    Ok(())
}

/// What a frame says of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counted {
    /// The number of the newest one.
    newest: u64,
    /// How many are kept and dropped together.
    told: u64,
}

fn counted(screen: &Screen) -> Option<Counted> {
    let text = screen.text();
    // What is being typed stands over the newest line.
    if text.contains(TYPING) {
        return None;
    }
    let (_, behind) = text.split_once("” in ")?;
    let kept = leading(behind)?;
    let gone = [" older lines dropped", " lines left out"].into_iter().filter_map(|words| number_before(&text, words));
    // A line of which only the beginning has come is shown with what there is of its number.
    let begun = text.lines().rev().find_map(number) == Some(Number::Begun);
    Some(Counted { newest: newest(screen)?, told: kept + gone.sum::<u64>() - u64::from(begun) })
}

/// The number at the beginning.
fn leading(text: &str) -> Option<u64> {
    text.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The number that stands before these words.
fn number_before(text: &str, words: &str) -> Option<u64> {
    let (before, _) = text.split_once(words)?;
    before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// The number of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Whole(u64),
    /// More digits of it may come.
    Begun,
}

/// The number of a row that has one.
fn number(row: &str) -> Option<Number> {
    let (_, behind) = row.split_once(NUMBER)?;
    let rest = behind.trim_start_matches(|c: char| c.is_ascii_digit());
    let whole = leading(behind).filter(|_| !rest.trim_end().is_empty());
    Some(whole.map_or(Number::Begun, Number::Whole))
}

/// The number of the last line in view that has come as far as behind it.
fn newest(screen: &Screen) -> Option<u64> {
    screen.text().lines().rev().find_map(|row| match number(row)? {
        Number::Whole(number) => Some(number),
        Number::Begun => None,
    })
}

/// How many lines the view says it has dropped.
fn dropped(screen: &Screen) -> Option<u64> {
    number_before(&screen.text(), " older lines dropped")
}

/// Whether the lines in view have their times before what the program wrote, its own time first.
pub(super) fn shows_times(screen: &Screen) -> bool {
    let text = screen.text();
    let words = text.lines().rev().find_map(|line| Some(line.split_once(NUMBER)?.0.split_whitespace().count()));
    words.is_some_and(|words| words > 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::terminal::SIZE;

    fn screen(lines: &[&str]) -> Screen {
        let mut screen = Screen::new(SIZE, 0);
        screen.feed(lines.join("\r\n").as_bytes());
        screen
    }

    const LINES: [&str; 2] = [
        "2026-11-23T02:51:02Z INFO  tick=99 queue=orders lag=3ms",
        "2026-11-23T02:51:02Z WARN  tick=100 queue=orders lag=40ms",
    ];

    #[test]
    fn what_a_view_says_of_its_lines_is_read() {
        let header = "─ torrent/app log  “tick=” in 49000 of 49001 · 2049 older lines dropped ──";
        let full = screen(&[header, LINES[0], LINES[1]]);
        assert_eq!((newest(&full), dropped(&full)), (Some(100), Some(2_049)));
        assert_eq!(counted(&full), Some(Counted { newest: 100, told: 51_049 }));

        let left_out = "─ torrent/app log  “tick=” in 7 of 7 · 30 lines left out · 1 older lines dropped ──";
        assert_eq!(counted(&screen(&[left_out, LINES[0]])), Some(Counted { newest: 99, told: 38 }));
        assert_eq!(counted(&screen(&[header, LINES[0], " lines with: tick="])), None, "the newest line is covered");

        for begun in ["2026-11-23T02:51:02Z INFO  tick=", "2026-11-23T02:51:02Z INFO  tick=10"] {
            let counted = counted(&screen(&[header, LINES[0], begun, " a key"]));
            assert_eq!(counted, Some(Counted { newest: 99, told: 51_048 }), "{begun:?} has no number yet");
        }

        let open = screen(&["─ torrent/app log ──", LINES[1], LINES[0]]);
        assert_eq!((newest(&open), dropped(&open), counted(&open)), (Some(99), None, None));
        assert_eq!(newest(&screen(&["nothing yet"])), None);
    }

    #[test]
    fn times_before_lines_are_seen() {
        assert!(!shows_times(&screen(&LINES)));
        assert!(shows_times(&screen(&[&format!("2026-11-23T02:51:02.123Z {}", LINES[0])])));
        assert!(!shows_times(&screen(&["no line of a torrent"])));
    }
}
