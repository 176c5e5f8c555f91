//! Measures whole programs from outside: each in a terminal of its own, by what a person would see there and when.
//!
//! The console is this program's own file, started anew for every group of rows against a cluster that was named or
//! against the demo served by a child. On a named cluster it is read-only unless a pod was named to debug.

mod browsing;
mod console;
mod figure;
mod forward;
mod keys;
mod opening;
mod panes;
mod sessions;
pub mod stage;
mod statistics;
mod target;
mod terminal;
mod torrent;
mod usage;

use std::ffi::OsString;
use std::path::PathBuf;

use serde::Serialize;

pub use figure::{Bound, Figure, Row, Unit, json, table};
pub use statistics::{Samples, milliseconds};
pub use terminal::Terminal;
pub use usage::Usage;

use target::Scratch;

/// What is to be measured, with what, on what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program, as a file.
    pub program: PathBuf,
    /// The words that run [`stage::become_program`]; those of the program to become follow.
    pub stage: Vec<OsString>,
    /// The cluster; the demo, if none is named.
    pub kubeconfig: Option<PathBuf>,
    /// The context of that cluster.
    pub context: Option<String>,
    /// How many synthetic pods the demo has.
    pub pods: u32,
    /// How many of them change a second, in the rows where pods change.
    pub churn: u32,
    /// How many lines a second the demo's torrent of a log has.
    pub torrent: u32,
    /// Namespace and name of the pod to debug; without it a named cluster's rows of sessions are not measured.
    pub pod: Option<(String, String)>,
    /// The port of that pod that is forwarded.
    pub port: u16,
    /// The image of debuggers.
    pub image: String,
    /// How many millions of bytes go through a pane.
    pub megabytes: u32,
    /// The rows that are wanted; all, if empty.
    pub only: Vec<Row>,
}

impl Plan {
    fn wants(&self, row: Row) -> bool {
        self.only.is_empty() || self.only.contains(&row)
    }
}

/// Where and of what the figures were taken.
#[derive(Debug, Clone, Serialize)]
pub struct Circumstances {
    /// The program's version.
    pub version: String,
    /// The day, as `2026-11-22`.
    pub date: String,
    /// The system and its architecture.
    pub system: String,
    /// How many cores it has.
    pub cores: usize,
    /// The cluster.
    pub cluster: String,
    /// How many pods changed a second, in the rows where pods change.
    pub churn: u32,
    /// Whether the program was built with optimisations; else its figures mean little.
    pub optimised: bool,
}

/// Takes figures as they come, and says which are still wanted.
struct Figures<'a> {
    plan: &'a Plan,
    taken: Vec<Figure>,
}

impl Figures<'_> {
    fn wants(&self, row: Row) -> bool {
        self.plan.wants(row)
    }

    fn put(&mut self, row: Row, value: Option<f64>, unit: Unit, bound: Option<Bound>, note: impl Into<String>) {
        if self.wants(row) {
            self.taken.push(Figure { row, value, unit, bound, note: note.into() });
        }
    }

    /// A figure that this system does not tell, or a time that nothing was measured of.
    fn put_known(&mut self, row: Row, value: Option<f64>, unit: Unit, most: f64, note: impl Into<String>) {
        let note = if value.is_some() { note.into() } else { "this system does not tell".to_owned() };
        self.put(row, value, unit, Some(Bound::AtMost(most)), note);
    }
}

/// A group of rows that are measured together: their rows and what takes them.
type Group = (&'static [Row], fn(&mut Figures<'_>, &Scratch) -> anyhow::Result<()>);

const GROUPS: [Group; 6] = [
    (&[Row::Start, Row::Size], opening::measure),
    (
        &[Row::FirstRows, Row::AllRows, Row::Memory, Row::Cpu, Row::Idle, Row::Filter, Row::KeysIdle],
        browsing::measure_quiet,
    ),
    (&[Row::ChurnCpu, Row::ChurnFrames, Row::ChurnMemory, Row::KeysChurn], browsing::measure_churn),
    (&[Row::Debugger, Row::Echo, Row::Throughput, Row::KeysFlood, Row::Frame], sessions::measure),
    (&[Row::Forward], forward::measure),
    (&[Row::TorrentLines, Row::TorrentUntold, Row::TorrentCpu, Row::TorrentMemory, Row::KeysTorrent], torrent::measure),
];

/// Measures what is wanted, in the order of [`Row::ALL`]; `progress` hears what is being done. A row that fails is told
/// in its note and keeps no other from being measured.
///
/// # Errors
/// When there is no place for the files of the run.
pub fn run(plan: &Plan, progress: impl Fn(&str)) -> anyhow::Result<Vec<Figure>> {
    let scratch = Scratch::new()?;
    let mut figures = Figures { plan, taken: Vec::new() };
    for (rows, measure) in GROUPS {
        let wanted: Vec<_> = rows.iter().copied().filter(|row| plan.wants(*row)).collect();
        if wanted.is_empty() {
            continue;
        }
        progress(&wanted.iter().map(|row| row.name()).collect::<Vec<_>>().join(", "));
        let outcome = measure(&mut figures, &scratch);
        if let Err(error) = &outcome {
            progress(&format!("{error:#}"));
        }
        let why = outcome.err().map(|error| format!("{error:#}")).unwrap_or_default();
        let why = why.lines().next().unwrap_or_default().to_owned();
        for row in wanted {
            if !figures.taken.iter().any(|figure| figure.row == row) {
                figures.put(row, None, Unit::Milliseconds, None, why.clone());
            }
        }
    }
    figures.taken.sort_by_key(|figure| Row::ALL.iter().position(|row| *row == figure.row));
    Ok(figures.taken)
}
