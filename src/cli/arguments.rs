//! The command line; it only names what was said.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::DebugArguments;
use crate::bench::Row;

/// A terminal console for debugging pods on a Kubernetes cluster.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Clone, Parser)]
#[command(name = "bathy", version, about, long_about = None, max_term_width = 100, args_override_self = true)]
pub struct Arguments {
    /// The kubeconfig file (default: as kubectl finds it)
    #[arg(long, value_name = "FILE", global = true)]
    pub kubeconfig: Option<PathBuf>,
    /// The context to start in
    #[arg(long, value_name = "NAME", global = true)]
    pub context: Option<String>,
    /// The namespace to start in
    #[arg(short, long, value_name = "NAME", global = true)]
    pub namespace: Option<String>,
    /// Start with the pods of all namespaces
    #[arg(short = 'A', long, conflicts_with = "namespace", global = true)]
    pub all_namespaces: bool,
    /// Act as this user
    #[arg(long = "as", value_name = "USER", global = true)]
    pub impersonate: Option<String>,
    /// Act in this group (may be given several times)
    #[arg(long = "as-group", value_name = "GROUP", global = true)]
    pub impersonate_groups: Vec<String>,
    /// The image of debuggers
    #[arg(long, value_name = "IMAGE", global = true)]
    pub image: Option<String>,
    /// The configuration file (default: bathyscope/config.toml in the user's configuration directory)
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Write diagnostics to this file (the variable `BATHY_LOG` sets how many)
    #[arg(long, value_name = "FILE", global = true)]
    pub log: Option<PathBuf>,
    /// Look only: create, delete and execute nothing, and attach to nothing
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Write what is done to clusters to this file (default: bathyscope/audit.jsonl in the user's state directory)
    #[arg(long, value_name = "FILE", global = true)]
    pub audit: Option<PathBuf>,
    /// Leave the mouse to the terminal
    #[arg(long, global = true)]
    pub no_mouse: bool,
    /// Panic once the console stands, to test that the terminal is given back
    #[arg(long, hide = true, global = true)]
    pub test_panic: bool,
    /// What to do instead of opening the console
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// What can be done.
#[derive(Debug, Clone, Subcommand)]
pub enum Verb {
    /// Open the console on a small cluster inside this program: nothing else is needed
    Demo(DemoArguments),
    /// Debug a pod, a copy of it or a node from the plain terminal, with the flags of kubectl debug
    Debug(Box<DebugArguments>),
    /// List what debugging has left on the cluster: copies, node debuggers, ephemeral debuggers
    Leftovers(LeftoverArguments),
    /// Forward ports of a pod, Service or workload to this machine, on loopback only
    Forward(ForwardArguments),
    /// Play a recording of a session (asciicast 2 or 3)
    Replay(ReplayArguments),
    /// Write what was done in an incident as Markdown, pod by pod: from the audit log and recordings
    Report(ReportArguments),
    /// Measure the whole program on the demo cluster, or on the one of --kubeconfig, and print how fast and light it is
    #[command(hide = true)]
    Bench(BenchArguments),
    /// Become another program with standard input as its own terminal (how bench starts programs)
    #[command(hide = true)]
    TerminalStage(StageArguments),
}

/// What is played, and how.
#[derive(Debug, Clone, Args)]
pub struct ReplayArguments {
    /// The recording
    pub file: PathBuf,
    /// How fast (1 is as it was)
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    pub speed: f64,
    /// The longest pause that is played
    #[arg(long, value_name = "SECONDS")]
    pub idle_limit: Option<f64>,
    /// Print what it shows in the end instead of playing it
    #[arg(long)]
    pub print: bool,
}

/// What is forwarded.
#[derive(Debug, Clone, Args)]
pub struct ForwardArguments {
    /// A pod, or service/NAME, deployment/NAME, statefulset/NAME …
    #[arg(value_name = "[TYPE/]NAME")]
    pub target: String,
    /// Ports: REMOTE, LOCAL:REMOTE, :REMOTE (any local one that is free); the remote one by number or name
    #[arg(value_name = "[LOCAL:]REMOTE", required = true)]
    pub ports: Vec<String>,
    /// The loopback address to listen on (localhost is both of them)
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', default_value = "localhost")]
    pub address: Vec<String>,
    /// Do not say which pod connections lead to
    #[arg(short, long)]
    pub quiet: bool,
}

/// What a report is of.
#[derive(Debug, Clone, Args)]
pub struct ReportArguments {
    /// Recordings, or folders of them, that belong to it whatever their time (those in the usual place are looked at, too)
    pub recordings: Vec<PathBuf>,
    /// From when on: so long ago (2h, 3d), or a date and time (2026-11-22T21:40)
    #[arg(long, value_name = "TIME", default_value = "1d")]
    pub since: String,
    /// Until when
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only this pod and its copies (may be given several times)
    #[arg(long = "pod", value_name = "NAME")]
    pub pods: Vec<String>,
    /// With the last lines of each recording's text (it may hold what others must not see)
    #[arg(long, value_name = "LINES", num_args = 0..=1, default_missing_value = "100", require_equals = true)]
    pub transcript: Option<usize>,
    /// Write to this new file, for you alone, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What to list.
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = false)]
pub struct LeftoverArguments {
    /// Only what you have made
    #[arg(long, global = true)]
    pub mine: bool,
    /// Only what is there for so long: 90s, 1h30m, 2d
    #[arg(long, value_name = "TIME", value_parser = time, global = true)]
    pub older_than: Option<u32>,
    /// How to print it
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<LeftoverOutput>,
    /// What to do instead of listing
    #[command(subcommand)]
    pub verb: Option<LeftoverVerb>,
}

/// What can be done about leftovers.
#[derive(Debug, Clone, Subcommand)]
pub enum LeftoverVerb {
    /// Delete copies and node debuggers and end debuggers that run, after a question
    Clean(CleanArguments),
}

/// How to take it away.
#[derive(Debug, Clone, Args)]
pub struct CleanArguments {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Say what would go and what would stay, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Also what bears no mark and only looks like a debugger or a copy
    #[arg(long)]
    pub unmarked: bool,
}

/// How leftovers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LeftoverOutput {
    /// For programs
    Json,
    /// For programs
    Yaml,
    /// The table with node, image and origin
    Wide,
}

fn time(text: &str) -> Result<u32, String> {
    super::config::seconds(text).map_err(|error| error.to_string())
}

/// More synthetic pods than Kubernetes is made for (150,000 in one cluster), yet fewer than a laptop's memory holds.
const MOST_PODS: i64 = 1_000_000;
/// More changes a second than any API server takes.
const MOST_CHURN: i64 = 100_000;
/// The most lines a second that a torrent may have.
const MOST_LINES: i64 = 1_000_000;

/// How the demo cluster is run.
#[derive(Debug, Clone, Args)]
pub struct DemoArguments {
    /// Serve the cluster on loopback for kubectl instead of opening the console
    #[arg(long)]
    pub serve: bool,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", requires = "serve")]
    pub address: SocketAddr,
    /// Where to write the kubeconfig (default: a new file in the temporary directory)
    #[arg(long, value_name = "FILE", requires = "serve")]
    pub write_kubeconfig: Option<PathBuf>,
    /// Add so many synthetic pods over many namespaces and nodes: they can be listed, watched and described, but
    /// nothing runs them
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=MOST_PODS))]
    pub pods: u32,
    /// Change so many of the synthetic pods a second: restarts, crashes, rollouts
    #[arg(long, value_name = "M", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=MOST_CHURN))]
    pub churn: u32,
    /// Add a pod, demo/torrent, that writes so many lines a second to its log
    #[arg(long, value_name = "LINES", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=MOST_LINES))]
    pub torrent: u32,
    /// Run containers as plain processes, without namespaces of their own
    #[arg(long)]
    pub no_isolation: bool,
    /// Serve no metrics API, like a cluster where none was installed
    #[arg(long)]
    pub no_metrics: bool,
}

/// What is measured.
#[derive(Debug, Clone, Args)]
pub struct BenchArguments {
    /// How many synthetic pods the demo has
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(..=MOST_PODS))]
    pub pods: u32,
    /// How many of them change a second, in the rows where pods change
    #[arg(long, value_name = "M", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(..=MOST_CHURN))]
    pub churn: u32,
    /// How many lines a second the demo's torrent of a log has
    #[arg(long, value_name = "LINES", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=MOST_LINES))]
    pub torrent: u32,
    /// Only this row (may be given several times; a wrong name lists them)
    #[arg(long, value_name = "ROW")]
    pub only: Vec<Row>,
    /// The pod to debug, for the rows of sessions: a named cluster is only looked at without it
    #[arg(long, value_name = "NAMESPACE/POD", value_parser = namespaced)]
    pub pod: Option<(String, String)>,
    /// The port of that pod that something answers HTTP on, for the row of a forwarded port
    #[arg(long, value_name = "PORT", default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,
    /// How many millions of bytes go through a pane
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub megabytes: u32,
    /// Measure this build of bathy instead of the one that runs
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
    /// For programs
    #[arg(long)]
    pub json: bool,
}

fn namespaced(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('/').filter(|(namespace, pod)| !namespace.is_empty() && !pod.is_empty());
    let (namespace, pod) = parts.ok_or_else(|| "write it as NAMESPACE/POD".to_owned())?;
    Ok((namespace.to_owned(), pod.to_owned()))
}

/// What is started.
#[derive(Debug, Clone, Args)]
pub struct StageArguments {
    /// The program and its arguments
    #[arg(required = true, last = true)]
    pub words: Vec<OsString>,
}
