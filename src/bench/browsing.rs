//! Rows of the list of pods in all namespaces: how it loads, what it costs, how it follows keys, quiet and in motion.

use std::time::Duration;

use super::console::{self, Settled};
use super::keys::{self, KEYS};
use super::target::{Scratch, Target};
use super::terminal::Terminal;
use super::{Bound, Figures, Row, Samples, Unit, milliseconds, usage};

/// After so long without a new row the list is settled.
const QUIET: Duration = Duration::from_millis(1500);
/// How long CPU, frames and memory are watched.
pub(super) const WATCHED: Duration = Duration::from_secs(10);
/// How often it is started for the times of its start.
const STARTS: usize = 5;
/// How many letters are typed into the filter: enough for a percentile of 99.
const LETTERS: usize = 120;
/// The bound of key to frame.
const KEY: f64 = 16.0;
pub(super) const MEBIBYTE: f64 = 1_048_576.0;

#[expect(clippy::cast_precision_loss, reason = "numbers of pods, bytes and frames are far below 2^52")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

pub(super) fn percent(part: Duration, whole: Duration) -> f64 {
    part.as_secs_f64() / whole.as_secs_f64() * 100.0
}

/// The bound of something that may grow with the pods: what 10,000 may take, and no less.
fn scaled(at_10_000: f64, pods: usize) -> f64 {
    at_10_000 * (float(pods as u64) / 10_000.0).max(1.0)
}

/// 40 MiB up to 10,000 pods, 120 MiB at 100,000, and on along that line.
fn memory_bound(pods: usize) -> f64 {
    40.0 + 80.0 * ((float(pods as u64) - 10_000.0) / 90_000.0).max(0.0)
}

fn open(figures: &Figures<'_>, target: &Target, scratch: &Scratch) -> anyhow::Result<(Terminal, Settled)> {
    // Nothing here changes anything; on a cluster of others that is made sure.
    let words: &[&str] = if target.is_demo() { &["-A"] } else { &["-A", "--read-only"] };
    let mut console = console::start(figures.plan, target, scratch, words)?;
    let settled = console::settle(&mut console, QUIET)?;
    Ok((console, settled))
}

pub(super) fn measure_quiet(figures: &mut Figures<'_>, scratch: &Scratch) -> anyhow::Result<()> {
    let target = Target::new(figures.plan, scratch, 0)?;
    let (mut first, mut all) = (Samples::default(), Samples::default());
    let mut opened = || -> anyhow::Result<(Terminal, Settled)> {
        let (console, settled) = open(figures, &target, scratch)?;
        first.push(settled.first - console.started());
        all.push(settled.reached - console.started());
        Ok((console, settled))
    };
    let others = if figures.wants(Row::FirstRows) || figures.wants(Row::AllRows) { STARTS - 1 } else { 0 };
    for _ in 0..others {
        opened()?;
    }
    let (mut console, settled) = opened()?;
    let pods = settled.pods;
    for (row, samples, most) in [(Row::FirstRows, first, 100.0), (Row::AllRows, all, scaled(1000.0, pods))] {
        let note = format!("{pods} pods; median of {} starts: {}", samples.len(), samples.each());
        let median = samples.median().map(milliseconds);
        figures.put(row, median, Unit::Milliseconds, Some(Bound::AtMost(most)), note);
    }
    let used = usage::of(console.process());
    let cpu = used.map(|used| used.cpu.as_secs_f64());
    let quiet = QUIET.as_secs_f64();
    figures.put_known(
        Row::Cpu,
        cpu,
        Unit::Seconds,
        scaled(0.4, pods),
        format!("of the process, {quiet} s after the last row"),
    );
    if figures.wants(Row::Idle) {
        console.watch(WATCHED, |_, _| {});
        let spent = usage::of(console.process())
            .zip(used)
            .map(|(after, before)| percent(after.cpu.saturating_sub(before.cpu), WATCHED));
        figures.put_known(Row::Idle, spent, Unit::Percent, 0.5, format!("of a core, over {} s", WATCHED.as_secs()));
    }
    if figures.wants(Row::KeysIdle) {
        let samples = keys::moves(&mut console, KEYS)?;
        put_keys(figures, Row::KeysIdle, &samples);
    }
    if figures.wants(Row::Filter) {
        let samples = keys::filter(&mut console, LETTERS)?;
        put_keys(figures, Row::Filter, &samples);
    }
    let peak = usage::of(console.process()).map(|used| float(used.peak) / MEBIBYTE);
    figures.put_known(Row::Memory, peak, Unit::Mebibytes, memory_bound(pods), "after all of this group's rows");
    Ok(())
}

pub(super) fn measure_churn(figures: &mut Figures<'_>, scratch: &Scratch) -> anyhow::Result<()> {
    let target = Target::new(figures.plan, scratch, figures.plan.churn)?;
    let (mut console, settled) = open(figures, &target, scratch)?;
    let churn =
        if target.is_demo() { format!("{} changes a second", figures.plan.churn) } else { "as it is".to_owned() };
    let (before, frames) = (usage::of(console.process()), console.frames());
    console.watch(WATCHED, |_, _| {});
    let both = usage::of(console.process()).zip(before);
    let time = WATCHED.as_secs();
    let spent = both.map(|(after, before)| percent(after.cpu.saturating_sub(before.cpu), WATCHED));
    figures.put_known(Row::ChurnCpu, spent, Unit::Percent, 30.0, format!("of a core, over {time} s, {churn}"));
    let a_second = float(console.frames() - frames) / WATCHED.as_secs_f64();
    figures.put(Row::ChurnFrames, Some(a_second), Unit::ASecond, Some(Bound::AtMost(100.0)), churn.clone());
    let grown = both.map(|(after, before)| float(after.resident.saturating_sub(before.resident)) / MEBIBYTE);
    let note = format!("over {time} s, {} pods", settled.pods);
    figures.put_known(Row::ChurnMemory, grown, Unit::Mebibytes, 2.0, note);
    if figures.wants(Row::KeysChurn) {
        let samples = keys::moves(&mut console, KEYS)?;
        put_keys(figures, Row::KeysChurn, &samples);
    }
    Ok(())
}

/// Puts the percentile of 99 with the spread beside it.
pub(super) fn put_keys(figures: &mut Figures<'_>, row: Row, samples: &Samples) {
    let worst = samples.percentile(99).map(milliseconds);
    figures.put(row, worst, Unit::Milliseconds, Some(Bound::AtMost(KEY)), samples.spread());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_grow_with_the_cluster() {
        let near = |value: f64, wanted: f64| (value - wanted).abs() < 1e-9;
        assert!(
            near(memory_bound(200), 40.0) && near(memory_bound(10_000), 40.0) && near(memory_bound(100_000), 120.0)
        );
        assert!(near(scaled(0.4, 10), 0.4) && near(scaled(0.4, 100_000), 4.0));
        assert!(near(percent(Duration::from_millis(30), Duration::from_secs(10)), 0.3));
    }
}
