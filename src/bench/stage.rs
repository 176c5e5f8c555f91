//! The stage that gives a program a terminal of its own: it makes its standard input its controlling terminal, then
//! becomes the program.

use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::Context as _;

/// Becomes the program that `words` name, in a session of its own on the terminal that standard input is. Without this a
/// program that opens `/dev/tty` would find the terminal of the person who started the benchmark.
///
/// # Errors
/// When standard input is no terminal, or the program cannot be executed; it never comes back otherwise.
pub fn become_program(words: &[OsString]) -> anyhow::Result<Infallible> {
    let (program, arguments) = words.split_first().context("there is no program to start")?;
    rustix::process::setsid().context("cannot start a session")?;
    rustix::process::ioctl_tiocsctty(std::io::stdin()).context("cannot take the terminal over")?;
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}
