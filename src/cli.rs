//! Arguments, configuration and the way into the console; no logic that a test would want is kept here.

mod arguments;
mod bench;
mod config;
mod console;
mod debug;
mod demo;
mod forward;
mod guarded;
mod leftovers;
mod question;
mod replay;
mod report;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::Context as _;
use clap::Parser as _;
use tracing_subscriber::EnvFilter;

use crate::cluster::{Contexts as _, KubeconfigContexts, KubeconfigOptions, Problem};
use crate::runtime::tty;
pub use arguments::{Arguments, Verb};
pub use config::{Config, RecordingConfig};
pub use debug::DebugArguments;

/// How many threads serve the console; more would only wake each other.
const THREADS: usize = 2;

/// Runs the program with the process's own arguments.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version are no mistakes; mistakes have kubectl's code.
        Err(mistake) => {
            let _ = mistake.print();
            return if mistake.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    match catch_unwind(AssertUnwindSafe(|| run(&arguments))) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            say(&format!("bathy: {error:#}"));
            ExitCode::FAILURE
        }
        Err(_) => {
            // The terminal was given back while the panic unwound; now it can be told.
            tty::give_back();
            for panic in tty::panics() {
                say(&format!("bathy: internal error: {panic}"));
            }
            say("bathy: this is a bug; what ran on the cluster still runs");
            ExitCode::from(101)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Some(Verb::TerminalStage(options)) = &arguments.verb {
        match bench::stage(options)? {}
    }
    if let Some(file) = &arguments.log {
        log_to(file)?;
    }
    let config = Config::load(arguments.config.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("cannot start the program's threads")?;
    let outcome = match &arguments.verb {
        None => runtime.block_on(console::on_kubeconfig(arguments, &config)).map(|()| ExitCode::SUCCESS),
        Some(Verb::Demo(options)) => {
            runtime.block_on(demo::run(options, arguments, &config)).map(|()| ExitCode::SUCCESS)
        }
        Some(Verb::Debug(options)) => runtime.block_on(debug::run(options, arguments, &config)),
        Some(Verb::Replay(options)) => runtime.block_on(replay::run(options)).map(|()| ExitCode::SUCCESS),
        Some(Verb::Forward(options)) => {
            runtime.block_on(forward::run(options, arguments, &config)).map(|()| ExitCode::SUCCESS)
        }
        Some(Verb::Report(options)) => report::run(options, arguments, &config).map(|()| ExitCode::SUCCESS),
        // What was not done has been told.
        Some(Verb::Leftovers(options)) => runtime
            .block_on(leftovers::run(options, arguments, &config))
            .map(|done| if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
        Some(Verb::Bench(options)) => {
            bench::run(options, arguments, &config).map(|met| if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        // It never comes here: it has become another program.
        Some(Verb::TerminalStage(options)) => bench::stage(options).map(|never| match never {}),
    };
    // A credential plugin that still thinks must not keep the person waiting.
    runtime.shutdown_background();
    outcome
}

/// The contexts of the user's kubeconfig; a credential plugin that talks to the person does so now.
async fn kubeconfig_contexts(arguments: &Arguments) -> anyhow::Result<KubeconfigContexts> {
    let contexts = KubeconfigContexts::load(KubeconfigOptions {
        file: arguments.kubeconfig.clone(),
        context: arguments.context.clone(),
        namespace: arguments.namespace.clone(),
        impersonate: arguments.impersonate.clone(),
        impersonate_groups: arguments.impersonate_groups.clone(),
    })
    .map_err(|problem| told(&problem))?;
    if let Some(current) = contexts.current()
        && contexts.needs_login(&current).is_some()
    {
        contexts.login(&current).await.map_err(|problem| told(&problem))?;
    }
    Ok(contexts)
}

/// Diagnostics go to a file that only its owner can read, never to the terminal.
fn log_to(file: &Path) -> anyhow::Result<()> {
    let opened = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("cannot write the log {}", file.display()))?;
    // A file that was there already may be open to others.
    opened
        .set_permissions(std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot keep the log {} to yourself", file.display()))?;
    let filter = match std::env::var("BATHY_LOG") {
        Ok(wanted) if !wanted.is_empty() => EnvFilter::try_new(&wanted).with_context(|| {
            format!("BATHY_LOG={wanted} cannot be read; write it as debug or bathyscope=trace,info")
        })?,
        _ => EnvFilter::new("info,kube_client=off"),
    };
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(opened));
    log.try_init().map_err(|error| anyhow::anyhow!("cannot start the log: {error}"))
}

/// Tells something on standard error; if even that is gone there is nobody to tell.
fn say(text: &str) {
    // What a server said may be in it.
    let clean: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    let _ = writeln!(std::io::stderr(), "{clean}");
}

/// A problem as an error of the command line.
fn told(problem: &Problem) -> anyhow::Error {
    let mut text = problem.headline();
    if !problem.hint.is_empty() {
        text += "\n  ";
        text += &problem.hint;
    }
    anyhow::Error::msg(text)
}
