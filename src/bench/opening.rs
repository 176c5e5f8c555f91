//! Rows of the program by itself: its first frame while no API server answers, and its file.

use std::net::TcpListener;

use anyhow::Context as _;

use super::console::{PATIENCE, start_words};
use super::target::{Scratch, silent_kubeconfig};
use super::{Bound, Figures, Row, Samples, Unit, milliseconds};

/// How often it is started.
const STARTS: usize = 7;

pub(super) fn measure(figures: &mut Figures<'_>, scratch: &Scratch) -> anyhow::Result<()> {
    let plan = figures.plan;
    if figures.wants(Row::Size) {
        let bytes = std::fs::metadata(&plan.program).context("cannot read the program's file")?.len();
        #[expect(clippy::cast_precision_loss, reason = "no file is that large")]
        let size = bytes as f64 / f64::from(1 << 20);
        figures.put(Row::Size, Some(size), Unit::Mebibytes, Some(Bound::AtMost(15e6 / f64::from(1 << 20))), "");
    }
    if !figures.wants(Row::Start) {
        return Ok(());
    }
    // Connections wait in its queue; nobody takes them.
    let silent = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on loopback")?;
    let file = scratch.file("silent");
    silent_kubeconfig(&file, silent.local_addr()?.port())?;
    let words = [plan.program.clone().into_os_string(), "--kubeconfig".into(), file.into_os_string()];
    let mut samples = Samples::default();
    for _ in 0..STARTS {
        let mut console = start_words(plan, &words, scratch, true)?;
        let shown = console.wait("the first frame", PATIENCE, |screen| screen.line_text(0).starts_with(" bathy"))?;
        samples.push(shown - console.started());
    }
    let median = samples.median().map(milliseconds);
    let note = format!("median of {STARTS} starts, each through one more exec that gives it its terminal");
    figures.put(Row::Start, median, Unit::Milliseconds, Some(Bound::AtMost(50.0)), note);
    Ok(())
}
