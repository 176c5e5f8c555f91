//! `bathy replay`: a recording played on the user's terminal, or what it shows in the end printed.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::Context as _;

use super::arguments::ReplayArguments;
use super::console::{stopped, theme};
use crate::runtime::inputs::inputs;
use crate::runtime::replay::{self, Recording};
use crate::runtime::tty::Tty;
use crate::session::recording::Ending;

/// Lines of scrollback that are printed at most.
const PRINTED: usize = 100_000;

/// Plays the recording.
pub(super) async fn run(options: &ReplayArguments) -> anyhow::Result<()> {
    let idle_limit = options.idle_limit.map(Duration::try_from_secs_f64).transpose();
    let idle_limit = idle_limit.context("--idle-limit: seconds, such as 2 or 0.5")?;
    anyhow::ensure!(options.speed.is_finite() && options.speed > 0.0, "--speed: a number above 0, such as 2 or 0.5");
    let file = options.file.display();
    let recording = Recording::open(options.file.clone(), idle_limit, options.speed)
        .map_err(|why| anyhow::anyhow!("cannot play {file}: {why}"))?;
    if options.print {
        let (text, ending) = recording.last_words(PRINTED);
        writeln!(std::io::stdout(), "{text}").context("cannot write to standard output")?;
        return match ending {
            Ending::Whole => Ok(()),
            Ending::Torn { line } => Err(anyhow::anyhow!("{file} is torn off in line {line}; that was all before it")),
            Ending::Broken { line, why } => Err(anyhow::anyhow!("{file}, line {line}: {why}; that was all before it")),
        };
    }
    anyhow::ensure!(
        std::io::stdout().is_terminal() && std::io::stdin().is_terminal(),
        "playing needs a terminal on standard input and output; --print prints what the recording shows in the end"
    );
    let stop = stopped(false)?;
    let mut tty = Tty::take(false).context("cannot control the terminal")?;
    let played = replay::run(&mut tty.terminal, inputs(), stop, recording, &theme()).await;
    drop(tty);
    played
}
