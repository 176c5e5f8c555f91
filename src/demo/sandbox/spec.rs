//! What is asked of the stage processes and what they answer: plain data that travels over a link; it does nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How far containers are kept apart from the machine and each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Namespaces, made as root: users are who they say they are.
    Root,
    /// Namespaces inside a user namespace that maps uid 0 only: every process is the user who started the demo.
    UserNamespace,
    /// None: containers are ordinary processes of the machine.
    Off,
}

/// A pod's own surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodSpec {
    /// Set by the sandbox: how far it is to isolate.
    pub mode: Mode,
    /// The host name in the pod: the pod's name.
    pub hostname: String,
    /// The pod's address (IPv4), which its loopback interface answers.
    pub address: Option<std::net::Ipv4Addr>,
}

/// What the sandbox of a pod is asked for, each over a link of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Request {
    /// Run a process; the link lives as long as the process, and takes it along when it is closed.
    Run(Box<ProcessSpec>),
    /// Connect to a TCP port on the pod's loopback interface; the connection comes back as a descriptor.
    Dial(u16),
}

/// One process: the first of a container, or another one in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessSpec {
    /// The name by which other processes of the pod refer to it.
    pub id: String,
    /// Whose processes it sees.
    pub processes: Processes,
    /// Whose files it sees.
    pub files: Files,
    /// The command and its arguments, at least one.
    pub command: Vec<String>,
    /// Its environment, all of it.
    pub environment: BTreeMap<String, String>,
    /// Where it starts; `/` if empty.
    pub directory: String,
    /// Its terminal's size (columns, rows), if it has one.
    pub terminal: Option<(u16, u16)>,
    /// As whom it runs.
    pub user: User,
}

/// Whose processes a process sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Processes {
    /// Its own only; it is PID 1.
    Own,
    /// Those of this process of the pod.
    Of(String),
    /// Its own can be signalled, and `/proc` shows the machine's.
    Machine,
}

/// Whose files a process sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Files {
    /// A new root directory.
    Root(Root),
    /// That of this process of the pod.
    Of(String),
}

/// What a new root directory holds, besides `/dev`, `/proc`, `/tmp` and `/etc`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// The machine's programs and libraries, read-only: a debug image.
    pub machine_programs: bool,
    /// Where our own program stands (`/usr/bin/node`), with nothing but the libraries it needs.
    pub program: Option<String>,
    /// Directories that the process's user may write to (`/app/requests`).
    pub directories: Vec<String>,
    /// Files, by path.
    pub files: BTreeMap<String, String>,
    /// Directories of the machine: (there, here). They cannot be written to.
    pub mounts: Vec<(PathBuf, String)>,
    /// Directories that are shared between the containers of the pod: (name, here).
    pub shared: Vec<(String, String)>,
    /// Nothing outside of the shared and special directories can be written to.
    pub read_only: bool,
}

/// As whom a process runs, and what it may do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// The capabilities it may have, as bits; a user other than root has none, as on a real node.
    pub capabilities: u64,
    /// It cannot gain more than it has.
    pub no_new_privileges: bool,
}

/// What a stage process answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Report {
    /// It runs; the PID is the machine's. With a terminal, its controlling end comes along.
    Started {
        /// The PID as the machine counts.
        pid: i32,
    },
    /// It was not started: the runtime's words.
    Failed(String),
    /// It ended.
    Exited(Ended),
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Its exit code; 128 + signal where a signal ended it.
    pub code: i32,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// What the owner of a link may say to a running process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Order {
    /// Ask it to end: SIGTERM.
    Terminate,
    /// End it: SIGKILL.
    Kill,
}
