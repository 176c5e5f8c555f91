//! Sandboxes of pods: processes with their own root directory, PIDs and network, as far as this machine allows it. It
//! knows nothing of Kubernetes and keeps no logs.
//!
//! Nothing is forked: this program executes itself again as a *stage*. One stage is the pod's sandbox (`stage`); for
//! each process it starts another (`process`), which the container's command then takes over. Each stage holds a
//! link (a socket) to the one who asked for it, and ends when that is closed, however its owner ended.

#[cfg(target_os = "linux")]
mod libraries;
mod link;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod privileges;
mod process;
#[cfg(target_os = "linux")]
mod root;
mod spec;
mod stage;

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result, anyhow, bail};
use tokio::io::AsyncReadExt as _;

use link::Link;
pub use process::ROOT_VARIABLE;
pub use spec::{Ended, Files, Mode, PodSpec, ProcessSpec, Processes, Root, User};
use spec::{Order, Report, Request};
pub(in crate::demo) use stage::port_socket;

/// The name under which this program runs as a stage.
const STAGE: &str = "bathy-stage";

/// Acts as a container's stage or as one of the demo's workloads, if that is what this process was started for, and
/// gives its exit code. Must be the first thing `main` does: a stage has one thread.
pub fn run_as_stage() -> Option<i32> {
    let mut arguments = std::env::args_os();
    let name = arguments.next()?;
    if name != STAGE {
        return super::workload::run(Path::new(&name).file_name()?);
    }
    let input = std::io::stdin().as_fd().try_clone_to_owned().ok()?;
    let link = Link::from_descriptor(input);
    // the standard stream must not keep the link open in whatever is executed next
    if let Ok(nothing) = std::fs::File::open("/dev/null") {
        let _ = rustix::stdio::dup2_stdin(nothing);
    }
    match arguments.next().as_deref().and_then(OsStr::to_str) {
        Some("sandbox") => Some(stage::run(&link)),
        Some("process") => Some(process::run(&link)),
        _ => Some(2),
    }
}

/// A pod's sandbox; dropping it ends every process in it.
#[derive(Debug)]
pub struct Sandbox {
    /// Locked for each message: many send them, and they must not mix.
    link: Mutex<Link>,
    stage: Mutex<Child>,
    /// Processes that live as long as the sandbox.
    held: Vec<Process>,
}

impl Sandbox {
    /// Makes a sandbox. `program` is this program's file (`std::env::current_exe`, or the binary under test). Blocks
    /// for some milliseconds.
    ///
    /// # Errors
    /// If the machine does not allow what the mode needs.
    pub fn start(program: &Path, spec: &PodSpec) -> Result<Self> {
        let (link, theirs) = Link::pair()?;
        let stage = Command::new(program)
            .arg0(STAGE)
            .args(["sandbox", &spec.hostname])
            .stdin(Stdio::from(theirs.into_descriptor()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let sandbox = Self { link: Mutex::new(link), stage: Mutex::new(stage), held: Vec::new() };
        let said = {
            let link = lock(&sandbox.link);
            link.send(spec, &[])?;
            link.receive::<Report>()?
        };
        match said {
            Some((Report::Started { .. }, _)) => Ok(sandbox),
            Some((Report::Failed(why), _)) => Err(anyhow!(why)),
            Some((Report::Exited(_), _)) | None => bail!("the sandbox ended at once"),
        }
    }

    /// Whether its stage still runs; if not, every process in it has been killed.
    pub fn is_alive(&self) -> bool {
        matches!(lock(&self.stage).try_wait(), Ok(None))
    }

    /// Starts a process. `streams` are its standard input, output and error, unless it has a terminal. Blocks for some
    /// milliseconds.
    ///
    /// # Errors
    /// The runtime's words, if it could not be started.
    pub fn run(&self, process: ProcessSpec, streams: Vec<OwnedFd>) -> Result<Process> {
        let link = self.ask(&Request::Run(Box::new(process)), &streams)?;
        drop(streams);
        match link.receive::<Report>()? {
            Some((Report::Started { pid }, mut terminal)) => Ok(Process { link, pid, terminal: terminal.pop() }),
            Some((Report::Failed(why), _)) => Err(anyhow!(why)),
            Some((Report::Exited(_), _)) | None => bail!("the pod's sandbox is gone"),
        }
    }

    /// Starts a process without input and output that lives as long as the sandbox.
    ///
    /// # Errors
    /// The runtime's words, if it could not be started.
    pub fn hold(&mut self, process: ProcessSpec) -> Result<()> {
        let nothing = std::fs::File::options().read(true).write(true).open("/dev/null")?;
        let streams = vec![nothing.try_clone()?.into(), nothing.try_clone()?.into(), nothing.into()];
        let held = self.run(process, streams)?;
        self.held.push(held);
        Ok(())
    }

    /// Connects to a TCP port of the pod; the descriptor is a stream socket. Blocks until it is accepted or refused.
    pub fn dial(&self, port: u16) -> Result<OwnedFd> {
        let link = self.ask(&Request::Dial(port), &[])?;
        match link.receive::<Report>()? {
            Some((Report::Started { .. }, mut connection)) => {
                connection.pop().ok_or_else(|| anyhow!("the pod's sandbox sent no connection"))
            }
            Some((Report::Failed(why), _)) => Err(anyhow!(why)),
            Some((Report::Exited(_), _)) | None => bail!("the pod's sandbox is gone"),
        }
    }

    fn ask(&self, request: &Request, descriptors: &[OwnedFd]) -> Result<Link> {
        let (link, theirs) = Link::pair()?;
        let theirs = theirs.into_descriptor();
        lock(&self.link).send(&(), &[theirs.as_fd()]).context("the pod's sandbox is gone")?;
        drop(theirs);
        let descriptors: Vec<_> = descriptors.iter().map(OwnedFd::as_fd).collect();
        link.send(request, &descriptors)?;
        Ok(link)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // closing our end is what ends the stage; it is reaped without waiting for longer than that takes
        lock(&self.link).say_no_more();
        let _ = lock(&self.stage).wait();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A process in a sandbox; dropping it kills the process.
#[derive(Debug)]
pub struct Process {
    link: Link,
    pid: i32,
    terminal: Option<OwnedFd>,
}

impl Process {
    /// Its PID as the machine counts.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The controlling end of its terminal; there is one, once, if it was asked for.
    pub fn take_terminal(&mut self) -> Option<OwnedFd> {
        self.terminal.take()
    }

    /// Splits it into a handle that signals (and kills when dropped) and the wait for its end.
    ///
    /// # Errors
    /// If the system gives no second descriptor.
    pub fn into_parts(self) -> Result<(Leash, Ending)> {
        let ending = self.link.try_clone()?.into_stream();
        ending.set_nonblocking(true)?;
        Ok((Leash(self.link), Ending(tokio::net::UnixStream::from_std(ending)?)))
    }
}

/// Signals a process; dropping it kills the process.
#[derive(Debug)]
pub struct Leash(Link);

impl Leash {
    /// Asks it to end (SIGTERM). A process that has ended is none the wiser.
    pub fn terminate(&self) {
        let _ = self.0.send(&Order::Terminate, &[]);
    }

    /// Ends it (SIGKILL).
    pub fn kill(&self) {
        let _ = self.0.send(&Order::Kill, &[]);
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.0.say_no_more();
    }
}

/// The wait for a process's end.
#[derive(Debug)]
pub struct Ending(tokio::net::UnixStream);

impl Ending {
    /// Waits. If the sandbox itself dies, the process was killed.
    pub async fn wait(mut self) -> Ended {
        let killed = Ended { code: 137, signal: Some(9) };
        let Ok(length) = self.0.read_u32_le().await else {
            return killed;
        };
        let mut body = Vec::new();
        if (&mut self.0).take(u64::from(length)).read_to_end(&mut body).await.is_err() {
            return killed;
        }
        match serde_json::from_slice(&body) {
            Ok(Report::Exited(ended)) => ended,
            _ => killed,
        }
    }
}

/// How far this machine lets containers be isolated, found by trying, and why no further where that is not at all.
/// Blocks for some ten milliseconds.
pub fn strongest_mode(program: &Path) -> (Mode, Option<String>) {
    if !cfg!(target_os = "linux") {
        return (Mode::Off, Some("namespaces exist on Linux only".to_owned()));
    }
    let tried = if rustix::process::geteuid().is_root() {
        try_mode(program, Mode::Root).map(|()| Mode::Root)
    } else {
        Err(anyhow!("this user is not root"))
    };
    let tried = tried.or_else(|as_root| {
        try_mode(program, Mode::UserNamespace)
            .map(|()| Mode::UserNamespace)
            .map_err(|error| anyhow!("as root: {as_root:#}; in a user namespace: {error:#}"))
    });
    match tried {
        Ok(mode) => (mode, None),
        Err(error) => (Mode::Off, Some(format!("this machine allows no namespaces ({error:#})"))),
    }
}

fn try_mode(program: &Path, mode: Mode) -> Result<()> {
    let spec = PodSpec { mode, hostname: "probe".to_owned(), address: None };
    Sandbox::start(program, &spec)?.hold(pause("probe"))
}

/// The process that does nothing but hold a pod's PID namespace.
pub fn pause(id: &str) -> ProcessSpec {
    ProcessSpec {
        id: id.to_owned(),
        processes: Processes::Own,
        files: Files::Root(Root { program: Some("/pause".to_owned()), ..Root::default() }),
        command: vec!["/pause".to_owned()],
        environment: std::collections::BTreeMap::new(),
        directory: String::new(),
        terminal: None,
        user: User::default(),
    }
}
