//! The programs of the demo's images, all within this binary: it acts as the one whose name it was started under. None
//! of them knows of Kubernetes.

mod background;
mod dotnet;
mod web;

use std::ffi::OsStr;
use std::future::Future;
use std::path::PathBuf;

use tokio::signal::unix::{SignalKind, signal};

/// Acts as the workload of this name and gives its exit code; `None` if there is none.
pub(super) fn run(name: &OsStr) -> Option<i32> {
    let name = name.to_str()?;
    Some(match name {
        "node" => serve(web::run(8000)),
        "dotnet" => serve(dotnet::run()),
        "pause" => serve(background::reap()),
        "importer" => background::crash(),
        "ticker" => serve(background::chatter()),
        _ => {
            let greeting = background::greeting(name)?;
            serve(background::idle(greeting))
        }
    })
}

/// Runs until the work ends or somebody asks it to: as PID 1 of its namespace, a process hears of SIGTERM only if it
/// listens.
fn serve(work: impl Future<Output = std::io::Result<()>>) -> i32 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.and_then(|runtime| {
        runtime.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            tokio::select! {
                ended = work => ended.map(|()| 0),
                _ = terminate.recv() => Ok(0),
                _ = interrupt.recv() => Ok(130),
            }
        })
    });
    ended.unwrap_or_else(|error| {
        say(&format!("fatal: {error}"));
        1
    })
}

/// Where this container's files are: `/`, unless it has no root directory of its own.
fn root() -> PathBuf {
    std::env::var_os(super::sandbox::ROOT_VARIABLE).map_or_else(|| PathBuf::from("/"), PathBuf::from)
}

/// Whether it shares the machine's network, where it must not open a port.
fn shares_network() -> bool {
    std::env::var_os(super::sandbox::ROOT_VARIABLE).is_some()
}

/// Writes a line to its log. Without a reader there is nobody to tell.
fn say(line: &str) {
    use std::io::Write as _;

    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
