//! The command line; it only names what was said.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::DebugArguments;

/// A terminal console for debugging pods on a Kubernetes cluster.
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
}

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
    /// Run containers as plain processes, without namespaces of their own
    #[arg(long)]
    pub no_isolation: bool,
}
