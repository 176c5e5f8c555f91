//! The stage that is a pod's sandbox: it holds the pod's namespaces, starts its processes and takes them along when it
//! ends; it knows nothing of Kubernetes.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpStream};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, mpsc};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

use super::link::Link;
use super::process::Start;
use super::spec::{Ended, Files, Mode, Order, PodSpec, ProcessSpec, Processes, Report, Request};

/// How long a killed process may take to be gone.
const LAST_MOMENT: Duration = Duration::from_secs(2);

/// What every request needs to know of the pod.
#[derive(Debug)]
struct Pod {
    spec: PodSpec,
    /// Where processes keep their files if they have no root directory of their own.
    scratch: Option<PathBuf>,
    /// The machine's PIDs of the processes that run, by name. A process leaves the table before its PID can be reused.
    running: Mutex<BTreeMap<String, Pid>>,
    /// A process left the table.
    left: Condvar,
    /// Whether the pod is ending. Held for reading while a process is being started, so that none slips through.
    ending: RwLock<bool>,
}

impl Pod {
    /// Ends every process and waits, for a while, until they are gone: only then do their files stay removed.
    fn end(&self) {
        *self.ending.write().unwrap_or_else(PoisonError::into_inner) = true;
        let running = self.running();
        running.values().copied().for_each(end);
        // a process that cannot die (in the kernel) is not waited for; its files may be left
        let _ = self.left.wait_timeout_while(running, LAST_MOMENT, |running| !running.is_empty());
    }

    fn bury(&self, id: &str) {
        self.running().remove(id);
        self.left.notify_all();
    }

    fn running(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Pid>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pid_of(&self, id: &str) -> Result<i32> {
        let pid = self.running().get(id).copied();
        pid.map(|pid| pid.as_raw_nonzero().get()).ok_or_else(|| anyhow!("container {id:?} is not running"))
    }
}

/// Serves until the link is closed, then ends, and with it every process of the pod. Gives the exit code.
pub(super) fn run(link: &Link) -> i32 {
    // signals from the user's terminal are not meant for us: the link says when to end
    let _ = rustix::process::setsid();
    let Ok(Some((spec, _))) = link.receive::<PodSpec>() else {
        return 1;
    };
    let pod = match prepare(spec) {
        Ok(pod) => Arc::new(pod),
        Err(failure) => {
            let _ = link.send(&Report::Failed(format!("{failure:#}")), &[]);
            return 1;
        }
    };
    let pid = rustix::process::getpid().as_raw_nonzero().get();
    if link.send(&Report::Started { pid }, &[]).is_ok() {
        while let Ok(Some(((), descriptors))) = link.receive::<()>() {
            for descriptor in descriptors {
                let pod = Arc::clone(&pod);
                // without a thread, the one who asks reads that its link was closed
                let _ = thread::Builder::new().spawn(move || serve(&pod, &Link::from_descriptor(descriptor)));
            }
        }
    }
    pod.end();
    if let Some(scratch) = &pod.scratch {
        let _ = std::fs::remove_dir_all(scratch);
    }
    0
}

fn prepare(spec: PodSpec) -> Result<Pod> {
    let scratch = if spec.mode == Mode::Off {
        let name = format!("bathy-demo-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Some(path)
    } else {
        isolate(&spec)?;
        None
    };
    Ok(Pod { spec, scratch, running: Mutex::default(), left: Condvar::new(), ending: RwLock::new(false) })
}

#[cfg(target_os = "linux")]
fn isolate(spec: &PodSpec) -> Result<()> {
    use rustix::thread::UnshareFlags;

    if spec.mode == Mode::UserNamespace {
        super::namespaces::become_root_of_user_namespace()?;
    }
    super::namespaces::unshare(UnshareFlags::NEWNET | UnshareFlags::NEWUTS | UnshareFlags::NEWIPC)
        .context("cannot make the pod's namespaces")?;
    super::root::prepare_pod()?;
    rustix::system::sethostname(spec.hostname.as_bytes()).context("cannot set the host name")?;
    super::network::bring_up(spec.address)?;
    let groups = if spec.mode == Mode::Root { "0 2147483647" } else { "0 0" };
    // lets `ping` work without privileges, as container runtimes do; where /proc/sys is read-only, root can still ping
    let _ = std::fs::write("/proc/sys/net/ipv4/ping_group_range", groups);
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn isolate(_: &PodSpec) -> Result<()> {
    anyhow::bail!("this system has no namespaces")
}

fn serve(pod: &Arc<Pod>, link: &Link) {
    let Ok(Some((request, descriptors))) = link.receive::<Request>() else {
        return;
    };
    let served = match request {
        Request::Run(process) => run_process(pod, link, *process, descriptors),
        Request::Dial(port) => dial(pod, link, port),
    };
    if let Err(failure) = served {
        // whoever asked may be gone
        let _ = link.send(&Report::Failed(format!("{failure:#}")), &[]);
    }
}

fn dial(pod: &Pod, link: &Link, port: u16) -> Result<()> {
    let connection = match &pod.scratch {
        None => OwnedFd::from(TcpStream::connect((Ipv4Addr::LOCALHOST, port))?),
        Some(scratch) => OwnedFd::from(dial_socket(scratch, port)?),
    };
    link.send(&Report::Started { pid: 0 }, &[connection.as_fd()])?;
    Ok(())
}

/// The name of the socket that stands for a port where pods have no network of their own.
pub(in crate::demo) fn port_socket(root: &Path, port: u16) -> PathBuf {
    root.join(format!("run/port-{port}.sock"))
}

fn dial_socket(scratch: &Path, port: u16) -> Result<UnixStream> {
    for container in std::fs::read_dir(scratch)?.flatten() {
        if let Ok(stream) = UnixStream::connect(port_socket(&container.path(), port)) {
            return Ok(stream);
        }
    }
    Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
}

/// Starts a process, says so, and waits for its end. This thread lives as long: the process dies with it.
fn run_process(pod: &Arc<Pod>, link: &Link, process: ProcessSpec, streams: Vec<OwnedFd>) -> Result<()> {
    let starting = pod.ending.read().unwrap_or_else(PoisonError::into_inner);
    if *starting {
        bail!("the pod is ending");
    }
    let files_of = match &process.files {
        Files::Of(id) => Some(pod.pid_of(id)?),
        Files::Root(_) => None,
    };
    let alive = Arc::new(Mutex::new(None));
    // now, for a thread whose children get another PID namespace can start no thread
    let (begun, begins) = mpsc::channel::<()>();
    let (orders, ordered) = (link.try_clone()?, Arc::clone(&alive));
    thread::Builder::new().spawn(move || {
        if begins.recv().is_ok() {
            obey(&orders, &ordered);
        }
    })?;
    enter_processes(pod, &process.processes)?;
    let (ours, theirs) = Link::pair()?;
    let mut child = Command::new(own_program()?)
        .arg0(super::STAGE)
        .args(["process", &process.id])
        .stdin(Stdio::from(theirs.into_descriptor()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start a process")?;
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a process without PID")?;
    let id = process.id.clone();
    let start = Start { pod: pod.spec.clone(), process, files_of, scratch: pod.scratch.clone() };
    let borrowed: Vec<_> = streams.iter().map(OwnedFd::as_fd).collect();
    let mut terminal = Vec::new();
    let mut failure = ours.send(&start, &borrowed).err().map(|error| error.to_string());
    drop(streams);
    while failure.is_none() {
        match ours.receive::<Report>() {
            Ok(Some((Report::Started { .. }, descriptors))) => terminal = descriptors,
            Ok(Some((Report::Failed(why), _))) => failure = Some(why),
            Ok(Some((Report::Exited(_), _)) | None) => break, // the command has taken over
            Err(error) => failure = Some(error.to_string()),
        }
    }
    if let Some(failure) = failure {
        end(pid);
        child.wait()?;
        return Err(anyhow!(failure));
    }
    pod.running().insert(id.clone(), pid);
    drop(starting);
    *alive.lock().unwrap_or_else(PoisonError::into_inner) = Some(pid);
    // the other thread waits for nothing else
    let _ = begun.send(());
    let borrowed: Vec<_> = terminal.iter().map(OwnedFd::as_fd).collect();
    let told = link.send(&Report::Started { pid: pid.as_raw_nonzero().get() }, &borrowed);
    drop(terminal);
    if told.is_err() {
        end(pid);
    }
    // leaves the PID taken until nobody can mean this process by it any more
    while waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
        .is_err_and(|error| error == rustix::io::Errno::INTR)
    {}
    *alive.lock().unwrap_or_else(PoisonError::into_inner) = None;
    pod.bury(&id);
    let _ = kill_process_group(pid, Signal::KILL); // what it has left behind, if anything
    let status = child.wait()?;
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    let code = status.code().unwrap_or_else(|| 128 + signal.unwrap_or_default());
    link.send(&Report::Exited(Ended { code, signal }), &[])?;
    Ok(())
}

/// Children of this thread will be in the PID namespace asked for.
#[cfg(target_os = "linux")]
fn enter_processes(pod: &Pod, processes: &Processes) -> Result<()> {
    use rustix::thread::UnshareFlags;

    if pod.spec.mode == Mode::Off {
        return Ok(());
    }
    match processes {
        Processes::Own | Processes::Machine => {
            super::namespaces::unshare(UnshareFlags::NEWPID).context("cannot make a PID namespace")
        }
        Processes::Of(id) => super::namespaces::enter_processes_of(pod.pid_of(id)?),
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
fn enter_processes(_: &Pod, _: &Processes) -> Result<()> {
    Ok(())
}

/// Carries out what the owner of the process says; when the owner is gone, so is the process.
fn obey(link: &Link, alive: &Mutex<Option<Pid>>) {
    loop {
        let order = link.receive::<Order>();
        let alive = alive.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pid) = *alive else { return };
        match order {
            Ok(Some((Order::Terminate, _))) => {
                let _ = kill_process(pid, Signal::TERM); // it may have ended by itself
            }
            Ok(Some((Order::Kill, _))) => end(pid),
            Ok(None) | Err(_) => return end(pid),
        }
    }
}

fn end(pid: Pid) {
    // either may be gone already
    let _ = kill_process_group(pid, Signal::KILL);
    let _ = kill_process(pid, Signal::KILL);
}

#[cfg(target_os = "linux")]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as elsewhere")]
fn own_program() -> Result<PathBuf> {
    // stays right when the file was replaced meanwhile
    Ok(PathBuf::from("/proc/self/exe"))
}

#[cfg(not(target_os = "linux"))]
fn own_program() -> Result<PathBuf> {
    Ok(std::env::current_exe()?)
}
