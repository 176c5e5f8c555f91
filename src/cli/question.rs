//! A question on the plain terminal, answered by a line; anything but yes is no.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::Context as _;

/// Asks on the terminal.
///
/// # Errors
/// `otherwise` where there is no terminal to ask on, and an answer that cannot be read.
pub(super) async fn asked(question: &str, otherwise: &str) -> anyhow::Result<bool> {
    anyhow::ensure!(
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
        "there is no terminal to ask on; {otherwise}"
    );
    let mut error = std::io::stderr();
    write!(error, "{question} [y/N] ")?;
    error.flush()?;
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    tokio::select! {
        line = read => {
            let line = line.context("the answer could not be read")??;
            Ok(matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
        }
        interrupted = tokio::signal::ctrl_c() => {
            interrupted.context("cannot listen for Ctrl-C")?;
            writeln!(error)?;
            Ok(false)
        }
    }
}
